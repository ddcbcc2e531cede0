//! BLOCK: bodies in blocks (RFC 7959).

use crate::libcoap::{Server, awkward};
use crate::part::{Part, piggybacked, play};
use crate::wire::{Fate, Seen, Way, Wire};
use crate::{QUICK, demo, is_request, with_client};
use coap_lite::{CoapOption, MessageClass, Packet, RequestType};
use coap_modem::client::{Blocking, Request};
use coap_modem::message::{Code, uri};

const BLOCK2: u16 = 23;
const BLOCK1: u16 = 27;
const SIZE1: u16 = 60;

/// Number, more, size.
type Block = (usize, bool, usize);

fn uint(packet: &Packet, number: u16) -> Option<usize> {
    let value = packet.get_first_option(CoapOption::from(number))?;
    let bytes = value.iter();
    Some(bytes.fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

fn block(packet: &Packet, number: u16) -> Option<Block> {
    let value = uint(packet, number)?;
    Some((value >> 4, value & 8 != 0, 16 << (value & 7)))
}

fn add(packet: &mut Packet, number: u16, (num, more, size): Block) {
    let value = num << 4 | usize::from(more) << 3 | (size.ilog2() as usize - 4);
    let bytes = value.to_be_bytes().into_iter();
    let bytes = bytes.skip_while(|byte| *byte == 0).collect();
    packet.add_option(CoapOption::from(number), bytes);
}

/// A request and the last answer to it.
type Exchange = (Packet, Packet);

/// What went over the wire, an exchange a block: a new message id and a new token each, and what was repeated was repeated
/// as it was.
fn exchanges(seen: &[Seen]) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    for Seen { way, packet } in seen {
        let same = |known: &&mut Exchange| known.0.header.message_id == packet.header.message_id;
        match (way, exchanges.iter_mut().find(same)) {
            (Way::Up, None) => exchanges.push((packet.clone(), Packet::new())),
            (Way::Up, Some(known)) => assert_eq!(known.0.to_bytes(), packet.to_bytes()),
            (Way::Down, known) => known.expect("an answer to a request").1 = packet.clone(),
        }
    }
    let mut tokens: Vec<&[u8]> = exchanges.iter().map(|(sent, _)| sent.get_token()).collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), exchanges.len(), "a token was used twice");
    exchanges
}

/// One block after the other came down, in this size; proposed from the beginning, or by the server alone.
fn assert_down(exchanges: &[Exchange], size: usize, early: bool, body: &[u8]) {
    let pieces: Vec<&[u8]> = body.chunks(size).collect();
    assert_eq!(exchanges.len(), pieces.len());
    for (num, ((sent, received), piece)) in exchanges.iter().zip(&pieces).enumerate() {
        assert!(is_request(sent, RequestType::Get));
        assert!(sent.payload.is_empty());
        assert_eq!(block(sent, BLOCK1), None);
        let asked = (early || num > 0).then_some((num, false, size));
        assert_eq!(block(sent, BLOCK2), asked);
        let more = num + 1 < pieces.len();
        assert_eq!(block(received, BLOCK2), Some((num, more, size)));
        assert_eq!(received.payload, *piece);
    }
}

/// One block after the other went up, in this size, each answered with 2.31 but the last.
fn assert_up(exchanges: &[Exchange], method: RequestType, size: usize, body: &[u8]) {
    let pieces: Vec<&[u8]> = body.chunks(size).collect();
    assert_eq!(exchanges.len(), pieces.len());
    for (num, ((sent, received), piece)) in exchanges.iter().zip(&pieces).enumerate() {
        assert!(is_request(sent, method));
        assert_eq!(sent.payload, *piece);
        let more = num + 1 < pieces.len();
        assert_eq!(block(sent, BLOCK1), Some((num, more, size)));
        assert_eq!(uint(sent, SIZE1), (num == 0).then_some(body.len()));
        // libcoap does not repeat the option in its final answer.
        let acknowledged = block(received, BLOCK1).map(|block| block.0);
        assert!(acknowledged == Some(num) || (!more && acknowledged.is_none()));
        let goes_on = received.header.get_code() == "2.31";
        assert_eq!(goes_on, more, "block {num}: {received:?}");
    }
}

/// A resource on libcoap's server with this body. It was put there in blocks, past every wire.
fn stored(server: &Server, path: &str, body: &[u8]) {
    with_client(server.port, |client| {
        let put = Request::put(path, &[]);
        let mut buffer = [0; 200];
        let response = client.upload(&put, body, &mut buffer).unwrap();
        assert_eq!(response.code(), Code::CREATED);
    });
}

/// GET of a large body over this wire.
fn get(wire: &Wire, path: &str, size: Option<u16>) -> Vec<u8> {
    with_client(wire.port, |client| {
        client.set_parameters(QUICK);
        let mut body = Vec::new();
        let mut get = Request::get(path);
        if let Some(size) = size {
            get = get.block_size(size);
        }
        let mut buffer = [0; 1200];
        let received = client.download(&get, &mut body, &mut buffer).unwrap();
        let (code, length) = (received.response.code(), received.length as usize);
        assert_eq!((code, length), (Code::CONTENT, body.len()));
        body
    })
}

/// Loses one datagram in three on the way up and one in four on the way down, of which another arrives twice.
fn lossy(way: Way, before: usize, _: &Packet) -> Fate {
    match (way, before % 3, before % 4) {
        (Way::Up, 2, _) | (Way::Down, _, 1) => Fate::Lose,
        (Way::Down, _, 3) => Fate::Double,
        _ => Fate::Pass,
    }
}

/// A part that serves a body in blocks of this size, or smaller ones if it is asked for them.
fn serve(part: &mut Part, body: &[u8], most: usize, blocks: usize) {
    for _ in 0..blocks {
        let request = part.receive();
        let (num, _, size) = block(&request, BLOCK2).unwrap_or((0, false, most));
        // The place that was meant, whoever of the two wants smaller blocks (section 2.4).
        let (start, size) = (num * size, size.min(most));
        let rest = &body[start..];
        let mut response = piggybacked(&request, "2.05");
        add(
            &mut response,
            BLOCK2,
            (start / size, rest.len() > size, size),
        );
        response.payload = rest[..size.min(rest.len())].to_vec();
        part.send(&response);
    }
}

/// A part that takes a body in blocks of this size, whatever comes first; the body, and how its blocks were numbered.
fn take(part: &mut Part, most: usize, last: &str) -> (Vec<u8>, Vec<Block>) {
    let (mut body, mut blocks) = (Vec::new(), Vec::new());
    loop {
        let request = part.receive();
        let this = block(&request, BLOCK1).unwrap();
        let (num, more, size) = this;
        assert_eq!(num * size, body.len(), "{blocks:?}");
        blocks.push(this);
        body.extend_from_slice(&request.payload);
        let mut response = piggybacked(&request, if more { "2.31" } else { last });
        add(&mut response, BLOCK1, (num, more, size.min(most)));
        part.send(&response);
        if !more {
            return (body, blocks);
        }
    }
}

#[test]
fn block_01_get_with_a_size_that_the_client_proposes() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let body = awkward(2000);
    stored(&server, "/block_01", &body);
    for size in [1024, 256, 64] {
        let wire = Wire::to(server.port);
        assert_eq!(get(&wire, "/block_01", Some(size)), body);
        assert_down(&exchanges(&wire.take()), size.into(), true, &body);
    }
}

#[test]
fn block_01_over_a_lossy_link() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let body = awkward(2000);
    stored(&server, "/block_01", &body);
    let wire = Wire::with(server.port, lossy);
    assert_eq!(get(&wire, "/block_01", Some(128)), body);
    let seen = wire.take();
    let exchanges = exchanges(&seen);
    assert!(seen.len() > 2 * exchanges.len(), "nothing was lost");
    assert_down(&exchanges, 128, true, &body);
}

#[test]
fn block_02_get_with_a_size_that_the_server_decides() {
    if let Some(server) = Server::start(&[]) {
        let body = awkward(5000);
        stored(&server, "/block_02", &body);
        let wire = Wire::to(server.port);
        assert_eq!(get(&wire, "/block_02", None), body);
        assert_down(&exchanges(&wire.take()), 1024, false, &body);
    }
    // One that wants smaller blocks than libcoap; and one that wants smaller ones than the client.
    for (proposed, most, kept) in [(None, 128, 128), (Some(256), 64, 64), (Some(32), 512, 32)] {
        let body = awkward(300);
        let served = body.clone();
        let part = play(move |part| serve(part, &served, most, 300_usize.div_ceil(kept)));
        let wire = Wire::to(part.port);
        assert_eq!(get(&wire, "/", proposed), body);
        part.end();
        let mut exchanges = exchanges(&wire.take());
        if let Some(proposed) = proposed {
            let first = &mut exchanges[0];
            assert_eq!(block(&first.0, BLOCK2), Some((0, false, proposed.into())));
            // From the second on, as if it had been so from the beginning.
            first.0.clear_option(CoapOption::from(BLOCK2));
        }
        assert_down(&exchanges, kept, false, &body);
    }
}

#[test]
fn block_03_put() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        for (size, code) in [
            (1024, Code::CREATED),
            (16, Code::CHANGED),
            (256, Code::CHANGED),
        ] {
            let body = awkward(2300);
            let put = Request::put("/block_03", &[]).block_size(size);
            let mut buffer = [0; 200];
            let response = client.upload(&put, &body[..], &mut buffer).unwrap();
            assert_eq!(response.code(), code);
            let exchanges = exchanges(&wire.take());
            assert_up(&exchanges, RequestType::Put, size.into(), &body);
            let past = Wire::to(server.port);
            assert_eq!(get(&past, "/block_03", None), body);
        }
    });
}

#[test]
fn block_03_to_a_server_that_wants_smaller_blocks() {
    let body = awkward(600);
    let part = play(|part| take(part, 64, "2.04"));
    with_client(part.port, |client| {
        let put = Request::put("/", &[]).block_size(256);
        let mut buffer = [0; 200];
        let response = client.upload(&put, &body[..], &mut buffer).unwrap();
        assert_eq!(response.code(), Code::CHANGED);
    });
    let (taken, blocks) = part.end();
    assert_eq!(taken, body);
    // What went is not sent again: it is counted in the new size from there on (section 2.5).
    let mut wanted = vec![(0, true, 256)];
    wanted.extend((4..10).map(|num| (num, num < 9, 64)));
    assert_eq!(blocks, wanted);
}

#[test]
fn block_03_over_a_lossy_link() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let body = awkward(2000);
    let wire = Wire::with(server.port, lossy);
    with_client(wire.port, |client| {
        client.set_parameters(QUICK);
        let put = Request::put("/block_03", &[]).block_size(128);
        let mut buffer = [0; 200];
        let response = client.upload(&put, &body[..], &mut buffer).unwrap();
        assert!(response.code().is_success());
    });
    let exchanges = exchanges(&wire.take());
    assert_up(&exchanges, RequestType::Put, 128, &body);
    let past = Wire::to(server.port);
    assert_eq!(get(&past, "/block_03", None), body);
}

#[test]
fn block_04_post_that_creates_a_resource() {
    let body = awkward(1500);
    let post = |client: &mut coap_modem::udp::UdpClient<'_>, path: &str| {
        let mut buffer = [0; 200];
        let request = Request::post(path, &[]).block_size(256);
        let response = client.upload(&request, &body[..], &mut buffer).unwrap();
        let mut location = Vec::new();
        uri::write_location(response.options(), &mut |byte| location.push(byte));
        (response.code(), String::from_utf8(location).unwrap())
    };
    if let Some(server) = Server::start(&[]) {
        let wire = Wire::to(server.port);
        let created = with_client(wire.port, |client| post(client, "/block_04"));
        assert_eq!(created.0, Code::CREATED);
        assert_up(&exchanges(&wire.take()), RequestType::Post, 256, &body);
        assert_eq!(get(&wire, "/block_04", None), body);
    }
    // One that says where it is.
    let wire = Wire::to(demo());
    let created = with_client(wire.port, |client| post(client, "/location"));
    assert_eq!(created, (Code::CREATED, "/a/b".into()));
    assert_up(&exchanges(&wire.take()), RequestType::Post, 256, &body);
}

/// A large body up, a large one down: first Block1, and then Block2 without it.
fn assert_both_ways(exchanges: &[Exchange], method: RequestType, size: usize, body: &[u8]) {
    let blocks = body.len().div_ceil(size);
    let (up, down) = exchanges.split_at(blocks);
    assert_up(up, method, size, body);
    for (sent, received) in &up[..blocks - 1] {
        assert_eq!((block(sent, BLOCK2), block(received, BLOCK2)), (None, None));
    }
    let (sent, received) = &up[blocks - 1];
    assert_eq!(block(sent, BLOCK2), Some((0, false, size)));
    assert_eq!(block(received, BLOCK2), Some((0, true, size)));
    let mut back = received.payload.clone();
    assert_eq!(down.len(), blocks - 1);
    for (num, (sent, received)) in down.iter().enumerate() {
        let num = num + 1;
        assert!(is_request(sent, method));
        assert!(sent.payload.is_empty());
        assert_eq!(block(sent, BLOCK1), None);
        assert_eq!(block(sent, BLOCK2), Some((num, false, size)));
        assert_eq!(block(received, BLOCK2), Some((num, num + 1 < blocks, size)));
        assert_ne!(received.header.code, MessageClass::Empty);
        back.extend_from_slice(&received.payload);
    }
    assert_eq!(back, body);
}

#[test]
fn block_05_post_with_large_bodies_both_ways() {
    let body = awkward(1500);
    for wire in [Wire::to(demo()), Wire::with(demo(), lossy)] {
        with_client(wire.port, |client| {
            client.set_parameters(QUICK);
            let mut back = Vec::new();
            let post = Request::post("/echo", &[]).block_size(128);
            let mut buffer = [0; 300];
            let received = client.exchange(&post, &body[..], &mut back, &mut buffer);
            assert_eq!(received.unwrap().response.code(), Code::CONTENT);
            assert_eq!(back, body);
        });
        assert_both_ways(&exchanges(&wire.take()), RequestType::Post, 128, &body);
    }
}

/// libcoap's server answers with what came where it makes a resource.
#[test]
fn block_05_post_that_creates_a_resource_and_gets_it_back() {
    let Some(server) = Server::start(&["-e"]) else {
        return;
    };
    let body = awkward(1500);
    let wire = Wire::to(server.port);
    with_client(wire.port, |client| {
        let mut back = Vec::new();
        let post = Request::post("/both", &[]).block_size(256);
        let mut buffer = [0; 400];
        let received = client.exchange(&post, &body[..], &mut back, &mut buffer);
        assert_eq!(received.unwrap().response.code(), Code::CREATED);
        assert_eq!(back, body);
    });
    assert_both_ways(&exchanges(&wire.take()), RequestType::Post, 256, &body);
}

#[test]
fn block_06_get_in_the_smallest_blocks() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    // The last one full, with one byte, and with all but one.
    for length in [1600, 1601, 1615] {
        let body = awkward(length);
        let path = format!("/block_06/{length}");
        stored(&server, &path, &body);
        let wire = Wire::to(server.port);
        assert_eq!(get(&wire, &path, Some(16)), body);
        assert_down(&exchanges(&wire.take()), 16, true, &body);
    }
}
