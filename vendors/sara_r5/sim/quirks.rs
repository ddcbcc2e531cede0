//! What differs between firmwares, or what the guide leaves open: every choice of the simulator in one place.

pub use crate::sim::module::Sim;

use crate::sim::module::Oddities;
use crate::time::Millis;

/// The addresses that the network gives to a context, whatever was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gives {
    /// IPv4 only, as in the guide's example (2.2).
    #[default]
    V4,
    /// IPv6 only.
    V6,
    /// Whatever was asked for.
    Asked,
}

/// When `+UUPSDA` comes, seen from the `OK` of `AT+UPSDA=0,3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Soon after it.
    #[default]
    After,
    /// Before it.
    Before,
    /// 25 seconds later, when the answers to other commands have come.
    Late,
    /// Never, though the profile is active.
    Untold,
    /// With a result that is no success.
    Fails,
}

/// What becomes of a response in several blocks (RFC 7959), which the guide does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blocks {
    /// The module fetches them all, and tells each in a line of its own, of which all but the last have `more` = 1. That is how the
    /// guide's advice reads, to collect `+UCOAPCD` until the final `+UCOAPCR` comes (8.1).
    #[default]
    Parts,
    /// The module fetches them all, and tells them in one line.
    Joined,
    /// The first block is told with `more` = 1, and that was it.
    First,
}

/// When `+UCOAPCD` has the fields for block number and size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockFields {
    /// In the response to a block with a number above 0, as in the guide's example (8.3.3).
    #[default]
    AsPrinted,
    /// In the response to every block.
    Always,
    /// Never.
    Never,
}

/// The module's own quirks, and those that every module has.
pub type Quirks = crate::sim::module::Quirks<Own>;

/// What differs between firmwares, or what the guide leaves open.
///
/// The default is what the guide says where it says something, else what drivers in the field rely on.
#[derive(Clone, Debug)]
pub struct Own {
    /// Without option flags 0 and 1 host and port of the URI are not seen, and every exchange fails. Default false.
    pub needs_host_and_port: bool,
    /// Option flag 5 set to 0 means non-confirmable. Default false: 1 does.
    pub non_is_zero: bool,
    /// The module's numbers of content formats, with those of RFC 7252 first; others are refused. Default empty: the same numbers.
    pub formats: Vec<(u16, u16)>,
    /// Percent-escapes in a URI go into the options as they are. Default false: as what they stand for.
    pub keeps_percent: bool,
    /// The whole path goes into one Uri-Path option, as a relative of the module does it. Default false.
    pub joins_path: bool,
    /// A response in several blocks.
    pub blocks: Blocks,
    /// Fields for block number and size.
    pub block_fields: BlockFields,
    /// `+UCOAPCD` of class 4 and 5 has a `more` field as well. Default false, as printed (8.4.2).
    pub more_of_errors: bool,
    /// The data of class 4 and 5 is the server's payload alone. Default false: `Error 4.05: ` before it, as printed (8.4.2).
    pub bare_errors: bool,
    /// A response without payload has no `+UCOAPCD`. Default false: one with nothing in its quotes, as printed (8.3.3).
    pub no_line_without_data: bool,
    /// Digits of `+UCOAPCD` in lower case. Default false.
    pub lower_case: bool,
    /// Each exchange comes from a port of its own. Default false: all with one server come from the same, since blocks of a
    /// request are told from others' by where they come from.
    pub port_an_exchange: bool,
    /// How long after `+UCOAPCD` the `+UCOAPCR` comes. Default 5 ms.
    pub result_after: Millis,
    /// Datagrams are announced by `+UUSORF`. Default false: by `+UUSORD`, as printed (5.7).
    pub uusorf: bool,
    /// What is left of a datagram that was read in part is gone. Default false: it stays, as the guide has it (5.7).
    pub whole_datagrams: bool,
    /// To read where nothing waits, and to ask how much does, is an error. Default false: it is told that nothing does, as the guide
    /// shows it for streams (5.5).
    pub nothing_is_an_error: bool,
    /// Sockets stay when the profile is lost, and count. Default false.
    pub keeps_sockets: bool,
    /// A second announcement comes before what the first one announced, when that is read. Default false: behind it (5.7).
    pub announces_early: bool,
    /// The length field of `+USORF` is 2, whatever follows, as printed (5.7). Default false.
    pub misprinted_length: bool,
    /// So many `AT+USOST` get `OK` alone, and nothing is sent. Default 0.
    pub sends_nothing: u32,
    /// So many `AT+USOCR` get `OK` alone; the socket is there. Default 0.
    pub hides_socket: u32,
    /// The setting of `AT+UDCONF=1` survives a restart, as on 01B. Default false.
    pub keeps_udconf: bool,
    /// So many bytes may be read at once in hexadecimal mode. Default 512.
    pub hex_read: u32,
    /// So many `AT+UDNSRN` fail at once. Default 0.
    pub busy_resolver: u32,
    /// When `+UUPSDA` comes.
    pub activation: Activation,
    /// `AT+UPSDA=0,4` is told by `+UUPSDD` as well. Default false.
    pub tells_deactivation: bool,
    /// The addresses that the network gives.
    pub gives: Gives,
    /// `AT+CGDCONT?` shows the access point with the operator behind it, once registered (3GPP TS 23.003, 9.1). Default false.
    pub names_operator: bool,
    /// The context of the attach is not active after registration: it takes `AT+CGACT`. Default false.
    pub inactive_context: bool,
    /// `AT+UPSND` is not known. Default false.
    pub no_upsnd: bool,
    /// `AT+CFUN?` tells a second number. Default false.
    pub two_functionalities: bool,
    /// A blank behind the colon of lines. Default true.
    pub blank_after_colon: bool,
}

impl Oddities for Own {
    // The guide shows none, and a field log of a relative only NUL bytes.
    const BOOT: &'static [&'static str] = &[];
}

impl Default for Own {
    fn default() -> Self {
        Self {
            needs_host_and_port: false,
            non_is_zero: false,
            formats: Vec::new(),
            keeps_percent: false,
            joins_path: false,
            blocks: Blocks::default(),
            block_fields: BlockFields::default(),
            more_of_errors: false,
            bare_errors: false,
            no_line_without_data: false,
            lower_case: false,
            port_an_exchange: false,
            result_after: Millis::new(5),
            uusorf: false,
            whole_datagrams: false,
            nothing_is_an_error: false,
            keeps_sockets: false,
            announces_early: false,
            misprinted_length: false,
            sends_nothing: 0,
            hides_socket: 0,
            keeps_udconf: false,
            hex_read: 512,
            busy_resolver: 0,
            activation: Activation::default(),
            tells_deactivation: false,
            gives: Gives::default(),
            names_operator: false,
            inactive_context: false,
            no_upsnd: false,
            two_functionalities: false,
            blank_after_colon: true,
        }
    }
}
