//! Against libcoap's server, which shares no code and no author with this crate.
//!
//! Needs the program `coap-server-notls` (Debian: `libcoap3-bin`). Where it is missing, these tests say so and pass,
//! except in CI (the environment variable `CI` is set), where they fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

mod common;

use coap_modem::client::{Blocking, Network, Remote, Request};
use coap_modem::endpoint::Parameters;
use coap_modem::front::Polled;
use coap_modem::message::Code;
use coap_modem::sim::{HostNetwork, Line, TimeSource};
use coap_modem::time::Millis;
use coap_modem::udp::{Traffic, UdpClient};
use coap_modem::vendors::bg96;
use coap_modem::vendors::bg96::sim::SimBg96;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const PROGRAM: &str = "coap-server-notls";

/// The server; it ends with this, also when a test fails.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Ready to answer on a free port; `None` if the program is not installed.
    fn start(more: &[&str]) -> Option<Self> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let free = UdpSocket::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let started = Command::new(PROGRAM)
                .args(["-A", "127.0.0.1", "-p", &port.to_string()])
                .args(["-d", "10", "-e"])
                .args(more)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let child = match started {
                Ok(child) => child,
                Err(error) => {
                    assert!(std::env::var_os("CI").is_none(), "{PROGRAM}: {error}");
                    eprintln!("skipped: {PROGRAM} does not start ({error}); it comes with libcoap");
                    return None;
                }
            };
            let mut server = Self { child, port };
            // Somebody else may have taken the port meanwhile: then with another one.
            if server.answers(deadline) {
                return Some(server);
            }
            assert!(Instant::now() < deadline, "{PROGRAM} does not answer");
        }
    }

    /// A CoAP ping (RFC 7252, section 4.3) until there is an answer; false if the program has ended or time is over.
    fn answers(&mut self, deadline: Instant) -> bool {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", self.port)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        while Instant::now() < deadline && self.child.try_wait().unwrap().is_none() {
            let _ = socket.send(&[0x40, 0, 0, 1]);
            if let Ok(4) = socket.recv(&mut [0; 16]) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn random() -> u32 {
    getrandom::u32().unwrap()
}

/// Random bytes, with what AT parsers stumble over among them.
fn awkward(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).unwrap();
    let traps =
        b"\x1a\x1b\r\nOK\r\n\r\n+QCOAPRECV: 0,1,2.05,0,0,4\r\n> \r\nERROR\r\nAT\r\0\xff\r\nRDY\r\n";
    for (start, trap) in [(0, &traps[..]), (length.saturating_sub(4), b"\r\nOK")] {
        for (place, byte) in bytes.iter_mut().skip(start).zip(trap) {
            *place = *byte;
        }
    }
    bytes
}

/// A client and how its requests go out.
struct Desk<'c, C> {
    client: &'c mut C,
    confirmable: bool,
    limit: Millis,
}

impl<C: Blocking<LinkError: core::fmt::Debug>> Desk<'_, C> {
    fn ask(&mut self, method: Code, path: &str, payload: &[u8]) -> (Code, Vec<u8>) {
        let mut request = Request::new(method, path)
            .payload(payload)
            .limit(self.limit);
        if !self.confirmable {
            request = request.non_confirmable();
        }
        let mut buffer = [0; 1400];
        let response = self.client.request(&request, &mut buffer);
        let response = response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        (response.code(), response.payload().to_vec())
    }
}

/// All of it: the one test body for every link and both kinds of message.
fn everything<C: Blocking<LinkError: core::fmt::Debug>>(
    client: &mut C,
    port: u16,
    confirmable: bool,
) {
    client.attach(&Network::new("")).unwrap();
    client.connect(&Remote::new("127.0.0.1", port)).unwrap();
    let mut desk = Desk {
        client,
        confirmable,
        limit: Millis::from_secs(60),
    };

    let (code, time) = desk.ask(Code::GET, "/time", b"");
    assert_eq!(code, Code::CONTENT);
    assert!(String::from_utf8(time).unwrap().contains(':'));
    let (code, root) = desk.ask(Code::GET, "/", b"");
    assert_eq!(code, Code::CONTENT);
    assert!(String::from_utf8(root).unwrap().contains("libcoap"));

    for length in [1, 300, 1024] {
        let path = format!("/awkward/{length}");
        let bytes = awkward(length);
        // With -e the server sends back what was put.
        assert_eq!(
            desk.ask(Code::PUT, &path, &bytes),
            (Code::CREATED, bytes.clone())
        );
        assert_eq!(
            desk.ask(Code::GET, &path, b""),
            (Code::CONTENT, bytes.clone())
        );
        let bytes = awkward(length);
        assert_eq!(
            desk.ask(Code::PUT, &path, &bytes),
            (Code::CHANGED, bytes.clone())
        );
        assert_eq!(desk.ask(Code::GET, &path, b""), (Code::CONTENT, bytes));
        assert_eq!(desk.ask(Code::DELETE, &path, b"").0, Code::DELETED);
        assert_eq!(desk.ask(Code::GET, &path, b"").0, Code::NOT_FOUND);
    }

    assert_eq!(
        desk.ask(Code::GET, "/no/such/thing", b"").0,
        Code::NOT_FOUND
    );
    // A separate response, a second later (RFC 7252, section 5.2.2).
    assert_eq!(
        desk.ask(Code::GET, "/async?1", b""),
        (Code::CONTENT, b"done".to_vec())
    );
    assert_eq!(desk.ask(Code::GET, "/time", b"").0, Code::CONTENT);
    client.close().unwrap();
}

fn over_udp(confirmable: bool) {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let mut memory = coap_modem::udp::Memory::new();
    let mut client = UdpClient::new(&mut memory, random);
    everything(&mut client, server.port, confirmable);
}

fn over_bg96(confirmable: bool) {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    // Real time, since the datagrams are real.
    let line = Line::new(SimBg96::new(HostNetwork::new()), TimeSource::Real);
    let mut memory = bg96::Memory::new();
    let front = Polled::new(line.serial(), line.clock());
    let mut client: bg96::Client<'_, _> = bg96::Client::new(&mut memory, front, random);
    everything(&mut client, server.port, confirmable);
    assert_eq!(line.device().misuse(), [""; 0]);
}

#[test]
fn confirmable_requests_over_udp() {
    over_udp(true);
}

#[test]
fn non_confirmable_requests_over_udp() {
    over_udp(false);
}

#[test]
fn confirmable_requests_through_the_bg96() {
    over_bg96(true);
}

#[test]
fn non_confirmable_requests_through_the_bg96() {
    over_bg96(false);
}

#[test]
fn a_part_of_a_large_response_does_not_pass_for_the_whole() {
    use coap_modem::error::{ClientError, Error, PeerError};
    use coap_modem::message::Number;
    let Some(server) = Server::start(&[]) else {
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
    let Some(server) = Server::start(&["-l", "30%"]) else {
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
    let mut desk = Desk {
        client: &mut client,
        confirmable: true,
        limit: Millis::from_secs(1000),
    };
    for _ in 0..16 {
        let bytes = awkward(300);
        let (code, _) = desk.ask(Code::PUT, "/lossy", &bytes);
        assert!(code.is_success(), "{code}");
        assert_eq!(desk.ask(Code::GET, "/lossy", b""), (Code::CONTENT, bytes));
        assert_eq!(desk.ask(Code::GET, "/time", b"").0, Code::CONTENT);
    }
    assert!(
        SENT.load(Ordering::Relaxed) > 48,
        "something was lost and sent again"
    );
}

#[test]
fn the_host_command_exits_with_the_class_of_the_servers_answer() {
    let Some(server) = Server::start(&[]) else {
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
