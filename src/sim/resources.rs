//! The resources of the [`DemoServer`](super::DemoServer).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use coap_lite::{CoapOption, MessageClass, Packet, RequestType, ResponseType};

use crate::time::Instant;

/// Content-Formats, RFC 7252 section 12.3.
const TEXT: u32 = 0;
const LINKS: u32 = 40;
const BYTES: u32 = 42;

const CORE: &str = "</hello>;ct=0,</time>;ct=0,</echo>,</store>,</separate>;ct=0,</silent>,</ack-only>,\
                    </reset>,</large>;ct=0;sz=1024,</binary>;ct=42,</query>;ct=0,</options>;ct=0,\
                    </etag>;ct=0,</location>";

/// Critical options that the server knows; an unknown one must not be passed over (section 5.4.1).
const KNOWN_CRITICAL: [u16; 10] = [1, 3, 5, 7, 11, 15, 17, 23, 27, 39];

/// What the server does about a request.
pub(super) enum Outcome {
    Reply(Reply),
    /// An empty ACK now, the answer later.
    Later(Reply),
    AckOnly,
    Reset,
    Silent,
}

/// A response without its header.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) code: ResponseType,
    pub(super) options: Vec<(CoapOption, Vec<u8>)>,
    pub(super) payload: Vec<u8>,
}

impl Reply {
    pub(super) fn new(code: ResponseType) -> Self {
        Self {
            code,
            options: Vec::new(),
            payload: Vec::new(),
        }
    }

    fn content(format: u32, payload: impl Into<Vec<u8>>) -> Self {
        Self::new(ResponseType::Content)
            .with(CoapOption::ContentFormat, uint(format))
            .payload(payload)
    }

    fn text(payload: impl Into<Vec<u8>>) -> Self {
        Self::content(TEXT, payload)
    }

    /// An error and its diagnostic payload (section 5.5.2).
    pub(super) fn error(code: ResponseType, diagnostic: &str) -> Self {
        Self::new(code).payload(diagnostic)
    }

    pub(super) fn with(mut self, option: CoapOption, value: Vec<u8>) -> Self {
        self.options.push((option, value));
        self
    }

    pub(super) fn payload(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = payload.into();
        self
    }
}

#[derive(Debug, Clone)]
struct Stored {
    format: Option<Vec<u8>>,
    payload: Vec<u8>,
}

impl Stored {
    /// FNV-1a over format and payload: changes when the content does.
    fn etag(&self) -> Vec<u8> {
        let format = self.format.iter().flatten();
        let hash = format
            .chain(&self.payload)
            .fold(0x811C_9DC5_u32, |hash, byte| {
                (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
            });
        hash.to_be_bytes().to_vec()
    }
}

/// The resources and what they remember.
#[derive(Debug, Default)]
pub(super) struct Resources {
    store: BTreeMap<String, Stored>,
}

impl Resources {
    pub(super) fn answer(&mut self, now: Instant, request: &Packet) -> Outcome {
        let MessageClass::Request(method) = request.header.code else {
            return Outcome::Silent;
        };
        let path = texts(request, CoapOption::UriPath);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if path != ["options"]
            && let Some(refusal) = refuse(request)
        {
            return Outcome::Reply(refusal);
        }
        let get = method == RequestType::Get;
        let post = method == RequestType::Post;
        let reply = match path.as_slice() {
            ["silent"] => return Outcome::Silent,
            ["ack-only"] => return Outcome::AckOnly,
            ["reset"] => return Outcome::Reset,
            ["separate"] if get || post => {
                return Outcome::Later(Reply::text("This took a while."));
            }
            ["hello"] if get => Reply::text("Hello from the demo server!"),
            ["time"] if get => {
                let now = now.as_millis();
                Reply::text(format!("{}.{:03}", now / 1000, now % 1000))
            }
            ["echo"] => echo(method, request),
            ["store", name] => self.stored(method, name, request),
            ["large"] if get => Reply::text(large()),
            ["binary"] if get => Reply::content(BYTES, binary()),
            ["query"] if get => Reply::text(texts(request, CoapOption::UriQuery).join("\n")),
            ["options"] => Reply::text(listing(request)),
            ["etag"] if get => {
                let content = Stored {
                    format: Some(uint(TEXT)),
                    payload: b"This does not change.".to_vec(),
                };
                current(&content, request)
            }
            ["location"] if post => Reply::new(ResponseType::Created)
                .with(CoapOption::LocationPath, b"a".to_vec())
                .with(CoapOption::LocationPath, b"b".to_vec()),
            [".well-known", "core"] if get => Reply::content(LINKS, CORE),
            [
                "separate" | "hello" | "time" | "large" | "binary" | "query" | "etag" | "location",
            ]
            | [".well-known", "core"] => not_allowed(),
            _ => Reply::error(ResponseType::NotFound, "Not Found"),
        };
        Outcome::Reply(acceptable(request, reply))
    }

    fn stored(&mut self, method: RequestType, name: &str, request: &Packet) -> Reply {
        let known = self.store.get(name);
        if !precondition(known, request) {
            return Reply::error(ResponseType::PreconditionFailed, "Precondition Failed");
        }
        match method {
            RequestType::Get => known.map_or_else(
                || Reply::error(ResponseType::NotFound, "Not Found"),
                |content| current(content, request),
            ),
            RequestType::Put => {
                let content = Stored {
                    format: request.get_first_option(CoapOption::ContentFormat).cloned(),
                    payload: request.payload.clone(),
                };
                let etag = content.etag();
                let before = self.store.insert(name.into(), content);
                let code = match before {
                    Some(_) => ResponseType::Changed,
                    None => ResponseType::Created,
                };
                Reply::new(code).with(CoapOption::ETag, etag)
            }
            RequestType::Delete => {
                self.store.remove(name);
                Reply::new(ResponseType::Deleted)
            }
            _ => not_allowed(),
        }
    }
}

fn not_allowed() -> Reply {
    Reply::error(ResponseType::MethodNotAllowed, "Method Not Allowed")
}

/// Sections 5.4.1 and 5.7: what must be refused whatever the resource.
fn refuse(request: &Packet) -> Option<Reply> {
    for (number, values) in request.options() {
        let repeatable = matches!(number, 1 | 4 | 8 | 11 | 15 | 20);
        if matches!(number, 35 | 39) {
            let diagnostic = "Proxying Not Supported";
            return Some(Reply::error(ResponseType::ProxyingNotSupported, diagnostic));
        }
        let unknown = number % 2 == 1 && !KNOWN_CRITICAL.contains(number);
        let repeated = number % 2 == 1 && !repeatable && values.len() > 1;
        if unknown || repeated {
            let diagnostic = format!("Bad Option {number}");
            return Some(Reply::error(ResponseType::BadOption, &diagnostic));
        }
    }
    None
}

/// Section 5.10.8: If-Match and If-None-Match.
fn precondition(known: Option<&Stored>, request: &Packet) -> bool {
    let none_match = request.get_option(CoapOption::IfNoneMatch).is_none() || known.is_none();
    let matches = request.get_option(CoapOption::IfMatch).is_none_or(|tags| {
        known.is_some_and(|known| {
            tags.iter()
                .any(|tag| tag.is_empty() || *tag == known.etag())
        })
    });
    none_match && matches
}

/// The content, or 2.03 if the client has it already (section 5.10.6.2).
fn current(content: &Stored, request: &Packet) -> Reply {
    let etag = content.etag();
    let had = request.get_option(CoapOption::ETag);
    if had.is_some_and(|tags| tags.contains(&etag)) {
        return Reply::new(ResponseType::Valid).with(CoapOption::ETag, etag);
    }
    let mut reply = Reply::new(ResponseType::Content)
        .with(CoapOption::ETag, etag)
        .payload(content.payload.clone());
    if let Some(format) = &content.format {
        reply = reply.with(CoapOption::ContentFormat, format.clone());
    }
    reply
}

fn echo(method: RequestType, request: &Packet) -> Reply {
    let code = match method {
        RequestType::Post | RequestType::Fetch => ResponseType::Content,
        RequestType::Put | RequestType::Patch | RequestType::IPatch => ResponseType::Changed,
        _ => return not_allowed(),
    };
    let mut reply = Reply::new(code).payload(request.payload.clone());
    if let Some(format) = request.get_first_option(CoapOption::ContentFormat) {
        reply = reply.with(CoapOption::ContentFormat, format.clone());
    }
    reply
}

/// Section 5.10.4: 4.06 if the client accepts only what this is not.
fn acceptable(request: &Packet, reply: Reply) -> Reply {
    let accept = request.get_first_option(CoapOption::Accept);
    let format = reply
        .options
        .iter()
        .find(|(option, _)| *option == CoapOption::ContentFormat);
    match (accept, format) {
        (Some(accept), Some((_, format)))
            if number(accept) != number(format) && reply.code == ResponseType::Content =>
        {
            Reply::error(ResponseType::NotAcceptable, "Not Acceptable")
        }
        _ => reply,
    }
}

fn texts(request: &Packet, option: CoapOption) -> Vec<String> {
    let values = request.get_option(option).into_iter().flatten();
    values
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect()
}

fn listing(request: &Packet) -> String {
    let mut lines = String::new();
    for (number, values) in request.options() {
        for value in values {
            let _ = write!(lines, "{number} ");
            for byte in value {
                let _ = write!(lines, "{byte:02X}");
            }
            lines.push('\n');
        }
    }
    lines
}

fn large() -> Vec<u8> {
    (0..1024u32)
        .map(|i| match i % 64 {
            63 => b'\n',
            column => b'!'.saturating_add(u8::try_from((column + i / 64) % 94).unwrap_or(0)),
        })
        .collect()
}

fn binary() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.extend_from_slice(b"\r\nOK\r\n+QCOAPRECV: 0,1\x1A\x1B");
    bytes
}

/// Section 3.2: an unsigned integer in as few bytes as it takes, none for zero.
pub(super) fn uint(value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

fn number(value: &[u8]) -> u64 {
    value
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}
