//! From power-on noise to an active profile, and every way in which that can fail. (Chapter 2 of the guide.)

use super::desk::*;
use crate::client::{Blocking as _, Network};
use crate::error::{Error, ModemError};
use crate::sim::{Line, TestNetwork, TimeSource};
use crate::time::Millis;
use crate::vendors::sara_r5::sim::{Activation, Gives, Quirks, SimSaraR5};
use crate::vendors::sara_r5::{Addresses, SaraR5};

fn contains(line: &Line<Module>, command: &str) -> usize {
    let all = commands(line);
    all.iter().filter(|sent| sent.starts_with(command)).count()
}

/// Attaches twice with a minute's limit; both results.
fn attach_twice(line: &Line<Module>, network: Network<'_>) -> [Result<(), Failure>; 2] {
    let network = Network {
        limit: Millis::from_secs(60),
        ..network
    };
    native(line, |host| {
        [(); 2].map(|()| {
            let began = line.now();
            let result = host.attach(&network);
            let took = line.now().since(began).as_millis();
            assert!(took <= 61_000, "took {took} ms");
            result
        })
    })
}

fn fails(change: impl FnOnce(&mut Quirks), network: Network<'_>, error: impl Into<Error>) {
    let line = line(change);
    let error = error.into();
    assert_eq!(
        attach_twice(&line, network),
        [operation(error), operation(error)]
    );
}

#[test]
fn a_module_is_brought_up_from_its_power_key_on_with_noise_and_without() {
    for noise in [
        &b""[..],
        b"\x00\x00",
        b"\x00\xFF\xF0\r\n\x00",
        b"garbage without an end\x80",
        b"+UCOAPCD: 2,0,\"77",
        b"+USORF: 0,\"192.0.2.1\",5683,400,\"77",
    ] {
        for reads in [1, 16, 64] {
            let mut module = SimSaraR5::off(TestNetwork::default());
            module.power_on();
            module.say(noise);
            let line = Line::new(module, TimeSource::Virtual);
            line.set_chunk(reads);
            native(&line, |host| {
                up(host);
                hello(host);
            });
            sockets(&line, |host| {
                up(host);
                hello(host);
            });
            polite(&line);
        }
    }
}

#[test]
fn the_profile_gets_the_type_of_addresses_that_the_network_gave() {
    for (gives, addresses, mapped) in [
        (Gives::V4, Addresses::Both, "AT+UPSD=0,0,0"),
        (Gives::V6, Addresses::Both, "AT+UPSD=0,0,1"),
        (Gives::Asked, Addresses::Both, "AT+UPSD=0,0,2"),
        (Gives::Asked, Addresses::V4, "AT+UPSD=0,0,0"),
        (Gives::Asked, Addresses::V6, "AT+UPSD=0,0,1"),
    ] {
        let line = line(|quirks| quirks.gives = gives);
        let mut dialect = SaraR5::default();
        dialect.access.addresses = addresses;
        with(&line, dialect, |host| {
            up(host);
            assert!(commands(&line).contains(&mapped.to_owned()), "{gives:?}");
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn the_end_of_the_activation_is_waited_for_and_not_its_ok() {
    for activation in [
        Activation::Before,
        Activation::After,
        Activation::Late,
        Activation::Untold,
    ] {
        let line = line(|quirks| quirks.activation = activation);
        native(&line, |host| {
            up(host);
            hello(host);
        });
        polite(&line);
        assert_eq!(contains(&line, "AT+UPSDA=0,3"), 1, "{activation:?}");
    }
    fails(
        |quirks| quirks.activation = Activation::Fails,
        network(),
        ModemError::Network,
    );
}

#[test]
fn what_is_up_already_hears_questions_only() {
    let settled = [
        "AT+CMEE?",
        "AT+CPIN?",
        "AT+CGDCONT?",
        "AT+CFUN?",
        "AT+CEREG?",
        "AT+CGACT?",
        "AT+UPSND=0,8",
    ];
    for names_operator in [false, true] {
        let line = line(|quirks| quirks.names_operator = names_operator);
        native(&line, |host| up(host));
        line.sent();
        for apn in ["internet", "INTERNET", ""] {
            native(&line, |host| host.attach(&Network::new(apn)).unwrap());
            assert_eq!(commands(&line), settled, "{apn}");
        }
        // One whose name another's begins with is another.
        native(&line, |host| host.attach(&Network::new("inter")).unwrap());
        assert_eq!(contains(&line, "AT+CGDCONT=1"), 1);
        polite(&line);
    }
}

#[test]
fn another_access_point_is_set_with_the_radio_off() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        line.sent();
        host.attach(&Network::new("other")).unwrap();
        let sent = commands(&line);
        let place = |command: &str| sent.iter().position(|sent| sent == command).unwrap();
        let (off, on) = (place("AT+CFUN=0"), place("AT+CFUN=1"));
        let point = place("AT+CGDCONT=1,\"IPV4V6\",\"other\"");
        assert!(off < point && point < on, "{sent:?}");
        hello(host);
    });
    polite(&line);
}

#[test]
fn user_and_password_are_said_once_with_the_radio_off() {
    let line = line(|_| {});
    let network = Network {
        user: "somebody",
        password: "secret",
        ..network()
    };
    native(&line, |host| {
        for expected in [1, 0] {
            host.attach(&network).unwrap();
            let sent = commands(&line);
            let said = "AT+UAUTHREQ=1,3,\"somebody\",\"secret\"";
            let count = sent.iter().filter(|sent| *sent == said).count();
            assert_eq!(count, expected);
        }
        host.connect(&DEMO).unwrap();
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_context_that_is_not_active_is_activated() {
    let line = line(|quirks| quirks.inactive_context = true);
    native(&line, |host| {
        up(host);
        hello(host);
    });
    assert_eq!(contains(&line, "AT+CGACT=1,1"), 1);
    polite(&line);
}

#[test]
fn firmware_that_does_not_tell_whether_the_profile_is_active_has_it_activated_anew() {
    let line = line(|quirks| quirks.no_upsnd = true);
    for _ in 0..3 {
        native(&line, |host| {
            up(host);
            hello(host);
        });
        assert_eq!(contains(&line, "AT+UPSDA=0,4"), 1);
    }
    let line = self::line(|quirks| quirks.two_functionalities = true);
    native(&line, |host| {
        up(host);
        hello(host);
    });
    polite(&line);
}

#[test]
fn the_profile_of_the_operator_is_touched_only_if_it_was_asked_for() {
    let line = line(|_| {});
    native(&line, |host| up(host));
    assert_eq!(contains(&line, "AT+UMNOPROF"), 0);
    let mut dialect = SaraR5::default();
    dialect.access.operator_profile = Some(100);
    with(&line, dialect, |host| {
        up(host);
        hello(host);
        let sent = commands(&line);
        let count = |command: &str| sent.iter().filter(|sent| *sent == command).count();
        assert_eq!(count("AT+UMNOPROF=100"), 1, "{sent:?}");
        assert_eq!(count("AT+CFUN=16"), 1, "{sent:?}");
        // It is kept, also over a restart.
        line.device().reset();
        up(host);
        hello(host);
        assert_eq!(contains(&line, "AT+CFUN=16"), 0);
    });
    polite(&line);
}

#[test]
fn what_tells_of_our_own_deactivation_is_no_loss() {
    let line = line(|quirks| quirks.tells_deactivation = true);
    native(&line, |host| {
        up(host);
        hello(host);
        // A loss that the module itself does not know of.
        line.device().say(b"\r\n+UUPSDD: 0\r\n");
        assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
        up(host);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_line_about_registration_is_not_taken_for_the_answer_about_it() {
    let line = line(|quirks| quirks.registers_after = Millis::from_secs(1000));
    // Searching, with an area and a cell that look like states: as many fields as one form of the answer has.
    for step in 0..4000 {
        let at = line.now().after(Millis::new(3 * step));
        line.device()
            .say_at(at, b"\r\n+CGREG: 2,\"0001\",\"0005\",7\r\n");
    }
    native(&line, |host| {
        let network = Network {
            limit: Millis::from_secs(10),
            ..network()
        };
        let attached = host.attach(&network);
        assert_eq!(attached, operation(crate::error::Waited::Registration));
    });
}

#[test]
fn an_attach_that_was_dropped_while_the_profile_is_being_activated_is_taken_up_by_the_next() {
    use crate::sim::conformance::{Stepped, poll_and_drop, random};
    for activation in [Activation::After, Activation::Late] {
        let mut dropped = 0;
        for polls in (120..300).step_by(3) {
            let line = line(|quirks| quirks.activation = activation);
            let mut memory = crate::vendors::sara_r5::Memory::new();
            let front = Stepped {
                serial: line.serial(),
                clock: line.clock(),
                bytes: 4,
            };
            let mut host: crate::vendors::sara_r5::Client<'_, _> =
                crate::modem::Client::new(&mut memory, front, random);
            let network = network();
            let attach = crate::client::CoapClient::attach(&mut host, &network);
            let sent = if poll_and_drop(attach, polls).is_err() {
                let sent = commands(&line);
                host.attach(&network).unwrap();
                sent
            } else {
                Vec::new()
            };
            dropped += usize::from(sent.iter().any(|sent| sent == "AT+UPSDA=0,3"));
            host.connect(&DEMO).unwrap();
            let (hello, mut buffer) = (crate::client::Request::get("/hello"), [0; 64]);
            let response = host.request(&hello, &mut buffer);
            assert!(response.is_ok(), "at {polls}");
            polite(&line);
        }
        assert!(dropped > 0);
    }
}
