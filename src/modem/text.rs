//! Pieces of messages as modems print them: codes and option values.
//!
//! Printed numbers are decimal, text stands as it is, everything else is hexadecimal without anything between the bytes. What a
//! firmware prints otherwise is its dialect's business.

use crate::at::line;
use crate::message::{Builder, Code, Format, Number};

/// `c.dd`, the RFC's way of writing a code (RFC 7252, section 3).
pub fn code(text: &[u8]) -> Option<Code> {
    let (class, detail) = text.split_at_checked(1)?;
    let class = u8::try_from(line::number(class)?)
        .ok()
        .filter(|class| *class < 8)?;
    let detail = u8::try_from(line::number(detail.strip_prefix(b".")?)?)
        .ok()
        .filter(|detail| *detail < 32)?;
    Some(Code::new(class, detail))
}

/// Appends an option whose value is printed by its number's format.
///
/// # Errors
/// The number, if the value cannot be read, or does not fit.
pub fn option(builder: &mut Builder<'_>, number: Number, value: &[u8]) -> Result<(), Number> {
    let mut bytes = [0; 32];
    let written = match number.format() {
        Format::Uint => builder.uint(number, line::number(value).ok_or(number)?),
        Format::Text => builder.option(number, value),
        Format::Empty => builder.option(number, &[]),
        Format::Opaque => builder.option(number, line::unhex(value, &mut bytes).ok_or(number)?),
    };
    written.map_err(|_| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Kind, View};

    #[test]
    fn a_code_is_a_digit_and_two_with_a_dot_between() {
        assert_eq!(code(b"2.05"), Some(Code::CONTENT));
        assert_eq!(code(b"0.01"), Some(Code::GET));
        assert_eq!(code(b"7.31"), Some(Code::new(7, 31)));
        for wrong in [
            &b""[..],
            b"2",
            b"2.",
            b"205",
            b"8.00",
            b"2.32",
            b"2,05",
            b"2.0x",
            b"-2.05",
            b"\xC3\xA4.05",
        ] {
            assert_eq!(code(wrong), None, "{wrong:?}");
        }
    }

    /// What the options of a message become that is built of these.
    fn built(options: &[(Number, &[u8])]) -> Vec<(u16, Vec<u8>)> {
        let mut space = [0; 400];
        let mut builder =
            Builder::new(&mut space, Kind::NonConfirmable, Code::CONTENT, 1, &[]).unwrap();
        for (number, value) in options {
            option(&mut builder, *number, value).unwrap();
        }
        let view = View::parse(builder.finish().as_bytes()).unwrap();
        view.options()
            .map(|option| (option.number.0, option.value.to_vec()))
            .collect()
    }

    #[test]
    fn a_value_is_decimal_text_or_hexadecimal_by_its_number() {
        assert_eq!(
            built(&[
                (Number::ETAG, b"D204d5"),
                (Number::IF_NONE_MATCH, b"whatever"),
                (Number::URI_PATH, b"12"),
                (Number::CONTENT_FORMAT, b"0"),
                (Number::MAX_AGE, b"65536"),
                (Number(65000), b"00ff"),
            ]),
            [
                (4, vec![0xD2, 0x04, 0xD5]),
                (5, vec![]),
                (11, b"12".to_vec()),
                (12, vec![]),
                (14, vec![1, 0, 0]),
                (65000, vec![0, 0xFF]),
            ]
        );
    }

    #[test]
    fn a_value_that_cannot_be_read_names_its_option() {
        let mut space = [0; 40];
        let mut builder =
            Builder::new(&mut space, Kind::NonConfirmable, Code::CONTENT, 1, &[]).unwrap();
        for (number, value) in [
            (Number::ETAG, &b"D20"[..]),
            (Number::ETAG, b"text"),
            (Number::CONTENT_FORMAT, b"text/plain"),
            (Number::CONTENT_FORMAT, b""),
            (Number::OSCORE, &[b'0'; 66]),
            (Number::URI_PATH, &[b'a'; 60]),
        ] {
            assert_eq!(
                option(&mut builder, number, value),
                Err(number),
                "{value:?}"
            );
        }
        assert_eq!(builder.finish().options().count(), 0);
    }
}
