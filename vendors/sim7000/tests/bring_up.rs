//! From power-on noise to an active network, and every way in which that can fail.

use super::desk::*;
use crate::client::{Blocking as _, Network};
use crate::error::{Error, ModemError};
use crate::sim::{Line, TestNetwork, TimeSource};
use crate::time::Millis;
use crate::vendors::sim7000::sim::{Cnact, PdpLine, Quirks, SimSim7000};

/// Attaches twice with a minute's limit; both results.
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
            assert!(took <= 66_000, "took {took} ms");
            result
        })
    })
}

fn fails(
    change: impl FnOnce(&mut Quirks),
    network: Network<'_>,
    error: impl Into<Error>,
) -> String {
    let line = line(change);
    let error = error.into();
    assert_eq!(
        attach_twice(&line, network),
        [operation(error), operation(error)]
    );
    String::from_utf8_lossy(&line.sent()).into_owned()
}

/// The commands of the context that an attach sends.
fn context(line: &Line<Module>) -> Vec<String> {
    let mut all = commands(line);
    all.retain(|one| {
        ["AT+CNACT", "AT+CNCFG", "AT+CGNAPN"]
            .iter()
            .any(|name| one.starts_with(name))
    });
    all.dedup();
    all
}

#[test]
fn boot_lines_may_come_in_any_order_and_selection() {
    let all = [
        "NORMAL POWER DOWN",
        "~}#\u{c0}!}%}(} }$#[~",
        "RDY",
        "+CFUN: 1",
        "+CPIN: NOT READY",
        "+CPIN: READY",
        "Call Ready",
        "SMS Ready",
    ];
    let mut boots = 0;
    for first in 0..all.len() {
        for left_out in 0..=all.len() {
            let mut boot: Vec<String> = all.map(String::from).to_vec();
            boot.rotate_left(first);
            boot.swap(1, 3);
            if left_out < boot.len() {
                boot.remove(left_out);
            }
            let mut module = SimSim7000::off(TestNetwork::default());
            module.quirks.boot = boot;
            module.power_on();
            let line = Line::new(module, TimeSource::Virtual);
            with(&line, |host| {
                // A line that announces the end, or the beginning, may come after the first contact.
                if host.attach(&network()) == operation(ModemError::Restarted) {
                    host.attach(&network()).unwrap();
                }
                host.connect(&DEMO).unwrap();
                hello(host);
            });
            polite(&line);
            boots += 1;
        }
    }
    println!("{boots} boots");
}

/// With automatic baud rate nothing is said before the host speaks.
#[test]
fn no_boot_line_at_all_is_needed() {
    let mut module = SimSim7000::off(TestNetwork::default());
    module.quirks.boot.clear();
    module.power_on();
    let line = Line::new(module, TimeSource::Virtual);
    with(&line, |host| {
        up(host);
        hello(host);
    });
    polite(&line);
}

#[test]
fn the_last_boot_line_is_no_restart_while_nothing_is_open() {
    let line = line(|quirks| quirks.registers_after = Millis::from_secs(10));
    let at = line.now().after(Millis::from_secs(5));
    line.device().say_at(at, b"\r\nSMS Ready\r\n");
    with(&line, |host| {
        up(host);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_sim_that_is_not_ready_and_questions_that_are_refused_are_waited_for() {
    let line = line(|quirks| {
        quirks.sim_not_ready = 5;
        quirks.refuses_registration = 10;
    });
    with(&line, |host| {
        up(host);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_context_is_activated_once_whatever_its_answers_look_like() {
    for cnact in [Cnact::Indexed, Cnact::Plain, Cnact::Four] {
        for pdp_line in [
            PdpLine::AfterOk,
            PdpLine::BeforeOk,
            PdpLine::Indexed,
            PdpLine::Never,
        ] {
            let line = line(|quirks| {
                quirks.cnact = cnact;
                quirks.pdp_line = pdp_line;
                quirks.address_after = Millis::from_secs(7);
            });
            assert_eq!(attach_twice(&line, network()), [Ok(()), Ok(())]);
            assert_eq!(
                context(&line),
                ["AT+CNACT?", "AT+CNACT=1,\"internet\"", "AT+CNACT?"]
            );
            polite(&line);
        }
    }
}

#[test]
fn an_address_of_a_context_that_is_not_active_does_not_count() {
    for cnact in [Cnact::Indexed, Cnact::Plain] {
        let line = line(|quirks| {
            quirks.cnact = cnact;
            quirks.old_address = true;
        });
        with(&line, |host| {
            up(host);
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn a_user_is_forgotten_where_the_next_network_wants_none() {
    let line = line(|quirks| quirks.wants_login = Some(("", "")));
    with(&line, |host| {
        let user = Network {
            user: "somebody",
            password: "secret",
            ..network()
        };
        assert_eq!(host.attach(&user), operation(ModemError::Network));
        up(host);
        hello(host);
        // And that is said once.
        commands(&line);
        line.device().drop_pdp();
        up(host);
        assert!(!context(&line).iter().any(|one| one.starts_with("AT+CNCFG")));
    });
    polite(&line);
}

#[test]
fn a_context_that_is_active_is_left_as_it_is() {
    let line = line(|_| {});
    for _ in 0..3 {
        with(&line, |host| {
            up(host);
            hello(host);
        });
    }
    let taken = context(&line);
    let activations = taken.iter().filter(|one| one.contains('=')).count();
    assert_eq!(activations, 1, "{taken:?}");
    polite(&line);
}

#[test]
fn another_network_replaces_the_one_that_is_known() {
    for active_for_deactive in [false, true] {
        let line = line(|quirks| quirks.active_for_deactive = active_for_deactive);
        with(&line, |host| {
            up(host);
            commands(&line);
            host.attach(&Network::new("elsewhere")).unwrap();
            assert_eq!(
                context(&line),
                [
                    "AT+CNACT?",
                    "AT+CNACT=0",
                    "AT+CNACT=1,\"elsewhere\"",
                    "AT+CNACT?"
                ]
            );
            host.connect(&DEMO).unwrap();
            hello(host);
            let mut buffer = [0; 64];
            let told = host.event(Millis::from_secs(2), &mut buffer).unwrap();
            assert!(told.is_none(), "what we do ourselves is no loss: {told:?}");
        });
        polite(&line);
    }
}

#[test]
fn user_and_password_are_set_before_the_activation() {
    let login = Network {
        user: "me",
        password: "secret",
        ..network()
    };
    let wants = |quirks: &mut Quirks| quirks.wants_login = Some(("me", "secret"));
    let line = line(wants);
    assert_eq!(attach_twice(&line, login), [Ok(()), Ok(())]);
    assert_eq!(
        context(&line)[..3],
        [
            "AT+CNACT?",
            "AT+CNCFG=1,\"internet\",\"me\",\"secret\"",
            "AT+CNACT=1,\"internet\""
        ]
    );
    polite(&line);
    fails(wants, network(), ModemError::Network);
}

#[test]
fn without_an_access_point_the_networks_own_is_taken() {
    let line = line(|_| {});
    assert_eq!(attach_twice(&line, Network::new("")), [Ok(()), Ok(())]);
    assert_eq!(
        context(&line)[..3],
        ["AT+CNACT?", "AT+CGNAPN", "AT+CNACT=1,\"ctnb\""]
    );
    polite(&line);
    let sent = fails(
        |quirks| quirks.network_apn = "",
        Network::new(""),
        ModemError::Network,
    );
    assert!(sent.contains("AT+CNACT=1\r"), "{sent}");
}

/// In the order of the note: what the network tells is what the login is for.
#[test]
fn a_user_without_an_access_point_is_set_with_the_networks_own() {
    let line = line(|quirks| quirks.wants_login = Some(("me", "secret")));
    let login = Network {
        user: "me",
        password: "secret",
        ..Network::new("")
    };
    assert_eq!(attach_twice(&line, login), [Ok(()), Ok(())]);
    assert_eq!(
        context(&line)[..4],
        [
            "AT+CNACT?",
            "AT+CGNAPN",
            "AT+CNCFG=1,\"ctnb\",\"me\",\"secret\"",
            "AT+CNACT=1"
        ]
    );
    polite(&line);
}

#[test]
fn an_activation_that_fails_is_tried_once_more() {
    let line = line(|quirks| quirks.activation_failures = 1);
    assert_eq!(attach_twice(&line, network()), [Ok(()), Ok(())]);
    polite(&line);
    fails(
        |quirks| quirks.activation_failures = 9,
        network(),
        ModemError::Network,
    );
}
