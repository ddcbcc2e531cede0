//! The lines that tell the host: chapter 3 of the note.

use std::net::SocketAddr;

use coap_lite::MessageType;

use super::coap::Status;
use super::options::{FORMATS, show, uint};
use super::quirks::DataShown;
use super::{Bc28Firmware, Chassis};
use crate::sim::module::agent::{Message, News};
use crate::sim::module::hex;

impl Bc28Firmware {
    /// The host is told what came of a message.
    pub(super) fn tell(&mut self, chassis: &mut Chassis, news: Option<News>) {
        let good = chassis.quirks.status_always_good;
        let status = match &news {
            Some(News::Sent {
                kind: MessageType::Confirmable,
                taken: false,
                ..
            }) => Some(Status::Failed),
            Some(News::GivenUp { .. }) if !good => Some(Status::TimedOut),
            Some(News::GivenUp { .. } | News::Acknowledged { .. }) => Some(Status::Success),
            Some(News::Received { ends: Some(_), .. }) => Some(Status::Success),
            Some(News::Reset { ended: true, .. }) => Some(Status::Reset),
            _ => None,
        };
        let peer = match &mut self.context {
            Some(context) => {
                context.status = status.unwrap_or(context.status);
                context.peer()
            }
            None => return,
        };
        match (news, peer) {
            (Some(News::Acknowledged { id }), Some(peer)) => {
                let ack = Message::new(MessageType::Acknowledgement, 0, id);
                self.say(chassis, peer, &ack);
            }
            (Some(News::Reset { message, .. }), Some(peer)) => self.say(chassis, peer, &message),
            (Some(News::Received { from, message, .. }), _) => self.say(chassis, from, &message),
            _ => {}
        }
    }

    fn say(&self, chassis: &mut Chassis, from: SocketAddr, message: &Message) {
        let line = self.line(chassis, from, message);
        for _ in 0..if chassis.quirks.repeats { 2 } else { 1 } {
            chassis.urc(&line);
        }
    }

    fn line(&self, chassis: &Chassis, from: SocketAddr, message: &Message) -> Vec<u8> {
        let quirks = &chassis.quirks;
        let request = message.is_request();
        let word = match request != quirks.words_swapped {
            true => "req",
            false => "rsp",
        };
        let mut line = format!("{}\"{word}\"", chassis.head("QCOAPURC"));
        line.push_str(match quirks.comma_missing && !request {
            true => " ",
            false => ",",
        });
        if self.show_sender {
            line.push_str(&format!("{},{},", from.ip(), from.port()));
        }
        if request || !quirks.type_missing {
            line.push_str(&format!("{},", message.kind as u8));
        }
        let code = match message.code {
            0 if !quirks.dotted_empty => "0".into(),
            code if request => code.to_string(),
            _ => message.code_text(),
        };
        line.push_str(&format!("{code},{}", message.id));

        // The example of a request shows its options without the setting.
        let shows = request || self.show_options;
        let all: &[(u16, Vec<u8>)] = if shows { &message.options } else { &[] };
        if request {
            let mode = u8::from(!message.token.is_empty())
                | u8::try_from(all.len() << 1).unwrap_or(0)
                | if message.payload.is_empty() { 0 } else { 0x80 };
            line.push_str(&match quirks.decimal_mode {
                true => format!(",{mode:02}"),
                false => format!(",{mode:02X}"),
            });
            if !message.token.is_empty() {
                line.push_str(&format!(",{},{}", message.token.len(), hex(&message.token)));
            }
        } else if !all.is_empty() {
            line.push_str(&format!(",{}", all.len()));
        }
        let mut line = line.into_bytes();
        let mut comma = true;
        for (number, value) in all {
            let known = u32::try_from(uint(value)).is_ok_and(|format| FORMATS.contains(&format));
            if *number == 12 && quirks.odd_formats && !known {
                continue;
            }
            let (value, comma_behind) = show(*number, value, quirks);
            line.extend_from_slice(if comma { b"," } else { b"" });
            line.extend_from_slice(format!("{number},\"").as_bytes());
            line.extend_from_slice(&value);
            line.push(b'"');
            comma = comma_behind;
        }
        if !message.payload.is_empty() {
            line.extend_from_slice(if comma { b"," } else { b"" });
            line.extend_from_slice(format!("{},", message.payload.len()).as_bytes());
            line.extend_from_slice(if quirks.blank_before_data { b" " } else { b"" });
            let format = message.options.iter().find(|(number, _)| *number == 12);
            let text = format.is_some_and(|(_, value)| matches!(uint(value), 0 | 41 | 50));
            match text && quirks.data == DataShown::ByFormat {
                true => line.extend_from_slice(&message.payload),
                false => line.extend_from_slice(hex(&message.payload).as_bytes()),
            }
        }
        line
    }
}
