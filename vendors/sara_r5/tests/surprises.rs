//! What happens to a module, a line or a network while somebody uses them.

use super::desk::*;
use crate::client::{Blocking as _, Event, Request};
use crate::error::{ClientError, Error, ModemError};
use crate::message::Code;
use crate::modem::Dialect;
use crate::sim::Line;
use crate::time::Millis;
use crate::vendors::sara_r5::SaraR5;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// GETs a resource that takes two seconds, and after so many polls lets something happen. Whether it happened.
fn interrupted<D: Dialect>(
    line: &Line<Module>,
    host: &mut Host<'_, D>,
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

/// The same at every poll; what the request gives then is a response or an error, this one at least once, and attaching and
/// connecting again heals it.
fn at_every_poll<D: Dialect + Default>(happen: impl Fn(&mut Module), expected: ModemError) {
    let mut seen = 0;
    for polls in 0.. {
        let line = line(|_| {});
        let happened = with(&line, D::default(), |host| {
            up(host);
            let (result, happened) = interrupted(&line, host, polls, &happen);
            if happened {
                match result {
                    Ok(code) => assert_eq!(code, content::<D>()),
                    Err(ClientError::Operation(Error::Modem(error))) => {
                        seen += u32::from(error == expected);
                    }
                    Err(ClientError::Operation(Error::Timeout(_))) => {}
                    Err(error) => panic!("at poll {polls}: {error:?}"),
                }
                up(host);
                hello(host);
            }
            happened
        });
        if !happened {
            assert!(seen > 0 && polls > 5, "{seen} of {polls}");
            return;
        }
    }
}

#[test]
fn a_context_that_is_lost_in_mid_request_is_told_and_healed() {
    at_every_poll::<SaraR5>(Module::drop_profile, ModemError::LinkLost);
    at_every_poll::<Sockets>(Module::drop_profile, ModemError::LinkLost);
    at_every_poll::<Binary>(Module::drop_profile, ModemError::LinkLost);
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
        at_every_poll::<SaraR5>(|module| module.say(bytes.as_bytes()), ModemError::LinkLost);
        at_every_poll::<Sockets>(|module| module.say(bytes.as_bytes()), ModemError::LinkLost);
    }
}

#[test]
fn a_restart_with_a_line_is_told_and_one_without_is_found_by_attach() {
    fn told(module: &mut Module) {
        module.quirks.boot = vec!["+UUPSMR: 0".into()];
        module.reset();
    }
    at_every_poll::<SaraR5>(told, ModemError::Restarted);
    at_every_poll::<Sockets>(told, ModemError::Restarted);
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
fn a_host_that_restarts_in_mid_request_finds_its_way() {
    fn restarts<D: Dialect + Default>() {
        for polls in 1.. {
            let line = line(|_| {});
            let ended = with(&line, D::default(), |host| {
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
            with(&line, D::default(), |host| {
                up(host);
                hello(host);
            });
        }
    }
    restarts::<SaraR5>();
    restarts::<Sockets>();
    restarts::<Binary>();
}

#[test]
fn damaged_reads_do_not_end_an_operation() {
    fn damaged<D: Dialect + Default>() {
        let line = line(|_| {});
        with(&line, D::default(), |host| {
            line.disturb(3);
            host.attach(&network()).unwrap();
            line.disturb(3);
            host.connect(&DEMO).unwrap();
            line.disturb(3);
            hello(host);
            assert_eq!(host.take_losses().junk, 9, "and are counted");
        });
        polite(&line);
    }
    damaged::<SaraR5>();
    damaged::<Sockets>();
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
