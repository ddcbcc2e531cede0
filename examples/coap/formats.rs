//! Content-Formats as people type and read them; the registry itself is the library's.

use coap_modem::message::format;

/// A number, a name, or a name without its `application/` (and without `text/`, `vnd.oma.`).
pub(crate) fn parse(text: &str) -> Result<u16, String> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text
            .parse()
            .map_err(|_| "a Content-Format is a number up to 65535".into());
    }
    let by_short_name = || {
        let mut known = format::all();
        known.find(|(_, name)| short(name).eq_ignore_ascii_case(text))
    };
    format::number(text)
        .or_else(|| by_short_name().map(|(number, _)| number))
        .ok_or_else(|| {
            // All of them would fill the screen.
            let alike = format::all()
                .map(|(_, name)| short(name))
                .filter(|name| !text.is_empty() && name.contains(text) && !name.contains(';'));
            let alike: Vec<&str> = alike.take(8).collect();
            let names = match alike[..] {
                [] => "text/plain, json, cbor, senml+cbor, link-format".into(),
                _ => alike.join(", "),
            };
            format!("give its number, or a name such as {names}")
        })
}

/// The name of a number, for people; the character set, which can only be UTF-8, is left out.
pub(crate) fn name(number: u32) -> Option<&'static str> {
    let name = format::name(u16::try_from(number).ok()?)?;
    Some(name.strip_suffix("; charset=utf-8").unwrap_or(name))
}

/// What people say: `plain`, `json`, `senml+cbor`, `lwm2m+tlv`.
fn short(name: &'static str) -> &'static str {
    let name = name.strip_suffix("; charset=utf-8").unwrap_or(name);
    let name = name.split_once('/').map_or(name, |(_, short)| short);
    name.strip_prefix("vnd.oma.").unwrap_or(name)
}
