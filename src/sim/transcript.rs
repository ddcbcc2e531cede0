//! Transcripts: one text file a session with a modem, one event a line.
//!
//! A [`Recorder`](crate::sim::Recorder) writes what a [`Replay`](crate::sim::Replay) reads. A file is plain ASCII for
//! the wire and UTF-8 for remarks, and opens with four lines that say where it comes from, in any order:
//!
//! ```text
//! # modem: toy
//! # source: the maker's application note V1.0, 5.1
//! # kind: document
//! # mode: listen
//! ```
//!
//! `kind` is `document` (printed by a vendor), `recorded` (by this crate, from a real module), `field-log` (from a real
//! module, published by somebody else) or `simulated` (made up). `recorded` and `document` must never be confused.
//! `mode` says how it may be replayed: `dialog` checks what the driver sends, `listen` only feeds what the modem said.
//!
//! # The events
//!
//! | line | meaning |
//! |---|---|
//! | `> AT\r` | bytes to the modem |
//! | `< \r\nOK\r\n` | bytes from the modem |
//! | `~ 350` | so many milliseconds pass |
//! | `! silence 3000` | a fault, see below |
//! | `= connect coap://host` | what the application asks, or must find: see [`Call`] |
//! | `# text` | a remark |
//!
//! Empty lines mean nothing. In `>` and `<` lines printable ASCII stands for itself; the escapes are `\r`, `\n`, `\t`,
//! `\\`, `\"` and `\xNN`. A quote needs no escape there. A blank at either end is written `\x20`, since editors eat it.
//! Text (`=`, `!`, `#`) takes no escapes and holds no control characters: the writer puts a blank in their place.
//!
//! The one fault with a fixed meaning is `! silence MS`: for so long the modem is deaf and mute, what is sent meanwhile
//! is lost.
//!
//! # The application's lines
//!
//! A `=` line is a barrier: nothing after it is played before the test harness has dealt with it. The fixed forms:
//!
//! | line | what it says |
//! |---|---|
//! | `= connect URI` | the application connects |
//! | `= run AT+COMMAND` | this command is sent and now pending (so that an answer and a URC of the same prefix differ) |
//! | `= expect answer +PREFIX: FIELDS` | the next information line of that prefix which the pending command has got, printed with a blank behind the colon or without |
//! | `= expect result TEXT` | the pending command's final result (`OK`, `ERROR`, `+CME ERROR: 30`), or `none`: its time ran out |
//! | `= expect message C.DD id=N token=HEX payload="TEXT" [option=NUM:HEX]...` | the next CoAP message out of the modem's lines |
//! | `= expect datagram payload="TEXT"` | the next datagram, which need not be CoAP |
//! | `= expect note rebooted` | the modem has started anew |
//! | `= expect note link-lost` | the modem has lost its data connection |
//! | `= expect note closed` | the session is closed |
//! | `= expect note announced` | something waits to be fetched |
//! | `= expect note delivered id=N` | a message was acknowledged (or, non-confirmable, sent) |
//! | `= expect note undelivered id=N result=N` | it was not; the modem's number as printed (makers differ on the sign: compare without) |
//! | `= expect note retransmitted id=N times=N` | it was sent again |
//! | `= expect lost WHAT N` | what could not be kept: `line`, `message`, `payload`, `option`, `bytes`, and how many |
//!
//! A command counts as pending until the next `run`, since some answers come behind the OK (the result of an open, for
//! one). Where it gets a prompt, the next `>` line is what another host typed there. Expectations stand directly after
//! the `<` lines that meet them. Messages, notes and losses are each in order among themselves. Every other `=` line is
//! [`Call::Ask`]: a word between a file and its own harness.

mod call;
mod escape;
mod lint;
mod parse;
#[cfg(test)]
mod tests;

pub use call::{Call, CallError, Expectation, Note};
pub use escape::escaped;
pub use lint::{Complaint, lint};
pub use parse::ParseError;

use crate::time::Millis;
use std::fmt;

/// Where a transcript's bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Printed in a vendor's document; line ends restored.
    Document,
    /// Recorded by this crate from a real module.
    Recorded,
    /// Logged from a real module and published by somebody else.
    FieldLog,
    /// Made up, or said by a simulated modem.
    Simulated,
}

impl Kind {
    const ALL: [(&'static str, Self); 4] = [
        ("document", Self::Document),
        ("recorded", Self::Recorded),
        ("field-log", Self::FieldLog),
        ("simulated", Self::Simulated),
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Document => "document",
            Self::Recorded => "recorded",
            Self::FieldLog => "field-log",
            Self::Simulated => "simulated",
        })
    }
}

/// How a transcript may be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What the driver sends is checked against the `>` lines.
    Dialog,
    /// Only the modem's lines are fed; what the driver sends is ignored (the `>` lines are another driver's).
    Listen,
}

impl Mode {
    const ALL: [(&'static str, Self); 2] = [("dialog", Self::Dialog), ("listen", Self::Listen)];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dialog => "dialog",
            Self::Listen => "listen",
        })
    }
}

/// The four lines that a transcript opens with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The modem, by its feature's name.
    pub modem: String,
    /// Where the bytes come from, for a reader who wants to look it up.
    pub source: String,
    /// What sort of source that is.
    pub kind: Kind,
    /// How the transcript may be replayed.
    pub mode: Mode,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `>`: bytes to the modem.
    Sent(Vec<u8>),
    /// `<`: bytes from the modem.
    Received(Vec<u8>),
    /// `~`: time passes.
    Pause(Millis),
    /// `!`: a fault.
    Fault(String),
    /// `=`: what the application asks or must find. [`Call::parse`] reads it.
    Call(String),
    /// `#`: a remark.
    Remark(String),
}

/// An event as one line of a file, without the line end.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(bytes) => write!(f, "> {}", escaped(bytes)),
            Self::Received(bytes) => write!(f, "< {}", escaped(bytes)),
            Self::Pause(span) => write!(f, "~ {}", span.as_millis()),
            Self::Fault(text) => write!(f, "! {}", one_line(text)),
            Self::Call(text) => write!(f, "= {}", one_line(text)),
            Self::Remark(text) => write!(f, "# {}", one_line(text)),
        }
    }
}

fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// An event with the number of the line it stood on. Two lines are equal when their events are.
#[derive(Clone, Debug, Eq)]
pub struct Line {
    /// The line in the file, from 1.
    pub number: usize,
    /// What it says.
    pub event: Event,
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.event == other.event
    }
}

/// A session with a modem.
///
/// [`Display`](fmt::Display) writes the file, [`parse`](Self::parse) reads it; what was written reads as what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    name: String,
    header: Header,
    lines: Vec<Line>,
}

impl Transcript {
    /// A transcript without events. `name` stands in messages about it: the file's name, best with its folder.
    pub fn new(name: impl Into<String>, header: Header) -> Self {
        Self {
            name: name.into(),
            header,
            lines: Vec::new(),
        }
    }

    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// The first line that is no transcript's, by number and with what was expected there.
    pub fn parse(name: &str, text: &str) -> Result<Self, ParseError> {
        parse::transcript(name, text)
    }

    /// Adds an event at the end.
    pub fn push(&mut self, event: Event) {
        // Four header lines come first, and every event is one line.
        let number = self.lines.last().map_or(4, |line| line.number) + 1;
        self.lines.push(Line { number, event });
    }

    /// The name given to it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it comes from.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its events, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header {
            modem,
            source,
            kind,
            mode,
        } = &self.header;
        writeln!(f, "# modem: {}", one_line(modem))?;
        writeln!(f, "# source: {}", one_line(source))?;
        writeln!(f, "# kind: {kind}\n# mode: {mode}")?;
        for line in &self.lines {
            writeln!(f, "{}", line.event)?;
        }
        Ok(())
    }
}
