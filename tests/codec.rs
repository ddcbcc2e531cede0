//! The codec against any input at all, and against coap-lite.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

use coap_lite::Packet;
use coap_modem::message::{Builder, Code, Header, Kind, Malformed, Number, Size, View};
use proptest::prelude::*;

/// A message as values.
#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    code: u8,
    id: u16,
    token: Vec<u8>,
    options: Vec<(u16, Vec<u8>)>,
    payload: Vec<u8>,
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Confirmable),
        Just(Kind::NonConfirmable),
        Just(Kind::Acknowledgement),
        Just(Kind::Reset),
    ]
}

/// Numbers and lengths near the changes of form are as likely as all others together.
fn near_edges() -> impl Strategy<Value = u16> {
    prop_oneof![0_u16..30, 260_u16..280, Just(65535), any::<u16>()]
}

fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..16, 260_usize..280]
}

prop_compose! {
    fn parts()(
        kind in kinds(),
        code in 1_u8..,
        id in any::<u16>(),
        token in prop::collection::vec(any::<u8>(), 0..=8),
        mut options in prop::collection::vec(
            (near_edges(), lengths().prop_flat_map(|len| prop::collection::vec(any::<u8>(), len))),
            0..6,
        ),
        payload in prop::collection::vec(any::<u8>(), 0..20),
    ) -> Parts {
        options.sort_by_key(|(number, _)| *number);
        Parts { kind, code, id, token, options, payload }
    }
}

/// Bytes that are nearly a message: a good header before anything, or a good message with one byte changed or cut.
fn nearly_messages() -> impl Strategy<Value = Vec<u8>> {
    let with_header = (
        0x40_u8..0x80,
        any::<u8>(),
        prop::collection::vec(any::<u8>(), 2..40),
    )
        .prop_map(|(first, code, rest)| [vec![first & 0xf7, code], rest].concat());
    // Small nibbles make options that do not run past the end at once.
    let small = (
        0x40_u8..0x49,
        1_u8..,
        prop::collection::vec(prop_oneof![0_u8..0x40, Just(0xff), 0xd0_u8..=0xef], 2..40),
    )
        .prop_map(|(first, code, rest)| [vec![first, code], rest].concat());
    let changed = (
        parts(),
        any::<prop::sample::Index>(),
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(|(parts, at, byte, cut)| {
            let mut bytes = build(&parts);
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] = byte;
            }
            bytes
        });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        with_header,
        small,
        changed,
    ]
}

fn build(parts: &Parts) -> Vec<u8> {
    let mut buffer = [0; 4096];
    let code = Code::from_byte(parts.code);
    let mut builder = Builder::new(&mut buffer, parts.kind, code, parts.id, &parts.token).unwrap();
    for (number, value) in &parts.options {
        builder.option(Number(*number), value).unwrap();
    }
    builder.payload(&parts.payload).unwrap();
    builder.finish().as_bytes().to_vec()
}

fn meaning(view: View<'_>) -> Parts {
    Parts {
        kind: view.kind(),
        code: view.code().as_byte(),
        id: view.id(),
        token: view.token().to_vec(),
        options: view
            .options()
            .map(|option| (option.number.0, option.value.to_vec()))
            .collect(),
        payload: view.payload().to_vec(),
    }
}

fn assert_same(left: &Parts, right: &Parts) {
    assert_eq!(left.kind, right.kind);
    assert_eq!(left.code, right.code);
    assert_eq!(left.id, right.id);
    assert_eq!(left.token, right.token);
    assert_eq!(left.options, right.options);
    assert_eq!(left.payload, right.payload);
}

/// What coap-lite reads.
fn foreign(packet: &Packet) -> Parts {
    Parts {
        kind: match packet.header.get_type() {
            coap_lite::MessageType::Confirmable => Kind::Confirmable,
            coap_lite::MessageType::NonConfirmable => Kind::NonConfirmable,
            coap_lite::MessageType::Acknowledgement => Kind::Acknowledgement,
            coap_lite::MessageType::Reset => Kind::Reset,
        },
        code: packet.header.code.into(),
        id: packet.header.message_id,
        token: packet.get_token().to_vec(),
        options: packet
            .options()
            .flat_map(|(&number, values)| values.iter().map(move |value| (number, value.clone())))
            .collect(),
        payload: packet.payload.clone(),
    }
}

/// What coap-lite takes and RFC 7252 forbids: other versions (section 3), a marker without payload (section 3), content
/// in an empty message (section 4.1).
fn tolerated(bytes: &[u8], why: Malformed) -> bool {
    match why {
        Malformed::Version | Malformed::Payload => true,
        Malformed::Empty => bytes[1] == 0 && bytes.len() > 4,
        _ => false,
    }
}

/// At least 2000 cases, more if `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.max(2000),
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_bytes_make_it_panic_and_what_parses_is_built_to_the_same_bytes(
        bytes in nearly_messages(),
    ) {
        let header = Header::peek(&bytes);
        match View::parse(&bytes) {
            Ok(view) => {
                prop_assert_eq!(header, Ok(view.header()));
                let _ = format!("{view:?}");
                let again = meaning(view);
                let rebuilt = build(&again);
                // Each delta and length has one form only, so the same meaning is the same bytes.
                prop_assert_eq!(&rebuilt, &bytes);
                for option in view.options() {
                    prop_assert_eq!(
                        view.option(option.number).map(|first| first.number),
                        Some(option.number)
                    );
                }
            }
            Err(why) => {
                let confirmable = bytes.first().is_some_and(|first| first & 0xf0 == 0x40);
                prop_assert_eq!(why.rejects(&bytes).is_some(), confirmable && bytes.len() >= 4);
                if !matches!(why, Malformed::TooShort | Malformed::Version | Malformed::Token) {
                    prop_assert!(header.is_ok());
                }
            }
        }
    }

    #[test]
    fn what_is_built_parses_to_what_was_given(parts in parts()) {
        let bytes = build(&parts);
        let view = View::parse(&bytes).unwrap();
        assert_same(&meaning(view), &parts);
        let mut size = Size::new(parts.token.len());
        for (number, value) in &parts.options {
            size = size.option(Number(*number), value.len());
        }
        prop_assert_eq!(size.payload(parts.payload.len()).bytes(), bytes.len());
    }

    #[test]
    fn the_view_that_the_builder_gives_is_the_one_that_parsing_gives(parts in parts()) {
        let mut buffer = [0; 4096];
        let code = Code::from_byte(parts.code);
        let mut builder = Builder::new(&mut buffer, parts.kind, code, parts.id, &parts.token).unwrap();
        for (number, value) in &parts.options {
            builder.option(Number(*number), value).unwrap();
        }
        builder.payload(&parts.payload).unwrap();
        let view = builder.finish();
        prop_assert_eq!(View::parse(view.as_bytes()), Ok(view));
    }

    #[test]
    fn coap_lite_reads_what_the_builder_writes(parts in parts()) {
        let packet = Packet::from_bytes(&build(&parts)).unwrap();
        assert_same(&foreign(&packet), &parts);
    }

    #[test]
    fn coap_lite_agrees_on_what_is_a_message_but_for_what_it_tolerates(
        bytes in nearly_messages(),
    ) {
        match (View::parse(&bytes), Packet::from_bytes(&bytes)) {
            (Ok(view), Ok(packet)) => assert_same(&meaning(view), &foreign(&packet)),
            (Err(_), Err(_)) => {}
            (Err(why), Ok(_)) => prop_assert!(tolerated(&bytes, why), "only we refuse: {why:?}"),
            (Ok(_), Err(why)) => prop_assert!(false, "only coap-lite refuses: {why:?}"),
        }
    }
}
