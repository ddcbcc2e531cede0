//! The modems: one folder each, one cargo feature each.

#[cfg(feature = "bg96")]
pub mod bg96;

#[cfg(feature = "sim7000")]
pub mod sim7000;
