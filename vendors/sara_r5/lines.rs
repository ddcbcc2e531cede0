//! What the modem says by itself, and what it means: the lines of CoAP (guide, chapter 8), and those that both links know.

use crate::at::{Counted, Delivery, Form, Inbox, Stamp, line};
use crate::message::{Block, Builder, Code, Kind, Number};
use crate::modem::lines::{Meaning, note};

/// The session number is that of the command under way, 1 to 4 as in `AT+UCOAPC`; beside it stands what the lines must know.
pub(super) const COMMAND: u8 = 7;
/// The request is a block that others follow: a `more` in its response is the echo of its own.
pub(super) const BLOCK: u8 = 8;
/// Its response was told.
const TOLD: u8 = 16;
/// It was given up: nobody waits for its response, only for its end.
pub(super) const GIVEN_UP: u8 = 32;

pub(super) fn counted(line: &[u8], _whole: bool) -> Counted {
    let Some(rest) = line::after(line, "+UCOAPCD:") else {
        return Counted::No;
    };
    // Behind the class and the format, which is 0 for hexadecimal in all that is known.
    match line::Fields::new(rest)
        .skip(1)
        .map(|field| field.num())
        .next()
    {
        Some(Some(0)) if line.ends_with(b",") => Counted::Inside(Form::QUOTED),
        None | Some(None) => Counted::Later,
        Some(_) => Counted::No,
    }
}

pub(super) fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    if let Some(rest) = line::after(line, "+UCOAPCD:") {
        return data(rest, inbox).is_some();
    }
    if let Some(rest) = line::after(line, "+UCOAPCR:") {
        return ended(rest, inbox).is_some();
    }
    note(line, &LINES, inbox)
}

/// How lines without a message begin. Of the contexts only 1 is ours.
pub(super) const LINES: [(&str, Meaning); 13] = [
    ("+UUPSDD: 0", Meaning::LinkLost),
    ("+CGEV: ME PDN DEACT 1", Meaning::LinkLost),
    ("+CGEV: NW PDN DEACT 1", Meaning::LinkLost),
    ("+CGEV: ME DETACH", Meaning::LinkLost),
    ("+CGEV: NW DETACH", Meaning::LinkLost),
    // Deep sleep: what was set and open is gone.
    ("+UUPSMR:", Meaning::Restarted),
    ("+UUPSDA:", Meaning::Nothing),
    ("+UCOAP", Meaning::Nothing),
    ("+UUSO", Meaning::Nothing),
    ("+USO", Meaning::Nothing),
    ("+UUPING", Meaning::Nothing),
    ("+UMWI:", Meaning::Nothing),
    ("+UUSECPRF:", Meaning::Nothing),
];

/// `+UCOAPCD: <class>,<format>,"<data>"[,<more>[,<block>,<size>]]`: before the data, which ends in a comma, and behind it.
fn data(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest);
    let class = fields.num().and_then(|class| u8::try_from(class).ok())?;
    if !(2..=5).contains(&class) || fields.num() != Some(0) {
        return None;
    }
    let waiting = inbox.session.filter(|session| session & GIVEN_UP == 0);
    let (Some(session), Some(stamp)) = (waiting, inbox.exchange) else {
        inbox.rollback();
        return Some(());
    };
    let opened = inbox.opened_length();
    if rest.ends_with(b",") {
        // What is open already is the part before this one.
        if opened.is_none() {
            begin(class, &stamp, None, inbox)?;
            inbox.push(&[0xFF]);
        }
        return Some(());
    }
    let more = fields.nth(1).and_then(|field| field.num()) == Some(1);
    if more && session & BLOCK == 0 {
        // A part of the response: the others follow.
        return Some(());
    }
    let bare = opened.is_none_or(|length| length == HEADER + stamp.token().len() + 1);
    // What is cut had a payload, of which nothing may have come.
    let cut = opened.is_some() && inbox.opened().is_empty();
    if bare && !cut {
        // A message without payload has no marker, but room for the block that this answers.
        let (number, size) = (fields.num(), fields.num());
        let block = size.and_then(|size| {
            let szx = Block::szx_within(usize::try_from(size).ok()?)?;
            Block::new(number?, more, szx)
        });
        begin(class, &stamp, block, inbox)?;
    }
    inbox.commit();
    inbox.session = Some(session | TOLD);
    Some(())
}

/// The bytes before the token (RFC 7252, section 3).
const HEADER: usize = 4;

/// Opens the message of a class, with id and token of the request that is open, which the modem does not show.
fn begin(class: u8, stamp: &Stamp, block: Option<Block>, inbox: &mut Inbox<'_>) -> Option<()> {
    let (code, room) = (Code::new(class, 0), inbox.largest());
    let space = inbox.open(room, 0)?;
    let kind = Kind::NonConfirmable;
    let mut builder = Builder::new(space, kind, code, stamp.id, stamp.token()).ok()?;
    if let Some(block) = block {
        builder.uint(Number::BLOCK1, block.to_uint()).ok()?;
    }
    let head = builder.len();
    inbox.filled(head);
    Some(())
}

/// `+UCOAPCR: <command>,<result>`: the exchange is over; 1 says that it was complete, whatever the response was.
fn ended(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest);
    let (command, result) = (fields.num()?, fields.num()?);
    let ours = |session: &u8| u32::from(session & COMMAND) == command;
    let Some(session) = inbox.session.filter(ours) else {
        return Some(());
    };
    inbox.session = None;
    inbox.note().busy = false;
    let waiting = session & (TOLD | GIVEN_UP) == 0;
    let Some(stamp) = inbox.exchange.filter(|_| waiting) else {
        return Some(());
    };
    if result == 0 {
        inbox.rollback();
        inbox.note().delivery = Some(Delivery {
            id: stamp.id,
            result: 1,
        });
        return Some(());
    }
    // Complete, and there was no response, or its last parts are missing: who waits is told at once.
    if inbox.opened_length().is_none() {
        begin(2, &stamp, None, inbox)?;
    }
    inbox.lost_message();
    inbox.cut();
    inbox.commit();
    Some(())
}
