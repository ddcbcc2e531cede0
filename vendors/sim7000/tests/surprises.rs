//! What happens to a modem, a line or a network while somebody uses them.

use super::Desk;
use super::desk::*;
use crate::client::{Blocking as _, Event, Incoming, Reply, Request};
use crate::error::{ModemError, PeerError};
use crate::message::Code;
use crate::sim::Line;
use crate::sim::conformance::{Op, at_every_poll};
use crate::time::Millis;
use coap_lite::{MessageType, Packet};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};

/// The last boot line alone, in the middle of a session.
#[test]
fn a_restart_that_only_its_last_line_tells() {
    let line = line(|quirks| quirks.boot = vec!["SMS Ready".into()]);
    with(&line, |host| {
        up(host);
        hello(host);
        line.device().reset();
        let mut buffer = [0; 64];
        let event = host.event(Millis::from_secs(10), &mut buffer).unwrap();
        assert!(matches!(event, Some(Event::Restarted)), "{event:?}");
        assert_eq!(get(host, "/hello"), operation(ModemError::Restarted));
        up(host);
        hello(host);
    });
}

/// Nothing at all is said: the echo, which was off, shows it.
#[test]
fn a_restart_without_a_word_is_found_by_its_echo() {
    let line = line(|quirks| quirks.boot.clear());
    with(&line, |host| {
        up(host);
        hello(host);
        line.device().reset();
        let mut buffer = [0; 64];
        let event = host.event(Millis::from_secs(10), &mut buffer).unwrap();
        assert!(event.is_none(), "{event:?}");
        assert_eq!(get(host, "/hello"), operation(ModemError::Restarted));
        up(host);
        hello(host);
    });
}

#[test]
fn a_lost_context_in_mid_request_is_told_and_attach_and_connect_heal_it() {
    let cases = at_every_poll::<Desk>(
        Module::drop_pdp,
        &[ModemError::LinkLost.into()],
        &[Op::Attach, Op::connect::<Desk>()],
    );
    println!("context lost at {cases} places");
    assert!(cases > 5);
}

#[test]
fn a_socket_that_fails_in_mid_request_is_healed_by_connect_alone() {
    let cases = at_every_poll::<Desk>(
        Module::fail_socket,
        &[ModemError::LinkLost.into()],
        &[Op::connect::<Desk>()],
    );
    assert!(cases > 5);
}

#[test]
fn losing_the_link_while_idle_is_told_once() {
    let lines = [
        "+APP PDP: DEACTIVE",
        "+APP PDP: 0,DEACTIVE",
        "+APP PDP:DEACTIVE",
        "+PDP: DEACT",
        "PDP DEACT",
        "RDY",
        "NORMAL POWER DOWN",
        "UNDER-VOLTAGE POWER DOWN",
        "OVER-VOLTAGE POWER DOWN",
        "SMS Ready",
    ];
    for said in lines {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            line.device().say(format!("\r\n{said}\r\n").as_bytes());
            let mut buffer = [0; 64];
            let event = host.event(Millis::from_secs(1), &mut buffer).unwrap();
            let lost = said.contains("DEACT");
            match event {
                Some(Event::Restarted) => assert!(!lost, "{said}"),
                Some(Event::LinkLost) => assert!(lost, "{said}"),
                other => panic!("{said}: {other:?}"),
            }
            let again = host.event(Millis::from_secs(1), &mut buffer).unwrap();
            assert!(again.is_none(), "{again:?}");
            let error = if lost {
                ModemError::LinkLost
            } else {
                ModemError::Restarted
            };
            assert_eq!(get(host, "/hello"), operation(error));
            up(host);
            hello(host);
        });
    }
}

#[test]
fn an_object_left_over_after_a_restart_of_the_host_alone_is_replaced() {
    let line = line(|_| {});
    for _ in 0..3 {
        with(&line, |host| {
            up(host);
            hello(host);
            assert_eq!(get(host, "/store/none").unwrap().0, Code::NOT_FOUND);
        });
    }
    polite(&line);
}

/// Values of a message that was put and not sent must not go out with the next.
#[test]
fn a_put_that_is_dropped_leaves_nothing_in_the_next_message() {
    for adds in [true, false] {
        for polls in 1.. {
            let line = line(|quirks| quirks.lines_add = adds);
            let ended = with(&line, |host| {
                up(host);
                let mut buffer = [0; 1400];
                let request = Request::put("/store/x?y", b"payload").content_format(0);
                let ended = {
                    let mut future = pin!(crate::client::CoapClient::request(
                        host,
                        &request,
                        &mut buffer
                    ));
                    let mut context = Context::from_waker(Waker::noop());
                    (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready())
                };
                line.device().network().take_journal();
                assert_eq!(get(host, "/options").unwrap().1, b"11 6F7074696F6E73\n");
                for sent in line.device().network().take_journal() {
                    let packet = Packet::from_bytes(&sent.datagram).unwrap();
                    let get = packet.header.code == ASK;
                    assert!(!get || packet.payload.is_empty(), "dropped at {polls}");
                }
                ended
            });
            if ended {
                break;
            }
        }
    }
}

#[test]
fn what_a_network_refuses_has_errors_of_its_own() {
    for own_ids in [false, true] {
        let line = line(|quirks| quirks.own_ids = own_ids);
        with(&line, |host| {
            assert_eq!(get(host, "/hello"), operation(ModemError::NotConnected));
            up(host);
            assert_eq!(get(host, "/reset"), operation(PeerError::Reset));
            assert_eq!(get(host, "/silent"), operation(ModemError::Undelivered));
            let slow = Request::get("/ack-only").limit(Millis::from_secs(120));
            let mut buffer = [0; 100];
            let result = host.request(&slow, &mut buffer).map(|_| ());
            assert_eq!(result, operation(ModemError::Undelivered));
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn a_timeout_is_told_in_every_form_and_one_of_another_request_is_not_ours() {
    for (without_id, blank) in [(false, true), (true, true), (false, false), (true, false)] {
        let line = line(|quirks| {
            quirks.timeout_without_id = without_id;
            quirks.blank_after_colon = blank;
        });
        with(&line, |host| {
            up(host);
            let result = get(host, "/silent");
            assert_eq!(result, operation(ModemError::Undelivered));
            let began = line.now();
            let at = began.after(Millis::new(500));
            line.device().say_at(at, b"\r\n+CCOAPACTION: 2,9\r\n");
            assert_eq!(get(host, "/separate").unwrap().0, Code::CONTENT);
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
            hello(host);
            inject(&line, 60, CONTENT, 1001, &[9], b"kept");
            let lines = [
                "DST: 1",
                "*PSUTTZ: 2026,11,25,3,12,1,\"+4\",0",
                "*PSNWID: \"460\",\"11\",\"CHN-CT\",0,\"CHN-CT\",0",
                "+CTZV: +8,0",
                "+CREG: 1",
                "+CGREG: 1",
                "+CEREG: 5,\"1A2B\",\"01A2B3C4\",9",
                "+CPIN: NOT READY",
                "+CMTI: \"SM\",1",
                "UNDER-VOLTAGE WARNNING",
                "UNDER-VOLTAGE WARNING",
                "OVER-VOLTAGE WARNNING",
                "+APP PDP: ACTIVE",
                "+APP PDP: 0,ACTIVE",
                "+CNACT: 1,\"10.0.0.1\"",
                "+CCOAPACTION: 2,1",
                "> ",
            ];
            // A whole line every millisecond: between echo, answer and OK.
            for (step, said) in (0..400).zip(lines.iter().cycle()) {
                let at = line.now().after(Millis::new(step));
                line.device()
                    .say_at(at, format!("\r\n{said}\r\n").as_bytes());
            }
            let body = b"0123456789".repeat(30);
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
            assert!(!losses.matter(), "{losses:?}");
            assert!(losses.unknown < 30, "only the prompt: {losses:?}");
        });
    }
}

/// What the network sent since the last look.
fn sent(line: &Line<Module>) -> Vec<Packet> {
    let journal = line.device().network().take_journal();
    let packets = journal.iter();
    packets
        .map(|sent| Packet::from_bytes(&sent.datagram).unwrap())
        .collect()
}

#[test]
fn a_request_from_the_network_is_answered_in_its_acknowledgement() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        inject(&line, 10, ASK, 777, &[0xA1, 0xB2], b"");
        inject(&line, 20, ASK, 778, &[0xA1, 0xB3], b"");
        for (id, token) in [(777, [0xA1, 0xB2]), (778, [0xA1, 0xB3])] {
            sent(&line);
            let mut buffer = [0; 1400];
            let asked = host.event(Millis::from_secs(1), &mut buffer).unwrap();
            let Some(Event::Request(request)) = asked else {
                panic!("{asked:?}");
            };
            let to = Incoming::of(&request);
            let reply = Reply::new(Code::CONTENT).content_format(0).payload(b"21.5");
            host.respond(&to, &reply).unwrap();
            let mut clock = line.clock();
            let until = line.now().after(Millis::new(50));
            while !line.now().reached(until) {
                crate::front::Clock::idle(&mut clock, until);
            }
            let answers = sent(&line);
            let answer = answers.last().unwrap();
            assert_eq!(answer.header.get_type(), MessageType::Acknowledgement);
            assert_eq!(answer.header.message_id, id);
            assert_eq!(answer.get_token(), token);
            assert_eq!(answer.header.code, CONTENT);
            assert_eq!(answer.payload, b"21.5");
        }
        let mut said = commands(&line);
        said.retain(|one| one.contains("PARA"));
        assert_eq!(
            said.last().unwrap(),
            r#"AT+CCOAPPARA=code,45,type,"ACK",mid,778,token,1,"A1B3",content-format,0,payload,0,"21.5""#
        );
        hello(host);
    });
    polite(&line);
}
