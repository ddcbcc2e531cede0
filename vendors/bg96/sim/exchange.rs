//! What happens between module and server: sending, retransmission, what comes in.
//!
//! RFC 7252 section 4.2 as the module does it: the time-out doubles, and has no random part, so that tests repeat.

use coap_lite::{CoapOption, MessageClass, MessageType, Packet};

use super::coap::result;
use super::report::{head, say_ack, say_received, shown};
use super::session::{Event, Exchange, Header, Message};
use super::{Bg96Firmware, Chassis};

/// From a complete `AT+QCOAPSEND` to its OK.
pub(super) const SENDING_TIME: u32 = 15;
/// How long a request of the server waits for the host's acknowledgement until the module sends an empty one.
const HOST_ANSWERS_IN: u32 = 1000;
/// How many message ids of incoming messages are remembered, per session, to suppress duplicates.
const REMEMBERED: usize = 64;

impl Bg96Firmware {
    /// The datagram goes a moment after the OK, so that no answer, however quick, comes before it.
    pub(super) fn depart(&mut self, chassis: &mut Chassis, number: u8, message: Message) {
        if let Ok(client) = self.client(number) {
            client.outbox.push_back(message);
            let event = Event::Depart(number, client.life);
            chassis.later(SENDING_TIME + 1, super::Event::Session(event));
        }
    }

    pub(super) fn send_message(&mut self, chassis: &mut Chassis, number: u8, message: Message) {
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
                chassis.note("an empty message with a token, options or a payload");
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
        let result = match self.transmit_datagram(chassis, number, &datagram) {
            true => result::DONE,
            false => result::SENDING,
        };
        let starts = matches!(
            message.kind,
            MessageType::Confirmable | MessageType::NonConfirmable
        );
        let serial = chassis.next_serial();
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
            chassis.later(
                timeout,
                super::Event::Session(Event::Overdue(number, serial)),
            );
        } else {
            let kind = message.kind as u8;
            let event = Event::Left(number, life, kind, id, result);
            chassis.later(20, super::Event::Session(event));
        }
        if used {
            chassis.note(format!("message id {id} used twice in a session"));
        }
    }

    pub(super) fn overdue(&mut self, chassis: &mut Chassis, number: u8, serial: u32) {
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
            say_ack(chassis, number, 0, id, result::SENDING);
            return;
        }
        exchange.sent_again += 1;
        exchange.timeout = exchange.timeout.saturating_mul(2);
        let (times, timeout) = (exchange.sent_again, exchange.timeout);
        let datagram = exchange.datagram.clone();
        let result = match self.transmit_datagram(chassis, number, &datagram) {
            true => result::DONE,
            false => result::SENDING,
        };
        let line = format!(
            "{}{number},0,{id},{times},{}",
            head(chassis, "QCOAPIND"),
            shown(chassis, result)
        );
        chassis.urc(&line);
        chassis.later(
            timeout,
            super::Event::Session(Event::Overdue(number, serial)),
        );
    }

    fn transmit_datagram(&mut self, chassis: &mut Chassis, number: u8, datagram: &[u8]) -> bool {
        let now = chassis.now();
        let Ok(client) = self.client(number) else {
            return false;
        };
        let (Some(socket), Some(remote)) = (client.socket, client.remote) else {
            return false;
        };
        // Without coverage it is lost on its way, which the module does not notice.
        !chassis.settings.registered || chassis.network.send(now, socket, remote, datagram).is_ok()
    }

    pub(super) fn send_empty(
        &mut self,
        chassis: &mut Chassis,
        number: u8,
        kind: MessageType,
        id: u16,
    ) {
        let mut packet = Packet::new();
        packet.header.set_type(kind);
        packet.header.code = MessageClass::Empty;
        packet.header.message_id = id;
        let datagram = packet.to_bytes_unlimited().unwrap_or_default();
        self.transmit_datagram(chassis, number, &datagram);
    }

    /// Takes one datagram from the network; false if there is none.
    pub(super) fn take_datagram(&mut self, chassis: &mut Chassis) -> bool {
        for number in 0..6 {
            let Ok(client) = self.client(number) else {
                continue;
            };
            let (socket, remote) = (client.socket, client.remote);
            let Some((from, datagram)) =
                socket.and_then(|socket| chassis.network.receive(chassis.now(), socket))
            else {
                continue;
            };
            if Some(from) == remote
                && let Ok(packet) = Packet::from_bytes(&datagram)
                && packet.header.get_version() == 1
            {
                self.incoming(chassis, number, &packet);
            }
            return true;
        }
        false
    }

    fn incoming(&mut self, chassis: &mut Chassis, number: u8, packet: &Packet) {
        let id = packet.header.message_id;
        let code = u8::from(packet.header.code);
        match packet.header.get_type() {
            MessageType::Acknowledgement => {
                let Some(exchange) = self.end_exchange(number, |header| header.id == id) else {
                    return;
                };
                self.answered(
                    chassis,
                    number,
                    Some(exchange),
                    (code != 0).then_some(packet),
                );
            }
            MessageType::Reset => {
                let Ok(client) = self.client(number) else {
                    return;
                };
                if client.used_ids.contains(&id) {
                    self.end_exchange(number, |header| header.id == id);
                    say_received(chassis, number, packet);
                }
            }
            kind => {
                let confirmable = kind == MessageType::Confirmable;
                if code == 0 {
                    if confirmable {
                        self.send_empty(chassis, number, MessageType::Reset, id);
                    }
                    return;
                }
                self.message(chassis, number, packet, confirmable);
            }
        }
    }

    /// A request or a response that came in a message of its own.
    fn message(&mut self, chassis: &mut Chassis, number: u8, packet: &Packet, confirmable: bool) {
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
            chassis.later(HOST_ANSWERS_IN, event);
        } else if confirmable && !waiting {
            self.send_empty(chassis, number, MessageType::Acknowledgement, id);
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
        self.answered(chassis, number, exchange, Some(packet));
    }

    /// Takes the exchange whose header fits, and gives its message id.
    fn end_exchange(&mut self, number: u8, fits: impl Fn(&Header) -> bool) -> Option<u16> {
        let exchanges = &mut self.client(number).ok()?.exchanges;
        let place = exchanges.iter().position(|e| fits(&e.header))?;
        Some(exchanges.remove(place).header.id)
    }

    fn answered(
        &mut self,
        chassis: &mut Chassis,
        number: u8,
        exchange: Option<u16>,
        message: Option<&Packet>,
    ) {
        let after = chassis.quirks.ack_after_recv;
        if let (Some(message), true) = (message, after) {
            say_received(chassis, number, message);
        }
        if let Some(id) = exchange {
            say_ack(chassis, number, 0, id, result::DONE);
        }
        if let (Some(message), false) = (message, after) {
            say_received(chassis, number, message);
        }
    }
}
