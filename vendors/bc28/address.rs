//! The server's address as text: the modem is given it with every message, and takes no name.

/// An address as text: so many characters of the array.
pub(super) struct Address {
    text: [u8; 40],
    length: u8,
}

impl Address {
    pub(super) const NONE: Self = Self {
        text: [0; 40],
        length: 0,
    };

    /// Dotted numbers, or hexadecimal ones with colons; `None` for anything else, also for what is longer than any address may
    /// be here.
    pub(super) fn new(host: &[u8]) -> Option<Self> {
        let mut address = Self::NONE;
        let (mut name, mut colons, mut alien) = (false, false, false);
        for (to, from) in address.text.iter_mut().zip(host) {
            *to = *from;
            address.length += 1;
            name |= !matches!(from, b'0'..=b'9' | b'.');
            alien |= !matches!(from, b'.' | b':') && !from.is_ascii_hexdigit();
            colons |= *from == b':';
        }
        let whole = host.len() == usize::from(address.length);
        (whole && address.length > 0 && (!name || (colons && !alien))).then_some(address)
    }

    pub(super) fn text(&self) -> &[u8] {
        self.text.get(..usize::from(self.length)).unwrap_or(&[])
    }
}
