//! What a request costs: one command and nothing else.

use super::desk::*;
use crate::client::{Blocking as _, Request};

#[test]
fn a_request_is_one_send_and_nothing_else() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        commands(&line);
        line.received();
        // Header and token 8 bytes, and one more for each segment of the path.
        for (path, length) in [
            ("/hello", 14),
            ("/hello", 14),
            ("/store/none", 19),
            ("/hello", 14),
        ] {
            get(host, path).unwrap();
            assert_eq!(
                commands(&line),
                [format!("AT+GTCOAPSEND=1,{length}")],
                "{path}"
            );
        }
        let mut buffer = [0; 600];
        let non = Request::get("/hello").non_confirmable();
        host.request(&non, &mut buffer).unwrap();
        assert_eq!(line.sent().iter().filter(|byte| **byte == b'\r').count(), 1);
    });
    polite(&line);
}

#[test]
fn a_separate_response_takes_one_more_for_its_acknowledgement() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        commands(&line);
        get(host, "/separate").unwrap();
        let sent = commands(&line);
        assert_eq!(sent.len(), 2);
        assert!(
            sent[1].starts_with("AT+GTCOAPSEND=1,4,\"6000"),
            "{}",
            sent[1]
        );
    });
    polite(&line);
}

#[test]
fn attach_again_sends_questions_only_and_connect_again_replaces_the_session() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        hello(host);
        commands(&line);
        up(host);
        assert_eq!(
            commands(&line),
            [
                "AT+CMEE?",
                "AT+CPIN?",
                "AT+CFUN?",
                "AT+CEREG?",
                "AT+MIPCALL?",
                "AT+GTCOAPCLOSE=1",
                "AT+GTCOAPOPEN=demo,5683",
            ]
        );
        hello(host);
    });
    polite(&line);
}
