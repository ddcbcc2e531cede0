//! Quectel BG96.

#[cfg(feature = "sim")]
pub mod sim;
