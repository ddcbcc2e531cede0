//! Claims about links: what RFC 6690 prints, what servers send, and what nobody should.

use super::{Filter, LinkError, Links};
use proptest::prelude::*;

fn links(text: &str) -> Vec<String> {
    Links::new(text.as_bytes())
        .map(|link| format!("{:?}", link.unwrap()))
        .collect()
}

fn error(text: &str) -> LinkError {
    let mut links = Links::new(text.as_bytes());
    let error = links.by_ref().find_map(Result::err).expect("an error");
    assert_eq!(links.next(), None, "an error is the last");
    error
}

/// RFC 6690, section 5.
const EXAMPLE: &str = r#"</sensors>;ct=40;title="Sensor Index",
</sensors/temp>;rt="temperature-c";if="sensor",
</sensors/light>;rt="light-lux";if="sensor",
<http://www.example.com/sensors/t123>;anchor="/sensors/temp"
;rel="describedby",
</t>;anchor="/sensors/temp";rel="alternate""#;

#[test]
fn the_example_of_the_rfc_is_read() {
    let links: Vec<_> = Links::new(EXAMPLE.as_bytes()).map(Result::unwrap).collect();
    let targets: Vec<_> = links.iter().map(|link| link.target()).collect();
    let outside = "http://www.example.com/sensors/t123";
    assert_eq!(
        targets,
        ["/sensors", "/sensors/temp", "/sensors/light", outside, "/t"]
    );
    assert!(links[0].content_formats().eq([40]));
    assert_eq!(links[0].title().unwrap(), "Sensor Index");
    assert_eq!(links[0].title().unwrap().to_string(), "Sensor Index");
    assert!(links[1].resource_types().eq(["temperature-c"]));
    assert!(links[1].interfaces().eq(["sensor"]));
    assert_eq!(links[1].anchor(), None);
    assert_eq!(links[3].anchor().unwrap(), "/sensors/temp");
    assert!(links[3].relations().eq(["describedby"]));
    assert_eq!(links[3].path(), None);
    assert_eq!(links[4].path(), Some("/t"));
}

#[test]
fn what_libcoaps_server_says_of_itself_is_read() {
    let text = r#"</>;title="General Info";ct=0,</time>;if="clock";rt="ticks";title="Internal Clock";ct=0;obs,</async>;ct=0,</example_data>;title="Example Data";ct=0;obs"#;
    let links: Vec<_> = Links::new(text.as_bytes()).map(Result::unwrap).collect();
    assert_eq!(links.len(), 4);
    assert_eq!(links[1].interfaces().next().unwrap(), "clock");
    let observable: Vec<_> = links.iter().map(|link| link.is_observable()).collect();
    assert_eq!(observable, [false, true, false, true]);
}

#[test]
fn values_may_be_quoted_or_not_and_blanks_stand_anywhere() {
    let tight = r#"</a>;rt="x y";sz=7;obs,</b>"#;
    let wide = " </a> ; rt = \"x y\"\r\n;\tsz=\"7\" ;obs , </b> ";
    for text in [tight, wide] {
        let links: Vec<_> = Links::new(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(links.len(), 2, "{text}");
        assert!(links[0].resource_types().eq(["x", "y"]));
        assert_eq!(links[0].size(), Some(7));
        assert_eq!(links[1].target(), "/b");
        let names = links[0].attributes().map(|attribute| attribute.name);
        assert!(names.eq(["rt", "sz", "obs"]));
    }
}

#[test]
fn empty_links_and_attributes_are_passed_over() {
    assert!(links("").is_empty() && links(" ,\r\n, ").is_empty());
    assert_eq!(links(",</a>;,,</b>;;obs;,"), ["</a>;", "</b>;;obs;"]);
    let link = Links::new(b"</b>;;obs;").next().unwrap().unwrap();
    assert_eq!(link.attributes().count(), 1);
    assert_eq!(links("<>"), ["<>"]);
}

#[test]
fn a_quote_may_hold_separators_and_what_a_backslash_protects() {
    let text = r#"</a>;title="one, \"two\"; <three> \\";x="\\",</b>;title=a\b"#;
    let links: Vec<_> = Links::new(text.as_bytes()).map(Result::unwrap).collect();
    let title = links[0].title().unwrap();
    assert_eq!(title, r#"one, "two"; <three> \"#);
    assert_eq!(title.raw(), r#"one, \"two\"; <three> \\"#);
    assert_eq!(links[0].attribute("x").unwrap(), r"\");
    assert_eq!(
        links[1].title().unwrap(),
        r"a\b",
        "only quotes have escapes"
    );
}

#[test]
fn the_first_of_two_equal_attributes_counts() {
    let link = Links::new(b"</a>;rt=x;rt=y;obs;sz=big;sz=1").next();
    let link = link.unwrap().unwrap();
    assert!(link.resource_types().eq(["x"]));
    assert_eq!(link.size(), None);
    let all = link.attributes().filter(|attribute| attribute.name == "rt");
    assert_eq!(all.count(), 2, "but the second can be seen");
    assert_eq!(link.attribute("obs").unwrap(), "");
    assert_eq!(link.attribute("if"), None);
}

#[test]
fn numbers_are_decimal_and_end_at_32_bits() {
    for (text, number) in [
        ("0", Some(0)),
        ("4294967295", Some(u32::MAX)),
        ("4294967296", None),
        ("-1", None),
        ("", None),
        ("0x10", None),
    ] {
        let text = format!("</a>;sz={text}");
        let link = Links::new(text.as_bytes()).next().unwrap().unwrap();
        assert_eq!(link.size(), number, "{text}");
    }
    let link = Links::new(b"</a>;ct=\"0 40 70000 x 50\"").next();
    assert!(link.unwrap().unwrap().content_formats().eq([0, 40, 50]));
}

#[test]
fn what_is_no_link_ends_the_list_with_the_reason_and_keeps_what_came_before() {
    for (text, reason) in [
        ("/a", LinkError::Target),
        ("</a", LinkError::Target),
        ("</a;rt=x,</b>", LinkError::Target),
        ("</a>;rt=\"x", LinkError::Quote),
        ("</a>;rt=\"x\\\"", LinkError::Quote),
        ("</a> rt=x", LinkError::Attribute),
        ("</a></b>", LinkError::Attribute),
        ("</a>;obs</b>", LinkError::Attribute),
        ("</a>;=x", LinkError::Attribute),
        ("</a>;rt\"x\"", LinkError::Attribute),
        ("</a>;rt=x y", LinkError::Attribute),
    ] {
        assert_eq!(error(text), reason, "{text}");
        let after = format!("</first>;obs,{text}");
        assert_eq!(error(&after), reason, "{text}");
        let first = Links::new(after.as_bytes()).next().unwrap().unwrap();
        assert_eq!(first.target(), "/first");
    }
}

#[test]
fn bytes_that_are_no_text_spoil_the_link_they_are_in_and_no_other() {
    let found = |bytes: &[u8]| -> Vec<Result<String, LinkError>> {
        let links = Links::new(bytes);
        links
            .map(|link| link.map(|link| link.target().into()))
            .collect()
    };
    let good = || Ok("/a".into());
    assert_eq!(
        found(b"</a>,</b>;rt=\xff,</c>"),
        [good(), Err(LinkError::Text)]
    );
    assert_eq!(found(b"</a>,\xff"), [good(), Err(LinkError::Text)]);
    assert_eq!(
        found("</ä>;title=Größe".as_bytes()),
        [Ok::<String, _>("/ä".into())]
    );
}

#[test]
fn filters_are_those_of_section_4_1() {
    let text = r#"</link1>;rt="Type1 Type2";if="If1";sz=64,</link2>;rt=Type2;if=foo;ct="0 41",</other>;title="Type1 Type3";obs"#;
    let wanted = |filter: &str| -> Vec<&str> {
        let filter = Filter::parse(filter).unwrap();
        let links = Links::new(text.as_bytes()).map(Result::unwrap);
        links
            .filter(|link| filter.matches(link))
            .map(|link| link.target())
            .collect()
    };
    assert_eq!(wanted("rt=Type1"), ["/link1"]);
    assert_eq!(wanted("rt=Type2"), ["/link1", "/link2"]);
    assert_eq!(wanted("rt=*"), ["/link1", "/link2"]);
    assert_eq!(wanted("rt=Type1 Type2"), ["/link1"]);
    assert_eq!(wanted("rt=type1"), [""; 0]);
    assert_eq!(wanted("rt="), [""; 0]);
    assert_eq!(wanted("if=If*"), ["/link1"]);
    assert_eq!(wanted("sz=*"), ["/link1"]);
    assert_eq!(wanted("ct=41"), ["/link2"]);
    assert_eq!(wanted("obs=*"), ["/other"]);
    assert_eq!(wanted("href=/link1"), ["/link1"]);
    assert_eq!(wanted("href=/link*"), ["/link1", "/link2"]);
    assert_eq!(wanted("href=*"), ["/link1", "/link2", "/other"]);
    // A title has one value, however many words.
    assert_eq!(wanted("title=Type3"), [""; 0]);
    assert_eq!(wanted("title=Type1*"), ["/other"]);
    for none in ["", "rt", "=x", "*"] {
        assert_eq!(Filter::parse(none), None, "{none}");
    }
}

/// Bytes that a parser of links stumbles over, more often than chance would bring them.
fn awkward() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => prop::sample::select(b"<>;,=\"\\ \r\n*/ab1".to_vec()),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..80)
}

proptest! {
    #[test]
    fn any_bytes_come_to_an_end_and_what_came_out_can_be_asked(bytes in awkward()) {
        let mut links = Links::new(&bytes);
        let mut count = 0;
        for link in links.by_ref() {
            count += 1;
            prop_assert!(count <= bytes.len());
            let Ok(link) = link else { break };
            // What was given out is whole: written again, it is the same link.
            let text = format!("{link:?}");
            let again: Vec<_> = Links::new(text.as_bytes()).collect();
            prop_assert_eq!(&again, &[Ok(link)]);
            for attribute in link.attributes() {
                prop_assert!(!attribute.name.is_empty());
                let value = attribute.value.unwrap_or_default();
                prop_assert!(value.words().all(|word| !word.raw().is_empty()));
                let text = value.to_string();
                prop_assert_eq!(value, text.as_str());
                let _ = value.number();
            }
            let _ = (link.size(), link.content_formats().count(), link.is_observable());
        }
        prop_assert_eq!(links.next(), None);
    }

    #[test]
    fn what_was_written_is_read(
        links in prop::collection::vec(
            ("[a-z/]{0,8}", prop::collection::vec(("[a-z]{1,4}", prop::option::of(any::<String>())), 0..4)),
            0..4,
        )
    ) {
        let text: Vec<String> = links
            .iter()
            .map(|(target, attributes)| {
                let attributes: String = attributes
                    .iter()
                    .map(|(name, value)| match value {
                        None => format!(";{name}"),
                        Some(value) => format!(";{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
                    })
                    .collect();
                format!("<{target}>{attributes}")
            })
            .collect();
        let text = text.join(",");
        let read: Vec<_> = Links::new(text.as_bytes())
            .map(|link| {
                let link = link.unwrap();
                let attributes: Vec<_> = link
                    .attributes()
                    .map(|attribute| (attribute.name.to_string(), attribute.value.map(|value| value.to_string())))
                    .collect();
                (link.target().to_string(), attributes)
            })
            .collect();
        prop_assert_eq!(read, links);
    }
}
