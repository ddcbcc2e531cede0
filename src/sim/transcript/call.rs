//! The `=` lines, typed: what the application asks and what it must find.

use super::escape;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{self, char};
use nom::combinator::{all_consuming, map, map_opt, rest, value, verify};
use nom::multi::many0;
use nom::sequence::{preceded, separated_pair};
use nom::{IResult, Parser};
use std::fmt;

/// A `=` line. The forms are listed at the [module](super).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// `connect`: the application connects to this URI.
    Connect(String),
    /// `run`: this AT command is now pending.
    Run(String),
    /// `expect`: what must be there by now.
    Expect(Expectation),
    /// Any other words, for the harness that knows them.
    Ask(String),
}

/// What must be there when the replay has come so far.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expectation {
    /// A CoAP message came out of the modem's lines.
    Message {
        /// Its code byte (2.05 is 0x45).
        code: u8,
        /// Its message id.
        id: u16,
        /// Its token.
        token: Vec<u8>,
        /// Its payload.
        payload: Vec<u8>,
        /// Its options, by number, in order.
        options: Vec<(u16, Vec<u8>)>,
    },
    /// A datagram came, whatever it holds.
    Datagram {
        /// Its bytes.
        payload: Vec<u8>,
    },
    /// Something that the conversation must know.
    Note(Note),
    /// The information line of the pending command.
    Answer {
        /// Up to the colon, without it.
        prefix: String,
        /// What follows the colon and its blank.
        fields: String,
    },
    /// The pending command's final result.
    Result(String),
    /// What could not be kept.
    Lost {
        /// What it was.
        what: String,
        /// How many.
        count: u32,
    },
}

/// What a modem's line says beside messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The modem has started anew.
    Rebooted,
    /// The data connection is gone.
    LinkLost,
    /// The session is closed.
    Closed,
    /// Something waits to be fetched.
    Announced,
    /// A message has arrived, or, non-confirmable, was sent.
    Delivered {
        /// The message.
        id: u16,
    },
    /// A message has not arrived.
    Undelivered {
        /// The message.
        id: u16,
        /// The modem's reason as printed; makers differ on the sign.
        result: i32,
    },
    /// A message was sent again.
    Retransmitted {
        /// The message.
        id: u16,
        /// For which time.
        times: u32,
    },
}

/// A `=` line that begins like one of the fixed forms and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The line's text.
    pub text: String,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`= {}` is none of the known forms", self.text)
    }
}

impl core::error::Error for CallError {}

impl Call {
    /// Reads the text of a `=` line.
    ///
    /// # Errors
    ///
    /// The text begins with `connect`, `run` or `expect` and does not go on as such a line must.
    pub fn parse(text: &str) -> Result<Self, CallError> {
        let word = text.split(' ').next().unwrap_or_default();
        if !matches!(word, "connect" | "run" | "expect") {
            return Ok(Self::Ask(text.to_owned()));
        }
        let known = alt((
            map(preceded(tag("connect "), words), Self::Connect),
            map(preceded(tag("run "), words), Self::Run),
            map(preceded(tag("expect "), expectation), Self::Expect),
        ));
        let parsed = all_consuming(known).parse(text);
        parsed.map(|(_, call)| call).map_err(|_| CallError {
            text: text.to_owned(),
        })
    }
}

/// The call as the text of a `=` line.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(uri) => write!(f, "connect {uri}"),
            Self::Run(command) => write!(f, "run {command}"),
            Self::Expect(expectation) => write!(f, "expect {expectation}"),
            Self::Ask(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message {
                code,
                id,
                token,
                payload,
                options,
            } => {
                write!(f, "message {}.{:02} id={id}", code >> 5, code & 31)?;
                write!(
                    f,
                    " token={} payload={}",
                    escape::hex(token),
                    escape::quoted(payload)
                )?;
                for (number, value) in options {
                    write!(f, " option={number}:{}", escape::hex(value))?;
                }
                Ok(())
            }
            Self::Datagram { payload } => write!(f, "datagram payload={}", escape::quoted(payload)),
            Self::Note(note) => write!(f, "note {note}"),
            Self::Answer { prefix, fields } => write!(f, "answer {prefix}: {fields}"),
            Self::Result(text) => write!(f, "result {text}"),
            Self::Lost { what, count } => write!(f, "lost {what} {count}"),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rebooted => f.write_str("rebooted"),
            Self::LinkLost => f.write_str("link-lost"),
            Self::Closed => f.write_str("closed"),
            Self::Announced => f.write_str("announced"),
            Self::Delivered { id } => write!(f, "delivered id={id}"),
            Self::Undelivered { id, result } => write!(f, "undelivered id={id} result={result}"),
            Self::Retransmitted { id, times } => write!(f, "retransmitted id={id} times={times}"),
        }
    }
}

fn expectation(input: &str) -> IResult<&str, Expectation> {
    alt((
        preceded(tag("message "), message),
        map(
            preceded(tag("datagram payload="), escape::in_quotes),
            |payload| Expectation::Datagram { payload },
        ),
        map(preceded(tag("note "), note), Expectation::Note),
        preceded(tag("answer "), answer),
        map(preceded(tag("result "), words), Expectation::Result),
        preceded(tag("lost "), lost),
    ))
    .parse(input)
}

fn message(input: &str) -> IResult<&str, Expectation> {
    let option = separated_pair(complete::u16, char(':'), escape::in_hex);
    let parts = (
        code,
        preceded(tag(" id="), complete::u16),
        preceded(tag(" token="), escape::in_hex),
        preceded(tag(" payload="), escape::in_quotes),
        many0(preceded(tag(" option="), option)),
    );
    map(parts, |(code, id, token, payload, options)| {
        Expectation::Message {
            code,
            id,
            token,
            payload,
            options,
        }
    })
    .parse(input)
}

/// `c.dd`, as RFC 7252 section 3 writes a code.
fn code(input: &str) -> IResult<&str, u8> {
    let digits = verify(take_while1(|c: char| c.is_ascii_digit()), |text: &str| {
        text.len() == 2
    });
    let detail = map_opt(digits, |text: &str| text.parse::<u8>().ok());
    let parts = separated_pair(complete::u8, char('.'), detail);
    map_opt(parts, |(class, detail)| {
        (class < 8 && detail < 32).then_some((class << 5) | detail)
    })
    .parse(input)
}

fn note(input: &str) -> IResult<&str, Note> {
    let id = || preceded(tag(" id="), complete::u16);
    alt((
        value(Note::Rebooted, tag("rebooted")),
        value(Note::LinkLost, tag("link-lost")),
        value(Note::Closed, tag("closed")),
        value(Note::Announced, tag("announced")),
        map(preceded(tag("delivered"), id()), |id| Note::Delivered {
            id,
        }),
        map(
            preceded(
                tag("undelivered"),
                (id(), preceded(tag(" result="), complete::i32)),
            ),
            |(id, result)| Note::Undelivered { id, result },
        ),
        map(
            preceded(
                tag("retransmitted"),
                (id(), preceded(tag(" times="), complete::u32)),
            ),
            |(id, times)| Note::Retransmitted { id, times },
        ),
    ))
    .parse(input)
}

fn answer(input: &str) -> IResult<&str, Expectation> {
    let prefix = take_while1(|c: char| c != ':');
    map(
        separated_pair(prefix, tag(": "), rest),
        |(prefix, fields): (&str, &str)| Expectation::Answer {
            prefix: prefix.to_owned(),
            fields: fields.to_owned(),
        },
    )
    .parse(input)
}

fn lost(input: &str) -> IResult<&str, Expectation> {
    let what = take_while1(|c: char| c.is_ascii_lowercase() || c == '-');
    map(
        separated_pair(what, char(' '), complete::u32),
        |(what, count): (&str, u32)| Expectation::Lost {
            what: what.to_owned(),
            count,
        },
    )
    .parse(input)
}

/// At least one character up to the end.
fn words(input: &str) -> IResult<&str, String> {
    map(
        verify(rest, |text: &str| !text.trim().is_empty()),
        str::to_owned,
    )
    .parse(input)
}
