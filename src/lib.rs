#![cfg_attr(not(any(feature = "std", test)), no_std)]
//! CoAP for firmware, through the cellular modem's own AT commands.

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
