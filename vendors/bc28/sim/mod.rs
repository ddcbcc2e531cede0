//! The simulated BC28: the module's side of its AT commands, with the network of your choice behind it.
//!
//! Written from "BC35-G&BC28 CoAP Application Note" V1.0 (2018-12-18), chapters 1 to 4, and from logs of real modules for
//! what surrounds it (echo, boot, registration). The CoAP on the network side is `coap-lite`'s. What the note leaves open is
//! a field of [`Own`].
//!
//! Strict: whatever the note does not promise to work is an error here, with the reason in `misuse()`, and so are things
//! that work but that a polite host would not do. Deterministic: the same bytes at the same times give the same answers.
//!
//! ```
//! use coap_modem::sim::TestNetwork;
//! use coap_modem::sim::module::Terminal;
//! use coap_modem::vendors::bc28::sim::SimBc28;
//!
//! let mut host = Terminal::new(SimBc28::new(TestNetwork::default()));
//! host.ask("ATE0");
//! assert_eq!(host.hear(1_000), "", "it looks for its network");
//! assert_eq!(host.ask("AT+QCOAPCREATE=56830"), "\r\nOK\r\n");
//! assert_eq!(host.ask("AT+QCOAPHEAD=3,5566"), "\r\nOK\r\n");
//! assert_eq!(host.ask("AT+QCOAPOPTION=1,11,\"hello\""), "\r\nOK\r\n");
//! assert_eq!(host.ask("AT+QCOAPSEND=0,1,192.0.2.1,5683"), "\r\n>");
//! host.put(b"\x1A");
//! let line = "+QCOAPURC: \"rsp\",2,2.05,5566,27,Hello from the demo server!";
//! assert_eq!(host.hear(300), format!("\r\nOK\r\n\r\n{line}\r\n"));
//! host.line.device().quirks.options_kept = true; // and see what the driver does
//! host.line.device().reset();
//! assert_eq!(host.misuse(), [""; 0]);
//! ```
//!
//! What every simulated modem has is in [`sim::module`](crate::sim::module). The files here, in reading order: this one,
//! [`quirks`], `general` (the module's commands that are not CoAP), `coap` (the CoAP commands), `options` (the list of 2.5),
//! `report` (what the host is told).

mod coap;
mod general;
mod options;
pub mod quirks;
mod report;

use self::coap::Context;
pub use self::coap::Sending;
pub use self::quirks::{DataShown, Own, PayloadTaken, Quirks, Sim};
use crate::sim::Network;
use crate::sim::grammar::{Form, Words};
use crate::sim::module::{
    Done, Ending, Failure, Firmware, Identity, Manner, Module, Restart, agent,
};
use crate::time::{Instant, Millis};

type Chassis = crate::sim::module::Chassis<Bc28Firmware>;
type Answer = Result<Done<Sending>, Failure>;

/// A simulated BC28 with a [`Network`] behind it.
pub type SimBc28<N> = Module<Bc28Firmware, N>;

/// What makes a module a BC28.
#[derive(Debug, Default)]
pub struct Bc28Firmware {
    context: Option<Context>,
    /// `Showra` and `Showrspopt`.
    show_sender: bool,
    show_options: bool,
    /// When the network was found.
    found: Instant,
}

/// What happens at a later time.
#[derive(Debug)]
pub enum Event {
    /// Something in the CoAP agent.
    Agent(agent::Event),
}

impl From<agent::Event> for Event {
    fn from(event: agent::Event) -> Self {
        Self::Agent(event)
    }
}

impl<N: Network + 'static> SimBc28<N> {
    /// The socket of the context.
    pub fn socket(&self) -> Option<usize> {
        self.firmware.context.as_ref()?.agent.socket()
    }
}

impl Firmware for Bc28Firmware {
    type Quirks = Own;
    type Input = Sending;
    type Event = Event;

    const IDENTITY: Identity = Identity {
        manufacturer: "Quectel",
        model: "BC28JA-02-STD",
        revision: "SECURITY,V150R100C20B300SP2",
        information: &["Quectel", "BC28JA-02-STD", "Revision:BC28JAR01A07"],
    };

    fn manner(quirks: &Quirks) -> Manner {
        Manner {
            words: Words::Allowed,
            longest_line: 2400,
            echo_end: b"\r\n",
            blank: !quirks.no_blank,
            frame_each: true,
            cme: Some(if quirks.own_numbers { 8001 } else { 50 }),
            boot_step: Millis::new(0),
            levels: &[0, 1],
            restart: Restart::Never,
            highest_report: 5,
            ..Manner::default()
        }
    }

    fn command(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        if name.starts_with("QCOAP") {
            self.coap(chassis, name, form)
        } else {
            self.general(chassis, name, form)
        }
    }

    fn input(
        &mut self,
        chassis: &mut Chassis,
        sending: Sending,
        typed: &[u8],
        cancelled: bool,
    ) -> Answer {
        self.typed(chassis, &sending, typed, cancelled)
    }

    fn happen(&mut self, chassis: &mut Chassis, event: Event) {
        let Event::Agent(event) = event;
        if let Some(context) = &mut self.context {
            let news = context.agent.happen(chassis, event);
            self.tell(chassis, news);
        }
    }

    fn datagram(&mut self, chassis: &mut Chassis) -> bool {
        let Some(context) = &mut self.context else {
            return false;
        };
        let Some((from, datagram)) = context.agent.take(chassis) else {
            return false;
        };
        let news = context.agent.handle(chassis, from, &datagram);
        self.tell(chassis, news);
        true
    }

    fn coverage(&mut self, chassis: &mut Chassis) {
        if chassis.settings.registered {
            self.found = chassis.now();
        }
    }

    fn booted(&mut self, chassis: &mut Chassis) {
        if chassis.quirks.waits_to_be_told {
            chassis.settings.functionality = 0;
            chassis.settings.detached = true;
        }
    }

    /// Everything that lives in the module's memory is gone.
    fn forget(&mut self, chassis: &mut Chassis, ending: Ending) {
        self.delete(chassis);
        *self = Self::default();
        if ending == Ending::Restart {
            chassis.urc("REBOOTING");
        }
    }
}

/// A refusal by what it means: the note's numbers, or those of a relative.
fn not_allowed(chassis: &Chassis) -> Failure {
    Failure::cme(if chassis.quirks.own_numbers { 8002 } else { 3 })
}

/// The same without a network.
fn no_network(chassis: &Chassis) -> Failure {
    Failure::cme(if chassis.quirks.own_numbers { 8009 } else { 30 })
}

#[cfg(test)]
mod tests;
