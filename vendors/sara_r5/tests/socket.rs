//! Datagrams: whose they are, what is lost of them, and what becomes of sockets. (Chapter 5 of the guide.)

use super::desk::*;
use crate::client::{Blocking as _, Remote, Request};
use crate::error::{ClientError, Error, ModemError, Waited};
use crate::message::Code;
use crate::modem::Dialect;
use crate::sim::Line;
use crate::sim::conformance::{Silence, nasty};
use crate::sim::module::agent::Message;
use crate::time::Millis;
use coap_lite::MessageType;
use std::net::SocketAddr;

/// Asks for what is never answered, and lets a datagram come in place of the answer: from an address, made of the answer.
fn answered_by<D: Dialect + Default>(
    from: &str,
    change: impl Fn(Message) -> Vec<u8>,
    line: &Line<Module>,
) -> Result<Vec<u8>, Failure> {
    with(line, D::default(), |host| {
        up(host);
        line.device().network().take_journal();
        let request = Request::get("/silent").limit(Millis::from_secs(3));
        let mut buffer = [0; 1400];
        let result = {
            let mut future = std::pin::pin!(crate::client::CoapClient::request(
                host,
                &request,
                &mut buffer
            ));
            let mut context = core::task::Context::from_waker(core::task::Waker::noop());
            let mut answered = false;
            loop {
                if let core::task::Poll::Ready(result) = future.as_mut().poll(&mut context) {
                    break result.map(|response| response.payload().to_vec());
                }
                let at = line.now().after(Millis::new(40));
                let mut module = line.device();
                let sent = module.network().take_journal().into_iter().next();
                if let (Some(sent), false) = (sent, answered) {
                    answered = true;
                    let asked = Message::parse(&sent.datagram).unwrap();
                    let mut message = Message::new(MessageType::Acknowledgement, 69, asked.id);
                    message.token = asked.token;
                    message.payload = b"an answer".to_vec();
                    let from: SocketAddr = from.parse().unwrap();
                    module
                        .network()
                        .inject(at, sent.socket, from, &change(message));
                }
            }
        };
        hello(host);
        result
    })
}

#[test]
fn a_response_from_another_address_or_port_is_nobodys() {
    let line = || line(|_| {});
    let bytes = |message: Message| message.to_bytes();
    let answer = b"an answer".to_vec();
    assert_eq!(
        answered_by::<Sockets>("192.0.2.1:5683", bytes, &line()),
        Ok(answer)
    );
    for other in [
        "192.0.2.2:5683",
        "192.0.2.1:5684",
        "2.0.192.1:5683",
        "[2001:db8::1]:5683",
    ] {
        for result in [
            answered_by::<Sockets>(other, bytes, &line()),
            answered_by::<Binary>(other, bytes, &line()),
        ] {
            assert_eq!(result, operation(Waited::Acknowledgement), "{other}");
        }
    }
}

#[test]
fn a_datagram_longer_than_may_be_is_told_and_never_taken_for_a_shorter_one() {
    for whole in [false, true] {
        for reads in [1, 64] {
            let line = line(|quirks| quirks.whole_datagrams = whole);
            line.set_chunk(reads);
            sockets(&line, |host| {
                up(host);
                // 1024 bytes of payload.
                let request = Request::get("/large").limit(Millis::from_secs(1));
                assert_eq!(ask(host, &request), operation(Waited::Acknowledgement));
                assert_eq!(host.take_losses().messages, 1);
                // Nor is the next one taken for its rest: there would be no second one.
                let greeting = ask(host, &Request::get("/hello").non_confirmable());
                assert_eq!(greeting.unwrap().0, Code::CONTENT);
                hello(host);
            });
            polite(&line);
        }
    }
}

#[test]
fn the_largest_datagrams_go_both_ways() {
    fn both_ways<D: Dialect + Default>(largest: usize) {
        let line = line(|_| {});
        with(&line, D::default(), |host| {
            up(host);
            // Header, token, path and marker; then what the response has beside its payload.
            let body = nasty(9, largest - 4 - 4 - 8 - 1);
            let put = ask(host, &Request::put("/store/x", &body)).unwrap();
            assert_eq!(put.0, Code::CREATED);
            assert_eq!(get(host, "/store/x"), Ok((Code::CONTENT, body)));
        });
        polite(&line);
    }
    both_ways::<Sockets>(512);
    both_ways::<Binary>(1024);
}

#[test]
fn a_length_that_is_a_misprint_wedges_nothing() {
    fn misprinted<D: Dialect + Default>() {
        for reads in [1, 16, 64] {
            let line = line(|quirks| quirks.misprinted_length = true);
            line.set_chunk(reads);
            with(&line, D::default(), |host| {
                up(host);
                let request = Request::get("/hello").limit(Millis::from_secs(3));
                assert_eq!(ask(host, &request), operation(Waited::Acknowledgement));
                line.device().quirks.misprinted_length = false;
                hello(host);
            });
            polite(&line);
        }
    }
    misprinted::<Sockets>();
    misprinted::<Binary>();
}

#[test]
fn ok_alone_is_no_proof_that_something_was_sent() {
    fn nothing_sent<D: Dialect + Default>() {
        let line = line(|_| {});
        with(&line, D::default(), |host| {
            up(host);
            line.device().quirks.sends_nothing = 1;
            let began = line.now();
            hello(host);
            let took = line.now().since(began).as_millis();
            assert!(took < 400, "said once more at once: {took} ms");
            line.device().quirks.sends_nothing = 2;
            assert_eq!(get(host, "/hello"), operation(ModemError::Undelivered));
            line.sent();
            hello(host);
            // Whose OK that was is found out first.
            assert_eq!(commands(&line)[0], "AT+CMEE?");
        });
        polite(&line);
    }
    nothing_sent::<Sockets>();
    nothing_sent::<Binary>();
}

#[test]
fn a_socket_that_is_gone_is_told_and_connecting_again_heals_it() {
    for (how, word) in [("without a word", false), ("with its line", true)] {
        let happen = |module: &mut Module| {
            if word {
                module.close_socket(0);
            } else {
                module.vanish_socket(0);
            }
        };
        let line = line(|_| {});
        sockets(&line, |host| {
            up(host);
            hello(host);
            happen(&mut line.device());
            assert_eq!(
                get(host, "/hello"),
                operation(ModemError::LinkLost),
                "{how}"
            );
            host.connect(&DEMO).unwrap();
            hello(host);
            // And between an announcement and its datagram.
            let at = line.now().after(Millis::new(30));
            line.device().say_at(at, b"\r\n+UUSORD: 0,4\r\n");
            line.device().vanish_socket(0);
            let result = get(host, "/hello");
            assert_eq!(result, operation(ModemError::LinkLost), "{how}");
            host.connect(&DEMO).unwrap();
            hello(host);
        });
    }
}

#[test]
fn an_announcement_that_was_lost_is_asked_for() {
    for confirmable in [true, false] {
        let device = crate::sim::conformance::Faulty::new(
            crate::vendors::sara_r5::sim::SimSaraR5::new(crate::sim::TestNetwork::default()),
        );
        crate::sim::conformance::seed();
        let line = Line::new(device, crate::sim::TimeSource::Virtual);
        let mut memory = crate::vendors::sara_r5::SocketsMemory::new();
        let front = crate::front::Polled::new(line.serial(), line.clock());
        let mut host: crate::vendors::sara_r5::SocketsClient<'_, _> =
            crate::modem::Client::new(&mut memory, front, crate::sim::conformance::random);
        host.attach(&network()).unwrap();
        host.connect(&DEMO).unwrap();
        let mut buffer = [0; 256];
        let mut ask = |limit: Millis| {
            let mut request = Request::get("/hello").limit(limit);
            if !confirmable {
                request = request.non_confirmable();
            }
            host.request(&request, &mut buffer)
                .map(|response| response.code())
        };
        // The module hears the request, and nothing that it says arrives.
        line.device().silence(Some((0, Silence::Mute)));
        let missed = ask(Millis::from_secs(1));
        assert!(
            matches!(missed, Err(ClientError::Operation(Error::Timeout(_)))),
            "{missed:?}"
        );
        line.device().silence(None);
        assert_eq!(ask(Millis::from_secs(20)), Ok(Code::CONTENT));
    }
}

#[test]
fn sockets_of_an_earlier_life_are_closed_and_those_that_are_no_datagram_sockets_are_not() {
    let line = line(|_| {});
    sockets(&line, |host| host.attach(&network()).unwrap());
    for protocol in [17, 6, 17, 17, 17, 17, 17] {
        typed(&line, &format!("AT+USOCR={protocol}"));
    }
    assert_eq!(line.device().sockets().len(), 7, "all that there are");
    sockets(&line, |host| {
        up(host);
        hello(host);
        assert_eq!(line.device().sockets(), [0, 1]);
        host.close().unwrap();
        assert_eq!(line.device().sockets(), [1]);
    });
    for _ in 0..3 {
        sockets(&line, |host| {
            up(host);
            hello(host);
        });
        assert_eq!(line.device().sockets(), [0, 1]);
    }
    polite(&line);
}

#[test]
fn how_data_is_written_is_set_whatever_it_was() {
    let line = line(|quirks| quirks.keeps_udconf = true);
    for _ in 0..2 {
        sockets(&line, |host| {
            up(host);
            hello(host);
        });
        line.device().reset();
        with(&line, Binary::default(), |host| {
            up(host);
            hello(host);
        });
        line.device().reset();
    }
    polite(&line);
}

#[test]
fn a_name_that_is_not_known_has_its_error() {
    let line = line(|_| {});
    sockets(&line, |host| {
        host.attach(&network()).unwrap();
        let nowhere = Remote::new("nowhere.example", 5683);
        line.sent();
        assert_eq!(host.connect(&nowhere), operation(ModemError::Dns));
        let asked = commands(&line);
        let count = asked.iter().filter(|sent| sent.contains("UDNSRN")).count();
        assert_eq!(count, 2, "refused too soon for a name server: once more");
        assert_eq!(get(host, "/hello"), operation(ModemError::NotConnected));
        host.connect(&DEMO).unwrap();
        hello(host);
    });
    polite(&line);
}

#[test]
fn datagrams_that_come_together_are_all_fetched() {
    for reads in [1, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        sockets(&line, |host| {
            up(host);
            let socket = line.device().handle(Some(0)).unwrap();
            // What others say: CoAP pings, each of which is reset.
            for id in 1..=5 {
                let at = line.now().after(Millis::new(60));
                let ping = [0x40, 0, 0xAA, id];
                let from = "192.0.2.1:5683".parse().unwrap();
                line.device().network().inject(at, socket, from, &ping);
            }
            line.device().network().take_journal();
            assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
            let sent = line.device().network().take_journal();
            let resets = sent.iter().filter(|sent| sent.datagram[0] == 0x70);
            assert_eq!(resets.count(), 5);
        });
        polite(&line);
    }
}

#[test]
fn servers_by_turns_use_one_socket() {
    let line = line(|_| {});
    sockets(&line, |host| {
        host.attach(&network()).unwrap();
        for name in ["demo", "192.0.2.7", "demo", "2001:db8::1"] {
            host.connect(&Remote::new(name, 5683)).unwrap();
            hello(host);
        }
        assert_eq!(line.device().sockets(), [0]);
        assert_eq!(line.device().count("USOCR"), 1);
    });
    polite(&line);
}

#[test]
fn that_nothing_waits_may_be_an_error_and_is_no_loss_of_the_socket() {
    fn refused<D: Dialect + Default>() {
        let line = line(|quirks| quirks.nothing_is_an_error = true);
        with(&line, D::default(), |host| {
            up(host);
            // Not answered: before the next request it is asked whether its answer waits.
            let silent = Request::get("/silent").limit(Millis::from_secs(1));
            assert_eq!(ask(host, &silent), operation(Waited::Acknowledgement));
            hello(host);
            // Announced, and not there.
            let at = line.now().after(Millis::new(30));
            line.device().say_at(at, b"\r\n+UUSORD: 0,4\r\n");
            hello(host);
            let large = Request::get("/large").limit(Millis::from_secs(1));
            line.device().quirks.whole_datagrams = true;
            let _ = ask(host, &large);
            hello(host);
        });
        polite(&line);
    }
    refused::<Sockets>();
    refused::<Binary>();
}

#[test]
fn sockets_that_outlive_the_profile_do_not_use_up_what_there_are() {
    let line = line(|quirks| quirks.keeps_sockets = true);
    sockets(&line, |host| {
        for _ in 0..9 {
            up(host);
            hello(host);
            line.device().drop_profile();
            assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
        }
    });
    polite(&line);
}

#[test]
fn an_announcement_that_overtakes_the_datagram_before_it_is_not_lost() {
    for reads in [1, 64] {
        let line = line(|quirks| quirks.announces_early = true);
        line.set_chunk(reads);
        sockets(&line, |host| {
            up(host);
            let socket = line.device().handle(Some(0)).unwrap();
            for id in 1..=5 {
                let at = line.now().after(Millis::new(60));
                let ping = [0x40, 0, 0xAA, id];
                let from = "192.0.2.1:5683".parse().unwrap();
                line.device().network().inject(at, socket, from, &ping);
            }
            line.device().network().take_journal();
            let separate = Request::get("/separate").non_confirmable();
            assert_eq!(ask(host, &separate).unwrap().1, b"This took a while.");
            let sent = line.device().network().take_journal();
            let resets = sent.iter().filter(|sent| sent.datagram[0] == 0x70);
            assert_eq!(resets.count(), 5);
        });
        polite(&line);
    }
}

#[test]
fn a_socket_of_which_only_ok_tells_is_an_error_and_not_left_behind() {
    let line = line(|_| {});
    sockets(&line, |host| {
        host.attach(&network()).unwrap();
        line.device().quirks.hides_socket = 1;
        assert_eq!(host.connect(&DEMO), operation(ModemError::Unexpected));
        host.connect(&DEMO).unwrap();
        hello(host);
        assert_eq!(line.device().sockets(), [0], "the other one is closed");
    });
    polite(&line);
}

#[test]
fn a_question_for_leftovers_that_was_not_answered_is_asked_again() {
    let device = crate::sim::conformance::Faulty::new(
        crate::vendors::sara_r5::sim::SimSaraR5::new(crate::sim::TestNetwork::default()),
    );
    crate::sim::conformance::seed();
    let line = Line::new(device, crate::sim::TimeSource::Virtual);
    for turns in (0..8).rev() {
        let mut memory = crate::vendors::sara_r5::SocketsMemory::new();
        let front = crate::front::Polled::new(line.serial(), line.clock());
        let mut host: crate::vendors::sara_r5::SocketsClient<'_, _> =
            crate::modem::Client::new(&mut memory, front, crate::sim::conformance::random);
        host.attach(&network()).unwrap();
        line.device().silence(Some((turns, Silence::Mute)));
        let missed = host.connect(&DEMO);
        assert_eq!(missed, operation(Waited::Modem), "turn {turns}");
        line.device().silence(None);
        host.connect(&DEMO).unwrap();
        assert_eq!(line.device().inner.sockets(), [0], "turn {turns}");
        // The client ends here, and leaves its socket to the next.
    }
}
