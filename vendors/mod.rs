//! The modems: one folder each, one cargo feature each.
#![doc = include_str!("capabilities.md")]

#[cfg(feature = "bc28")]
pub mod bc28;

#[cfg(feature = "bg96")]
pub mod bg96;

#[cfg(feature = "l610")]
pub mod l610;

#[cfg(feature = "sara-r5")]
pub mod sara_r5;

#[cfg(feature = "sim7000")]
pub mod sim7000;
