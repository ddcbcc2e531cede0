use super::*;
use crate::front::Clock as _;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll};
use embedded_io::{Read, ReadReady, Write};

fn replay(mode: &str, body: &str) -> Replay {
    let head = format!("# modem: toy\n# source: a test\n# kind: simulated\n# mode: {mode}\n");
    Replay::new(Transcript::parse("t.at", &(head + body)).unwrap())
}

fn waiting(replay: &Replay) -> Vec<u8> {
    let mut serial = replay.serial();
    let mut all = Vec::new();
    let mut buffer = [0; 7];
    while serial.read_ready().unwrap() {
        let count = serial.read(&mut buffer).unwrap();
        all.extend_from_slice(&buffer[..count]);
    }
    all
}

fn outcome(replay: &Replay) -> String {
    replay.outcome().unwrap_err().to_string()
}

#[test]
fn an_answer_comes_only_when_its_command_was_sent_whole() {
    let replay = replay("dialog", "> AT\\r\n< OK\n");
    let mut serial = replay.serial();
    serial.write_all(b"AT").unwrap();
    assert_eq!(waiting(&replay), b"");
    serial.write_all(b"\r").unwrap();
    assert_eq!(waiting(&replay), b"OK");
    assert_eq!(replay.outcome(), Ok(()));
    assert!(replay.finished());
}

#[test]
fn a_wrong_byte_is_shown_with_what_was_expected() {
    let replay = replay("dialog", "> AT\\r\n< OK\n> AT+X=0,\"a\"\\r\n< OK\n");
    let mut serial = replay.serial();
    serial.write_all(b"AT\r").unwrap();
    for byte in b"AT+X=1,\"b\"\rAT\r" {
        serial.write_all(&[*byte]).unwrap();
    }
    assert_eq!(
        waiting(&replay),
        b"OK",
        "only what came before the difference"
    );
    assert_eq!(
        outcome(&replay),
        "t.at:7: the driver sent something else\n  \
           expected: AT+X=0,\"a\"\\r\n  \
           got:      AT+X=1,\"b\"\\r\n            \u{20}    ^"
    );
}

#[test]
fn a_byte_too_many_is_a_difference() {
    let early = replay("dialog", "> AT\\r\n= get /\n");
    early.serial().write_all(b"AT\rAT\r").unwrap();
    assert_eq!(
        outcome(&early),
        "t.at:6: the driver sent something too early\n  next:     = get /\n  got:      AT\\r"
    );
    let late = replay("dialog", "> AT\\r\n");
    late.serial().write_all(b"AT\r\n").unwrap();
    assert_eq!(
        outcome(&late),
        "t.at:5: the driver sent something after the end\n  got:      \\n"
    );
}

#[test]
fn what_was_not_played_is_reported() {
    let replay = replay("dialog", "> AT\\r\n# a remark\n< OK\n~ 5\n< \\n\n");
    replay.serial().write_all(b"A").unwrap();
    assert_eq!(
        outcome(&replay),
        "t.at:5: not played to the end\n  next:     > AT\\r\n  of which 1 bytes were sent\n  and 2 more lines"
    );
    replay.serial().write_all(b"T\r").unwrap();
    assert_eq!(
        outcome(&replay),
        "t.at:7: the driver left unread\n  left:     OK"
    );
    assert!(!replay.finished());
}

#[test]
fn listening_ignores_what_is_sent() {
    let replay = replay("listen", "> AT\\r\n< \\r\\nOK\\r\\n\n> ATI\\r\n");
    replay.serial().write_all(b"something else").unwrap();
    assert_eq!(waiting(&replay), b"\r\nOK\r\n");
    assert_eq!(replay.outcome(), Ok(()));
}

#[test]
fn nothing_passes_an_application_line_before_advance() {
    for mode in ["dialog", "listen"] {
        let replay = replay(mode, "< RDY\n= expect note rebooted\n= run ATI\n< TOY1\n");
        assert_eq!(replay.held_by(), None, "RDY is not read yet");
        assert!(!replay.advance());
        assert_eq!(waiting(&replay), b"RDY");
        assert_eq!(replay.held_by(), Some((6, "expect note rebooted".into())));
        assert!(matches!(replay.call(), Ok(Some((6, Call::Expect(_))))));
        assert!(replay.advance());
        assert_eq!(replay.held_by(), Some((7, "run ATI".into())));
        assert_eq!(waiting(&replay), b"");
        assert!(replay.advance());
        assert_eq!(waiting(&replay), b"TOY1");
        assert_eq!(replay.outcome(), Ok(()));
    }
}

#[test]
fn idling_stops_where_bytes_come() {
    let replay = replay("dialog", "> AT\\r\n~ 350\n< OK\n");
    let mut clock = replay.clock();
    clock.idle(Instant::from_millis(100));
    assert_eq!(clock.now(), Instant::from_millis(100));
    replay.serial().write_all(b"AT\r").unwrap();
    clock.idle(Instant::from_millis(200));
    assert_eq!(
        (clock.now(), waiting(&replay).len()),
        (Instant::from_millis(200), 0)
    );
    clock.idle(Instant::from_millis(9000));
    assert_eq!(clock.now(), Instant::from_millis(450));
    clock.idle(Instant::from_millis(9000));
    assert_eq!(clock.now(), Instant::from_millis(450), "bytes wait");
    assert_eq!(waiting(&replay), b"OK");
    clock.idle(Instant::from_millis(3));
    assert_eq!(
        clock.now(),
        Instant::from_millis(451),
        "a millisecond at least"
    );
}

#[test]
fn a_delay_ends_although_nobody_reads() {
    let replay = replay("listen", "< RDY\n");
    let mut clock = replay.clock();
    clock.idle(Instant::from_millis(50));
    clock.idle(Instant::from_millis(50));
    assert_eq!(clock.now(), Instant::from_millis(50));
}

#[test]
fn the_recorded_drivers_pace_binds_nobody() {
    let replay = replay("dialog", "> A\n~ 350\n# thinks\n> B\n~ 10\n< C\n");
    replay.serial().write_all(b"AB").unwrap();
    replay.clock().idle(Instant::from_millis(999));
    assert_eq!(replay.clock().now(), Instant::from_millis(10));
    assert_eq!(waiting(&replay), b"C");
}

#[test]
fn in_a_silence_nothing_is_heard_or_said() {
    let replay = replay("dialog", "> A\n! silence 300\n> B\n< C\n");
    let mut serial = replay.serial();
    serial.write_all(b"AXYZ").unwrap();
    replay.clock().idle(Instant::from_millis(300));
    serial.write_all(b"B").unwrap();
    assert_eq!(waiting(&replay), b"C");
    assert_eq!(replay.outcome(), Ok(()));
}

#[test]
fn a_fault_that_cannot_be_played_is_no_success() {
    let replay = replay("listen", "! brown-out\n< RDY\n");
    assert_eq!(waiting(&replay), b"");
    assert_eq!(
        outcome(&replay),
        "t.at:5: a replay cannot play the fault `brown-out`"
    );
}

#[test]
fn reads_are_as_small_as_asked() {
    let replay = replay("listen", "< 12345\n");
    replay.set_chunk(2);
    let mut buffer = [0; 9];
    assert_eq!(replay.serial().read(&mut buffer).unwrap(), 2);
    replay.set_chunk(0);
    assert_eq!(replay.serial().read(&mut buffer).unwrap(), 1);
}

#[test]
fn a_blocking_read_waits_in_virtual_time_and_ends_when_nothing_can_come() {
    let replay = replay("dialog", "~ 40\n< A\n> B\n");
    let mut buffer = [0; 9];
    assert_eq!(replay.serial().read(&mut buffer).unwrap(), 1);
    assert_eq!(replay.clock().now(), Instant::from_millis(40));
    assert_eq!(replay.serial().read(&mut buffer).unwrap(), 0);
}

#[test]
fn an_async_read_is_pending_until_bytes_come_and_is_woken_then() {
    let (waker, count) = counting();
    let mut context = Context::from_waker(&waker);
    let replay = replay("dialog", "> A\n< B\n");
    let mut serial = replay.serial();
    let mut buffer = [0; 4];
    let mut read = pin!(embedded_io_async::Read::read(&mut serial, &mut buffer));
    assert_eq!(read.as_mut().poll(&mut context), Poll::Pending);
    assert_eq!(count(), 0);
    replay.serial().write_all(b"A").unwrap();
    assert_eq!(count(), 1);
    assert_eq!(read.as_mut().poll(&mut context), Poll::Ready(Ok(1)));
}

#[test]
fn an_early_timer_lets_time_pass_and_asks_again() {
    let (waker, count) = counting();
    let mut context = Context::from_waker(&waker);
    let replay = replay("listen", "~ 30\n< A\n");
    let mut timer = replay.timer();
    let mut until = pin!(timer.until(Instant::from_millis(100)));
    assert_eq!(until.as_mut().poll(&mut context), Poll::Pending);
    assert_eq!(
        (count(), replay.timer().now()),
        (1, Instant::from_millis(30))
    );
    assert_eq!(waiting(&replay), b"A");
    assert_eq!(until.as_mut().poll(&mut context), Poll::Pending);
    assert_eq!(until.as_mut().poll(&mut context), Poll::Ready(()));
    assert_eq!(replay.timer().now(), Instant::from_millis(100));
}

fn counting() -> (Waker, impl Fn() -> usize) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    struct Count(AtomicUsize);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Arc::new(Count(AtomicUsize::new(0)));
    (Waker::from(count.clone()), move || {
        count.0.load(Ordering::Relaxed)
    })
}
