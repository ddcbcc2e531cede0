//! One request to many servers: multicast over UDP (RFC 7252, section 8).
//!
//! A request goes to a group without being confirmed, and is not repeated. Whoever has something to say answers after a
//! random time ([leisure](LEISURE), section 8.2); responses are known by their token alone, since they come from addresses
//! that nobody knew before. Not part of [`CoapClient`](crate::client::CoapClient): it is neither one server nor one response, and a
//! modem's socket has no groups. Left out: joining groups, which is for servers, and a pace for requests in a row (section 8.2.1).

use crate::client::{Capabilities, Request, Response};
use crate::endpoint::judge;
use crate::error::{ClientError, Error, Unsupported};
use crate::message::{Block, Builder, Code, Kind, Number, Value, View};
use crate::modem::view;
use crate::time::Millis;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long servers may take to answer a group's request (RFC 7252, section 4.8: `DEFAULT_LEISURE`). The way there and back
/// comes on top of it.
pub const LEISURE: Millis = Millis::from_secs(5);

/// How many responses are remembered to recognise their duplicates.
const REMEMBERED: usize = 1024;

/// A response of one server of a group.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'g> {
    /// The server.
    pub from: SocketAddr,
    /// What it says.
    pub response: Response<'g>,
}

impl Heard<'_> {
    /// Whether there is nothing more: if not, a client that is connected to this server gets the
    /// [rest](crate::client::Blocking::rest) (RFC 7959, section 2.8).
    pub fn is_whole(&self) -> bool {
        self.response
            .block2()
            .is_none_or(|block| !block.more() && block.num() == 0)
    }
}

/// A group of servers, to ask them all at once.
///
/// ```no_run
/// use coap_modem::client::Request;
/// use coap_modem::udp::{Group, LEISURE};
///
/// # fn random() -> u32 { 4 }
/// // "All CoAP nodes" (RFC 7252, section 12.8), through the interface with this address.
/// let mut group = Group::new("224.0.1.187:5683".parse()?, "192.0.2.2".parse()?, random)?;
/// group.ask(&Request::get("/.well-known/core?rt=thermometer"), LEISURE)?;
/// while let Some(heard) = group.heard()? {
///     println!("{}: {}", heard.from, heard.response.code());
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Group {
    socket: UdpSocket,
    to: SocketAddr,
    random: fn() -> u32,
    id: u16,
    /// Of the request that is open, and until when it is.
    open: Option<(Token, Instant)>,
    /// The responses that were delivered.
    seen: VecDeque<(SocketAddr, u16)>,
    datagram: Box<[u8; super::DATAGRAM + 1]>,
}

type Token = [u8; 8];

/// What to do about a datagram.
enum Verdict {
    Nothing,
    Reset(u16),
    /// It is a response with this id; whether it must be acknowledged.
    Deliver(u16, bool),
}

impl Group {
    /// The group at this address and port. Requests go through the interface with the address `local`; the unspecified
    /// address leaves that to the system. `random` gives unpredictable numbers, see
    /// [`Endpoint::new`](crate::endpoint::Endpoint::new).
    ///
    /// # Errors
    /// The system gives no socket.
    pub fn new(to: SocketAddr, local: IpAddr, random: fn() -> u32) -> io::Result<Self> {
        Ok(Self {
            socket: UdpSocket::bind((local, 0))?,
            to,
            random,
            id: random()
                .to_be_bytes()
                .first_chunk()
                .map_or(0, |id| u16::from_be_bytes(*id)),
            open: None,
            seen: VecDeque::new(),
            datagram: Box::new([0; super::DATAGRAM + 1]),
        })
    }

    /// Asks all at once; [`heard`](Self::heard) gives what they say within this time. Responses to an earlier request are not
    /// taken any more. It goes as a non-confirmable message, whatever the request says (section 8.1).
    ///
    /// # Errors
    /// [`Unsupported::Method`] for other methods than GET and FETCH: nobody would know what has become of a change. As for
    /// [`CoapClient::request`](crate::client::CoapClient::request) if the request cannot be built.
    pub fn ask(
        &mut self,
        request: &Request<'_>,
        wait: Millis,
    ) -> Result<(), ClientError<io::Error>> {
        self.open = None;
        if !matches!(request.method(), Code::GET | Code::FETCH) {
            return Err(Error::from(Unsupported::Method(request.method())).into());
        }
        self.id = self.id.wrapping_add(1);
        let mut token = [0; 8];
        for half in token.chunks_exact_mut(4) {
            half.copy_from_slice(&(self.random)().to_be_bytes());
        }
        let message = &mut self.datagram[..];
        let builder = Builder::new(
            message,
            Kind::NonConfirmable,
            request.method(),
            self.id,
            &token,
        );
        let mut builder = builder.map_err(|error| crate::client::build_error(error, Number(0)))?;
        // A size that is wished is proposed (RFC 7959, section 2.8).
        let size = request.largest_block();
        let szx = size.and_then(|size| Block::szx_within(size.into()));
        let more = szx.map(|szx| [(Number::BLOCK2, Value::Uint(szx.into()))]);
        let more: &[_] = more.as_ref().map_or(&[], |more| more);
        request.more(more).build(&mut builder)?;
        let message = builder.finish();
        Capabilities::DATAGRAMS.check(&message)?;
        self.socket
            .send_to(message.as_bytes(), self.to)
            .map_err(ClientError::Link)?;
        let wait = Duration::from_millis(wait.as_millis().into());
        self.open = Some((token, Instant::now() + wait));
        Ok(())
    }

    /// The next response; `None` when the time is over. Each server's duplicates are dropped. A server that has more to
    /// say than one message holds gives its [first block](Heard::is_whole).
    ///
    /// # Errors
    /// The socket's.
    pub fn heard(&mut self) -> Result<Option<Heard<'_>>, ClientError<io::Error>> {
        let Some((token, until)) = self.open else {
            return Ok(None);
        };
        let (from, length) = loop {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                self.open = None;
                return Ok(None);
            }
            let (length, from) = match self.receive(rest) {
                Ok(received) => received,
                Err(error) if is_passing(error.kind()) => continue,
                Err(error) => return Err(ClientError::Link(error)),
            };
            let bytes = self.datagram.get(..length).unwrap_or(&[]);
            match judge_datagram(bytes, &token) {
                Verdict::Nothing => {}
                Verdict::Reset(id) => self.say(Kind::Reset, id, from),
                Verdict::Deliver(id, confirmable) => {
                    if confirmable {
                        self.say(Kind::Acknowledgement, id, from);
                    }
                    if self.is_new(from, id) {
                        break (from, length);
                    }
                }
            }
        };
        let response = Response::new(view(&self.datagram[..], length)?);
        Ok(Some(Heard { from, response }))
    }

    fn receive(&mut self, wait: Duration) -> io::Result<(usize, SocketAddr)> {
        self.socket.set_read_timeout(Some(wait))?;
        self.socket.recv_from(&mut self.datagram[..])
    }

    /// One that is lost is asked for by a duplicate.
    fn say(&self, kind: Kind, id: u16, to: SocketAddr) {
        let [high, low] = id.to_be_bytes();
        let empty = [0x40 | (kind as u8) << 4, Code::EMPTY.as_byte(), high, low];
        let _ = self.socket.send_to(&empty, to);
    }

    /// Whether this is not a duplicate (section 4.5).
    fn is_new(&mut self, from: SocketAddr, id: u16) -> bool {
        let new = !self.seen.contains(&(from, id));
        if new {
            if self.seen.len() >= REMEMBERED {
                self.seen.pop_front();
            }
            self.seen.push_back((from, id));
        }
        new
    }
}

/// Time is over, or something has happened to an earlier datagram: the loop looks at the clock.
fn is_passing(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::WouldBlock
            | io::ErrorKind::TimedOut
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

/// Sections 4.2, 4.3, 5.3.2 and 8.2.
fn judge_datagram(bytes: &[u8], token: &Token) -> Verdict {
    if bytes.len() > super::DATAGRAM {
        return Verdict::Nothing;
    }
    let view = match View::parse(bytes) {
        Ok(view) => view,
        Err(malformed) => {
            return malformed
                .rejects(bytes)
                .map_or(Verdict::Nothing, Verdict::Reset);
        }
    };
    let ours = view.code().is_response() && view.token() == token && judge(bytes, true).is_ok();
    match (view.kind(), ours) {
        (Kind::Confirmable, true) => Verdict::Deliver(view.id(), true),
        (Kind::Confirmable, false) => Verdict::Reset(view.id()),
        (Kind::NonConfirmable, true) => Verdict::Deliver(view.id(), false),
        _ => Verdict::Nothing,
    }
}
