//! The modems: one folder each, one cargo feature each.

#[cfg(feature = "bc28")]
pub mod bc28;

#[cfg(feature = "bg96")]
pub mod bg96;
