//! A modem that starts anew or loses its context under a request, and what it refuses.

use super::desk::*;
use crate::client::Blocking as _;
use crate::error::ModemError;
use crate::time::Millis;

#[test]
fn a_context_that_is_lost_without_a_word_costs_one_message() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        {
            let mut module = line.device();
            module.quirks.boot.clear();
            module.reset();
        }
        let mut buffer = [0; 10];
        host.event(Millis::from_secs(10), &mut buffer).unwrap();
        let refused = get(host, "/hello");
        assert!(refused.is_err(), "{refused:?}");
        // The next message makes it anew.
        hello(host);
        up(host);
        hello(host);
        // A relative says so itself after deep sleep.
        line.device().say(b"\r\n+QCOAPURC: \"recovered\",1\r\n");
        assert_eq!(event(host), Some(("link lost", Vec::new())));
        assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
        host.connect(&DEMO).unwrap();
        hello(host);
    });
}

/// A refused status tells it before the next message goes out.
#[test]
fn a_context_whose_status_is_refused_is_made_anew() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        {
            let mut module = line.device();
            module.quirks.boot.clear();
            module.reset();
        }
        let mut buffer = [0; 10];
        host.event(Millis::from_secs(10), &mut buffer).unwrap();
        hello(host);
    });
    polite(&line);
}

#[test]
fn refusals_have_the_errors_of_who_must_act() {
    for (number, error) in [
        (30, ModemError::Network),
        (331, ModemError::Network),
        (8009, ModemError::Network),
        (23, ModemError::Memory),
        (320, ModemError::Memory),
        (310, ModemError::SimMissing),
        (311, ModemError::PinRequired),
        (316, ModemError::PukRequired),
        (159, ModemError::Refused(crate::error::Refusal::Cme(159))),
    ] {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            // Said in place of the OK of list and head, and of the prompt.
            for after in [8, 24, 44] {
                let at = line.now().after(Millis::new(after));
                line.device()
                    .say_at(at, format!("\r\n+CME ERROR:{number}\r\n").as_bytes());
                assert_eq!(get(host, "/hello"), operation(error), "{number}, {after}");
                host.connect(&DEMO).unwrap();
            }
        });
    }
}
