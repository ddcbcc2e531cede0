//! What differs between firmwares, or what the note leaves open: every choice of the simulator in one place.

pub use crate::sim::module::Sim;

use crate::sim::module::Oddities;
use crate::time::Millis;

/// How the payload behind the prompt is understood. The note shows digits and does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayloadTaken {
    /// As it is for Content-Format 0, 41 and 50, else as hexadecimal digits: the mirror of what is shown.
    #[default]
    ByFormat,
    /// As it is.
    Raw,
}

/// How the data of a message is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataShown {
    /// As it is for Content-Format 0, 41 and 50, else in hexadecimal (note, 3.1).
    #[default]
    ByFormat,
    /// Always in hexadecimal, as a relative does.
    Hex,
}

/// The module's own quirks, and those that every module has.
pub type Quirks = crate::sim::module::Quirks<Own>;

/// What differs between firmwares, or what the note leaves open. The default is what the note says, or shows; a `bool` is
/// `false` then.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub struct Own {
    /// The payload behind the prompt.
    pub payload: PayloadTaken,
    /// The data of a message.
    pub data: DataShown,
    /// Options stand until others are set, or the context is deleted, instead of going with one message.
    pub options_kept: bool,
    /// The same for the head.
    pub head_kept: bool,
    /// GET and DELETE are sent at once: `OK`, no prompt.
    pub prompt_missing: bool,
    /// ESC at the prompt is answered with `ERROR` instead of `OK`.
    pub cancel_is_error: bool,
    /// No blank behind the colon of any line.
    pub no_blank: bool,
    /// `"req"` in place of `"rsp"`, and the other way round.
    pub words_swapped: bool,
    /// `"rsp"` lines without the type.
    pub type_missing: bool,
    /// `"rsp"` lines without the comma behind the word.
    pub comma_missing: bool,
    /// A blank before data.
    pub blank_before_data: bool,
    /// The mode of `"req"` is decimal.
    pub decimal_mode: bool,
    /// Empty messages have the code `0.00` instead of `0`.
    pub dotted_empty: bool,
    /// The status is called `+QLWDATASTATUS`.
    pub status_of_lwm2m: bool,
    /// After a time-out the status is 4, as after success.
    pub status_always_good: bool,
    /// No message is taken while a confirmable one is unacknowledged.
    pub one_at_a_time: bool,
    /// A context sends to the one address that it has sent to first.
    pub one_peer: bool,
    /// `AT+QCOAPDEL` takes two seconds.
    pub slow_delete: bool,
    /// Refusals have the numbers 8001 (parameters), 8002 (not allowed) and 8009 (no network).
    pub own_numbers: bool,
    /// A block is shown as `0/M/64`, and the comma behind it is missing.
    pub odd_blocks: bool,
    /// A Content-Format that is not in the note's list is counted and not shown.
    pub odd_formats: bool,
    /// Opaque values are shown as they are, instead of in hexadecimal.
    pub opaque_as_it_is: bool,
    /// Each message's line comes twice.
    pub repeats: bool,
    /// It looks for a network only when it is told to: the radio is off after power-up, and it is not attached.
    pub waits_to_be_told: bool,
    /// How long it takes from registration to an address. Default 300 ms.
    pub address_after: Millis,
}

impl Default for Own {
    fn default() -> Self {
        Self {
            payload: PayloadTaken::default(),
            data: DataShown::default(),
            options_kept: false,
            head_kept: false,
            prompt_missing: false,
            cancel_is_error: false,
            no_blank: false,
            words_swapped: false,
            type_missing: false,
            comma_missing: false,
            blank_before_data: false,
            decimal_mode: false,
            dotted_empty: false,
            status_of_lwm2m: false,
            status_always_good: false,
            one_at_a_time: false,
            one_peer: false,
            slow_delete: false,
            own_numbers: false,
            odd_blocks: false,
            odd_formats: false,
            opaque_as_it_is: false,
            repeats: false,
            waits_to_be_told: false,
            address_after: Millis::new(300),
        }
    }
}

impl Oddities for Own {
    /// As logged behind `AT+NRB`.
    const BOOT: &'static [&'static str] = &[
        "Boot: Unsigned",
        "Security B.. Verified",
        "Protocol A.. Verified",
        "Apps A...... Verified",
        "REBOOT_CAUSE_APPLICATION_AT",
        "Neul ",
        "OK",
    ];
}
