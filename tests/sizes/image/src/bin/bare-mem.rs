#![no_std]
#![no_main]
//! The board, `memcpy`, `memset`, `memmove`, `memcmp` and a division: what nearly every firmware holds already.

use image::unknown;

static mut BYTES: [u8; 64] = [0; 64];

#[unsafe(no_mangle)]
fn run() {
    // SAFETY: nobody else touches it.
    let bytes = unsafe { &mut *(&raw mut BYTES) };
    let (from, to, many) = (unknown() as usize, unknown() as usize, unknown() as usize);
    if let (Some(a), Some(b)) = (bytes.get(from..), bytes.get(to..)) {
        image::result((a == b).into());
    }
    if from + many < 64 && to + many < 64 {
        bytes.copy_within(from..from + many, to);
    }
    let (a, b) = bytes.split_at_mut(32);
    if many < 32 {
        a[..many].copy_from_slice(&b[..many]);
        b[..many].fill(from as u8);
    }
    if let Some(ratio) = unknown().checked_div(unknown()) {
        image::result(ratio);
    }
}
