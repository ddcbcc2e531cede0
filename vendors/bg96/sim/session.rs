//! What happens between module and server: sessions, retransmission, and the lines that tell the host (chapter 3.4).
//!
//! RFC 7252 section 4.2 as the module does it: the time-out doubles, and has no random part, so that tests repeat.

use std::collections::VecDeque;
use std::net::SocketAddr;

use coap_lite::{CoapOption, MessageClass, MessageType, Packet};

use super::coap::result;
use super::command::Failure;
use super::options::{hex, show};
use super::{OptionsShown, SimBg96};
use crate::sim::Network;

/// How long a request of the server waits for the host's acknowledgement until the module sends an empty one.
const HOST_ANSWERS_IN: u32 = 1000;
/// From a complete `AT+QCOAPSEND` to its OK.
pub(super) const SENDING_TIME: u32 = 15;
/// How many message ids of incoming messages are remembered, per session, to suppress duplicates.
const REMEMBERED: usize = 64;

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
    serial: u32,
    header: Header,
    datagram: Vec<u8>,
    sent_again: u8,
    timeout: u32,
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
    remote: Option<SocketAddr>,
    /// Accepted from the host, to be sent as soon as it has its OK.
    outbox: VecDeque<Message>,
    used_ids: Vec<u16>,
    seen: VecDeque<u16>,
    /// Requests of the server that nobody has acknowledged.
    unacknowledged: Vec<u16>,
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
    pub(super) fn begin(&mut self, host: &str, port: u16, dtls: bool) {
        self.state = State::Opening;
        self.host = host.into();
        self.port = port;
        self.dtls = dtls;
        self.life = self.life.wrapping_add(1);
    }
}

/// What is to happen in a session.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// `AT+QCOAPOPEN` failed without having begun anything.
    NotOpened(u8, i8),
    /// The steps of opening and closing: client, life.
    Resolve(u8, u32),
    Connect(u8, u32),
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

impl<N: Network> SimBg96<N> {
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

    /// Name, colon and perhaps a blank.
    pub(super) fn head(&self, name: &str) -> String {
        let blank = if self.quirks.blank_after_colon {
            " "
        } else {
            ""
        };
        format!("+{name}:{blank}")
    }

    fn shown(&self, result: i8) -> i8 {
        if self.quirks.positive_results {
            result.abs()
        } else {
            result
        }
    }

    fn say_result(&mut self, name: &str, number: u8, result: i8) {
        let line = format!("{}{number},{}", self.head(name), self.shown(result));
        self.urc(&line);
    }

    fn say_ack(&mut self, number: u8, kind: u8, id: u16, result: i8) {
        let name = if self.quirks.ack_name_without_q {
            "COAPACK"
        } else {
            "QCOAPACK"
        };
        let line = format!(
            "{}{number},{kind},{id},{}",
            self.head(name),
            self.shown(result)
        );
        self.urc(&line);
    }

    pub(super) fn session_event(&mut self, event: Event) {
        match event {
            Event::NotOpened(number, result) => self.say_result("QCOAPOPEN", number, result),
            Event::Resolve(number, life) => self.resolve(number, life),
            Event::Connect(number, life) => self.connect(number, life),
            Event::Closed(number, life) => {
                if let Some(client) = self.alive(number, life, State::Closing) {
                    client.state = State::Idle;
                    self.say_result("QCOAPCLOSE", number, result::DONE);
                }
            }
            Event::Depart(number, life) => {
                let client = self.alive(number, life, State::Connected);
                if let Some(message) = client.and_then(|client| client.outbox.pop_front()) {
                    self.send_message(number, message);
                }
            }
            Event::Left(number, life, kind, id, result) => {
                if self.alive(number, life, State::Connected).is_some() {
                    self.say_ack(number, kind, id, result);
                }
            }
            Event::Overdue(number, serial) => self.overdue(number, serial),
            Event::Unanswered(number, life, id) => {
                let Some(client) = self.alive(number, life, State::Connected) else {
                    return;
                };
                let before = client.unacknowledged.len();
                client.unacknowledged.retain(|waiting| *waiting != id);
                if client.unacknowledged.len() < before {
                    self.send_empty(number, MessageType::Acknowledgement, id);
                }
            }
        }
    }

    fn resolve(&mut self, number: u8, life: u32) {
        let Some(client) = self.alive(number, life, State::Opening) else {
            return;
        };
        let (host, port) = (client.host.clone(), client.port);
        let remote = self.network.resolve(&host);
        let Some(client) = self.alive(number, life, State::Opening) else {
            return;
        };
        let Some(mut remote) = remote else {
            client.state = State::Idle;
            self.say_result("QCOAPOPEN", number, result::DNS);
            return;
        };
        remote.set_port(port);
        client.remote = Some(remote);
        client.state = State::Connecting;
        self.later(130, super::Event::Session(Event::Connect(number, life)));
    }

    fn connect(&mut self, number: u8, life: u32) {
        let Some(client) = self.alive(number, life, State::Connecting) else {
            return;
        };
        if client.dtls {
            client.state = State::Idle;
            self.say_result("QCOAPOPEN", number, result::DTLS);
            return;
        }
        let socket = self.network.open();
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
        self.say_result("QCOAPOPEN", number, result);
    }

    /// Everything that belongs to a session goes; the client's settings stay.
    pub(super) fn end_session(&mut self, number: u8) {
        let survive = self.quirks.options_survive_close;
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
            self.network.close(socket);
        }
    }

    /// The PDP context is gone, and with it the sessions that use it.
    pub(super) fn drop_sessions(&mut self, context: u8) {
        for number in 0..6 {
            if self
                .clients
                .get(usize::from(number))
                .is_some_and(|client| client.context == context && client.state != State::Idle)
            {
                self.end_session(number);
            }
        }
    }

    /// The datagram goes a moment after the OK, so that no answer, however quick, comes before it.
    pub(super) fn depart(&mut self, number: u8, message: Message) {
        if let Ok(client) = self.client(number) {
            client.outbox.push_back(message);
            let event = Event::Depart(number, client.life);
            self.later(SENDING_TIME + 1, super::Event::Session(event));
        }
    }

    fn send_message(&mut self, number: u8, message: Message) {
        let mut packet = Packet::new();
        packet.header.set_type(message.kind);
        packet.header.code = MessageClass::from(message.code);
        packet.header.message_id = message.header.id;
        if message.code == 0 {
            // Section 4.1: an empty message is empty.
            if !message.header.token.is_empty()
                || !message.options.is_empty()
                || !message.payload.is_empty()
            {
                self.note("an empty message with a token, options or a payload");
            }
        } else {
            packet.set_token(message.header.token.clone());
            for (option, value) in message.options {
                packet.add_option(CoapOption::from(option), value);
            }
            packet.payload = message.payload;
        }
        let datagram = packet.to_bytes_unlimited().unwrap_or_default();
        let id = message.header.id;
        let result = match self.transmit_datagram(number, &datagram) {
            true => result::DONE,
            false => result::SENDING,
        };
        let starts = matches!(
            message.kind,
            MessageType::Confirmable | MessageType::NonConfirmable
        );
        let serial = self.next_serial();
        let Ok(client) = self.client(number) else {
            return;
        };
        let (life, timeout) = (client.life, u32::from(client.timeout) * 1000);
        let used = starts && client.used_ids.contains(&id);
        if starts {
            client.used_ids.push(id);
        } else {
            client.unacknowledged.retain(|waiting| *waiting != id);
        }
        if message.kind == MessageType::Confirmable && result == result::DONE {
            client.exchanges.push(Exchange {
                serial,
                header: message.header,
                datagram,
                sent_again: 0,
                timeout,
            });
            self.later(
                timeout,
                super::Event::Session(Event::Overdue(number, serial)),
            );
        } else {
            let kind = message.kind as u8;
            let event = Event::Left(number, life, kind, id, result);
            self.later(20, super::Event::Session(event));
        }
        if used {
            self.note(format!("message id {id} used twice in a session"));
        }
    }

    fn overdue(&mut self, number: u8, serial: u32) {
        let Ok(client) = self.client(number) else {
            return;
        };
        let retries = client.retries;
        let place = client.exchanges.iter().position(|e| e.serial == serial);
        let Some(place) = place else {
            return;
        };
        let Some(exchange) = client.exchanges.get_mut(place) else {
            return;
        };
        let id = exchange.header.id;
        if exchange.sent_again >= retries {
            client.exchanges.remove(place);
            self.say_ack(number, 0, id, result::SENDING);
            return;
        }
        exchange.sent_again += 1;
        exchange.timeout = exchange.timeout.saturating_mul(2);
        let (times, timeout) = (exchange.sent_again, exchange.timeout);
        let datagram = exchange.datagram.clone();
        let result = match self.transmit_datagram(number, &datagram) {
            true => result::DONE,
            false => result::SENDING,
        };
        let line = format!(
            "{}{number},0,{id},{times},{}",
            self.head("QCOAPIND"),
            self.shown(result)
        );
        self.urc(&line);
        self.later(
            timeout,
            super::Event::Session(Event::Overdue(number, serial)),
        );
    }

    fn transmit_datagram(&mut self, number: u8, datagram: &[u8]) -> bool {
        let now = self.now;
        let Ok(client) = self.client(number) else {
            return false;
        };
        let (Some(socket), Some(remote)) = (client.socket, client.remote) else {
            return false;
        };
        // Without coverage it is lost on its way, which the module does not notice.
        !self.settings.registered || self.network.send(now, socket, remote, datagram).is_ok()
    }

    fn send_empty(&mut self, number: u8, kind: MessageType, id: u16) {
        let mut packet = Packet::new();
        packet.header.set_type(kind);
        packet.header.code = MessageClass::Empty;
        packet.header.message_id = id;
        let datagram = packet.to_bytes_unlimited().unwrap_or_default();
        self.transmit_datagram(number, &datagram);
    }

    /// Takes one datagram from the network; false if there is none.
    pub(super) fn take_datagram(&mut self) -> bool {
        for number in 0..6 {
            let Ok(client) = self.client(number) else {
                continue;
            };
            let (socket, remote) = (client.socket, client.remote);
            let Some((from, datagram)) =
                socket.and_then(|socket| self.network.receive(self.now, socket))
            else {
                continue;
            };
            if Some(from) == remote
                && let Ok(packet) = Packet::from_bytes(&datagram)
                && packet.header.get_version() == 1
            {
                self.incoming(number, &packet);
            }
            return true;
        }
        false
    }

    fn incoming(&mut self, number: u8, packet: &Packet) {
        let id = packet.header.message_id;
        let code = u8::from(packet.header.code);
        match packet.header.get_type() {
            MessageType::Acknowledgement => {
                let Some(exchange) = self.end_exchange(number, |header| header.id == id) else {
                    return;
                };
                self.answered(number, Some(exchange), (code != 0).then_some(packet));
            }
            MessageType::Reset => {
                let Ok(client) = self.client(number) else {
                    return;
                };
                if client.used_ids.contains(&id) {
                    self.end_exchange(number, |header| header.id == id);
                    self.say_received(number, packet);
                }
            }
            kind => {
                let confirmable = kind == MessageType::Confirmable;
                if code == 0 {
                    if confirmable {
                        self.send_empty(number, MessageType::Reset, id);
                    }
                    return;
                }
                self.message(number, packet, confirmable);
            }
        }
    }

    /// A request or a response that came in a message of its own.
    fn message(&mut self, number: u8, packet: &Packet, confirmable: bool) {
        let id = packet.header.message_id;
        let request = u8::from(packet.header.code) < 32;
        let Ok(client) = self.client(number) else {
            return;
        };
        let life = client.life;
        let seen = client.seen.contains(&id);
        let waiting = client.unacknowledged.contains(&id);
        if !seen {
            client.seen.push_back(id);
            if client.seen.len() > REMEMBERED {
                client.seen.pop_front();
            }
        }
        if confirmable && request && !seen {
            client.unacknowledged.push(id);
            let event = super::Event::Session(Event::Unanswered(number, life, id));
            self.later(HOST_ANSWERS_IN, event);
        } else if confirmable && !waiting {
            self.send_empty(number, MessageType::Acknowledgement, id);
        }
        if seen {
            return;
        }
        // Section 5.2.2: a response says that its request has arrived, even if the ACK was lost.
        let token = packet.get_token();
        let exchange = if request {
            None
        } else {
            self.end_exchange(number, |header| header.token == token)
        };
        self.answered(number, exchange, Some(packet));
    }

    /// Takes the exchange whose header fits, and gives its message id.
    fn end_exchange(&mut self, number: u8, fits: impl Fn(&Header) -> bool) -> Option<u16> {
        let exchanges = &mut self.client(number).ok()?.exchanges;
        let place = exchanges.iter().position(|e| fits(&e.header))?;
        Some(exchanges.remove(place).header.id)
    }

    fn answered(&mut self, number: u8, exchange: Option<u16>, message: Option<&Packet>) {
        let after = self.quirks.ack_after_recv;
        if let (Some(message), true) = (message, after) {
            self.say_received(number, message);
        }
        if let Some(id) = exchange {
            self.say_ack(number, 0, id, result::DONE);
        }
        if let (Some(message), false) = (message, after) {
            self.say_received(number, message);
        }
    }

    fn say_received(&mut self, number: u8, packet: &Packet) {
        let code = u8::from(packet.header.code);
        let token = packet.get_token();
        let options: Vec<(u16, &Vec<u8>)> = packet
            .options()
            .flat_map(|(number, values)| values.iter().map(|value| (*number, value)))
            .collect();
        let mut line = format!(
            "{}{number},{},{}.{:02},{},{},{}",
            self.head("QCOAPRECV"),
            packet.header.message_id,
            code >> 5,
            code & 31,
            token.len(),
            hex(token),
            options.len()
        )
        .into_bytes();
        for (option, value) in options {
            let value = show(option, value);
            let before = match self.quirks.options_shown {
                OptionsShown::Pairs => format!(",{option},\""),
                OptionsShown::Joined => format!(",\"{option},"),
                OptionsShown::None => continue,
            };
            line.extend_from_slice(before.as_bytes());
            line.extend_from_slice(&value);
            line.push(b'"');
        }
        line.extend_from_slice(format!(",{}", packet.payload.len()).as_bytes());
        if !packet.payload.is_empty() || self.quirks.empty_payload_line {
            line.extend_from_slice(b"\r\n");
            line.extend_from_slice(&packet.payload);
        }
        self.urc_bytes(&line);
    }
}
