//! The front that is polled: blocking code and superloops, over embedded-io.

use super::{CHUNK, Front, Wire, is_fatal};
use crate::time::Instant;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use embedded_io::{Error as _, ErrorType, Read, ReadReady, Write};

/// Milliseconds for the [`Polled`] front: what time it is, and what to do when there is nothing to do.
pub trait Clock {
    /// The present, on a wrapping millisecond counter.
    fn now(&mut self) -> Instant;

    /// Nothing can happen before `until` unless the serial port receives something: the place to sleep a little (`WFI`,
    /// a short delay). May return at any time, and must return at once when the client is used through `nb`.
    fn idle(&mut self, until: Instant) {
        let _ = until;
    }

    /// So many bytes went over the serial line, either way. Clocks that have no timer of their own count time by it.
    fn moved(&mut self, bytes: usize) {
        let _ = bytes;
    }
}

impl<C: Clock + ?Sized> Clock for &mut C {
    fn now(&mut self) -> Instant {
        (**self).now()
    }

    fn idle(&mut self, until: Instant) {
        (**self).idle(until);
    }

    fn moved(&mut self, bytes: usize) {
        (**self).moved(bytes);
    }
}

/// A clock for blocking code that is made of a delay alone, for firmware without a free timer.
///
/// It counts the milliseconds that it delays, and the bytes that move: while a modem babbles there is nothing to delay
/// for, and the clock would stand still.
pub struct DelayClock<D> {
    delay: D,
    now: Instant,
    bytes: u32,
    bytes_per_ms: u32,
}

impl<D: embedded_hal::delay::DelayNs> DelayClock<D> {
    /// A clock for a line of so many baud (10 bits a byte).
    pub const fn new(delay: D, baud: u32) -> Self {
        // 10 bits a byte, 1000 ms a second; rounded down, so that the clock is rather fast than slow.
        let bytes_per_ms = baud / 10_000;
        Self {
            delay,
            now: Instant::from_millis(0),
            bytes: 0,
            bytes_per_ms: if bytes_per_ms == 0 { 1 } else { bytes_per_ms },
        }
    }
}

impl<D: embedded_hal::delay::DelayNs> Clock for DelayClock<D> {
    fn now(&mut self) -> Instant {
        self.now
    }

    fn idle(&mut self, _: Instant) {
        self.delay.delay_ms(1);
        self.now = self.now.after(crate::time::Millis::new(1));
    }

    fn moved(&mut self, bytes: usize) {
        self.bytes += u32::try_from(bytes).unwrap_or(0);
        while self.bytes >= self.bytes_per_ms {
            self.bytes -= self.bytes_per_ms;
            self.now = self.now.after(crate::time::Millis::new(1));
        }
    }
}

/// The clock of a host; sleeps for up to a millisecond when there is nothing to do.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub struct StdClock {
    start: std::time::Instant,
}

#[cfg(feature = "std")]
impl StdClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }
}

#[cfg(feature = "std")]
impl Default for StdClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "std")]
impl Clock for StdClock {
    fn now(&mut self) -> Instant {
        #[expect(clippy::cast_possible_truncation, reason = "the counter wraps")]
        Instant::from_millis(self.start.elapsed().as_millis() as u32)
    }

    fn idle(&mut self, until: Instant) {
        if !self.now().reached(until) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

/// Drives operations over a serial port that says whether it has something to read.
///
/// Blocking and `nb` are this same type; they differ in who polls, and in whether the clock's
/// [`idle`](Clock::idle) waits.
pub struct Polled<S, C> {
    serial: S,
    clock: C,
    /// Something was written since the last flush.
    unflushed: bool,
}

impl<S: Read + ReadReady + Write, C: Clock> Polled<S, C> {
    /// A front over a serial port and a clock.
    pub const fn new(serial: S, clock: C) -> Self {
        Self {
            serial,
            clock,
            unflushed: false,
        }
    }

    /// The serial port. What is read from it here, the driver does not see.
    pub const fn serial(&mut self) -> &mut S {
        &mut self.serial
    }

    /// The clock.
    pub const fn clock(&mut self) -> &mut C {
        &mut self.clock
    }

    /// Gives the port and the clock back.
    pub fn into_parts(self) -> (S, C) {
        (self.serial, self.clock)
    }

    /// One round: sends what waits, until something has come. Whether anything moved.
    ///
    /// One byte at a time, and a look at the receiver before each: a write may block while the transmitter is busy, and
    /// a UART without a FIFO would lose the echo that comes meanwhile.
    fn serve(&mut self, wire: &Wire) -> Result<bool, S::Error> {
        wire.set_now(self.clock.now());
        let mut moved = 0;
        loop {
            let mut bytes = [0; CHUNK];
            // An operation may end without having taken what came: that stays for the next one.
            let read = if wire.wants_bytes() {
                match self.serial.read_ready() {
                    Ok(true) => self.serial.read(&mut bytes),
                    Ok(false) => Ok(0),
                    Err(error) => Err(error),
                }
            } else {
                Ok(0)
            };
            match read {
                Ok(0) => {}
                Ok(count) => {
                    wire.receive(bytes.get(..count).unwrap_or(&[]));
                    moved += count;
                    break;
                }
                Err(error) if is_fatal(error.kind()) => return Err(error),
                Err(_) => wire.damaged(),
            }
            let mut byte = [0; 1];
            let outgoing = wire.outgoing(&mut byte);
            if outgoing.is_empty() {
                break;
            }
            if self.serial.write(outgoing)? == 0 {
                break;
            }
            wire.sent(1);
            self.unflushed = true;
            moved += 1;
        }
        self.clock.moved(moved);
        wire.set_now(self.clock.now());
        Ok(moved > 0)
    }

    /// What comes after a round in which the operation did not end: whether another one follows at once. If nothing moved,
    /// the clock idles.
    fn rest(&mut self, wire: &Wire, moved: bool) -> Result<bool, S::Error> {
        if moved || wire.has_outgoing() {
            return Ok(true);
        }
        if core::mem::take(&mut self.unflushed) {
            self.serial.flush()?;
        }
        self.clock.idle(wire.wake());
        Ok(false)
    }
}

impl<S: Read + ReadReady + Write, C: Clock> Front for Polled<S, C> {
    type Error = <S as ErrorType>::Error;

    fn drive<F: Future>(
        &mut self,
        wire: &Wire,
        mut operation: Pin<&mut F>,
    ) -> impl Future<Output = Result<F::Output, Self::Error>> {
        poll_fn(move |context| {
            loop {
                let moved = match self.serve(wire) {
                    Ok(moved) => moved,
                    Err(error) => return Poll::Ready(Err(error)),
                };
                if let Poll::Ready(output) = operation.as_mut().poll(context) {
                    return Poll::Ready(Ok(output));
                }
                match self.rest(wire, moved) {
                    Ok(true) => {}
                    Ok(false) => return Poll::Pending,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        })
    }
}

/// Waits for a future by polling it. The waiting itself is the clock's [`idle`](Clock::idle).
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// An operation for a superloop: the pinned future, polled once a round.
///
/// ```
/// # use coap_modem::front::Nb;
/// # async fn request() -> Result<u8, ()> { Ok(69) }
/// let mut request = core::pin::pin!(request());
/// let mut operation = Nb::new(request);
/// let code = loop {
///     match operation.poll() {
///         Err(nb::Error::WouldBlock) => { /* the rest of the superloop */ }
///         done => break done,
///     }
/// };
/// assert_eq!(code, Ok(69));
/// ```
///
/// Limits: one round handles all bytes that are ready, so it is as long as the UART's buffer; and the loop must come
/// round before that buffer is full.
#[must_use = "an operation does nothing unless polled"]
pub struct Nb<'p, F> {
    future: Option<Pin<&'p mut F>>,
}

impl<'p, F, T, E> Nb<'p, F>
where
    F: Future<Output = Result<T, E>>,
{
    /// An operation made of a pinned future.
    pub const fn new(future: Pin<&'p mut F>) -> Self {
        Self {
            future: Some(future),
        }
    }

    /// Goes on with the operation as far as that is possible without waiting. A finished operation is never polled again:
    /// it stays at [`nb::Error::WouldBlock`].
    ///
    /// # Errors
    /// [`nb::Error::WouldBlock`] while it is not done; [`nb::Error::Other`] with the operation's own error.
    ///
    /// # If dropped half-way
    /// As its future: the next operation puts things right.
    pub fn poll(&mut self) -> nb::Result<T, E> {
        let Some(future) = &mut self.future else {
            return Err(nb::Error::WouldBlock);
        };
        let mut context = Context::from_waker(Waker::noop());
        match future.as_mut().poll(&mut context) {
            Poll::Pending => Err(nb::Error::WouldBlock),
            Poll::Ready(output) => {
                self.future = None;
                output.map_err(nb::Error::Other)
            }
        }
    }

    /// Whether the operation has ended.
    pub const fn is_done(&self) -> bool {
        self.future.is_none()
    }
}
