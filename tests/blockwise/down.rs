//! Block2.

use crate::scripted::{Peer, Say, blocks, bytes, outcome, say};
use coap_modem::client::{Blocking, ETag, Refused, Request, Response, Resume, Sink, SinkFn};
use coap_modem::error::{Blocks, ClientError, Error, Resource};
use coap_modem::message::Code;

/// Answers that give these bytes in blocks of this size, from a block on.
fn body(bytes: &[u8], size: usize, from: usize) -> Vec<Say> {
    let count = bytes.len().div_ceil(size);
    bytes
        .chunks(size)
        .enumerate()
        .skip(from)
        .map(|(num, chunk)| {
            let more = u32::from(num + 1 < count);
            say(205).block2(num as u32, more, size as u32).body(chunk)
        })
        .collect()
}

/// GET with a wish; what the peer heard, and what the sink got.
fn get(wish: Option<u16>, answers: impl IntoIterator<Item = Say>) -> (Vec<String>, Code, Vec<u8>) {
    let peer = Peer::new(answers);
    let mut sink = Vec::new();
    let code = peer.with(|client| {
        let mut request = Request::get("/x");
        if let Some(wish) = wish {
            request = request.block_size(wish);
        }
        let mut buffer = [0; 1200];
        let received = client.download(&request, &mut sink, &mut buffer).unwrap();
        if received.response.code().is_success() {
            assert_eq!(received.length as usize, sink.len());
        }
        received.response.code()
    });
    (peer.heard(), code, sink)
}

#[track_caller]
fn spoilt(answers: impl IntoIterator<Item = Say>, what: Blocks) -> Vec<String> {
    let peer = Peer::new(answers);
    peer.with(|client| {
        let request = Request::get("/x").block_size(64);
        let sink = SinkFn(|_, _: &[u8]| Ok(()));
        let mut buffer = [0; 200];
        let result = client.download(&request, sink, &mut buffer);
        assert_eq!(outcome(result), blocks(what));
    });
    peer.heard()
}

#[test]
fn a_small_resource_is_one_exchange_without_a_word_of_blocks() {
    let (heard, code, sink) = get(None, [say(205).body(b"21.5")]);
    assert_eq!(heard, ["GET"]);
    assert_eq!((code, sink), (Code::CONTENT, b"21.5".to_vec()));
}

#[test]
fn the_server_decides_the_size_where_nothing_limits_it() {
    let bytes = bytes(300);
    let (heard, _, sink) = get(None, body(&bytes, 128, 0));
    assert_eq!(heard, ["GET", "GET 2:1/0/128", "GET 2:2/0/128"]);
    assert_eq!(sink, bytes);
}

#[test]
fn a_size_that_is_wished_is_proposed_and_the_length_asked_for() {
    let bytes = bytes(150);
    let (heard, _, sink) = get(Some(64), body(&bytes, 64, 0));
    assert_eq!(heard, ["GET 2:0/0/64 S2=0", "GET 2:1/0/64", "GET 2:2/0/64"]);
    assert_eq!(sink, bytes);
}

#[test]
fn the_smallest_blocks_there_are_carry_a_body_as_well() {
    let bytes = bytes(1000);
    let (heard, _, sink) = get(Some(16), body(&bytes, 16, 0));
    assert_eq!(heard.len(), 63);
    assert_eq!(sink, bytes);
}

#[test]
fn a_smaller_size_of_the_server_is_followed_early_and_late() {
    let bytes = bytes(150);
    let (heard, _, sink) = get(Some(64), body(&bytes, 32, 0));
    assert_eq!(heard[1], "GET 2:1/0/32");
    assert_eq!(sink, bytes);
    // The second block comes in pieces of 16 all of a sudden.
    let mut answers = body(&bytes, 64, 0)[..1].to_vec();
    answers.extend(body(&bytes, 16, 4));
    let (heard, _, sink) = get(Some(64), answers);
    assert_eq!(heard[1..3], ["GET 2:1/0/64", "GET 2:5/0/16"]);
    assert_eq!(sink, bytes);
}

#[test]
fn a_small_buffer_makes_small_blocks() {
    let bytes = bytes(100);
    let peer = Peer::new(body(&bytes, 32, 0));
    let mut sink = [0; 100];
    peer.with(|client| {
        let request = Request::get("/x");
        let mut buffer = [0; 127];
        let received = client.download(&request, &mut sink[..], &mut buffer);
        assert_eq!(received.unwrap().length, 100);
    });
    assert_eq!(peer.heard()[0], "GET 2:0/0/32 S2=0");
    assert_eq!(sink[..], bytes);
}

#[test]
fn a_response_that_does_not_fit_is_asked_for_in_smaller_blocks() {
    let whole = bytes(100);
    let long = [b'o'; 100];
    let mut answers = vec![say(205).raw(8, &long).block2(0, 1, 64).body(&whole[..64])];
    answers.extend(body(&whole, 32, 0));
    let peer = Peer::new(answers);
    let mut sink = Vec::new();
    peer.with(|client| {
        let request = Request::get("/x").block_size(64);
        client.download(&request, &mut sink, &mut [0; 150]).unwrap();
    });
    assert_eq!(
        peer.heard()[..2],
        ["GET 2:0/0/64 S2=0", "GET 2:0/0/32 S2=0"]
    );
    assert_eq!(sink, whole);
}

#[test]
fn a_server_that_knows_no_blocks_is_asked_without_them() {
    let (heard, code, sink) = get(Some(64), [say(402), say(205).body(b"21.5")]);
    assert_eq!(heard, ["GET 2:0/0/64 S2=0", "GET"]);
    assert_eq!((code, sink), (Code::CONTENT, b"21.5".to_vec()));
    let (heard, code, _) = get(Some(64), [say(402), say(402)]);
    assert_eq!((heard.len(), code), (2, Code::BAD_OPTION));
}

#[test]
fn an_error_is_a_response_and_the_sink_hears_nothing_of_it() {
    let peer = Peer::new([say(404).body(b"no such thing")]);
    let mut sink = Vec::new();
    peer.with(|client| {
        let mut buffer = [0; 200];
        let received = client.download(&Request::get("/x"), &mut sink, &mut buffer);
        let received = received.unwrap();
        assert_eq!(received.response.code(), Code::NOT_FOUND);
        assert_eq!(received.response.payload(), b"no such thing");
        assert_eq!(received.length, 0);
    });
    assert!(sink.is_empty());
}

#[test]
fn an_error_in_mid_transfer_is_given_with_its_code() {
    let mut answers = body(&bytes(150), 64, 0)[..1].to_vec();
    answers.push(say(503));
    let (heard, code, sink) = get(Some(64), answers);
    assert_eq!(code, Code::SERVICE_UNAVAILABLE);
    assert_eq!((heard.len(), sink.len()), (2, 64));
}

#[test]
fn nothing_new_is_no_body() {
    let (_, code, sink) = get(None, [say(203).etag(b"1")]);
    assert_eq!((code, sink.len()), (Code::VALID, 0));
}

#[test]
fn blocks_with_wrong_numbers_end_the_transfer() {
    let b = bytes(64);
    spoilt([say(205).block2(1, 1, 64).body(&b)], Blocks::Number);
    let first = say(205).block2(0, 1, 64).body(&b);
    for (num, size) in [(0, 64), (2, 64), (0xF_FFFF, 64), (1, 32), (0xF_FFFF, 16)] {
        let second = say(205).block2(num, 1, size).body(&b[..size as usize]);
        let heard = spoilt([first.clone(), second], Blocks::Number);
        assert_eq!(heard.len(), 2);
    }
}

#[test]
fn a_size_that_grows_ends_the_transfer() {
    let b = bytes(128);
    spoilt([say(205).block2(0, 1, 128).body(&b)], Blocks::Size);
    let small = say(205).block2(0, 1, 32).body(&b[..32]);
    let large = say(205).block2(0, 1, 64).body(&b[..64]);
    spoilt([small, large], Blocks::Size);
}

#[test]
fn a_block_that_is_not_as_long_as_it_says_ends_the_transfer() {
    let b = bytes(65);
    spoilt([say(205).block2(0, 1, 64).body(&b[..63])], Blocks::Length);
    spoilt([say(205).block2(0, 1, 64)], Blocks::Length);
    spoilt([say(205).block2(0, 1, 64).body(&b)], Blocks::Length);
    spoilt([say(205).block2(0, 0, 64).body(&b)], Blocks::Length);
}

#[test]
fn a_whole_in_place_of_the_next_block_ends_the_transfer() {
    let first = say(205).block2(0, 1, 64).body(&bytes(64));
    spoilt([first, say(205).body(b"all of it")], Blocks::Missing);
}

#[test]
fn continue_in_place_of_a_body_ends_the_transfer() {
    spoilt(
        [say(231).block2(0, 1, 64).body(&bytes(64))],
        Blocks::Unasked,
    );
}

#[test]
fn block_2_of_a_reserved_size_is_not_understood() {
    use coap_modem::error::PeerError;
    use coap_modem::message::Number;
    let peer = Peer::new([say(205).raw(23, &[0x0F]).body(&bytes(64))]);
    peer.with(|client| {
        let mut buffer = [0; 200];
        let result = client.download(&Request::get("/x"), &mut [][..], &mut buffer);
        let expected = PeerError::CriticalOption(Number::BLOCK2);
        assert_eq!(
            outcome(result),
            Err(ClientError::Operation(Error::Peer(expected)))
        );
    });
}

#[test]
fn the_last_number_there_is_can_be_no_block_that_more_follow() {
    let last = 0xF_FFFF;
    let from = Resume {
        offset: last * 16,
        etag: None,
    };
    let peer = Peer::new([say(205).block2(last, 1, 16).body(&bytes(16))]);
    peer.with(|client| {
        let request = Request::get("/x").block_size(16);
        let sink = SinkFn(|_, _: &[u8]| Ok(()));
        let mut buffer = [0; 200];
        let result = client.download_from(&request, &from, sink, &mut buffer);
        assert_eq!(outcome(result), blocks(Blocks::TooMany));
    });
}

#[test]
fn a_resource_that_changes_in_mid_transfer_is_fetched_anew() {
    let (old, new) = (bytes(150), vec![9; 100]);
    let tagged = |answers: Vec<Say>, tag: &'static [u8]| -> Vec<Say> {
        answers.into_iter().map(|say| say.etag(tag)).collect()
    };
    let mut answers = tagged(body(&old, 64, 0), b"old")[..1].to_vec();
    answers.push(tagged(body(&new, 64, 0), b"new")[1].clone());
    answers.extend(tagged(body(&new, 64, 0), b"new"));
    let (heard, _, sink) = get(Some(64), answers);
    assert_eq!(
        heard[1..],
        ["GET 2:1/0/64", "GET 2:0/0/64 S2=0", "GET 2:1/0/64"]
    );
    assert_eq!(sink, new);
}

#[test]
fn a_sink_that_cannot_forget_gets_nothing_of_a_changed_resource() {
    let b = bytes(64);
    let answers = [
        say(205).etag(b"1").block2(0, 1, 64).body(&b),
        say(205).etag(b"2").block2(1, 0, 64).body(&b),
    ];
    let heard = spoilt(answers, Blocks::Changed);
    assert_eq!(heard.len(), 2);
}

#[test]
fn a_resource_that_changes_all_the_time_is_given_up() {
    let b = bytes(64);
    let mut answers = Vec::new();
    for tag in 0..8 {
        answers.push(say(205).etag(&[tag]).block2(0, 1, 64).body(&b));
        answers.push(say(205).etag(&[100 + tag]).block2(1, 0, 64).body(&b));
    }
    let peer = Peer::new(answers);
    peer.with(|client| {
        let request = Request::get("/x").block_size(64);
        let mut buffer = [0; 200];
        let result = client.download(&request, &mut Vec::new(), &mut buffer);
        assert_eq!(outcome(result), blocks(Blocks::Changed));
    });
    assert_eq!(peer.heard().len(), 8);
}

#[test]
fn a_body_longer_than_its_place_is_an_error_and_nothing_is_written_beside() {
    let peer = Peer::new(body(&bytes(150), 64, 0));
    peer.with(|client| {
        let mut place = [0xEE; 160];
        let request = Request::get("/x").block_size(64);
        let mut buffer = [0; 200];
        let result = client.download(&request, &mut place[..100], &mut buffer);
        assert_eq!(
            outcome(result),
            Err(ClientError::Operation(Resource::Sink.into()))
        );
        assert_eq!(place[64..], [0xEE; 96]);
    });
    assert_eq!(peer.heard().len(), 2);
}

#[test]
fn the_sink_sees_size_tag_and_progress() {
    struct Curious(Vec<String>);
    impl Sink for Curious {
        fn begin(&mut self, first: &Response<'_>) -> Result<(), Refused> {
            let tag = first.etag().map(|tag| tag.as_bytes().to_vec());
            self.0.push(format!("{:?} {tag:?}", first.body_size()));
            Ok(())
        }
        fn piece(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
            self.0.push(format!("{offset}+{}", bytes.len()));
            Ok(())
        }
    }
    let b = bytes(64);
    let peer = Peer::new([
        say(205).etag(b"\x07").block2(0, 1, 64).size2(100).body(&b),
        say(205).etag(b"\x07").block2(1, 0, 64).body(&b[..36]),
    ]);
    let mut sink = Curious(Vec::new());
    peer.with(|client| {
        let request = Request::get("/x");
        client.download(&request, &mut sink, &mut [0; 200]).unwrap();
    });
    assert_eq!(sink.0, ["Some(100) Some([7])", "0+64", "64+36"]);
}

#[test]
fn a_download_goes_on_where_an_earlier_one_ended() {
    let whole = bytes(300);
    let tagged: Vec<Say> = body(&whole, 64, 2)
        .into_iter()
        .map(|say| say.etag(b"v1"))
        .collect();
    let peer = Peer::new(tagged);
    let mut sink = whole[..130].to_vec();
    peer.with(|client| {
        let request = Request::get("/x").block_size(64);
        let from = Resume {
            offset: 130,
            etag: Some(tag(b"v1")),
        };
        let mut buffer = [0; 200];
        let received = client.download_from(&request, &from, &mut sink, &mut buffer);
        assert_eq!(received.unwrap().length, 300);
    });
    assert_eq!(peer.heard()[0], "GET 2:2/0/64 S2=0");
    assert_eq!(sink, whole);
}

#[test]
fn a_download_that_finds_another_version_begins_anew() {
    let whole = bytes(100);
    let mut answers = vec![say(205).etag(b"v2").block2(1, 0, 64).body(&whole[64..])];
    answers.extend(body(&whole, 64, 0));
    let peer = Peer::new(answers);
    let mut sink = vec![0; 64];
    peer.with(|client| {
        let request = Request::get("/x").block_size(64);
        let from = Resume {
            offset: 64,
            etag: Some(tag(b"v1")),
        };
        client
            .download_from(&request, &from, &mut sink, &mut [0; 200])
            .unwrap();
    });
    assert_eq!(sink, whole);
}

fn tag(bytes: &[u8]) -> ETag {
    let peer = Peer::new([say(205).etag(bytes)]);
    peer.with(|client| {
        let mut buffer = [0; 64];
        let response = client.request(&Request::get("/"), &mut buffer);
        response.unwrap().etag().unwrap()
    })
}

#[test]
fn the_rest_of_a_notification_is_fetched() {
    let whole = bytes(150);
    // The whole is asked for here with the request itself, as an observation does.
    let peer = Peer::new(body(&whole, 64, 0));
    let mut sink = Vec::new();
    peer.with(|client| {
        let options = [(
            coap_modem::message::Number::BLOCK2,
            coap_modem::message::Value::Uint(2),
        )];
        let asked = Request::get("/x").options(&options);
        let mut first = [0; 200];
        let first = client.request(&asked, &mut first).unwrap();
        let request = Request::get("/x").block_size(64);
        let mut buffer = [0; 200];
        let received = client.rest(&request, &first, &mut sink, &mut buffer);
        assert_eq!(received.unwrap().length, 150);
    });
    assert_eq!(peer.heard()[1..], ["GET 2:1/0/64", "GET 2:2/0/64"]);
    assert_eq!(sink, whole);
}
