//! What happens to a modem, a line or a network while somebody uses them.

use super::Desk;
use super::desk::*;
use crate::client::{Blocking as _, Event, Request};
use crate::error::{ModemError, Waited};
use crate::message::Code;
use crate::sim::conformance::{Op, at_every_poll};
use crate::time::Millis;
use crate::vendors::l610::sim::Refusals;

#[test]
fn a_lost_call_in_mid_request_is_told_and_attach_and_connect_heal_it() {
    let cases = at_every_poll::<Desk>(
        Module::drop_call,
        &[ModemError::LinkLost.into()],
        &[Op::Attach, Op::connect::<Desk>()],
    );
    println!("call lost at {cases} places");
    assert!(cases > 5);
}

#[test]
fn a_call_that_is_lost_without_a_word_is_found_by_the_next_request() {
    for refusals in [Refusals::Plain, Refusals::Cme, Refusals::Tcpip] {
        let line = line(|quirks| quirks.refusals = refusals);
        with(&line, |host| {
            up(host);
            line.device().drop_call_silently();
            assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
            assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
            assert_eq!(host.connect(&DEMO), operation(ModemError::LinkLost));
            up(host);
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn every_id_is_dead_when_the_call_is_lost() {
    for stay in [true, false] {
        for clients in [1, 6] {
            let line = line(|quirks| {
                quirks.dead_ids_stay = stay;
                quirks.clients = clients;
            });
            with(&line, |host| {
                up(host);
                for _ in 0..8 {
                    line.device().drop_call();
                    assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
                    up(host);
                    hello(host);
                }
            });
            polite(&line);
        }
    }
}

#[test]
fn a_session_that_died_with_the_call_can_be_closed() {
    for stay in [true, false] {
        let line = line(|quirks| quirks.dead_ids_stay = stay);
        with(&line, |host| {
            up(host);
            line.device().drop_call();
            host.close().unwrap();
            host.close().unwrap();
            up(host);
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn a_restart_without_a_word_is_found_by_attach() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        let mut module = line.device();
        module.quirks.boot.clear();
        module.reset();
        drop(module);
        let result = get(host, "/separate");
        assert!(result.is_err(), "{result:?}");
        up(host);
        hello(host);
    });
}

/// The module is back before anybody asks it: echo on, no call, no client.
#[test]
fn a_restart_without_a_word_is_told_as_the_loss_of_the_link_if_the_module_is_back() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        line.device().quirks.boot.clear();
        line.device().reset();
        let mut buffer = [0; 16];
        assert!(
            host.event(Millis::from_secs(10), &mut buffer)
                .unwrap()
                .is_none()
        );
        assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
        up(host);
        hello(host);
    });
}

#[test]
fn losing_the_link_while_idle_is_told_once() {
    let drop_card = |module: &mut Module| module.say(b"\r\n+SIM DROP\r\n");
    for (happen, restarted) in [
        (Module::drop_call as fn(&mut Module), false),
        (drop_card, false),
        (Module::reset, true),
    ] {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            happen(&mut line.device());
            let mut buffer = [0; 64];
            let event = host.event(Millis::from_secs(10), &mut buffer).unwrap();
            match event {
                Some(Event::Restarted) => assert!(restarted),
                Some(Event::LinkLost) => assert!(!restarted),
                other => panic!("{other:?}"),
            }
            let again = host.event(Millis::from_secs(10), &mut buffer).unwrap();
            assert!(again.is_none(), "{again:?}");
            let error = if restarted {
                ModemError::Restarted
            } else {
                ModemError::LinkLost
            };
            assert_eq!(get(host, "/hello"), operation(error));
            up(host);
            hello(host);
        });
    }
}

#[test]
fn what_the_network_refuses_has_errors_of_its_own() {
    for refusals in [Refusals::Plain, Refusals::Cme, Refusals::Tcpip] {
        let line = line(|quirks| quirks.refusals = refusals);
        with(&line, |host| {
            assert_eq!(
                host.connect(&DEMO),
                operation(ModemError::LinkLost),
                "no call"
            );
            host.attach(&network()).unwrap();
            let nowhere = crate::client::Remote::new("nowhere.example", 5683);
            assert_eq!(host.connect(&nowhere), operation(ModemError::Socket));
            assert_eq!(get(host, "/hello"), operation(ModemError::NotConnected));
            host.connect(&DEMO).unwrap();
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn a_name_whose_resolution_takes_most_of_a_minute_is_waited_for() {
    let line = line(|quirks| quirks.resolves_after = Millis::from_secs(55));
    with(&line, |host| {
        up(host);
        hello(host);
    });
    polite(&line);
    let line = super::desk::line(|quirks| {
        quirks.resolves_after = Millis::from_secs(70);
        quirks.clients = 1;
    });
    with(&line, |host| {
        host.attach(&network()).unwrap();
        assert_eq!(host.connect(&DEMO), operation(Waited::Modem));
        line.device().quirks.resolves_after = Millis::new(300);
        // The id that came too late is the only one; it is found and closed.
        host.connect(&DEMO).unwrap();
        hello(host);
    });
}

/// A line of data that is torn is no message; the endpoint asks again, as for any datagram that is lost.
#[test]
fn data_that_is_torn_or_does_not_add_up_is_never_taken_for_a_message() {
    let broken = [
        "+GTCOAPDATA: 1,200,6445",
        "+GTCOAPDATA: 1,9,6445B6",
        "+GTCOAPDATA: 1,60000,64451234A1B2C3D4C132FF48656C6C6F",
        "+GTCOAPDATA: 1,3,6445B63",
        "+GTCOAPDATA: 1,0,",
        "+GTCOAPDATA: 1,-4,60001234",
        "+GTCOAPDATA: 1,4",
        "+GTCOAPDATA: 1",
        "+GTCOAPDATA:",
        "+GTCOAPDATA: 7,4,60001234",
        "+GTCOAPDATA: 300,4,60001234",
        "+GTCOAPDATA: 1,7,\"hello\"",
        "+GTCOAPDATA: 1,4,FFFFFFFF",
    ];
    for said in broken {
        for reads in [1, 16, 64] {
            let line = line(|_| {});
            line.set_chunk(reads);
            with(&line, |host| {
                up(host);
                let at = line.now().after(Millis::new(10));
                line.device()
                    .say_at(at, format!("\r\n{said}\r\n").as_bytes());
                let mut buffer = [0; 100];
                let event = host.event(Millis::new(500), &mut buffer).unwrap();
                assert!(
                    !matches!(event, Some(Event::Response(_) | Event::Request(_))),
                    "{said}"
                );
                while host.event(Millis::new(500), &mut buffer).unwrap().is_some() {}
                // And in mid-request.
                let at = line.now().after(Millis::new(30));
                line.device()
                    .say_at(at, format!("\r\n{said}\r\n").as_bytes());
                hello(host);
            });
        }
    }
}

#[test]
fn a_storm_of_other_lines_in_mid_request_changes_nothing() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            let lines = [
                "+SIM READY",
                "+CEREG: 5,\"1A2B\",\"01A2B3C4\",9",
                "+QTUNBUF: 2048,3584,1536,448",
                "+GTCOAPCLOSE: 1",
                "+GTCOAPOPEN: 3",
                "+MIPCALL: 10.0.0.1",
                "+MIPCALL: 1,10.0.0.1",
                "+MIPRUDP: 1.2.3.4,1234,1,0,3132",
                "+MIPOPEN: 1,1",
                "Call Ready",
                "> ",
                "Some text, with, commas",
            ];
            // A whole line every two milliseconds: between echo, answer and OK.
            for (step, said) in (0..300).zip(lines.iter().cycle()) {
                let at = line.now().after(Millis::new(2 * step));
                line.device()
                    .say_at(at, format!("\r\n{said}\r\n").as_bytes());
            }
            let body = crate::sim::conformance::nasty(1, 300);
            let mut buffer = [0; 600];
            let response = host
                .request(&Request::put("/store/x", &body), &mut buffer)
                .unwrap();
            assert_eq!(response.code(), Code::CREATED);
            assert_eq!(get(host, "/store/x").unwrap().1, body);
            hello(host);
            let losses = host.take_losses();
            assert!(!losses.matter() && losses.unknown > 20, "{losses:?}");
        });
    }
}
