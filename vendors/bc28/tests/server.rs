//! The small server role: what the network asks is an event, and can be answered.

use super::desk::*;
use crate::client::{Blocking as _, Event, Incoming, Reply, Request};
use crate::message::{Code, Number};
use crate::time::Millis;
use crate::vendors::bc28::Bc28;
use coap_lite::{CoapOption, MessageClass, MessageType, Packet};

fn code(packet: &Packet) -> u8 {
    packet.header.code.into()
}

/// Takes a request that has come, and answers it.
fn serve(host: &mut Host<'_>, reply: &Reply<'_>) {
    let mut buffer = [0; 1400];
    let came = host.event(Millis::from_secs(1), &mut buffer).unwrap();
    let Some(Event::Request(request)) = came else {
        panic!("{came:?}");
    };
    let asker = Incoming::of(&request);
    host.respond(&asker, reply).unwrap();
    // It leaves behind its OK.
    assert_eq!(event(host), None);
}

#[test]
fn a_request_of_the_network_is_an_event_and_its_answer_bears_its_id_and_token() {
    for reads in [1, 16, 64] {
        for decimal in [false, true] {
            let line = line(|quirks| quirks.decimal_mode = decimal);
            line.set_chunk(reads);
            with(&line, |host| {
                up(host);
                hello(host);
                let mut asked = message(MessageType::Confirmable, ASK, 7, b"");
                for segment in ["t", "d"] {
                    asked.add_option(CoapOption::UriPath, segment.into());
                }
                inject(&line, 10, &asked);
                let mut buffer = [0; 1400];
                let event = host.event(Millis::from_secs(1), &mut buffer).unwrap();
                let Some(Event::Request(request)) = event else {
                    panic!("{event:?}");
                };
                assert_eq!((request.code(), request.id()), (Code::GET, 1007));
                assert_eq!(request.token(), [0xEE, 0x01]);
                let path: Vec<&[u8]> = request
                    .options()
                    .filter(|option| option.number == Number::URI_PATH)
                    .map(|option| option.value)
                    .collect();
                assert_eq!(path, [b"t", b"d"]);
                let asker = Incoming::of(&request);
                datagrams(&line);
                let reply = Reply::new(Code::CONTENT).content_format(0).payload(b"21.5");
                host.respond(&asker, &reply).unwrap();
                hello(host);
                let sent = datagrams(&line);
                let answer = &sent[0];
                assert_eq!(answer.header.get_type(), MessageType::Acknowledgement);
                assert_eq!((code(answer), answer.header.message_id), (0x45, 1007));
                assert_eq!(answer.get_token(), [0xEE, 0x01]);
                assert_eq!(answer.payload, b"21.5");
                let options: Vec<u16> = answer.options().map(|(number, _)| *number).collect();
                assert_eq!(options, [12], "none of the request's before");
            });
            polite(&line);
        }
    }
}

#[test]
fn an_answer_to_a_request_without_token_has_none() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let mut asked = message(MessageType::Confirmable, ASK, 8, b"");
        asked.set_token(Vec::new());
        inject(&line, 10, &asked);
        commands(&line);
        serve(host, &Reply::new(Code::VALID));
        let sent = commands(&line);
        assert_eq!(
            sent[..2],
            ["AT+QCOAPHEAD=3,1008", "AT+QCOAPSEND=2,203,192.0.2.1,5683"]
        );
        let answers = datagrams(&line);
        let answer = answers.last().unwrap();
        assert_eq!((code(answer), answer.get_token().len()), (0x43, 0));
    });
    polite(&line);
}

#[test]
fn a_non_confirmable_request_gets_an_answer_in_a_message_of_its_own() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        inject(
            &line,
            10,
            &message(MessageType::NonConfirmable, ASK, 3, b""),
        );
        datagrams(&line);
        serve(host, &Reply::new(Code::CONTENT).payload(b"\x00\x1A\xFF"));
        let sent = datagrams(&line);
        assert_eq!(sent[0].header.get_type(), MessageType::NonConfirmable);
        assert_ne!(sent[0].header.message_id, 1003);
        assert_eq!(sent[0].get_token(), [0xEE, 0x01]);
        assert_eq!(sent[0].payload, b"\x00\x1A\xFF");
    });
    polite(&line);
}

#[test]
fn a_payload_that_comes_with_a_request_is_read_in_either_form() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let payloads = [
            (None, &b"\x00\r\nOK\r\n\x1A"[..]),
            (Some(0), b"plain, \"text\"\r\n"),
            (Some(50), b"\"on\""),
            (Some(50), b"\r\n{}"),
            (Some(42), b"\xFF"),
        ];
        for (id, (format, payload)) in (20..).zip(payloads) {
            let put = MessageClass::Request(coap_lite::RequestType::Put);
            let mut asked = message(MessageType::Confirmable, put, id, payload);
            asked.add_option(CoapOption::UriPath, b"t".to_vec());
            if let Some(format) = format {
                let value = if format == 0 { vec![] } else { vec![format] };
                asked.add_option(CoapOption::ContentFormat, value);
            }
            inject(&line, 10, &asked);
            assert_eq!(event(host), Some(("request", payload.to_vec())));
        }
        assert!(!host.take_losses().matter());
    });
    polite(&line);
}

#[test]
fn an_answer_without_options_does_not_bear_those_of_the_message_before() {
    for (kept, once) in [(true, false), (false, false), (false, true)] {
        let line = line(|quirks| quirks.options_kept = kept);
        let mut dialect = Bc28::default();
        dialect.set_options_used_once(once);
        with_settings(&line, dialect, |host| {
            up(host);
            hello(host);
            inject(&line, 10, &message(MessageType::Confirmable, ASK, 5, b""));
            commands(&line);
            serve(host, &Reply::new(Code::CHANGED));
            let sent = datagrams(&line);
            let answer = sent.last().unwrap();
            assert_eq!(code(answer), 0x44);
            assert_eq!(answer.options().count(), 0);
            let renewed = commands(&line).iter().any(|sent| sent == "AT+QCOAPDEL");
            assert_eq!(renewed, !once, "only where it is known not to be needed");
        });
        polite(&line);
    }
}

#[test]
fn resources_are_told_with_each_context() {
    let line = line(|_| {});
    let mut dialect = Bc28::default();
    dialect.serve(&["/t/d", "/3/0/9"]).unwrap();
    dialect.set_local_port(5683);
    dialect.set_show_sender(true);
    with_settings(&line, dialect, |host| {
        host.attach(&network()).unwrap();
        for _ in 0..2 {
            commands(&line);
            host.connect(&DEMO).unwrap();
            let sent = commands(&line);
            assert_eq!(
                sent[1..],
                [
                    "AT+QCOAPDEL",
                    "AT+QCOAPCREATE=5683",
                    "AT+QCOAPCFG=\"Showrspopt\",1",
                    "AT+QCOAPCFG=\"Showra\",1",
                    "AT+QCOAPADDRES=4,\"/t/d\"",
                    "AT+QCOAPADDRES=6,\"/3/0/9\""
                ]
            );
        }
        // And the sender is read over.
        hello(host);
        inject(&line, 10, &message(MessageType::Confirmable, ASK, 5, b"?"));
        assert_eq!(event(host), Some(("request", b"?".to_vec())));
    });
    polite(&line);
}

#[test]
fn requests_in_the_middle_of_a_request_are_there_afterwards_in_order() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            for (after, id, payload) in [(10, 1, "one"), (45, 2, "two"), (1900, 3, "three")] {
                let asked = message(MessageType::Confirmable, ASK, id, payload.as_bytes());
                inject(&line, after, &asked);
            }
            assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
            hello(host);
            for payload in ["one", "two", "three"] {
                assert_eq!(event(host), Some(("request", payload.into())));
            }
            assert_eq!(event(host), None);
            assert!(!host.take_losses().matter());
        });
        polite(&line);
    }
}

#[test]
fn a_reply_too_large_for_the_module_is_refused() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        inject(&line, 10, &message(MessageType::Confirmable, ASK, 5, b""));
        let mut buffer = [0; 100];
        let event = host.event(Millis::from_secs(1), &mut buffer).unwrap();
        let Some(Event::Request(request)) = event else {
            panic!("{event:?}");
        };
        let asker = Incoming::of(&request);
        line.sent();
        let refused = host.respond(&asker, &Reply::new(Code::CONTENT).payload(&[1; 1025]));
        let error = crate::error::Unsupported::Payload(1024);
        assert_eq!(refused, operation(error));
        assert_eq!(line.sent(), b"");
        host.respond(&asker, &Reply::new(Code::CONTENT).payload(&[1; 1024]))
            .unwrap();
        assert_eq!(ask(host, &Request::get("/hello")).unwrap().0, Code::CONTENT);
    });
    polite(&line);
}
