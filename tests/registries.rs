//! The registries of codes, options and Content-Formats, against a list of another hand: the crate `coap-numbers`, whose
//! formats are made from what IANA publishes.

use coap_modem::message::{Code, Number, format};
use coap_numbers::{code, content_format, option};

#[test]
fn every_method_and_response_code_has_the_same_name() {
    for byte in 0..=u8::MAX {
        let ours = Code::from_byte(byte);
        // Signalling belongs to TCP (RFC 8323), and is not here.
        if ours.class() == 7 {
            assert_eq!(ours.name(), None);
            continue;
        }
        // That crate writes names as constants, without their spaces.
        let letters = |name: &str| name.to_lowercase().replace([' ', '-', '_'], "");
        let (ours, theirs) = (ours.name().map(letters), code::to_name(byte).map(letters));
        assert_eq!(ours, theirs, "{byte:#04x}");
    }
}

#[test]
fn every_option_has_the_same_name_and_properties() {
    // Not from RFCs: the CRI draft, OCF, GlobalPlatform, GSMA.
    let foreign = [235, 239, 2049, 2053, 2055, 2056];
    for number in (0..=u16::MAX).filter(|number| !foreign.contains(number)) {
        let ours = Number(number);
        assert_eq!(ours.name(), option::to_name(number), "{number}");
        assert_eq!(ours.is_known(), ours.name().is_some(), "{number}");
        let critical = option::get_criticality(number) == option::Criticality::Critical;
        assert_eq!(ours.is_critical(), critical, "{number}");
        match option::get_proxy_safety(number) {
            option::ProxySafety::Unsafe => assert!(ours.is_unsafe(), "{number}"),
            option::ProxySafety::SafeToForward { cache_key } => {
                assert!(!ours.is_unsafe(), "{number}");
                assert_eq!(ours.is_no_cache_key(), !cache_key, "{number}");
            }
        }
    }
}

#[test]
fn every_content_format_has_the_same_name_and_is_found_by_it() {
    for number in 0..=u16::MAX {
        let (ours, theirs) = (format::name(number), content_format::to_str(number));
        // The registry is not of one mind about the blank behind a semicolon.
        let plain = |name: &str| name.replace("; ", ";");
        assert_eq!(ours.map(plain), theirs.map(plain), "{number}");
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            assert_eq!(format::number(ours), Some(number));
            assert_eq!(format::number(theirs), Some(number));
            assert_eq!(format::number(&ours.to_uppercase()), Some(number));
            assert_eq!(format::number(&ours.replace('"', "")), Some(number));
        }
    }
    assert!(format::all().is_sorted_by(|one, next| one.0 < next.0));
}

#[test]
fn a_character_set_may_be_left_out_but_no_other_parameter() {
    assert_eq!(format::number("text/plain"), Some(format::TEXT_PLAIN));
    assert_eq!(format::number("Text/Plain;charset=UTF-8"), Some(0));
    assert_eq!(format::number("application/json@deflate"), Some(11_050));
    for none in ["application/cose", "text/plain;charset=latin1", "json", ""] {
        assert_eq!(format::number(none), None, "{none}");
    }
}
