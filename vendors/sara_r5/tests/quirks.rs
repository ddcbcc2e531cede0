//! What differs between firmwares, or what the guide leaves open, makes no difference to an application that has the setting.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::message::{Code, Number, Value};
use crate::modem::Dialect;
use crate::sim::conformance::nasty;
use crate::sim::module::agent::Message;
use crate::time::Millis;
use crate::vendors::sara_r5::SaraR5;
use crate::vendors::sara_r5::sim::{BlockFields, Blocks, Quirks};
use coap_lite::MessageType;

/// A session with everything in it, twice.
fn a_session_works<D: Dialect>(dialect: impl Fn() -> D, change: impl Fn(&mut Quirks)) {
    for reads in [1, 64] {
        let line = line(&change);
        line.set_chunk(reads);
        with(&line, dialect(), |host| {
            host.attach(&network()).unwrap();
            for round in 0..2 {
                host.connect(&DEMO).unwrap();
                hello(host);
                let body = nasty(round, 300);
                let put = Request::put("/store/a", &body).content_format(60);
                assert_eq!(ask(host, &put).unwrap().0, shown::<D>(Code::CREATED));
                assert_eq!(get(host, "/store/a"), Ok((content::<D>(), body.clone())));
                let empty = Request::put("/store/a", b"");
                assert_eq!(ask(host, &empty).unwrap().0, shown::<D>(Code::CHANGED));
                assert_eq!(get(host, "/store/a").unwrap().1, b"");
                let non = Request::get("/query?a=b%26&c").non_confirmable();
                assert_eq!(ask(host, &non).unwrap().1, b"a=b&\nc");
                let post = Request::post("/echo", b"said").content_format(0);
                assert_eq!(ask(host, &post), Ok((content::<D>(), b"said".to_vec())));
                let gone = ask(host, &Request::delete("/store/a")).unwrap();
                assert_eq!(gone.0, shown::<D>(Code::DELETED));
                let missing = get(host, "/missing").unwrap();
                assert_eq!(missing.0, shown::<D>(Code::NOT_FOUND));
                assert!(missing.1.ends_with(b"Not Found"));
                assert_eq!(get(host, "/separate").unwrap().1, b"This took a while.");
                host.close().unwrap();
            }
            let losses = host.take_losses();
            assert!(!losses.matter(), "{losses:?}");
            assert_eq!((losses.unknown, losses.junk), (0, 0));
        });
        polite(&line);
    }
}

macro_rules! quirks {
    ($($name:ident: $dialect:expr, $change:expr;)*) => {$(
        #[test]
        fn $name() {
            a_session_works($dialect, $change);
        }
    )*};
}

quirks! {
    the_default_module: SaraR5::default, |_| {};
    digits_in_lower_case: SaraR5::default, |quirks| quirks.lower_case = true;
    no_blank_behind_the_colon: SaraR5::default, |quirks| quirks.blank_after_colon = false;
    errors_with_a_more_field: SaraR5::default, |quirks| quirks.more_of_errors = true;
    errors_without_a_text: SaraR5::default, |quirks| quirks.bare_errors = true;
    a_result_that_comes_late: SaraR5::default, |quirks| quirks.result_after = Millis::from_secs(3);
    flags_by_which_the_server_is_found: SaraR5::default, |quirks| quirks.needs_host_and_port = true;
    flags_that_are_not_needed: || SaraR5 { host_and_port: false, ..SaraR5::default() }, |_| {};
    flag_5_the_other_way_round: || SaraR5 { non_is_one: false, ..SaraR5::default() }, |quirks| quirks.non_is_zero = true;
    content_formats_of_its_own: || SaraR5 { formats: &[(0, 1), (60, 7)], ..SaraR5::default() }, |quirks| quirks.formats = vec![(0, 1), (60, 7)];
    everything_at_once: || SaraR5 { non_is_one: false, formats: &[(0, 3), (60, 2)], ..SaraR5::default() }, |quirks| {
        quirks.lower_case = true;
        quirks.blank_after_colon = false;
        quirks.more_of_errors = true;
        quirks.result_after = Millis::new(500);
        quirks.non_is_zero = true;
        quirks.formats = vec![(0, 3), (60, 2)];
        quirks.inactive_context = true;
        quirks.two_functionalities = true;
    };
    the_sockets_of_the_default_module: Sockets::default, |_| {};
    the_other_announcement: Sockets::default, |quirks| quirks.uusorf = true;
    sockets_without_a_blank_behind_the_colon: Sockets::default, |quirks| quirks.blank_after_colon = false;
    a_resolver_that_fails_once: Sockets::default, |quirks| quirks.busy_resolver = 1;
    whole_datagrams_only: Sockets::default, |quirks| quirks.whole_datagrams = true;
    the_sockets_in_bytes: Binary::default, |_| {};
    the_other_announcement_in_bytes: Binary::default, |quirks| {
        quirks.uusorf = true;
        quirks.blank_after_colon = false;
    };
}

/// What went to the server for a request: the message as the simulator's codec reads it.
fn on_the_way(dialect: SaraR5, change: impl Fn(&mut Quirks), request: &Request<'_>) -> Message {
    let line = line(&change);
    with(&line, dialect, |host| {
        up(host);
        line.device().network().take_journal();
        ask(host, request).unwrap();
    });
    let journal = line.device().network().take_journal();
    Message::parse(&journal[0].datagram).unwrap()
}

#[test]
fn a_request_goes_out_as_it_was_said() {
    let extra = [(Number::URI_PORT, Value::Uint(5683))];
    let request = Request::put("/a%2Fb/%C3%A4//x%22y?q=1%262&r", b"body\x00\xFF")
        .host("Demo")
        .content_format(60)
        .options(&extra)
        .non_confirmable();
    let dialect = || SaraR5 {
        host_and_port: false,
        ..SaraR5::default()
    };
    let message = on_the_way(dialect(), |_| {}, &request);
    assert_eq!(
        (message.kind, message.code),
        (MessageType::NonConfirmable, 3)
    );
    assert_eq!(message.payload, b"body\x00\xFF");
    let expected: [(u16, &[u8]); 9] = [
        (3, b"demo"),
        (7, &[0x16, 0x33]),
        (11, b"a/b"),
        (11, "\u{e4}".as_bytes()),
        (11, b""),
        (11, b"x\"y"),
        (12, &[60]),
        (15, b"q=1&2"),
        (15, b"r"),
    ];
    let expected = expected.map(|(number, value)| (number, value.to_vec()));
    assert_eq!(message.options, expected);

    // Nothing is added: neither host nor port nor format.
    let bare = on_the_way(dialect(), |_| {}, &Request::post("/", b"x"));
    assert_eq!(
        (bare.kind, bare.options.len()),
        (MessageType::Confirmable, 0)
    );
    // Text has the number 0, which is not the same as no format at all.
    let text = Request::post("/", b"x").content_format(0);
    let text = on_the_way(dialect(), |_| {}, &text);
    assert_eq!(text.options, [(12, Vec::new())]);
    // As the guide has it, the server is told who it is.
    let guide = on_the_way(SaraR5::default(), |_| {}, &Request::get("/"));
    assert_eq!(
        guide.options,
        [(3, b"demo".to_vec()), (7, vec![0x16, 0x33])]
    );
}

#[test]
fn a_setting_that_does_not_fit_shows_on_the_way_and_not_to_the_host() {
    let other = on_the_way(
        SaraR5::default(),
        |quirks| quirks.non_is_zero = true,
        &Request::get("/"),
    );
    assert_eq!(
        other.kind,
        MessageType::NonConfirmable,
        "that is why it is a setting"
    );
    let kept = |quirks: &mut Quirks| quirks.keeps_percent = true;
    let kept = on_the_way(SaraR5::default(), kept, &Request::get("/a%20b"));
    assert!(kept.options.contains(&(11, b"a%20b".to_vec())), "and this");
}

#[test]
fn blocks_of_a_request_go_out_as_they_were_said() {
    for fields in [
        BlockFields::AsPrinted,
        BlockFields::Always,
        BlockFields::Never,
    ] {
        let line = line(|quirks| quirks.block_fields = fields);
        native(&line, |host| {
            up(host);
            let mut buffer = [0; 256];
            for (number, more, length) in [(0, true, 64), (1, false, 30)] {
                line.device().network().take_journal();
                let block = crate::message::Block::new(number, more, 2).unwrap();
                let options = [(Number::BLOCK1, Value::Uint(block.to_uint()))];
                let payload = vec![7; length];
                let request = Request::put("/options", &payload).options(&options);
                let response = host.request(&request, &mut buffer).unwrap();
                assert_eq!(response.code().class(), 2);
                let sent = line.device().network().take_journal();
                let message = Message::parse(&sent[0].datagram).unwrap();
                let value = crate::message::Block::from_uint(block.to_uint()).unwrap();
                let bytes = u8::try_from(value.to_uint()).unwrap();
                assert!(message.options.contains(&(27, vec![bytes])));
                assert_eq!(message.payload, payload);
            }
        });
        polite(&line);
    }
}

/// A server of two messages: the response to the first request is the first of two blocks, that to the second the other.
fn two_blocks(blocks: Blocks) -> (Result<(Code, Vec<u8>), Failure>, usize) {
    let line = line(|quirks| quirks.blocks = blocks);
    let result = native(&line, |host| {
        up(host);
        line.device().network().take_journal();
        let request = Request::get("/silent").limit(Millis::from_secs(20));
        let mut buffer = [0; 256];
        let mut future = std::pin::pin!(crate::client::CoapClient::request(
            host,
            &request,
            &mut buffer
        ));
        let mut context = core::task::Context::from_waker(core::task::Waker::noop());
        let mut answered = 0;
        loop {
            if let core::task::Poll::Ready(result) = future.as_mut().poll(&mut context) {
                return result.map(|response| (response.code(), response.payload().to_vec()));
            }
            let at = line.now().after(Millis::new(40));
            let mut module = line.device();
            let journal = module.network().take_journal();
            for sent in journal {
                let asked = Message::parse(&sent.datagram).unwrap();
                let wanted = asked.options.iter().find(|(number, _)| *number == 23);
                let (value, payload) = match wanted {
                    None => (0x08, vec![b'a'; 16]),
                    Some((_, block)) => {
                        assert_eq!(block, &[0x10], "the second block, of 16 bytes");
                        (0x10, b"the end".to_vec())
                    }
                };
                let mut message = Message::new(MessageType::Acknowledgement, 69, asked.id);
                message.token = asked.token;
                message.options = vec![(23, vec![value])];
                message.payload = payload;
                let bytes = message.to_bytes();
                module.network().inject(at, sent.socket, sent.to, &bytes);
                answered += 1;
                assert!(answered < 3);
            }
        }
    });
    (result, line.device().count("UCOAPC"))
}

#[test]
fn a_response_in_parts_is_delivered_whole_or_not_at_all() {
    let whole = [&[b'a'; 16][..], b"the end"].concat();
    for blocks in [Blocks::Parts, Blocks::Joined] {
        let (result, exchanges) = two_blocks(blocks);
        assert_eq!(
            result,
            Ok((content::<SaraR5>(), whole.clone())),
            "{blocks:?}"
        );
        assert_eq!(exchanges, 1);
    }
    let (result, _) = two_blocks(Blocks::First);
    assert_eq!(result, operation(crate::error::Resource::Inbox));
}

#[test]
fn a_response_of_which_no_line_tells_fails_at_once() {
    let line = line(|quirks| quirks.no_line_without_data = true);
    native(&line, |host| {
        up(host);
        let began = line.now();
        let put = ask(host, &Request::put("/store/x", b"1"));
        assert_eq!(put, operation(crate::error::Resource::Inbox));
        assert!(line.now().since(began) < Millis::from_secs(1));
        hello(host);
    });
}
