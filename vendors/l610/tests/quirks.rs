//! What differs between firmwares, or is open, makes no difference to an application.

use super::desk::*;
use crate::client::{Blocking as _, Remote, Request};
use crate::message::Code;
use crate::sim::conformance::nasty;
use crate::time::Millis;
use crate::vendors::l610::sim::{
    CallLine, CloseSays, DataEnd, DataForm, HostTaken, Quirks, Refusals,
};
use crate::vendors::l610::{HostForm, L610};

/// A session with everything in it, twice.
fn a_session_works(change: impl Fn(&mut Quirks)) {
    for reads in [1, 64] {
        let line = line(&change);
        line.set_chunk(reads);
        with(&line, |host| {
            host.attach(&network()).unwrap();
            for round in 0..2 {
                host.connect(&DEMO).unwrap();
                hello(host);
                let (body, mut buffer) = (nasty(round, 300), [0; 600]);
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
                let non = Request::get("/query?a=b&c").non_confirmable();
                let response = host.request(&non, &mut buffer).unwrap();
                assert_eq!(response.payload(), b"a=b\nc");
                let response = host
                    .request(&Request::delete("/store/a"), &mut buffer)
                    .unwrap();
                assert_eq!(response.code(), Code::DELETED);
                assert_eq!(get(host, "/missing").unwrap().0, Code::NOT_FOUND);
                assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
                assert!(get(host, "/binary").unwrap().1.starts_with(&[0, 1, 2]));
                host.close().unwrap();
            }
            let losses = host.take_losses();
            assert!(!losses.matter(), "{losses:?}");
            let debug = line.device().quirks.debug_lines;
            assert_eq!(losses.unknown > 0, debug, "every other line was known");
            assert_eq!(losses.junk, 0);
        });
        polite(&line);
    }
}

macro_rules! quirks {
    ($($name:ident: $change:expr;)*) => {$(
        #[test]
        fn $name() {
            a_session_works($change);
        }
    )*};
}

quirks! {
    the_default_module: |_| {};
    a_host_in_quotes: |quirks| quirks.host = HostTaken::Quoted;
    a_host_in_either_form: |quirks| quirks.host = HostTaken::Both;
    the_id_behind_the_ok: |quirks| quirks.id_after_ok = true;
    data_in_small_letters: |quirks| quirks.data = DataForm::LowerHex;
    data_as_it_is: |quirks| quirks.data = DataForm::Raw;
    a_blank_before_the_data: |quirks| quirks.blank_before_data = true;
    a_line_end_that_comes_late: |quirks| quirks.data_end = DataEnd::Late;
    a_line_end_that_never_comes: |quirks| quirks.data_end = DataEnd::Never;
    a_line_end_before_the_data: |quirks| quirks.data_end = DataEnd::Before;
    raw_data_whose_line_end_comes_late: |quirks| {
        quirks.data = DataForm::Raw;
        quirks.data_end = DataEnd::Late;
    };
    raw_data_behind_a_line_end: |quirks| {
        quirks.data = DataForm::Raw;
        quirks.data_end = DataEnd::Before;
    };
    a_close_that_says_the_id: |quirks| quirks.close_says = CloseSays::Id;
    a_close_that_says_a_result: |quirks| quirks.close_says = CloseSays::Zero;
    a_close_that_says_id_and_result: |quirks| quirks.close_says = CloseSays::IdAndZero;
    a_close_that_says_nothing: |quirks| quirks.close_says = CloseSays::Nothing;
    a_close_that_says_it_when_the_next_command_is_out: |quirks| {
        quirks.close_line_after = Millis::new(400);
    };
    no_blank_behind_the_colon: |quirks| quirks.blank_after_colon = false;
    an_equals_sign_for_the_colon: |quirks| quirks.equals_sign = true;
    refusals_with_a_number: |quirks| quirks.refusals = Refusals::Cme;
    refusals_of_the_family: |quirks| quirks.refusals = Refusals::Tcpip;
    one_client_only: |quirks| quirks.clients = 1;
    debug_lines: |quirks| quirks.debug_lines = true;
    everything_at_once: |quirks| {
        quirks.host = HostTaken::Quoted;
        quirks.id_after_ok = true;
        quirks.clients = 1;
        quirks.data = DataForm::Raw;
        quirks.data_end = DataEnd::Late;
        quirks.close_says = CloseSays::Id;
        quirks.close_line_after = Millis::new(400);
        quirks.blank_after_colon = false;
        quirks.call_line = CallLine::StateAndAddress;
        quirks.ok_after_call = true;
        quirks.ipv6 = true;
        quirks.refusals = Refusals::Tcpip;
        quirks.debug_lines = true;
    };
}

/// The opens of two sessions, of which the first also tries a name that does not exist.
fn opens(taken: HostTaken, dialect: L610) -> Vec<String> {
    let line = line(|quirks| quirks.host = taken);
    with_dialect::<{ L610::INBOX }, _>(&line, dialect, |host| {
        up(host);
        let nowhere = Remote::new("nowhere.example", 5683);
        host.connect(&nowhere).unwrap_err();
        host.connect(&DEMO).unwrap();
        hello(host);
    });
    polite(&line);
    let all = commands(&line).into_iter();
    let opens = all.filter_map(|one| one.strip_prefix("AT+GTCOAPOPEN=").map(String::from));
    opens.map(|one| one.replace(",5683", "")).collect()
}

#[test]
fn the_form_of_the_host_is_found_out_once_or_set() {
    let bare = ["demo", "nowhere.example", "demo"];
    let quoted = ["\"demo\"", "\"nowhere.example\"", "\"demo\""];
    let set = L610::with_host_form;
    assert_eq!(opens(HostTaken::Bare, L610::default()), bare);
    assert_eq!(opens(HostTaken::Both, L610::default()), bare);
    assert_eq!(
        opens(HostTaken::Quoted, L610::default()),
        [&["demo"], &quoted[..]].concat()
    );
    assert_eq!(opens(HostTaken::Quoted, set(HostForm::Quoted)), quoted);
    assert_eq!(opens(HostTaken::Both, set(HostForm::Quoted)), quoted);
    assert_eq!(
        opens(HostTaken::Bare, set(HostForm::Quoted)),
        [&["\"demo\""], &bare[..]].concat()
    );
}

#[test]
fn addresses_of_both_families_are_hosts() {
    for taken in [HostTaken::Bare, HostTaken::Quoted] {
        let line = line(|quirks| quirks.host = taken);
        with(&line, |host| {
            host.attach(&network()).unwrap();
            for address in ["192.0.2.1", "2001:db8::1", "5"] {
                let connected = host.connect(&Remote::new(address, 5683));
                assert_eq!(connected.is_ok(), address != "5", "{address}");
                if connected.is_ok() {
                    hello(host);
                }
            }
        });
        polite(&line);
    }
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
        let (body, mut buffer) = (nasty(1, 400), [0; 600]);
        let put = Request::put("/store/x", &body);
        assert_eq!(
            host.request(&put, &mut buffer).unwrap().code(),
            Code::CREATED
        );
        let heard = String::from_utf8_lossy(&line.received()).into_owned();
        assert!(
            heard.contains("AT+GTCOAPSEND=1,417,\"44"),
            "it is on: {heard}"
        );
        // An echo of that length is no line that was too long.
        assert!(!host.take_losses().matter());
        // And attach, which looks for it, turns it off.
        up(host);
        line.received();
        hello(host);
        assert!(!String::from_utf8_lossy(&line.received()).contains("AT+"));
    });
    polite(&line);
}
