//! What the modem says by itself, and what it means: messages and notes (note, 3.4).

use super::CLIENT;
use super::session::PROCESSING;
use crate::at::{Counted, Delivery, Form, Inbox, line};
use crate::message::{Builder, Kind, Number};
use crate::modem::lines::{Meaning, note};
use crate::modem::text;

pub(super) fn counted(line: &[u8], whole: bool) -> Counted {
    if !line.starts_with(b"+QCOAPRECV:") {
        return Counted::No;
    }
    if !whole {
        return Counted::Later;
    }
    // The length is the last field, whatever quotes an option before it holds.
    match line::last_number(line).map(u16::try_from) {
        Some(Ok(length)) => Counted::Now {
            length,
            form: Form::RAW,
        },
        // A text option may hold a line break: inside quotes the line is not over.
        None if line.iter().filter(|byte| **byte == b'"').count() & 1 == 1 => Counted::Later,
        _ => Counted::No,
    }
}

pub(super) fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    let told = TOLD
        .iter()
        .find_map(|(prefix, told)| Some((told, line::after(line, prefix)?)));
    let Some((told, rest)) = told else {
        return note(line, &LINES, inbox);
    };
    let mut fields = line::Fields::new(rest);
    let Some(client) = fields.num() else {
        return false;
    };
    if client != inbox.session.unwrap_or(CLIENT).into() {
        // Another session's, which is not ours to keep.
        inbox.rollback();
        return true;
    }
    match told {
        Told::Received => received(fields, rest, inbox),
        Told::Delivered => delivered(fields, inbox),
        Told::Retransmitted => retransmitted(fields, inbox),
        Told::Closed => closed(inbox),
    }
    .is_some()
}

/// What is told of a session, behind the number of its client.
enum Told {
    Received,
    Delivered,
    Retransmitted,
    Closed,
}

const TOLD: [(&str, Told); 5] = [
    ("+QCOAPRECV:", Told::Received),
    ("+QCOAPACK:", Told::Delivered),
    ("+COAPACK:", Told::Delivered),
    ("+QCOAPIND:", Told::Retransmitted),
    ("+QCOAPCLOSE:", Told::Closed),
];

/// How lines begin that are of no session.
const LINES: [(&str, Meaning); 8] = [
    ("RDY", Meaning::Restarted),
    ("POWERED DOWN", Meaning::Restarted),
    ("NORMAL POWER DOWN", Meaning::Restarted),
    ("+QIURC: \"pdpdeact\"", Meaning::LinkLost),
    ("+QCOAPOPEN:", Meaning::Nothing),
    ("APP RDY", Meaning::Nothing),
    ("+QUSIM:", Meaning::Nothing),
    ("+QIND:", Meaning::Nothing),
];

/// `+QCOAPRECV: <client>,<id>,<code>,<tkl>,<token>,<count>[,options],<length>`, as far as the payload.
fn received(mut fields: line::Fields<'_>, rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let payload = usize::from(u16::try_from(line::last_number(rest)?).ok()?);
    let id = u16::try_from(fields.num()?).ok()?;
    let code = text::code(fields.next()?.text)?;
    let _length_of_the_token = fields.next()?;
    let mut token = [0; 8];
    let token = line::unhex(fields.next()?.text, &mut token)?;
    let options = fields.num()?;
    // In the message an option never takes more bytes than in the line.
    let mut space = [0; 0];
    let space = inbox
        .open(12 + rest.len(), payload + 1)
        .unwrap_or(&mut space);
    // The type is not shown.
    let (kind, token) = if code.is_empty() {
        (Kind::Reset, &[][..])
    } else if code.is_request() {
        (Kind::Confirmable, token)
    } else {
        (Kind::NonConfirmable, token)
    };
    let mut builder = Builder::new(space, kind, code, id, token).ok()?;
    let mut lost = 0;
    let mut critical = false;
    // Only their count is shown, and then the length: nothing is known of them, a response is as good as it gets. Unless it
    // may be a part: a block that others follow has one of these sizes (RFC 7959, section 2.2). A request without its path
    // is another request.
    let hidden = options > 0 && fields.clone().nth(1).is_none();
    if hidden {
        lost = u16::try_from(options).unwrap_or(u16::MAX);
        critical = code.is_request() || payload.is_power_of_two() && (16..=1024).contains(&payload);
    }
    for _ in 0..if hidden { 0 } else { options.min(255) } {
        match read_option(&mut fields, &mut builder) {
            Ok(()) => {}
            Err(number) => {
                lost += 1;
                critical |= number.is_none_or(Number::is_critical);
            }
        }
    }
    let head = builder.finish().as_bytes().len();
    inbox.filled(head);
    inbox.losses.options = inbox.losses.options.saturating_add(lost);
    if critical {
        // What it would have changed is not known: rather no message than a wrong one.
        inbox.cut();
    }
    if payload > 0 {
        inbox.push(&[0xFF]);
    }
    Some(())
}

/// One option of a received message: `12,"0"` or `"12,0"`. On failure its number, as far as that could be read.
fn read_option(
    fields: &mut line::Fields<'_>,
    builder: &mut Builder<'_>,
) -> Result<(), Option<Number>> {
    let first = fields.next().ok_or(None)?;
    let (number, value) = if first.quoted {
        let comma = first
            .text
            .iter()
            .position(|byte| *byte == b',')
            .ok_or(None)?;
        let (number, value) = first.text.split_at_checked(comma).ok_or(None)?;
        (number, value.get(1..).unwrap_or(&[]))
    } else {
        (first.text, fields.next().ok_or(None)?.text)
    };
    let number = line::number(number)
        .and_then(|number| u16::try_from(number).ok())
        .map(Number)
        .ok_or(None)?;
    text::option(builder, number, value).map_err(Some)
}

/// `+QCOAPACK: <client>,<type>,<id>,<result>`
fn delivered(mut fields: line::Fields<'_>, inbox: &mut Inbox<'_>) -> Option<()> {
    let kind = fields.num()?;
    let id = u16::try_from(fields.num()?).ok()?;
    let result = fields.next()?.magnitude()?;
    // Of acknowledgements and resets the id is the server's, and may by chance be that of a request of ours.
    if kind <= Kind::NonConfirmable as u32 && result != PROCESSING {
        let result = u16::try_from(result).ok()?;
        inbox.note().delivery = Some(Delivery { id, result });
    }
    Some(())
}

/// `+QCOAPIND: <client>,<type>,<id>,<times>,<result>`
fn retransmitted(fields: line::Fields<'_>, inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = fields.skip(1);
    let id = u16::try_from(fields.next()?.num()?).ok()?;
    let times = u8::try_from(fields.next()?.num()?).ok()?;
    inbox.note().retransmitted = Some((id, times));
    Some(())
}

/// `+QCOAPCLOSE: <client>,<result>` that nobody waits for.
fn closed(inbox: &mut Inbox<'_>) -> Option<()> {
    let notes = inbox.note();
    notes.told = false;
    notes.closed = true;
    Some(())
}
