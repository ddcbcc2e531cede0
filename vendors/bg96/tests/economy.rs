//! A repeated request sends no command whose effect is already in force.

use super::desk::*;
use crate::client::{Blocking, CoapClient};
use crate::endpoint::Parameters;
use crate::sim::Line;
use crate::sim::conformance::{Stepped, poll_and_drop, random};
use crate::time::Millis;
use crate::vendors::bg96;

/// What went over the line since the last look: the commands, and the bytes both ways.
fn traffic(line: &Line<Module>) -> (Vec<String>, usize, usize) {
    let (sent, received) = (line.sent(), line.received());
    let text = String::from_utf8(sent.clone()).unwrap();
    // Message id and token differ from request to request, their lengths do not.
    let command = |line: &str| match line.strip_prefix("AT+QCOAPHEADER=0,") {
        Some(rest) => {
            assert_eq!(rest.len(), r#"12345,0,4,"01234567""#.len(), "{rest}");
            "AT+QCOAPHEADER".to_owned()
        }
        None => line.to_owned(),
    };
    (
        text.split_terminator('\r').map(command).collect(),
        sent.len(),
        received.len(),
    )
}

#[test]
fn a_repeated_request_sends_header_and_send_only() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        traffic(&line);
        println!("| request | commands | bytes out | bytes in |\n|---|---|---|---|");
        let mut ask = |what: &str, path: &str| {
            get(host, path).unwrap();
            let (commands, sent, received) = traffic(&line);
            println!("| {what} | {} | {sent} | {received} |", commands.join(", "));
            (commands, sent, received)
        };
        let header = "AT+QCOAPHEADER";
        let first = ask("1st GET /store/a", "/store/a");
        let add = |slot: u8, value: &str| format!("AT+QCOAPOPTION=0,0,{slot},11,\"{value}\"");
        let send = |mask: u8| format!("AT+QCOAPSEND=0,0,1,{mask},0");
        assert_eq!(first.0, [header, &add(0, "store"), &add(1, "a"), &send(3)]);
        assert_eq!((first.1, first.2), (121, 104));
        let second = ask("2nd GET /store/a", "/store/a");
        assert_eq!(second.0, [header, &send(3)]);
        assert_eq!((second.1, second.2), (61, 92));

        // Two paths by turns: each keeps its slots.
        let other = ask("1st GET /hello", "/hello");
        assert_eq!(other.0, [header, &add(2, "hello"), &send(4)]);
        for _ in 0..3 {
            assert_eq!(
                ask("by turns GET /store/a", "/store/a").0,
                [header, &send(3)]
            );
            assert_eq!(ask("by turns GET /hello", "/hello").0, [header, &send(4)]);
        }

        // A shared beginning of a path is not said again.
        assert_eq!(
            ask("1st GET /store/b", "/store/b").0,
            [header, &add(3, "b"), &send(9)]
        );
    });
    polite(&line);
}

#[test]
fn attach_and_connect_again_send_questions_only() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        line.sent();
        up(host);
        let sent = String::from_utf8(line.sent()).unwrap();
        let commands: Vec<&str> = sent.split_terminator('\r').collect();
        assert_eq!(
            commands,
            [
                "AT+CMEE?",
                "AT+CPIN?",
                "AT+CFUN?",
                "AT+CEREG?",
                "AT+QIACT?",
                "AT+QICSGP=1",
                "AT+QCOAPOPEN?"
            ]
        );
        line.sent();
        hello(host);
        assert!(!String::from_utf8(line.sent()).unwrap().contains("OPTION"));
    });
    polite(&line);
}

#[test]
fn settings_that_the_modem_may_have_heard_are_said_again() {
    let mut dropped = 0;
    for polls in 1..60 {
        let line = line(|_| {});
        let mut memory = bg96::Memory::new();
        let front = Stepped {
            serial: line.serial(),
            clock: line.clock(),
            bytes: 4,
        };
        let mut host = bg96::Client::new(&mut memory, front, random);
        Blocking::attach(&mut host, &network()).unwrap();
        Blocking::connect(&mut host, &DEMO).unwrap();
        host.set_parameters(Parameters {
            ack_timeout: Millis::from_secs(9),
            ..Parameters::default()
        });
        dropped +=
            usize::from(poll_and_drop(CoapClient::connect(&mut host, &DEMO), polls).is_err());
        host.set_parameters(Parameters::default());
        Blocking::connect(&mut host, &DEMO).unwrap();
        line.received();
        type_in(&line, "AT+QCOAPCFG=\"trans\",0");
        let said = String::from_utf8(line.received()).unwrap();
        assert!(
            said.contains("+QCOAPCFG: \"trans\",2,4\r"),
            "at {polls}: {said}"
        );
    }
    assert!(dropped > 10, "{dropped}");
}
