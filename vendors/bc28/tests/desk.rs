//! A client, its line and its simulated modem, for a test.

use crate::client::{Blocking, Event, Request};
use crate::front::Polled;
use crate::modem::{Client, Memory};
pub(super) use crate::sim::conformance::desk::*;
use crate::sim::conformance::{random, seed};
use crate::sim::{Line, LineClock, Serial, TestNetwork, TimeSource};
use crate::time::Millis;
use crate::vendors::bc28::Bc28;
use crate::vendors::bc28::sim::{Quirks, SimBc28};
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType, ResponseType};
use core::future::Future;
use core::task::{Context, Waker};

pub(super) type Module = SimBc28<TestNetwork>;
pub(super) type Front = Polled<Serial<Module>, LineClock<Module>>;
pub(super) type Host<'b> = Client<'b, Bc28, Front>;

/// A module with quirks, at the end of a line.
pub(super) fn line(change: impl FnOnce(&mut Quirks)) -> Line<Module> {
    seed();
    let mut quirks = Quirks::default();
    change(&mut quirks);
    let module = SimBc28::with_quirks(TestNetwork::default(), quirks);
    Line::new(module, TimeSource::Virtual)
}

/// Runs a test with a new client with these settings.
pub(super) fn with_settings<T>(
    line: &Line<Module>,
    dialect: Bc28,
    test: impl FnOnce(&mut Host<'_>) -> T,
) -> T {
    let mut memory =
        Memory::<{ Bc28::LINE }, { Bc28::COMMAND }, { Bc28::INBOX }, { Bc28::MESSAGE }>::new();
    let front = Polled::new(line.serial(), line.clock());
    test(&mut Client::with(dialect, &mut memory, front, random))
}

/// Runs a test with a new client.
pub(super) fn with<T>(line: &Line<Module>, test: impl FnOnce(&mut Host<'_>) -> T) -> T {
    with_settings(line, Bc28::default(), test)
}

/// Begins a request and drops it after so many polls.
pub(super) fn drop_after(host: &mut Host<'_>, request: &Request<'_>, polls: usize) {
    let mut buffer = [0; 1400];
    let future = crate::client::CoapClient::request(host, request, &mut buffer);
    let mut future = core::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if future.as_mut().poll(&mut context).is_ready() {
            return;
        }
    }
}

/// The commands since the last look; an id and a token are shown as `ID` and `TOKEN`.
pub(super) fn commands(line: &Line<Module>) -> Vec<String> {
    let text = String::from_utf8_lossy(&line.sent()).into_owned();
    let shown = |command: &str| match command.strip_prefix("AT+QCOAPHEAD=5,") {
        Some(_) => "AT+QCOAPHEAD=5,ID,4,TOKEN".to_owned(),
        None => command.to_owned(),
    };
    let pieces = text.split_terminator(['\r', '\x1A']);
    pieces.map(shown).filter(|text| !text.is_empty()).collect()
}

pub(super) const ASK: MessageClass = MessageClass::Request(RequestType::Get);
pub(super) const CONTENT: MessageClass = MessageClass::Response(ResponseType::Content);

/// A message of the server's.
pub(super) fn message(kind: MessageType, code: MessageClass, id: u16, payload: &[u8]) -> Packet {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = code;
    // The server's own ids begin at 1.
    packet.header.message_id = 1000 + id;
    packet.set_token(vec![0xEE, 0x01]);
    packet.payload = payload.to_vec();
    packet
}

/// The same, numbered as a notification is.
pub(super) fn notification(id: u16, payload: &[u8]) -> Packet {
    let mut packet = message(MessageType::NonConfirmable, CONTENT, id, payload);
    packet.add_option(CoapOption::Observe, vec![9]);
    packet
}

/// Lets a message arrive so many milliseconds from now.
pub(super) fn inject(line: &Line<Module>, after: u32, packet: &Packet) {
    let (datagram, at) = (
        packet.to_bytes().unwrap(),
        line.now().after(Millis::new(after)),
    );
    let mut module = line.device();
    let socket = module.socket().unwrap();
    let server = "192.0.2.1:5683".parse().unwrap();
    module.network().inject(at, socket, server, &datagram);
}

/// What has gone out to the network since the last look.
pub(super) fn datagrams(line: &Line<Module>) -> Vec<Packet> {
    let sent = line.device().network().take_journal();
    let packets = sent.iter().map(|sent| Packet::from_bytes(&sent.datagram));
    packets.map(Result::unwrap).collect()
}

/// The next event in short: kind and payload.
pub(super) fn event(host: &mut Host<'_>) -> Option<(&'static str, Vec<u8>)> {
    let mut buffer = [0; 1400];
    host.event(Millis::new(100), &mut buffer)
        .unwrap()
        .map(|event| match event {
            Event::Response(view) => ("response", view.payload().to_vec()),
            Event::Request(view) => ("request", view.payload().to_vec()),
            Event::Lost(losses) => {
                assert!(losses.matter());
                ("lost", Vec::new())
            }
            Event::Restarted => ("restarted", Vec::new()),
            Event::LinkLost => ("link lost", Vec::new()),
        })
}
