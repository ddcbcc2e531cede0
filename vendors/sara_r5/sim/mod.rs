//! The simulated SARA-R5: the module's side of its AT commands, with the network of your choice behind it.
//!
//! Written from the guide (UBX-20032566, R01), chapters 2, 5 and 8, and from field logs for what surrounds it. The CoAP on the
//! network side is `coap-lite`'s. What the guide leaves open is a field of [`Quirks`].
//!
//! Strict: whatever the guide does not promise to work is an error here, with the reason in
//! [`misuse`](crate::sim::module::Chassis::misuse), and so are things that work but that a polite host would not do: bytes sooner
//! than 50 ms behind the prompt, a second exchange while one is under way, settings of the network with the radio on.
//! Deterministic: the same bytes at the same times give the same answers.
//!
//! ```
//! use coap_modem::sim::TestNetwork;
//! use coap_modem::sim::module::Terminal;
//! use coap_modem::vendors::sara_r5::sim::SimSaraR5;
//!
//! let mut host = Terminal::new(SimSaraR5::new(TestNetwork::default()));
//! host.ask("ATE0");
//! host.hear(1000); // registration
//! for command in ["AT+UPSD=0,100,1", "AT+UPSD=0,0,0", "AT+UPSDA=0,3"] {
//!     host.ask(command);
//! }
//! assert_eq!(host.hear(500), "\r\n+UUPSDA: 0,\"10.0.0.1\"\r\n");
//! for command in ["AT+UCOAP=4,1", "AT+UCOAP=2,2,1", "AT+UCOAP=1,\"coap://demo/hello\""] {
//!     assert_eq!(host.ask(command), "\r\nOK\r\n");
//! }
//! assert_eq!(host.ask("AT+UCOAPC=1"), "\r\nOK\r\n");
//! let hello = "48656C6C6F2066726F6D207468652064656D6F2073657276657221";
//! assert_eq!(host.hear(500), format!("\r\n+UCOAPCD: 2,0,\"{hello}\",0\r\n\r\n+UCOAPCR: 1,1\r\n"));
//! assert_eq!(host.misuse(), [""; 0]);
//! ```
//!
//! Error codes of `AT+UCOAPER` but 15,17, the time of every answer, and how a large response is told ([`Blocks`]) are made up.
//! CoAP over TCP goes as RFC 8323 has it. Left out: TCP sockets but for their numbers, security, `AT+UPING`. What every simulated modem has is in
//! [`sim::module`](crate::sim::module). The files here, in reading order: this one, [`quirks`], `access` (chapter 2), `sockets`
//! (chapter 5), `coap` (the commands of chapter 8), `exchange` (what happens between module and server), `address` (a URI as
//! options).

mod access;
mod address;
mod coap;
mod exchange;
pub mod quirks;
mod sockets;

use self::access::Access;
use self::coap::Native;
pub use self::quirks::{Activation, BlockFields, Blocks, Gives, Own, Quirks, Sim};
pub use self::sockets::Sending;
use self::sockets::Sockets;
use crate::sim::Network;
use crate::sim::grammar::Form;
use crate::sim::module::{
    Done, Ending, Failure, Firmware, Identity, Manner, Module, Restart, agent,
};

type Chassis = crate::sim::module::Chassis<SaraR5Firmware>;
type Answer = Result<Done<Sending>, Failure>;

/// A simulated SARA-R5 with a [`Network`] behind it.
pub type SimSaraR5<N> = Module<SaraR5Firmware, N>;

/// What makes a module a SARA-R5.
#[derive(Debug, Default)]
pub struct SaraR5Firmware {
    access: Access,
    sockets: Sockets,
    native: Native,
}

/// What happens at a later time.
#[derive(Debug)]
pub enum Event {
    /// The profile is active, or is not: the activation's serial.
    Activated(u32),
    /// The datagram of a socket goes: socket, its life.
    Depart(u8, u32),
    /// The bytes that wait at a socket are announced.
    Announce(u8, u32),
    /// The name of a server is looked up, and the request goes: the exchange's serial.
    Begin(u32),
    /// An exchange takes too long.
    GiveUp(u32),
    /// The end of an exchange is told: its serial, whether it was complete.
    Ended(u32, bool),
    /// Something in the CoAP agent.
    Agent(agent::Event),
}

impl From<agent::Event> for Event {
    fn from(event: agent::Event) -> Self {
        Self::Agent(event)
    }
}

impl<N: Network + 'static> SimSaraR5<N> {
    /// The network takes the context away: the profile is lost, and with it sockets and exchanges.
    pub fn drop_profile(&mut self) {
        self.firmware.lose_profile(&mut self.chassis);
    }

    /// A socket is closed from outside: `+UUSOCL`.
    pub fn close_socket(&mut self, socket: u8) {
        if self.firmware.vanish(&mut self.chassis, socket) {
            self.chassis.urc(format!("+UUSOCL: {socket}"));
        }
    }

    /// A socket vanishes without a word.
    pub fn vanish_socket(&mut self, socket: u8) {
        self.firmware.vanish(&mut self.chassis, socket);
    }

    /// The current profile of the module's own CoAP is what it was before anything was set, as if another host had restored an
    /// empty one.
    pub fn forget_profile(&mut self) {
        self.firmware.native.profile = coap::Profile::default();
    }

    /// The numbers of the sockets that are open.
    pub fn sockets(&self) -> Vec<u8> {
        self.firmware.sockets.numbers()
    }

    /// The network's handle of a socket, or of the module's own CoAP.
    pub fn handle(&self, socket: Option<u8>) -> Option<usize> {
        match socket {
            Some(number) => self.firmware.sockets.handle(number),
            None => self.firmware.native.handle(),
        }
    }

    /// Whether an exchange of the module's own CoAP is under way.
    pub fn is_busy(&self) -> bool {
        self.firmware.native.is_busy()
    }
}

impl Firmware for SaraR5Firmware {
    type Quirks = Own;
    type Input = Sending;
    type Event = Event;

    const IDENTITY: Identity = Identity {
        manufacturer: "u-blox",
        model: "SARA-R510S",
        revision: "02.06",
        information: &["SARA-R510S-01B-00"],
    };

    fn manner(quirks: &Quirks) -> Manner {
        Manner {
            longest_line: 2048,
            blank: quirks.blank_after_colon,
            cme: Some(3),
            restart: Restart::Level(&[15, 16]),
            contexts: 11,
            ..Manner::default()
        }
    }

    fn command(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        match name {
            "UCOAP" | "UCOAPC" | "UCOAPER" => self.coap(chassis, name, form),
            "USOCR" | "USOCL" | "USOST" | "USORF" | "USOCTL" | "UDCONF" => {
                self.socket_command(chassis, name, form)
            }
            _ => self.access_command(chassis, name, form),
        }
    }

    fn input(
        &mut self,
        chassis: &mut Chassis,
        sending: Sending,
        bytes: &[u8],
        _cancelled: bool,
    ) -> Answer {
        self.prompted(chassis, sending, bytes)
    }

    fn happen(&mut self, chassis: &mut Chassis, event: Event) {
        match event {
            Event::Activated(serial) => self.activated(chassis, serial),
            Event::Depart(socket, life) => self.depart(chassis, socket, life),
            Event::Announce(socket, life) => self.announce(chassis, socket, life),
            Event::Begin(serial) => self.begin(chassis, serial),
            Event::GiveUp(serial) => self.give_up(chassis, serial),
            Event::Ended(serial, complete) => self.ended(chassis, serial, complete),
            Event::Agent(event) => self.agent_event(chassis, event),
        }
    }

    fn datagram(&mut self, chassis: &mut Chassis) -> bool {
        self.socket_datagram(chassis) || self.exchange_datagram(chassis)
    }

    fn coverage(&mut self, chassis: &mut Chassis) {
        self.attached(chassis);
    }

    fn offline(&mut self, chassis: &mut Chassis) {
        self.lose_profile(chassis);
    }

    fn forget(&mut self, chassis: &mut Chassis, _ending: Ending) {
        self.sockets.forget(chassis);
        self.native.forget(chassis);
        self.access.forget();
    }

    fn booted(&mut self, chassis: &mut Chassis) {
        self.access.restore(chassis);
    }
}

#[cfg(test)]
mod tests;
