//! Reading one line of a modem: prefixes, comma-separated fields, hexadecimal.
//!
//! Tolerant, as real modems want it: blanks before and after a field do not count, nor does a missing blank after the
//! colon. A comma inside quotes does not separate.

/// What follows `prefix` in `line`, without leading blanks; `None` if the line begins otherwise.
pub fn after<'a>(line: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    line.strip_prefix(prefix.as_bytes())
        .map(<[u8]>::trim_ascii_start)
}

/// The comma-separated fields of a line's rest.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// The fields of what follows a prefix. An empty rest has no field at all.
    pub const fn new(rest: &'a [u8]) -> Self {
        Self {
            rest: if rest.is_empty() { None } else { Some(rest) },
        }
    }

    /// The next field as a number; `None` if there is none or it is no number.
    pub fn num(&mut self) -> Option<u32> {
        self.next()?.num()
    }
}

/// One field, without the blanks and quotes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The text between the quotes, or the bare text.
    pub text: &'a [u8],
    /// Whether it stood in quotes.
    pub quoted: bool,
}

impl Field<'_> {
    /// The field as an unsigned decimal number.
    pub fn num(&self) -> Option<u32> {
        number(self.text)
    }

    /// The field as a result code whose sign, if there is one, does not count: documents print one list with either.
    pub fn magnitude(&self) -> Option<u32> {
        number(self.text.strip_prefix(b"-").unwrap_or(self.text))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let rest = self.rest?;
        let mut inside = false;
        let mut end = 0;
        for byte in rest {
            match byte {
                b'"' => inside = !inside,
                b',' if !inside => break,
                _ => {}
            }
            end += 1;
        }
        let (field, tail) = rest.split_at_checked(end)?;
        self.rest = tail.split_first().map(|(_comma, tail)| tail);
        let text = field.trim_ascii();
        Some(match text.strip_prefix(b"\"") {
            Some(text) => Field {
                text: text.strip_suffix(b"\"").unwrap_or(text),
                quoted: true,
            },
            None => Field {
                text,
                quoted: false,
            },
        })
    }
}

/// An unsigned decimal number; `None` for anything else, also for one that does not fit.
#[inline(never)]
pub fn number(text: &[u8]) -> Option<u32> {
    let mut value: u32 = 0;
    if text.is_empty() {
        return None;
    }
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u32::from(digit))?;
    }
    Some(value)
}

/// The last field of a line as a number. Found from the end, so that quotes before it, even unbalanced ones, do not
/// matter.
pub fn last_number(line: &[u8]) -> Option<u32> {
    let field = line.rsplit(|byte| *byte == b',').next()?;
    number(field.trim_ascii())
}

/// The value of a hexadecimal digit of either case.
pub fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Decodes hexadecimal text into `out`; `None` if a digit is bad, one is missing, or `out` is too small.
pub fn unhex<'o>(text: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
    let mut count = 0;
    let mut digits = text.iter();
    while let Some(high) = digits.next() {
        let value = nibble(*high)? << 4 | nibble(*digits.next()?)?;
        *out.get_mut(count)? = value;
        count += 1;
    }
    out.get(..count)
}

/// Any number of fields.
pub(super) const ANY: u16 = u16::MAX;

/// A set of field counts, to tell an answer from a URC of the same prefix; the empty set stands for any count.
pub const fn counts(of: &[u8]) -> u16 {
    if of.is_empty() {
        return ANY;
    }
    let mut mask = 0;
    let mut rest = of;
    while let Some((count, tail)) = rest.split_first() {
        mask |= 1 << (*count & 15);
        rest = tail;
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(String, bool)> {
        Fields::new(text.as_bytes())
            .map(|field| {
                (
                    String::from_utf8(field.text.to_vec()).unwrap(),
                    field.quoted,
                )
            })
            .collect()
    }

    #[test]
    fn fields_lose_blanks_and_quotes_and_keep_commas_in_quotes() {
        let bare = |text: &str| (text.to_owned(), false);
        let quoted = |text: &str| (text.to_owned(), true);
        assert_eq!(
            split(r#"0,"a,b" , 3,"#),
            [bare("0"), quoted("a,b"), bare("3"), bare("")]
        );
        assert_eq!(split(""), []);
        assert_eq!(split(","), [bare(""), bare("")]);
        assert_eq!(split(r#""torn"#), [quoted("torn")]);
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(number(b"4294967295"), Some(u32::MAX));
        assert_eq!(number(b"4294967296"), None);
        assert_eq!(number(b""), None);
        assert_eq!(number(b"-1"), None);
        assert_eq!(number(b"1A"), None);
        assert_eq!(last_number(b"+X: 1,\"a,b, 64 "), Some(64));
        let signed = Field {
            text: b"-11",
            quoted: false,
        };
        assert_eq!(signed.magnitude(), Some(11));
        assert_eq!(signed.num(), None);
    }

    #[test]
    fn hexadecimal_of_either_case_and_whole_bytes_only() {
        let mut out = [0; 4];
        assert_eq!(
            unhex(b"D204d52E", &mut out),
            Some(&[0xD2, 0x04, 0xD5, 0x2E][..])
        );
        assert_eq!(unhex(b"D20", &mut out), None);
        assert_eq!(unhex(b"G0", &mut out), None);
        assert_eq!(unhex(b"0011223344", &mut out), None);
        assert_eq!(unhex(b"", &mut out), Some(&[][..]));
    }

    #[test]
    fn a_prefix_may_be_followed_by_blanks_or_none() {
        assert_eq!(after(b"+CSQ: 23,99", "+CSQ:"), Some(&b"23,99"[..]));
        assert_eq!(after(b"+CSQ:23,99", "+CSQ:"), Some(&b"23,99"[..]));
        assert_eq!(after(b"+CSQN: 1", "+CSQ:"), None);
        assert_eq!(counts(&[2, 5]), 0b10_0100);
    }
}
