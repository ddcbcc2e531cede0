//! A client, its line and its simulated module, for a test.

use crate::front::Polled;
use crate::message::Code;
use crate::modem::{Client, Dialect, Memory};
pub(super) use crate::sim::conformance::desk::*;
use crate::sim::conformance::{random, seed};
use crate::sim::{Line, LineClock, Serial, TestNetwork, TimeSource};
use crate::vendors::sara_r5::sim::{Quirks, SimSaraR5};
use crate::vendors::sara_r5::{SaraR5, SaraR5Sockets};

pub(super) type Module = SimSaraR5<TestNetwork>;
pub(super) type Front = Polled<Serial<Module>, LineClock<Module>>;
pub(super) type Host<'b, D = SaraR5> = Client<'b, D, Front>;
pub(super) type Sockets = SaraR5Sockets<false>;
pub(super) type Binary = SaraR5Sockets<true>;

/// A module with quirks, at the end of a line.
pub(super) fn line(change: impl FnOnce(&mut Quirks)) -> Line<Module> {
    seed();
    let mut quirks = Quirks::default();
    change(&mut quirks);
    let module = SimSaraR5::with_quirks(TestNetwork::default(), quirks);
    Line::new(module, TimeSource::Virtual)
}

/// Runs a test with a new client of a dialect whose inbox has so many bytes.
pub(super) fn with_inbox<const INBOX: usize, D: Dialect, T>(
    line: &Line<Module>,
    dialect: D,
    test: impl FnOnce(&mut Host<'_, D>) -> T,
) -> T {
    let mut memory =
        Memory::<{ SaraR5::LINE }, { SaraR5::COMMAND }, INBOX, { SaraR5::MESSAGE }>::new();
    let front = Polled::new(line.serial(), line.clock());
    test(&mut Client::with(dialect, &mut memory, front, random))
}

/// Runs a test with a new client of a dialect.
pub(super) fn with<D: Dialect, T>(
    line: &Line<Module>,
    dialect: D,
    test: impl FnOnce(&mut Host<'_, D>) -> T,
) -> T {
    with_inbox::<{ SaraR5::INBOX }, D, T>(line, dialect, test)
}

/// Runs a test with a new client of the module's own CoAP.
pub(super) fn native<T>(line: &Line<Module>, test: impl FnOnce(&mut Host<'_>) -> T) -> T {
    with(line, SaraR5::default(), test)
}

/// Runs a test with a new client of its sockets, in hexadecimal.
pub(super) fn sockets<T>(line: &Line<Module>, test: impl FnOnce(&mut Host<'_, Sockets>) -> T) -> T {
    with(line, Sockets::default(), test)
}

/// 2.05, as the link shows it.
pub(super) fn content<D: Dialect>() -> Code {
    shown::<D>(Code::CONTENT)
}

/// A code as the link shows it.
pub(super) fn shown<D: Dialect>(code: Code) -> Code {
    if D::CAPABILITIES.shows.detail {
        code
    } else {
        Code::new(code.class(), 0)
    }
}

/// The commands that went over the line since the last look.
pub(super) fn commands(line: &Line<Module>) -> Vec<String> {
    let sent = String::from_utf8_lossy(&line.sent()).into_owned();
    sent.split_terminator('\r').map(str::to_owned).collect()
}

/// Lets another host type something, and hears the answer for a while.
pub(super) fn typed(line: &Line<Module>, command: &str) {
    use crate::front::Clock as _;
    let bytes = format!("{command}\r");
    embedded_io::Write::write_all(&mut line.serial(), bytes.as_bytes()).unwrap();
    let until = line.now().after(crate::time::Millis::new(400));
    let mut clock = line.clock();
    while !line.now().reached(until) {
        clock.idle(until);
    }
}
