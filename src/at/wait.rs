//! The leaf futures: everything that a dialect awaits is a [`Wait`], or a [`Feed`], which is one with bytes to send.
//!
//! They own nothing that matters. What a command is and how far it got stands in the engine, so that dropping the future,
//! at whatever moment, loses nothing that the next operation would need to put things right.

use super::At;
use super::engine::{Engine, Input, Phase};
use super::result::Final;
use crate::error::{Error, ModemError, Waited};
use crate::time::{Instant, Millis};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// How often the fence is sent again to a modem that does not answer.
const FENCE_AGAIN: Millis = Millis::new(500);

/// How long the line must be silent after more than one fence, so that no answer to an earlier one is left.
const QUIET: Millis = Millis::new(700);

/// How long it takes to read what came while nobody listened.
pub(super) const UNREAD: Millis = Millis::new(300);

/// How long a prompt may still come after its command was abandoned: what is sent before it would be taken for input.
pub(super) const PROMPT: Millis = Millis::new(5000);

/// How long an abandoned prompt is left alone before it gets its input.
const READY: Millis = Millis::new(50);

/// How many fences are not answered at first contact before ESC is tried: the modem may wait at a prompt that the host was given
/// in a former life, and take them all for its input.
const ESCAPE_AFTER: u8 = 4;

/// How long a modem takes to answer ESC.
const ESCAPE: Millis = Millis::new(1000);

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The final result.
    Command,
    /// The final result and the expected line.
    Answer,
    /// The prompt, or the final result.
    Prompt,
    /// Input for the prompt goes out; then the final result.
    Input,
    /// The expected line alone, after its command's final result.
    Line,
    /// A message or a note in the inbox, or the time.
    Arrival,
    /// The time.
    Pause,
    /// The end of what was abandoned; counted input is finished with these bytes. With a fence at the end.
    Recovery,
    /// The fence alone: first contact.
    Contact,
}

/// A wait. `Output = Result<(), Error>`.
///
/// # If dropped half-way
/// The command stays pending in the engine, and the next operation begins by ending it.
#[must_use = "futures do nothing unless awaited"]
pub struct Wait<'f, 'b> {
    // One word: what is waited for stands in the conversation as well, so that making a wait and passing it on is cheap.
    at: &'f mut At<'b>,
}

impl<'f, 'b> Wait<'f, 'b> {
    pub(super) fn new(at: &'f mut At<'b>, what: What, milliseconds: u32) -> Self {
        let span = at.scaled(Millis::new(milliseconds));
        let now = at.now();
        let sends = matches!(what, What::Command | What::Answer | What::Prompt);
        // A command that could not be built leaves what is pending as it is.
        if sends && at.failure.is_none() {
            at.engine.begin_sending(now, span);
        }
        Self::until(at, what, now.after(span))
    }

    pub(super) fn until(at: &'f mut At<'b>, what: What, until: Instant) -> Self {
        at.what = what;
        at.until = until;
        Self { at }
    }

    /// The same wait, with bytes that go out during it.
    pub(super) fn with(self, bytes: &'f [u8]) -> Feed<'f, 'b> {
        Feed { at: self.at, bytes }
    }
}

impl Future for Wait<'_, '_> {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().at.turn(&[])
    }
}

/// A wait during which bytes are sent: the input that a prompt asked for. `Output = Result<(), Error>`.
///
/// # If dropped half-way
/// Input that the modem counts is finished by the next operation, from the transmit buffer.
#[must_use = "futures do nothing unless awaited"]
pub struct Feed<'f, 'b> {
    at: &'f mut At<'b>,
    bytes: &'f [u8],
}

impl<'f, 'b> Feed<'f, 'b> {
    pub(super) fn input(
        at: &'f mut At<'b>,
        bytes: &'f [u8],
        form: Input,
        milliseconds: u32,
    ) -> Self {
        let (now, span) = (at.now(), at.scaled(Millis::new(milliseconds)));
        at.engine.begin_input(now, bytes.len(), form, span);
        at.what = What::Input;
        Self { at, bytes }
    }

    pub(super) fn recovery(at: &'f mut At<'b>, bytes: &'f [u8], until: Instant) -> Self {
        at.what = What::Recovery;
        at.until = until;
        Self { at, bytes }
    }
}

impl Future for Feed<'_, '_> {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.at.turn(this.bytes)
    }
}

impl At<'_> {
    /// One turn of a wait: takes what came, sends what waits (`input`, where a prompt asked for it), and says whether what
    /// is waited for is there.
    fn turn(&mut self, input: &[u8]) -> Poll<Result<(), Error>> {
        let at = self;
        if let Some(error) = at.failure.take() {
            return Poll::Ready(Err(error));
        }
        let what = at.what;
        let commands = matches!(
            what,
            What::Command | What::Answer | What::Prompt | What::Input
        );
        let recovers = matches!(what, What::Recovery | What::Contact);
        at.receive();
        if commands || recovers {
            // What an abandoned stream was to hold, only its recovery knows.
            at.send(commands.then_some(input));
        }
        let now = at.now();
        let until = at.until;
        let engine = &at.engine;
        let finished = engine.phase == Phase::Finished;
        let ready = match what {
            What::Command | What::Input => finished,
            What::Answer => finished && (engine.captured || engine.result != Final::Ok),
            What::Prompt => finished || engine.phase == Phase::Prompted,
            What::Line => engine.captured,
            What::Arrival => at.inbox.news(),
            What::Pause => false,
            What::Recovery => at.recover(input),
            What::Contact => at.fence(),
        };
        if ready {
            if what == What::Contact || (recovers && at.unsettled) {
                at.unsettled = false;
                at.fences = 0;
            }
            return Poll::Ready(match at.engine.result {
                Final::Refused(refusal) if commands && finished => {
                    Err(ModemError::Refused(refusal).into())
                }
                _ => Ok(()),
            });
        }
        let mut limited = false;
        let mut deadline = if commands && at.engine.is_busy() {
            at.engine.deadline
        } else {
            until
        };
        if let (Some(limit), false) = (at.limit, matches!(what, What::Arrival)) {
            limited = !limit.reached(deadline);
            deadline = deadline.earlier(limit);
        }
        if now.reached(deadline) {
            return Poll::Ready(match what {
                What::Arrival | What::Pause => Ok(()),
                What::Recovery => Err(Waited::Busy.into()),
                What::Contact => {
                    // Nobody there, so nothing is pending either.
                    at.engine.cancel();
                    at.unsettled = false;
                    Err(match at.engine.result {
                        Final::Ok => Waited::Modem.into(),
                        // Somebody is there, who is no modem that can be talked to.
                        Final::Refused(refusal) => ModemError::Refused(refusal).into(),
                    })
                }
                _ if limited => Err(Waited::Limit.into()),
                _ => Err(Waited::Modem.into()),
            });
        }
        if (commands || what == What::Line) && at.inbox.notes.rebooted {
            // Nobody is left who could answer.
            at.engine.cancel();
            return Poll::Ready(Err(ModemError::Restarted.into()));
        }
        if recovers {
            deadline = deadline.earlier(at.recovery_step_due(now));
        }
        if let Some(gap) = at.engine.gap() {
            deadline = deadline.earlier(gap);
        }
        at.wire.set_wake(deadline);
        Poll::Pending
    }

    /// Takes in what the wire has received.
    fn receive(&mut self) {
        let now = self.now();
        let mut chunk = [0; crate::front::CHUNK];
        let received = self.wire.take(&mut chunk);
        let damaged = self.wire.take_damaged();
        self.inbox.losses.junk = self.inbox.losses.junk.saturating_add(damaged.into());
        // Which byte is missing nobody knows: no payload that was coming may pass for whole.
        self.inbox.doubt(damaged > 0);
        let counting = self.engine.gap().is_some();
        if received.is_empty() {
            self.engine.handle_silence(now, &mut self.inbox);
        } else {
            self.engine
                .handle(now, received, &mut self.inbox, self.hooks);
            if counting {
                // The line is busy with something else: the answer cannot come before it ends.
                self.engine.deadline = now.after(self.engine.span);
            }
        }
    }

    /// Sends as much of the pending command's text, and of the bytes that belong to it, as the wire takes.
    fn send(&mut self, input: Option<&[u8]>) {
        let now = self.now();
        loop {
            if self.engine.stream_due() {
                let Some(input) = input else {
                    return;
                };
                let wire = self.wire;
                self.engine.stream(now, input, |bytes| wire.put(bytes));
                if self.engine.is_streaming() {
                    return;
                }
            }
            if self.engine.phase != Phase::Sending {
                return;
            }
            let went = self.wire.put(self.engine.unsent());
            self.engine.command_went(now, went);
            if !self.engine.stream_due() {
                return;
            }
        }
    }

    /// One step towards the end of what was abandoned. True when the line is ours again.
    fn recover(&mut self, input: &[u8]) -> bool {
        if !self.unsettled {
            return true;
        }
        let now = self.now();
        let engine: &mut Engine<'_> = &mut self.engine;
        if engine.fence {
            return self.fence();
        }
        match engine.phase {
            Phase::Sending if engine.nothing_sent() && !engine.torn => {
                engine.cancel();
                return true;
            }
            Phase::Sending if !engine.torn => engine.tear(now),
            Phase::Sending => {}
            // The modem has its documented time to end the command; to talk into it would confuse both.
            Phase::Waiting if now.reached(engine.deadline) || self.inbox.notes.rebooted => {
                if engine.may_be_prompting() {
                    engine.control(now, 0x1B, ESCAPE);
                } else {
                    self.start_fence();
                }
            }
            Phase::Waiting => {}
            // Not every modem listens the moment that it prompts.
            Phase::Prompted
                if engine.counts_input && !now.reached(engine.last_received().after(READY)) => {}
            Phase::Prompted if engine.counts_input => engine.resume_input(now),
            Phase::Streaming if engine.counts_input => self.send(Some(input)),
            Phase::Prompted | Phase::Streaming => engine.control(now, 0x1B, ESCAPE),
            Phase::Idle | Phase::Finished => self.start_fence(),
        }
        false
    }

    /// One step of the fence: a command with an information answer. Every final result before that answer belongs to
    /// something older and is thrown away, which no plain `AT` could do.
    fn fence(&mut self) -> bool {
        let now = self.now();
        match self.engine.phase {
            Phase::Finished if self.engine.fence => {
                return self.fences <= 1 || now.reached(self.quiet_at());
            }
            Phase::Sending => {}
            Phase::Waiting if self.engine.fence && !now.reached(self.engine.deadline) => {}
            Phase::Waiting if self.what == What::Contact && self.fences & 31 == ESCAPE_AFTER => {
                self.fences += 1;
                let span = self.scaled(FENCE_AGAIN);
                self.engine.control(now, 0x1B, span);
            }
            _ => self.start_fence(),
        }
        false
    }

    fn start_fence(&mut self) {
        crate::log::debug!("fence after an abandoned command");
        self.fences = self.fences.saturating_add(1);
        self.engine.cancel();
        self.engine.append(b"AT+CMEE?\r");
        self.engine.expect("+CMEE:", super::line::counts(&[1]));
        self.engine.fence = true;
        let (now, span) = (self.now(), self.scaled(FENCE_AGAIN));
        self.engine.begin_sending(now, span);
        self.send(None);
    }

    /// When nothing more can come of fences that were sent before the one that was answered.
    fn quiet_at(&self) -> Instant {
        self.engine.last_received().after(self.scaled(QUIET))
    }

    /// When the next step of a recovery is due even if nothing arrives.
    fn recovery_step_due(&self, now: Instant) -> Instant {
        match self.engine.phase {
            Phase::Finished => self.quiet_at(),
            Phase::Sending | Phase::Streaming | Phase::Prompted => now.after(Millis::new(1)),
            _ => self.engine.deadline,
        }
    }
}
