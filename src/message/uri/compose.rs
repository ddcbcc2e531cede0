//! From options back to a URI (RFC 7252 sections 5.10.7 and 6.5).
//!
//! A sink takes one byte after the other and cannot fail: one that has an end counts what does not fit, and its owner
//! looks afterwards. It is a `dyn FnMut`, so that there is one copy of this code however many sinks there are.

use super::{Host, Scheme, address, escape};
use crate::message::{Number, Options, View};

/// Writes the URI that a request is for, if it goes to this host and port over this scheme: Uri-Host and Uri-Port take
/// precedence, the scheme's default port is left out (RFC 7252 section 6.5).
///
/// One liberty is taken with step 3: a Uri-Host that is no valid name is escaped rather than refused, and so is a percent
/// sign in it, since the URI could otherwise mean another host.
pub fn write(
    request: View<'_>,
    scheme: Scheme,
    host: Host<'_>,
    port: u16,
    sink: &mut dyn FnMut(u8),
) {
    scheme.as_str().bytes().chain(*b"://").for_each(&mut *sink);
    match request.option(Number::URI_HOST) {
        Some(option) => write_host_option(option.value, sink),
        None => write_host(host, sink),
    }
    let port = match request.option(Number::URI_PORT).map(|option| option.uint()) {
        Some(Some(number)) => u16::try_from(number).unwrap_or(port),
        _ => port,
    };
    if port != scheme.default_port() {
        sink(b':');
        address::write_decimal(port, sink);
    }
    write_path(request.options(), sink);
}

/// Writes path and query of a request, such as `/sensors/temp?unit=cel`: what a modem wants that knows the host already.
pub fn write_path(options: Options<'_>, sink: &mut dyn FnMut(u8)) {
    write_resource(options, Number::URI_PATH, Number::URI_QUERY, sink);
}

/// Writes the place of a created resource, from the Location-Path and Location-Query options of its response (RFC 7252
/// section 5.10.7). If it has neither, this is `/`.
pub fn write_location(options: Options<'_>, sink: &mut dyn FnMut(u8)) {
    write_resource(options, Number::LOCATION_PATH, Number::LOCATION_QUERY, sink);
}

fn write_resource(options: Options<'_>, path: Number, query: Number, sink: &mut dyn FnMut(u8)) {
    // The numbers of both path options are below those of the queries: one walk meets them in the right order.
    let mut rooted = false;
    let mut separator = b'?';
    for option in options {
        if option.number == path {
            sink(b'/');
            escape::encode(option.value, escape::in_segment, sink);
            rooted = true;
        } else if option.number == query {
            if !rooted {
                sink(b'/');
                rooted = true;
            }
            sink(separator);
            escape::encode(option.value, escape::in_argument, sink);
            separator = b'&';
        }
    }
    if !rooted {
        sink(b'/');
    }
}

fn write_host(host: Host<'_>, sink: &mut dyn FnMut(u8)) {
    match host {
        Host::Ip4(bytes) => address::write_ip4(bytes, sink),
        Host::Ip6(bytes) => {
            sink(b'[');
            address::write(bytes, sink);
            sink(b']');
        }
        // Raw already: it came from a URI.
        Host::Name(name) => name.bytes().for_each(sink),
    }
}

/// A Uri-Host option may also hold an address in brackets, which then stands as it is.
fn write_host_option(value: &[u8], sink: &mut dyn FnMut(u8)) {
    let literal = value
        .strip_prefix(b"[")
        .and_then(|rest| rest.strip_suffix(b"]"))
        .and_then(|text| core::str::from_utf8(text).ok())
        .and_then(address::parse);
    match literal {
        Some(bytes) => write_host(Host::Ip6(bytes), sink),
        None => escape::encode(value, escape::in_name, sink),
    }
}
