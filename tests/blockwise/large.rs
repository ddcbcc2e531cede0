//! Large bodies for real: the demo server on a socket, libcoap's server, and a simulated modem in virtual time.

use crate::libcoap::{Server, awkward, random};
use coap_modem::client::{Blocking, Network, Remote, Request};
use coap_modem::endpoint::Parameters;
use coap_modem::front::Polled;
use coap_modem::sim::{DemoServer, Line, TestNetwork, TimeSource};
use coap_modem::time::Millis;
use coap_modem::udp::{Memory, UdpClient};
use coap_modem::vendors::l610;
use std::net::UdpSocket;

/// A demo server on a port of its own.
pub(crate) fn demo() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || DemoServer::new().run_on(socket));
    port
}

pub(crate) fn connected(memory: &mut Memory, port: u16) -> UdpClient<'_> {
    let mut client = UdpClient::new(memory, random);
    client.connect(&Remote::new("127.0.0.1", port)).unwrap();
    client
}

/// PUT and GET of so many bytes, whatever carries them.
fn there_and_back<C: Blocking<LinkError: core::fmt::Debug>>(client: &mut C, length: usize) {
    let body = awkward(length);
    let mut buffer = [0; 1200];
    let request = Request::put("/store/large", &[])
        .content_format(42)
        .limit(Millis::from_secs(1000));
    // libcoap answers a PUT with the body itself, which shows: it knows no duplicates, so where its last answer was lost, the
    // repeated last block is a body to it (RFC 7252, section 4.5). Then once more.
    let last = body.len().saturating_sub(1024);
    for _ in 0..9 {
        let mut answer = Vec::new();
        let received = client
            .exchange(&request, &body[..], &mut answer, &mut buffer)
            .unwrap();
        assert!(received.response.code().is_success());
        if answer != body[last..] {
            assert!(answer.is_empty() || answer == body);
            break;
        }
    }
    let mut back = vec![0; length];
    let request = Request::get("/store/large").limit(Millis::from_secs(1000));
    let received = client
        .download(&request, &mut back[..], &mut buffer)
        .unwrap();
    assert_eq!(received.response.content_format(), Some(42));
    assert_eq!(received.length as usize, length);
    assert!(back == body, "{length} bytes came back changed");
}

#[test]
fn a_mebibyte_goes_to_libcoaps_server_and_back_although_it_loses_datagrams() {
    let Some(server) = Server::start(&["-e", "-l", "10%"]) else {
        return;
    };
    let mut memory = Memory::new();
    let mut client = connected(&mut memory, server.port);
    // See interop_libcoap.rs: a local network, and little time to test.
    client.set_parameters(Parameters {
        ack_timeout: Millis::new(2),
        max_retransmit: 14,
        ..Parameters::DEFAULT
    });
    there_and_back(&mut client, 1 << 20);
}

#[test]
fn libcoaps_own_resources_take_and_give_bodies_in_blocks_of_each_size() {
    let Some(server) = Server::start(&["-e"]) else {
        return;
    };
    let mut memory = Memory::new();
    let mut client = connected(&mut memory, server.port);
    for size in [16, 32, 64, 128, 256, 512, 1024] {
        let body = awkward(3000);
        let put = Request::put("/example_data", &[]).block_size(size);
        let mut buffer = [0; 1200];
        let mut answer = Vec::new();
        let received = client
            .exchange(&put, &body[..], &mut answer, &mut buffer)
            .unwrap();
        assert!(received.response.code().is_success());
        assert!(answer.is_empty() || answer == body);
        let mut back = Vec::new();
        let get = Request::get("/example_data").block_size(size);
        client.download(&get, &mut back, &mut buffer).unwrap();
        assert!(back == body, "blocks of {size} bytes");
    }
}

#[test]
fn sixty_four_kibibytes_go_through_an_l610_and_back_with_loss_and_duplicates() {
    let mut network = TestNetwork::new(7);
    network.link.loss = 10;
    network.link.duplicates = 5;
    let line = Line::new(l610::sim::SimL610::new(network), TimeSource::Virtual);
    let mut memory = l610::Memory::new();
    let front = Polled::new(line.serial(), line.clock());
    let mut client: l610::Client<'_, _> = l610::Client::new(&mut memory, front, random);
    client.attach(&Network::new("internet")).unwrap();
    client.connect(&Remote::new("demo", 5683)).unwrap();
    there_and_back(&mut client, 64 << 10);
}

#[test]
fn non_confirmable_blocks_do_as_well_where_nothing_is_lost() {
    let mut memory = Memory::new();
    let mut client = connected(&mut memory, demo());
    let body = awkward(3000);
    let mut buffer = [0; 1200];
    let mut back = Vec::new();
    let request = Request::post("/echo", &[]).non_confirmable();
    let received = client.exchange(&request, &body[..], &mut back, &mut buffer);
    assert_eq!(received.unwrap().length, 3000);
    assert!(back == body);
}
