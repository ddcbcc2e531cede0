//! The mailbox between a running operation and the front that drives it.
//!
//! The operation (a future) and the front (which owns the serial port and the clock) share nothing but this. The front
//! puts received bytes and the time in and takes bytes to send out; the operation does the opposite and says when it
//! wants to be woken. Everything is a relaxed atomic behind `&self`, so that futures are `Send` and no `RefCell` can be
//! borrowed twice; on every Cortex-M these are plain loads and stores. It outlives any single operation: bytes that
//! arrived too late for one are there for the next.
//!
//! One producer and one consumer a side: the front fills `rx` and drains `tx`, the operation drains `rx` and fills `tx`.

use crate::time::Instant;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

/// Bytes that fit one received chunk.
pub const CHUNK: usize = 32;

/// Bytes that wait to be sent at most. A power of two.
const FIFO: u8 = 16;

/// The mailbox. Lives in the caller's [`Memory`](crate::modem::Memory).
pub struct Wire {
    rx: [AtomicU8; CHUNK],
    /// How many bytes of `rx` are filled; the operation takes all of them at once.
    rx_len: AtomicU8,
    tx: [AtomicU8; FIFO as usize],
    /// Free-running counters; their difference is the fill level.
    tx_in: AtomicU8,
    tx_out: AtomicU8,
    /// Bytes that the serial port reported as damaged.
    junk: AtomicU8,
    now: AtomicU32,
    wake: AtomicU32,
}

impl Default for Wire {
    fn default() -> Self {
        Self::new()
    }
}

impl Wire {
    /// An empty mailbox.
    pub const fn new() -> Self {
        Self {
            rx: [const { AtomicU8::new(0) }; CHUNK],
            rx_len: AtomicU8::new(0),
            tx: [const { AtomicU8::new(0) }; FIFO as usize],
            tx_in: AtomicU8::new(0),
            tx_out: AtomicU8::new(0),
            junk: AtomicU8::new(0),
            now: AtomicU32::new(0),
            wake: AtomicU32::new(0),
        }
    }

    /// For the front: whether a chunk may be [put](Self::receive).
    pub fn wants_bytes(&self) -> bool {
        self.rx_len.load(Relaxed) == 0
    }

    /// For the front: bytes received, at most [`CHUNK`], when the last ones were taken.
    pub fn receive(&self, bytes: &[u8]) {
        let mut count = 0;
        for (slot, byte) in self.rx.iter().zip(bytes) {
            slot.store(*byte, Relaxed);
            count += 1;
        }
        self.rx_len.store(count, Relaxed);
    }

    /// For the front: the serial port reported a damaged byte (framing, noise, overrun).
    pub fn damaged(&self) {
        self.junk
            .store(self.junk.load(Relaxed).saturating_add(1), Relaxed);
    }

    /// For the front: bytes to send, copied to `out`. They stay until [`sent`](Self::sent) says they are gone.
    pub fn outgoing<'o>(&self, out: &'o mut [u8]) -> &'o [u8] {
        let from = self.tx_out.load(Relaxed);
        let waiting = self.tx_in.load(Relaxed).wrapping_sub(from);
        let mut position = from;
        let mut count = 0;
        for (target, _) in out.iter_mut().zip(0..waiting) {
            if let Some(slot) = self.tx.get(usize::from(position & (FIFO - 1))) {
                *target = slot.load(Relaxed);
            }
            position = position.wrapping_add(1);
            count += 1;
        }
        out.get(..count).unwrap_or(&[])
    }

    /// For the front: so many of the [outgoing](Self::outgoing) bytes were accepted by the serial port.
    pub fn sent(&self, count: u8) {
        let from = self.tx_out.load(Relaxed);
        let waiting = self.tx_in.load(Relaxed).wrapping_sub(from);
        self.tx_out
            .store(from.wrapping_add(count.min(waiting)), Relaxed);
    }

    /// For the front: whether bytes wait to be sent.
    pub fn has_outgoing(&self) -> bool {
        self.tx_in.load(Relaxed) != self.tx_out.load(Relaxed)
    }

    /// For the front: the present, before each poll of the operation.
    pub fn set_now(&self, now: Instant) {
        self.now.store(now.as_millis(), Relaxed);
    }

    /// For the front: when the operation wants to be polled again even if nothing arrives.
    pub fn wake(&self) -> Instant {
        Instant::from_millis(self.wake.load(Relaxed))
    }

    /// For the operation: the present.
    pub(crate) fn now(&self) -> Instant {
        Instant::from_millis(self.now.load(Relaxed))
    }

    /// For the operation: when to poll it again at the latest.
    pub(crate) fn set_wake(&self, at: Instant) {
        self.wake.store(at.as_millis(), Relaxed);
    }

    /// For the operation: takes the received chunk.
    pub(crate) fn take<'o>(&self, out: &'o mut [u8; CHUNK]) -> &'o [u8] {
        let count = usize::from(self.rx_len.load(Relaxed));
        for (target, slot) in out.iter_mut().zip(&self.rx).take(count) {
            *target = slot.load(Relaxed);
        }
        self.rx_len.store(0, Relaxed);
        out.get(..count).unwrap_or(&[])
    }

    /// For the operation: damaged bytes since the last call.
    pub(crate) fn take_damaged(&self) -> u8 {
        let count = self.junk.load(Relaxed);
        if count != 0 {
            self.junk.store(0, Relaxed);
        }
        count
    }

    /// For the operation: puts bytes to send; returns how many fitted.
    pub(crate) fn put(&self, bytes: &[u8]) -> usize {
        let mut position = self.tx_in.load(Relaxed);
        let room = FIFO - position.wrapping_sub(self.tx_out.load(Relaxed));
        let mut count = 0;
        for (byte, _) in bytes.iter().zip(0..room) {
            if let Some(slot) = self.tx.get(usize::from(position & (FIFO - 1))) {
                slot.store(*byte, Relaxed);
            }
            position = position.wrapping_add(1);
            count += 1;
        }
        self.tx_in.store(position, Relaxed);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_comes_out_in_order_across_the_counters_wrap() {
        let wire = Wire::new();
        let mut expected = Vec::new();
        let mut got = Vec::new();
        for round in 0..200u16 {
            let bytes: Vec<u8> = (0..round % 23).map(|i| (round + i) as u8).collect();
            let taken = wire.put(&bytes);
            expected.extend_from_slice(&bytes[..taken]);
            let mut out = [0; 7];
            let gone = wire.outgoing(&mut out);
            got.extend_from_slice(gone);
            wire.sent(gone.len() as u8);
        }
        let mut out = [0; 64];
        got.extend_from_slice(wire.outgoing(&mut out));
        assert_eq!(got, expected);
        assert!(expected.len() > 600, "the counters must have wrapped");
    }

    #[test]
    fn a_chunk_is_taken_once() {
        let wire = Wire::new();
        assert!(wire.wants_bytes());
        wire.receive(b"OK\r\n");
        assert!(!wire.wants_bytes());
        let mut out = [0; CHUNK];
        assert_eq!(wire.take(&mut out), b"OK\r\n");
        assert!(wire.take(&mut out).is_empty());
        assert!(wire.wants_bytes());
    }

    #[test]
    fn the_mailbox_stays_small() {
        assert!(
            core::mem::size_of::<Wire>() <= 80,
            "{}",
            core::mem::size_of::<Wire>()
        );
    }
}
