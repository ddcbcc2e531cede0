//! What happens to a modem, a line or a network while somebody uses them.

use super::desk::*;
use crate::client::{Blocking as _, Event, Remote, Request};
use crate::error::{Error, ModemError, PeerError, Waited};
use crate::message::Code;
use crate::sim::Line;
use crate::time::Millis;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// GETs a resource that takes two seconds, and after so many polls lets something happen. Whether it happened.
fn interrupted(
    line: &Line<Module>,
    host: &mut Host<'_>,
    polls: usize,
    happen: impl Fn(&mut Module),
) -> (Result<Code, Failure>, bool) {
    let mut buffer = [0; 1400];
    let request = Request::get("/separate").limit(Millis::from_secs(40));
    let mut future = pin!(crate::client::CoapClient::request(
        host,
        &request,
        &mut buffer
    ));
    let mut context = Context::from_waker(Waker::noop());
    for poll in 0.. {
        if poll == polls {
            happen(&mut line.device());
        }
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return (result.map(|response| response.code()), poll >= polls);
        }
    }
    unreachable!("it ends by its limit")
}

/// The same at every poll; what the request gives then is one of these, and the last one at least once.
fn at_every_poll(
    happen: impl Fn(&mut Module),
    errors: &[Error],
    healed: impl Fn(&mut Host<'_>),
) -> usize {
    let mut seen = false;
    for polls in 0.. {
        let line = line(|_| {});
        let happened = with(&line, |host| {
            up(host);
            let (result, happened) = interrupted(&line, host, polls, &happen);
            if happened {
                let allowed = errors.iter().any(|error| result == operation(*error));
                assert!(
                    allowed || result == Ok(Code::CONTENT),
                    "at poll {polls}: {result:?}"
                );
                seen |= errors
                    .last()
                    .is_some_and(|error| result == operation(*error));
                healed(host);
                hello(host);
            }
            happened
        });
        if !happened {
            assert!(seen, "never seen: {:?}", errors.last());
            return polls;
        }
    }
    0
}

#[test]
fn a_restart_in_mid_request_is_told_and_attach_and_connect_heal_it() {
    let cases = at_every_poll(
        Module::reset,
        // It boots for seconds: a command that was under way has timed out by then.
        &[Waited::Modem.into(), ModemError::Restarted.into()],
        up,
    );
    println!("restarted at {cases} places");
    assert!(cases > 5);
}

#[test]
fn a_restart_without_a_word_is_found_by_attach() {
    let quiet = |module: &mut Module| {
        module.quirks.boot.clear();
        module.reset();
    };
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        quiet(&mut line.device());
        let (result, _) = interrupted(&line, host, usize::MAX, |_| {});
        assert!(result.is_err(), "{result:?}");
        up(host);
        hello(host);
    });
}

#[test]
fn a_lost_context_in_mid_request_is_told_and_attach_and_connect_heal_it() {
    let cases = at_every_poll(Module::drop_pdp, &[ModemError::LinkLost.into()], up);
    println!("context lost at {cases} places");
    assert!(cases > 5);
}

#[test]
fn a_lost_context_heals_the_same_if_the_sessions_end_is_told_as_well() {
    let line = line(|quirks| quirks.close_is_told = true);
    with(&line, |host| {
        for _ in 0..2 {
            up(host);
            hello(host);
            line.device().drop_pdp();
            let mut buffer = [0; 64];
            let event = host.event(Millis::from_secs(1), &mut buffer).unwrap();
            assert!(matches!(event, Some(Event::LinkLost)), "{event:?}");
            assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
        }
        up(host);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_session_that_closes_in_mid_request_is_healed_by_connect_alone() {
    let close = |module: &mut Module| module.say(b"\r\n+QCOAPCLOSE: 0,0\r\n");
    let heal = |host: &mut Host<'_>| host.connect(&DEMO).unwrap();
    let cases = at_every_poll(close, &[ModemError::LinkLost.into()], heal);
    assert!(cases > 5);
}

#[test]
fn losing_the_link_while_idle_is_told_once() {
    for (happen, restarted) in [
        (Module::drop_pdp as fn(&mut Module), false),
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
fn a_session_left_over_after_a_restart_of_the_host_alone_is_replaced() {
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

#[test]
fn a_host_that_restarts_in_mid_request_finds_its_way() {
    for polls in 1.. {
        let line = line(|_| {});
        let ended = with(&line, |host| {
            up(host);
            let mut buffer = [0; 1400];
            let request = Request::put("/store/x", &[7; 300]);
            let mut future = pin!(crate::client::CoapClient::request(
                host,
                &request,
                &mut buffer
            ));
            let mut context = Context::from_waker(Waker::noop());
            (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready())
        });
        if ended {
            assert!(polls > 4);
            return;
        }
        with(&line, |host| {
            up(host);
            hello(host);
        });
    }
}

#[test]
fn damaged_reads_do_not_end_an_operation() {
    let line = line(|_| {});
    with(&line, |host| {
        line.disturb(3);
        host.attach(&network()).unwrap();
        line.disturb(3);
        host.connect(&DEMO).unwrap();
        line.disturb(3);
        hello(host);
        let junk = host.take_losses().junk;
        assert_eq!(junk, 9, "and are counted");
    });
    polite(&line);
}

#[test]
fn what_a_network_refuses_has_errors_of_its_own() {
    let line = line(|_| {});
    with(&line, |host| {
        assert_eq!(
            host.connect(&DEMO),
            operation(ModemError::Network),
            "no context"
        );
        host.attach(&network()).unwrap();
        let nowhere = Remote::new("nowhere.example", 5683);
        assert_eq!(host.connect(&nowhere), operation(ModemError::Dns));
        assert_eq!(get(host, "/hello"), operation(ModemError::NotConnected));
        host.connect(&DEMO).unwrap();
        assert_eq!(get(host, "/reset"), operation(PeerError::Reset));
        assert_eq!(get(host, "/silent"), operation(ModemError::Undelivered));
        hello(host);
    });
}

#[test]
fn a_message_that_was_given_up_is_told_in_every_spelling() {
    for spelling in 0..8 {
        let line = line(|quirks| {
            quirks.ack_name_without_q = spelling & 1 != 0;
            quirks.positive_results = spelling & 2 != 0;
            quirks.blank_after_colon = spelling & 4 != 0;
        });
        with(&line, |host| {
            up(host);
            assert_eq!(get(host, "/silent"), operation(ModemError::Undelivered));
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn an_occupied_session_and_every_other_result_have_their_errors() {
    let results = [
        (1, ModemError::Result(1)),
        (4, ModemError::Network),
        (5, ModemError::Dns),
        (7, ModemError::Socket),
        (8, ModemError::Memory),
        (9, ModemError::Handshake),
        (10, ModemError::Occupied),
        (11, ModemError::Undelivered),
    ];
    for (number, error) in results {
        for sign in ["", "-"] {
            let line = line(|_| {});
            with(&line, |host| {
                host.attach(&network()).unwrap();
                // Said before the module's own result, behind the OK.
                let at = line.now().after(Millis::new(70));
                let said = format!("\r\n+QCOAPOPEN: 0,{sign}{number}\r\n");
                line.device().say_at(at, said.as_bytes());
                assert_eq!(host.connect(&DEMO), operation(error), "{said:?}");
                host.connect(&DEMO).unwrap();
                hello(host);
            });
        }
    }
}
