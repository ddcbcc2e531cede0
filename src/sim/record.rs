//! A tap on a serial line that writes a [`Transcript`] of what goes over it.
//!
//! The [`Tap`] stands between a driver and its serial port and changes nothing. Bytes of one direction that follow each
//! other within a millisecond become one line, longer gaps become `~` lines. The bytes stay in memory until
//! [`transcript`](Recorder::transcript) is asked for; only then the secrets are masked, in each direction's whole
//! stream, so that one is found however it was cut into reads and writes. It never leaves this module unmasked.
//!
//! ```
//! use coap_modem::sim::Recorder;
//! use coap_modem::sim::transcript::{Header, Kind, Mode};
//! # use coap_modem::sim::{Replay, Transcript};
//! use embedded_io::Write;
//! # let text = "# modem: toy\n# source: an example\n# kind: simulated\n# mode: listen\n";
//! # let port = Replay::new(Transcript::parse("example.at", text)?).serial();
//!
//! let header = Header { modem: "toy".into(), source: "my desk".into(), kind: Kind::Recorded, mode: Mode::Dialog };
//! let recorder = Recorder::new("desk.at", header);
//! recorder.secret("7391");
//! recorder.call("connect coap://demo");
//! let mut serial = recorder.tap(port);
//! serial.write_all(b"AT+CPIN=\"7391\"\r")?;
//! let written = recorder.transcript().to_string();
//! assert!(written.contains("> AT+CPIN=\"<masked>\"\\r"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod mask;
#[cfg(test)]
mod tests;

use super::transcript::{Event, Header, Transcript};
use crate::time::{Instant, Millis};
use mask::Secrets;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The recording; clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct Recorder {
    tape: Arc<Mutex<Tape>>,
}

impl Recorder {
    /// A recording that begins now and takes the host's time.
    pub fn new(name: impl Into<String>, header: Header) -> Self {
        let start = std::time::Instant::now();
        let now = move || Instant::default().after(Millis::from_duration(start.elapsed()));
        Self::with_time(name, header, now)
    }

    /// A recording that takes its time from `now`: the virtual time of a simulation.
    pub fn with_time(
        name: impl Into<String>,
        header: Header,
        mut now: impl FnMut() -> Instant + Send + 'static,
    ) -> Self {
        let start = now();
        let tape = Tape {
            name: name.into(),
            header,
            now: Box::new(now),
            start,
            entries: Vec::new(),
            secrets: Secrets::default(),
        };
        Self {
            tape: Arc::new(Mutex::new(tape)),
        }
    }

    /// Masks these bytes, in both directions and in text, as they are and as hexadecimal digits: a PIN, a password, a
    /// pre-shared key. Also what was recorded already. No bytes at all are no secret.
    pub fn secret(&self, bytes: impl AsRef<[u8]>) {
        self.tape().secrets.add(bytes.as_ref());
    }

    /// Adds a `=` line.
    pub fn call(&self, text: impl Into<String>) {
        self.tape().push(Entry::Call(text.into()));
    }

    /// Adds a `#` line.
    pub fn remark(&self, text: impl Into<String>) {
        self.tape().push(Entry::Remark(text.into()));
    }

    /// Stands between a driver and this serial port.
    pub fn tap<S>(&self, serial: S) -> Tap<S> {
        Tap {
            serial,
            recorder: self.clone(),
        }
    }

    /// What was recorded so far, masked.
    pub fn transcript(&self) -> Transcript {
        self.tape().transcript()
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        // A holder that panicked left at worst a missing line.
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Tape {
    name: String,
    header: Header,
    now: Box<dyn FnMut() -> Instant + Send>,
    start: Instant,
    entries: Vec<Moment>,
    secrets: Secrets,
}

/// Neither the bytes nor the secrets: they are not masked yet.
impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("name", &self.name)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// Something, and when it began and when it was last added to.
struct Moment {
    first: Instant,
    last: Instant,
    entry: Entry,
}

enum Entry {
    Sent(Vec<u8>),
    Received(Vec<u8>),
    Call(String),
    Remark(String),
}

/// A pause after a whole line is told.
const LINE: Millis = Millis::new(1);

/// Within a line, and between a line and its echo, a pause is the UART's or the scheduler's: shorter ones are not told.
const LAG: Millis = Millis::new(20);

impl Tape {
    fn push(&mut self, entry: Entry) {
        let now = (self.now)();
        if self.joins_echo(now, &entry) {
            return;
        }
        if let Some(before) = self.entries.last_mut() {
            let pause = now.since(before.last);
            match (&mut before.entry, &entry) {
                (Entry::Sent(all), Entry::Sent(more))
                | (Entry::Received(all), Entry::Received(more))
                    if pause
                        < if all.ends_with(b"\r") || all.ends_with(b"\n") {
                            LINE
                        } else {
                            LAG
                        } =>
                {
                    all.extend_from_slice(more);
                    before.last = now;
                    return;
                }
                _ => {}
            }
        }
        self.entries.push(Moment {
            first: now,
            last: now,
            entry,
        });
    }

    /// A line and its echo interleave byte by byte; they are written as a line and a line. Whether the entry was so added.
    fn joins_echo(&mut self, now: Instant, entry: &Entry) -> bool {
        let [.., line, echo] = self.entries.as_mut_slice() else {
            return false;
        };
        let (Entry::Sent(sent), Entry::Received(echoed)) = (&mut line.entry, &mut echo.entry)
        else {
            return false;
        };
        if !sent.starts_with(echoed) || now.since(echo.last) >= LAG {
            return false;
        }
        match entry {
            Entry::Sent(more) => {
                sent.extend_from_slice(more);
                line.last = now;
            }
            Entry::Received(more)
                if sent
                    .get(echoed.len()..)
                    .is_some_and(|rest| rest.starts_with(more)) =>
            {
                echoed.extend_from_slice(more);
                echo.last = now;
            }
            _ => return false,
        }
        true
    }

    fn transcript(&self) -> Transcript {
        let mut header = self.header.clone();
        header.source = self.secrets.text(&header.source);
        let mut transcript = Transcript::new(self.name.clone(), header);
        let mut sent = self.masked(|entry| match entry {
            Entry::Sent(bytes) => Some(bytes),
            _ => None,
        });
        let mut received = self.masked(|entry| match entry {
            Entry::Received(bytes) => Some(bytes),
            _ => None,
        });
        let mut told = self.start;
        for moment in &self.entries {
            let event = match &moment.entry {
                Entry::Sent(_) => Event::Sent(sent.next().unwrap_or_default()),
                Entry::Received(_) => Event::Received(received.next().unwrap_or_default()),
                Entry::Call(text) => Event::Call(self.secrets.text(text)),
                Entry::Remark(text) => Event::Remark(self.secrets.text(text)),
            };
            if matches!(&event, Event::Sent(bytes) | Event::Received(bytes) if bytes.is_empty()) {
                continue; // wholly the tail of a secret whose mask stands before it
            }
            let gap = moment.first.since(told);
            if gap >= Millis::new(1) {
                transcript.push(Event::Pause(gap));
                told = moment.first;
            }
            transcript.push(event);
        }
        transcript
    }

    /// One direction's pieces, masked as the one stream that they were.
    fn masked<'t>(
        &'t self,
        of: impl Fn(&'t Entry) -> Option<&'t Vec<u8>>,
    ) -> std::vec::IntoIter<Vec<u8>> {
        let pieces: Vec<&[u8]> = self
            .entries
            .iter()
            .filter_map(|moment| of(&moment.entry))
            .map(Vec::as_slice)
            .collect();
        self.secrets.pieces(&pieces).into_iter()
    }
}

/// A serial port with a recorder on it.
#[derive(Clone, Debug)]
pub struct Tap<S> {
    serial: S,
    recorder: Recorder,
}

impl<S> Tap<S> {
    /// Gives the serial port back.
    pub fn into_inner(self) -> S {
        self.serial
    }

    fn received(&self, buffer: &[u8], count: usize) {
        let bytes = buffer.get(..count).unwrap_or(buffer);
        if !bytes.is_empty() {
            self.recorder.tape().push(Entry::Received(bytes.to_vec()));
        }
    }

    fn sent(&self, buffer: &[u8], count: usize) {
        let bytes = buffer.get(..count).unwrap_or(buffer);
        if !bytes.is_empty() {
            self.recorder.tape().push(Entry::Sent(bytes.to_vec()));
        }
    }
}

impl<S: embedded_io::ErrorType> embedded_io::ErrorType for Tap<S> {
    type Error = S::Error;
}

impl<S: embedded_io::Read> embedded_io::Read for Tap<S> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, S::Error> {
        let count = self.serial.read(buffer)?;
        self.received(buffer, count);
        Ok(count)
    }
}

impl<S: embedded_io::ReadReady> embedded_io::ReadReady for Tap<S> {
    fn read_ready(&mut self) -> Result<bool, S::Error> {
        self.serial.read_ready()
    }
}

impl<S: embedded_io::Write> embedded_io::Write for Tap<S> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, S::Error> {
        let count = self.serial.write(buffer)?;
        self.sent(buffer, count);
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), S::Error> {
        self.serial.flush()
    }
}

/// As safe to drop half-way as the serial port's own.
impl<S: embedded_io_async::Read> embedded_io_async::Read for Tap<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, S::Error> {
        let count = self.serial.read(buffer).await?;
        self.received(buffer, count);
        Ok(count)
    }
}

/// As safe to drop half-way as the serial port's own.
impl<S: embedded_io_async::Write> embedded_io_async::Write for Tap<S> {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, S::Error> {
        let count = self.serial.write(buffer).await?;
        self.sent(buffer, count);
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), S::Error> {
        self.serial.flush().await
    }
}
