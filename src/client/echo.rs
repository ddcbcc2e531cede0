//! Freshness: the Echo option (RFC 9175, section 2).
//!
//! A server that must know that a request is no old one, or that its sender is where it says, answers 4.01 with a value, and
//! wants the request again with that value. [`CoapClient::request_fresh`] and all transfers do so, once a request; plain
//! [`CoapClient::request`] gives the response as it came.

use super::{CoapClient, Request, Response};
use crate::error::{ClientError, Error, PeerError};
use crate::message::{Code, Number, Value, View};

/// A value that a server wants to see again: 1 to 40 bytes that only it understands (RFC 9175, section 2.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Echo(heapless::Vec<u8, 40>);

impl Echo {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Response<'_> {
    /// The value that the server wants to see again: in this request, if the code is 4.01, else in a later one.
    pub fn echo(&self) -> Option<Echo> {
        let value = self.well_sized(Number::ECHO)?.value;
        Some(Echo(heapless::Vec::from_slice(value).ok()?))
    }
}

/// What the server wants to see in the request that is open.
pub(super) struct Wanted {
    value: Option<Echo>,
    /// Whether the link can show it.
    able: bool,
}

impl Wanted {
    pub(super) fn new<C: CoapClient>(client: &C) -> Self {
        Self {
            value: None,
            able: client.capabilities().has_option(Number::ECHO),
        }
    }

    /// The option that goes with the request.
    pub(super) fn option(&self) -> Option<(Number, Value<'_>)> {
        let value = self.value.as_ref()?;
        Some((Number::ECHO, Value::Opaque(value.as_bytes())))
    }

    /// Whether the request must be made once more: this response wants to see something, and has not been shown it yet.
    pub(super) fn again(&mut self, response: &Response<'_>) -> bool {
        let first = self.value.take().is_none();
        if first && self.able && response.code() == Code::UNAUTHORIZED {
            self.value = response.echo();
        }
        self.value.is_some()
    }
}

/// See [`CoapClient::request_fresh`].
pub(super) async fn ask<'r, C: CoapClient>(
    client: &mut C,
    request: &Request<'_>,
    buffer: &'r mut [u8],
) -> Result<Response<'r>, ClientError<C::LinkError>> {
    let mut wanted = Wanted::new(client);
    let length = loop {
        let option = wanted.option();
        let request = request.more(option.as_slice());
        let length = client.request(&request, buffer).await?.message().len();
        if !wanted.again(&response(buffer, length)?) {
            break length;
        }
    };
    Ok(response(buffer, length)?)
}

/// The response at the beginning of a buffer.
pub(super) fn response(buffer: &[u8], length: usize) -> Result<Response<'_>, Error> {
    match View::parse(buffer.get(..length).unwrap_or(&[])) {
        Ok(view) => Ok(Response::new(view)),
        Err(_) => Err(PeerError::Malformed.into()),
    }
}
