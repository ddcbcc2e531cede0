//! What can never go out is refused before a single byte is sent.

use super::desk::*;
use crate::client::{Blocking as _, Incoming, Reply, Request};
use crate::error::{Error, Invalid, Unsupported};
use crate::message::{Code, Number, Value};
use crate::vendors::bc28::{Bc28, Payload};

fn refused_by(dialect: Bc28, request: &Request<'_>, error: impl Into<Error>) {
    let line = line(|_| {});
    with_settings(&line, dialect, |host| {
        up(host);
        line.sent();
        assert_eq!(ask(host, request), operation(error), "{request:?}");
        assert_eq!(line.sent(), b"", "nothing at all was sent");
        hello(host);
    });
}

fn refused(request: &Request<'_>, error: impl Into<Error>) {
    refused_by(Bc28::default(), request, error);
}

#[test]
fn thirteen_options() {
    refused(
        &Request::get("/1/2/3/4/5/6/7/8/9/a/b/c/d"),
        Unsupported::OptionCount(12),
    );
}

#[test]
fn option_numbers_that_the_module_does_not_know_or_has_no_value_for() {
    for (number, value) in [
        (Number::IF_NONE_MATCH, Value::Empty),
        (Number::HOP_LIMIT, Value::Uint(16)),
        (Number::NO_RESPONSE, Value::Uint(0)),
        (Number(65000), Value::Opaque(b"x")),
    ] {
        refused(
            &Request::get("/hello").options(&[(number, value)]),
            Unsupported::Option(number),
        );
    }
}

#[test]
fn option_values_that_no_command_line_can_carry() {
    for path in [
        "/a%22b", "/a%0Db", "/a%0Ab", "/a%1Ab", "/a%1Bb", "/%C3%A4", "/%00", "/%7F", "/a//b",
        "/a%2Fb",
    ] {
        refused(
            &Request::get(path),
            Unsupported::OptionValue(Number::URI_PATH),
        );
    }
    refused(
        &Request::get("/a?b%26c"),
        Unsupported::OptionValue(Number::URI_QUERY),
    );
    let long = format!("/{}", "p".repeat(181));
    refused(
        &Request::get(&long),
        Unsupported::OptionValue(Number::URI_PATH),
    );
    refused(
        &Request::get("/x").options(&[(Number::ETAG, Value::Opaque(&[1, 2]))]),
        Unsupported::OptionValue(Number::ETAG),
    );
    refused(
        &Request::get("/x").options(&[(Number::IF_MATCH, Value::Empty)]),
        Unsupported::OptionValue(Number::IF_MATCH),
    );
}

#[test]
fn formats_that_are_not_in_the_list() {
    refused(
        &Request::put("/x", b"x").content_format(60),
        Unsupported::OptionValue(Number::CONTENT_FORMAT),
    );
    refused(
        &Request::get("/x").accept(60),
        Unsupported::OptionValue(Number::ACCEPT),
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
fn bytes_that_end_cancel_or_edit_the_input_where_it_goes_as_it_is() {
    for byte in [0x08, 0x1A, 0x1B, 0x7F] {
        let payload = [b'a', byte, b'b'];
        for format in [0, 41, 50] {
            let request = Request::put("/x", &payload).content_format(format);
            refused(&request, Unsupported::PayloadBytes);
        }
        for request in [
            Request::put("/x", &payload),
            Request::put("/x", &payload).content_format(42),
        ] {
            let mut raw = Bc28::default();
            raw.set_payload(Payload::Raw);
            let line = line(|_| {});
            with_settings(&line, raw, |host| {
                up(host);
                line.sent();
                assert_eq!(ask(host, &request), operation(Unsupported::PayloadBytes));
                assert_eq!(line.sent(), b"");
            });
        }
    }
}

#[test]
fn methods_beyond_delete() {
    for method in [Code::FETCH, Code::PATCH, Code::IPATCH] {
        refused(&Request::new(method, "/hello"), Unsupported::Method(method));
    }
}

#[test]
fn replies_with_codes_that_the_module_does_not_have() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let request = message(coap_lite::MessageType::Confirmable, ASK, 1, b"").to_bytes();
        let request = request.unwrap();
        let asker = Incoming::of(&crate::message::View::parse(&request).unwrap());
        line.sent();
        for code in [
            Code::CONTINUE,
            Code::CONFLICT,
            Code::TOO_MANY_REQUESTS,
            Code::HOP_LIMIT_REACHED,
        ] {
            let refused = host.respond(&asker, &Reply::new(code));
            assert_eq!(refused, operation(Unsupported::Method(code)));
        }
        assert_eq!(line.sent(), b"");
    });
}

#[test]
fn a_local_port_that_is_none() {
    let line = line(|_| {});
    let mut dialect = Bc28::default();
    dialect.set_local_port(0);
    with_settings(&line, dialect, |host| {
        host.attach(&network()).unwrap();
        line.sent();
        assert_eq!(host.connect(&DEMO), operation(Invalid::Port));
        assert_eq!(line.sent(), b"", "nothing at all was sent");
    });
}

#[test]
fn resources_that_the_module_cannot_be_told() {
    const LONG: &str = "/012345678901234567890123456789012345678901234567890";
    let mut dialect = Bc28::default();
    for resource in ["", LONG, "/a\"b", "/\u{e4}", "/a\r"] {
        let resources: &'static [&'static str] = vec![resource].leak();
        assert_eq!(dialect.serve(resources), Err(Invalid::Path.into()));
    }
    const FITS: &[&str] = &["/t/d", LONG.split_at(50).0];
    assert_eq!(dialect.serve(FITS), Ok(()));
}
