//! Links: what a server says of its resources (CoRE Link Format, RFC 6690).
//!
//! ```text
//! </sensors/temp>;rt="temperature-c core.s";if="sensor";ct=0,</firmware>;sz=262144;title="The image"
//!  target         attributes: name, and mostly a value
//! ```
//!
//! [`Links`] takes a payload apart where it stands: borrowed, in one pass, without a panic. The grammar is that of section 2,
//! read as RFC 8288, appendix B, advises: blanks and line ends may stand between the pieces, links and attributes may be
//! empty (`,,`, `;;`), and any value may be quoted or not.
//!
//! A [`Link`] that was given out is whole, and none of its questions fails. What is no link ends the iteration with the
//! [reason](LinkError); so does a payload that was cut off, and the links before stay good.
//!
//! Left out: relative references are not resolved, `title*` is not decoded (RFC 8187), and nothing is written.
//!
//! Written by hand, since the grammar has no choice that the next character does not decide. Made with nom, the iterators
//! take 2.5 KB of flash on a Cortex-M0+ (2.8 on an M4) where these take 0.9 (1.2); the check for UTF-8 comes on top, 0.6 KB.

mod filter;
mod text;

#[cfg(test)]
mod tests;

use core::fmt;

pub use filter::Filter;
pub use text::{Text, Words};

use text::{Cursor, is_blank};

/// Why a text is no list of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LinkError {
    /// No reference in angle brackets where a link must begin, or one without its end.
    Target,
    /// Something after a target or an attribute that is neither a semicolon nor a comma, or a value without a name.
    Attribute,
    /// A quote without its end.
    Quote,
    /// Bytes that are not UTF-8.
    Text,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => "a link must begin with a reference in angle brackets",
            Self::Attribute => "attributes must have names and stand behind semicolons",
            Self::Quote => "a quote has no end",
            Self::Text => "not UTF-8",
        })
    }
}

impl core::error::Error for LinkError {}

/// The links of a payload, one after the other; the first error is the last item.
///
/// ```
/// use coap_modem::message::link_format::Links;
///
/// let payload = br#"</temp>;rt="temperature-c core.s";obs, </image>;sz=262144"#;
/// for link in Links::new(payload) {
///     let link = link?;
///     match link.target() {
///         "/temp" => assert!(link.is_observable() && link.resource_types().any(|word| word == "core.s")),
///         _ => assert_eq!(link.size(), Some(262_144)),
///     }
/// }
/// # Ok::<(), coap_modem::message::link_format::LinkError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an iterator does nothing until it is asked"]
pub struct Links<'a> {
    rest: Cursor<'a>,
    /// Behind `rest` come bytes that are no text.
    broken: bool,
}

impl<'a> Links<'a> {
    /// The links in a payload of Content-Format [40](super::format::LINK_FORMAT).
    pub fn new(payload: &'a [u8]) -> Self {
        let (text, broken) = match core::str::from_utf8(payload) {
            Ok(text) => (text, false),
            Err(error) => {
                let good = payload.get(..error.valid_up_to()).unwrap_or_default();
                (core::str::from_utf8(good).unwrap_or_default(), true)
            }
        };
        Self {
            rest: Cursor(text),
            broken,
        }
    }

    /// Takes one link off the front.
    fn link(&mut self) -> Result<Link<'a>, LinkError> {
        let rest = &mut self.rest;
        if !rest.skip(b'<') {
            return Err(LinkError::Target);
        }
        let target = rest.take_while(|byte| !matches!(byte, b'<' | b'>'));
        if !rest.skip(b'>') {
            return Err(LinkError::Target);
        }
        let attributes = *rest;
        while rest.attribute()?.is_some() {}
        let len = attributes.0.len() - rest.0.len();
        // What goes on in bytes that are no text may belong to this link.
        if self.broken && rest.0.is_empty() {
            return Err(LinkError::Text);
        }
        Ok(Link {
            target,
            attributes: attributes.0.get(..len).unwrap_or_default(),
        })
    }
}

impl<'a> Iterator for Links<'a> {
    type Item = Result<Link<'a>, LinkError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest.take_while(|byte| is_blank(byte) || byte == b',');
        if self.rest.0.is_empty() {
            // Told once.
            return core::mem::take(&mut self.broken).then_some(Err(LinkError::Text));
        }
        let link = self.link();
        if link.is_err() {
            *self = Self::new(&[]);
        }
        Some(link)
    }
}

impl core::iter::FusedIterator for Links<'_> {}

/// A resource and what is said of it (RFC 6690 section 2).
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Link<'a> {
    target: &'a str,
    /// Checked: the semicolon before the first attribute up to the end of the last one.
    attributes: &'a str,
}

impl<'a> Link<'a> {
    /// Where it leads, as written: mostly a path on the same server, such as `/sensors/temp`, but any reference may stand
    /// here. Percent-coded as [`Request::new`](crate::client::Request::new) wants it.
    pub const fn target(&self) -> &'a str {
        self.target
    }

    /// The target, if that is a path on the server that the link comes from.
    pub fn path(&self) -> Option<&'a str> {
        match self.target.as_bytes() {
            [b'/', b'/', ..] => None,
            [b'/', ..] => Some(self.target),
            _ => None,
        }
    }

    /// All attributes, in order.
    pub const fn attributes(&self) -> Attributes<'a> {
        Attributes(Cursor(self.attributes))
    }

    /// The value of the first attribute of this name: the second of those that may stand once only is to be ignored
    /// (RFC 6690 section 3). An attribute without a value has an empty one.
    pub fn attribute(&self, name: &str) -> Option<Text<'a>> {
        self.attributes()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.unwrap_or_default())
    }

    /// `rt`: what kind of thing this is (RFC 6690 section 3.1).
    pub fn resource_types(&self) -> Words<'a> {
        self.words("rt")
    }

    /// `if`: how it is to be used (RFC 6690 section 3.2).
    pub fn interfaces(&self) -> Words<'a> {
        self.words("if")
    }

    /// `rel`: how the target relates to the context; without one, the context hosts it (RFC 6690 section 2.2).
    pub fn relations(&self) -> Words<'a> {
        self.words("rel")
    }

    /// `anchor`: the context, if that is not the server itself (RFC 6690 section 2.1).
    pub fn anchor(&self) -> Option<Text<'a>> {
        self.attribute("anchor")
    }

    /// `title`: for people.
    pub fn title(&self) -> Option<Text<'a>> {
        self.attribute("title")
    }

    /// `sz`: how many bytes the largest representation has, as far as known (RFC 6690 section 3.3).
    pub fn size(&self) -> Option<u32> {
        self.attribute("sz")?.number()
    }

    /// `ct`: in which Content-Formats it comes (RFC 7252 section 7.2.1).
    pub fn content_formats(&self) -> impl Iterator<Item = u16> + Clone + use<'a> {
        self.words("ct")
            .filter_map(|word| u16::try_from(word.number()?).ok())
    }

    /// `obs`: whether it is worth observing (RFC 7641 section 6).
    pub fn is_observable(&self) -> bool {
        self.attribute("obs").is_some()
    }

    fn words(&self, name: &str) -> Words<'a> {
        self.attribute(name).unwrap_or_default().words()
    }
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>{}", self.target, self.attributes)
    }
}

/// The attributes of a link.
#[derive(Clone, Debug)]
#[must_use = "an iterator does nothing until it is asked"]
pub struct Attributes<'a>(Cursor<'a>);

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        // Checked when the link was taken.
        self.0.attribute().ok().flatten()
    }
}

impl core::iter::FusedIterator for Attributes<'_> {}

/// An attribute of a link: the RFC's "link-param".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Attribute<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, if it has one.
    pub value: Option<Text<'a>>,
}
