//! CORE: requests and responses of RFC 7252.

use crate::libcoap::{Server, awkward};
use crate::part::{piggybacked, play, separate};
use crate::wire::{Fate, Seen, Way, Wire};
use crate::{Answer, QUICK, ask, demo, head, is_request, texts, with_client};
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};
use coap_modem::client::{Blocking, Request};
use coap_modem::endpoint::Parameters;
use coap_modem::message::{Code, Number, Value, format};
use coap_modem::time::Millis;
use std::sync::atomic::{AtomicBool, Ordering};

/// Two messages: a confirmable request with a token, and the response in its acknowledgement with the same id and token.
fn assert_piggybacked(seen: &[Seen], method: RequestType) {
    let [request, response] = seen else {
        panic!("{seen:?}");
    };
    let (request, response) = (&request.packet, &response.packet);
    assert!(is_request(request, method));
    let (kind, _, id, token) = head(request);
    assert_eq!(kind, MessageType::Confirmable);
    assert_eq!(token.len(), 4);
    assert_eq!(response.header.get_type(), MessageType::Acknowledgement);
    assert_eq!(
        (response.header.message_id, response.get_token()),
        (id, token)
    );
}

/// Two messages, both non-confirmable, with the same token: nothing is acknowledged.
fn assert_non_confirmable(seen: &[Seen], method: RequestType) {
    let [request, response] = seen else {
        panic!("{seen:?}");
    };
    assert!(is_request(&request.packet, method));
    for message in [request, response] {
        let kind = message.packet.header.get_type();
        assert_eq!(kind, MessageType::NonConfirmable);
    }
    assert_eq!(request.packet.get_token(), response.packet.get_token());
}

/// PUT, GET, POST, DELETE of one resource on libcoap's server, each judged by what went over the wire.
fn four_methods(
    name: &str,
    style: fn(Request<'_>) -> Request<'_>,
    judge: fn(&[Seen], RequestType),
) {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    let path = format!("/{name}");
    with_client(wire.port, |client| {
        for (request, method, code) in [
            (Request::put(&path, b"one"), RequestType::Put, Code::CREATED),
            (Request::get(&path), RequestType::Get, Code::CONTENT),
            (Request::put(&path, b"two"), RequestType::Put, Code::CHANGED),
            (
                Request::post(&path, b"three"),
                RequestType::Post,
                Code::CHANGED,
            ),
            (Request::delete(&path), RequestType::Delete, Code::DELETED),
            (Request::get(&path), RequestType::Get, Code::NOT_FOUND),
        ] {
            let answer = ask(client, &style(request));
            assert_eq!(answer.code, code, "{method:?}");
            judge(&wire.take(), method);
        }
    });
}

fn confirmable(request: Request<'_>) -> Request<'_> {
    request
}

fn non_confirmable(request: Request<'_>) -> Request<'_> {
    request.non_confirmable()
}

/// GET on libcoap's server: the answer's code, format and payload are what the wire carried.
fn get(style: fn(Request<'_>) -> Request<'_>, judge: fn(&[Seen], RequestType)) {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        let answer = ask(client, &style(Request::get("/.well-known/core").accept(40)));
        let seen = wire.take();
        judge(&seen, RequestType::Get);
        let response = &seen[1].packet;
        assert_eq!(answer.code.to_string(), response.header.get_code());
        assert_eq!(answer.payload, response.payload);
        assert_eq!(answer.format, Some(format::LINK_FORMAT));
    });
}

#[test]
fn core_01_con_get() {
    get(confirmable, assert_piggybacked);
}

#[test]
fn core_02_con_delete() {
    four_methods("core_02", confirmable, assert_piggybacked);
}

#[test]
fn core_03_con_put() {
    four_methods("core_03", confirmable, assert_piggybacked);
    // And the payload arrives with its format, any byte of it.
    let demo = demo();
    with_client(demo, |client| {
        let bytes: Vec<u8> = (0..=255).chain(awkward(600)).collect();
        let put = Request::put("/echo", &bytes).content_format(format::CBOR);
        let answer = ask(client, &put);
        assert_eq!((answer.payload, answer.format), (bytes, Some(format::CBOR)));
    });
}

#[test]
fn core_04_con_post() {
    four_methods("core_04", confirmable, assert_piggybacked);
}

#[test]
fn core_05_non_get() {
    get(non_confirmable, assert_non_confirmable);
}

#[test]
fn core_06_non_delete() {
    four_methods("core_06", non_confirmable, assert_non_confirmable);
}

#[test]
fn core_07_non_put() {
    four_methods("core_07", non_confirmable, assert_non_confirmable);
}

#[test]
fn core_08_non_post() {
    four_methods("core_08", non_confirmable, assert_non_confirmable);
}

#[test]
fn core_09_con_get_with_a_separate_response() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        // So that what went on repeating in spite of the acknowledgement would be seen within that second.
        client.set_parameters(QUICK);
        let answer = ask(client, &Request::get("/async?1"));
        assert_eq!(
            (answer.code, &answer.payload[..]),
            (Code::CONTENT, &b"done"[..])
        );
        let seen = wire.take_when(4);
        let [request, ack, response, our_ack] = &seen[..] else {
            panic!("{seen:?}");
        };
        let (request, response) = (&request.packet, &response.packet);
        assert_eq!(
            head(&ack.packet),
            (
                MessageType::Acknowledgement,
                MessageClass::Empty,
                request.header.message_id,
                &[][..]
            )
        );
        assert_eq!(response.header.get_type(), MessageType::Confirmable);
        assert_eq!(response.get_token(), request.get_token());
        assert_eq!(our_ack.way, Way::Up);
        assert_eq!(
            head(&our_ack.packet),
            (
                MessageType::Acknowledgement,
                MessageClass::Empty,
                response.header.message_id,
                &[][..]
            )
        );
    });
}

#[test]
fn core_10_a_token_and_the_response_at_once() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        let mut tokens = Vec::new();
        for _ in 0..20 {
            ask(client, &Request::get("/time"));
            let seen = wire.take();
            assert_piggybacked(&seen, RequestType::Get);
            tokens.push(seen[0].packet.get_token().to_vec());
        }
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 20, "each request has a token of its own");
    });
    // The right message id does not make up for a wrong token.
    let part = play(|part| {
        let request = part.receive();
        let mut wrong = piggybacked(&request, "2.05");
        wrong.set_token(vec![0; 4]);
        wrong.payload = b"wrong".to_vec();
        part.send(&wrong);
        let mut right = piggybacked(&request, "2.05");
        right.payload = b"right".to_vec();
        part.send(&right);
    });
    let answer = with_client(part.port, |client| ask(client, &Request::get("/")));
    assert_eq!(answer.payload, b"right");
    part.end();
}

#[test]
fn core_11_a_token_and_a_separate_response() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        let answer = ask(client, &Request::get("/async?1"));
        assert_eq!(answer.payload, b"done");
        let seen = wire.take();
        let (request, response) = (&seen[0].packet, &seen[2].packet);
        assert!(!request.get_token().is_empty());
        assert_eq!(request.get_token(), response.get_token());
        assert_ne!(request.header.message_id, response.header.message_id);
    });
}

/// This client never sends an empty token: with one, anybody could answer. So a response with an empty token is not to it.
#[test]
fn core_12_an_empty_token() {
    let part = play(|part| {
        let request = part.receive();
        assert!(!request.get_token().is_empty());
        let mut stray = piggybacked(&request, "2.05");
        stray.set_token(Vec::new());
        part.send(&stray);
        assert_eq!(
            part.heard(),
            [[0; 0]; 0],
            "an acknowledgement is never answered"
        );
        let id = part.fresh_id();
        let mut stray = separate(&request, "2.05", id);
        stray.set_token(Vec::new());
        part.send(&stray);
        let [high, low] = id.to_be_bytes();
        assert_eq!(part.heard(), [[0x70, 0, high, low]]);
        let mut response = piggybacked(&request, "2.05");
        response.payload = b"mine".to_vec();
        part.send(&response);
    });
    let answer = with_client(part.port, |client| ask(client, &Request::get("/")));
    assert_eq!(answer.payload, b"mine");
    part.end();
}

#[test]
fn core_13_several_uri_path_options() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        let put = Request::put("/seg%201/seg%2F2/%C3%A4", b"x");
        assert_eq!(ask(client, &put).code, Code::CREATED);
        let sent = wire.take_sent();
        assert_eq!(
            texts(&sent[0], CoapOption::UriPath),
            ["seg 1", "seg/2", "ä"]
        );
        // Another way to write the same.
        let same = Request::get("/%73eg%201/seg%2f2/%c3%a4");
        assert_eq!(ask(client, &same).payload, b"x");
        assert_eq!(
            ask(client, &Request::get("/seg%201/seg/2/%C3%A4")).code,
            Code::NOT_FOUND
        );
    });
}

#[test]
fn core_14_several_uri_query_options() {
    let wire = Wire::to(demo());
    with_client(wire.port, |client| {
        let answer = ask(
            client,
            &Request::get("/query?first=1&second=%26%20two&third"),
        );
        assert_eq!(answer.payload, b"first=1\nsecond=& two\nthird");
        let sent = wire.take_sent();
        let queries = texts(&sent[0], CoapOption::UriQuery);
        assert_eq!(queries, ["first=1", "second=& two", "third"]);
    });
}

/// What was sent of one request: its transmissions, which must be equal.
fn transmissions(sent: &[Packet]) -> usize {
    let requests = sent
        .iter()
        .filter(|packet| matches!(packet.header.code, MessageClass::Request(_)));
    let bytes: Vec<_> = requests.map(|packet| packet.to_bytes().unwrap()).collect();
    assert!(
        bytes.windows(2).all(|two| two[0] == two[1]),
        "the same id, the same token"
    );
    bytes.len()
}

#[test]
fn core_15_a_lossy_line_and_responses_at_once() {
    let Some(server) = Server::start(&["-e", "-l", "30%"]) else {
        return;
    };
    // The server loses almost a third; of what comes through, the line loses the first request and doubles each response.
    let wire = Wire::with(server.port, |way, before, _| match (way, before) {
        (Way::Up, 0) => Fate::Lose,
        (Way::Up, _) => Fate::Pass,
        (Way::Down, _) => Fate::Double,
    });
    with_client(wire.port, |client| {
        // See `interop_libcoap.rs` for the odds.
        client.set_parameters(Parameters {
            ack_timeout: Millis::new(2),
            max_retransmit: 17,
            ..Parameters::DEFAULT
        });
        let mut repeated = 0;
        for count in 0..16 {
            let payload = count.to_string();
            let put = Request::put("/core_15", payload.as_bytes()).limit(Millis::from_secs(1000));
            let answer = ask(client, &put);
            assert!(answer.code.is_success());
            assert_eq!(answer.payload, payload.as_bytes(), "not the answer before");
            repeated += transmissions(&wire.take_sent()) - 1;
        }
        assert!(repeated > 0);
    });
}

#[test]
fn core_16_a_lossy_line_and_separate_responses() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    // The acknowledgement of the request is lost each time; so is our first acknowledgement of the response.
    let lost = AtomicBool::new(false);
    let wire = Wire::with(server.port, move |way, _, packet| {
        let (kind, code, ..) = head(packet);
        let is_ack = kind == MessageType::Acknowledgement && code == MessageClass::Empty;
        if is_ack && (way == Way::Down || !lost.swap(true, Ordering::Relaxed)) {
            Fate::Lose
        } else {
            Fate::Pass
        }
    });
    with_client(wire.port, |client| {
        client.set_parameters(Parameters {
            ack_timeout: Millis::new(300),
            ..Parameters::DEFAULT
        });
        // No acknowledgement comes through, but the response counts as one.
        let answer = ask(client, &Request::get("/async?1"));
        assert_eq!(answer.payload, b"done");
        // The server repeats the response until it hears of its acknowledgement: acknowledged again, not delivered again.
        let mut buffer = [0; 100];
        let event = Blocking::event(client, Millis::from_secs(4), &mut buffer);
        assert!(event.unwrap().is_none(), "delivered once");
    });
    let (up, down): (Vec<Seen>, Vec<Seen>) = wire
        .take()
        .into_iter()
        .partition(|seen| seen.way == Way::Up);
    let up: Vec<Packet> = up.into_iter().map(|seen| seen.packet).collect();
    assert!(transmissions(&up) > 1);
    let acknowledged = up
        .iter()
        .filter(|packet| packet.header.code == MessageClass::Empty);
    let acknowledged: Vec<u16> = acknowledged
        .map(|packet| packet.header.message_id)
        .collect();
    let responses = down
        .iter()
        .filter(|seen| seen.packet.header.get_type() == MessageType::Confirmable);
    let responses: Vec<u16> = responses
        .map(|seen| seen.packet.header.message_id)
        .collect();
    assert_eq!(acknowledged, responses);
    assert!(responses.len() > 1, "and the server did repeat it");
}

#[test]
fn core_17_non_with_a_separate_non_response() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        client.set_parameters(QUICK);
        let answer = ask(client, &Request::get("/async?1").non_confirmable());
        assert_eq!(answer.payload, b"done");
        let seen = wire.take();
        assert_non_confirmable(&seen, RequestType::Get);
        assert_ne!(
            seen[0].packet.header.message_id,
            seen[1].packet.header.message_id
        );
    });
}

#[test]
fn core_18_several_location_path_options() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    with_client(server.port, |client| {
        let answer = ask(client, &Request::post("/core/18%20a/b", b"x"));
        assert_eq!(answer.code, Code::CREATED);
        assert_eq!(answer.location, "/core/18%20a/b");
        // It leads there.
        assert_eq!(ask(client, &Request::get(&answer.location)).payload, b"x");
        let mut buffer = [0; 200];
        let post = Request::post("/core/18/c", b"x");
        let response = Blocking::request(client, &post, &mut buffer).unwrap();
        assert!(response.location_path().eq([&b"core"[..], b"18", b"c"]));
    });
}

#[test]
fn core_19_several_location_query_options() {
    let part = play(|part| {
        let request = part.receive();
        let mut response = piggybacked(&request, "2.01");
        for value in ["first=1", "second=2&3"] {
            response.add_option(CoapOption::LocationQuery, value.into());
        }
        part.send(&response);
    });
    with_client(part.port, |client| {
        let mut buffer = [0; 100];
        let post = Request::post("/", b"x");
        let response = Blocking::request(client, &post, &mut buffer).unwrap();
        let queries = [&b"first=1"[..], b"second=2&3"];
        assert!(response.location_query().eq(queries));
        assert_eq!(response.location_path().count(), 0);
    });
    part.end();
}

#[test]
fn core_20_accept() {
    let part = play(|part| {
        for _ in 0..4 {
            let request = part.receive();
            let accept = request.get_first_option(CoapOption::Accept).cloned();
            let (code, number, payload) = match accept.as_deref() {
                None | Some([]) => ("2.05", 0, &b"21.5"[..]),
                Some([50]) => ("2.05", 50, &b"{\"celsius\":21.5}"[..]),
                _ => ("4.06", 0, &b"no such format"[..]),
            };
            let mut response = piggybacked(&request, code);
            if code == "2.05" {
                let value = if number == 0 { vec![] } else { vec![number] };
                response.add_option(CoapOption::ContentFormat, value);
            }
            response.payload = payload.to_vec();
            part.send(&response);
        }
    });
    with_client(part.port, |client| {
        let mut get = |accept: Option<u16>| {
            let request = Request::get("/temp");
            let answer = ask(
                client,
                &accept.map_or(request, |number| request.accept(number)),
            );
            (
                answer.code,
                answer.format,
                String::from_utf8(answer.payload).unwrap(),
            )
        };
        let text = || (Code::CONTENT, Some(format::TEXT_PLAIN), "21.5".to_string());
        assert_eq!(get(None), text());
        assert_eq!(get(Some(format::TEXT_PLAIN)), text());
        let json = "{\"celsius\":21.5}".to_string();
        assert_eq!(
            get(Some(format::JSON)),
            (Code::CONTENT, Some(format::JSON), json)
        );
        assert_eq!(get(Some(format::EXI)).0, Code::NOT_ACCEPTABLE);
    });
    part.end();
}

#[test]
fn core_21_etag_and_its_revalidation() {
    let wire = Wire::to(demo());
    with_client(wire.port, |client| {
        let put = |client: &mut _, payload: &[u8]| ask(client, &Request::put("/store/21", payload));
        put(client, b"one");
        let first = ask(client, &Request::get("/store/21"));
        let etag = first.etag.unwrap();
        let options = [(Number::ETAG, Value::Opaque(&etag))];
        let again = Request::get("/store/21").options(&options);
        let valid = ask(client, &again);
        assert_eq!((valid.code, valid.payload), (Code::VALID, vec![]));
        assert_eq!(valid.etag.as_ref(), Some(&etag));
        put(client, b"two");
        let changed = ask(client, &again);
        assert_eq!(
            (changed.code, &changed.payload[..]),
            (Code::CONTENT, &b"two"[..])
        );
        assert_ne!(changed.etag.unwrap(), etag);
    });
    let sent = wire.take_sent();
    let tags = sent
        .iter()
        .filter(|packet| packet.get_option(CoapOption::ETag).is_some());
    assert_eq!(tags.count(), 2);
}

#[test]
fn core_22_if_match() {
    with_client(demo(), |client| {
        ask(client, &Request::put("/store/22", b"one"));
        let etag = ask(client, &Request::get("/store/22")).etag.unwrap();
        let options = [(Number::IF_MATCH, Value::Opaque(&etag))];
        let change = |payload| Request::put("/store/22", payload).options(&options);
        assert_eq!(ask(client, &change(b"two")).code, Code::CHANGED);
        assert_eq!(
            ask(client, &change(b"three")).code,
            Code::PRECONDITION_FAILED
        );
        assert_eq!(ask(client, &Request::get("/store/22")).payload, b"two");
    });
}

#[test]
fn core_23_if_none_match() {
    let wire = Wire::to(demo());
    with_client(wire.port, |client| {
        let options = [(Number::IF_NONE_MATCH, Value::Empty)];
        let create = Request::put("/store/23", b"x").options(&options);
        let code = |answer: Answer| answer.code;
        assert_eq!(code(ask(client, &create)), Code::CREATED);
        assert_eq!(code(ask(client, &create)), Code::PRECONDITION_FAILED);
    });
    let sent = wire.take_sent();
    let option = sent[0].get_option(CoapOption::IfNoneMatch).unwrap();
    assert!(option.iter().eq([&Vec::<u8>::new()]), "present and empty");
}
