//! Real datagrams: the simulated module on the host's own network.

use super::desk::network;
use crate::client::{Blocking as _, Remote, Request};
use crate::front::Polled;
use crate::message::Code;
use crate::sim::conformance::{nasty, random};
use crate::sim::{DemoServer, HostNetwork, Line, TimeSource};
use crate::vendors::l610::sim::SimL610;
use crate::vendors::l610::{Client, Memory};
use std::net::UdpSocket;

#[test]
fn the_module_really_sends_udp() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || DemoServer::new().run_on(server));
    let line = Line::new(SimL610::new(HostNetwork::new()), TimeSource::Real);
    let mut memory = Memory::new();
    let front = Polled::new(line.serial(), line.clock());
    let mut client: Client<'_, _> = Client::new(&mut memory, front, random);
    client.attach(&network()).unwrap();
    let body = nasty(5, 495);
    let mut buffer = [0; 600];
    // By its address, and the built-in server by its name.
    for server in [Remote::new("127.0.0.1", port), Remote::new("demo", 5683)] {
        client.connect(&server).unwrap();
        let put = Request::put("/store/x", &body);
        assert_eq!(
            client.request(&put, &mut buffer).unwrap().code(),
            Code::CREATED
        );
        let back = client
            .request(&Request::get("/store/x"), &mut buffer)
            .unwrap();
        assert_eq!(back.payload(), body);
    }
    client.close().unwrap();
    assert!(line.device().misuse().is_empty());
}
