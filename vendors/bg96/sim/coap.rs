//! The CoAP commands: chapter 3.3 of the document.

use coap_lite::MessageType;

use super::options;
use super::report::head;
use super::session::{Client, Event as SessionEvent, Header, SENDING_TIME, State};
use super::{Answer, Bg96Firmware, Chassis, Event, ZeroLength};
use crate::sim::grammar::{Argument, Form};
use crate::sim::module::agent::Message;
use crate::sim::module::{Arguments, Done, Failure, Prompt, Until, unhex};

/// Results, chapter 4.
pub(super) mod result {
    pub(crate) const DONE: i8 = 0;
    pub(crate) const PROCESSING: i8 = -2;
    pub(crate) const NETWORK: i8 = -4;
    pub(crate) const DNS: i8 = -5;
    pub(crate) const SOCKET: i8 = -7;
    pub(crate) const DTLS: i8 = -9;
    pub(crate) const OCCUPIED: i8 = -10;
    pub(crate) const SENDING: i8 = -11;
}

/// The longest payload.
const LONGEST_PAYLOAD: u32 = 1024;
/// Automatic tokens are as long as in the document's example.
const AUTOMATIC_TOKEN: usize = 6;

/// A message whose payload is awaited.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    client: u8,
    kind: MessageType,
    code: u8,
    mask: u8,
    /// Of the payload, if the host gave it.
    length: Option<usize>,
}

/// RFC 7252, section 4.3, table 1: which type carries which class of code. An empty CON is a ping.
const fn fits(kind: MessageType, code: u8) -> bool {
    let (empty, request) = (code == 0, code >> 5 == 0);
    match kind {
        MessageType::Confirmable => true,
        MessageType::NonConfirmable => !empty,
        MessageType::Acknowledgement => empty || !request,
        MessageType::Reset => empty,
    }
}

/// Whether the slots of a mask hold an option twice that may stand in a message only once.
fn repeated(client: &Client, mask: u8) -> bool {
    let slots = client.slots.iter().enumerate();
    let chosen = slots.filter(|(bit, _)| mask >> bit & 1 == 1);
    let mut once: Vec<u16> = chosen
        .filter_map(|(_, slot)| Some(slot.as_ref()?.0))
        .filter(|number| !options::repeatable(*number))
        .collect();
    let all = once.len();
    once.sort_unstable();
    once.dedup();
    once.len() < all
}

impl Bg96Firmware {
    pub(super) fn coap(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        match (name, form) {
            ("QCOAPCFG", Form::Test) => Done::lines([
                "+QCOAPCFG: \"pdpcid\",(0-5),(1-16)",
                "+QCOAPCFG: \"dtls\",(0-5),(0,1),(0-5)",
                "+QCOAPCFG: \"trans\",(0-5),(2-60),(4-8)",
            ]),
            ("QCOAPOPEN", Form::Test) => Done::line("+QCOAPOPEN: (0-5),<CoAP_server>,(1-65535)"),
            ("QCOAPCLOSE", Form::Test) => Done::line("+QCOAPCLOSE: (0-5)"),
            ("QCOAPHEADER", Form::Test) => {
                Done::line("+QCOAPHEADER: (0-5),(0-65535),(0,1),(0-8),<token>")
            }
            ("QCOAPOPTION", Form::Test) => {
                Done::line("+QCOAPOPTION: (0-5),(0,1),(0-7),<opt_number>,<opt_value>")
            }
            ("QCOAPSEND", Form::Test) => {
                Done::line("+QCOAPSEND: (0-5),(0-3),<code_value>,<opt_bitmask>,(0-1024)")
            }
            ("QCOAPOPEN", Form::Read) => self.sessions(chassis),
            ("QCOAPCFG", Form::Write(arguments)) => self.configure_client(Arguments(arguments)),
            ("QCOAPOPEN", Form::Write(arguments)) => self.open(chassis, Arguments(arguments)),
            ("QCOAPCLOSE", Form::Write(arguments)) => self.close(chassis, Arguments(arguments)),
            ("QCOAPHEADER", Form::Write(arguments)) => self.header(chassis, Arguments(arguments)),
            ("QCOAPOPTION", Form::Write(arguments)) => self.option(chassis, Arguments(arguments)),
            ("QCOAPSEND", Form::Write(arguments)) => self.send(chassis, Arguments(arguments)),
            _ => Err(Failure::command()),
        }
    }

    fn configure_client(&mut self, arguments: Arguments<'_>) -> Answer {
        let what = arguments.text(0)?;
        let number = arguments.byte(1, 0..=5)?;
        let client = self.client(number)?;
        match (what, arguments.len()) {
            ("pdpcid", 3) | ("dtls", 4) if client.state != State::Idle => {
                Err(Failure::misuse("a setting of a session that is open"))
            }
            ("pdpcid", 2) => Done::line(format!("+QCOAPCFG: \"pdpcid\",{}", client.context)),
            ("pdpcid", 3) => {
                client.context = arguments.byte(2, 1..=16)?;
                Done::ok(20)
            }
            ("dtls", 2) => Done::line(format!(
                "+QCOAPCFG: \"dtls\",{},{}",
                u8::from(client.dtls),
                client.dtls_context
            )),
            ("dtls", 4) => {
                let (dtls, context) = (arguments.number(2, 0..=1)?, arguments.byte(3, 0..=5)?);
                client.dtls = dtls == 1;
                client.dtls_context = context;
                Done::ok(20)
            }
            ("trans", 2) => Done::line(format!(
                "+QCOAPCFG: \"trans\",{},{}",
                client.agent.timeout / 1000,
                client.agent.retries
            )),
            ("trans", 4) => {
                let (timeout, retries) = (arguments.byte(2, 2..=60)?, arguments.byte(3, 4..=8)?);
                client.agent.timeout = u32::from(timeout) * 1000;
                client.agent.retries = retries;
                Done::ok(20)
            }
            ("pdpcid" | "dtls" | "trans", _) => Err(Failure::misuse("a wrong number of arguments")),
            _ => Err(Failure::misuse("an unknown setting")),
        }
    }

    fn sessions(&self, chassis: &Chassis) -> Answer {
        let clients = self.clients.iter().zip(0..);
        let existing = clients.filter(|(client, _)| client.state != State::Idle);
        let lines = existing.map(|(client, number)| {
            let (host, port, state) = (&client.host, client.port, client.state as u8);
            let head = head(chassis, "QCOAPOPEN");
            format!("{head}{number},\"{host}\",{port},{state}")
        });
        Done::lines(lines)
    }

    fn open(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[3])?;
        let number = arguments.byte(0, 0..=5)?;
        let host = arguments.text(1)?;
        let port = arguments.number(2, 1..=65535)?;
        let port = u16::try_from(port).map_err(|_| Failure::misuse("a number out of range"))?;
        if host.is_empty() || host.len() > 255 {
            return Err(Failure::misuse("a host name that is empty or too long"));
        }
        let client = self.client(number)?;
        let context = client.context;
        if client.state != State::Idle {
            let event = SessionEvent::NotOpened(number, result::OCCUPIED);
            chassis.later(60, Event::Session(event));
            return Done::ok(15);
        }
        if !chassis.settings.is_active(context) {
            let event = SessionEvent::NotOpened(number, result::NETWORK);
            chassis.note("a session without an active PDP context");
            chassis.later(60, Event::Session(event));
            return Done::ok(15);
        }
        let client = self.client(number)?;
        client.begin(host, port);
        let life = client.life;
        chassis.later(110, Event::Session(SessionEvent::Resolve(number, life)));
        Done::ok(15)
    }

    fn close(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[1])?;
        let number = arguments.byte(0, 0..=5)?;
        if self.client(number)?.state == State::Idle {
            return Err(Failure::state());
        }
        self.end_session(chassis, number);
        if let Ok(client) = self.client(number) {
            client.state = State::Closing;
            let life = client.life;
            chassis.later(95, Event::Session(SessionEvent::Closed(number, life)));
        }
        Done::ok(15)
    }

    fn header(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[3, 5])?;
        let number = arguments.byte(0, 0..=5)?;
        let id = arguments.number(1, 0..=65535)?;
        let id = u16::try_from(id).map_err(|_| Failure::misuse("a number out of range"))?;
        let automatic = arguments.number(2, 0..=1)? == 1;
        let token = match (automatic, arguments.len()) {
            (true, 3) => (0..AUTOMATIC_TOKEN).map(|_| chassis.dice.byte()).collect(),
            (false, 3) => Vec::new(),
            (true, _) => return Err(Failure::misuse("a token where it is made automatically")),
            (false, _) => {
                let length = usize::from(arguments.byte(3, 0..=8)?);
                let digits = arguments.bytes(4)?;
                let token = unhex(digits).ok_or(Failure::misuse("a token that is not hex"))?;
                if token.len() != length {
                    return Err(Failure::misuse("a token of another length than was said"));
                }
                token
            }
        };
        self.connected(number)?.header = Some(Header { id, token });
        Done::ok(15)
    }

    fn option(&mut self, chassis: &Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[3, 5])?;
        let (more, overwrite) = (chassis.quirks.more_options, chassis.quirks.option_overwrite);
        let number = arguments.byte(0, 0..=5)?;
        let remove = arguments.number(1, 0..=1)? == 1;
        let slot = usize::from(arguments.byte(2, 0..=7)?);
        let client = self.connected(number)?;
        let slot = client
            .slots
            .get_mut(slot)
            .ok_or(Failure::misuse("a number out of range"))?;
        match (remove, arguments.len()) {
            (true, 3) => match slot.take() {
                Some(_) => Done::ok(15),
                None => Err(Failure::misuse("removing an option that is not there")),
            },
            (false, 5) => {
                let number = arguments.number(3, 0..=65535)?;
                let value = options::read(number, arguments.raw(4)?, more);
                let value = value.map_err(Failure::misuse)?;
                let number =
                    u16::try_from(number).map_err(|_| Failure::misuse("a number out of range"))?;
                if slot.is_some() && !overwrite {
                    return Err(Failure::misuse("an option slot that is occupied"));
                }
                *slot = Some((number, value));
                Done::ok(15)
            }
            _ => Err(Failure::misuse("a wrong number of arguments")),
        }
    }

    fn send(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[4, 5])?;
        let client = arguments.byte(0, 0..=5)?;
        let kind = match arguments.number(1, 0..=3)? {
            0 => MessageType::Confirmable,
            1 => MessageType::NonConfirmable,
            2 => MessageType::Acknowledgement,
            _ => MessageType::Reset,
        };
        let code = arguments.byte(2, 0..=255)?;
        if !matches!(code, 0..=4 | 65..=69 | 128..=134 | 140 | 141 | 143 | 160..=165) {
            return Err(Failure::misuse("a code that is not in the table"));
        }
        if !fits(kind, code) {
            return Err(Failure::misuse("a code that its type cannot carry"));
        }
        let mask = arguments.byte(3, 0..=255)?;
        let length = match arguments.0.get(4) {
            Some(Argument::Omitted) | None => None,
            Some(_) => Some(arguments.number(4, 0..=LONGEST_PAYLOAD)?),
        };
        if arguments.len() == 5 && length.is_none() {
            return Err(Failure::misuse("a missing argument"));
        }
        let mut sending = Sending {
            client,
            kind,
            code,
            mask,
            length: length.map(|length| usize::try_from(length).unwrap_or(0)),
        };
        let one_at_a_time = chassis.quirks.one_at_a_time;
        let session = self.connected(client)?;
        if session.header.is_none() {
            return Err(Failure::misuse("sending without a header"));
        }
        if repeated(session, mask) {
            return Err(Failure::misuse("an option twice that may stand once"));
        }
        if one_at_a_time && kind == MessageType::Confirmable && session.agent.is_waiting() {
            return Err(Failure::state());
        }
        if length == Some(0) {
            match chassis.quirks.zero_length {
                ZeroLength::SendsAtOnce => {
                    self.deliver(chassis, sending, &[])?;
                    return Done::ok(SENDING_TIME);
                }
                ZeroLength::Prompts => sending.length = None,
                ZeroLength::Error => return Err(Failure::state()),
            }
        }
        let until = sending.length.map_or(Until::CtrlZ, Until::Count);
        let prompt = Prompt::new(sending, until);
        Ok(Done::Prompt(match chassis.quirks.bare_prompt {
            true => prompt.text(b"\r\n>"),
            false => prompt,
        }))
    }

    /// The payload is complete, or the host has cancelled it.
    pub(super) fn payload(
        &mut self,
        chassis: &mut Chassis,
        sending: Sending,
        payload: &[u8],
        cancelled: bool,
    ) -> Answer {
        let longest = usize::try_from(LONGEST_PAYLOAD).unwrap_or(0);
        if cancelled {
            return Done::ok(5);
        }
        if payload.len() > longest {
            return Err(Failure::misuse("a payload that is too long"));
        }
        self.deliver(chassis, sending, payload)?;
        Done::ok(SENDING_TIME)
    }

    fn deliver(
        &mut self,
        chassis: &mut Chassis,
        sending: Sending,
        payload: &[u8],
    ) -> Result<(), Failure> {
        let splits = chassis.quirks.splits_uri_path;
        let client = self.connected(sending.client)?;
        let header = client
            .header
            .clone()
            .ok_or(Failure::misuse("sending without a header"))?;
        let mut chosen = Vec::new();
        let mut empty_slot = false;
        for (bit, slot) in client.slots.iter().enumerate() {
            if sending.mask >> bit & 1 == 1 {
                match slot {
                    Some((11, path)) if splits => {
                        let segments = path.split(|byte| *byte == b'/');
                        chosen.extend(segments.map(|segment| (11, segment.to_vec())));
                    }
                    Some(option) => chosen.push(option.clone()),
                    None => empty_slot = true,
                }
            }
        }
        if empty_slot {
            chassis.note("a bitmask that names empty slots");
        }
        let message = Message {
            kind: sending.kind,
            code: sending.code,
            id: header.id,
            token: header.token,
            options: chosen,
            payload: payload.to_vec(),
        };
        self.depart(chassis, sending.client, message);
        Ok(())
    }
}
