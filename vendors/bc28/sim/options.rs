//! CoAP options as the module takes and shows them: the list of 2.5.

use super::quirks::Own;
use crate::sim::module::hex;

/// How a value is written between its quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// As it is.
    Text,
    /// Bytes, as they are.
    Opaque,
    /// In decimal.
    Uint,
}

/// Format, shortest and longest value in bytes (RFC 7252, section 5.10; RFC 7641; RFC 7959).
const fn table(number: u16) -> Option<(Format, usize, usize)> {
    Some(match number {
        1 => (Format::Opaque, 0, 8),
        3 | 39 => (Format::Text, 1, 255),
        4 => (Format::Opaque, 1, 8),
        6 | 23 | 27 => (Format::Uint, 0, 3),
        7 | 12 | 17 => (Format::Uint, 0, 2),
        8 | 11 | 15 | 20 => (Format::Text, 0, 255),
        14 | 28 | 60 => (Format::Uint, 0, 4),
        35 => (Format::Text, 1, 1034),
        _ => return None,
    })
}

/// The formats of 2.5.
pub(super) const FORMATS: [u32; 6] = [0, 40, 41, 42, 47, 50];

/// Whether a message may hold the option more than once (RFC 7252, section 5.10, table 4).
pub(super) const fn repeatable(number: u16) -> bool {
    matches!(number, 1 | 4 | 8 | 11 | 15 | 20)
}

/// The bytes of an option as a command writes it, or why not.
pub(super) fn read(number: u16, value: &[u8]) -> Result<Vec<u8>, &'static str> {
    if !(1..=180).contains(&value.len()) {
        return Err("an option value that is empty or too long");
    }
    // If-None-Match is in the list, but has no value.
    let Some((format, shortest, longest)) = table(number) else {
        return Err("an option number that cannot be written");
    };
    let bytes = match format {
        Format::Text | Format::Opaque => value.to_vec(),
        Format::Uint => {
            let text = std::str::from_utf8(value).unwrap_or_default();
            let plain = text == "0" || !text.starts_with('0');
            let parsed: Option<u32> = text.parse().ok().filter(|_| plain);
            let parsed = parsed.ok_or("an integer option that is not a plain number")?;
            if matches!(number, 12 | 17) && !FORMATS.contains(&parsed) {
                return Err("a format that is not in the list");
            }
            let bytes = parsed.to_be_bytes().into_iter();
            bytes.skip_while(|byte| *byte == 0).collect()
        }
    };
    if (shortest..=longest).contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err("an option value of a length that its definition does not allow")
    }
}

/// The number that a value is.
pub(super) fn uint(value: &[u8]) -> u64 {
    value
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// An option's value as it stands between its quotes in a line, and whether the comma behind it comes.
pub(super) fn show(number: u16, value: &[u8], quirks: &Own) -> (Vec<u8>, bool) {
    if matches!(number, 23 | 27) && quirks.odd_blocks {
        let block = uint(value);
        let more = if block & 8 != 0 { 'M' } else { '_' };
        let text = format!("{}/{more}/{}", block >> 4, 16 << (block & 7));
        return (text.into_bytes(), false);
    }
    let bytes = match table(number) {
        Some((Format::Text, ..)) => value.to_vec(),
        Some((Format::Uint, ..)) => uint(value).to_string().into_bytes(),
        _ if quirks.opaque_as_it_is => value.to_vec(),
        _ => hex(value).into_bytes(),
    };
    (bytes, true)
}
