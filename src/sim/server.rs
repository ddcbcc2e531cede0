//! A small CoAP server at the far end of the simulated network: RFC 7252 with `coap-lite`, sans-IO.
//!
//! Covers sections 4.2 to 4.5 (reliability, duplicates by message id) and 5.2 (piggybacked, separate and
//! non-confirmable answers), and block-wise transfer. Leaves out observe. What it serves stands in [`DemoServer`].

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use coap_lite::{MessageClass, MessageType, Packet};

use super::agenda::earliest;
use super::blocks::Blocks;
use super::resources::{Outcome, Reply, Resources};
use crate::time::{Instant, Millis};

/// EXCHANGE_LIFETIME, RFC 7252 section 4.8.2.
const LIFETIME: Millis = Millis::from_secs(247);
/// ACK_TIMEOUT, section 4.8; no random part, so that tests repeat.
const ACK_TIMEOUT: Millis = Millis::from_secs(2);
/// MAX_RETRANSMIT, section 4.8.
const MAX_RETRANSMIT: u8 = 4;
/// How long a separate response takes.
const SEPARATE_AFTER: Millis = Millis::from_secs(2);

/// The two ends of an exchange: who asks, and at which of the server's addresses, where it has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) client: SocketAddr,
    pub(super) server: Option<SocketAddr>,
}

#[derive(Debug)]
struct Recent {
    from: Ends,
    id: u16,
    at: Instant,
    confirmable: bool,
    answer: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Separate {
    to: Ends,
    id: u16,
    datagram: Vec<u8>,
    due: Instant,
    timeout: Millis,
    /// How often it may still be sent.
    left: u8,
}

/// A CoAP server with resources that show a client's strengths and weaknesses.
///
/// | resource | what it does |
/// |---|---|
/// | `/hello` | a greeting, text |
/// | `/time` | the server's clock in seconds, text |
/// | `/echo` | POST, FETCH (2.05), PUT, PATCH, iPATCH (2.04): the payload and its Content-Format come back, any bytes |
/// | `/store/<name>` | PUT (2.01, then 2.04), GET, DELETE (2.02), with Content-Format, ETag, If-Match, If-None-Match |
/// | `/separate` | an empty ACK, then a CON response 2 s later, sent up to five times until it is acknowledged |
/// | `/silent` | never answers |
/// | `/ack-only` | an empty ACK, then nothing |
/// | `/reset` | RST |
/// | `/large` | 1024 bytes |
/// | `/binary` | all byte values, and what AT parsers stumble over |
/// | `/query` | the queries that arrived, one a line |
/// | `/options` | all options that arrived, number and hex value, one a line; any method, any option |
/// | `/etag` | 2.03 Valid if the request names the right ETag |
/// | `/location` | POST: 2.01 with Location-Path `a`, `b` |
/// | `/.well-known/core` | the list of all these |
///
/// Bodies of more than 1024 bytes go and come in blocks, smaller ones if the client wants it (RFC 7959).
///
/// Others: 4.04 with the text `Not Found`; 4.05 for a wrong method, 4.02 for an unknown critical option, 4.06 if the
/// format that was asked for is not there, 5.05 for proxying.
#[derive(Debug, Default)]
pub struct DemoServer {
    resources: Resources,
    blocks: Blocks,
    recent: VecDeque<Recent>,
    separate: Vec<Separate>,
    last_id: u16,
}

impl DemoServer {
    /// A server that has stored nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A datagram has come. Gives the answer, to be sent at once.
    pub fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Option<Vec<u8>> {
        let from = Ends {
            client: from,
            server: None,
        };
        self.handle_between(now, from, datagram)
    }

    /// The same for a server that has many addresses.
    pub(super) fn handle_between(
        &mut self,
        now: Instant,
        from: Ends,
        datagram: &[u8],
    ) -> Option<Vec<u8>> {
        match Packet::from_bytes(datagram) {
            Ok(packet) if well_formed(&packet, datagram) => self.message(now, from, &packet),
            _ => reject(datagram),
        }
    }

    /// What the server sends by itself until now: separate responses and their repetitions.
    pub fn poll(&mut self, now: Instant) -> Vec<(SocketAddr, Vec<u8>)> {
        let due = self.poll_between(now).into_iter();
        due.map(|(to, datagram)| (to.client, datagram)).collect()
    }

    /// The same for a server that has many addresses: it answers from the one that was asked.
    pub(super) fn poll_between(&mut self, now: Instant) -> Vec<(Ends, Vec<u8>)> {
        let mut out = Vec::new();
        for separate in &mut self.separate {
            if now.reached(separate.due) {
                out.push((separate.to, separate.datagram.clone()));
                separate.left -= 1;
                separate.due = now.after(separate.timeout);
                separate.timeout = Millis::new(separate.timeout.as_millis().saturating_mul(2));
            }
        }
        self.separate.retain(|separate| separate.left > 0);
        out
    }

    /// When [`poll`](Self::poll) next has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let dues = self.separate.iter().map(|separate| Some(separate.due));
        dues.fold(None, earliest)
    }

    /// Serves a real UDP socket, for ever.
    ///
    /// # Errors
    /// When the socket fails for good.
    pub fn run_on(mut self, socket: UdpSocket) -> io::Result<()> {
        let started = std::time::Instant::now();
        let present = || Instant::from_millis(0).after(Millis::from_duration(started.elapsed()));
        let mut buffer = vec![0; 65_535];
        loop {
            for (to, datagram) in self.poll(present()) {
                // A peer that is gone is the peer's affair.
                let _ = socket.send_to(&datagram, to);
            }
            let wait = self.deadline().map(|due| present().until(due).as_millis());
            let wait = wait.map(|wait| Duration::from_millis(u64::from(wait.max(1))));
            socket.set_read_timeout(wait)?;
            match socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    if let Some(answer) = self.handle(present(), from, datagram) {
                        let _ = socket.send_to(&answer, from);
                    }
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock
                            | io::ErrorKind::TimedOut
                            | io::ErrorKind::Interrupted
                            | io::ErrorKind::ConnectionReset
                            | io::ErrorKind::ConnectionRefused
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn message(&mut self, now: Instant, from: Ends, packet: &Packet) -> Option<Vec<u8>> {
        let id = packet.header.message_id;
        let confirmable = match packet.header.get_type() {
            MessageType::Confirmable => true,
            MessageType::NonConfirmable => false,
            MessageType::Acknowledgement | MessageType::Reset => {
                self.separate.retain(|s| s.to != from || s.id != id);
                return None;
            }
        };
        self.recent.retain(|recent| now.since(recent.at) < LIFETIME);
        let known = self.recent.iter().find(|r| r.from == from && r.id == id);
        if let Some(known) = known {
            return known.answer.clone().filter(|_| known.confirmable);
        }
        let answer = match packet.header.code {
            MessageClass::Request(_) => self.request(now, from, packet, confirmable),
            _ if confirmable => Some(reset(id)),
            _ => None,
        };
        self.recent.push_back(Recent {
            from,
            id,
            at: now,
            confirmable,
            answer: answer.clone(),
        });
        answer
    }

    fn request(
        &mut self,
        now: Instant,
        from: Ends,
        packet: &Packet,
        confirmable: bool,
    ) -> Option<Vec<u8>> {
        let id = packet.header.message_id;
        let token = packet.get_token();
        let answer = self.blocks.answer(now, from, packet, &mut self.resources);
        match answer {
            Outcome::Reply(reply) if confirmable => {
                Some(encode(MessageType::Acknowledgement, id, token, reply))
            }
            Outcome::Reply(reply) => {
                let id = self.next_id();
                Some(encode(MessageType::NonConfirmable, id, token, reply))
            }
            Outcome::Later(reply) => {
                let own = self.next_id();
                let kind = if confirmable {
                    MessageType::Confirmable
                } else {
                    MessageType::NonConfirmable
                };
                self.separate.push(Separate {
                    to: from,
                    id: own,
                    datagram: encode(kind, own, token, reply),
                    due: now.after(SEPARATE_AFTER),
                    timeout: ACK_TIMEOUT,
                    left: if confirmable { 1 + MAX_RETRANSMIT } else { 1 },
                });
                confirmable.then(|| empty(MessageType::Acknowledgement, id))
            }
            Outcome::AckOnly => confirmable.then(|| empty(MessageType::Acknowledgement, id)),
            Outcome::Reset => Some(reset(id)),
            Outcome::Silent => None,
        }
    }

    const fn next_id(&mut self) -> u16 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }
}

/// What `coap-lite` lets pass although RFC 7252 section 3 does not: other versions, a payload marker without a payload.
fn well_formed(packet: &Packet, datagram: &[u8]) -> bool {
    let again = packet.to_bytes_unlimited();
    packet.header.get_version() == 1
        && !(packet.payload.is_empty()
            && datagram.last() == Some(&0xFF)
            && again.ok().as_deref() != Some(datagram))
}

/// Section 4.2: a confirmable message that cannot be understood is rejected with RST, any other in silence.
fn reject(datagram: &[u8]) -> Option<Vec<u8>> {
    match datagram {
        [first, _, high, low, ..] if first & 0xF0 == 0x40 => {
            Some(reset(u16::from_be_bytes([*high, *low])))
        }
        _ => None,
    }
}

fn empty(kind: MessageType, id: u16) -> Vec<u8> {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = MessageClass::Empty;
    packet.header.message_id = id;
    packet.to_bytes_unlimited().unwrap_or_default()
}

fn reset(id: u16) -> Vec<u8> {
    empty(MessageType::Reset, id)
}

fn encode(kind: MessageType, id: u16, token: &[u8], reply: Reply) -> Vec<u8> {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = MessageClass::Response(reply.code);
    packet.header.message_id = id;
    packet.set_token(token.to_vec());
    for (option, value) in reply.options {
        packet.add_option(option, value);
    }
    packet.payload = reply.payload;
    packet.to_bytes_unlimited().unwrap_or_default()
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
