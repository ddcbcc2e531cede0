//! The host's own network: a simulated modem that really sends, by UDP and TCP.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use super::network::DEMO;
use super::stream::{Gateway, is_patience};
use super::{DemoServer, Network};
use crate::time::Instant;

/// A datagram can be no longer (RFC 768).
const LONGEST: usize = 65_535;
/// How long a server may take to accept a stream. Everything else waits meanwhile.
const ACCEPT: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct Socket {
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
    stream: Option<Stream>,
    /// The demo server's address as the modem wrote it.
    demo: Option<SocketAddr>,
}

#[derive(Debug)]
struct Stream {
    /// The server's address as the modem wrote it.
    server: SocketAddr,
    /// None behind its end.
    tcp: Option<TcpStream>,
}

/// The host's own network: real UDP sockets and TCP streams, IPv4 and IPv6, and the host's name resolution. A name with
/// addresses of both families gives an IPv4 one, as a module with an IPv4 context does.
///
/// The name `demo` is the built-in [`DemoServer`], on every port: it is started on a loopback port when first asked for,
/// in a thread of its own that ends with the process; for streams likewise. The modem sees it as 192.0.2.1.
#[derive(Debug, Default)]
pub struct HostNetwork {
    sockets: Vec<Option<Socket>>,
    demo: Option<SocketAddr>,
    demo_streams: Option<SocketAddr>,
}

impl HostNetwork {
    /// The host's network.
    pub fn new() -> Self {
        Self::default()
    }

    fn start_demo(&mut self) -> io::Result<()> {
        if self.demo.is_none() {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            let address = socket.local_addr()?;
            std::thread::Builder::new()
                .name("coap-demo-server".into())
                .spawn(move || DemoServer::new().run_on(socket))?;
            self.demo = Some(address);
        }
        Ok(())
    }

    /// Where the demo server takes streams, if it was asked for.
    fn demo_streams(&mut self) -> io::Result<SocketAddr> {
        let server = self.demo.ok_or(io::ErrorKind::NotConnected)?;
        if let Some(address) = self.demo_streams {
            return Ok(address);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        std::thread::Builder::new()
            .name("coap-demo-streams".into())
            .spawn(move || Gateway::run_on(&listener, server))?;
        self.demo_streams = Some(address);
        Ok(address)
    }

    fn add(&mut self, socket: Socket) -> usize {
        let free = self.sockets.iter().position(Option::is_none);
        if let Some((number, place)) =
            free.and_then(|number| Some((number, self.sockets.get_mut(number)?)))
        {
            *place = Some(socket);
            return number;
        }
        self.sockets.push(Some(socket));
        self.sockets.len() - 1
    }
}

fn bind(to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = if to.is_ipv4() {
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
    } else {
        UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))
    }?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

impl Network for HostNetwork {
    fn resolve(&mut self, name: &str) -> Option<SocketAddr> {
        if name == "demo" {
            self.start_demo().ok()?;
            return Some(SocketAddr::new(DEMO, 0));
        }
        let addresses: Vec<SocketAddr> = (name, 0).to_socket_addrs().ok()?.collect();
        let v4 = addresses.iter().find(|address| address.is_ipv4());
        v4.or(addresses.first()).copied()
    }

    fn open(&mut self) -> io::Result<usize> {
        Ok(self.add(Socket::default()))
    }

    fn connect(&mut self, server: SocketAddr) -> io::Result<usize> {
        let target = if server.ip() == DEMO {
            self.demo_streams()?
        } else {
            server
        };
        let tcp = TcpStream::connect_timeout(&target, ACCEPT)?;
        tcp.set_nonblocking(true)?;
        let tcp = Some(tcp);
        Ok(self.add(Socket {
            stream: Some(Stream { server, tcp }),
            ..Socket::default()
        }))
    }

    fn send(
        &mut self,
        _now: Instant,
        socket: usize,
        to: SocketAddr,
        datagram: &[u8],
    ) -> io::Result<()> {
        let place = self.sockets.get_mut(socket).and_then(Option::as_mut);
        let socket = place.ok_or(io::ErrorKind::NotConnected)?;
        if let Some(stream) = &mut socket.stream {
            let tcp = stream.tcp.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            return tcp.write_all(datagram);
        }
        let target = match self.demo {
            Some(demo) if to.ip() == DEMO => {
                socket.demo = Some(to);
                demo
            }
            _ => to,
        };
        let half = if target.is_ipv4() {
            &mut socket.v4
        } else {
            &mut socket.v6
        };
        let udp = match half {
            Some(udp) => udp,
            None => half.insert(bind(target)?),
        };
        let sent = udp.send_to(datagram, target)?;
        if sent == datagram.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::WriteZero.into())
        }
    }

    fn receive(&mut self, _now: Instant, socket: usize) -> Option<(SocketAddr, Vec<u8>)> {
        let socket = self.sockets.get_mut(socket)?.as_mut()?;
        let mut buffer = vec![0; LONGEST];
        if let Some(stream) = &mut socket.stream {
            let length = match stream.tcp.as_mut()?.read(&mut buffer) {
                Ok(length) => length,
                Err(error) if is_patience(&error) => return None,
                Err(_) => 0,
            };
            if length == 0 {
                // Told once.
                stream.tcp = None;
            }
            buffer.truncate(length);
            return Some((stream.server, buffer));
        }
        for half in [&socket.v4, &socket.v6].into_iter().flatten() {
            if let Ok((length, from)) = half.recv_from(&mut buffer) {
                buffer.truncate(length);
                let from = match socket.demo {
                    Some(demo) if Some(from) == self.demo => demo,
                    _ => from,
                };
                return Some((from, buffer));
            }
        }
        None
    }

    fn close(&mut self, socket: usize) {
        if let Some(place) = self.sockets.get_mut(socket) {
            *place = None;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket that does not wait for ever.
    fn peer(address: &str) -> io::Result<UdpSocket> {
        let socket = UdpSocket::bind(address)?;
        socket.set_read_timeout(Some(std::time::Duration::from_secs(10)))?;
        Ok(socket)
    }

    fn wait(network: &mut HostNetwork, socket: usize) -> (SocketAddr, Vec<u8>) {
        for _ in 0..5000 {
            if let Some(arrived) = network.receive(Instant::default(), socket) {
                return arrived;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        panic!("nothing came")
    }

    #[test]
    fn datagrams_go_to_a_udp_socket_of_this_host_and_come_back() {
        let peer = peer("127.0.0.1:0").unwrap();
        let address = peer.local_addr().unwrap();
        let mut network = HostNetwork::new();
        let socket = network.open().unwrap();
        assert!(network.receive(Instant::default(), socket).is_none());
        network
            .send(Instant::default(), socket, address, b"there")
            .unwrap();
        let mut buffer = [0; 16];
        let (length, from) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"there");
        peer.send_to(b"and back", from).unwrap();
        assert_eq!(wait(&mut network, socket), (address, b"and back".to_vec()));
        network.close(socket);
        assert!(
            network
                .send(Instant::default(), socket, address, b"x")
                .is_err()
        );
        assert_eq!(network.open().unwrap(), socket);
    }

    #[test]
    fn the_name_demo_is_a_server_that_answers_on_every_port() {
        let mut network = HostNetwork::new();
        let mut demo = network.resolve("demo").unwrap();
        demo.set_port(5683);
        let socket = network.open().unwrap();
        let ping = [0x40, 0, 0x12, 0x34];
        network
            .send(Instant::default(), socket, demo, &ping)
            .unwrap();
        assert_eq!(
            wait(&mut network, socket),
            (demo, vec![0x70, 0, 0x12, 0x34])
        );
    }

    #[test]
    fn a_stream_goes_to_a_listener_of_this_host_and_its_end_is_told_once() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut network = HostNetwork::new();
        let stream = network.connect(address).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        network
            .send(Instant::default(), stream, address, b"there")
            .unwrap();
        let mut buffer = [0; 5];
        peer.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"there");
        assert!(network.receive(Instant::default(), stream).is_none());
        peer.write_all(b"and back").unwrap();
        assert_eq!(wait(&mut network, stream), (address, b"and back".to_vec()));
        drop(peer);
        assert_eq!(wait(&mut network, stream), (address, Vec::new()));
        assert!(network.receive(Instant::default(), stream).is_none());
        assert!(
            network
                .send(Instant::default(), stream, address, b"x")
                .is_err()
        );
        drop(listener);
        assert!(network.connect(address).is_err(), "nobody listens");
    }

    #[test]
    fn the_demo_server_takes_streams_as_well() {
        let mut network = HostNetwork::new();
        let mut demo = network.resolve("demo").unwrap();
        demo.set_port(5683);
        let stream = network.connect(demo).unwrap();
        // A greeting, and a GET of /hello, whose token is 0x07 (RFC 8323, section 3.2).
        let piece = [&[0x00, 0xE1, 0x61, 0x01, 0x07, 0xB5][..], b"hello"].concat();
        network
            .send(Instant::default(), stream, demo, &piece)
            .unwrap();
        let mut said = Vec::new();
        while said.len() < 8 {
            said.extend(wait(&mut network, stream).1);
        }
        assert_eq!(said[..2], [0x00, 0xE1]);
        // 27 bytes of greeting, and Content-Format and marker before them: 13 and more.
        assert_eq!((said[2], said[4], said[5]), (0xD1, 0x45, 0x07));
    }

    #[test]
    fn datagrams_go_over_ipv6_where_the_host_has_it() {
        let Ok(peer) = peer("[::1]:0") else {
            return;
        };
        let address = peer.local_addr().unwrap();
        let mut network = HostNetwork::new();
        let socket = network.open().unwrap();
        network
            .send(Instant::default(), socket, address, b"there")
            .unwrap();
        let mut buffer = [0; 16];
        let (_, from) = peer.recv_from(&mut buffer).unwrap();
        peer.send_to(b"back", from).unwrap();
        assert_eq!(wait(&mut network, socket), (address, b"back".to_vec()));
    }

    #[test]
    fn addresses_of_both_families_resolve_and_nonsense_does_not() {
        let mut network = HostNetwork::new();
        assert!(network.resolve("127.0.0.1").unwrap().is_ipv4());
        assert!(network.resolve("::1").unwrap().is_ipv6());
        assert!(network.resolve("localhost").unwrap().is_ipv4());
        // A label has at most 63 characters (RFC 1035, section 2.3.4): no name server is asked.
        assert_eq!(network.resolve(&"x".repeat(64)), None);
    }
}
