//! Operations as data: what a script asks of a client, and what came of it, as text.

use crate::client::{Blocking, CoapClient, Event, Network, Remote, Request, Response};
use crate::message::{Code, View};
use crate::sim::transcript::escaped;
use crate::time::Millis;
use core::fmt;

/// One operation of a script. [`Display`](fmt::Display) and [`parse`](Self::parse) are its form in a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Attach, with an access point.
    Attach,
    /// Connect to a host, port 5683.
    Connect(String),
    /// A request.
    Request {
        /// Its method.
        method: Code,
        /// Path and query.
        path: String,
        /// Payload; empty for none.
        payload: Vec<u8>,
        /// As a confirmable message.
        confirmable: bool,
    },
    /// Wait for an event, so many milliseconds.
    Event(u32),
    /// Close the session.
    Close,
}

const METHODS: [(&str, Code); 4] = [
    ("get", Code::GET),
    ("post", Code::POST),
    ("put", Code::PUT),
    ("delete", Code::DELETE),
];

impl Op {
    /// A confirmable request.
    pub fn request(method: Code, path: &str, payload: &[u8]) -> Self {
        Self::Request {
            method,
            path: path.into(),
            payload: payload.into(),
            confirmable: true,
        }
    }

    /// A GET.
    pub fn get(path: &str) -> Self {
        Self::request(Code::GET, path, &[])
    }

    /// A PUT.
    pub fn put(path: &str, payload: &[u8]) -> Self {
        Self::request(Code::PUT, path, payload)
    }

    /// The demo server, by the name that a bench gives it.
    pub fn connect<B: super::Bench>() -> Self {
        Self::Connect(B::SERVER.into())
    }

    /// The beginning of its text, for messages.
    pub fn name(&self) -> String {
        self.to_string().chars().take(40).collect()
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let op = match words.next()? {
            "attach" => Self::Attach,
            "connect" => Self::Connect(words.next()?.strip_prefix("coap://")?.into()),
            "event" => Self::Event(words.next()?.parse().ok()?),
            "close" => Self::Close,
            word => {
                let (word, confirmable) = match word.strip_prefix("non-") {
                    Some(word) => (word, false),
                    None => (word, true),
                };
                let (_, method) = METHODS.iter().find(|(name, _)| *name == word)?;
                let path = words.next()?.into();
                let digits = words.next().unwrap_or_default().as_bytes();
                let mut payload = vec![0; digits.len() / 2];
                crate::at::line::unhex(digits, &mut payload)?;
                Self::Request {
                    method: *method,
                    path,
                    payload,
                    confirmable,
                }
            }
        };
        words.next().is_none().then_some(op)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attach => f.write_str("attach"),
            Self::Connect(host) => write!(f, "connect coap://{host}"),
            Self::Event(span) => write!(f, "event {span}"),
            Self::Close => f.write_str("close"),
            Self::Request {
                method,
                path,
                payload,
                confirmable,
            } => {
                let name = METHODS.iter().find(|(_, code)| code == method);
                let name = name.map_or("?", |(name, _)| name);
                let non = if *confirmable { "" } else { "non-" };
                write!(f, "{non}{name} {path}")?;
                if !payload.is_empty() {
                    f.write_str(" ")?;
                }
                payload.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
            }
        }
    }
}

/// One body for both traits; they differ in `.await`.
macro_rules! body {
    ($trait:ident, $client:ident, $op:ident $(, $await:tt)?) => {{
        let mut buffer = [0; 1400];
        match $op {
            Op::Attach => done($trait::attach($client, &Network::new("internet"))$(.$await)?),
            Op::Connect(host) => done($trait::connect($client, &Remote::new(host, 5683))$(.$await)?),
            Op::Close => done($trait::close($client)$(.$await)?),
            Op::Event(span) => match $trait::event($client, Millis::new(*span), &mut buffer)$(.$await)? {
                Ok(event) => shown(event.as_ref()),
                Err(error) => format!("error {error:?}"),
            },
            Op::Request { method, path, payload, confirmable } => {
                let mut request = Request::new(*method, path).payload(payload);
                if !confirmable {
                    request = request.non_confirmable();
                }
                match $trait::request($client, &request, &mut buffer)$(.$await)? {
                    Ok(response) => answered(&response),
                    Err(error) => format!("error {error:?}"),
                }
            }
        }
    }};
}

/// Carries an operation out; what came of it, as text.
pub async fn perform<C: CoapClient>(client: &mut C, op: &Op) -> String
where
    C::LinkError: fmt::Debug,
{
    body!(CoapClient, client, op, await)
}

/// The same through the blocking face.
pub fn perform_blocking<C: Blocking>(client: &mut C, op: &Op) -> String
where
    C::LinkError: fmt::Debug,
{
    body!(Blocking, client, op)
}

fn done<E: fmt::Debug>(result: Result<(), E>) -> String {
    match result {
        Ok(()) => "done".into(),
        Err(error) => format!("error {error:?}"),
    }
}

/// A response, as the text of a script's result.
pub(crate) fn answered(response: &Response<'_>) -> String {
    let mut text = response.code().to_string();
    for option in response.options() {
        text += &format!(" {}:{}", option.number.0, escaped(option.value));
    }
    if !response.payload().is_empty() {
        text += &format!(" {}", escaped(response.payload()));
    }
    text
}

fn shown(event: Option<&Event<'_>>) -> String {
    let message =
        |kind: &str, view: &View<'_>| format!("{kind} {} {}", view.code(), escaped(view.payload()));
    match event {
        None => "nothing".into(),
        Some(Event::Response(view)) => message("response", view),
        Some(Event::Request(view)) => message("request", view),
        Some(other) => format!("{other:?}"),
    }
}
