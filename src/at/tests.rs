//! The engine alone, with hooks of a made-up modem: what becomes of each line, in every chunking.

use super::engine::{Counted, Engine, Form, Hooks, Phase};
use super::inbox::Inbox;
use super::line::{Fields, after, counts, last_number};
use super::*;
use crate::error::Refusal;

mod forms;
mod hostile;
mod streams;

/// `+DATA: <length>` is followed by raw data behind the line, `+HEX: <id>,<length>,` by hexadecimal in the line,
/// `+NOTE: <n>` is a note. Messages are `[first field]` and the data.
const HOOKS: Hooks = Hooks { counted, urc };

fn counted(line: &[u8], whole: bool) -> Counted {
    let now = |length: Option<u32>, form| match length.map(u16::try_from) {
        Some(Ok(length)) => Counted::Now { length, form },
        _ => Counted::No,
    };
    if let Some(rest) = after(line, "+DATA:") {
        let quotes = rest.iter().filter(|byte| **byte == b'"').count();
        return match (whole, last_number(rest)) {
            (true, Some(length)) => now(Some(length), Form::RAW),
            (true, None) if quotes % 2 == 0 => Counted::No,
            _ => Counted::Later,
        };
    }
    if let Some(rest) = after(line, "+HEX:") {
        let mut fields = Fields::new(rest);
        let (_id, length) = (fields.next(), fields.next());
        return match line.ends_with(b",") && fields.next().is_some() {
            true => now(length.and_then(|field| field.num()), Form::HEX),
            false if whole => Counted::No,
            false => Counted::Later,
        };
    }
    forms::counted(line, whole)
}

fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    if let Some(number) = after(line, "+NOTE:").and_then(last_number) {
        inbox.note().retransmitted = Some((number as u16, 0));
        return true;
    }
    if line.starts_with(b"+QUOTED:") {
        return forms::quoted(line, inbox);
    }
    if line.starts_with(b"+MAYBE:") && !line.ends_with(b",") {
        return false;
    }
    let length = match counted(line, !line.ends_with(b",")) {
        Counted::Now { length, .. } | Counted::Begun { length, .. } => length,
        _ if line.starts_with(b"+MAYBE:") => {
            Fields::new(after(line, "+MAYBE:").unwrap()).num().unwrap() as u16
        }
        _ => return false,
    };
    let tag = line.get(1).copied().unwrap();
    if let Some(space) = inbox.open(1, length.into()) {
        space[0] = tag;
        inbox.filled(1);
    }
    true
}

struct Bench<'b> {
    engine: Engine<'b>,
    inbox: Inbox<'b>,
    now: u32,
}

impl<'b> Bench<'b> {
    fn new(line: &'b mut [u8], command: &'b mut [u8], inbox: &'b mut [u8]) -> Self {
        Self {
            engine: Engine::new(line, command),
            inbox: Inbox::new(inbox),
            now: 0,
        }
    }

    fn feed(&mut self, bytes: &[u8], chunk: usize) {
        for bytes in bytes.chunks(chunk) {
            self.engine.handle(
                Instant::from_millis(self.now),
                bytes,
                &mut self.inbox,
                HOOKS,
            );
        }
    }

    /// A command that is sent whole and waits for its end.
    fn command(&mut self, text: &str, expect: &'static str, fields: &[u8]) {
        assert!(self.engine.start_command());
        assert!(self.engine.append(text.as_bytes()) && self.engine.append(b"\r"));
        self.engine.expect(expect, counts(fields));
        let now = Instant::from_millis(self.now);
        self.engine.begin_sending(now, Millis::new(300));
        let length = self.engine.unsent().len();
        self.engine.command_went(now, length);
        assert_eq!(self.engine.phase, Phase::Waiting);
    }

    fn messages(&mut self) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        self.inbox.rewind();
        while let Some(message) = self.inbox.peek() {
            assert!(!message.cut);
            messages.push(message.bytes.to_vec());
            self.inbox.remove();
        }
        messages
    }

    fn answer(&self) -> String {
        String::from_utf8(self.engine.captured_line().to_vec()).unwrap()
    }
}

/// Runs a claim with reads of 1, 2, 16, 64 and 4096 bytes.
fn in_every_chunking(claim: impl Fn(&mut Bench<'_>, usize)) {
    for chunk in [1, 2, 16, 64, 4096] {
        let (mut line, mut command, mut inbox) = ([0; 96], [0; 64], [0; 512]);
        claim(&mut Bench::new(&mut line, &mut command, &mut inbox), chunk);
    }
}

#[test]
fn echo_answer_and_final_result_are_told_apart_by_what_was_asked() {
    in_every_chunking(|bench, chunk| {
        for echo in ["AT+CSQ\r", ""] {
            bench.command("AT+CSQ", "+CSQ:", &[2]);
            bench.feed(
                format!("{echo}\r\n+CSQ: 23,99\r\n\r\nOK\r\n").as_bytes(),
                chunk,
            );
            assert_eq!(bench.engine.phase, Phase::Finished);
            assert_eq!(bench.engine.result, Final::Ok);
            assert_eq!(bench.answer(), "+CSQ: 23,99");
            assert_eq!(bench.engine.echoed, !echo.is_empty());
        }
        assert_eq!(bench.inbox.losses, Losses::default());
    });
}

#[test]
fn an_answer_without_blank_or_leading_line_break_is_the_same_answer() {
    in_every_chunking(|bench, chunk| {
        bench.command("AT+CSQ", "+CSQ:", &[2]);
        bench.feed(b"AT+CSQ\r\n+CSQ:19,99\r\n\r\nOK\r\n", chunk);
        assert_eq!(bench.engine.answer(), b"19,99");
        assert_eq!(bench.engine.phase, Phase::Finished);
    });
}

#[test]
fn counted_data_may_hold_anything_that_looks_like_a_line() {
    in_every_chunking(|bench, chunk| {
        for data in [
            &b"\r\nOK\r\n"[..],
            b"\r\nERROR\r\n",
            b"> ",
            b"\r\n+NOTE: 9\r\n",
            b"\n",
            b"\x1a\x1b\0\xff",
            b" ",
        ] {
            bench.command("AT+CSQ", "+CSQ:", &[2]);
            let mut bytes = format!("AT+CSQ\r\r\n+DATA: \"a,b\",{}\r\n", data.len()).into_bytes();
            bytes.extend_from_slice(data);
            bytes.extend_from_slice(b"\r\n\r\n+CSQ: 1,99\r\n\r\nOK\r\n");
            bench.feed(&bytes, chunk);
            assert_eq!(bench.answer(), "+CSQ: 1,99");
            assert_eq!(bench.messages(), [[b"D", data].concat()]);
            assert_eq!(bench.inbox.notes.retransmitted, None);
        }
        assert_eq!(bench.inbox.losses, Losses::default());
    });
}

#[test]
fn data_without_a_byte_is_complete_with_its_line() {
    in_every_chunking(|bench, chunk| {
        bench.feed(b"\r\n+DATA: 0\r\n\r\n+NOTE: 3\r\n", chunk);
        assert_eq!(bench.messages(), [b"D"]);
        assert_eq!(bench.inbox.notes.retransmitted, Some((3, 0)));
    });
}

#[test]
fn a_hexadecimal_payload_is_longer_than_the_line_buffer() {
    in_every_chunking(|bench, chunk| {
        let data: Vec<u8> = (0..200).map(|i| (i * 37 + 11) as u8).collect();
        let hex: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
        for text in [hex.clone(), hex.to_lowercase(), format!("\"{hex}\"")] {
            bench.feed(
                format!("\r\n+HEX: 1,200,{text}\r\n+NOTE: 4\r\n").as_bytes(),
                chunk,
            );
            assert_eq!(bench.messages(), [[b"H", &data[..]].concat()]);
            assert_eq!(bench.inbox.notes.retransmitted.take(), Some((4, 0)));
        }
        assert_eq!(bench.inbox.losses, Losses::default());
    });
}

#[test]
fn too_few_hexadecimal_digits_end_with_their_line() {
    in_every_chunking(|bench, chunk| {
        bench.feed(b"\r\n+HEX: 1,4,A1B2\r\n+NOTE: 4\r\n", chunk);
        assert_eq!(bench.inbox.losses.torn, 1);
        assert_eq!(bench.inbox.notes.retransmitted, Some((4, 0)));
        bench.inbox.rewind();
        let message = bench.inbox.peek().unwrap();
        assert!(message.cut);
        assert_eq!(message.bytes, b"H\xA1\xB2");
    });
}

#[test]
fn a_declared_length_that_is_too_long_ends_with_a_silence_of_100_ms() {
    in_every_chunking(|bench, chunk| {
        bench.feed(b"\r\n+DATA: 50\r\nshort\r\n", chunk);
        bench.now = 99;
        bench
            .engine
            .handle_silence(Instant::from_millis(99), &mut bench.inbox);
        assert_eq!(bench.inbox.losses.torn, 0, "not yet");
        assert_eq!(bench.engine.gap(), Some(Instant::from_millis(100)));
        bench
            .engine
            .handle_silence(Instant::from_millis(100), &mut bench.inbox);
        assert_eq!(bench.inbox.losses.torn, 1);
        bench.now = 100;
        bench.command("AT", "", &[]);
        bench.feed(b"\r\nOK\r\n", chunk);
        assert_eq!(bench.engine.phase, Phase::Finished);
    });
}

#[test]
fn a_line_break_inside_quotes_does_not_end_a_line_that_says_so() {
    in_every_chunking(|bench, chunk| {
        bench.feed(
            b"\r\n+DATA: \"a\r\nERROR\r\nb\",2\r\nhi\r\n+NOTE: 1\r\n",
            chunk,
        );
        assert_eq!(bench.messages(), [b"Dhi"]);
        assert_eq!(bench.inbox.notes.retransmitted, Some((1, 0)));
        // Torn, it ends with the silence.
        bench.feed(b"\r\n+DATA: \"a\r\n", chunk);
        bench.now += 100;
        bench
            .engine
            .handle_silence(Instant::from_millis(bench.now), &mut bench.inbox);
        bench.feed(b"\r\n+NOTE: 2\r\n", chunk);
        assert_eq!(bench.inbox.notes.retransmitted, Some((2, 0)));
        assert_eq!(bench.inbox.losses.torn, 1);
    });
}

#[test]
fn a_line_longer_than_the_buffer_is_counted_and_what_follows_is_whole() {
    in_every_chunking(|bench, chunk| {
        let long = "x".repeat(500);
        bench.command("AT+CSQ", "+CSQ:", &[2]);
        bench.feed(
            format!("\r\n+LONG: {long},1\r\n\r\n+NOTE: 5\r\n\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
                .as_bytes(),
            chunk,
        );
        assert_eq!(bench.inbox.losses.lines, 1);
        assert_eq!(bench.inbox.notes.retransmitted, Some((5, 0)));
        assert_eq!(bench.answer(), "+CSQ: 1,2");
        assert_eq!(bench.engine.phase, Phase::Finished);
    });
}

#[test]
fn the_data_behind_a_line_longer_than_the_buffer_is_not_taken_for_lines() {
    in_every_chunking(|bench, chunk| {
        let long = "x,".repeat(250);
        bench.feed(
            format!("\r\n+DATA: {long}\"{long}\",12\r\n\r\n+NOTE: 9\r\n\r\n+NOTE: 5\r\n")
                .as_bytes(),
            chunk,
        );
        assert_eq!(bench.inbox.notes.retransmitted, Some((5, 0)));
        assert_eq!(bench.inbox.losses.lines, 1);
        bench.inbox.rewind();
        assert!(
            bench.inbox.peek().unwrap().cut,
            "who waits for it learns that it came"
        );
    });
}

#[test]
fn noise_between_lines_is_counted_and_harmless() {
    in_every_chunking(|bench, chunk| {
        bench.command("AT+CSQ", "+CSQ:", &[2]);
        bench.feed(b"\x00\xff\xf0\r\n+CSQ: 23,99\r\n\xf0\x00\r\nOK\r\n", chunk);
        assert_eq!(bench.answer(), "+CSQ: 23,99");
        assert_eq!(bench.engine.phase, Phase::Finished);
        assert_eq!(bench.inbox.losses.junk, 5);
    });
}

#[test]
fn a_prompt_is_one_only_where_one_is_due() {
    in_every_chunking(|bench, chunk| {
        bench.command("AT+CSQ", "+CSQ:", &[2]);
        bench.feed(b"\r\n> \r\n+CSQ: 1,2\r\n\r\nOK\r\n", chunk);
        assert_eq!(bench.engine.phase, Phase::Finished);
        for prompt in ["\r\n> ", "\r\n>", "> "] {
            bench.command("AT+SEND=5", "", &[]);
            bench.engine.expect_prompt(b'>', 5);
            bench.feed(format!("\r\n+NOTE: 1\r\n{prompt}").as_bytes(), chunk);
            assert_eq!(bench.engine.phase, Phase::Prompted);
            bench.engine.cancel();
        }
    });
}

#[test]
fn a_final_result_nobody_asked_for_changes_nothing() {
    in_every_chunking(|bench, chunk| {
        bench.feed(b"\r\nOK\r\n\r\nERROR\r\n", chunk);
        assert_eq!(bench.inbox.losses.unknown, 2);
        bench.command("AT", "", &[]);
        assert_eq!(bench.engine.phase, Phase::Waiting);
        bench.feed(b"\r\n+CME ERROR: SIM not inserted\r\n", chunk);
        assert_eq!(bench.engine.result, Final::Refused(Refusal::Text));
        assert_eq!(
            bench.answer(),
            "+CME ERROR: SIM not inserted",
            "the raw text stays readable"
        );
    });
}

#[test]
fn a_captured_line_outlives_the_unsolicited_lines_before_its_ok() {
    in_every_chunking(|bench, chunk| {
        bench.command("AT+CSQ", "+CSQ:", &[2]);
        bench.feed(
            b"\r\n+CSQ: 23,99\r\n\r\n+NOTE: 7\r\n\r\n+DATA: 3\r\nabc\r\n\r\nOK\r\n",
            chunk,
        );
        assert_eq!(bench.answer(), "+CSQ: 23,99");
        assert_eq!(bench.messages(), [b"Dabc"]);
        bench.command("AT+CSQ", "+CSQ:", &[2]);
        assert_eq!(bench.answer(), "", "and the next command begins anew");
    });
}

#[test]
fn no_bytes_in_any_order_do_harm() {
    use proptest::prelude::*;
    const PIECES: [&[u8]; 10] = [
        b"\r\n",
        b"OK",
        b"+DATA: ",
        b"+HEX: 1,",
        b"12",
        b",\"",
        b"> ",
        b"\x00\xff",
        b"AT+X",
        b"0123456789abcdef0123456789",
    ];
    proptest!(|(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..200), chunk in 1..40usize)| {
        let (mut line, mut command, mut inbox) = ([0; 40], [0; 16], [0; 64]);
        let mut bench = Bench::new(&mut line, &mut command, &mut inbox);
        bench.command("AT+X", "+HEX:", &[2]);
        bench.feed(&pieces.concat(), chunk);
        // Whatever came: after a silence a command gets its answer.
        bench.now += 100;
        bench.engine.handle_silence(Instant::from_millis(bench.now), &mut bench.inbox);
        bench.engine.cancel();
        bench.feed(b"\r\n\r\n", chunk);
        bench.now += 100;
        bench.engine.handle_silence(Instant::from_millis(bench.now), &mut bench.inbox);
        bench.command("AT+CSQ", "+CSQ:", &[2]);
        bench.feed(b"\r\n+CSQ: 1,2\r\n\r\nOK\r\n", chunk);
        prop_assert_eq!(bench.answer(), "+CSQ: 1,2");
        prop_assert_eq!(bench.engine.phase, Phase::Finished);
    });
}
