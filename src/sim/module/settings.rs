//! What a reset forgets: echo, error level, SIM, registration, PDP contexts.

use super::command::Failure;
use super::quirks::{Manner, Sim};
use crate::time::Instant;

/// What `AT+CGDCONT` and its relatives say about a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// 1 for IP, 2 for IPV6, 3 for IPV4V6.
    pub kind: u32,
    /// The access point.
    pub apn: String,
    /// The user's name, where a modem has a command for it.
    pub user: String,
    /// The password.
    pub password: String,
    /// 0 for none.
    pub authentication: u32,
    /// Whether it is active.
    pub active: bool,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            kind: 1,
            apn: String::new(),
            user: String::new(),
            password: String::new(),
            authentication: 0,
            active: false,
        }
    }
}

/// So many wrong PINs, and the card wants its PUK.
pub(super) const WRONG_PINS: u8 = 3;

/// What a reset brings back to its beginning.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Commands are echoed.
    pub echo: bool,
    /// The level of `AT+CMEE`.
    pub cmee: u32,
    /// The SIM card.
    pub sim: Sim,
    /// The level of `AT+CFUN`.
    pub functionality: u32,
    /// Registered with the network.
    pub registered: bool,
    /// Taken off the network by `AT+CGATT=0`.
    pub detached: bool,
    /// Unsolicited lines come out of the port that is simulated. Kept over a reset: modems store it.
    pub urcs: bool,
    /// The PDP contexts, from number 1 on.
    pub contexts: [Context; 16],
    /// Kept over a reset: it is the card that counts.
    pub(super) wrong_pins: u8,
    pub(super) searching_since: Instant,
    /// The `n` of CREG, CGREG and CEREG.
    pub(super) reports: [u32; 3],
    pub(super) psm: u32,
    pub(super) edrx: u32,
}

impl Settings {
    pub(super) fn new(sim: &Sim, manner: &Manner, now: Instant) -> Self {
        Self {
            echo: manner.echo,
            cmee: manner.cmee,
            sim: sim.clone(),
            functionality: 1,
            registered: false,
            detached: false,
            urcs: true,
            contexts: std::array::from_fn(|_| Context::default()),
            wrong_pins: 0,
            searching_since: now,
            reports: [0; 3],
            psm: 0,
            edrx: 0,
        }
    }

    /// Whether a PDP context, numbered from 1, is active.
    pub fn is_active(&self, context: u8) -> bool {
        let context = self.contexts.get(usize::from(context).wrapping_sub(1));
        context.is_some_and(|context| context.active)
    }

    /// A PDP context by its number, from 1 on.
    ///
    /// # Errors
    /// There is none of this number.
    pub fn context(&mut self, number: u8) -> Result<&mut Context, Failure> {
        let context = self.contexts.get_mut(usize::from(number).wrapping_sub(1));
        context.ok_or(Failure::misuse("a number out of range"))
    }

    /// Whether the SIM card has all that it wants.
    ///
    /// # Errors
    /// The `+CME ERROR` that says what it wants.
    pub fn sim_ready(&self) -> Result<(), Failure> {
        match self.sim {
            Sim::Ready => Ok(()),
            Sim::Missing => Err(Failure::cme(10)),
            Sim::Pin(_) => Err(Failure::cme(11)),
            Sim::Puk => Err(Failure::cme(12)),
        }
    }

    pub(super) fn back_to_default(&mut self, manner: &Manner) {
        self.echo = manner.echo;
        self.cmee = manner.cmee;
        self.reports = [0; 3];
    }
}
