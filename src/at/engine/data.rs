//! The forms of counted data: how a payload is written in, or behind, the line that announces it.
//!
//! A form is a function, so that an image holds those alone that its dialects name.

use super::super::inbox::Inbox;
use super::super::line::nibble;
use super::{Engine, tear_payload};
use core::fmt;

/// Takes what it wants of the bytes, and gives back the rest.
type Take = for<'i> fn(&mut Engine<'_>, &'i [u8], &mut Inbox<'_>) -> &'i [u8];

/// How counted data is written.
#[derive(Clone, Copy)]
pub struct Form(Take);

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form")
    }
}

/// What [`Form::TEXT_OR_HEX`] has seen: something that is no digit; a blank before the data.
const NO_DIGIT: u8 = 1;
const BLANK: u8 = 2;

impl Form {
    /// As it is: any byte may occur.
    pub const RAW: Self = Self(raw);
    /// Two hexadecimal digits a byte, perhaps in quotes.
    pub const HEX: Self = Self(hex);
    /// As it is, or in hexadecimal digits; what comes tells. They are hexadecimal if so many digits are not the end of the
    /// line. A blank before the data does not count, if it is not needed to make up their number.
    pub const TEXT_OR_HEX: Self = Self(text_or_hex);
    /// Hexadecimal digits in quotes, of a length that is not told ([`Counted::Inside`](super::Counted::Inside)). The
    /// quotes stay in the line, with nothing between them.
    pub const QUOTED: Self = Self(quoted);

    pub(super) fn take<'i>(
        self,
        engine: &mut Engine<'_>,
        bytes: &'i [u8],
        inbox: &mut Inbox<'_>,
    ) -> &'i [u8] {
        (self.0)(engine, bytes, inbox)
    }
}

fn raw<'i>(engine: &mut Engine<'_>, bytes: &'i [u8], inbox: &mut Inbox<'_>) -> &'i [u8] {
    let rest = some(engine, bytes, inbox);
    if engine.counted_left == 0 {
        inbox.commit();
    }
    rest
}

/// As much of it as is left.
fn some<'i>(engine: &mut Engine<'_>, bytes: &'i [u8], inbox: &mut Inbox<'_>) -> &'i [u8] {
    let (data, rest) = bytes
        .split_at_checked(usize::from(engine.counted_left))
        .unwrap_or((bytes, &[]));
    inbox.push(data);
    // Not more than were left, so it fits.
    engine.counted_left -= u16::try_from(data.len()).unwrap_or(engine.counted_left);
    rest
}

fn hex<'i>(engine: &mut Engine<'_>, bytes: &'i [u8], inbox: &mut Inbox<'_>) -> &'i [u8] {
    let rest = digits(engine, bytes, inbox);
    match rest.split_first() {
        _ if engine.counted_left == 0 => inbox.commit(),
        // Quotes, and a blank before the first digit.
        Some((b'"' | b' ', rest)) if engine.half.is_none() => return rest,
        Some(_) => {
            // Fewer digits than declared; the line ends where it ends.
            engine.counted_left = 0;
            tear_payload(inbox);
        }
        None => {}
    }
    rest
}

/// As many digits as are left, up to something else.
fn digits<'i>(engine: &mut Engine<'_>, bytes: &'i [u8], inbox: &mut Inbox<'_>) -> &'i [u8] {
    let mut rest = bytes;
    while let Some((&digit, tail)) = rest.split_first() {
        let Some(value) = nibble(digit) else {
            break;
        };
        rest = tail;
        match engine.half.take() {
            None => engine.half = Some(value << 4),
            Some(high) => {
                inbox.push(&[high | value]);
                engine.counted_left -= 1;
                if engine.counted_left == 0 {
                    break;
                }
            }
        }
    }
    rest
}

fn quoted<'i>(engine: &mut Engine<'_>, bytes: &'i [u8], inbox: &mut Inbox<'_>) -> &'i [u8] {
    let rest = digits(engine, bytes, inbox);
    let Some((&byte, tail)) = rest.split_first() else {
        return rest;
    };
    match byte {
        b' ' if engine.seen == 0 && engine.half.is_none() => return tail,
        b'"' if engine.half.is_none() => {
            engine.seen += 1;
            engine.push(byte);
            if engine.seen == 2 {
                // The line goes on, and commits.
                engine.counted_left = 0;
            }
            return tail;
        }
        _ => {}
    }
    engine.counted_left = 0;
    engine.skip_line = true;
    tear_payload(inbox);
    rest
}

fn text_or_hex<'i>(engine: &mut Engine<'_>, bytes: &'i [u8], inbox: &mut Inbox<'_>) -> &'i [u8] {
    if engine.deciding {
        decide(engine, bytes, inbox);
        return bytes;
    }
    if engine.counted_left == engine.declared
        && engine.seen & BLANK == 0
        && let [b' ', rest @ ..] = bytes
    {
        engine.seen |= BLANK;
        return rest;
    }
    let rest = some(engine, bytes, inbox);
    let data = bytes.get(..bytes.len() - rest.len()).unwrap_or(bytes);
    if data.iter().any(|byte| nibble(*byte).is_none()) {
        engine.seen |= NO_DIGIT;
    }
    engine.deciding = engine.counted_left == 0;
    rest
}

/// So many characters came as bytes were declared. What follows tells whether they were the bytes.
fn decide(engine: &mut Engine<'_>, bytes: &[u8], inbox: &mut Inbox<'_>) {
    engine.deciding = false;
    let declared = engine.declared;
    match bytes.first() {
        Some(end @ (b'\r' | b'\n')) => {
            let text = inbox.written(declared);
            if *end == b'\n' && engine.seen & BLANK != 0 && text.last() == Some(&b'\r') {
                // The last character was the line's own end, so the blank was the first one.
                let mut before = b' ';
                for byte in text {
                    core::mem::swap(byte, &mut before);
                }
            }
            inbox.commit();
        }
        Some(digit) if engine.seen & NO_DIGIT == 0 && nibble(*digit).is_some() => {
            // They were hexadecimal, and half of it is there.
            let half = unhex_in_place(inbox.written(declared));
            // Counted also where nothing is kept: of a message that is not wanted, or too large.
            engine.half = (declared & 1 == 1).then_some(half.unwrap_or(0));
            let whole = declared >> 1;
            inbox.shorten(declared - whole);
            engine.counted_left = declared - whole;
            engine.form = Form::HEX;
        }
        _ => tear_payload(inbox),
    }
}

/// Digits become bytes where they stand; gives the high half that the last digit is, if it is left over.
fn unhex_in_place(text: &mut [u8]) -> Option<u8> {
    let mut half = None;
    let mut filled = 0;
    for place in 0..text.len() {
        let value = nibble(*text.get(place)?)?;
        match half.take() {
            None => half = Some(value << 4),
            Some(high) => {
                *text.get_mut(filled)? = high | value;
                filled += 1;
            }
        }
    }
    half
}
