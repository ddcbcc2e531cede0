//! Where a driver and a transcript part, readable.

use crate::sim::transcript::{Transcript, escaped};
use std::fmt;

/// How many bytes of the driver's a difference keeps at most.
const SHOWN: usize = 256;

/// The first difference between a transcript and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The transcript's name.
    pub name: String,
    /// The line of the transcript, from 1.
    pub line: usize,
    /// What differs.
    pub difference: Difference,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The driver sent something else than the `>` line.
    Sent {
        /// The whole line.
        expected: Vec<u8>,
        /// What came in its place, up to the line's length or a carriage return.
        got: Vec<u8>,
    },
    /// The driver sent something while another event stood next.
    TooEarly {
        /// That event, as its line.
        next: String,
        /// What the driver sent.
        got: Vec<u8>,
    },
    /// The driver sent something after the last line.
    AfterTheEnd {
        /// What it sent.
        got: Vec<u8>,
    },
    /// The transcript holds a fault that cannot be replayed.
    UnknownFault(String),
    /// The driver did not read all that was played.
    Unread {
        /// What it left.
        bytes: Vec<u8>,
    },
    /// Not everything was played.
    Unplayed {
        /// The first event left, as its line.
        next: String,
        /// How many bytes of it were sent, if it is a `>` line.
        sent: usize,
        /// How many more lines are left behind it.
        more: usize,
    },
}

impl Mismatch {
    pub(super) fn new(transcript: &Transcript, line: usize, difference: Difference) -> Self {
        Self {
            name: transcript.name().to_owned(),
            line,
            difference,
        }
    }

    /// What the driver went on sending: the rest of the command makes the difference readable.
    pub(super) fn also(&mut self, byte: u8) {
        let (got, limit) = match &mut self.difference {
            Difference::Sent { expected, got } => (got, expected.len().max(64)),
            Difference::TooEarly { got, .. } | Difference::AfterTheEnd { got } => (got, 64),
            _ => return,
        };
        if got.len() < limit.min(SHOWN) && got.last() != Some(&b'\r') {
            got.push(byte);
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.name, self.line)?;
        match &self.difference {
            Difference::Sent { expected, got } => {
                let same = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
                let column = escaped(got.get(..same).unwrap_or_default()).chars().count();
                writeln!(f, "the driver sent something else")?;
                writeln!(f, "  expected: {}", escaped(expected))?;
                writeln!(f, "  got:      {}", escaped(got))?;
                write!(f, "            {:column$}^", "")
            }
            Difference::TooEarly { next, got } => {
                writeln!(f, "the driver sent something too early")?;
                write!(f, "  next:     {next}\n  got:      {}", escaped(got))
            }
            Difference::AfterTheEnd { got } => {
                write!(
                    f,
                    "the driver sent something after the end\n  got:      {}",
                    escaped(got)
                )
            }
            Difference::UnknownFault(text) => {
                write!(f, "a replay cannot play the fault `{text}`")
            }
            Difference::Unread { bytes } => {
                write!(f, "the driver left unread\n  left:     {}", escaped(bytes))
            }
            Difference::Unplayed { next, sent, more } => {
                write!(f, "not played to the end\n  next:     {next}")?;
                if *sent > 0 {
                    write!(f, "\n  of which {sent} bytes were sent")?;
                }
                if *more > 0 {
                    write!(f, "\n  and {more} more lines")?;
                }
                Ok(())
            }
        }
    }
}

impl core::error::Error for Mismatch {}
