use std::pin::pin;

use embedded_io::{Error as _, Read as _, ReadReady as _, Write as _};

use super::*;
use crate::sim::Agenda;

/// Says everything again, 10 ms later.
#[derive(Default)]
struct Parrot(Agenda<Vec<u8>>);

impl Device for Parrot {
    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.0.add(now.after(Millis::new(10)), bytes.to_vec());
    }

    fn transmit(&mut self, now: Instant, out: &mut Vec<u8>) {
        while let Some((_, bytes)) = self.0.take_due(now) {
            out.extend(bytes);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.0.next()
    }
}

fn line() -> Line<Parrot> {
    Line::new(Parrot::default(), TimeSource::Virtual)
}

fn at(milliseconds: u32) -> Instant {
    Instant::from_millis(milliseconds)
}

/// Polls until it is ready, and counts.
fn run<F: Future>(future: F) -> (F::Output, u32) {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for polls in 1..100_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return (output, polls);
        }
    }
    panic!("never ready")
}

#[test]
fn idle_jumps_to_the_earlier_of_the_wait_and_the_device() {
    let line = line();
    let (mut serial, mut clock) = (line.serial(), line.clock());
    clock.idle(at(3));
    assert_eq!(clock.now(), at(3));
    serial.write_all(b"x").unwrap();
    assert!(!serial.read_ready().unwrap());
    clock.idle(at(1000));
    assert_eq!(clock.now(), at(13));
    assert!(serial.read_ready().unwrap());
}

#[test]
fn time_stands_still_while_bytes_wait_but_not_for_ever() {
    let line = line();
    let (mut serial, mut clock) = (line.serial(), line.clock());
    serial.write_all(b"x").unwrap();
    clock.idle(at(1000));
    for _ in 0..PATIENCE {
        clock.idle(at(1000));
        assert_eq!(clock.now(), at(10));
    }
    clock.idle(at(1000));
    assert_eq!(clock.now(), at(1000));
}

#[test]
fn idle_moves_at_least_one_millisecond() {
    let line = line();
    let mut clock = line.clock();
    clock.idle(at(0));
    assert_eq!(clock.now(), at(1));
}

#[test]
fn reads_and_writes_are_cut_into_the_chunks_that_were_set() {
    let line = line();
    let mut serial = line.serial();
    line.set_write_chunk(3);
    assert_eq!(serial.write(b"abcdef").unwrap(), 3);
    assert_eq!(line.sent(), b"abc");
    serial.write_all(b"def").unwrap();
    for (chunk, expected) in [(1, "a"), (4, "bcde"), (64, "f")] {
        line.set_chunk(chunk);
        let mut buffer = [0; 16];
        let count = serial.read(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], expected.as_bytes());
    }
}

#[test]
fn the_log_shows_both_directions_once() {
    let line = line();
    let mut serial = line.serial();
    serial.write_all(b"hello").unwrap();
    let mut buffer = [0; 2];
    serial.read_exact(&mut buffer).unwrap();
    assert_eq!(line.sent(), b"hello");
    assert_eq!(line.received(), b"hello");
    assert_eq!(line.sent(), b"");
    assert_eq!(line.received(), b"");
}

#[test]
fn a_blocking_read_moves_the_time_and_does_not_wait_for_ever() {
    let line = line();
    let mut serial = line.serial();
    serial.write_all(b"x").unwrap();
    let mut buffer = [0; 4];
    assert_eq!(serial.read(&mut buffer), Ok(1));
    assert_eq!(line.now(), at(10));
    assert_eq!(serial.read(&mut buffer), Err(SerialError::Silent));
    assert_eq!(serial.read(&mut []), Ok(0));
}

#[test]
fn a_disturbed_read_fails_and_loses_nothing() {
    let line = line();
    let mut serial = line.serial();
    serial.write_all(b"x").unwrap();
    line.disturb(1);
    let mut buffer = [0; 4];
    let error = serial.read(&mut buffer).unwrap_err();
    assert_eq!(error, SerialError::Noise);
    assert_eq!(error.kind(), embedded_io::ErrorKind::Other);
    assert_eq!(serial.read(&mut buffer), Ok(1));
}

#[test]
fn an_async_read_is_pending_until_bytes_are_there() {
    let line = line();
    let mut serial = line.serial();
    embedded_io::Write::write_all(&mut serial, b"x").unwrap();
    let mut buffer = [0; 4];
    let (count, polls) = run(embedded_io_async::Read::read(&mut serial, &mut buffer));
    assert_eq!(count, Ok(1));
    assert!(polls > PATIENCE, "the read did not leave time to a timer");
}

#[test]
fn a_timer_beside_a_read_decides_how_far_time_goes() {
    let line = line();
    let (mut serial, mut timer) = (line.serial(), line.timer());
    embedded_io::Write::write_all(&mut serial, b"x").unwrap();
    let mut buffer = [0; 4];
    {
        let mut read = pin!(embedded_io_async::Read::read(&mut serial, &mut buffer));
        let mut wait = pin!(timer.until(at(4)));
        run(poll_fn(|cx| {
            assert!(read.as_mut().poll(cx).is_pending());
            wait.as_mut().poll(cx)
        }));
    }
    assert_eq!(line.now(), at(4));
    let mut read = pin!(embedded_io_async::Read::read(&mut serial, &mut buffer));
    let mut wait = pin!(timer.until(at(1000)));
    let (count, _) = run(poll_fn(|cx| match read.as_mut().poll(cx) {
        Poll::Ready(count) => Poll::Ready(count.unwrap()),
        Poll::Pending => wait.as_mut().poll(cx).map(|()| 0),
    }));
    assert_eq!((count, line.now()), (1, at(10)));
}

#[test]
fn a_read_with_nothing_to_come_is_woken_by_the_next_write() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Count(AtomicU32);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let line = line();
    let (mut serial, mut other) = (line.serial(), line.serial());
    let wakes = Arc::new(Count(AtomicU32::new(0)));
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    let mut buffer = [0; 4];
    let mut read = pin!(embedded_io_async::Read::read(&mut serial, &mut buffer));
    for _ in 0..=PATIENCE {
        assert!(read.as_mut().poll(&mut cx).is_pending());
    }
    let before = wakes.0.load(Ordering::Relaxed);
    assert!(read.as_mut().poll(&mut cx).is_pending());
    assert_eq!(wakes.0.load(Ordering::Relaxed), before, "woken for nothing");
    other.write_all(b"x").unwrap();
    line.clock().idle(at(100));
    assert_eq!(wakes.0.load(Ordering::Relaxed), before + 1);
    assert_eq!(read.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
}

#[test]
fn real_time_passes_by_itself() {
    let line = Line::new(Parrot::default(), TimeSource::Real);
    let (mut serial, mut timer) = (line.serial(), line.timer());
    serial.write_all(b"x").unwrap();
    let started = std::time::Instant::now();
    let until = timer.now().after(Millis::new(20));
    run(timer.until(until));
    assert!(started.elapsed() >= Duration::from_millis(19));
    assert!(serial.read_ready().unwrap());
}
