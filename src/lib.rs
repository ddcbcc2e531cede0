#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        reason = "tests make bytes of counters"
    )
)]
#![doc = include_str!("../README.md")]
//! # The rooms, in reading order
//!
//! - [`client`]: what an application codes against; [`error`]: what can go wrong, by who must act.
//! - [`message`]: a CoAP message in its wire form, the common language of all that follows.
//! - [`endpoint`]: exchanges, retransmission, duplicates. Knows no modem.
//! - [`link`]: the seam below the endpoint. [`modem`] joins a dialect to it, `udp` a socket.
//! - [`at`]: the AT engine: bytes to lines, prompts, counted data. Knows no CoAP.
//! - [`vendors`]: the dialects, one folder a modem.
//! - [`front`]: three ways to wait for the same future; [`time`]: milliseconds that wrap.
//! - `sim` (feature `sim`): simulated modems and what surrounds them.

pub mod at;
pub mod client;
pub mod endpoint;
pub mod error;
pub mod front;
pub mod link;
mod log;
pub mod message;
pub mod modem;
#[cfg(feature = "sim")]
pub mod sim;
pub mod time;
#[cfg(feature = "std")]
pub mod udp;
#[path = "../vendors/mod.rs"]
pub mod vendors;
