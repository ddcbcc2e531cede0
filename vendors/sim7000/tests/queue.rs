//! The receive queue: several packets, announced or not, whether reading takes them out or not.

use super::desk::*;
use crate::client::{Blocking as _, Event, Request};
use crate::error::{ClientError, Error, Resource, Waited};
use crate::message::Code;
use crate::sim::Line;
use crate::sim::conformance::nasty;
use crate::time::Millis;
use crate::vendors::sim7000::Settings;
use crate::vendors::sim7000::sim::{Quirks, TokenShown};
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// Whether reading keeps a packet.
const BOTH: [bool; 2] = [false, true];

/// Lets a notification come: its id is its number, and its payload.
fn notify(line: &Line<Module>, after: u32, number: u16) {
    let payload = number.to_string();
    // The server's own ids begin at 1.
    let id = 1000 + number;
    inject(line, after, CONTENT, id, &[0xEE, 1], payload.as_bytes());
}

/// Everything that came besides responses, as text.
fn events(host: &mut Host<'_>) -> Vec<String> {
    let mut all = Vec::new();
    while let Some((kind, payload)) = event(host) {
        let payload = match kind {
            "lost" => payload[0].to_string().into_bytes(),
            _ => payload,
        };
        all.push(format!("{kind} {}", String::from_utf8(payload).unwrap()));
    }
    all
}

#[test]
fn what_comes_in_mid_request_is_there_afterwards_in_order() {
    for keeps in BOTH {
        for reads in [1, 16, 64] {
            let line = line(|quirks| quirks.read_keeps = keeps);
            line.set_chunk(reads);
            with(&line, |host| {
                up(host);
                hello(host);
                notify(&line, 10, 1);
                inject(&line, 20, ASK, 1002, &[7], b"");
                inject(&line, 45, CONTENT, 1003, &[1], b"three\r\nOK\r\n");
                inject(&line, 300, ASK, 1004, &[], b"four");
                notify(&line, 1900, 5);
                assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
                hello(host);
                assert_eq!(
                    events(host),
                    [
                        "response 1",
                        "request ",
                        "response three\r\nOK\r\n",
                        "request four",
                        "response 5"
                    ]
                );
                let losses = host.take_losses();
                assert!(!losses.matter(), "{losses:?}");
            });
            polite(&line);
        }
    }
}

#[test]
fn several_at_once_are_read_one_after_the_other() {
    for keeps in BOTH {
        let line = line(|quirks| quirks.read_keeps = keeps);
        with(&line, |host| {
            up(host);
            hello(host);
            (1..=4).for_each(|number| notify(&line, 10, number));
            assert_eq!(
                events(host),
                ["response 1", "response 2", "response 3", "response 4"]
            );
            assert_eq!(line.device().packets(), 0, "nothing is left");
            hello(host);
        });
        polite(&line);
    }
}

/// More than can be remembered at once. Where reading takes a packet out, the queue itself names the next; where it
/// keeps them, the ids of the first are lost, and that is told.
#[test]
fn more_announcements_than_can_be_remembered() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        (1..=6).for_each(|number| notify(&line, 10, number));
        let mut all = events(host);
        all.sort();
        let expected = [1, 2, 3, 4, 5, 6].map(|number| format!("response {number}"));
        assert_eq!(all, expected);
        hello(host);
    });
    polite(&line);

    let line = super::desk::line(|quirks| quirks.read_keeps = true);
    with(&line, |host| {
        up(host);
        hello(host);
        (1..=6).for_each(|number| notify(&line, 10, number));
        let mut all = events(host);
        all.sort();
        assert_eq!(
            all,
            [
                "lost 1",
                "response 1",
                "response 3",
                "response 4",
                "response 5",
                "response 6"
            ],
            "the second is behind the first, which stays"
        );
        hello(host);
    });
    polite(&line);
}

/// Lets a packet come whose announcement nobody hears.
fn unheard(line: &Line<Module>, host: &mut Host<'_>, number: u16) {
    line.device().quirks.silent = true;
    notify(line, 0, number);
    let mut buffer = [0; 64];
    assert!(host.event(Millis::new(50), &mut buffer).unwrap().is_none());
    line.device().quirks.silent = false;
}

#[test]
fn a_packet_that_was_announced_in_vain_is_found_with_the_next() {
    for keeps in BOTH {
        let line = line(|quirks| quirks.read_keeps = keeps);
        with(&line, |host| {
            up(host);
            hello(host);
            // Clears what may be left of the response.
            notify(&line, 10, 0);
            assert_eq!(events(host), ["response 0"]);
            unheard(&line, host, 1);
            notify(&line, 10, 2);
            assert_eq!(events(host), ["response 2", "response 1"]);
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn one_that_is_behind_a_packet_which_stays_is_lost_and_that_is_told() {
    let line = line(|quirks| quirks.read_keeps = true);
    with(&line, |host| {
        up(host);
        // The response stays, since others may follow to the same request.
        hello(host);
        unheard(&line, host, 2);
        notify(&line, 10, 3);
        assert_eq!(events(host), ["response 3", "lost 1"]);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_queue_that_is_full_is_read_and_the_next_request_works() {
    for keeps in BOTH {
        for depth in 1..=3 {
            let line = line(|quirks| {
                quirks.read_keeps = keeps;
                quirks.depth = depth;
            });
            with(&line, |host| {
                up(host);
                hello(host);
                (1..=4).for_each(|number| notify(&line, 10, number));
                let all = events(host);
                assert!(all.len() >= depth - usize::from(keeps), "{all:?}");
                hello(host);
                notify(&line, 10, 9);
                if !keeps || depth > 1 {
                    assert_eq!(events(host), ["response 9"]);
                } else {
                    // The response fills it, and is cleared when that costs a packet.
                    assert_eq!(events(host), [""; 0]);
                    notify(&line, 10, 10);
                    assert_eq!(events(host), ["response 10"]);
                }
                hello(host);
            });
            polite(&line);
        }
    }
}

#[test]
fn a_full_queue_in_mid_request_does_not_cost_the_response() {
    for keeps in BOTH {
        let line = line(|quirks| {
            quirks.read_keeps = keeps;
            quirks.depth = 2;
        });
        with(&line, |host| {
            up(host);
            hello(host);
            (1..=3).for_each(|number| notify(&line, 100 + u32::from(number), number));
            // The server sends it again if there was no room for it.
            let result = get(host, "/separate");
            assert_eq!(result.unwrap().1, b"This took a while.");
            assert!(events(host).len() >= 2);
        });
        polite(&line);
    }
}

/// Whatever is dropped, every message comes once.
#[test]
fn reading_that_is_dropped_anywhere_loses_and_doubles_nothing() {
    let mut total = 0;
    for keeps in BOTH {
        for polls in 1.. {
            let line = line(|quirks: &mut Quirks| quirks.read_keeps = keeps);
            let ended = with(&line, |host| {
                up(host);
                hello(host);
                (1..=3).for_each(|number| notify(&line, 10, number));
                let mut buffer = [0; 1400];
                let first = {
                    let wait = Millis::new(300);
                    let mut future =
                        pin!(crate::client::CoapClient::event(host, wait, &mut buffer));
                    let mut context = Context::from_waker(Waker::noop());
                    (0..polls).find_map(|_| match future.as_mut().poll(&mut context) {
                        Poll::Ready(found) => Some(found.unwrap().is_some()),
                        Poll::Pending => None,
                    })
                };
                let expected: &[&str] = match first {
                    Some(true) => &["response 2", "response 3"],
                    _ => &["response 1", "response 2", "response 3"],
                };
                assert_eq!(events(host), expected, "dropped at {polls}, {keeps}");
                hello(host);
                first.is_some()
            });
            if ended {
                break;
            }
            total += 1;
        }
    }
    println!("{total} drops");
    assert!(total > 10);
}

/// A head that is refused because there is no such packet says nothing about the form: the next one is read as bytes, which
/// show the token of a separate response.
#[test]
fn a_packet_that_is_not_there_does_not_change_how_heads_are_read() {
    let line = line(|quirks| quirks.token_shown = TokenShown::No);
    with(&line, |host| {
        up(host);
        line.device().say(b"\r\n+CCOAPRECV: 999,14,9\r\n");
        assert_eq!(events(host), ["lost 1"]);
        let response = get(host, "/separate");
        assert_eq!(response.unwrap().1, b"This took a while.");
    });
    polite(&line);
}

/// Whoever looks often and waits little gets everything as well.
#[test]
fn looks_that_wait_for_nothing_find_what_was_announced() {
    for wait in [0, 1, 5] {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            hello(host);
            (1..=3).for_each(|number| notify(&line, 10, number));
            let mut found = Vec::new();
            let mut buffer = [0; 1400];
            for _ in 0..200 {
                let mut clock = line.clock();
                let until = line.now().after(Millis::new(5));
                while !line.now().reached(until) {
                    crate::front::Clock::idle(&mut clock, until);
                }
                match host.event(Millis::new(wait), &mut buffer) {
                    Ok(Some(Event::Response(view))) => found.push(view.payload().to_vec()),
                    Ok(None) => {}
                    other => panic!("{wait} ms: {other:?}"),
                }
            }
            assert_eq!(found, [b"1", b"2", b"3"], "{wait} ms");
        });
        polite(&line);
    }
}

#[test]
fn a_message_larger_than_the_inbox_ends_its_request_and_the_next_one_works() {
    for keeps in BOTH {
        let line = line(|quirks| quirks.read_keeps = keeps);
        with_memory::<300, _>(&line, Settings::default(), |host| {
            up(host);
            assert_eq!(get(host, "/large"), operation(Resource::Inbox));
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn a_response_too_large_for_its_buffer_is_held() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let mut small = [0; 100];
        let result = host.request(&Request::get("/large"), &mut small);
        let Err(ClientError::Operation(Error::Resource(Resource::Response { needed }))) =
            result.map(|response| response.code())
        else {
            panic!("it does not fit");
        };
        let mut large = vec![0; needed.into()];
        let response = host.held(&mut large).unwrap().unwrap();
        assert_eq!(response.payload().len(), 1024);
        hello(host);
    });
    polite(&line);
}

/// A length that is declared too long takes the end of the answer for data; too short, the rest is passed over.
#[test]
fn wrong_lengths_cost_a_response_but_not_the_line() {
    for off in [-3, -1, 1, 4, 100] {
        for reads in [1, 64] {
            let line = line(|_| {});
            line.set_chunk(reads);
            with(&line, |host| {
                up(host);
                line.device().quirks.read_length_off = off;
                let body = nasty(3, 40);
                let mut buffer = [0; 1400];
                let put = Request::put("/store/x", &body);
                let code = host.request(&put, &mut buffer).unwrap().code();
                assert_eq!(code, Code::CREATED);
                match get(host, "/store/x") {
                    Ok((_, payload)) => assert!(off < 3, "{off}: {payload:?}"),
                    Err(ClientError::Operation(
                        Error::Timeout(Waited::Modem) | Error::Resource(Resource::Inbox),
                    )) => {}
                    Err(other) => panic!("{off}: {other:?}"),
                }
                line.device().quirks.read_length_off = 0;
                hello(host);
            });
        }
    }
}
