//! What the modem says by itself, and the data that its answers count: messages and notes (note, 3.4 to 3.6).

use super::head;
use super::queue::UNTOLD;
use crate::at::{Counted, Delivery, Form, Inbox, line};
use crate::modem::lines::{Meaning, note};

/// The name and the rest of a line about CoAP: `+CCOAP<name>: <rest>`.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_prefix(b"+CCOAP")?;
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, rest) = line.split_at_checked(colon)?;
    Some((name, line::after(rest, ":")?))
}

pub(super) fn counted(line: &[u8], whole: bool) -> Counted {
    let Some((name, rest)) = split(line) else {
        return Counted::No;
    };
    let mut fields = line::Fields::new(rest);
    match name {
        b"READ" => {}
        // As bytes.
        b"HEAD" if fields.num() == Some(0) => {}
        _ => return Counted::No,
    }
    // The comma behind the length begins a field of its own, as yet an empty one.
    match (fields.num(), fields.next()) {
        (Some(length), Some(_)) => Counted::Now {
            length: u16::try_from(length).unwrap_or(u16::MAX),
            form: Form::TEXT_OR_HEX,
        },
        (Some(0), None) if whole => Counted::Now {
            length: 0,
            form: Form::TEXT_OR_HEX,
        },
        _ if whole => Counted::No,
        _ => Counted::Later,
    }
}

pub(super) fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    let Some((name, rest)) = split(line) else {
        // The last of the boot lines, which may come long after the first: a sign of a restart only where a session stands.
        let late = line == b"SMS Ready" && inbox.session.is_some();
        let known = note(if late { b"RDY" } else { line }, &LINES, inbox);
        if inbox.notes.rebooted {
            inbox.session = None;
        }
        return known;
    };
    let known = match name {
        b"RECV" | b"RCV" => announced(rest, inbox),
        b"ACTION" => action(rest, inbox),
        b"READ" => read(rest, inbox),
        b"HEAD" if rest.starts_with(b"0") => head::raw(rest, inbox),
        b"HEAD" => head::parsed(rest, inbox),
        _ => None,
    };
    known.is_some()
}

/// How lines without a message begin. The context's line has the number of the context on sister modems.
const LINES: [(&str, Meaning); 17] = [
    ("RDY", Meaning::Restarted),
    ("NORMAL POWER DOWN", Meaning::Restarted),
    ("UNDER-VOLTAGE POWER DOWN", Meaning::Restarted),
    ("OVER-VOLTAGE POWER DOWN", Meaning::Restarted),
    ("+APP PDP: DEACTIVE", Meaning::LinkLost),
    ("+APP PDP: 0,DEACTIVE", Meaning::LinkLost),
    ("+PDP: DEACT", Meaning::LinkLost),
    ("PDP DEACT", Meaning::LinkLost),
    ("+APP PDP:", Meaning::Nothing),
    ("+CGNAPN:", Meaning::Nothing),
    ("UNDER-VOLTAGE", Meaning::Nothing),
    ("OVER-VOLTAGE", Meaning::Nothing),
    ("SMS Ready", Meaning::Nothing),
    ("Call Ready", Meaning::Nothing),
    ("DST:", Meaning::Nothing),
    ("*PSUTTZ:", Meaning::Nothing),
    ("*PSNWID:", Meaning::Nothing),
];

/// `+CCOAPRECV: <id>,<bytes of the packet>,<bytes of its payload>`
fn announced(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest);
    let id = u16::try_from(fields.num()?).ok()?;
    let payload = fields.nth(1).and_then(|field| field.num());
    let payload = payload.and_then(|payload| u16::try_from(payload).ok());
    let notes = inbox.note();
    notes.queue.push_sized(id, payload.unwrap_or(UNTOLD));
    notes.announced = true;
    Some(())
}

/// `+CCOAPACTION: <what>[,<id>]`: the first number tells answers from reports.
fn action(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest);
    let what = fields.num()?;
    let id = fields.num().and_then(|id| u16::try_from(id).ok());
    match what {
        // The queue is full, and this is the first in it.
        1 => {
            let notes = inbox.note();
            notes.announced = true;
            notes.queue.push_sized(id?, UNTOLD);
        }
        // No response in time.
        2 => {
            let open = inbox.exchange;
            let id = match open {
                Some(stamp) if id.is_none_or(|id| id == stamp.carried) => stamp.id,
                _ => id?,
            };
            inbox.note().delivery = Some(Delivery { id, result: 2 });
        }
        // The socket has failed.
        3 => {
            let notes = inbox.note();
            notes.closed = true;
            notes.told = false;
        }
        // An answer that nobody waits for any more.
        _ => {}
    }
    Some(())
}

/// `+CCOAPREAD: <length>,`: the payload of the message whose head was read.
fn read(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let length = usize::try_from(line::Fields::new(rest).num()?).ok()?;
    if length > 0 {
        inbox.extend(1 + length);
        inbox.push(&[0xFF]);
    }
    Some(())
}
