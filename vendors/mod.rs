//! The modems: one folder each, one cargo feature each.

#[cfg(feature = "bg96")]
pub mod bg96;
#[cfg(feature = "sara-r5")]
pub mod sara_r5;
