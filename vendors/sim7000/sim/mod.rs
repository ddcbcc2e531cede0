//! The simulated SIM7000: the module's side of its AT commands, with the network of your choice behind it.
//!
//! Written from "SIM7000 Series CoAP Application Note" V1.01, chapters 3 to 5, and from logs of real modules for what surrounds
//! it (echo, boot, registration, the context's lines). The CoAP on the network side is `coap-lite`'s. What the document leaves
//! open is a field of [`Quirks`].
//!
//! Strict: whatever the document does not promise to work is an error here, with the reason in
//! [`misuse`](crate::sim::module::Chassis::misuse), and so are things that work but that a polite host would not do.
//! Deterministic: the same bytes at the same times give the same answers.
//!
//! ```
//! use coap_modem::sim::{Line, TestNetwork, TimeSource};
//! use coap_modem::vendors::sim7000::sim::SimSim7000;
//! use embedded_io::{Read, Write};
//!
//! let module = SimSim7000::new(TestNetwork::default());
//! let line = Line::new(module, TimeSource::Virtual);
//! let mut serial = line.serial(); // what the driver under test is given, with line.clock() or line.timer()
//!
//! serial.write_all(b"AT+CCOAPINIT\r")?;
//! let mut answer = [0; 19];
//! serial.read_exact(&mut answer)?;
//! assert_eq!(&answer, b"AT+CCOAPINIT\r\r\nOK\r\n");
//!
//! line.device().quirks.read_keeps = true; // and see what the driver does
//! line.device().drop_pdp();
//! assert!(line.device().misuse().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What every simulated modem has is in [`sim::module`](crate::sim::module). The files here, in reading order: this one,
//! [`quirks`], `context` (chapter 4), `object` (3.1, 3.2, 3.4, 3.7: the object, sending, and what comes of it), `para` (3.3),
//! `packet` (3.4 to 3.6: the receive queue).

mod context;
mod object;
mod packet;
mod para;
pub mod quirks;

use self::object::Object;
pub use self::quirks::{Cnact, EmptyRead, Own, PdpLine, Quirks, RawHead, Sim, TokenShown};
use crate::sim::Network;
use crate::sim::grammar::{Form, Words};
use crate::sim::module::agent;
use crate::sim::module::{Done, Ending, Failure, Firmware, Identity, Manner, Module, Restart};

type Chassis = crate::sim::module::Chassis<Sim7000Firmware>;
type Answer = Result<Done<()>, Failure>;

/// A simulated SIM7000 with a [`Network`] behind it.
pub type SimSim7000<N> = Module<Sim7000Firmware, N>;

/// What makes a module a SIM7000.
#[derive(Debug, Default)]
pub struct Sim7000Firmware {
    context: context::State,
    object: Option<Object>,
    /// Questions that were answered badly since power-up.
    not_ready: u8,
    refused: u8,
}

/// What happens at a later time.
#[derive(Debug)]
pub enum Event {
    /// The context has its address: the number of the activation.
    Address(u32),
    /// The CoAP endpoint.
    Agent(agent::Event),
    /// A response has not come: the object's life, the message id.
    NoResponse(u32, u16),
}

impl From<agent::Event> for Event {
    fn from(event: agent::Event) -> Self {
        Self::Agent(event)
    }
}

impl<N: Network + 'static> SimSim7000<N> {
    /// The network takes the context away: `+APP PDP: DEACTIVE`; the object is of no use any more.
    pub fn drop_pdp(&mut self) {
        self.firmware.lose_context(&mut self.chassis);
        self.chassis.urc("+APP PDP: DEACTIVE");
    }

    /// The socket of the object fails: `+CCOAPACTION: 3`.
    pub fn fail_socket(&mut self) {
        self.firmware.fail_socket(&mut self.chassis);
    }

    /// The object's socket.
    pub fn socket(&self) -> Option<usize> {
        self.firmware.object.as_ref()?.socket()
    }

    /// How many packets are in the receive queue.
    pub fn packets(&self) -> usize {
        self.firmware.object.as_ref().map_or(0, Object::packets)
    }
}

impl Firmware for Sim7000Firmware {
    type Quirks = Own;
    type Input = ();
    type Event = Event;

    const IDENTITY: Identity = Identity {
        manufacturer: "SIMCOM_Ltd",
        model: "SIMCOM_SIM7000G",
        revision: "Revision:1529B11SIM7000G",
        information: &["SIM7000G R1529"],
    };

    fn manner(quirks: &Quirks) -> Manner {
        Manner {
            words: Words::Allowed,
            longest_line: quirks.longest_line,
            blank: quirks.blank_after_colon,
            restart: Restart::Second,
            cell: ("1A2D", "0B3C77A1", 9),
            ..Manner::default()
        }
    }

    fn command(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        if name.starts_with("CCOAP") {
            let cme = chassis.quirks.coap_errors_are_cme;
            return self.coap(chassis, name, form).map_err(|failure| match cme {
                true => failure.or_cme(3),
                false => failure.plain(),
            });
        }
        match (name, form) {
            ("CNACT", _) => self.activation(chassis, form),
            ("CNCFG", _) => self.configuration(form),
            ("CGNAPN", Form::Execute) => {
                let (head, apn) = (chassis.head(name), chassis.quirks.network_apn);
                Done::line(format!("{head}{},\"{apn}\"", u8::from(!apn.is_empty())))
            }
            ("CPOWD", Form::Write(_)) => {
                chassis.power_down_in(100, false);
                Done::ok(10)
            }
            ("CPIN", Form::Read) if self.not_ready < chassis.quirks.sim_not_ready => {
                self.not_ready += 1;
                Done::line(chassis.head(name) + "NOT READY")
            }
            ("CEREG" | "CGREG", Form::Read)
                if self.refused < chassis.quirks.refuses_registration =>
            {
                self.refused += 1;
                Err(Failure::state())
            }
            _ => Ok(Done::Common),
        }
    }

    fn happen(&mut self, chassis: &mut Chassis, event: Event) {
        match event {
            Event::Address(activation) => self.has_address(chassis, activation),
            Event::Agent(event) => self.agent_event(chassis, event),
            Event::NoResponse(life, id) => self.no_response(chassis, life, id),
        }
    }

    fn datagram(&mut self, chassis: &mut Chassis) -> bool {
        self.take_datagram(chassis)
    }

    fn offline(&mut self, chassis: &mut Chassis) {
        self.lose_context(chassis);
    }

    /// Everything that lives in the module's memory is gone.
    fn forget(&mut self, chassis: &mut Chassis, ending: Ending) {
        self.terminate(chassis);
        *self = Self::default();
        if ending != Ending::Reset {
            chassis.urc("NORMAL POWER DOWN");
        }
    }
}

#[cfg(test)]
mod tests;
