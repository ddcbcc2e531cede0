//! A client, its line and its simulated modem, for a test.

use crate::front::Polled;
use crate::modem::{Client, Memory};
pub(super) use crate::sim::conformance::desk::*;
use crate::sim::conformance::{random, seed};
use crate::sim::{Line, LineClock, Serial, TestNetwork, TimeSource};
use crate::time::Millis;
use crate::vendors::bg96::Bg96;
use crate::vendors::bg96::sim::{Quirks, SimBg96};

pub(super) type Module = SimBg96<TestNetwork>;
pub(super) type Front = Polled<Serial<Module>, LineClock<Module>>;
pub(super) type Host<'b> = Client<'b, Bg96, Front>;

/// A module with quirks, at the end of a line.
pub(super) fn line(change: impl FnOnce(&mut Quirks)) -> Line<Module> {
    seed();
    let mut quirks = Quirks::default();
    change(&mut quirks);
    let module = SimBg96::with_quirks(TestNetwork::default(), quirks);
    Line::new(module, TimeSource::Virtual)
}

/// Runs a test with a new client whose inbox has so many bytes.
pub(super) fn with_inbox<const INBOX: usize, T>(
    line: &Line<Module>,
    test: impl FnOnce(&mut Host<'_>) -> T,
) -> T {
    let mut memory = Memory::<{ Bg96::LINE }, { Bg96::COMMAND }, INBOX, { Bg96::MESSAGE }>::new();
    let front = Polled::new(line.serial(), line.clock());
    test(&mut Client::new(&mut memory, front, random))
}

/// Runs a test with a new client whose dialect has settings.
pub(super) fn with_dialect<T>(
    line: &Line<Module>,
    dialect: Bg96,
    test: impl FnOnce(&mut Host<'_>) -> T,
) -> T {
    let mut memory = crate::vendors::bg96::Memory::new();
    let front = Polled::new(line.serial(), line.clock());
    test(&mut Client::with(dialect, &mut memory, front, random))
}

/// Types a line in the host's place, and lets the module answer.
pub(super) fn type_in(line: &Line<Module>, command: &str) {
    let typed = embedded_io::Write::write(&mut line.serial(), format!("{command}\r").as_bytes());
    assert_eq!(typed, Ok(command.len() + 1));
    let mut clock = line.clock();
    for _ in 0..100 {
        crate::front::Clock::idle(&mut clock, line.now().after(Millis::new(10)));
    }
}

/// Runs a test with a new client.
pub(super) fn with<T>(line: &Line<Module>, test: impl FnOnce(&mut Host<'_>) -> T) -> T {
    with_inbox::<{ Bg96::INBOX }, T>(line, test)
}
