//! The modem's current profile: what a message wants it to hold, and what it is known to hold, so that only what has changed is
//! set (guide, 8.2.1 and 8.3).
//!
//! Everything that no command can say is refused here, before anything is sent. The URI is remembered by 64 bits of checksum and
//! not by its bytes: it may have 783. Two URIs that follow each other collide by chance once in 2^64 changes. How a server stands in
//! it is here as well.

use super::SaraR5;
use crate::at::carries;
use crate::client::Remote;
use crate::error::{Error, Invalid, Unsupported};
use crate::message::{Block, Code, Number, View, uri};

/// The option flags of `AT+UCOAP=2` (guide, 8.2.1, 8.3.1, 8.3.2).
pub(super) mod flag {
    /// The message has Uri-Host, taken from the URI.
    pub(crate) const HOST: u8 = 1;
    /// The message has Uri-Port, taken from the URI.
    pub(crate) const PORT: u8 = 1 << 1;
    /// It has Uri-Path, taken from the URI.
    pub(crate) const PATH: u8 = 1 << 2;
    /// It has Uri-Query, taken from the URI.
    pub(crate) const QUERY: u8 = 1 << 3;
    /// It has Content-Format, taken from the command.
    pub(crate) const FORMAT: u8 = 1 << 4;
    /// It is non-confirmable.
    pub(crate) const NON: u8 = 1 << 5;
    /// How many there are.
    pub(crate) const COUNT: u8 = 6;
}

/// The longest part of a URI: its host, its path, its query (guide, chapter 8).
pub(super) const PART: usize = 255;

/// What a message wants of profile and command.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// The number of its method in `AT+UCOAPC`.
    pub(super) command: u8,
    /// The values of the flags, and which of them matter.
    pub(super) flags: u8,
    pub(super) cares: u8,
    /// The modem's number of the content format.
    pub(super) format: u16,
    pub(super) block: Option<Block>,
    pub(super) uri: Print,
}

impl Wanted {
    /// Nothing at all.
    pub(super) const NOTHING: Self = Self {
        command: 0,
        flags: 0,
        cares: 0,
        format: 0,
        block: None,
        uri: [0x811C_9DC5, 0x9747_B28C],
    };
}

/// The checksums of a URI.
pub(super) type Print = [u32; 2];

/// What the current profile holds. Nothing is known of it at first.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// It is marked as valid.
    pub(super) valid: bool,
    /// Which flags are known, and their values.
    pub(super) known: u8,
    pub(super) set: u8,
    pub(super) uri: Option<Print>,
}

impl Profile {
    /// Whether this flag is to be set for a message.
    pub(super) fn lacks(&self, wanted: &Wanted, bit: u8) -> bool {
        wanted.cares & bit != 0 && (self.known & bit == 0 || (self.set ^ wanted.flags) & bit != 0)
    }
}

impl SaraR5 {
    /// What a message wants.
    ///
    /// # Errors
    /// What no command can say.
    pub(super) fn wanted(&self, message: &View<'_>) -> Result<Wanted, Error> {
        let (command, carries) = match message.code() {
            Code::GET => (1, false),
            Code::DELETE => (2, false),
            Code::PUT => (3, true),
            Code::POST => (4, true),
            other => return Err(Unsupported::Method(other).into()),
        };
        if !carries && !message.payload().is_empty() {
            return Err(Unsupported::Payload(0).into());
        }
        let mut wanted = Wanted {
            command,
            flags: flag::PATH | flag::QUERY,
            cares: flag::HOST | flag::PORT | flag::PATH | flag::QUERY | flag::NON,
            // The command has one in any case.
            format: self.formats.first().map_or(0, |(_, own)| *own),
            ..Wanted::NOTHING
        };
        if self.host_and_port {
            wanted.flags |= flag::HOST | flag::PORT;
        }
        if carries {
            wanted.cares |= flag::FORMAT;
        }
        if (message.kind() == crate::message::Kind::NonConfirmable) == self.non_is_one {
            wanted.flags |= flag::NON;
        }
        let (host, port) = self.authority.rsplit_once(':').unwrap_or_default();
        let host = host.trim_matches(['[', ']']);
        for option in message.options() {
            let said = match option.number {
                // The URI says where the message goes: it can have no other host and port than that.
                Number::URI_HOST => {
                    wanted.flags |= flag::HOST;
                    option.value.eq_ignore_ascii_case(host.as_bytes())
                }
                Number::URI_PORT => {
                    wanted.flags |= flag::PORT;
                    option.uint() == crate::at::line::number(port.as_bytes())
                }
                Number::CONTENT_FORMAT if carries => {
                    wanted.flags |= flag::FORMAT;
                    let known = self.format(option.uint());
                    wanted.format = known.unwrap_or(0);
                    known.is_some()
                }
                Number::BLOCK1 if carries => {
                    wanted.block = option.block();
                    wanted.block.is_some()
                }
                Number::CONTENT_FORMAT | Number::BLOCK1 => {
                    return Err(Unsupported::Option(option.number).into());
                }
                _ => true,
            };
            if !said {
                return Err(Unsupported::OptionValue(option.number).into());
            }
        }
        // The command does not tell the size of blocks: the modem has it from the length of one that others follow.
        if let Some(block) = wanted.block {
            let (length, size) = (message.payload().len(), block.size());
            if length > size || (block.more() && length < size) {
                return Err(Invalid::Option(Number::BLOCK1).into());
            }
        }
        // Of an escape that the modem would leave as it is, the part is as good as too long.
        let escape = if self.percent { 1 } else { PART + 1 };
        let (mut path, mut query) = (0, 0);
        uri::write_path(message.options(), &mut |byte| {
            let part = if byte == b'?' || query > 0 {
                &mut query
            } else {
                &mut path
            };
            *part += if byte == b'%' { escape } else { 1 };
        });
        if path > PART {
            return Err(Unsupported::OptionValue(Number::URI_PATH).into());
        }
        if query > PART {
            return Err(Unsupported::OptionValue(Number::URI_QUERY).into());
        }
        let [first, second] = &mut wanted.uri;
        self.write_uri(message, &mut |byte| {
            // FNV-1a, twice with different primes and starts.
            *first = (*first ^ u32::from(byte)).wrapping_mul(0x0100_0193);
            *second = (*second ^ u32::from(byte))
                .wrapping_mul(0x85EB_CA6B)
                .rotate_left(13);
        });
        Ok(wanted)
    }

    /// The URI of a message.
    pub(super) fn write_uri(&self, message: &View<'_>, sink: &mut dyn FnMut(u8)) {
        let scheme = if self.tcp { "coap+tcp://" } else { "coap://" };
        for byte in scheme.bytes().chain(self.authority.bytes()) {
            sink(byte);
        }
        uri::write_path(message.options(), sink);
    }

    /// The modem's number of a content format.
    fn format(&self, number: Option<u32>) -> Option<u16> {
        let number = u16::try_from(number?).ok()?;
        if self.formats.is_empty() {
            return Some(number);
        }
        let known = self.formats.iter().find(|(iana, _)| *iana == number);
        known.map(|(_, own)| *own)
    }
}

/// Writes host and port of a server as they stand in a URI.
pub(super) fn write_authority<const N: usize>(
    server: &Remote<'_>,
    to: &mut heapless::String<N>,
) -> Result<(), Error> {
    let host = server.host;
    if !carries(host.as_bytes()) {
        return Err(Invalid::Character.into());
    }
    // Anything else would be another part of the URI.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    if host.len() > PART || !host.bytes().all(fits) {
        return Err(Invalid::Host.into());
    }
    let address = host.contains(':');
    let mut write = |piece: &str| to.push_str(piece).map_err(|_| Invalid::Host);
    if address {
        write("[")?;
    }
    write(host)?;
    write(if address { "]:" } else { ":" })?;
    // Digits by subtraction: division costs a library call where the core has none.
    let (mut rest, mut begun) = (server.port, false);
    for power in [10_000, 1000, 100, 10, 1] {
        let mut digit = '0';
        while rest >= power {
            rest -= power;
            digit = (digit as u8 + 1) as char;
        }
        begun |= digit != '0';
        if begun {
            to.push(digit).map_err(|_| Invalid::Host)?;
        }
    }
    Ok(())
}
