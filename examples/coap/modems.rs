//! Which modems there are: a line each.

use crate::arguments::Arguments;
use crate::port::Port;
use crate::{Failure, random, recorded, remote, run};
use coap_modem::front::{Polled, StdClock};
use coap_modem::message::uri::Uri;
use coap_modem::sim::transcript::Kind;
use coap_modem::sim::{HostNetwork, Line, TimeSource};
use coap_modem::vendors::{bc28, bg96, l610, sara_r5, sim7000};

/// A modem, by its name on the command line.
pub(crate) struct Modem {
    pub(crate) name: &'static str,
    /// Its serial port's speed as it comes from the factory.
    pub(crate) baud: u32,
    /// The request through a simulated one.
    pub(crate) simulated: fn(&Arguments, &Uri<'_>) -> Result<u8, Failure>,
    /// The request through the one at a serial port.
    pub(crate) attached: fn(&Arguments, &Uri<'_>, Port) -> Result<u8, Failure>,
}

/// The modem of that name.
pub(crate) fn find(name: &str) -> Option<&'static Modem> {
    MODEMS.iter().find(|modem| modem.name == name)
}

/// Their names, for people.
pub(crate) fn names() -> String {
    let names: Vec<&str> = MODEMS.iter().map(|modem| modem.name).collect();
    names.join(", ")
}

/// Name, speed, the module's memory, the dialect with the settings that fit any request, and its simulated modem.
macro_rules! modems {
    ($($name:literal $baud:literal $memory:path, $dialect:expr, $simulated:expr;)*) => {
        const MODEMS: &[Modem] = &[$(Modem {
            name: $name,
            baud: $baud,
            simulated: |arguments, uri| {
                let line = Line::new($simulated(HostNetwork::new()), TimeSource::Real);
                ask!($name, Kind::Simulated, $memory, $dialect, arguments, uri, line.serial(), line.clock())
            },
            attached: |arguments, uri, port| {
                ask!($name, Kind::Recorded, $memory, $dialect, arguments, uri, port, StdClock::new())
            },
        }),*];
    };
}

macro_rules! ask {
    ($name:literal, $kind:expr, $memory:path, $dialect:expr, $arguments:ident, $uri:ident, $serial:expr, $clock:expr) => {{
        let clock = $clock;
        recorded($arguments, $name, $kind, $serial, |serial| {
            let mut memory = Box::new(<$memory>::new());
            let front = Polled::new(serial, clock);
            let mut client = coap_modem::modem::Client::with($dialect, &mut memory, front, random);
            run(&mut client, $arguments, $uri, &remote($uri)?)
        })
    }};
}

modems! {
    "bg96" 115_200 bg96::Memory, bg96::Bg96::default(), bg96::sim::SimBg96::new;
    "bc28" 9_600 bc28::Memory, bc28::Bc28::default(), bc28::sim::SimBc28::new;
    "l610" 115_200 l610::Memory, l610::L610::default(), l610::sim::SimL610::new;
    "sara-r5" 115_200 sara_r5::Memory, sara_r5::SaraR5::default(), sara_r5::sim::SimSaraR5::new;
    "sara-r5-sockets" 115_200 sara_r5::SocketsMemory, sara_r5::SaraR5Sockets::<false>::default(), sara_r5::sim::SimSaraR5::new;
    "sim7000" 115_200 sim7000::Memory, sim7000::Sim7000::default(), sim7000::sim::SimSim7000::new;
}
