//! Three ways to wait for the same future: blocking, `nb`, async.

use crate::time::{Instant, Millis};

/// Milliseconds for the [`Polled`] front: what time it is, and what to do when there is nothing to do.
pub trait Clock {
    /// The present, on a wrapping millisecond counter.
    fn now(&mut self) -> Instant;

    /// Nothing can happen before `until` unless the serial port receives something: the place to sleep a little (`WFI`,
    /// a short delay, a host thread's sleep). May return at once, and must when the same client is used through `nb`.
    fn idle(&mut self, until: Instant) {
        let _ = until;
    }

    /// So many bytes went over the serial line, either way. Clocks that have no timer of their own count time by it.
    fn moved(&mut self, bytes: usize) {
        let _ = bytes;
    }
}
const _: Millis = Millis::new(0);
