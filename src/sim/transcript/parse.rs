//! A file's text into a [`Transcript`].

use super::{Event, Header, Kind, Line, Mode, Transcript, escape};
use crate::time::Millis;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{multispace0, one_of};
use nom::combinator::{opt, rest};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use std::fmt;

/// A line that is no transcript's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The name that the transcript was to have.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it, readable.
    pub what: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.name, self.line, self.what)
    }
}

impl core::error::Error for ParseError {}

pub(super) fn transcript(name: &str, text: &str) -> Result<Transcript, ParseError> {
    let fail = |line: usize, what: String| ParseError {
        name: name.to_owned(),
        line,
        what,
    };
    let mut draft = Draft::default();
    let mut header = None;
    let mut lines = Vec::new();
    let mut number = 0;
    for (index, line) in text.lines().enumerate() {
        number = index + 1;
        if line.trim().is_empty() {
            continue;
        }
        if header.is_none() {
            draft.take(line).map_err(|what| fail(number, what))?;
            header = draft.complete();
        } else {
            let event = event(line).map_err(|what| fail(number, what))?;
            lines.push(Line { number, event });
        }
    }
    let header = header.ok_or_else(|| fail(number.max(1), draft.wanted()))?;
    Ok(Transcript {
        name: name.to_owned(),
        header,
        lines,
    })
}

/// The header while its lines come in.
#[derive(Default)]
struct Draft {
    modem: Option<String>,
    source: Option<String>,
    kind: Option<Kind>,
    mode: Option<Mode>,
}

impl Draft {
    fn take(&mut self, line: &str) -> Result<(), String> {
        let Ok((value, key)) = field(line) else {
            return Err(self.wanted());
        };
        let value = value.trim();
        if value.is_empty() {
            return Err(format!("`{key}` says nothing"));
        }
        let fresh = match key {
            "modem" => self.modem.replace(value.to_owned()).is_none(),
            "source" => self.source.replace(value.to_owned()).is_none(),
            "kind" => self.kind.replace(one(&Kind::ALL, key, value)?).is_none(),
            "mode" => self.mode.replace(one(&Mode::ALL, key, value)?).is_none(),
            _ => return Err(self.wanted()),
        };
        fresh
            .then_some(())
            .ok_or_else(|| format!("`{key}` stands here twice"))
    }

    fn complete(&self) -> Option<Header> {
        Some(Header {
            modem: self.modem.clone()?,
            source: self.source.clone()?,
            kind: self.kind?,
            mode: self.mode?,
        })
    }

    fn wanted(&self) -> String {
        let missing: Vec<&str> = [
            ("`# modem: ..`", self.modem.is_none()),
            ("`# source: ..`", self.source.is_none()),
            ("`# kind: ..`", self.kind.is_none()),
            ("`# mode: ..`", self.mode.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect();
        format!(
            "a transcript opens with four lines, still missing: {}",
            missing.join(", ")
        )
    }
}

fn one<T: Copy>(all: &[(&str, T)], key: &str, value: &str) -> Result<T, String> {
    let known = all.iter().find(|(name, _)| *name == value);
    known.map(|(_, kind)| *kind).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        format!(
            "`{key}: {value}` is unknown, known are {}",
            names.join(", ")
        )
    })
}

/// `# key:`, with the value left over.
fn field(line: &str) -> IResult<&str, &str> {
    let key = take_while1(|c: char| c.is_ascii_lowercase());
    preceded((tag("#"), multispace0), terminated(key, tag(":"))).parse(line)
}

/// The first letter and, past one blank, the rest.
fn parts(line: &str) -> IResult<&str, (char, &str)> {
    (terminated(one_of("><~!=#"), opt(tag(" "))), rest).parse(line)
}

fn event(line: &str) -> Result<Event, String> {
    let Ok((_, (sign, body))) = parts(line) else {
        return Err(String::from("a line begins with one of > < ~ ! = #"));
    };
    Ok(match sign {
        '>' => Event::Sent(wire(line, body)?),
        '<' => Event::Received(wire(line, body)?),
        '~' => Event::Pause(span(body)?),
        '!' => Event::Fault(text(body)?),
        '=' => Event::Call(text(body)?),
        _ => Event::Remark(text(body)?),
    })
}

fn text(body: &str) -> Result<String, String> {
    if body.contains(char::is_control) {
        return Err(String::from("a control character in text"));
    }
    Ok(body.to_owned())
}

fn span(body: &str) -> Result<Millis, String> {
    let number = body.trim().parse().map(Millis::new);
    number.map_err(|_| format!("`{body}` is no number of milliseconds"))
}

fn wire(line: &str, body: &str) -> Result<Vec<u8>, String> {
    let (left, bytes) = escape::bytes(body).unwrap_or((body, Vec::new()));
    let Some(wrong) = left.chars().next() else {
        return Ok(bytes);
    };
    let column = line.chars().count() - left.chars().count() + 1;
    Err(if wrong == '\\' {
        let shown: String = left.chars().take(4).collect();
        format!("column {column}: `{shown}` is no escape, known are \\r \\n \\t \\\\ \\\" \\xNN")
    } else {
        format!("column {column}: {wrong:?} is not printable ASCII, write it as \\xNN")
    })
}
