//! The pending command: its text, how far it went out, what is expected of it.
//!
//! All of it stands in the engine and none in a future, so that the next operation can put right what an abandoned one
//! left. Nothing here looks at received bytes; `super` does, and asks what is pending.

use super::{Engine, Phase};
use crate::at::line::after;
use crate::time::{Instant, Millis};

/// Makes text of bytes: gives what goes out at a place of it, as much as it can at a time.
type Make = for<'i> fn(&'i [u8], usize, &'i mut [u8; DIGITS]) -> &'i [u8];

/// How input goes out behind a prompt. Functions, so that an image holds those alone that its dialects name.
#[derive(Clone, Copy)]
pub struct Input {
    make: Make,
    /// Characters a byte, as a power of two.
    width: u8,
    end: Option<u8>,
}

impl Input {
    /// As it is; the modem counts it.
    pub const RAW: Self = Self {
        make: raw,
        width: 0,
        end: None,
    };

    /// As it is, and then this character.
    pub const fn raw_then(end: u8) -> Self {
        Self {
            end: Some(end),
            ..Self::RAW
        }
    }

    /// In hexadecimal, and then this character.
    pub const fn hex_then(end: u8) -> Self {
        Self {
            end: Some(end),
            ..Self::HEX
        }
    }

    pub(in crate::at) const HEX: Self = Self {
        make: hex,
        width: 1,
        end: None,
    };
}

fn raw<'i>(bytes: &'i [u8], from: usize, _: &'i mut [u8; DIGITS]) -> &'i [u8] {
    bytes.get(from..).unwrap_or(&[])
}

fn hex<'i>(bytes: &'i [u8], from: usize, digits: &'i mut [u8; DIGITS]) -> &'i [u8] {
    let mut count = 0;
    for digit in digits.iter_mut() {
        let place = from + count;
        let Some(byte) = bytes.get(place >> 1) else {
            break;
        };
        // The high half stands at even places.
        let nibble = if place & 1 == 0 { byte >> 4 } else { byte & 15 };
        *digit = super::super::command::digit(nibble);
        count += 1;
    }
    digits.get(..count).unwrap_or(&[])
}

/// No stream in the command's text.
pub(super) const NOWHERE: u16 = u16::MAX;

/// How many hexadecimal digits are made at a time.
const DIGITS: usize = 32;

impl Engine<'_> {
    /// Makes room for a command's text; false if the end of the last one is not known.
    pub(in crate::at) fn start_command(&mut self) -> bool {
        if self.is_busy() {
            return false;
        }
        self.cancel();
        true
    }

    /// Whether a command was left without its end.
    pub(in crate::at) fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Idle | Phase::Finished)
    }

    /// Forgets the pending command.
    pub(in crate::at) fn cancel(&mut self) {
        let empty = self.start == self.end && !self.is_counting();
        self.command_length = 0;
        self.command_sent = 0;
        self.stream_length = 0;
        self.stream_sent = 0;
        self.stream_at = NOWHERE;
        self.expect = "";
        self.first = None;
        self.captured = false;
        self.fence = false;
        self.torn = false;
        self.echoed = false;
        self.prompt = false;
        self.counts_input = false;
        self.phase = Phase::Idle;
        if empty {
            self.start = 0;
            self.end = 0;
        }
    }

    pub(in crate::at) fn append(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            let Some(slot) = self.command.get_mut(usize::from(self.command_length)) else {
                return false;
            };
            *slot = *byte;
            self.command_length += 1;
        }
        true
    }

    /// Whether the command's text so far ends where its first argument belongs.
    pub(in crate::at) fn wants_argument(&self) -> bool {
        let text = self.command.get(..usize::from(self.command_length));
        text.is_some_and(|text| text.ends_with(b"="))
    }

    pub(in crate::at) fn expect(&mut self, prefix: &'static str, counts: u16) {
        self.expect = prefix;
        self.counts = counts;
    }

    pub(in crate::at) fn expect_again(&mut self, prefix: &'static str, counts: u16) {
        self.expect(prefix, counts);
        self.captured = false;
    }

    pub(in crate::at) fn expect_first(&mut self, id: u8) {
        self.first = Some(id);
    }

    pub(in crate::at) fn expect_prompt(&mut self, mark: u8, length: usize) {
        self.prompt = true;
        self.mark = mark;
        self.counts_input = length > 0;
        self.stream_length = u16::try_from(length).unwrap_or(u16::MAX);
    }

    pub(in crate::at) fn begin_sending(&mut self, now: Instant, span: Millis) {
        self.phase = Phase::Sending;
        self.span = span;
        self.deadline = now.after(span);
    }

    /// Does not let the wait for the pending command end before `until`.
    pub(in crate::at) fn extend(&mut self, until: Instant) {
        if until.reached(self.deadline) {
            self.deadline = until;
        }
    }

    pub(in crate::at) fn nothing_sent(&self) -> bool {
        self.command_sent == 0
    }

    /// The command's text before its stream, and behind it.
    pub(in crate::at) fn command_text(&self) -> (&[u8], &[u8]) {
        let length = self.command_length;
        let text = self.command.get(..usize::from(length)).unwrap_or(&[]);
        text.split_at_checked(self.stream_at.min(length).into())
            .unwrap_or((text, &[]))
    }

    /// What is still to be sent of the command's text, as far as its stream.
    pub(in crate::at) fn unsent(&self) -> &[u8] {
        let before = self.command_sent <= self.stream_at && self.is_streaming();
        let end = if before && self.stream_at != NOWHERE {
            self.stream_at
        } else {
            self.command_length
        };
        self.command
            .get(usize::from(self.command_sent)..usize::from(end))
            .unwrap_or(&[])
    }

    /// The command's text goes on, at its end so far, with so many bytes in hexadecimal that are not in the buffer.
    pub(in crate::at) fn stream_here(&mut self) {
        self.stream_at = self.command_length;
        self.stream_form = Input::HEX;
    }

    /// So many bytes are to be streamed.
    pub(in crate::at) fn expect_stream(&mut self, bytes: usize) {
        self.stream_sent = 0;
        let end = usize::from(self.stream_form.end.is_some());
        self.stream_length =
            u16::try_from((bytes << self.stream_form.width) + end).unwrap_or(u16::MAX);
    }

    /// Whether something of the stream is unsent.
    pub(in crate::at) fn is_streaming(&self) -> bool {
        self.stream_sent < self.stream_length
    }

    /// Whether the stream goes out next: the input of a prompt, or what is in the middle of a command.
    pub(in crate::at) fn stream_due(&self) -> bool {
        let due = match self.phase {
            Phase::Streaming => true,
            Phase::Sending => self.command_sent == self.stream_at,
            _ => false,
        };
        due && self.is_streaming()
    }

    /// So many more bytes of the command's text went out.
    pub(in crate::at) fn command_went(&mut self, now: Instant, bytes: usize) {
        self.command_sent += u16::try_from(bytes).unwrap_or(0);
        if bytes > 0 {
            self.deadline = now.after(self.span);
        }
        if self.command_sent >= self.command_length {
            self.phase = Phase::Waiting;
        }
    }

    /// Begins the input that the prompt asked for, with its time limit.
    pub(in crate::at) fn begin_input(
        &mut self,
        now: Instant,
        length: usize,
        form: Input,
        span: Millis,
    ) {
        self.stream_form = form;
        self.expect_stream(length);
        self.span = span;
        self.resume_input(now);
    }

    /// Goes on with the input, as much as was announced with the prompt.
    pub(in crate::at) fn resume_input(&mut self, now: Instant) {
        self.phase = Phase::Streaming;
        self.deadline = now.after(self.span);
    }

    /// Gives what is unsent of the stream to `put`, which takes as much as it can.
    pub(in crate::at) fn stream(
        &mut self,
        now: Instant,
        input: &[u8],
        put: impl Fn(&[u8]) -> usize,
    ) {
        let Input { make, width, end } = self.stream_form;
        let end = end.map(|end| [end]);
        let data = usize::from(self.stream_length) - usize::from(end.is_some());
        let input = input.get(..data >> width).unwrap_or(input);
        let before = self.stream_sent;
        while self.is_streaming() {
            let mut digits = [0; DIGITS];
            let piece = match &end {
                Some(end) if usize::from(self.stream_sent) >= data => end,
                _ => make(input, self.stream_sent.into(), &mut digits),
            };
            let went = put(piece);
            self.stream_sent += u16::try_from(went).unwrap_or(0);
            if went < piece.len() || piece.is_empty() {
                break;
            }
        }
        if self.stream_sent > before {
            self.deadline = now.after(self.span);
        }
        if self.phase == Phase::Streaming && !self.is_streaming() {
            self.phase = Phase::Waiting;
        }
    }

    /// Replaces what is unsent of a torn command by something that no parser accepts, inside quotes or outside.
    pub(in crate::at) fn tear(&mut self, now: Instant) {
        self.command_length = self.command_sent;
        self.stream_at = NOWHERE;
        self.stream_length = 0;
        // Should it not fit, the line break still ends the line, and the modem's ERROR or OK is thrown away.
        if !self.append(b"\"~\"~\r") {
            self.command_length = self.command_sent;
            self.command_sent -= 1;
            self.command_length -= 1;
            self.append(b"\r");
        }
        self.torn = true;
        self.deadline = now.after(self.span);
    }

    /// Whether the modem may be waiting at a prompt that a character ends: its prompt was not heard, or perhaps the input
    /// was lost. It would wait for ever.
    pub(in crate::at) fn may_be_prompting(&self) -> bool {
        let typed = self.stream_length > 0 && self.stream_at == NOWHERE;
        self.prompt || (typed && !self.counts_input)
    }

    /// Sends one control character in place of a command.
    pub(in crate::at) fn control(&mut self, now: Instant, byte: u8, span: Millis) {
        self.command_length = 0;
        self.command_sent = 0;
        self.stream_at = NOWHERE;
        self.stream_length = 0;
        self.prompt = false;
        self.append(&[byte]);
        self.torn = true;
        self.begin_sending(now, span);
    }

    /// The captured line behind the expected prefix.
    pub(in crate::at) fn answer(&self) -> &[u8] {
        after(self.captured_line(), self.expect).unwrap_or(&[])
    }

    /// The captured line, whole.
    pub(in crate::at) fn captured_line(&self) -> &[u8] {
        if !self.captured {
            return &[];
        }
        self.line
            .get(usize::from(self.captured_start)..usize::from(self.captured_end))
            .unwrap_or(&[])
            .trim_ascii_end()
    }

    /// When the last byte came.
    pub(in crate::at) fn last_received(&self) -> Instant {
        self.last
    }
}
