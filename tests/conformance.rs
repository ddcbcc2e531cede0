//! The cases of the CoAP plugtests, seen from the client, and the strictness that RFC 7252 demands of it.
//!
//! One test a case, named after it. Where libcoap's server has the resource that a case needs, it plays the server (skipped
//! where the program is missing, see `common/libcoap.rs`); else the demo server or a part written for the case, both of
//! which speak with `coap-lite`. What went over the line in between is judged with `coap-lite` as well, never with our
//! own codec.
//!
//! | file | cases |
//! |---|---|
//! | `base` | CORE: methods, tokens, options, loss |
//! | `block` | BLOCK: bodies in blocks, up, down and both |
//! | `link` | LINK: discovery |
//! | `later` | what RFCs after 7252 added: methods, options, codes |
//! | `strict` | malformed and borderline messages, what a client does about them |
//!
//! Left out: DTLS, which is not built, and the cases that only concern servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

#[path = "conformance/base.rs"]
mod base;
#[path = "conformance/block.rs"]
mod block;
#[path = "conformance/later.rs"]
mod later;
#[path = "common/libcoap.rs"]
mod libcoap;
#[path = "conformance/link.rs"]
mod link;
#[path = "conformance/part.rs"]
mod part;
#[path = "conformance/strict.rs"]
mod strict;
#[path = "conformance/wire.rs"]
mod wire;

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};
use coap_modem::client::{Blocking, Remote, Request};
use coap_modem::endpoint::Parameters;
use coap_modem::error::{ClientError, Error};
use coap_modem::message::{Code, uri};
use coap_modem::sim::DemoServer;
use coap_modem::time::Millis;
use coap_modem::udp::{Memory, UdpClient};
use std::net::UdpSocket;

/// What came back, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: Code,
    pub(crate) payload: Vec<u8>,
    pub(crate) format: Option<u16>,
    pub(crate) etag: Option<Vec<u8>>,
    /// The place of what was created, as a relative URI.
    pub(crate) location: String,
}

/// A client that is connected to this port of this host.
pub(crate) fn with_client<R>(port: u16, ask: impl FnOnce(&mut UdpClient<'_>) -> R) -> R {
    let mut memory = Box::new(Memory::new());
    let mut client = UdpClient::new(&mut memory, libcoap::random);
    client.connect(&Remote::new("127.0.0.1", port)).unwrap();
    ask(&mut client)
}

/// One request and what came of it.
pub(crate) fn try_ask(client: &mut UdpClient<'_>, request: &Request<'_>) -> Result<Answer, Error> {
    let mut buffer = [0; 2000];
    let response = client
        .request(request, &mut buffer)
        .map_err(|error| match error {
            ClientError::Operation(error) => error,
            ClientError::Link(error) => panic!("the socket: {error}"),
        })?;
    let mut location = Vec::new();
    uri::write_location(response.options(), &mut |byte| location.push(byte));
    Ok(Answer {
        code: response.code(),
        payload: response.payload().to_vec(),
        format: response.content_format(),
        etag: response.etag().map(|tag| tag.as_bytes().to_vec()),
        location: String::from_utf8(location).unwrap(),
    })
}

/// One request that is answered.
pub(crate) fn ask(client: &mut UdpClient<'_>, request: &Request<'_>) -> Answer {
    try_ask(client, request).unwrap()
}

/// Impatient, for cases in which something is lost.
pub(crate) const QUICK: Parameters = Parameters {
    ack_timeout: Millis::new(50),
    ..Parameters::DEFAULT
};

/// The demo server, on a port of its own; it ends with the process.
pub(crate) fn demo() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || DemoServer::new().run_on(socket));
    port
}

/// What a packet is: type, code, id, token.
pub(crate) fn head(packet: &Packet) -> (MessageType, MessageClass, u16, &[u8]) {
    let header = &packet.header;
    (
        header.get_type(),
        header.code,
        header.message_id,
        packet.get_token(),
    )
}

/// The values of an option, as text.
pub(crate) fn texts(packet: &Packet, option: CoapOption) -> Vec<String> {
    let values = packet.get_option(option).into_iter().flatten();
    values
        .map(|value| String::from_utf8(value.clone()).unwrap())
        .collect()
}

/// Whether a packet is a request with this method.
pub(crate) fn is_request(packet: &Packet, method: RequestType) -> bool {
    packet.header.code == MessageClass::Request(method)
}
