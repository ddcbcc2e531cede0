//! The simulated L610: the module's side of its AT commands, with the network of your choice behind it.
//!
//! Written from "FIBOCOM L610 CoAP AT commands" V1.0.1 (2020-06-13), chapter 1, and, for the call that the note takes for
//! granted, from what published drivers of the family send and wait for. What either leaves open is a field of [`Own`].
//!
//! The module carries datagrams and adds nothing to them, so there is no CoAP in it but a look (by `coap-lite`) whether
//! what it is given is a message at all, as the note demands.
//!
//! Strict: whatever the note does not promise to work is an error here, with the reason in
//! [`misuse`](crate::sim::module::Chassis::misuse). Deterministic: the same bytes at the same times give the same answers.
//!
//! ```
//! use coap_modem::sim::{Line, TestNetwork, TimeSource};
//! use coap_modem::vendors::l610::sim::SimL610;
//! use embedded_io::{Read, Write};
//!
//! let module = SimL610::new(TestNetwork::default());
//! let line = Line::new(module, TimeSource::Virtual);
//! let mut serial = line.serial(); // what the driver under test is given, with line.clock() or line.timer()
//!
//! serial.write_all(b"AT+MIPCALL?\r")?;
//! let mut answer = [0; 33];
//! serial.read_exact(&mut answer)?;
//! assert_eq!(&answer, b"AT+MIPCALL?\r\r\n+MIPCALL: 0\r\n\r\nOK\r\n");
//!
//! line.device().quirks.no_network = true; // and see what the driver does
//! line.device().reset();
//! assert!(line.device().misuse().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Left out: sockets (`MIPOPEN` and its kin), TLS and sleep, which a CoAP client has no use for: unknown commands here.

mod call;
mod coap;
pub mod quirks;

use self::call::Call;
use self::coap::Client;
pub use self::quirks::{CallLine, CloseSays, DataEnd, DataForm, HostTaken, Own, Refusals};
use crate::sim::Network;
use crate::sim::grammar::{Form, Words};
use crate::sim::module::{self, Done, Ending, Failure, Firmware, Identity, Manner, Module};
use crate::time::Millis;

/// A simulated L610 with a [`Network`] behind it.
pub type SimL610<N> = Module<L610Firmware, N>;

/// What surrounds the module, and what differs between its firmwares.
pub type Quirks = module::Quirks<Own>;

type Chassis = module::Chassis<L610Firmware>;
type Answer = Result<Done<()>, Failure>;

/// Ids that can be told apart; the first is 1.
const IDS: usize = 17;

/// What makes a module an L610.
#[derive(Debug, Default)]
pub struct L610Firmware {
    call: Call,
    clients: [Client; IDS],
    /// What the last call was dialled with, behind the 1: access point, user, password, as far as they were given.
    pub dialled: Vec<String>,
}

/// What is to happen.
#[derive(Debug)]
pub enum Event {
    /// The name in `AT+GTCOAPOPEN` has been looked up.
    Resolved {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// Dialling with this number is at its end.
    Dialled(u32),
}

impl Firmware for L610Firmware {
    type Quirks = Own;
    type Input = ();
    type Event = Event;

    const IDENTITY: Identity = Identity {
        manufacturer: "Fibocom",
        model: "L610-CN",
        revision: "16000.1000.00.00.00.00",
        information: &["Fibocom", "L610-CN", "16000.1000.00.00.00.00"],
    };

    fn manner(quirks: &Quirks) -> Manner {
        Manner {
            words: Words::Allowed,
            blank: quirks.blank_after_colon,
            // The card takes its time.
            boot_step: Millis::new(1200),
            ..Manner::default()
        }
    }

    fn command(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        let done = match name {
            "GTCOAPOPEN" => self.open(chassis, form),
            "GTCOAPSEND" => self.send(chassis, form),
            "GTCOAPCLOSE" => self.close(chassis, form),
            "MIPCALL" => self.mipcall(chassis, form),
            _ => return Ok(Done::Common),
        };
        done.map_err(|failure| said(chassis, failure))
    }

    fn happen(&mut self, chassis: &mut Chassis, event: Event) {
        match event {
            Event::Resolved { host, port } => self.opened(chassis, &host, port),
            Event::Dialled(number) => self.connected(chassis, number),
        }
    }

    fn datagram(&mut self, chassis: &mut Chassis) -> bool {
        self.receive(chassis)
    }

    fn coverage(&mut self, chassis: &mut Chassis) {
        if !chassis.settings.registered && self.call == Call::Up {
            self.lose_call(chassis);
        }
    }

    fn offline(&mut self, chassis: &mut Chassis) {
        if self.call == Call::Up {
            self.lose_call(chassis);
        }
    }

    fn forget(&mut self, chassis: &mut Chassis, _: Ending) {
        self.kill_clients(chassis);
        *self = Self::default();
    }
}

impl<N: Network + 'static> SimL610<N> {
    /// The network takes the call away, and with it every client: `+MIPCALL: 0`.
    pub fn drop_call(&mut self) {
        self.firmware.lose_call(&mut self.chassis);
    }

    /// The same, and nothing is said of it.
    pub fn drop_call_silently(&mut self) {
        self.firmware.lose_call_silently(&mut self.chassis);
    }

    /// The socket behind an id that is open.
    pub fn socket(&self, id: u8) -> Option<usize> {
        self.firmware.socket_of(id)
    }
}

/// The beginning of a line that nobody asked for.
fn unasked(chassis: &Chassis, name: &str) -> String {
    let head = chassis.head(name);
    if chassis.quirks.equals_sign {
        format!("+{name}=")
    } else {
        head
    }
}

/// A refusal, as it is said.
fn said(chassis: &Chassis, failure: Failure) -> Failure {
    match chassis.quirks.refusals {
        Refusals::Plain => failure,
        Refusals::Cme => failure.or_cme(3),
        Refusals::Tcpip => {
            let mut other = Failure::line("+TCPIP ERROR: 631");
            other.reason = failure.reason;
            other
        }
    }
}

#[cfg(test)]
mod tests;
