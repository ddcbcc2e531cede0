//! What a modem's own tests say to a client, in few words.

use super::Simulated;
use crate::client::{Blocking, Network, Remote, Request};
use crate::error::{ClientError, Error};
use crate::message::Code;
use crate::sim::{Line, SerialError};

/// The demo server.
pub const DEMO: Remote<'static> = Remote::new("demo", 5683);

/// The error of an operation over a simulated line.
pub type Failure = ClientError<SerialError>;

/// The network's settings.
pub const fn network() -> Network<'static> {
    Network::new("internet")
}

/// Attaches, and connects to the demo server.
pub fn up<C: Blocking<LinkError = SerialError>>(host: &mut C) {
    assert_eq!(host.attach(&network()), Ok(()));
    assert_eq!(host.connect(&DEMO), Ok(()));
}

/// A request: code and payload of the response.
///
/// # Errors
/// The request's.
pub fn ask<C: Blocking<LinkError = SerialError>>(
    host: &mut C,
    request: &Request<'_>,
) -> Result<(Code, Vec<u8>), Failure> {
    let mut buffer = [0; 1400];
    let response = host.request(request, &mut buffer)?;
    Ok((response.code(), response.payload().to_vec()))
}

/// A GET: code and payload of the response.
///
/// # Errors
/// The request's.
pub fn get<C: Blocking<LinkError = SerialError>>(
    host: &mut C,
    path: &str,
) -> Result<(Code, Vec<u8>), Failure> {
    ask(host, &Request::get(path))
}

/// A GET that must work.
pub fn hello<C: Blocking<LinkError = SerialError>>(host: &mut C) {
    let code = match host.capabilities().shows.detail {
        true => Code::CONTENT,
        false => Code::new(2, 0),
    };
    let greeting = b"Hello from the demo server!".to_vec();
    assert_eq!(get(host, "/hello"), Ok((code, greeting)));
}

/// The error of an operation, as its result.
///
/// # Errors
/// Always this one.
pub fn operation<T>(error: impl Into<Error>) -> Result<T, Failure> {
    Err(ClientError::Operation(error.into()))
}

/// Asserts that the host behaved.
pub fn polite<D: Simulated>(line: &Line<D>) {
    let misuse = line.device().misuse();
    assert!(misuse.is_empty(), "the host was impolite: {misuse:#?}");
}
