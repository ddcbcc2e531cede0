//! Secrets out of a stream that was cut anywhere.

use std::ops::Range;

/// What stands in a secret's place.
pub(super) const MASK: &[u8] = b"<masked>";

/// What must not be shown.
#[derive(Default)]
pub(super) struct Secrets {
    /// Longest first: of two that begin at the same byte the longer one counts.
    forms: Vec<Vec<u8>>,
}

impl Secrets {
    pub(super) fn add(&mut self, secret: &[u8]) {
        if secret.is_empty() {
            return;
        }
        let upper: String = secret.iter().map(|byte| format!("{byte:02X}")).collect();
        let lower = upper.to_ascii_lowercase();
        for form in [secret.to_vec(), upper.into_bytes(), lower.into_bytes()] {
            if !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    pub(super) fn text(&self, text: &str) -> String {
        let mut masked = self.pieces(&[text.as_bytes()]);
        String::from_utf8_lossy(&masked.pop().unwrap_or_default()).into_owned()
    }

    /// The pieces of one stream; a secret's mask stands in the piece in which the secret begins.
    pub(super) fn pieces(&self, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let stream = pieces.concat();
        let found = self.find(&stream);
        let mut at = 0;
        let mut hidden = found.iter().peekable();
        let mask_piece = |piece: &&[u8]| {
            let mut shown = Vec::with_capacity(piece.len());
            for &byte in *piece {
                while hidden.next_if(|range| range.end <= at).is_some() {}
                match hidden.peek() {
                    Some(range) if range.start == at => shown.extend_from_slice(MASK),
                    Some(range) if range.contains(&at) => {}
                    _ => shown.push(byte),
                }
                at += 1;
            }
            shown
        };
        pieces.iter().map(mask_piece).collect()
    }

    /// Where secrets stand, in order and without overlap: two that overlap are one.
    fn find(&self, stream: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for start in 0..stream.len() {
            let rest = stream.get(start..).unwrap_or_default();
            let Some(form) = self.forms.iter().find(|form| begins(rest, form)) else {
                continue;
            };
            let end = stream.len().min(start + form.len());
            match found.last_mut() {
                Some(before) if start < before.end => before.end = before.end.max(end),
                _ => found.push(start..end),
            }
        }
        found
    }
}

/// Whether the secret stands here, or the stream ends in the first half or more of it.
fn begins(rest: &[u8], form: &[u8]) -> bool {
    rest.starts_with(form) || (form.starts_with(rest) && 2 * rest.len() >= form.len())
}
