//! The simulated BG96: the module's side of its AT commands, with the network of your choice behind it.
//!
//! Written from "BG96 CoAP Application Note" V1.0 (2021-03-04), chapter 3, and from logs of real modules for what
//! surrounds it (echo, boot, registration). The CoAP on the network side is `coap-lite`'s. What the document leaves open
//! is a field of [`Quirks`].
//!
//! Strict: whatever the document does not promise to work is an error here, with the reason in
//! [`Chassis::misuse`](crate::sim::module::Chassis::misuse), and
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
//! What every simulated modem has is in [`sim::module`](crate::sim::module). The files here, in reading order: this one,
//! [`quirks`], `general` and `pdp` (the module's commands that are not CoAP), `coap` (the CoAP commands), `options`
//! (table 2 of the document), `session` (what happens between module and server, by the chassis' CoAP agent), `report` (what
//! the host is told of it).

mod coap;
mod general;
mod options;
mod pdp;
pub mod quirks;
mod report;
mod session;

pub use self::coap::Sending;
pub use self::quirks::{OptionsShown, Own, Quirks, Sim, ZeroLength};
use self::session::Client;
pub use self::session::Event as SessionEvent;
use crate::sim::Network;
use crate::sim::grammar::Form;
use crate::sim::module::{Done, Ending, Failure, Firmware, Identity, Module, agent};

type Chassis = crate::sim::module::Chassis<Bg96Firmware>;
type Answer = Result<Done<Sending>, Failure>;

/// A simulated BG96 with a [`Network`] behind it.
pub type SimBg96<N> = Module<Bg96Firmware, N>;

/// What makes a module a BG96.
#[derive(Debug)]
pub struct Bg96Firmware {
    clients: [Client; 6],
    urc_port: &'static str,
    /// `AT+QIDEACT` was sent.
    deactivated: bool,
}

impl Default for Bg96Firmware {
    fn default() -> Self {
        Self {
            clients: [0, 1, 2, 3, 4, 5].map(Client::new),
            urc_port: "uart1",
            deactivated: false,
        }
    }
}

/// What happens at a later time.
#[derive(Debug)]
pub enum Event {
    /// `AT+QIACT` has come to its end.
    Activated(u8),
    /// Something in a session.
    Session(SessionEvent),
    /// Something in the CoAP agent of a session.
    Agent(agent::Event),
}

impl From<agent::Event> for Event {
    fn from(event: agent::Event) -> Self {
        Self::Agent(event)
    }
}

impl<N: Network + 'static> SimBg96<N> {
    /// The network takes the PDP context away: `+QIURC: "pdpdeact",1`; the sessions on it are gone without a word.
    pub fn drop_pdp(&mut self) {
        self.firmware.deactivate(&mut self.chassis, 1);
        self.chassis.urc("+QIURC: \"pdpdeact\",1");
    }

    /// The socket of an open session, by client identifier.
    pub fn socket(&self, client: usize) -> Option<usize> {
        self.firmware.clients.get(client)?.agent.socket()
    }
}

impl Firmware for Bg96Firmware {
    type Quirks = Own;
    type Input = Sending;
    type Event = Event;

    const IDENTITY: Identity = Identity {
        manufacturer: "Quectel",
        model: "BG96",
        revision: "BG96MAR02A07M1G",
        information: &["Quectel", "BG96", "Revision: BG96MAR02A07M1G"],
    };

    fn command(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        if !name.starts_with("QCOAP") {
            return self.general(chassis, name, form);
        }
        self.coap(chassis, name, form)
            .map_err(|failure| match chassis.quirks.coap_errors_are_cme {
                true => failure.or_cme(50),
                false => failure.plain(),
            })
    }

    fn input(
        &mut self,
        chassis: &mut Chassis,
        sending: Sending,
        payload: &[u8],
        cancelled: bool,
    ) -> Answer {
        self.payload(chassis, sending, payload, cancelled)
    }

    fn happen(&mut self, chassis: &mut Chassis, event: Event) {
        match event {
            Event::Activated(context) => self.activated(chassis, context),
            Event::Session(event) => self.session_event(chassis, event),
            Event::Agent(event) => {
                if let Ok(client) = self.client(event.agent) {
                    let news = client.agent.happen(chassis, event);
                    let life = client.life;
                    session::tell(chassis, event.agent, life, news);
                }
            }
        }
    }

    fn datagram(&mut self, chassis: &mut Chassis) -> bool {
        self.take_datagram(chassis)
    }

    fn offline(&mut self, chassis: &mut Chassis) {
        (1..=16).for_each(|context| self.deactivate(chassis, context));
    }

    /// Everything that lives in the module's memory is gone; the words are those of the logs.
    fn forget(&mut self, chassis: &mut Chassis, ending: Ending) {
        let active = chassis.settings.is_active(1);
        for client in &mut self.clients {
            client.agent.close(chassis);
        }
        // The port is stored, and outlives it.
        let urc_port = self.urc_port;
        *self = Self {
            urc_port,
            ..Self::default()
        };
        if ending != Ending::Reset {
            chassis.urc("POWERED DOWN");
        }
        if ending == Ending::Restart && active {
            chassis.urc_later(3000, "+QIURC: \"pdpdeact\",1");
        }
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
