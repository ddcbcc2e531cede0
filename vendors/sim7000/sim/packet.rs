//! The receive queue: announced, asked for, read (sections 3.4 to 3.6 of the document).

use coap_lite::MessageType;

use super::{Answer, Chassis, EmptyRead, RawHead, Sim7000Firmware, TokenShown};
use crate::sim::grammar::Form;
use crate::sim::module::agent::Message;
use crate::sim::module::{Arguments, Done, Failure, hex};

impl Sim7000Firmware {
    /// A packet has come.
    pub(super) fn receive(&mut self, chassis: &mut Chassis, message: Message) {
        let quirks = &chassis.quirks;
        let (depth, sizes) = (quirks.depth, !quirks.announcement_without_sizes);
        let name = match quirks.short_announcement {
            true => "CCOAPRCV",
            false => "CCOAPRECV",
        };
        let Some(object) = &mut self.object else {
            return;
        };
        if let (true, Some(first)) = (object.queue.len() >= depth, object.queue.front()) {
            let line = format!("{}1,{}", chassis.head("CCOAPACTION"), first.id);
            chassis.urc(line);
            return;
        }
        let mut line = format!("{}{}", chassis.head(name), message.id);
        if sizes {
            let size = message.to_bytes().len();
            line += &format!(",{size},{}", message.payload.len());
        }
        object.queue.push_back(message);
        chassis.urc(line);
    }

    pub(super) fn ask_queue(&mut self, chassis: &Chassis) -> Answer {
        let object = self.object()?;
        let first = object.queue.front().map_or(0, |message| message.id);
        let head = chassis.head("CCOAPACTION");
        Done::line(format!("{head}4,{},{first}", object.queue.len()))
    }

    pub(super) fn clear_queue(&mut self) -> Answer {
        self.object()?.queue.clear();
        Done::ok(10)
    }

    pub(super) fn packet(&mut self, chassis: &Chassis, name: &str, form: &Form) -> Answer {
        let arguments = match form {
            // The document has the two exchanged.
            Form::Test if name == "CCOAPHEAD" => {
                return Done::line(
                    chassis.head("CCOAPREAD") + "<mid>,((0-printconvert),(1-print raw))",
                );
            }
            Form::Test => return Done::line(chassis.head("CCOAPHEAD") + "<mid>"),
            Form::Write(arguments) => Arguments(arguments),
            _ => return Err(Failure::form()),
        };
        let id = arguments.short(0, 0..=u16::MAX)?;
        let convert = match name {
            "CCOAPHEAD" => {
                arguments.count(&[2])?;
                Some(arguments.number(1, 0..=1)?)
            }
            _ => {
                arguments.count(&[1])?;
                None
            }
        };
        let object = self.object()?;
        let place = object.queue.iter().position(|message| message.id == id);
        let place = place.ok_or(Failure::state())?;
        let message = object.queue.get(place).ok_or(Failure::state())?;
        match convert {
            Some(0) => return raw_head(chassis, message),
            Some(_) => return parsed_head(chassis, message),
            None => {}
        }
        let answer = payload(chassis, message);
        if !chassis.quirks.read_keeps {
            object.queue.remove(place);
        }
        answer
    }
}

/// A line with data in it, and OK.
fn counted(head: String, data: &[u8]) -> Answer {
    let mut bytes = format!("\r\n{head}").into_bytes();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(b"\r\n\r\nOK\r\n");
    Ok(Done::Raw { bytes, after: 10 })
}

/// Everything up to the payload.
fn raw_head(chassis: &Chassis, message: &Message) -> Answer {
    let mut bytes = message.to_bytes();
    let payload = message.payload.len();
    let marker = usize::from(payload > 0 && !chassis.quirks.head_with_marker);
    bytes.truncate(bytes.len() - payload - marker);
    let head = format!("{}0,{},", chassis.head("CCOAPHEAD"), bytes.len());
    match chassis.quirks.raw_head {
        RawHead::Bytes => counted(head, &bytes),
        RawHead::Hex => counted(head, hex(&bytes).as_bytes()),
        RawHead::Text => {
            let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            counted(head, text)
        }
        RawHead::Refused => Err(Failure::state()),
    }
}

/// The 24 fields.
fn parsed_head(chassis: &Chassis, message: &Message) -> Answer {
    let numbers = |number: u16| -> Vec<u8> {
        let found = message.options.iter().find(|(known, _)| *known == number);
        found.map_or_else(Vec::new, |(_, value)| {
            let value = value
                .iter()
                .fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
            value.to_string().into_bytes()
        })
    };
    let texts = |number: u16, between: &[u8]| -> Vec<u8> {
        let found = message.options.iter().filter(|(known, _)| *known == number);
        let values: Vec<&[u8]> = found.map(|(_, value)| value.as_slice()).collect();
        values.join(between)
    };
    let digits = |number: u16| hex(&texts(number, b"")).into_bytes();
    let kind = match message.kind {
        MessageType::Confirmable => "0",
        MessageType::NonConfirmable => "1",
        MessageType::Acknowledgement => "2",
        MessageType::Reset => "3",
    };
    let if_none_match = message.options.iter().any(|(number, _)| *number == 5);
    let token = match chassis.quirks.token_shown {
        TokenShown::Hex => hex(&message.token).into_bytes(),
        TokenShown::Bytes => message.token.clone(),
        TokenShown::No => Vec::new(),
    };
    let size = match numbers(28) {
        none if none.is_empty() => numbers(60),
        size => size,
    };
    let fields: Vec<Vec<u8>> = vec![
        b"1".to_vec(),
        b"1".to_vec(),
        kind.into(),
        message.token.len().to_string().into(),
        message.code_text().into(),
        message.id.to_string().into(),
        token,
        numbers(12),
        numbers(14),
        digits(4),
        numbers(17),
        digits(1),
        u8::from(if_none_match).to_string().into(),
        texts(3, b""),
        numbers(7),
        texts(11, b"/"),
        texts(15, b"&"),
        texts(8, b"/"),
        texts(20, b"&"),
        texts(35, b""),
        numbers(6),
        numbers(23),
        numbers(27),
        size,
    ];
    let shown = fields.get(..chassis.quirks.head_fields).unwrap_or(&fields);
    counted(chassis.head("CCOAPHEAD"), &shown.join(&b','))
}

fn payload(chassis: &Chassis, message: &Message) -> Answer {
    let quirks = &chassis.quirks;
    let head = chassis.head("CCOAPREAD");
    if message.payload.is_empty() {
        return match quirks.empty_read {
            EmptyRead::Zero => counted(head + "0,", b""),
            EmptyRead::Bare => counted(head + "0", b""),
            EmptyRead::Nothing => Done::ok(10),
            EmptyRead::Refused => Err(Failure::state()),
        };
    }
    let length = message
        .payload
        .len()
        .saturating_add_signed(quirks.read_length_off.into());
    let head = format!("{head}{length},");
    match quirks.read_in_hex {
        true => counted(head, hex(&message.payload).as_bytes()),
        false => counted(head, &message.payload),
    }
}
