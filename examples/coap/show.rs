//! What is shown on standard error: the dialog with a modem, messages, responses.

use crate::formats;
use coap_modem::message::{Format, Kind, Number, Opt, View};
use coap_modem::sim::Recorder;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use std::fmt::{Arguments, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::ops::Range;

/// Writes a line to standard error; if that is closed, nobody wants to know.
pub(crate) fn tell(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Which way something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Sent,
    Received,
}

/// Writes `> text` or `< text`, coloured if somebody is looking.
pub(crate) fn tell_way(way: Way, text: &str) {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (mark, colour) = match way {
        Way::Sent => ('>', "\x1b[36m"),
        Way::Received => ('<', "\x1b[32m"),
    };
    let (on, off) = if colours {
        (colour, "\x1b[0m")
    } else {
        ("", "")
    };
    tell(format_args!("{on}{mark} {text}{off}"));
}

/// Bytes with everything but printable ASCII escaped.
pub(crate) fn readable(bytes: &[u8]) -> String {
    bytes
        .escape_ascii()
        .fold(String::new(), |mut text, byte| {
            text.push(char::from(byte));
            text
        })
        .replace("\\\"", "\"")
        .replace("\\'", "'")
}

/// A CoAP message on one line: type, code, id, token, options, payload length.
pub(crate) fn message(bytes: &[u8]) -> String {
    let Ok(view) = View::parse(bytes) else {
        return format!("{} bytes that are no CoAP message", bytes.len());
    };
    let kind = match view.kind() {
        Kind::Confirmable => "CON",
        Kind::NonConfirmable => "NON",
        Kind::Acknowledgement => "ACK",
        Kind::Reset => "RST",
    };
    let mut text = format!(
        "{kind} {} {}, id {}",
        view.code(),
        view.code().name().unwrap_or("unknown"),
        view.id()
    );
    if !view.token().is_empty() {
        let _ = write!(text, ", token {}", hex(view.token()));
    }
    for option in view.options() {
        let _ = write!(text, ", {}", self::option(&option));
    }
    if !view.payload().is_empty() {
        let _ = write!(text, ", {} bytes of payload", view.payload().len());
    }
    text
}

/// An option with its name and value.
pub(crate) fn option(option: &Opt<'_>) -> String {
    let value = match (option.number.format(), option.uint()) {
        (Format::Empty, _) if option.value.is_empty() => String::new(),
        (Format::Uint, Some(number)) => match option.number {
            Number::CONTENT_FORMAT | Number::ACCEPT => {
                formats::name(number).map_or_else(|| number.to_string(), Into::into)
            }
            Number::BLOCK1 | Number::BLOCK2 => block(option),
            _ => number.to_string(),
        },
        (Format::Text, _) => format!("\"{}\"", readable(option.value)),
        _ => format!("0x{}", hex(option.value)),
    };
    format!("{} {value}", option.number).trim_end().to_owned()
}

/// Which block, whether more follow, and how large blocks are.
fn block(option: &Opt<'_>) -> String {
    match option.block() {
        Some(block) => {
            let more = if block.more() { "more" } else { "last" };
            format!("{}/{more}/{}", block.num(), block.size())
        }
        None => format!("0x{}", hex(option.value)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A serial port whose dialog is recorded and, if that is wanted, shown line by line.
pub(crate) struct Watched<S> {
    serial: S,
    recorder: Recorder,
    verbose: bool,
    sent: Vec<u8>,
    received: Vec<u8>,
    /// The modem has given a prompt: what is sent now has no line ends.
    prompted: bool,
}

impl<S> Watched<S> {
    pub(crate) const fn new(serial: S, recorder: Recorder, verbose: bool) -> Self {
        Self {
            serial,
            recorder,
            verbose,
            sent: Vec::new(),
            received: Vec::new(),
            prompted: false,
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        while !self.prompted
            && let Some(end) = self.sent.iter().position(|byte| *byte == b'\r')
        {
            let line: Vec<u8> = self.sent.drain(..=end).collect();
            self.line(Way::Sent, &line);
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        while let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.received.drain(..=end).collect();
            if !line.trim_ascii().is_empty() {
                self.input_ends();
            }
            self.line(Way::Received, &line);
        }
        if self.received.starts_with(b">") && self.received.trim_ascii_end() == b">" {
            self.received.clear();
            self.line(Way::Received, b">");
            self.prompted = true;
        }
    }

    /// What was typed at the prompt is over.
    fn input_ends(&mut self) {
        if self.prompted {
            self.prompted = false;
            let input = std::mem::take(&mut self.sent);
            if self.verbose && !input.is_empty() {
                tell_way(Way::Sent, &readable(&input));
            }
        }
    }

    fn line(&self, way: Way, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        // The modem's bytes are masked, not what is shown of them: an escaped secret is another one.
        let mut shown = Vec::new();
        let mut at = 0;
        for secret in secrets(line) {
            let value = line.get(secret.range.clone()).unwrap_or_default();
            if secret.only_in_quotes {
                self.recorder.secret([b"\"", value, b"\""].concat());
            } else {
                self.recorder.secret(value);
            }
            shown.extend_from_slice(line.get(at..secret.range.start).unwrap_or_default());
            shown.extend_from_slice(b"<masked>");
            at = secret.range.end;
        }
        shown.extend_from_slice(line.get(at..).unwrap_or_default());
        let text = readable(&shown);
        if self.verbose {
            tell_way(way, &text);
        }
    }
}

/// What was cut off in the middle is shown as it is.
impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.input_ends();
        let (sent, received) = (
            std::mem::take(&mut self.sent),
            std::mem::take(&mut self.received),
        );
        self.line(Way::Sent, &sent);
        self.line(Way::Received, &received);
    }
}

/// A part of a line that nobody should see.
struct Secret {
    range: Range<usize>,
    /// A name may be short and stand anywhere: it is masked only where it stands between quotes.
    only_in_quotes: bool,
}

/// The secrets in a line of the dialog, in order: a PIN, or the user name and password for the access point that the
/// modem has stored.
fn secrets(line: &[u8]) -> Vec<Secret> {
    let holds = |command: &[u8]| line.windows(command.len()).any(|part| part == command);
    let quotes: Vec<usize> = (0..line.len())
        .filter(|at| line.get(*at) == Some(&b'"'))
        .collect();
    // Behind a quote, up to another or to where the line was cut off.
    let between = |first: usize, end: Option<usize>| {
        let start = quotes.get(first)? + 1;
        let end = end.and_then(|quote| quotes.get(quote).copied());
        let range = start..end.filter(|end| *end >= start).unwrap_or(line.len());
        (!range.is_empty()).then_some(range)
    };
    let secret = |only_in_quotes| {
        move |range| Secret {
            range,
            only_in_quotes,
        }
    };
    if holds(b"+CPIN=") {
        let pin = between(0, Some(1)).map(secret(false));
        return pin.into_iter().collect();
    }
    if holds(b"+QICSGP") || holds(b"+CNCFG") {
        let name = between(2, Some(3)).map(secret(true));
        // The last one of the line: a password may hold a quote.
        let password = between(4, quotes.len().checked_sub(1)).map(secret(false));
        return name.into_iter().chain(password).collect();
    }
    Vec::new()
}

impl<S: ErrorType> ErrorType for Watched<S> {
    type Error = S::Error;
}

impl<S: Read> Read for Watched<S> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, S::Error> {
        let count = self.serial.read(buffer)?;
        self.received(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl<S: ReadReady> ReadReady for Watched<S> {
    fn read_ready(&mut self) -> Result<bool, S::Error> {
        self.serial.read_ready()
    }
}

impl<S: Write> Write for Watched<S> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, S::Error> {
        let count = self.serial.write(buffer)?;
        self.sent(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), S::Error> {
        self.serial.flush()
    }
}
