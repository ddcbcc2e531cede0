//! The CoAP message: reading, writing, and nothing else.
//!
//! RFC 7252 sections 3 to 6 as far as they are about bytes, with the values of RFC 7641 (Observe), RFC 7959 (block-wise),
//! RFC 7967 (No-Response), the options and codes registered since, and what stands in payloads that CoAP itself defines:
//! the registry of their formats, and links (RFC 6690). Everything in this crate that speaks of a message passes it on in this
//! form, whether a modem takes it as bytes or wants it taken apart into AT commands.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Ver| T |  TKL  |      Code     |          Message ID           |   Ver = 1, T: Kind, TKL 0 to 8
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   Token (if any, TKL bytes) ...                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   Options (if any) ...                                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |1 1 1 1 1 1 1 1|    Payload (if any) ...                       |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//!
//! An option:   | delta : 4 | length : 4 | delta, 0-2 more bytes | length, 0-2 more bytes | value |
//!              delta = number - number of the option before;
//!              nibble 0-12: itself | 13: one byte + 13 | 14: two bytes + 269 | 15: reserved
//! ```
//!
//! # The guarantee
//!
//! A [`View`] that could be made never fails to be read: [`View::parse`] judges every byte once, and nothing after it
//! returns an error or looks twice. A [`Builder`] makes only messages that parse. Neither panics on any input, allocates,
//! or copies more than the caller asks for.
//!
//! # Who judges what
//!
//! | here, by `parse` ([`Malformed`]) | the endpoint, which knows the exchange |
//! |---|---|
//! | header, version, token length, empty message with content | type and code that do not go together, classes 1, 6, 7: [`Kind::may_carry`] |
//! | option nibbles, extensions, lengths, number above 65535 | unknown critical options, repeated ones, wrong lengths: [`Number`]'s properties, [`Opt::is_well_sized`] |
//! | payload marker without payload | unknown methods and response codes: [`Code::name`], [`Code::generic`] |
//! | may it be answered with RST: [`Malformed::rejects`] | values: [`Opt::uint`], [`Opt::text`], [`Opt::block`], [`Opt::observe`] say what they cannot read |

mod block;
mod build;
mod code;
pub mod format;
pub mod link_format;
pub mod no_response;
pub mod observe;
mod option;
mod size;
mod token;
pub mod uri;
mod view;

#[cfg(test)]
mod tests;

pub use block::Block;
pub use build::{BuildError, Builder, MAX_OPTION_LEN};
pub use code::{Code, Kind};
pub use option::{Format, Number, Opt, Value, uint_len};
pub use size::{Size, option_size};
pub use token::Token;
pub use view::{Header, Malformed, Options, View};

/// Ends the options and begins the payload (RFC 7252 section 3).
const PAYLOAD_MARKER: u8 = 0xff;
