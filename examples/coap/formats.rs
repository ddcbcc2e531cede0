//! Content-Formats by name: the part of the CoAP Content-Formats registry that people type.

/// Name, number, and where the number is registered.
const TABLE: [(&str, u16, &str); 30] = [
    ("text/plain", 0, "RFC 7252"),
    ("application/link-format", 40, "RFC 6690"),
    ("application/xml", 41, "RFC 7252"),
    ("application/octet-stream", 42, "RFC 7252"),
    ("application/exi", 47, "RFC 7252"),
    ("application/json", 50, "RFC 7252"),
    ("application/json-patch+json", 51, "RFC 8132"),
    ("application/merge-patch+json", 52, "RFC 8132"),
    ("application/cbor", 60, "RFC 8949"),
    ("application/cwt", 61, "RFC 8392"),
    ("application/multipart-core", 62, "RFC 8710"),
    ("application/cbor-seq", 63, "RFC 8742"),
    ("application/senml+json", 110, "RFC 8428"),
    ("application/sensml+json", 111, "RFC 8428"),
    ("application/senml+cbor", 112, "RFC 8428"),
    ("application/sensml+cbor", 113, "RFC 8428"),
    ("application/senml-exi", 114, "RFC 8428"),
    ("application/sensml-exi", 115, "RFC 8428"),
    ("application/coap-group+json", 256, "RFC 7390"),
    ("application/concise-problem-details+cbor", 257, "RFC 9290"),
    ("application/missing-blocks+cbor-seq", 272, "RFC 9177"),
    ("application/senml+xml", 310, "RFC 8428"),
    ("application/sensml+xml", 311, "RFC 8428"),
    ("application/senml-etch+json", 320, "RFC 8790"),
    ("application/senml-etch+cbor", 322, "RFC 8790"),
    ("application/td+json", 432, "W3C WoT Thing Description"),
    ("application/vnd.ocf+cbor", 10_000, "OCF"),
    ("application/vnd.oma.lwm2m+tlv", 11_542, "OMA LwM2M"),
    ("application/vnd.oma.lwm2m+json", 11_543, "OMA LwM2M"),
    ("application/vnd.oma.lwm2m+cbor", 11_544, "OMA LwM2M"),
];

/// A number, a name, or a name without its `application/` (and without `text/`, `vnd.oma.`).
pub(crate) fn parse(text: &str) -> Result<u16, String> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text
            .parse()
            .map_err(|_| "a Content-Format is a number up to 65535".into());
    }
    let wanted = text.to_ascii_lowercase();
    let entry = TABLE
        .iter()
        .find(|(name, ..)| *name == wanted || short(name) == wanted);
    entry.map(|(_, number, _)| *number).ok_or_else(|| {
        let known: Vec<&str> = TABLE.iter().map(|(name, ..)| short(name)).collect();
        format!("give its number, or one of {}", known.join(", "))
    })
}

/// The name of a number.
pub(crate) fn name(number: u32) -> Option<&'static str> {
    let entry = TABLE
        .iter()
        .find(|(_, known, _)| u32::from(*known) == number);
    entry.map(|(name, ..)| *name)
}

fn short(name: &'static str) -> &'static str {
    let name = name.split_once('/').map_or(name, |(_, short)| short);
    name.strip_prefix("vnd.oma.").unwrap_or(name)
}
