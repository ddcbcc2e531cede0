//! Block1.

use crate::scripted::{Peer, Say, blocks, bytes, outcome, say};
use coap_modem::client::{AnyClient, Blocking, Refused, Request, Source, SourceFn};
use coap_modem::error::{Blocks, ClientError, Error, PeerError, Resource};
use coap_modem::message::{Code, Number, Value};
use coap_modem::time::Millis;

/// PUT of so many bytes in blocks of at most 64; what the peer heard, and the final code.
fn put(length: usize, answers: impl IntoIterator<Item = Say>) -> (Vec<String>, Code) {
    let peer = Peer::new(answers);
    let body = bytes(length);
    let code = peer.with(|client| {
        let request = Request::put("/x", &[]).block_size(64);
        let mut buffer = [0; 128];
        let response = client.upload(&request, &body[..], &mut buffer);
        response.unwrap().code()
    });
    (peer.heard(), code)
}

/// The same where it must fail so.
#[track_caller]
fn spoilt(length: usize, answers: impl IntoIterator<Item = Say>, what: Blocks) {
    let peer = Peer::new(answers);
    let body = bytes(length);
    peer.with(|client| {
        let request = Request::put("/x", &[]).block_size(64);
        let mut buffer = [0; 128];
        let result = client.upload(&request, &body[..], &mut buffer);
        assert_eq!(outcome(result), blocks(what));
    });
}

#[test]
fn a_body_that_fits_one_message_goes_as_one_without_a_word_of_blocks() {
    let (heard, code) = put(64, [say(204)]);
    assert_eq!((heard, code), (vec!["PUT 64".into()], Code::CHANGED));
    let (heard, _) = put(0, [say(204)]);
    assert_eq!(heard, ["PUT"]);
}

#[test]
fn a_larger_one_goes_block_by_block_and_tells_its_size_first() {
    let answers = [
        say(231).block1(0, 1, 64),
        say(231).block1(1, 1, 64),
        say(201).block1(2, 0, 64),
    ];
    let (heard, code) = put(150, answers);
    assert_eq!(
        heard,
        [
            "PUT 1:0/1/64 S1=150 64",
            "PUT 1:1/1/64 64",
            "PUT 1:2/0/64 22"
        ]
    );
    assert_eq!(code, Code::CREATED);
}

#[test]
fn a_body_of_whole_blocks_has_no_empty_last_one() {
    let answers = [say(231).block1(0, 1, 64), say(204).block1(1, 0, 64)];
    let (heard, _) = put(128, answers);
    assert_eq!(heard, ["PUT 1:0/1/64 S1=128 64", "PUT 1:1/0/64 64"]);
}

#[test]
fn the_bytes_arrive_as_they_are() {
    let store = crate::large::demo();
    let body = bytes(5000);
    let mut memory = coap_modem::udp::Memory::new();
    let mut client = crate::large::connected(&mut memory, store);
    for size in [16, 64, 1024] {
        let request = Request::put("/store/x", &[]).block_size(size);
        let mut buffer = [0; 128];
        let response = client.upload(&request, &body[..], &mut buffer).unwrap();
        assert!(response.code().is_success());
        let mut back = vec![0; 5000];
        let request = Request::get("/store/x");
        let mut buffer = [0; 1100];
        let received = client
            .download(&request, &mut back[..], &mut buffer)
            .unwrap();
        assert_eq!(received.length, 5000);
        assert_eq!(back, body);
    }
}

#[test]
fn each_block_has_a_token_of_its_own() {
    let answers = [
        say(231).block1(0, 1, 64),
        say(231).block1(1, 1, 64),
        say(204).block1(2, 0, 64),
    ];
    let peer = Peer::new(answers);
    peer.with(|client| {
        let request = Request::put("/x", &[]).block_size(64);
        client
            .upload(&request, &bytes(150)[..], &mut [0; 128])
            .unwrap();
    });
    let mut tokens = peer.tokens();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

#[test]
fn the_servers_smaller_size_holds_from_the_next_block_on() {
    // RFC 7959, figure 8.
    let answers = [
        say(231).block1(0, 1, 32),
        say(231).block1(2, 1, 32),
        say(231).block1(3, 1, 32),
        say(204).block1(4, 0, 32),
    ];
    let (heard, _) = put(150, answers);
    assert_eq!(
        heard,
        [
            "PUT 1:0/1/64 S1=150 64",
            "PUT 1:2/1/32 32",
            "PUT 1:3/1/32 32",
            "PUT 1:4/0/32 22"
        ]
    );
}

#[test]
fn a_smaller_size_may_come_late_and_count_in_either_size() {
    for num in [1, 4] {
        let answers = [
            say(231).block1(0, 1, 64),
            say(231).block1(num, 1, 16),
            say(231).block1(8, 1, 16),
            say(204).block1(9, 0, 16),
        ];
        let (heard, _) = put(150, answers);
        assert_eq!(
            heard,
            [
                "PUT 1:0/1/64 S1=150 64",
                "PUT 1:1/1/64 64",
                "PUT 1:8/1/16 16",
                "PUT 1:9/0/16 6"
            ]
        );
    }
}

#[test]
fn a_server_that_takes_each_block_by_itself_is_sent_them_all() {
    let answers = [
        say(204).block1(0, 0, 64),
        say(204).block1(1, 0, 64),
        say(204).block1(2, 0, 64),
    ];
    let (heard, code) = put(150, answers);
    assert_eq!((heard.len(), code), (3, Code::CHANGED));
}

#[test]
fn a_body_that_is_too_large_at_once_goes_in_blocks_of_the_size_that_the_server_names() {
    let answers = [
        say(413).block1(0, 0, 16),
        say(231).block1(0, 1, 16),
        say(231).block1(1, 1, 16),
        say(204).block1(2, 0, 16),
    ];
    let (heard, code) = put(40, answers);
    assert_eq!(code, Code::CHANGED);
    assert_eq!(
        heard,
        [
            "PUT 40",
            "PUT 1:0/1/16 S1=40 T=1 16",
            "PUT 1:1/1/16 T=1 16",
            "PUT 1:2/0/16 T=1 8"
        ]
    );
}

#[test]
fn blocks_that_are_too_large_begin_anew_in_the_size_that_the_server_names() {
    let answers = [
        say(231).block1(0, 1, 64),
        say(413).block1(1, 1, 32),
        say(231).block1(0, 1, 32),
        say(231).block1(1, 1, 32),
        say(204).block1(2, 0, 32),
    ];
    let (heard, code) = put(80, answers);
    assert_eq!(code, Code::CHANGED);
    assert_eq!(heard[2], "PUT 1:0/1/32 S1=80 T=1 32");
    assert_eq!(heard.len(), 5);
}

#[test]
fn too_large_without_a_smaller_size_is_the_final_response() {
    for answer in [
        say(413),
        say(413).block1(0, 1, 64),
        say(413).block1(0, 1, 128),
    ] {
        let (heard, code) = put(150, [answer]);
        assert_eq!(code, Code::REQUEST_ENTITY_TOO_LARGE);
        assert_eq!(heard.len(), 1);
    }
}

#[test]
fn how_much_the_server_would_take_is_told() {
    let peer = Peer::new([say(413).raw(60, &[0x10, 0]), say(413)]);
    peer.with(|client| {
        for hint in [Some(4096), None] {
            let body = bytes(9000);
            let request = Request::put("/x", &[]);
            let mut buffer = [0; 200];
            let response = client.upload(&request, &body[..], &mut buffer).unwrap();
            assert_eq!(response.code(), Code::REQUEST_ENTITY_TOO_LARGE);
            assert_eq!(response.largest_request_body(), hint);
        }
    });
}

#[test]
fn what_the_server_has_lost_is_sent_once_more_and_told_from_the_first_try() {
    let answers = [
        say(231).block1(0, 1, 64),
        say(408),
        say(231).block1(0, 1, 64),
        say(231).block1(1, 1, 64),
        say(204).block1(2, 0, 64),
    ];
    let (heard, code) = put(150, answers);
    assert_eq!(code, Code::CHANGED);
    assert_eq!(heard[2], "PUT 1:0/1/64 S1=150 T=1 64");
    assert_eq!(heard[4], "PUT 1:2/0/64 T=1 22");
}

#[test]
fn a_server_that_loses_it_again_and_again_is_left_alone() {
    let answers = [0, 1, 2].map(|_| [say(231).block1(0, 1, 64), say(408)]);
    let (heard, code) = put(150, answers.concat());
    assert_eq!(code, Code::REQUEST_ENTITY_INCOMPLETE);
    assert_eq!(heard.len(), 6);
    // The first block cannot come without those before it.
    let (heard, code) = put(150, [say(408)]);
    assert_eq!(code, Code::REQUEST_ENTITY_INCOMPLETE);
    assert_eq!(heard.len(), 1);
}

#[test]
fn an_error_in_mid_transfer_is_the_final_response_with_its_payload() {
    let peer = Peer::new([say(231).block1(0, 1, 64), say(403).body(b"not for you")]);
    peer.with(|client| {
        let request = Request::put("/x", &[]).block_size(64);
        let mut buffer = [0; 128];
        let response = client.upload(&request, &bytes(150)[..], &mut buffer);
        let response = response.unwrap();
        assert_eq!(response.code(), Code::FORBIDDEN);
        assert_eq!(response.payload(), b"not for you");
    });
}

#[test]
fn another_block_than_the_one_that_was_sent_ends_the_transfer() {
    spoilt(150, [say(231).block1(1, 1, 64)], Blocks::Number);
    spoilt(150, [say(231).block1(0xF_FFFF, 1, 64)], Blocks::Number);
    spoilt(
        150,
        [say(231).block1(0, 1, 64), say(231).block1(0, 1, 64)],
        Blocks::Number,
    );
    spoilt(
        128,
        [say(231).block1(0, 1, 64), say(204).block1(7, 0, 64)],
        Blocks::Number,
    );
}

#[test]
fn a_size_that_grows_ends_the_transfer() {
    spoilt(150, [say(231).block1(0, 1, 128)], Blocks::Size);
    spoilt(
        150,
        [say(231).block1(0, 1, 32), say(231).block1(2, 1, 64)],
        Blocks::Size,
    );
}

#[test]
fn success_without_block1_in_mid_transfer_is_a_part_taken_for_the_whole() {
    spoilt(150, [say(204)], Blocks::Missing);
    spoilt(150, [say(231)], Blocks::Missing);
}

#[test]
fn continue_where_nothing_follows_ends_the_transfer() {
    spoilt(10, [say(231)], Blocks::Unasked);
    spoilt(10, [say(231).block1(0, 1, 64)], Blocks::Unasked);
    spoilt(
        128,
        [say(231).block1(0, 1, 64), say(231).block1(1, 0, 64)],
        Blocks::Unasked,
    );
}

#[test]
fn the_final_response_may_lack_block1() {
    let (_, code) = put(128, [say(231).block1(0, 1, 64), say(204)]);
    assert_eq!(code, Code::CHANGED);
}

#[test]
fn a_final_response_in_parts_does_not_pass_for_the_whole() {
    let answers = [
        say(231).block1(0, 1, 64),
        say(204).block1(1, 0, 64).block2(0, 1, 16).body(&bytes(16)),
    ];
    let peer = Peer::new(answers);
    peer.with(|client| {
        let request = Request::put("/x", &[]).block_size(64);
        let mut buffer = [0; 128];
        let result = client.upload(&request, &bytes(128)[..], &mut buffer);
        let expected = PeerError::CriticalOption(Number::BLOCK2);
        assert_eq!(
            outcome(result),
            Err(ClientError::Operation(Error::Peer(expected)))
        );
    });
}

#[test]
fn a_source_is_asked_piece_by_piece_and_its_piece_limits_the_block() {
    let answers = [
        say(231).block1(0, 1, 32),
        say(231).block1(1, 1, 32),
        say(204).block1(2, 0, 32),
    ];
    let peer = Peer::new(answers);
    let mut asked = Vec::new();
    let mut piece = [0; 40];
    let source = SourceFn::new(70, &mut piece, |offset, piece: &mut [u8]| {
        asked.push((offset, piece.len()));
        Ok(())
    });
    peer.with(|client| {
        let request = Request::put("/x", &[]);
        client.upload(&request, source, &mut [0; 128]).unwrap();
    });
    // The first is asked for whole, the rest in the size that came of it.
    assert_eq!(asked, [(0, 40), (32, 32), (64, 6)]);
    assert_eq!(
        peer.heard(),
        ["PUT 1:0/1/32 S1=70 32", "PUT 1:1/1/32 32", "PUT 1:2/0/32 6"]
    );
}

#[test]
fn a_source_that_fails_ends_the_transfer() {
    struct Broken;
    impl Source for Broken {
        fn length(&self) -> u32 {
            200
        }
        fn piece(&mut self, offset: u32, length: usize) -> Result<&[u8], Refused> {
            if offset > 0 {
                Err(Refused)
            } else {
                Ok(&[0; 64][..length])
            }
        }
    }
    let peer = Peer::new([say(231).block1(0, 1, 64)]);
    peer.with(|client| {
        let request = Request::put("/x", &[]).block_size(64);
        let mut buffer = [0; 128];
        let result = client.upload(&request, Broken, &mut buffer);
        assert_eq!(
            outcome(result),
            Err(ClientError::Operation(Resource::Source.into()))
        );
    });
    assert_eq!(peer.heard().len(), 1);
}

#[test]
fn the_callers_options_go_with_each_block() {
    let answers = [say(231).block1(0, 1, 64), say(204).block1(1, 0, 64)];
    let peer = Peer::new(answers);
    peer.with(|client| {
        let options = [(Number::REQUEST_TAG, Value::Uint(9))];
        let request = Request::put("/x", &[]).block_size(64).options(&options);
        client
            .upload(&request, &bytes(100)[..], &mut [0; 128])
            .unwrap();
    });
    assert_eq!(
        peer.heard(),
        ["PUT 1:0/1/64 S1=100 T=9 64", "PUT 1:1/0/64 T=9 36"]
    );
}

#[test]
fn a_block_that_is_lost_is_repeated_and_a_server_that_falls_silent_ends_the_transfer() {
    let peer = Peer::new([say(231).block1(0, 1, 64)]);
    peer.with(|client| {
        client.set_parameters(coap_modem::endpoint::Parameters {
            ack_timeout: Millis::new(5),
            max_retransmit: 2,
            ..coap_modem::endpoint::Parameters::DEFAULT
        });
        let request = Request::put("/x", &[]).block_size(64);
        let mut buffer = [0; 128];
        let result = client.upload(&request, &bytes(150)[..], &mut buffer);
        assert!(matches!(
            result,
            Err(ClientError::Operation(Error::Timeout(_)))
        ));
    });
    let repeated = vec!["PUT 1:1/1/64 64".to_owned(); 3];
    assert_eq!(peer.heard()[1..], repeated);
}

#[test]
fn a_client_that_is_chosen_at_run_time_does_the_same() {
    let answers = [say(231).block1(0, 1, 64), say(204).block1(1, 0, 64)];
    let peer = Peer::new(answers);
    peer.with(|client| {
        let client: &mut dyn Blocking<LinkError = std::io::Error> = client;
        let request = Request::put("/x", &[]).block_size(64);
        let mut buffer = [0; 128];
        let mut client = AnyClient(client);
        let response = client.upload(&request, &bytes(100)[..], &mut buffer);
        assert_eq!(response.unwrap().code(), Code::CHANGED);
    });
    assert_eq!(peer.heard().len(), 2);
}
