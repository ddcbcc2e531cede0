//! Bytes that go out beside the text of a command: in its middle, or behind its prompt.

use super::*;
use crate::front::Wire;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// Polls a wait once; what went out is added to `sent`, a few bytes at a time, as a front does.
fn poll<F: Future<Output = Result<(), Error>> + Unpin>(
    wire: &Wire,
    wait: &mut F,
    sent: &mut Vec<u8>,
) -> Poll<Result<(), Error>> {
    let mut context = Context::from_waker(Waker::noop());
    let polled = Pin::new(wait).poll(&mut context);
    let mut out = [0; 8];
    let count = wire.outgoing(&mut out).len();
    sent.extend_from_slice(&out[..count]);
    wire.sent(count as u8);
    polled
}

/// Lets a wait send all that it has to send.
fn run<F: Future<Output = Result<(), Error>> + Unpin>(wire: &Wire, wait: &mut F) -> String {
    let mut sent = Vec::new();
    loop {
        let before = sent.len();
        assert_eq!(poll(wire, wait, &mut sent), Poll::Pending);
        if sent.len() == before {
            return String::from_utf8(sent).unwrap();
        }
    }
}

fn with_at(claim: impl FnOnce(&Wire, &mut At<'_>)) {
    let (mut line, mut command, mut inbox) = ([0; 96], [0; 32], [0; 512]);
    let wire = Wire::new();
    claim(
        &wire,
        &mut At::new(&wire, &mut line, &mut command, &mut inbox, HOOKS),
    );
}

#[test]
fn a_command_streams_what_its_buffer_does_not_hold() {
    with_at(|wire, at| {
        let bytes: Vec<u8> = (0..200).map(|i| (i * 37) as u8).collect();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let mut wait = at
            .put("AT+SEND=")
            .num(1)
            .streamed_hex()
            .num(0)
            .ok_with(&bytes, 300);
        assert_eq!(run(wire, &mut wait), format!("AT+SEND=1,\"{hex}\",0\r"));
        // Its echo, which is longer than the line buffer, is an echo all the same.
        let answer = format!("AT+SEND=1,\"{hex}\",0\r\r\nOK\r\n").into_bytes();
        let mut polled = Poll::Pending;
        for chunk in answer.chunks(crate::front::CHUNK) {
            wire.receive(chunk);
            polled = poll(wire, &mut wait, &mut Vec::new());
        }
        assert_eq!(polled, Poll::Ready(Ok(())));
        assert!(at.echoes());
        assert_eq!(at.inbox.losses, Losses::default());
        // A short one as well.
        let mut wait = at.put("AT+SEND=").streamed_hex().ok_with(b"\xA1", 300);
        assert_eq!(run(wire, &mut wait), "AT+SEND=\"A1\"\r");
        wire.receive(b"AT+SEND=\"A1\"\r\r\nOK\r\n");
        assert_eq!(poll(wire, &mut wait, &mut Vec::new()), Poll::Ready(Ok(())));
        assert_eq!(at.inbox.losses, Losses::default());
        // And one without a byte.
        let mut wait = at.put("AT+SEND=").streamed_hex().num(7).ok_with(b"", 300);
        assert_eq!(run(wire, &mut wait), "AT+SEND=\"\",7\r");
    });
}

#[test]
fn a_stream_that_is_dropped_is_torn_so_that_no_modem_takes_it() {
    with_at(|wire, at| {
        let mut sent = Vec::new();
        let mut wait = at
            .put("AT+SEND=")
            .streamed_hex()
            .num(7)
            .ok_with(&[0xA5; 64], 300);
        for _ in 0..4 {
            assert_eq!(poll(wire, &mut wait, &mut sent), Poll::Pending);
        }
        let until = at.now().after(Millis::new(9000));
        let rest = run(wire, &mut at.settle(&[], until));
        let text = String::from_utf8(sent).unwrap() + &rest;
        let whole = text.strip_suffix("\"~\"~\r").unwrap();
        assert!(
            whole.starts_with("AT+SEND=\"A5A5A5") && whole.len() < 64,
            "{text}"
        );
    });
}

#[test]
fn input_goes_out_raw_or_in_hexadecimal_and_is_ended_as_the_modem_wants() {
    for (mark, form, expected) in [
        (b'>', Input::RAW, "A+b"),
        (b'@', Input::RAW, "A+b"),
        (b'>', Input::raw_then(0x1A), "A+b\x1A"),
        (b'>', Input::hex_then(0x1A), "412B62\x1A"),
    ] {
        with_at(|wire, at| {
            let mut wait = at.put("AT+SEND").prompt_mark(mark, 0, 300);
            assert_eq!(run(wire, &mut wait), "AT+SEND\r");
            wire.receive(&[b'\r', b'\n', mark, b' ']);
            assert_eq!(poll(wire, &mut wait, &mut Vec::new()), Poll::Ready(Ok(())));
            assert!(at.prompted());
            let mut wait = at.input_as(b"A+b", form, 300);
            assert_eq!(run(wire, &mut wait), expected);
            wire.receive(b"\r\nOK\r\n");
            assert_eq!(poll(wire, &mut wait, &mut Vec::new()), Poll::Ready(Ok(())));
        });
    }
}

#[test]
fn one_quoted_argument_is_made_of_pieces_and_none_of_them_can_end_it() {
    with_at(|wire, at| {
        let command = at
            .put("AT+X=")
            .begin_quoted()
            .part(b"coap://")
            .part(b"h")
            .end_quoted();
        let mut wait = command.bare(b"a-1.b_2:c").hex(&[0xAB, 1]).ok(300);
        assert_eq!(run(wire, &mut wait), "AT+X=\"coap://h\",a-1.b_2:c,AB01\r");
        at.engine.cancel();
        let mut wait = at.put("AT+X=").quoted_num(0).quoted_num(65_535).ok(300);
        assert_eq!(run(wire, &mut wait), "AT+X=\"0\",\"65535\"\r");
        at.engine.cancel();
        let bad: [for<'f, 'b> fn(Put<'f, 'b>) -> Put<'f, 'b>; 4] = [
            |put| put.begin_quoted().part(b"a\"b"),
            |put| put.bare(b"a,b"),
            |put| put.bare(b"a b"),
            |put| put.bare(b"a\rb"),
        ];
        for spoil in bad {
            let mut wait = spoil(at.put("AT+X=")).ok(300);
            let mut sent = Vec::new();
            let refused = Err(crate::error::Invalid::Character.into());
            assert_eq!(poll(wire, &mut wait, &mut sent), Poll::Ready(refused));
            assert_eq!(sent, b"", "nothing goes out");
        }
    });
}

#[test]
fn a_prompt_or_an_end_of_input_that_was_not_heard_is_escaped_before_the_fence() {
    for typed in [false, true] {
        with_at(|wire, at| {
            let mut wait = at.put("AT+SEND").prompt(0, 300);
            run(wire, &mut wait);
            if typed {
                wire.receive(b"\r\n> ");
                assert_eq!(poll(wire, &mut wait, &mut Vec::new()), Poll::Ready(Ok(())));
                let mut wait = at.input_as(b"A+b", Input::raw_then(0x1A), 300);
                assert_eq!(run(wire, &mut wait), "A+b\x1A");
            }
            let until = Instant::from_millis(9000);
            let mut settle = at.settle(&[], until);
            assert_eq!(run(wire, &mut settle), "");
            let mut after = |milliseconds| {
                wire.set_now(Instant::from_millis(milliseconds));
                [(); 3].map(|()| run(wire, &mut settle)).concat()
            };
            // A prompt may be late.
            let late = if typed { 400 } else { 5100 };
            assert_eq!(after(late), "\x1B");
            assert_eq!(after(late + 1100), "AT+CMEE?\r");
        });
    }
}

#[test]
fn first_contact_escapes_from_a_prompt_that_takes_fences_for_its_input() {
    with_at(|wire, at| {
        let mut contact = at.contact(20_000);
        let mut after = |milliseconds| {
            wire.set_now(Instant::from_millis(milliseconds));
            [(); 3].map(|()| run(wire, &mut contact)).concat()
        };
        // A modem that is merely starting is asked first, and not troubled.
        for half_seconds in 0..4 {
            assert_eq!(after(half_seconds * 501), "AT+CMEE?\r", "{half_seconds}");
        }
        assert_eq!(after(4 * 501), "\x1B");
        assert_eq!(after(5 * 501), "AT+CMEE?\r");
        wire.receive(b"\r\n+CMEE: 1\r\n\r\nOK\r\n");
        assert_eq!(after(5 * 501 + 20), "");
        wire.set_now(Instant::from_millis(5 * 501 + 1000));
        assert_eq!(
            poll(wire, &mut contact, &mut Vec::new()),
            Poll::Ready(Ok(()))
        );
        assert_eq!(at.number(0), Some(1));
    });
}

#[test]
fn distrust_asks_for_a_fence_also_where_no_command_is_pending() {
    with_at(|wire, at| {
        let until = Instant::from_millis(9000);
        let mut settle = at.settle(&[], until);
        assert_eq!(
            poll(wire, &mut settle, &mut Vec::new()),
            Poll::Ready(Ok(()))
        );
        at.distrust();
        let mut settle = at.settle(&[], until);
        assert_eq!(run(wire, &mut settle), "AT+CMEE?\r");
    });
}
