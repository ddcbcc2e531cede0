//! What can go wrong, sorted by who must act.
//!
//! [`Error`] has one variant for each party: the caller ([`Invalid`]), the choice of modem or link ([`Unsupported`]), the
//! modem ([`ModemError`]), the server ([`PeerError`]), the memory that was lent ([`Resource`]) and time ([`Waited`]).
//! Nothing here allocates or carries a type parameter; the serial port's own error appears only at the client, in
//! [`ClientError`]. The `Display` texts say what to do; an image that never prints one does not contain them.

use crate::message::{Code, Number};
use core::fmt;

/// Why an operation did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The caller gave something that can never be sent as it stands. Nothing was sent.
    Invalid(Invalid),
    /// This link cannot say or do it. Nothing was sent, and nothing weaker was sent in its place. Where the same modem has
    /// another way, it is named.
    Unsupported(Unsupported, WayOut),
    /// The modem refused, failed or lost something.
    Modem(ModemError),
    /// The server answered with something that ends the exchange without a response.
    Peer(PeerError),
    /// A buffer that the caller lent is too small.
    Resource(Resource),
    /// Time ran out.
    Timeout(Waited),
}

/// What the caller gave that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Invalid {
    /// Text that would end a quoted argument or the command line: a quote, a control character, a byte beyond ASCII.
    Character,
    /// A host name that is empty or longer than the modem takes.
    Host,
    /// An option's value does not fit its definition, or the options cannot be ordered (RFC 7252, section 5.10).
    Option(Number),
    /// A path or query that is not written as in a URI: a bad percent-escape, a blank, a fragment (RFC 7252, section 6.4).
    Path,
    /// A reply whose code is no response code (RFC 7252, section 5.9).
    Code(Code),
    /// A SIM PIN that is not 4 to 8 digits.
    Pin,
    /// Port 0.
    Port,
}

/// What a link cannot carry; the way out, where there is one, stands in each variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Unsupported {
    /// This method (or response code).
    Method(Code),
    /// This option number.
    Option(Number),
    /// This option's value: the modem has no way to write such bytes.
    OptionValue(Number),
    /// So many options in one message; the limit is given.
    OptionCount(u8),
    /// A payload of that length; the limit is given. Send it in smaller pieces.
    Payload(u16),
    /// A message that is so long with its options; the limit is given. Send the payload in smaller pieces.
    Message(u16),
    /// Bytes in the payload that the modem would take for something else. Its settings may know another form.
    PayloadBytes,
    /// An answer to a request from the network.
    Server,
    /// A secure session. Nothing is ever sent in the clear instead.
    Security,
    /// Non-confirmable messages. Send a confirmable one.
    NonConfirmable,
    /// This transport (such as `coap+tcp`).
    Transport,
}

/// Another way, over the same modem, to what a link cannot carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WayOut {
    /// There is none.
    #[default]
    None,
    /// The modem's UDP sockets, over which the whole of CoAP goes: the modem's folder has a client for them.
    Sockets,
}

/// What went wrong in the modem or in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ModemError {
    /// The modem answered a command with an error. The raw line is kept until the next command.
    Refused(Refusal),
    /// The modem answered, but not with what its document says belongs there.
    Unexpected,
    /// The modem has restarted: attach and connect again.
    Restarted,
    /// The packet data context or the session was lost: connect again (attach does what is needed first).
    LinkLost,
    /// No session is open: connect first.
    NotConnected,
    /// No SIM card, or one that cannot be read.
    SimMissing,
    /// The SIM wants its PIN.
    PinRequired,
    /// The SIM refused the PIN; it is not tried again, since three wrong ones lock the card.
    PinRefused,
    /// The SIM is locked and wants its PUK: unlock it in a telephone.
    PukRequired,
    /// The network refused the registration.
    RegistrationDenied,
    /// The server's name was not resolved.
    Dns,
    /// The network failed.
    Network,
    /// The modem could not open its socket.
    Socket,
    /// The modem ran out of memory.
    Memory,
    /// The secure handshake failed.
    Handshake,
    /// The modem's session identifier is in use.
    Occupied,
    /// The message was not delivered: the modem gave up, or could not send.
    Undelivered,
    /// A result code of the modem's own, with the document's number (its sign dropped).
    Result(u16),
}

/// How a modem says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// `ERROR`.
    Plain,
    /// `+CME ERROR: <n>`.
    Cme(u16),
    /// `+CMS ERROR: <n>`.
    Cms(u16),
    /// `+CME ERROR: <text>`, or an error line that was torn.
    Text,
}

/// What the server did that ends an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PeerError {
    /// The server answered with a Reset message (RFC 7252, section 4.2).
    Reset,
    /// The response has a critical option that is not understood (RFC 7252, section 5.4.1); it was rejected.
    CriticalOption(Number),
    /// The response was not a well-formed message.
    Malformed,
    /// Nothing listens at the server's port, or the host cannot be reached.
    Unreachable,
    /// A body in blocks could not be put together, or not be handed over (RFC 7959).
    Blocks(Blocks),
}

/// What ends a block-wise transfer. The other side does not keep to the rules, or the resource has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Blocks {
    /// The resource has changed in mid-transfer, and the transfer cannot start over: the sink cannot forget what it has,
    /// the request must not be repeated, or it has changed too often (RFC 7959, section 2.4).
    Changed,
    /// The server speaks of another block than the one that was sent or asked for (section 2.5).
    Number,
    /// The server makes blocks larger than agreed (section 2.3 and 2.4).
    Size,
    /// A block is not as long as it says of itself (section 2.2).
    Length,
    /// The server takes or gives a part as if it were the whole.
    Missing,
    /// The server waits for more (2.31) where there is no more (section 2.9.1).
    Unasked,
    /// More blocks than can be numbered: 2^20 (section 2.2). Larger blocks would help.
    TooMany,
}

/// Which lent buffer is too small, and by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Resource {
    /// The response does not fit the buffer given with the request. It stays in the inbox: fetch it with
    /// [`CoapClient::held`](crate::client::CoapClient::held) and a buffer of at least this many bytes.
    Response {
        /// Bytes that the whole message takes.
        needed: u16,
    },
    /// The request does not fit the transmit buffer.
    Message {
        /// Bytes that the whole message takes.
        needed: u16,
    },
    /// The source of a body could not give the piece that was asked for.
    Source,
    /// The body that came does not fit the buffer that was lent for it, or its sink takes no more.
    Sink,
    /// A command line does not fit the command buffer.
    Command,
    /// The response came and could not be kept whole: a line was longer than the line buffer, the message longer than the inbox,
    /// or it was damaged on the line.
    Inbox,
}

/// What was waited for when time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Waited {
    /// The modem's answer to a command. Power, wiring, baud rate?
    Modem,
    /// The modem's answer, and the limit that the caller set for the operation came before the one of the modem's document.
    Limit,
    /// An earlier command that was abandoned half-way and whose end the modem has not told yet. Try again later.
    Busy,
    /// Registration with the network. Antenna, coverage, SIM subscription?
    Registration,
    /// The server's response.
    Response,
    /// The server's acknowledgement, after the last retransmission (RFC 7252, section 4.2).
    Acknowledgement,
}

/// An error of a client: the serial port's own, or the operation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ClientError<E> {
    /// The serial port (or socket) failed.
    Link(E),
    /// The operation failed.
    Operation(Error),
}

impl<E> From<Error> for ClientError<E> {
    fn from(error: Error) -> Self {
        Self::Operation(error)
    }
}

macro_rules! from {
    ($($part:ident => $variant:ident),*) => {$(
        impl From<$part> for Error {
            fn from(part: $part) -> Self {
                Self::$variant(part)
            }
        }
    )*};
}
from!(Invalid => Invalid, ModemError => Modem, PeerError => Peer, Resource => Resource, Waited => Timeout);

impl From<Unsupported> for Error {
    fn from(what: Unsupported) -> Self {
        Self::Unsupported(what, WayOut::None)
    }
}

impl Error {
    /// The same, with the way out that the link has, if it is something that the link cannot carry.
    #[must_use]
    pub const fn or(self, way: WayOut) -> Self {
        match self {
            Self::Unsupported(what, _) => Self::Unsupported(what, way),
            other => other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(what) => what.fmt(f),
            Self::Unsupported(what, WayOut::None) => what.fmt(f),
            Self::Unsupported(what, WayOut::Sockets) => {
                write!(f, "{what}; the modem's socket link can carry it")
            }
            Self::Modem(what) => what.fmt(f),
            Self::Peer(what) => what.fmt(f),
            Self::Resource(what) => what.fmt(f),
            Self::Timeout(what) => what.fmt(f),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character => f.write_str(
                "a text holds a quote, a control character or a byte beyond ASCII, which no AT command can carry",
            ),
            Self::Host => f.write_str("the host name is empty or too long for the modem"),
            Self::Option(number) => write!(f, "option {}: the value does not fit its definition", number.0),
            Self::Path => f.write_str("the path or query is not percent-coded as in a URI"),
            Self::Code(code) => write!(f, "a reply with code {code}, which is no response code"),
            Self::Pin => f.write_str("a SIM PIN has 4 to 8 digits"),
            Self::Port => f.write_str("port 0 cannot be connected to"),
        }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not supported by this link: ")?;
        match self {
            Self::Method(code) => write!(f, "method or response code {code}"),
            Self::Option(number) => write!(f, "option {}", number.0),
            Self::OptionValue(number) => write!(f, "such a value of option {}", number.0),
            Self::OptionCount(limit) => write!(f, "more than {limit} options in a message"),
            Self::Payload(limit) => write!(f, "a payload of more than {limit} bytes"),
            Self::Message(limit) => write!(f, "a message of more than {limit} bytes"),
            Self::PayloadBytes => f.write_str("such bytes in the payload"),
            Self::Server => f.write_str("answers to requests from the network"),
            Self::NonConfirmable => f.write_str("non-confirmable messages; send a confirmable one"),
            Self::Security => f.write_str("secure sessions; nothing was sent in the clear instead"),
            Self::Transport => f.write_str("this transport; use coap over UDP"),
        }
    }
}

impl fmt::Display for ModemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Refused(refusal) => {
                return write!(f, "the modem refused a command with {refusal}");
            }
            Self::Result(code) => return write!(f, "the modem reported result {code}"),
            Self::Unexpected => "the modem's answer is not what its document says",
            Self::Restarted => "the modem has restarted: attach and connect again",
            Self::LinkLost => "the modem lost its packet data context: attach and connect again",
            Self::NotConnected => "no session is open: connect first",
            Self::SimMissing => "no SIM card: check that it is inserted and supported",
            Self::PinRequired => "the SIM wants its PIN: give it with the network settings",
            Self::PinRefused => "the SIM refused the PIN; it was tried once only",
            Self::PukRequired => "the SIM is locked: unlock it with its PUK",
            Self::RegistrationDenied => {
                "the network refused the registration: check subscription and roaming"
            }
            Self::Dns => {
                "the server's name was not resolved: check the name and the modem's DNS settings"
            }
            Self::Network => "the modem reports a network failure: check coverage and APN",
            Self::Socket => {
                "the modem could not open its socket: check address and packet data context"
            }
            Self::Memory => "the modem ran out of memory",
            Self::Handshake => "the secure handshake failed: check identity and key",
            Self::Occupied => "the modem's session identifier is in use",
            Self::Undelivered => "the message was not acknowledged: check that the server is there",
        };
        f.write_str(text)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("ERROR"),
            Self::Cme(code) => write!(f, "+CME ERROR: {code}"),
            Self::Cms(code) => write!(f, "+CMS ERROR: {code}"),
            Self::Text => f.write_str("an error text"),
        }
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset => f.write_str(
                "the server rejected the message (RST): is it a CoAP resource of that server?",
            ),
            Self::CriticalOption(number) => {
                write!(
                    f,
                    "the response has the critical option {}, which is not understood",
                    number.0
                )
            }
            Self::Malformed => f.write_str("the response is not a well-formed CoAP message"),
            Self::Unreachable => f.write_str("nothing listens there: check address and port"),
            Self::Blocks(what) => what.fmt(f),
        }
    }
}

impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("block-wise transfer: ")?;
        f.write_str(match self {
            Self::Changed => "the resource has changed meanwhile; ask for it again",
            Self::Number => "the server speaks of another block than the one that was meant",
            Self::Size => "the server makes larger blocks than agreed",
            Self::Length => "a block has another length than it says",
            Self::Missing => "the server takes or gives a part for the whole",
            Self::Unasked => "the server waits for more than there is",
            Self::TooMany => "more blocks than can be numbered; larger ones would help",
        })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response { needed } => write!(
                f,
                "the response takes a buffer of {needed} bytes; it is held"
            ),
            Self::Message { needed } => {
                write!(f, "the request takes a transmit buffer of {needed} bytes")
            }
            Self::Source => f.write_str("the body to send could not be read"),
            Self::Sink => f.write_str("the body that came does not fit where it was to go"),
            Self::Command => f.write_str("a command does not fit the command buffer"),
            Self::Inbox => f.write_str(
                "the response was longer than the line buffer or the inbox, or damaged on the line",
            ),
        }
    }
}

impl fmt::Display for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Modem => "the modem does not answer: check power, wiring and baud rate",
            Self::Limit => "the time limit of the operation ended while the modem was at work: allow it more",
            Self::Busy => "the modem has not ended an earlier command: try again later, or restart it",
            Self::Registration => "not registered with the network in time: check antenna, coverage and SIM subscription",
            Self::Response => "no response from the server in time",
            Self::Acknowledgement => "no acknowledgement from the server: check that it is there",
        })
    }
}

impl<E: fmt::Display> fmt::Display for ClientError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(error) => write!(f, "the serial port or socket failed: {error}"),
            Self::Operation(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl<E: fmt::Debug + fmt::Display> core::error::Error for ClientError<E> {}
