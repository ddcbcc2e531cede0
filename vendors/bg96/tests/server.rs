//! Requests from the network, and the answers to them: said to the module by us, read on the network by another codec.

use super::desk::*;
use crate::at::At;
use crate::client::{self, Blocking as _, Event, Incoming, Reply, Request};
use crate::error::{Error, Invalid, ModemError, Unsupported};
use crate::front::{Front as _, Polled, Wire};
use crate::message::{Builder, Code, Kind, Number, Value, View};
use crate::modem::{Dialect as _, Modem};
use crate::sim::Line;
use crate::sim::conformance::{Stepped, nasty, poll_and_drop, random};
use crate::time::Millis;
use crate::vendors::bg96::sim::{OptionsShown, ZeroLength};
use crate::vendors::bg96::{Bg96, Client, Memory};
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};
use core::pin::pin;

/// Lets a request of the server's arrive at once.
fn ask(line: &Line<Module>, kind: MessageType, id: u16, token: &[u8], path: &str) {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = MessageClass::Request(RequestType::Post);
    packet.header.message_id = id;
    packet.set_token(token.to_vec());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        packet.add_option(CoapOption::UriPath, segment.as_bytes().to_vec());
    }
    packet.payload = b"how much\r\nOK\r\n".to_vec();
    let (datagram, now) = (packet.to_bytes().unwrap(), line.now());
    let mut module = line.device();
    let socket = module.socket(0).unwrap();
    let server = "192.0.2.1:5683".parse().unwrap();
    module.network().inject(now, socket, server, &datagram);
}

/// The request that arrives within a second: who asked, and its path.
fn asked(host: &mut Host<'_>) -> (Incoming, Vec<u8>) {
    let mut buffer = [0; 400];
    let event = host.event(Millis::from_secs(1), &mut buffer).unwrap();
    let Some(Event::Request(request)) = event else {
        panic!("{event:?}");
    };
    assert_eq!(
        (request.kind(), request.code()),
        (Kind::Confirmable, Code::POST)
    );
    assert_eq!(request.payload(), b"how much\r\nOK\r\n");
    let path = request
        .options()
        .filter(|option| option.number == Number::URI_PATH);
    (
        Incoming::of(&request),
        path.flat_map(|option| option.value.to_vec()).collect(),
    )
}

/// What the module has sent since this was last asked, once all of it has left.
fn left(line: &Line<Module>, host: &mut Host<'_>) -> Vec<Packet> {
    assert!(
        host.event(Millis::new(100), &mut [0; 64])
            .unwrap()
            .is_none()
    );
    let sent = line.device().network().take_journal();
    sent.iter()
        .map(|sent| Packet::from_bytes(&sent.datagram).unwrap())
        .collect()
}

#[test]
fn a_request_of_the_server_is_an_event_and_the_answer_reaches_it_with_its_id_and_token() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            hello(host);
            left(&line, host);
            ask(
                &line,
                MessageType::Confirmable,
                4711,
                &[0xC0, 0xDE],
                "/celsius",
            );
            let (to, path) = asked(host);
            assert_eq!(path, b"celsius");
            line.sent();
            let body = nasty(1, 300);
            let options = [
                (Number::MAX_AGE, Value::Uint(5)),
                (Number::ETAG, Value::Opaque(b"\0\xFF")),
            ];
            let reply = Reply::new(Code::CONTENT)
                .content_format(42)
                .options(&options);
            host.respond(&to, &reply.payload(&body)).unwrap();
            let said = String::from_utf8_lossy(&line.sent()).into_owned();
            assert!(
                said.starts_with("AT+QCOAPHEADER=0,4711,0,2,\"C0DE\"\r"),
                "{said}"
            );
            assert!(said.contains("\rAT+QCOAPSEND=0,2,69,14,300\r"), "{said}");

            let sent = left(&line, host);
            let [answer] = &sent[..] else {
                panic!("{sent:?}");
            };
            assert_eq!(answer.header.get_type(), MessageType::Acknowledgement);
            assert_eq!(answer.header.message_id, 4711);
            assert_eq!(answer.get_token(), [0xC0, 0xDE]);
            assert_eq!(answer.header.get_code(), "2.05");
            let first = |option| {
                answer
                    .get_option(option)
                    .map(|values| values.front().unwrap())
            };
            assert_eq!(first(CoapOption::ContentFormat), Some(&vec![42]));
            assert_eq!(first(CoapOption::MaxAge), Some(&vec![5]));
            assert_eq!(first(CoapOption::ETag), Some(&vec![0, 0xFF]));
            assert_eq!(answer.payload, body);
            hello(host);
            assert!(!host.take_losses().matter());
        });
        polite(&line);
    }
}

#[test]
fn an_answer_without_payload_goes_out_in_every_firmwares_form() {
    for form in [
        ZeroLength::SendsAtOnce,
        ZeroLength::Prompts,
        ZeroLength::Error,
    ] {
        let line = line(|quirks| quirks.zero_length = form);
        with(&line, |host| {
            up(host);
            for id in [1, 2] {
                ask(&line, MessageType::Confirmable, id, &[9], "/x");
                let (to, _) = asked(host);
                host.respond(&to, &Reply::new(Code::CHANGED)).unwrap();
                let sent = left(&line, host);
                assert_eq!(sent.len(), 1);
                assert_eq!(
                    (sent[0].header.message_id, &*sent[0].header.get_code()),
                    (id, "2.04")
                );
            }
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn a_request_without_a_token_is_answered_without_one() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        ask(&line, MessageType::Confirmable, 7, &[], "/x");
        let (to, _) = asked(host);
        line.sent();
        host.respond(&to, &Reply::new(Code::CHANGED)).unwrap();
        assert!(line.sent().starts_with(b"AT+QCOAPHEADER=0,7,0,0,\"\"\r"));
        assert_eq!(left(&line, host)[0].get_token(), []);
        hello(host);
    });
    polite(&line);
}

#[test]
fn every_code_of_the_notes_table_can_be_answered_with_and_no_other() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let (mut said, mut refused) = (0, 0);
        for byte in 0..=255 {
            let code = Code::from_byte(byte);
            if !code.is_response() {
                continue;
            }
            let id = u16::from(byte);
            ask(&line, MessageType::Confirmable, id, &[byte], "/x");
            let (to, _) = asked(host);
            line.sent();
            let result = host.respond(&to, &Reply::new(code).payload(b"why"));
            if matches!(byte, 65..=69 | 128..=134 | 140 | 141 | 143 | 160..=165) {
                assert_eq!(result, Ok(()), "{code}");
                // Beside it go acknowledgements of what was not answered.
                let mut sent = left(&line, host).into_iter();
                assert!(sent.any(|packet| u8::from(packet.header.code) == byte));
                said += 1;
            } else {
                assert_eq!(result, operation(Unsupported::Method(code)));
                assert_eq!(line.sent(), b"", "{code}: nothing at all was sent");
                refused += 1;
            }
        }
        assert_eq!((said, refused), (21, 107));
        let (to, request) = (asked_again(&line, host), Reply::new(Code::GET));
        assert_eq!(
            host.respond(&to, &request),
            operation(Invalid::Code(Code::GET))
        );
        hello(host);
    });
    polite(&line);
}

fn asked_again(line: &Line<Module>, host: &mut Host<'_>) -> Incoming {
    ask(line, MessageType::Confirmable, 999, &[1], "/x");
    asked(host).0
}

#[test]
fn a_request_whose_options_are_hidden_is_no_event_but_a_loss() {
    let line = line(|quirks| quirks.options_shown = OptionsShown::None);
    with(&line, |host| {
        up(host);
        ask(&line, MessageType::Confirmable, 1, &[1], "/celsius");
        let mut buffer = [0; 64];
        let event = host.event(Millis::from_secs(1), &mut buffer).unwrap();
        assert!(
            matches!(event, Some(Event::Lost(losses)) if losses.options == 1),
            "{event:?}"
        );
        // One without a path has no options that could be hidden.
        ask(&line, MessageType::Confirmable, 2, &[2], "");
        asked(host);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_reply_that_could_not_be_sent_does_not_end_a_request_with_the_same_id() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        line.sent();
        hello(host);
        let sent = String::from_utf8(line.sent()).unwrap();
        let id = sent
            .strip_prefix("AT+QCOAPHEADER=0,")
            .unwrap()
            .split(',')
            .next()
            .unwrap();
        let next: u16 = id.parse::<u16>().unwrap() + 1;
        for kind in [2, 3] {
            let at = line.now().after(Millis::new(150));
            line.device().say_at(
                at,
                format!("\r\n+QCOAPACK: 0,{kind},{next},-11\r\n").as_bytes(),
            );
        }
        assert_eq!(get(host, "/separate").unwrap().0, Code::CONTENT);
        assert_eq!(host.take_losses(), crate::at::Losses::default());
    });
    polite(&line);
}

#[test]
fn an_answer_without_a_session_is_an_error() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let to = asked_again(&line, host);
        host.close().unwrap();
        let reply = Reply::new(Code::CONTENT);
        assert_eq!(
            host.respond(&to, &reply),
            operation(ModemError::NotConnected)
        );
        host.connect(&DEMO).unwrap();
        line.device().drop_pdp();
        assert!(
            host.event(Millis::new(100), &mut [0; 64])
                .unwrap()
                .is_some()
        );
        assert_eq!(host.respond(&to, &reply), operation(ModemError::LinkLost));
        up(host);
        hello(host);
    });
}

#[test]
fn an_answer_may_be_given_up_behind_any_byte_and_what_follows_works() {
    let body = nasty(3, 200);
    for polls in 1.. {
        let line = line(|_| {});
        let mut memory = Memory::new();
        let front = Stepped {
            serial: line.serial(),
            clock: line.clock(),
            bytes: 16,
        };
        let mut host: Client<'_, _> = Client::new(&mut memory, front, random);
        host.attach(&network()).unwrap();
        host.connect(&DEMO).unwrap();
        ask(&line, MessageType::Confirmable, 999, &[1], "/x");
        let mut buffer = [0; 400];
        let to = match host.event(Millis::from_secs(1), &mut buffer) {
            Ok(Some(Event::Request(request))) => Incoming::of(&request),
            other => panic!("{other:?}"),
        };
        host.front().bytes = 1;
        let reply = Reply::new(Code::CONTENT).payload(&body);
        let answer = client::CoapClient::respond(&mut host, &to, &reply);
        let ended = poll_and_drop(answer, polls).is_ok();
        host.front().bytes = 16;
        let put = Request::put("/store/y", b"next");
        let response = host.request(&put, &mut buffer).unwrap();
        assert_eq!(response.code(), Code::CREATED, "given up at {polls}");
        for sent in line.device().network().take_journal() {
            let packet = Packet::from_bytes(&sent.datagram).unwrap();
            if packet.get_token() == [1] && !packet.payload.is_empty() {
                assert_eq!(packet.payload, body, "whole or not at all");
            }
        }
        if ended {
            println!("given up at {polls} places");
            assert!(polls > 200);
            return;
        }
    }
}

/// Has a dialect say an empty message, for which the client has no operation.
fn say_empty(line: &Line<Module>, kind: Kind, id: u16) -> Result<(), Error> {
    let (wire, mut memory) = (Wire::new(), [[0; Bg96::LINE]; 3]);
    let [received, command, inbox] = &mut memory;
    let hooks = Modem::<Bg96>::HOOKS;
    let mut at = At::new(&wire, received, command, inbox, hooks);
    let mut dialect = Bg96::default();
    let mut space = [0; 4];
    let message = Builder::new(&mut space, kind, Code::EMPTY, id, &[])
        .unwrap()
        .finish();
    let parameters = crate::endpoint::Parameters::DEFAULT;
    let mut front = Polled::new(line.serial(), line.clock());
    let operation = pin!(async {
        dialect.start(&mut at, &network()).await?;
        dialect.open(&mut at, &DEMO, &parameters).await?;
        dialect
            .send(&mut at, View::parse(message.as_bytes()).unwrap())
            .await?;
        at.pause(100).await
    });
    crate::front::block_on(front.drive(&wire, operation)).unwrap()
}

#[test]
fn empty_acknowledgements_and_resets_have_four_bytes() {
    for (kind, type_bits) in [(Kind::Acknowledgement, 0x60), (Kind::Reset, 0x70)] {
        for form in [
            ZeroLength::SendsAtOnce,
            ZeroLength::Prompts,
            ZeroLength::Error,
        ] {
            let line = line(|quirks| quirks.zero_length = form);
            assert_eq!(say_empty(&line, kind, 0x1234), Ok(()));
            let sent = line.device().network().take_journal();
            assert_eq!(sent.len(), 1);
            assert_eq!(sent[0].datagram, [type_bits, 0, 0x12, 0x34]);
            let said = String::from_utf8(line.sent()).unwrap();
            assert!(
                said.contains("\rAT+QCOAPHEADER=0,4660,0,0,\"\"\r"),
                "{said}"
            );
            let send = format!("\rAT+QCOAPSEND=0,{},0,0", kind as u8);
            assert!(said.contains(&send), "{said}");
            polite(&line);
        }
    }
}

#[test]
fn a_request_that_is_not_answered_in_time_is_acknowledged_by_the_module() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        line.device().network().take_journal();
        let to = asked_again(&line, host);
        assert!(
            host.event(Millis::from_secs(2), &mut [0; 64])
                .unwrap()
                .is_none()
        );
        let sent = line.device().network().take_journal();
        assert_eq!(sent.len(), 1, "the simulated one does so after a second");
        assert_eq!(sent[0].datagram, [0x60, 0, 3, 0xE7]);
        // A late answer goes out as well, for what it is worth.
        host.respond(&to, &Reply::new(Code::CONTENT)).unwrap();
        assert_eq!(left(&line, host).len(), 1);
        hello(host);
    });
}

#[test]
fn a_request_that_is_not_confirmable_is_answered_all_the_same() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        ask(&line, MessageType::NonConfirmable, 5, &[5], "/x");
        let (to, _) = asked(host);
        host.respond(&to, &Reply::new(Code::CONTENT)).unwrap();
        let sent = left(&line, host);
        assert_eq!(
            sent[0].header.get_type(),
            MessageType::Acknowledgement,
            "its type was hidden"
        );
        hello(host);
        let request = Request::get("/hello").non_confirmable();
        let mut buffer = [0; 100];
        assert_eq!(
            host.request(&request, &mut buffer).unwrap().code(),
            Code::CONTENT
        );
    });
    polite(&line);
}
