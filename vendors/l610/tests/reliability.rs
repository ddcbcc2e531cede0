//! RFC 7252, section 4, over this link: the endpoint repeats, acknowledges and recognises duplicates.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::endpoint::Parameters;
use crate::error::{PeerError, Waited};
use crate::message::Code;
use crate::sim::{Line, TestNetwork};
use crate::time::Millis;
use coap_lite::{MessageType, Packet};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

fn network_of(line: &Line<Module>, change: impl FnOnce(&mut TestNetwork)) {
    change(line.device().network());
}

/// The datagrams of the last request: how many, each a copy of the first.
fn copies(line: &Line<Module>) -> usize {
    let sent = line.device().network().take_journal();
    let first = &sent.first().unwrap().datagram;
    assert!(sent.iter().all(|one| one.datagram == *first), "copies");
    sent.len()
}

#[test]
fn a_request_that_is_lost_is_sent_again_until_it_arrives() {
    for lost in 0..=4 {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            network_of(&line, |network| network.drop_sent(lost));
            let began = line.now();
            hello(host);
            assert_eq!(copies(&line), usize::try_from(lost).unwrap() + 1);
            // 2 to 3 s, then twice as long each time (4.2).
            let least = 2000 * ((1 << lost) - 1);
            let took = line.now().since(began).as_millis();
            assert!(
                (least..=2 * least + 200).contains(&took),
                "{lost}: {took} ms"
            );
        });
        polite(&line);
    }
}

#[test]
fn after_four_repetitions_it_is_given_up() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        network_of(&line, |network| network.drop_sent(5));
        assert_eq!(get(host, "/hello"), operation(Waited::Acknowledgement));
        assert_eq!(copies(&line), 5);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_lost_response_is_asked_for_again_and_the_server_does_not_act_twice() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        network_of(&line, |network| network.drop_answers(2));
        let mut buffer = [0; 100];
        let put = Request::put("/store/x", b"once");
        let response = host.request(&put, &mut buffer).unwrap();
        assert_eq!(
            response.code(),
            Code::CREATED,
            "not Changed: its duplicates are known"
        );
        assert_eq!(copies(&line), 3);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_separate_response_is_acknowledged_and_its_duplicates_are_too() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        journal(&line);
        network_of(&line, |network| network.link.duplicates = 100);
        assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
        let mut buffer = [0; 100];
        assert!(
            host.event(Millis::from_secs(3), &mut buffer)
                .unwrap()
                .is_none()
        );
        let sent = journal(&line);
        let acks: Vec<_> = sent
            .iter()
            .filter(|one| one.0 == MessageType::Acknowledgement)
            .collect();
        assert_eq!(acks.len(), 2, "one for each copy: {sent:?}");
        assert_eq!(acks[0], acks[1]);
        assert_eq!(acks[0].1, 0, "empty");
        assert!(
            sent.iter().all(|one| one.0 != MessageType::Reset),
            "{sent:?}"
        );
        network_of(&line, |network| network.link.duplicates = 0);
        hello(host);
    });
    polite(&line);
}

#[test]
fn an_acknowledgement_that_is_lost_is_sent_again_when_the_response_comes_again() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        journal(&line);
        let mut buffer = [0; 100];
        {
            let request = Request::get("/separate");
            let mut asked = pin!(crate::client::CoapClient::request(
                host,
                &request,
                &mut buffer
            ));
            let mut context = Context::from_waker(Waker::noop());
            let mut lost = false;
            let response = loop {
                if let Poll::Ready(response) = asked.as_mut().poll(&mut context) {
                    break response;
                }
                if !lost && !line.device().network().journal().is_empty() {
                    // The request is out; what goes out next is lost.
                    network_of(&line, |network| network.drop_sent(1));
                    lost = true;
                }
            };
            assert_eq!(response.unwrap().payload(), b"This took a while.");
        }
        assert!(
            host.event(Millis::from_secs(8), &mut buffer)
                .unwrap()
                .is_none()
        );
        let sent = journal(&line);
        let (request, acknowledgements) = sent.split_first().unwrap();
        assert_eq!(request.0, MessageType::Confirmable);
        assert_eq!(
            acknowledgements.len(),
            2,
            "the lost one, and that of the repetition: {sent:?}"
        );
        assert_eq!(acknowledgements[0], acknowledgements[1]);
        assert_eq!(acknowledgements[0].0, MessageType::Acknowledgement);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_ping_is_answered_with_a_reset_and_a_strangers_response_too() {
    for stray in [
        &[0x40, 0, 0x12, 0x34][..],
        &[0x42, 0x45, 0x12, 0x34, 0xDE, 0xAD, 0xFF, b'x'],
    ] {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            journal(&line);
            let socket = line.device().socket(1).unwrap();
            let at = line.now().after(Millis::new(10));
            let server = "192.0.2.1:5683".parse().unwrap();
            line.device().network().inject(at, socket, server, stray);
            let mut buffer = [0; 100];
            assert!(host.event(Millis::new(300), &mut buffer).unwrap().is_none());
            assert_eq!(journal(&line), [(MessageType::Reset, 0, 0x1234)]);
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn a_request_from_the_network_is_reset_for_there_is_no_server_here() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        journal(&line);
        let socket = line.device().socket(1).unwrap();
        let at = line.now().after(Millis::new(10));
        let server = "192.0.2.1:5683".parse().unwrap();
        let request = [0x41, 1, 0x00, 0x07, 0xAA, 0xB1, b'x'];
        line.device().network().inject(at, socket, server, &request);
        hello(host);
        let sent = journal(&line);
        assert!(sent.contains(&(MessageType::Reset, 0, 7)), "{sent:?}");
    });
    polite(&line);
}

/// The time of the request before is long over; that is no reason to leave a ping unanswered.
#[test]
fn a_ping_long_after_a_request_is_answered() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        let mut buffer = [0; 64];
        let nothing = host.event(Millis::from_secs(200), &mut buffer).unwrap();
        assert!(nothing.is_none(), "{nothing:?}");
        journal(&line);
        let socket = line.device().socket(1).unwrap();
        let at = line.now().after(Millis::new(10));
        let server = "192.0.2.1:5683".parse().unwrap();
        let ping = [0x40, 0, 0x12, 0x34];
        line.device().network().inject(at, socket, server, &ping);
        host.event(Millis::new(300), &mut buffer).unwrap();
        assert_eq!(journal(&line), [(MessageType::Reset, 0, 0x1234)]);
    });
    polite(&line);
}

#[test]
fn a_non_confirmable_request_is_sent_once() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        network_of(&line, |network| network.drop_sent(1));
        let request = Request::get("/hello")
            .non_confirmable()
            .limit(Millis::from_secs(30));
        let mut buffer = [0; 100];
        let lost = host.request(&request, &mut buffer).map(|one| one.code());
        assert_eq!(lost, operation(Waited::Response));
        assert_eq!(copies(&line), 1);
        assert_eq!(
            host.request(&request, &mut buffer).unwrap().code(),
            Code::CONTENT
        );
    });
    polite(&line);
}

#[test]
fn a_reset_ends_the_exchange() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        assert_eq!(get(host, "/reset"), operation(PeerError::Reset));
        hello(host);
    });
    polite(&line);
}

#[test]
fn the_transmission_parameters_are_the_endpoints() {
    let line = line(|_| {});
    with(&line, |host| {
        host.set_parameters(Parameters {
            ack_timeout: Millis::from_secs(10),
            ack_random_percent: 0,
            max_retransmit: 1,
        });
        up(host);
        network_of(&line, |network| network.drop_sent(2));
        let began = line.now();
        assert_eq!(get(host, "/hello"), operation(Waited::Acknowledgement));
        assert_eq!(copies(&line), 2);
        let took = line.now().since(began).as_millis();
        assert!((30_000..31_000).contains(&took), "10 s and 20 s: {took}");
        hello(host);
    });
    polite(&line);
}

/// A bad network, and a session that works in it all the same; whatever was lost, no payload is torn.
#[test]
fn requests_get_through_a_network_that_loses_and_doubles() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        network_of(&line, |network| {
            network.link.loss = 25;
            network.link.duplicates = 25;
        });
        let mut given_up = 0;
        for round in 0..60 {
            let body = crate::sim::conformance::nasty(round, 200);
            let mut buffer = [0; 600];
            match host.request(&Request::put("/store/x", &body), &mut buffer) {
                Ok(response) => {
                    assert!(response.code().is_success());
                    if let Ok((code, back)) = get(host, "/store/x") {
                        assert_eq!((code, back), (Code::CONTENT, body));
                    }
                }
                Err(_) => given_up += 1,
            }
            let separate = get(host, "/separate");
            assert!(separate.is_err() || separate.unwrap().1 == b"This took a while.");
        }
        assert!(given_up < 6, "{given_up} of 60");
        for sent in line.device().network().take_journal() {
            assert!(Packet::from_bytes(&sent.datagram).is_ok());
        }
    });
    polite(&line);
}
