//! A serial line that plays a [`Transcript`] to a driver, in virtual time.
//!
//! In *dialog* mode the driver must send precisely the `>` lines; a `<` line behind one comes only when that was sent
//! whole. In *listen* mode what the driver sends is ignored. In both, `~` pauses are kept in virtual time (a pause
//! before a `>` is the recorded driver's own pace and binds nobody), and a `=` line holds everything behind it until
//! [`advance`](Replay::advance).
//!
//! The first difference ends the play: nothing more is fed, what is sent is swallowed, and the driver runs into its
//! own time limits. [`outcome`](Replay::outcome) then tells what was expected and what came.
//!
//! ```
//! use coap_modem::sim::{Replay, Transcript};
//! use embedded_io::{Read, Write};
//!
//! let text = "# modem: toy\n# source: an example\n# kind: simulated\n# mode: dialog\n\
//!             > AT\\r\n< \\r\\nOK\\r\\n\n";
//! let replay = Replay::new(Transcript::parse("example.at", text)?);
//! let (mut serial, mut answer) = (replay.serial(), [0; 6]);
//! serial.write_all(b"AT\r")?;
//! serial.read_exact(&mut answer)?;
//! assert_eq!(&answer, b"\r\nOK\r\n");
//! replay.outcome()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod io;
mod mismatch;
#[cfg(test)]
mod tests;

pub use io::{Clock, Serial, Timer};
pub use mismatch::{Difference, Mismatch};

use super::transcript::{Call, CallError, Event, Line, Mode, Transcript};
use crate::time::{Instant, Millis};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Waker;

/// A transcript being played. Clones are the same play.
#[derive(Clone, Debug)]
pub struct Replay {
    play: Rc<RefCell<Play>>,
}

impl Replay {
    /// The play from the beginning, at time zero.
    pub fn new(transcript: Transcript) -> Self {
        let play = Play {
            transcript,
            next: 0,
            sent: 0,
            held: None,
            deaf: false,
            ready: VecDeque::new(),
            now: Instant::default(),
            chunk: usize::MAX,
            passed_over: false,
            waker: None,
            failed: None,
        };
        Self {
            play: Rc::new(RefCell::new(play)),
        }
    }

    /// The modem's serial port.
    pub fn serial(&self) -> Serial {
        Serial::new(self.play.clone())
    }

    /// The play's virtual time, for a blocking or polling front.
    pub fn clock(&self) -> Clock {
        Clock::new(self.play.clone())
    }

    /// The play's virtual time, for an async front.
    pub fn timer(&self) -> Timer {
        Timer::new(self.play.clone())
    }

    /// From now on a read gives at most so many bytes (and at least one).
    pub fn set_chunk(&self, bytes: usize) {
        self.play.borrow_mut().chunk = bytes.max(1);
    }

    /// The `=` line that holds the play, with its number, once all before it was played and read.
    pub fn held_by(&self) -> Option<(usize, String)> {
        let mut play = self.play.borrow_mut();
        play.step();
        match play.event() {
            Some((number, Event::Call(text))) if play.ready.is_empty() => {
                Some((number, text.clone()))
            }
            _ => None,
        }
    }

    /// As [`held_by`](Self::held_by), typed.
    ///
    /// # Errors
    ///
    /// The line begins like one of the fixed forms and is none.
    pub fn call(&self) -> Result<Option<(usize, Call)>, CallError> {
        let Some((number, text)) = self.held_by() else {
            return Ok(None);
        };
        Call::parse(&text).map(|call| Some((number, call)))
    }

    /// Goes past the `=` line that holds the play; false if none does.
    pub fn advance(&self) -> bool {
        let held = self.held_by().is_some();
        let mut play = self.play.borrow_mut();
        if held {
            play.next += 1;
            play.step();
        }
        held
    }

    /// Whether everything was played and read, or the play ended at a difference.
    pub fn finished(&self) -> bool {
        let mut play = self.play.borrow_mut();
        play.step();
        play.failed.is_some() || (play.event().is_none() && play.ready.is_empty())
    }

    /// What became of it.
    ///
    /// # Errors
    ///
    /// The first difference, or, without one, the first line that is still to be played or read.
    pub fn outcome(&self) -> Result<(), Mismatch> {
        let mut play = self.play.borrow_mut();
        play.step();
        play.outcome()
    }
}

/// Where the play stands.
#[derive(Debug)]
struct Play {
    transcript: Transcript,
    /// The event to be played next, and how much of it was sent if it is a `>`.
    next: usize,
    sent: usize,
    /// The end of the pause (or the silence) that stands next.
    held: Option<Instant>,
    deaf: bool,
    /// What the driver can read.
    ready: VecDeque<u8>,
    now: Instant,
    chunk: usize,
    /// Time was asked to pass while bytes waited, and none was read since.
    passed_over: bool,
    waker: Option<Waker>,
    failed: Option<Mismatch>,
}

impl Play {
    fn event(&self) -> Option<(usize, &Event)> {
        let line = self.transcript.lines().get(self.next)?;
        Some((line.number, &line.event))
    }

    fn listening(&self) -> bool {
        self.transcript.header().mode == Mode::Listen
    }

    /// Plays all that can be played now.
    fn step(&mut self) {
        while self.failed.is_none() {
            let Some(line) = self.transcript.lines().get(self.next) else {
                return;
            };
            match &line.event {
                Event::Remark(_) => {}
                Event::Received(bytes) => {
                    self.ready.extend(bytes);
                    if let Some(waker) = self.waker.take() {
                        waker.wake();
                    }
                }
                Event::Sent(bytes) => {
                    if !self.listening() && self.sent < bytes.len() {
                        return;
                    }
                    self.sent = 0;
                }
                Event::Pause(span) => {
                    let span = *span;
                    if !self.pass(span) {
                        return;
                    }
                }
                Event::Fault(text) => match silence(text) {
                    Some(span) => {
                        self.deaf = !self.pass(span);
                        if self.deaf {
                            return;
                        }
                    }
                    None => {
                        let fault = Difference::UnknownFault(text.clone());
                        self.failed = Some(Mismatch::new(&self.transcript, line.number, fault));
                        return;
                    }
                },
                Event::Call(_) => return,
            }
            self.next += 1;
        }
    }

    /// Whether the pause that stands next is over.
    fn pass(&mut self, span: Millis) -> bool {
        let until = *self.held.get_or_insert(self.now.after(span));
        let over = self.now.reached(until);
        if over {
            self.held = None;
        }
        over
    }

    /// Lets time go to the earlier of `until` and the next scheduled bytes, at least a millisecond. Not if bytes wait,
    /// unless nobody read any since the last time: then this is a plain delay.
    fn idle(&mut self, until: Instant) {
        self.step();
        if !self.ready.is_empty() && !self.passed_over {
            self.passed_over = true;
            return;
        }
        let target = self.held.map_or(until, |held| held.earlier(until));
        let soonest = self.now.after(Millis::new(1));
        self.now = if target.reached(soonest) {
            target
        } else {
            soonest
        };
        self.step();
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.step();
        let mut count = 0;
        for (to, from) in buffer.iter_mut().take(self.chunk).zip(&self.ready) {
            *to = *from;
            count += 1;
        }
        self.ready.drain(..count);
        self.passed_over = false;
        self.step();
        count
    }

    fn write(&mut self, bytes: &[u8]) {
        self.step();
        for &byte in bytes {
            if let Some(failed) = &mut self.failed {
                failed.also(byte);
            } else if !self.listening() && !self.deaf {
                self.take(byte);
            }
        }
    }

    /// One byte from the driver, in dialog mode.
    fn take(&mut self, byte: u8) {
        self.skip_pace();
        let (number, difference) = match self.event() {
            Some((number, Event::Sent(expected))) => {
                if expected.get(self.sent) == Some(&byte) {
                    self.sent += 1;
                    self.step();
                    return;
                }
                let mut got: Vec<u8> = expected.iter().take(self.sent).copied().collect();
                got.push(byte);
                let expected = expected.clone();
                (number, Difference::Sent { expected, got })
            }
            Some((number, event)) => {
                let (got, next) = (vec![byte], event.to_string());
                (number, Difference::TooEarly { next, got })
            }
            None => {
                let last = self.transcript.lines().last().map_or(0, |line| line.number);
                (last, Difference::AfterTheEnd { got: vec![byte] })
            }
        };
        self.failed = Some(Mismatch::new(&self.transcript, number, difference));
    }

    /// Pauses with nothing but a `>` behind them need not be waited for.
    fn skip_pace(&mut self) {
        let rest = self.transcript.lines().iter().enumerate().skip(self.next);
        let mut quiet =
            rest.skip_while(|(_, line)| matches!(line.event, Event::Pause(_) | Event::Remark(_)));
        if let Some((
            at,
            Line {
                event: Event::Sent(_),
                ..
            },
        )) = quiet.next()
            && at > self.next
        {
            self.next = at;
            self.held = None;
        }
    }

    fn outcome(&self) -> Result<(), Mismatch> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let left = self.transcript.lines().iter().skip(self.next);
        let mut left = left.filter(|line| match line.event {
            Event::Sent(_) => !self.listening(),
            Event::Pause(_) | Event::Remark(_) => false,
            _ => true,
        });
        if !self.ready.is_empty() {
            let bytes = self.ready.iter().copied().collect();
            let number = self.last_received();
            return Err(Mismatch::new(
                &self.transcript,
                number,
                Difference::Unread { bytes },
            ));
        }
        let Some(first) = left.next() else {
            return Ok(());
        };
        let unplayed = Difference::Unplayed {
            next: first.event.to_string(),
            sent: self.sent,
            more: left.count(),
        };
        Err(Mismatch::new(&self.transcript, first.number, unplayed))
    }

    /// The number of the last `<` line that was played.
    fn last_received(&self) -> usize {
        let played = self.transcript.lines().iter().take(self.next);
        let received = played
            .rev()
            .find(|line| matches!(line.event, Event::Received(_)));
        received.map_or(0, |line| line.number)
    }
}

/// The span of `silence MS`.
fn silence(text: &str) -> Option<Millis> {
    let span = text.strip_prefix("silence ")?;
    span.trim().parse().ok().map(Millis::new)
}
