//! A client, its line and its simulated modem, for a test.

use crate::client::{Blocking, Event};
use crate::front::Polled;
use crate::modem::{Client, Memory};
pub(super) use crate::sim::conformance::desk::*;
use crate::sim::conformance::{random, seed};
use crate::sim::{Line, LineClock, Serial, TestNetwork, TimeSource};
use crate::time::Millis;
use crate::vendors::sim7000::sim::{Quirks, SimSim7000};
use crate::vendors::sim7000::{Settings, Sim7000};
use coap_lite::{MessageClass, MessageType, Packet, RequestType, ResponseType};

pub(super) type Module = SimSim7000<TestNetwork>;
pub(super) type Front = Polled<Serial<Module>, LineClock<Module>>;
pub(super) type Host<'b> = Client<'b, Sim7000, Front>;

pub(super) const CONTENT: MessageClass = MessageClass::Response(ResponseType::Content);
pub(super) const ASK: MessageClass = MessageClass::Request(RequestType::Get);

/// A module with quirks, at the end of a line.
pub(super) fn line(change: impl FnOnce(&mut Quirks)) -> Line<Module> {
    seed();
    let mut quirks = Quirks::default();
    change(&mut quirks);
    let module = SimSim7000::with_quirks(TestNetwork::default(), quirks);
    Line::new(module, TimeSource::Virtual)
}

/// Runs a test with a new client whose inbox has so many bytes, and with settings.
pub(super) fn with_memory<const INBOX: usize, T>(
    line: &Line<Module>,
    settings: Settings,
    test: impl FnOnce(&mut Host<'_>) -> T,
) -> T {
    let mut memory =
        Memory::<{ Sim7000::LINE }, { Sim7000::COMMAND }, INBOX, { Sim7000::MESSAGE }>::new();
    let front = Polled::new(line.serial(), line.clock());
    let dialect = Sim7000::with_settings(settings);
    test(&mut Client::with(dialect, &mut memory, front, random))
}

/// Runs a test with a new client with settings.
pub(super) fn with_settings<T>(
    line: &Line<Module>,
    settings: Settings,
    test: impl FnOnce(&mut Host<'_>) -> T,
) -> T {
    with_memory::<{ Sim7000::INBOX }, T>(line, settings, test)
}

/// Runs a test with a new client.
pub(super) fn with<T>(line: &Line<Module>, test: impl FnOnce(&mut Host<'_>) -> T) -> T {
    with_settings(line, Settings::default(), test)
}

/// The commands that went over the line since the last look.
pub(super) fn commands(line: &Line<Module>) -> Vec<String> {
    let sent = String::from_utf8(line.sent()).unwrap();
    sent.split_terminator('\r').map(String::from).collect()
}

/// Lets a message of the server's arrive so many milliseconds from now.
pub(super) fn inject(
    line: &Line<Module>,
    after: u32,
    code: MessageClass,
    id: u16,
    token: &[u8],
    payload: &[u8],
) {
    let mut packet = Packet::new();
    packet.header.set_type(MessageType::Confirmable);
    packet.header.code = code;
    packet.header.message_id = id;
    packet.set_token(token.to_vec());
    packet.payload = payload.to_vec();
    let (datagram, at) = (
        packet.to_bytes().unwrap(),
        line.now().after(Millis::new(after)),
    );
    let mut module = line.device();
    let socket = module.socket().unwrap();
    let server = "192.0.2.1:5683".parse().unwrap();
    module.network().inject(at, socket, server, &datagram);
}

/// The next event in short: kind and payload.
pub(super) fn event(host: &mut Host<'_>) -> Option<(&'static str, Vec<u8>)> {
    let mut buffer = [0; 1400];
    host.event(Millis::new(200), &mut buffer)
        .unwrap()
        .map(|event| match event {
            Event::Response(view) => ("response", view.payload().to_vec()),
            Event::Request(view) => ("request", view.payload().to_vec()),
            Event::Lost(losses) => {
                assert!(losses.matter());
                ("lost", vec![u8::try_from(losses.messages).unwrap()])
            }
            other => panic!("{other:?}"),
        })
}
