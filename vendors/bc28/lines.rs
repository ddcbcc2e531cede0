//! What the modem says by itself (note, chapter 3), and what it means: messages and notes.
//!
//! A `+QCOAPURC` line is read by its shape alone, as far as it has come: `parse` is asked at its commas, and, where a comma does
//! not decide (the number behind the message id may count options or bytes of data), at the bytes behind it. The same function
//! then reads the line up to its data as a message, so that both cannot disagree.

use crate::at::{Counted, Delivery, Form, Inbox, line};
use crate::message::{Builder, Code, Format, Kind, Number};
use crate::modem::lines::{Meaning, note};
use crate::modem::text;

pub(super) fn counted(line: &[u8], whole: bool) -> Counted {
    match parse(line, whole) {
        // A line that is whole ends its message here, with no data.
        Ok(Said { data, .. }) => Counted::Begun {
            length: data.unwrap_or((0, 0)).0,
            form: Form::TEXT_OR_HEX,
            bytes: data.unwrap_or((0, 0)).1,
        },
        Err(not_yet) => not_yet,
    }
}

pub(super) fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    if let Ok(said) = parse(line, true) {
        said.write(inbox);
        return true;
    }
    if line.starts_with(b"+QDNS:") {
        // Of a lookup that was given up: the next one's answer cannot be taken for it any more.
        inbox.session = None;
    }
    // The IMSI, which `AT+CIMI` prints bare.
    line.iter().all(u8::is_ascii_digit) || note(line, &LINES, inbox)
}

/// The lines without a message. Those of a restart come in this order; which of them come varies.
const LINES: [(&str, Meaning); 17] = [
    ("REBOOTING", Meaning::Restarted),
    ("REBOOT_CAUSE_", Meaning::Restarted),
    ("Neul", Meaning::Restarted),
    ("Boot:", Meaning::Nothing),
    ("Security", Meaning::Nothing),
    ("Protocol", Meaning::Nothing),
    ("Apps", Meaning::Nothing),
    ("+QCOAPURC:\"recovered\",0", Meaning::Nothing),
    ("+QCOAPURC:\"recovered\"", Meaning::Closed),
    ("+QCOAPDATASTATUS:", Meaning::Nothing),
    ("+CGPADDR:", Meaning::Nothing),
    ("+CGDCONT:", Meaning::Nothing),
    ("+QDNS:", Meaning::Nothing),
    ("+QLW", Meaning::Nothing),
    ("+NPSMR:", Meaning::Nothing),
    ("+NNMI", Meaning::Nothing),
    ("+NS", Meaning::Nothing),
];

/// What a `+QCOAPURC` line says up to its data.
struct Said<'l> {
    /// `None` where it is missing.
    kind: Option<Kind>,
    code: Code,
    id: u16,
    /// Digits; requests only.
    token: &'l [u8],
    /// `number,"value"` again and again.
    options: &'l [u8],
    /// Options that are counted and not there.
    hidden: u8,
    /// Bytes of data, and how many characters of them the line holds already; `None` if no data follows.
    data: Option<(u16, u8)>,
    /// The line breaks off, or goes on as no such line may.
    torn: bool,
}

/// Reads a line as far as its data. `Err`: how to go on if it cannot be read yet, or is none.
fn parse(line: &[u8], whole: bool) -> Result<Said<'_>, Counted> {
    let not_yet = if whole { Counted::No } else { Counted::Later };
    let rest = line::after(line, "+QCOAPURC:").ok_or(Counted::No)?;
    // Either word may be the wrong one (5.1): the code decides.
    let rest = rest.strip_prefix(b"\"r").ok_or(Counted::No)?;
    let (b"sp\"" | b"eq\"", rest) = rest.split_at_checked(3).ok_or(not_yet)? else {
        return Err(Counted::No);
    };
    let rest = rest.trim_ascii_start();
    // The comma behind the word may be missing (2.6).
    let mut rest = rest.strip_prefix(b",").unwrap_or(rest);
    let mut next = || word(&mut rest, whole).ok_or(not_yet);

    let mut field = next()?;
    if field.iter().filter(|byte| b".:".contains(byte)).count() > 1 {
        // The sender's address, and its port.
        next()?;
        field = next()?;
    }
    let mut kind = None;
    if field.len() == 1 {
        kind = Some(match field {
            b"0" => Kind::Confirmable,
            b"1" => Kind::NonConfirmable,
            b"2" => Kind::Acknowledgement,
            b"3" => Kind::Reset,
            _ => return Err(Counted::No),
        });
        field = next()?;
    }
    // `c.dd`, or a method, or 0.
    let bare = line::number(field).and_then(|code| u8::try_from(code).ok());
    let code = text::code(field).or(bare.map(Code::from_byte));
    let code = code.filter(|code| code.class() == 0 || bare.is_none());
    let code = code.ok_or(Counted::No)?;
    let id = next()?;
    let id = line::number(id).and_then(|id| u16::try_from(id).ok());
    let mut said = Said {
        kind,
        code,
        id: id.ok_or(Counted::No)?,
        token: &[],
        options: &[],
        hidden: 0,
        data: None,
        torn: false,
    };
    if !code.is_request() {
        said.read_count(rest, whole)?;
        return Ok(said);
    }

    // The mode: in hexadecimal says the note, in decimal prints a sister. Both read alike where it matters: the lowest bit,
    // for the token; and if there is a payload (80 and more), three digits are decimal, two are not.
    let mode = next()?;
    let token = mode.last().and_then(|digit| line::nibble(*digit));
    let mode = match mode {
        [_, _, _] => line::number(mode).and_then(|mode| u8::try_from(mode).ok()),
        _ => line::unhex(mode, &mut [0]).and_then(|mode| mode.first().copied()),
    };
    if token.is_some_and(|bit| bit & 1 == 1) {
        match lead(rest) {
            Lead::Nothing | Lead::Digits if !whole => return Err(Counted::Later),
            Lead::Number(1..=8, []) if !whole => return Err(Counted::Next),
            // An option, whatever the mode says.
            Lead::Number(_, [b'"', ..]) => {}
            Lead::Number(1..=8, mut behind) => {
                said.token = word(&mut behind, whole).ok_or(not_yet)?;
                rest = behind;
            }
            _ => {}
        }
    }
    let options = match mode {
        Some(mode) if mode & 0x80 != 0 => mode >> 1 & 0x3F,
        _ => u8::MAX,
    };
    said.read_options(rest, options, whole)?;
    Ok(said)
}

/// Takes what stands before the next comma; `None` if that has not come and the line is not whole, or if nothing is left.
fn word<'l>(rest: &mut &'l [u8], whole: bool) -> Option<&'l [u8]> {
    let comma = rest.iter().position(|byte| *byte == b',');
    let end = comma.or((whole && !rest.is_empty()).then_some(rest.len()))?;
    let (word, tail) = rest.split_at_checked(end)?;
    *rest = tail.get(1..).unwrap_or(&[]);
    Some(word.trim_ascii())
}

/// What stands where a number may.
enum Lead<'l> {
    Nothing,
    /// Digits, up to the end.
    Digits,
    /// A number, its comma, and what is behind it.
    Number(u16, &'l [u8]),
    Other,
}

fn lead(rest: &[u8]) -> Lead<'_> {
    let text = rest.strip_prefix(b" ").unwrap_or(rest);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match text.split_at_checked(digits) {
        Some(([], [])) => Lead::Nothing,
        Some((digits, [])) if digits.len() <= 5 => Lead::Digits,
        Some((digits, [b',', behind @ ..])) => match line::number(digits).map(u16::try_from) {
            Some(Ok(number)) => Lead::Number(number, behind),
            _ => Lead::Other,
        },
        _ => Lead::Other,
    }
}

impl<'l> Said<'l> {
    /// What follows a response's id: a count with its options, or the length of the data, or nothing.
    fn read_count(&mut self, rest: &'l [u8], whole: bool) -> Result<(), Counted> {
        match lead(rest) {
            Lead::Number(first, behind) => match lead(behind) {
                Lead::Nothing | Lead::Digits if !whole => Err(Counted::Next),
                Lead::Number(_, []) if !whole => Err(Counted::Next),
                // `<count>,<number>,"`
                Lead::Number(_, [b'"', ..]) => {
                    let count = u8::try_from(first).unwrap_or(u8::MAX);
                    self.read_options(behind, count, whole)
                }
                // `<count>,<length>,`: an option that is counted and not printed. Data of no or one byte has no comma.
                Lead::Number(length, data) if first <= 1 => {
                    self.hidden = u8::from(first == 1);
                    self.data = Some((length, characters(data)));
                    Ok(())
                }
                _ => {
                    self.data = Some((first, characters(behind)));
                    Ok(())
                }
            },
            _ if !whole => Err(Counted::Later),
            Lead::Nothing => Ok(()),
            // A count of options that are not printed, without data behind.
            Lead::Digits => {
                let count = line::number(rest.trim_ascii()).unwrap_or(0);
                self.hidden = u8::try_from(count).unwrap_or(u8::MAX);
                Ok(())
            }
            Lead::Other => {
                self.torn = true;
                Ok(())
            }
        }
    }

    /// So many options, or fewer, and the length of the data, if there is some.
    fn read_options(&mut self, all: &'l [u8], count: u8, whole: bool) -> Result<(), Counted> {
        let mut rest = all;
        let mut left = count;
        loop {
            let before = all.len().saturating_sub(rest.len());
            self.options = all.get(..before).unwrap_or(&[]);
            let value = match lead(rest) {
                // The value of an option may look like the data of this length.
                Lead::Number(length, data) if left == 0 => {
                    self.data = Some((length, characters(data)));
                    return Ok(());
                }
                Lead::Number(_, [b'"', value @ ..]) => value,
                Lead::Number(_, []) if !whole => return Err(Counted::Next),
                Lead::Number(length, data) => {
                    self.hidden = if count == u8::MAX { 0 } else { left };
                    self.data = Some((length, characters(data)));
                    return Ok(());
                }
                _ if !whole => return Err(Counted::Later),
                Lead::Nothing => {
                    self.hidden = if count == u8::MAX { 0 } else { left };
                    return Ok(());
                }
                _ => {
                    self.torn = true;
                    return Ok(());
                }
            };
            let Some(end) = value.iter().position(|byte| *byte == b'"') else {
                // It breaks off within a value.
                self.torn = true;
                return if whole { Ok(()) } else { Err(Counted::Later) };
            };
            let behind = value.get(end + 1..).unwrap_or(&[]);
            // One firmware forgets the comma behind some values.
            rest = behind.strip_prefix(b",").unwrap_or(behind);
            left = left.saturating_sub(1);
        }
    }

    /// Writes the message, as far as its payload, or the note that the line is.
    fn write(&self, inbox: &mut Inbox<'_>) {
        // Whatever was open is not continued; what is for nobody must not end up in it.
        inbox.rollback();
        let open = inbox.exchange;
        let mut digits = [0; 8];
        let mut token: &[u8] = &[];
        let mut kind = self.kind.unwrap_or(Kind::NonConfirmable);
        if self.code.is_request() {
            token = line::unhex(self.token, &mut digits).unwrap_or(&[]);
        } else if self.code.is_empty() {
            if self.kind != Some(Kind::Reset) {
                // It has arrived, no more.
                let id = self.id;
                inbox.note().delivery = Some(Delivery { id, result: 0 });
                return;
            }
        } else {
            let numbered = self.pairs().any(|(number, _)| number == Number::OBSERVE.0);
            let stamp = match self.kind {
                None | Some(Kind::Acknowledgement) => open.filter(|open| open.id == self.id),
                Some(Kind::Reset) => None,
                _ => open.filter(|open| open.observes || !numbered),
            };
            match &stamp {
                Some(stamp) => {
                    digits = [0; 8];
                    let known = stamp.token();
                    for (to, from) in digits.iter_mut().zip(known) {
                        *to = *from;
                    }
                    token = digits.get(..known.len()).unwrap_or(&[]);
                }
                // A notification, to whatever it was that asked for it.
                None if numbered && self.kind.is_some() => {}
                // The response to a request that was given up, or nobody's.
                None => {
                    inbox.losses.unknown = inbox.losses.unknown.saturating_add(1);
                    return;
                }
            }
            if self.kind.is_none() {
                kind = Kind::Acknowledgement;
            }
        }

        let payload = self.data.map_or(0, |(length, _)| usize::from(length));
        // In the message an option never takes more bytes than in the line.
        let space = inbox.open(12 + self.options.len(), payload + 1);
        let mut none = [0; 0];
        let space = space.unwrap_or(&mut none);
        let Ok(mut builder) = Builder::new(space, kind, self.code, self.id, token) else {
            return;
        };
        let mut lost = u16::from(self.hidden);
        // Of options that are not shown nothing is known: a block that others follow has one of these sizes (RFC 7959,
        // section 2.2).
        let mut critical =
            self.torn || (lost > 0 && payload.is_power_of_two() && (16..=1024).contains(&payload));
        for (number, value) in self.pairs() {
            let number = Number(number);
            let read = match block(number, value) {
                Some(block) => builder.uint(number, block).is_ok(),
                None => {
                    text::option(&mut builder, number, value).is_ok()
                        || (number.format() == Format::Opaque
                            && builder.option(number, value).is_ok())
                }
            };
            if !read {
                lost += 1;
                critical |= number.is_critical();
            }
        }
        let head = builder.finish().as_bytes().len();
        inbox.filled(head);
        inbox.losses.options = inbox.losses.options.saturating_add(lost);
        if critical {
            // What it would have changed is not known: rather no message than a wrong one.
            inbox.cut();
        }
        if payload > 0 {
            inbox.push(&[0xFF]);
        }
    }

    /// The options: number and value.
    fn pairs(&self) -> impl Iterator<Item = (u16, &'l [u8])> {
        let mut rest = self.options;
        core::iter::from_fn(move || {
            let Lead::Number(number, [b'"', value @ ..]) = lead(rest) else {
                return None;
            };
            let end = value.iter().position(|byte| *byte == b'"')?;
            let (value, behind) = value.split_at_checked(end)?;
            let behind = behind.get(1..)?;
            rest = behind.strip_prefix(b",").unwrap_or(behind);
            Some((number, value))
        })
    }
}

/// How many characters of its data a line holds. It is looked at byte by byte there, so they are few.
fn characters(data: &[u8]) -> u8 {
    u8::try_from(data.len()).unwrap_or(u8::MAX)
}

/// A block as one firmware prints it: `number/M/size`, or `number/_/size` for the last one.
fn block(number: Number, value: &[u8]) -> Option<u32> {
    if number != Number::BLOCK1 && number != Number::BLOCK2 {
        return None;
    }
    let mut parts = value.split(|byte| *byte == b'/');
    let block = line::number(parts.next()?)?;
    let more = parts.next()? == b"M";
    let size = line::number(parts.next()?)?;
    if !size.is_power_of_two() || !(16..=1024).contains(&size) || block >= 1 << 20 {
        return None;
    }
    Some(block << 4 | u32::from(more) << 3 | (size.trailing_zeros() - 4))
}
