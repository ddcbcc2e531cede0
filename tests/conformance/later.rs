//! Options and codes of later RFCs: how an application says them, and what goes over the wire.

use crate::part::{piggybacked, play};
use crate::wire::Wire;
use crate::{ask, demo, is_request, with_client};
use coap_lite::{CoapOption, Packet, RequestType};
use coap_modem::client::{Blocking, Request};
use coap_modem::message::{Code, Number, Value, format, no_response};
use coap_modem::udp::UdpClient;

/// Sends a request with this option to a server that tells what arrived; gives the option's value on the wire.
fn carried(number: Number, value: Value<'_>) -> Option<Vec<u8>> {
    let wire = Wire::to(demo());
    let options = [(number, value)];
    let get = Request::get("/options").options(&options);
    let answer = with_client(wire.port, |client| ask(client, &get));
    assert_eq!(answer.code, Code::CONTENT);
    let sent = wire.take_sent();
    let value = sent[0].get_first_option(CoapOption::from(number.0));
    value.cloned()
}

/// A server that answers once: with this code and these options.
fn answered(code: &'static str, options: &'static [(u16, &'static [u8])]) -> (Code, u32) {
    let part = play(move |part| {
        let request = part.receive();
        let mut response = piggybacked(&request, code);
        for (number, value) in options {
            response.add_option(CoapOption::from(*number), value.to_vec());
        }
        part.send(&response);
    });
    with_client(part.port, |client| {
        let mut buffer = [0; 100];
        let response = client.request(&Request::get("/"), &mut buffer).unwrap();
        (response.code(), response.max_age())
    })
}

#[test]
fn rfc_7252_a_forward_proxy_is_told_the_whole_uri_or_the_scheme() {
    let part = play(|part| {
        let value = |packet: &Packet, option| packet.get_first_option(option).cloned();
        let whole = part.receive();
        let uri = value(&whole, CoapOption::ProxyUri).unwrap();
        assert_eq!(uri, b"coap://example.net/a%20b?c");
        // Nothing that it would take precedence over (section 5.10.2).
        for option in [
            CoapOption::UriHost,
            CoapOption::UriPath,
            CoapOption::UriQuery,
        ] {
            assert_eq!(value(&whole, option), None);
        }
        part.send(&piggybacked(&whole, "2.03"));
        let parts = part.receive();
        assert_eq!(value(&parts, CoapOption::ProxyScheme).unwrap(), b"http");
        assert_eq!(value(&parts, CoapOption::UriHost).unwrap(), b"example.net");
        assert_eq!(value(&parts, CoapOption::UriPath).unwrap(), b"a b");
        part.send(&piggybacked(&parts, "5.05"));
    });
    with_client(part.port, |client| {
        let whole = [(Number::PROXY_URI, Value::Text("coap://example.net/a%20b?c"))];
        let request = Request::get("").options(&whole);
        assert_eq!(ask(client, &request).code, Code::VALID);
        let scheme = [(Number::PROXY_SCHEME, Value::Text("http"))];
        let request = Request::get("/a%20b").host("example.net").options(&scheme);
        assert_eq!(ask(client, &request).code, Code::PROXYING_NOT_SUPPORTED);
    });
    part.end();
}

#[test]
fn rfc_7967_no_response_says_which_classes_are_not_wanted() {
    let value = Value::Uint(no_response::SUCCESS | no_response::CLIENT_ERROR);
    assert_eq!(carried(Number::NO_RESPONSE, value), Some(vec![10]));
    assert_eq!(
        carried(Number::NO_RESPONSE, Value::Uint(no_response::ANY)),
        Some(vec![26])
    );
}

#[test]
fn rfc_8132_fetch_patch_and_ipatch_carry_a_payload() {
    let part = play(|part| {
        let codes = ["2.05", "2.04", "4.09", "4.22"];
        let methods = [
            RequestType::Fetch,
            RequestType::Patch,
            RequestType::IPatch,
            RequestType::IPatch,
        ];
        for (code, method) in codes.into_iter().zip(methods) {
            let request = part.receive();
            assert!(is_request(&request, method));
            assert_eq!(request.payload, b"[]");
            assert_eq!(
                request.get_first_option(CoapOption::ContentFormat),
                Some(&vec![51])
            );
            part.send(&piggybacked(&request, code));
        }
    });
    with_client(part.port, |client| {
        for (method, code) in [
            (Code::FETCH, Code::CONTENT),
            (Code::PATCH, Code::CHANGED),
            (Code::IPATCH, Code::CONFLICT),
            (Code::IPATCH, Code::UNPROCESSABLE_ENTITY),
        ] {
            let request = Request::new(method, "/x")
                .payload(b"[]")
                .content_format(format::JSON_PATCH_JSON);
            assert_eq!(ask(client, &request).code, code);
        }
    });
    part.end();
}

#[test]
fn rfc_8516_too_many_requests_says_when_to_try_again() {
    let answer = answered("4.29", &[(14, b"\x01\x2c")]);
    assert_eq!(answer, (Code::TOO_MANY_REQUESTS, 300));
}

#[test]
fn rfc_8768_a_hop_limit_is_one_byte_and_its_end_has_a_code() {
    assert_eq!(carried(Number::HOP_LIMIT, Value::Uint(16)), Some(vec![16]));
    let answer = answered("5.08", &[]);
    assert_eq!(answer, (Code::HOP_LIMIT_REACHED, 60));
}

#[test]
fn rfc_9175_echo_and_request_tag_are_carried_as_they_are() {
    for (number, value) in [
        (Number::ECHO, &b"\x00\xffchallenge"[..]),
        (Number::REQUEST_TAG, b"\x00"),
        // An empty tag is a tag.
        (Number::REQUEST_TAG, b""),
    ] {
        assert_eq!(carried(number, Value::Opaque(value)), Some(value.to_vec()));
    }
}

/// A server that answers each request with a code and perhaps an Echo value; the Echo values and payloads that came.
fn freshness(
    answers: &'static [(&'static str, Option<&'static [u8]>)],
    ask: impl FnOnce(&mut UdpClient<'_>),
) -> Vec<(Option<Vec<u8>>, Vec<u8>)> {
    let echo = CoapOption::from(Number::ECHO.0);
    let part = play(move |part| {
        let mut heard = Vec::new();
        let mut ids = Vec::new();
        for (code, value) in answers {
            let request = part.receive();
            heard.push((
                request.get_first_option(echo).cloned(),
                request.payload.clone(),
            ));
            let id = (request.header.message_id, request.get_token().to_vec());
            assert!(!ids.contains(&id), "a request of its own");
            ids.push(id);
            let mut response = piggybacked(&request, code);
            if let Some(value) = value {
                response.add_option(echo, value.to_vec());
            }
            if let Some(block) = request.get_first_option(CoapOption::Block1) {
                response.add_option(CoapOption::Block1, block.clone());
            }
            part.send(&response);
        }
        heard
    });
    with_client(part.port, ask);
    part.end()
}

#[test]
fn rfc_9175_a_request_is_made_once_more_with_the_value_of_a_server_that_wants_it_fresh() {
    let put = Request::put("/lock", b"open");
    let asked = |code: Code| {
        move |client: &mut UdpClient<'_>| {
            let mut buffer = [0; 100];
            let response = client.request_fresh(&put, &mut buffer).unwrap();
            assert_eq!(response.code(), code);
        }
    };
    let first = (None, b"open".to_vec());
    let again = |value: &[u8]| (Some(value.to_vec()), b"open".to_vec());

    let heard = freshness(
        &[("4.01", Some(b"\x00now")), ("2.04", None)],
        asked(Code::CHANGED),
    );
    assert_eq!(heard, [first.clone(), again(b"\x00now")]);
    // Once only; and not if nobody wants it.
    let heard = freshness(
        &[("4.01", Some(b"a")), ("4.01", Some(b"b"))],
        asked(Code::UNAUTHORIZED),
    );
    assert_eq!(heard, [first.clone(), again(b"a")]);
    let heard = freshness(&[("4.01", None)], asked(Code::UNAUTHORIZED));
    assert_eq!(heard, std::slice::from_ref(&first));
    let heard = freshness(&[("2.04", Some(b"later"))], asked(Code::CHANGED));
    assert_eq!(heard, std::slice::from_ref(&first));
    // A plain request gives the response as it came, with the value in it.
    let heard = freshness(&[("4.01", Some(b"now"))], |client| {
        let mut buffer = [0; 100];
        let response = client.request(&put, &mut buffer).unwrap();
        assert_eq!(response.code(), Code::UNAUTHORIZED);
        assert_eq!(response.echo().unwrap().as_bytes(), b"now");
    });
    assert_eq!(heard, [first]);
}

#[test]
fn rfc_9175_each_block_is_made_once_more_if_it_must_be_fresh() {
    const ANSWERS: &[(&str, Option<&[u8]>)] = &[
        ("4.01", Some(b"one")),
        ("2.31", None),
        ("4.01", Some(b"two")),
        ("2.04", None),
    ];
    let heard = freshness(ANSWERS, |client| {
        let put = Request::put("/lock", &[]).block_size(16);
        let mut buffer = [0; 100];
        let response = client.upload(&put, &[b'x'; 20][..], &mut buffer).unwrap();
        assert_eq!(response.code(), Code::CHANGED);
    });
    let block = |value: Option<&[u8]>, length| (value.map(<[u8]>::to_vec), vec![b'x'; length]);
    assert_eq!(
        heard,
        [
            block(None, 16),
            block(Some(b"one"), 16),
            block(None, 4),
            block(Some(b"two"), 4),
        ]
    );
}
