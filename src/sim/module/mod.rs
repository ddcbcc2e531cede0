//! What every simulated modem has in common. A modem adds its [`Firmware`], and is a [`Module`] of it.
//!
//! | the chassis does | the firmware does |
//! |---|---|
//! | lines, echo, prompts and their input, one command at a time | its own commands, and what input means |
//! | the form of answers, `+CME ERROR` and its levels | which answer, and when |
//! | V.250 and 3GPP commands up to registration and PDP contexts, the SIM card | what it has in another form |
//! | time: what is to happen ([`Chassis::later`], [`Chassis::urc_later`]) | what that is |
//! | power, boot lines, resets | what it forgets, its farewell |
//! | the network: names and sockets, behind any [`Network`] | what goes through it |
//! | the book: how often a command came, and what a polite host does not do | the reasons of its refusals |
//!
//! Strict and deterministic: what the modem's manual does not promise to work is an error with its reason in
//! [`Chassis::misuse`], and the same bytes at the same times give the same answers. The files, in reading order: this one,
//! `quirks` (what surrounds a modem, and its [`Manner`]), `command` (arguments and results), `chassis`, `serial` (bytes,
//! lines and time), `settings`, `general` and `coverage` (the common commands), [`agent`] with `message` (for modems that
//! speak CoAP themselves), `terminal` (for their tests).
//!
//! A modem that sends what is typed behind its prompt as a datagram, and prints what comes back:
//!
//! ```
//! use coap_modem::sim::grammar::Form;
//! use coap_modem::sim::module::{
//!     Arguments, Chassis, Done, Ending, Failure, Firmware, Identity, Module, Oddities, Prompt, Terminal, Until, hex,
//! };
//! use coap_modem::sim::{Network as _, TestNetwork};
//!
//! #[derive(Debug, Default)]
//! struct Own {
//!     /// Error of its firmware 1.0: says `+GOT` in lower case.
//!     lower: bool,
//! }
//!
//! impl Oddities for Own {
//!     const BOOT: &'static [&'static str] = &["READY"];
//! }
//!
//! #[derive(Debug, Default)]
//! struct Toy {
//!     socket: Option<usize>,
//! }
//!
//! impl Firmware for Toy {
//!     type Quirks = Own;
//!     type Input = (); // what must be known of a command when its input is complete
//!     type Event = usize; // so many bytes were sent
//!     const IDENTITY: Identity = Identity { manufacturer: "Toys", model: "T1", revision: "1.0", information: &["T1"] };
//!
//!     fn command(&mut self, chassis: &mut Chassis<Self>, name: &str, form: &Form) -> Result<Done<()>, Failure> {
//!         match (name, form) {
//!             ("PUSH", Form::Write(arguments)) => {
//!                 let arguments = Arguments(arguments);
//!                 arguments.count(&[1])?;
//!                 let length = arguments.byte(0, 1..=100)?;
//!                 self.socket = self.socket.or_else(|| chassis.network.open().ok());
//!                 Ok(Done::Prompt(Prompt::new((), Until::Count(length.into()))))
//!             }
//!             ("PUSH", _) => Err(Failure::form()),
//!             _ => Ok(Done::Common),
//!         }
//!     }
//!
//!     fn input(
//!         &mut self,
//!         chassis: &mut Chassis<Self>,
//!         (): (),
//!         bytes: &[u8],
//!         _cancelled: bool,
//!     ) -> Result<Done<()>, Failure> {
//!         let (now, to) = (chassis.now(), "192.0.2.1:5683".parse().map_err(|_| Failure::state())?);
//!         let socket = self.socket.ok_or(Failure::state())?;
//!         chassis.network.send(now, socket, to, bytes).map_err(|_| Failure::cme(30))?;
//!         chassis.later(20, bytes.len());
//!         Done::ok(10)
//!     }
//!
//!     fn happen(&mut self, chassis: &mut Chassis<Self>, sent: usize) {
//!         chassis.urc(format!("+SENT: {sent}"));
//!     }
//!
//!     fn datagram(&mut self, chassis: &mut Chassis<Self>) -> bool {
//!         let now = chassis.now();
//!         let came = self.socket.and_then(|socket| chassis.network.receive(now, socket));
//!         let Some((_, bytes)) = came else { return false };
//!         let name = if chassis.quirks.lower { "+got" } else { "+GOT" };
//!         chassis.urc(format!("{name}: {}", hex(&bytes)));
//!         true
//!     }
//!
//!     fn forget(&mut self, chassis: &mut Chassis<Self>, _ending: Ending) {
//!         if let Some(socket) = self.socket.take() {
//!             chassis.network.close(socket);
//!         }
//!     }
//! }
//!
//! let mut host = Terminal::new(Module::<Toy, _>::new(TestNetwork::default()));
//! assert_eq!(host.ask("ATE0"), "ATE0\r\r\nOK\r\n");
//! assert_eq!(host.ask("AT+PUSH=4"), "\r\n> ");
//! host.put(&[0x40, 0, 0, 7]); // a CoAP ping
//! assert_eq!(host.hear(200), "\r\nOK\r\n\r\n+SENT: 4\r\n\r\n+GOT: 70000007\r\n");
//! assert_eq!(host.ask("AT+CEREG?"), "\r\n+CEREG: 0,2\r\n\r\nOK\r\n");
//! host.line.device().quirks.lower = true;
//! host.line.device().reset();
//! assert_eq!(host.hear(3_000), "\r\nREADY\r\n");
//! assert_eq!(host.misuse(), [""; 0]);
//! ```

pub mod agent;
mod chassis;
mod command;
mod coverage;
mod general;
mod message;
mod quirks;
mod serial;
mod settings;
mod terminal;

use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

pub use chassis::{Chassis, TOO_SOON};
pub use command::{Arguments, Done, Failure, Prompt, Until, hex, unhex};
pub use quirks::{Identity, Manner, Oddities, Quirks, Restart, Sim};
pub use settings::{Context, Settings};
pub use terminal::Terminal;

use self::chassis::Power;
use super::Network;
use super::grammar::Form;

/// What makes a chassis a certain modem: its own commands, and what happens behind them.
///
/// Its value holds what this modem remembers besides the chassis' [`Settings`]. Handlers are given both as `&mut`.
pub trait Firmware: Default + Debug {
    /// What differs between the modem's firmwares, or what its manual leaves open.
    type Quirks: Oddities;

    /// What must be known of a command when the input behind its prompt is complete.
    type Input: Debug;

    /// What this modem does at a later time, see [`Chassis::later`].
    type Event: Debug;

    /// Who it says it is.
    const IDENTITY: Identity;

    /// The way it talks.
    fn manner(quirks: &Quirks<Self::Quirks>) -> Manner {
        let _ = quirks;
        Manner::default()
    }

    /// A command, by its name in upper case without `AT+`. `Ok(Done::Common)` leaves it to the chassis.
    ///
    /// # Errors
    /// The command is refused.
    fn command(
        &mut self,
        chassis: &mut Chassis<Self>,
        name: &str,
        form: &Form,
    ) -> Result<Done<Self::Input>, Failure>;

    /// A line that the grammar is not to see, because the manual gives it a form of its own. `None` leaves it to the
    /// grammar.
    fn odd_line(
        &mut self,
        chassis: &mut Chassis<Self>,
        line: &[u8],
    ) -> Option<Result<Done<Self::Input>, Failure>> {
        let _ = (chassis, line);
        None
    }

    /// The input behind a prompt is complete, or the host has cancelled it.
    ///
    /// # Errors
    /// It is refused.
    fn input(
        &mut self,
        chassis: &mut Chassis<Self>,
        input: Self::Input,
        bytes: &[u8],
        cancelled: bool,
    ) -> Result<Done<Self::Input>, Failure> {
        let _ = (chassis, input, bytes, cancelled);
        Err(Failure::state())
    }

    /// The time of an event has come.
    fn happen(&mut self, chassis: &mut Chassis<Self>, event: Self::Event) {
        let _ = (chassis, event);
    }

    /// Takes one datagram from the network; false if there is none.
    fn datagram(&mut self, chassis: &mut Chassis<Self>) -> bool {
        let _ = chassis;
        false
    }

    /// The network was found or lost: `chassis.settings.registered`.
    fn coverage(&mut self, chassis: &mut Chassis<Self>) {
        let _ = chassis;
    }

    /// The host has left the network (`AT+CFUN=0`, `AT+CGATT=0`): contexts are no longer active, and what stood on them
    /// must go.
    fn offline(&mut self, chassis: &mut Chassis<Self>) {
        let _ = chassis;
    }

    /// The modem goes down. Whatever was under way is gone already, the chassis' settings will be; here the firmware
    /// forgets, closes its sockets, and says its farewell.
    fn forget(&mut self, chassis: &mut Chassis<Self>, ending: Ending);

    /// The modem takes commands again. The boot lines come by themselves.
    fn booted(&mut self, chassis: &mut Chassis<Self>) {
        let _ = chassis;
    }
}

/// How a modem goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Without being asked: no farewell.
    Reset,
    /// By a command, and it comes back.
    Restart,
    /// By a command, and it stays off.
    Off,
}

/// A simulated modem: a chassis and its firmware, with a [`Network`] behind it.
///
/// It keeps its state as a real one does: a host that restarts alone finds what it left in its former life. Whatever the
/// [`Chassis`] offers is offered here as well.
#[derive(Debug)]
pub struct Module<F: Firmware, N> {
    /// What this modem does besides what all do.
    pub firmware: F,
    /// What all modems have.
    pub chassis: Chassis<F, N>,
}

impl<F: Firmware, N: Network + 'static> Module<F, N> {
    /// A modem that is switched on, has booted and begins to look for its network.
    pub fn new(network: N) -> Self {
        Self::with_quirks(network, Quirks::default())
    }

    /// The same with quirks.
    pub fn with_quirks(network: N, quirks: Quirks<F::Quirks>) -> Self {
        Self {
            firmware: F::default(),
            chassis: Chassis::new(network, quirks),
        }
    }

    /// A modem that is off until [`power_on`](Self::power_on).
    pub fn off(network: N) -> Self {
        let mut module = Self::new(network);
        module.chassis.power = Power::Off;
        module
    }

    /// The power key: the modem boots. Nothing happens if it is on.
    pub fn power_on(&mut self) {
        if self.chassis.power == Power::Off {
            let after = self.chassis.manner().boot_time;
            self.chassis.boot(after);
        }
    }

    /// A reset that nobody asked for: everything is forgotten (what [`say_at`](Chassis::say_at) was told, too), and the
    /// boot lines come.
    pub fn reset(&mut self) {
        self.shut_down(Ending::Reset);
        let after = self.chassis.manner().boot_time;
        self.chassis.boot(after);
    }

    fn shut_down(&mut self, ending: Ending) {
        self.chassis.shut_down();
        self.firmware.forget(&mut self.chassis, ending);
        self.chassis.forget_settings();
    }
}

impl<F: Firmware, N> Deref for Module<F, N> {
    type Target = Chassis<F, N>;

    fn deref(&self) -> &Self::Target {
        &self.chassis
    }
}

impl<F: Firmware, N> DerefMut for Module<F, N> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.chassis
    }
}

#[cfg(test)]
mod tests;
