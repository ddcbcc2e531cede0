//! The modems: one folder each, one cargo feature each.
#![doc = include_str!("capabilities.md")]

#[cfg(feature = "bg96")]
pub mod bg96;

#[cfg(feature = "l610")]
pub mod l610;
