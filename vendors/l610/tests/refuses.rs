//! What can never go out is refused before a single byte is sent.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::error::{Error, Unsupported};

fn refused(request: &Request<'_>, error: impl Into<Error>) {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        line.sent();
        line.device().network().take_journal();
        let mut buffer = [0; 600];
        let result = host
            .request(request, &mut buffer)
            .map(|response| response.code());
        assert_eq!(result, operation(error));
        assert_eq!(line.sent(), b"", "nothing at all was sent");
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_message_of_more_than_512_bytes() {
    // Header 4, token 4, Uri-Path 8, marker 1: 495 are left.
    let large = [7; 504];
    refused(
        &Request::put("/store/x", &large[..496]),
        Unsupported::Message(512),
    );
    refused(
        &Request::put("/store/x", &large[..503]),
        Unsupported::Message(512),
    );
    refused(&Request::put("/", &large), Unsupported::Message(512));
    let path = format!("/{}", "a".repeat(200)).repeat(3);
    refused(&Request::get(&path), Unsupported::Message(512));
}

/// On a link in full mode a request from the network is reset by the endpoint; who wants to answer one is told so.
#[test]
fn the_answer_to_a_request_from_the_network() {
    use crate::client::{Incoming, Reply};
    use crate::message::{Code, View};
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        line.sent();
        let request = View::parse(&[0x41, 1, 0, 7, 0xAA]).unwrap();
        let result = host.respond(&Incoming::of(&request), &Reply::new(Code::CONTENT));
        assert_eq!(result, operation(Unsupported::Server));
        assert_eq!(line.sent(), b"");
        hello(host);
    });
    polite(&line);
}
