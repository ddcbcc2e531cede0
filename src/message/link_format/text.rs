//! Values of attributes, and the cursor that takes links apart (RFC 6690 section 2).

use core::fmt;

use super::{Attribute, LinkError};

/// A value, which may have been quoted.
///
/// It compares with plain text, and prints as such: without quotes and backslashes.
#[derive(Clone, Copy, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Text<'a> {
    raw: &'a str,
    /// A backslash stands before a character that is meant as it is.
    escaped: bool,
}

impl<'a> Text<'a> {
    /// What stands for itself, without backslashes.
    pub(super) const fn plain(raw: &'a str) -> Self {
        Self {
            raw,
            escaped: false,
        }
    }

    /// As written: what stood between the quotes, backslashes and all.
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// Its characters as they are meant.
    pub fn chars(&self) -> impl Iterator<Item = char> + Clone + use<'a> {
        let mut chars = self.raw.chars();
        let escaped = self.escaped;
        core::iter::from_fn(move || match chars.next() {
            Some('\\') if escaped => chars.next(),
            next => next,
        })
    }

    /// Its pieces between blanks.
    pub const fn words(&self) -> Words<'a> {
        Words(*self)
    }

    /// The decimal number that it is.
    pub fn number(&self) -> Option<u32> {
        if self.raw.is_empty() {
            return None;
        }
        self.chars().try_fold(0u32, |number, char| {
            number.checked_mul(10)?.checked_add(char.to_digit(10)?)
        })
    }

    /// Whether it begins so.
    pub fn starts_with(&self, beginning: &str) -> bool {
        let mut chars = self.chars();
        beginning.chars().all(|char| chars.next() == Some(char))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.chars().eq(other.chars())
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.chars().eq(other.chars())
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        self.chars().try_for_each(|char| f.write_char(char))
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.raw, f)
    }
}

/// The pieces of a value between blanks.
#[derive(Clone, Debug)]
#[must_use = "an iterator does nothing until it is asked"]
pub struct Words<'a>(Text<'a>);

impl<'a> Iterator for Words<'a> {
    type Item = Text<'a>;

    fn next(&mut self) -> Option<Text<'a>> {
        let mut rest = Cursor(self.0.raw);
        rest.blanks();
        let raw = rest.take_while(|byte| !is_blank(byte));
        self.0.raw = rest.0;
        (!raw.is_empty()).then_some(Text { raw, ..self.0 })
    }
}

impl core::iter::FusedIterator for Words<'_> {}

/// What blanks and line ends are: they may stand between any two pieces.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The rest of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a>(pub(super) &'a str);

impl<'a> Cursor<'a> {
    fn peek(self) -> Option<u8> {
        self.0.bytes().next()
    }

    /// Takes this character, which must be ASCII, if it is the next one.
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.take(1);
        }
        is_next
    }

    fn blanks(&mut self) {
        self.take_while(is_blank);
    }

    /// Takes bytes up to the first that is not wanted, which must be ASCII.
    pub(super) fn take_while(&mut self, mut wanted: impl FnMut(u8) -> bool) -> &'a str {
        let len = self.0.bytes().position(|byte| !wanted(byte));
        self.take(len.unwrap_or(self.0.len()))
    }

    fn take(&mut self, len: usize) -> &'a str {
        // Never between the bytes of one character.
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or_default();
        self.0 = rest;
        taken
    }

    /// Takes the next attribute with the semicolon before it; `None` at the end of the link. Checking and iterating are
    /// this same code, so they cannot disagree.
    pub(super) fn attribute(&mut self) -> Result<Option<Attribute<'a>>, LinkError> {
        loop {
            self.blanks();
            if !self.skip(b';') {
                return match self.peek() {
                    None | Some(b',') => Ok(None),
                    Some(_) => Err(LinkError::Attribute),
                };
            }
            self.blanks();
            let name =
                self.take_while(|byte| !ends_token(byte) && !matches!(byte, b'=' | b'<' | b'>'));
            self.blanks();
            if !name.is_empty() {
                let value = if self.skip(b'=') {
                    Some(self.value()?)
                } else {
                    None
                };
                return Ok(Some(Attribute { name, value }));
            }
            // Else an empty one, which the next round goes past; or no name.
        }
    }

    fn value(&mut self) -> Result<Text<'a>, LinkError> {
        self.blanks();
        let escaped = self.skip(b'"');
        if !escaped {
            let raw = self.take_while(|byte| !ends_token(byte));
            return Ok(Text { raw, escaped });
        }
        let mut after_backslash = false;
        let raw = self.take_while(|byte| {
            let ends = byte == b'"' && !after_backslash;
            after_backslash = byte == b'\\' && !after_backslash;
            !ends
        });
        if self.skip(b'"') {
            Ok(Text { raw, escaped })
        } else {
            Err(LinkError::Quote)
        }
    }
}

/// What no name and no unquoted value has in it.
const fn ends_token(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b';' | b',' | b'"')
}
