//! What surrounds every simulated modem, and the way it talks.

use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

use crate::sim::grammar::Words;
use crate::time::Millis;

/// The state of the SIM card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sim {
    /// Nothing to enter.
    #[default]
    Ready,
    /// This PIN is wanted. Three wrong ones and the card wants the PUK, which is 12345678.
    Pin(String),
    /// The PUK is wanted, which is 12345678.
    Puk,
    /// There is no card.
    Missing,
}

impl Sim {
    /// A line of the boot, with what it says about the SIM card put right.
    pub(super) fn boot_line<'a>(&self, line: &'a str) -> &'a str {
        match self {
            Self::Pin(_) if line.starts_with("+CPIN:") => "+CPIN: SIM PIN",
            Self::Puk if line.starts_with("+CPIN:") => "+CPIN: SIM PUK",
            Self::Missing if line.starts_with("+CPIN:") => "+CPIN: NOT INSERTED",
            _ => line,
        }
    }
}

/// What may be different with any modem, and, behind it, what differs between the firmwares of this one.
///
/// A modem's own quirks are reached as if they were fields of this: `quirks.some_oddity = true`.
#[derive(Clone, Debug)]
pub struct Quirks<Q> {
    /// What is said after power-up, in this order, the first one when commands are accepted again.
    pub boot: Vec<String>,
    /// How long after power-up (or `AT+CFUN=1`) the network is found.
    pub registers_after: Millis,
    /// The network is never found. Default false.
    pub no_network: bool,
    /// The network is found and refuses the registration. Default false.
    pub denied: bool,
    /// The network is another operator's. Default false.
    pub roaming: bool,
    /// The SIM card at power-up.
    pub sim: Sim,
    /// Never says anything, as if nobody were there. Default false.
    pub silent: bool,
    /// ERROR to every command line. Default false.
    pub answers_error_to_everything: bool,
    /// The modem's own.
    pub own: Q,
}

/// What differs between the firmwares of one modem. The default is what the manual says.
pub trait Oddities: Default + Debug {
    /// What is said after power-up.
    const BOOT: &'static [&'static str];
    /// How long after power-up the network is found.
    const REGISTERS_AFTER: Millis = Millis::new(800);
}

impl<Q: Oddities> Default for Quirks<Q> {
    fn default() -> Self {
        Self {
            boot: Q::BOOT.iter().copied().map(String::from).collect(),
            registers_after: Q::REGISTERS_AFTER,
            no_network: false,
            denied: false,
            roaming: false,
            sim: Sim::default(),
            silent: false,
            answers_error_to_everything: false,
            own: Q::default(),
        }
    }
}

impl<Q> Deref for Quirks<Q> {
    type Target = Q;

    fn deref(&self) -> &Q {
        &self.own
    }
}

impl<Q> DerefMut for Quirks<Q> {
    fn deref_mut(&mut self) -> &mut Q {
        &mut self.own
    }
}

/// Who the modem says it is.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// `AT+CGMI`
    pub manufacturer: &'static str,
    /// `AT+CGMM`
    pub model: &'static str,
    /// `AT+CGMR`
    pub revision: &'static str,
    /// The lines of `ATI`.
    pub information: &'static [&'static str],
}

/// How `AT+CFUN` resets the modem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// `AT+CFUN=1,1`
    Second,
    /// `AT+CFUN=N` with one of these, which are no levels.
    Level(&'static [u32]),
    /// It does not.
    Never,
}

/// The way a modem talks, and its pace. Made anew whenever it is needed, so that it may depend on the quirks.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Whether commands hold bare words.
    pub words: Words,
    /// The longest command line.
    pub longest_line: usize,
    /// Commands are echoed after power-up.
    pub echo: bool,
    /// What the end of a line (CR) is echoed as.
    pub echo_end: &'static [u8],
    /// Input behind a prompt is echoed if commands are.
    pub echo_input: bool,
    /// A blank behind the colon of the lines that the chassis says.
    pub blank: bool,
    /// Each line of an answer stands between line ends of its own.
    pub frame_each: bool,
    /// The level of `AT+CMEE` after power-up.
    pub cmee: u32,
    /// The `+CME ERROR` of refusals that have none of their own; `None` for a plain ERROR.
    pub cme: Option<u16>,
    /// How long a prompt waits for its input.
    pub prompt_time: Millis,
    /// From switching on to the first line.
    pub boot_time: Millis,
    /// Between two lines of the boot.
    pub boot_step: Millis,
    /// How long a reset by command takes, to the first line.
    pub reset_time: Millis,
    /// The levels of `AT+CFUN`; 1 is the full one, and that after power-up.
    pub levels: &'static [u32],
    /// How `AT+CFUN` resets.
    pub restart: Restart,
    /// Says `+CPIN: READY` after the right PIN.
    pub pin_line: bool,
    /// The highest `n` of CREG, CGREG and CEREG.
    pub highest_report: u32,
    /// Area, cell and technology in registration lines with `n` = 2 or more, and the technology in `+COPS`.
    pub cell: (&'static str, &'static str, u8),
    /// How many PDP contexts there are, numbered from 1; at most 16.
    pub contexts: u8,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            words: Words::Refused,
            longest_line: 1500,
            echo: true,
            echo_end: b"\r",
            echo_input: true,
            blank: true,
            frame_each: false,
            cmee: 0,
            cme: None,
            prompt_time: Millis::from_secs(180),
            boot_time: Millis::new(2800),
            boot_step: Millis::new(150),
            reset_time: Millis::new(5900),
            levels: &[0, 1, 4],
            restart: Restart::Second,
            pin_line: true,
            highest_report: 2,
            cell: ("5650", "29A7DF4", 8),
            contexts: 16,
        }
    }
}
