//! One exchange at a time, whatever became of the one before; and what of a response can be known. (Chapter 8 of the guide.)

use super::desk::*;
use crate::client::{Blocking, CoapClient, Event, Request};
use crate::error::{ClientError, Error, ModemError, Resource, Waited};
use crate::message::Code;
use crate::modem::Dialect as _;
use crate::sim::conformance::{Stepped, nasty, poll_and_drop, random};
use crate::time::Millis;
use crate::vendors::sara_r5::SaraR5;

const GREETING: &[u8] = b"Hello from the demo server!";

/// A request that is given up by its time limit.
fn give_up(host: &mut Host<'_>, path: &str, limit: u32) {
    let request = Request::get(path).limit(Millis::new(limit));
    assert_eq!(ask(host, &request), operation(Waited::Response));
}

#[test]
fn the_end_of_an_exchange_that_was_given_up_is_waited_for() {
    for limit in [300, 1000, 1950, 2050] {
        let line = line(|_| {});
        native(&line, |host| {
            up(host);
            hello(host);
            give_up(host, "/separate", limit);
            assert!(line.device().is_busy());
            // Its response comes while the next request waits for its turn, and is not taken for that one's.
            assert_eq!(get(host, "/query?a").unwrap().1, b"a");
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn waiting_for_it_ends_with_the_requests_own_limit() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        give_up(host, "/silent", 1000);
        let began = line.now();
        let request = Request::get("/hello").limit(Millis::from_secs(5));
        assert_eq!(ask(host, &request), operation(Waited::Busy));
        let took = line.now().since(began).as_millis();
        assert!((4900..5200).contains(&took), "{took} ms");
        // It ends after a minute, by itself.
        hello(host);
    });
    polite(&line);
}

#[test]
fn an_end_that_was_lost_is_not_waited_for_for_ever() {
    let line = line(|quirks| quirks.result_after = Millis::from_secs(500));
    native(&line, |host| {
        up(host);
        hello(host);
        line.device().quirks.result_after = Millis::new(5);
        // The module is as busy as it ever was: it refuses, and only then the request fails.
        let request = Request::get("/hello").limit(Millis::from_secs(300));
        let began = line.now();
        let refused = ask(host, &request);
        assert!(
            matches!(
                refused,
                Err(ClientError::Operation(Error::Modem(ModemError::Result(1))))
            ),
            "{refused:?}"
        );
        assert!(line.now().since(began) < Millis::from_secs(200));
    });
    let line = self::line(|_| {});
    native(&line, |host| {
        up(host);
        hello(host);
        // Its last line is lost on its way.
        line.disturb(1);
        let mut buffer = [0; 64];
        Blocking::event(host, Millis::new(100), &mut buffer).unwrap();
        let began = line.now();
        let request = Request::get("/hello").limit(Millis::from_secs(300));
        assert_eq!(ask(host, &request).unwrap().1, GREETING);
        assert!(line.now().since(began) < Millis::from_secs(100));
    });
}

#[test]
fn a_request_that_was_dropped_before_the_modem_took_it_costs_no_time() {
    let mut quick = 0;
    for polls in 1..300 {
        let line = line(|_| {});
        let mut memory = crate::vendors::sara_r5::Memory::new();
        let front = Stepped {
            serial: line.serial(),
            clock: line.clock(),
            bytes: 4,
        };
        let mut host = crate::modem::Client::with(SaraR5::default(), &mut memory, front, random);
        Blocking::attach(&mut host, &network()).unwrap();
        Blocking::connect(&mut host, &DEMO).unwrap();
        let request = Request::put("/store/x", &[7; 100]);
        let mut buffer = [0; 256];
        let operation = CoapClient::request(&mut host, &request, &mut buffer);
        let dropped = poll_and_drop(operation, polls).is_err();
        let taken = line.device().is_busy();
        let began = line.now();
        let hello = Blocking::request(&mut host, &Request::get("/hello"), &mut buffer);
        assert_eq!(hello.unwrap().payload(), GREETING);
        if dropped && !taken {
            let took = line.now().since(began).as_millis();
            assert!(took < 3000, "at {polls}: {took} ms");
            quick += 1;
        }
    }
    assert!(quick > 50, "{quick}");
}

#[test]
fn a_request_of_an_earlier_life_of_the_host_stands_in_the_way_and_then_does_not() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        give_up(host, "/silent", 1000);
    });
    native(&line, |host| {
        up(host);
        assert_eq!(get(host, "/hello"), operation(ModemError::Result(1)));
        let mut buffer = [0; 64];
        Blocking::event(host, Millis::from_secs(90), &mut buffer).unwrap();
        hello(host);
    });
}

#[test]
fn a_response_to_an_earlier_life_of_the_host_is_nobodys() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        give_up(host, "/separate", 100);
    });
    native(&line, |host| {
        let mut buffer = [0; 256];
        let event = Blocking::event(host, Millis::from_secs(5), &mut buffer).unwrap();
        assert!(event.is_none(), "{event:?}");
        up(host);
        hello(host);
        assert!(!host.take_losses().matter());
    });
}

#[test]
fn a_profile_that_somebody_has_changed_is_set_anew() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        hello(host);
        line.device().forget_profile();
        line.sent();
        hello(host);
        let sent = commands(&line);
        let count = |command: &str| sent.iter().filter(|sent| *sent == command).count();
        assert_eq!(count("AT+UCOAPER"), 1, "{sent:?}");
        assert_eq!(
            (count("AT+UCOAP=4,1"), count("AT+UCOAPC=1")),
            (1, 2),
            "{sent:?}"
        );
        hello(host);
        assert_eq!(commands(&line), ["AT+UCOAPC=1"]);
    });
}

#[test]
fn a_refusal_that_is_explained_has_its_number_and_one_that_is_not_is_a_refusal() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        hello(host);
        Blocking::event(host, Millis::new(50), &mut [0; 64]).unwrap();
        // Without an active profile; the line that tells of its loss has not come.
        typed(&line, "AT+UPSDA=0,4");
        assert_eq!(get(host, "/hello"), operation(ModemError::Result(2)));
        up(host);
        hello(host);
    });
}

#[test]
fn an_exchange_that_a_restart_has_ended_is_not_waited_for() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        give_up(host, "/silent", 1000);
        line.device().reset();
        up(host);
        // A refusal for another reason is told at once.
        typed(&line, "AT+UPSDA=0,4");
        let began = line.now();
        assert_eq!(get(host, "/hello"), operation(ModemError::Result(2)));
        assert!(line.now().since(began) < Millis::from_secs(1));
    });
}

#[test]
fn a_code_is_known_by_its_class_and_its_text_is_a_hint() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        let mut buffer = [0; 256];
        for (request, code) in [
            (Request::get("/missing"), Code::NOT_FOUND),
            (Request::post("/hello", b"x"), Code::METHOD_NOT_ALLOWED),
        ] {
            let response = Blocking::request(host, &request, &mut buffer).unwrap();
            assert_eq!(response.code(), Code::new(4, 0));
            assert_eq!(SaraR5::hint(&response), Some(code));
        }
        // What is no error gives none, whatever it says; nor does an error of another class.
        for text in [&b"Error 4.04: x"[..], b"Error 2.05: x", b"Error 2.5: x"] {
            let request = Request::post("/echo", text);
            let response = Blocking::request(host, &request, &mut buffer).unwrap();
            let hint = (text == b"Error 2.05: x").then_some(Code::CONTENT);
            assert_eq!(SaraR5::hint(&response), hint, "no proof");
        }
        line.device().quirks.bare_errors = true;
        let response = Blocking::request(host, &Request::get("/missing"), &mut buffer).unwrap();
        assert_eq!(SaraR5::hint(&response), None);
    });
}

#[test]
fn firmware_that_joins_the_path_is_no_better_than_its_class_and_its_sockets_are() {
    let line = line(|quirks| quirks.joins_path = true);
    native(&line, |host| {
        up(host);
        assert_eq!(get(host, "/store/a").unwrap().0, Code::new(4, 0));
    });
    sockets(&line, |host| {
        up(host);
        let put = ask(host, &Request::put("/store/a", b"1"));
        assert_eq!(put.unwrap().0, Code::CREATED);
    });
}

#[test]
fn a_server_over_tcp_is_named_in_the_uri() {
    let line = line(|_| {});
    native(&line, |host| {
        Blocking::attach(host, &network()).unwrap();
        Blocking::connect(host, &DEMO.tcp()).unwrap();
        line.sent();
        hello(host);
        let uri = "AT+UCOAP=1,\"coap+tcp://demo:5683/hello\"".to_owned();
        assert!(commands(&line).contains(&uri));
        // The other way to the same server is another URI.
        Blocking::connect(host, &DEMO).unwrap();
        hello(host);
        let uri = "AT+UCOAP=1,\"coap://demo:5683/hello\"".to_owned();
        assert!(commands(&line).contains(&uri));
        line.device().network().refuses_streams = true;
        Blocking::connect(host, &DEMO.tcp()).unwrap();
        assert_eq!(get(host, "/hello"), operation(ModemError::Undelivered));
    });
    polite(&line);
}

#[test]
fn whole_sessions_go_over_tcp() {
    let line = line(|_| {});
    native(&line, |host| {
        Blocking::attach(host, &network()).unwrap();
        Blocking::connect(host, &DEMO.tcp()).unwrap();
        for length in [0, 1, 12, 13, 268, 269, 512] {
            let body = nasty(1, length);
            let put = ask(host, &Request::put("/store/x", &body).content_format(42));
            assert_eq!(put.unwrap().0, shown::<SaraR5>(Code::CHANGED));
            assert_eq!(get(host, "/store/x"), Ok((content::<SaraR5>(), body)));
        }
        assert_eq!(get(host, "/query?a=1&b=2").unwrap().1, b"a=1\nb=2");
        let gone = ask(host, &Request::delete("/store/x")).unwrap();
        assert_eq!(gone.0, shown::<SaraR5>(Code::DELETED));
        assert_eq!(get(host, "/store/x").unwrap().0, Code::new(4, 0));
        assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
        assert_eq!(get(host, "/large").unwrap().1.len(), 1024);
        // What is a reset between datagrams is an abort here.
        assert_eq!(get(host, "/reset"), operation(ModemError::Undelivered));
        hello(host);
        // A greeting and a request each, and never a datagram: none begins so.
        let journal = line.device().network().take_journal();
        assert!(
            journal
                .iter()
                .step_by(2)
                .all(|sent| sent.datagram == [0, 0xE1])
        );
        assert_eq!(journal.len() & 1, 0);
    });
    polite(&line);
}

#[test]
fn addresses_and_long_parts_stand_in_the_uri_as_they_must() {
    let line = line(|_| {});
    native(&line, |host| {
        Blocking::attach(host, &network()).unwrap();
        let six = crate::client::Remote::new("2001:db8::1", 61616);
        Blocking::connect(host, &six).unwrap();
        line.sent();
        hello(host);
        let uri = "AT+UCOAP=1,\"coap://[2001:db8::1]:61616/hello\"".to_owned();
        assert!(commands(&line).contains(&uri));
        // Each part as long as it may be: 255 characters with the slash, or the question mark.
        let path = format!("/{}?{}", "p".repeat(254), "q".repeat(254));
        assert_eq!(get(host, &path).unwrap().0, Code::new(4, 0));
    });
    polite(&line);
}

#[test]
fn a_server_that_cannot_be_reached_or_rejects_is_told() {
    let line = line(|_| {});
    native(&line, |host| {
        assert_eq!(get(host, "/hello"), operation(ModemError::NotConnected));
        Blocking::attach(host, &network()).unwrap();
        Blocking::connect(host, &crate::client::Remote::new("nowhere.example", 5683)).unwrap();
        assert_eq!(get(host, "/hello"), operation(ModemError::Undelivered));
        Blocking::connect(host, &DEMO).unwrap();
        assert_eq!(get(host, "/reset"), operation(ModemError::Undelivered));
        assert_eq!(get(host, "/silent"), operation(ModemError::Undelivered));
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_response_that_is_larger_than_the_buffer_is_held_and_one_larger_than_the_inbox_is_told() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        let mut small = [0; 100];
        let error = Blocking::request(host, &Request::get("/large"), &mut small).unwrap_err();
        let ClientError::Operation(Error::Resource(Resource::Response { needed })) = error else {
            panic!("{error:?}");
        };
        let mut enough = vec![0; needed.into()];
        let held = Blocking::held(host, &mut enough).unwrap().unwrap();
        assert_eq!((held.code(), held.payload().len()), (Code::new(2, 0), 1024));
        hello(host);
    });
    for reads in [1, 16, 64] {
        line.set_chunk(reads);
        with_inbox::<256, _, _>(&line, SaraR5::default(), |host| {
            up(host);
            let began = line.now();
            assert_eq!(get(host, "/large"), operation(Resource::Inbox));
            assert!(line.now().since(began) < Millis::from_secs(1), "at once");
            hello(host);
            let mut buffer = [0; 64];
            let event = Blocking::event(host, Millis::new(100), &mut buffer).unwrap();
            assert!(matches!(event, Some(Event::Lost(losses)) if losses.messages == 1));
        });
    }
    polite(&line);
}

#[test]
fn a_storm_of_other_lines_in_mid_request_changes_nothing() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        native(&line, |host| {
            up(host);
            let lines = [
                "+UMWI: 0,1",
                "+CEREG: 5,\"1A2B\",\"01A2B3C4\",9",
                "+XYZZY: 1",
                "+UUSORD: 0,48",
                "+UCOAPER: 15,17",
                "+UCOAPCR: 2,0",
                "+UUPSDA: 0,\"10.0.0.1\"",
                "+CGEV: ME PDN ACT 1",
                "@",
                "Some text, with, commas",
            ];
            for (step, said) in (0..400).zip(lines.iter().cycle()) {
                let at = line.now().after(Millis::new(step));
                line.device()
                    .say_at(at, format!("\r\n{said}\r\n").as_bytes());
            }
            let body = crate::sim::conformance::nasty(1, 300);
            ask(host, &Request::put("/store/x", &body)).unwrap();
            assert_eq!(get(host, "/store/x").unwrap().1, body);
            let losses = host.take_losses();
            assert!(!losses.matter() && losses.unknown > 30, "{losses:?}");
        });
    }
}

#[test]
fn a_payload_that_was_lost_whole_does_not_pass_for_an_empty_one() {
    use crate::at::{Inbox, Stamp};
    for damaged in [false, true] {
        let mut memory = [0; 256];
        let mut inbox = Inbox::new(&mut memory);
        inbox.session = Some(1);
        inbox.exchange = Some(Stamp::new(7, &[0xA0]));
        assert!(SaraR5::urc(b"+UCOAPCD: 2,0,", &mut inbox));
        // The serial port tells that bytes are missing, between the quotes; the next read is whole again.
        inbox.doubt(damaged);
        inbox.doubt(false);
        assert!(SaraR5::urc(b"+UCOAPCD: 2,0,\"\",0", &mut inbox));
        assert_eq!(inbox.peek().unwrap().cut, damaged);
    }
}
