//! Against libcoap's server: the host's own sockets, and the host command.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

mod common;
#[path = "common/libcoap.rs"]
mod libcoap;

use coap_modem::client::{Blocking, Remote, Request};
use coap_modem::endpoint::Parameters;
use coap_modem::time::Millis;
use coap_modem::udp::{Traffic, UdpClient};
use libcoap::{Server, awkward, random};
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn a_part_of_a_large_response_does_not_pass_for_the_whole() {
    use coap_modem::error::{ClientError, Error, PeerError};
    use coap_modem::message::Number;
    let Some(server) = Server::start(&["-e"]) else {
        return;
    };
    let mut memory = coap_modem::udp::Memory::new();
    let mut client = UdpClient::new(&mut memory, random);
    client
        .connect(&Remote::new("127.0.0.1", server.port))
        .unwrap();
    // This much the server takes at once, but does not give at once: it answers with the first of two blocks.
    let mut buffer = [0; 1400];
    let bytes = awkward(1100);
    let put = client.request(&Request::put("/large", &bytes), &mut buffer);
    let blocks = Error::Peer(PeerError::CriticalOption(Number::BLOCK2));
    assert!(matches!(put, Err(ClientError::Operation(error)) if error == blocks));
}

#[test]
fn a_server_that_loses_30_percent_does_not_break_plain_udp() {
    static SENT: AtomicU32 = AtomicU32::new(0);
    let Some(server) = Server::start(&["-e", "-l", "30%"]) else {
        return;
    };
    let mut memory = coap_modem::udp::Memory::new();
    let mut client = UdpClient::new(&mut memory, random);
    // A local network, and little time to test: 2 ms where RFC 7252, section 4.8 has 2 s. The server loses 30 percent of
    // what it sends. With 17 repetitions a request fails with 0.3^18 = 3.9e-10, so one of 48 with 1.9e-8; that nothing at
    // all is lost has 0.7^48 = 3.7e-8. Together less than 1e-7 a run. The last wait alone would be some minutes, but
    // half a second is already a matter of one run in hundreds.
    client.set_parameters(Parameters {
        ack_timeout: Millis::new(2),
        max_retransmit: 17,
        ..Parameters::DEFAULT
    });
    client.watch(|traffic| {
        if matches!(traffic, Traffic::Sent(_)) {
            SENT.fetch_add(1, Ordering::Relaxed);
        }
    });
    client
        .connect(&Remote::new("127.0.0.1", server.port))
        .unwrap();
    let mut buffer = [0; 1400];
    let mut ask = |request: Request<'_>| {
        let request = request.limit(Millis::from_secs(1000));
        let response = client.request(&request, &mut buffer).unwrap();
        assert!(response.code().is_success(), "{}", response.code());
        response.payload().to_vec()
    };
    for _ in 0..16 {
        let bytes = awkward(300);
        ask(Request::put("/lossy", &bytes));
        assert_eq!(ask(Request::get("/lossy")), bytes);
        assert!(!ask(Request::get("/time")).is_empty());
    }
    assert!(
        SENT.load(Ordering::Relaxed) > 48,
        "something was lost and sent again"
    );
}

#[test]
fn the_host_command_exits_with_the_class_of_the_servers_answer() {
    let Some(server) = Server::start(&["-e"]) else {
        return;
    };
    for link in [&[][..], &["--modem", "bg96"]] {
        let missing = format!("coap://127.0.0.1:{}/no/such/thing", server.port);
        let run = common::coap(&[link, &[&missing]].concat());
        assert_eq!(run.status, 4, "{}", run.err);
        assert!(run.err.starts_with("4.04 Not Found\n"), "{}", run.err);
        assert_eq!(run.out, b"");

        let bytes = awkward(1024);
        let here = format!("coap://127.0.0.1:{}/{}", server.port, link.len());
        let put = common::coap_with(&[link, &["-m", "put", "-f", "-", &here]].concat(), &bytes);
        assert_eq!((put.status, put.err.as_str()), (0, ""));
        let get = common::coap(&[link, &[&here]].concat());
        assert_eq!((get.status, get.out), (0, bytes));
    }
}
