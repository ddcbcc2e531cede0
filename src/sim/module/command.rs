//! What a command handler is given and what it gives back.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use crate::sim::grammar::Argument;

/// A command that was accepted. `I` is what the modem must know of it when its input is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done<I> {
    /// These lines, then OK, after so many milliseconds.
    Said {
        /// Each without its line end.
        lines: Vec<Vec<u8>>,
        /// Milliseconds.
        after: u32,
    },
    /// These very bytes, the final result among them, after so many milliseconds: for answers that are framed in a way
    /// of their own.
    Raw {
        /// Everything, line ends too.
        bytes: Vec<u8>,
        /// Milliseconds.
        after: u32,
    },
    /// A prompt, then input.
    Prompt(Prompt<I>),
    /// The answer comes later: some event of the firmware gives it to [`Chassis::answer`](super::Chassis::answer).
    Later,
    /// This is no command of the firmware's own: whatever the chassis has under that name.
    Common,
}

impl<I> Done<I> {
    /// OK after so many milliseconds.
    ///
    /// # Errors
    /// Never; it is what a handler returns.
    pub const fn ok(after: u32) -> Result<Self, Failure> {
        Ok(Self::Said {
            lines: Vec::new(),
            after,
        })
    }

    /// A prompt, then input.
    ///
    /// # Errors
    /// Never; it is what a handler returns.
    pub const fn prompt(prompt: Prompt<I>) -> Result<Self, Failure> {
        Ok(Self::Prompt(prompt))
    }

    /// One line, then OK.
    ///
    /// # Errors
    /// Never; it is what a handler returns.
    pub fn line(line: impl Into<Vec<u8>>) -> Result<Self, Failure> {
        Self::lines([line])
    }

    /// Some lines, then OK.
    ///
    /// # Errors
    /// Never; it is what a handler returns.
    pub fn lines(lines: impl IntoIterator<Item: Into<Vec<u8>>>) -> Result<Self, Failure> {
        Ok(Self::Said {
            lines: lines.into_iter().map(Into::into).collect(),
            after: 5,
        })
    }
}

/// How the input behind a prompt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// After so many bytes, whatever they are.
    Count(usize),
    /// With Ctrl-Z; ESC cancels it.
    CtrlZ,
}

/// A prompt and the input that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt<I> {
    /// What the modem must know when the input is complete.
    pub input: I,
    /// How the input ends.
    pub until: Until,
    /// What the prompt looks like.
    pub text: &'static [u8],
    /// A backspace (0x08) takes the last byte back instead of being input.
    pub editing: bool,
    /// When the prompt comes, in milliseconds.
    pub after: u32,
}

impl<I> Prompt<I> {
    /// `CR LF > blank` after 10 ms.
    pub const fn new(input: I, until: Until) -> Self {
        Self {
            input,
            until,
            text: b"\r\n> ",
            editing: false,
            after: 10,
        }
    }

    /// Another look.
    #[must_use]
    pub const fn text(mut self, text: &'static [u8]) -> Self {
        self.text = text;
        self
    }

    /// A backspace takes the last byte back.
    #[must_use]
    pub const fn editing(mut self) -> Self {
        self.editing = true;
        self
    }
}

/// How the final result of a refused command is said.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    Error,
    Cme(u16),
    Line(String),
}

/// A command that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the host did wrong; `None` if the command was right and only came at a bad time.
    pub reason: Option<&'static str>,
    words: Words,
}

impl Failure {
    /// Plain ERROR, the host's fault.
    pub const fn misuse(reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            words: Words::Error,
        }
    }

    /// A command that the modem does not have.
    pub const fn command() -> Self {
        Self::misuse("an unknown command")
    }

    /// A form (read, write, test, execute) that the command does not have.
    pub const fn form() -> Self {
        Self::misuse("a form that the command does not have")
    }

    /// Plain ERROR, nobody's fault.
    pub const fn state() -> Self {
        Self {
            reason: None,
            words: Words::Error,
        }
    }

    /// A `+CME ERROR`, nobody's fault.
    pub const fn cme(number: u16) -> Self {
        Self {
            reason: None,
            words: Words::Cme(number),
        }
    }

    /// A final result of the modem's own, nobody's fault.
    pub fn line(line: impl Into<String>) -> Self {
        Self {
            reason: None,
            words: Words::Line(line.into()),
        }
    }

    /// The same with a `+CME ERROR`, unless it has words of its own.
    #[must_use]
    pub fn or_cme(mut self, number: u16) -> Self {
        if self.words == Words::Error {
            self.words = Words::Cme(number);
        }
        self
    }

    /// The same as a plain ERROR.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.words = Words::Error;
        self
    }

    /// The final result as it is said, by the level of `AT+CMEE`.
    pub(super) fn result(&self, cmee: u32) -> String {
        match (&self.words, cmee) {
            (Words::Cme(number), 1) => format!("\r\n+CME ERROR: {number}\r\n"),
            (Words::Cme(number), 2) => format!("\r\n+CME ERROR: {}\r\n", verbose(*number)),
            (Words::Line(line), _) => format!("\r\n{line}\r\n"),
            _ => "\r\nERROR\r\n".into(),
        }
    }
}

/// 3GPP TS 27.007 section 9.2.
const fn verbose(number: u16) -> &'static str {
    match number {
        3 => "operation not allowed",
        4 => "operation not supported",
        10 => "SIM not inserted",
        11 => "SIM PIN required",
        12 => "SIM PUK required",
        16 => "incorrect password",
        30 => "no network service",
        50 => "incorrect parameters",
        _ => "unknown",
    }
}

/// The arguments of a write command, each asked for in the one form that the manual gives it.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a>(pub &'a [Argument]);

impl<'a> Arguments<'a> {
    /// Refuses any other number of arguments.
    ///
    /// # Errors
    /// Another number of arguments.
    pub fn count(self, allowed: &[usize]) -> Result<(), Failure> {
        if allowed.contains(&self.0.len()) {
            Ok(())
        } else {
            Err(Failure::misuse("a wrong number of arguments"))
        }
    }

    /// How many there are, omitted ones too.
    #[allow(clippy::len_without_is_empty, reason = "there is always one at least")]
    pub const fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there is something at a place.
    pub fn has(self, place: usize) -> bool {
        !matches!(self.0.get(place), None | Some(Argument::Omitted))
    }

    /// The arguments from a place on.
    #[must_use]
    pub fn from(self, place: usize) -> Self {
        Self(self.0.get(place..).unwrap_or_default())
    }

    /// Whatever stands at a place.
    ///
    /// # Errors
    /// Nothing.
    pub fn raw(self, place: usize) -> Result<&'a Argument, Failure> {
        self.0
            .get(place)
            .ok_or(Failure::misuse("a missing argument"))
    }

    /// A bare number in a range.
    ///
    /// # Errors
    /// Anything else.
    pub fn number(self, place: usize, range: RangeInclusive<u32>) -> Result<u32, Failure> {
        match self.raw(place)? {
            Argument::Number(number) if range.contains(number) => Ok(*number),
            Argument::Number(_) => Err(Failure::misuse("a number out of range")),
            Argument::Text(_) => Err(Failure::misuse("quotes around a number")),
            Argument::Word(_) => Err(Failure::misuse("a word in place of a number")),
            Argument::Omitted => Err(Failure::misuse("a missing argument")),
        }
    }

    /// The same for a number that fits into a byte.
    ///
    /// # Errors
    /// Anything else.
    pub fn byte(self, place: usize, range: RangeInclusive<u8>) -> Result<u8, Failure> {
        let (from, to) = range.into_inner();
        let number = self.number(place, from.into()..=to.into())?;
        u8::try_from(number).map_err(|_| Failure::misuse("a number out of range"))
    }

    /// The same for a number of 16 bits.
    ///
    /// # Errors
    /// Anything else.
    pub fn short(self, place: usize, range: RangeInclusive<u16>) -> Result<u16, Failure> {
        let (from, to) = range.into_inner();
        let number = self.number(place, from.into()..=to.into())?;
        u16::try_from(number).map_err(|_| Failure::misuse("a number out of range"))
    }

    /// A quoted string.
    ///
    /// # Errors
    /// Anything else.
    pub fn bytes(self, place: usize) -> Result<&'a [u8], Failure> {
        match self.raw(place)? {
            Argument::Text(text) => Ok(text),
            Argument::Number(_) | Argument::Word(_) => {
                Err(Failure::misuse("a string without quotes"))
            }
            Argument::Omitted => Err(Failure::misuse("a missing argument")),
        }
    }

    /// A quoted string that is text.
    ///
    /// # Errors
    /// Anything else.
    pub fn text(self, place: usize) -> Result<&'a str, Failure> {
        std::str::from_utf8(self.bytes(place)?)
            .map_err(|_| Failure::misuse("a string that is not UTF-8"))
    }

    /// A quoted string of hexadecimal digits, as bytes.
    ///
    /// # Errors
    /// Anything else.
    pub fn hex(self, place: usize) -> Result<Vec<u8>, Failure> {
        unhex(self.bytes(place)?).ok_or(Failure::misuse("a string that is not hex"))
    }

    /// A bare word, all of whose letters may be digits.
    ///
    /// # Errors
    /// Anything else.
    pub fn word(self, place: usize) -> Result<Cow<'a, str>, Failure> {
        match self.raw(place)? {
            Argument::Word(word) => Ok(String::from_utf8_lossy(word)),
            Argument::Number(number) => Ok(number.to_string().into()),
            Argument::Text(_) => Err(Failure::misuse("quotes around a word")),
            Argument::Omitted => Err(Failure::misuse("a missing argument")),
        }
    }

    /// A bare word of hexadecimal digits, as bytes.
    ///
    /// # Errors
    /// Anything else.
    pub fn hex_word(self, place: usize) -> Result<Vec<u8>, Failure> {
        unhex(self.word(place)?.as_bytes()).ok_or(Failure::misuse("a word that is not hex"))
    }
}

/// Upper-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// The bytes of hex digits of either case.
pub fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(nibble(*high)? << 4 | nibble(*low)?).ok(),
            _ => None,
        })
        .collect()
}
