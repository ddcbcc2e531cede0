//! From power-on noise to an active context, and every way in which that can fail.

use super::desk::*;
use crate::client::{Blocking as _, Network};
use crate::error::{ClientError, Error, ModemError, Waited};
use crate::sim::{Line, TestNetwork, TimeSource};
use crate::time::Millis;
use crate::vendors::bg96::sim::{Quirks, Sim, SimBg96};

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

#[test]
fn boot_lines_may_come_in_any_order_and_selection() {
    let all = Quirks::default().boot;
    let mut orders = 0;
    for first in 0..all.len() {
        for left_out in 0..=all.len() {
            let mut boot = all.clone();
            boot.rotate_left(first);
            boot.swap(1, 3);
            if left_out < boot.len() {
                boot.remove(left_out);
            }
            let mut module = SimBg96::off(TestNetwork::default());
            module.quirks.boot = boot;
            module.power_on();
            let line = Line::new(module, TimeSource::Virtual);
            with(&line, |host| {
                up(host);
                hello(host);
            });
            polite(&line);
            orders += 1;
        }
    }
    println!("{orders} boots");
}

#[test]
fn noise_before_the_first_ok_does_no_harm() {
    for noise in [
        &b"\x00\xFF\xF0"[..],
        b"\xFF\xFF\r\n\x00",
        b"\r\n\r\n",
        b"garbage without an end\x80",
        b"AT+CM\r\nERROR\r\n",
        b"+QCOAPRECV: 0,1,2.05,4,01",
    ] {
        for reads in [1, 16, 64] {
            let line = line(|_| {});
            line.set_chunk(reads);
            line.device().say(noise);
            with(&line, |host| {
                up(host);
                hello(host);
            });
            polite(&line);
        }
    }
}

#[test]
fn no_modem_gives_a_timeout() {
    fails(|quirks| quirks.silent = true, network(), Waited::Modem);
}

#[test]
fn a_modem_that_only_answers_error_gives_an_error() {
    let line = line(|quirks| quirks.answers_error_to_everything = true);
    for result in attach_twice(&line, network()) {
        assert!(
            matches!(
                result,
                Err(ClientError::Operation(Error::Timeout(_) | Error::Modem(_)))
            ),
            "{result:?}"
        );
    }
}

#[test]
fn no_sim() {
    fails(
        |quirks| quirks.sim = Sim::Missing,
        network(),
        ModemError::SimMissing,
    );
}

#[test]
fn a_sim_that_wants_a_pin_that_nobody_gave() {
    let pin = |quirks: &mut Quirks| quirks.sim = Sim::Pin("7391".into());
    let sent = fails(pin, network(), ModemError::PinRequired);
    assert!(!sent.contains("AT+CPIN="), "{sent}");
}

#[test]
fn the_right_pin_opens_the_sim() {
    let line = line(|quirks| quirks.sim = Sim::Pin("7391".into()));
    let network = Network {
        pin: Some("7391"),
        ..network()
    };
    assert_eq!(attach_twice(&line, network), [Ok(()), Ok(())]);
    let sent = String::from_utf8(line.sent()).unwrap();
    assert_eq!(
        sent.matches("AT+CPIN=\"7391\"").count(),
        1,
        "once is enough"
    );
    polite(&line);
}

#[test]
fn a_wrong_pin_is_tried_once_only_also_on_a_second_attach() {
    let pin = |quirks: &mut Quirks| quirks.sim = Sim::Pin("7391".into());
    let network = Network {
        pin: Some("1111"),
        ..network()
    };
    let sent = fails(pin, network, ModemError::PinRefused);
    assert_eq!(sent.matches("AT+CPIN=").count(), 1, "{sent}");
}

#[test]
fn a_sim_that_wants_its_puk() {
    let sent = fails(
        |quirks| quirks.sim = Sim::Puk,
        Network {
            pin: Some("1111"),
            ..network()
        },
        ModemError::PukRequired,
    );
    assert!(!sent.contains("AT+CPIN="), "{sent}");
}

#[test]
fn a_network_that_is_never_found_ends_at_the_limit() {
    fails(
        |quirks| quirks.no_network = true,
        network(),
        Waited::Registration,
    );
}

#[test]
fn a_network_that_refuses_ends_before_the_limit() {
    let line = line(|quirks| quirks.denied = true);
    let results = attach_twice(&line, network());
    let denied = || operation(ModemError::RegistrationDenied);
    assert_eq!(results, [denied(), denied()]);
    assert!(line.now().as_millis() < 30_000, "{:?}", line.now());
}

#[test]
fn a_network_that_is_found_late_is_waited_for() {
    let line = line(|quirks| quirks.registers_after = Millis::from_secs(50));
    assert_eq!(attach_twice(&line, network()), [Ok(()), Ok(())]);
    polite(&line);
}
