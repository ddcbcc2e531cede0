//! Bytes to lines, prompts and counted data; incremental, without a clock, never looking at a byte twice.
//!
//! The engine knows the pending command, so it can drop its own echo, take a prompt for a prompt only where one is due,
//! capture the one line that was asked for, and hand every other line to the dialect as unsolicited. Counted data (a
//! payload whose length its line declares) goes straight into the inbox, whatever bytes it holds.
//!
//! What a command leaves behind when its future is dropped (its text, how far it was sent, what was expected) stands
//! here, so that the next operation can put it right: see [`Phase`].
//!
//! Left out: characters that edit a line (backspace), since echo is off; a line that is longer than the buffer keeps its
//! beginning and its last field, the rest is counted as lost.

mod data;
mod pending;

pub use data::Form;
pub use pending::Input;

use super::inbox::{Inbox, count};
use super::line::{Fields, after};
use super::result::Final;
use crate::time::{Instant, Millis};

/// What a dialect knows about a line that may announce counted data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Counted {
    /// It does not, and will not.
    No,
    /// It may: ask again at the next comma, or at the end of the line. Said at the end of the line: the line goes on,
    /// the line break is part of it.
    Later,
    /// It cannot be said yet: ask again at the very next byte.
    Next,
    /// So many bytes follow at once.
    Now {
        /// Bytes of data (not of its text form).
        length: u16,
        /// How they are written.
        form: Form,
    },
    /// They have begun already: the end of the line is their beginning.
    Begun {
        /// Bytes of data (not of its text form).
        length: u16,
        /// How they are written.
        form: Form,
        /// How many bytes of the line are theirs, at most [`Counted::BEGUN`].
        bytes: u8,
    },
    /// Data of undeclared length follows inside the line, in a form that knows its end; then the line goes on. The line's
    /// meaning is asked for twice: before the data, when it opens the message, and at its end, without the data, when it
    /// commits it.
    Inside(Form),
}

impl Counted {
    /// How many bytes of data the line may hold when they are [recognised](Self::Begun).
    pub const BEGUN: usize = 8;
}

/// The two plain functions of a dialect that the engine calls.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Whether counted data follows a line's beginning (`false`) or the whole line (`true`).
    pub counted: fn(&[u8], bool) -> Counted,
    /// Writes the message or the note that an unsolicited line means; whether the line is known.
    pub urc: fn(&[u8], &mut Inbox<'_>) -> bool,
}

/// Where the pending command stands. Anything but `Idle` and `Finished` at the start of an operation means that an
/// earlier one was abandoned there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No command.
    Idle,
    /// Its text is being sent.
    Sending,
    /// Sent; the final result (or the prompt) is awaited.
    Waiting,
    /// The modem waits for input.
    Prompted,
    /// Input is being sent.
    Streaming,
    /// The final result came.
    Finished,
}

/// A pause in counted data that ends it: the declared length was wrong, or the rest is lost.
const GAP: Millis = Millis::new(100);

/// Room behind a captured line for the final result, in a buffer that has it.
const FINAL: u16 = 48;

/// Room at the end of the line buffer for the last field of a line that is too long, with its comma and perhaps a quote.
const TAIL: u16 = 8;

pub(super) struct Engine<'b> {
    line: &'b mut [u8],
    command: &'b mut [u8],
    /// The line being received is `line[start..end]`; a captured line stands before it.
    start: u16,
    end: u16,
    captured_start: u16,
    captured_end: u16,
    command_length: u16,
    command_sent: u16,
    stream_length: u16,
    stream_sent: u16,
    counted_left: u16,
    /// The length that was declared, of data whose form shows itself.
    declared: u16,
    /// Where in the command's text the bytes go that are not in its buffer.
    stream_at: u16,
    counts: u16,
    expect: &'static str,
    first: Option<u8>,
    last: Instant,
    /// When the wait for the pending command ends, and the span it was given.
    pub(super) deadline: Instant,
    pub(super) span: Millis,
    form: Form,
    half: Option<u8>,
    pub(super) result: Final,
    pub(super) phase: Phase,
    pub(super) captured: bool,
    /// Final results before the expected line belong to somebody else.
    pub(super) fence: bool,
    pub(super) torn: bool,
    /// The modem echoed the pending command.
    pub(super) echoed: bool,
    /// A prompt is awaited, and which.
    pub(super) prompt: bool,
    mark: u8,
    /// How what is streamed goes out.
    stream_form: Input,
    /// The modem counts the input that it takes: ESC would be a part of it.
    pub(super) counts_input: bool,
    asking: bool,
    /// The dialect wants to see the next byte.
    peeking: bool,
    /// What the form of the data has seen of it; its own affair.
    seen: u8,
    /// All of the data is there, and the next byte tells its form.
    deciding: bool,
    overflow: bool,
    held: bool,
    skip_line_feed: bool,
    skip_line: bool,
}

impl<'b> Engine<'b> {
    pub(super) fn new(line: &'b mut [u8], command: &'b mut [u8]) -> Self {
        let most = usize::from(u16::MAX);
        let (line_size, command_size) = (line.len().min(most), command.len().min(most));
        Self {
            line: line.get_mut(..line_size).unwrap_or_default(),
            command: command.get_mut(..command_size).unwrap_or_default(),
            start: 0,
            end: 0,
            captured_start: 0,
            captured_end: 0,
            command_length: 0,
            command_sent: 0,
            stream_length: 0,
            stream_sent: 0,
            counted_left: 0,
            declared: 0,
            stream_at: pending::NOWHERE,
            counts: 0,
            expect: "",
            first: None,
            last: Instant::from_millis(0),
            deadline: Instant::from_millis(0),
            span: Millis::new(0),
            form: Form::RAW,
            half: None,
            result: Final::Ok,
            phase: Phase::Idle,
            captured: false,
            fence: false,
            torn: false,
            echoed: false,
            prompt: false,
            mark: b'>',
            stream_form: Input::RAW,
            counts_input: false,
            asking: false,
            peeking: false,
            seen: 0,
            deciding: false,
            overflow: false,
            held: false,
            skip_line_feed: false,
            skip_line: false,
        }
    }

    /// Takes received bytes in.
    pub(super) fn handle(
        &mut self,
        now: Instant,
        bytes: &[u8],
        inbox: &mut Inbox<'_>,
        hooks: Hooks,
    ) {
        self.last = now;
        let mut rest = bytes;
        while let Some((&byte, tail)) = rest.split_first() {
            if self.counted_left > 0 || self.deciding {
                rest = self.payload(rest, inbox);
                continue;
            }
            rest = tail;
            match byte {
                b'\r' | b'\n' => self.end_of_line(byte, inbox, hooks),
                _ if self.skip_line => {}
                _ if self.asking && (byte == b',' || self.peeking) => {
                    self.push(byte);
                    if !self.overflow {
                        self.ask(false, inbox, hooks);
                    }
                }
                _ if self.end > self.start => self.push(byte),
                _ if byte == self.mark && self.prompt && self.phase == Phase::Waiting => {
                    self.phase = Phase::Prompted;
                    self.prompt = false;
                }
                b' ' | b'\t' => {}
                0..=0x1F | 0x7F.. => count(&mut inbox.losses.junk),
                _ => {
                    self.asking = byte == b'+';
                    self.push(byte);
                }
            }
        }
    }

    /// Nothing was received up to now: ends counted data that has stopped coming.
    pub(super) fn handle_silence(&mut self, now: Instant, inbox: &mut Inbox<'_>) {
        if self.is_counting() && now.reached(self.last.after(GAP)) {
            if self.deciding {
                // All of it came, and its line break comes late.
                self.deciding = false;
                inbox.commit();
                return;
            }
            self.counted_left = 0;
            tear_payload(inbox);
            self.next_line();
        }
    }

    /// When [`handle_silence`](Self::handle_silence) would end something.
    pub(super) fn gap(&self) -> Option<Instant> {
        self.is_counting().then(|| self.last.after(GAP))
    }

    fn is_counting(&self) -> bool {
        self.counted_left > 0 || self.deciding || self.held
    }

    fn push(&mut self, byte: u8) {
        // The last field may say how much data follows, so it must be whole: the end of the buffer is kept for it, and a
        // comma there begins it anew.
        let size = u16::try_from(self.line.len()).unwrap_or(u16::MAX);
        let tail = size.saturating_sub(TAIL).max(self.start);
        if byte == b',' && self.end > tail {
            self.end = tail;
            self.overflow = true;
        }
        match self.line.get_mut(usize::from(self.end)) {
            Some(slot) => {
                *slot = byte;
                self.end += 1;
            }
            None => self.overflow = true,
        }
    }

    fn next_line(&mut self) {
        self.start = if self.captured { self.captured_end } else { 0 };
        self.end = self.start;
        self.asking = false;
        self.peeking = false;
        self.overflow = false;
        self.held = false;
        self.skip_line = false;
    }

    fn current(&self) -> &[u8] {
        self.line
            .get(usize::from(self.start)..usize::from(self.end))
            .unwrap_or(&[])
    }

    /// Asks the dialect about counted data; begins it if there is some. True if the line is dealt with.
    fn ask(&mut self, whole: bool, inbox: &mut Inbox<'_>, hooks: Hooks) -> bool {
        let answer = (hooks.counted)(self.current(), whole);
        self.peeking = matches!(answer, Counted::Next);
        match answer {
            Counted::No => self.asking = false,
            Counted::Later => return whole,
            Counted::Next => {}
            Counted::Now { length, form } => {
                self.begin(length, form, inbox, hooks);
                self.skip_line_feed = whole && length > 0;
                self.skip_line = !whole;
                return true;
            }
            Counted::Begun {
                length,
                form,
                bytes,
            } => {
                let mut begun = [0; Counted::BEGUN];
                let count = usize::from(bytes).min(begun.len());
                self.end -= u16::from(bytes).min(self.end - self.start);
                let there = self.line.get(usize::from(self.end)..).unwrap_or(&[]);
                for (to, from) in begun.iter_mut().zip(there) {
                    *to = *from;
                }
                self.begin(length, form, inbox, hooks);
                self.skip_line = true;
                let mut rest = begun.get(..count).unwrap_or(&[]);
                while !rest.is_empty() && self.is_counting() {
                    rest = self.payload(rest, inbox);
                }
                return true;
            }
            Counted::Inside(form) if !whole => {
                self.meaning(inbox, hooks);
                self.asking = false;
                self.take(form, u16::MAX);
            }
            Counted::Inside(_) => self.asking = false,
        }
        false
    }

    /// Lets the dialect begin the message that the line up to here announces.
    fn meaning(&self, inbox: &mut Inbox<'_>, hooks: Hooks) {
        if !(hooks.urc)(self.current(), inbox) {
            // Its data must not end up in a message that it does not belong to.
            inbox.rollback();
            inbox.lost_message();
        }
        if self.overflow {
            // Fields in the middle are lost: rather no message than a part taken for the whole.
            count(&mut inbox.losses.lines);
            inbox.cut();
        }
    }

    /// The line up to here announces so much data, which begins now.
    fn begin(&mut self, length: u16, form: Form, inbox: &mut Inbox<'_>, hooks: Hooks) {
        self.meaning(inbox, hooks);
        self.take(form, length);
        self.next_line();
        if length == 0 {
            inbox.commit();
        }
    }

    fn take(&mut self, form: Form, length: u16) {
        self.counted_left = length;
        self.declared = length;
        self.form = form;
        self.half = None;
        self.seen = 0;
    }

    fn payload<'i>(&mut self, bytes: &'i [u8], inbox: &mut Inbox<'_>) -> &'i [u8] {
        if self.skip_line_feed {
            self.skip_line_feed = false;
            if let [b'\n', rest @ ..] = bytes {
                return rest;
            }
        }
        self.form.take(self, bytes, inbox)
    }

    fn end_of_line(&mut self, byte: u8, inbox: &mut Inbox<'_>, hooks: Hooks) {
        if self.skip_line {
            self.next_line();
            return;
        }
        if self.end == self.start && !self.overflow {
            return;
        }
        if self.asking && self.ask(true, inbox, hooks) {
            if self.skip_line {
                // The data was a part of the line; this line break is the first thing behind what the line had of it.
                if self.is_counting() && self.payload(&[byte], inbox).is_empty() {
                    return;
                }
                self.next_line();
            } else if self.counted_left == 0 && self.end > self.start {
                // The line goes on behind this line break.
                self.held = true;
                self.push(byte);
            }
            return;
        }
        if self.overflow && self.is_long_echo() {
            self.echoed = true;
        } else if self.overflow {
            crate::log::warning!("a line is longer than the line buffer");
            count(&mut inbox.losses.lines);
            inbox.note();
        } else {
            self.dispatch(inbox, hooks);
        }
        self.next_line();
    }

    fn dispatch(&mut self, inbox: &mut Inbox<'_>, hooks: Hooks) {
        let line = self.current().trim_ascii_end();
        if self.phase != Phase::Idle {
            if self.is_echo(line) {
                self.echoed = true;
                return;
            }
            if let Some(result) = Final::parse(line) {
                let refused = result != Final::Ok;
                let ours = match self.phase {
                    Phase::Waiting => !self.fence || self.captured,
                    Phase::Prompted | Phase::Streaming => refused,
                    _ => false,
                };
                if ours {
                    self.phase = Phase::Finished;
                    self.result = result;
                    if refused && !self.captured {
                        self.capture();
                    }
                } else {
                    if self.fence && refused {
                        // Somebody older's, or all that this modem ever says.
                        self.result = result;
                    }
                    count(&mut inbox.losses.unknown);
                }
                return;
            }
            if !self.captured && self.is_expected(line) {
                self.capture();
                return;
            }
        }
        if !(hooks.urc)(line, inbox) {
            count(&mut inbox.losses.unknown);
        }
    }

    fn is_echo(&self, line: &[u8]) -> bool {
        let (begin, end) = self.command_text();
        if self.stream_at == pending::NOWHERE {
            return begin.strip_suffix(b"\r") == Some(line);
        }
        // What was streamed is not looked at.
        let end = end.strip_suffix(b"\r").unwrap_or(end);
        line.strip_prefix(begin)
            .is_some_and(|rest| rest.ends_with(end))
    }

    /// Whether the line that is too long is the echo of a command with a stream in it.
    fn is_long_echo(&self) -> bool {
        self.phase != Phase::Idle
            && self.stream_at != pending::NOWHERE
            && self.current().starts_with(self.command_text().0)
    }

    fn is_expected(&self, line: &[u8]) -> bool {
        if self.expect.is_empty() {
            return false;
        }
        let Some(rest) = after(line, self.expect) else {
            return false;
        };
        let mut fields = Fields::new(rest);
        if let Some(first) = self.first
            && fields.clone().num() != Some(u32::from(first))
        {
            return false;
        }
        if self.counts == super::line::ANY {
            return true;
        }
        let mut mask = 1;
        while fields.next().is_some() {
            mask <<= 1;
        }
        self.counts & mask != 0
    }

    fn capture(&mut self) {
        self.captured = true;
        self.captured_start = self.start;
        // The final result behind it wants a place as well.
        let size = u16::try_from(self.line.len()).unwrap_or(u16::MAX);
        self.captured_end = self.end.min(size - (size >> 2).min(FINAL));
    }
}

/// A payload ended before its declared length.
fn tear_payload(inbox: &mut Inbox<'_>) {
    crate::log::warning!("a payload ended before its declared length");
    count(&mut inbox.losses.torn);
    inbox.cut();
    inbox.commit();
}
