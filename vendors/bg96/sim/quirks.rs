//! What differs between firmwares, or what the document leaves open: every choice of the simulator in one place.

pub use crate::sim::module::Sim;

use crate::sim::module::Oddities;
use crate::time::Millis;

/// What the module does with a payload length of 0 in `AT+QCOAPSEND`. The document does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZeroLength {
    /// Sends at once: OK, no prompt (as Quectel's newer modules do).
    #[default]
    SendsAtOnce,
    /// Prompts, and waits for Ctrl-Z.
    Prompts,
    /// ERROR.
    Error,
}

/// How `+QCOAPRECV` shows the options of a message. The document does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptionsShown {
    /// `12,"0",4,"A1B2"`: number, value; integers decimal, opaque values as hex.
    #[default]
    Pairs,
    /// `"12,0","4,A1B2"`: one string each.
    Joined,
    /// Only their count.
    None,
}

/// The module's own quirks, and those that every module has.
pub type Quirks = crate::sim::module::Quirks<Own>;

/// What differs between firmwares, or what the document leaves open.
///
/// The default is what the document says where it says something, else what drivers in the field rely on.
#[derive(Clone, Debug)]
pub struct Own {
    /// `+COAPACK` instead of `+QCOAPACK`, as the document's examples print it. Default false.
    pub ack_name_without_q: bool,
    /// Payload length 0.
    pub zero_length: ZeroLength,
    /// The options of an incoming message.
    pub options_shown: OptionsShown,
    /// Adding an option to an occupied slot overwrites it, instead of ERROR. Default false.
    pub option_overwrite: bool,
    /// The option numbers 6, 23, 27 and 28 (observe, block-wise), which the document does not list, are accepted as
    /// integers. Default false.
    pub more_options: bool,
    /// A Uri-Path value is sent as one option a segment. Default false: as one option, slashes and all.
    pub splits_uri_path: bool,
    /// Header and options outlive `AT+QCOAPCLOSE`. Default false.
    pub options_survive_close: bool,
    /// A second confirmable message while one is unacknowledged is refused with ERROR. Default false.
    pub one_at_a_time: bool,
    /// Error results are 11 instead of -11. Default false.
    pub positive_results: bool,
    /// `+QCOAPRECV` comes before the `+QCOAPACK` of the same exchange. Default false.
    pub ack_after_recv: bool,
    /// A blank after the colon of the CoAP lines. Default true.
    pub blank_after_colon: bool,
    /// `+QCOAPRECV` with payload length 0 is followed by an empty line, as by any payload. Default true.
    pub empty_payload_line: bool,
    /// Refused CoAP commands give `+CME ERROR` if `AT+CMEE` asks for it. Default false: the document knows plain ERROR only.
    pub coap_errors_are_cme: bool,
    /// The prompt is `>` alone, without a blank behind it. Default false.
    pub bare_prompt: bool,
    /// The results of opening and closing are never told, as with BG95-M3. Default false.
    pub results_get_lost: bool,
    /// Each result of opening, closing and delivery comes a second time: first as -2, "in processing". Default false.
    pub processing_first: bool,
    /// A session that ends with its PDP context is told by `+QCOAPCLOSE`. Default false: it is not known.
    pub close_is_told: bool,
    /// `AT+QIACT` fails for no reason until `AT+QIDEACT` was sent, once after each power-up. Default false.
    pub activation_fails: bool,
    /// `AT+QIDEACT` is told by `+QIURC: "pdpdeact"` as well. Default false.
    pub tells_deactivation: bool,
    /// How long `AT+QIACT` takes. Default 900 ms.
    pub activates_after: Millis,
}

impl Default for Own {
    fn default() -> Self {
        Self {
            ack_name_without_q: false,
            zero_length: ZeroLength::default(),
            options_shown: OptionsShown::default(),
            option_overwrite: false,
            more_options: false,
            splits_uri_path: false,
            options_survive_close: false,
            one_at_a_time: false,
            positive_results: false,
            ack_after_recv: false,
            blank_after_colon: true,
            empty_payload_line: true,
            coap_errors_are_cme: false,
            bare_prompt: false,
            results_get_lost: false,
            processing_first: false,
            close_is_told: false,
            activation_fails: false,
            tells_deactivation: false,
            activates_after: Millis::new(900),
        }
    }
}

impl Oddities for Own {
    const BOOT: &'static [&'static str] = &[
        "RDY",
        "+CFUN: 1",
        "+CPIN: READY",
        "+QUSIM: 1",
        "APP RDY",
        "+QIND: SMS DONE",
    ];
}
