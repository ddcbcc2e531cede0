//! The simulated BG96: the module's side of its AT commands, with the network of your choice behind it.
//!
//! Written from "BG96 CoAP Application Note" V1.0 (2021-03-04), chapter 3, and from logs of real modules for what
//! surrounds it (echo, boot, registration). The CoAP on the network side is `coap-lite`'s. What the document leaves open
//! is a field of [`Quirks`].
//!
//! Strict: whatever the document does not promise to work is an error here, with the reason in [`SimBg96::misuse`], and
//! so are things that work but that a polite host would not do. Deterministic: the same bytes at the same times give the
//! same answers.
//!
//! ```
//! use coap_modem::sim::{Line, TestNetwork, TimeSource};
//! use coap_modem::vendors::bg96::sim::SimBg96;
//! use embedded_io::{Read, Write};
//!
//! let module = SimBg96::new(TestNetwork::default());
//! let line = Line::new(module, TimeSource::Virtual);
//! let mut serial = line.serial(); // what the driver under test is given, with line.clock() or line.timer()
//!
//! serial.write_all(b"AT\r")?;
//! let mut answer = [0; 9];
//! serial.read_exact(&mut answer)?;
//! assert_eq!(&answer, b"AT\r\r\nOK\r\n");
//!
//! line.device().quirks.no_network = true; // and see what the driver does
//! line.device().reset();
//! assert!(line.device().misuse().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! DTLS is left out: a client that is configured for it opens with result -9, never in the clear.
//!
//! The files, in reading order: this one (the serial side and time), [`quirks`], `command` (arguments and results),
//! `power`, `general` and `pdp` (all commands that are not CoAP), `coap` (the CoAP commands), `options` (table 2 of the
//! document), `session` and `exchange` (what happens between module and server), `report` (what the host is told of it).

mod coap;
mod command;
mod exchange;
mod general;
mod options;
mod pdp;
mod power;
pub mod quirks;
mod report;
mod session;

use std::collections::{BTreeMap, VecDeque};

use self::coap::Sending;
use self::command::{Done, Failure};
use self::general::Settings;
pub use self::quirks::{OptionsShown, Quirks, Sim, ZeroLength};
use self::session::{Client, Event as SessionEvent};
use crate::sim::grammar::{self, Command};
use crate::sim::{Agenda, Device, Dice, Network};
use crate::time::{Instant, Millis};

/// The longest command line; the document gives none. Room for the longest option.
const LONGEST_LINE: usize = 1500;
/// How long the prompt waits for the payload.
const PROMPT_TIME: Millis = Millis::from_secs(180);

const CTRL_Z: u8 = 0x1A;
const ESC: u8 = 0x1B;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    Off,
    Booting,
    On,
}

/// What the bytes from the host are at present.
#[derive(Debug)]
enum Input {
    Line(Vec<u8>),
    Payload {
        sending: Sending,
        got: Vec<u8>,
        serial: u32,
    },
}

#[derive(Debug)]
enum Event {
    /// Bytes, whatever they are.
    Say(Vec<u8>),
    /// An unsolicited line.
    Urc(Vec<u8>),
    /// The end of a command.
    Final(Vec<u8>),
    Prompt(Sending),
    /// The prompt with this number has waited long enough.
    PromptTime(u32),
    /// `AT+QIACT` has come to its end.
    Activated(u8),
    Power(Power),
    Session(SessionEvent),
}

/// A simulated BG96 with a [`Network`] behind it.
///
/// It keeps its state as the real one does: a host that restarts alone finds the sessions of its former life.
#[derive(Debug)]
pub struct SimBg96<N> {
    /// What differs between firmwares. May be changed at any time.
    pub quirks: Quirks,
    network: N,
    now: Instant,
    power: Power,
    settings: Settings,
    clients: [Client; 6],
    agenda: Agenda<Event>,
    /// From the host, not looked at yet.
    waiting: VecDeque<u8>,
    input: Input,
    busy: bool,
    overlong: bool,
    /// Numbers prompts and exchanges, so that an event that comes too late finds nothing.
    serial: u32,
    out: Vec<u8>,
    dice: Dice,
    commands: BTreeMap<String, usize>,
    misuse: Vec<String>,
}

impl<N: Network> SimBg96<N> {
    /// A module that is switched on, has booted and begins to look for its network.
    pub fn new(network: N) -> Self {
        Self::with_quirks(network, Quirks::default())
    }

    /// The same with quirks.
    pub fn with_quirks(network: N, quirks: Quirks) -> Self {
        Self {
            settings: Settings::new(&quirks, Instant::from_millis(0)),
            quirks,
            network,
            now: Instant::from_millis(0),
            power: Power::On,
            clients: Default::default(),
            agenda: Agenda::default(),
            waiting: VecDeque::new(),
            input: Input::Line(Vec::new()),
            busy: false,
            overlong: false,
            serial: 0,
            out: Vec::new(),
            dice: Dice::new(96),
            commands: BTreeMap::new(),
            misuse: Vec::new(),
        }
    }

    /// A module that is off until [`power_on`](Self::power_on).
    pub fn off(network: N) -> Self {
        let mut module = Self::new(network);
        module.power = Power::Off;
        module
    }

    /// The network takes the PDP context away: `+QIURC: "pdpdeact",1`; the sessions on it are gone without a word.
    pub fn drop_pdp(&mut self) {
        self.deactivate(1);
        self.urc("+QIURC: \"pdpdeact\",1");
    }

    /// Says anything, now.
    pub fn say(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Says anything at a time.
    pub fn say_at(&mut self, at: Instant, bytes: &[u8]) {
        self.agenda.add(at, Event::Say(bytes.to_vec()));
    }

    /// The network behind the module.
    pub const fn network(&mut self) -> &mut N {
        &mut self.network
    }

    /// The socket of an open session, by client identifier.
    pub fn socket(&self, client: usize) -> Option<usize> {
        self.clients.get(client)?.socket
    }

    /// How often a command came, by its name without `AT+`, whatever became of it: `QCOAPSEND`, `E` for ATE0.
    pub fn count(&self, name: &str) -> usize {
        self.commands.get(name).copied().unwrap_or(0)
    }

    /// What the host did that a polite host does not, the reasons of errors that were the host's fault among it.
    pub fn misuse(&self) -> &[String] {
        &self.misuse
    }

    fn note(&mut self, what: impl Into<String>) {
        self.misuse.push(what.into());
    }

    fn later(&mut self, after: u32, event: Event) {
        self.agenda.add(self.now.after(Millis::new(after)), event);
    }

    const fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    fn urc(&mut self, line: &str) {
        self.urc_bytes(line.as_bytes());
    }

    fn urc_bytes(&mut self, line: &[u8]) {
        if self.settings.urcs_here() {
            self.out.extend_from_slice(b"\r\n");
            self.out.extend_from_slice(line);
            self.out.extend_from_slice(b"\r\n");
        }
    }

    /// Does everything that is to be done until now.
    fn run(&mut self, now: Instant) {
        loop {
            if let Some((at, event)) = self.agenda.take_due(now) {
                self.now = at;
                self.happen(event);
                continue;
            }
            self.now = now;
            if !self.find_network() && !self.take_datagram() && !self.take_byte() {
                break;
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Say(bytes) => self.out.extend(bytes),
            Event::Urc(line) => self.urc_bytes(&line),
            Event::Final(bytes) => {
                self.out.extend(bytes);
                self.busy = false;
            }
            Event::Prompt(sending) => {
                self.out.extend_from_slice(b"\r\n> ");
                self.busy = false;
                let serial = self.next_serial();
                self.agenda
                    .add(self.now.after(PROMPT_TIME), Event::PromptTime(serial));
                self.input = Input::Payload {
                    sending,
                    got: Vec::new(),
                    serial,
                };
            }
            Event::PromptTime(number) => {
                if matches!(self.input, Input::Payload { serial, .. } if serial == number) {
                    self.note("a prompt that was left waiting");
                    self.input = Input::Line(Vec::new());
                    self.out.extend_from_slice(b"\r\nERROR\r\n");
                }
            }
            Event::Activated(context) => {
                self.activated(context);
                self.busy = false;
            }
            Event::Power(Power::On) => {
                self.power = Power::On;
                self.settings = Settings::new(&self.quirks, self.now);
            }
            Event::Power(Power::Booting) => self.power_down(true),
            Event::Power(Power::Off) => self.power_down(false),
            Event::Session(event) => self.session_event(event),
        }
    }

    /// Takes one byte from the host; false if there is none or its time has not come.
    fn take_byte(&mut self) -> bool {
        if self.busy || self.power != Power::On {
            return false;
        }
        let Some(byte) = self.waiting.pop_front() else {
            return false;
        };
        if self.settings.echo && !(byte == b'\n' && matches!(self.input, Input::Line(_))) {
            self.out.push(byte);
        }
        match &mut self.input {
            Input::Line(line) => match byte {
                b'\r' => {
                    let line = std::mem::take(line);
                    self.line(&line);
                }
                b'\n' => {}
                0x08 => {
                    line.pop();
                }
                CTRL_Z | ESC => self.note(format!("a stray control byte 0x{byte:02X}")),
                _ if line.len() < LONGEST_LINE => line.push(byte),
                _ => self.overlong = true,
            },
            Input::Payload { sending, got, .. } => {
                let done = match (sending.length, byte) {
                    (Some(length), _) => {
                        got.push(byte);
                        got.len() >= length
                    }
                    (None, CTRL_Z | ESC) => true,
                    (None, _) => {
                        got.push(byte);
                        false
                    }
                };
                if done {
                    let (sending, got) = (*sending, std::mem::take(got));
                    let cancelled = sending.length.is_none() && byte == ESC;
                    self.input = Input::Line(Vec::new());
                    self.payload(sending, &got, cancelled);
                }
            }
        }
        true
    }

    fn line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        if std::mem::take(&mut self.overlong) {
            self.finish(Err(Failure::misuse("a line that is too long")), line);
            return;
        }
        match grammar::parse(line) {
            Ok(command) => {
                for name in names(&command) {
                    *self.commands.entry(name).or_insert(0) += 1;
                }
                if self.quirks.answers_error_to_everything {
                    self.finish(Err(Failure::state()), line);
                    return;
                }
                let done = self.command(&command);
                self.finish(done, line);
            }
            Err(fault) => {
                self.note(format!("{fault}: {}", String::from_utf8_lossy(line)));
                self.finish(Err(Failure::state()), line);
            }
        }
    }

    fn command(&mut self, command: &Command) -> Result<Done, Failure> {
        match command {
            Command::Basic(commands) => self.basic(commands),
            Command::Extended(name, form) if name.starts_with("QCOAP") => self
                .coap(name, form)
                .map_err(|failure| match self.quirks.coap_errors_are_cme {
                    true => failure.or_cme(50),
                    false => failure.plain(),
                }),
            Command::Extended(name, form) => self.general(name, form),
        }
    }

    /// Schedules the answer to a command.
    fn finish(&mut self, done: Result<Done, Failure>, line: &[u8]) {
        self.busy = true;
        if self.waiting.iter().any(means_something) {
            self.note(TOO_SOON);
        }
        let (after, bytes) = match done {
            Ok(Done::Said { lines, after }) => {
                let mut bytes = Vec::new();
                for line in &lines {
                    bytes.extend_from_slice(b"\r\n");
                    bytes.extend_from_slice(line.as_bytes());
                }
                if !lines.is_empty() {
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(b"\r\nOK\r\n");
                (after, bytes)
            }
            Ok(Done::Prompt(sending)) => {
                self.later(10, Event::Prompt(sending));
                return;
            }
            Ok(Done::Later) => return,
            Err(failure) => {
                if let Some(reason) = failure.reason {
                    self.note(format!("{reason}: {}", String::from_utf8_lossy(line)));
                }
                (5, failure.result(self.settings.cmee).into_bytes())
            }
        };
        self.later(after, Event::Final(bytes));
    }
}

const TOO_SOON: &str = "bytes before the answer to the last command";

/// Line ends are harmless, and ESC is how a host makes sure that no prompt is waiting.
const fn means_something(byte: &u8) -> bool {
    !matches!(*byte, b'\r' | b'\n' | ESC)
}

/// The names under which a command is counted.
fn names(command: &Command) -> Vec<String> {
    match command {
        Command::Basic(commands) if commands.is_empty() => vec!["AT".into()],
        Command::Basic(commands) => commands.iter().map(|one| one.name.clone()).collect(),
        Command::Extended(name, _) => vec![name.clone()],
    }
}

impl<N: Network> Device for SimBg96<N> {
    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.run(now);
        if self.quirks.silent || self.power != Power::On {
            return;
        }
        if self.busy && self.waiting.is_empty() && bytes.iter().any(means_something) {
            self.note(TOO_SOON);
        }
        self.waiting.extend(bytes);
        self.run(now);
    }

    fn transmit(&mut self, now: Instant, out: &mut Vec<u8>) {
        self.run(now);
        if self.quirks.silent {
            self.out.clear();
        }
        out.append(&mut self.out);
    }

    fn deadline(&self) -> Option<Instant> {
        if !self.out.is_empty() {
            return Some(self.now);
        }
        let mut deadline = self.agenda.next();
        for other in [self.finds_network_at(), self.network.deadline()] {
            deadline = match (deadline, other) {
                (Some(one), Some(other)) => Some(one.earlier(other)),
                (one, other) => one.or(other),
            };
        }
        deadline
    }
}

#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod message_tests;
#[cfg(test)]
mod power_tests;
#[cfg(test)]
mod tests;
