//! The token that ties a response to its request (RFC 7252 section 5.3.1).

use core::fmt;

/// Zero to eight opaque bytes (RFC 7252 section 3), owned.
///
/// An array and a length rather than a `heapless::Vec`, because a token is a value that every exchange copies and
/// compares: this form is `Copy`. Unused bytes are always zero, so the derived comparison compares contents.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Token {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl Token {
    /// The longest token without negotiation (RFC 7252 section 3; longer ones are RFC 8974).
    pub const MAX: usize = 8;

    /// The zero-length token, which is a token like any other.
    pub const EMPTY: Self = Self {
        bytes: [0; Self::MAX],
        len: 0,
    };

    /// A token of these bytes; `None` if there are more than eight.
    pub fn new(token: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..token.len())?.copy_from_slice(token);
        let len = u8::try_from(token.len()).ok()?;
        Some(Self { bytes, len })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len()).unwrap_or_default()
    }

    /// How many bytes there are.
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether this is the zero-length token.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl AsRef<[u8]> for Token {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// The bytes in hexadecimal, as captures and logs show them.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Token {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=[u8]:02x}", self.as_bytes());
    }
}
