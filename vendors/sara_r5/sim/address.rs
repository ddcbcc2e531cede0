//! A URI as the module's CoAP understands it: where a request goes, and what of it becomes options.

use std::net::Ipv6Addr;

use crate::sim::module::unhex;

/// The longest URI, and the longest of each of its parts (guide, chapter 8).
const LONGEST: usize = 783;
const PART: usize = 255;

/// A URI, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) tcp: bool,
    pub(super) secure: bool,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// With its slashes.
    path: String,
    /// Without its question mark.
    query: Option<String>,
}

impl Address {
    /// Takes a URI apart.
    ///
    /// # Errors
    /// Why it is none of the module's.
    pub(super) fn parse(uri: &str) -> Result<Self, &'static str> {
        if uri.len() > LONGEST {
            return Err("a URI that is too long");
        }
        let (scheme, rest) = uri.split_once("://").ok_or("a URI without scheme")?;
        let (tcp, secure) = match scheme {
            "coap" => (false, false),
            "coaps" => (false, true),
            "coap+tcp" => (true, false),
            "coaps+tcp" => (true, true),
            _ => return Err("a URI whose scheme is none of CoAP's"),
        };
        if rest
            .bytes()
            .any(|byte| byte <= b' ' || byte == b'#' || byte > b'~')
        {
            return Err("a character that no URI has");
        }
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => {
                let (host, port) = literal
                    .split_once(']')
                    .ok_or("brackets that do not close")?;
                host.parse::<Ipv6Addr>()
                    .map_err(|_| "no address in brackets")?;
                (host, port.strip_prefix(':'))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().map_err(|_| "a port that is no number")?,
            None if secure => 5684,
            None => 5683,
        };
        if host.is_empty() || port == 0 {
            return Err("a URI without host or port");
        }
        let parts = [
            host.len(),
            path.len(),
            query.as_ref().map_or(0, |query| query.len() + 1),
        ];
        if parts.iter().any(|length| *length > PART) {
            return Err("a part of a URI that is too long");
        }
        Ok(Self {
            tcp,
            secure,
            host: host.into(),
            port,
            path: path.into(),
            query,
        })
    }

    /// The values of Uri-Path; with `joined` one for the whole of it.
    pub(super) fn segments(&self, joined: bool, raw: bool) -> Vec<Vec<u8>> {
        let path = self.path.strip_prefix('/').unwrap_or_default();
        match path {
            "" => Vec::new(),
            path if joined => vec![plain(path, raw)],
            path => path.split('/').map(|segment| plain(segment, raw)).collect(),
        }
    }

    /// The values of Uri-Query.
    pub(super) fn arguments(&self, raw: bool) -> Vec<Vec<u8>> {
        let query = self.query.iter().flat_map(|query| query.split('&'));
        query.map(|argument| plain(argument, raw)).collect()
    }
}

/// What a piece of a URI stands for, or, `raw`, its letters.
fn plain(piece: &str, raw: bool) -> Vec<u8> {
    let mut rest = piece.as_bytes();
    let mut out = Vec::new();
    while let [byte, tail @ ..] = rest {
        let code = tail
            .get(..2)
            .and_then(unhex)
            .filter(|_| *byte == b'%' && !raw);
        match code {
            Some(code) => {
                out.extend(code);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_taken_apart() {
        let address = Address::parse("coap://[::1]:61616/a%2Fb//c?x=1&y=%26").unwrap();
        assert_eq!((address.host.as_str(), address.port), ("::1", 61616));
        assert_eq!(
            address.segments(false, false),
            [&b"a/b"[..], b"", b"c"].map(<[u8]>::to_vec)
        );
        assert_eq!(address.segments(true, true), [b"a%2Fb//c".to_vec()]);
        assert_eq!(
            address.arguments(false),
            [&b"x=1"[..], b"y=&"].map(<[u8]>::to_vec)
        );
        let bare = Address::parse("coap+tcp://demo").unwrap();
        assert!(bare.tcp && bare.segments(false, false).is_empty() && bare.port == 5683);
    }

    #[test]
    fn what_is_no_uri_of_coap_is_refused() {
        let long = format!("coap://h/{}", "p".repeat(255));
        for uri in [
            "http://demo/",
            "demo/hello",
            "coap:///x",
            "coap://h:0/",
            "coap://h:x/",
            "coap://[::1/",
            "coap://[demo]/",
            " coap://demo/",
            "coap://demo/a b",
            "coap://demo/#a",
            &long,
        ] {
            assert!(Address::parse(uri).is_err(), "{uri}");
        }
    }
}
