//! `AT+CCOAPPARA`: section 3.3 of the document.

use coap_lite::MessageType;

use super::{Answer, Chassis, Sim7000Firmware};
use crate::sim::grammar::{Argument, Form};
use crate::sim::module::agent::Message;
use crate::sim::module::{Arguments, Done, Failure, unhex};

/// What the lines have set so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    code: Option<u8>,
    kind: Option<MessageType>,
    id: Option<u16>,
    token: Vec<u8>,
    options: Vec<(u16, Vec<u8>)>,
    payload: Vec<u8>,
}

/// Names with a number behind them: the option, and its greatest value.
const NUMBERS: [(&str, u16, u32); 5] = [
    ("content-format", 12, 0xFFFF),
    ("accept", 17, 0xFFFF),
    ("observe", 6, 0xFF_FFFF),
    ("max-age", 14, u32::MAX),
    ("size", 60, u32::MAX),
];

const KINDS: [(&str, MessageType); 4] = [
    ("CON", MessageType::Confirmable),
    ("NON", MessageType::NonConfirmable),
    ("ACK", MessageType::Acknowledgement),
    ("RST", MessageType::Reset),
];

impl Draft {
    /// Whether nothing was set.
    pub(super) fn is_empty(&self) -> bool {
        self.code.is_none() && self.kind.is_none() && self.id.is_none() && self.options.is_empty()
    }

    /// The message, if there is enough of it; `id` for one that has none.
    pub(super) fn message(&self, id: impl FnOnce() -> u16) -> Result<Message, Failure> {
        let code = self
            .code
            .ok_or(Failure::misuse("a message without a code"))?;
        let kind = self.kind.unwrap_or(MessageType::Confirmable);
        let (empty, request) = (code == 0, code >> 5 == 0);
        // RFC 7252, section 4.3, table 1. An empty CON is a ping.
        let fits = match kind {
            MessageType::Confirmable => true,
            MessageType::NonConfirmable => !empty,
            MessageType::Acknowledgement => empty || !request,
            MessageType::Reset => empty,
        };
        if !fits {
            return Err(Failure::misuse("a type that does not carry this code"));
        }
        Ok(Message {
            kind,
            code,
            id: self.id.unwrap_or_else(id),
            token: self.token.clone(),
            options: self.options.clone(),
            payload: self.payload.clone(),
        })
    }
}

/// A value with the number of its form before it.
fn coded(arguments: Arguments<'_>) -> Result<Vec<u8>, Failure> {
    let value = arguments.bytes(1)?;
    match arguments.number(0, 0..=1)? {
        0 => Ok(value.to_vec()),
        _ => unhex(value).ok_or(Failure::misuse("a string that is not hex")),
    }
}

/// RFC 7252, section 3.2: an unsigned integer in as few bytes as it takes, none for zero.
fn uint(value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

impl Sim7000Firmware {
    pub(super) fn para(&mut self, chassis: &mut Chassis, form: &Form) -> Answer {
        let arguments = match form {
            Form::Test => {
                return Done::lines(SHAPES.map(|shape| chassis.head("CCOAPPARA") + shape));
            }
            Form::Write(arguments) => arguments,
            _ => return Err(Failure::form()),
        };
        let (adds, repeats) = (chassis.quirks.lines_add, chassis.quirks.repeated_queries);
        let object = self.object()?;
        if !object.draft.is_empty() && !object.sent {
            chassis.note("a second line of values before the first was sent");
        }
        let lasts = chassis.quirks.values_last && object.sent;
        let mut draft = match adds || lasts {
            true => object.draft.clone(),
            false => Draft::default(),
        };
        let mut rest = arguments.as_slice();
        let mut names = Vec::new();
        while !rest.is_empty() {
            let (name, taken) = set(&mut draft, rest, repeats && names.contains(&"uri-query"))?;
            if names.contains(&name) && !(repeats && name == "uri-query") {
                return Err(Failure::misuse("a name that is given twice"));
            }
            names.push(name);
            rest = rest.get(taken..).unwrap_or_default();
        }
        object.draft = draft;
        object.sent = false;
        Done::ok(10)
    }
}

/// Sets one value; its name, and how many arguments it took. `again` adds a query to those that are there.
fn set<'a>(
    draft: &mut Draft,
    arguments: &'a [Argument],
    again: bool,
) -> Result<(&'a str, usize), Failure> {
    let Some(Argument::Word(name)) = arguments.first() else {
        return Err(Failure::misuse("a name that is no bare word"));
    };
    let name = std::str::from_utf8(name).unwrap_or("");
    let values = Arguments(arguments).from(1);
    if let Some((_, number, most)) = NUMBERS.iter().find(|(known, ..)| *known == name) {
        let value = values.number(0, 0..=*most)?;
        draft.put(*number, vec![uint(value)]);
        return Ok((name, 2));
    }
    match name {
        "code" => {
            let digits = values.word(0)?;
            let code = u8::from_str_radix(&digits, 16);
            draft.code = Some(code.map_err(|_| Failure::misuse("a code that is no hex"))?);
            return Ok((name, 2));
        }
        "type" => {
            let word = values.text(0)?;
            let kind = KINDS.iter().find(|(known, _)| *known == word);
            draft.kind = Some(kind.ok_or(Failure::misuse("an unknown type"))?.1);
            return Ok((name, 2));
        }
        "mid" => {
            draft.id = Some(values.short(0, 0..=u16::MAX)?);
            return Ok((name, 2));
        }
        _ => {}
    }
    let value = coded(values)?;
    match name {
        "token" if value.len() <= 8 => draft.token = value,
        "token" => return Err(Failure::misuse("a token of more than 8 bytes")),
        "etag" if (1..=8).contains(&value.len()) => draft.put(4, vec![value]),
        "etag" => return Err(Failure::misuse("an ETag that is none")),
        "uri-path" => draft.put(11, split(&value, b'/')?),
        "uri-query" if again => draft.options.push((15, value)),
        "uri-query" => draft.put(15, split(&value, b'&')?),
        "payload" => draft.payload = value,
        _ => return Err(Failure::misuse("an unknown name")),
    }
    Ok((name, 3))
}

impl Draft {
    /// Puts an option in the place of what was there.
    fn put(&mut self, number: u16, values: Vec<Vec<u8>>) {
        self.options.retain(|(known, _)| *known != number);
        let values = values.into_iter().map(|value| (number, value));
        self.options.extend(values);
    }
}

/// The parts of a path or query. An empty one would vanish, or not.
fn split(value: &[u8], at: u8) -> Result<Vec<Vec<u8>>, Failure> {
    let parts: Vec<Vec<u8>> = value.split(|byte| *byte == at).map(Into::into).collect();
    match parts.iter().any(Vec::is_empty) {
        true => Err(Failure::misuse("an empty part of a path or query")),
        false => Ok(parts),
    }
}

/// The lines of the test form.
const SHAPES: [&str; 13] = [
    "code,<hex_value>",
    "type,((\"CON\"),(\"NON\"),(\"ACK\"),(\"RST\"))",
    "mid,<dec_value>",
    "token, ((0-ascii code),(1-hex code)),<value>",
    "content-format,<dec_value>",
    "accept,<dec_value>",
    "uri-path,((0-ascii code),(1-hex code)),<value>",
    "uri-query, ((0-ascii code),(1-hex code)),<value>",
    "etag, ((0-ascii code),(1-hex code)),<value>",
    "observe,<dec_value>",
    "max-age,<dec_value>",
    "size,<dec_value>",
    "payload, ((0-ascii code),(1-hex code)),<value>",
];
