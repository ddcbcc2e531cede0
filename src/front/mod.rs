//! Three ways to wait for the same future: blocking, `nb`, async.
//!
//! An operation is a future that knows no UART and no clock. A [`Front`] owns both and drives it over the [`Wire`]:
//!
//! | you write | front | and wait with |
//! |---|---|---|
//! | blocking code | [`Polled`] over embedded-io | [`block_on`], or the [`Blocking`](crate::client::Blocking) trait that calls it |
//! | a superloop | [`Polled`] over embedded-io | [`Nb::poll`], once a round |
//! | async tasks | [`Asynch`] over embedded-io-async | `.await` |
//!
//! `WriteReady` is never required (no embassy UART has it); instead bytes are written one by one, and what came meanwhile
//! is read in between, or the echo of a long line would overrun a small UART.

mod asynch;
mod polled;
mod wire;

#[cfg(feature = "std")]
pub use asynch::StdTimer;
pub use asynch::{Asynch, Timer};
#[cfg(feature = "std")]
pub use polled::StdClock;
pub use polled::{Clock, DelayClock, Nb, Polled, block_on};
pub use wire::{CHUNK, Wire};

use core::future::Future;
use core::pin::Pin;

/// What drives an operation over a serial port.
pub trait Front {
    /// The serial port's error.
    type Error;

    /// Moves bytes and time between the serial port and the operation until it is done.
    ///
    /// # Errors
    /// When the serial port itself fails for good. Damaged bytes are no such failure: they are counted.
    ///
    /// # If dropped half-way
    /// The operation is dropped too; both may be started anew at any time.
    fn drive<F: Future>(
        &mut self,
        wire: &Wire,
        operation: Pin<&mut F>,
    ) -> impl Future<Output = Result<F::Output, Self::Error>>;
}

/// Whether a read error means that the port is gone, rather than that a byte was damaged: framing errors, noise and
/// overruns are normal while a modem restarts.
fn is_fatal(kind: embedded_io::ErrorKind) -> bool {
    use embedded_io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::NotFound
            | Kind::PermissionDenied
            | Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::NotConnected
            | Kind::BrokenPipe
    )
}
