//! The No-Response option's number (RFC 7967): which responses a request does without.
//!
//! The values are added up. The option saves most in a non-confirmable request, whose sender then need not wait for
//! anything; a confirmable one is still acknowledged. The server answers with what was not ruled out, and with everything
//! if it does not know the option.

use super::Code;

/// No 2.xx (RFC 7967 section 2.1).
pub const SUCCESS: u32 = 2;

/// No 4.xx.
pub const CLIENT_ERROR: u32 = 8;

/// No 5.xx.
pub const SERVER_ERROR: u32 = 16;

/// No response at all.
pub const ANY: u32 = SUCCESS | CLIENT_ERROR | SERVER_ERROR;

/// Whether a request with this number rules out a response with that code. Zero rules out none.
pub const fn rules_out(value: u32, code: Code) -> bool {
    match code.class() {
        class @ 1..=5 => value >> (class - 1) & 1 != 0,
        _ => false,
    }
}
