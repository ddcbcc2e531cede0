//! What a simulated modem sees of the Internet, and a network in memory that behaves the same on every run.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::agenda::{Agenda, earliest};
use super::server::Ends;
use super::stream::Gateway;
use super::{DemoServer, Dice};
use crate::time::{Instant, Millis};

/// The address behind the name `demo` (a documentation address, RFC 5737): the built-in server, on every port.
pub(super) const DEMO: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// What a simulated modem sees of the Internet: names, UDP sockets, and streams (TCP) if it has them.
pub trait Network {
    /// The address of a host name or of an address written as text, with port 0.
    fn resolve(&mut self, name: &str) -> Option<SocketAddr>;

    /// Opens a socket and gives its handle.
    ///
    /// # Errors
    /// If the network has no more.
    fn open(&mut self) -> io::Result<usize>;

    /// Opens a stream to a server and gives its handle. What is sent to that server and received from it are then pieces of
    /// the stream, cut anyhow; an empty one tells that the server has closed it.
    ///
    /// # Errors
    /// If nobody listens there; or if the network has no streams, as it is unless it says otherwise.
    fn connect(&mut self, server: SocketAddr) -> io::Result<usize> {
        let _ = server;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// If it did not even leave this host. A datagram that is lost on its way is no error.
    fn send(
        &mut self,
        now: Instant,
        socket: usize,
        to: SocketAddr,
        datagram: &[u8],
    ) -> io::Result<()>;

    /// Takes the next datagram that has arrived at a socket, and its sender.
    fn receive(&mut self, now: Instant, socket: usize) -> Option<(SocketAddr, Vec<u8>)>;

    /// Closes a socket or a stream. What was on its way to it is lost.
    fn close(&mut self, socket: usize);

    /// When the next datagram arrives, if the network knows.
    fn deadline(&self) -> Option<Instant>;
}

/// How the way between modem and server behaves. Applies to datagrams sent from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// How long a datagram travels in one direction. Default 40 ms.
    pub delay: Millis,
    /// How many of a hundred datagrams are lost, in each direction. Default 0.
    pub loss: u8,
    /// How many of a hundred datagrams arrive twice, the second one 10 ms later. Default 0.
    pub duplicates: u8,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            delay: Millis::new(40),
            loss: 0,
            duplicates: 0,
        }
    }
}

/// A datagram that the modem has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Instant,
    /// From which socket.
    pub socket: usize,
    /// To whom.
    pub to: SocketAddr,
    /// The CoAP message as it went out; of a stream, a piece.
    pub datagram: Vec<u8>,
}

#[derive(Debug)]
struct Socket {
    local: SocketAddr,
    arriving: Agenda<(SocketAddr, Vec<u8>)>,
    /// The server's end, if this is a stream.
    stream: Option<Gateway>,
}

/// A network in memory, deterministic: behind *every* address and port stands the [`DemoServer`], for datagrams and, unless
/// [told otherwise](TestNetwork::refuses_streams), for streams, which lose nothing.
///
/// Names: `demo`, whatever [`TestNetwork::add_name`] was told, and addresses written as text; no others.
/// Sockets are numbered from 0, a closed one's number is used again.
#[derive(Debug)]
pub struct TestNetwork {
    /// How the way to the server behaves.
    pub link: Link,
    /// The server at the far end.
    pub server: DemoServer,
    /// Nobody listens for streams. Default false.
    pub refuses_streams: bool,
    dice: Dice,
    names: Vec<(String, IpAddr)>,
    sockets: Vec<Option<Socket>>,
    opened: u16,
    to_server: Agenda<(usize, SocketAddr, SocketAddr, Vec<u8>)>,
    drop_sent: u32,
    drop_answers: u32,
    journal: Vec<Sent>,
}

impl Default for TestNetwork {
    fn default() -> Self {
        Self::new(1)
    }
}

impl TestNetwork {
    /// A network whose losses repeat with the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            link: Link::default(),
            server: DemoServer::new(),
            refuses_streams: false,
            dice: Dice::new(seed),
            names: vec![("demo".into(), DEMO)],
            sockets: Vec::new(),
            opened: 0,
            to_server: Agenda::default(),
            drop_sent: 0,
            drop_answers: 0,
            journal: Vec::new(),
        }
    }

    /// Gives an address a name.
    pub fn add_name(&mut self, name: &str, address: IpAddr) {
        self.names.push((name.into(), address));
    }

    /// Loses the next so many datagrams that the modem sends. They stand in the journal all the same.
    pub fn drop_sent(&mut self, count: u32) {
        self.drop_sent = count;
    }

    /// Loses the next so many datagrams that the server sends.
    pub fn drop_answers(&mut self, count: u32) {
        self.drop_answers = count;
    }

    /// Lets any datagram arrive at a socket, at any time, from anyone. Never lost, never doubled.
    pub fn inject(&mut self, at: Instant, socket: usize, from: SocketAddr, datagram: &[u8]) {
        if let Some(socket) = self.socket(socket) {
            socket.arriving.add(at, (from, datagram.to_vec()));
        }
    }

    /// Every datagram that the modem has sent, lost ones too.
    pub fn journal(&self) -> &[Sent] {
        &self.journal
    }

    /// The same, and starts a new one.
    pub fn take_journal(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.journal)
    }

    /// Whether a socket is open.
    pub fn is_open(&self, socket: usize) -> bool {
        self.sockets.get(socket).is_some_and(Option::is_some)
    }

    fn socket(&mut self, socket: usize) -> Option<&mut Socket> {
        self.sockets.get_mut(socket)?.as_mut()
    }

    /// When a datagram sent now arrives: not at all, once or twice.
    fn travel(&mut self, now: Instant) -> Vec<Instant> {
        if self.dice.percent(self.link.loss) {
            return Vec::new();
        }
        let first = now.after(self.link.delay);
        if self.dice.percent(self.link.duplicates) {
            return vec![first, first.after(Millis::new(10))];
        }
        vec![first]
    }

    fn answer(&mut self, now: Instant, socket: usize, from: SocketAddr, datagram: &[u8]) {
        if self.socket(socket).is_some_and(|s| s.stream.is_some()) {
            // Nothing of a stream is lost.
            let piece = Gateway::answer(datagram);
            if !piece.is_empty() {
                self.inject(now.after(self.link.delay), socket, from, &piece);
            }
            return;
        }
        if self.drop_answers > 0 {
            self.drop_answers -= 1;
            return;
        }
        for at in self.travel(now) {
            self.inject(at, socket, from, datagram);
        }
    }

    fn add_socket(&mut self, stream: Option<Gateway>) -> usize {
        let local = (Ipv4Addr::new(10, 0, 0, 1), 49152 + self.opened % 16384).into();
        self.opened = self.opened.wrapping_add(1);
        let socket = Some(Socket {
            local,
            arriving: Agenda::default(),
            stream,
        });
        match self.sockets.iter().position(Option::is_none) {
            Some(number) => {
                if let Some(place) = self.sockets.get_mut(number) {
                    *place = socket;
                }
                number
            }
            None => {
                self.sockets.push(socket);
                self.sockets.len() - 1
            }
        }
    }

    /// Everything at the server's end that happens until now, in the order of time.
    fn settle(&mut self, now: Instant) {
        while let Some(at) = earliest(self.to_server.next(), self.server.deadline()) {
            if !now.reached(at) {
                break;
            }
            if let Some((_, (socket, local, to, datagram))) = self.to_server.take_due(at)
                && let Some(answer) = self.server.handle_between(at, ends(local, to), &datagram)
                && self.socket(socket).is_some_and(|s| s.local == local)
            {
                self.answer(at, socket, to, &answer);
            }
            for (to, datagram) in self.server.poll_between(at) {
                let found = self
                    .sockets
                    .iter()
                    .position(|socket| socket.as_ref().is_some_and(|s| s.local == to.client));
                if let (Some(socket), Some(remote)) = (found, to.server) {
                    self.answer(at, socket, remote, &datagram);
                }
            }
        }
    }
}

const fn ends(client: SocketAddr, server: SocketAddr) -> Ends {
    let server = Some(server);
    Ends { client, server }
}

impl Network for TestNetwork {
    fn resolve(&mut self, name: &str) -> Option<SocketAddr> {
        let known = self.names.iter().find(|(known, _)| known == name);
        let address = known.map(|(_, address)| *address);
        Some(SocketAddr::new(address.or_else(|| name.parse().ok())?, 0))
    }

    fn open(&mut self) -> io::Result<usize> {
        Ok(self.add_socket(None))
    }

    fn connect(&mut self, _server: SocketAddr) -> io::Result<usize> {
        if self.refuses_streams {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(self.add_socket(Some(Gateway::default())))
    }

    fn send(
        &mut self,
        now: Instant,
        socket: usize,
        to: SocketAddr,
        datagram: &[u8],
    ) -> io::Result<()> {
        self.settle(now);
        let open = self.socket(socket).ok_or(io::ErrorKind::NotConnected)?;
        let local = open.local;
        let heard = open.stream.as_mut().map(|end| end.handle(datagram));
        self.journal.push(Sent {
            at: now,
            socket,
            to,
            datagram: datagram.to_vec(),
        });
        if let Some((said, requests)) = heard {
            let (there, back) = (self.link.delay, self.link.delay);
            for request in requests {
                let entry = (socket, local, to, request);
                self.to_server.add(now.after(there), entry);
            }
            if !said.is_empty() {
                self.inject(now.after(there).after(back), socket, to, &said);
            }
            return Ok(());
        }
        if self.drop_sent > 0 {
            self.drop_sent -= 1;
            return Ok(());
        }
        for at in self.travel(now) {
            let entry = (socket, local, to, datagram.to_vec());
            self.to_server.add(at, entry);
        }
        Ok(())
    }

    fn receive(&mut self, now: Instant, socket: usize) -> Option<(SocketAddr, Vec<u8>)> {
        self.settle(now);
        let (_, arrived) = self.socket(socket)?.arriving.take_due(now)?;
        Some(arrived)
    }

    fn close(&mut self, socket: usize) {
        if let Some(place) = self.sockets.get_mut(socket) {
            *place = None;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let arriving = self.sockets.iter().flatten().map(|s| s.arriving.next());
        let at_server = earliest(self.to_server.next(), self.server.deadline());
        arriving.fold(at_server, earliest)
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
