//! What can never go out is refused before a single byte is sent.

use super::desk::*;
use crate::client::{Blocking as _, Remote, Request};
use crate::error::{Error, Unsupported};
use crate::message::uri::Uri;
use crate::message::{Code, Number, Value};
use crate::vendors::sim7000::{Hex, Settings};

fn refused_with(settings: Settings, request: &Request<'_>, error: impl Into<Error>) {
    let line = line(|_| {});
    with_settings(&line, settings, |host| {
        up(host);
        line.sent();
        line.device().network().take_journal();
        let mut buffer = [0; 1400];
        let result = host
            .request(request, &mut buffer)
            .map(|response| response.code());
        assert_eq!(result, operation(error), "{request:?}");
        assert_eq!(line.sent(), b"", "nothing at all was sent");
        hello(host);
    });
    polite(&line);
}

fn refused(request: &Request<'_>, error: impl Into<Error>) {
    refused_with(Settings::default(), request, error);
}

#[test]
fn options_without_a_name() {
    for (number, value) in [
        (Number::IF_MATCH, Value::Opaque(b"\x01")),
        (Number::URI_HOST, Value::Text("demo")),
        (Number::IF_NONE_MATCH, Value::Empty),
        (Number::URI_PORT, Value::Uint(1)),
        (Number::BLOCK2, Value::Uint(6)),
        (Number::BLOCK1, Value::Uint(6)),
        (Number::PROXY_URI, Value::Text("coap://a/b")),
        (Number(65000), Value::Empty),
    ] {
        let options = [(number, value)];
        refused(
            &Request::get("/hello").options(&options),
            Unsupported::Option(number),
        );
    }
}

#[test]
fn paths_and_queries_that_the_modem_would_split_or_lose() {
    for path in ["/a%2Fb", "/a//b", "/a/", "//a"] {
        refused(
            &Request::get(path),
            Unsupported::OptionValue(Number::URI_PATH),
        );
    }
    for path in ["/x?a=1%262", "/x?a&&b", "/x?a&"] {
        refused(
            &Request::get(path),
            Unsupported::OptionValue(Number::URI_QUERY),
        );
    }
}

#[test]
fn two_etags() {
    let options = [
        (Number::ETAG, Value::Opaque(b"\x01")),
        (Number::ETAG, Value::Opaque(b"\x02")),
    ];
    refused(
        &Request::get("/etag").options(&options),
        Unsupported::OptionValue(Number::ETAG),
    );
}

#[test]
fn a_payload_of_513_bytes() {
    refused(
        &Request::put("/store/x", &[0; 513]),
        Unsupported::Payload(512),
    );
}

/// How long a line is, is known before it is sent; the limit that is told is one that works.
#[test]
fn lines_longer_than_the_setting() {
    for hex in [Hex::WhereNeeded, Hex::Always] {
        for filling in [b'a', 0xFF] {
            let settings = Settings {
                longest_line: 512,
                hex,
                ..Settings::default()
            };
            let line = line(|quirks| quirks.longest_line = 512);
            with_settings(&line, settings, |host| {
                up(host);
                let mut buffer = [0; 1400];
                let body = [filling; 512];
                let put = |length| Request::put("/store/x", &body[..length]).content_format(42);
                let result = host.request(&put(512), &mut buffer);
                let Err(crate::error::ClientError::Operation(Error::Unsupported(
                    Unsupported::Payload(most),
                    _,
                ))) = result.map(|response| response.code())
                else {
                    panic!("it is too long");
                };
                let most = usize::from(most);
                // A text of 512 bytes goes in hexadecimal, as it is too long for the buffer.
                assert!((170..=200).contains(&most), "{most}");
                let response = host.request(&put(most), &mut buffer).unwrap();
                assert_eq!(response.code(), Code::CREATED);
                if filling == b'a' && hex == Hex::WhereNeeded {
                    // A shorter one goes as it is.
                    let (fits, too_long) = (put(384), put(385));
                    assert!(host.request(&fits, &mut buffer).is_ok());
                    assert!(host.request(&too_long, &mut buffer).is_err());
                } else {
                    let longer = put(most + 1);
                    assert!(host.request(&longer, &mut buffer).is_err(), "one more");
                }
            });
            polite(&line);
        }
    }
    let settings = Settings {
        longest_line: 80,
        ..Settings::default()
    };
    refused_with(
        settings,
        &Request::get("/a/path/that/is/much/too/long/for/such/a/line"),
        Unsupported::Message(80),
    );
}

#[test]
fn methods_beyond_delete() {
    for method in [Code::FETCH, Code::PATCH, Code::IPATCH] {
        refused(&Request::new(method, "/hello"), Unsupported::Method(method));
    }
}

/// The note has no DTLS: nothing ever goes in the clear instead.
#[test]
fn secure_sessions_and_tcp() {
    let remote = |uri| Remote::from_uri(&Uri::parse(uri).unwrap());
    assert_eq!(remote("coaps://demo/"), Err(Unsupported::Security.into()));
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        line.sent();
        let tcp = Remote::new("demo", 5683).tcp();
        assert_eq!(host.connect(&tcp), operation(Unsupported::Transport));
        assert_eq!(line.sent(), b"", "nothing at all was sent");
    });
}

#[test]
fn the_longest_host_and_an_address_of_version_6_are_carried() {
    let long = "h".repeat(128);
    for (name, url) in [
        (
            long.as_str(),
            format!("AT+CCOAPURL=\"coap://{long}:65535\""),
        ),
        ("fe80::1", "AT+CCOAPURL=\"coap://[fe80::1]:65535\"".into()),
    ] {
        let line = line(|quirks| quirks.late_lookup = true);
        with(&line, |host| {
            host.attach(&network()).unwrap();
            host.connect(&Remote::new(name, 65535)).unwrap();
            assert_eq!(commands(&line).last(), Some(&url));
        });
        polite(&line);
    }
}
