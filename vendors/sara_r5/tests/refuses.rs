//! What can never go out is refused before a single byte is sent, with the way out that there is.

use super::desk::*;
use crate::client::{Blocking as _, Remote, Request};
use crate::error::{Error, Invalid, Unsupported, WayOut};
use crate::message::{Block, Code, Number, Value};
use crate::modem::Dialect;
use crate::vendors::sara_r5::SaraR5;

fn refused_by<D: Dialect>(dialect: D, request: &Request<'_>, error: Error) {
    let line = line(|_| {});
    with(&line, dialect, |host| {
        up(host);
        line.sent();
        let result = ask(host, request).map(|(code, _)| code);
        assert_eq!(result, operation(error), "{request:?}");
        assert_eq!(line.sent(), b"", "nothing at all was sent");
        hello(host);
    });
    polite(&line);
}

/// Refused by the module's own CoAP, which says that its sockets can carry it.
fn refused(request: &Request<'_>, what: Unsupported) {
    refused_by(
        SaraR5::default(),
        request,
        Error::Unsupported(what, WayOut::Sockets),
    );
}

#[test]
fn options_that_no_command_can_say() {
    let values: [(Number, Value<'_>); 8] = [
        (Number::IF_MATCH, Value::Opaque(b"tag")),
        (Number::ETAG, Value::Opaque(b"tag")),
        (Number::IF_NONE_MATCH, Value::Empty),
        (Number::OBSERVE, Value::Uint(0)),
        (Number::ACCEPT, Value::Uint(0)),
        (Number::BLOCK2, Value::Uint(0)),
        (Number::SIZE1, Value::Uint(4)),
        (Number::PROXY_URI, Value::Text("coap://elsewhere/")),
    ];
    for option in values {
        refused(
            &Request::get("/hello").options(&[option]),
            Unsupported::Option(option.0),
        );
    }
    // What the commands for PUT and POST alone can say.
    refused(
        &Request::get("/hello").content_format(0),
        Unsupported::Option(Number::CONTENT_FORMAT),
    );
    let block = [(Number::BLOCK1, Value::Uint(0))];
    refused(
        &Request::delete("/hello").options(&block),
        Unsupported::Option(Number::BLOCK1),
    );
}

#[test]
fn methods_beyond_delete_and_payloads_that_have_no_place() {
    for method in [Code::FETCH, Code::PATCH, Code::IPATCH] {
        refused(&Request::new(method, "/hello"), Unsupported::Method(method));
    }
    refused(
        &Request::put("/store/x", &[0; 513]),
        Unsupported::Payload(512),
    );
    for method in [Code::GET, Code::DELETE] {
        refused(
            &Request::new(method, "/hello").payload(b"x"),
            Unsupported::Payload(0),
        );
    }
}

#[test]
fn another_host_or_port_than_the_uri_has() {
    refused(
        &Request::get("/hello").host("other"),
        Unsupported::OptionValue(Number::URI_HOST),
    );
    let port = [(Number::URI_PORT, Value::Uint(5684))];
    refused(
        &Request::get("/hello").options(&port),
        Unsupported::OptionValue(Number::URI_PORT),
    );
}

#[test]
fn parts_of_a_uri_that_are_too_long() {
    // With its slash, 256.
    let path = format!("/{}", "p".repeat(255));
    refused(
        &Request::get(&path),
        Unsupported::OptionValue(Number::URI_PATH),
    );
    // Each of these bytes takes three characters.
    let path = format!("/{}", "%C3".repeat(85));
    refused(
        &Request::get(&path),
        Unsupported::OptionValue(Number::URI_PATH),
    );
    let query = format!("/x?{}", "q".repeat(255));
    refused(
        &Request::get(&query),
        Unsupported::OptionValue(Number::URI_QUERY),
    );
}

#[test]
fn blocks_whose_size_the_modem_could_not_know() {
    let put = |length: usize, num: u32, more: bool, szx: u8| {
        let block = Block::new(num, more, szx).unwrap().to_uint();
        let options = [(Number::BLOCK1, Value::Uint(block))];
        let payload = vec![7; length];
        let request = Request::put("/store/x", &payload).options(&options);
        refused_by(
            SaraR5::default(),
            &request,
            Invalid::Option(Number::BLOCK1).into(),
        );
    };
    put(63, 0, true, 2);
    put(65, 0, true, 2);
    put(65, 1, false, 2);
    put(512, 0, true, 6);
}

#[test]
fn values_that_a_setting_rules_out() {
    let dialect = || SaraR5 {
        percent: false,
        formats: &[(0, 0), (60, 7)],
        ..SaraR5::default()
    };
    for (path, number) in [
        ("/a%2Fb", Number::URI_PATH),
        ("/a%20b", Number::URI_PATH),
        ("/%C3%A4", Number::URI_PATH),
        ("/x?a=%26", Number::URI_QUERY),
    ] {
        refused_by(
            dialect(),
            &Request::get(path),
            Error::Unsupported(Unsupported::OptionValue(number), WayOut::Sockets),
        );
    }
    refused_by(
        dialect(),
        &Request::put("/store/x", b"x").content_format(50),
        Error::Unsupported(
            Unsupported::OptionValue(Number::CONTENT_FORMAT),
            WayOut::Sockets,
        ),
    );
}

#[test]
fn hosts_that_no_uri_and_no_command_line_can_carry() {
    let long = "h".repeat(256);
    let cases: [(&str, u16, Error); 9] = [
        ("a\"b", 5683, Invalid::Character.into()),
        ("a\rb", 5683, Invalid::Character.into()),
        ("\u{e4}", 5683, Invalid::Character.into()),
        ("a/b", 5683, Invalid::Host.into()),
        ("a?b", 5683, Invalid::Host.into()),
        ("user@a", 5683, Invalid::Host.into()),
        (&long, 5683, Invalid::Host.into()),
        ("", 5683, Invalid::Host.into()),
        ("demo", 0, Invalid::Port.into()),
    ];
    for (name, port, error) in cases {
        let line = line(|_| {});
        native(&line, |host| {
            up(host);
            line.sent();
            assert_eq!(
                host.connect(&Remote::new(name, port)),
                operation(error),
                "{name}"
            );
            assert_eq!(line.sent(), b"", "nothing at all was sent: {name}");
            host.connect(&DEMO).unwrap();
            hello(host);
        });
        polite(&line);
    }
}

#[test]
fn what_the_sockets_cannot_carry() {
    let whole = |limit| Error::Unsupported(Unsupported::Message(limit), WayOut::None);
    refused_by(
        Sockets::default(),
        &Request::put("/store/x", &[0; 496]),
        whole(512),
    );
    refused_by(
        Binary::default(),
        &Request::put("/store/x", &[0; 1008]),
        whole(1024),
    );
    let line = line(|_| {});
    sockets(&line, |host| {
        up(host);
        line.sent();
        assert_eq!(
            host.connect(&DEMO.tcp()),
            operation(Error::Unsupported(Unsupported::Transport, WayOut::None))
        );
        let long = "h".repeat(256);
        assert_eq!(
            host.connect(&Remote::new(&long, 5683)),
            operation(Invalid::Host)
        );
        assert_eq!(
            host.connect(&Remote::new("a\"b", 5683)),
            operation(Invalid::Character)
        );
        assert_eq!(line.sent(), b"", "nothing at all was sent");
    });
}
