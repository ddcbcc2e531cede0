//! The CoAP commands: chapter 2 of the note.

use std::net::SocketAddr;

use coap_lite::MessageType;

use super::options::{read, repeatable, uint};
use super::quirks::PayloadTaken;
use super::{Answer, Bc28Firmware, Chassis, no_network, not_allowed};
use crate::sim::grammar::Form;
use crate::sim::module::agent::{Agent, Message, Requests};
use crate::sim::module::{Arguments, Done, Failure, Prompt, Until, unhex};

/// From a complete `AT+QCOAPSEND` to its OK. The datagram goes a moment later.
const SENDING_TIME: u32 = 15;
/// More is omitted (note 1 of 2.6).
const LONGEST_PAYLOAD: usize = 1024;
/// The codes of responses (2.6), and 0.
const CODES: [u32; 22] = [
    0, 201, 202, 203, 204, 205, 400, 401, 402, 403, 404, 405, 406, 412, 413, 415, 500, 501, 502,
    503, 504, 505,
];

/// The states of `AT+QCOAPDATASTATUS?`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    #[default]
    NotSent = 0,
    Waiting = 1,
    Failed = 2,
    TimedOut = 3,
    Success = 4,
    Reset = 5,
}

/// What `AT+QCOAPHEAD` sets.
#[derive(Clone, Debug)]
struct Head {
    id: Option<u16>,
    token: Vec<u8>,
}

/// What `AT+QCOAPCREATE` creates.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) agent: Agent,
    head: Option<Head>,
    options: Vec<(u16, Vec<u8>)>,
    resources: Vec<String>,
    peer: Option<SocketAddr>,
    pub(super) status: Status,
    /// The status of the last confirmable message was not asked for.
    unasked: bool,
}

impl Context {
    /// Whom it has sent to last.
    pub(super) const fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }
}

/// A message that waits for its payload.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    kind: MessageType,
    code: u8,
    to: SocketAddr,
}

impl Bc28Firmware {
    pub(super) fn coap(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        match (name, form) {
            ("QCOAPCREATE", Form::Write(arguments)) => self.create(chassis, Arguments(arguments)),
            ("QCOAPDEL", Form::Execute) => {
                if self.context.is_none() {
                    return Err(not_allowed(chassis));
                }
                self.delete(chassis);
                Done::ok(if chassis.quirks.slow_delete { 2000 } else { 20 })
            }
            ("QCOAPADDRES", Form::Write(arguments)) => {
                self.add_resource(chassis, Arguments(arguments))
            }
            ("QCOAPHEAD", Form::Write(arguments)) => self.set_head(chassis, Arguments(arguments)),
            ("QCOAPOPTION", Form::Write(arguments)) => {
                self.set_options(chassis, Arguments(arguments))
            }
            ("QCOAPSEND", Form::Write(arguments)) => self.send(chassis, Arguments(arguments)),
            ("QCOAPDATASTATUS", Form::Read) => {
                let context = self.context(chassis)?;
                context.unasked = false;
                let status = context.status as u8;
                let name = match chassis.quirks.status_of_lwm2m {
                    true => "QLWDATASTATUS",
                    false => "QCOAPDATASTATUS",
                };
                Done::line(format!("{}{status}", chassis.head(name)))
            }
            ("QCOAPCFG", Form::Read | Form::Test) => Done::ok(5),
            ("QCOAPCFG", Form::Write(arguments)) => self.configure(chassis, Arguments(arguments)),
            ("QCOAPADDRES", Form::Test) => Done::line("+QCOAPADDRES: (1-50),\"<resource>\""),
            ("QCOAPHEAD", Form::Test) => Done::line("+QCOAPHEAD: (1-5),(0-65535),(1-8),<token>"),
            ("QCOAPOPTION", Form::Test) => {
                Done::line("+QCOAPOPTION: (1-12),<opt_name>,\"<opt_value>\"")
            }
            ("QCOAPSEND", Form::Test) => {
                Done::line("+QCOAPSEND: (0-3),<method/rsopcode>,<ip_addr>,<port>")
            }
            (
                "QCOAPCREATE" | "QCOAPDEL" | "QCOAPADDRES" | "QCOAPHEAD" | "QCOAPOPTION"
                | "QCOAPSEND" | "QCOAPDATASTATUS" | "QCOAPCFG",
                _,
            ) => Err(Failure::form()),
            _ => Err(Failure::command()),
        }
    }

    /// Deletes the context, if there is one.
    pub(super) fn delete(&mut self, chassis: &mut Chassis) {
        if let Some(mut context) = self.context.take() {
            context.agent.close(chassis);
        }
    }

    fn context(&mut self, chassis: &Chassis) -> Result<&mut Context, Failure> {
        self.context.as_mut().ok_or(not_allowed(chassis))
    }

    fn create(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[1])?;
        arguments.short(0, 1..=65535)?;
        if self.context.is_some() {
            return Err(not_allowed(chassis));
        }
        if !chassis.settings.registered {
            return Err(no_network(chassis));
        }
        let mut agent = Agent::new(0);
        // "Notify the TE to respond": the module itself does not.
        agent.requests = Requests::Left;
        agent
            .open(chassis, None)
            .map_err(|_| not_allowed(chassis))?;
        self.context = Some(Context {
            agent,
            head: None,
            options: Vec::new(),
            resources: Vec::new(),
            peer: None,
            status: Status::NotSent,
            unasked: false,
        });
        Done::ok(20)
    }

    fn add_resource(&mut self, chassis: &Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[2])?;
        let length = usize::from(arguments.byte(0, 1..=50)?);
        let resource = arguments.text(1)?;
        if resource.len() != length {
            return Err(Failure::misuse(
                "a resource of another length than was said",
            ));
        }
        self.context(chassis)?.resources.push(resource.into());
        Done::ok(15)
    }

    fn set_head(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        let mode = arguments.byte(0, 1..=5)?;
        arguments.count(match mode {
            1 => &[1],
            2 => &[3],
            3 | 4 => &[2],
            _ => &[4],
        })?;
        let id = match mode {
            3.. => Some(arguments.short(1, 0..=65535)?),
            _ => None,
        };
        let token = match mode {
            1 | 4 => (0..4).map(|_| chassis.dice.byte()).collect(),
            3 => Vec::new(),
            _ => {
                let place = arguments.len() - 2;
                let length = usize::from(arguments.byte(place, 1..=8)?);
                let token = arguments.hex_word(place + 1)?;
                if token.len() != length {
                    return Err(Failure::misuse("a token of another length than was said"));
                }
                token
            }
        };
        self.context(chassis)?.head = Some(Head { id, token });
        Done::ok(15)
    }

    fn set_options(&mut self, chassis: &Chassis, arguments: Arguments<'_>) -> Answer {
        let count = usize::from(arguments.byte(0, 1..=12)?);
        if arguments.len() != 1 + 2 * count {
            return Err(Failure::misuse("another number of options than was said"));
        }
        let mut options: Vec<(u16, Vec<u8>)> = Vec::new();
        for place in (1..arguments.len()).step_by(2) {
            let number = arguments.short(place, 0..=65535)?;
            let value = read(number, arguments.bytes(place + 1)?).map_err(Failure::misuse)?;
            let again = options.iter().any(|(known, _)| *known == number);
            if again && !repeatable(number) {
                return Err(Failure::misuse("an option twice that may stand once"));
            }
            options.push((number, value));
        }
        self.context(chassis)?.options = options;
        Done::ok(15)
    }

    fn configure(&mut self, chassis: &Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[1, 2])?;
        let name = arguments.text(0)?;
        let place = match name {
            "Showra" => &mut self.show_sender,
            "Showrspopt" => &mut self.show_options,
            _ => return Err(Failure::misuse("an unknown setting")),
        };
        if arguments.len() == 1 {
            let head = chassis.head("QCOAPCFG");
            return Done::line(format!("{head}\"{name}\",{}", u8::from(*place)));
        }
        *place = arguments.number(1, 0..=1)? == 1;
        Done::ok(15)
    }

    fn send(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[4])?;
        let kind = match arguments.number(0, 0..=3)? {
            0 => MessageType::Confirmable,
            1 => MessageType::NonConfirmable,
            2 => MessageType::Acknowledgement,
            _ => MessageType::Reset,
        };
        let code = arguments.number(1, 0..=505)?;
        if !CODES.contains(&code) && !(1..=4).contains(&code) {
            return Err(Failure::misuse("a code that is not in the list"));
        }
        if !fits(kind, code) {
            return Err(Failure::misuse("a code that its type cannot carry"));
        }
        let code = u8::try_from(code / 100 * 32 + code % 100);
        let code = code.map_err(|_| Failure::misuse("a number out of range"))?;
        let address = arguments.word(2)?.parse();
        let address = address.map_err(|_| Failure::misuse("a host that is not an address"))?;
        let to = SocketAddr::new(address, arguments.short(3, 1..=65535)?);

        let (one_peer, one_message) = (chassis.quirks.one_peer, chassis.quirks.one_at_a_time);
        let context = self.context(chassis)?;
        if context.unasked && matches!(kind, MessageType::Confirmable | MessageType::NonConfirmable)
        {
            return Err(Failure::misuse(
                "a message before the status of the last one was asked for",
            ));
        }
        let elsewhere = context.peer.is_some_and(|peer| peer != to);
        if (one_peer && elsewhere) || (one_message && context.agent.is_waiting()) {
            return Err(not_allowed(chassis));
        }
        if !chassis.settings.registered {
            return Err(no_network(chassis));
        }
        let sending = Sending { kind, code, to };
        if chassis.quirks.prompt_missing && matches!(code, 1 | 4) {
            self.depart(chassis, &sending, Vec::new());
            return Done::ok(SENDING_TIME);
        }
        let prompt = Prompt::new(sending, Until::CtrlZ).text(b"\r\n>").editing();
        Ok(Done::Prompt(prompt))
    }

    /// The payload is complete, or the host has cancelled it.
    pub(super) fn typed(
        &mut self,
        chassis: &mut Chassis,
        sending: &Sending,
        typed: &[u8],
        cancelled: bool,
    ) -> Answer {
        if cancelled {
            return match chassis.quirks.cancel_is_error {
                true => Err(Failure::state().plain()),
                false => Done::ok(5),
            };
        }
        let taken = chassis.quirks.payload;
        let context = self.context(chassis)?;
        let format = context.options.iter().find(|(number, _)| *number == 12);
        let text = format.is_some_and(|(_, value)| matches!(uint(value), 0 | 41 | 50));
        let mut payload = if text || taken == PayloadTaken::Raw {
            typed.to_vec()
        } else {
            unhex(typed).ok_or(Failure::misuse("a payload that is not hex"))?
        };
        if payload.len() > LONGEST_PAYLOAD {
            chassis.note("a payload that is too long");
            payload.truncate(LONGEST_PAYLOAD);
        }
        self.depart(chassis, sending, payload);
        Done::ok(SENDING_TIME)
    }

    /// The datagram goes a moment after the OK, so that no answer, however quick, comes before it.
    fn depart(&mut self, chassis: &mut Chassis, sending: &Sending, payload: Vec<u8>) {
        let (options_kept, head_kept) = (chassis.quirks.options_kept, chassis.quirks.head_kept);
        let Some(context) = &mut self.context else {
            return;
        };
        let (head, options) = (context.head.clone(), context.options.clone());
        if !head_kept {
            context.head = None;
        }
        if !options_kept {
            context.options.clear();
        }
        // Without a head: an id of the module's, and no token (note of 2.4).
        let id = head.as_ref().and_then(|head| head.id);
        let message = Message {
            kind: sending.kind,
            code: sending.code,
            id: id.unwrap_or_else(|| 0xF000 | context.agent.next_id()),
            token: head.map_or_else(Vec::new, |head| head.token),
            options,
            payload,
        };
        context.peer = Some(sending.to);
        if sending.kind == MessageType::Confirmable {
            context.status = Status::Waiting;
            context.unasked = true;
        }
        context
            .agent
            .send_in(chassis, SENDING_TIME + 1, sending.to, message);
    }
}

/// RFC 7252, section 4.3, table 1.
const fn fits(kind: MessageType, code: u32) -> bool {
    match kind {
        MessageType::Confirmable => true,
        MessageType::NonConfirmable => code != 0,
        MessageType::Acknowledgement => code == 0 || code > 200,
        MessageType::Reset => code == 0,
    }
}
