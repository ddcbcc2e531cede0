//! What differs between firmwares makes no difference to an application.

use super::desk::*;
use crate::client::{Blocking as _, Remote, Request};
use crate::message::Code;
use crate::sim::conformance::nasty;
use crate::vendors::bc28::sim::{DataShown, PayloadTaken, Quirks};
use crate::vendors::bc28::{Bc28, Payload};

/// Bytes that may go as they are: no end of the input, nothing that edits it.
fn mild(seed: u32, length: usize) -> Vec<u8> {
    let mut bytes = nasty(seed, length);
    bytes.retain(|byte| !matches!(byte, 0x08 | 0x1A | 0x1B | 0x7F));
    bytes
}

/// A session with everything in it, twice.
fn a_session_works(raw: bool, change: impl Fn(&mut Quirks)) {
    for reads in [1, 64] {
        let line = line(&change);
        line.set_chunk(reads);
        let quirks = line.device().quirks.own.clone();
        let mut dialect = Bc28::default();
        if raw {
            dialect.set_payload(Payload::Raw);
        }
        with_settings(&line, dialect, |host| {
            host.attach(&network()).unwrap();
            for round in 0..2 {
                host.connect(&DEMO).unwrap();
                hello(host);
                let body = match raw {
                    true => mild(round, 300),
                    false => nasty(round, 300),
                };
                let mut buffer = [0; 1400];
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
                assert_eq!(response.content_format(), Some(42));
                assert!(response.etag().is_some());
                let text = mild(round + 2, 200);
                let put = Request::put("/store/t", &text).content_format(0);
                ask(host, &put).unwrap();
                assert_eq!(get(host, "/store/t").unwrap().1, text);
                let mut query = Request::get("/query?a=b&c");
                if !quirks.type_missing {
                    query = query.non_confirmable();
                }
                assert_eq!(ask(host, &query).unwrap().1, b"a=b\nc");
                // Without any option: nothing of the one before.
                assert_eq!(get(host, "/").unwrap().0, Code::NOT_FOUND);
                assert_eq!(
                    ask(host, &Request::delete("/store/a")).unwrap().0,
                    Code::DELETED
                );
                assert_eq!(get(host, "/missing").unwrap().0, Code::NOT_FOUND);
                if !quirks.type_missing {
                    assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
                }
                host.close().unwrap();
            }
            let losses = host.take_losses();
            assert!(!losses.matter(), "{losses:?}");
            assert_eq!(losses.junk, 0);
            // A line that comes twice is nobody's the second time.
            assert_eq!(losses.unknown > 0, quirks.repeats, "{losses:?}");
        });
        polite(&line);
    }
}

macro_rules! quirks {
    ($($name:ident: $change:expr;)*) => {$(
        #[test]
        fn $name() {
            a_session_works(false, $change);
        }
    )*};
}

quirks! {
    the_default_module: |_| {};
    data_always_in_hexadecimal: |quirks| quirks.data = DataShown::Hex;
    options_that_stay: |quirks| quirks.options_kept = true;
    a_head_that_stays: |quirks| quirks.head_kept = true;
    ok_without_a_prompt: |quirks| quirks.prompt_missing = true;
    no_blanks: |quirks| quirks.no_blank = true;
    either_word_for_either_thing: |quirks| quirks.words_swapped = true;
    no_comma_behind_the_word: |quirks| quirks.comma_missing = true;
    a_blank_before_data: |quirks| quirks.blank_before_data = true;
    dotted_codes_of_empty_messages: |quirks| quirks.dotted_empty = true;
    the_status_by_another_name: |quirks| quirks.status_of_lwm2m = true;
    a_status_that_proves_nothing: |quirks| quirks.status_always_good = true;
    one_message_at_a_time: |quirks| quirks.one_at_a_time = true;
    one_peer_a_context: |quirks| quirks.one_peer = true;
    a_slow_delete: |quirks| quirks.slow_delete = true;
    numbers_of_its_own: |quirks| quirks.own_numbers = true;
    opaque_values_as_they_are: |quirks| quirks.opaque_as_it_is = true;
    lines_that_come_twice: |quirks| quirks.repeats = true;
    everything_at_once: |quirks| {
        quirks.data = DataShown::Hex;
        quirks.options_kept = true;
        quirks.head_kept = true;
        quirks.prompt_missing = true;
        quirks.no_blank = true;
        quirks.words_swapped = true;
        quirks.blank_before_data = true;
        quirks.dotted_empty = true;
        quirks.one_at_a_time = true;
        quirks.one_peer = true;
        quirks.slow_delete = true;
        quirks.own_numbers = true;
    };
}

#[test]
fn payloads_as_they_are_with_the_setting_for_it() {
    a_session_works(true, |quirks| quirks.payload = PayloadTaken::Raw);
}

#[test]
fn lines_without_type_are_matched_by_their_id() {
    a_session_works(false, |quirks| {
        quirks.type_missing = true;
        quirks.comma_missing = true;
    });
}

#[test]
fn what_the_setting_for_payloads_says_must_be_what_the_module_does() {
    // Digits arrive where the module takes them as they are: this is how the setting is found out.
    let line = line(|quirks| quirks.payload = PayloadTaken::Raw);
    with(&line, |host| {
        up(host);
        ask(host, &Request::put("/store/x", b"21.5")).unwrap();
        assert_eq!(get(host, "/store/x").unwrap().1, b"32312E35");
        host.dialect().set_payload(Payload::Raw);
        ask(host, &Request::put("/store/x", b"21.5")).unwrap();
        assert_eq!(get(host, "/store/x").unwrap().1, b"21.5");
    });
}

#[test]
fn another_server_gets_a_context_of_its_own() {
    let line = line(|quirks| quirks.one_peer = true);
    with(&line, |host| {
        up(host);
        for last in 2..5 {
            hello(host);
            let address = format!("192.0.2.{last}");
            host.connect(&Remote::new(&address, 5683)).unwrap();
        }
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_context_left_over_after_a_restart_of_the_host_alone_is_replaced() {
    let line = line(|_| {});
    for _ in 0..3 {
        with(&line, |host| {
            up(host);
            hello(host);
        });
    }
    polite(&line);
}

#[test]
fn a_prompt_is_escaped_whatever_that_is_answered_with() {
    use core::future::Future;
    use core::task::{Context, Waker};
    for is_error in [false, true] {
        for polls in 0..60 {
            let line = line(|quirks| quirks.cancel_is_error = is_error);
            with(&line, |host| {
                up(host);
                datagrams(&line);
                let (body, mut buffer) = ([7; 300], [0; 100]);
                let put = Request::put("/store/x", &body);
                {
                    let mut future = core::pin::pin!(crate::client::CoapClient::request(
                        host,
                        &put,
                        &mut buffer
                    ));
                    let mut context = Context::from_waker(Waker::noop());
                    let ended = (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready());
                    assert!(polls < 40 || ended, "all places were seen");
                }
                hello(host);
                let whole = |payload: &[u8]| payload.is_empty() || payload == body;
                assert!(datagrams(&line).iter().all(|sent| whole(&sent.payload)));
            });
        }
    }
}

#[test]
fn an_echo_that_comes_back_by_itself_does_no_harm() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let typed = embedded_io::Write::write(&mut line.serial(), b"ATE1\r");
        assert_eq!(typed, Ok(5));
        assert_eq!(event(host), None);
        line.received();
        let (body, path) = (nasty(5, 150), format!("/store/{}", "n".repeat(150)));
        ask(host, &Request::put(&path, &body)).unwrap();
        assert_eq!(get(host, &path).unwrap().1, body);
        let heard = String::from_utf8_lossy(&line.received()).into_owned();
        assert!(
            heard.contains("AT+QCOAPSEND=0,1,192.0.2.1,5683\r"),
            "it is on"
        );
        assert!(!host.take_losses().matter());
        // And attach, which looks for it, turns it off.
        up(host);
        line.received();
        hello(host);
        assert!(!String::from_utf8_lossy(&line.received()).contains("AT+"));
    });
    polite(&line);
}
