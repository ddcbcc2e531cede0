//! What happens between module and server, and what the host is told of it: `+UCOAPCD` and `+UCOAPCR` (guide, 8.3 and 8.4).
//!
//! Over TCP (8.3.4) it is a stream for each exchange, as RFC 8323 has it: a greeting either way, then the request.

use std::net::SocketAddr;

use coap_lite::MessageType;

use super::coap::{Native, Profile};
use super::quirks::{BlockFields, Blocks};
use super::{Chassis, Event, SaraR5Firmware};
use crate::sim::module::agent::{self, Message, News};
use crate::sim::module::hex;
use crate::sim::stream::{Reader, bare, frame, signal};

/// How long a response is waited for (RFC 7252, section 4.8.2: `MAX_TRANSMIT_WAIT`).
const PATIENCE: u32 = 93_000;

/// Option numbers.
const URI_HOST: u16 = 3;
const URI_PORT: u16 = 7;
const URI_PATH: u16 = 11;
const CONTENT_FORMAT: u16 = 12;
const URI_QUERY: u16 = 15;
const BLOCK2: u16 = 23;
const BLOCK1: u16 = 27;

/// The one exchange.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) command: u8,
    pub(super) serial: u32,
    pub(super) payload: Vec<u8>,
    /// The content format, by its number in RFC 7252.
    pub(super) format: u16,
    /// Number and whether more follow.
    pub(super) block: Option<(u32, bool)>,
    pub(super) block_size: usize,
    pub(super) profile: Profile,
    peer: Option<SocketAddr>,
    token: Vec<u8>,
    /// Over TCP: the network's handle, and what has come.
    stream: Option<(usize, Reader)>,
    /// The server has greeted.
    greeted: bool,
    /// The blocks of a response, as far as they have come.
    parts: Vec<u8>,
    /// Its result is about to be told.
    over: bool,
}

impl Exchange {
    pub(super) fn new(command: u8, serial: u32) -> Self {
        Self {
            command,
            serial,
            payload: Vec::new(),
            format: 0,
            block: None,
            block_size: 0,
            profile: Profile::default(),
            peer: None,
            token: Vec::new(),
            stream: None,
            greeted: false,
            parts: Vec::new(),
            over: false,
        }
    }
}

/// RFC 7252, section 3.2: as few bytes as it takes.
fn uint(value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// RFC 7959, section 2.2.
fn block_value(number: u32, more: bool, size: usize) -> Vec<u8> {
    let szx = size.trailing_zeros().saturating_sub(4);
    uint(number << 4 | u32::from(more) << 3 | szx)
}

/// Number, whether more follow, size.
fn read_block(message: &Message, option: u16) -> Option<(u32, bool, usize)> {
    let (_, value) = message
        .options
        .iter()
        .find(|(number, _)| *number == option)?;
    let value = value
        .iter()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    Some((value >> 4, value & 8 != 0, 16 << (value & 7)))
}

impl Native {
    /// Closes what leads to the server.
    pub(super) fn hang_up(&mut self, chassis: &mut Chassis) {
        self.agent.close(chassis);
        self.hang_up_stream(chassis);
    }

    /// Closes a stream that leads there, if there is one.
    fn hang_up_stream(&mut self, chassis: &mut Chassis) {
        let stream = self.exchange.as_mut().and_then(|e| e.stream.take());
        if let Some((handle, _)) = stream {
            chassis.network.close(handle);
        }
    }
}

impl SaraR5Firmware {
    pub(super) fn begin(&mut self, chassis: &mut Chassis, serial: u32) {
        let native = &mut self.native;
        let Some(exchange) = native
            .exchange
            .as_mut()
            .filter(|e| e.serial == serial && !e.over)
        else {
            return;
        };
        let Some(address) = exchange.profile.address.clone() else {
            return;
        };
        let [host, port, ..] = exchange.profile.flags;
        if chassis.quirks.needs_host_and_port && !(host && port) {
            self.end_exchange(chassis, false);
            return;
        }
        let peer = chassis.network.resolve(&address.host);
        let Some(mut peer) = peer else {
            self.end_exchange(chassis, false);
            return;
        };
        peer.set_port(address.port);
        let open = native.agent.socket().is_some() && native.agent.peer() == Some(peer);
        let opened = if address.tcp {
            chassis.network.connect(peer).map(|handle| {
                exchange.stream = Some((handle, Reader::default()));
            })
        } else if open {
            Ok(())
        } else {
            native.agent.open(chassis, Some(peer))
        };
        if opened.is_err() {
            self.end_exchange(chassis, false);
            return;
        }
        exchange.peer = Some(peer);
        exchange.token = (0..4).map(|_| chassis.dice.byte()).collect();
        if address.tcp {
            self.say(chassis, &bare(signal::CSM, &[]));
        }
        self.send_request(chassis, 0, None);
        chassis.later(PATIENCE, Event::GiveUp(serial));
    }

    /// The request goes; or, with a block, the request for that block of the response.
    fn send_request(&mut self, chassis: &mut Chassis, after: u32, wanted: Option<(u32, usize)>) {
        let native = &mut self.native;
        let (Some(exchange), id) = (&native.exchange, native.agent.next_id()) else {
            return;
        };
        let (Some(peer), Some(address)) = (exchange.peer, &exchange.profile.address) else {
            return;
        };
        let [host, port, path, query, format, five] = exchange.profile.flags;
        let kind = if five == chassis.quirks.non_is_zero {
            MessageType::Confirmable
        } else {
            MessageType::NonConfirmable
        };
        let code = match exchange.command {
            1 => 1,
            2 => 4,
            3 => 3,
            _ => 2,
        };
        let mut message = Message::new(kind, code, id);
        message.token.clone_from(&exchange.token);
        let mut add = |number, value| message.options.push((number, value));
        let raw = chassis.quirks.keeps_percent;
        if host {
            add(URI_HOST, address.host.clone().into_bytes());
        }
        if port {
            add(URI_PORT, uint(address.port.into()));
        }
        if path {
            let segments = address.segments(chassis.quirks.joins_path, raw);
            segments.into_iter().for_each(|value| add(URI_PATH, value));
        }
        if format && exchange.command >= 3 && wanted.is_none() {
            add(CONTENT_FORMAT, uint(exchange.format.into()));
        }
        if query {
            let arguments = address.arguments(raw);
            arguments
                .into_iter()
                .for_each(|value| add(URI_QUERY, value));
        }
        if let Some((number, size)) = wanted {
            add(BLOCK2, block_value(number, false, size));
        } else {
            if let Some((number, more)) = exchange.block {
                add(BLOCK1, block_value(number, more, exchange.block_size));
            }
            message.payload.clone_from(&exchange.payload);
        }
        if address.tcp {
            self.say(chassis, &message.to_bytes());
        } else {
            native.agent.send_in(chassis, after, peer, message);
        }
    }

    /// Sends a message over the stream.
    fn say(&mut self, chassis: &mut Chassis, datagram: &[u8]) {
        let now = chassis.now();
        let exchange = self.native.exchange.as_ref();
        let sent = exchange.and_then(|exchange| {
            let (handle, _) = exchange.stream.as_ref()?;
            let bytes = frame(datagram);
            let sent = chassis.network.send(now, *handle, exchange.peer?, &bytes);
            sent.ok()
        });
        if sent.is_none() {
            self.end_exchange(chassis, false);
        }
    }

    /// Takes what has come over the stream; whether there was something.
    fn stream_piece(&mut self, chassis: &mut Chassis) -> bool {
        let now = chassis.now();
        let Some((handle, reader)) = self
            .native
            .exchange
            .as_mut()
            .and_then(|e| e.stream.as_mut())
        else {
            return false;
        };
        let Some((_, piece)) = chassis.network.receive(now, *handle) else {
            return false;
        };
        reader.push(&piece);
        let messages: Vec<_> = std::iter::from_fn(|| reader.take()).collect();
        for datagram in messages {
            self.heard(chassis, &datagram);
        }
        if piece.is_empty() {
            // The server has closed it.
            self.end_exchange(chassis, false);
        }
        true
    }

    fn heard(&mut self, chassis: &mut Chassis, datagram: &[u8]) {
        let (Some(message), Some(exchange)) = (
            Message::parse(datagram),
            self.native.exchange.as_mut().filter(|e| !e.over),
        ) else {
            return;
        };
        let greeted = std::mem::replace(&mut exchange.greeted, true);
        match message.code {
            signal::CSM => {}
            // RFC 8323, section 5.3: nothing comes before it.
            _ if !greeted => self.end_exchange(chassis, false),
            signal::PING => self.say(chassis, &bare(signal::PONG, &message.token)),
            signal::RELEASE | signal::ABORT => self.end_exchange(chassis, false),
            _ if message.token == exchange.token && message.code >= 64 => {
                self.answered(chassis, message);
            }
            _ => {}
        }
    }

    pub(super) fn agent_event(&mut self, chassis: &mut Chassis, event: agent::Event) {
        let news = self.native.agent.happen(chassis, event);
        self.tell(chassis, news);
    }

    pub(super) fn exchange_datagram(&mut self, chassis: &mut Chassis) -> bool {
        let Some((from, bytes)) = self.native.agent.take(chassis) else {
            return self.stream_piece(chassis);
        };
        let news = self.native.agent.handle(chassis, from, &bytes);
        self.tell(chassis, news);
        true
    }

    fn tell(&mut self, chassis: &mut Chassis, news: Option<News>) {
        match news {
            Some(News::Received { message, .. }) => {
                let exchange = self.native.exchange.as_ref();
                if exchange.is_some_and(|exchange| exchange.token == message.token) {
                    self.answered(chassis, message);
                }
            }
            Some(News::GivenUp { .. } | News::Sent { taken: false, .. }) => {
                self.end_exchange(chassis, false);
            }
            Some(News::Reset { .. }) => self.end_exchange(chassis, false),
            _ => {}
        }
    }

    pub(super) fn give_up(&mut self, chassis: &mut Chassis, serial: u32) {
        if self
            .native
            .exchange
            .as_ref()
            .is_some_and(|e| e.serial == serial)
        {
            self.end_exchange(chassis, false);
        }
    }

    fn answered(&mut self, chassis: &mut Chassis, mut message: Message) {
        let blocks = chassis.quirks.blocks;
        let Some(exchange) = &mut self.native.exchange else {
            return;
        };
        let class = message.code >> 5;
        let block2 = read_block(&message, BLOCK2);
        let more = matches!(block2, Some((_, true, _)));
        if let (Some((number, true, size)), true) = (block2, blocks != Blocks::First) {
            match blocks {
                Blocks::Parts => say_data(chassis, class, &message.payload, Some(true), None),
                _ => exchange.parts.append(&mut message.payload),
            }
            self.send_request(chassis, 10, Some((number + 1, size)));
            return;
        }
        let mut data = std::mem::take(&mut exchange.parts);
        data.append(&mut message.payload);
        let error = class >= 4;
        if error && !chassis.quirks.bare_errors {
            let text = format!("Error {}: ", message.code_text());
            data.splice(..0, text.into_bytes());
        }
        let block1 =
            read_block(&message, BLOCK1).filter(|(number, ..)| match chassis.quirks.block_fields {
                BlockFields::AsPrinted => *number > 0,
                BlockFields::Always => true,
                BlockFields::Never => false,
            });
        let block1 = block1.map(|(number, _, size)| (number, size));
        let more = (!error || chassis.quirks.more_of_errors).then_some(more);
        if !(data.is_empty() && chassis.quirks.no_line_without_data) {
            say_data(chassis, class, &data, more, block1);
        }
        self.end_exchange(chassis, true);
    }

    /// The exchange is over, if there is one.
    pub(super) fn end_exchange(&mut self, chassis: &mut Chassis, complete: bool) {
        self.native.hang_up_stream(chassis);
        // To a server that puts blocks together, another port would be another client.
        if chassis.quirks.port_an_exchange {
            self.native.agent.close(chassis);
        }
        if let Some(exchange) = self.native.exchange.as_mut().filter(|e| !e.over) {
            exchange.over = true;
            let after = chassis.quirks.result_after.as_millis();
            chassis.later(after, Event::Ended(exchange.serial, complete));
        }
    }

    /// Its result is told, and the module takes another.
    pub(super) fn ended(&mut self, chassis: &mut Chassis, serial: u32, complete: bool) {
        let ended = self.native.exchange.take_if(|e| e.serial == serial);
        if let Some(exchange) = ended {
            let head = chassis.head("UCOAPCR");
            chassis.urc(format!("{head}{},{}", exchange.command, u8::from(complete)));
        }
    }
}

/// `+UCOAPCD: <class>,0,"<hex>"[,<more>[,<block>,<size>]]`
fn say_data(
    chassis: &mut Chassis,
    class: u8,
    data: &[u8],
    more: Option<bool>,
    block: Option<(u32, usize)>,
) {
    let mut digits = hex(data);
    if chassis.quirks.lower_case {
        digits = digits.to_ascii_lowercase();
    }
    let mut line = format!("{}{class},0,\"{digits}\"", chassis.head("UCOAPCD"));
    if let Some(more) = more {
        line += if more { ",1" } else { ",0" };
        if let Some((number, size)) = block {
            line += &format!(",{number},{size}");
        }
    }
    chassis.urc(line);
}
