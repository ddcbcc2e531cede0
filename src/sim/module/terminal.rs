//! Somebody who types: for the tests of a simulated modem without a driver.

use embedded_io::{Read as _, ReadReady as _, Write as _};

use super::{Firmware, Module};
use crate::front::Clock as _;
use crate::sim::{Device, Line, LineClock, Network, Serial, TimeSource};
use crate::time::Millis;

/// A terminal at the line of a modem, in virtual time.
pub struct Terminal<D> {
    /// The line, for its other end too: `terminal.line.device()`.
    pub line: Line<D>,
    serial: Serial<D>,
    clock: LineClock<D>,
}

impl<D: Device> Terminal<D> {
    /// A terminal at a new line.
    pub fn new(device: D) -> Self {
        let line = Line::new(device, TimeSource::Virtual);
        Self {
            serial: line.serial(),
            clock: line.clock(),
            line,
        }
    }

    /// Types something.
    pub fn put(&mut self, bytes: &[u8]) {
        let _ = self.serial.write_all(bytes);
    }

    /// What comes within so many milliseconds, a character for each byte.
    pub fn hear(&mut self, milliseconds: u32) -> String {
        let until = self.clock.now().after(Millis::new(milliseconds));
        let mut heard = String::new();
        loop {
            while self.serial.read_ready().unwrap_or(false) {
                let mut buffer = [0; 64];
                let count = self.serial.read(&mut buffer).unwrap_or(0);
                heard.extend(buffer.iter().take(count).copied().map(char::from));
            }
            if self.clock.now().reached(until) {
                return heard;
            }
            self.clock.idle(until);
        }
    }

    /// Types a command and hears its answer (40 ms: no answer of the network is that quick).
    pub fn ask(&mut self, command: &str) -> String {
        self.put(command.as_bytes());
        self.put(b"\r");
        self.hear(40)
    }
}

impl<F: Firmware, N: Network + 'static> Terminal<Module<F, N>> {
    /// What the modem has noted of its host.
    pub fn misuse(&self) -> Vec<String> {
        self.line.device().misuse().to_vec()
    }
}
