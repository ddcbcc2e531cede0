//! What differs between firmwares, or what the document leaves open: every choice of the simulator in one place.

pub use crate::sim::module::Sim;

use crate::sim::module::Oddities;
use crate::time::Millis;

/// How `AT+CCOAPHEAD=<mid>,0` prints the head of a packet. The document says "raw" and shows no example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RawHead {
    /// As it is.
    #[default]
    Bytes,
    /// In hexadecimal digits.
    Hex,
    /// As text that ends before its first zero, whatever length was declared.
    Text,
    /// ERROR.
    Refused,
}

/// How `AT+CCOAPHEAD=<mid>,1` prints a token. No example has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenShown {
    /// In hexadecimal digits.
    #[default]
    Hex,
    /// As it is, which may be anything.
    Bytes,
    /// Not at all; its length is there.
    No,
}

/// What `AT+CNACT?` answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cnact {
    /// `0,1,"address"`, as the document prints it.
    #[default]
    Indexed,
    /// `1,"address"`, as logged.
    Plain,
    /// Four lines with an index, as sister modems do.
    Four,
}

/// When the line `+APP PDP: ACTIVE` comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PdpLine {
    /// Some time after the OK.
    #[default]
    AfterOk,
    /// Before the OK.
    BeforeOk,
    /// With the number of the context in it, as sister modems have it.
    Indexed,
    /// Never.
    Never,
}

/// What `AT+CCOAPREAD` does with a packet without a payload. The document does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyRead {
    /// `+CCOAPREAD: 0,`
    #[default]
    Zero,
    /// `+CCOAPREAD: 0`
    Bare,
    /// OK alone.
    Nothing,
    /// ERROR.
    Refused,
}

/// The module's own quirks, and those that every module has.
pub type Quirks = crate::sim::module::Quirks<Own>;

/// What differs between firmwares, or what the document leaves open.
///
/// The default is what the document says where it says something, else what drivers in the field rely on.
#[derive(Clone, Debug)]
pub struct Own {
    /// The head of a packet as bytes.
    pub raw_head: RawHead,
    /// The marker of the payload is part of those bytes. Default false.
    pub head_with_marker: bool,
    /// Payloads are printed in hexadecimal digits; their length still counts bytes. Default false, as in the example.
    pub read_in_hex: bool,
    /// A packet that was read stays in the queue. Default false.
    pub read_keeps: bool,
    /// A packet without a payload.
    pub empty_read: EmptyRead,
    /// The declared length of a payload is off by so much. Default 0.
    pub read_length_off: i8,
    /// How many fields of a head taken apart are printed. Default 24; the example of section 3.5 has 21.
    pub head_fields: usize,
    /// The token in it.
    pub token_shown: TokenShown,
    /// Packets are announced as `+CCOAPRCV`, as section 3.4 has it, and not as `+CCOAPRECV`. Default false.
    pub short_announcement: bool,
    /// The sizes are missing from the announcement. Default false.
    pub announcement_without_sizes: bool,
    /// Empty acknowledgements come into the queue as well. Default false.
    pub acks_are_packets: bool,
    /// How many packets the queue holds. Default 8; the document does not say.
    pub depth: usize,
    /// What a `CCOAPPARA` line has set stays in force after the sending. Default false.
    pub values_last: bool,
    /// A second `CCOAPPARA` line adds to the first. Default true, since then a careless host errs.
    pub lines_add: bool,
    /// Several queries are given under one name each. Default false: in one value, separated by `&`.
    pub repeated_queries: bool,
    /// The message id that was given does not count; the module numbers its messages from 1. Default false.
    pub own_ids: bool,
    /// The token that was given is not sent. Default false.
    pub drops_token: bool,
    /// The name in a URL is looked up when something is sent. Default false: when the URL is given.
    pub late_lookup: bool,
    /// How long after the sending a response that does not come is given up: `+CCOAPACTION: 2`. Default 93 s.
    pub gives_up_after: Millis,
    /// `+CCOAPACTION: 2` without the message id. Default false.
    pub timeout_without_id: bool,
    /// The longest command line. Default 2000; the document gives none.
    pub longest_line: usize,
    /// A blank behind the colon of all lines. Default true.
    pub blank_after_colon: bool,
    /// Refused CoAP commands give `+CME ERROR` if `AT+CMEE` asks for it. Default false: the document knows plain ERROR only.
    pub coap_errors_are_cme: bool,
    /// The answer to `AT+CNACT?`.
    pub cnact: Cnact,
    /// A context that is not active shows its last address. Default false: `0.0.0.0`.
    pub old_address: bool,
    /// The line of a context that is active.
    pub pdp_line: PdpLine,
    /// `AT+CNACT=0` is followed by `+APP PDP: ACTIVE`, as the document prints it. Default false: `DEACTIVE`.
    pub active_for_deactive: bool,
    /// How long after `AT+CNACT=1` the address is there. Default 900 ms.
    pub address_after: Millis,
    /// The access point that the network tells; empty for none (as under GSM).
    pub network_apn: &'static str,
    /// User name and password that the network wants.
    pub wants_login: Option<(&'static str, &'static str)>,
    /// How often `AT+CNACT=1` fails for no reason. Default 0.
    pub activation_failures: u8,
    /// How often `AT+CPIN?` is answered with `NOT READY` after power-up. Default 0.
    pub sim_not_ready: u8,
    /// How many questions about registration are refused after power-up. Default 0.
    pub refuses_registration: u8,
}

impl Default for Own {
    fn default() -> Self {
        Self {
            raw_head: RawHead::default(),
            head_with_marker: false,
            read_in_hex: false,
            read_keeps: false,
            empty_read: EmptyRead::default(),
            read_length_off: 0,
            head_fields: 24,
            token_shown: TokenShown::default(),
            short_announcement: false,
            announcement_without_sizes: false,
            acks_are_packets: false,
            depth: 8,
            values_last: false,
            lines_add: true,
            repeated_queries: false,
            own_ids: false,
            drops_token: false,
            late_lookup: false,
            gives_up_after: Millis::from_secs(93),
            timeout_without_id: false,
            longest_line: 2000,
            blank_after_colon: true,
            coap_errors_are_cme: false,
            cnact: Cnact::default(),
            old_address: false,
            pdp_line: PdpLine::default(),
            active_for_deactive: false,
            address_after: Millis::new(900),
            network_apn: "ctnb",
            wants_login: None,
            activation_failures: 0,
            sim_not_ready: 0,
            refuses_registration: 0,
        }
    }
}

impl Oddities for Own {
    const BOOT: &'static [&'static str] = &["RDY", "+CFUN: 1", "+CPIN: READY", "SMS Ready"];
}
