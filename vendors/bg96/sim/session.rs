//! Sessions: what they hold, how they open and close, and what of the agent's news is said.

use std::net::SocketAddr;

use coap_lite::MessageType;

use super::coap::result;
use super::report::{say_ack, say_received, say_repeated, say_result};
use super::{Bg96Firmware, Chassis};
use crate::sim::module::Failure;
use crate::sim::module::agent::{Agent, Message, News};

/// From a complete `AT+QCOAPSEND` to its OK.
pub(super) const SENDING_TIME: u32 = 15;

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

/// One of the six clients.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) context: u8,
    pub(super) dtls: bool,
    pub(super) dtls_context: u8,
    pub(super) state: State,
    pub(super) host: String,
    pub(super) port: u16,
    remote: Option<SocketAddr>,
    pub(super) header: Option<Header>,
    pub(super) slots: [Option<(u16, Vec<u8>)>; 8],
    /// Tells an event of this session from one of a former session with the same number.
    pub(super) life: u32,
    pub(super) agent: Agent,
}

impl Client {
    pub(super) fn new(number: u8) -> Self {
        let mut agent = Agent::new(number);
        agent.retries = 5;
        Self {
            context: 1,
            dtls: false,
            dtls_context: 0,
            state: State::Idle,
            host: String::new(),
            port: 0,
            remote: None,
            header: None,
            slots: Default::default(),
            life: 0,
            agent,
        }
    }

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
    /// A message that needs no acknowledgement has left: client, life, type, id, result.
    Left(u8, u32, u8, u16, i8),
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
            Event::Left(number, life, kind, id, result) => {
                if self.alive(number, life, State::Connected).is_some() {
                    say_ack(chassis, number, kind, id, result);
                }
            }
        }
    }

    fn resolve(&mut self, chassis: &mut Chassis, number: u8, life: u32) {
        let Some(client) = self.alive(number, life, State::Opening) else {
            return;
        };
        let Some(mut remote) = chassis.network.resolve(&client.host) else {
            client.state = State::Idle;
            say_result(chassis, "QCOAPOPEN", number, result::DNS);
            return;
        };
        remote.set_port(client.port);
        client.remote = Some(remote);
        client.state = State::Connecting;
        chassis.later(130, super::Event::Session(Event::Connect(number, life)));
    }

    fn connect(&mut self, chassis: &mut Chassis, number: u8, life: u32) {
        let Some(client) = self.alive(number, life, State::Connecting) else {
            return;
        };
        client.state = State::Idle;
        let result = if client.dtls {
            result::DTLS
        } else if client.agent.open(chassis, client.remote).is_err() {
            result::SOCKET
        } else {
            client.state = State::Connected;
            result::DONE
        };
        say_result(chassis, "QCOAPOPEN", number, result);
    }

    /// The datagram goes a moment after the OK, so that no answer, however quick, comes before it.
    pub(super) fn depart(&mut self, chassis: &mut Chassis, number: u8, message: Message) {
        if let Ok(client) = self.client(number)
            && let Some(peer) = client.agent.peer()
        {
            client
                .agent
                .send_in(chassis, SENDING_TIME + 1, peer, message);
        }
    }

    /// Takes one datagram from the network; false if there is none.
    pub(super) fn take_datagram(&mut self, chassis: &mut Chassis) -> bool {
        for (client, number) in self.clients.iter_mut().zip(0..) {
            if let Some((from, datagram)) = client.agent.take(chassis) {
                let news = client.agent.handle(chassis, from, &datagram);
                let life = client.life;
                tell(chassis, number, life, news);
                return true;
            }
        }
        false
    }

    /// Everything that belongs to a session goes; the client's settings stay.
    pub(super) fn end_session(&mut self, chassis: &mut Chassis, number: u8) {
        let survive = chassis.quirks.options_survive_close;
        let Ok(client) = self.client(number) else {
            return;
        };
        client.state = State::Idle;
        client.life = client.life.wrapping_add(1);
        if !survive {
            client.header = None;
            client.slots = Default::default();
        }
        client.agent.close(chassis);
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
                if chassis.quirks.close_is_told {
                    say_result(chassis, "QCOAPCLOSE", number, result::DONE);
                }
            }
        }
    }
}

/// The host is told what came of a message.
pub(super) fn tell(chassis: &mut Chassis, number: u8, life: u32, news: Option<News>) {
    let result = |taken| match taken {
        true => result::DONE,
        false => result::SENDING,
    };
    match news {
        None => {}
        Some(News::Sent {
            kind: MessageType::Confirmable,
            taken: true,
            ..
        }) => {}
        Some(News::Sent { kind, id, taken }) => {
            let event = Event::Left(number, life, kind as u8, id, result(taken));
            chassis.later(20, super::Event::Session(event));
        }
        Some(News::Repeated { id, times, taken }) => {
            say_repeated(chassis, number, id, times, result(taken));
        }
        Some(News::GivenUp { id, .. }) => say_ack(chassis, number, 0, id, result::SENDING),
        Some(News::Acknowledged { id }) => say_ack(chassis, number, 0, id, result::DONE),
        Some(News::Reset { message, .. }) => say_received(chassis, number, &message),
        Some(News::Received { message, ends, .. }) => {
            let after = chassis.quirks.ack_after_recv;
            if after {
                say_received(chassis, number, &message);
            }
            if let Some(id) = ends {
                say_ack(chassis, number, 0, id, result::DONE);
            }
            if !after {
                say_received(chassis, number, &message);
            }
        }
    }
}
