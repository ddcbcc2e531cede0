//! Claims about reading and writing. The `row_..` tests are numbered in the order in which a parser comes to what RFC 7252
//! demands of a message, section 3 first: one case each, and the number says no more than that. What is the endpoint's
//! part of a case is only shown to be askable here.

use super::*;
use crate::time::{Instant, Millis};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[track_caller]
fn refused(text: &str, why: Malformed) {
    assert_eq!(View::parse(&hex(text)), Err(why), "{text}");
}

/// The message id to reset, for a message that does not parse.
fn reset_of(text: &str) -> Option<u16> {
    let bytes = hex(text);
    View::parse(&bytes).unwrap_err().rejects(&bytes)
}

fn numbers(view: View<'_>) -> Vec<u16> {
    view.options().map(|option| option.number.0).collect()
}

#[test]
fn row_01_02_fewer_than_four_bytes_are_ignored() {
    for text in ["", "40", "4001", "400100"] {
        refused(text, Malformed::TooShort);
        assert_eq!(reset_of(text), None);
    }
}

#[test]
fn row_03_another_version_is_ignored_even_if_confirmable() {
    for text in ["00010001", "80010001", "c0010001"] {
        refused(text, Malformed::Version);
        assert_eq!(reset_of(text), None);
        assert_eq!(Header::peek(&hex(text)), Err(Malformed::Version));
    }
}

#[test]
fn row_04_token_lengths_9_to_15_are_format_errors() {
    for len in 9..=15 {
        let mut bytes = vec![0x40 | len, 1, 0, 1];
        bytes.extend([0; 15]);
        assert_eq!(View::parse(&bytes), Err(Malformed::Token));
        assert_eq!(Malformed::Token.rejects(&bytes), Some(1));
    }
}

#[test]
fn row_05_a_token_past_the_end_is_a_format_error() {
    refused("440100010102", Malformed::Token);
    refused("4801000101020304050607", Malformed::Token);
    assert_eq!(Header::peek(&hex("440100010102")), Err(Malformed::Token));
}

#[test]
fn row_06_an_empty_message_has_no_token() {
    refused("4100000109", Malformed::Empty);
    refused("6100000109", Malformed::Empty);
}

#[test]
fn row_07_an_empty_message_has_no_options_and_no_payload() {
    refused("40000001b161", Malformed::Empty);
    refused("40000001ff61", Malformed::Empty);
    refused("40000001ff", Malformed::Empty);
    assert_eq!(reset_of("40000001b161"), Some(1));
}

#[test]
fn row_08_delta_nibble_15_is_only_the_marker() {
    refused("40010001f101", Malformed::Option);
    refused("40010001f0", Malformed::Option);
    refused("40010001fe01", Malformed::Option);
}

#[test]
fn row_09_length_nibble_15_is_reserved() {
    refused("400100011f01", Malformed::Option);
    refused("400100010f", Malformed::Option);
}

#[test]
fn row_10_to_13_missing_extension_bytes_are_format_errors() {
    for tail in [
        "d0", "e0", "e001", "1d", "1e", "1e00", "dd00", "de0000", "ed0000", "ee000000",
    ] {
        refused(&format!("40010001{tail}"), Malformed::Option);
    }
}

#[test]
fn row_14_a_value_past_the_end_is_a_format_error() {
    refused("40010001b561", Malformed::Option);
    refused("40010001b1", Malformed::Option);
    // The value would swallow the marker, but not more than there is.
    refused("40010001b3ff61", Malformed::Option);
}

#[test]
fn row_15_a_marker_needs_a_payload() {
    refused("40010001ff", Malformed::Payload);
    refused("40010001b161ff", Malformed::Payload);
    assert_eq!(View::parse(&hex("40010001ff00")).unwrap().payload(), [0]);
}

#[test]
fn row_16_17_option_numbers_end_at_65535() {
    refused("40010001e0fef0e0fef0", Malformed::Option);
    refused("40010001e0ffff", Malformed::Option);
    // 269 + 0xfef2 is the last number, and one more is too many.
    let last = hex("40010001e0fef2");
    assert_eq!(numbers(View::parse(&last).unwrap()), [65535]);
    refused("40010001e0fef3", Malformed::Option);
    refused("40010001e0fef210", Malformed::Option);
    let repeated = hex("40010001e0fef200");
    assert_eq!(numbers(View::parse(&repeated).unwrap()), [65535, 65535]);
}

#[test]
fn row_18_reserved_classes_parse_and_are_told_apart() {
    for class in [1, 6, 7] {
        let bytes = [0x40, Code::new(class, 0).as_byte(), 0, 1];
        let view = View::parse(&bytes).unwrap();
        assert_eq!(view.code().class(), class);
        assert!(!view.code().is_request() && !view.code().is_response());
        assert!(!view.kind().may_carry(view.code()));
    }
}

#[test]
fn row_18b_an_unknown_method_is_a_request_without_a_name() {
    let bytes = hex("401f0001");
    let code = View::parse(&bytes).unwrap().code();
    assert!(code.is_request());
    assert_eq!((code.class(), code.detail(), code.name()), (0, 31, None));
}

#[test]
fn row_18c_an_unknown_response_code_counts_as_the_generic_one() {
    assert_eq!(Code::new(4, 30).name(), None);
    assert_eq!(Code::new(4, 30).generic(), Code::BAD_REQUEST);
    assert_eq!(Code::new(5, 31).generic(), Code::INTERNAL_SERVER_ERROR);
    assert_eq!(Code::new(2, 30).generic(), Code::new(2, 0));
    assert!(Code::new(2, 30).is_success());
}

#[test]
fn row_19_20_unknown_options_parse_and_say_whether_they_are_critical() {
    let bytes = hex("40010001e1fcdb0110"); // 65000 = 269 + 0xfcdb, then 65001
    let view = View::parse(&bytes).unwrap();
    assert_eq!(numbers(view), [65000, 65001]);
    let known: Vec<bool> = view
        .options()
        .map(|option| option.number.is_known())
        .collect();
    let critical: Vec<bool> = view
        .options()
        .map(|option| option.number.is_critical())
        .collect();
    assert_eq!((known, critical), (vec![false, false], vec![false, true]));
}

#[test]
fn row_21_a_repeated_option_is_handed_out_each_time() {
    let bytes = hex("40010001d1043c0132");
    let view = View::parse(&bytes).unwrap();
    assert_eq!(numbers(view), [17, 17]);
    assert_eq!(view.option(Number::ACCEPT).unwrap().uint(), Some(60));
    assert!(!Number::ACCEPT.is_repeatable());
    assert!(Number::URI_PATH.is_repeatable());
}

#[test]
fn row_22_lengths_out_of_range_parse_and_are_told() {
    for (number, len) in [
        (Number::ETAG, 9),
        (Number::ETAG, 0),
        (Number::URI_HOST, 0),
        (Number::URI_HOST, 256),
        (Number::CONTENT_FORMAT, 3),
        (Number::IF_NONE_MATCH, 1),
        (Number::PROXY_URI, 1035),
        (Number::OBSERVE, 4),
        (Number::HOP_LIMIT, 0),
    ] {
        let mut buffer = [0; 1100];
        let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
        builder.option(number, &vec![b'a'; len]).unwrap();
        let view = View::parse(builder.finish().as_bytes()).unwrap();
        assert!(
            !view.option(number).unwrap().is_well_sized(),
            "{number} {len}"
        );
    }
    assert!(Number::PROXY_URI.accepts(1034) && Number::ETAG.accepts(8) && Number::ETAG.accepts(1));
    assert!(Number(65000).accepts(65804));
}

#[test]
fn row_23_leading_zeros_are_read_and_never_written() {
    let option = |value| Opt {
        number: Number::CONTENT_FORMAT,
        value,
    };
    assert_eq!(option(&[0, 0x3c]).uint(), Some(60));
    assert_eq!(option(&[0, 0, 0, 0x3c]).uint(), Some(60));
    assert_eq!(option(&[0, 0, 0, 0, 0x3c]).uint(), None);
    assert_eq!(option(&[]).uint(), Some(0));
    assert_eq!(option(&[0xff; 4]).uint(), Some(u32::MAX));
    for (value, written) in [
        (0, "40010001c0"),
        (1, "40010001c101"),
        (255, "40010001c1ff"),
        (256, "40010001c20100"),
        (65535, "40010001c2ffff"),
        (65536, "40010001c3010000"),
        (1 << 24, "40010001c401000000"),
        (u32::MAX, "40010001c4ffffffff"),
    ] {
        let mut buffer = [0; 9];
        let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
        builder.uint(Number::CONTENT_FORMAT, value).unwrap();
        assert_eq!(builder.finish().as_bytes(), hex(written));
        assert_eq!(Value::Uint(value).len(), hex(written).len() - 5);
    }
}

#[test]
fn row_24_25_wrong_pairs_of_type_and_code_parse_and_are_told() {
    for (text, allowed) in [
        ("50000001", false), // empty NON
        ("60010001", false), // ACK with a request
        ("70450001", false), // RST with a code
        ("40000001", true),  // ping
        ("60000001", true),
        ("70000001", true),
        ("60450001", true),
        ("40450001", true),
        ("50450001", true),
        ("50010001", true),
    ] {
        let bytes = hex(text);
        let view = View::parse(&bytes).unwrap();
        assert_eq!(view.kind().may_carry(view.code()), allowed, "{text}");
    }
}

#[test]
fn row_26_any_number_of_options_parses() {
    let mut buffer = [0; 2048];
    let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
    for _ in 0..1000 {
        builder.option(Number::URI_PATH, b"a").unwrap();
    }
    let view = View::parse(builder.finish().as_bytes()).unwrap();
    assert_eq!(view.options().count(), 1000);
}

#[test]
fn row_28_text_that_is_not_utf8_refuses_only_the_text_reading() {
    let bytes = hex("40010001b2c328");
    let option = View::parse(&bytes)
        .unwrap()
        .option(Number::URI_PATH)
        .unwrap();
    assert_eq!(option.value, [0xc3, 0x28]);
    assert!(option.text().is_err());
    assert_eq!(
        Opt {
            number: Number::URI_PATH,
            value: b"\xc3\xa4"
        }
        .text(),
        Ok("ä")
    );
}

#[test]
fn row_29_a_block_of_size_7_or_of_four_bytes_is_none() {
    let block = |value| {
        Opt {
            number: Number::BLOCK2,
            value,
        }
        .block()
    };
    assert_eq!(block(&[0x07]), None);
    assert_eq!(block(&[0x0f]), None);
    assert_eq!(block(&[0, 0, 0, 0x06]), None);
    assert_eq!(block(&[0x06]), Block::new(0, false, 6));
    assert_eq!(block(&[]), Block::new(0, false, 0));
    assert_eq!(block(&[0xff, 0xff, 0xfe]), Block::new(0xf_ffff, true, 6));
}

#[test]
fn row_30_an_observe_of_four_bytes_is_none() {
    let observe = |value| {
        Opt {
            number: Number::OBSERVE,
            value,
        }
        .observe()
    };
    assert_eq!(observe(&[0, 0, 0, 1]), None);
    assert_eq!(observe(&[0xff, 0xff, 0xff]), Some(0xff_ffff));
    assert_eq!(observe(&[]), Some(observe::REGISTER));
    assert_eq!(observe(&[1]), Some(observe::DEREGISTER));
}

#[test]
fn only_a_confirmable_message_is_answered_with_a_reset() {
    assert_eq!(reset_of("40011234ff"), Some(0x1234));
    assert_eq!(reset_of("50011234ff"), None);
    assert_eq!(reset_of("60011234ff"), None);
    assert_eq!(reset_of("70011234ff"), None);
}

#[test]
fn a_header_is_read_from_a_message_that_is_broken_further_on() {
    let header = Header::peek(&hex("4401123401020304ff")).unwrap();
    assert_eq!(
        (header.kind, header.code, header.id),
        (Kind::Confirmable, Code::GET, 0x1234)
    );
    assert_eq!(header.token.as_bytes(), [1, 2, 3, 4]);
    let good = hex("68451234 0102030405060708 ff61");
    assert_eq!(
        Header::peek(&good),
        Ok(View::parse(&good).unwrap().header())
    );
}

/// One option of each size on both sides of every change of form, and numbers likewise.
#[test]
fn lengths_and_deltas_change_form_at_13_and_269() {
    for len in [0, 1, 12, 13, 14, 268, 269, 270, 65803, 65804] {
        for number in [0, 1, 12, 13, 14, 268, 269, 270, 65534, 65535] {
            let value = vec![0x5a; len];
            let mut buffer = vec![0; 70_000];
            let mut builder =
                Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
            builder.option(Number(number), &value).unwrap();
            let extension = |v: usize| {
                if v < 13 {
                    0
                } else if v < 269 {
                    1
                } else {
                    2
                }
            };
            let size = 1 + extension(len) + extension(number.into()) + len;
            assert_eq!(option_size(Number(0), Number(number), len), size);
            assert_eq!(builder.len(), 4 + size);
            let view = View::parse(builder.finish().as_bytes()).unwrap();
            let option = view.options().next().unwrap();
            assert_eq!((option.number, option.value), (Number(number), &value[..]));
        }
    }
}

/// By hand, not by the builder: `de` is delta 13 + 0, length 269 + 0xffff.
#[test]
fn an_option_of_65804_bytes_decodes() {
    let mut bytes = hex("40010001 de 00 ffff");
    bytes.extend(core::iter::repeat_n(7, 65804));
    let view = View::parse(&bytes).unwrap();
    let option = view.option(Number(13)).unwrap();
    assert_eq!(option.value.len(), 65804);
    bytes.pop();
    assert_eq!(View::parse(&bytes), Err(Malformed::Option));
}

#[test]
fn an_option_of_65805_bytes_is_refused_by_the_builder() {
    let mut buffer = vec![0; 70_000];
    let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
    assert_eq!(
        builder.option(Number(1), &vec![0; 65805]),
        Err(BuildError::OptionTooLong)
    );
    assert_eq!(builder.len(), 4);
}

#[test]
fn a_refused_piece_leaves_the_message_as_it_was() {
    let mut buffer = [0; 10];
    let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[9]).unwrap();
    builder.option(Number::URI_PATH, b"a").unwrap();
    assert_eq!(
        builder.option(Number::URI_HOST, b"b"),
        Err(BuildError::OptionOrder)
    );
    assert_eq!(
        builder.option(Number::URI_PATH, b"bcd"),
        Err(BuildError::BufferTooSmall { needed: 11 })
    );
    assert_eq!(builder.option(Number(300), b""), Ok(()));
    assert_eq!(builder.finish().as_bytes(), hex("4101000109b161e0 0014"));
}

#[test]
fn needed_is_enough_and_one_less_is_not() {
    let build = |size: usize| -> Result<usize, BuildError> {
        let mut buffer = vec![0; size];
        let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[1, 2])?;
        builder.option(Number::URI_PATH, b"a segment longer than 13")?;
        builder.uint(Number(2000), 77)?;
        builder.decoded(Number(2000), "%41%42")?;
        builder.payload(b"payload")?;
        Ok(builder.finish().as_bytes().len())
    };
    let full = build(100).unwrap();
    assert_eq!(build(full), Ok(full));
    for size in 0..full {
        match build(size) {
            Err(BuildError::BufferTooSmall { needed }) => assert!(size < needed && needed <= full),
            other => panic!("{size} bytes: {other:?}"),
        }
    }
    let counted = Size::new(2)
        .option(Number::URI_PATH, 24)
        .option(Number(2000), 1)
        .option(Number(2000), 2)
        .payload(7);
    assert_eq!(counted.bytes(), full);
    assert_eq!(Size::new(0).payload(0).bytes(), 4);
}

#[test]
fn an_empty_message_stays_empty() {
    let mut buffer = [0; 16];
    assert_eq!(
        Builder::new(&mut buffer, Kind::Reset, Code::EMPTY, 1, &[1]).unwrap_err(),
        BuildError::Empty
    );
    let mut builder = Builder::new(&mut buffer, Kind::Reset, Code::EMPTY, 0xabcd, &[]).unwrap();
    assert_eq!(
        builder.option(Number::URI_PATH, b"a"),
        Err(BuildError::Empty)
    );
    assert_eq!(builder.uint(Number(65535), 1), Err(BuildError::Empty));
    assert_eq!(builder.payload(b"a"), Err(BuildError::Empty));
    assert_eq!(builder.payload_space().unwrap_err(), BuildError::Empty);
    assert_eq!(builder.payload_written(1), Err(BuildError::Empty));
    assert_eq!(builder.payload(b""), Ok(()));
    assert_eq!(builder.finish().as_bytes(), hex("7000abcd"));
}

#[test]
fn a_token_of_nine_bytes_is_refused() {
    let mut buffer = [0; 32];
    let nine = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[0; 9]);
    assert_eq!(nine.unwrap_err(), BuildError::Token);
    assert_eq!(Token::new(&[0; 9]), None);
    assert_eq!(Token::new(&[1; 8]).unwrap().as_bytes(), [1; 8]);
    assert_ne!(Token::new(&[0]), Token::new(&[0, 0]));
    assert_eq!(format!("{:?}", Token::new(&[0xde, 0x0a]).unwrap()), "de0a");
}

#[test]
fn a_payload_in_pieces_and_in_place_is_one_payload() {
    let mut buffer = [0; 16];
    let mut builder = Builder::new(&mut buffer, Kind::NonConfirmable, Code::POST, 1, &[]).unwrap();
    builder.payload(b"ab").unwrap();
    let space = builder.payload_space().unwrap();
    assert_eq!(space.len(), 16 - 4 - 1 - 2);
    space[..2].copy_from_slice(b"cd");
    builder.payload_written(2).unwrap();
    assert_eq!(
        builder.option(Number(2000), b""),
        Err(BuildError::OptionOrder)
    );
    builder.payload(b"e").unwrap();
    assert_eq!(
        builder.payload_written(7),
        Err(BuildError::BufferTooSmall { needed: 17 })
    );
    let view = builder.finish();
    assert_eq!(view.payload(), b"abcde");
    assert_eq!(view.as_bytes(), hex("50020001ff6162636465"));
    assert_eq!(View::parse(view.as_bytes()), Ok(view));
}

#[test]
fn no_payload_leaves_no_marker() {
    let mut buffer = [0xee; 8];
    let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::PUT, 1, &[]).unwrap();
    builder.payload(b"").unwrap();
    builder.payload_space().unwrap().fill(1);
    builder.payload_written(0).unwrap();
    builder.option(Number::SIZE1, &[]).unwrap();
    assert_eq!(builder.finish().as_bytes(), hex("40030001d02f"));
}

#[test]
fn no_space_for_a_payload_is_said_before_anything_is_written() {
    let mut buffer = [0; 5];
    let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::PUT, 1, &[]).unwrap();
    assert_eq!(
        builder.payload_space().unwrap_err(),
        BuildError::BufferTooSmall { needed: 6 }
    );
    assert_eq!(
        builder.payload(b"a"),
        Err(BuildError::BufferTooSmall { needed: 6 })
    );
    assert_eq!(
        builder.payload_written(usize::MAX),
        Err(BuildError::BufferTooSmall { needed: 6 })
    );
    assert_eq!(builder.finish().payload(), b"");
}

#[test]
fn values_are_written_as_what_they_are() {
    let mut buffer = [0; 32];
    let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
    builder
        .value(Number::IF_MATCH, Value::Opaque(&[1, 2]))
        .unwrap();
    builder.value(Number::IF_NONE_MATCH, Value::Empty).unwrap();
    builder.value(Number::URI_PATH, Value::Text("ä%")).unwrap();
    builder.value(Number::MAX_AGE, Value::Uint(300)).unwrap();
    assert_eq!(
        builder.finish().as_bytes(),
        hex("40010001 120102 40 63c3a425 32012c")
    );
    assert!(Value::Uint(0).is_empty() && Value::Empty.is_empty() && !Value::Text("a").is_empty());
}

#[test]
fn a_piece_of_a_uri_is_decoded_into_the_message() {
    let mut buffer = [0; 32];
    let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
    builder.decoded(Number::URI_HOST, "EX%41mple").unwrap();
    builder.decoded(Number::URI_PATH, "a%2Fb%20C").unwrap();
    for bad in ["%", "a%2", "%zz", "%2g", "%%20"] {
        assert_eq!(
            builder.decoded(Number::URI_PATH, bad),
            Err(BuildError::Escape)
        );
    }
    let view = builder.finish();
    // Lower case first, then the escapes: the capital that was escaped stays (RFC 7252 section 6.4, step 5).
    assert_eq!(view.option(Number::URI_HOST).unwrap().value, b"exAmple");
    assert_eq!(view.option(Number::URI_PATH).unwrap().value, b"a/b C");
}

#[test]
fn the_first_of_several_options_is_found_and_an_absent_one_is_not() {
    let bytes = hex("40010001 b161 0162 4163 ff 01");
    let view = View::parse(&bytes).unwrap();
    assert_eq!(view.option(Number::URI_PATH).unwrap().value, b"a");
    assert_eq!(view.option(Number::URI_QUERY).unwrap().value, b"c");
    assert_eq!(view.option(Number::CONTENT_FORMAT), None);
    assert_eq!(view.option(Number::SIZE1), None);
    assert_eq!(view.payload(), [1]);
}

/// RFC 7252 table 4, RFC 7641, 7959, 7967, 8613, 8768, 9175, 9177, 9668: the columns C, U, N, R as the documents print them.
#[test]
fn the_option_properties_are_those_of_the_rfcs() {
    for (number, name, columns) in [
        (1, "If-Match", "C--R"),
        (3, "Uri-Host", "CU--"),
        (4, "ETag", "---R"),
        (5, "If-None-Match", "C---"),
        (6, "Observe", "-U--"),
        (7, "Uri-Port", "CU--"),
        (8, "Location-Path", "---R"),
        (9, "OSCORE", "C---"),
        (11, "Uri-Path", "CU-R"),
        (12, "Content-Format", "----"),
        (14, "Max-Age", "-U--"),
        (15, "Uri-Query", "CU-R"),
        (16, "Hop-Limit", "----"),
        (17, "Accept", "C---"),
        (19, "Q-Block1", "CU--"),
        (20, "Location-Query", "---R"),
        (21, "EDHOC", "C---"),
        (23, "Block2", "CU--"),
        (27, "Block1", "CU--"),
        (28, "Size2", "--N-"),
        (31, "Q-Block2", "CU-R"),
        (35, "Proxy-Uri", "CU--"),
        (39, "Proxy-Scheme", "CU--"),
        (60, "Size1", "--N-"),
        (252, "Echo", "--N-"),
        (258, "No-Response", "-U--"),
        (292, "Request-Tag", "---R"),
    ] {
        let number = Number(number);
        let column = |is: bool, letter| if is { letter } else { '-' };
        let told: String = [
            column(number.is_critical(), 'C'),
            column(number.is_unsafe(), 'U'),
            column(number.is_no_cache_key(), 'N'),
            column(number.is_repeatable(), 'R'),
        ]
        .into_iter()
        .collect();
        assert_eq!((number.name(), told.as_str()), (Some(name), columns));
        assert!(number.is_known());
    }
    // Bit 1 makes an option unsafe, and then the three bits say nothing (section 5.4.6).
    assert!(Number(28).is_no_cache_key() && !Number(30).is_no_cache_key());
    assert!(!Number(2).is_known() && Number(2).name().is_none());
    assert_eq!(Number::URI_PORT.format(), Format::Uint);
    assert_eq!(Number::IF_NONE_MATCH.format(), Format::Empty);
    assert_eq!(Number(65000).format(), Format::Opaque);
    assert_eq!(Number::ECHO.length(), 1..=40);
    assert_eq!(
        format!("{} {:?}", Number::URI_PATH, Number(65000)),
        "Uri-Path 65000"
    );
}

#[test]
fn no_response_rules_out_the_classes_whose_bits_are_set() {
    use no_response::{ANY, CLIENT_ERROR, SERVER_ERROR, SUCCESS, rules_out};
    let codes = [Code::CONTENT, Code::NOT_FOUND, Code::BAD_GATEWAY];
    for (value, ruled_out) in [
        (0, [false; 3]),
        (SUCCESS, [true, false, false]),
        (CLIENT_ERROR, [false, true, false]),
        (SERVER_ERROR, [false, false, true]),
        (ANY, [true; 3]),
        // Bits without a meaning are passed over.
        (127, [true; 3]),
    ] {
        assert_eq!(codes.map(|code| rules_out(value, code)), ruled_out);
        assert!(!rules_out(value, Code::EMPTY) && !rules_out(value, Code::GET));
    }
    // RFC 7967, section 2.1 and 4.2: the values of the examples there.
    assert_eq!((SUCCESS, ANY), (2, 26));
    let mut buffer = [0; 16];
    let mut message = Builder::new(&mut buffer, Kind::NonConfirmable, Code::PUT, 1, &[]).unwrap();
    message.uint(Number::NO_RESPONSE, ANY).unwrap();
    assert_eq!(message.finish().as_bytes()[4..], [0xd1, 0xf5, 26][..]);
}

#[test]
fn codes_are_written_as_the_rfc_writes_them() {
    assert_eq!(format!("{} {:?}", Code::NOT_FOUND, Code::GET), "4.04 0.01");
    assert_eq!(Code::NOT_FOUND.name(), Some("Not Found"));
    assert_eq!(Code::CONTINUE.as_byte(), 0x5f);
    assert_eq!(Code::TOO_MANY_REQUESTS, Code::from_byte(0x9d));
    assert_eq!(Code::HOP_LIMIT_REACHED, Code::new(5, 8));
}

#[test]
fn block_numbers_and_offsets_are_those_of_rfc_7959() {
    let block = Block::new(3, true, 5).unwrap();
    assert_eq!(
        (block.to_uint(), block.size(), block.offset()),
        (0x3d, 512, 1536)
    );
    assert_eq!(Block::from_uint(0x3d), Some(block));
    assert_eq!(Block::from_uint(0x100_0000), None);
    assert_eq!(Block::new(1 << 20, false, 0), None);
    assert_eq!(Block::new(0, false, 7), None);
    assert_eq!(Block::new(0xf_ffff, false, 6).unwrap().next(true), None);
    assert_eq!(
        Block::new(0xf_ffff, false, 6).unwrap().offset(),
        0x3fff_fc00
    );
    // RFC 7959 section 2.3: block 1 of 1024 is block 8 of 128.
    assert_eq!(
        Block::new(1, false, 6).unwrap().smaller(3),
        Block::new(8, false, 3)
    );
    assert_eq!(block.smaller(6), None);
    assert_eq!(
        [15, 16, 31, 100, 1023, 1024, 9999].map(Block::szx_within),
        [None, Some(0), Some(0), Some(2), Some(5), Some(6), Some(6)]
    );
}

#[test]
fn a_notification_is_newer_by_number_within_half_the_space_or_by_time() {
    let t = Instant::from_millis(u32::MAX - 1000);
    let soon = t.after(Millis::from_secs(1));
    let newer = |v1, v2| observe::is_newer(v1, t, v2, soon);
    assert!(newer(1, 2));
    assert!(!newer(2, 1));
    assert!(!newer(7, 7));
    assert!(newer(0xff_ffff, 0));
    assert!(!newer(0, 0xff_ffff));
    assert!(newer(0, (1 << 23) - 1));
    assert!(!newer(0, 1 << 23));
    assert!(!newer(1 << 23, 0));
    assert!(newer((1 << 23) + 1, 0));
    // 128 s are not yet longer than 128 s.
    assert!(!observe::is_newer(7, t, 7, t.after(Millis::from_secs(128))));
    assert!(observe::is_newer(7, t, 7, t.after(Millis::new(128_001))));
}

#[test]
fn a_view_prints_on_one_line() {
    let bytes = hex("44011234deadbeefb161ff00");
    let view = View::parse(&bytes).unwrap();
    assert_eq!(
        format!("{view:?}"),
        "Confirmable 0.01 id 0x1234 token deadbeef [Uri-Path: a] 1 bytes"
    );
}

#[test]
fn a_size_counts_what_no_builder_takes_and_does_not_overflow() {
    let (path, query) = (Number::URI_PATH, Number::URI_QUERY);
    assert_eq!(option_size(path, query, usize::MAX), usize::MAX);
    let most = Size::new(usize::MAX).option(path, usize::MAX);
    assert_eq!(most.payload(usize::MAX).bytes(), usize::MAX);
    let (longest, extended) = (MAX_OPTION_LEN, 3);
    assert_eq!(option_size(path, path, longest + 1), extended + longest + 1);
    assert_eq!(option_size(query, path, 2), option_size(path, path, 2));
}
