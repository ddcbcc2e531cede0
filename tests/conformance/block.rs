//! BLOCK: block-wise transfer (RFC 7959). Rule by rule it is tested in `blockwise.rs`.

use crate::libcoap::{Server, awkward};
use crate::part::{Part, piggybacked, play};
use crate::wire::{Way, Wire};
use crate::{head, is_request, with_client};
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType, ResponseType};
use coap_modem::client::{Blocking, Request};
use coap_modem::endpoint::Parameters;
use coap_modem::message::Code;
use coap_modem::time::Millis;
use std::collections::HashSet;

/// A Block option: number, whether more follow, size.
type Block = (u32, bool, u32);

fn block(packet: &Packet, option: CoapOption) -> Option<Block> {
    let value = packet.get_first_option(option)?;
    let value = value
        .iter()
        .fold(0, |sum: u32, byte| sum << 8 | u32::from(*byte));
    Some((value >> 4, value & 8 != 0, 16 << (value & 7)))
}

fn blocks(packets: &[Packet], option: CoapOption) -> Vec<Option<Block>> {
    let values = packets.iter().map(|packet| block(packet, option));
    values.collect()
}

/// The requests and the responses that went by: one of each in turn, each request with an id and a token of its own.
fn exchanges(wire: &Wire) -> (Vec<Packet>, Vec<Packet>) {
    let (up, down): (Vec<_>, Vec<_>) = wire
        .take()
        .into_iter()
        .partition(|seen| seen.way == Way::Up);
    let up: Vec<Packet> = up.into_iter().map(|seen| seen.packet).collect();
    let down: Vec<Packet> = down.into_iter().map(|seen| seen.packet).collect();
    assert_eq!(up.len(), down.len());
    let mut used = HashSet::new();
    for (request, response) in up.iter().zip(&down) {
        let (kind, _, id, token) = head(request);
        assert_eq!(kind, MessageType::Confirmable);
        assert_eq!(
            (head(response).2, head(response).3),
            (id, token),
            "its answer"
        );
        assert!(used.insert(token.to_vec()), "a fresh token for each block");
    }
    (up, down)
}

/// libcoap's server with a body of so many bytes at `/large`, and a wire to it.
fn with_large(length: usize) -> Option<(Server, Wire, Vec<u8>)> {
    let server = Server::start(&["-e"])?;
    let body = awkward(length);
    with_client(server.port, |client| {
        let put = Request::put("/large", &[]).content_format(42);
        let mut buffer = [0; 1200];
        let received = client.exchange(&put, &body[..], &mut Vec::new(), &mut buffer);
        assert_eq!(received.unwrap().response.code(), Code::CREATED);
    });
    let wire = Wire::to(server.port);
    Some((server, wire, body))
}

/// Fetches `/large`, in blocks of a size that is wished or not.
fn fetch(wire: &Wire, wish: Option<u16>) -> Vec<u8> {
    with_client(wire.port, |client| {
        let mut get = Request::get("/large");
        if let Some(wish) = wish {
            get = get.block_size(wish);
        }
        let mut buffer = [0; 1200];
        let mut body = Vec::new();
        let received = client.download(&get, &mut body, &mut buffer).unwrap();
        assert_eq!(received.response.code(), Code::CONTENT);
        assert_eq!(received.response.content_format(), Some(42));
        body
    })
}

/// The client proposes a size, the server keeps to it: the numbers go up one by one.
fn early(length: usize, size: u16) {
    let Some((_server, wire, body)) = with_large(length) else {
        return;
    };
    assert!(fetch(&wire, Some(size)) == body);
    let (up, down) = exchanges(&wire);
    let size = u32::from(size);
    let count = u32::try_from(length).unwrap().div_ceil(size);
    let wanted: Vec<_> = (0..count).map(|num| Some((num, false, size))).collect();
    assert_eq!(blocks(&up, CoapOption::Block2), wanted);
    let given = (0..count).map(|num| Some((num, num + 1 < count, size)));
    assert_eq!(blocks(&down, CoapOption::Block2), given.collect::<Vec<_>>());
    assert!(up.iter().all(|packet| is_request(packet, RequestType::Get)));
}

#[test]
fn block_01_get_large_and_the_client_proposes_a_size() {
    early(1300, 64);
}

#[test]
fn block_02_get_large_and_the_server_decides() {
    let Some((_server, wire, body)) = with_large(3000) else {
        return;
    };
    assert!(fetch(&wire, None) == body);
    let (up, down) = exchanges(&wire);
    let given = [
        Some((0, true, 1024)),
        Some((1, true, 1024)),
        Some((2, false, 1024)),
    ];
    assert_eq!(blocks(&down, CoapOption::Block2), given);
    let wanted = [None, Some((1, false, 1024)), Some((2, false, 1024))];
    assert_eq!(
        blocks(&up, CoapOption::Block2),
        wanted,
        "nothing is proposed"
    );

    // A server that gives less than what is proposed (figures 4 and 5 of RFC 7959): libcoap's does not.
    let body = awkward(100);
    let part = play({
        let body = body.clone();
        move |part: &mut Part| {
            let mut wanted = Vec::new();
            for (num, piece) in body.chunks(32).enumerate() {
                let request = part.receive();
                wanted.push(block(&request, CoapOption::Block2));
                let mut response = piggybacked(&request, "2.05");
                let more = if num < 3 { 8 } else { 0 };
                let value = u8::try_from(num << 4 | more | 1).unwrap();
                response.add_option(CoapOption::ContentFormat, vec![42]);
                response.add_option(CoapOption::Block2, vec![value]);
                response.payload = piece.to_vec();
                part.send(&response);
            }
            wanted
        }
    });
    let wire = Wire::to(part.port);
    assert!(fetch(&wire, Some(64)) == body);
    let wanted = [(0, 64), (1, 32), (2, 32), (3, 32)].map(|(num, size)| Some((num, false, size)));
    assert_eq!(part.end(), wanted);
}

/// A body goes up in blocks of 64 bytes: what the requests say, and the code of the last response alone is final.
fn assert_uploaded(up: &[Packet], down: &[Packet], length: usize, body: &[u8], last: MessageClass) {
    let count = u32::try_from(length).unwrap().div_ceil(64);
    let sent: Vec<_> = (0..count)
        .map(|num| Some((num, num + 1 < count, 64)))
        .collect();
    assert_eq!(blocks(up, CoapOption::Block1), sent);
    // libcoap's last response has no Block1 option.
    let answered = blocks(down, CoapOption::Block1);
    let most = down.len() - 1;
    assert_eq!(answered[..most], sent[..most], "and so answered");
    let pieces: Vec<u8> = up
        .iter()
        .flat_map(|packet| packet.payload.clone())
        .collect();
    assert!(pieces == body);
    let (final_one, others) = down.split_last().unwrap();
    assert_eq!(final_one.header.code, last);
    let go_on = MessageClass::Response(ResponseType::Continue);
    assert!(others.iter().all(|packet| packet.header.code == go_on));
    let size = up[0].get_first_option(CoapOption::Size1).unwrap();
    let size = size
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    assert_eq!(size, length, "the first tells how much there is");
}

#[test]
fn block_03_put_large() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let body = awkward(1300);
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        for code in [Code::CREATED, Code::CHANGED] {
            let put = Request::put("/large", &[])
                .content_format(42)
                .block_size(64);
            let response = client
                .upload(&put, &body[..], &mut [0; 1200])
                .unwrap()
                .code();
            assert_eq!(response, code);
            let (up, down) = exchanges(&wire);
            let last = MessageClass::from(code.as_byte());
            assert_uploaded(&up, &down, 1300, &body, last);
        }
    });
    assert!(fetch(&wire, None) == body);

    // A server that wants smaller blocks (figure 9): libcoap's does not.
    let body = awkward(200);
    let part = play(|part| {
        let mut taken = (Vec::new(), Vec::new());
        loop {
            let request = part.receive();
            let said = block(&request, CoapOption::Block1).unwrap();
            taken.0.push(said);
            taken.1.extend_from_slice(&request.payload);
            let mut response = piggybacked(&request, if said.1 { "2.31" } else { "2.04" });
            let num = if taken.0.len() == 1 { 0 } else { said.0 };
            let value = u8::try_from(num << 4 | u32::from(said.1) << 3 | 1).unwrap();
            response.add_option(CoapOption::Block1, vec![value]);
            part.send(&response);
            if !said.1 {
                return taken;
            }
        }
    });
    with_client(part.port, |client| {
        let put = Request::put("/large", &[]).block_size(128);
        let mut buffer = [0; 200];
        let response = client.upload(&put, &body[..], &mut buffer).unwrap();
        assert_eq!(response.code(), Code::CHANGED);
    });
    let (said, taken) = part.end();
    let wanted = [(0, true, 128), (4, true, 32), (5, true, 32), (6, false, 32)];
    assert_eq!(said, wanted);
    assert!(taken == body);
}

#[test]
fn block_04_post_large_that_creates_a_resource() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let body = awkward(1300);
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        let post = Request::post("/large", &[])
            .content_format(42)
            .block_size(64);
        let mut buffer = [0; 1200];
        let response = client.upload(&post, &body[..], &mut buffer).unwrap();
        assert_eq!(response.code(), Code::CREATED);
        assert!(response.location_path().eq([&b"large"[..]]));
    });
    let (up, down) = exchanges(&wire);
    let last = MessageClass::Response(ResponseType::Created);
    assert_uploaded(&up, &down, 1300, &body, last);
    assert!(
        up.iter()
            .all(|packet| is_request(packet, RequestType::Post))
    );
    assert!(fetch(&wire, None) == body);
}

#[test]
fn block_05_post_large_both_ways() {
    let Some(server) = Server::start(&["-e"]) else {
        return;
    };
    let body = awkward(1300);
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        let post = Request::post("/both", &[])
            .content_format(42)
            .block_size(64);
        let mut back = Vec::new();
        let mut buffer = [0; 1200];
        let received = client.exchange(&post, &body[..], &mut back, &mut buffer);
        assert!(received.unwrap().response.code().is_success());
        assert!(back == body);
    });
    let (up, down) = exchanges(&wire);
    // 21 blocks up; the answer to the last one is the first of 21 down, of which the other 20 are asked for.
    assert_eq!(up.len(), 41);
    let first_down = 20;
    for (place, (request, response)) in up.iter().zip(&down).enumerate() {
        assert!(is_request(request, RequestType::Post));
        let number = u32::try_from(place).unwrap();
        if place <= first_down {
            let said = Some((number, place < first_down, 64));
            assert_eq!(block(request, CoapOption::Block1), said);
        } else {
            assert_eq!(block(request, CoapOption::Block1), None, "not any more");
            assert!(request.payload.is_empty());
        }
        if place >= first_down {
            let wanted = Some((number - 20, false, 64));
            assert_eq!(block(request, CoapOption::Block2), wanted);
            let given = Some((number - 20, place < 40, 64));
            assert_eq!(block(response, CoapOption::Block2), given);
        } else {
            assert_eq!(block(response, CoapOption::Block2), None);
        }
    }
}

#[test]
fn block_06_get_large_in_the_smallest_blocks() {
    early(1300, 16);
}

#[test]
fn blocks_over_a_lossy_line_arrive_once_and_in_order() {
    let Some(server) = Server::start(&["-l", "20%"]) else {
        return;
    };
    let body = awkward(1300);
    with_client(server.port, |client| {
        // See `interop_libcoap.rs` for the odds.
        client.set_parameters(Parameters {
            ack_timeout: Millis::new(2),
            max_retransmit: 16,
            ..Parameters::DEFAULT
        });
        let put = Request::put("/large", &[]).block_size(64);
        let put = put.limit(Millis::from_secs(1000));
        let mut buffer = [0; 1200];
        let response = client.upload(&put, &body[..], &mut buffer).unwrap();
        assert!(response.code().is_success());
        let get = Request::get("/large").block_size(64);
        let get = get.limit(Millis::from_secs(1000));
        let mut back = Vec::new();
        client.download(&get, &mut back, &mut buffer).unwrap();
        assert!(back == body);
    });
}
