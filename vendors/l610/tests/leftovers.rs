//! Ids that an earlier life of the host has left open.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::error::Waited;
use crate::message::Code;
use crate::time::Millis;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};

#[test]
fn a_host_that_restarts_again_and_again_never_runs_out_of_ids() {
    for (clients, one_line) in [(1, false), (2, false), (6, false), (2, true), (6, true)] {
        let line = line(|quirks| {
            quirks.clients = clients;
            quirks.ids_in_one_line = one_line;
        });
        for life in 0..9 {
            with(&line, |host| {
                up(host);
                hello(host);
                assert_eq!(get(host, "/store/none").unwrap().0, Code::NOT_FOUND);
            });
            let device = line.device();
            assert!(
                device.socket(1).is_some(),
                "life {life}: the smallest id again"
            );
            assert!((2..=clients).all(|id| device.socket(id).is_none()));
        }
        polite(&line);
    }
}

#[test]
fn a_read_form_that_is_refused_costs_ids_and_nothing_else() {
    let line = line(|quirks| quirks.open_has_no_read_form = true);
    for _ in 0..3 {
        with(&line, |host| {
            up(host);
            hello(host);
        });
    }
    assert!(line.device().socket(3).is_some());
    polite(&line);
}

#[test]
fn what_is_said_to_a_former_life_is_not_heard_by_the_next() {
    let line = line(|quirks| quirks.clients = 3);
    // The former life opens two: the first stays, since the second is opened by a program that does not look.
    with(&line, |host| {
        up(host);
        hello(host);
    });
    let old = line.device().socket(1).unwrap();
    line.device().quirks.open_has_no_read_form = true;
    with(&line, |host| {
        up(host);
        assert!(line.device().socket(2).is_some());
        // A message that the server of the first session still sends.
        let server = "192.0.2.1:5683".parse().unwrap();
        let at = line.now().after(Millis::new(30));
        let stray = [0x51, 0x45, 0x00, 0x01, 0xEE, 0xFF, b'x'];
        line.device().network().inject(at, old, server, &stray);
        hello(host);
        let heard = String::from_utf8_lossy(&line.received()).into_owned();
        assert!(heard.contains("+GTCOAPDATA: 1,7,"), "{heard}");
        let mut buffer = [0; 64];
        let event = host.event(Millis::new(500), &mut buffer).unwrap();
        assert!(event.is_none(), "{event:?}");
        assert_eq!(host.take_losses(), crate::at::Losses::default());
    });
    polite(&line);
}

#[test]
fn an_open_that_was_given_up_leaves_nothing_behind() {
    for polls in (1..400).step_by(3) {
        let line = line(|quirks| quirks.clients = 1);
        let mut ended = false;
        with(&line, |host| {
            host.attach(&network()).unwrap();
            {
                let mut connect = pin!(crate::client::CoapClient::connect(host, &DEMO));
                let mut context = Context::from_waker(Waker::noop());
                ended = (0..polls).any(|_| connect.as_mut().poll(&mut context).is_ready());
            }
            host.connect(&DEMO).unwrap();
            hello(host);
        });
        if ended {
            assert!(polls > 3);
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn a_late_response_to_a_former_life_is_no_answer_to_this_one() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let mut buffer = [0; 100];
        let request = Request::get("/separate").limit(Millis::new(500));
        let timeout = host.request(&request, &mut buffer).map(|one| one.code());
        assert_eq!(timeout, operation(Waited::Response));
    });
    with(&line, |host| {
        up(host);
        let mut buffer = [0; 100];
        let event = host.event(Millis::from_secs(5), &mut buffer).unwrap();
        assert!(event.is_none(), "{event:?}");
        hello(host);
    });
    polite(&line);
}
