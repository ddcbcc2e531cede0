//! The client that a user names, and the memory that it lives in.

use super::{Dialect, Modem};
use crate::at::{At, Hooks, Losses};
use crate::client::{
    Capabilities, CoapClient, Event, Incoming, Network, Remote, Reply, Request, Response,
};
use crate::endpoint::{Endpoint, Parameters};
use crate::error::{ClientError, Error, PeerError};
use crate::front::{Front, Wire};
use crate::link::{Found, Session};
use crate::message::View;
use crate::time::Millis;
use core::pin::pin;

/// The memory of one client, lent for its life. Each modem has an alias with sizes that fit it.
///
/// - `LINE`: the longest line, without a payload that the line counts;
/// - `COMMAND`: the longest command line, without a payload;
/// - `INBOX`: received messages that wait, each with two bytes more; the largest response must fit;
/// - `MESSAGE`: the largest request.
pub struct Memory<const LINE: usize, const COMMAND: usize, const INBOX: usize, const MESSAGE: usize>
{
    wire: Wire,
    line: [u8; LINE],
    command: [u8; COMMAND],
    inbox: [u8; INBOX],
    message: [u8; MESSAGE],
}

impl<const LINE: usize, const COMMAND: usize, const INBOX: usize, const MESSAGE: usize>
    Memory<LINE, COMMAND, INBOX, MESSAGE>
{
    /// Empty memory; fit for a `static`.
    pub const fn new() -> Self {
        Self {
            wire: Wire::new(),
            line: [0; LINE],
            command: [0; COMMAND],
            inbox: [0; INBOX],
            message: [0; MESSAGE],
        }
    }
}

impl<const LINE: usize, const COMMAND: usize, const INBOX: usize, const MESSAGE: usize> Default
    for Memory<LINE, COMMAND, INBOX, MESSAGE>
{
    fn default() -> Self {
        Self::new()
    }
}

/// A CoAP client over a modem: the dialect `D`, driven by the front `F`.
pub struct Client<'b, D, F> {
    session: Session<'b, Modem<'b, D>>,
    front: F,
}

impl<'b, D: Dialect, F: Front> Client<'b, D, F> {
    /// A client with the dialect's standard settings. `random` gives unpredictable numbers, see [`Endpoint::new`].
    pub fn new<
        const LINE: usize,
        const COMMAND: usize,
        const INBOX: usize,
        const MESSAGE: usize,
    >(
        memory: &'b mut Memory<LINE, COMMAND, INBOX, MESSAGE>,
        front: F,
        random: fn() -> u32,
    ) -> Self {
        Self::with(D::default(), memory, front, random)
    }

    /// A client whose dialect has settings of its own.
    pub fn with<
        const LINE: usize,
        const COMMAND: usize,
        const INBOX: usize,
        const MESSAGE: usize,
    >(
        dialect: D,
        memory: &'b mut Memory<LINE, COMMAND, INBOX, MESSAGE>,
        front: F,
        random: fn() -> u32,
    ) -> Self {
        let Memory {
            wire,
            line,
            command,
            inbox,
            message,
        } = memory;
        let (at, endpoint) = parts(
            wire,
            [line, command, inbox, message],
            Modem::<D>::HOOKS,
            random,
        );
        Self {
            session: Session {
                link: Modem { dialect, at },
                endpoint,
            },
            front,
        }
    }

    /// Sets how patiently confirmable messages are sent. A modem that repeats them itself is told at the next
    /// [`connect`](CoapClient::connect), within what it takes.
    pub fn set_parameters(&mut self, parameters: Parameters) {
        self.session.endpoint.parameters = parameters;
    }

    /// Stretches every time limit of the modem's document by `eighths / 8`: for slow lines and slow firmware.
    pub fn set_patience(&mut self, eighths: u8) {
        self.session.link.at.set_patience(eighths);
    }

    /// What was lost so far, and counted. Reading starts the counts anew.
    pub fn take_losses(&mut self) -> Losses {
        core::mem::take(&mut self.session.link.at.inbox.losses)
    }

    /// What the modem said last to a command: the line that was asked for, or the error, raw.
    pub fn said(&self) -> &[u8] {
        self.session.link.at.said()
    }

    /// The dialect, with its settings.
    pub fn dialect(&mut self) -> &mut D {
        &mut self.session.link.dialect
    }

    /// The front, with its serial port and clock.
    pub fn front(&mut self) -> &mut F {
        &mut self.front
    }

    /// Gives the front back. The modem is left as it stands.
    pub fn into_front(self) -> F {
        self.front
    }
}

/// What every client is made of; a function of its own, so that an image with two modems has it once.
#[inline(never)]
fn parts<'b>(
    wire: &'b Wire,
    [line, command, inbox, message]: [&'b mut [u8]; 4],
    hooks: Hooks,
    random: fn() -> u32,
) -> (At<'b>, Endpoint<'b>) {
    (
        At::new(wire, line, command, inbox, hooks),
        Endpoint::new(message, random),
    )
}

/// Drives an operation of the session by the front.
macro_rules! drive {
    ($client:ident, $($operation:tt)*) => {{
        let wire = $client.session.link.at.wire();
        let operation = pin!($client.session.$($operation)*);
        $client.front.drive(wire, operation).await.map_err(ClientError::Link)?
    }};
}

impl<D: Dialect, F: Front> CoapClient for Client<'_, D, F> {
    type LinkError = F::Error;

    fn capabilities(&self) -> Capabilities {
        D::CAPABILITIES
    }

    async fn attach(&mut self, network: &Network<'_>) -> Result<(), ClientError<F::Error>> {
        Ok(drive!(self, attach(network))?)
    }

    async fn connect(&mut self, server: &Remote<'_>) -> Result<(), ClientError<F::Error>> {
        Ok(drive!(self, connect(server))?)
    }

    async fn request<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<F::Error>> {
        let length = drive!(self, request(request, buffer))?;
        Ok(Response::new(view(buffer, length)?))
    }

    fn held<'r>(&mut self, buffer: &'r mut [u8]) -> Result<Option<Response<'r>>, Error> {
        match self.session.held(buffer)? {
            Some(length) => Ok(Some(Response::new(view(buffer, length)?))),
            None => Ok(None),
        }
    }

    async fn event<'r>(
        &mut self,
        wait: Millis,
        buffer: &'r mut [u8],
    ) -> Result<Option<Event<'r>>, ClientError<F::Error>> {
        let found = drive!(self, event(wait, buffer))?;
        Ok(event(found, buffer)?)
    }

    async fn respond(
        &mut self,
        to: &Incoming,
        reply: &Reply<'_>,
    ) -> Result<(), ClientError<F::Error>> {
        Ok(drive!(self, respond(to, reply))?)
    }

    async fn close(&mut self) -> Result<(), ClientError<F::Error>> {
        Ok(drive!(self, close())?)
    }
}

/// What was found, with the message in the caller's buffer.
pub(crate) fn event(found: Option<Found>, buffer: &[u8]) -> Result<Option<Event<'_>>, Error> {
    Ok(match found {
        None => None,
        Some(Found::Message(length)) => {
            let view = view(buffer, length)?;
            Some(if view.code().is_request() {
                Event::Request(view)
            } else {
                Event::Response(view)
            })
        }
        Some(Found::Lost(losses)) => Some(Event::Lost(losses)),
        Some(Found::LinkLost) => Some(Event::LinkLost),
        Some(Found::Restarted) => Some(Event::Restarted),
    })
}

/// The message in a caller's buffer.
pub(crate) fn view(buffer: &[u8], length: usize) -> Result<View<'_>, Error> {
    View::parse(buffer.get(..length).unwrap_or(&[])).map_err(|_| PeerError::Malformed.into())
}
