//! Which links are wanted (RFC 6690 section 4.1).

use super::{Link, Text};

/// A filter as a query says it: `rt=temperature-c`, `if=core.*`, `href=/sensors*`.
///
/// A star at the end makes the rest the beginning of what is wanted; a star alone wants any value. What may have several
/// values (`rt`, `if`, `rel`, `rev`, `ct`) is compared with each of them.
///
/// A server that cannot filter gives all its links (section 4.1), so whoever asked for some looks at what came:
///
/// ```
/// use coap_modem::message::link_format::{Filter, Links};
///
/// let filter = Filter::parse("rt=temperature*").ok_or("no filter")?;
/// let payload = br#"</in>;rt="temperature-c",</out>;rt="core.s temperature-f",</hum>;rt=humidity"#;
/// let wanted = Links::new(payload).flatten().filter(|link| filter.matches(link));
/// assert!(wanted.map(|link| link.target()).eq(["/in", "/out"]));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Filter<'f> {
    name: &'f str,
    value: &'f str,
    beginning: bool,
}

impl<'f> Filter<'f> {
    /// Reads a filter; `None` if there is no name with `=` behind it.
    pub fn parse(query: &'f str) -> Option<Self> {
        let at = query.bytes().position(|byte| byte == b'=')?;
        let name = query.get(..at).filter(|name| !name.is_empty())?;
        let value = query.get(at + 1..)?;
        let (value, beginning) = match value.as_bytes() {
            [.., b'*'] => (value.get(..value.len() - 1)?, true),
            _ => (value, false),
        };
        Some(Self {
            name,
            value,
            beginning,
        })
    }

    /// Whether a link is wanted.
    pub fn matches(&self, link: &Link<'_>) -> bool {
        if self.name == "href" {
            return self.accepts(Text::plain(link.target()));
        }
        let several = matches!(self.name, "rt" | "if" | "rel" | "rev" | "ct");
        link.attributes()
            .filter(|attribute| attribute.name == self.name)
            .any(|attribute| {
                let value = attribute.value.unwrap_or_default();
                self.accepts(value) || (several && value.words().any(|word| self.accepts(word)))
            })
    }

    fn accepts(&self, value: Text<'_>) -> bool {
        if self.beginning {
            value.starts_with(self.value)
        } else {
            value == self.value
        }
    }
}
