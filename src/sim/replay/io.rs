//! What a driver holds of a play: the serial port and the time.

use super::Play;
use crate::front;
use crate::time::Instant;
use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;
use std::cell::RefCell;
use std::rc::Rc;

/// The serial port of a play. It never fails: a play that has ended is silent.
#[derive(Debug)]
pub struct Serial {
    play: Rc<RefCell<Play>>,
}

impl Serial {
    pub(super) fn new(play: Rc<RefCell<Play>>) -> Self {
        Self { play }
    }
}

impl embedded_io::ErrorType for Serial {
    type Error = Infallible;
}

/// Where nothing is there to read, virtual time goes on to the next bytes; 0 means that none can come.
impl embedded_io::Read for Serial {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let mut play = self.play.borrow_mut();
        play.step();
        while play.ready.is_empty() && !buffer.is_empty() {
            let Some(until) = play.held else { break };
            play.idle(until);
        }
        Ok(play.read(buffer))
    }
}

impl embedded_io::ReadReady for Serial {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        let mut play = self.play.borrow_mut();
        play.step();
        Ok(!play.ready.is_empty())
    }
}

impl embedded_io::Write for Serial {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.play.borrow_mut().write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Waits where nothing is there to read, for ever if nothing comes any more.
impl embedded_io_async::Read for Serial {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let mut play = self.play.borrow_mut();
            play.step();
            if play.ready.is_empty() && !buffer.is_empty() {
                play.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(play.read(buffer)))
        })
        .await
    }
}

impl embedded_io_async::Write for Serial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        embedded_io::Write::write(self, bytes)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The virtual time of a play, for the fronts that ask and idle.
#[derive(Clone, Debug)]
pub struct Clock {
    play: Rc<RefCell<Play>>,
}

impl Clock {
    pub(super) fn new(play: Rc<RefCell<Play>>) -> Self {
        Self { play }
    }
}

impl front::Clock for Clock {
    fn now(&mut self) -> Instant {
        self.play.borrow().now
    }

    /// Jumps to the earlier of `until` and the next scheduled bytes, by a millisecond at least; stays while bytes wait
    /// to be read.
    fn idle(&mut self, until: Instant) {
        self.play.borrow_mut().idle(until);
    }
}

/// The virtual time of a play, for an async front. Waiting makes it pass.
#[derive(Clone, Debug)]
pub struct Timer {
    play: Rc<RefCell<Play>>,
}

impl Timer {
    pub(super) fn new(play: Rc<RefCell<Play>>) -> Self {
        Self { play }
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.play.borrow().now
    }

    /// Waits. Each poll before the time lets time pass as [`Clock`] does and asks to be polled again.
    pub async fn until(&mut self, deadline: Instant) {
        poll_fn(|context| {
            let mut play = self.play.borrow_mut();
            if play.now.reached(deadline) {
                return Poll::Ready(());
            }
            play.idle(deadline);
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

impl front::Timer for Timer {
    fn now(&mut self) -> Instant {
        Self::now(self)
    }

    fn until(&mut self, at: Instant) -> impl Future<Output = ()> {
        Self::until(self, at)
    }
}
