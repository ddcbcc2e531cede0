//! Links (RFC 6690), readable: a resource a line, with what the server says of it.
//!
//! ```text
//! /time          "Internal Clock", ticks, if clock, text/plain, observable
//! /example_data  "Example Data", text/plain, observable
//! ```

use crate::formats;
use coap_modem::message::link_format::{Attribute, Link, Links};

/// Where the second column stands at most: longer targets push theirs to the right.
const WIDEST: usize = 40;

/// The lines. What is no link any more is told in the last one.
pub(crate) fn readable(links: Links<'_>) -> String {
    let width = links
        .clone()
        .flatten()
        .map(|link| link.target().chars().count())
        .filter(|width| *width <= WIDEST)
        .max()
        .unwrap_or(0);
    let lines = links.map(|link| match link {
        Ok(link) => {
            let line = format!("{:width$}  {}", link.target(), about(&link));
            line.trim_end().replace(char::is_control, "\u{FFFD}") + "\n"
        }
        Err(error) => format!("(what follows is no link: {error})\n"),
    });
    lines.collect()
}

/// First what people want to know, then how it is used, then everything else as it is.
fn about(link: &Link<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(link.title().map(|title| format!("\"{title}\"")));
    parts.extend(link.resource_types().map(|word| word.to_string()));
    parts.extend(link.interfaces().map(|word| format!("if {word}")));
    parts.extend(link.content_formats().map(|number| {
        formats::name(number.into()).map_or_else(|| format!("format {number}"), Into::into)
    }));
    parts.extend(link.size().map(|size| format!("{size} bytes")));
    parts.extend(link.is_observable().then(|| "observable".into()));
    let told = ["title", "rt", "if", "ct", "sz", "obs"];
    let others = link
        .attributes()
        .filter(|attribute| !told.contains(&attribute.name));
    parts.extend(others.map(|Attribute { name, value }| match value {
        Some(value) => format!("{name} {value}"),
        None => name.into(),
    }));
    parts.join(", ")
}
