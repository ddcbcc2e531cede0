//! One exchange: from a request to its response.

use super::Parameters;
use crate::at::Stamp;
use crate::client::{Capabilities, Incoming, Reliability, Reply, Request};
use crate::error::{Error, Invalid, PeerError, Resource, Unsupported, Waited};
use crate::message::{Builder, Code, Header, Kind, Number, Token, View};
use crate::time::{Instant, Millis};

/// Who makes confirmable messages reliable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Mode {
    /// The endpoint: the link carries datagrams.
    Full,
    /// The modem.
    Assisted,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send [`Endpoint::message`].
    Transmit,
    /// Send this empty message (an acknowledgement or a reset).
    Reply([u8; 4]),
    /// Nothing, until something arrives or this time.
    Wait(Instant),
    /// The exchange has ended so.
    Failed(Error),
}

/// What a received message is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The response to the request.
    Response,
    /// Nothing of value: it may go.
    Drop,
    /// Not for this exchange: it must stay for who may want it.
    Keep,
    /// It ends the exchange without a response.
    Failed(Error),
}

/// How long a message id of the server stands for the same message (RFC 7252, section 4.8.2).
const EXCHANGE_LIFETIME: Millis = Millis::from_secs(247);

struct Exchange {
    token: Token,
    id: u16,
    confirmable: bool,
    acknowledged: bool,
    /// The request speaks of blocks itself, so its sender understands them in the response.
    blockwise: bool,
    transmissions: u16,
    timeout: Millis,
    /// When to send it again.
    next: Instant,
    /// When to give up.
    until: Instant,
}

/// The exchange machine and its transmit buffer.
pub struct Endpoint<'b> {
    buffer: &'b mut [u8],
    length: usize,
    /// Where the payload begins in the buffer: what a prompt wants when an abandoned message is finished.
    payload: usize,
    random: fn() -> u32,
    /// The transmission parameters of the next request.
    pub parameters: Parameters,
    next_id: u16,
    exchange: Option<Exchange>,
    /// The token of the exchange before: late and repeated responses to it are no news.
    previous: Token,
    /// The last confirmable message that was answered, and how: its duplicates get the same (4.5).
    answered: Option<(u16, Kind, Instant)>,
    reply: Option<[u8; 4]>,
    /// The reply that was sent after the message.
    replied: Option<[u8; 4]>,
    /// The response of the exchange before waits for a larger buffer.
    held: bool,
}

impl<'b> Endpoint<'b> {
    /// An endpoint with its transmit buffer.
    ///
    /// `random` must be unpredictable: tokens are made of it, and they are all that keeps a stranger from answering in
    /// the server's place (RFC 7252, section 5.3.1). Also message ids and time-outs begin with it.
    pub fn new(buffer: &'b mut [u8], random: fn() -> u32) -> Self {
        Self {
            buffer,
            length: 0,
            payload: 0,
            random,
            parameters: Parameters::DEFAULT,
            #[expect(clippy::cast_possible_truncation, reason = "any 16 bits will do")]
            next_id: random() as u16,
            exchange: None,
            previous: Token::EMPTY,
            answered: None,
            reply: None,
            replied: None,
            held: false,
        }
    }

    /// Encodes a request with a fresh token and message id, refuses what the link cannot carry, and starts its exchange.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Unsupported`] or [`Error::Resource`]: nothing is sent then.
    pub fn begin(
        &mut self,
        now: Instant,
        request: &Request<'_>,
        link: &Capabilities,
    ) -> Result<(), Error> {
        self.end();
        self.held = false;
        if self
            .answered
            .is_some_and(|(_, _, since)| now.since(since) >= EXCHANGE_LIFETIME)
        {
            self.answered = None;
        }
        // 32 bits of randomness, as section 5.3.1 asks of clients without transport security.
        // The message id in it keeps tokens apart even where `random` is not what it should be.
        let id = self.next_id;
        let token = ((self.random)() ^ u32::from(id)).to_be_bytes();
        let kind = if request.is_confirmable() {
            Kind::Confirmable
        } else {
            Kind::NonConfirmable
        };
        let blockwise = self.encode(kind, id, &token, request, link)?;
        self.next_id = id.wrapping_add(1);
        self.exchange = Some(Exchange {
            token: Token::new(&token).unwrap_or(Token::EMPTY),
            id,
            confirmable: request.is_confirmable(),
            acknowledged: false,
            blockwise,
            transmissions: 0,
            timeout: self.parameters.first_timeout((self.random)()),
            next: now,
            until: now.after(request.time_limit()),
        });
        Ok(())
    }

    /// Encodes the answer to a request from the network. It is sent once: whoever misses it asks again.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub fn begin_reply(
        &mut self,
        to: &Incoming,
        reply: &Reply<'_>,
        link: &Capabilities,
    ) -> Result<(), Error> {
        if !link.server {
            return Err(Unsupported::Server.into());
        }
        if !reply.code().is_response() {
            return Err(Invalid::Code(reply.code()).into());
        }
        self.end();
        let (kind, id) = if to.confirmable {
            (Kind::Acknowledgement, to.id)
        } else {
            (Kind::NonConfirmable, self.next_id)
        };
        self.encode(kind, id, to.token.as_bytes(), &reply.message, link)?;
        if !to.confirmable {
            self.next_id = id.wrapping_add(1);
        }
        Ok(())
    }

    /// Puts a message together in the transmit buffer. Whether its options speak of blocks.
    fn encode(
        &mut self,
        kind: Kind,
        id: u16,
        token: &[u8],
        message: &Request<'_>,
        link: &Capabilities,
    ) -> Result<bool, Error> {
        self.length = 0;
        self.payload = 0;
        self.replied = None;
        let mut builder = Builder::new(self.buffer, kind, message.method(), id, token)
            .map_err(|error| crate::client::build_error(error, Number(0)))?;
        let blockwise = match (message.build(&mut builder), link.message_out) {
            // No buffer would help.
            (Err(Error::Resource(Resource::Message { needed })), Some(limit)) if needed > limit => {
                return Err(Unsupported::Message(limit).into());
            }
            (built, _) => built?,
        };
        let view = builder.finish();
        link.check(&view)?;
        self.length = view.as_bytes().len();
        self.payload = self.length - view.payload().len();
        Ok(blockwise)
    }

    /// Sets when the present exchange must end, if that is not its request's limit from its beginning.
    pub fn set_limit(&mut self, until: Instant) {
        if let Some(exchange) = &mut self.exchange {
            exchange.until = until;
        }
    }

    /// Another server: what the last one sent says nothing about this one's message ids.
    pub fn forget_peer(&mut self) {
        self.end();
        self.answered = None;
    }

    /// The message to transmit.
    ///
    /// # Errors
    /// If there is none.
    pub fn message(&self) -> Result<View<'_>, Error> {
        View::parse(self.buffer.get(..self.length).unwrap_or(&[]))
            .map_err(|_| PeerError::Malformed.into())
    }

    /// Message id and token of the open request.
    pub fn stamp(&self) -> Option<Stamp> {
        let exchange = self.exchange.as_ref()?;
        Some(Stamp::new(exchange.id, exchange.token.as_bytes()))
    }

    /// What a prompt of the link asked for last, also when its exchange has ended: an abandoned input is finished with it.
    /// Where the endpoint makes the messages that is the whole message, else its payload.
    pub fn input(&self, mode: Mode) -> &[u8] {
        let from = match (mode, &self.replied) {
            (Mode::Full, Some(reply)) => return reply,
            (Mode::Full, None) => 0,
            (Mode::Assisted, _) => self.payload,
        };
        self.buffer.get(from..self.length).unwrap_or(&[])
    }

    /// Ends the exchange. A response that comes late will be dropped.
    #[inline(never)]
    pub fn end(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            self.previous = exchange.token;
        }
    }

    /// What to do next.
    pub fn poll(&mut self, now: Instant, mode: Mode) -> Step {
        if let Some(reply) = self.take_reply() {
            return Step::Reply(reply);
        }
        let Some(exchange) = &mut self.exchange else {
            return Step::Wait(now);
        };
        let unheard = exchange.confirmable && !exchange.acknowledged && mode == Mode::Full;
        if exchange.transmissions == 0 {
            exchange.transmissions = 1;
            exchange.next = now.after(exchange.timeout);
            self.replied = None;
            return Step::Transmit;
        }
        if now.reached(exchange.until) {
            self.end();
            return Step::Failed(
                if unheard {
                    Waited::Acknowledgement
                } else {
                    Waited::Response
                }
                .into(),
            );
        }
        if !unheard {
            return Step::Wait(exchange.until);
        }
        if !now.reached(exchange.next) {
            return Step::Wait(exchange.next.earlier(exchange.until));
        }
        if exchange.transmissions > u16::from(self.parameters.max_retransmit) {
            self.end();
            return Step::Failed(Waited::Acknowledgement.into());
        }
        exchange.transmissions += 1;
        crate::log::debug!(
            "transmission {} of message {}",
            exchange.transmissions,
            exchange.id
        );
        exchange.timeout = Millis::new(exchange.timeout.as_millis().saturating_mul(2));
        // Counted from when it was due, not from now, so that lateness does not add up; unless that has passed as well.
        let next = exchange.next.after(exchange.timeout);
        exchange.next = if now.reached(next) {
            now.after(exchange.timeout)
        } else {
            next
        };
        self.replied = None;
        Step::Transmit
    }

    /// The modem reports how the delivery of a message went (assisted mode): 0, or its reason why not.
    pub fn handle_delivery(&mut self, id: u16, delivered: bool) -> Verdict {
        match &self.exchange {
            Some(exchange) if exchange.id == id && !delivered => {
                self.end();
                Verdict::Failed(crate::error::ModemError::Undelivered.into())
            }
            _ => Verdict::Drop,
        }
    }

    /// The reply that a received message wants, if it was not [polled](Self::poll) for.
    pub fn take_reply(&mut self) -> Option<[u8; 4]> {
        let reply = self.reply.take()?;
        self.replied = Some(reply);
        Some(reply)
    }

    /// Whether a received message wants a reply.
    pub fn has_reply(&self) -> bool {
        self.reply.is_some()
    }

    /// The response stays where it is until somebody has room for it.
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// Whether this message is the response that is [held](Self::hold).
    pub fn holds(&self, message: &[u8]) -> bool {
        self.held
            && Header::peek(message)
                .is_ok_and(|header| header.code.is_response() && header.token == self.previous)
    }

    /// The held response was taken.
    pub fn release(&mut self) {
        self.held = false;
    }

    /// Says what a received message is to us, and takes note of the reply it wants (full mode).
    ///
    /// `cut` tells that its payload could not be kept whole.
    pub fn handle(&mut self, now: Instant, message: &[u8], cut: bool, mode: Mode) -> Verdict {
        match mode {
            Mode::Assisted => self.handle_assisted(message, cut),
            // A datagram without its end is no message; a confirmable one will come again.
            Mode::Full if cut => Verdict::Drop,
            Mode::Full => self.handle_full(now, message),
        }
    }

    fn handle_assisted(&mut self, message: &[u8], cut: bool) -> Verdict {
        let Ok(header) = Header::peek(message) else {
            return Verdict::Drop;
        };
        let Some(exchange) = &self.exchange else {
            return self.stale_or_kept(&header);
        };
        if header.kind == Kind::Reset && header.code.is_empty() {
            if header.id != exchange.id {
                return Verdict::Drop;
            }
            self.end();
            return Verdict::Failed(PeerError::Reset.into());
        }
        if header.token != exchange.token || !header.code.is_response() {
            return self.stale_or_kept(&header);
        }
        if cut {
            self.end();
            return Verdict::Failed(crate::error::Resource::Inbox.into());
        }
        let verdict = verdict(message, exchange.blockwise);
        self.end();
        verdict
    }

    /// Whether this is a response to the exchange before.
    fn is_previous(&self, header: &Header) -> bool {
        header.code.is_response() && header.token == self.previous && self.previous != Token::EMPTY
    }

    fn stale_or_kept(&self, header: &Header) -> Verdict {
        if self.is_previous(header) || header.code.is_empty() {
            Verdict::Drop
        } else {
            Verdict::Keep
        }
    }

    fn handle_full(&mut self, now: Instant, message: &[u8]) -> Verdict {
        let header = match View::parse(message) {
            Ok(view) => view.header(),
            Err(malformed) => {
                // Only a confirmable message is rejected by a reset (4.2); anything else is ignored.
                if let Some(id) = malformed.rejects(message) {
                    self.answer(id, Kind::Reset);
                }
                return Verdict::Drop;
            }
        };
        match header.kind {
            Kind::Acknowledgement | Kind::Reset => self.handle_answer(message, &header),
            Kind::Confirmable | Kind::NonConfirmable => self.handle_separate(now, message, &header),
        }
    }

    /// An acknowledgement or a reset. What does not fit is ignored, never answered (4.2).
    fn handle_answer(&mut self, message: &[u8], header: &Header) -> Verdict {
        let Some(exchange) = self
            .exchange
            .as_mut()
            .filter(|exchange| exchange.id == header.id)
        else {
            return Verdict::Drop;
        };
        if header.code.is_empty() {
            if header.kind == Kind::Reset {
                self.end();
                return Verdict::Failed(PeerError::Reset.into());
            }
            exchange.acknowledged = true;
            return Verdict::Drop;
        }
        let ours = header.kind == Kind::Acknowledgement
            && exchange.confirmable
            && header.code.is_response()
            && header.token == exchange.token;
        if !ours {
            return Verdict::Drop;
        }
        let verdict = verdict(message, exchange.blockwise);
        self.end();
        verdict
    }

    /// A separate response, a ping, or a request.
    fn handle_separate(&mut self, now: Instant, message: &[u8], header: &Header) -> Verdict {
        let confirmable = header.kind == Kind::Confirmable;
        let ours = self
            .exchange
            .as_ref()
            .filter(|exchange| header.code.is_response() && exchange.token == header.token)
            .map(|exchange| exchange.blockwise);
        if let Some((id, kind, since)) = self.answered
            && ours.is_none()
            && confirmable
            && id == header.id
            && now.since(since) < EXCHANGE_LIFETIME
        {
            self.answer(id, kind);
            return Verdict::Drop;
        }
        let (verdict, kind) = match ours {
            // A ping (4.3), a stranger's response (5.3.2), a code of a reserved class, a request: no server lives here.
            // But the last response once more wants its acknowledgement once more.
            None if self.is_previous(header) => (Verdict::Drop, Kind::Acknowledgement),
            None => (Verdict::Drop, Kind::Reset),
            Some(blockwise) => match verdict(message, blockwise) {
                Verdict::Response => (Verdict::Response, Kind::Acknowledgement),
                failed => (failed, Kind::Reset),
            },
        };
        if confirmable {
            self.answered = Some((header.id, kind, now));
            self.answer(header.id, kind);
        }
        if ours.is_some() {
            self.end();
        }
        verdict
    }

    fn answer(&mut self, id: u16, kind: Kind) {
        let [high, low] = id.to_be_bytes();
        self.reply = Some([0x40 | (kind as u8) << 4, Code::EMPTY.as_byte(), high, low]);
    }
}

fn verdict(message: &[u8], blockwise: bool) -> Verdict {
    match judge(message, blockwise) {
        Ok(()) => Verdict::Response,
        Err(error) => Verdict::Failed(error),
    }
}

/// Whether a response to our request can be processed: an unknown critical option (or a known one that is repeated or of
/// a bad length, 5.4.3 and 5.4.5) forbids it (5.4.1).
pub(crate) fn judge(message: &[u8], blockwise: bool) -> Result<(), Error> {
    let Ok(view) = View::parse(message) else {
        return Err(PeerError::Malformed.into());
    };
    let mut previous = None;
    for option in view.options() {
        let repeated = previous.replace(option.number) == Some(option.number);
        if !option.number.is_critical() {
            continue;
        }
        // Of the critical options only those of RFC 7959 have a meaning in a response.
        let understood = match option.block() {
            Some(block) => {
                !repeated
                    && match option.number {
                        // A part must not pass for the whole where nobody asked for parts.
                        Number::BLOCK2 => blockwise || (!block.more() && block.num() == 0),
                        number => number == Number::BLOCK1,
                    }
            }
            None => false,
        };
        if !understood {
            return Err(PeerError::CriticalOption(option.number).into());
        }
    }
    Ok(())
}

impl Capabilities {
    /// Who makes messages reliable on this link.
    pub const fn mode(&self) -> Mode {
        match self.reliability {
            Reliability::Endpoint => Mode::Full,
            Reliability::Modem => Mode::Assisted,
        }
    }
}
