//! From power-on noise to an address, and every way in which that can fail.

use super::desk::*;
use crate::client::{Blocking as _, Network, Remote};
use crate::error::{Error, ModemError, Waited};
use crate::sim::{Line, TestNetwork, TimeSource};
use crate::time::Millis;
use crate::vendors::bc28::sim::{Quirks, Sim, SimBc28};

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
            assert!(took <= 61_000, "took {took} ms");
            result
        })
    })
}

fn fails(change: impl FnOnce(&mut Quirks), error: impl Into<Error>) -> String {
    let line = line(change);
    let error = error.into();
    assert_eq!(
        attach_twice(&line, network()),
        [operation(error), operation(error)]
    );
    String::from_utf8_lossy(&line.sent()).into_owned()
}

#[test]
fn boot_lines_may_come_in_any_selection() {
    let all = Quirks::default().boot;
    for left_out in 0..1 << (all.len() - 1) {
        let mut boot = all.clone();
        let mut place = 0;
        boot.retain(|_| {
            place += 1;
            left_out >> (place - 1) & 1 == 0
        });
        let mut module = SimBc28::off(TestNetwork::default());
        module.quirks.boot = boot;
        module.power_on();
        let line = Line::new(module, TimeSource::Virtual);
        with(&line, |host| {
            up(host);
            hello(host);
            assert_eq!(host.take_losses().lines, 0);
        });
        polite(&line);
    }
}

#[test]
fn no_sim_whether_the_radio_is_on_or_off() {
    fails(|quirks| quirks.sim = Sim::Missing, ModemError::SimMissing);
    let line = line(|quirks| {
        quirks.sim = Sim::Missing;
        quirks.waits_to_be_told = true;
    });
    line.device().reset();
    let missing = || operation(ModemError::SimMissing);
    assert_eq!(attach_twice(&line, network()), [missing(), missing()]);
}

#[test]
fn an_address_that_never_comes_ends_at_the_limit() {
    fails(
        |quirks| quirks.address_after = Millis::from_secs(1000),
        Waited::Registration,
    );
}

#[test]
fn what_comes_late_is_waited_for() {
    let line = line(|quirks| {
        quirks.registers_after = Millis::from_secs(40);
        quirks.address_after = Millis::from_secs(10);
    });
    assert_eq!(attach_twice(&line, network()), [Ok(()), Ok(())]);
    polite(&line);
}

#[test]
fn a_module_that_waits_to_be_told_is_switched_on_and_attached() {
    let line = line(|quirks| quirks.waits_to_be_told = true);
    line.device().reset();
    with(&line, |host| {
        host.attach(&network()).unwrap();
        let sent = commands(&line);
        for command in ["AT+CFUN=1", "AT+CGATT=1"] {
            assert!(sent.iter().any(|sent| sent == command), "{sent:?}");
        }
        host.connect(&DEMO).unwrap();
        hello(host);
    });
    polite(&line);
}

#[test]
fn another_access_point_is_set_and_taken_by_attaching_anew() {
    let line = line(|_| {});
    let other = Network {
        user: "somebody",
        password: "secret",
        ..Network::new("other")
    };
    with(&line, |host| {
        up(host);
        commands(&line);
        host.attach(&other).unwrap();
        let sent = commands(&line);
        let expected = [
            "AT+CGATT=0",
            "AT+CGDCONT=1,\"IP\",\"other\"",
            "AT+CGAUTH=1,1,\"somebody\",\"secret\"",
            "AT+CGATT=1",
        ];
        let from = sent.iter().position(|sent| sent == "AT+CGATT=0").unwrap();
        assert_eq!(sent[from..from + 4], expected);
        host.connect(&DEMO).unwrap();
        hello(host);
        commands(&line);
        host.attach(&Network::new("")).unwrap();
        assert!(!commands(&line).iter().any(|sent| sent.contains("CGDCONT")));
    });
    polite(&line);
}

#[test]
fn the_registration_may_be_told_between_a_question_and_its_answer() {
    let line = line(|_| {});
    with(&line, |host| {
        for step in 0..200 {
            let at = line.now().after(Millis::new(step * 7));
            line.device()
                .say_at(at, b"\r\n+CEREG:1,7871,0D09F951,9\r\n\r\n+CGPADDR:1\r\n");
        }
        up(host);
        hello(host);
        let losses = host.take_losses();
        assert_eq!((losses.unknown, losses.matter()), (0, false), "{losses:?}");
    });
}

#[test]
fn a_module_that_is_restarted_by_command_answers_when_it_is_over() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let typed = embedded_io::Write::write(&mut line.serial(), b"AT+NRB\r");
        assert_eq!(typed, Ok(7));
        assert_eq!(event(host), Some(("restarted", Vec::new())));
        assert_eq!(get(host, "/hello"), operation(ModemError::Restarted));
        up(host);
        hello(host);
    });
    polite(&line);
}

/// A weak supply breaks down when the radio is switched on.
#[test]
fn a_restart_while_it_is_brought_up_is_told_or_survived() {
    for after in (0..1500).step_by(30) {
        let line = line(|quirks| quirks.waits_to_be_told = true);
        line.device().reset();
        with(&line, |host| {
            let at = line.now().after(Millis::new(2800 + after));
            line.device().say_at(
                at,
                b"\r\nREBOOT_CAUSE_SECURITY_PMU_POWER_ON_RESET\r\nNeul \r\nOK\r\n",
            );
            let result = host.attach(&network());
            let told = operation(ModemError::Restarted);
            assert!(
                result == Ok(()) || result == told,
                "at {after} ms: {result:?}"
            );
            up(host);
            hello(host);
        });
    }
}

#[test]
fn names_are_looked_up_and_addresses_are_used_as_they_are() {
    let line = line(|_| {});
    with(&line, |host| {
        host.attach(&network()).unwrap();
        commands(&line);
        host.connect(&Remote::new("192.0.2.1", 5683)).unwrap();
        hello(host);
        assert!(!commands(&line).iter().any(|sent| sent.contains("QDNS")));
        host.connect(&DEMO).unwrap();
        assert_eq!(commands(&line)[0], "AT+QDNS=0,demo");
        hello(host);
        let nowhere = Remote::new("nowhere.example", 5683);
        assert_eq!(host.connect(&nowhere), operation(ModemError::Dns));
        assert_eq!(get(host, "/hello"), operation(ModemError::NotConnected));
        host.connect(&DEMO).unwrap();
        hello(host);
    });
    polite(&line);
}

#[test]
fn the_answer_to_a_lookup_that_was_given_up_does_not_pass_for_the_next_ones() {
    use core::future::Future;
    use core::task::{Context, Waker};
    for polls in 1..200 {
        let line = line(|_| {});
        let given_up = with(&line, |host| {
            line.device()
                .network()
                .add_name("other", [192, 0, 2, 99].into());
            host.attach(&network()).unwrap();
            let mut context = Context::from_waker(Waker::noop());
            {
                let other = Remote::new("other", 5683);
                let mut future = core::pin::pin!(crate::client::CoapClient::connect(host, &other));
                if (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready()) {
                    return false;
                }
            }
            datagrams(&line);
            host.connect(&DEMO).unwrap();
            hello(host);
            let sent = line.device().network().take_journal();
            assert!(
                sent.iter()
                    .all(|sent| sent.to == "192.0.2.1:5683".parse().unwrap())
            );
            true
        });
        if !given_up {
            assert!(polls > 3, "{polls}");
            return;
        }
    }
    panic!("it never ended");
}
