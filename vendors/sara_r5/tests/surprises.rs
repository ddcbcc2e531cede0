//! What happens to a module, a line or a network while somebody uses them.

use super::desk::*;
use super::{binary, native, sockets};
use crate::client::{Blocking as _, Event};
use crate::error::{ModemError, Waited};
use crate::modem::Dialect;
use crate::sim::conformance::{Bench, Op, at_every_poll};
use crate::time::Millis;
use crate::vendors::sara_r5::SaraR5;

/// Something happens at every poll of a request: it gives a response or an error, this one at least once.
fn everywhere<B: Bench<Modem = Module>>(happen: impl Fn(&mut Module), error: ModemError) {
    let polls = at_every_poll::<B>(
        happen,
        &[Waited::Modem.into(), error.into()],
        &[Op::Attach, Op::connect::<B>()],
    );
    assert!(polls > 5, "{polls}");
}

#[test]
fn a_context_that_is_lost_in_mid_request_is_told_and_healed() {
    everywhere::<native::Desk>(Module::drop_profile, ModemError::LinkLost);
    everywhere::<sockets::Desk>(Module::drop_profile, ModemError::LinkLost);
    everywhere::<binary::Desk>(Module::drop_profile, ModemError::LinkLost);
}

#[test]
fn every_line_that_tells_of_a_loss_does() {
    for said in [
        "+UUPSDD: 0",
        "+CGEV: ME PDN DEACT 1",
        "+CGEV: NW PDN DEACT 1",
        "+CGEV: NW DETACH",
        "+CGEV:ME DETACH",
    ] {
        let bytes = format!("\r\n{said}\r\n");
        everywhere::<native::Desk>(|module| module.say(bytes.as_bytes()), ModemError::LinkLost);
        everywhere::<sockets::Desk>(|module| module.say(bytes.as_bytes()), ModemError::LinkLost);
    }
}

#[test]
fn a_restart_with_a_line_is_told_and_one_without_is_found_by_attach() {
    fn told(module: &mut Module) {
        module.quirks.boot = vec!["+UUPSMR: 0".into()];
        module.reset();
    }
    everywhere::<native::Desk>(told, ModemError::Restarted);
    everywhere::<sockets::Desk>(told, ModemError::Restarted);
    fn untold<D: Dialect + Default>() {
        let line = line(|_| {});
        with(&line, D::default(), |host| {
            up(host);
            hello(host);
            line.device().reset();
            let result = get(host, "/hello");
            assert!(result.is_err(), "{result:?}");
            up(host);
            hello(host);
            // And while nobody looked.
            line.device().reset();
            host.event(Millis::from_secs(10), &mut [0; 64]).unwrap();
            up(host);
            hello(host);
        });
    }
    untold::<SaraR5>();
    untold::<Sockets>();
    untold::<Binary>();
}

#[test]
fn losing_the_link_while_idle_is_told_once() {
    fn idle<D: Dialect + Default>() {
        let line = line(|_| {});
        with(&line, D::default(), |host| {
            up(host);
            line.device().drop_profile();
            let mut buffer = [0; 64];
            let event = host.event(Millis::from_secs(10), &mut buffer).unwrap();
            assert!(matches!(event, Some(Event::LinkLost)), "{event:?}");
            let again = host.event(Millis::from_secs(10), &mut buffer).unwrap();
            assert!(again.is_none(), "{again:?}");
            assert_eq!(get(host, "/hello"), operation(ModemError::LinkLost));
            up(host);
            hello(host);
        });
        polite(&line);
    }
    idle::<SaraR5>();
    idle::<Sockets>();
}

#[test]
fn both_links_of_a_module_take_turns() {
    let line = line(|_| {});
    for _ in 0..2 {
        native(&line, |host| {
            up(host);
            hello(host);
            // Its last line is still to come.
        });
        sockets(&line, |host| {
            up(host);
            hello(host);
            host.close().unwrap();
        });
    }
    polite(&line);
}
