//! A serial line, and the time that both of its ends live by.
//!
//! Time is virtual (it jumps to the next thing that can happen, so that a test with minutes of time-outs takes
//! milliseconds) or real. In virtual time nothing depends on how fast the host computes: a test that passes once passes
//! always.
//!
//! Virtual time never moves while bytes wait to be read, with one exception: a host that waits without reading, 64 times
//! in a row, is taken to mean it, or a plain delay would never end.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Device;
use crate::front::Clock;
use crate::time::{Instant, Millis};

/// How often the host may wait in vain before time moves all the same.
const PATIENCE: u32 = 64;

/// Which time a [`Line`] lives by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSource {
    /// Jumps to what happens next. Starts at zero. For [`TestNetwork`](super::TestNetwork).
    Virtual,
    /// The host's clock. For [`HostNetwork`](super::HostNetwork), whose datagrams need real time to arrive.
    Real,
}

/// What can go wrong on a simulated line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SerialError {
    /// A blocking read in virtual time, and the device has nothing more to say unless it is asked.
    Silent,
    /// A framing or noise error, as asked for with [`Line::disturb`].
    Noise,
}

impl core::fmt::Display for SerialError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Silent => "the device will never say anything again by itself",
            Self::Noise => "noise on the serial line",
        })
    }
}

impl core::error::Error for SerialError {}

impl embedded_io::Error for SerialError {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self {
            Self::Silent => embedded_io::ErrorKind::TimedOut,
            Self::Noise => embedded_io::ErrorKind::Other,
        }
    }
}

struct World<D> {
    device: D,
    time: TimeSource,
    started: std::time::Instant,
    virtual_now: Instant,
    unread: VecDeque<u8>,
    chunk: usize,
    write_chunk: usize,
    sent: Vec<u8>,
    received: Vec<u8>,
    disturbances: u32,
    in_vain: u32,
    reader: Option<Waker>,
}

impl<D: Device> World<D> {
    fn now(&self) -> Instant {
        match self.time {
            TimeSource::Virtual => self.virtual_now,
            TimeSource::Real => {
                Instant::from_millis(0).after(Millis::from_duration(self.started.elapsed()))
            }
        }
    }

    /// Takes over what the device has said until now.
    fn pump(&mut self) {
        let mut said = Vec::new();
        self.device.transmit(self.now(), &mut said);
        if !said.is_empty() {
            self.received.extend_from_slice(&said);
            self.unread.extend(said);
            self.in_vain = 0;
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
    }

    /// Lets time pass until something can have happened, but not beyond `until`.
    fn pass(&mut self, until: Option<Instant>) {
        self.in_vain = 0;
        match self.time {
            TimeSource::Virtual => {
                let now = self.virtual_now;
                let Some(target) = super::agenda::earliest(until, self.device.deadline()) else {
                    return;
                };
                self.virtual_now = now.after(now.until(target).max(Millis::new(1)));
            }
            TimeSource::Real => std::thread::sleep(Duration::from_millis(1)),
        }
        self.pump();
    }

    /// The host has nothing to do before `until`.
    fn idle(&mut self, until: Instant) {
        self.pump();
        if !self.unread.is_empty() && self.in_vain < PATIENCE {
            self.in_vain += 1;
        } else {
            self.pass(Some(until));
        }
    }

    fn take(&mut self, buf: &mut [u8]) -> Option<Result<usize, SerialError>> {
        self.pump();
        if self.unread.is_empty() && !buf.is_empty() {
            return None;
        }
        if self.disturbances > 0 {
            self.disturbances -= 1;
            return Some(Err(SerialError::Noise));
        }
        let count = self.unread.len().min(self.chunk).min(buf.len());
        for (place, byte) in buf.iter_mut().zip(self.unread.drain(..count)) {
            *place = byte;
        }
        self.in_vain = 0;
        Some(Ok(count))
    }

    fn read(&mut self, buf: &mut [u8]) -> Result<usize, SerialError> {
        loop {
            if let Some(result) = self.take(buf) {
                return result;
            }
            if self.time == TimeSource::Virtual && self.device.deadline().is_none() {
                return Err(SerialError::Silent);
            }
            self.pass(None);
        }
    }

    fn poll_read(&mut self, cx: &Context<'_>, buf: &mut [u8]) -> Poll<Result<usize, SerialError>> {
        if let Some(result) = self.take(buf) {
            return Poll::Ready(result);
        }
        // A timer that is polled beside this read moves the time. If there is none, the read must.
        self.in_vain += 1;
        if self.time == TimeSource::Virtual && self.in_vain > PATIENCE {
            if self.device.deadline().is_none() {
                self.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            self.pass(None);
        } else if self.time == TimeSource::Real {
            self.pass(None);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn write(&mut self, buf: &[u8]) -> usize {
        let count = buf.len().min(self.write_chunk);
        let bytes = buf.get(..count).unwrap_or_default();
        let now = self.now();
        self.sent.extend_from_slice(bytes);
        self.device.receive(now, bytes);
        self.pump();
        count
    }
}

/// A serial line with a device at its far end, and the clock that both live by. Cheap to clone.
///
/// Everything is one world behind a `RefCell`: do not keep the guard of [`Line::device`] while the host runs.
pub struct Line<D>(Rc<RefCell<World<D>>>);

/// The host's end of a [`Line`]: `embedded-io` and `embedded-io-async`.
pub struct Serial<D>(Rc<RefCell<World<D>>>);

/// The clock of a [`Line`], for the blocking and `nb` front.
pub struct LineClock<D>(Rc<RefCell<World<D>>>);

/// The timer of a [`Line`], for the async front.
pub struct LineTimer<D>(Rc<RefCell<World<D>>>);

impl<D> Clone for Line<D> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<D> Clone for Serial<D> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<D> Clone for LineClock<D> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<D> Clone for LineTimer<D> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<D: Device> Line<D> {
    /// A line that leads to `device`. Reads and writes move up to 64 bytes at once.
    pub fn new(device: D, time: TimeSource) -> Self {
        Self(Rc::new(RefCell::new(World {
            device,
            time,
            started: std::time::Instant::now(),
            virtual_now: Instant::from_millis(0),
            unread: VecDeque::new(),
            chunk: 64,
            write_chunk: 64,
            sent: Vec::new(),
            received: Vec::new(),
            disturbances: 0,
            in_vain: 0,
            reader: None,
        })))
    }

    /// The host's end.
    pub fn serial(&self) -> Serial<D> {
        Serial(Rc::clone(&self.0))
    }

    /// The clock, for hosts that poll.
    pub fn clock(&self) -> LineClock<D> {
        LineClock(Rc::clone(&self.0))
    }

    /// The timer, for hosts that await.
    pub fn timer(&self) -> LineTimer<D> {
        LineTimer(Rc::clone(&self.0))
    }

    /// The device. The guard must be gone before the line is used again.
    pub fn device(&self) -> RefMut<'_, D> {
        RefMut::map(self.0.borrow_mut(), |world| &mut world.device)
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.0.borrow().now()
    }

    /// A read gives at most so many bytes (at least one).
    pub fn set_chunk(&self, bytes: usize) {
        self.0.borrow_mut().chunk = bytes.max(1);
    }

    /// A write takes at most so many bytes (at least one).
    pub fn set_write_chunk(&self, bytes: usize) {
        self.0.borrow_mut().write_chunk = bytes.max(1);
    }

    /// The next so many reads that would give bytes fail once each; no byte is lost.
    pub fn disturb(&self, reads: u32) {
        self.0.borrow_mut().disturbances = reads;
    }

    /// What the host has sent since this was last asked.
    pub fn sent(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().sent)
    }

    /// What the device has said since this was last asked, read by the host or not.
    pub fn received(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().received)
    }
}

impl<D> embedded_io::ErrorType for Serial<D> {
    type Error = SerialError;
}

impl<D: Device> embedded_io::Read for Serial<D> {
    /// Waits until there is a byte; in virtual time by moving the time.
    ///
    /// # Errors
    /// [`SerialError::Silent`] if that would be for ever.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, SerialError> {
        self.0.borrow_mut().read(buf)
    }
}

impl<D: Device> embedded_io::ReadReady for Serial<D> {
    fn read_ready(&mut self) -> Result<bool, SerialError> {
        let mut world = self.0.borrow_mut();
        world.pump();
        Ok(!world.unread.is_empty())
    }
}

impl<D: Device> embedded_io::Write for Serial<D> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, SerialError> {
        Ok(self.0.borrow_mut().write(buf))
    }

    fn flush(&mut self) -> Result<(), SerialError> {
        Ok(())
    }
}

impl<D: Device> embedded_io_async::Read for Serial<D> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, SerialError> {
        poll_fn(|cx| self.0.borrow_mut().poll_read(cx, buf)).await
    }
}

impl<D: Device> embedded_io_async::Write for Serial<D> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, SerialError> {
        poll_fn(|_| Poll::Ready(Ok(self.0.borrow_mut().write(buf)))).await
    }

    async fn flush(&mut self) -> Result<(), SerialError> {
        poll_fn(|_| Poll::Ready(Ok(()))).await
    }
}

impl<D: Device> Clock for LineClock<D> {
    fn now(&mut self) -> Instant {
        self.0.borrow().now()
    }

    fn idle(&mut self, until: Instant) {
        self.0.borrow_mut().idle(until);
    }
}

impl<D: Device> LineTimer<D> {
    /// The present.
    pub fn now(&self) -> Instant {
        self.0.borrow().now()
    }

    /// Waits until `at`; while it is polled, time passes.
    ///
    /// # If dropped half-way
    /// Nothing is lost; the time that has passed has passed.
    pub async fn until(&mut self, at: Instant) {
        poll_fn(|cx| {
            let mut world = self.0.borrow_mut();
            if world.now().reached(at) {
                return Poll::Ready(());
            }
            world.idle(at);
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

impl<D: Device> crate::front::Timer for LineTimer<D> {
    fn now(&mut self) -> Instant {
        Self::now(self)
    }

    fn until(&mut self, at: Instant) -> impl Future<Output = ()> {
        Self::until(self, at)
    }
}

#[cfg(test)]
#[path = "serial_tests.rs"]
mod tests;
