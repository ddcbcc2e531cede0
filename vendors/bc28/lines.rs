//! What the modem says by itself (note, chapter 3), and what it means: messages and notes.
//!
//! Whether data follows a line and what the line says is read by the same function ([`shape`](super::shape)), so that both
//! cannot disagree.

use super::shape::{NEXT, Said, parse};
use crate::at::{Counted, Delivery, Form, Inbox, line};
use crate::message::{Builder, Format, Kind, Number};
use crate::modem::lines::{Meaning, note};
use crate::modem::text;

pub(super) fn counted(line: &[u8], whole: bool) -> Counted {
    match parse(line, whole) {
        // A line that is whole ends its message here, with no data.
        Ok(Said { data, .. }) => Counted::Begun {
            length: data.0,
            form: Form::TEXT_OR_HEX,
            bytes: data.1,
        },
        Err(NEXT) => Counted::Next,
        Err(_) if whole => Counted::No,
        Err(_) => Counted::Later,
    }
}

pub(super) fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    if let Ok(said) = parse(line, true) {
        said.write(inbox);
        return true;
    }
    if line.starts_with(b"+QDNS:") {
        // Of a lookup that was given up: the next one's answer cannot be taken for it any more.
        inbox.session = None;
    }
    if let Some(status) = line::after(line, "+QLWDATASTATUS:") {
        inbox.notes.busy = line::number(status) == Some(1);
    }
    // The IMSI, which `AT+CIMI` prints bare.
    line.iter().all(u8::is_ascii_digit) || note(line, &LINES, inbox)
}

/// The lines without a message. Those of a restart come in this order; which of them come varies.
const LINES: [(&str, Meaning); 17] = [
    ("REBOOTING", Meaning::Restarted),
    ("REBOOT_CAUSE_", Meaning::Restarted),
    ("Neul", Meaning::Restarted),
    ("Boot:", Meaning::Nothing),
    ("Security", Meaning::Nothing),
    ("Protocol", Meaning::Nothing),
    ("Apps", Meaning::Nothing),
    ("+QCOAPURC:\"recovered\",0", Meaning::Nothing),
    ("+QCOAPURC:\"recovered\"", Meaning::Closed),
    ("+QCOAPDATASTATUS:", Meaning::Nothing),
    ("+CGPADDR:", Meaning::Nothing),
    ("+CGDCONT:", Meaning::Nothing),
    ("+QDNS:", Meaning::Nothing),
    ("+QLW", Meaning::Nothing),
    ("+NPSMR:", Meaning::Nothing),
    ("+NNMI", Meaning::Nothing),
    ("+NS", Meaning::Nothing),
];

impl Said<'_> {
    /// Writes the message, as far as its payload, or the note that the line is.
    fn write(&self, inbox: &mut Inbox<'_>) {
        // Whatever was open is not continued; what is for nobody must not end up in it.
        inbox.rollback();
        let open = inbox.exchange;
        let mut digits = [0; 8];
        let mut token: &[u8] = &[];
        let mut kind = self.kind.unwrap_or(Kind::NonConfirmable);
        if self.code.is_request() {
            token = line::unhex(self.token, &mut digits).unwrap_or(&[]);
        } else if self.code.is_empty() {
            if self.kind != Some(Kind::Reset) {
                // It has arrived, no more.
                let id = self.id;
                inbox.note().delivery = Some(Delivery { id, result: 0 });
                return;
            }
        } else {
            let numbered = self.pairs().any(|(number, _)| number == Number::OBSERVE.0);
            let stamp = match self.kind {
                None | Some(Kind::Acknowledgement) => open.filter(|open| open.id == self.id),
                Some(Kind::Reset) => None,
                _ => {
                    // One firmware prints a message again; that of an earlier request is none to this one.
                    let last = inbox.peer.replace(self.id.into());
                    open.filter(|open| {
                        let fits = open.observes || !numbered;
                        open.sent && fits && last != Some(self.id.into())
                    })
                }
            };
            match &stamp {
                Some(stamp) => {
                    digits = [0; 8];
                    let known = stamp.token();
                    for (to, from) in digits.iter_mut().zip(known) {
                        *to = *from;
                    }
                    token = digits.get(..known.len()).unwrap_or(&[]);
                }
                // A notification, to whatever it was that asked for it.
                None if numbered && self.kind.is_some() => {}
                // The response to a request that was given up, or nobody's.
                None => {
                    inbox.losses.unknown = inbox.losses.unknown.saturating_add(1);
                    return;
                }
            }
            if self.kind.is_none() {
                kind = Kind::Acknowledgement;
            }
        }

        let payload = usize::from(self.data.0);
        // In the message an option never takes more bytes than in the line.
        let space = inbox.open(12 + self.options.len(), payload + 1);
        let mut none = [0; 0];
        let space = space.unwrap_or(&mut none);
        let Ok(mut builder) = Builder::new(space, kind, self.code, self.id, token) else {
            return;
        };
        let mut lost = u16::from(self.hidden);
        // Of options that are not shown nothing is known: a block that others follow has one of these sizes (RFC 7959,
        // section 2.2).
        let mut critical =
            self.torn || (lost > 0 && payload.is_power_of_two() && (16..=1024).contains(&payload));
        for (number, value) in self.pairs() {
            let number = Number(number);
            let read = match block(number, value) {
                Some(block) => builder.uint(number, block).is_ok(),
                None => {
                    text::option(&mut builder, number, value).is_ok()
                        || (number.format() == Format::Opaque
                            && builder.option(number, value).is_ok())
                }
            };
            if !read {
                lost += 1;
                critical |= number.is_critical();
            }
        }
        let head = builder.finish().as_bytes().len();
        inbox.filled(head);
        inbox.losses.options = inbox.losses.options.saturating_add(lost);
        inbox.losses.torn = inbox.losses.torn.saturating_add(self.torn.into());
        if critical {
            // What it would have changed is not known: rather no message than a wrong one.
            inbox.cut();
        }
        if payload > 0 {
            inbox.push(&[0xFF]);
        }
    }
}

/// A block as one firmware prints it: `number/M/size`, or `number/_/size` for the last one.
fn block(number: Number, value: &[u8]) -> Option<u32> {
    if number != Number::BLOCK1 && number != Number::BLOCK2 {
        return None;
    }
    let mut parts = value.split(|byte| *byte == b'/');
    let block = line::number(parts.next()?)?;
    let more = parts.next()? == b"M";
    let size = line::number(parts.next()?)?;
    if !size.is_power_of_two() || !(16..=1024).contains(&size) || block >= 1 << 20 {
        return None;
    }
    Some(block << 4 | u32::from(more) << 3 | (size.trailing_zeros() - 4))
}
