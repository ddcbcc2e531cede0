//! URIs into options and back: RFC 7252 sections 6.1 to 6.5 and its appendix B.

use proptest::prelude::*;

use super::*;
use crate::message::{Builder, Code, Kind, Number, View};

/// The options of a URI as a request to its host would have them.
fn options_of<'b>(uri: &Uri<'_>, buffer: &'b mut [u8]) -> View<'b> {
    let mut builder = Builder::new(buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
    if let Some(host) = uri.host_option() {
        builder.decoded(Number::URI_HOST, host).unwrap();
    }
    for segment in uri.segments() {
        builder.decoded(Number::URI_PATH, segment).unwrap();
    }
    for query in uri.queries() {
        builder.decoded(Number::URI_QUERY, query).unwrap();
    }
    builder.finish()
}

fn values(view: View<'_>, number: Number) -> Vec<String> {
    view.options()
        .filter(|option| option.number == number)
        .map(|option| option.text().unwrap().to_owned())
        .collect()
}

fn written(view: View<'_>, scheme: Scheme, host: Host<'_>, port: u16) -> String {
    let mut bytes = Vec::new();
    write(view, scheme, host, port, &mut |byte| bytes.push(byte));
    String::from_utf8(bytes).unwrap()
}

/// There and back, over the options.
fn round_trip(text: &str) -> String {
    let uri = Uri::parse(text).unwrap();
    let mut buffer = [0; 1024];
    let view = options_of(&uri, &mut buffer);
    written(view, uri.scheme(), uri.host(), uri.port())
}

fn path_of(text: &str) -> Vec<String> {
    let uri = Uri::parse(text).unwrap();
    values(options_of(&uri, &mut [0; 1024]), Number::URI_PATH)
}

fn query_of(text: &str) -> Vec<String> {
    let uri = Uri::parse(text).unwrap();
    values(options_of(&uri, &mut [0; 1024]), Number::URI_QUERY)
}

const DB8_2_1: [u8; 16] = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];

/// Appendix B, in its order: destination, options, and the URI that they make.
#[test]
fn the_examples_of_appendix_b_are_composed() {
    let greeting = "\u{3053}\u{3093}\u{306b}\u{3061}\u{306f}";
    for (host, port, options, uri) in [
        (Host::Ip6(DB8_2_1), 5683, &[][..], "coap://[2001:db8::2:1]/"),
        (
            Host::Ip6(DB8_2_1),
            5683,
            &[(Number::URI_HOST, "example.net")],
            "coap://example.net/",
        ),
        (
            Host::Ip6(DB8_2_1),
            5683,
            &[
                (Number::URI_HOST, "example.net"),
                (Number::URI_PATH, ".well-known"),
                (Number::URI_PATH, "core"),
            ],
            "coap://example.net/.well-known/core",
        ),
        (
            Host::Ip6(DB8_2_1),
            5683,
            &[
                (Number::URI_HOST, "xn--18j4d.example"),
                (Number::URI_PATH, greeting),
            ],
            "coap://xn--18j4d.example/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF",
        ),
        // The appendix prints `?%2F%2F&?%26`, against section 6.5, step 7, by which a slash stands in a query as it is.
        // Both decompose to the same options, see below.
        (
            Host::Ip4([198, 51, 100, 1]),
            61616,
            &[
                (Number::URI_PATH, ""),
                (Number::URI_PATH, "/"),
                (Number::URI_PATH, ""),
                (Number::URI_PATH, ""),
                (Number::URI_QUERY, "//"),
                (Number::URI_QUERY, "?&"),
            ],
            "coap://198.51.100.1:61616//%2F//?//&?%26",
        ),
    ] {
        let mut buffer = [0; 128];
        let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
        for &(number, value) in options {
            builder.option(number, value.as_bytes()).unwrap();
        }
        assert_eq!(written(builder.finish(), Scheme::Coap, host, port), uri);
    }
}

#[test]
fn the_examples_of_appendix_b_are_taken_apart() {
    let uri = Uri::parse("coap://[2001:db8::2:1]/").unwrap();
    assert_eq!((uri.host(), uri.port()), (Host::Ip6(DB8_2_1), 5683));
    assert_eq!((uri.segments().count(), uri.queries().count()), (0, 0));
    assert_eq!(uri.host_option(), None);
    assert_eq!(uri.host_text(), "2001:db8::2:1");

    let greeting = "coap://xn--18j4d.example/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF";
    assert_eq!(
        path_of(greeting),
        ["\u{3053}\u{3093}\u{306b}\u{3061}\u{306f}"]
    );

    for evil in [
        "coap://198.51.100.1:61616//%2F//?%2F%2F&?%26",
        "coap://198.51.100.1:61616//%2F//?//&?%26",
    ] {
        let uri = Uri::parse(evil).unwrap();
        assert_eq!(
            (uri.host(), uri.port()),
            (Host::Ip4([198, 51, 100, 1]), 61616)
        );
        assert_eq!(path_of(evil), ["", "/", "", ""]);
        assert_eq!(query_of(evil), ["//", "?&"]);
    }
}

/// RFC 7252 section 6.3: these three are equivalent.
#[test]
fn equivalent_uris_give_the_same_options() {
    let all = [
        "coap://example.com:5683/~sensors/temp.xml",
        "coap://EXAMPLE.com/%7Esensors/temp.xml",
        "coap://EXAMPLE.com:/%7esensors/temp.xml",
    ];
    for text in all {
        assert_eq!(round_trip(text), "coap://example.com/~sensors/temp.xml");
    }
}

#[test]
fn neither_no_path_nor_a_slash_gives_a_segment_and_empty_segments_are_kept() {
    for (path, segments) in [
        ("", &[][..]),
        ("/", &[]),
        ("/a", &["a"]),
        ("a", &["a"]),
        ("/a/", &["a", ""]),
        ("/a//b", &["a", "", "b"]),
        ("//", &["", ""]),
        ("/a?b/c", &["a"]),
        ("?a", &[]),
    ] {
        assert_eq!(path_segments(path).collect::<Vec<_>>(), segments, "{path}");
    }
}

#[test]
fn a_query_has_as_many_items_as_ampersands_and_one() {
    for (resource, items) in [
        ("/a", &[][..]),
        ("/a?", &[""]),
        ("/a?b", &["b"]),
        ("/a?b&c=d", &["b", "c=d"]),
        ("?b&&c", &["b", "", "c"]),
        ("?b?c", &["b?c"]),
        ("/sensors/temp?unit=cel", &["unit=cel"]),
    ] {
        assert_eq!(
            query_items(resource).collect::<Vec<_>>(),
            items,
            "{resource}"
        );
    }
}

#[test]
fn schemes_have_their_default_ports() {
    for (text, scheme, port) in [
        ("coap://h", Scheme::Coap, 5683),
        ("coaps://h", Scheme::Coaps, 5684),
        ("coap+tcp://h", Scheme::CoapTcp, 5683),
        ("coaps+tcp://h", Scheme::CoapsTcp, 5684),
        ("CoAP://h:1", Scheme::Coap, 1),
        ("coaps://h:65535", Scheme::Coaps, 65535),
        ("coaps://h:005684", Scheme::Coaps, 5684),
    ] {
        let uri = Uri::parse(text).unwrap();
        assert_eq!((uri.scheme(), uri.port()), (scheme, port), "{text}");
    }
    assert_eq!(round_trip("coaps://h:5683/a"), "coaps://h:5683/a");
    assert_eq!(round_trip("coaps://h:5684/a"), "coaps://h/a");
}

#[test]
fn what_is_no_coap_uri_is_refused_by_name() {
    for (text, why) in [
        ("", UriError::Scheme),
        ("/a", UriError::Scheme),
        ("coap:/h", UriError::Scheme),
        ("http://h/", UriError::Scheme),
        ("coap+ws://h/", UriError::Scheme),
        ("coap://", UriError::Host),
        ("coap:///a", UriError::Host),
        ("coap://:5683/", UriError::Host),
        ("coap://?a", UriError::Host),
        ("coap://[::1", UriError::Host),
        ("coap://[::1]5683/", UriError::Host),
        ("coap://[fe80::1%25eth0]/", UriError::Host),
        ("coap://[v1.x]/", UriError::Host),
        ("coap://[1.2.3.4]/", UriError::Host),
        ("coap://[]/", UriError::Host),
        ("coap://me@h/", UriError::UserInfo),
        ("coap://me:secret@h/", UriError::UserInfo),
        ("coap://h:0/", UriError::Port),
        ("coap://h:65536/", UriError::Port),
        ("coap://h:+1/", UriError::Port),
        ("coap://h:1:2/", UriError::Port),
        ("coap://h/a#b", UriError::Fragment),
        ("coap://h#", UriError::Fragment),
        ("coap://h/a?b#", UriError::Fragment),
        ("coap://h/a/../b", UriError::DotSegment),
        ("coap://h/.", UriError::DotSegment),
        ("coap://h/%2e%2E/b", UriError::DotSegment),
        ("coap://h/%", UriError::Escape),
        ("coap://h/a%2", UriError::Escape),
        ("coap://h/?%g0", UriError::Escape),
        ("coap://h%zz/", UriError::Escape),
        ("coap://h/a b", UriError::Character),
        ("coap://h/ä", UriError::Character),
        ("coap://h/?\"", UriError::Character),
        ("coap://h h/", UriError::Character),
        ("coap://h/a\n", UriError::Character),
    ] {
        assert_eq!(Uri::parse(text), Err(why), "{text}");
    }
    assert!(Uri::parse("coap://h/.../..a/.b").is_ok());
    assert!(Uri::parse("coap://h/?..").is_ok());
}

#[test]
fn a_bare_resource_is_checked_like_that_of_a_uri() {
    assert_eq!(check_resource("/sensors/temp?unit=cel"), Ok(()));
    assert_eq!(check_resource(""), Ok(()));
    assert_eq!(check_resource("/a#"), Err(UriError::Fragment));
    assert_eq!(check_resource("/../a"), Err(UriError::DotSegment));
    assert_eq!(check_resource("/a%"), Err(UriError::Escape));
    assert_eq!(check_resource("/a b"), Err(UriError::Character));
}

#[test]
fn uri_host_and_uri_port_take_precedence_and_a_strange_host_is_escaped() {
    let compose = |host: &[u8], port: &[u8]| {
        let mut buffer = [0; 128];
        let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
        builder.option(Number::URI_HOST, host).unwrap();
        builder.option(Number::URI_PORT, port).unwrap();
        written(builder.finish(), Scheme::Coap, Host::Name("other"), 9)
    };
    assert_eq!(compose(b"h", &[0x16, 0x33]), "coap://h/");
    assert_eq!(compose(b"h", &[7]), "coap://h:7/");
    assert_eq!(compose(b"a b%\xc3\xa4", &[7]), "coap://a%20b%25%C3%A4:7/");
    assert_eq!(compose(b"[2001:DB8::0:1]", &[7]), "coap://[2001:db8::1]:7/");
    assert_eq!(compose(b"[nonsense]", &[7]), "coap://%5Bnonsense%5D:7/");
}

#[test]
fn a_location_is_written_from_its_own_options() {
    let mut buffer = [0; 128];
    let mut builder =
        Builder::new(&mut buffer, Kind::Acknowledgement, Code::CREATED, 1, &[]).unwrap();
    builder.option(Number::LOCATION_PATH, b"new").unwrap();
    builder.option(Number::LOCATION_PATH, b"a/b").unwrap();
    builder.option(Number::URI_PATH, b"not this").unwrap();
    builder.option(Number::LOCATION_QUERY, b"x=1").unwrap();
    builder.option(Number::LOCATION_QUERY, b"y&z").unwrap();
    let view = builder.finish();
    let mut text = Vec::new();
    write_location(view.options(), &mut |byte| text.push(byte));
    assert_eq!(text, b"/new/a%2Fb?x=1&y%26z");
    text.clear();
    write_path(view.options(), &mut |byte| text.push(byte));
    assert_eq!(text, b"/not%20this");
}

#[test]
fn a_query_without_a_path_is_written_after_a_slash() {
    assert_eq!(round_trip("coap://h?a&b"), "coap://h/?a&b");
    assert_eq!(round_trip("coap://h/?"), "coap://h/?");
    assert_eq!(round_trip("coap://1.2.3.4"), "coap://1.2.3.4/");
    assert_eq!(round_trip("coap://1.2.3.256"), "coap://1.2.3.256/");
    assert_eq!(round_trip("coap://[1::]:1/"), "coap://[1::]:1/");
}

#[test]
fn every_segment_and_argument_survives_being_written_and_read() {
    let bytes: Vec<u8> = (0..=255).collect();
    let mut buffer = [0; 1024];
    let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
    builder.option(Number::URI_PATH, &bytes).unwrap();
    builder.option(Number::URI_QUERY, &bytes).unwrap();
    let view = builder.finish();
    let text = written(view, Scheme::Coap, Host::Ip4([127, 0, 0, 1]), 5683);
    let uri = Uri::parse(&text).unwrap();
    assert_eq!(options_of(&uri, &mut [0; 1024]).as_bytes(), view.as_bytes());
}

proptest! {
    /// The standard library reads and writes addresses too.
    #[test]
    fn addresses_agree_with_the_standard_library(
        groups in any::<[u16; 8]>(),
        zeros in any::<u8>(),
        text in "[0-9a-f:.]{1,20}",
    ) {
        let mut groups = groups;
        for (index, group) in groups.iter_mut().enumerate() {
            if zeros >> index & 1 != 0 {
                *group = 0;
            }
        }
        let theirs = std::net::Ipv6Addr::from(groups);
        let mut ours = Vec::new();
        address::write(theirs.octets(), &mut |byte| ours.push(byte));
        let ours = String::from_utf8(ours).unwrap();
        // The standard library writes `::ffff:1.2.3.4` and knows nothing else that differs from RFC 5952 section 4.
        if theirs.to_ipv4_mapped().is_none() {
            prop_assert_eq!(&ours, &theirs.to_string());
        }
        prop_assert_eq!(address::parse(&ours), Some(theirs.octets()));
        prop_assert_eq!(address::parse(&theirs.to_string()), Some(theirs.octets()));
        prop_assert_eq!(address::parse(&text), text.parse().ok().map(|a: std::net::Ipv6Addr| a.octets()));
        prop_assert_eq!(address::parse_ip4(&text), text.parse().ok().map(|a: std::net::Ipv4Addr| a.octets()));
    }

    /// Text that is nearly an address, so that the comparison meets the interesting cases.
    #[test]
    fn near_addresses_agree_with_the_standard_library(
        parts in prop::collection::vec("[0-9a-f]{0,5}|0|1\\.2\\.3\\.4", 0..10),
    ) {
        let text = parts.join(":");
        prop_assert_eq!(address::parse(&text), text.parse().ok().map(|a: std::net::Ipv6Addr| a.octets()));
    }

    #[test]
    fn near_ip4_addresses_agree_with_the_standard_library(
        parts in prop::collection::vec("[0-9]{0,4}", 0..6),
    ) {
        let text = parts.join(".");
        prop_assert_eq!(address::parse_ip4(&text), text.parse().ok().map(|a: std::net::Ipv4Addr| a.octets()));
    }

    /// Whatever options there are, the URI made of them is one and gives the same options.
    #[test]
    fn options_survive_the_way_over_a_uri(
        path in prop::collection::vec("[^.]{1,8}", 0..5),
        query in prop::collection::vec(".{0,8}", 0..5),
        port in 1_u16..,
    ) {
        let mut buffer = [0; 1024];
        let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
        for segment in &path {
            builder.option(Number::URI_PATH, segment.as_bytes()).unwrap();
        }
        for item in &query {
            builder.option(Number::URI_QUERY, item.as_bytes()).unwrap();
        }
        let view = builder.finish();
        let text = written(view, Scheme::Coap, Host::Ip6(DB8_2_1), port);
        let uri = Uri::parse(&text).unwrap();
        prop_assert_eq!(uri.port(), port);
        let mut again = [0; 1024];
        prop_assert_eq!(options_of(&uri, &mut again).as_bytes(), view.as_bytes());
    }

    #[test]
    fn what_parses_is_composed_to_a_uri_that_stays_as_it_is(text in "\\PC{0,40}", uri in "coap://[\\[\\]:/?#%.@a0]{0,12}") {
        for text in [text.as_str(), uri.as_str()] {
            if let Ok(uri) = Uri::parse(text) {
                let again = round_trip(text);
                prop_assert_eq!(Uri::parse(&again).unwrap().port(), uri.port());
                prop_assert_eq!(round_trip(&again), again);
            }
        }
    }
}
