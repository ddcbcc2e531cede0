//! libcoap's server, which shares no code and no author with this crate.
//!
//! Needs the program `coap-server-notls` (Debian: `libcoap3-bin`). Where it is missing, the tests say so and pass, except in
//! CI (the environment variable `CI` is set), where they fail.

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = "coap-server-notls";

/// The server; it ends with this, also when a test fails.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Ready to answer on a free port; `None` if the program is not installed.
    pub(crate) fn start(more: &[&str]) -> Option<Self> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let free = UdpSocket::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let started = Command::new(PROGRAM)
                .args(["-A", "127.0.0.1", "-p", &port.to_string()])
                .args(["-d", "10"])
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

/// Unpredictable numbers.
pub(crate) fn random() -> u32 {
    getrandom::u32().unwrap()
}

/// Random bytes, with what AT parsers stumble over among them.
pub(crate) fn awkward(length: usize) -> Vec<u8> {
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
