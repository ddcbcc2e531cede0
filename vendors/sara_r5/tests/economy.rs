//! A repeated request sends no command whose effect is already in force.

use super::desk::*;
use crate::client::{Blocking as _, Request};

#[test]
fn a_repeated_request_is_one_command() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        line.sent();
        hello(host);
        let first = commands(&line);
        assert_eq!(
            first,
            [
                "AT+UCOAP=2,0,1",
                "AT+UCOAP=2,1,1",
                "AT+UCOAP=2,5,0",
                "AT+UCOAP=1,\"coap://demo:5683/hello\"",
                "AT+UCOAPC=1",
            ]
        );
        hello(host);
        assert_eq!(commands(&line), ["AT+UCOAPC=1"]);
        // Another path, and a payload with its format.
        ask(host, &Request::put("/store/a", b"1").content_format(0)).unwrap();
        assert_eq!(
            commands(&line),
            [
                "AT+UCOAP=2,4,1",
                "AT+UCOAP=1,\"coap://demo:5683/store/a\"",
                "AT+UCOAPC=3,\"31\",0",
            ]
        );
        ask(host, &Request::post("/store/a", b"1").content_format(42)).unwrap();
        assert_eq!(commands(&line), ["AT+UCOAPC=4,\"31\",42"]);
        // What a GET does not care about stays as it is.
        get(host, "/store/a").unwrap();
        assert_eq!(commands(&line), ["AT+UCOAPC=1"]);
        ask(host, &Request::get("/store/a").non_confirmable()).unwrap();
        assert_eq!(commands(&line), ["AT+UCOAP=2,5,1", "AT+UCOAPC=1"]);
    });
    polite(&line);
}

#[test]
fn attach_and_connect_again_say_nothing_of_what_is_in_force() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        hello(host);
        line.sent();
        up(host);
        assert!(!commands(&line).iter().any(|sent| sent.contains("UCOAP")));
        hello(host);
        assert_eq!(commands(&line), ["AT+UCOAPC=1"]);
        host.close().unwrap();
        assert_eq!(line.sent(), b"");
    });
    sockets(&line, |host| {
        up(host);
        hello(host);
        line.sent();
        host.connect(&DEMO).unwrap();
        // A question for the address, and whether the socket is still there.
        assert_eq!(commands(&line), ["AT+UDNSRN=0,\"demo\"", "AT+USOCTL=0,0"]);
        hello(host);
        let sent = commands(&line);
        assert_eq!(sent.len(), 2, "{sent:?}");
        assert!(sent[0].starts_with("AT+USOST=0,\"192.0.2.1\",5683,14,"));
        assert_eq!(sent[1], "AT+USORF=0,512");
        let address = crate::client::Remote::new("192.0.2.1", 5683);
        host.connect(&address).unwrap();
        assert_eq!(commands(&line), ["AT+USOCTL=0,0"], "no name, no question");
    });
    polite(&line);
}
