//! The AT engine: what is common to every conversation with a modem, and nothing of CoAP.
//!
//! A dialect speaks through [`At`]. Its verbs read like the manual:
//!
//! ```text
//! at.put("AT+QCOAPHEADER=").num(id).num(mid).text("0").num(4).quoted_hex(token).ok(300).await?;
//! at.put("AT+QIACT?").expect("+QIACT:", &[3, 4]).first(1).ok(300).await?;
//! if let Some(state) = at.answer().nth(1) { .. }
//! ```
//!
//! Invariants:
//! - `At` has no type parameter: it is compiled once, however many modems, ports and ways to wait an image has.
//! - A line is one of: the pending command's echo, its final result, the line it asked for, or unsolicited. Which one is
//!   decided by what was asked, never by position.
//! - Every wait ends: at its own limit, or at the operation's.
//! - [`Wait`] and [`Feed`] are the only futures. Dropping one is legal everywhere; [`At::settle`] puts right what was left.
//!
//! After V.250 (syntax of command lines and final results) and 3GPP TS 27.007 (`+CME ERROR`).

mod command;
mod engine;
mod inbox;
pub mod line;
mod result;
#[cfg(test)]
mod tests;
mod wait;

pub use command::{Put, carries};
pub use engine::{Counted, Form, Hooks, Input};
pub use inbox::{Delivery, Inbox, Losses, Message, Notes, Queue, Stamp};
pub use result::Final;
pub use wait::{Feed, Wait};

use crate::error::Error;
use crate::front::Wire;
use crate::time::{Instant, Millis};
use engine::{Engine, Phase};
use wait::What;

/// One serial line to a modem, as a dialect sees it: no clock, no UART, no waker.
pub struct At<'b> {
    engine: Engine<'b>,
    /// What came and waits to be taken.
    pub inbox: Inbox<'b>,
    hooks: Hooks,
    wire: &'b Wire,
    /// Why the command that was just put cannot be sent.
    failure: Option<Error>,
    /// What the present wait waits for.
    what: What,
    /// When the present wait ends, if the pending command has no say in it.
    until: Instant,
    /// When the present operation must end.
    limit: Option<Instant>,
    /// Eighths by which every time limit of a document is stretched.
    patience: u8,
    /// Fences sent since the last answer.
    fences: u8,
    /// An abandoned operation is being put right.
    unsettled: bool,
}

impl<'b> At<'b> {
    /// A conversation over `wire` with buffers of the caller's: for the longest line, the longest command, and the inbox.
    pub fn new(
        wire: &'b Wire,
        line: &'b mut [u8],
        command: &'b mut [u8],
        inbox: &'b mut [u8],
        hooks: Hooks,
    ) -> Self {
        Self {
            engine: Engine::new(line, command),
            inbox: Inbox::new(inbox),
            hooks,
            wire,
            failure: None,
            what: What::Pause,
            until: Instant::from_millis(0),
            limit: None,
            patience: 8,
            fences: 0,
            unsettled: false,
        }
    }

    /// Begins a command line with this text (of the driver's own, ending in `=` if arguments follow).
    pub fn put<'f>(&'f mut self, text: &str) -> Put<'f, 'b> {
        Put::new(self, text)
    }

    /// A whole command without arguments; waits for `OK` for so many milliseconds.
    pub fn run<'f>(&'f mut self, text: &str, milliseconds: u32) -> Wait<'f, 'b> {
        self.put(text).ok(milliseconds)
    }

    /// Gives the input that a prompt asked for, any bytes, and waits for `OK`. The time counts from the last byte sent.
    pub fn input<'f>(&'f mut self, bytes: &'f [u8], milliseconds: u32) -> Feed<'f, 'b> {
        self.input_as(bytes, Input::RAW, milliseconds)
    }

    /// The same in another form.
    pub fn input_as<'f>(
        &'f mut self,
        bytes: &'f [u8],
        form: Input,
        milliseconds: u32,
    ) -> Feed<'f, 'b> {
        Feed::input(self, bytes, form, milliseconds)
    }

    /// Waits for the line that the last command [expected](Put::expect), if it has not come with it.
    pub fn line<'f>(&'f mut self, milliseconds: u32) -> Wait<'f, 'b> {
        Wait::new(self, What::Line, milliseconds)
    }

    /// Waits for something new in the inbox, or for the time; `Ok` either way.
    pub fn arrival(&mut self, until: Instant) -> Wait<'_, 'b> {
        Wait::until(self, What::Arrival, until)
    }

    /// Lets time pass; what arrives meanwhile is taken in.
    pub fn pause(&mut self, milliseconds: u32) -> Wait<'_, 'b> {
        Wait::new(self, What::Pause, milliseconds)
    }

    /// First contact: asks `AT+CMEE?` again and again until the modem answers, whatever it said before; the
    /// [answer](Self::answer) is its `+CMEE:`. The time is not stretched: it is the caller's. If it runs out, silence is a
    /// time-out, and nothing but errors is a refusal.
    pub fn contact(&mut self, milliseconds: u32) -> Wait<'_, 'b> {
        self.engine.result = Final::Ok;
        let until = self.now().after(Millis::new(milliseconds));
        Wait::until(self, What::Contact, until)
    }

    /// Puts right what an abandoned operation left: a torn line is closed, input that the modem counts is finished with
    /// `input` (what the abandoned operation was sending), and a fence separates old answers from new ones. At once
    /// ready if nothing was left. Limited by the operation's [limit](Self::set_limit).
    pub fn settle<'f>(&'f mut self, input: &'f [u8], until: Instant) -> Feed<'f, 'b> {
        self.failure = None;
        self.unsettled |= self.engine.is_busy();
        // Nobody listened since the drop, so that time was not the modem's: what it said is still to be read, and what
        // waits on the wire has not even reached it.
        let span = if self.engine.prompt {
            self.scaled(wait::PROMPT)
        } else if self.wire.has_outgoing() {
            self.engine.span
        } else {
            self.engine.span.min(self.scaled(wait::UNREAD))
        };
        self.engine.extend(self.now().after(span));
        Feed::recovery(self, input, until)
    }

    /// The modem did what its document rules out: before the next operation a fence tells old answers from new ones.
    pub fn distrust(&mut self) {
        self.unsettled = true;
    }

    /// The fields of the line that was [expected](Put::expect), behind its prefix; empty if it did not come.
    pub fn answer(&self) -> line::Fields<'_> {
        line::Fields::new(self.engine.answer())
    }

    /// The number in field `index` of the [answer](Self::answer), counted from 0.
    pub fn number(&self, index: usize) -> Option<u32> {
        self.answer().nth(index)?.num()
    }

    /// The line that was captured, whole: the expected one, or the error. Kept until the next command.
    pub fn said(&self) -> &[u8] {
        self.engine.captured_line()
    }

    /// The final result of the last command, once it came.
    pub fn result(&self) -> Option<Final> {
        (self.engine.phase == Phase::Finished).then_some(self.engine.result)
    }

    /// Expects another line after the last command, see [`Put::expect`]; forgets the one that came.
    pub fn expect(&mut self, prefix: &'static str, fields: &'static [u8]) {
        self.engine.expect_again(prefix, line::counts(fields));
    }

    /// Whether the modem echoed the last command.
    pub fn echoes(&self) -> bool {
        self.engine.echoed
    }

    /// The milliseconds that are left to the present operation.
    pub fn remaining(&self) -> u32 {
        match self.limit {
            Some(limit) => self.now().until(limit).as_millis(),
            None => u32::MAX,
        }
    }

    /// After [`Put::prompt`]: whether the modem waits for input (else the final result came at once).
    pub fn prompted(&self) -> bool {
        self.engine.phase == Phase::Prompted
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.wire.now()
    }

    /// Sets when the present operation must end; no single wait goes beyond it.
    pub fn set_limit(&mut self, limit: Option<Instant>) {
        self.limit = limit;
    }

    /// Stretches every time limit that comes from a modem's document by `eighths / 8`.
    pub fn set_patience(&mut self, eighths: u8) {
        self.patience = eighths.max(1);
    }

    /// The mailbox that the front serves.
    pub fn wire(&self) -> &'b Wire {
        self.wire
    }

    fn scaled(&self, span: Millis) -> Millis {
        Millis::new(span.as_millis().saturating_mul(self.patience.into()) >> 3)
    }
}
