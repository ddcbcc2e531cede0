//! Building a command line, strictly: no blank after a comma, quotes where they belong, and nothing from a caller that
//! could end a quoted argument or the line.

use super::At;
use super::line::counts;
use super::wait::{Feed, Wait, What};
use crate::error::{Error, Invalid, Resource, Waited};

/// A command under construction. Built by value, ended by a verb that says what is waited for.
#[must_use = "a command is sent by the verb that ends it, and its `.await`"]
pub struct Put<'f, 'b> {
    // One word: everything else stands in the conversation, so that passing a builder on by value costs nothing.
    at: &'f mut At<'b>,
}

impl<'f, 'b> Put<'f, 'b> {
    pub(super) fn new(at: &'f mut At<'b>, text: &str) -> Self {
        // A command before the last one's end is known would take its result for ours.
        at.failure = (!at.engine.start_command()).then_some(Waited::Busy.into());
        let mut put = Self { at };
        put.append(text.as_bytes());
        put
    }

    /// An argument of the driver's own, as it stands.
    pub fn text(mut self, text: &str) -> Self {
        self.separate();
        self.append(text.as_bytes());
        self
    }

    /// A number in decimal.
    pub fn num(mut self, value: u32) -> Self {
        self.separate();
        self.decimal(value);
        self
    }

    /// A number in decimal, in quotes.
    pub fn quoted_num(self, value: u32) -> Self {
        self.begin_quoted().part_num(value).end_quoted()
    }

    /// A piece of a quoted argument: a number in decimal.
    pub fn part_num(mut self, value: u32) -> Self {
        self.decimal(value);
        self
    }

    fn decimal(&mut self, value: u32) {
        // Digits by subtraction: division costs a library call where the core has none.
        let mut rest = value;
        let mut begun = false;
        for power in [
            1_000_000_000,
            100_000_000,
            10_000_000,
            1_000_000,
            100_000,
            10_000,
            1000,
            100,
            10,
            1,
        ] {
            let mut digit = b'0';
            while rest >= power {
                rest -= power;
                digit += 1;
            }
            if digit != b'0' || begun || power == 1 {
                begun = true;
                self.append(&[digit]);
            }
        }
    }

    /// A caller's text in quotes. Refused if it holds a quote, a control character or a byte beyond ASCII.
    pub fn quoted(self, text: &[u8]) -> Self {
        self.begin_quoted().part(text).end_quoted()
    }

    /// Bytes in quotes, as upper-case hexadecimal.
    pub fn quoted_hex(self, bytes: &[u8]) -> Self {
        self.begin_quoted().part_hex(bytes).end_quoted()
    }

    /// Bytes as upper-case hexadecimal, without quotes.
    pub fn hex(mut self, bytes: &[u8]) -> Self {
        self.separate();
        self.part_hex(bytes)
    }

    /// A caller's text without quotes. Refused if it holds anything but letters, digits, `.`, `:`, `-` and `_`.
    pub fn bare(mut self, text: &[u8]) -> Self {
        let carries = |byte: &u8| byte.is_ascii_alphanumeric() || b".:-_".contains(byte);
        if !text.iter().all(carries) {
            self.fail(Invalid::Character.into());
        }
        self.separate();
        self.append(text);
        self
    }

    /// Begins an argument in quotes, which [parts](Self::part) follow.
    pub fn begin_quoted(mut self) -> Self {
        self.separate();
        self.append(b"\"");
        self
    }

    /// A piece of a quoted argument: a caller's text. Refused as in [`quoted`](Self::quoted).
    pub fn part(mut self, text: &[u8]) -> Self {
        if !carries(text) {
            self.fail(Invalid::Character.into());
        }
        self.append(text);
        self
    }

    /// A piece of a quoted argument: bytes as upper-case hexadecimal.
    pub fn part_hex(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.append(&[digit(byte >> 4), digit(byte & 15)]);
        }
        self
    }

    /// Ends an argument in quotes.
    pub fn end_quoted(mut self) -> Self {
        self.append(b"\"");
        self
    }

    /// Bytes in quotes, as upper-case hexadecimal, that are not copied to the command's buffer: they come with
    /// [`ok_with`](Self::ok_with), which must end this command. One such argument a command.
    pub fn streamed_hex(self) -> Self {
        let put = self.begin_quoted();
        if put.at.failure.is_none() {
            put.at.engine.stream_here();
        }
        put.end_quoted()
    }

    /// Says which line is wanted besides the final result: one that begins so, with so many fields behind the prefix
    /// (`0..=15`; none given: any number). It is captured whether it comes before or after the final result.
    pub fn expect(self, prefix: &'static str, fields: &'static [u8]) -> Self {
        if self.at.failure.is_none() {
            self.at.engine.expect(prefix, counts(fields));
        }
        self
    }

    /// Narrows [`expect`](Self::expect) to lines whose first field is this number.
    pub fn first(self, id: u8) -> Self {
        if self.at.failure.is_none() {
            self.at.engine.expect_first(id);
        }
        self
    }

    /// Looks at the command without sending it: how many characters it has, those of a
    /// [stream](Self::streamed_hex) and the line's end left out.
    ///
    /// # Errors
    /// What building found.
    pub fn length(self) -> Result<usize, Error> {
        match self.at.failure.take() {
            Some(error) => Err(error),
            None => Ok(self.at.engine.unsent().len()),
        }
    }

    /// Sends, and waits for `OK` for at most so many milliseconds.
    ///
    /// # Errors
    /// What building found; [`ModemError::Refused`](crate::error::ModemError::Refused); [`Waited::Modem`].
    // One copy: a dialect has dozens of calls.
    #[inline(never)]
    pub fn ok(self, milliseconds: u32) -> Wait<'f, 'b> {
        self.end(What::Command, milliseconds)
    }

    /// Sends, and waits for `OK` and for the line that was [expected](Self::expect).
    pub fn answer(self, milliseconds: u32) -> Wait<'f, 'b> {
        self.end(What::Answer, milliseconds)
    }

    /// Sends, the bytes of [`streamed_hex`](Self::streamed_hex) among it, and waits for `OK`.
    pub fn ok_with(self, bytes: &'f [u8], milliseconds: u32) -> Feed<'f, 'b> {
        if self.at.failure.is_none() {
            self.at.engine.expect_stream(bytes.len());
        }
        self.end(What::Command, milliseconds).with(bytes)
    }

    /// Sends, and waits for the prompt `>` that asks for `length` bytes of input (0: input that is ended by a control
    /// character). If the final result comes at once instead, [`At::prompted`] says so.
    pub fn prompt(self, length: usize, milliseconds: u32) -> Wait<'f, 'b> {
        self.prompt_mark(b'>', length, milliseconds)
    }

    /// The same with another prompt.
    pub fn prompt_mark(self, mark: u8, length: usize, milliseconds: u32) -> Wait<'f, 'b> {
        if self.at.failure.is_none() {
            self.at.engine.expect_prompt(mark, length);
        }
        self.end(What::Prompt, milliseconds)
    }

    #[inline(never)]
    fn end(mut self, what: What, milliseconds: u32) -> Wait<'f, 'b> {
        self.append(b"\r");
        Wait::new(self.at, what, milliseconds)
    }

    fn separate(&mut self) {
        // The text of a command ends in `=`, its arguments in anything else.
        if !self.at.engine.wants_argument() {
            self.append(b",");
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.at.failure.is_none() && !self.at.engine.append(bytes) {
            self.fail(Resource::Command.into());
        }
    }

    fn fail(&mut self, error: Error) {
        self.at.failure.get_or_insert(error);
    }
}

/// Whether a text can stand between quotes in a command line: printable ASCII without the quote itself.
pub fn carries(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| matches!(byte, b' '..=b'~') && *byte != b'"')
}

pub(super) fn digit(nibble: u8) -> u8 {
    if nibble < 10 {
        b'0' + nibble
    } else {
        b'A' - 10 + nibble
    }
}
