//! CoAP options as the module takes and shows them: the document's table 2.

use crate::sim::grammar::Argument;
use crate::sim::module::{hex, unhex};

/// How a value is written in a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Opaque,
    Text,
    Uint,
    Empty,
}

/// Format, shortest and longest value in bytes.
const fn table(number: u32) -> Option<(Format, usize, usize)> {
    Some(match number {
        1 => (Format::Opaque, 0, 8),
        3 => (Format::Text, 1, 255),
        4 => (Format::Opaque, 1, 8),
        5 => (Format::Empty, 0, 0),
        7 | 12 | 17 => (Format::Uint, 0, 2),
        8 | 11 | 15 | 20 => (Format::Text, 0, 255),
        14 | 60 => (Format::Uint, 0, 4),
        35 => (Format::Text, 1, 1034),
        39 => (Format::Text, 1, 255),
        _ => return None,
    })
}

/// Whether a message may hold the option more than once (RFC 7252, section 5.10, table 4).
pub(super) const fn repeatable(number: u16) -> bool {
    matches!(number, 1 | 4 | 8 | 11 | 15 | 20)
}

/// The bytes of an option as a command writes it, or why not.
pub(super) fn read(number: u32, value: &Argument, more: bool) -> Result<Vec<u8>, &'static str> {
    let known = table(number).or(match number {
        6 | 23 | 27 if more => Some((Format::Uint, 0, 3)),
        28 if more => Some((Format::Uint, 0, 4)),
        _ => None,
    });
    let Some((format, shortest, longest)) = known else {
        return Err("an option number that is not in the table");
    };
    let bytes = match (format, value) {
        (Format::Text, Argument::Text(text)) => text.clone(),
        (Format::Uint, Argument::Number(number)) => {
            let bytes = number.to_be_bytes().into_iter();
            bytes.skip_while(|byte| *byte == 0).collect()
        }
        (Format::Opaque, Argument::Text(digits)) => {
            unhex(digits).ok_or("an opaque option that is not hex")?
        }
        (Format::Empty, Argument::Text(text)) => text.clone(),
        (Format::Uint, _) => return Err("an integer option that is not a bare number"),
        (_, _) => return Err("an option value without quotes"),
    };
    if (shortest..=longest).contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err("an option value of a length that is not in the table")
    }
}

/// An option's value as text for `+QCOAPRECV`.
pub(super) fn show(number: u16, value: &[u8]) -> Vec<u8> {
    let uint = matches!(number, 6 | 23 | 27 | 28);
    match table(number.into()) {
        Some((Format::Text, ..)) => value.to_vec(),
        Some((Format::Uint, ..)) => decimal(value),
        None if uint => decimal(value),
        _ => hex(value).into_bytes(),
    }
}

fn decimal(value: &[u8]) -> Vec<u8> {
    let number = value
        .iter()
        .fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    number.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Argument {
        Argument::Text(text.into())
    }

    #[test]
    fn values_are_read_in_the_format_and_length_of_the_table() {
        assert_eq!(read(11, &text("19"), false), Ok(b"19".to_vec()));
        assert_eq!(read(12, &Argument::Number(0), false), Ok(vec![]));
        assert_eq!(read(12, &Argument::Number(300), false), Ok(vec![1, 44]));
        assert_eq!(read(4, &text("a1B2"), false), Ok(vec![0xA1, 0xB2]));
        assert_eq!(read(5, &text(""), false), Ok(vec![]));
        assert_eq!(read(6, &Argument::Number(0), true), Ok(vec![]));
    }

    #[test]
    fn values_outside_of_the_table_are_refused() {
        for (number, value) in [
            (11, Argument::Number(19)),
            (12, text("40")),
            (12, Argument::Number(65536)),
            (4, text("")),
            (4, text("A")),
            (4, text("XY")),
            (4, text("001122334455667788")),
            (5, text("x")),
            (5, Argument::Omitted),
            (3, text("")),
            (11, text(&"x".repeat(256))),
            (6, Argument::Number(0)),
            (2, text("")),
        ] {
            assert!(read(number, &value, false).is_err(), "{number} {value:?}");
        }
    }
}
