//! The CoAP lines that tell the host: chapter 3.4 of the document, and the result lines of opening and closing.

use coap_lite::Packet;

use super::options::{hex, show};
use super::{OptionsShown, SimBg96};
use crate::sim::Network;

impl<N: Network> SimBg96<N> {
    /// Name, colon and perhaps a blank.
    pub(super) fn head(&self, name: &str) -> String {
        let blank = if self.quirks.blank_after_colon {
            " "
        } else {
            ""
        };
        format!("+{name}:{blank}")
    }

    pub(super) fn shown(&self, result: i8) -> i8 {
        if self.quirks.positive_results {
            result.abs()
        } else {
            result
        }
    }

    pub(super) fn say_result(&mut self, name: &str, number: u8, result: i8) {
        let line = format!("{}{number},{}", self.head(name), self.shown(result));
        self.urc(&line);
    }

    pub(super) fn say_ack(&mut self, number: u8, kind: u8, id: u16, result: i8) {
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

    pub(super) fn say_received(&mut self, number: u8, packet: &Packet) {
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
