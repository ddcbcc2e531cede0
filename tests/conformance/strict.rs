//! Malformed and borderline messages: what a client does about each while it waits for a response.
//!
//! The rows are numbered as in the codec's own tests (`src/message/tests.rs`, `row_..`), which show that the bytes are
//! refused or read; here is what follows from that: a reset, silence, or a response (RFC 7252, sections 4.2, 4.3 and
//! 5.4.1). Each message comes over a real socket to a client with an open request. A ping behind it shows what the client
//! said before; then the right response comes, and must be taken if the exchange is still open.
//!
//! Not here: what a sender must not send (`src/endpoint/tests.rs`, `options_that_nobody_may_send_are_refused_on_every_link`).

use crate::part::{empty, piggybacked, play, separate};
use crate::wire::Wire;
use crate::{Answer, QUICK, ask, try_ask, with_client};
use coap_lite::{CoapOption, MessageType, Packet};
use coap_modem::client::{Blocking, Event, Request};
use coap_modem::error::{Blocks, ClientError, Error, PeerError, Waited};
use coap_modem::message::{Code, Number, Value, format};
use coap_modem::time::Millis;
use std::net::UdpSocket;

/// What came of a message.
#[derive(Debug)]
struct Outcome {
    /// What the client said to it.
    said: Vec<Vec<u8>>,
    /// What its request came to.
    result: Result<Answer, Error>,
}

/// The payload of the right response.
const RIGHT: &[u8] = b"the right one";

/// Has a client ask, sends it these bytes, and then the right response. `craft` is told the request.
fn outcome(craft: impl FnOnce(&Packet) -> Vec<u8> + Send + 'static) -> Outcome {
    let part = play(|part| {
        let request = part.receive();
        part.send_raw(&craft(&request));
        let said = part.heard();
        let mut right = piggybacked(&request, "2.05");
        right.payload = RIGHT.to_vec();
        part.send(&right);
        said
    });
    let result = with_client(part.port, |client| {
        let result = try_ask(client, &Request::get("/").limit(Millis::from_secs(20)));
        // The exchange may have ended early; the ping is still to be answered.
        let mut buffer = [0; 2000];
        while !part.is_over() {
            let event = client.event(Millis::new(5), &mut buffer).unwrap();
            assert!(!matches!(event, Some(Event::Response(_))), "{event:?}");
        }
        result
    });
    Outcome {
        said: part.end(),
        result,
    }
}

impl Outcome {
    /// The message left no trace, and the exchange went on.
    #[track_caller]
    fn ignored(self, what: &str) {
        assert_eq!(self.said, [[0; 0]; 0], "{what}");
        assert_eq!(self.result.expect(what).payload, RIGHT, "{what}");
    }

    /// The message was rejected by a reset of its id, and the exchange went on.
    #[track_caller]
    fn reset(self, id: u16, what: &str) {
        let [high, low] = id.to_be_bytes();
        assert_eq!(self.said, [[0x70, 0, high, low]], "{what}");
        assert_eq!(self.result.expect(what).payload, RIGHT, "{what}");
    }

    /// The message was taken as the response, and acknowledged if it was confirmable.
    #[track_caller]
    fn taken(self, acknowledged: Option<u16>, what: &str) -> Answer {
        let acknowledgement = acknowledged.map(|id| {
            let [high, low] = id.to_be_bytes();
            vec![0x60, 0, high, low]
        });
        let acknowledgement: Vec<Vec<u8>> = acknowledgement.into_iter().collect();
        assert_eq!(self.said, acknowledgement, "{what}");
        let answer = self.result.expect(what);
        assert_ne!(answer.payload, RIGHT, "{what}");
        answer
    }

    /// The message ended the exchange with this error, and was reset if it was confirmable.
    #[track_caller]
    fn refused(self, error: PeerError, reset: Option<u16>, what: &str) {
        let reset = reset.map(|id| {
            let [high, low] = id.to_be_bytes();
            vec![0x70, 0, high, low]
        });
        let reset: Vec<Vec<u8>> = reset.into_iter().collect();
        assert_eq!(self.said, reset, "{what}");
        assert_eq!(self.result, Err(Error::Peer(error)), "{what}");
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|char| char.to_digit(16)).collect();
    let bytes = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]);
    bytes.map(|byte| u8::try_from(byte).unwrap()).collect()
}

/// These bytes as a CON, with id 1, are reset; as a NON, ACK or RST they are passed over.
#[track_caller]
fn rejected(hex: &str) {
    for kind in 0..4 {
        let mut message = bytes(hex);
        message[0] = message[0] & 0xcf | kind << 4;
        let outcome = outcome(move |_| message);
        let what = format!("{hex}, as type {kind}");
        match kind {
            0 => outcome.reset(1, &what),
            _ => outcome.ignored(&what),
        }
    }
}

/// The beginning of a response, in one of the three ways in which it may come, and with this payload.
fn responses(
    request: &Packet,
    kind: MessageType,
    options: &[(u16, &[u8])],
    payload: &[u8],
) -> Vec<u8> {
    let mut response = match kind {
        MessageType::Acknowledgement => piggybacked(request, "2.05"),
        _ => separate(request, "2.05", 0x6001),
    };
    response.header.set_type(kind);
    for (number, value) in options {
        response.add_option(CoapOption::from(*number), value.to_vec());
    }
    response.payload = payload.to_vec();
    response.to_bytes().unwrap()
}

const KINDS: [MessageType; 3] = [
    MessageType::Confirmable,
    MessageType::NonConfirmable,
    MessageType::Acknowledgement,
];

/// A response with these options is taken, however it comes.
#[track_caller]
fn taken_with(options: &'static [(u16, &'static [u8])]) -> Answer {
    let answers = KINDS.map(|kind| {
        let outcome = outcome(move |request| responses(request, kind, options, b"taken"));
        let acknowledged = (kind == MessageType::Confirmable).then_some(0x6001);
        outcome.taken(acknowledged, &format!("{kind:?} {options:?}"))
    });
    assert!(answers.iter().all(|answer| answer.payload == b"taken"));
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
    answers[0].clone()
}

/// A response with these options is refused because of the option with that number, however it comes.
#[track_caller]
fn refused_with(options: &'static [(u16, &'static [u8])], number: u16) {
    for kind in KINDS {
        let outcome = outcome(move |request| responses(request, kind, options, b"refused"));
        let reset = (kind == MessageType::Confirmable).then_some(0x6001);
        let error = PeerError::CriticalOption(Number(number));
        outcome.refused(error, reset, &format!("{kind:?} {options:?}"));
    }
}

#[test]
fn row_01_02_fewer_than_four_bytes_are_ignored() {
    for hex in ["", "40", "4001", "400100"] {
        outcome(|_| bytes(hex)).ignored(hex);
    }
}

#[test]
fn row_03_another_version_is_ignored_also_if_confirmable() {
    for hex in ["00010001", "80010001", "c0010001", "00000001"] {
        outcome(|_| bytes(hex)).ignored(hex);
    }
}

#[test]
fn row_04_05_a_token_that_cannot_be_is_rejected() {
    for length in 9..=15 {
        rejected(&format!("4{length:x}010001 0102030405060708090a0b0c0d0e0f"));
    }
    rejected("44010001 0102");
    rejected("48450001");
}

#[test]
fn row_06_07_an_empty_message_with_content_is_rejected() {
    for hex in ["41000001 09", "40000001 b161", "40000001 ff01"] {
        rejected(hex);
    }
}

#[test]
fn row_08_to_14_a_broken_option_is_rejected() {
    for option in [
        "f101", "1f01", "d0", "e0", "e001", "1d", "1e", "1e00", "de0000", "ee000000", "b561",
    ] {
        rejected(&format!("40450001 {option}"));
    }
}

#[test]
fn row_15_a_payload_marker_without_a_payload_is_rejected() {
    rejected("40450001 ff");
    rejected("40450001 b161 ff");
}

#[test]
fn row_16_17_an_option_number_above_65535_is_rejected() {
    rejected("40450001 e0fef0e0fef0");
    rejected("40450001 e0ffff");
}

#[test]
fn row_18_a_code_of_a_reserved_class_is_rejected() {
    for code in [0x20, 0x3f, 0xc0, 0xdf, 0xe1, 0xff] {
        let message = move |first: u8, request: &Packet, id: u16| {
            let [high, low] = id.to_be_bytes();
            [&[first | 4, code, high, low], request.get_token()].concat()
        };
        let what = format!("{code:#x}");
        outcome(move |request| message(0x40, request, 0x6001)).reset(0x6001, &what);
        outcome(move |request| message(0x50, request, 0x6001)).ignored(&what);
        outcome(move |request| message(0x60, request, request.header.message_id)).ignored(&what);
    }
}

#[test]
fn row_18c_an_unknown_response_code_of_a_known_class_is_a_response() {
    for (code, generic, success) in [
        (Code::new(2, 30), Code::new(2, 0), true),
        (Code::new(4, 30), Code::BAD_REQUEST, false),
        (Code::new(5, 30), Code::INTERNAL_SERVER_ERROR, false),
        (Code::TOO_MANY_REQUESTS, Code::BAD_REQUEST, false),
    ] {
        let outcome = outcome(move |request| {
            let mut response = responses(request, MessageType::Acknowledgement, &[], b"taken");
            response[1] = code.as_byte();
            response
        });
        let answer = outcome.taken(None, &code.to_string());
        assert_eq!((answer.code, answer.code.generic()), (code, generic));
        assert_eq!(answer.code.is_success(), success);
    }
}

#[test]
fn row_19_an_unknown_critical_option_rejects_the_response() {
    refused_with(&[(65_001, b"x")], 65_001);
    // Known, but of no meaning in a response.
    refused_with(&[(11, b"path")], 11);
}

#[test]
fn row_20_an_unknown_elective_option_is_passed_over() {
    taken_with(&[(258, b"\x02"), (65_000, b"whatever")]);
}

#[test]
fn row_21_an_elective_option_once_too_often_is_passed_over_and_a_critical_one_is_not() {
    let answer = taken_with(&[(12, b"\x3c"), (12, b"\x32"), (14, b""), (14, b"\x01")]);
    assert_eq!(answer.format, Some(format::CBOR), "the first counts");
    refused_with(&[(27, b"\x06"), (27, b"\x06")], 27);
}

#[test]
fn row_22_an_elective_option_of_a_wrong_length_is_passed_over_and_a_critical_one_is_not() {
    let answer = taken_with(&[(4, b"123456789"), (12, b"\x00\x00\x3c")]);
    assert_eq!((answer.etag, answer.format), (None, None));
    let answer = taken_with(&[(4, b""), (14, b"\x00\x00\x00\x00\x01")]);
    assert_eq!(answer.etag, None);
    refused_with(&[(3, b"")], 3);
}

#[test]
fn row_23_a_number_with_leading_zeros_is_read() {
    let answer = taken_with(&[(12, b"\x00\x3c")]);
    assert_eq!(answer.format, Some(format::CBOR));
}

#[test]
fn row_24_an_empty_non_is_ignored_and_an_empty_con_is_reset() {
    outcome(|_| bytes("50000001")).ignored("an empty NON");
    outcome(|_| bytes("40000001")).reset(1, "a ping");
}

#[test]
fn row_25_an_acknowledgement_with_a_request_and_a_reset_with_a_code_are_ignored() {
    outcome(|_| bytes("60010001")).ignored("ACK, GET");
    outcome(|_| bytes("70450001")).ignored("RST, 2.05");
    // Also with the id and token of the request.
    for (kind, code) in [(0x60, 0x01), (0x60, 0x05), (0x70, 0x45), (0x70, 0x01)] {
        let outcome = outcome(move |request| {
            let mut message = responses(request, MessageType::Acknowledgement, &[], b"x");
            message[0] = kind | 4;
            message[1] = code;
            message
        });
        outcome.ignored(&format!("{kind:#x} {code:#x}"));
    }
}

#[test]
fn row_26_any_number_of_options_is_read() {
    let outcome = outcome(|request| {
        let options = [(8, &b"a"[..]); 500];
        responses(request, MessageType::Acknowledgement, &options, b"taken")
    });
    let answer = outcome.taken(None, "500 options");
    assert_eq!(answer.location, "/a".repeat(500));
}

#[test]
fn row_27_long_options_with_far_numbers_are_read() {
    static LONG: [u8; 1200] = [b'x'; 1200];
    for length in [12, 13, 14, 268, 269, 270, 1200] {
        let outcome = outcome(move |request| {
            let options = [(300, &LONG[..length]), (65_534, &[])];
            responses(request, MessageType::Acknowledgement, &options, b"taken")
        });
        outcome.taken(None, &format!("{length} bytes"));
    }
}

#[test]
fn row_28_a_text_option_that_is_not_utf_8_is_handed_out_as_bytes() {
    let answer = taken_with(&[(8, b"a\xff"), (20, b"\xc3")]);
    assert_eq!(answer.location, "/a%FF?%C3");
}

#[test]
fn row_29_a_block_option_with_the_reserved_size_or_too_long_rejects_the_response() {
    refused_with(&[(23, b"\x07")], 23);
    refused_with(&[(23, b"\x00\x00\x00\x06")], 23);
    refused_with(&[(27, b"\x0f")], 27);
}

#[test]
fn row_30_an_observe_option_that_is_too_long_makes_no_notification() {
    taken_with(&[(6, b"\x01\x02\x03\x04")]);
}

#[test]
fn row_31_a_response_to_somebody_else_is_reset_if_confirmable_and_the_exchange_goes_on() {
    let strange = |kind: MessageType, id: Option<u16>, token: &'static [u8]| {
        move |request: &Packet| {
            let mut response = piggybacked(request, "2.05");
            response.header.set_type(kind);
            response.header.message_id = id.unwrap_or(request.header.message_id);
            if !token.is_empty() {
                response.set_token(token.to_vec());
            }
            response.payload = b"strange".to_vec();
            response.to_bytes().unwrap()
        }
    };
    use MessageType::{Acknowledgement, Confirmable, NonConfirmable};
    outcome(strange(Confirmable, Some(7), b"1234")).reset(7, "token, CON");
    outcome(strange(NonConfirmable, Some(7), b"1234")).ignored("token, NON");
    outcome(strange(Acknowledgement, None, b"1234")).ignored("token, ACK");
    outcome(move |request| {
        strange(Acknowledgement, Some(request.header.message_id ^ 1), b"")(request)
    })
    .ignored("id, ACK");
    outcome(|request| {
        let id = request.header.message_id ^ 1;
        empty(MessageType::Reset, id).to_bytes().unwrap()
    })
    .ignored("id, RST");
}

#[test]
fn row_31_a_response_from_another_address_is_not_ours() {
    let part = play(|part| {
        let request = part.receive();
        let mut forged = piggybacked(&request, "2.05");
        forged.payload = b"forged".to_vec();
        let elsewhere = UdpSocket::bind("127.0.0.1:0").unwrap();
        let bytes = forged.to_bytes().unwrap();
        elsewhere.send_to(&bytes, part.client()).unwrap();
        assert_eq!(part.heard(), [[0; 0]; 0]);
        let mut right = piggybacked(&request, "2.05");
        right.payload = RIGHT.to_vec();
        part.send(&right);
    });
    let answer = with_client(part.port, |client| ask(client, &Request::get("/")));
    assert_eq!(answer.payload, RIGHT);
    part.end();
}

#[test]
fn row_32_a_separate_response_that_comes_again_is_acknowledged_again_and_delivered_once() {
    let part = play(|part| {
        let request = part.receive();
        part.send(&empty(
            MessageType::Acknowledgement,
            request.header.message_id,
        ));
        let mut response = separate(&request, "2.05", 0x6001);
        response.payload = b"once".to_vec();
        let ack = empty(MessageType::Acknowledgement, 0x6001);
        for _ in 0..3 {
            part.send(&response);
            assert_eq!(part.heard(), [ack.to_bytes().unwrap()]);
        }
    });
    with_client(part.port, |client| {
        assert_eq!(ask(client, &Request::get("/")).payload, b"once");
        let mut buffer = [0; 100];
        while !part.is_over() {
            let event = client.event(Millis::new(5), &mut buffer).unwrap();
            assert!(event.is_none(), "{event:?}");
        }
    });
    part.end();
}

#[test]
fn row_33_a_response_before_the_acknowledgement_counts_as_one() {
    let outcome = outcome(|request| responses(request, MessageType::Confirmable, &[], b"early"));
    let answer = outcome.taken(Some(0x6001), "before any acknowledgement");
    assert_eq!(answer.payload, b"early");
}

#[test]
fn row_34_an_acknowledgement_and_then_nothing_ends_at_the_time_limit_without_repetition() {
    let part = play(|part| {
        let request = part.receive();
        let ack = empty(MessageType::Acknowledgement, request.header.message_id);
        part.send(&ack);
        part.heard()
    });
    let wire = Wire::to(part.port);
    with_client(wire.port, |client| {
        client.set_parameters(QUICK);
        let request = Request::get("/").limit(Millis::new(600));
        let error = try_ask(client, &request).unwrap_err();
        assert_eq!(error, Error::Timeout(Waited::Response));
    });
    assert_eq!(part.end(), [[0; 0]; 0]);
    let sent = wire.take_sent();
    let requests = sent.iter().filter(|packet| !packet.get_token().is_empty());
    assert_eq!(requests.count(), 1);
}

#[test]
fn row_35_blocks_that_were_not_asked_for_end_the_transfer() {
    // Answers to the request for the second block of 16 bytes.
    let spoilt: [(&str, Option<u8>, Blocks); 5] = [
        ("2.05", Some(0x20), Blocks::Number),
        ("2.05", Some(0x08), Blocks::Number),
        ("2.05", Some(0x11), Blocks::Size),
        ("2.05", None, Blocks::Missing),
        ("2.31", Some(0x18), Blocks::Unasked),
    ];
    for (code, value, what) in spoilt {
        let part = play(move |part| {
            for (code, value) in [("2.05", Some(0x08)), (code, value)] {
                let request = part.receive();
                let mut response = piggybacked(&request, code);
                if let Some(value) = value {
                    response.add_option(CoapOption::Block2, vec![value]);
                }
                response.payload = vec![b'x'; 16];
                part.send(&response);
            }
        });
        with_client(part.port, |client| {
            let mut buffer = [0; 200];
            let mut body = Vec::new();
            let get = Request::get("/large").block_size(16);
            let error = client.download(&get, &mut body, &mut buffer).unwrap_err();
            let ClientError::Operation(error) = error else {
                panic!("{error:?}");
            };
            assert_eq!(error, Error::Peer(PeerError::Blocks(what)), "{code}");
        });
        part.end();
    }
}

#[test]
fn row_36_if_none_match_with_a_value_is_never_sent() {
    let wire = Wire::to(crate::demo());
    with_client(wire.port, |client| {
        let options = [(Number::IF_NONE_MATCH, Value::Opaque(b"x"))];
        let request = Request::put("/store/x", b"x").options(&options);
        assert!(matches!(try_ask(client, &request), Err(Error::Invalid(_))));
        ask(client, &Request::get("/hello"));
    });
    assert_eq!(wire.take_sent().len(), 1);
}
