//! Percent-encoding (RFC 3986 section 2.1) and which characters do without it (sections 2.2, 2.3 and 3).

use super::UriError;

/// Letters, digits, `-._~` ("unreserved") and `!$&'()*+,;=` ("sub-delims"): what a host name may have.
pub(super) const fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' // unreserved
                | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        )
}

/// What a path segment may have; the slash stands between segments.
pub(super) const fn in_segment(byte: u8) -> bool {
    in_name(byte) || matches!(byte, b':' | b'@')
}

/// What a whole path may have.
pub(super) const fn in_path(byte: u8) -> bool {
    in_segment(byte) || byte == b'/'
}

/// What a whole query may have.
pub(super) const fn in_query(byte: u8) -> bool {
    in_path(byte) || byte == b'?'
}

/// What an argument of a query may have: `&` stands between arguments (RFC 7252 section 6.5, step 7).
pub(super) const fn in_argument(byte: u8) -> bool {
    in_query(byte) && byte != b'&'
}

/// Whether a raw piece has only good escapes and allowed characters.
pub(super) fn check(raw: &str, allowed: impl Fn(u8) -> bool) -> Result<(), UriError> {
    decoded_len(raw).ok_or(UriError::Escape)?;
    if raw.bytes().all(|byte| byte == b'%' || allowed(byte)) {
        Ok(())
    } else {
        Err(UriError::Character)
    }
}

/// How many bytes a raw piece has when decoded; `None` if an escape is bad.
pub(in crate::message) fn decoded_len(raw: &str) -> Option<usize> {
    let mut bytes = raw.bytes();
    let mut len = 0;
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            hex_digit(bytes.next()?)?;
            hex_digit(bytes.next()?)?;
        }
        len += 1;
    }
    Some(len)
}

/// The bytes of a raw piece, whose escapes must be good; if `lowercase`, what is not an escape is put into lower case
/// (RFC 7252 section 6.4, step 5: first the case, then the escapes).
pub(in crate::message) fn decode(raw: &str, lowercase: bool) -> impl Iterator<Item = u8> {
    let mut bytes = raw.bytes();
    core::iter::from_fn(move || {
        let byte = bytes.next()?;
        if byte == b'%' {
            let high = hex_digit(bytes.next()?)?;
            return Some(high << 4 | hex_digit(bytes.next()?)?);
        }
        Some(if lowercase {
            byte.to_ascii_lowercase()
        } else {
            byte
        })
    })
}

/// Writes bytes, escaping what is not allowed with capital digits (RFC 3986 section 2.1).
pub(super) fn encode(bytes: &[u8], allowed: impl Fn(u8) -> bool, sink: &mut dyn FnMut(u8)) {
    for &byte in bytes {
        if allowed(byte) {
            sink(byte);
        } else {
            sink(b'%');
            sink(to_hex_digit(byte >> 4, b'A'));
            sink(to_hex_digit(byte & 15, b'A'));
        }
    }
}

/// The value of a hexadecimal digit.
pub(super) const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The hexadecimal digit of a value below 16; `ten` is the letter for ten.
pub(super) const fn to_hex_digit(value: u8, ten: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        ten.wrapping_add(value - 10)
    }
}
