//! What every modem has: a serial side, settings, time, a network, and a book of what the host did.

use std::collections::{BTreeMap, VecDeque};

use super::command::{Done, Failure, Prompt};
use super::quirks::{Manner, Quirks, Sim};
use super::settings::{Settings, WRONG_PINS};
use super::{Firmware, Oddities};
use crate::sim::{Agenda, Dice, Network};
use crate::time::{Instant, Millis};

/// Said of a host that does not wait for the answer.
pub const TOO_SOON: &str = "bytes before the answer to the last command";

/// Line ends are harmless, and ESC is how a host makes sure that no prompt is waiting.
pub(super) const fn means_something(byte: &u8) -> bool {
    !matches!(*byte, b'\r' | b'\n' | 0x1B)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    Off,
    Booting,
    On,
}

/// What the bytes from the host are at present.
#[derive(Debug)]
pub(super) enum Input<I> {
    Line(Vec<u8>),
    Prompt {
        prompt: Prompt<I>,
        got: Vec<u8>,
        serial: u32,
    },
}

#[derive(Debug)]
pub(super) enum Event<I, E> {
    /// Bytes, whatever they are.
    Say(Vec<u8>),
    /// An unsolicited line.
    Urc(Vec<u8>),
    /// The end of a command.
    Final(Vec<u8>),
    Prompt(Prompt<I>),
    /// The prompt with this number has waited long enough.
    PromptTime(u32),
    Power(Power),
    Own(E),
}

/// The modem without its firmware. A firmware's handlers are given it; they need not know which network it has.
#[derive(Debug)]
pub struct Chassis<F: Firmware, N: ?Sized = dyn Network> {
    /// What differs between firmwares, and what surrounds the modem. May be changed at any time.
    pub quirks: Quirks<F::Quirks>,
    /// What a reset brings back to its beginning.
    pub settings: Settings,
    /// Chance that repeats.
    pub dice: Dice,
    pub(super) now: Instant,
    pub(super) power: Power,
    pub(super) agenda: Agenda<Event<F::Input, F::Event>>,
    /// From the host, not looked at yet.
    pub(super) waiting: VecDeque<u8>,
    pub(super) input: Input<F::Input>,
    pub(super) busy: bool,
    pub(super) overlong: bool,
    /// The command that was last begun.
    pub(super) line: Vec<u8>,
    pub(super) out: Vec<u8>,
    pub(super) commands: BTreeMap<String, usize>,
    serial: u32,
    misuse: Vec<String>,
    /// The network behind the modem.
    pub network: N,
}

impl<F: Firmware, N: Network> Chassis<F, N> {
    pub(super) fn new(network: N, quirks: Quirks<F::Quirks>) -> Self
    where
        F::Quirks: Oddities,
    {
        let start = Instant::from_millis(0);
        Self {
            settings: Settings::new(&quirks.sim, &F::manner(&quirks), start),
            quirks,
            dice: Dice::new(96),
            now: start,
            power: Power::On,
            agenda: Agenda::default(),
            waiting: VecDeque::new(),
            input: Input::Line(Vec::new()),
            busy: false,
            overlong: false,
            line: Vec::new(),
            out: Vec::new(),
            commands: BTreeMap::new(),
            serial: 0,
            misuse: Vec::new(),
            network,
        }
    }
}

impl<F: Firmware, N: Network + ?Sized> Chassis<F, N> {
    /// Says anything, now.
    pub fn say(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Says anything at a time.
    pub fn say_at(&mut self, at: Instant, bytes: &[u8]) {
        self.agenda.add(at, Event::Say(bytes.to_vec()));
    }

    /// An unsolicited line, now.
    pub fn urc(&mut self, line: impl AsRef<[u8]>) {
        if self.settings.urcs {
            self.out.extend_from_slice(b"\r\n");
            self.out.extend_from_slice(line.as_ref());
            self.out.extend_from_slice(b"\r\n");
        }
    }

    /// An unsolicited line in so many milliseconds.
    pub fn urc_later(&mut self, after: u32, line: impl Into<Vec<u8>>) {
        self.schedule(after, Event::Urc(line.into()));
    }

    /// An event of the firmware's own in so many milliseconds.
    pub fn later(&mut self, after: u32, event: F::Event) {
        self.schedule(after, Event::Own(event));
    }

    /// Gives the answer to a command that was [`Done::Later`].
    pub fn answer(&mut self, done: Result<Done<F::Input>, Failure>) {
        let manner = self.manner();
        let (after, bytes) = match done {
            Ok(Done::Said { lines, after }) => (after, said(&lines, manner.frame_each)),
            Ok(Done::Raw { bytes, after }) => (after, bytes),
            Ok(Done::Prompt(prompt)) => {
                self.schedule(prompt.after, Event::Prompt(prompt));
                return;
            }
            Ok(Done::Later | Done::Common) => return,
            Err(mut failure) => {
                if let Some(reason) = failure.reason {
                    let line = String::from_utf8_lossy(&self.line).into_owned();
                    self.note(format!("{reason}: {line}"));
                }
                if let Some(number) = manner.cme {
                    failure = failure.or_cme(number);
                }
                (5, failure.result(self.settings.cmee).into_bytes())
            }
        };
        self.schedule(after, Event::Final(bytes));
    }

    /// Writes down what a polite host does not do.
    pub fn note(&mut self, what: impl Into<String>) {
        self.misuse.push(what.into());
    }

    /// The modem resets itself in so many milliseconds, or goes off.
    pub fn power_down_in(&mut self, after: u32, restart: bool) {
        let to = if restart { Power::Booting } else { Power::Off };
        self.schedule(after, Event::Power(to));
    }

    /// A new number: what it names is told from whatever had the same place before.
    pub const fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    /// The network behind the modem.
    pub const fn network(&mut self) -> &mut N {
        &mut self.network
    }

    /// The time of what is happening.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// How often a command came, by its name without `AT+`, whatever became of it: `CEREG`, `E` for ATE0.
    pub fn count(&self, name: &str) -> usize {
        self.commands.get(name).copied().unwrap_or(0)
    }

    /// What the host did that a polite host does not, the reasons of errors that were the host's fault among it.
    pub fn misuse(&self) -> &[String] {
        &self.misuse
    }

    /// Name, colon and perhaps a blank: the beginning of a line.
    pub fn head(&self, name: &str) -> String {
        let blank = if self.manner().blank { " " } else { "" };
        format!("+{name}:{blank}")
    }

    /// The way the modem talks, by its quirks of this moment.
    pub fn manner(&self) -> Manner {
        F::manner(&self.quirks)
    }

    pub(super) fn schedule(&mut self, after: u32, event: Event<F::Input, F::Event>) {
        self.agenda.add(self.now.after(Millis::new(after)), event);
    }

    /// After the power key or a reset: the boot lines, and ready for commands with the first of them.
    pub(super) fn boot(&mut self, after: Millis) {
        self.power = Power::Booting;
        let mut at = self.now.after(after);
        let card = self.card();
        self.agenda.add(at, Event::Power(Power::On));
        for line in &self.quirks.boot {
            let line = card.boot_line(line);
            self.agenda.add(at, Event::Urc(line.into()));
            at = at.after(self.manner().boot_step);
        }
    }

    /// Whatever was under way is gone.
    pub(super) fn shut_down(&mut self) {
        self.power = Power::Off;
        self.agenda.clear();
        self.waiting.clear();
        self.input = Input::Line(Vec::new());
        self.busy = false;
        self.overlong = false;
    }

    pub(super) fn forget_settings(&mut self) {
        let (urcs, wrong_pins) = (self.settings.urcs, self.settings.wrong_pins);
        self.settings = Settings::new(&self.card(), &self.manner(), self.now);
        self.settings.urcs = urcs;
        self.settings.wrong_pins = wrong_pins;
    }

    /// The SIM card as a modem that starts finds it: it has counted the wrong PINs itself.
    fn card(&self) -> Sim {
        match &self.quirks.sim {
            Sim::Pin(_) if self.settings.wrong_pins >= WRONG_PINS => Sim::Puk,
            card => card.clone(),
        }
    }
}

/// Lines and OK, as they are framed.
fn said(lines: &[Vec<u8>], frame_each: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(line);
        if frame_each {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    if !lines.is_empty() && !frame_each {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\nOK\r\n");
    bytes
}
