//! A modem: a dialect joined to the AT engine.
//!
//! [`Dialect`] is what a vendor's folder implements; [`Modem`] makes a [`Link`] of it; [`Client`] is what the user names.
//! The user lends all memory in one piece, [`Memory`].

pub mod bring_up;
mod client;
pub mod lines;
pub mod text;

pub use client::{Client, Memory};
#[cfg(feature = "std")]
pub(crate) use client::{event, view};

use crate::at::{At, Counted, Hooks, Inbox};
use crate::client::{Capabilities, Network, Remote};
use crate::endpoint::Parameters;
use crate::error::Error;
use crate::link::Link;
use crate::message::View;
use crate::time::Instant;
use core::future::Future;

/// A modem's language: what a message is in its AT commands, and what its lines are as messages.
///
/// Written once as linear `async` code that awaits nothing but [`Wait`](crate::at::Wait)s. The operation may be dropped at
/// each of them: what a command changes must be taken for unknown *before* it is awaited and for known after.
#[expect(
    async_fn_in_trait,
    reason = "the futures' only parts are `At` and the dialect, which are `Send`"
)]
pub trait Dialect: Default {
    /// What the modem can carry.
    const CAPABILITIES: Capabilities;

    /// Whether counted data follows: asked at each comma of a line that begins with `+`, and at its end (`whole`).
    fn counted(line: &[u8], whole: bool) -> Counted;

    /// Writes the message or the note that an unsolicited line means; whether the line is known.
    ///
    /// A message is written to the inbox as far as its payload; the engine adds that and makes it visible, if
    /// [`counted`](Self::counted) announced it.
    fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool;

    /// From power-on noise to an active packet data context. Looks first, acts where needed.
    async fn start(&mut self, at: &mut At<'_>, network: &Network<'_>) -> Result<(), Error>;

    /// Opens the session with a server. A modem that repeats messages itself is told how patiently.
    async fn open(
        &mut self,
        at: &mut At<'_>,
        server: &Remote<'_>,
        parameters: &Parameters,
    ) -> Result<(), Error>;

    /// Sends a message. It has passed the [capability check](Capabilities::check).
    async fn send(&mut self, at: &mut At<'_>, message: View<'_>) -> Result<(), Error>;

    /// Fetches what a line only announced, and clears the note.
    async fn fetch(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        at.inbox.notes.announced = false;
        Ok(())
    }

    /// Closes the session.
    async fn close(&mut self, at: &mut At<'_>) -> Result<(), Error>;
}

/// A dialect and its conversation.
pub struct Modem<'b, D> {
    /// The dialect, with its settings.
    pub dialect: D,
    /// The conversation.
    pub at: At<'b>,
}

impl<D: Dialect> Modem<'_, D> {
    /// The two functions of the dialect that the engine calls.
    pub const HOOKS: Hooks = Hooks {
        counted: D::counted,
        urc: D::urc,
    };
}

// None of these is an `async fn`: one that merely forwards would cost a state machine of its own.
impl<D: Dialect> Link for Modem<'_, D> {
    const CAPABILITIES: Capabilities = D::CAPABILITIES;

    fn now(&self) -> Instant {
        self.at.now()
    }

    fn inbox<R>(&mut self, look: impl FnOnce(&mut Inbox<'_>) -> R) -> R {
        look(&mut self.at.inbox)
    }

    fn settle<'s>(
        &'s mut self,
        input: &'s [u8],
        limit: Instant,
    ) -> impl Future<Output = Result<(), Error>> {
        self.at.set_limit(Some(limit));
        self.at.settle(input, limit)
    }

    fn attach(&mut self, network: &Network<'_>) -> impl Future<Output = Result<(), Error>> {
        self.dialect.start(&mut self.at, network)
    }

    fn open(
        &mut self,
        server: &Remote<'_>,
        parameters: &Parameters,
    ) -> impl Future<Output = Result<(), Error>> {
        self.dialect.open(&mut self.at, server, parameters)
    }

    fn send(&mut self, message: View<'_>) -> impl Future<Output = Result<(), Error>> {
        self.dialect.send(&mut self.at, message)
    }

    fn fetch(&mut self) -> impl Future<Output = Result<(), Error>> {
        self.dialect.fetch(&mut self.at)
    }

    fn wait(&mut self, until: Instant) -> impl Future<Output = Result<(), Error>> {
        self.at.arrival(until)
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Error>> {
        self.dialect.close(&mut self.at)
    }
}
