//! What differs between firmwares makes no difference to an application.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::message::Code;
use crate::sim::conformance::nasty;
use crate::time::Millis;
use crate::vendors::sim7000::sim::{Cnact, EmptyRead, PdpLine, Quirks, RawHead, TokenShown};
use crate::vendors::sim7000::{Head, Hex, Queries, Settings};

/// A session with everything in it, twice.
fn a_session_works(change: impl Fn(&mut Quirks), settings: Settings) {
    for reads in [1, 64] {
        let line = line(&change);
        line.set_chunk(reads);
        with_settings(&line, settings, |host| {
            host.attach(&network()).unwrap();
            for round in 0..2 {
                host.connect(&DEMO).unwrap();
                hello(host);
                let (body, mut buffer) = (nasty(round, 300), [0; 1400]);
                let put = Request::put("/store/a", &body).content_format(42);
                let response = host.request(&put, &mut buffer).unwrap();
                assert_eq!(response.code(), Code::CREATED);
                assert!(response.etag().is_some(), "the ETag is shown");
                let get_back = Request::get("/store/a");
                let response = host.request(&get_back, &mut buffer).unwrap();
                assert_eq!(
                    (response.code(), response.payload()),
                    (Code::CONTENT, &body[..])
                );
                assert_eq!(response.content_format(), Some(42));
                // What the PUT before it had, this request has not.
                assert_eq!(get(host, "/options").unwrap().1, b"11 6F7074696F6E73\n");
                let non = Request::get("/query?a=b&c").non_confirmable();
                let response = host.request(&non, &mut buffer).unwrap();
                assert_eq!(response.payload(), b"a=b\nc");
                let response = host
                    .request(&Request::delete("/store/a"), &mut buffer)
                    .unwrap();
                assert_eq!(response.code(), Code::DELETED);
                assert_eq!(get(host, "/missing").unwrap().0, Code::NOT_FOUND);
                let all: Vec<u8> = (0..=255).collect();
                assert!(get(host, "/binary").unwrap().1.starts_with(&all));
                assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
                host.close().unwrap();
            }
            let losses = host.take_losses();
            assert!(!losses.matter(), "{losses:?}");
            assert_eq!((losses.unknown, losses.junk), (0, 0), "every line is known");
        });
        polite(&line);
    }
}

macro_rules! quirks {
    ($($name:ident: $change:expr;)*) => {$(
        #[test]
        fn $name() {
            a_session_works($change, Settings::default());
        }
    )*};
}

quirks! {
    the_default_module: |_| {};
    heads_in_hexadecimal: |quirks| quirks.raw_head = RawHead::Hex;
    heads_as_bytes_refused: |quirks| quirks.raw_head = RawHead::Refused;
    heads_with_the_marker_of_the_payload: |quirks| quirks.head_with_marker = true;
    heads_in_hexadecimal_with_the_marker: |quirks| {
        quirks.raw_head = RawHead::Hex;
        quirks.head_with_marker = true;
    };
    payloads_in_hexadecimal: |quirks| quirks.read_in_hex = true;
    reading_keeps_the_packet: |quirks| quirks.read_keeps = true;
    reading_keeps_the_packet_and_one_fills_the_queue: |quirks| {
        quirks.read_keeps = true;
        quirks.depth = 1;
    };
    a_queue_of_one: |quirks| quirks.depth = 1;
    the_other_name_of_the_announcement: |quirks| quirks.short_announcement = true;
    announcements_without_sizes_and_zero: |quirks| quirks.announcement_without_sizes = true;
    announcements_without_sizes_and_bare_zero: |quirks| {
        quirks.announcement_without_sizes = true;
        quirks.empty_read = EmptyRead::Bare;
    };
    lines_replace_each_other: |quirks| quirks.lines_add = false;
    own_message_ids: |quirks| quirks.own_ids = true;
    own_message_ids_and_heads_refused: |quirks| {
        quirks.own_ids = true;
        quirks.raw_head = RawHead::Refused;
    };
    names_looked_up_late: |quirks| quirks.late_lookup = true;
    no_blank_behind_the_colon: |quirks| quirks.blank_after_colon = false;
    refusals_as_cme_errors: |quirks| quirks.coap_errors_are_cme = true;
    empty_acknowledgements_in_the_queue: |quirks| quirks.acks_are_packets = true;
    a_context_without_index: |quirks| quirks.cnact = Cnact::Plain;
    contexts_of_a_sister_modem: |quirks| {
        quirks.cnact = Cnact::Four;
        quirks.pdp_line = PdpLine::Indexed;
    };
    the_contexts_line_before_ok: |quirks| quirks.pdp_line = PdpLine::BeforeOk;
    the_contexts_line_never: |quirks| quirks.pdp_line = PdpLine::Never;
    an_address_that_comes_late: |quirks| quirks.address_after = Millis::from_secs(20);
    everything_at_once: |quirks| {
        quirks.raw_head = RawHead::Hex;
        quirks.head_with_marker = true;
        quirks.read_in_hex = true;
        quirks.read_keeps = true;
        quirks.short_announcement = true;
        quirks.own_ids = true;
        quirks.late_lookup = true;
        quirks.blank_after_colon = false;
        quirks.coap_errors_are_cme = true;
        quirks.cnact = Cnact::Plain;
        quirks.pdp_line = PdpLine::BeforeOk;
        quirks.acks_are_packets = true;
    };
}

const PARSED: Settings = Settings {
    head: Head::Parsed,
    hex: Hex::WhereNeeded,
    queries: Queries::Joined,
    lasting: false,
    longest_line: u16::MAX,
};

#[test]
fn heads_taken_apart_say_the_same() {
    a_session_works(|_| {}, PARSED);
}

#[test]
fn heads_taken_apart_may_end_early() {
    a_session_works(|quirks| quirks.head_fields = 21, PARSED);
}

#[test]
fn values_always_in_hexadecimal() {
    let settings = Settings {
        hex: Hex::Always,
        ..Settings::default()
    };
    a_session_works(|_| {}, settings);
}

#[test]
fn queries_under_one_name_each() {
    let settings = Settings {
        queries: Queries::Repeated,
        ..Settings::default()
    };
    a_session_works(|quirks| quirks.repeated_queries = true, settings);
}

/// Values that last would go out again: the setting keeps them in.
#[test]
fn values_that_last() {
    let settings = Settings {
        lasting: true,
        ..Settings::default()
    };
    a_session_works(|quirks| quirks.values_last = true, settings);
}

/// A packet that cannot be read for want of a payload is one without, if nobody said that there is one.
#[test]
fn reading_nothing_is_refused_or_gives_nothing() {
    for empty_read in [EmptyRead::Refused, EmptyRead::Nothing] {
        let line = line(|quirks| {
            quirks.empty_read = empty_read;
            quirks.announcement_without_sizes = true;
        });
        with(&line, |host| {
            up(host);
            let mut buffer = [0; 1400];
            let put = Request::put("/store/a", b"x");
            assert_eq!(
                host.request(&put, &mut buffer).unwrap().code(),
                Code::CREATED
            );
            assert!(line.device().count("CCOAPREAD") > 0, "it was tried");
            assert_eq!(get(host, "/store/a").unwrap().1, b"x");
            assert!(!host.take_losses().matter());
        });
        polite(&line);
    }
}

/// A token that is not shown is known of an acknowledgement, by its id.
#[test]
fn a_hidden_token_is_that_of_the_request_which_is_acknowledged() {
    for (token_shown, own_ids) in [
        (TokenShown::No, false),
        (TokenShown::No, true),
        (TokenShown::Bytes, false),
    ] {
        let line = line(|quirks| {
            quirks.token_shown = token_shown;
            quirks.own_ids = own_ids;
        });
        with_settings(&line, PARSED, |host| {
            up(host);
            for _ in 0..5 {
                hello(host);
            }
        });
        polite(&line);
    }
}

#[test]
fn a_token_that_was_not_sent_is_missing_from_the_acknowledgement() {
    for settings in [Settings::default(), PARSED] {
        let line = line(|quirks| quirks.drops_token = true);
        with_settings(&line, settings, |host| {
            up(host);
            hello(host);
            hello(host);
        });
        polite(&line);
    }
}

/// Heads that are printed as text lose what follows a zero, and the answer's end with it: they are asked for otherwise.
#[test]
fn heads_printed_as_text_are_read_the_other_way() {
    let line = line(|quirks| quirks.raw_head = RawHead::Text);
    with(&line, |host| {
        up(host);
        for _ in 0..300 {
            hello(host);
        }
    });
    let device = line.device();
    assert!(
        device.count("CCOAPHEAD") > 300,
        "{}",
        device.count("CCOAPHEAD")
    );
}

#[test]
fn an_echo_that_comes_back_by_itself_does_no_harm() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let typed = embedded_io::Write::write(&mut line.serial(), b"ATE1\r");
        assert_eq!(typed, Ok(5));
        let mut buffer = [0; 100];
        host.event(Millis::new(100), &mut buffer).unwrap();
        line.received();
        hello(host);
        let heard = String::from_utf8_lossy(&line.received()).into_owned();
        assert!(heard.contains("AT+CCOAPACTION\r"), "it is on: {heard}");
        let mut buffer = [0; 1400];
        let put = Request::put("/store/x", &[0; 500]);
        host.request(&put, &mut buffer).unwrap();
        assert!(!host.take_losses().matter(), "a long echo is known for one");
        // And attach, which looks for it, turns it off.
        up(host);
        line.received();
        hello(host);
        assert!(!String::from_utf8_lossy(&line.received()).contains("AT+"));
    });
    polite(&line);
}
