//! Discovery: asking a server what it has (RFC 6690 section 4).
//!
//! [`CoapClient::discover`](super::CoapClient::discover) asks for `/.well-known/core`, and [`Response::links`] reads what
//! came. Whoever does neither has none of it in the image. Left out: asking a whole network by multicast, and resource
//! directories (RFC 9176), which are asked by ordinary requests and answer with links too.

use super::{Request, Response};
use crate::message::link_format::Links;
use crate::message::{Code, Number, Value, format};

/// The resource that every server may have (RFC 6690 section 4).
const WELL_KNOWN: &str = "/.well-known/core";

/// The query of a discovery, as options. The text goes into its option as it is: only in a URI would it be percent-coded.
pub(super) const fn query(filter: &str) -> [(Number, Value<'_>); 1] {
    [(Number::URI_QUERY, Value::Text(filter))]
}

/// The request for the links that this query asks for; without options, for all.
pub(super) const fn request<'a>(query: &'a [(Number, Value<'a>); 1]) -> Request<'a> {
    let request = Request::get(WELL_KNOWN).accept(format::LINK_FORMAT);
    match query {
        [(_, value)] if value.is_empty() => request,
        _ => request.options(query),
    }
}

impl<'r> Response<'r> {
    /// The links in the payload; `None` if this is no success with such a payload. A response without a Content-Format
    /// counts as one, since some servers do not say it and some modems do not show it.
    pub fn links(&self) -> Option<Links<'r>> {
        let is_format = matches!(self.content_format(), None | Some(format::LINK_FORMAT));
        (self.code() == Code::CONTENT && is_format).then(|| Links::new(self.payload()))
    }
}
