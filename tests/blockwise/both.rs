//! Block1 and then Block2: RFC 7959, section 3.3.

use crate::scripted::{Peer, bytes, say};
use coap_modem::client::{Blocking, Request};
use coap_modem::message::Code;

#[test]
fn a_large_post_gets_a_large_answer() {
    let answer = bytes(100);
    let peer = Peer::new([
        say(231).block1(0, 1, 64),
        say(204)
            .block1(1, 0, 64)
            .block2(0, 1, 64)
            .body(&answer[..64]),
        say(204).block2(1, 0, 64).body(&answer[64..]),
    ]);
    let mut sink = Vec::new();
    peer.with(|client| {
        let request = Request::post("/soap", &[]).block_size(64);
        let mut buffer = [0; 200];
        let received = client.exchange(&request, &bytes(128)[..], &mut sink, &mut buffer);
        let received = received.unwrap();
        assert_eq!(received.response.code(), Code::CHANGED);
        assert_eq!(received.length, 100);
    });
    // The wish for the answer stands in the last block of the question; the rest is asked for without Block1.
    assert_eq!(
        peer.heard(),
        [
            "POST 1:0/1/64 S1=128 64",
            "POST 2:0/0/64 1:1/0/64 S2=0 64",
            "POST 2:1/0/64"
        ]
    );
    assert_eq!(sink, answer);
}

#[test]
fn a_small_post_may_get_a_large_answer() {
    let answer = bytes(100);
    let peer = Peer::new([
        say(204).block2(0, 1, 64).body(&answer[..64]),
        say(204).block2(1, 0, 64).body(&answer[64..]),
    ]);
    let mut sink = Vec::new();
    peer.with(|client| {
        let request = Request::post("/soap", b"?");
        client
            .download(&request, &mut sink, &mut [0; 1200])
            .unwrap();
    });
    // The payload was the question; asking for the rest of the answer is no new one.
    assert_eq!(peer.heard(), ["POST 1", "POST 2:1/0/64"]);
    assert_eq!(sink, answer);
}

#[test]
fn the_payload_of_a_fetch_goes_with_each_question() {
    let answer = bytes(100);
    let peer = Peer::new([
        say(205).block2(0, 1, 64).body(&answer[..64]),
        say(205).block2(1, 0, 64).body(&answer[64..]),
    ]);
    let mut sink = Vec::new();
    peer.with(|client| {
        let request = Request::new(Code::FETCH, "/x").payload(b"select");
        client
            .download(&request, &mut sink, &mut [0; 1200])
            .unwrap();
    });
    assert_eq!(peer.heard(), ["FETCH 6", "FETCH 2:1/0/64 6"]);
    assert_eq!(sink, answer);
}

#[test]
fn a_post_is_not_made_twice_because_its_answer_has_changed_or_is_refused() {
    let answer = bytes(64);
    let peer = Peer::new([
        say(231).block1(0, 1, 64),
        say(204)
            .block1(1, 0, 64)
            .etag(b"1")
            .block2(0, 1, 64)
            .body(&answer),
        say(204).etag(b"2").block2(1, 1, 64).body(&answer),
    ]);
    peer.with(|client| {
        let request = Request::post("/soap", &[]).block_size(64);
        let mut buffer = [0; 200];
        let result = client.exchange(&request, &bytes(128)[..], &mut Vec::new(), &mut buffer);
        let changed = crate::scripted::blocks(coap_modem::error::Blocks::Changed);
        assert_eq!(crate::scripted::outcome(result), changed);
    });
    assert_eq!(peer.heard().len(), 3);

    let peer = Peer::new([say(231).block1(0, 1, 64), say(402)]);
    peer.with(|client| {
        let request = Request::post("/soap", &[]).block_size(64);
        let mut buffer = [0; 200];
        let received = client.exchange(&request, &bytes(128)[..], &mut Vec::new(), &mut buffer);
        assert_eq!(received.unwrap().response.code(), Code::BAD_OPTION);
    });
    assert_eq!(peer.heard().len(), 2);
}

#[test]
fn a_small_post_to_a_server_that_knows_no_blocks_is_made_without_them() {
    let peer = Peer::new([say(402), say(204).body(b"done")]);
    let mut sink = Vec::new();
    peer.with(|client| {
        let request = Request::post("/soap", &[]).block_size(64);
        let mut buffer = [0; 200];
        let received = client.exchange(&request, &b"?"[..], &mut sink, &mut buffer);
        assert_eq!(received.unwrap().response.code(), Code::CHANGED);
    });
    assert_eq!(peer.heard(), ["POST 2:0/0/64 S2=0 1", "POST 1"]);
    assert_eq!(sink, b"done");
}
