//! What can never go out is refused before a single byte is sent.

use super::desk::*;
use crate::client::{Blocking as _, Network, Remote, Request};
use crate::error::{Error, Invalid, Unsupported};
use crate::message::{Code, Number, Value};

fn refused(request: &Request<'_>, error: impl Into<Error>) {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        line.sent();
        line.device().network().take_journal();
        let mut buffer = [0; 1400];
        let result = host
            .request(request, &mut buffer)
            .map(|response| response.code());
        assert_eq!(result, operation(error));
        assert_eq!(line.sent(), b"", "nothing at all was sent");
        hello(host);
    });
    polite(&line);
}

#[test]
fn nine_options() {
    refused(
        &Request::get("/1/2/3/4/5/6/7/8/9"),
        Unsupported::OptionCount(8),
    );
}

#[test]
fn observe_and_block_options() {
    for number in [Number::OBSERVE, Number::BLOCK1, Number::BLOCK2] {
        let options = [(number, Value::Uint(0))];
        refused(
            &Request::get("/hello").options(&options),
            Unsupported::Option(number),
        );
    }
}

#[test]
fn option_values_that_no_command_line_can_carry() {
    for path in [
        "/a%22b", "/a%0Db", "/a%0Ab", "/a%1Ab", "/a%1Bb", "/%C3%A4", "/%00", "/%7F",
    ] {
        refused(
            &Request::get(path),
            Unsupported::OptionValue(Number::URI_PATH),
        );
    }
    refused(
        &Request::get("/x?a=%22"),
        Unsupported::OptionValue(Number::URI_QUERY),
    );
    refused(
        &Request::get("/x").host("a\rb"),
        Unsupported::OptionValue(Number::URI_HOST),
    );
}

#[test]
fn a_payload_of_1025_bytes() {
    refused(
        &Request::put("/store/x", &[0; 1025]),
        Unsupported::Payload(1024),
    );
}

#[test]
fn methods_beyond_delete() {
    for method in [Code::FETCH, Code::PATCH, Code::IPATCH] {
        refused(&Request::new(method, "/hello"), Unsupported::Method(method));
    }
}

#[test]
fn hosts_that_no_command_line_can_carry() {
    let long = "h".repeat(256);
    let cases: [(&str, u16, Error); 6] = [
        ("a\"b", 5683, Invalid::Character.into()),
        ("a\rb", 5683, Invalid::Character.into()),
        ("\u{e4}", 5683, Invalid::Character.into()),
        (&long, 5683, Invalid::Host.into()),
        ("", 5683, Invalid::Host.into()),
        ("demo", 0, Invalid::Port.into()),
    ];
    for (name, port, error) in cases {
        let line = line(|_| {});
        with(&line, |host| {
            up(host);
            line.sent();
            assert_eq!(
                host.connect(&Remote::new(name, port)),
                operation(error),
                "{name}"
            );
            assert_eq!(line.sent(), b"", "nothing at all was sent: {name}");
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn network_settings_that_no_command_line_can_carry() {
    let with_pin = |pin| Network {
        pin: Some(pin),
        ..network()
    };
    let cases: [(Network<'_>, Error); 9] = [
        (Network::new("a\rb"), Invalid::Character.into()),
        (Network::new("a\"b"), Invalid::Character.into()),
        (
            Network {
                user: "\u{1a}",
                ..network()
            },
            Invalid::Character.into(),
        ),
        (
            Network {
                password: "\n",
                ..network()
            },
            Invalid::Character.into(),
        ),
        (with_pin("12"), Invalid::Pin.into()),
        (with_pin(""), Invalid::Pin.into()),
        (with_pin("123456789"), Invalid::Pin.into()),
        (with_pin("12a4"), Invalid::Pin.into()),
        (with_pin("12\r4"), Invalid::Pin.into()),
    ];
    for (network, error) in cases {
        let line = line(|_| {});
        with(&line, |host| {
            assert_eq!(host.attach(&network), operation(error), "{network:?}");
            assert_eq!(line.sent(), b"", "nothing at all was sent");
        });
    }
}
