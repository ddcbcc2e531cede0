//! What the modem says by itself, and what it means: messages and notes (note, 3.4).

use super::CLIENT;
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
    if let Some(rest) = line::after(line, "+QCOAPRECV:") {
        return received(rest, inbox).is_some();
    }
    if let Some(rest) = line::after(line, "+QCOAPACK:").or(line::after(line, "+COAPACK:")) {
        return delivered(rest, inbox).is_some();
    }
    if let Some(rest) = line::after(line, "+QCOAPIND:") {
        return retransmitted(rest, inbox).is_some();
    }
    note(line, &LINES, inbox)
}

/// How lines without a message begin.
const LINES: [(&str, Meaning); 9] = [
    ("RDY", Meaning::Restarted),
    ("POWERED DOWN", Meaning::Restarted),
    ("NORMAL POWER DOWN", Meaning::Restarted),
    ("+QIURC: \"pdpdeact\"", Meaning::LinkLost),
    ("+QCOAPCLOSE:", Meaning::Closed),
    ("+QCOAPOPEN:", Meaning::Nothing),
    ("APP RDY", Meaning::Nothing),
    ("+QUSIM:", Meaning::Nothing),
    ("+QIND:", Meaning::Nothing),
];

/// `+QCOAPRECV: <client>,<id>,<code>,<tkl>,<token>,<count>[,options],<length>`, as far as the payload.
fn received(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let payload = usize::from(u16::try_from(line::last_number(rest)?).ok()?);
    let mut fields = line::Fields::new(rest);
    let client = fields.num()?;
    let id = u16::try_from(fields.num()?).ok()?;
    let code = text::code(fields.next()?.text)?;
    let _length_of_the_token = fields.next()?;
    let mut token = [0; 8];
    let token = line::unhex(fields.next()?.text, &mut token)?;
    let options = fields.num()?;
    if client != u32::from(CLIENT) {
        // Another session's, which is not ours to keep.
        inbox.rollback();
        return Some(());
    }
    // In the message an option never takes more bytes than in the line.
    let mut space = [0; 0];
    let space = inbox
        .open(12 + rest.len(), payload + 1)
        .unwrap_or(&mut space);
    let (kind, token) = if code.is_empty() {
        (Kind::Reset, &[][..])
    } else {
        (Kind::NonConfirmable, token)
    };
    let mut builder = Builder::new(space, kind, code, id, token).ok()?;
    let mut lost = 0;
    let mut critical = false;
    // Only their count is shown, and then the length: nothing is known of them, the message is as good as it gets. Unless
    // it may be a part: a block that others follow has one of these sizes (RFC 7959, section 2.2).
    let hidden = options > 0 && fields.clone().nth(1).is_none();
    if hidden {
        lost = u16::try_from(options).unwrap_or(u16::MAX);
        critical = payload.is_power_of_two() && (16..=1024).contains(&payload);
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
fn delivered(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest).skip(2);
    let id = u16::try_from(fields.next()?.num()?).ok()?;
    let result = u16::try_from(fields.next()?.magnitude()?).ok()?;
    // "In processing" is no result yet.
    if result != 2 {
        inbox.note().delivery = Some(Delivery { id, result });
    }
    Some(())
}

/// `+QCOAPIND: <client>,<type>,<id>,<times>,<result>`
fn retransmitted(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest).skip(2);
    let id = u16::try_from(fields.next()?.num()?).ok()?;
    let times = u8::try_from(fields.next()?.num()?).ok()?;
    inbox.note().retransmitted = Some((id, times));
    Some(())
}
