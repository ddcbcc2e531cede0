//! What the modem says by itself, and what it means: datagrams and notes (note, 1.4).

use crate::at::{Counted, Form, Inbox, line};
use crate::modem::lines::{self, Meaning};

/// The data stands behind the second comma; a relative ends the line in that comma's place.
pub(super) fn counted(line: &[u8], whole: bool) -> Counted {
    let Some(rest) = data(line) else {
        return Counted::No;
    };
    let mut fields = line::Fields::new(rest).skip(1);
    let length = fields.next().and_then(|field| field.num());
    if fields.next().is_none() && !whole {
        return Counted::Later;
    }
    match length.map(u16::try_from) {
        Some(Ok(length)) => Counted::Now {
            length,
            form: Form::TEXT_OR_HEX,
        },
        _ => Counted::No,
    }
}

pub(super) fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    match data(line) {
        Some(rest) => received(rest, inbox).is_some(),
        None => lines::note(line, &LINES, inbox),
    }
}

/// What such a line says of its data. Older firmware of the family prints `=` for the colon.
fn data(line: &[u8]) -> Option<&[u8]> {
    line::after(line, "+GTCOAPDATA:").or_else(|| line::after(line, "+GTCOAPDATA="))
}

/// How lines without a message in them begin. `+SIM READY` comes seconds behind the line that tells of the restart, when
/// somebody waits for the card already: taken for a restart, it would end that wait.
const LINES: [(&str, Meaning); 14] = [
    ("AT READY", Meaning::Restarted),
    ("AT command ready", Meaning::Restarted),
    ("Wait...AT", Meaning::Restarted),
    ("RDY", Meaning::Restarted),
    ("+MIPCALL: 0", Meaning::LinkLost),
    ("+MIPCALL=0", Meaning::LinkLost),
    ("+SIM DROP", Meaning::LinkLost),
    ("+SIM READY", Meaning::Nothing),
    ("+MIPCALL", Meaning::Nothing),
    ("+GTCOAPCLOSE", Meaning::Nothing),
    ("+GTCOAPOPEN", Meaning::Nothing),
    ("PB DONE", Meaning::Nothing),
    ("SMS Ready", Meaning::Nothing),
    ("Call Ready", Meaning::Nothing),
];

/// `<id>,<length>,`: the datagram itself follows.
fn received(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest);
    let id = fields.num()?;
    let length = usize::from(u16::try_from(fields.num()?).ok()?);
    if inbox.session.is_some_and(|ours| u32::from(ours) != id) {
        // Another client's, of an earlier life of this program for one.
        inbox.rollback();
        return Some(());
    }
    // One that does not fit is counted there.
    let _ = inbox.open(length, 0);
    Some(())
}
