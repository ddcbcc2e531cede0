//! Time as the driver knows it: milliseconds in a wrapping `u32`.
//!
//! An [`Instant`] is a point on the caller's millisecond counter, wherever that starts; it wraps after 49.7 days and
//! every comparison here allows for that. A [`Millis`] is a span. No clock lives in this module: time is always an
//! argument, and only the [fronts](crate::front) ask a clock for it.
//!
//! Limit: two instants compare rightly while they are less than 2^31 ms (24.8 days) apart. No wait of this crate comes near.

/// A span of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Millis(u32);

impl Millis {
    /// A span of so many milliseconds.
    pub const fn new(milliseconds: u32) -> Self {
        Self(milliseconds)
    }

    /// A span of so many seconds; what is too long for the counter becomes the longest span.
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds.saturating_mul(1000)).clamped()
    }

    /// The span of a [`core::time::Duration`]; what is too long for the counter becomes the longest span.
    pub const fn from_duration(duration: core::time::Duration) -> Self {
        let milliseconds = duration.as_millis();
        if milliseconds > Self::LONGEST.0 as u128 {
            return Self::LONGEST;
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked on the line above")]
        Self(milliseconds as u32)
    }

    /// The longest span that a wait can have: half the counter, 24.8 days.
    pub const LONGEST: Self = Self(u32::MAX / 2);

    const fn clamped(self) -> Self {
        if self.0 > Self::LONGEST.0 {
            Self::LONGEST
        } else {
            self
        }
    }

    /// The number of milliseconds.
    pub const fn as_millis(self) -> u32 {
        self.0
    }
}

/// A point in time on the caller's wrapping millisecond counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u32);

impl Instant {
    /// The point at which the counter stands at so many milliseconds.
    pub const fn from_millis(milliseconds: u32) -> Self {
        Self(milliseconds)
    }

    /// Where the counter stands.
    pub const fn as_millis(self) -> u32 {
        self.0
    }

    /// This point moved into the future, by the [longest](Millis::LONGEST) span at most.
    #[must_use]
    pub const fn after(self, span: Millis) -> Self {
        Self(self.0.wrapping_add(span.clamped().0))
    }

    /// How long ago `earlier` was; zero if it has not come yet.
    pub const fn since(self, earlier: Self) -> Millis {
        let span = self.0.wrapping_sub(earlier.0);
        if span > u32::MAX / 2 {
            Millis(0)
        } else {
            Millis(span)
        }
    }

    /// How long it is until `later`; zero if that has passed.
    pub const fn until(self, later: Self) -> Millis {
        later.since(self)
    }

    /// Whether this point, taken as the present, has reached `deadline`.
    pub const fn reached(self, deadline: Self) -> bool {
        self.0.wrapping_sub(deadline.0) <= u32::MAX / 2
    }

    /// The earlier of two points.
    #[must_use]
    pub const fn earlier(self, other: Self) -> Self {
        if self.reached(other) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_hold_across_the_wrap() {
        let before = Instant::from_millis(u32::MAX - 9);
        let after = before.after(Millis::new(20));
        assert_eq!(after.as_millis(), 10);
        assert!(after.reached(before));
        assert!(!before.reached(after));
        assert_eq!(after.since(before), Millis::new(20));
        assert_eq!(before.until(after), Millis::new(20));
        assert_eq!(after.until(before), Millis::new(0));
        assert_eq!(before.earlier(after), before);
        assert_eq!(after.earlier(before), before);
    }

    #[test]
    fn long_spans_saturate() {
        assert_eq!(Millis::from_secs(u32::MAX), Millis::LONGEST);
        let now = Instant::from_millis(7);
        for span in [Millis::LONGEST, Millis::new(u32::MAX)] {
            assert!(
                !now.reached(now.after(span)),
                "the longest wait is not over at once"
            );
        }
        assert_eq!(
            Millis::from_duration(core::time::Duration::MAX),
            Millis::LONGEST
        );
        assert_eq!(
            Millis::from_duration(core::time::Duration::from_millis(1500)),
            Millis::new(1500)
        );
    }
}
