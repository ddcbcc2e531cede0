use super::*;
use crate::front::Clock as _;
use crate::sim::Replay;
use crate::sim::transcript::{Kind, Mode};
use embedded_io::{Read, ReadReady, Write};
use std::sync::atomic::{AtomicU32, Ordering};

fn header(mode: Mode) -> Header {
    Header {
        modem: "toy".into(),
        source: "a test".into(),
        kind: Kind::Simulated,
        mode,
    }
}

/// A recorder and the hand of its clock.
fn recorder() -> (Recorder, Arc<AtomicU32>) {
    let time = Arc::new(AtomicU32::new(u32::MAX - 2));
    let hand = time.clone();
    let now = move || Instant::from_millis(time.load(Ordering::Relaxed));
    (Recorder::with_time("t.at", header(Mode::Dialog), now), hand)
}

fn port(body: &str) -> Replay {
    let text = Transcript::new("port.at", header(Mode::Listen)).to_string() + body;
    Replay::new(Transcript::parse("port.at", &text).unwrap())
}

fn body(recorder: &Recorder) -> Vec<String> {
    let transcript = recorder.transcript();
    transcript
        .lines()
        .iter()
        .map(|line| line.event.to_string())
        .collect()
}

#[test]
fn bytes_of_one_direction_become_one_line() {
    let (recorder, _) = recorder();
    let mut tap = recorder.tap(port("< 1234\n").serial());
    tap.write_all(b"A").unwrap();
    tap.write_all(b"T").unwrap();
    let mut buffer = [0; 3];
    assert_eq!(tap.read(&mut buffer).unwrap(), 3);
    assert_eq!(tap.read_ready(), Ok(true));
    assert_eq!(tap.read(&mut buffer).unwrap(), 1);
    assert_eq!(tap.read(&mut buffer).unwrap(), 0);
    tap.write_all(b"I").unwrap();
    assert_eq!(body(&recorder), ["> AT", "< 1234", "> I"]);
}

#[test]
fn gaps_are_kept_and_add_up() {
    let (recorder, hand) = recorder();
    let mut tap = recorder.tap(port("").serial());
    let wait = |span| hand.fetch_add(span, Ordering::Relaxed);
    wait(5);
    tap.write_all(b"A").unwrap();
    wait(20);
    tap.write_all(b"B\r").unwrap();
    wait(1);
    tap.write_all(b"C").unwrap();
    recorder.remark("now");
    wait(20);
    recorder.call("get /");
    assert_eq!(
        body(&recorder),
        [
            "~ 5", "> A", "~ 20", "> B\\r", "~ 1", "> C", "# now", "~ 20", "= get /"
        ]
    );
}

#[test]
fn short_pauses_within_a_line_and_the_interleaving_of_its_echo_are_not_told() {
    let (recorder, hand) = recorder();
    let mut tap = recorder.tap(port("< AT\\r\\r\\nOK\\r\\n\n").serial());
    let mut byte = [0; 1];
    for sent in b"AT\r" {
        tap.write_all(&[*sent]).unwrap();
        hand.fetch_add(9, Ordering::Relaxed);
        assert_eq!(tap.read(&mut byte).unwrap(), 1);
        assert_eq!(byte[0], *sent);
    }
    let mut rest = [0; 16];
    hand.fetch_add(30, Ordering::Relaxed);
    assert_eq!(tap.read(&mut rest).unwrap(), 6);
    assert_eq!(
        body(&recorder),
        ["> AT\\r", "~ 9", "< AT\\r", "~ 48", "< \\r\\nOK\\r\\n"]
    );
}

#[test]
fn a_secret_cut_over_several_writes_and_reads_is_masked_in_both_directions() {
    let (recorder, hand) = recorder();
    recorder.secret("7391");
    let mut tap = recorder.tap(port("< x73\n= on\n< 91y7391\n").serial());
    tap.write_all(b"AT+CPIN=\"7").unwrap();
    let mut buffer = [0; 9];
    assert_eq!(tap.read(&mut buffer).unwrap(), 3);
    hand.fetch_add(10, Ordering::Relaxed);
    tap.write_all(b"39").unwrap();
    recorder.call("pin 7391");
    tap.write_all(b"1\"\r").unwrap();
    assert_eq!(
        body(&recorder),
        [
            "> AT+CPIN=\"<masked>",
            "< x<masked>",
            "~ 10",
            "= pin <masked>",
            "> \"\\r"
        ]
    );
}

#[test]
fn the_rest_of_a_secret_is_masked_in_a_later_read() {
    let (recorder, _) = recorder();
    recorder.secret("7391");
    let replay = port("< x73\n= on\n< 91y7391\n");
    let mut tap = recorder.tap(replay.serial());
    let mut buffer = [0; 9];
    assert_eq!(tap.read(&mut buffer).unwrap(), 3);
    assert!(replay.advance());
    recorder.remark("between");
    assert_eq!(tap.read(&mut buffer).unwrap(), 7);
    assert_eq!(body(&recorder), ["< x<masked>", "# between", "< y<masked>"]);
}

#[test]
fn a_key_is_masked_as_bytes_and_as_digits_wherever_it_was_given() {
    let (recorder, _) = recorder();
    let mut tap = recorder.tap(port("").serial());
    tap.write_all(b"\x01\xAB\xCD,01ABCD,01abcd,01aBcd").unwrap();
    recorder.secret([1, 0xAB, 0xCD]);
    recorder.secret("");
    assert_eq!(body(&recorder), ["> <masked>,<masked>,<masked>,01aBcd"]);
}

#[test]
fn secrets_that_overlap_leave_nothing_and_neighbours_stay_two() {
    let (recorder, _) = recorder();
    recorder.secret("abc");
    recorder.secret("cde");
    recorder.secret("ab");
    let mut tap = recorder.tap(port("").serial());
    tap.write_all(b"-abcde-abcabc-ab-").unwrap();
    assert_eq!(body(&recorder), ["> -<masked>-<masked><masked>-<masked>-"]);
}

#[test]
fn no_debug_output_shows_a_secret() {
    let (recorder, _) = recorder();
    recorder.secret("7391");
    let mut tap = recorder.tap(port("").serial());
    tap.write_all(b"7391").unwrap();
    let shown = format!("{recorder:?}");
    assert!(
        shown.contains("t.at") && shown.contains("entries: 1"),
        "{shown}"
    );
    assert!(
        !shown.contains("7391") && !shown.contains("55, 51"),
        "{shown}"
    );
}

#[test]
fn what_was_recorded_replays_in_its_time() {
    let (recorder, hand) = recorder();
    let modem = port("< RDY\n= on\n< OK\n");
    let mut tap = recorder.tap(modem.serial());
    let mut buffer = [0; 9];
    assert_eq!(tap.read(&mut buffer).unwrap(), 3);
    tap.write_all(b"AT\r").unwrap();
    hand.fetch_add(300, Ordering::Relaxed);
    modem.advance();
    assert_eq!(tap.read(&mut buffer).unwrap(), 2);

    let replay = Replay::new(recorder.transcript());
    let mut serial = replay.serial();
    assert_eq!(serial.read(&mut buffer).unwrap(), 3);
    serial.write_all(b"AT\r").unwrap();
    assert_eq!(serial.read(&mut buffer).unwrap(), 2);
    assert_eq!(&buffer[..2], b"OK");
    assert_eq!(replay.clock().now(), Instant::from_millis(300));
    assert_eq!(replay.outcome(), Ok(()));
}

#[test]
fn an_async_port_is_recorded_alike() {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};
    fn once<F: Future>(future: F) -> Poll<F::Output> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }
    let (recorder, _) = recorder();
    let mut tap = recorder.tap(port("< OK\n").serial());
    let mut buffer = [0; 4];
    assert_eq!(
        once(embedded_io_async::Write::write(&mut tap, b"AT")),
        Poll::Ready(Ok(2))
    );
    assert_eq!(
        once(embedded_io_async::Read::read(&mut tap, &mut buffer)),
        Poll::Ready(Ok(2))
    );
    assert!(once(embedded_io_async::Read::read(&mut tap, &mut buffer)).is_pending());
    assert_eq!(body(&recorder), ["> AT", "< OK"]);
}

#[test]
fn a_secret_torn_by_the_end_is_masked_from_its_half_on() {
    for (end, shown) in [("7", "> x7"), ("73", "> x<masked>"), ("739", "> x<masked>")] {
        let (recorder, _) = recorder();
        recorder.secret("7391");
        let mut tap = recorder.tap(port("").serial());
        tap.write_all(format!("x{end}").as_bytes()).unwrap();
        assert_eq!(body(&recorder), [shown]);
    }
}
