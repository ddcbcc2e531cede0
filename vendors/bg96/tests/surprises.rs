//! What happens to a modem, a line or a network while somebody uses them.

use super::Desk;
use super::desk::*;
use crate::client::{Blocking as _, Event, Remote};
use crate::error::{ModemError, PeerError};
use crate::message::Code;
use crate::sim::conformance::{Op, at_every_poll};
use crate::time::Millis;

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
        let result = get(host, "/separate");
        assert!(result.is_err(), "{result:?}");
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
    let cases = at_every_poll::<Desk>(
        close,
        &[ModemError::LinkLost.into()],
        &[Op::connect::<Desk>()],
    );
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
fn what_tells_of_our_own_deactivation_is_no_loss() {
    let line = line(|quirks| quirks.tells_deactivation = true);
    with(&line, |host| {
        up(host);
        // A loss of which the module takes no note itself.
        line.device().say(b"\r\n+QIURC: \"pdpdeact\",1\r\n");
        assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
        up(host);
        hello(host);
    });
    polite(&line);
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
