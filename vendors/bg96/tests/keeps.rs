//! What is not for the present operation is kept, and what cannot be kept is told.

use super::desk::*;
use crate::client::{Blocking as _, Event, Request};
use crate::error::{ClientError, Error, Resource, Waited};
use crate::message::Code;
use crate::sim::Line;
use crate::sim::conformance::Bench as _;
use crate::time::Millis;
use crate::vendors::bg96::Bg96;
use coap_lite::{MessageClass, MessageType, Packet, RequestType, ResponseType};

/// Lets a message of the server's arrive so many milliseconds from now.
fn inject(line: &Line<Module>, after: u32, code: MessageClass, id: u16, payload: &[u8]) {
    let mut packet = Packet::new();
    packet.header.set_type(MessageType::Confirmable);
    packet.header.code = code;
    // The server's own ids begin at 1.
    packet.header.message_id = 1000 + id;
    packet.set_token(vec![0xEE, 0x01]);
    packet.payload = payload.to_vec();
    let (datagram, at) = (
        packet.to_bytes().unwrap(),
        line.now().after(Millis::new(after)),
    );
    let mut module = line.device();
    let socket = module.socket(0).unwrap();
    let server = "192.0.2.1:5683".parse().unwrap();
    module.network().inject(at, socket, server, &datagram);
}

const CONTENT: MessageClass = MessageClass::Response(ResponseType::Content);
const ASK: MessageClass = MessageClass::Request(RequestType::Get);

/// The next event in short: kind and payload.
fn event(host: &mut Host<'_>) -> Option<(&'static str, Vec<u8>)> {
    let mut buffer = [0; 1400];
    host.event(Millis::new(100), &mut buffer)
        .unwrap()
        .map(|event| match event {
            Event::Response(view) => ("response", view.payload().to_vec()),
            Event::Request(view) => ("request", view.payload().to_vec()),
            Event::Lost(losses) => {
                assert!(losses.matter());
                ("lost", vec![u8::try_from(losses.messages).unwrap()])
            }
            other => panic!("{other:?}"),
        })
}

#[test]
fn notifications_and_requests_in_mid_request_are_there_afterwards_in_order() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            inject(&line, 10, CONTENT, 1, b"one");
            inject(&line, 20, ASK, 2, b"");
            inject(&line, 45, CONTENT, 3, b"three\r\nOK\r\n");
            inject(&line, 300, ASK, 4, b"four");
            inject(&line, 1900, CONTENT, 5, b"five");
            assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
            hello(host);
            assert_eq!(event(host), Some(("response", b"one".to_vec())));
            assert_eq!(event(host), Some(("request", b"".to_vec())));
            hello(host);
            assert_eq!(event(host), Some(("response", b"three\r\nOK\r\n".to_vec())));
            assert_eq!(event(host), Some(("request", b"four".to_vec())));
            assert_eq!(event(host), Some(("response", b"five".to_vec())));
            assert_eq!(event(host), None);
            assert!(!host.take_losses().matter());
        });
        polite(&line);
    }
}

#[test]
fn a_storm_of_other_lines_in_mid_request_changes_nothing() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            inject(&line, 60, CONTENT, 1, b"kept");
            let lines = [
                "+QIND: SMS DONE",
                "+CEREG: 5,\"1A2B\",\"01A2B3C4\",9",
                "+XYZZY: 1",
                "+QCOAPIND: 0,0,1,1,0",
                "+QCOAPACK: 0,0,1,-11",
                "+CPIN: READY",
                "> ",
                "Some text, with, commas",
                "+QCOAPOPEN: 3,0",
                "+QCOAPOPEN: 0,\"elsewhere\",1,2",
            ];
            // A whole line every millisecond: between echo, answer, OK and prompt.
            for (step, said) in (0..400).zip(lines.iter().cycle()) {
                let at = line.now().after(Millis::new(step));
                line.device()
                    .say_at(at, format!("\r\n{said}\r\n").as_bytes());
            }
            let body = super::Desk::body(1, 300);
            let mut buffer = [0; 1400];
            let response = host
                .request(&Request::put("/store/x", &body), &mut buffer)
                .unwrap();
            assert_eq!(response.code(), Code::CREATED);
            assert_eq!(get(host, "/store/x").unwrap().1, body);
            hello(host);
            assert_eq!(event(host), Some(("response", b"kept".to_vec())));
            assert_eq!(event(host), None);
            let losses = host.take_losses();
            assert!(!losses.matter() && losses.unknown > 40, "{losses:?}");
        });
    }
}

#[test]
fn an_inbox_that_overflows_tells_how_much_was_lost_and_the_next_request_works() {
    let line = line(|_| {});
    with_inbox::<400, _>(&line, |host| {
        up(host);
        for number in 1..=6 {
            inject(
                &line,
                50 * u32::from(number),
                CONTENT,
                number,
                &[b'0' + u8::try_from(number).unwrap(); 60],
            );
        }
        assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
        hello(host);
        let mut seen = Vec::new();
        let lost = loop {
            match event(host).unwrap() {
                ("response", payload) => seen.push(payload[0] - b'0'),
                ("lost", count) => break count[0],
                other => panic!("{other:?}"),
            }
        };
        assert!(
            seen.is_sorted() && seen.last() == Some(&6),
            "the newest, in order: {seen:?}"
        );
        assert_eq!(
            usize::from(lost) + seen.len(),
            6,
            "{lost} lost, {seen:?} seen"
        );
        assert_eq!(event(host), None, "told once");
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_response_too_large_for_the_buffer_is_held_until_there_is_room() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let mut small = [0; 100];
        let error = host
            .request(&Request::get("/large"), &mut small)
            .unwrap_err();
        let ClientError::Operation(Error::Resource(Resource::Response { needed })) = error else {
            panic!("{error:?}");
        };
        assert!(usize::from(needed) > 1024);
        inject(&line, 10, CONTENT, 1, b"besides");
        assert_eq!(
            host.held(&mut small).unwrap_err(),
            Resource::Response { needed }.into()
        );
        assert_eq!(event(host), Some(("response", b"besides".to_vec())));
        let mut enough = vec![0; needed.into()];
        let held = host.held(&mut enough).unwrap().unwrap();
        assert_eq!((held.code(), held.payload().len()), (Code::CONTENT, 1024));
        assert!(held.payload().starts_with(b"!\"#$"));
        assert!(host.held(&mut enough).unwrap().is_none(), "once");
        hello(host);

        // Not fetched: gone with the next request.
        host.request(&Request::get("/large"), &mut small)
            .unwrap_err();
        hello(host);
        assert!(host.held(&mut enough).unwrap().is_none());
        assert_eq!(event(host), None);
    });
    polite(&line);
}

#[test]
fn a_message_larger_than_the_inbox_fails_at_once_and_the_next_request_works() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        with_inbox::<256, _>(&line, |host| {
            up(host);
            let began = line.now();
            assert_eq!(get(host, "/large"), operation(Resource::Inbox));
            assert!(line.now().since(began) < Millis::new(500), "at once");
            hello(host);
            assert_eq!(event(host), Some(("lost", vec![1])));
            assert_eq!(event(host), None);
        });
        polite(&line);
    }
}

/// Asks for what is never answered, and lets the modem say this about it in its place; `HEAD` stands for the line's
/// beginning up to the token.
fn answered_with(said: &str, error: impl Into<Error>, within: u32) {
    let error = error.into();
    for reads in [1, 16, 64] {
        // The first run only finds out which id and token the request will have.
        let head = {
            let line = line(|_| {});
            with(&line, |host| {
                up(host);
                line.device().network().take_journal();
                let request = Request::get("/silent").limit(Millis::from_secs(1));
                let mut buffer = [0; 100];
                let timeout = host
                    .request(&request, &mut buffer)
                    .map(|response| response.code());
                assert_eq!(timeout, operation(Waited::Response));
            });
            let sent = line.device().network().take_journal();
            let packet = Packet::from_bytes(&sent[0].datagram).unwrap();
            let token = packet.get_token();
            let digits: String = token.iter().map(|byte| format!("{byte:02X}")).collect();
            let id = packet.header.message_id;
            format!("\r\n+QCOAPRECV: 0,{id},2.05,{},{digits}", token.len())
        };
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            let began = line.now();
            let at = began.after(Millis::new(150));
            line.device()
                .say_at(at, said.replace("HEAD", &head).as_bytes());
            assert_eq!(get(host, "/silent"), operation(error), "{said:.60}");
            let took = line.now().since(began).as_millis();
            assert!(took <= within, "took {took} ms");
            hello(host);
            let losses = host.take_losses();
            assert!(losses.matter(), "{losses:?}");
            hello(host);
        });
    }
}

#[test]
fn a_declared_length_that_is_too_long_ends_with_the_silence() {
    answered_with("HEAD,0,500\r\nshorter than that\r\n", Resource::Inbox, 400);
}

#[test]
fn a_length_beyond_any_inbox_ends_with_the_silence() {
    answered_with(
        "HEAD,0,65000\r\nshorter than that\r\n",
        Resource::Inbox,
        400,
    );
}

#[test]
fn a_header_line_longer_than_the_buffer_is_told() {
    let option = format!("8,\"{}\"", "p".repeat(Bg96::LINE));
    answered_with(
        &format!("HEAD,1,{option},5\r\nhello\r\n"),
        Resource::Inbox,
        400,
    );
    let many = ",8,\"segment\"".repeat(40);
    answered_with(
        &format!("HEAD,40{many},5\r\nhello\r\n"),
        Resource::Inbox,
        400,
    );
}

#[test]
fn a_critical_option_that_cannot_be_read_makes_no_response() {
    answered_with("HEAD,1,9,\"what\",5\r\nhello\r\n", Resource::Inbox, 400);
}

#[test]
fn a_response_that_comes_after_its_request_was_given_up_is_nobodys() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let mut buffer = [0; 100];
        let request = Request::get("/separate").limit(Millis::new(500));
        let timeout = host
            .request(&request, &mut buffer)
            .map(|response| response.code());
        assert_eq!(timeout, operation(Waited::Response));
        assert!(
            host.event(Millis::from_secs(5), &mut buffer)
                .unwrap()
                .is_none()
        );
        hello(host);
    });
    polite(&line);
}

#[test]
fn bytes_that_come_while_an_event_is_taken_from_the_inbox_are_not_lost() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let said = |id: u16| {
            let payload = format!("{id}").repeat(30);
            let head = format!("+QCOAPRECV: 0,{id},2.05,2,EE01,0,{}", payload.len());
            line.device()
                .say(format!("\r\n{head}\r\n{payload}\r\n").as_bytes());
            payload.into_bytes()
        };
        let first = said(101);
        hello(host);
        let second = said(102);
        assert_eq!(event(host), Some(("response", first)));
        assert_eq!(event(host), Some(("response", second)));
        assert_eq!(event(host), None);
        assert_eq!(host.take_losses(), crate::at::Losses::default());
    });
}
