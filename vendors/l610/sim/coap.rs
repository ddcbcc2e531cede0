//! The CoAP commands: chapter 1 of the note.

use std::net::SocketAddr;

use coap_lite::Packet;

use super::call::Call;
use super::quirks::{CloseSays, DataEnd, DataForm, HostTaken};
use super::{Answer, Chassis, Event, L610Firmware};
use crate::sim::grammar::{Argument, Form};
use crate::sim::module::{Arguments, Done, Failure, hex};
use crate::time::Millis;

/// The largest message, either way (1.2.4, 1.4.4).
const LARGEST: usize = 512;
/// The longest host (1.1.4).
const LONGEST_HOST: usize = 255;
/// How late a late line end is.
const LATE: Millis = Millis::new(500);

/// What an id stands for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Client {
    /// Where its messages go, if it is open.
    open: Option<(usize, SocketAddr)>,
    /// It was open when the call was lost, and has not been opened since.
    dead: bool,
}

/// The note says that these forms answer ERROR: nobody needs to ask.
const NEVER: Failure = Failure::misuse("a form that is an error by specification");

impl L610Firmware {
    pub(super) fn open(&self, chassis: &mut Chassis, form: &Form) -> Answer {
        match form {
            Form::Read if chassis.quirks.open_has_no_read_form => Err(Failure::state()),
            Form::Read => {
                let head = chassis.head("GTCOAPOPEN");
                let free = self.free(chassis);
                if free.is_empty() {
                    return Done::line(head + "0");
                }
                if chassis.quirks.ids_in_one_line {
                    let ids: Vec<String> = free.iter().map(u8::to_string).collect();
                    return Done::line(head + &ids.join(","));
                }
                Done::lines(free.iter().map(|id| format!("{head}{id}")))
            }
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[2])?;
                let host = host(arguments, chassis.quirks.host)?;
                let port = arguments.short(1, 1..=u16::MAX)?;
                if self.call != Call::Up || self.free(chassis).is_empty() {
                    return Err(Failure::state());
                }
                let span = chassis.quirks.resolves_after.as_millis();
                let is_address = host.parse::<std::net::IpAddr>().is_ok();
                let after = if is_address { span / 10 } else { span };
                chassis.later(after, Event::Resolved { host, port });
                if chassis.quirks.id_after_ok {
                    return Done::ok(20);
                }
                Ok(Done::Later)
            }
            _ => Err(NEVER),
        }
    }

    /// The host's name has been looked up.
    pub(super) fn opened(&mut self, chassis: &mut Chassis, host: &str, port: u16) {
        let id = self.connect(chassis, host, port);
        let said = id.map(|id| format!("{}{id}", chassis.head("GTCOAPOPEN")));
        match (said, chassis.quirks.id_after_ok) {
            (Some(line), true) => chassis.urc(line),
            (Some(line), false) => chassis.answer(Done::line(line)),
            // After the OK there is no way to say it.
            (None, true) => {}
            (None, false) => {
                let refused = super::said(chassis, Failure::state());
                chassis.answer(Err(refused));
            }
        }
    }

    fn connect(&mut self, chassis: &mut Chassis, host: &str, port: u16) -> Option<u8> {
        if self.call != Call::Up {
            return None;
        }
        let mut remote = chassis.network.resolve(host)?;
        remote.set_port(port);
        let id = *self.free(chassis).first()?;
        let socket = chassis.network.open().ok()?;
        let client = self.clients.get_mut(usize::from(id))?;
        *client = Client {
            open: Some((socket, remote)),
            dead: false,
        };
        Some(id)
    }

    /// The ids that can be opened, the smallest first.
    fn free(&self, chassis: &Chassis) -> Vec<u8> {
        let stay = chassis.quirks.dead_ids_stay;
        let is_free = |id: &u8| {
            let client = self.clients.get(usize::from(*id));
            client.is_some_and(|client| client.open.is_none() && !(client.dead && stay))
        };
        (1..=chassis.quirks.clients).filter(is_free).collect()
    }

    pub(super) fn send(&mut self, chassis: &mut Chassis, form: &Form) -> Answer {
        let Form::Write(arguments) = form else {
            return Err(NEVER);
        };
        let arguments = Arguments(arguments);
        arguments.count(&[3])?;
        let client = *self.client(arguments)?;
        let length = usize::from(arguments.short(1, 1..=u16::MAX)?);
        let message = arguments.hex(2)?;
        if length > LARGEST {
            return Err(Failure::misuse("a message of more than 512 bytes"));
        }
        if length != message.len() {
            return Err(Failure::misuse("a length that is not the data's"));
        }
        let is_coap =
            Packet::from_bytes(&message).is_ok_and(|packet| packet.header.get_version() == 1);
        if !is_coap {
            return Err(Failure::misuse("data that is no CoAP message"));
        }
        let Some((socket, remote)) = client.open else {
            return Err(not_open(client));
        };
        let now = chassis.now();
        chassis
            .network
            .send(now, socket, remote, &message)
            .map_err(|_| Failure::state())?;
        if chassis.quirks.debug_lines {
            chassis.urc_later(21, "+QTUNBUF: 2048,3584,1536,448");
        }
        Done::ok(20)
    }

    pub(super) fn close(&mut self, chassis: &mut Chassis, form: &Form) -> Answer {
        let Form::Write(arguments) = form else {
            return Err(NEVER);
        };
        let arguments = Arguments(arguments);
        arguments.count(&[1])?;
        let client = self.client(arguments)?;
        let stays = client.dead && chassis.quirks.dead_ids_stay;
        let was = std::mem::take(client);
        match was.open {
            Some((socket, _)) => chassis.network.close(socket),
            None if stays => {}
            None => return Err(not_open(was)),
        }
        let id = arguments.byte(0, 1..=u8::MAX)?;
        let said = match chassis.quirks.close_says {
            CloseSays::One => "1".into(),
            CloseSays::Id => id.to_string(),
            CloseSays::Zero => "0".into(),
            CloseSays::IdAndZero => format!("{id},0"),
            CloseSays::Nothing => return Done::ok(20),
        };
        let (after, line) = (chassis.quirks.close_line_after, chassis.head("GTCOAPCLOSE"));
        chassis.urc_later(after.as_millis(), line + &said);
        Done::ok(20)
    }

    fn client(&mut self, arguments: Arguments<'_>) -> Result<&mut Client, Failure> {
        let id = arguments.byte(0, 1..=u8::MAX)?;
        let client = self.clients.get_mut(usize::from(id));
        client.ok_or(Failure::misuse("a number out of range"))
    }

    /// The call is lost: what was open is of no use any more.
    pub(super) fn kill_clients(&mut self, chassis: &mut Chassis) {
        for client in &mut self.clients {
            if let Some((socket, _)) = client.open.take() {
                chassis.network.close(socket);
                client.dead = true;
            }
        }
    }

    /// The socket behind an id.
    pub(super) fn socket_of(&self, id: u8) -> Option<usize> {
        let client = self.clients.get(usize::from(id))?;
        client.open.map(|(socket, _)| socket)
    }

    /// Takes a datagram in and tells the host of it; false if there is none.
    pub(super) fn receive(&self, chassis: &mut Chassis) -> bool {
        let now = chassis.now();
        for (id, client) in self.clients.iter().enumerate() {
            let Some((socket, remote)) = client.open else {
                continue;
            };
            if let Some((from, datagram)) = chassis.network.receive(now, socket) {
                // Of another sender it is no answer; a larger one than the note allows has nowhere to go.
                if from == remote && datagram.len() <= LARGEST {
                    say_data(chassis, id, &datagram);
                }
                return true;
            }
        }
        false
    }
}

fn host(arguments: Arguments<'_>, taken: HostTaken) -> Result<String, Failure> {
    let quoted = matches!(arguments.raw(0)?, Argument::Text(_));
    let host = match quoted {
        true => arguments.text(0)?.to_owned(),
        false => arguments.word(0)?.into_owned(),
    };
    if host.is_empty() || host.len() > LONGEST_HOST {
        return Err(Failure::misuse("a host of no or too many characters"));
    }
    match (taken, quoted) {
        (HostTaken::Both, _) | (HostTaken::Bare, false) | (HostTaken::Quoted, true) => Ok(host),
        // Nobody can know.
        _ => Err(Failure::state()),
    }
}

fn not_open(client: Client) -> Failure {
    if client.dead {
        Failure::state()
    } else {
        Failure::misuse("an id that is not open")
    }
}

/// `+GTCOAPDATA` (1.4).
fn say_data(chassis: &mut Chassis, id: usize, datagram: &[u8]) {
    let quirks = chassis.quirks.own.clone();
    let mut line = format!(
        "\r\n{}{id},{}",
        super::unasked(chassis, "GTCOAPDATA"),
        datagram.len()
    );
    line.push_str(match (quirks.data_end, quirks.blank_before_data) {
        (DataEnd::Before, _) => "\r\n",
        (_, true) => ", ",
        (_, false) => ",",
    });
    let mut said = line.into_bytes();
    match quirks.data {
        DataForm::UpperHex => said.extend(hex(datagram).bytes()),
        DataForm::LowerHex => said.extend(hex(datagram).to_lowercase().bytes()),
        DataForm::Raw => said.extend(datagram),
    }
    match quirks.data_end {
        DataEnd::Behind | DataEnd::Before => said.extend(b"\r\n"),
        DataEnd::Late => chassis.say_at(chassis.now().after(LATE), b"\r\n"),
        DataEnd::Never => {}
    }
    chassis.say(&said);
}
