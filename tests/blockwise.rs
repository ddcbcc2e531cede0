//! Block-wise transfer (RFC 7959) against a scripted peer on `coap-lite`, rule by rule; then for real: against the demo
//! server and libcoap's, large, with loss, over UDP and through a modem.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

#[path = "common/libcoap.rs"]
mod libcoap;
#[path = "blockwise/scripted.rs"]
mod scripted;

#[path = "blockwise/both.rs"]
mod both;
#[path = "blockwise/down.rs"]
mod down;
#[path = "blockwise/large.rs"]
mod large;
#[path = "blockwise/modems.rs"]
mod modems;
#[path = "blockwise/up.rs"]
mod up;
