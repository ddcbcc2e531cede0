//! Plain CoAP over UDP on a host (feature `std`): the same client without a modem.
//!
//! For tools, for tests, and to see whether a difficulty is the modem's or the server's. The endpoint runs in full mode
//! (RFC 7252, section 4): it retransmits, acknowledges and recognises duplicates. One socket a server, connected, so
//! that datagrams of others do not come in.
//!
//! Waiting polls the socket every millisecond and needs no runtime. Many servers at once are a [`Group`].

mod group;

pub use group::{Group, Heard, LEISURE};

use crate::at::Inbox;
use crate::client::{
    Capabilities, CoapClient, Event, Incoming, Network, Remote, Reply, Request, Response,
};
use crate::endpoint::{Endpoint, Parameters};
use crate::error::{ClientError, Error, ModemError, PeerError};
use crate::front::{Clock, StdClock};
use crate::link::{Link, Session};
use crate::message::View;
use crate::modem::{event, view};
use crate::time::{Instant, Millis};
use core::cell::RefCell;
use core::future::{Future, poll_fn, ready};
use core::task::Poll;
use std::io;
use std::net::UdpSocket;

/// The largest datagram that is received.
const DATAGRAM: usize = 2048;

/// The memory of a [`UdpClient`].
pub struct Memory {
    inbox: [u8; 4 * DATAGRAM],
    message: [u8; DATAGRAM],
}

impl Memory {
    /// Empty memory.
    pub const fn new() -> Self {
        Self {
            inbox: [0; 4 * DATAGRAM],
            message: [0; DATAGRAM],
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// A datagram on its way, for who [watches](UdpClient::watch).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic<'a> {
    /// It goes to the server: every transmission, acknowledgements too.
    Sent(&'a [u8]),
    /// It came from there, whatever it is.
    Received(&'a [u8]),
}

/// A socket as a link.
struct Udp<'b> {
    socket: Option<UdpSocket>,
    inbox: Inbox<'b>,
    watch: Option<fn(Traffic<'_>)>,
    clock: RefCell<StdClock>,
    failed: Option<io::Error>,
}

impl<'b> Udp<'b> {
    /// Takes one datagram, if one has arrived; whether there was one. One at a time, so that a flood cannot push the
    /// response out before anybody has looked at it.
    fn receive(&mut self) -> Result<bool, Error> {
        let Some(socket) = &self.socket else {
            return Err(ModemError::NotConnected.into());
        };
        let mut datagram = [0; DATAGRAM + 1];
        match socket.recv(&mut datagram) {
            Ok(length) => {
                let bytes = datagram.get(..length).unwrap_or(&[]);
                if let Some(watch) = self.watch {
                    watch(Traffic::Received(bytes));
                }
                if length > DATAGRAM {
                    // The socket has cut the rest off.
                    self.inbox.lost_message();
                } else if self.inbox.open(length, 0).is_some() {
                    self.inbox.push(bytes);
                    self.inbox.commit();
                }
                Ok(true)
            }
            Err(error) => self.outcome(error).map(|()| false),
        }
    }

    fn outcome(&mut self, error: io::Error) -> Result<(), Error> {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {
                Ok(())
            }
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable => Err(PeerError::Unreachable.into()),
            _ => {
                self.failed = Some(error);
                Err(ModemError::Network.into())
            }
        }
    }
}

impl Link for Udp<'_> {
    const CAPABILITIES: Capabilities = Capabilities::DATAGRAMS;

    fn now(&self) -> Instant {
        self.clock.borrow_mut().now()
    }

    fn inbox<R>(&mut self, look: impl FnOnce(&mut Inbox<'_>) -> R) -> R {
        look(&mut self.inbox)
    }

    fn settle<'s>(
        &'s mut self,
        _: &'s [u8],
        _: Instant,
    ) -> impl Future<Output = Result<(), Error>> {
        ready(Ok(()))
    }

    fn attach(&mut self, _: &Network<'_>) -> impl Future<Output = Result<(), Error>> {
        ready(Ok(()))
    }

    fn open(
        &mut self,
        server: &Remote<'_>,
        _: &Parameters,
    ) -> impl Future<Output = Result<(), Error>> {
        ready(self.connect(server))
    }

    fn send(&mut self, message: View<'_>) -> impl Future<Output = Result<(), Error>> {
        if let Some(watch) = self.watch {
            watch(Traffic::Sent(message.as_bytes()));
        }
        let Some(socket) = &self.socket else {
            return ready(Err(ModemError::NotConnected.into()));
        };
        // The first try may be told what became of an earlier datagram (an ICMP error); the second is this one's own.
        let sent = socket
            .send(message.as_bytes())
            .or_else(|_| socket.send(message.as_bytes()));
        ready(match sent {
            Ok(_) => Ok(()),
            Err(error) => self.outcome(error),
        })
    }

    fn fetch(&mut self) -> impl Future<Output = Result<(), Error>> {
        ready(Ok(()))
    }

    fn wait(&mut self, until: Instant) -> impl Future<Output = Result<(), Error>> {
        poll_fn(move |context| {
            if self.receive()? || self.now().reached(until) {
                return Poll::Ready(Ok(()));
            }
            self.clock.borrow_mut().idle(until);
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Error>> {
        self.socket = None;
        ready(Ok(()))
    }
}

impl Udp<'_> {
    fn connect(&mut self, server: &Remote<'_>) -> Result<(), Error> {
        use std::net::ToSocketAddrs;
        self.socket = None;
        let address = (server.host, server.port)
            .to_socket_addrs()
            .ok()
            .and_then(|mut addresses| addresses.next())
            .ok_or(ModemError::Dns)?;
        let any = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any).and_then(|socket| {
            socket.connect(address)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        match socket {
            Ok(socket) => {
                self.socket = Some(socket);
                Ok(())
            }
            Err(error) => {
                self.outcome(error)?;
                Err(ModemError::Socket.into())
            }
        }
    }
}

/// A CoAP client over a UDP socket of the host.
///
/// ```no_run
/// use coap_modem::client::{Blocking, Remote, Request};
/// use coap_modem::udp::{Memory, UdpClient};
///
/// # fn random() -> u32 { 4 }
/// let mut memory = Memory::new();
/// let mut client = UdpClient::new(&mut memory, random);
/// client.connect(&Remote::new("coap.me", 5683))?;
/// let mut buffer = [0; 1500];
/// let response = client.request(&Request::get("/hello"), &mut buffer)?;
/// assert!(response.code().is_success());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct UdpClient<'b> {
    session: Session<'b, Udp<'b>>,
}

impl<'b> UdpClient<'b> {
    /// A client without a session. `random` gives unpredictable numbers, see [`Endpoint::new`].
    pub fn new(memory: &'b mut Memory, random: fn() -> u32) -> Self {
        let Memory { inbox, message } = memory;
        Self {
            session: Session {
                link: Udp {
                    socket: None,
                    inbox: Inbox::new(inbox),
                    watch: None,
                    clock: RefCell::new(StdClock::new()),
                    failed: None,
                },
                endpoint: Endpoint::new(message, random),
            },
        }
    }

    /// Sets how patiently confirmable messages are sent.
    pub fn set_parameters(&mut self, parameters: Parameters) {
        self.session.endpoint.parameters = parameters;
    }

    /// Shows every datagram to this function, as it goes and comes.
    pub fn watch(&mut self, watch: fn(Traffic<'_>)) {
        self.session.link.watch = Some(watch);
    }

    /// The socket's own error behind [`ModemError::Network`] or [`ModemError::Socket`], once.
    pub fn take_socket_error(&mut self) -> Option<io::Error> {
        self.session.link.failed.take()
    }
}

impl CoapClient for UdpClient<'_> {
    type LinkError = io::Error;

    fn capabilities(&self) -> Capabilities {
        Capabilities::DATAGRAMS
    }

    async fn attach(&mut self, network: &Network<'_>) -> Result<(), ClientError<io::Error>> {
        Ok(self.session.attach(network).await?)
    }

    async fn connect(&mut self, server: &Remote<'_>) -> Result<(), ClientError<io::Error>> {
        Ok(self.session.connect(server).await?)
    }

    async fn request<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<io::Error>> {
        let length = self.session.request(request, buffer).await?;
        Ok(Response::new(view(buffer, length)?))
    }

    fn held<'r>(&mut self, buffer: &'r mut [u8]) -> Result<Option<Response<'r>>, Error> {
        match self.session.held(buffer)? {
            Some(length) => Ok(Some(Response::new(view(buffer, length)?))),
            None => Ok(None),
        }
    }

    async fn event<'r>(
        &mut self,
        wait: Millis,
        buffer: &'r mut [u8],
    ) -> Result<Option<Event<'r>>, ClientError<io::Error>> {
        let found = self.session.event(wait, buffer).await?;
        Ok(event(found, buffer)?)
    }

    async fn respond(
        &mut self,
        to: &Incoming,
        reply: &Reply<'_>,
    ) -> Result<(), ClientError<io::Error>> {
        Ok(self.session.respond(to, reply).await?)
    }

    async fn close(&mut self) -> Result<(), ClientError<io::Error>> {
        Ok(self.session.close().await?)
    }
}
