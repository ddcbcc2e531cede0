//! Chance that repeats: the same seed gives the same losses and the same tokens on every run.

/// A small generator (splitmix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A generator that always gives the same for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any byte.
    pub const fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// True in so many of a hundred cases.
    pub const fn percent(&mut self, chance: u8) -> bool {
        self.next() % 100 < chance as u64
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn chance_repeats_and_is_about_what_was_asked_for() {
        let count = |seed| {
            let mut dice = Dice::new(seed);
            (0..10_000).filter(|_| dice.percent(20)).count()
        };
        assert_eq!(count(1), count(1));
        assert_ne!(count(1), count(2));
        assert!((1800..2200).contains(&count(1)), "{}", count(1));
        assert!((0..100).all(|seed| !Dice::new(seed).percent(0)));
        assert!((0..100).all(|seed| Dice::new(seed).percent(100)));
    }
}
