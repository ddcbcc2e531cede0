//! The settings: which of the modem's clients is ours, and which port its lines come out of.

use super::desk::*;
use crate::client::{Blocking as _, Event, Request};
use crate::error::{ModemError, Refusal, Waited};
use crate::message::Code;
use crate::sim::Line;
use crate::time::Millis;
use crate::vendors::bg96::Bg96;

fn sent(line: &Line<Module>) -> String {
    String::from_utf8(line.sent()).unwrap()
}

#[test]
fn each_of_the_six_clients_carries_a_session() {
    for client in 0..6 {
        let line = line(|_| {});
        with_dialect(&line, Bg96::default().with_client(client), |host| {
            up(host);
            hello(host);
            let mut buffer = [0; 100];
            let put = Request::put("/store/x", b"OK\r\n");
            assert_eq!(
                host.request(&put, &mut buffer).unwrap().code(),
                Code::CREATED
            );
            host.close().unwrap();
        });
        let commands = sent(&line);
        let coap = commands
            .split('\r')
            .filter(|command| command.contains("QCOAP"));
        let (mut all, mut named) = (0, 0);
        for command in coap.filter(|command| !command.ends_with('?')) {
            let arguments = command.split_once('=').unwrap().1;
            let arguments = arguments.strip_prefix("\"pdpcid\",").unwrap_or(arguments);
            let arguments = arguments.strip_prefix("\"trans\",").unwrap_or(arguments);
            named += usize::from(arguments.split(',').next() == Some(&client.to_string()));
            all += 1;
        }
        assert!(all > 8 && named == all, "{commands}");
        polite(&line);
    }
}

#[test]
fn a_client_that_the_module_does_not_have_is_refused_by_it() {
    let line = line(|_| {});
    with_dialect(&line, Bg96::default().with_client(6), |host| {
        host.attach(&network()).unwrap();
        assert_eq!(
            host.connect(&DEMO),
            operation(ModemError::Refused(Refusal::Plain))
        );
    });
}

#[test]
fn what_is_told_of_another_clients_session_is_not_ours() {
    for (ours, other) in [(0, 1), (2, 0), (5, 4)] {
        let line = line(|_| {});
        with_dialect(&line, Bg96::default().with_client(ours), |host| {
            up(host);
            line.sent();
            hello(host);
            let said = sent(&line);
            let id = said.split(',').nth(1).unwrap().parse::<u16>().unwrap() + 1;
            let lines = [
                format!("+QCOAPACK: {other},0,{id},-11"),
                format!("+COAPACK: {other},0,{id},11"),
                format!("+QCOAPIND: {other},0,{id},1,0"),
                format!("+QCOAPCLOSE: {other},0"),
                format!("+QCOAPOPEN: {other},0"),
                format!("+QCOAPRECV: {other},{id},0.00,0,,0,0\r\n"),
                format!("+QCOAPRECV: {other},{id},4.04,2,EE01,0,11\r\n\r\nnot ours\r"),
                format!("+QCOAPRECV: {other},{id},0.01,2,EE02,1,11,\"x\",0\r\n"),
            ];
            for (step, said) in (0..).zip(&lines) {
                let at = line.now().after(Millis::new(20 + 30 * step));
                line.device()
                    .say_at(at, format!("\r\n{said}\r\n").as_bytes());
            }
            assert_eq!(get(host, "/separate").unwrap().0, Code::CONTENT);
            assert!(host.event(Millis::new(10), &mut [0; 64]).unwrap().is_none());
            assert_eq!(
                host.take_losses(),
                crate::at::Losses::default(),
                "and is known"
            );
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn a_session_of_another_client_stays_as_it_is() {
    let line = line(|_| {});
    with_dialect(&line, Bg96::default().with_client(3), |host| {
        up(host);
        hello(host);
    });
    with(&line, |host| {
        line.sent();
        up(host);
        hello(host);
        host.close().unwrap();
        let said = sent(&line);
        assert!(!said.contains("CLOSE=3"), "{said}");
    });
    let socket = line.device().socket(3);
    assert!(socket.is_some(), "still open");
    with_dialect(&line, Bg96::default().with_client(3), |host| {
        up(host);
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_message_for_us_among_those_for_others_is_ours() {
    let line = line(|_| {});
    with_dialect(&line, Bg96::default().with_client(2), |host| {
        up(host);
        for client in [0, 2, 5] {
            let said = format!("\r\n+QCOAPRECV: {client},7,2.05,2,EE0{client},0,1\r\n{client}\r\n");
            line.device().say(said.as_bytes());
        }
        let mut buffer = [0; 64];
        let event = host.event(Millis::new(100), &mut buffer).unwrap();
        assert!(
            matches!(event, Some(Event::Response(view)) if view.payload() == b"2"),
            "{event:?}"
        );
        assert!(host.event(Millis::new(100), &mut buffer).unwrap().is_none());
    });
}

#[test]
fn lines_that_come_out_elsewhere_are_called_here_by_the_setting() {
    let line = line(|_| {});
    type_in(&line, "AT+QURCCFG=\"urcport\",\"usbat\"");
    with(&line, |host| {
        // The answers come, the results do not: the state is asked for in their place, the responses are lost.
        up(host);
        let request = Request::get("/hello").limit(Millis::from_secs(5));
        let mut buffer = [0; 100];
        let result = host
            .request(&request, &mut buffer)
            .map(|response| response.code());
        assert_eq!(result, operation(Waited::Response));
        assert!(
            !sent(&line).contains("AT+QURCCFG=\"urcport\"\r"),
            "left as it is"
        );
    });
    for round in 0..3 {
        if round == 2 {
            line.device().reset();
        }
        with_dialect(&line, Bg96::default().with_urc_port("uart1"), |host| {
            line.sent();
            up(host);
            hello(host);
            let said = sent(&line);
            assert!(said.contains("AT+QURCCFG=\"urcport\"\r"), "{said}");
            let set = said.contains("AT+QURCCFG=\"urcport\",\"uart1\"\r");
            assert_eq!(set, round == 0, "set only where it differs");
        });
    }
    polite(&line);
}

#[test]
fn a_port_that_the_module_does_not_have_is_refused_by_it() {
    let line = line(|_| {});
    with_dialect(&line, Bg96::default().with_urc_port("uart9"), |host| {
        assert_eq!(
            host.attach(&network()),
            operation(ModemError::Refused(Refusal::Plain))
        );
    });
}

#[test]
fn a_session_whose_opening_is_in_processing_is_waited_for() {
    for sign in ["", "-"] {
        let line = line(|_| {});
        with(&line, |host| {
            host.attach(&network()).unwrap();
            let at = line.now().after(Millis::new(100));
            let said = format!("\r\n+QCOAPOPEN: 0,{sign}2\r\n");
            line.device().say_at(at, said.as_bytes());
            host.connect(&DEMO).unwrap();
            hello(host);
        });
        polite(&line);
    }
}
