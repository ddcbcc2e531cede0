//! Addresses in text: RFC 3986 section 3.2.2 to read them, RFC 5952 to write them.
//!
//! Not `core::net`, whose parsers and `Display` would bring the machinery of `core::fmt` into firmware.

use super::Pieces;
use super::escape::{hex_digit, to_hex_digit};

/// Four decimal numbers without leading zeros.
pub(super) fn parse_ip4(text: &str) -> Option<[u8; 4]> {
    let mut address = [0; 4];
    let mut parts = split(text, b'.');
    for byte in &mut address {
        *byte = parse_byte(parts.next()?)?;
    }
    parts.next().is_none().then_some(address)
}

fn split(text: &str, separator: u8) -> Pieces<'_> {
    Pieces {
        rest: Some(text),
        separator,
    }
}

fn parse_byte(text: &str) -> Option<u8> {
    if text.is_empty() || (text.len() > 1 && text.starts_with("0")) {
        return None;
    }
    let mut number: u8 = 0;
    for byte in text.bytes() {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    Some(number)
}

/// Eight groups, of which one run of zeros may be `::` and the last two may be an IPv4 address. No zone.
pub(super) fn parse(text: &str) -> Option<[u8; 16]> {
    let Some(gap) = text.as_bytes().windows(2).position(|pair| pair == b"::") else {
        let (groups, count) = parse_groups(text, true)?;
        return (count == 8).then(|| to_bytes(groups));
    };
    let (before, after) = (text.get(..gap)?, text.get(gap + 2..)?);
    let (mut groups, front) = parse_groups(before, false)?;
    let (tail, back) = parse_groups(after, true)?;
    // RFC 4291 lets `::` stand for one group, but not for none.
    if front + back > 7 {
        return None;
    }
    for (to, from) in groups.iter_mut().skip(8 - back).zip(tail) {
        *to = from;
    }
    Some(to_bytes(groups))
}

/// Groups between colons, and how many there are; the last may be an IPv4 address if `mixed`. No text, no groups.
fn parse_groups(text: &str, mixed: bool) -> Option<([u16; 8], usize)> {
    let mut groups = [0; 8];
    let mut count = 0;
    if text.is_empty() {
        return Some((groups, 0));
    }
    let mut parts = split(text, b':').peekable();
    while let Some(part) = parts.next() {
        if mixed
            && parts.peek().is_none()
            && let Some([a, b, c, d]) = parse_ip4(part)
        {
            *groups.get_mut(count)? = u16::from_be_bytes([a, b]);
            *groups.get_mut(count + 1)? = u16::from_be_bytes([c, d]);
            return Some((groups, count + 2));
        }
        *groups.get_mut(count)? = parse_group(part)?;
        count += 1;
    }
    Some((groups, count))
}

/// One to four hexadecimal digits.
fn parse_group(text: &str) -> Option<u16> {
    if text.is_empty() || text.len() > 4 {
        return None;
    }
    text.bytes().try_fold(0, |group, byte| {
        Some(group << 4 | u16::from(hex_digit(byte)?))
    })
}

fn to_bytes(groups: [u16; 8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (to, group) in bytes.chunks_exact_mut(2).zip(groups) {
        to.copy_from_slice(&group.to_be_bytes());
    }
    bytes
}

/// Decimal numbers with dots.
pub(super) fn write_ip4(address: [u8; 4], sink: &mut dyn FnMut(u8)) {
    for (index, byte) in address.into_iter().enumerate() {
        if index > 0 {
            sink(b'.');
        }
        write_decimal(byte.into(), sink);
    }
}

/// The canonical form: lower case, no leading zeros, the longest run of zero groups (the first of equals, two or more)
/// as `::` (RFC 5952 section 4).
pub(super) fn write(address: [u8; 16], sink: &mut dyn FnMut(u8)) {
    let mut groups = [0_u16; 8];
    for (group, &[high, low]) in groups.iter_mut().zip(address.as_chunks().0) {
        *group = u16::from_be_bytes([high, low]);
    }
    let (skip_from, skip_len) = longest_zeros(&groups);
    for (index, &group) in groups.iter().enumerate() {
        if skip_len > 1 && index >= skip_from && index < skip_from + skip_len {
            if index == skip_from {
                sink(b':');
                sink(b':');
            }
            continue;
        }
        if index > 0 && !(skip_len > 1 && index == skip_from + skip_len) {
            sink(b':');
        }
        write_group(group, sink);
    }
}

/// Where the longest run of zero groups begins, and its length.
fn longest_zeros(groups: &[u16; 8]) -> (usize, usize) {
    let mut best = (0, 0);
    let mut run = (0, 0);
    for (index, &group) in groups.iter().enumerate() {
        run = if group == 0 {
            (run.0, run.1 + 1)
        } else {
            (index + 1, 0)
        };
        if run.1 > best.1 {
            best = run;
        }
    }
    best
}

fn write_group(group: u16, sink: &mut dyn FnMut(u8)) {
    let mut begun = false;
    for shift in [12, 8, 4, 0] {
        let digit = (group >> shift & 15) as u8;
        begun |= digit != 0 || shift == 0;
        if begun {
            sink(to_hex_digit(digit, b'a'));
        }
    }
}

/// A number in decimal, by subtraction: a target without a divider would get a library routine for `/`.
pub(super) fn write_decimal(number: u16, sink: &mut dyn FnMut(u8)) {
    let mut rest = number;
    let mut begun = false;
    for unit in [10_000, 1000, 100, 10, 1] {
        let mut digit = b'0';
        while rest >= unit {
            rest -= unit;
            digit += 1;
        }
        begun |= digit != b'0' || unit == 1;
        if begun {
            sink(digit);
        }
    }
}
