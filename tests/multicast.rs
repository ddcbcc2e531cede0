//! One request to a group of servers (RFC 7252, section 8), over the loopback interface: libcoap's server, and servers on
//! `coap-lite` that are played here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

#[path = "common/libcoap.rs"]
mod libcoap;

use coap_lite::{MessageClass, MessageType, Packet, RequestType};
use coap_modem::client::{Blocking, Remote, Request};
use coap_modem::error::{ClientError, Error, Unsupported};
use coap_modem::message::Code;
use coap_modem::time::Millis;
use coap_modem::udp::{Group, Memory, UdpClient};
use libcoap::{Server, awkward, random};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// "All CoAP nodes" (section 12.8).
const ALL: Ipv4Addr = Ipv4Addr::new(224, 0, 1, 187);
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

fn group(port: u16) -> Group {
    Group::new(SocketAddr::from((ALL, port)), IpAddr::V4(HERE), random).unwrap()
}

/// A server's socket that hears the group; `None`, with a word, where the system has no multicast on this interface.
fn member() -> Option<UdpSocket> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    match socket.join_multicast_v4(&ALL, &HERE) {
        Ok(()) => Some(socket),
        Err(error) => {
            eprintln!("skipped: no multicast over the loopback interface ({error})");
            None
        }
    }
}

fn receive(socket: &UdpSocket) -> (Packet, SocketAddr) {
    let mut buffer = [0; 2048];
    let (length, from) = socket.recv_from(&mut buffer).expect("a datagram");
    (Packet::from_bytes(&buffer[..length]).unwrap(), from)
}

fn response(request: &Packet, kind: MessageType, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.set_code("2.05");
    packet.header.message_id = id;
    packet.set_token(request.get_token().to_vec());
    packet.payload = payload.to_vec();
    packet.to_bytes().unwrap()
}

/// All that a group says within a second: where it comes from, and its payload.
fn all(group: &mut Group, request: &Request<'_>) -> Vec<(SocketAddr, Vec<u8>)> {
    group.ask(request, Millis::from_secs(1)).unwrap();
    let mut heard = Vec::new();
    while let Some(one) = group.heard().unwrap() {
        assert_eq!(one.response.code(), Code::CONTENT);
        assert!(one.is_whole());
        heard.push((one.from, one.response.payload().to_vec()));
    }
    heard
}

#[test]
fn several_servers_answer_one_request_and_each_is_heard_once() {
    use MessageType::{Acknowledgement, Confirmable, NonConfirmable, Reset};
    let Some(member) = member() else {
        return;
    };
    let port = member.local_addr().unwrap().port();
    let servers: Vec<UdpSocket> = (0..3)
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    let addresses: Vec<SocketAddr> = servers.iter().map(|s| s.local_addr().unwrap()).collect();
    let part = std::thread::spawn(move || {
        let (request, client) = receive(&member);
        assert_eq!(
            request.header.get_type(),
            NonConfirmable,
            "whatever was asked"
        );
        let get = MessageClass::Request(RequestType::Get);
        assert_eq!(request.header.code, get);
        assert_eq!(request.get_token().len(), 8);
        let say = |server: usize, bytes: &[u8]| {
            servers[server].send_to(bytes, client).unwrap();
        };
        // Each in its own way, with the same message id.
        say(0, &response(&request, NonConfirmable, 7, b"first"));
        say(0, &response(&request, NonConfirmable, 7, b"first"));
        say(1, &response(&request, Confirmable, 7, b"second"));
        say(1, &response(&request, Confirmable, 7, b"second"));
        // None of these is a response to the group's request.
        let id = request.header.message_id;
        say(2, &response(&request, Acknowledgement, id, b"no"));
        let mut stranger = request.clone();
        stranger.set_token(vec![1; 8]);
        say(2, &response(&stranger, NonConfirmable, 8, b"no"));
        say(2, &response(&stranger, Confirmable, 9, b"no"));
        say(2, &[0x40, 1]);
        say(2, &response(&request, NonConfirmable, 10, b"third"));
        for server in &servers {
            let long = Some(Duration::from_secs(20));
            server.set_read_timeout(long).unwrap();
        }
        let mut replies = Vec::new();
        for server in [1, 1, 2] {
            let (reply, from) = receive(&servers[server]);
            assert_eq!((from, reply.header.code), (client, MessageClass::Empty));
            replies.push((reply.header.get_type(), reply.header.message_id));
        }
        assert_eq!(
            replies,
            [(Acknowledgement, 7), (Acknowledgement, 7), (Reset, 9)]
        );
        // Not repeated, and nothing else.
        let short = Some(Duration::from_millis(100));
        for socket in servers.iter().chain([&member]) {
            socket.set_read_timeout(short).unwrap();
            assert!(socket.recv(&mut [0; 100]).is_err());
        }
    });
    let heard = all(&mut group(port), &Request::get("/what"));
    let payloads = [&b"first"[..], b"second", b"third"].map(<[u8]>::to_vec);
    let wanted: Vec<_> = addresses.into_iter().zip(payloads).collect();
    assert_eq!(heard, wanted);
    part.join().unwrap();
}

#[test]
fn an_answer_to_the_request_before_is_not_taken() {
    let Some(member) = member() else {
        return;
    };
    let port = member.local_addr().unwrap().port();
    let part = std::thread::spawn(move || {
        let (first, client) = receive(&member);
        let (second, _) = receive(&member);
        assert_ne!(first.header.message_id, second.header.message_id);
        for (request, payload) in [(&first, b"late"), (&second, b"mine")] {
            let id = request.header.message_id;
            let bytes = response(request, MessageType::NonConfirmable, id, payload);
            member.send_to(&bytes, client).unwrap();
        }
    });
    let mut group = group(port);
    group
        .ask(&Request::get("/a"), Millis::from_secs(1))
        .unwrap();
    let heard = all(&mut group, &Request::get("/b"));
    let payloads: Vec<_> = heard.into_iter().map(|(_, payload)| payload).collect();
    assert_eq!(payloads, [b"mine"]);
    part.join().unwrap();
}

#[test]
fn where_nobody_answers_the_time_ends() {
    let Some(member) = member() else {
        return;
    };
    let mut group = group(member.local_addr().unwrap().port());
    let began = Instant::now();
    group.ask(&Request::get("/"), Millis::new(200)).unwrap();
    assert!(group.heard().unwrap().is_none());
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(5));
    assert!(group.heard().unwrap().is_none());
}

#[test]
fn a_group_is_asked_and_never_told() {
    let mut group = group(5683);
    for request in [
        Request::put("/lamp", b"on"),
        Request::post("/lamp", b"on"),
        Request::delete("/lamp"),
        Request::new(Code::PATCH, "/lamp"),
    ] {
        let refused = Error::from(Unsupported::Method(request.method()));
        match group.ask(&request, Millis::from_secs(1)) {
            Err(ClientError::Operation(error)) => assert_eq!(error, refused),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn libcoaps_server_answers_a_group_and_gives_the_rest_of_what_is_large() {
    let wide = ["-A", "0.0.0.0", "-g", "224.0.1.187", "-G", "lo"];
    if member().is_none() {
        return;
    }
    let Some(server) = Server::start(&wide) else {
        return;
    };
    let mut group = group(server.port);
    // It takes its leisure, of 5 s.
    let wait = Millis::from_secs(8);
    group
        .ask(&Request::get("/.well-known/core?rt=ticks"), wait)
        .unwrap();
    let first = group.heard().unwrap().expect("an answer");
    assert_eq!(first.from.port(), server.port);
    let mut links = first.response.links().unwrap().map(Result::unwrap);
    assert_eq!(links.next().unwrap().target(), "/time");
    assert!(links.next().is_none());

    let body = awkward(1000);
    let mut memory = Memory::new();
    let mut client = UdpClient::new(&mut memory, random);
    client
        .connect(&Remote::new("127.0.0.1", server.port))
        .unwrap();
    let mut buffer = [0; 1200];
    let put = Request::put("/large", &[]);
    client.upload(&put, &body[..], &mut buffer).unwrap();
    let get = Request::get("/large").block_size(64);
    group.ask(&get, wait).unwrap();
    let first = group.heard().unwrap().expect("an answer");
    assert!(!first.is_whole());
    let mut whole = Vec::new();
    let received = client
        .rest(&get, &first.response, &mut whole, &mut buffer)
        .unwrap();
    assert_eq!(received.length, 1000);
    assert!(whole == body);
}
