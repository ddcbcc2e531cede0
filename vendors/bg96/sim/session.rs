//! Sessions: what they hold, how they open and close.

use std::collections::VecDeque;
use std::net::SocketAddr;

use coap_lite::MessageType;

use super::coap::result;
use super::report::{say_ack, say_result};
use super::{Bg96Firmware, Chassis};
use crate::sim::module::Failure;

/// The states of `AT+QCOAPOPEN?`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Idle = 0,
    Opening = 1,
    Connecting = 2,
    Connected = 3,
    Closing = 4,
}

/// What `AT+QCOAPHEADER` sets.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) id: u16,
    pub(super) token: Vec<u8>,
}

/// A message from the host.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) kind: MessageType,
    pub(super) code: u8,
    pub(super) header: Header,
    pub(super) options: Vec<(u16, Vec<u8>)>,
    pub(super) payload: Vec<u8>,
}

/// A confirmable message that has not been acknowledged.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) serial: u32,
    pub(super) header: Header,
    pub(super) datagram: Vec<u8>,
    pub(super) sent_again: u8,
    pub(super) timeout: u32,
}

/// One of the six clients.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) context: u8,
    pub(super) dtls: bool,
    pub(super) dtls_context: u8,
    pub(super) timeout: u8,
    pub(super) retries: u8,
    pub(super) state: State,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) socket: Option<usize>,
    pub(super) header: Option<Header>,
    pub(super) slots: [Option<(u16, Vec<u8>)>; 8],
    pub(super) exchanges: Vec<Exchange>,
    /// Tells an event of this session from one of a former session with the same number.
    pub(super) life: u32,
    pub(super) remote: Option<SocketAddr>,
    /// Accepted from the host, to be sent as soon as it has its OK.
    pub(super) outbox: VecDeque<Message>,
    pub(super) used_ids: Vec<u16>,
    pub(super) seen: VecDeque<u16>,
    /// Requests of the server that nobody has acknowledged.
    pub(super) unacknowledged: Vec<u16>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            context: 1,
            dtls: false,
            dtls_context: 0,
            timeout: 2,
            retries: 5,
            state: State::Idle,
            host: String::new(),
            port: 0,
            socket: None,
            header: None,
            slots: Default::default(),
            exchanges: Vec::new(),
            life: 0,
            remote: None,
            outbox: VecDeque::new(),
            used_ids: Vec::new(),
            seen: VecDeque::new(),
            unacknowledged: Vec::new(),
        }
    }
}

impl Client {
    pub(super) fn begin(&mut self, host: &str, port: u16) {
        self.state = State::Opening;
        self.host = host.into();
        self.port = port;
        self.life = self.life.wrapping_add(1);
    }
}

/// What is to happen in a session.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// `AT+QCOAPOPEN` failed without having begun anything.
    NotOpened(u8, i8),
    /// The name of the server is looked up: client, life.
    Resolve(u8, u32),
    /// The session is open: client, life.
    Connect(u8, u32),
    /// The session is closed: client, life.
    Closed(u8, u32),
    /// The next message of the outbox goes: client, life.
    Depart(u8, u32),
    /// A message that needs no acknowledgement has left: client, life, type, id.
    Left(u8, u32, u8, u16, i8),
    /// The acknowledgement is overdue: client, the exchange's serial.
    Overdue(u8, u32),
    /// The host has not acknowledged a request: client, life, id.
    Unanswered(u8, u32, u16),
}

impl Bg96Firmware {
    pub(super) fn client(&mut self, number: u8) -> Result<&mut Client, Failure> {
        self.clients
            .get_mut(usize::from(number))
            .ok_or(Failure::misuse("a number out of range"))
    }

    pub(super) fn connected(&mut self, number: u8) -> Result<&mut Client, Failure> {
        let client = self.client(number)?;
        if client.state == State::Connected {
            Ok(client)
        } else {
            Err(Failure::misuse("a client that is not connected"))
        }
    }

    fn alive(&mut self, number: u8, life: u32, state: State) -> Option<&mut Client> {
        let client = self.client(number).ok()?;
        (client.life == life && client.state == state).then_some(client)
    }

    pub(super) fn session_event(&mut self, chassis: &mut Chassis, event: Event) {
        match event {
            Event::NotOpened(number, result) => say_result(chassis, "QCOAPOPEN", number, result),
            Event::Resolve(number, life) => self.resolve(chassis, number, life),
            Event::Connect(number, life) => self.connect(chassis, number, life),
            Event::Closed(number, life) => {
                if let Some(client) = self.alive(number, life, State::Closing) {
                    client.state = State::Idle;
                    say_result(chassis, "QCOAPCLOSE", number, result::DONE);
                }
            }
            Event::Depart(number, life) => {
                let client = self.alive(number, life, State::Connected);
                if let Some(message) = client.and_then(|client| client.outbox.pop_front()) {
                    self.send_message(chassis, number, message);
                }
            }
            Event::Left(number, life, kind, id, result) => {
                if self.alive(number, life, State::Connected).is_some() {
                    say_ack(chassis, number, kind, id, result);
                }
            }
            Event::Overdue(number, serial) => self.overdue(chassis, number, serial),
            Event::Unanswered(number, life, id) => {
                let Some(client) = self.alive(number, life, State::Connected) else {
                    return;
                };
                let before = client.unacknowledged.len();
                client.unacknowledged.retain(|waiting| *waiting != id);
                if client.unacknowledged.len() < before {
                    self.send_empty(chassis, number, MessageType::Acknowledgement, id);
                }
            }
        }
    }

    fn resolve(&mut self, chassis: &mut Chassis, number: u8, life: u32) {
        let Some(client) = self.alive(number, life, State::Opening) else {
            return;
        };
        let (host, port) = (client.host.clone(), client.port);
        let remote = chassis.network.resolve(&host);
        let Some(client) = self.alive(number, life, State::Opening) else {
            return;
        };
        let Some(mut remote) = remote else {
            client.state = State::Idle;
            say_result(chassis, "QCOAPOPEN", number, result::DNS);
            return;
        };
        remote.set_port(port);
        client.remote = Some(remote);
        client.state = State::Connecting;
        chassis.later(130, super::Event::Session(Event::Connect(number, life)));
    }

    fn connect(&mut self, chassis: &mut Chassis, number: u8, life: u32) {
        let Some(client) = self.alive(number, life, State::Connecting) else {
            return;
        };
        if client.dtls {
            client.state = State::Idle;
            say_result(chassis, "QCOAPOPEN", number, result::DTLS);
            return;
        }
        let socket = chassis.network.open();
        let Some(client) = self.alive(number, life, State::Connecting) else {
            return;
        };
        let result = match socket {
            Ok(socket) => {
                client.socket = Some(socket);
                client.state = State::Connected;
                result::DONE
            }
            Err(_) => {
                client.state = State::Idle;
                result::SOCKET
            }
        };
        say_result(chassis, "QCOAPOPEN", number, result);
    }

    /// Everything that belongs to a session goes; the client's settings stay.
    pub(super) fn end_session(&mut self, chassis: &mut Chassis, number: u8) {
        let survive = chassis.quirks.options_survive_close;
        let Ok(client) = self.client(number) else {
            return;
        };
        client.state = State::Idle;
        client.life = client.life.wrapping_add(1);
        client.exchanges.clear();
        client.used_ids.clear();
        client.seen.clear();
        client.unacknowledged.clear();
        client.remote = None;
        client.outbox.clear();
        if !survive {
            client.header = None;
            client.slots = Default::default();
        }
        if let Some(socket) = client.socket.take() {
            chassis.network.close(socket);
        }
    }

    /// The PDP context is gone, and with it the sessions that use it.
    pub(super) fn drop_sessions(&mut self, chassis: &mut Chassis, context: u8) {
        for number in 0..6 {
            if self
                .clients
                .get(usize::from(number))
                .is_some_and(|client| client.context == context && client.state != State::Idle)
            {
                self.end_session(chassis, number);
            }
        }
    }
}
