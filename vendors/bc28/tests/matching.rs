//! Which line is the response: by id and type, since no token is shown.

use super::desk::*;
use crate::at::{Delivery, Losses};
use crate::client::{Blocking as _, Event, Request};
use crate::error::{Error, PeerError, Resource, Waited};
use crate::message::{Code, Number, Value};
use crate::sim::Line;
use crate::time::Millis;
use crate::vendors::bc28::Bc28;

/// A request that is given up after so many milliseconds.
fn give_up(host: &mut Host<'_>, path: &str, milliseconds: u32) {
    let request = Request::get(path).limit(Millis::new(milliseconds));
    assert_eq!(ask(host, &request), operation(Waited::Response));
}

#[test]
fn a_response_that_comes_after_its_request_was_given_up_is_nobodys() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        give_up(host, "/separate", 500);
        let mut buffer = [0; 100];
        let event = host.event(Millis::from_secs(5), &mut buffer).unwrap();
        assert!(event.is_none(), "{event:?}");
        hello(host);
    });
    polite(&line);
}

#[test]
fn an_acknowledgement_with_another_id_is_not_ours() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let at = line.now().after(Millis::new(100));
        line.device()
            .say_at(at, b"\r\n+QCOAPURC: \"rsp\",2,2.05,1,5,77726F6E67\r\n");
        hello(host);
        assert_eq!(event(host), None);
        assert!(!host.take_losses().matter());
    });
}

#[test]
fn a_separate_response_is_taken_only_from_the_moment_its_request_is_sent() {
    // At any moment of a request: before it is sent it is nobody's, afterwards nobody can tell.
    for after in 0..120 {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            let at = line.now().after(Millis::new(after));
            line.device()
                .say_at(at, b"\r\n+QCOAPURC: \"rsp\",1,2.05,1,5,6F74686572\r\n");
            let got = get(host, "/hello").unwrap().1;
            assert!(got != b"other" || after > 30, "at {after} ms");
            hello(host);
        });
    }
}

#[test]
fn a_separate_response_that_is_told_again_later_is_not_the_next_requests() {
    let line = line(|_| {});
    let say = |after, text: &str| {
        let at = line.now().after(Millis::new(after));
        let said = format!("\r\n+QCOAPURC: \"rsp\",{text}\r\n");
        line.device().say_at(at, said.as_bytes());
    };
    with(&line, |host| {
        up(host);
        say(200, "0,2.05,500,3,6F6E65");
        assert_eq!(get(host, "/silent").unwrap().1, b"one");
        say(200, "0,2.05,500,3,6F6E65");
        say(300, "0,2.05,501,3,74776F");
        assert_eq!(get(host, "/silent").unwrap().1, b"two");
        // Of a request that was given up, told while none was open.
        give_up(host, "/silent", 300);
        say(10, "1,2.05,502,3,6F6C64");
        assert_eq!(event(host), None);
        say(200, "1,2.05,502,3,6F6C64");
        say(300, "1,2.05,503,3,6E6577");
        assert_eq!(get(host, "/silent").unwrap().1, b"new");
        assert!(!host.take_losses().matter());
        // Another server has ids of its own.
        host.connect(&DEMO).unwrap();
        say(200, "1,2.05,503,3,6E6577");
        assert_eq!(get(host, "/silent").unwrap().1, b"new");
    });
}

#[test]
fn notifications_are_events_whether_a_request_is_open_or_not() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            inject(&line, 60, &notification(1, b"one"));
            inject(&line, 1500, &notification(2, b"two"));
            assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
            inject(&line, 10, &notification(3, b"three"));
            assert_eq!(event(host), Some(("response", b"one".to_vec())));
            assert_eq!(event(host), Some(("response", b"two".to_vec())));
            assert_eq!(event(host), Some(("response", b"three".to_vec())));
            assert_eq!(event(host), None);
            assert!(!host.take_losses().matter());
        });
        polite(&line);
    }
}

#[test]
fn a_request_for_notifications_takes_a_numbered_response() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        inject(&line, 300, &notification(1, b"first"));
        let observe = [(Number::OBSERVE, Value::Uint(0))];
        let request = Request::get("/silent").options(&observe);
        assert_eq!(ask(host, &request).unwrap().1, b"first");
        inject(&line, 10, &notification(2, b"second"));
        assert_eq!(event(host), Some(("response", b"second".to_vec())));
    });
}

/// Nor has a request that asks for their end.
#[test]
fn a_request_that_ends_notifications_does_not_take_one_for_its_response() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        inject(&line, 90, &notification(1, b"one more"));
        let end = [(Number::OBSERVE, Value::Uint(1))];
        let request = Request::get("/hello").options(&end);
        let greeting = b"Hello from the demo server!";
        assert_eq!(ask(host, &request).unwrap().1, greeting);
        assert_eq!(event(host), Some(("response", b"one more".to_vec())));
    });
    polite(&line);
}

#[test]
fn a_server_that_resets_or_says_nothing_ends_the_request() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        assert_eq!(get(host, "/reset"), operation(PeerError::Reset));
        assert_eq!(get(host, "/silent"), operation(Waited::Response));
        assert_eq!(get(host, "/ack-only"), operation(Waited::Response));
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_message_that_the_module_still_repeats_is_ended_before_the_next() {
    for (one_at_a_time, status_of_lwm2m) in [(false, false), (true, false), (true, true)] {
        let line = line(|quirks| {
            quirks.one_at_a_time = one_at_a_time;
            quirks.status_of_lwm2m = status_of_lwm2m;
        });
        with(&line, |host| {
            up(host);
            give_up(host, "/silent", 500);
            datagrams(&line);
            commands(&line);
            hello(host);
            assert_eq!(commands(&line)[..2], ["AT+QCOAPDATASTATUS?", "AT+QCOAPDEL"]);
            let mut buffer = [0; 10];
            host.event(Millis::from_secs(60), &mut buffer).unwrap();
            assert_eq!(datagrams(&line).len(), 1, "and it is not repeated");
        });
        polite(&line);
    }
}

#[test]
fn the_largest_payloads_go_out_and_come_in() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        for length in [1, 2, 3, 16, 511, 512, 1024] {
            let body = crate::sim::conformance::nasty(3, length);
            ask(host, &Request::put("/store/x", &body)).unwrap();
            assert_eq!(get(host, "/store/x").unwrap().1, body, "{length}");
        }
        assert_eq!(get(host, "/binary").unwrap().0, Code::CONTENT);
        assert_eq!(get(host, "/large").unwrap().1.len(), 1024);
        assert!(!host.take_losses().matter());
    });
    polite(&line);
}

/// Asks for what is never answered, and lets the modem say this about it; `ID` stands for the id of the request.
fn answered_with(said: &str, expected: Result<(Code, Vec<u8>), Failure>, options_lost: u16) {
    for reads in [1, 16, 64] {
        // The first run only finds out which id the request will have.
        let id = {
            let line = line(|_| {});
            with(&line, |host| {
                up(host);
                datagrams(&line);
                give_up(host, "/silent", 1000);
            });
            datagrams(&line)[0].header.message_id
        };
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            let began = line.now();
            let said = format!("\r\n{}\r\n", said.replace("ID", &id.to_string()));
            line.device()
                .say_at(began.after(Millis::new(150)), said.as_bytes());
            assert_eq!(get(host, "/silent"), expected, "{said:.60}");
            let took = line.now().since(began).as_millis();
            assert!(took <= 400, "took {took} ms");
            let losses = host.take_losses();
            assert_eq!(losses.options, options_lost, "{losses:?}");
            assert!(expected.is_ok() || losses.matter(), "{losses:?}");
            hello(host);
        });
    }
}

fn lost(said: &str, options: u16) {
    answered_with(said, operation(Resource::Inbox), options);
}

fn good(said: &str, options: u16) {
    answered_with(said, Ok((Code::CONTENT, b"hello".to_vec())), options);
}

#[test]
fn data_shorter_than_declared_is_told_at_once() {
    lost("+QCOAPURC: \"rsp\",2,2.05,ID,25,4E692048", 0);
    lost(
        "+QCOAPURC: \"rsp\",2,2.05,ID,1,12,\"0\",500,shorter than that",
        0,
    );
    lost("+QCOAPURC: \"rsp\",2,2.05,ID,65000,00", 0);
}

#[test]
fn a_line_that_breaks_off_is_told_at_once() {
    lost("+QCOAPURC: \"rsp\",2,2.05,ID,2,8,\"cut o", 0);
    lost("+QCOAPURC: \"rsp\",2,2.05,ID,1,8,\"a\"b\",5,hello", 0);
    let long = format!("8,\"{}\"", "p".repeat(Bc28::LINE));
    lost(&format!("+QCOAPURC: \"rsp\",2,2.05,ID,1,{long},5,hello"), 0);
    let many = ",8,\"segment\"".repeat(40);
    lost(&format!("+QCOAPURC: \"rsp\",2,2.05,ID,40{many},5,hello"), 0);
}

#[test]
fn options_that_are_not_shown_or_cannot_be_read_are_counted() {
    let hello = "5,68656C6C6F";
    good(&format!("+QCOAPURC: \"rsp\",2,2.05,ID,1,{hello}"), 1);
    good(
        &format!("+QCOAPURC: \"rsp\",2,2.05,ID,2,14,\"60\",{hello}"),
        1,
    );
    good(
        &format!("+QCOAPURC: \"rsp\",2,2.05,ID,1,14,\"soon\",{hello}"),
        1,
    );
    good(
        &format!("+QCOAPURC: \"rsp\",2,2.05,ID,1,12,\"\",{hello}"),
        1,
    );
}

#[test]
fn what_might_be_a_part_is_not_taken_for_the_whole() {
    // A block whose value has vanished, and options that are not shown with a payload of a block's size.
    lost("+QCOAPURC: \"rsp\",2,2.05,ID,1,23,\"\",5,68656C6C6F", 1);
    let block = "30".repeat(16);
    lost(&format!("+QCOAPURC: \"rsp\",2,2.05,ID,1,16,{block}"), 1);
    // One that says that others follow, in either form: the endpoint's business.
    for value in ["0/M/64", "10"] {
        let critical = PeerError::CriticalOption(Number::BLOCK2);
        let said = format!("+QCOAPURC: \"rsp\",2,2.05,ID,1,23,\"{value}\",5,68656C6C6F");
        answered_with_error(&said, critical.into());
    }
    good(
        "+QCOAPURC: \"rsp\",2,2.05,ID,1,23,\"0/_/64\"5,68656C6C6F",
        0,
    );
}

fn answered_with_error(said: &str, error: Error) {
    let id = {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            datagrams(&line);
            give_up(host, "/silent", 1000);
        });
        datagrams(&line)[0].header.message_id
    };
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let said = format!("\r\n{}\r\n", said.replace("ID", &id.to_string()));
        let at = line.now().after(Millis::new(150));
        line.device().say_at(at, said.as_bytes());
        assert_eq!(get(host, "/silent"), operation(error));
        hello(host);
    });
}

#[test]
fn odd_blocks_and_formats_of_a_relative_are_read() {
    let line = line(|quirks| {
        quirks.odd_blocks = true;
        quirks.odd_formats = true;
    });
    with(&line, |host| {
        up(host);
        let mut unusual = notification(1, b"cbor");
        unusual.add_option(coap_lite::CoapOption::ContentFormat, vec![60]);
        unusual.add_option(coap_lite::CoapOption::Block2, vec![2]);
        inject(&line, 10, &unusual);
        let mut buffer = [0; 100];
        let event = host.event(Millis::new(200), &mut buffer).unwrap();
        let Some(Event::Response(view)) = event else {
            panic!("{event:?}");
        };
        assert_eq!(view.payload(), b"cbor");
        assert_eq!(view.option(Number::BLOCK2).unwrap().value, [2]);
        assert_eq!(view.option(Number::CONTENT_FORMAT), None);
        assert_eq!(host.take_losses().options, 1, "the format is counted");
    });
}

#[test]
fn an_empty_acknowledgement_is_a_note_and_no_response() {
    let mut memory = [0; 64];
    let mut inbox = crate::at::Inbox::new(&mut memory);
    for (line, id) in [
        (&b"+QCOAPURC: \"rsp\",2,0,7"[..], 7),
        (b"+QCOAPURC: \"rsp\",2,0.00,8", 8),
    ] {
        assert!(super::super::lines::urc(line, &mut inbox));
        let delivery = inbox.notes.delivery.take();
        assert_eq!(delivery, Some(Delivery { id, result: 0 }));
        assert!(inbox.peek().is_none());
    }
    assert_eq!(inbox.losses, Losses::default());
}

/// Every line of this module, cut anywhere and with any byte in it: nothing panics, and what follows works.
#[test]
fn no_line_does_harm() {
    let lines: [&[u8]; 4] = [
        b"+QCOAPURC: \"rsp\",1.2.3.4,5683,2,2.05,1,2,12,\"0\",23,\"0/M/64\"5,hello",
        b"+QCOAPURC:\"req\",1.2.3.4,5683,0,1,50670,89,8,1A84BFE989C01C08,6,\"0\",11,\"t\",2,6869",
        b"+QCOAPURC: \"rsp\" 2.05,61440,25,4E692048616F",
        b"+QDNS:192.0.2.1",
    ];
    let line: Line<Module> = line(|_| {});
    with(&line, |host| {
        up(host);
        for original in lines {
            for place in 0..original.len() {
                for byte in [b',', b'"', b' ', b'0', b'9', b'.', 0xFF, b'\r'] {
                    let mut broken = original.to_vec();
                    broken[place] = byte;
                    let mut said = b"\r\n".to_vec();
                    said.extend_from_slice(&broken);
                    said.extend_from_slice(b"\r\n\r\n");
                    said.extend_from_slice(&original[..place]);
                    said.extend_from_slice(b"\r\n");
                    line.device().say(&said);
                }
                let mut buffer = [0; 1400];
                while host.event(Millis::new(150), &mut buffer).unwrap().is_some() {}
            }
        }
        host.take_losses();
        hello(host);
    });
}
