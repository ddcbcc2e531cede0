//! Bytes as readable text and back.

use nom::branch::alt;
use nom::bytes::complete::take_while_m_n;
use nom::character::complete::{anychar, char};
use nom::combinator::{map_opt, value};
use nom::multi::many0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

/// Bytes as a transcript's `>` and `<` lines have them: printable ASCII stands for itself, the rest is escaped, and so
/// is a blank at either end.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let last = bytes.len().saturating_sub(1);
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b' ' && (at == 0 || at == last) {
            text.push_str("\\x20");
        } else {
            push(&mut text, byte);
        }
    }
    text
}

/// Bytes between quotes, with the quotes inside escaped.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in bytes {
        if byte == b'"' {
            text.push('\\');
        }
        push(&mut text, byte);
    }
    text.push('"');
    text
}

/// Bytes as upper-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn push(text: &mut String, byte: u8) {
    match byte {
        b'\r' => text.push_str("\\r"),
        b'\n' => text.push_str("\\n"),
        b'\t' => text.push_str("\\t"),
        b'\\' => text.push_str("\\\\"),
        b' '..=b'~' => text.push(char::from(byte)),
        _ => text.push_str(&format!("\\x{byte:02X}")),
    }
}

/// As many bytes as can be read; what is left over is wrong.
pub(super) fn bytes(input: &str) -> IResult<&str, Vec<u8>> {
    many0(alt((escape, plain))).parse(input)
}

/// Bytes between quotes.
pub(super) fn in_quotes(input: &str) -> IResult<&str, Vec<u8>> {
    let inside = many0(alt((escape, unquoted)));
    delimited(char('"'), inside, char('"')).parse(input)
}

/// Pairs of hexadecimal digits.
pub(super) fn in_hex(input: &str) -> IResult<&str, Vec<u8>> {
    many0(pair).parse(input)
}

fn escape(input: &str) -> IResult<&str, u8> {
    preceded(
        char('\\'),
        alt((
            value(b'\r', char('r')),
            value(b'\n', char('n')),
            value(b'\t', char('t')),
            value(b'\\', char('\\')),
            value(b'"', char('"')),
            preceded(char('x'), pair),
        )),
    )
    .parse(input)
}

fn pair(input: &str) -> IResult<&str, u8> {
    let digits = take_while_m_n(2, 2, |c: char| c.is_ascii_hexdigit());
    map_opt(digits, |text| u8::from_str_radix(text, 16).ok()).parse(input)
}

fn plain(input: &str) -> IResult<&str, u8> {
    map_opt(anychar, |c| match c {
        '\\' => None,
        ' '..='~' => u8::try_from(c).ok(),
        _ => None,
    })
    .parse(input)
}

fn unquoted(input: &str) -> IResult<&str, u8> {
    map_opt(plain, |byte| (byte != b'"').then_some(byte)).parse(input)
}
