//! Writing: a message straight into the caller's buffer.
//!
//! RFC 7252 sections 3, 3.1, 3.2 and 6.4. Options are given in ascending order, since the wire form has differences of
//! numbers; nothing is kept besides the bytes themselves. The payload can be written in place. A call that is refused
//! leaves the message as it was, so that whatever was built is a well-formed message at every moment.

use core::fmt;

use super::option::uint_len;
use super::size::extension_len;
use super::{Code, Kind, Number, PAYLOAD_MARKER, Token, Value, View, uri};

/// The longest option value that can be written: 269 and sixteen bits (RFC 7252 section 3.1).
pub const MAX_OPTION_LEN: usize = 269 + 0xffff;

/// Why a piece of a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BuildError {
    /// With this piece the message would have `needed` bytes, more than the buffer has.
    BufferTooSmall {
        /// The length of the message so far, with this piece.
        needed: usize,
    },
    /// An option with a smaller number than the one before it, or an option after the payload.
    OptionOrder,
    /// An option value longer than [`MAX_OPTION_LEN`].
    OptionTooLong,
    /// A token longer than eight bytes.
    Token,
    /// An empty message (code 0.00) has no token, no options and no payload (RFC 7252 section 4.1).
    Empty,
    /// A `%` that is not followed by two hexadecimal digits (RFC 3986 section 2.1).
    Escape,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BufferTooSmall { needed } => {
                return write!(f, "the message needs a buffer of {needed} bytes or more");
            }
            Self::OptionOrder => "options must ascend and come before the payload",
            Self::OptionTooLong => "an option value is longer than 65804 bytes",
            Self::Token => "a token is longer than eight bytes",
            Self::Empty => "an empty message must stay empty",
            Self::Escape => "a percent sign without two hexadecimal digits after it",
        })
    }
}

impl core::error::Error for BuildError {}

/// Writes a message, piece by piece, into a buffer that the caller lends.
///
/// ```
/// use coap_modem::message::{Builder, Code, Kind, Number};
///
/// let mut buffer = [0; 64];
/// let mut message = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 0x1234, &[0xde, 0xad])?;
/// message.option(Number::URI_PATH, b"sensors")?;
/// message.uint(Number::ACCEPT, 60)?;
/// let message = message.finish();
/// assert_eq!(message.as_bytes(), b"\x42\x01\x12\x34\xde\xad\xb7sensors\x61\x3c");
/// # Ok::<(), coap_modem::message::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Builder<'b> {
    buffer: &'b mut [u8],
    len: usize,
    /// Bytes of payload; the marker is written with the first of them.
    payload_len: usize,
    /// The number of the option before, or [`CLOSED`].
    last: u32,
    code: Code,
}

/// In place of the last option number when no option may follow any more: greater than all of them, so that the test for
/// ascending order is the only one that a good option has to pass.
const CLOSED: u32 = u32::MAX;

impl<'b> Builder<'b> {
    /// Begins a message in this buffer.
    ///
    /// # Errors
    /// The token is too long, the buffer too small for the header, or an empty message was to have a token.
    pub fn new(
        buffer: &'b mut [u8],
        kind: Kind,
        code: Code,
        id: u16,
        token: &[u8],
    ) -> Result<Self, BuildError> {
        let token_len = match u8::try_from(token.len()) {
            Ok(len) if token.len() <= Token::MAX => len,
            _ => return Err(BuildError::Token),
        };
        if code.is_empty() && !token.is_empty() {
            return Err(BuildError::Empty);
        }
        let len = 4 + token.len();
        let Some((head, space)) = buffer
            .get_mut(..len)
            .and_then(|space| space.split_first_chunk_mut())
        else {
            return Err(BuildError::BufferTooSmall { needed: len });
        };
        let [high, low] = id.to_be_bytes();
        *head = [
            1 << 6 | (kind as u8) << 4 | token_len,
            code.as_byte(),
            high,
            low,
        ];
        copy(space, token);
        Ok(Self {
            buffer,
            len,
            payload_len: 0,
            last: if code.is_empty() { CLOSED } else { 0 },
            code,
        })
    }

    /// Adds an option with these bytes as its value.
    ///
    /// # Errors
    /// The order, the length or the buffer; or the message is an empty one.
    pub fn option(&mut self, number: Number, value: &[u8]) -> Result<(), BuildError> {
        copy(self.space(number, value.len())?, value);
        Ok(())
    }

    /// Adds an option with a number as its value, in its shortest form (RFC 7252 section 3.2).
    ///
    /// # Errors
    /// As for [`option`](Self::option).
    pub fn uint(&mut self, number: Number, value: u32) -> Result<(), BuildError> {
        let space = self.space(number, uint_len(value))?;
        let mut rest = value;
        for byte in space.iter_mut().rev() {
            *byte = (rest & 0xff) as u8;
            rest >>= 8;
        }
        Ok(())
    }

    /// Adds an option with such a value.
    ///
    /// # Errors
    /// As for [`option`](Self::option).
    pub fn value(&mut self, number: Number, value: Value<'_>) -> Result<(), BuildError> {
        match value {
            Value::Empty => self.option(number, &[]),
            Value::Uint(value) => self.uint(number, value),
            Value::Opaque(bytes) => self.option(number, bytes),
            Value::Text(text) => self.option(number, text.as_bytes()),
        }
    }

    /// Adds an option with a piece of a URI as its value, percent-decoded on its way into the buffer (RFC 7252
    /// section 6.4). The value of Uri-Host is also put into lower case, as step 5 there wants it.
    ///
    /// # Errors
    /// A bad escape; else as for [`option`](Self::option).
    pub fn decoded(&mut self, number: Number, raw: &str) -> Result<(), BuildError> {
        let len = uri::decoded_len(raw).ok_or(BuildError::Escape)?;
        let space = self.space(number, len)?;
        for (to, byte) in space
            .iter_mut()
            .zip(uri::decode(raw, number == Number::URI_HOST))
        {
            *to = byte;
        }
        Ok(())
    }

    /// Adds payload; what is given by several calls is joined. No bytes leave no marker.
    ///
    /// # Errors
    /// The buffer is too small, or the message is an empty one.
    pub fn payload(&mut self, payload: &[u8]) -> Result<(), BuildError> {
        if payload.is_empty() {
            return Ok(());
        }
        if self.code.is_empty() {
            return Err(BuildError::Empty);
        }
        let needed = self.payload_at() + payload.len();
        let Some(space) = self.buffer.get_mut(self.payload_at()..needed) else {
            return Err(BuildError::BufferTooSmall { needed });
        };
        copy(space, payload);
        self.mark(payload.len());
        Ok(())
    }

    /// The free space where the payload goes, to be written in place; then say how much it was with
    /// [`payload_written`](Self::payload_written).
    ///
    /// # Errors
    /// There is no room for a marker and one byte, or the message is an empty one.
    pub fn payload_space(&mut self) -> Result<&mut [u8], BuildError> {
        if self.code.is_empty() {
            return Err(BuildError::Empty);
        }
        let at = self.payload_at();
        match self.buffer.get_mut(at..) {
            Some(space) if !space.is_empty() => Ok(space),
            _ => Err(BuildError::BufferTooSmall { needed: at + 1 }),
        }
    }

    /// So many bytes of the [`payload_space`](Self::payload_space) are payload now. None leave no marker.
    ///
    /// # Errors
    /// There is not so much space, or the message is an empty one.
    pub fn payload_written(&mut self, len: usize) -> Result<(), BuildError> {
        if len == 0 {
            return Ok(());
        }
        let space = self.payload_space()?.len();
        if len > space {
            let needed = self.payload_at().saturating_add(len);
            return Err(BuildError::BufferTooSmall { needed });
        }
        self.mark(len);
        Ok(())
    }

    /// How long the message is so far; never less than the four bytes of a header.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a message is never empty in this sense"
    )]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The message.
    pub fn finish(self) -> View<'b> {
        let bytes: &'b [u8] = self.buffer;
        View::built(bytes.get(..self.len).unwrap_or_default(), self.payload_len)
    }

    /// Writes the header of an option and hands out the space for its value.
    fn space(&mut self, number: Number, len: usize) -> Result<&mut [u8], BuildError> {
        let Some(delta) = u32::from(number.0).checked_sub(self.last) else {
            return Err(self.refusal());
        };
        let Ok(length) = u32::try_from(len) else {
            return Err(BuildError::OptionTooLong);
        };
        // Nearly every option: both nibbles hold their number, and one test covers header and value.
        if delta < 13 && length < 13 {
            let needed = self.len + 1 + len;
            let space = self.buffer.get_mut(self.len..needed);
            let Some((head, value)) = space.and_then(<[u8]>::split_first_mut) else {
                return Err(BuildError::BufferTooSmall { needed });
            };
            *head = ((delta << 4 | length) & 0xff) as u8;
            self.len = needed;
            self.last = number.0.into();
            return Ok(value);
        }
        self.extended_space(number, delta, length)
    }

    /// The same for an option whose delta or length needs extension bytes.
    fn extended_space(
        &mut self,
        number: Number,
        delta: u32,
        length: u32,
    ) -> Result<&mut [u8], BuildError> {
        let len = length as usize;
        if len > MAX_OPTION_LEN {
            return Err(BuildError::OptionTooLong);
        }
        let needed = self.len + 1 + extension_len(delta as usize) + extension_len(len) + len;
        let space = self.buffer.get_mut(self.len..needed);
        let Some((head, space)) = space.and_then(<[u8]>::split_first_mut) else {
            return Err(BuildError::BufferTooSmall { needed });
        };
        let (delta, space) = extend(space, delta);
        let (len, value) = extend(space, length);
        *head = delta << 4 | len;
        self.len = needed;
        self.last = number.0.into();
        Ok(value)
    }

    /// Why no option may follow.
    #[cold]
    fn refusal(&self) -> BuildError {
        if self.code.is_empty() {
            BuildError::Empty
        } else {
            BuildError::OptionOrder
        }
    }

    /// Where the next byte of payload goes: after the marker, even if that is not written yet.
    fn payload_at(&self) -> usize {
        self.len + usize::from(self.payload_len == 0)
    }

    /// So many bytes, at least one, have been written where payload goes.
    fn mark(&mut self, len: usize) {
        let end = self.payload_at() + len;
        if self.payload_len == 0
            && let Some(marker) = self.buffer.get_mut(self.len)
        {
            *marker = PAYLOAD_MARKER;
        }
        self.payload_len += len;
        self.len = end;
        self.last = CLOSED;
    }
}

/// Writes the extension bytes of a delta or length, at most [`MAX_OPTION_LEN`], and gives its nibble and the space after.
#[inline]
fn extend(space: &mut [u8], value: u32) -> (u8, &mut [u8]) {
    // The caller has made room for all of the option, so the fallbacks are never taken.
    match value {
        0..13 => ((value & 15) as u8, space),
        13..269 => match space.split_first_mut() {
            Some((byte, space)) => {
                *byte = ((value - 13) & 0xff) as u8;
                (13, space)
            }
            None => (13, &mut []),
        },
        _ => match space.split_first_chunk_mut() {
            Some((bytes, space)) => {
                let [_, _, high, low] = (value - 269).to_be_bytes();
                *bytes = [high, low];
                (14, space)
            }
            None => (14, &mut []),
        },
    }
}

/// Copies into a space of the same length.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    // A loop, which the compiler makes a `memcpy`; `copy_from_slice` would keep its panic for unequal lengths.
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
