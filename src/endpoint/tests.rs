//! Conversations with the endpoint: what it says, and above all what it does not say. Time is a number in the call.
//!
//! Messages are written byte by byte, with the fields of RFC 7252, section 3 apart: `type/tkl code id token ..`.

use super::*;
use crate::client::{Capabilities, Request};
use crate::error::{Error, ModemError, PeerError, Resource, Waited};
use crate::message::Number;
use crate::time::{Instant, Millis};
use std::cell::Cell;

mod replies;

thread_local! {
    static STATE: Cell<u32> = const { Cell::new(1) };
}

/// xorshift32: repeatable.
fn random() -> u32 {
    STATE.with(|state| {
        let mut x = state.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        state.set(x);
        x
    })
}

struct Talk<'b> {
    endpoint: Endpoint<'b>,
    now: u32,
    mode: Mode,
}

impl<'b> Talk<'b> {
    fn new(buffer: &'b mut [u8], mode: Mode) -> Self {
        STATE.with(|state| state.set(0x9E37_79B9));
        Self {
            endpoint: Endpoint::new(buffer, random),
            now: 1000,
            mode,
        }
    }

    /// Begins a request; its token and message id.
    fn begin(&mut self, request: Request<'_>) -> ([u8; 4], u16) {
        self.endpoint
            .begin(self.instant(), &request, &Capabilities::DATAGRAMS)
            .unwrap();
        let view = self.endpoint.message().unwrap();
        (view.token().try_into().unwrap(), view.id())
    }

    fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn step(&mut self) -> Step {
        self.endpoint.poll(self.instant(), self.mode)
    }

    #[track_caller]
    fn transmits(&mut self) {
        assert_eq!(self.step(), Step::Transmit);
    }

    /// Nothing is to be done now; says until when.
    #[track_caller]
    fn silent(&mut self) -> u32 {
        match self.step() {
            Step::Wait(until) => until.as_millis(),
            other => panic!("not silent but {other:?}"),
        }
    }

    #[track_caller]
    fn replies(&mut self, expected: [u8; 4]) {
        assert_eq!(self.step(), Step::Reply(expected));
    }

    fn receives(&mut self, parts: &[&[u8]]) -> Verdict {
        let message = parts.concat();
        self.endpoint
            .handle(self.instant(), &message, false, self.mode)
    }
}

fn id(id: u16) -> [u8; 2] {
    id.to_be_bytes()
}

#[test]
fn a_confirmable_request_is_sent_five_times_at_doubling_intervals_and_then_given_up() {
    for _ in 0..50 {
        let mut buffer = [0; 64];
        let seed = random();
        let mut talk = Talk::new(&mut buffer, Mode::Full);
        STATE.with(|state| state.set(seed));
        talk.begin(Request::get("/x").limit(Millis::from_secs(300)));
        let first = talk.endpoint.message().unwrap().as_bytes().to_vec();
        let mut times = Vec::new();
        let end = loop {
            match talk.step() {
                Step::Transmit => {
                    times.push(talk.now);
                    assert_eq!(talk.endpoint.message().unwrap().as_bytes(), first);
                }
                Step::Wait(until) => talk.now = until.as_millis(),
                Step::Failed(error) => {
                    assert_eq!(error, Error::Timeout(Waited::Acknowledgement));
                    break talk.now;
                }
                Step::Reply(_) => panic!("nothing was received"),
            }
        };
        assert_eq!(times.len(), 5, "MAX_RETRANSMIT is 4");
        let initial = times[1] - times[0];
        assert!(
            (2000..=3000).contains(&initial),
            "ACK_TIMEOUT x [1, 1.5]: {initial}"
        );
        for (k, pair) in times.windows(2).enumerate() {
            assert_eq!(pair[1] - pair[0], initial << k);
        }
        // MAX_TRANSMIT_WAIT: 31 times the initial time-out (4.8.2).
        assert_eq!(end - times[0], initial * 31);
        talk.silent();
    }
}

#[test]
fn a_late_poll_does_not_bunch_retransmissions() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    talk.begin(Request::get("/x"));
    talk.transmits();
    let due = talk.silent();
    talk.now = due + 60_000;
    talk.transmits();
    assert!(
        talk.silent() >= talk.now + 4000,
        "the next one is not due at once"
    );
}

#[test]
fn a_piggybacked_response_ends_the_exchange() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (token, mid) = talk.begin(Request::get("/x"));
    talk.transmits();
    let verdict = talk.receives(&[&[0x64, 0x45], &id(mid), &token, b"\xffhi"]);
    assert_eq!(verdict, Verdict::Response);
    talk.silent();
    let again = talk.receives(&[&[0x64, 0x45], &id(mid), &token, b"\xffhi"]);
    assert_eq!(again, Verdict::Drop, "a duplicate is not delivered twice");
    talk.silent();
}

#[test]
fn an_empty_acknowledgement_stops_retransmission_and_the_separate_response_is_acknowledged() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (token, mid) = talk.begin(Request::get("/x").limit(Millis::from_secs(60)));
    talk.transmits();
    assert_eq!(talk.receives(&[&[0x60, 0x00], &id(mid)]), Verdict::Drop);
    assert_eq!(talk.silent(), 61_000, "only the limit is waited for");
    talk.now = 50_000;
    let response: &[&[u8]] = &[&[0x44, 0x45, 0xBE, 0xEF], &token, b"\xffhi"];
    assert_eq!(talk.receives(response), Verdict::Response);
    talk.replies([0x60, 0x00, 0xBE, 0xEF]);
    talk.silent();
    // Our acknowledgement was lost: the same answer again, and nothing delivered.
    talk.now = 53_000;
    assert_eq!(talk.receives(response), Verdict::Drop);
    talk.replies([0x60, 0x00, 0xBE, 0xEF]);
    talk.silent();
}

#[test]
fn a_separate_response_that_overtakes_the_acknowledgement_counts_as_one() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (token, mid) = talk.begin(Request::get("/x"));
    talk.transmits();
    assert_eq!(
        talk.receives(&[&[0x44, 0x45, 0, 7], &token]),
        Verdict::Response
    );
    talk.replies([0x60, 0x00, 0, 7]);
    assert_eq!(talk.receives(&[&[0x60, 0x00], &id(mid)]), Verdict::Drop);
    talk.now += 100_000;
    talk.silent();
}

#[test]
fn an_acknowledged_request_without_a_response_ends_at_its_limit() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (_, mid) = talk.begin(Request::get("/x").limit(Millis::from_secs(20)));
    talk.transmits();
    talk.receives(&[&[0x60, 0x00], &id(mid)]);
    talk.now = talk.silent();
    assert_eq!(talk.step(), Step::Failed(Waited::Response.into()));
}

#[test]
fn a_message_id_of_an_old_duplicate_may_be_used_anew_after_its_lifetime() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (token, _) = talk.begin(Request::get("/x"));
    talk.transmits();
    assert_eq!(
        talk.receives(&[&[0x44, 0x45, 0, 7], &token]),
        Verdict::Response
    );
    talk.replies([0x60, 0x00, 0, 7]);
    talk.now += 248_000;
    let (token, _) = talk.begin(Request::get("/x"));
    talk.transmits();
    assert_eq!(
        talk.receives(&[&[0x44, 0x45, 0, 7], &token]),
        Verdict::Response
    );
}

#[test]
fn a_reset_ends_the_exchange_at_once() {
    for mode in [Mode::Full, Mode::Assisted] {
        let mut buffer = [0; 64];
        let mut talk = Talk::new(&mut buffer, mode);
        let (_, mid) = talk.begin(Request::get("/x"));
        talk.transmits();
        assert_eq!(talk.receives(&[&[0x70, 0x00], &id(mid ^ 1)]), Verdict::Drop);
        let verdict = talk.receives(&[&[0x70, 0x00], &id(mid)]);
        assert_eq!(verdict, Verdict::Failed(PeerError::Reset.into()));
        talk.silent();
    }
}

#[test]
fn what_does_not_match_is_not_ours_and_the_exchange_goes_on() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (token, mid) = talk.begin(Request::get("/x"));
    talk.transmits();
    let mut stranger = token;
    stranger[3] ^= 1;
    let ignored: [&[&[u8]]; 6] = [
        // An acknowledgement with another token, with another id, with a request, of a reserved class.
        &[&[0x64, 0x45], &id(mid), &stranger],
        &[&[0x64, 0x45], &id(mid ^ 1), &token],
        &[&[0x60, 0x01], &id(mid)],
        &[&[0x64, 0x20], &id(mid), &token],
        // A reset with a code, and a non-confirmable response to nobody.
        &[&[0x74, 0x45], &id(mid), &token],
        &[&[0x54, 0x45, 0, 1], &stranger],
    ];
    for message in ignored {
        assert_eq!(talk.receives(message), Verdict::Drop, "{message:02x?}");
        talk.silent();
    }
    // A confirmable one is rejected.
    assert_eq!(
        talk.receives(&[&[0x44, 0x45, 0, 2], &stranger]),
        Verdict::Drop
    );
    talk.replies([0x70, 0x00, 0, 2]);
    let verdict = talk.receives(&[&[0x64, 0x45], &id(mid), &token]);
    assert_eq!(verdict, Verdict::Response);
}

#[test]
fn malformed_messages_are_rejected_if_confirmable_and_else_ignored() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    talk.begin(Request::get("/x"));
    talk.transmits();
    // A bare payload marker, a reserved nibble, a token that runs past the end, an empty message with content.
    for tail in [&b"\xff"[..], b"\xf1", b"\x1f"] {
        assert_eq!(talk.receives(&[&[0x40, 0x45, 0, 9], tail]), Verdict::Drop);
        talk.replies([0x70, 0x00, 0, 9]);
        for first in [0x50, 0x60, 0x70] {
            assert_eq!(talk.receives(&[&[first, 0x45, 0, 9], tail]), Verdict::Drop);
            talk.silent();
        }
    }
    // Another version, or no whole header: silence, also to a confirmable one.
    for message in [
        &[0x80, 0x45, 0, 9][..],
        &[0x00, 0x45, 0, 9],
        &[0x40, 0x45, 0],
        &[],
    ] {
        assert_eq!(talk.receives(&[message]), Verdict::Drop);
        talk.silent();
    }
}

#[test]
fn a_ping_is_answered_by_a_reset_and_an_empty_non_confirmable_message_is_not() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    assert_eq!(talk.receives(&[&[0x40, 0x00, 0x12, 0x34]]), Verdict::Drop);
    talk.replies([0x70, 0x00, 0x12, 0x34]);
    assert_eq!(talk.receives(&[&[0x50, 0x00, 0x12, 0x34]]), Verdict::Drop);
    talk.silent();
}

#[test]
fn a_critical_option_that_is_not_understood_rejects_the_response() {
    // Option 65001 as a first option: delta 14, 65001 - 269 = 0xFCDC; then If-Match (1), known but of requests only;
    // then Accept (17) likewise; then Block2 (23) with more to come, of a length that no block has, and twice.
    let cases: [(&[u8], u16); 6] = [
        (b"\xe0\xfc\xdc", 65001),
        (b"\x11\x00", 1),
        (b"\xd1\x04\x3c", 17),
        (b"\xd1\x0a\x0a", 23),
        (b"\xd4\x0a\x00\x00\x00\x00", 23),
        (b"\xd1\x0a\x02\x01\x02", 23),
    ];
    for (options, number) in cases {
        let failed = Verdict::Failed(PeerError::CriticalOption(Number(number)).into());
        let mut buffer = [0; 64];
        let mut talk = Talk::new(&mut buffer, Mode::Full);
        let (token, mid) = talk.begin(Request::get("/x"));
        talk.transmits();
        let verdict = talk.receives(&[&[0x64, 0x45], &id(mid), &token, options]);
        assert_eq!(verdict, failed, "piggybacked {number}");
        talk.silent();

        let (token, _) = talk.begin(Request::get("/x"));
        talk.transmits();
        let verdict = talk.receives(&[&[0x44, 0x45, 0, 3], &token, options]);
        assert_eq!(verdict, failed, "separate {number}");
        talk.replies([0x70, 0x00, 0, 3]);
    }
}

#[test]
fn an_elective_option_that_is_not_understood_is_no_obstacle() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (token, mid) = talk.begin(Request::get("/x"));
    talk.transmits();
    // 65000: delta 14, 65000 - 269 = 0xFCDB; an ETag of nine bytes before it.
    let options = b"\x49123456789\xe0\xfc\xd7";
    let verdict = talk.receives(&[&[0x64, 0x45], &id(mid), &token, options]);
    assert_eq!(verdict, Verdict::Response);
}

#[test]
fn a_part_of_a_body_is_taken_by_who_asked_for_parts() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let blocks = [(Number::BLOCK2, crate::message::Value::Uint(2))];
    let (token, mid) = talk.begin(Request::get("/x").options(&blocks));
    talk.transmits();
    let verdict = talk.receives(&[&[0x64, 0x45], &id(mid), &token, b"\xd1\x0a\x0a\xffpart"]);
    assert_eq!(verdict, Verdict::Response);
    // And a last block that is the whole is taken by anybody.
    let (token, mid) = talk.begin(Request::get("/x"));
    talk.transmits();
    let verdict = talk.receives(&[&[0x64, 0x45], &id(mid), &token, b"\xd1\x0a\x02\xffwhole"]);
    assert_eq!(verdict, Verdict::Response);
}

#[test]
fn a_non_confirmable_request_is_sent_once_and_matched_by_token_alone() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let request = Request::get("/x")
        .non_confirmable()
        .limit(Millis::from_secs(30));
    let (token, mid) = talk.begin(request);
    talk.transmits();
    assert_eq!(talk.silent(), 31_000);
    // A piggybacked response to a non-confirmable message does not exist.
    let piggybacked = talk.receives(&[&[0x64, 0x45], &id(mid), &token]);
    assert_eq!(piggybacked, Verdict::Drop);
    assert_eq!(
        talk.receives(&[&[0x54, 0x45, 0xAB, 0xCD], &token]),
        Verdict::Response
    );
    talk.silent();
}

#[test]
fn tokens_and_message_ids_are_fresh_for_each_request() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let mut tokens = std::collections::HashSet::new();
    let (_, mut last) = talk.begin(Request::get("/x"));
    for _ in 0..1000 {
        let (token, mid) = talk.begin(Request::get("/x"));
        assert!(tokens.insert(token), "a token came twice");
        assert_eq!(mid, last.wrapping_add(1));
        last = mid;
    }
}

#[test]
fn in_assisted_mode_the_token_alone_decides_and_nothing_is_ever_replied() {
    for first in [0x44, 0x54, 0x64] {
        let mut buffer = [0; 64];
        let mut talk = Talk::new(&mut buffer, Mode::Assisted);
        let (token, _) = talk.begin(Request::get("/x").limit(Millis::from_secs(90)));
        talk.transmits();
        assert_eq!(talk.silent(), 91_000, "the modem retransmits, not we");
        let notification: &[&[u8]] = &[&[0x44, 0x45, 0, 1], b"else", b"\x61\x05\xff21"];
        assert_eq!(talk.receives(notification), Verdict::Keep);
        assert_eq!(talk.receives(&[&[0x42, 0x02, 0, 2], b"rq"]), Verdict::Keep);
        talk.silent();
        assert_eq!(
            talk.receives(&[&[first, 0x45, 0x99, 0x99], &token]),
            Verdict::Response
        );
        assert_eq!(
            talk.receives(&[&[first, 0x45, 0x99, 0x99], &token]),
            Verdict::Drop,
            "the same again is no event"
        );
        talk.silent();
    }
}

#[test]
fn a_late_response_to_an_abandoned_request_is_dropped() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Assisted);
    let (old, _) = talk.begin(Request::get("/x"));
    talk.transmits();
    let (new, _) = talk.begin(Request::get("/x"));
    talk.transmits();
    assert_eq!(talk.receives(&[&[0x54, 0x45, 0, 1], &old]), Verdict::Drop);
    assert_eq!(
        talk.receives(&[&[0x54, 0x45, 0, 2], &new]),
        Verdict::Response
    );
}

#[test]
fn a_modem_that_could_not_deliver_ends_the_exchange() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Assisted);
    let (_, mid) = talk.begin(Request::get("/x"));
    talk.transmits();
    assert_eq!(talk.endpoint.handle_delivery(mid ^ 1, false), Verdict::Drop);
    assert_eq!(talk.endpoint.handle_delivery(mid, true), Verdict::Drop);
    let failed = Verdict::Failed(ModemError::Undelivered.into());
    assert_eq!(talk.endpoint.handle_delivery(mid, false), failed);
}

#[test]
fn a_response_that_was_not_kept_whole_fails_at_once_where_it_will_not_come_again() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Assisted);
    let (token, _) = talk.begin(Request::get("/x"));
    talk.transmits();
    let head = [&[0x54, 0x45, 0, 1][..], &token].concat();
    let verdict = talk
        .endpoint
        .handle(talk.instant(), &head, true, Mode::Assisted);
    assert_eq!(verdict, Verdict::Failed(Resource::Inbox.into()));

    // A datagram link repeats it.
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    talk.begin(Request::get("/x"));
    talk.transmits();
    let verdict = talk
        .endpoint
        .handle(talk.instant(), &head, true, Mode::Full);
    assert_eq!(verdict, Verdict::Drop);
}

#[test]
fn a_request_that_does_not_fit_says_how_much_it_needs() {
    let mut buffer = [0; 16];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let request = Request::put("/x", &[7; 20]);
    let refused = talk
        .endpoint
        .begin(talk.instant(), &request, &Capabilities::DATAGRAMS);
    // 4 header, 4 token, 2 path, 1 marker, 20 payload
    assert_eq!(refused, Err(Resource::Message { needed: 31 }.into()));
    talk.silent();
}

#[test]
fn options_that_nobody_may_send_are_refused_on_every_link() {
    use crate::error::Invalid;
    use crate::message::Value;
    let long = "x".repeat(256);
    let (opaque, uint) = (Value::Opaque(&[7; 9]), Value::Uint(60));
    let cases: [(&[(Number, Value<'_>)], Number); 5] = [
        (&[(Number::ETAG, opaque)], Number::ETAG),
        (&[(Number::URI_HOST, Value::Text(""))], Number::URI_HOST),
        (&[(Number::URI_PATH, Value::Text(&long))], Number::URI_PATH),
        (
            &[(Number::ACCEPT, uint), (Number::ACCEPT, uint)],
            Number::ACCEPT,
        ),
        (
            &[(Number::IF_NONE_MATCH, Value::Opaque(b"1"))],
            Number::IF_NONE_MATCH,
        ),
    ];
    for (options, number) in cases {
        let mut buffer = [0; 512];
        let mut talk = Talk::new(&mut buffer, Mode::Full);
        let request = Request::get("/x").options(options);
        let refused = talk
            .endpoint
            .begin(talk.instant(), &request, &Capabilities::DATAGRAMS);
        assert_eq!(refused, Err(Invalid::Option(number).into()));
        talk.silent();
    }
    // What may be repeated may.
    let mut buffer = [0; 512];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let twice = [
        (Number::ETAG, Value::Opaque(b"1")),
        (Number::ETAG, Value::Opaque(b"2")),
    ];
    talk.begin(Request::get("/x?a&b").options(&twice));
    talk.transmits();
}

#[test]
fn our_fresh_token_counts_for_more_than_an_old_message_id() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    // A server that restarts may begin its message ids anew.
    for _ in 0..2 {
        let (token, _) = talk.begin(Request::get("/x"));
        talk.transmits();
        assert_eq!(
            talk.receives(&[&[0x44, 0x45, 0, 7], &token]),
            Verdict::Response
        );
        talk.replies([0x60, 0x00, 0, 7]);
        talk.now += 1000;
    }
}

#[test]
fn a_repeated_response_is_acknowledged_again_whatever_came_in_between() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    let (token, _) = talk.begin(Request::get("/x"));
    talk.transmits();
    let response: &[&[u8]] = &[&[0x44, 0x45, 0, 7], &token];
    assert_eq!(talk.receives(response), Verdict::Response);
    talk.replies([0x60, 0x00, 0, 7]);
    assert_eq!(talk.receives(&[&[0x40, 0x00, 0x12, 0x34]]), Verdict::Drop);
    talk.replies([0x70, 0x00, 0x12, 0x34]);
    assert_eq!(talk.receives(response), Verdict::Drop);
    talk.replies([0x60, 0x00, 0, 7]);
}

#[test]
fn the_largest_number_of_repetitions_comes_to_an_end() {
    let mut buffer = [0; 64];
    let mut talk = Talk::new(&mut buffer, Mode::Full);
    talk.endpoint.parameters = Parameters {
        ack_timeout: Millis::new(0),
        ack_random_percent: 0,
        max_retransmit: u8::MAX,
    };
    talk.begin(Request::get("/x"));
    for _ in 0..256 {
        talk.transmits();
    }
    assert_eq!(talk.step(), Step::Failed(Waited::Acknowledgement.into()));
}

#[test]
fn tokens_differ_even_where_the_random_numbers_do_not() {
    let mut buffer = [0; 64];
    let mut endpoint = Endpoint::new(&mut buffer, || 7);
    let mut last = None;
    for _ in 0..10 {
        let now = Instant::from_millis(0);
        endpoint
            .begin(now, &Request::get("/x"), &Capabilities::DATAGRAMS)
            .unwrap();
        let token = endpoint.message().unwrap().token().to_vec();
        assert_ne!(last.replace(token.clone()), Some(token));
    }
}
