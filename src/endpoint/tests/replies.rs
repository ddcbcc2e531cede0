//! Answers to requests from the network, and what goes to the link besides.

use super::*;
use crate::client::{Incoming, Reply};
use crate::error::{Invalid, Unsupported, WayOut};
use crate::message::{Code, Kind, View};

const SERVER: Capabilities = Capabilities {
    server: true,
    ..Capabilities::DATAGRAMS
};

/// A request of type and id, with token 0xA1 0xB2.
fn incoming(kind: u8) -> Incoming {
    Incoming::of(&View::parse(&[0x42 | kind << 4, 1, 0x12, 0x34, 0xA1, 0xB2]).unwrap())
}

#[test]
fn a_confirmable_request_is_answered_in_its_acknowledgement() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Assisted);
    let reply = Reply::new(Code::CONTENT).content_format(0).payload(b"21.5");
    talk.endpoint
        .begin_reply(&incoming(0), &reply, &SERVER)
        .unwrap();
    // Acknowledgement, 2.05, the request's id and token, Content-Format 0.
    let expected = [
        &[0x62, 0x45, 0x12, 0x34, 0xA1, 0xB2, 0xC0, 0xFF][..],
        b"21.5",
    ];
    assert_eq!(
        talk.endpoint.message().unwrap().as_bytes(),
        expected.concat()
    );
    assert_eq!(talk.endpoint.input(Mode::Assisted), b"21.5");
    assert_eq!(talk.endpoint.input(Mode::Full), expected.concat());
    assert_eq!(talk.endpoint.stamp(), None, "a reply opens no exchange");
    talk.silent();
}

#[test]
fn a_non_confirmable_request_is_answered_with_an_id_of_our_own() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Assisted);
    let mut ids = Vec::new();
    for _ in 0..2 {
        talk.endpoint
            .begin_reply(&incoming(1), &Reply::new(Code::NOT_FOUND), &SERVER)
            .unwrap();
        let view = talk.endpoint.message().unwrap();
        assert_eq!(view.kind(), Kind::NonConfirmable);
        assert_eq!(view.token(), [0xA1, 0xB2]);
        ids.push(view.id());
    }
    ids.push(talk.begin(Request::get("/x")).1);
    assert_eq!(ids[1], ids[0].wrapping_add(1));
    assert_eq!(ids[2], ids[1].wrapping_add(1));
}

#[test]
fn a_reply_is_refused_where_there_are_no_requests_and_a_method_is_no_reply() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Assisted);
    let mut begin = |code, link: &Capabilities| {
        talk.endpoint
            .begin_reply(&incoming(0), &Reply::new(code), link)
    };
    assert_eq!(
        begin(Code::CONTENT, &Capabilities::DATAGRAMS),
        Err(Unsupported::Server.into())
    );
    assert_eq!(
        begin(Code::GET, &SERVER),
        Err(Invalid::Code(Code::GET).into())
    );
}

#[test]
fn a_link_with_a_limit_for_the_whole_message_counts_all_of_it() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let small = Capabilities {
        message_out: Some(20),
        ..Capabilities::DATAGRAMS
    };
    // Header 4, token 4, Uri-Path 2, marker 1, payload 9: 20 bytes.
    let mut begin = |payload: &[u8]| {
        talk.endpoint.begin(
            Instant::from_millis(0),
            &Request::put("/x", payload),
            &small,
        )
    };
    assert_eq!(begin(&[7; 9]), Ok(()));
    assert_eq!(begin(&[7; 10]), Err(Unsupported::Message(20).into()));
    // Whether the buffer is the limit's size or another, it is the limit that counts.
    assert_eq!(begin(&[7; 60]), Err(Unsupported::Message(20).into()));
}

#[test]
fn an_error_names_the_way_out_only_if_something_cannot_be_carried() {
    let error = Error::from(Unsupported::Option(Number::OBSERVE));
    let text = error.or(WayOut::Sockets).to_string();
    assert!(
        text.contains("option 6") && text.contains("socket link"),
        "{text}"
    );
    assert!(!error.to_string().contains("socket"));
    let other = Error::from(Waited::Response);
    assert_eq!(other.or(WayOut::Sockets), other);
}

#[test]
fn what_was_sent_last_finishes_an_abandoned_input() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (token, _) = talk.begin(Request::put("/x", b"abc"));
    talk.transmits();
    let message = talk.endpoint.message().unwrap().as_bytes().to_vec();
    assert_eq!(talk.endpoint.input(Mode::Full), message);
    assert_eq!(talk.endpoint.input(Mode::Assisted), b"abc");
    // A separate response is acknowledged; now the acknowledgement was sent last.
    let verdict = talk.receives(&[&[0x44, 0x45, 0x00, 0x09], &token]);
    assert_eq!(verdict, Verdict::Response);
    talk.replies([0x60, 0, 0, 9]);
    assert_eq!(talk.endpoint.input(Mode::Full), [0x60, 0, 0, 9]);
    // And the next request after it.
    talk.begin(Request::get("/x"));
    assert_eq!(talk.endpoint.input(Mode::Full)[0], 0x44);
}
