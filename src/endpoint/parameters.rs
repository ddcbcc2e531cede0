//! Transmission parameters: RFC 7252, section 4.8.

use crate::time::Millis;

/// How patiently and how often a confirmable message is sent (RFC 7252, section 4.8).
///
/// Cellular networks with deep sleep answer slowly: an `ack_timeout` of 10 s or more is common on NB-IoT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Parameters {
    /// ACK_TIMEOUT: the first wait for an acknowledgement, before the random factor.
    pub ack_timeout: Millis,
    /// ACK_RANDOM_FACTOR, in percent above 100: 50 means a factor of up to 1.5.
    pub ack_random_percent: u8,
    /// MAX_RETRANSMIT: how often a message is repeated at most.
    pub max_retransmit: u8,
}

impl Parameters {
    /// The values of the RFC: 2 s, 1.5, 4.
    pub const DEFAULT: Self = Self {
        ack_timeout: Millis::from_secs(2),
        ack_random_percent: 50,
        max_retransmit: 4,
    };

    /// The first time-out: between ACK_TIMEOUT and ACK_TIMEOUT times ACK_RANDOM_FACTOR, chosen by `random`.
    pub(super) fn first_timeout(&self, random: u32) -> Millis {
        let base = self.ack_timeout.as_millis();
        // percent / 100 as a fraction of 1024: no division. 50 % becomes 512.
        let fraction = (u32::from(self.ack_random_percent) * 10_486) >> 10;
        let spread = (base.min(0x3F_FFFF) >> 10).saturating_mul(fraction)
            + (((base & 0x3FF) * fraction) >> 10);
        // A random part of the spread, in 1024ths.
        let part = random & 0x3FF;
        let random_part = (spread >> 10) * part + (((spread & 0x3FF) * part) >> 10);
        Millis::new(base.saturating_add(random_part))
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_timeout_lies_between_ack_timeout_and_its_random_factor() {
        for (timeout, percent) in [(2000, 50), (10_000, 50), (60_000, 100), (250, 0), (1, 50)] {
            let parameters = Parameters {
                ack_timeout: Millis::new(timeout),
                ack_random_percent: percent,
                max_retransmit: 4,
            };
            let most = timeout + timeout * u32::from(percent) / 100;
            let mut seen_low = u32::MAX;
            let mut seen_high = 0;
            for random in 0..1024 {
                let first = parameters.first_timeout(random).as_millis();
                assert!(
                    (timeout..=most).contains(&first),
                    "{first} of {timeout}..={most}"
                );
                seen_low = seen_low.min(first);
                seen_high = seen_high.max(first);
            }
            assert_eq!(seen_low, timeout);
            assert!(
                seen_high >= most - most / 100 - 1,
                "{seen_high} reaches {most}"
            );
        }
    }
}
