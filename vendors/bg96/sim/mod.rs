//! The simulated BG96.
