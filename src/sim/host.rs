//! The host's own network: a simulated modem that really sends UDP.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};

use super::network::DEMO;
use super::{DemoServer, Network};
use crate::time::Instant;

/// A datagram can be no longer (RFC 768).
const LONGEST: usize = 65_535;

#[derive(Debug, Default)]
struct Socket {
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
    /// The demo server's address as the modem wrote it.
    demo: Option<SocketAddr>,
}

/// The host's own network: real, non-blocking UDP sockets, IPv4 and IPv6, and the host's name resolution. A name with
/// addresses of both families gives an IPv4 one, as a module with an IPv4 context does.
///
/// The name `demo` is the built-in [`DemoServer`], on every port: it is started on a loopback port when first asked for,
/// in a thread of its own that ends with the process. The modem sees it as 192.0.2.1.
#[derive(Debug, Default)]
pub struct HostNetwork {
    sockets: Vec<Option<Socket>>,
    demo: Option<SocketAddr>,
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
        let free = self.sockets.iter().position(Option::is_none);
        if let Some((number, place)) =
            free.and_then(|number| Some((number, self.sockets.get_mut(number)?)))
        {
            *place = Some(Socket::default());
            return Ok(number);
        }
        self.sockets.push(Some(Socket::default()));
        Ok(self.sockets.len() - 1)
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
        let socket = self.sockets.get(socket)?.as_ref()?;
        let mut buffer = vec![0; LONGEST];
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
