//! What can never go out is refused before a single byte is sent.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::error::{Error, Unsupported};
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
