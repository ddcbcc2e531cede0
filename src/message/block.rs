//! The value of Block1 and Block2 (RFC 7959 section 2.2).
//!
//! ```text
//! NUM: 4, 12 or 20 bits | M: 1 bit | SZX: 3 bits          size = 2^(SZX + 4)
//! ```
//!
//! Every [`Block`] is valid: number below 2^20, size exponent 0 to 6. The reserved 7 (on TCP: BERT, RFC 8323 section 6)
//! cannot be made. The transfer itself is the endpoint's business.

/// Which block of a body this is, whether more follow, and how large blocks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Block {
    num: u32,
    more: bool,
    szx: u8,
}

impl Block {
    /// The greatest block number.
    pub const MAX_NUM: u32 = 0xf_ffff;
    /// The greatest size exponent, 1024 bytes.
    pub const MAX_SZX: u8 = 6;

    /// Block `num` of blocks of 2^(`szx` + 4) bytes; `None` if the number takes more than 20 bits or `szx` is above 6.
    pub const fn new(num: u32, more: bool, szx: u8) -> Option<Self> {
        if num > Self::MAX_NUM || szx > Self::MAX_SZX {
            return None;
        }
        Some(Self { num, more, szx })
    }

    /// The block that an option's number stands for; `None` for the reserved exponent 7 or more than 24 bits.
    pub const fn from_uint(value: u32) -> Option<Self> {
        Self::new(value >> 4, value & 8 != 0, (value & 7) as u8)
    }

    /// The exponent of the largest block size that is not above `size`; `None` below 16.
    pub const fn szx_within(size: usize) -> Option<u8> {
        match size {
            0..16 => None,
            16..32 => Some(0),
            32..64 => Some(1),
            64..128 => Some(2),
            128..256 => Some(3),
            256..512 => Some(4),
            512..1024 => Some(5),
            _ => Some(6),
        }
    }

    /// The number to write into the option.
    pub const fn to_uint(self) -> u32 {
        self.num << 4 | (self.more as u32) << 3 | self.szx as u32
    }

    /// Which block, from zero.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// Whether more blocks follow.
    pub const fn more(self) -> bool {
        self.more
    }

    /// The size exponent, 0 to 6.
    pub const fn szx(self) -> u8 {
        self.szx
    }

    /// How large a block is: 16 to 1024 bytes.
    pub const fn size(self) -> usize {
        16 << self.szx
    }

    /// Where in the body the block begins.
    pub const fn offset(self) -> u32 {
        self.num << (self.szx + 4)
    }

    /// The block after this one; `None` after the last number that there is.
    #[must_use]
    pub const fn next(self, more: bool) -> Option<Self> {
        Self::new(self.num + 1, more, self.szx)
    }

    /// The block that begins where this one does, of a smaller size: what follows when the peer asked for less
    /// (RFC 7959 section 2.3). `None` if `szx` is larger than before or the number becomes too great.
    /// It says `more` as this one does: whether more follows the smaller block, the caller knows and sets.
    #[must_use]
    pub const fn smaller(self, szx: u8) -> Option<Self> {
        if szx > self.szx {
            return None;
        }
        Self::new(self.num << (self.szx - szx), self.more, szx)
    }
}
