//! What differs between firmwares makes no difference to an application.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::message::Code;
use crate::sim::conformance::Bench as _;
use crate::vendors::bg96::sim::{OptionsShown, Quirks, ZeroLength};

/// A session with everything in it, twice.
fn a_session_works(change: impl Fn(&mut Quirks), is_polite: bool) {
    for reads in [1, 64] {
        let line = line(&change);
        line.set_chunk(reads);
        let shown = line.device().quirks.options_shown != OptionsShown::None;
        with(&line, |host| {
            host.attach(&network()).unwrap();
            for round in 0..2 {
                host.connect(&DEMO).unwrap();
                hello(host);
                let (body, mut buffer) = (super::Desk::body(round, 300), [0; 1400]);
                let put = Request::put("/store/a/", &body).content_format(42);
                let response = host.request(&put, &mut buffer).unwrap();
                assert_eq!(response.code(), Code::NOT_FOUND, "a path of three segments");
                let put = Request::put("/store/a", &body).content_format(42);
                let response = host.request(&put, &mut buffer).unwrap();
                assert_eq!(response.code(), Code::CREATED);
                let response = host
                    .request(&Request::get("/store/a"), &mut buffer)
                    .unwrap();
                assert_eq!(
                    (response.code(), response.payload()),
                    (Code::CONTENT, &body[..])
                );
                assert_eq!(response.content_format(), shown.then_some(42));
                assert_eq!(response.etag().is_some(), shown);
                let non = Request::get("/query?a=b&c").non_confirmable();
                let response = host.request(&non, &mut buffer).unwrap();
                assert_eq!(response.payload(), b"a=b\nc");
                let response = host
                    .request(&Request::delete("/store/a"), &mut buffer)
                    .unwrap();
                assert_eq!(response.code(), Code::DELETED);
                assert_eq!(get(host, "/missing").unwrap().0, Code::NOT_FOUND);
                assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
                host.close().unwrap();
            }
            // What is not shown is told; every line was known.
            let losses = host.take_losses();
            assert_eq!(losses.matter(), !shown, "{losses:?}");
            assert_eq!((losses.unknown, losses.junk), (0, 0));
        });
        if is_polite {
            polite(&line);
        }
    }
}

macro_rules! quirks {
    ($($name:ident: $change:expr;)*) => {$(
        #[test]
        fn $name() {
            a_session_works($change, true);
        }
    )*};
}

quirks! {
    the_default_module: |_| {};
    coapack_as_the_examples_print_it: |quirks| quirks.ack_name_without_q = true;
    length_zero_sends_at_once: |quirks| quirks.zero_length = ZeroLength::SendsAtOnce;
    length_zero_prompts: |quirks| quirks.zero_length = ZeroLength::Prompts;
    length_zero_is_refused: |quirks| quirks.zero_length = ZeroLength::Error;
    options_shown_as_pairs: |quirks| quirks.options_shown = OptionsShown::Pairs;
    options_shown_as_one_text_each: |quirks| quirks.options_shown = OptionsShown::Joined;
    options_not_shown: |quirks| quirks.options_shown = OptionsShown::None;
    results_without_their_sign: |quirks| quirks.positive_results = true;
    the_ack_comes_behind_the_response: |quirks| quirks.ack_after_recv = true;
    no_blank_behind_the_colon: |quirks| quirks.blank_after_colon = false;
    adding_an_option_overwrites: |quirks| quirks.option_overwrite = true;
    more_options_are_taken: |quirks| quirks.more_options = true;
    one_message_at_a_time: |quirks| quirks.one_at_a_time = true;
    no_line_behind_an_empty_payload: |quirks| quirks.empty_payload_line = false;
    refusals_as_cme_errors: |quirks| quirks.coap_errors_are_cme = true;
    a_prompt_without_a_blank: |quirks| quirks.bare_prompt = true;
    results_of_opening_and_closing_that_are_never_told: |quirks| quirks.results_get_lost = true;
    results_that_are_in_processing_first: |quirks| quirks.processing_first = true;
    a_context_that_is_activated_only_after_a_deactivation: |quirks| quirks.activation_fails = true;
    everything_at_once: |quirks| {
        quirks.ack_name_without_q = true;
        quirks.zero_length = ZeroLength::Error;
        quirks.options_shown = OptionsShown::Joined;
        quirks.positive_results = true;
        quirks.ack_after_recv = true;
        quirks.blank_after_colon = false;
        quirks.empty_payload_line = false;
        quirks.coap_errors_are_cme = true;
        quirks.bare_prompt = true;
        quirks.processing_first = true;
        quirks.activation_fails = true;
    };
}

/// A slot that is filled from an earlier life refuses to be filled: that is found out by trying.
#[test]
fn options_that_survive_a_close_are_found_and_replaced() {
    a_session_works(|quirks| quirks.options_survive_close = true, false);
}

#[test]
fn a_module_whose_echo_is_off_already_is_not_told_again() {
    let line = line(|_| {});
    type_in(&line, "ATE0");
    line.sent();
    with(&line, |host| {
        up(host);
        hello(host);
    });
    let sent = String::from_utf8(line.sent()).unwrap();
    assert!(!sent.contains("ATE0"), "{sent}");
    polite(&line);
}

#[test]
fn an_echo_that_comes_back_by_itself_does_no_harm() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let typed = embedded_io::Write::write(&mut line.serial(), b"ATE1\r");
        assert_eq!(typed, Ok(5));
        let mut buffer = [0; 100];
        host.event(crate::time::Millis::new(100), &mut buffer)
            .unwrap();
        line.received();
        hello(host);
        let heard = String::from_utf8_lossy(&line.received()).into_owned();
        assert!(
            heard.contains("AT+QCOAPSEND=0,0,1,1,0\r"),
            "it is on: {heard}"
        );
        // What is put in is echoed as well.
        let mut buffer = [0; 100];
        let put = Request::put("/store/x", b"21.5, 22");
        assert_eq!(
            host.request(&put, &mut buffer).unwrap().code(),
            Code::CREATED
        );
        let heard = String::from_utf8_lossy(&line.received()).into_owned();
        assert!(heard.contains("> 21.5, 22\r\nOK"), "{heard}");
        // And attach, which looks for it, turns it off.
        up(host);
        line.received();
        hello(host);
        assert!(!String::from_utf8_lossy(&line.received()).contains("AT+"));
    });
    polite(&line);
}
