//! The seam between the endpoint and what carries its messages: a modem, or a socket.
//!
//! A [`Link`] sends one message and keeps an inbox of received ones. A [`Session`] joins an endpoint and a link; what to
//! do next is decided in one plain function, `next`, and the async functions only carry it out.

use crate::at::{Inbox, Losses};
use crate::client::{Capabilities, Incoming, Network, Remote, Reply, Request, Transport};
use crate::endpoint::{Endpoint, Mode, Parameters, Step, Verdict};
use crate::error::{Error, Invalid, ModemError, Resource, Unsupported};
use crate::message::View;
use crate::time::{Instant, Millis};
use core::future::Future;

/// What carries messages.
pub trait Link {
    /// What it can carry.
    const CAPABILITIES: Capabilities;

    /// The present.
    fn now(&self) -> Instant;

    /// Looks at what was received. (By a call and not by a reference, whose lifetime would become a parameter of the trait
    /// and keep its futures from being `Send`.)
    fn inbox<R>(&mut self, look: impl FnOnce(&mut Inbox<'_>) -> R) -> R;

    /// Puts right what an abandoned operation left; `input` is what it was sending, if the modem counts it. Then `limit` holds for
    /// everything until the next call.
    fn settle<'s>(
        &'s mut self,
        input: &'s [u8],
        limit: Instant,
    ) -> impl Future<Output = Result<(), Error>>;

    /// Brings the link up.
    fn attach(&mut self, network: &Network<'_>) -> impl Future<Output = Result<(), Error>>;

    /// Opens the session with a server. The parameters are for links that repeat messages themselves.
    fn open(
        &mut self,
        server: &Remote<'_>,
        parameters: &Parameters,
    ) -> impl Future<Output = Result<(), Error>>;

    /// Sends a message.
    fn send(&mut self, message: View<'_>) -> impl Future<Output = Result<(), Error>>;

    /// Fetches what was only announced.
    fn fetch(&mut self) -> impl Future<Output = Result<(), Error>>;

    /// Waits for something in the inbox, or for the time.
    fn wait(&mut self, until: Instant) -> impl Future<Output = Result<(), Error>>;

    /// Closes the session.
    fn close(&mut self) -> impl Future<Output = Result<(), Error>>;
}

/// An endpoint and its link.
pub struct Session<'b, L> {
    /// What carries the messages.
    pub link: L,
    /// Who makes exchanges of them.
    pub endpoint: Endpoint<'b>,
}

/// What an operation has to do next.
enum Next {
    Transmit,
    Reply([u8; 4]),
    Fetch,
    Wait(Instant),
    Done(Result<usize, Error>),
}

/// What [`Session::event`] found.
pub enum Found {
    /// A message of so many bytes, copied to the buffer.
    Message(usize),
    /// Something was lost.
    Lost(Losses),
    /// The link was lost.
    LinkLost,
    /// The modem restarted.
    Restarted,
}

/// How long opening and closing a session may take.
const SESSION: Millis = Millis::from_secs(180);

/// How often a modem may tell of its start while it is brought up: boot lines come one by one.
const BOOTS: u8 = 4;

/// How long it may take to fetch what has come while somebody waits for an event, however short he waits.
const FETCH: Millis = Millis::from_secs(10);

/// How long an answer to a request may take: who asked waits no longer (RFC 7252, section 4.8.2: `MAX_TRANSMIT_WAIT`).
const REPLY: Millis = Millis::from_secs(93);

impl<L: Link> Session<'_, L> {
    /// Brings the link up.
    pub async fn attach(&mut self, network: &Network<'_>) -> Result<(), Error> {
        let limit = self.link.now().after(network.limit);
        let mut boots = BOOTS;
        loop {
            self.settle(limit).await?;
            match self.link.attach(network).await {
                // A modem that has just been switched on answers before it has told that it was.
                Err(Error::Modem(ModemError::Restarted)) if boots > 0 => boots -= 1,
                outcome => return outcome,
            }
        }
    }

    /// Opens the session with a server.
    pub async fn connect(&mut self, server: &Remote<'_>) -> Result<(), Error> {
        if server.host.is_empty() {
            return Err(Invalid::Host.into());
        }
        if server.port == 0 {
            return Err(Invalid::Port.into());
        }
        if server.transport == Transport::Tcp && !L::CAPABILITIES.tcp {
            return Err(Self::way(Unsupported::Transport.into()));
        }
        let limit = self.link.now().after(SESSION);
        self.settle(limit).await?;
        self.endpoint.forget_peer();
        let parameters = self.endpoint.parameters;
        self.link.open(server, &parameters).await.map_err(Self::way)
    }

    /// Closes the session.
    pub async fn close(&mut self) -> Result<(), Error> {
        let limit = self.link.now().after(SESSION);
        self.settle(limit).await?;
        self.link.close().await
    }

    /// No request is open; what an abandoned operation left is put right.
    fn settle(&mut self, limit: Instant) -> impl Future<Output = Result<(), Error>> {
        self.link.inbox(|inbox| {
            inbox.rewind();
            inbox.exchange = None;
        });
        let input = self.endpoint.input(L::CAPABILITIES.mode());
        self.link.settle(input, limit)
    }

    /// An error with the way out that this link has.
    const fn way(error: Error) -> Error {
        error.or(L::CAPABILITIES.way_out)
    }

    /// Carries a request out; the response stands in `out`, its length is returned.
    pub async fn request(&mut self, request: &Request<'_>, out: &mut [u8]) -> Result<usize, Error> {
        let limit = self.link.now().after(request.time_limit());
        self.settle(limit).await?;
        let now = self.link.now();
        self.endpoint
            .begin(now, request, &L::CAPABILITIES)
            .map_err(Self::way)?;
        let stamp = self.endpoint.stamp();
        self.link.inbox(|inbox| inbox.exchange = stamp);
        // What putting things right has taken counts as well.
        self.endpoint.set_limit(limit);
        let mut outcome = None;
        loop {
            let now = self.link.now();
            let (endpoint, mode) = (&mut self.endpoint, L::CAPABILITIES.mode());
            let step = self
                .link
                .inbox(|inbox| next(endpoint, inbox, now, mode, out, &mut outcome));
            // One place that sends: each is a copy of the dialect's longest future, begun and ended.
            let message = match &step {
                Next::Transmit => self.endpoint.message(),
                Next::Reply(reply) => empty(reply),
                Next::Fetch => {
                    self.link.fetch().await?;
                    continue;
                }
                Next::Wait(until) => {
                    self.link.wait(*until).await?;
                    continue;
                }
                Next::Done(result) => return *result,
            };
            let sent = self.link.send(message?).await;
            // A reply that is lost is asked for by a duplicate; the response must not suffer.
            if let (Err(error), Next::Transmit) = (sent, &step) {
                // A modem that has lost its link refuses commands: the loss is the reason, not the refusal.
                let lost = self.link.inbox(|inbox| lost(inbox));
                return Err(lost.unwrap_or(Self::way(error)));
            }
        }
    }

    /// Answers a request from the network.
    pub async fn respond(&mut self, to: &Incoming, reply: &Reply<'_>) -> Result<(), Error> {
        let limit = self.link.now().after(REPLY);
        self.settle(limit).await?;
        self.endpoint
            .begin_reply(to, reply, &L::CAPABILITIES)
            .map_err(Self::way)?;
        let sent = self.link.send(self.endpoint.message()?).await;
        sent.map_err(|error| {
            self.link
                .inbox(|inbox| lost(inbox))
                .unwrap_or(Self::way(error))
        })
    }

    /// The response that did not fit its buffer.
    pub fn held(&mut self, out: &mut [u8]) -> Result<Option<usize>, Error> {
        let endpoint = &mut self.endpoint;
        self.link.inbox(|inbox| held(endpoint, inbox, out))
    }

    /// Takes the oldest thing that is no response to a request; waits at most so long for one.
    pub async fn event(&mut self, wait: Millis, out: &mut [u8]) -> Result<Option<Found>, Error> {
        let until = self.link.now().after(wait);
        self.endpoint.end();
        self.link.inbox(|inbox| {
            inbox.rewind();
            inbox.exchange = None;
        });
        let mut last = false;
        loop {
            let now = self.link.now();
            let (endpoint, mode) = (&mut self.endpoint, L::CAPABILITIES.mode());
            let found = self
                .link
                .inbox(|inbox| found(endpoint, inbox, now, mode, out))?;
            if let Some(reply) = self.endpoint.take_reply()
                // The limit of what was done before is over. One that is lost is asked for by a duplicate.
                && self.settle(now.after(FETCH)).await.is_ok()
            {
                let _ = self.link.send(empty(&reply)?).await;
            }
            if found.is_some() || last {
                return Ok(found);
            }
            if self.link.inbox(|inbox| inbox.notes.announced) {
                // It has come, so it is no longer waited for.
                let limit = now.after(FETCH);
                let limit = if until.reached(limit) { until } else { limit };
                self.settle(limit).await?;
                self.link.fetch().await?;
            } else {
                self.link.wait(until).await?;
                last = self.link.now().reached(until);
            }
        }
    }
}

/// Decides what a request does next. Everything that a session decides is decided here, without waiting.
fn next(
    endpoint: &mut Endpoint<'_>,
    inbox: &mut Inbox<'_>,
    now: Instant,
    mode: Mode,
    out: &mut [u8],
    outcome: &mut Option<Result<usize, Error>>,
) -> Next {
    loop {
        // What the last message wants as an answer goes out before anything else, also when all is done.
        if let Some(reply) = endpoint.take_reply() {
            return Next::Reply(reply);
        }
        if let Some(outcome) = outcome.take() {
            return Next::Done(outcome);
        }
        let Some(message) = inbox.peek() else {
            break;
        };
        match endpoint.handle(now, message.bytes, message.cut, mode) {
            Verdict::Response => {
                let copied = copy(message.bytes, out);
                match copied {
                    Ok(_) => inbox.remove(),
                    Err(_) => endpoint.hold(),
                }
                *outcome = Some(copied);
            }
            Verdict::Failed(error) => {
                inbox.remove();
                *outcome = Some(Err(error));
            }
            Verdict::Drop => inbox.remove(),
            Verdict::Keep => inbox.skip(),
        }
    }
    // After the messages: a response that is here has been delivered, whatever the modem says of the request.
    if let Some(delivery) = inbox.notes.delivery.take()
        && let Verdict::Failed(error) = endpoint.handle_delivery(delivery.id, delivery.result == 0)
    {
        return Next::Done(Err(error));
    }
    if let Some(error) = lost(inbox) {
        return Next::Done(Err(error));
    }
    if inbox.notes.announced {
        return Next::Fetch;
    }
    match endpoint.poll(now, mode) {
        Step::Transmit => Next::Transmit,
        Step::Reply(reply) => Next::Reply(reply),
        Step::Wait(until) => Next::Wait(until),
        Step::Failed(error) => Next::Done(Err(error)),
    }
}

/// Why nothing can be sent at present.
fn lost(inbox: &Inbox<'_>) -> Option<Error> {
    if inbox.notes.rebooted {
        crate::log::warning!("the modem has restarted");
        return Some(ModemError::Restarted.into());
    }
    if inbox.notes.link_lost || inbox.notes.closed {
        crate::log::warning!("the session or its packet data context is lost");
        return Some(ModemError::LinkLost.into());
    }
    None
}

/// Looks for the response that is held.
fn held(
    endpoint: &mut Endpoint<'_>,
    inbox: &mut Inbox<'_>,
    out: &mut [u8],
) -> Result<Option<usize>, Error> {
    inbox.rewind();
    while let Some(message) = inbox.peek() {
        if endpoint.holds(message.bytes) {
            let length = copy(message.bytes, out)?;
            inbox.remove();
            endpoint.release();
            return Ok(Some(length));
        }
        inbox.skip();
    }
    Ok(None)
}

/// Looks for an event.
fn found(
    endpoint: &mut Endpoint<'_>,
    inbox: &mut Inbox<'_>,
    now: Instant,
    mode: Mode,
    out: &mut [u8],
) -> Result<Option<Found>, Error> {
    while let Some(message) = inbox.peek() {
        if endpoint.holds(message.bytes) {
            inbox.skip();
            continue;
        }
        match endpoint.handle(now, message.bytes, message.cut, mode) {
            Verdict::Keep if !message.cut => {
                let length = copy(message.bytes, out)?;
                inbox.remove();
                return Ok(Some(Found::Message(length)));
            }
            // One that is cut is counted among the losses already.
            _ => inbox.remove(),
        }
        if endpoint.has_reply() {
            return Ok(None);
        }
    }
    let notes = &mut inbox.notes;
    // Each is told once; requests go on failing until the link is up again.
    if notes.rebooted && !core::mem::replace(&mut notes.told, true) {
        return Ok(Some(Found::Restarted));
    }
    if (notes.link_lost || notes.closed) && !core::mem::replace(&mut notes.told, true) {
        return Ok(Some(Found::LinkLost));
    }
    if inbox.losses.matter() {
        return Ok(Some(Found::Lost(core::mem::take(&mut inbox.losses))));
    }
    Ok(None)
}

fn copy(message: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let Some(out) = out.get_mut(..message.len()) else {
        let needed = u16::try_from(message.len()).unwrap_or(u16::MAX);
        return Err(Resource::Response { needed }.into());
    };
    // A loop, which the compiler makes a `memcpy`; `copy_from_slice` would keep its panic for unequal lengths.
    for (to, from) in out.iter_mut().zip(message) {
        *to = *from;
    }
    Ok(message.len())
}

fn empty(reply: &[u8; 4]) -> Result<View<'_>, Error> {
    View::parse(reply).map_err(|_| ModemError::Unexpected.into())
}
