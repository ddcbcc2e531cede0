//! CoAP for firmware, through the cellular modem's own AT commands.
#![cfg_attr(not(any(feature = "std", test)), no_std)]

pub mod front;
pub mod message;
#[cfg(feature = "sim")]
pub mod sim;
pub mod time;
#[path = "../vendors/mod.rs"]
pub mod vendors;
