//! What lies between client and server: it keeps all that goes by, and may lose or double some of it.

use coap_lite::Packet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Which way something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the client.
    Up,
    /// From the server.
    Down,
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    Lose,
    Double,
}

/// A datagram that set out, whatever became of it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) way: Way,
    pub(crate) packet: Packet,
}

/// The wire. Its threads end with the process.
pub(crate) struct Wire {
    /// Where the client finds the server.
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

type Decide = dyn FnMut(Way, usize, &Packet) -> Fate + Send;

struct Shared {
    seen: Arc<Mutex<Vec<Seen>>>,
    decide: Mutex<Box<Decide>>,
    client: Mutex<Option<SocketAddr>>,
}

impl Shared {
    /// Keeps a datagram; how often it goes on.
    fn pass(&self, way: Way, datagram: &[u8]) -> usize {
        let packet = Packet::from_bytes(datagram).unwrap();
        let mut seen = self.seen.lock().unwrap();
        let before = seen.iter().filter(|seen| seen.way == way).count();
        seen.push(Seen {
            way,
            packet: packet.clone(),
        });
        match (self.decide.lock().unwrap())(way, before, &packet) {
            Fate::Pass => 1,
            Fate::Lose => 0,
            Fate::Double => 2,
        }
    }
}

impl Wire {
    /// A wire to a server that carries everything.
    pub(crate) fn to(server: u16) -> Self {
        Self::with(server, |_, _, _| Fate::Pass)
    }

    /// A wire that does with each datagram what `decide` says; it is told how many went the same way before.
    pub(crate) fn with(
        server: u16,
        decide: impl FnMut(Way, usize, &Packet) -> Fate + Send + 'static,
    ) -> Self {
        let near = UdpSocket::bind("127.0.0.1:0").unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").unwrap();
        far.connect(("127.0.0.1", server)).unwrap();
        let port = near.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::new(Shared {
            seen: Arc::clone(&seen),
            decide: Mutex::new(Box::new(decide)),
            client: Mutex::new(None),
        });
        let (up, down) = (Arc::clone(&shared), shared);
        let (near_up, far_up) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        thread::spawn(move || {
            let mut buffer = [0; 2048];
            while let Ok((length, from)) = near_up.recv_from(&mut buffer) {
                *up.client.lock().unwrap() = Some(from);
                for _ in 0..up.pass(Way::Up, &buffer[..length]) {
                    far_up.send(&buffer[..length]).unwrap();
                }
            }
        });
        thread::spawn(move || {
            let mut buffer = [0; 2048];
            while let Ok(length) = far.recv(&mut buffer) {
                let client = down.client.lock().unwrap().unwrap();
                for _ in 0..down.pass(Way::Down, &buffer[..length]) {
                    near.send_to(&buffer[..length], client).unwrap();
                }
            }
        });
        Self { port, seen }
    }

    /// All that has gone by since the last time.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// The same, as soon as it is so many: what was sent last may still be on its way.
    pub(crate) fn take_when(&self, count: usize) -> Vec<Seen> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.seen.lock().unwrap().len() < count && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        self.take()
    }

    /// What the client sent since the last time.
    pub(crate) fn take_sent(&self) -> Vec<Packet> {
        let seen = self.take().into_iter();
        seen.filter(|seen| seen.way == Way::Up)
            .map(|seen| seen.packet)
            .collect()
    }
}
