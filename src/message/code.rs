//! What a message is and asks or answers: [`Kind`] and [`Code`].
//!
//! RFC 7252 sections 3, 4.3, 5.9 and 12.1; codes of RFC 7959, 8132, 8516 and 8768. The signalling codes of class 7
//! (RFC 8323) belong to TCP and have no names here.

use core::fmt;

/// The two type bits of a message: the RFC's "Type" (RFC 7252 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// CON: wants an acknowledgement (section 2.1).
    Confirmable = 0,
    /// NON: wants none (section 2.1).
    NonConfirmable = 1,
    /// ACK: acknowledges a confirmable message, perhaps with the response in it (section 4.2).
    Acknowledgement = 2,
    /// RST: the message arrived but its context is missing (section 4.2).
    Reset = 3,
}

impl Kind {
    /// The type in the first byte of a message.
    #[inline]
    pub(crate) const fn from_first_byte(byte: u8) -> Self {
        match byte & 0x30 {
            0x00 => Self::Confirmable,
            0x10 => Self::NonConfirmable,
            0x20 => Self::Acknowledgement,
            _ => Self::Reset,
        }
    }

    /// Whether a message of this type may carry that code (RFC 7252 section 4.3, table 1).
    ///
    /// The codec parses every combination, since what to do about a wrong one depends on the exchange; an endpoint asks
    /// here and rejects. Codes of the reserved classes 1, 6 and 7 go with no type. An empty CON is the "CoAP ping".
    pub const fn may_carry(self, code: Code) -> bool {
        match self {
            Self::Confirmable => code.is_empty() || code.is_request() || code.is_response(),
            Self::NonConfirmable => code.is_request() || code.is_response(),
            Self::Acknowledgement => code.is_empty() || code.is_response(),
            Self::Reset => code.is_empty(),
        }
    }
}

/// The code of a message, `class.detail`: a method, a response code, or empty (RFC 7252 section 3).
///
/// Any byte is a code; which ones mean something is for [`Code::name`] and the class questions to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub(crate) u8);

impl Code {
    /// The code `class.detail`. Only the three bits of the class and the five of the detail that exist are taken.
    pub const fn new(class: u8, detail: u8) -> Self {
        Self((class & 7) << 5 | detail & 31)
    }

    /// The code that this byte of a header stands for.
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte that stands in the header.
    pub const fn as_byte(self) -> u8 {
        self.0
    }

    /// The digit before the dot: 0 request or empty, 2 success, 4 client error, 5 server error (section 3).
    pub const fn class(self) -> u8 {
        self.0 >> 5
    }

    /// The two digits after the dot, 0 to 31.
    pub const fn detail(self) -> u8 {
        self.0 & 31
    }

    /// Whether this is 0.00, the code of an empty message (section 4.1).
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this is a method, known or not: 0.01 to 0.31 (section 12.1.1).
    pub const fn is_request(self) -> bool {
        self.class() == 0 && !self.is_empty()
    }

    /// Whether this is a response code, known or not: class 2, 4 or 5; class 3 does not exist yet but is reserved for
    /// responses, and so counts (section 12.1).
    pub const fn is_response(self) -> bool {
        matches!(self.class(), 2..=5)
    }

    /// Whether this is 2.xx (section 5.9.1).
    pub const fn is_success(self) -> bool {
        self.class() == 2
    }

    /// Whether this is 4.xx (section 5.9.2).
    pub const fn is_client_error(self) -> bool {
        self.class() == 4
    }

    /// Whether this is 5.xx (section 5.9.3).
    pub const fn is_server_error(self) -> bool {
        self.class() == 5
    }

    /// The x.00 of this code's class: what an unknown response code is to be treated as (section 5.9).
    #[must_use]
    pub const fn generic(self) -> Self {
        Self(self.0 & 0xe0)
    }
}

/// One list of the registered codes, from which the constants and their names come.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $constant:ident = $class:literal, $detail:literal, $name:literal;)+) => {
        impl Code {
            $($(#[doc = $doc])+ pub const $constant: Self = Self::new($class, $detail);)+

            /// The registered name, such as "Not Found"; `None` for a code that this crate does not know.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some($name),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// 0.00, no request and no response (RFC 7252 section 4.1).
    EMPTY = 0, 0, "Empty";
    /// 0.01, retrieve (RFC 7252 section 5.8.1).
    GET = 0, 1, "GET";
    /// 0.02, process (RFC 7252 section 5.8.2).
    POST = 0, 2, "POST";
    /// 0.03, create or replace (RFC 7252 section 5.8.3).
    PUT = 0, 3, "PUT";
    /// 0.04, remove (RFC 7252 section 5.8.4).
    DELETE = 0, 4, "DELETE";
    /// 0.05, retrieve as the payload asks (RFC 8132 section 2).
    FETCH = 0, 5, "FETCH";
    /// 0.06, change in part (RFC 8132 section 3).
    PATCH = 0, 6, "PATCH";
    /// 0.07, change in part, idempotently (RFC 8132 section 3).
    IPATCH = 0, 7, "iPATCH";
    /// 2.01 (RFC 7252 section 5.9.1.1).
    CREATED = 2, 1, "Created";
    /// 2.02 (RFC 7252 section 5.9.1.2).
    DELETED = 2, 2, "Deleted";
    /// 2.03, the answer to an ETag that still holds (RFC 7252 section 5.9.1.3).
    VALID = 2, 3, "Valid";
    /// 2.04 (RFC 7252 section 5.9.1.4).
    CHANGED = 2, 4, "Changed";
    /// 2.05, the answer to GET (RFC 7252 section 5.9.1.5).
    CONTENT = 2, 5, "Content";
    /// 2.31, block received, send the next (RFC 7959 section 2.9.1).
    CONTINUE = 2, 31, "Continue";
    /// 4.00 (RFC 7252 section 5.9.2.1).
    BAD_REQUEST = 4, 0, "Bad Request";
    /// 4.01; with an Echo option, a demand to repeat it (RFC 7252 section 5.9.2.2, RFC 9175 section 2.3).
    UNAUTHORIZED = 4, 1, "Unauthorized";
    /// 4.02, a critical option was not understood (RFC 7252 section 5.9.2.3).
    BAD_OPTION = 4, 2, "Bad Option";
    /// 4.03 (RFC 7252 section 5.9.2.4).
    FORBIDDEN = 4, 3, "Forbidden";
    /// 4.04 (RFC 7252 section 5.9.2.5).
    NOT_FOUND = 4, 4, "Not Found";
    /// 4.05 (RFC 7252 section 5.9.2.6).
    METHOD_NOT_ALLOWED = 4, 5, "Method Not Allowed";
    /// 4.06 (RFC 7252 section 5.9.2.7).
    NOT_ACCEPTABLE = 4, 6, "Not Acceptable";
    /// 4.08, blocks are missing (RFC 7959 section 2.9.2).
    REQUEST_ENTITY_INCOMPLETE = 4, 8, "Request Entity Incomplete";
    /// 4.09 (RFC 8132 section 3.4).
    CONFLICT = 4, 9, "Conflict";
    /// 4.12 (RFC 7252 section 5.9.2.8).
    PRECONDITION_FAILED = 4, 12, "Precondition Failed";
    /// 4.13; with Block1, a hint at a smaller size (RFC 7252 section 5.9.2.9, RFC 7959 section 2.9.3).
    REQUEST_ENTITY_TOO_LARGE = 4, 13, "Request Entity Too Large";
    /// 4.15 (RFC 7252 section 5.9.2.10).
    UNSUPPORTED_CONTENT_FORMAT = 4, 15, "Unsupported Content-Format";
    /// 4.22 (RFC 8132 section 3.4).
    UNPROCESSABLE_ENTITY = 4, 22, "Unprocessable Entity";
    /// 4.29, Max-Age says when to try again (RFC 8516 section 3).
    TOO_MANY_REQUESTS = 4, 29, "Too Many Requests";
    /// 5.00 (RFC 7252 section 5.9.3.1).
    INTERNAL_SERVER_ERROR = 5, 0, "Internal Server Error";
    /// 5.01 (RFC 7252 section 5.9.3.2).
    NOT_IMPLEMENTED = 5, 1, "Not Implemented";
    /// 5.02 (RFC 7252 section 5.9.3.3).
    BAD_GATEWAY = 5, 2, "Bad Gateway";
    /// 5.03, Max-Age says when to try again (RFC 7252 section 5.9.3.4).
    SERVICE_UNAVAILABLE = 5, 3, "Service Unavailable";
    /// 5.04 (RFC 7252 section 5.9.3.5).
    GATEWAY_TIMEOUT = 5, 4, "Gateway Timeout";
    /// 5.05 (RFC 7252 section 5.9.3.6).
    PROXYING_NOT_SUPPORTED = 5, 5, "Proxying Not Supported";
    /// 5.08 (RFC 8768 section 4).
    HOP_LIMIT_REACHED = 5, 8, "Hop Limit Reached";
}

/// `4.04`, the RFC's way of writing it.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.class(), self.detail())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Code {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u8}.{=u8:02}", self.class(), self.detail());
    }
}
