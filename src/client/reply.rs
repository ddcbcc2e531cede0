//! The small server role: a request from the network, and the answer to it.

use super::Request;
use crate::message::{Code, Kind, Number, Token, Value, View};

/// Who asked, and what the answer must bear: taken from a request so that its bytes may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    pub(crate) confirmable: bool,
    pub(crate) id: u16,
    pub(crate) token: Token,
}

impl Incoming {
    /// The asker of a request that came as [`Event::Request`](super::Event::Request).
    pub fn of(request: &View<'_>) -> Self {
        Self {
            confirmable: request.kind() == Kind::Confirmable,
            id: request.id(),
            token: request.header().token,
        }
    }
}

/// An answer to a request from the network. Everything is borrowed.
///
/// ```
/// use coap_modem::client::{CoapClient, Event, Incoming, Reply};
/// use coap_modem::message::{Code, Number};
/// use coap_modem::time::Millis;
///
/// async fn serve<C: CoapClient>(client: &mut C) -> Option<()> {
///     let mut buffer = [0; 256];
///     let Some(Event::Request(request)) = client.event(Millis::from_secs(1), &mut buffer).await.ok()? else {
///         return None;
///     };
///     let temperature = request.option(Number::URI_PATH)?.value == b"celsius";
///     let reply = match (temperature, request.code()) {
///         (true, Code::GET) => Reply::new(Code::CONTENT).content_format(0).payload(b"21.5"),
///         (true, _) => Reply::new(Code::METHOD_NOT_ALLOWED),
///         (false, _) => Reply::new(Code::NOT_FOUND),
///     };
///     client.respond(&Incoming::of(&request), &reply).await.ok()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// A message is put together the same way in both directions.
    pub(crate) message: Request<'a>,
}

impl<'a> Reply<'a> {
    /// A reply with this response code (RFC 7252, section 5.9).
    pub const fn new(code: Code) -> Self {
        Self {
            message: Request::new(code, ""),
        }
    }

    /// With this payload: any bytes.
    #[must_use]
    pub const fn payload(mut self, payload: &'a [u8]) -> Self {
        self.message = self.message.payload(payload);
        self
    }

    /// With the Content-Format of the payload, by its number (RFC 7252, section 12.3).
    #[must_use]
    pub const fn content_format(mut self, number: u16) -> Self {
        self.message = self.message.content_format(number);
        self
    }

    /// With further options, in any order.
    #[must_use]
    pub const fn options(mut self, options: &'a [(Number, Value<'a>)]) -> Self {
        self.message = self.message.options(options);
        self
    }

    /// The response code.
    pub const fn code(&self) -> Code {
        self.message.method()
    }
}
