//! A client, its line and its simulated modem, for a test.

use crate::front::Polled;
use crate::modem::{Client, Memory};
pub(super) use crate::sim::conformance::desk::*;
use crate::sim::conformance::{random, seed};
use crate::sim::{Line, LineClock, Serial, TestNetwork, TimeSource};
use crate::vendors::l610::L610;
use crate::vendors::l610::sim::{Quirks, SimL610};
use coap_lite::{MessageType, Packet};

pub(super) type Module = SimL610<TestNetwork>;
pub(super) type Front = Polled<Serial<Module>, LineClock<Module>>;
pub(super) type Host<'b> = Client<'b, L610, Front>;

/// A module with quirks, at the end of a line.
pub(super) fn line(change: impl FnOnce(&mut Quirks)) -> Line<Module> {
    seed();
    let mut quirks = Quirks::default();
    change(&mut quirks);
    let module = SimL610::with_quirks(TestNetwork::default(), quirks);
    Line::new(module, TimeSource::Virtual)
}

/// Runs a test with a new client of this dialect, whose inbox has so many bytes.
pub(super) fn with_dialect<const INBOX: usize, T>(
    line: &Line<Module>,
    dialect: L610,
    test: impl FnOnce(&mut Host<'_>) -> T,
) -> T {
    let mut memory = Memory::<{ L610::LINE }, { L610::COMMAND }, INBOX, { L610::MESSAGE }>::new();
    let front = Polled::new(line.serial(), line.clock());
    test(&mut Client::with(dialect, &mut memory, front, random))
}

/// Runs a test with a new client.
pub(super) fn with<T>(line: &Line<Module>, test: impl FnOnce(&mut Host<'_>) -> T) -> T {
    with_dialect::<{ L610::INBOX }, T>(line, L610::default(), test)
}

/// The commands that went over the line since this was last asked, data cut off.
pub(super) fn commands(line: &Line<Module>) -> Vec<String> {
    let sent = String::from_utf8(line.sent()).unwrap();
    let commands = sent.split_terminator('\r');
    commands
        .map(|command| command.split(",\"44").next().unwrap().to_owned())
        .collect()
}

/// Type, code and id of every datagram that went out since this was last asked, lost ones too.
pub(super) fn journal(line: &Line<Module>) -> Vec<(MessageType, u8, u16)> {
    let sent = line.device().network().take_journal();
    sent.iter()
        .map(|sent| {
            let packet = Packet::from_bytes(&sent.datagram).unwrap();
            let header = packet.header;
            (header.get_type(), header.code.into(), header.message_id)
        })
        .collect()
}
