//! What a command handler is given and what it gives back.

use std::ops::RangeInclusive;

use super::coap::Sending;
use crate::sim::grammar::Argument;

/// A command that was accepted.
pub(super) enum Done {
    /// These lines, then OK, after so many milliseconds.
    Said { lines: Vec<String>, after: u32 },
    /// The prompt, then a payload.
    Prompt(Sending),
    /// The answer has been scheduled already.
    Later,
}

impl Done {
    /// OK after so many milliseconds.
    pub(super) const fn ok(after: u32) -> Result<Self, Failure> {
        Ok(Self::Said {
            lines: Vec::new(),
            after,
        })
    }

    /// One line, then OK.
    pub(super) fn line(line: impl Into<String>) -> Result<Self, Failure> {
        Ok(Self::lines(vec![line.into()]))
    }

    /// Some lines, then OK.
    pub(super) const fn lines(lines: Vec<String>) -> Self {
        Self::Said { lines, after: 5 }
    }
}

/// A command that was refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// What the host did wrong; `None` if the command was right and only came at a bad time.
    pub(super) reason: Option<&'static str>,
    /// The `+CME ERROR` that says so; `None` for a plain ERROR.
    cme: Option<u16>,
}

impl Failure {
    /// Plain ERROR, the host's fault.
    pub(super) const fn misuse(reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            cme: None,
        }
    }

    /// Plain ERROR, nobody's fault.
    pub(super) const fn state() -> Self {
        Self {
            reason: None,
            cme: None,
        }
    }

    /// A `+CME ERROR`, nobody's fault.
    pub(super) const fn cme(number: u16) -> Self {
        Self {
            reason: None,
            cme: Some(number),
        }
    }

    /// The same with a `+CME ERROR`, unless it has one.
    pub(super) const fn or_cme(mut self, number: u16) -> Self {
        if self.cme.is_none() {
            self.cme = Some(number);
        }
        self
    }

    /// The same as a plain ERROR.
    pub(super) const fn plain(mut self) -> Self {
        self.cme = None;
        self
    }

    /// The final result as it is said, by the level of `AT+CMEE`.
    pub(super) fn result(self, cmee: u32) -> String {
        match (self.cme, cmee) {
            (Some(number), 1) => format!("\r\n+CME ERROR: {number}\r\n"),
            (Some(number), 2) => format!("\r\n+CME ERROR: {}\r\n", verbose(number)),
            _ => "\r\nERROR\r\n".into(),
        }
    }
}

/// 3GPP TS 27.007 section 9.2.
const fn verbose(number: u16) -> &'static str {
    match number {
        3 => "operation not allowed",
        10 => "SIM not inserted",
        11 => "SIM PIN required",
        12 => "SIM PUK required",
        16 => "incorrect password",
        30 => "no network service",
        50 => "incorrect parameters",
        _ => "unknown",
    }
}

/// The arguments of a write command.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(pub(super) &'a [Argument]);

impl<'a> Arguments<'a> {
    /// Refuses any other number of arguments.
    pub(super) fn count(self, allowed: &[usize]) -> Result<(), Failure> {
        if allowed.contains(&self.0.len()) {
            Ok(())
        } else {
            Err(Failure::misuse("a wrong number of arguments"))
        }
    }

    pub(super) const fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn raw(self, place: usize) -> Result<&'a Argument, Failure> {
        self.0
            .get(place)
            .ok_or(Failure::misuse("a missing argument"))
    }

    /// A bare number in a range.
    pub(super) fn number(self, place: usize, range: RangeInclusive<u32>) -> Result<u32, Failure> {
        match self.raw(place)? {
            Argument::Number(number) if range.contains(number) => Ok(*number),
            Argument::Number(_) => Err(Failure::misuse("a number out of range")),
            Argument::Text(_) => Err(Failure::misuse("quotes around a number")),
            Argument::Omitted => Err(Failure::misuse("a missing argument")),
        }
    }

    /// The same for a number that fits into a byte.
    pub(super) fn byte(self, place: usize, range: RangeInclusive<u8>) -> Result<u8, Failure> {
        let (from, to) = range.into_inner();
        let number = self.number(place, from.into()..=to.into())?;
        u8::try_from(number).map_err(|_| Failure::misuse("a number out of range"))
    }

    /// A quoted string.
    pub(super) fn bytes(self, place: usize) -> Result<&'a [u8], Failure> {
        match self.raw(place)? {
            Argument::Text(text) => Ok(text),
            Argument::Number(_) => Err(Failure::misuse("a string without quotes")),
            Argument::Omitted => Err(Failure::misuse("a missing argument")),
        }
    }

    /// A quoted string that is text.
    pub(super) fn text(self, place: usize) -> Result<&'a str, Failure> {
        std::str::from_utf8(self.bytes(place)?)
            .map_err(|_| Failure::misuse("a string that is not UTF-8"))
    }
}
