//! The host's serial port as `embedded-io` wants it.

use serialport::SerialPort;
use std::fmt;
use std::io;
use std::time::Duration;

/// How long a write may take: a modem that holds the line by flow control is no modem that is gone.
const WRITE: Duration = Duration::from_secs(5);

/// A serial port.
pub(crate) struct Port(Box<dyn SerialPort>);

impl Port {
    /// Opens a port with 8 data bits, no parity, one stop bit, no flow control.
    pub(crate) fn open(name: &str, baud: u32) -> Result<Self, serialport::Error> {
        serialport::new(name, baud).timeout(WRITE).open().map(Self)
    }
}

/// The error of a serial port: it is gone.
#[derive(Debug)]
pub(crate) struct PortError(io::Error);

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for PortError {}

impl embedded_io::Error for PortError {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self.0.kind() {
            io::ErrorKind::TimedOut => embedded_io::ErrorKind::TimedOut,
            io::ErrorKind::Interrupted => embedded_io::ErrorKind::Interrupted,
            // A host's driver reports damaged bytes not as errors; what it reports means that the port is gone.
            _ => embedded_io::ErrorKind::BrokenPipe,
        }
    }
}

impl embedded_io::ErrorType for Port {
    type Error = PortError;
}

impl embedded_io::ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, PortError> {
        match self.0.bytes_to_read() {
            Ok(count) => Ok(count > 0),
            Err(error) => Err(PortError(error.into())),
        }
    }
}

impl embedded_io::Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        self.0.read(buffer).map_err(PortError)
    }
}

impl embedded_io::Write for Port {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, PortError> {
        self.0.write(buffer).map_err(PortError)
    }

    /// Nothing is kept back: the system sends as fast as the line allows.
    fn flush(&mut self) -> Result<(), PortError> {
        Ok(())
    }
}
