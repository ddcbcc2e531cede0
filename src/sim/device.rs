//! What a serial line can lead to.

use crate::time::Instant;

/// What stands at the far end of the serial line: a simulated modem, a replayed transcript.
///
/// Sans-IO: the device never looks at a clock. `now` never goes backwards.
pub trait Device {
    /// Bytes that the host sent.
    fn receive(&mut self, now: Instant, bytes: &[u8]);

    /// Appends to `out` what the device has said until now.
    fn transmit(&mut self, now: Instant, out: &mut Vec<u8>);

    /// When something next happens by itself; `None` if nothing will until the host, or a real network, brings something.
    fn deadline(&self) -> Option<Instant>;
}
