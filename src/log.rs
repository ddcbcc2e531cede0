//! Diagnostics: what is worth telling a developer, to `defmt` or `log` if the feature is on, else to nobody.
//!
//! Told are events and numbers, never the text of a command or an answer: those hold PINs, passwords and payloads. Who
//! wants the dialog taps the serial port, with the secrets masked
//! ([`Recorder`](https://docs.rs/coap-modem/latest/coap_modem/sim/struct.Recorder.html) does).

/// Tells of something unusual that the driver copes with.
macro_rules! warning {
    ($text:literal $(, $value:expr)*) => {{
        #[cfg(feature = "defmt")]
        ::defmt::warn!($text $(, $value)*);
        #[cfg(feature = "log")]
        ::log::warn!($text $(, $value)*);
        $(let _ = &$value;)*
    }};
}

/// Tells of a step.
macro_rules! debug {
    ($text:literal $(, $value:expr)*) => {{
        #[cfg(feature = "defmt")]
        ::defmt::debug!($text $(, $value)*);
        #[cfg(feature = "log")]
        ::log::debug!($text $(, $value)*);
        $(let _ = &$value;)*
    }};
}

pub(crate) use {debug, warning};
