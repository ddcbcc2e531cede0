//! What a link can carry: data, enforced before a byte is sent.

use crate::error::{Error, Invalid, Unsupported, WayOut};
use crate::message::{Code, Kind, Number, View};

/// Who repeats, acknowledges and recognises duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reliability {
    /// This crate's endpoint: the link carries datagrams.
    Endpoint,
    /// The modem.
    Modem,
}

/// How a response is known to belong to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Matching {
    /// By its token, as RFC 7252, section 5.3.2 demands.
    Token,
    /// By the message id only: a separate response cannot be told from a stranger's.
    MessageId,
    /// Only because no other request is open.
    OnlyOne,
}

/// What the link shows of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shows {
    /// The message type.
    pub kind: bool,
    /// The message id.
    pub id: bool,
    /// The token.
    pub token: bool,
    /// The options.
    pub options: bool,
    /// The detail of the response code; without it, 4.04 comes as 4.00.
    pub detail: bool,
}

/// Which option numbers the link can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Options {
    /// All.
    Any,
    /// These only.
    Only(&'static [u16]),
}

/// Which bodies can go in blocks (RFC 7959).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Blockwise {
    /// None: neither Block1 nor Block2 can be sent.
    No,
    /// Those that go out, in blocks of one size: Block1 can be sent, and no Block2. What comes in blocks, the link asks for by
    /// itself.
    Up,
    /// Those that go out and those that come.
    Both,
}

impl Blockwise {
    /// Whether Block1 can be sent.
    pub const fn up(self) -> bool {
        matches!(self, Self::Up | Self::Both)
    }

    /// Whether Block2 can be sent.
    pub const fn down(self) -> bool {
        matches!(self, Self::Both)
    }
}

/// What a link can carry, and what it hides. One constant record a modem. A dialect outside this crate ends its record with
/// `..Capabilities::DATAGRAMS`, so that a field more does not break it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Capabilities {
    /// Who makes confirmable messages reliable.
    pub reliability: Reliability,
    /// How a response is matched.
    pub matching: Matching,
    /// What is shown of a received message.
    pub shows: Shows,
    /// The highest method code that can be sent: 4 for DELETE, 7 for iPATCH (RFC 8132).
    pub highest_method: u8,
    /// Whether non-confirmable messages can be sent.
    pub non_confirmable: bool,
    /// Which options can be sent.
    pub options: Options,
    /// How many options a message may have.
    pub option_count: u8,
    /// The largest payload that can be sent, in bytes.
    pub payload_out: u16,
    /// The largest message that can be sent, header, token and options included, in bytes; `None` where only the payload
    /// is limited.
    pub message_out: Option<u16>,
    /// The largest payload that can be received, in bytes; `None` where the document does not say.
    pub payload_in: Option<u16>,
    /// Whether notifications can be asked for (RFC 7641).
    pub observe: bool,
    /// Which block options can be sent (RFC 7959).
    pub blockwise: Blockwise,
    /// The largest block to propose (RFC 7959, section 2.2), where messages are limited so that 1024 bytes do not pass.
    pub block_size: Option<u16>,
    /// Whether CoAP over TCP (RFC 8323) is there.
    pub tcp: bool,
    /// Whether `coaps` is there. Not built yet for any link.
    pub security: bool,
    /// Whether requests from the network become events and can be answered.
    pub server: bool,
    /// Where what this link cannot carry may go instead.
    pub way_out: WayOut,
}

impl Capabilities {
    /// A link that carries whole datagrams: everything that the endpoint can do.
    pub const DATAGRAMS: Self = Self {
        reliability: Reliability::Endpoint,
        matching: Matching::Token,
        shows: Shows {
            kind: true,
            id: true,
            token: true,
            options: true,
            detail: true,
        },
        highest_method: Code::IPATCH.as_byte(),
        non_confirmable: true,
        options: Options::Any,
        option_count: u8::MAX,
        payload_out: u16::MAX,
        message_out: None,
        payload_in: None,
        // The link could; the endpoint cannot yet.
        observe: false,
        blockwise: Blockwise::Both,
        block_size: None,
        tcp: false,
        security: false,
        // The endpoint answers none yet.
        server: false,
        way_out: WayOut::None,
    };

    /// Refuses a message that nobody may send, or that the link cannot carry as it stands.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an option of a length that its definition does not allow, or one that is repeated and must
    /// not be (RFC 7252, sections 5.4.3 and 5.4.5); [`Error::Unsupported`] with what is too much.
    pub fn check(&self, message: &View<'_>) -> Result<(), Error> {
        let code = message.code();
        if code.is_request() && code.as_byte() > self.highest_method {
            return Err(Unsupported::Method(code).into());
        }
        if message.kind() == Kind::NonConfirmable && !self.non_confirmable {
            return Err(Unsupported::NonConfirmable.into());
        }
        let mut room = self.option_count;
        let mut previous = None;
        for option in message.options() {
            let Some(left) = room.checked_sub(1) else {
                return Err(Unsupported::OptionCount(self.option_count).into());
            };
            room = left;
            let number = option.number;
            let repeated = previous.replace(number) == Some(number);
            if !option.is_well_sized() || (repeated && !number.is_repeatable()) {
                return Err(Invalid::Option(number).into());
            }
            if !self.has_option(option.number) {
                return Err(Unsupported::Option(option.number).into());
            }
        }
        if message.payload().len() > usize::from(self.payload_out) {
            return Err(Unsupported::Payload(self.payload_out).into());
        }
        if let Some(limit) = self.message_out
            && message.as_bytes().len() > usize::from(limit)
        {
            return Err(Unsupported::Message(limit).into());
        }
        Ok(())
    }

    /// Whether an option of this number can be sent.
    pub fn has_option(&self, number: Number) -> bool {
        match self.options {
            Options::Any => true,
            Options::Only(numbers) => numbers.contains(&number.0),
        }
    }
}
