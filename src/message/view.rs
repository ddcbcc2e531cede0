//! Reading: a message in the bytes it came in.
//!
//! RFC 7252 sections 3, 3.1 and 4.1. [`View::parse`] walks the message once and judges all of it; after that nothing can
//! fail. [`Header::peek`] reads only the beginning, for a datagram that is to be rejected. Left out: everything that
//! depends on the exchange, such as which codes go with which type ([`Kind::may_carry`]), unknown or repeated options
//! and wrong lengths ([`Number`]'s properties).

use core::fmt;

use super::{Code, Kind, Number, Opt, PAYLOAD_MARKER, Token};

/// The rule that a datagram breaks, by which it is no CoAP message (RFC 7252 sections 3, 3.1 and 4.1).
///
/// What to do about it is in [`Malformed::rejects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Malformed {
    /// Fewer than four bytes.
    TooShort,
    /// A version other than 1.
    Version,
    /// A token length of 9 to 15, or a token that runs past the end.
    Token,
    /// An empty message (code 0.00) with something after the message id.
    Empty,
    /// An option with the reserved nibble 15, or one that runs past the end, or a number above 65535.
    Option,
    /// A payload marker with nothing after it.
    Payload,
}

impl Malformed {
    /// The message id to answer with RST, if these bytes, which gave this error, may be answered at all.
    ///
    /// Only a confirmable message is rejected by a reset. Everything else is ignored: of a foreign version or fewer than
    /// four bytes nothing is known, a NON may be passed over, and an ACK or RST must never be answered (RFC 7252
    /// sections 3, 4.2 and 4.3).
    pub fn rejects(self, bytes: &[u8]) -> Option<u16> {
        if matches!(self, Self::TooShort | Self::Version) {
            return None;
        }
        let [first, _, high, low] = *bytes.first_chunk::<4>()?;
        match Kind::from_first_byte(first) {
            Kind::Confirmable => Some(u16::from_be_bytes([high, low])),
            _ => None,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "shorter than the four bytes of a header",
            Self::Version => "not version 1 of CoAP",
            Self::Token => "a token longer than eight bytes or than the message",
            Self::Empty => "an empty message with content",
            Self::Option => "a broken option",
            Self::Payload => "a payload marker without a payload",
        })
    }
}

impl core::error::Error for Malformed {}

/// The first 4 to 12 bytes of a message: enough to know what a datagram wanted to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// The type.
    pub kind: Kind,
    /// The code.
    pub code: Code,
    /// The message id.
    pub id: u16,
    /// The token.
    pub token: Token,
}

impl Header {
    /// Reads the header and the token, and does not look further.
    ///
    /// # Errors
    /// Only `TooShort`, `Version` and `Token`; what comes after the token is not judged.
    pub fn peek(bytes: &[u8]) -> Result<Self, Malformed> {
        let Parts { head, token, .. } = Parts::split(bytes)?;
        let [first, code, high, low] = head;
        Ok(Self {
            kind: Kind::from_first_byte(first),
            code: Code::from_byte(code),
            id: u16::from_be_bytes([high, low]),
            token: Token::new(token).ok_or(Malformed::Token)?,
        })
    }
}

/// The fixed header, the token, and what follows.
struct Parts<'a> {
    head: [u8; 4],
    token: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    #[inline(always)]
    fn split(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (&head, rest) = bytes.split_first_chunk().ok_or(Malformed::TooShort)?;
        let [first, _, _, _] = head;
        if first >> 6 != 1 {
            return Err(Malformed::Version);
        }
        let token_len = usize::from(first & 15);
        if token_len > Token::MAX {
            return Err(Malformed::Token);
        }
        let (token, rest) = rest.split_at_checked(token_len).ok_or(Malformed::Token)?;
        Ok(Self { head, token, rest })
    }
}

/// A well-formed message, in the bytes it came in (RFC 7252 section 3).
///
/// A view that could be made never fails to be read: every question below has an answer, and iterating over the
/// options meets no error.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct View<'a> {
    bytes: &'a [u8],
    head: [u8; 4],
    token: &'a [u8],
    /// Options, and the marker and payload after them: the iterator stops at the marker by itself.
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> View<'a> {
    /// Checks a whole message in one pass.
    ///
    /// Types, codes and option numbers of any kind pass; see the [module](super) for which layer judges what.
    ///
    /// # Errors
    /// The rule that is broken. Nothing of the message may be used then, but see [`Header::peek`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let Parts {
            head,
            token,
            rest: options,
        } = Parts::split(bytes)?;
        let [_, code, ..] = head;
        if Code::from_byte(code).is_empty() && bytes.len() > head.len() {
            return Err(Malformed::Empty);
        }
        let mut walk = Options::new(options);
        while walk.step().ok_or(Malformed::Option)?.is_some() {}
        let payload = match walk.rest.split_first() {
            None => &[],
            Some((_, [])) => return Err(Malformed::Payload),
            Some((_, payload)) => payload,
        };
        Ok(Self {
            bytes,
            head,
            token,
            options,
            payload,
        })
    }

    /// A message that the builder has just written, and which therefore needs no check.
    pub(super) fn built(bytes: &'a [u8], payload_len: usize) -> Self {
        // The builder never has less than a header and its token, so no default is ever taken.
        let (&head, rest) = bytes
            .split_first_chunk::<4>()
            .unwrap_or((&[0x40, 0, 0, 0], &[]));
        let [first, ..] = head;
        let (token, options) = rest
            .split_at_checked(usize::from(first & 15))
            .unwrap_or_default();
        let options_len = options.len().saturating_sub(payload_len);
        Self {
            bytes,
            head,
            token,
            options,
            payload: options.get(options_len..).unwrap_or_default(),
        }
    }

    /// The type.
    #[inline]
    pub const fn kind(&self) -> Kind {
        let [first, ..] = self.head;
        Kind::from_first_byte(first)
    }

    /// The code.
    #[inline]
    pub const fn code(&self) -> Code {
        let [_, code, ..] = self.head;
        Code::from_byte(code)
    }

    /// The message id (RFC 7252 section 4.4).
    #[inline]
    pub const fn id(&self) -> u16 {
        let [_, _, high, low] = self.head;
        u16::from_be_bytes([high, low])
    }

    /// The token, zero to eight bytes (RFC 7252 section 5.3.1).
    #[inline]
    pub const fn token(&self) -> &'a [u8] {
        self.token
    }

    /// The options in the order of their numbers, those of one number in the order of the message.
    #[inline]
    pub const fn options(&self) -> Options<'a> {
        Options::new(self.options)
    }

    /// The first option of this number.
    pub fn option(&self, number: Number) -> Option<Opt<'a>> {
        self.options()
            .take_while(|option| option.number <= number)
            .find(|option| option.number == number)
    }

    /// The payload, empty if there is none.
    #[inline]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The whole message.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The header as a value that may outlive the bytes.
    pub fn header(&self) -> Header {
        Header {
            kind: self.kind(),
            code: self.code(),
            id: self.id(),
            // A checked token is never too long.
            token: Token::new(self.token).unwrap_or_default(),
        }
    }
}

/// One line: `Confirmable 0.01 id 0x1234 token deadbeef [Uri-Path: ..] 0 bytes`.
impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header {
            kind,
            code,
            id,
            token,
        } = self.header();
        write!(f, "{kind:?} {code} id {id:#06x} token {token:?} [")?;
        for (index, option) in self.options().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{}: ", option.number)?;
            write!(f, "{}", option.value.escape_ascii())?;
        }
        write!(f, "] {} bytes", self.payload.len())
    }
}

/// The options of a checked message (RFC 7252 section 3.1).
#[derive(Clone, Debug)]
#[must_use = "an iterator does nothing until it is asked"]
pub struct Options<'a> {
    rest: &'a [u8],
    number: u16,
}

impl<'a> Options<'a> {
    #[inline]
    const fn new(rest: &'a [u8]) -> Self {
        Self { rest, number: 0 }
    }

    /// Decodes one option: `Some(None)` at the end or the payload marker, where `rest` stays; `None` for a broken one.
    /// Validation and iteration are this same code, so they cannot disagree.
    fn step(&mut self) -> Option<Option<Opt<'a>>> {
        let Some((&head, rest)) = self.rest.split_first() else {
            return Some(None);
        };
        let (delta, rest) = match extended(head >> 4, rest) {
            Some(extended) => extended,
            // The marker would be a delta of the reserved nibble 15: asked only here, it costs good options nothing.
            None if head == PAYLOAD_MARKER => return Some(None),
            None => return None,
        };
        let (len, rest) = extended(head & 15, rest)?;
        let (value, rest) = rest.split_at_checked(len as usize)?;
        self.number = u16::try_from(u32::from(self.number) + delta).ok()?;
        self.rest = rest;
        Some(Some(Opt {
            number: Number(self.number),
            value,
        }))
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Opt<'a>;

    #[inline]
    fn next(&mut self) -> Option<Opt<'a>> {
        self.step().flatten()
    }
}

impl core::iter::FusedIterator for Options<'_> {}

/// A delta or length: its nibble, or the one or two bytes that the nibble says follow (RFC 7252 section 3.1).
#[inline(always)]
fn extended(nibble: u8, rest: &[u8]) -> Option<(u32, &[u8])> {
    match nibble {
        0..=12 => Some((u32::from(nibble), rest)),
        13 => {
            let (&byte, rest) = rest.split_first()?;
            Some((13 + u32::from(byte), rest))
        }
        14 => {
            let (&bytes, rest) = rest.split_first_chunk()?;
            Some((269 + u32::from(u16::from_be_bytes(bytes)), rest))
        }
        _ => None,
    }
}
