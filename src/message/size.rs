//! How large a message will be, before it is built (RFC 7252 sections 3 and 3.1).

use super::Number;

/// How many bytes an option takes, header and value, after an option with the number `previous` (zero for the first).
///
/// A value longer than [`MAX_OPTION_LEN`](super::MAX_OPTION_LEN) and a number smaller than `previous` are counted too, the
/// latter like the same number again; but no [`Builder`](super::Builder) takes them. No sum overflows: the largest size
/// is `usize::MAX`.
pub const fn option_size(previous: Number, number: Number, value_len: usize) -> usize {
    let delta = number.0.saturating_sub(previous.0);
    (1 + extension_len(delta as usize) + extension_len(value_len)).saturating_add(value_len)
}

/// The size of a message before it is built, counted piece by piece in the order in which it will be built; so the size
/// of a buffer can be a constant.
///
/// ```
/// use coap_modem::message::{Number, Size};
///
/// const PLACE: usize = Size::new(4).option(Number::URI_PATH, "sensors".len()).payload(64).bytes();
/// assert_eq!(PLACE, 4 + 4 + 1 + 7 + 1 + 64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Size {
    bytes: usize,
    last: Number,
}

impl Size {
    /// The header and a token of so many bytes.
    pub const fn new(token_len: usize) -> Self {
        Self {
            bytes: token_len.saturating_add(4),
            last: Number(0),
        }
    }

    /// And an option with a value of so many bytes.
    pub const fn option(self, number: Number, value_len: usize) -> Self {
        Self {
            bytes: self
                .bytes
                .saturating_add(option_size(self.last, number, value_len)),
            last: number,
        }
    }

    /// And a payload of so many bytes, with its marker if there are any.
    pub const fn payload(self, len: usize) -> Self {
        Self {
            bytes: match len {
                0 => self.bytes,
                _ => self.bytes.saturating_add(len.saturating_add(1)),
            },
            ..self
        }
    }

    /// The sum.
    pub const fn bytes(self) -> usize {
        self.bytes
    }
}

/// How many bytes a delta or length needs besides its nibble (RFC 7252 section 3.1).
pub(super) const fn extension_len(value: usize) -> usize {
    match value {
        0..13 => 0,
        13..269 => 1,
        _ => 2,
    }
}
