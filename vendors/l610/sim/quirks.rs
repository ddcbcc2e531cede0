//! What the note leaves open, or what relatives of the L610 were seen doing: every choice of the simulator in one place.

use crate::sim::module::Oddities;
use crate::time::Millis;

/// How the host of `AT+GTCOAPOPEN` must be written. The note prints it without quotes and says nothing of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostTaken {
    /// `demo`; in quotes it is an error.
    #[default]
    Bare,
    /// `"demo"`; without quotes it is an error.
    Quoted,
    /// Either.
    Both,
}

/// How `+GTCOAPDATA` writes its data: "hex data streaming".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataForm {
    /// `64451234`
    #[default]
    UpperHex,
    /// `64451234`, with small letters among the digits.
    LowerHex,
    /// The bytes themselves.
    Raw,
}

/// Where the line of `+GTCOAPDATA` ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataEnd {
    /// Behind the data.
    #[default]
    Behind,
    /// Behind the data, half a second late.
    Late,
    /// It does not.
    Never,
    /// Before the data, in place of the second comma, and behind it as well.
    Before,
}

/// What the number of `+GTCOAPCLOSE` says. The note prints 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CloseSays {
    /// 1, whatever was closed.
    #[default]
    One,
    /// The id.
    Id,
    /// A result: 0.
    Zero,
    /// Id and result, as the family's sockets say it.
    IdAndZero,
    /// There is no such line.
    Nothing,
}

/// How the end of dialling is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallLine {
    /// `+MIPCALL: 10.0.0.1`
    #[default]
    Address,
    /// `+MIPCALL: 1,10.0.0.1`
    StateAndAddress,
    /// Not at all.
    Nothing,
}

/// How a refusal is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusals {
    /// `ERROR`, as the note knows it.
    #[default]
    Plain,
    /// `+CME ERROR: 3`, if `AT+CMEE` asks for it.
    Cme,
    /// `+TCPIP ERROR: 631`, as relatives say it.
    Tcpip,
}

/// What the note leaves open, or what relatives of the L610 were seen doing.
///
/// The default is what the note says where it says something, else what drivers in the field rely on.
#[derive(Clone, Debug)]
pub struct Own {
    /// The host of `AT+GTCOAPOPEN`.
    pub host: HostTaken,
    /// OK comes first, and the id as soon as the name is resolved. Default false: the id, then OK.
    pub id_after_ok: bool,
    /// How long it takes to resolve a name. Default 300 ms; an address takes a tenth of it.
    pub resolves_after: Millis,
    /// How many CoAP clients there are, numbered from 1. Default 6, as many as relatives have sockets.
    pub clients: u8,
    /// `AT+GTCOAPOPEN?` is an error. Default false.
    pub open_has_no_read_form: bool,
    /// `AT+GTCOAPOPEN?` tells all free ids in one line, as relatives do for their sockets. Default false: a line each.
    pub ids_in_one_line: bool,
    /// The data of `+GTCOAPDATA`.
    pub data: DataForm,
    /// The line end of `+GTCOAPDATA`.
    pub data_end: DataEnd,
    /// A blank before the data. Default false.
    pub blank_before_data: bool,
    /// The line of `AT+GTCOAPCLOSE`.
    pub close_says: CloseSays,
    /// When that line comes, after the command. Default 50 ms.
    pub close_line_after: Millis,
    /// Ids that died with the call count as taken until they are closed. Default false: they are free.
    pub dead_ids_stay: bool,
    /// A blank after the colon. Default true.
    pub blank_after_colon: bool,
    /// `=` in place of the colon of `+GTCOAPDATA` and of the unsolicited `+MIPCALL`, as the older G-series prints. Default false.
    pub equals_sign: bool,
    /// How long dialling takes. Default 1500 ms.
    pub dials_after: Millis,
    /// How the end of dialling is told.
    pub call_line: CallLine,
    /// Dialling answers OK when all is over, the address before it. Default false.
    pub ok_after_call: bool,
    /// So many calls fail, with `+MIPCALL: 0`. Default 0.
    pub failing_calls: u8,
    /// `+MIPCALL: 0` comes twice for each of them. Default false.
    pub tells_failure_twice: bool,
    /// State 2 while dialling. Default true; else 0.
    pub busy_state: bool,
    /// The call has an IPv6 address. Default false.
    pub ipv6: bool,
    /// How refusals are said.
    pub refusals: Refusals,
    /// Debug lines about buffers behind every send. Default false.
    pub debug_lines: bool,
}

impl Default for Own {
    fn default() -> Self {
        Self {
            host: HostTaken::default(),
            id_after_ok: false,
            resolves_after: Millis::new(300),
            clients: 6,
            open_has_no_read_form: false,
            ids_in_one_line: false,
            data: DataForm::default(),
            data_end: DataEnd::default(),
            blank_before_data: false,
            close_says: CloseSays::default(),
            close_line_after: Millis::new(50),
            dead_ids_stay: false,
            blank_after_colon: true,
            equals_sign: false,
            dials_after: Millis::new(1500),
            call_line: CallLine::default(),
            ok_after_call: false,
            failing_calls: 0,
            tells_failure_twice: false,
            busy_state: true,
            ipv6: false,
            refusals: Refusals::default(),
            debug_lines: false,
        }
    }
}

impl Oddities for Own {
    const BOOT: &'static [&'static str] = &["AT READY", "+SIM READY"];
}
