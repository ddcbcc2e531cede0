//! The Observe option's numbers (RFC 7641): what a request says with it, and which of two notifications is newer.
//!
//! The life of an observation (registering, refreshing, giving up) is the endpoint's business.

use crate::time::{Instant, Millis};

/// In a request: notify me from now on (RFC 7641 section 2).
pub const REGISTER: u32 = 0;

/// In a request: do so no longer (RFC 7641 section 3.6).
pub const DEREGISTER: u32 = 1;

/// Half of the 24-bit sequence space.
const HALF: u32 = 1 << 23;

/// After so long any notification is newer than the last one (RFC 7641 section 3.4).
const REORDERING: Millis = Millis::from_secs(128);

/// Whether a notification with sequence number `v2` that came at `t2` is newer than the newest one so far, which had
/// `v1` and came at `t1` (RFC 7641 section 3.4).
///
/// The 128-second clause ends where the clock's comparison does: a gap of more than 24.8 days may not be seen as one.
/// No observation is silent for so long, since it is registered anew after Max-Age.
pub const fn is_newer(v1: u32, t1: Instant, v2: u32, t2: Instant) -> bool {
    (v1 < v2 && v2 - v1 < HALF)
        || (v1 > v2 && v1 - v2 > HALF)
        || t2.since(t1).as_millis() > REORDERING.as_millis()
}
