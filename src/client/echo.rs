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

/// Asks, once more with the server's value if it wants that, and gives the length of the response, which stands at the
/// beginning of the buffer. (A response that is not the last must not keep the buffer borrowed.)
pub(super) async fn ask<C: CoapClient>(
    client: &mut C,
    request: Request<'_>,
    buffer: &mut [u8],
) -> Result<usize, ClientError<C::LinkError>> {
    let mut value: Option<Echo> = None;
    loop {
        let option = match &value {
            Some(value) => &[(Number::ECHO, Value::Opaque(value.as_bytes()))][..],
            None => &[],
        };
        let length = client
            .request(&request.shown(option), buffer)
            .await?
            .message()
            .len();
        let response = response(buffer, length)?;
        let wanted = response.code() == Code::UNAUTHORIZED
            && value.is_none()
            && client.capabilities().has_option(Number::ECHO);
        match response.echo().filter(|_| wanted) {
            Some(echo) => value = Some(echo),
            None => return Ok(length),
        }
    }
}

/// The response at the beginning of a buffer.
pub(super) fn response(buffer: &[u8], length: usize) -> Result<Response<'_>, Error> {
    match View::parse(buffer.get(..length).unwrap_or(&[])) {
        Ok(view) => Ok(Response::new(view)),
        Err(_) => Err(PeerError::Malformed.into()),
    }
}
