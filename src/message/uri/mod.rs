//! URIs: taken apart for a request's options, and put together again.
//!
//! RFC 7252 sections 6.1 to 6.5, RFC 8323 section 8 for the schemes over TCP, and RFC 3986 for what a URI is. A URI is
//! never copied: [`Uri::parse`] checks all of it and hands out raw pieces, whose escapes
//! [`Builder::decoded`](super::Builder::decoded) turns into bytes in the message itself. The way back, [`write()`],
//! goes through a sink that takes bytes. Left out: resolving relative references; dot segments are refused, since no
//! Uri-Path may be one (RFC 7252 section 5.10.1).

mod address;
mod compose;
mod escape;

#[cfg(test)]
mod tests;

use core::fmt;

pub use compose::{write, write_location, write_path};
pub(super) use escape::{decode, decoded_len};

/// The scheme of a URI, which says what is below CoAP (RFC 7252 section 6, RFC 8323 section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Scheme {
    /// `coap`: UDP.
    Coap,
    /// `coaps`: DTLS.
    Coaps,
    /// `coap+tcp`: TCP.
    CoapTcp,
    /// `coaps+tcp`: TLS.
    CoapsTcp,
}

impl Scheme {
    const ALL: [Self; 4] = [Self::Coap, Self::Coaps, Self::CoapTcp, Self::CoapsTcp];

    /// As it stands in a URI.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Coap => "coap",
            Self::Coaps => "coaps",
            Self::CoapTcp => "coap+tcp",
            Self::CoapsTcp => "coaps+tcp",
        }
    }

    /// The port that a URI without one means: 5683, or 5684 with security.
    pub const fn default_port(self) -> u16 {
        if self.is_secure() { 5684 } else { 5683 }
    }

    /// Whether what is below is encrypted.
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Coaps | Self::CoapsTcp)
    }
}

/// The host of a URI (RFC 3986 section 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Host<'a> {
    /// An IPv4 address.
    Ip4([u8; 4]),
    /// An IPv6 address, in brackets in the URI.
    Ip6([u8; 16]),
    /// A name as it stands in the URI: perhaps with escapes and capital letters.
    Name(&'a str),
}

/// Why a URI was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum UriError {
    /// Not one of the schemes of CoAP, or no scheme at all.
    Scheme,
    /// No host, or no address between the brackets.
    Host,
    /// A user name before the host, which CoAP does not have.
    UserInfo,
    /// A port that is no number from 1 to 65535.
    Port,
    /// A fragment, which cannot be sent (RFC 7252 section 6.4).
    Fragment,
    /// A path segment `.` or `..` (RFC 7252 section 5.10.1).
    DotSegment,
    /// A `%` that is not followed by two hexadecimal digits.
    Escape,
    /// A character that must be written as an escape.
    Character,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the scheme is none of coap, coaps, coap+tcp, coaps+tcp",
            Self::Host => "the host is missing or is no address",
            Self::UserInfo => "a user name has no place in a CoAP URI",
            Self::Port => "the port is no number from 1 to 65535",
            Self::Fragment => "a fragment (#) cannot be sent",
            Self::DotSegment => "a path segment cannot be . or ..",
            Self::Escape => "a percent sign without two hexadecimal digits after it",
            Self::Character => "a character that must be percent-encoded",
        })
    }
}

impl core::error::Error for UriError {}

/// An absolute CoAP URI, checked and taken apart (RFC 7252 section 6.4).
///
/// ```
/// use coap_modem::message::uri::{Host, Uri};
///
/// let uri = Uri::parse("coap://example.net/sensors/temp?unit=cel")?;
/// assert_eq!(uri.host(), Host::Name("example.net"));
/// assert_eq!(uri.port(), 5683);
/// assert!(uri.segments().eq(["sensors", "temp"]));
/// assert!(uri.queries().eq(["unit=cel"]));
/// # Ok::<(), coap_modem::message::uri::UriError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Uri<'a> {
    scheme: Scheme,
    host: Host<'a>,
    host_text: &'a str,
    port: Option<u16>,
    /// Path and query as written.
    resource: &'a str,
}

impl<'a> Uri<'a> {
    /// Checks a URI and takes it apart.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(uri: &'a str) -> Result<Self, UriError> {
        let (scheme, rest) = cut(uri, b':').ok_or(UriError::Scheme)?;
        let rest = rest.strip_prefix("//").ok_or(UriError::Scheme)?;
        let scheme = Scheme::ALL
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(scheme))
            .ok_or(UriError::Scheme)?;
        let end = rest
            .bytes()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        let (authority, resource) = end
            .and_then(|end| rest.split_at_checked(end))
            .unwrap_or((rest, ""));
        if cut(authority, b'@').is_some() {
            return Err(UriError::UserInfo);
        }
        let (host, host_text, port) = split_authority(authority)?;
        check_resource(resource)?;
        Ok(Self {
            scheme,
            host,
            host_text,
            port: parse_port(port)?,
            resource,
        })
    }

    /// The scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host.
    pub const fn host(&self) -> Host<'a> {
        self.host
    }

    /// The host as written, without the brackets of an IPv6 address: what a modem's AT command wants.
    pub const fn host_text(&self) -> &'a str {
        self.host_text
    }

    /// The port, that of the scheme if none is written (RFC 7252 section 6.1).
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// Path and query as written, such as `/sensors/temp?unit=cel`; may be empty.
    pub const fn resource(&self) -> &'a str {
        self.resource
    }

    /// The raw path segments, one for each Uri-Path option.
    pub fn segments(&self) -> Pieces<'a> {
        path_segments(self.resource)
    }

    /// The raw arguments of the query, one for each Uri-Query option.
    pub fn queries(&self) -> Pieces<'a> {
        query_items(self.resource)
    }

    /// The raw value of the Uri-Host option, which only a name needs: an address is where the request goes anyway (RFC
    /// 7252 section 6.4, step 5).
    pub const fn host_option(&self) -> Option<&'a str> {
        match self.host {
            Host::Name(name) => Some(name),
            Host::Ip4(_) | Host::Ip6(_) => None,
        }
    }
}

impl<'a> TryFrom<&'a str> for Uri<'a> {
    type Error = UriError;

    fn try_from(uri: &'a str) -> Result<Self, UriError> {
        Self::parse(uri)
    }
}

/// The pieces of a path or of a query, raw; also an empty one between two separators.
#[derive(Clone, Debug)]
#[must_use = "an iterator does nothing until it is asked"]
pub struct Pieces<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.take()?;
        let Some((piece, rest)) = cut(rest, self.separator) else {
            return Some(rest);
        };
        self.rest = Some(rest);
        Some(piece)
    }
}

impl core::iter::FusedIterator for Pieces<'_> {}

/// The raw segments of a path, whether a query follows or not: `a` and `b` of `/a/b?c`. Neither the empty path nor `/`
/// has one; `/a//b` has three, `/a/` two (RFC 7252 section 6.4, step 8). The first slash may be missing.
pub fn path_segments(resource: &str) -> Pieces<'_> {
    let (path, _) = cut(resource, b'?').unwrap_or((resource, ""));
    let path = path.strip_prefix("/").unwrap_or(path);
    Pieces {
        rest: (!path.is_empty()).then_some(path),
        separator: b'/',
    }
}

/// The raw arguments of the query after a path: `c` and `d=1` of `/a?c&d=1`. Without a `?` there are none; with nothing
/// after it there is one empty argument (RFC 7252 section 6.4, step 9).
pub fn query_items(resource: &str) -> Pieces<'_> {
    Pieces {
        rest: cut(resource, b'?').map(|(_, query)| query),
        separator: b'&',
    }
}

/// Checks a path with or without a query, as a request carries it when the host is known already. Empty is fine.
///
/// # Errors
/// What cannot be sent, or not be part of a URI: a fragment, a dot segment, a bad escape, a forbidden character.
pub fn check_resource(resource: &str) -> Result<(), UriError> {
    let (path, query) = cut(resource, b'?').unwrap_or((resource, ""));
    if cut(resource, b'#').is_some() {
        return Err(UriError::Fragment);
    }
    escape::check(path, escape::in_path)?;
    escape::check(query, escape::in_query)?;
    if path_segments(path).any(is_dot_segment) {
        return Err(UriError::DotSegment);
    }
    Ok(())
}

/// Whether a segment is `.` or `..`, written plainly or with escapes.
fn is_dot_segment(raw: &str) -> bool {
    matches!(decoded_len(raw), Some(1 | 2)) && decode(raw, false).all(|byte| byte == b'.')
}

/// The host, its text, and the text of the port.
fn split_authority(authority: &str) -> Result<(Host<'_>, &str, &str), UriError> {
    if let Some(rest) = authority.strip_prefix("[") {
        let (text, port) = cut(rest, b']').ok_or(UriError::Host)?;
        let address = address::parse(text).ok_or(UriError::Host)?;
        let port = match port.strip_prefix(":") {
            Some(port) => port,
            None if port.is_empty() => port,
            None => return Err(UriError::Host),
        };
        return Ok((Host::Ip6(address), text, port));
    }
    let (text, port) = cut(authority, b':').unwrap_or((authority, ""));
    if text.is_empty() {
        return Err(UriError::Host);
    }
    escape::check(text, escape::in_name)?;
    let host = address::parse_ip4(text).map_or(Host::Name(text), Host::Ip4);
    Ok((host, text, port))
}

/// What is before and after the first such character, which must be ASCII.
///
/// By hand, because the searchers behind `str::split_once` take kilobytes of flash and can panic.
fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let position = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..position)?, text.get(position + 1..)?))
}

/// A port, if there is one: `:` with nothing after it means none (RFC 3986 section 3.2.3).
fn parse_port(text: &str) -> Result<Option<u16>, UriError> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut port: u16 = 0;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(UriError::Port);
        }
        port = port
            .checked_mul(10)
            .and_then(|port| port.checked_add(digit.into()))
            .ok_or(UriError::Port)?;
    }
    if port == 0 {
        return Err(UriError::Port);
    }
    Ok(Some(port))
}
