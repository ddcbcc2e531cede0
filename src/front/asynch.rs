//! The front that is awaited: async tasks, over embedded-io-async.

use super::{CHUNK, Front, Wire, is_fatal};
use crate::time::Instant;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;
use embedded_io_async::{Error as _, ErrorType, Read, Write};

/// Turns between operation and port before other tasks get theirs.
const ROUNDS: u8 = 32;

/// Time for the [`Asynch`] front.
pub trait Timer {
    /// The present, on a wrapping millisecond counter.
    fn now(&mut self) -> Instant;

    /// Completes when the counter has reached `at`.
    fn until(&mut self, at: Instant) -> impl Future<Output = ()>;
}

impl<T: Timer> Timer for &mut T {
    fn now(&mut self) -> Instant {
        (**self).now()
    }

    fn until(&mut self, at: Instant) -> impl Future<Output = ()> {
        (**self).until(at)
    }
}

/// The timer of a host: wakes itself every millisecond. For tools and tests, not for thousands of tasks.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, Default)]
pub struct StdTimer(super::StdClock);

#[cfg(feature = "std")]
impl Timer for StdTimer {
    fn now(&mut self) -> Instant {
        super::Clock::now(&mut self.0)
    }

    fn until(&mut self, at: Instant) -> impl Future<Output = ()> {
        poll_fn(move |context| {
            if self.now().reached(at) {
                return Poll::Ready(());
            }
            super::Clock::idle(&mut self.0, at);
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }
}

/// Drives operations over an async serial port, given as its two halves.
///
/// While an operation runs, its read is never dropped half-way (it need not be cancel-safe); it is dropped when the
/// operation ends. A reader that loses bytes then wants a buffered port. The writer must be cancel-safe, as buffered ones
/// are: if an operation is dropped, what its write has sent by then and not told would be sent again.
pub struct Asynch<R, W, T> {
    reader: R,
    writer: W,
    timer: T,
}

impl<R: Read, W: Write<Error = R::Error>, T: Timer> Asynch<R, W, T> {
    /// A front over the two halves of a serial port and a timer.
    pub const fn new(reader: R, writer: W, timer: T) -> Self {
        Self {
            reader,
            writer,
            timer,
        }
    }

    /// Gives the halves and the timer back.
    pub fn into_parts(self) -> (R, W, T) {
        (self.reader, self.writer, self.timer)
    }
}

impl<R: Read, W: Write<Error = R::Error>, T: Timer> Front for Asynch<R, W, T> {
    type Error = <R as ErrorType>::Error;

    async fn drive<F: Future>(
        &mut self,
        wire: &Wire,
        mut operation: Pin<&mut F>,
    ) -> Result<F::Output, Self::Error> {
        let (reader, writer, timer) = (&mut self.reader, &mut self.writer, &mut self.timer);
        let mut reading = pin!(read(reader, wire));
        let mut writing = pin!(write(writer, wire));
        loop {
            // Bytes and operation by turns until nothing moves: only then is there something to wait for.
            let mut rounds: u8 = 0;
            let step = poll_fn(|context| {
                loop {
                    wire.set_now(timer.now());
                    // Before the operation: what came while nobody listened must not look like a silence.
                    if let Poll::Ready(error) = reading.as_mut().poll(context) {
                        return Poll::Ready(Some(Err(error)));
                    }
                    let received = !wire.wants_bytes();
                    if let Poll::Ready(output) = operation.as_mut().poll(context) {
                        return Poll::Ready(Some(Ok(output)));
                    }
                    let waiting = wire.has_outgoing();
                    if let Poll::Ready(error) = writing.as_mut().poll(context) {
                        return Poll::Ready(Some(Err(error)));
                    }
                    if !received && waiting == wire.has_outgoing() {
                        return Poll::Ready(None);
                    }
                    rounds += 1;
                    if rounds >= ROUNDS {
                        // A port that is always ready must not keep the other tasks from running.
                        rounds = 0;
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
            })
            .await;
            if let Some(output) = step {
                return output;
            }
            let waiting = wire.has_outgoing();
            let mut pause = pin!(timer.until(wire.wake()));
            let gone = poll_fn(|context| {
                if let Poll::Ready(error) = reading.as_mut().poll(context) {
                    return Poll::Ready(Some(error));
                }
                if let Poll::Ready(error) = writing.as_mut().poll(context) {
                    return Poll::Ready(Some(error));
                }
                if !wire.wants_bytes() || waiting != wire.has_outgoing() {
                    return Poll::Ready(None);
                }
                pause.as_mut().poll(context).map(|()| None)
            })
            .await;
            if let Some(error) = gone {
                return Err(error);
            }
        }
    }
}

/// Brings what arrives to the wire, for ever; ends with the error of a port that is gone.
async fn read<R: Read>(reader: &mut R, wire: &Wire) -> R::Error {
    let mut bytes = [0; CHUNK];
    loop {
        // Room first: what was read goes to the wire without another await, where a drop could lose it.
        poll_fn(|_| ready_if(wire.wants_bytes())).await;
        match reader.read(&mut bytes).await {
            Ok(0) => pass().await,
            Ok(count) => wire.receive(bytes.get(..count).unwrap_or(&[])),
            Err(error) if is_fatal(error.kind()) => return error,
            Err(_) => {
                wire.damaged();
                pass().await;
            }
        }
    }
}

/// Brings what waits on the wire to the port, for ever.
async fn write<W: Write>(writer: &mut W, wire: &Wire) -> W::Error {
    let mut piece = [0; CHUNK];
    loop {
        poll_fn(|_| ready_if(wire.has_outgoing())).await;
        match writer.write(wire.outgoing(&mut piece)).await {
            Ok(0) => pass().await,
            // Not more than was offered, so it fits.
            Ok(count) => wire.sent(u8::try_from(count).unwrap_or(0)),
            Err(error) => return error,
        }
        if !wire.has_outgoing()
            && let Err(error) = writer.flush().await
        {
            return error;
        }
    }
}

/// Lets the others go first: a port that has nothing to say, and says so at once, must not stop the clock.
fn pass() -> impl Future<Output = ()> {
    let mut passed = false;
    poll_fn(move |context| {
        if passed {
            return Poll::Ready(());
        }
        passed = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

fn ready_if(condition: bool) -> Poll<()> {
    if condition {
        Poll::Ready(())
    } else {
        Poll::Pending
    }
}
