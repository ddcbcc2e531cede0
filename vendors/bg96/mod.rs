//! Quectel BG96: *BG96 CoAP Application Note*, V1.0 of 2021-03-04 ("the note" below).
//!
//! The modem builds and reads CoAP messages itself, repeats confirmable ones, acknowledges and removes duplicates. It is
//! told a message in pieces (header, options, payload) and tells received ones as a line with the payload behind it.
//!
//! # Every command, and where it is used
//!
//! | command (note) | used |
//! |---|---|
//! | `QCOAPCFG="pdpcid"` (3.3.1) | set once after each restart, before the first open |
//! | `QCOAPCFG="trans"` (3.3.1) | likewise, and when the [`Parameters`] have changed: 2 to 60 s, 4 to 8 times |
//! | `QCOAPCFG="dtls"` (3.3.1), and for it `QSSLCFG`, `QFUPL` (5.2) | not yet: secure sessions are refused |
//! | query forms of `QCOAPCFG` | not: to set takes no longer than to ask, and the settings are ours |
//! | `QCOAPOPEN` (3.3.2) | write form |
//! | `QCOAPOPEN?` | before an open (a session of an earlier life, or ours), and wherever a result may have got lost |
//! | `QCOAPCLOSE` (3.3.3) | write form |
//! | `QCOAPHEADER` (3.3.4) | before each message, with the message's own id and token (mode 0); never mode 1, whose token nobody knows |
//! | `QCOAPOPTION` (3.3.5) | mode 0 for what has changed, mode 1 to free a slot that is needed |
//! | `QCOAPSEND` (3.3.6) | with the payload's length, so that it may hold any byte; all four types |
//! | test forms `=?` of all six | not: they tell the ranges, which are the note's, and of options and codes only that there are some |
//!
//! For bring-up: `AT+CMEE`, `ATE0`, `AT+CPIN`, `AT+CFUN`, `AT+QICSGP`, `AT+CEREG`, `AT+CGREG`, `AT+QIACT`, `AT+QIDEACT`; where
//! it is [asked for](Bg96::with_urc_port), `AT+QURCCFG`.
//!
//! | line (note) | becomes |
//! |---|---|
//! | `+QCOAPOPEN`, `+QCOAPCLOSE` (3.3.2, 3.3.3) | the answer that is waited for; a close that nobody waits for: session lost |
//! | `+QCOAPRECV` (3.4.1) | a message, see below |
//! | `+QCOAPACK` (3.4.2), in the examples misprinted `+COAPACK` | a delivery note, for types 0 and 1. Replies and resets go by the server's id: a note would be taken for one of a request's |
//! | `+QCOAPIND` (3.4.3) | a retransmission note; the verdict is left to `+QCOAPACK` and the time limit |
//! | `RDY`, `POWERED DOWN`, `NORMAL POWER DOWN` | restarted |
//! | `+QIURC: "pdpdeact"` | link lost |
//! | `APP RDY`, `+QUSIM`, `+QIND`, and those of 3GPP (`+CFUN`, `+CPIN`, `+CEREG`, ..) | known, nothing to do |
//!
//! Lines about another client than [ours](Bg96::with_client) are known, and nothing comes of them.
//!
//! Result codes (note, chapter 4), with either sign, since a sister modem prints them without: 4 network, 5 DNS, 7 socket,
//! 8 memory, 9 handshake, 10 occupied, 11 not sent, each an error of its own; 1, 3 and 6 as their number; 2, "in processing",
//! is none yet.
//!
//! # Messages that come, and answers to them
//!
//! `+QCOAPRECV` does not show a message's type. A response is written to the inbox as non-confirmable, an empty message as a
//! reset, and a request of the server's (a code 0.01 to 0.31) as confirmable: most are. A request becomes
//! [`Event::Request`](crate::client::Event::Request), and the answer goes out as an acknowledgement (type 2) with the request's
//! id and token, and with a decimal code: 69 for 2.05. So an answer to a request that was non-confirmable is one that its sender
//! may ignore. How long the modem waits for the answer before it acknowledges by itself is not documented: answer at once.
//!
//! An empty message (acknowledgement or reset) has no token. The note makes the token's parameters optional, but says of mode 0
//! that they are valid there and that the length may be 0; so they are given: `AT+QCOAPHEADER=0,1234,0,0,""`. The same with
//! answers to requests that have no token.
//!
//! # Limits (note): refused before anything is sent
//!
//! Eight options a message; the option numbers of its table 2 only (so neither Observe nor Block); string values without
//! quotes, control characters and bytes beyond ASCII; 1024 bytes of payload; methods up to DELETE, and the response codes of its
//! table 3 (those of RFC 7252); host names to 255 bytes. Of a Proxy-Uri, which may have 1034 there, 255 as of the other strings.
//!
//! # Where the note is silent or wrong
//!
//! - A length in `QCOAPSEND`: nothing ends the input, 0x1A would be data.
//! - A message without payload: length 0 first, answered with `OK` or a prompt (ended by 0x1A); if that is refused, the
//!   form without length and 0x1A, from then on. No firmware was seen doing either.
//! - The bitmask's table is wrong for 4 and 5: bit *n* is slot *n*.
//! - The table of `"trans"` came out upside down in the copy at hand: the time-out is the first one, 2 to 60 s, and the
//!   repetitions are the second, 4 to 8, as the example has them.
//! - Opaque values (If-Match, ETag) have no documented form: written as quoted hexadecimal like the token.
//! - The options of `+QCOAPRECV` have no documented form: read as pairs `12,"0"` or as one text each, `"12,0"`; if only
//!   their count is there, they are reported as lost. The payload's length is found from the end of the line.
//! - A slot that is filled is freed before it is filled anew. Whether adding overwrites is not documented. One of which
//!   nothing is known (from an earlier life of this program) is freed only if filling it is refused.
//! - Firmware that shows only how many options a message has is borne: a response is delivered, its options are counted
//!   as lost. One of 16, 32, .. 1024 bytes is not, since it may be a block with others to follow; a request is not, since
//!   nobody knows what it asks for.
//! - Whether a slash inside one Uri-Path value is split is not known: each segment gets a slot.
//! - Whether a second `QCOAPACK` follows one with result 2, and what `+QCOAPIND` tells with a result other than 0, is not
//!   known: both are left to the request's time limit.
//!
//! # Quirks seen in the field that this driver survives
//!
//! Echo comes back at every restart; boot lines come in any order and selection; lines stand between a command and its
//! answer; completion lines get lost; a session outlives a restart of the host alone; `QIACT` fails for no reason and works
//! after `QIDEACT`; on some modules lines come out of another port until `QURCCFG` is set.
//!
//! Left out, because nothing here would use it: `AT+CGACT`, which hangs some firmware (`QIACT` does the same); `AT+CIMI`, refused
//! until the SIM is ready (`CPIN` says when); `AT+QIDNSCFG`, refused before the context is active (the network's servers are
//! used; a name that is not resolved is an error of its own); `AT+QPOWD` and `AT+CFUN=1,1`, since switching is the application's
//! business (what they print is understood); `AT+QFUPL` with the wrong length and checksum of its example (no secure sessions yet).

#[cfg(feature = "sim")]
pub mod sim;
#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;

mod bring_up;
mod lines;
mod message;
mod session;
mod slots;

use crate::at::{At, Counted, Inbox};
use crate::client::{
    Blockwise, Capabilities, Matching, Network, Options, Reliability, Remote, Shows,
};
use crate::endpoint::Parameters;
use crate::error::{Error, ModemError, WayOut};
use crate::message::{Code, View};
use crate::modem::{self, Dialect};
use core::future::Future;
use slots::Slots;

/// A client over this modem.
pub type Client<'b, F> = modem::Client<'b, Bg96, F>;

/// Memory for the largest messages of this modem.
pub type Memory =
    modem::Memory<{ Bg96::LINE }, { Bg96::COMMAND }, { Bg96::INBOX }, { Bg96::MESSAGE }>;

/// The CoAP client of the modem that is used unless another one is [chosen](Bg96::with_client).
const CLIENT: u8 = 0;

/// The packet data context that is used (1 to 16).
const CONTEXT: u8 = 1;

/// The BG96.
#[derive(Default)]
pub struct Bg96 {
    /// The CoAP client of the modem that is ours.
    client: u8,
    /// Where lines are to come out.
    urc_port: Option<&'static str>,
    slots: Slots,
    /// `QCOAPCFG="pdpcid"` is done.
    configured: bool,
    /// What `QCOAPCFG="trans"` has set: seconds and repetitions.
    trans: Option<(u32, u32)>,
    /// A session of ours is open.
    open: bool,
    /// A message without payload goes without length and ends with 0x1A.
    ends_empty: bool,
    /// The SIM has refused a PIN: another try might be its last.
    pin_refused: bool,
}

impl Bg96 {
    /// The setting which of the modem's CoAP clients, 0 to 5, is ours; 0 without it. Each has one session of its own. The modem
    /// refuses other numbers when a session is opened.
    ///
    /// ```
    /// use coap_modem::vendors::bg96::Bg96;
    ///
    /// let dialect = Bg96::default().with_client(2); // for `Client::with`
    /// ```
    #[must_use]
    pub const fn with_client(mut self, client: u8) -> Self {
        self.client = client;
        self
    }

    /// The setting of the port that the modem's lines come out of: `"uart1"` for the main UART, or another name that the
    /// module's AT manual has under `AT+QURCCFG`. Without it the port is left as it is. A module whose lines come out elsewhere
    /// (a BG77 was seen so) lets every `connect` wait in vain for its result. The modem keeps it over restarts, so it is
    /// only set where it differs.
    #[must_use]
    pub const fn with_urc_port(mut self, port: &'static str) -> Self {
        self.urc_port = Some(port);
        self
    }

    /// Allows another PIN after one was refused, or not answered to. Three wrong ones lock the card.
    pub fn allow_pin(&mut self) {
        self.pin_refused = false;
    }

    /// Bytes of the longest line: the state of a session whose host name has 255 bytes, or a header line of
    /// [`+QCOAPRECV`](self) with its options.
    pub const LINE: usize = 336;
    /// Bytes of the longest command: a string option of 255 bytes.
    pub const COMMAND: usize = 288;
    /// Bytes of the inbox: one datagram of the size that RFC 7252, section 4.6 recommends, and something beside it.
    pub const INBOX: usize = 1408;
    /// Bytes of the largest request: 1024 of payload.
    pub const MESSAGE: usize = 1152;
}

impl Dialect for Bg96 {
    const CAPABILITIES: Capabilities = Capabilities {
        reliability: Reliability::Modem,
        matching: Matching::Token,
        shows: Shows {
            kind: false,
            id: true,
            token: true,
            options: true,
            detail: true,
        },
        highest_method: Code::DELETE.as_byte(),
        non_confirmable: true,
        options: Options::Only(&[1, 3, 4, 5, 7, 8, 11, 12, 14, 15, 17, 20, 35, 39, 60]),
        option_count: slots::COUNT,
        payload_out: 1024,
        message_out: None,
        payload_in: None,
        observe: false,
        blockwise: Blockwise::No,
        block_size: None,
        tcp: false,
        security: false,
        server: true,
        way_out: WayOut::None,
    };

    fn counted(line: &[u8], whole: bool) -> Counted {
        lines::counted(line, whole)
    }

    fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
        lines::urc(line, inbox)
    }

    fn start(
        &mut self,
        at: &mut At<'_>,
        network: &Network<'_>,
    ) -> impl Future<Output = Result<(), Error>> {
        bring_up::start(self, at, network)
    }

    fn open(
        &mut self,
        at: &mut At<'_>,
        server: &Remote<'_>,
        parameters: &Parameters,
    ) -> impl Future<Output = Result<(), Error>> {
        session::open(self, at, server, parameters)
    }

    fn send(
        &mut self,
        at: &mut At<'_>,
        message: View<'_>,
    ) -> impl Future<Output = Result<(), Error>> {
        message::send(self, at, message)
    }

    fn close(&mut self, at: &mut At<'_>) -> impl Future<Output = Result<(), Error>> {
        session::close(self, at)
    }
}

impl Bg96 {
    /// The modem has started anew: nothing that was set is in force.
    fn forget(&mut self) {
        self.slots.forget();
        self.configured = false;
        self.trans = None;
        self.ends_empty = false;
        self.open = false;
    }

    fn standing(&self, at: &At<'_>) -> Result<(), Error> {
        if at.inbox.notes.rebooted {
            return Err(ModemError::Restarted.into());
        }
        if at.inbox.notes.link_lost {
            return Err(ModemError::LinkLost.into());
        }
        Ok(())
    }
}
