//! Options: their numbers, what the registry says of each, and their values.
//!
//! RFC 7252 sections 3.1, 3.2, 5.4 and 5.10, with the options of RFC 7641, 7959, 7967, 8613, 8768, 9175, 9177 and 9668:
//! all that RFCs define. Left out are those of other bodies (2049, 2053, 2055, 2056) and of drafts. The table below is the
//! only place that knows a registered option. The codec itself refuses no option for what it is: whether
//! an option is acceptable in this message, and what happens if not (4.02, reject, ignore: section 5.4.1), is the
//! endpoint's business, which asks the properties here.

use core::fmt;
use core::ops::RangeInclusive;
use core::str::Utf8Error;

use super::Block;

/// An option number (RFC 7252 section 5.4.6); the associated constants are the registered ones.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Number(pub u16);

/// How the value of an option is to be read (RFC 7252 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Format {
    /// No bytes at all: the presence is the message.
    Empty,
    /// A number, big-endian, in as few bytes as it needs.
    Uint,
    /// Bytes.
    Opaque,
    /// UTF-8.
    Text,
}

/// What the registry says of one option.
struct Entry {
    number: Number,
    format: Format,
    repeatable: bool,
    shortest: u16,
    longest: u16,
}

/// One list of the registered options, from which the constants, the properties and the names come. The names are apart
/// from the table, so that an image that prints none does not carry them.
macro_rules! options {
    ($($(#[doc = $doc:literal])+ $constant:ident = $number:literal, $name:literal, $format:ident $shortest:literal..=$longest:literal $($repeatable:ident)?;)+) => {
        impl Number {
            $($(#[doc = $doc])+ pub const $constant: Self = Self($number);)+

            /// The registered name, such as "Uri-Path"; `None` for an option that this crate does not know.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some($name),)+
                    _ => None,
                }
            }
        }

        const TABLE: &[Entry] = &[$(Entry {
            number: Number::$constant,
            format: Format::$format,
            repeatable: options!(@ $($repeatable)?),
            shortest: $shortest,
            longest: $longest,
        },)+];
    };
    (@) => { false };
    (@ repeatable) => { true };
}

options! {
    /// Precondition: the ETag of the present representation, empty for "any" (RFC 7252 section 5.10.8.1).
    IF_MATCH = 1, "If-Match", Opaque 0..=8 repeatable;
    /// The server's name (RFC 7252 section 5.10.1).
    URI_HOST = 3, "Uri-Host", Text 1..=255;
    /// Names a representation (RFC 7252 section 5.10.6). Repeatable in requests only.
    ETAG = 4, "ETag", Opaque 1..=8 repeatable;
    /// Precondition: there is no representation yet (RFC 7252 section 5.10.8.2).
    IF_NONE_MATCH = 5, "If-None-Match", Empty 0..=0;
    /// Registers for notifications, and numbers them (RFC 7641 section 2).
    OBSERVE = 6, "Observe", Uint 0..=3;
    /// The server's port (RFC 7252 section 5.10.1).
    URI_PORT = 7, "Uri-Port", Uint 0..=2;
    /// A segment of the path of what was created (RFC 7252 section 5.10.7).
    LOCATION_PATH = 8, "Location-Path", Text 0..=255 repeatable;
    /// Object security (RFC 8613 section 2); the number only, this crate does not do it.
    OSCORE = 9, "OSCORE", Opaque 0..=255;
    /// A segment of the resource's path (RFC 7252 section 5.10.1).
    URI_PATH = 11, "Uri-Path", Text 0..=255 repeatable;
    /// What the payload is (RFC 7252 section 5.10.3).
    CONTENT_FORMAT = 12, "Content-Format", Uint 0..=2;
    /// Seconds for which a response stays fresh, 60 without it (RFC 7252 section 5.10.5).
    MAX_AGE = 14, "Max-Age", Uint 0..=4;
    /// An argument of the resource's query (RFC 7252 section 5.10.1).
    URI_QUERY = 15, "Uri-Query", Text 0..=255 repeatable;
    /// How many more proxies are allowed (RFC 8768 section 3).
    HOP_LIMIT = 16, "Hop-Limit", Uint 1..=1;
    /// The content format that the client wants (RFC 7252 section 5.10.4).
    ACCEPT = 17, "Accept", Uint 0..=2;
    /// Like Block1, for many blocks at once without an acknowledgement each (RFC 9177 section 4.1); the number only, this
    /// crate does not do it.
    Q_BLOCK1 = 19, "Q-Block1", Uint 0..=3;
    /// An argument of the query of what was created (RFC 7252 section 5.10.7).
    LOCATION_QUERY = 20, "Location-Query", Text 0..=255 repeatable;
    /// The payload begins with a message of the key exchange (RFC 9668 section 3.1); the number only, this crate does not
    /// do it.
    EDHOC = 21, "EDHOC", Empty 0..=0;
    /// Which block of the response this is (RFC 7959 section 2.1).
    BLOCK2 = 23, "Block2", Uint 0..=3;
    /// Which block of the request this is (RFC 7959 section 2.1).
    BLOCK1 = 27, "Block1", Uint 0..=3;
    /// The size of the whole response (RFC 7959 section 4).
    SIZE2 = 28, "Size2", Uint 0..=4;
    /// Like Block2, for many blocks at once (RFC 9177 section 4.1); repeatable in requests only. The number only, this
    /// crate does not do it.
    Q_BLOCK2 = 31, "Q-Block2", Uint 0..=3 repeatable;
    /// The whole URI, for a forward proxy (RFC 7252 section 5.10.2).
    PROXY_URI = 35, "Proxy-Uri", Text 1..=1034;
    /// The scheme alone, for a forward proxy (RFC 7252 section 5.10.2).
    PROXY_SCHEME = 39, "Proxy-Scheme", Text 1..=255;
    /// The size of the whole request (RFC 7252 section 5.10.9, RFC 7959 section 4).
    SIZE1 = 60, "Size1", Uint 0..=4;
    /// A challenge to be repeated (RFC 9175 section 2.2).
    ECHO = 252, "Echo", Opaque 1..=40;
    /// Which classes of response are not wanted (RFC 7967 section 2): see [`no_response`](super::no_response).
    NO_RESPONSE = 258, "No-Response", Uint 0..=1;
    /// Tells the requests of concurrent block-wise transfers apart (RFC 9175 section 3.2).
    REQUEST_TAG = 292, "Request-Tag", Opaque 0..=8 repeatable;
}

impl Number {
    /// Whether a receiver that does not know this option must not just pass over it (RFC 7252 section 5.4.1).
    pub const fn is_critical(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether a proxy that does not know this option must not forward it (RFC 7252 section 5.4.2).
    pub const fn is_unsafe(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether this option is no part of the cache key (RFC 7252 section 5.4.2; means nothing for an unsafe option).
    pub const fn is_no_cache_key(self) -> bool {
        self.0 & 0x1e == 0x1c
    }

    /// Whether this crate knows the option.
    pub fn is_known(self) -> bool {
        self.entry().is_some()
    }

    /// Whether the option may stand more than once in a message (RFC 7252 section 5.4.5). Of an unknown option nothing
    /// is known, and it is not "supernumerary" either: `true`.
    pub fn is_repeatable(self) -> bool {
        self.entry().is_none_or(|entry| entry.repeatable)
    }

    /// How the value is to be read; bytes for an unknown option.
    pub fn format(self) -> Format {
        self.entry().map_or(Format::Opaque, |entry| entry.format)
    }

    /// How long the value may be (RFC 7252 section 5.10, table 4); any that the
    /// range can say for an unknown option, though [`accepts`](Self::accepts) takes longer ones too.
    pub fn length(self) -> RangeInclusive<u16> {
        self.entry()
            .map_or(0..=u16::MAX, |entry| entry.shortest..=entry.longest)
    }

    /// Whether a value of so many bytes is within the option's limits. If not, the option counts as one that was not
    /// recognised (RFC 7252 section 5.4.3).
    pub fn accepts(self, value_len: usize) -> bool {
        self.entry().is_none_or(|entry| {
            (usize::from(entry.shortest)..=usize::from(entry.longest)).contains(&value_len)
        })
    }

    fn entry(self) -> Option<&'static Entry> {
        TABLE.iter().find(|entry| entry.number == self)
    }
}

/// The registered name, or the number: `Uri-Path`, `65000`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An option of a message: its number and the bytes of its value.
///
/// The readings below look at the bytes alone and do not ask what the number's format is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Opt<'a> {
    /// Which option it is.
    pub number: Number,
    /// Its value as it stood in the message.
    pub value: &'a [u8],
}

impl<'a> Opt<'a> {
    /// The value as a number (RFC 7252 section 3.2); `None` if it has more than four bytes. Leading zero bytes, which no
    /// sender should write, are accepted.
    pub const fn uint(&self) -> Option<u32> {
        match *self.value {
            [] => Some(0),
            [a] => Some(a as u32),
            [a, b] => Some(u32::from_be_bytes([0, 0, a, b])),
            [a, b, c] => Some(u32::from_be_bytes([0, a, b, c])),
            [a, b, c, d] => Some(u32::from_be_bytes([a, b, c, d])),
            _ => None,
        }
    }

    /// The value as text. Text that is not UTF-8 is no format error (RFC 7252 section 3.2): the bytes stay readable.
    ///
    /// # Errors
    /// The value is not UTF-8.
    pub const fn text(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.value)
    }

    /// The value as a block (RFC 7959 section 2.2); `None` if it is longer than three bytes or has the reserved size 7.
    pub fn block(&self) -> Option<Block> {
        if self.value.len() > 3 {
            return None;
        }
        Block::from_uint(self.uint()?)
    }

    /// The value of an Observe option (RFC 7641 section 2); `None` if it is longer than three bytes. It is an action in
    /// a request and a sequence number in a notification: see [`observe`](super::observe).
    pub const fn observe(&self) -> Option<u32> {
        if self.value.len() > 3 {
            return None;
        }
        self.uint()
    }

    /// Whether the value's length is within the limits of the option (RFC 7252 section 5.4.3).
    pub fn is_well_sized(&self) -> bool {
        self.number.accepts(self.value.len())
    }
}

/// The value of an option as callers give it (RFC 7252 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Value<'a> {
    /// No bytes.
    Empty,
    /// A number; written in as few bytes as it needs, zero in none.
    Uint(u32),
    /// Bytes.
    Opaque(&'a [u8]),
    /// UTF-8, already decoded: what is written is what the server gets.
    Text(&'a str),
}

impl Value<'_> {
    /// How many bytes the value takes in a message, its option header apart.
    pub const fn len(&self) -> usize {
        match *self {
            Self::Empty => 0,
            Self::Uint(value) => uint_len(value),
            Self::Opaque(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
        }
    }

    /// Whether the value takes no bytes; so also the number zero.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How many bytes the shortest form of a number has (RFC 7252 section 3.2).
#[inline]
pub const fn uint_len(value: u32) -> usize {
    match value {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}
