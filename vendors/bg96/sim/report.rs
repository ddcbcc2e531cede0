//! The CoAP lines that tell the host: chapter 3.4 of the document, and the result lines of opening and closing.

use super::options::show;
use super::{Chassis, OptionsShown};
use crate::sim::module::agent::Message;
use crate::sim::module::hex;

/// Name, colon and perhaps a blank.
pub(super) fn head(chassis: &Chassis, name: &str) -> String {
    let blank = if chassis.quirks.blank_after_colon {
        " "
    } else {
        ""
    };
    format!("+{name}:{blank}")
}

fn shown(chassis: &Chassis, result: i8) -> i8 {
    if chassis.quirks.positive_results {
        result.abs()
    } else {
        result
    }
}

/// A line that ends in a result; where the quirk wants it, first with "in processing".
fn say_with_result(chassis: &mut Chassis, line: &str, result: i8) {
    if chassis.quirks.processing_first {
        let processing = shown(chassis, super::coap::result::PROCESSING);
        chassis.urc(format!("{line},{processing}"));
    }
    let result = shown(chassis, result);
    chassis.urc(format!("{line},{result}"));
}

pub(super) fn say_result(chassis: &mut Chassis, name: &str, number: u8, result: i8) {
    if !chassis.quirks.results_get_lost {
        let line = format!("{}{number}", head(chassis, name));
        say_with_result(chassis, &line, result);
    }
}

pub(super) fn say_ack(chassis: &mut Chassis, number: u8, kind: u8, id: u16, result: i8) {
    let name = if chassis.quirks.ack_name_without_q {
        "COAPACK"
    } else {
        "QCOAPACK"
    };
    let line = format!("{}{number},{kind},{id}", head(chassis, name));
    say_with_result(chassis, &line, result);
}

pub(super) fn say_repeated(chassis: &mut Chassis, number: u8, id: u16, times: u8, result: i8) {
    let result = shown(chassis, result);
    let line = format!(
        "{}{number},0,{id},{times},{result}",
        head(chassis, "QCOAPIND")
    );
    chassis.urc(line);
}

pub(super) fn say_received(chassis: &mut Chassis, number: u8, message: &Message) {
    let mut line = format!(
        "{}{number},{},{},{},{},{}",
        head(chassis, "QCOAPRECV"),
        message.id,
        message.code_text(),
        message.token.len(),
        hex(&message.token),
        message.options.len()
    )
    .into_bytes();
    for (option, value) in &message.options {
        let value = show(*option, value);
        let before = match chassis.quirks.options_shown {
            OptionsShown::Pairs => format!(",{option},\""),
            OptionsShown::Joined => format!(",\"{option},"),
            OptionsShown::None => continue,
        };
        line.extend_from_slice(before.as_bytes());
        line.extend_from_slice(&value);
        line.push(b'"');
    }
    line.extend_from_slice(format!(",{}", message.payload.len()).as_bytes());
    if !message.payload.is_empty() || chassis.quirks.empty_payload_line {
        line.extend_from_slice(b"\r\n");
        line.extend_from_slice(&message.payload);
    }
    chassis.urc(&line);
}
