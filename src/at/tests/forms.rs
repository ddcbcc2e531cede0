//! Data whose form or length shows itself only while it comes.

use super::*;

/// `+EITHER: <length>,` is followed by text or hexadecimal, `+MAYBE: <number>,` by that or, if the next field is a number, by
/// nothing, `+QUOTED: <n>,` by hexadecimal in quotes.
pub(super) fn counted(line: &[u8], whole: bool) -> Counted {
    if line.starts_with(b"+EITHER:") {
        let Some(rest) = line.strip_suffix(b",") else {
            return Counted::No;
        };
        return Counted::Now {
            length: last_number(rest.strip_prefix(b"+EITHER:").unwrap()).unwrap() as u16,
            form: Form::TEXT_OR_HEX,
        };
    }
    if line.starts_with(b"+QUOTED:") {
        return Counted::Inside(Form::QUOTED);
    }
    let Some(rest) = after(line, "+MAYBE:") else {
        return Counted::No;
    };
    let mut fields = Fields::new(rest);
    let (Some(length), Some(begun)) = (fields.num(), fields.next()) else {
        return Counted::Later;
    };
    if begun.text.is_empty() {
        return Counted::Next;
    }
    // A number with a comma behind it is a field; what has another character in it, or ends with the line, is data.
    if line.ends_with(b",") {
        return Counted::No;
    }
    if !whole && begun.text.iter().all(u8::is_ascii_digit) && begun.text.len() < 5 {
        return Counted::Next;
    }
    Counted::Begun {
        length: length as u16,
        form: Form::TEXT_OR_HEX,
        bytes: begun.text.len() as u8,
    }
}

/// Opens the message before the quotes, commits it behind them.
pub(super) fn quoted(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    if line.ends_with(b",") {
        if let Some(space) = inbox.open(1, 64) {
            space[0] = b'Q';
            inbox.filled(1);
        }
    } else {
        assert!(
            line.windows(2).any(|pair| pair == b"\"\""),
            "nothing stands between them"
        );
        inbox.commit();
        inbox.note().retransmitted = Some((last_number(line).unwrap() as u16, 0));
    }
    true
}

#[test]
fn text_and_hexadecimal_are_told_apart_by_what_comes() {
    in_every_chunking(|bench, chunk| {
        for (line, data) in [
            ("+EITHER: 5,hello", &b"hello"[..]),
            ("+EITHER: 5, hello", b"hello"),
            ("+EITHER: 5, hell", b" hell"),
            ("+EITHER: 3,  a", b"  a"),
            ("+EITHER: 5,68656C6C6F", b"hello"),
            ("+EITHER: 5, 68656c6c6f", b"hello"),
            ("+EITHER: 4,CAFE", b"CAFE"),
            ("+EITHER: 4,CAFEBABE", b"\xCA\xFE\xBA\xBE"),
            ("+EITHER: 3,123456", b"\x12\x34\x56"),
            ("+EITHER: 1,A1", b"\xA1"),
            ("+EITHER: 1,A", b"A"),
            ("+EITHER: 4,a\r\nb", b"a\r\nb"),
            ("+EITHER: 4,\r\nOK", b"\r\nOK"),
            ("+EITHER: 1,\r", b"\r"),
            ("+EITHER: 0,", b""),
        ] {
            bench.feed(format!("\r\n{line}\r\n\r\n+NOTE: 6\r\n").as_bytes(), chunk);
            assert_eq!(bench.messages(), [[b"E", data].concat()], "{line}");
            assert_eq!(
                bench.inbox.notes.retransmitted.take(),
                Some((6, 0)),
                "{line}"
            );
            assert_eq!(bench.inbox.losses, Losses::default(), "{line}");
        }
    });
}

#[test]
fn a_length_that_fits_neither_text_nor_hexadecimal_is_torn() {
    in_every_chunking(|bench, chunk| {
        for line in [
            "+EITHER: 5,Not Found",
            "+EITHER: 4,CAFEBA",
            "+EITHER: 4,CAFE,1",
        ] {
            bench.feed(format!("\r\n{line}\r\n+NOTE: 6\r\n").as_bytes(), chunk);
            assert_eq!(std::mem::take(&mut bench.inbox.losses).torn, 1, "{line}");
            assert_eq!(
                bench.inbox.notes.retransmitted.take(),
                Some((6, 0)),
                "{line}"
            );
            bench.inbox.rewind();
            assert!(bench.inbox.peek().unwrap().cut, "{line}");
            bench.inbox.remove();
        }
    });
}

#[test]
fn digits_that_nobody_keeps_are_counted_all_the_same() {
    in_every_chunking(|bench, chunk| {
        for length in [600, 601] {
            let digits = "A7".repeat(length);
            bench.feed(
                format!("\r\n+EITHER: {length},{digits}\r\n+NOTE: 6\r\n").as_bytes(),
                chunk,
            );
            let losses = std::mem::take(&mut bench.inbox.losses);
            assert_eq!((losses.messages, losses.torn), (1, 0), "{length}");
            let note = bench.inbox.notes.retransmitted.take();
            assert_eq!(note, Some((6, 0)), "{length}");
            bench.inbox.rewind();
            assert!(bench.inbox.peek().unwrap().cut);
            bench.inbox.remove();
        }
    });
}

#[test]
fn data_whose_line_break_comes_late_is_whole() {
    in_every_chunking(|bench, chunk| {
        bench.feed(b"\r\n+EITHER: 5,hello", chunk);
        assert_eq!(bench.messages().len(), 0, "it could still be otherwise");
        bench.now += 100;
        let now = Instant::from_millis(bench.now);
        bench.engine.handle_silence(now, &mut bench.inbox);
        assert_eq!(bench.messages(), [b"Ehello"]);
        bench.feed(b"\r\n+NOTE: 6\r\n", chunk);
        assert_eq!(bench.inbox.notes.retransmitted, Some((6, 0)));
        assert_eq!(bench.inbox.losses, Losses::default());
    });
}

#[test]
fn data_may_be_recognised_when_it_has_begun() {
    in_every_chunking(|bench, chunk| {
        for (line, data) in [
            ("+MAYBE: 5,hello", Some(&b"hello"[..])),
            ("+MAYBE: 5,h,l,o", Some(b"h,l,o")),
            ("+MAYBE: 5,1,\"a\"", None),
            ("+MAYBE: 5,0102030405", Some(b"\x01\x02\x03\x04\x05")),
            ("+MAYBE: 2,0102", Some(b"\x01\x02")),
            ("+MAYBE: 1,12", Some(b"\x12")),
            ("+MAYBE: 2,12", Some(b"12")),
            ("+MAYBE: 2,\x1A\x00", Some(b"\x1A\x00")),
        ] {
            bench.feed(format!("\r\n{line}\r\n+NOTE: 6\r\n").as_bytes(), chunk);
            let expected: Vec<Vec<u8>> =
                data.map(|data| [b"M", data].concat()).into_iter().collect();
            assert_eq!(bench.messages(), expected, "{line}");
            assert_eq!(
                bench.inbox.notes.retransmitted.take(),
                Some((6, 0)),
                "{line}"
            );
            let unknown = u16::from(data.is_none());
            let losses = Losses {
                unknown,
                ..Losses::default()
            };
            assert_eq!(std::mem::take(&mut bench.inbox.losses), losses, "{line}");
        }
        // Shorter than declared: it ends with the silence.
        bench.feed(b"\r\n+MAYBE: 5,12\r\n", chunk);
        bench.now += 100;
        let now = Instant::from_millis(bench.now);
        bench.engine.handle_silence(now, &mut bench.inbox);
        assert_eq!(bench.inbox.losses.torn, 1);
    });
}

#[test]
fn digits_in_quotes_are_taken_out_of_their_line() {
    in_every_chunking(|bench, chunk| {
        for (line, data, number) in [
            ("+QUOTED: 2,\"68656C6C6F\",7", &b"hello"[..], 7),
            ("+QUOTED: 2, \"68656c6c6f\", 7", b"hello", 7),
            ("+QUOTED: 2,\"\",0,1,64", b"", 64),
            ("+QUOTED: 2,\"00FF\",1,8", b"\x00\xFF", 8),
        ] {
            bench.feed(format!("\r\n{line}\r\n").as_bytes(), chunk);
            assert_eq!(bench.messages(), [[b"Q", data].concat()], "{line}");
            assert_eq!(
                bench.inbox.notes.retransmitted.take(),
                Some((number, 0)),
                "{line}"
            );
        }
        assert_eq!(bench.inbox.losses, Losses::default());
        for line in [
            "+QUOTED: 2,\"6865",
            "+QUOTED: 2,\"68x5\",1",
            "+QUOTED: 2,7,8",
        ] {
            bench.feed(format!("\r\n{line}\r\n+NOTE: 6\r\n").as_bytes(), chunk);
            assert_eq!(std::mem::take(&mut bench.inbox.losses).torn, 1, "{line}");
            assert_eq!(
                bench.inbox.notes.retransmitted.take(),
                Some((6, 0)),
                "{line}"
            );
            bench.inbox.rewind();
            assert!(bench.inbox.peek().unwrap().cut, "{line}");
            bench.inbox.remove();
        }
    });
}
