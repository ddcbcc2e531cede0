//! What comes back.

use crate::at::Losses;
use crate::message::{Block, Code, Number, Options, View};

/// The response to a request, in the caller's buffer.
///
/// Message type and message id are not shown: several modems hide them, and no application needs them.
#[derive(Clone, Copy, Debug)]
pub struct Response<'r> {
    view: View<'r>,
}

impl<'r> Response<'r> {
    pub(crate) const fn new(view: View<'r>) -> Self {
        Self { view }
    }

    /// The response code (RFC 7252, section 5.9): 2.xx, 4.xx or 5.xx. Where the link hides its detail
    /// ([`Shows::detail`](super::Shows::detail)), it is x.00.
    pub const fn code(&self) -> Code {
        self.view.code()
    }

    /// The payload; empty if there is none.
    pub const fn payload(&self) -> &'r [u8] {
        self.view.payload()
    }

    /// All options, in order.
    pub const fn options(&self) -> Options<'r> {
        self.view.options()
    }

    /// The Content-Format of the payload, by number (RFC 7252, section 12.3).
    pub fn content_format(&self) -> Option<u16> {
        self.uint(Number::CONTENT_FORMAT)
            .and_then(|value| u16::try_from(value).ok())
    }

    /// How many seconds the response may be taken for fresh; 60 if it does not say (RFC 7252, section 5.10.5), or if the link
    /// hides what it says ([`Shows::options`](super::Shows::options)).
    pub fn max_age(&self) -> u32 {
        self.uint(Number::MAX_AGE).unwrap_or(60)
    }

    /// The entity-tag, to ask later whether the payload has changed (RFC 7252, section 5.10.6).
    pub fn etag(&self) -> Option<ETag> {
        let value = self.well_sized(Number::ETAG)?.value;
        Some(ETag(heapless::Vec::from_slice(value).ok()?))
    }

    /// How long the body is, of which this is a block, if the server tells (the Size2 option; RFC 7959, section 4). A
    /// hint, and no promise.
    pub fn body_size(&self) -> Option<u32> {
        self.uint(Number::SIZE2)
    }

    /// How long a body the server would take at most, if a response of 4.13 tells (the Size1 option; RFC 7959, section 2.9.3).
    pub fn largest_request_body(&self) -> Option<u32> {
        self.uint(Number::SIZE1)
    }

    /// Which block of a body the payload is, if the body comes in blocks (RFC 7959, section 2.2).
    pub fn block2(&self) -> Option<Block> {
        self.well_sized(Number::BLOCK2)?.block()
    }

    /// Which block of the request's body this answers (RFC 7959, section 2.3).
    pub fn block1(&self) -> Option<Block> {
        self.well_sized(Number::BLOCK1)?.block()
    }

    /// The whole message.
    pub(crate) const fn message(&self) -> &'r [u8] {
        self.view.as_bytes()
    }

    /// The segments of the path of what the request created (RFC 7252, section 5.10.7).
    pub fn location_path(&self) -> impl Iterator<Item = &'r [u8]> {
        self.all(Number::LOCATION_PATH)
    }

    /// The items of the query of what the request created (RFC 7252, section 5.10.7).
    pub fn location_query(&self) -> impl Iterator<Item = &'r [u8]> {
        self.all(Number::LOCATION_QUERY)
    }

    fn all(&self, number: Number) -> impl Iterator<Item = &'r [u8]> {
        self.options()
            .filter(move |option| option.number == number)
            .map(|option| option.value)
    }

    fn uint(&self, number: Number) -> Option<u32> {
        self.well_sized(number)?.uint()
    }

    /// An elective option of a length that its definition does not allow counts as absent (RFC 7252, section 5.4.3).
    pub(super) fn well_sized(&self, number: Number) -> Option<crate::message::Opt<'r>> {
        self.view
            .option(number)
            .filter(crate::message::Opt::is_well_sized)
    }
}

/// An entity-tag, kept: 1 to 8 bytes that only the server understands (RFC 7252, section 5.10.6).
///
/// It goes back with the next request of the same resource, which is answered by 2.03 if nothing has changed:
///
/// ```
/// use coap_modem::client::{ETag, Request};
/// use coap_modem::message::{Number, Value};
///
/// fn again(tag: &ETag) {
///     let options = [(Number::ETAG, Value::Opaque(tag.as_bytes()))];
///     let request = Request::get("/config").options(&options);
///     # let _ = request;
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ETag(heapless::Vec<u8, 8>);

impl ETag {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What arrived without being the response to a request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'r> {
    /// A response that no open request asked for, such as a notification.
    Response(View<'r>),
    /// A request from the network.
    Request(View<'r>),
    /// Something could not be kept.
    Lost(Losses),
    /// The packet data context or the session is gone: attach and connect again.
    LinkLost,
    /// The modem has restarted: attach and connect again.
    Restarted,
}
