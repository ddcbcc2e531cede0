//! From power-on noise to an active call, and every way in which that can fail.

use super::desk::*;
use crate::client::{Blocking as _, Network};
use crate::error::{Error, ModemError, Waited};
use crate::sim::{Line, TestNetwork, TimeSource};
use crate::time::Millis;
use crate::vendors::l610::sim::{CallLine, Quirks, Refusals, SimL610};

/// Attaches twice with a minute's limit; both results, and the longest time that one took.
fn attach_twice(line: &Line<Module>, network: Network<'_>) -> [Result<(), Failure>; 2] {
    let network = Network {
        limit: Millis::from_secs(60),
        ..network
    };
    with(line, |host| {
        [(); 2].map(|()| {
            let began = line.now();
            let result = host.attach(&network);
            let took = line.now().since(began).as_millis();
            assert!(took <= 61_000, "took {took} ms");
            result
        })
    })
}

fn fails(change: impl FnOnce(&mut Quirks), error: impl Into<Error>) -> Vec<String> {
    let line = line(change);
    let error = error.into();
    let results = attach_twice(&line, network());
    assert_eq!(results, [operation(error), operation(error)]);
    commands(&line)
}

fn dials(line: &Line<Module>) -> usize {
    let commands = commands(line);
    commands
        .iter()
        .filter(|one| one.starts_with("AT+MIPCALL="))
        .count()
}

#[test]
fn boot_lines_may_come_in_any_order_and_selection() {
    // The maker's, RT-Thread's, those of relatives, those of the older G-series.
    let all = [
        "AT READY",
        "+SIM READY",
        "RDY",
        "PB DONE",
        "SMS Ready",
        "Call Ready",
        "Wait...AT command ready",
    ];
    let mut boots = 0;
    for first in 0..all.len() {
        for left_out in 0..=all.len() {
            let mut boot: Vec<String> = all.iter().copied().map(Into::into).collect();
            boot.rotate_left(first);
            if left_out < boot.len() {
                boot.remove(left_out);
            }
            let mut module = SimL610::off(TestNetwork::default());
            // Those that tell of the restart come while the module looks for its network.
            module.quirks.boot = boot;
            module.power_on();
            let line = Line::new(module, TimeSource::Virtual);
            with(&line, |host| {
                // A line that says "restarted" while the modem is brought up begins that anew, by itself.
                host.attach(&network()).unwrap();
                host.connect(&DEMO).unwrap();
                hello(host);
                polite(&line);
            });
            boots += 1;
        }
    }
    println!("{boots} boots");
}

#[test]
fn the_card_that_is_ready_seconds_after_the_module_disturbs_nothing() {
    let mut module = SimL610::off(TestNetwork::default());
    module.power_on();
    let line = Line::new(module, TimeSource::Virtual);
    with(&line, |host| {
        host.attach(&network()).unwrap();
        host.connect(&DEMO).unwrap();
        hello(host);
    });
    let heard = String::from_utf8_lossy(&line.received()).into_owned();
    let (at, sim) = (heard.find("AT READY"), heard.find("+SIM READY"));
    assert!(at < sim && sim > heard.find("+CMEE: 0"), "{heard}");
    polite(&line);
}

#[test]
fn after_a_restart_of_the_host_alone_nothing_is_said_and_nothing_is_dialled() {
    let line = line(|_| {});
    with(&line, |host| up(host));
    line.received();
    commands(&line);
    with(&line, |host| {
        up(host);
        hello(host);
    });
    assert_eq!(dials(&line), 0, "the call is up already");
    let heard = String::from_utf8_lossy(&line.received()).into_owned();
    assert!(!heard.contains("READY\r\n+") && !heard.contains("AT READY"));
    polite(&line);
}

#[test]
fn every_shape_of_the_call_is_understood() {
    let shapes = [
        CallLine::Address,
        CallLine::StateAndAddress,
        CallLine::Nothing,
    ];
    for shape in shapes {
        for (ipv6, ok_after_call) in [(false, false), (true, false), (false, true), (true, true)] {
            for (blank, equals) in [(true, false), (false, false), (true, true)] {
                let line = line(|quirks| {
                    quirks.call_line = shape;
                    quirks.ipv6 = ipv6;
                    quirks.ok_after_call = ok_after_call;
                    quirks.blank_after_colon = blank;
                    quirks.equals_sign = equals;
                });
                with(&line, |host| {
                    up(host);
                    assert_eq!(dials(&line), 1, "{shape:?}");
                    hello(host);
                    up(host);
                    assert_eq!(dials(&line), 0, "{shape:?}");
                });
                polite(&line);
            }
        }
    }
}

#[test]
fn a_call_that_is_being_dialled_already_is_waited_for() {
    for busy_state in [true, false] {
        let line = line(|quirks| {
            quirks.busy_state = busy_state;
            quirks.dials_after = Millis::from_secs(if busy_state { 30 } else { 7 });
        });
        with(&line, |host| {
            let impatient = Network {
                limit: Millis::from_secs(6),
                ..network()
            };
            assert_eq!(host.attach(&impatient), operation(Waited::Limit));
            up(host);
            hello(host);
        });
        let misuse = line.device().misuse().to_vec();
        if busy_state {
            assert!(misuse.is_empty(), "{misuse:?}");
        } else {
            // Only by dialling it can be found out.
            assert!(misuse.iter().all(|one| one.starts_with("dialling while")));
        }
    }
}

#[test]
fn a_call_that_fails_is_dialled_once_more() {
    for refusals in [Refusals::Plain, Refusals::Cme, Refusals::Tcpip] {
        let line = line(|quirks| {
            quirks.failing_calls = 1;
            quirks.refusals = refusals;
        });
        with(&line, |host| {
            up(host);
            hello(host);
        });
        assert_eq!(dials(&line), 2);
        polite(&line);
    }
}

#[test]
fn what_tells_of_a_call_that_failed_says_nothing_of_the_next() {
    let line = line(|quirks| {
        quirks.failing_calls = 1;
        quirks.tells_failure_twice = true;
    });
    with(&line, |host| {
        up(host);
        hello(host);
    });
    assert_eq!(dials(&line), 2);
    polite(&line);
}

#[test]
fn a_call_that_never_succeeds_is_a_failure_of_the_network() {
    let sent = fails(|quirks| quirks.failing_calls = 100, ModemError::Network);
    let dials = sent
        .iter()
        .filter(|one| one.starts_with("AT+MIPCALL="))
        .count();
    assert_eq!(dials, 6, "three a try");
}

#[test]
fn the_access_point_is_given_as_it_is_named() {
    let full = Network {
        user: "me",
        password: "pw",
        ..Network::new("apn")
    };
    let user_only = Network {
        user: "me",
        ..Network::new("")
    };
    let cases: [(Network<'_>, &[&str]); 4] = [
        (Network::new(""), &[]),
        (Network::new("apn"), &["apn"]),
        (full, &["apn", "me", "pw"]),
        (user_only, &["", "me", ""]),
    ];
    for (network, dialled) in cases {
        let line = line(|_| {});
        with(&line, |host| host.attach(&network).unwrap());
        assert_eq!(line.device().firmware.dialled, dialled);
        polite(&line);
    }
}

#[test]
fn a_wrong_pin_is_tried_once_only_until_the_application_allows_another() {
    use crate::sim::module::Sim;
    let line = line(|quirks| quirks.sim = Sim::Pin("7391".into()));
    let with_pin = |pin| Network {
        pin: Some(pin),
        ..network()
    };
    with(&line, |host| {
        for _ in 0..3 {
            assert_eq!(
                host.attach(&with_pin("1111")),
                operation(ModemError::PinRefused)
            );
        }
        let tries = commands(&line);
        let tries = tries
            .iter()
            .filter(|one| one.starts_with("AT+CPIN="))
            .count();
        assert_eq!(tries, 1);
        host.dialect().allow_pin();
        host.attach(&with_pin("7391")).unwrap();
    });
}
