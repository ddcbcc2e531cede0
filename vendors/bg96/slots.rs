//! What the modem's eight option slots hold (note, 3.3.5), so that only what has changed is set.
//!
//! A message names the slots that it wants by a bitmask, so slots with other options may stay: two requests by turns,
//! each with options of its own, set nothing at all after the first round. Options of a message take slots in ascending
//! order, because nobody knows whether the modem sorts them.
//!
//! A slot remembers its option by number, length and 64 bits of checksum, not by its bytes: eight values of up to 255 bytes
//! would be 2 KiB. Two different values of one option and one length collide by chance once in 2^64 changes.

use crate::message::Opt;

/// The slots that the modem has.
pub(super) const COUNT: u8 = 8;

/// How a slot stands to an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// It holds just this option.
    Same,
    /// What it holds is not known.
    Unknown,
    /// It holds another option.
    Other,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Print {
    number: u16,
    length: u16,
    sums: [u32; 2],
}

/// In place of an option number. 0 is reserved (RFC 7252, section 12.2).
const UNKNOWN: u16 = 0;

/// The eight slots. Nothing is known of them at first.
#[derive(Default)]
pub(super) struct Slots([Print; COUNT as usize]);

impl Slots {
    /// Nothing is known of any slot.
    pub(super) fn forget(&mut self) {
        for slot in &mut self.0 {
            slot.number = UNKNOWN;
        }
    }

    /// What this slot holds is no longer known: a command that changes it is on its way.
    pub(super) fn doubt(&mut self, slot: u8) {
        if let Some(print) = self.0.get_mut(usize::from(slot)) {
            print.number = UNKNOWN;
        }
    }

    /// This slot holds this option.
    pub(super) fn set(&mut self, slot: u8, option: &Opt<'_>) {
        if let Some(print) = self.0.get_mut(usize::from(slot)) {
            *print = Print::of(option);
        }
    }

    /// The slot for the next option of a message, from slot `from` up, when `left` options (this one among them) still
    /// need one: one that holds it; else one of which nothing is known (it may be free); else the first.
    pub(super) fn choose(&self, option: &Opt<'_>, from: u8, left: u8) -> (u8, Stand) {
        let wanted = Print::of(option);
        let mut best = (from, Stand::Other);
        let slots = (0..COUNT.saturating_sub(left.saturating_sub(1)))
            .zip(&self.0)
            .skip(usize::from(from));
        for (slot, print) in slots {
            if print.number == UNKNOWN {
                if best.1 == Stand::Other {
                    best = (slot, Stand::Unknown);
                }
            } else if *print == wanted {
                return (slot, Stand::Same);
            }
        }
        best
    }
}

impl Print {
    fn of(option: &Opt<'_>) -> Self {
        // FNV-1a, twice with different primes and starts.
        let mut sums = [0x811C_9DC5, 0x9747_B28C_u32];
        for byte in option.value {
            let [first, second] = &mut sums;
            *first = (*first ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
            *second = (*second ^ u32::from(*byte))
                .wrapping_mul(0x85EB_CA6B)
                .rotate_left(13);
        }
        Self {
            number: option.number.0,
            length: u16::try_from(option.value.len()).unwrap_or(u16::MAX),
            sums,
        }
    }
}
