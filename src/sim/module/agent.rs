//! A modem's own CoAP endpoint, for modems that speak CoAP themselves: exchanges, retransmission, acknowledgements,
//! duplicates (RFC 7252, sections 4.1 to 4.5 and 5.2.2).
//!
//! One [`Agent`] is one socket of the modem: a modem with several clients has one for each. Its timers go through the
//! firmware's agenda, so the firmware's event type is made [`From`] the agent's; what came of an event or a datagram is
//! told as [`News`], and the firmware puts it into its words.
//!
//! ```text
//! agent.open(chassis, Some(peer))?;                                 // hears this peer only
//! agent.send_in(chassis, 16, peer, message);                        // goes when the OK has been said
//! Event::Agent(event) => self.tell(chassis, self.agent.happen(chassis, event))           // in Firmware::happen
//! let Some((from, bytes)) = self.agent.take(chassis) else { return false };              // in Firmware::datagram
//! self.tell(chassis, self.agent.handle(chassis, from, &bytes))
//! self.agent.close(chassis);                                        // in Firmware::forget, too
//! ```
//!
//! The CoAP is `coap-lite`'s. The time-out doubles as in section 4.2 and has no random part, so that tests repeat. A
//! response is handed out whether or not it was asked for; what a modem does with one that was not is its own. Left out:
//! everything above the messages (observe, block-wise), DTLS.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use coap_lite::MessageType;

pub use super::message::Message;
use super::{Chassis, Firmware};

/// How many message ids of incoming messages are remembered to suppress duplicates.
const REMEMBERED: usize = 64;

/// What becomes of a confirmable request of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requests {
    /// It is handed out; if the host has not acknowledged it within so many milliseconds, an empty ACK goes.
    Acknowledged(u32),
    /// It is handed out, and nothing goes by itself.
    Left,
    /// It is reset, and the host does not hear of it; nor of one that is not confirmable.
    Refused,
}

/// What happens in an agent at a later time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The number that the agent was given.
    pub agent: u8,
    life: u32,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The next message of the outbox goes.
    Depart,
    /// The acknowledgement is overdue: the exchange's serial.
    Overdue(u32),
    /// The host has not acknowledged a request.
    Unanswered(SocketAddr, u16),
}

/// What came of something.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A message of the host has left, or could not.
    Sent {
        /// Its type.
        kind: MessageType,
        /// Its message id.
        id: u16,
        /// Whether the network took it.
        taken: bool,
    },
    /// A confirmable message was overdue and has been sent again.
    Repeated {
        /// Its message id.
        id: u16,
        /// For which time.
        times: u8,
        /// Whether the network took it.
        taken: bool,
    },
    /// Nobody has acknowledged a confirmable message, and it is not sent again.
    GivenUp {
        /// Its message id.
        id: u16,
        /// Its token.
        token: Vec<u8>,
    },
    /// A confirmable message was acknowledged by an empty message: a response may follow.
    Acknowledged {
        /// Its message id.
        id: u16,
    },
    /// The peer has reset a message of ours.
    Reset {
        /// The peer's message.
        message: Message,
        /// Whether that has ended an exchange.
        ended: bool,
    },
    /// A response (in an acknowledgement or not) or a request.
    Received {
        /// The peer.
        from: SocketAddr,
        /// What it says.
        message: Message,
        /// The message id of the confirmable message whose exchange it has ended.
        ends: Option<u16>,
    },
}

/// A confirmable message that has not been acknowledged.
#[derive(Debug)]
struct Exchange {
    serial: u32,
    to: SocketAddr,
    id: u16,
    token: Vec<u8>,
    datagram: Vec<u8>,
    sent_again: u8,
    timeout: u32,
}

/// A CoAP endpoint at one socket of the modem.
#[derive(Debug)]
pub struct Agent {
    /// The first time-out of a confirmable message, in milliseconds. It doubles with each repetition.
    pub timeout: u32,
    /// How often a confirmable message is sent again.
    pub retries: u8,
    /// What becomes of requests.
    pub requests: Requests,
    number: u8,
    socket: Option<usize>,
    peer: Option<SocketAddr>,
    /// Tells an event of this socket from one of a former socket.
    life: u32,
    last_id: u16,
    exchanges: Vec<Exchange>,
    /// Accepted from the host, not sent yet.
    outbox: VecDeque<(SocketAddr, Message)>,
    used: Vec<(SocketAddr, u16)>,
    seen: VecDeque<(SocketAddr, u16)>,
    /// Requests of a peer that nobody has acknowledged.
    unacknowledged: Vec<(SocketAddr, u16)>,
}

impl Agent {
    /// An agent without a socket, with the time-outs of section 4.8; the number is its name in [`Event`].
    pub const fn new(number: u8) -> Self {
        Self {
            timeout: 2000,
            retries: 4,
            requests: Requests::Acknowledged(1000),
            number,
            socket: None,
            peer: None,
            life: 0,
            last_id: 0,
            exchanges: Vec::new(),
            outbox: VecDeque::new(),
            used: Vec::new(),
            seen: VecDeque::new(),
            unacknowledged: Vec::new(),
        }
    }

    /// Opens a socket; with a peer, it hears nobody else. What there was before is closed.
    ///
    /// # Errors
    /// If the network has no more.
    pub fn open<F: Firmware>(
        &mut self,
        chassis: &mut Chassis<F>,
        peer: Option<SocketAddr>,
    ) -> io::Result<()> {
        self.close(chassis);
        self.socket = Some(chassis.network.open()?);
        self.peer = peer;
        self.life = chassis.next_serial();
        Ok(())
    }

    /// Closes the socket and forgets everything but the time-outs.
    pub fn close<F: Firmware>(&mut self, chassis: &mut Chassis<F>) {
        let closed = Self {
            timeout: self.timeout,
            retries: self.retries,
            requests: self.requests,
            last_id: self.last_id,
            ..Self::new(self.number)
        };
        if let Some(socket) = std::mem::replace(self, closed).socket {
            chassis.network.close(socket);
        }
    }

    /// The open socket.
    pub const fn socket(&self) -> Option<usize> {
        self.socket
    }

    /// The only peer that is heard.
    pub const fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Whether a confirmable message waits for its acknowledgement.
    pub fn is_waiting(&self) -> bool {
        !self.exchanges.is_empty()
    }

    /// A message id, for a modem that numbers its messages itself.
    pub const fn next_id(&mut self) -> u16 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// Sends a message of the host in so many milliseconds; [`News::Sent`] tells when it has left. Messages leave in the
    /// order in which they came here.
    pub fn send_in<F: Firmware<Event: From<Event>>>(
        &mut self,
        chassis: &mut Chassis<F>,
        after: u32,
        to: SocketAddr,
        message: Message,
    ) {
        self.outbox.push_back((to, message));
        self.later(chassis, after, What::Depart);
    }

    /// Sends a message of the host now; false if the network did not take it. A confirmable one is sent again until it
    /// is acknowledged or [given up](News::GivenUp).
    pub fn send<F: Firmware<Event: From<Event>>>(
        &mut self,
        chassis: &mut Chassis<F>,
        to: SocketAddr,
        message: &Message,
    ) -> bool {
        if message.is_padded_empty() {
            chassis.note("an empty message with a token, options or a payload");
        }
        let datagram = message.to_bytes();
        let taken = self.transmit(chassis, to, &datagram);
        let (kind, id) = (message.kind, message.id);
        if matches!(kind, MessageType::Acknowledgement | MessageType::Reset) {
            self.unacknowledged.retain(|waiting| *waiting != (to, id));
            return taken;
        }
        if self.used.contains(&(to, id)) {
            chassis.note(format!("message id {id} used twice in a session"));
        }
        self.used.push((to, id));
        if kind == MessageType::Confirmable && taken {
            let serial = chassis.next_serial();
            self.exchanges.push(Exchange {
                serial,
                to,
                id,
                token: message.token.clone(),
                datagram,
                sent_again: 0,
                timeout: self.timeout,
            });
            self.later(chassis, self.timeout, What::Overdue(serial));
        }
        taken
    }

    /// The time of an event of this agent has come.
    pub fn happen<F: Firmware<Event: From<Event>>>(
        &mut self,
        chassis: &mut Chassis<F>,
        event: Event,
    ) -> Option<News> {
        if event.life != self.life {
            return None;
        }
        match event.what {
            What::Depart => {
                let (to, message) = self.outbox.pop_front()?;
                let taken = self.send(chassis, to, &message);
                let (kind, id) = (message.kind, message.id);
                Some(News::Sent { kind, id, taken })
            }
            What::Overdue(serial) => self.overdue(chassis, serial),
            What::Unanswered(from, id) => {
                let before = self.unacknowledged.len();
                self.unacknowledged.retain(|waiting| *waiting != (from, id));
                if self.unacknowledged.len() < before {
                    self.send_empty(chassis, MessageType::Acknowledgement, from, id);
                }
                None
            }
        }
    }

    /// Takes the next datagram of the socket.
    pub fn take<F: Firmware>(&mut self, chassis: &mut Chassis<F>) -> Option<(SocketAddr, Vec<u8>)> {
        let now = chassis.now();
        chassis.network.receive(now, self.socket?)
    }

    /// A datagram has come.
    pub fn handle<F: Firmware<Event: From<Event>>>(
        &mut self,
        chassis: &mut Chassis<F>,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Option<News> {
        if self.peer.is_some_and(|peer| peer != from) {
            return None;
        }
        let message = Message::parse(datagram)?;
        let id = message.id;
        match message.kind {
            MessageType::Acknowledgement => {
                self.end(|exchange| exchange.to == from && exchange.id == id)?;
                Some(match message.code {
                    0 => News::Acknowledged { id },
                    _ => News::Received {
                        from,
                        message,
                        ends: Some(id),
                    },
                })
            }
            MessageType::Reset if self.used.contains(&(from, id)) => {
                let ended = self.end(|exchange| exchange.to == from && exchange.id == id);
                let ended = ended.is_some();
                Some(News::Reset { message, ended })
            }
            MessageType::Reset => None,
            MessageType::Confirmable if message.code == 0 => {
                self.send_empty(chassis, MessageType::Reset, from, id);
                None
            }
            _ if message.code == 0 => None,
            _ => self.message(chassis, from, message),
        }
    }

    /// A request, or a response that came in a message of its own.
    fn message<F: Firmware<Event: From<Event>>>(
        &mut self,
        chassis: &mut Chassis<F>,
        from: SocketAddr,
        message: Message,
    ) -> Option<News> {
        let id = message.id;
        let confirmable = message.kind == MessageType::Confirmable;
        if message.is_request() && self.requests == Requests::Refused {
            if confirmable {
                self.send_empty(chassis, MessageType::Reset, from, id);
            }
            return None;
        }
        let seen = self.seen.contains(&(from, id));
        let waiting = self.unacknowledged.contains(&(from, id));
        if !seen {
            self.seen.push_back((from, id));
            if self.seen.len() > REMEMBERED {
                self.seen.pop_front();
            }
        }
        if confirmable && message.is_request() && !seen {
            self.unacknowledged.push((from, id));
            if let Requests::Acknowledged(after) = self.requests {
                self.later(chassis, after, What::Unanswered(from, id));
            }
        } else if confirmable && !waiting {
            self.send_empty(chassis, MessageType::Acknowledgement, from, id);
        }
        if seen {
            return None;
        }
        // Section 5.2.2: a response says that its request has arrived, even if the ACK was lost.
        let ends = if message.is_request() {
            None
        } else {
            self.end(|exchange| exchange.to == from && exchange.token == message.token)
        };
        Some(News::Received {
            from,
            message,
            ends,
        })
    }

    fn overdue<F: Firmware<Event: From<Event>>>(
        &mut self,
        chassis: &mut Chassis<F>,
        serial: u32,
    ) -> Option<News> {
        let retries = self.retries;
        let place = self.exchanges.iter().position(|e| e.serial == serial)?;
        let exchange = self.exchanges.get_mut(place)?;
        let id = exchange.id;
        if exchange.sent_again >= retries {
            let token = self.exchanges.remove(place).token;
            return Some(News::GivenUp { id, token });
        }
        exchange.sent_again += 1;
        exchange.timeout = exchange.timeout.saturating_mul(2);
        let (times, timeout, to) = (exchange.sent_again, exchange.timeout, exchange.to);
        let datagram = exchange.datagram.clone();
        let taken = self.transmit(chassis, to, &datagram);
        self.later(chassis, timeout, What::Overdue(serial));
        Some(News::Repeated { id, times, taken })
    }

    /// Takes the exchange that fits, and gives its message id.
    fn end(&mut self, fits: impl Fn(&Exchange) -> bool) -> Option<u16> {
        let place = self.exchanges.iter().position(fits)?;
        Some(self.exchanges.remove(place).id)
    }

    fn send_empty<F: Firmware>(
        &self,
        chassis: &mut Chassis<F>,
        kind: MessageType,
        to: SocketAddr,
        id: u16,
    ) {
        let datagram = Message::new(kind, 0, id).to_bytes();
        self.transmit(chassis, to, &datagram);
    }

    fn transmit<F: Firmware>(
        &self,
        chassis: &mut Chassis<F>,
        to: SocketAddr,
        datagram: &[u8],
    ) -> bool {
        let now = chassis.now();
        let Some(socket) = self.socket else {
            return false;
        };
        // Without coverage it is lost on its way, which the modem does not notice.
        !chassis.settings.registered || chassis.network.send(now, socket, to, datagram).is_ok()
    }

    fn later<F: Firmware<Event: From<Event>>>(
        &self,
        chassis: &mut Chassis<F>,
        after: u32,
        what: What,
    ) {
        let (agent, life) = (self.number, self.life);
        chassis.later(after, Event { agent, life, what }.into());
    }
}

#[cfg(test)]
#[path = "agent_tests.rs"]
mod tests;
