//! A `+QCOAPURC` line by its shape (note, chapter 3), as far as it has come.
//!
//! [`parse`] is asked at the commas of a line, and, where a comma does not decide (the number behind the message id may count
//! options or bytes of data), at the bytes behind it. Addresses, types, commas and options may be there or not; which of
//! them are is seen by what stands in their place, and the code says whether it is a request.

use crate::at::line;
use crate::message::{Code, Kind};
use crate::modem::text;

/// What a `+QCOAPURC` line says up to its data.
pub(super) struct Said<'l> {
    /// `None` where it is missing.
    pub(super) kind: Option<Kind>,
    pub(super) code: Code,
    pub(super) id: u16,
    /// Digits; requests only.
    pub(super) token: &'l [u8],
    /// `number,"value"` again and again.
    pub(super) options: &'l [u8],
    /// Options that are counted and not there.
    pub(super) hidden: u8,
    /// Bytes of data, and how many characters of them the line holds already.
    pub(super) data: (u16, u8),
    /// The line breaks off, or goes on as no such line may, or its token is not as long as it says.
    pub(super) torn: bool,
}

/// A line that cannot be read: the next byte may change that.
pub(super) const NEXT: bool = true;
/// Not before the next comma, if at all.
const LATER: bool = false;

/// Reads a line as far as its data.
pub(super) fn parse(line: &[u8], whole: bool) -> Result<Said<'_>, bool> {
    let rest = line::after(line, "+QCOAPURC:").ok_or(LATER)?;
    // Either word may be the wrong one (5.1): the code decides.
    let rest = line::after(rest, "\"rsp\"").or(line::after(rest, "\"req\""));
    let rest = rest.ok_or(LATER)?;
    let mut line = Rest {
        // The comma behind the word may be missing (2.6).
        text: rest.strip_prefix(b",").unwrap_or(rest),
        whole,
    };
    let mut field = line.field()?;
    let dots = field.iter().filter(|byte| matches!(byte, b'.' | b':'));
    if dots.count() > 1 {
        // The sender's address, and its port.
        line.field()?;
        field = line.field()?;
    }
    let mut kind = None;
    if let [digit] = field {
        kind = Some(match digit {
            b'0' => Kind::Confirmable,
            b'1' => Kind::NonConfirmable,
            b'2' => Kind::Acknowledgement,
            b'3' => Kind::Reset,
            _ => return Err(LATER),
        });
        field = line.field()?;
    }
    // `c.dd`, or a method, or 0.
    let code = match line::number(field) {
        Some(code @ 0..32) => Code::from_byte((code & 31) as u8),
        _ => text::code(field).ok_or(LATER)?,
    };
    let mut said = Said {
        kind,
        code,
        id: short(line.field()?).ok_or(LATER)?,
        token: &[],
        options: &[],
        hidden: 0,
        data: (0, 0),
        torn: false,
    };
    if code.is_request() {
        said.read_mode(line)?;
    } else {
        said.read_count(line)?;
    }
    Ok(said)
}

fn short(text: &[u8]) -> Option<u16> {
    u16::try_from(line::number(text)?).ok()
}

/// What is left of a line.
#[derive(Clone, Copy)]
struct Rest<'l> {
    text: &'l [u8],
    whole: bool,
}

/// What stands where a number may.
enum Lead<'l> {
    Nothing,
    /// Digits, up to the end.
    Digits,
    /// A number, its comma, and what is behind it.
    Number(u16, Rest<'l>),
    Other,
}

impl<'l> Rest<'l> {
    /// Takes what stands before the next comma, or before the end of a line that is whole.
    #[inline(never)]
    fn field(&mut self) -> Result<&'l [u8], bool> {
        let comma = self.text.iter().position(|byte| *byte == b',');
        let end = match comma {
            None if self.whole && !self.text.is_empty() => self.text.len(),
            comma => comma.ok_or(LATER)?,
        };
        let (field, tail) = self.text.split_at_checked(end).ok_or(LATER)?;
        self.text = tail.get(1..).unwrap_or(&[]);
        Ok(field.trim_ascii())
    }

    #[inline(never)]
    fn lead(self) -> Lead<'l> {
        let text = self.text.strip_prefix(b" ").unwrap_or(self.text);
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
        match text.split_at_checked(digits.count()) {
            Some(([], [])) => Lead::Nothing,
            Some((digits, [])) if digits.len() <= 5 => Lead::Digits,
            Some((digits, [b',', text @ ..])) => match short(digits) {
                Some(number) => Lead::Number(number, Self { text, ..self }),
                None => Lead::Other,
            },
            _ => Lead::Other,
        }
    }

    /// How many characters there are. Where they are data they are few, since they are looked at byte by byte.
    fn characters(self) -> u8 {
        u8::try_from(self.text.len()).unwrap_or(u8::MAX)
    }
}

impl<'l> Said<'l> {
    /// What follows a request's id: the mode, perhaps a token, then options and data.
    ///
    /// The mode is hexadecimal, says the note, and decimal in one firmware. Both read alike where it matters: the lowest bit,
    /// for the token; and if there is a payload (0x80), three digits are decimal and two are not.
    fn read_mode(&mut self, mut line: Rest<'l>) -> Result<(), bool> {
        let mode = line.field()?;
        let token = mode.last().and_then(|digit| line::nibble(*digit));
        if token.is_some_and(|bit| bit & 1 == 1) {
            match line.lead() {
                Lead::Nothing | Lead::Digits if !line.whole => return Err(LATER),
                Lead::Number(_, Rest { text: [], .. }) if !line.whole => return Err(NEXT),
                Lead::Number(
                    _,
                    Rest {
                        text: [b'"', ..], ..
                    },
                ) => {}
                Lead::Number(length @ 1..=8, mut behind) => {
                    self.token = behind.field()?;
                    // With another token the answer would be nobody's.
                    self.torn = self.token.len() != usize::from(length) << 1
                        || !self.token.iter().all(u8::is_ascii_hexdigit);
                    line = behind;
                }
                _ => {}
            }
        }
        let mut byte = [0];
        let mode = match mode {
            [_, _] => line::unhex(mode, &mut byte).and_then(|mode| mode.first().copied()),
            _ => short(mode).and_then(|mode| u8::try_from(mode).ok()),
        };
        let options = mode.filter(|mode| mode & 0x80 != 0);
        self.read_options(line, options.map_or(u8::MAX, |mode| mode >> 1 & 0x3F))
    }

    /// What follows a response's id: a count with its options, or the length of the data, or nothing.
    fn read_count(&mut self, line: Rest<'l>) -> Result<(), bool> {
        let (first, behind) = match line.lead() {
            Lead::Number(first, behind) => (first, behind),
            _ if !line.whole => return Err(LATER),
            Lead::Nothing => return Ok(()),
            // A count of options that are not printed, without data behind.
            Lead::Digits => {
                self.hidden =
                    short(line.text.trim_ascii()).map_or(u8::MAX, |count| (count & 255) as u8);
                return Ok(());
            }
            Lead::Other => {
                self.torn = true;
                return Ok(());
            }
        };
        let count = u8::try_from(first).unwrap_or(u8::MAX);
        self.data = (first, behind.characters());
        match behind.lead() {
            Lead::Nothing | Lead::Digits if !line.whole => return Err(NEXT),
            Lead::Number(length, data) => match data.text.first() {
                None if !line.whole => return Err(NEXT),
                // `<count>,<number>,"`
                Some(b'"') => return self.read_options(behind, count),
                // `<count>,<length>,`: an option that is counted and not printed. Data of no or one byte has no comma.
                _ if first <= 1 => {
                    self.hidden = count;
                    self.data = (length, data.characters());
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    /// So many options, or fewer, and the length of the data, if there is some.
    fn read_options(&mut self, mut line: Rest<'l>, count: u8) -> Result<(), bool> {
        let all = line.text;
        let mut left = count;
        self.data = (0, 0);
        loop {
            let before = all.len().saturating_sub(line.text.len());
            self.options = all.get(..before).unwrap_or(&[]);
            let mut value = match line.lead() {
                Lead::Number(length, data) => match data.text.split_first() {
                    // The value of an option may look like the data of this length.
                    Some((b'"', value)) if left > 0 => value,
                    None if left > 0 && !line.whole => return Err(NEXT),
                    _ => {
                        self.data = (length, data.characters());
                        break;
                    }
                },
                _ if !line.whole => return Err(LATER),
                Lead::Nothing => break,
                _ => {
                    self.torn = true;
                    return Ok(());
                }
            };
            let Some(end) = value.iter().position(|byte| *byte == b'"') else {
                // It breaks off within a value.
                self.torn = true;
                return if line.whole { Ok(()) } else { Err(LATER) };
            };
            value = value.get(end + 1..).unwrap_or(&[]);
            // One firmware forgets the comma behind some values.
            line.text = value.strip_prefix(b",").unwrap_or(value);
            left = left.saturating_sub(1);
        }
        if count < u8::MAX {
            self.hidden = left;
        }
        Ok(())
    }

    /// The options: number and value.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u16, &'l [u8])> {
        let mut line = Rest {
            text: self.options,
            whole: true,
        };
        core::iter::from_fn(move || {
            let Lead::Number(number, value) = line.lead() else {
                return None;
            };
            let value = value.text.strip_prefix(b"\"")?;
            let end = value.iter().position(|byte| *byte == b'"')?;
            let (value, behind) = value.split_at_checked(end)?;
            let behind = behind.get(1..)?;
            line.text = behind.strip_prefix(b",").unwrap_or(behind);
            Some((number, value))
        })
    }
}
