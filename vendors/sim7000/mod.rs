//! SIMCom SIM7000: *SIM7000 Series CoAP Application Note*, V1.01 ("the note" below).
//!
//! The modem builds and reads CoAP messages itself. It is told a message as one line of names and values, and tells of a received
//! one that it is there; head and payload are then read by the message id.
//!
//! # Every command, and where it is used
//!
//! | command (note) | used |
//! |---|---|
//! | `CCOAPINIT` (3.1) | execute form, at each open; an object that is there already makes it fail: then `CCOAPTERM` first |
//! | `CCOAPURL` (3.2) | write form with scheme, host and port; never with a resource, which holds for one message only |
//! | `CCOAPPARA` (3.3) | write form, one line a message: code, type, mid, token in hexadecimal, options, payload |
//! | `CCOAPACTION` (3.4) | execute form sends; `=4` asks for the queue after what was announced is read; `=5` clears it of what reading leaves there |
//! | `CCOAPHEAD` (3.5) | `=<mid>,0`, the head as bytes; `=<mid>,1`, taken apart, where that is refused or unreadable, or by the [setting](Head) |
//! | `CCOAPREAD` (3.6) | write form, unless the announcement says that there is no payload |
//! | `CCOAPTERM` (3.7) | execute form |
//! | test forms `=?` | not used: nothing in them is needed, and those of `CCOAPHEAD` and `CCOAPREAD` are exchanged in the note |
//! | `CPIN`, `CNACT`, `CGNAPN`, `CNCFG` (4) | bring-up: `CGNAPN` only if no access point is given, `CNCFG` only with a user's name, or to take one back |
//! | `CGDCONT`, `CFUN=0` (4.2) | not used: the modem registers by itself, and a new registration at each attach harms |
//! | `CSQ`, `CGATT`, `COPS` (4) | not used: registration is asked for with `CEREG` and `CGREG`, since `CREG` stays silent on NB-IoT |
//!
//! Besides: `AT+CMEE`, `ATE0`, `AT+CFUN`.
//!
//! | line (note) | becomes |
//! |---|---|
//! | `+CCOAPRECV` (5), in 3.4 `+CCOAPRCV` | a note that a packet with this id is to be fetched, and whether it has a payload |
//! | `+CCOAPACTION: 0,<mid>` (3.4) | the answer to sending; an id other than ours is kept as that under which the modem carries the request |
//! | `+CCOAPACTION: 1,<mid>` (3.4) | queue full: fetch, beginning with that packet |
//! | `+CCOAPACTION: 2,<mid>` (3.4) | no response in time: [undelivered](ModemError::Undelivered) |
//! | `+CCOAPACTION: 3` (3.4) | socket error: session lost |
//! | `+CCOAPACTION: 4,<num>,<mid>` (3.4) | the answer about the queue |
//! | `+CCOAPHEAD` (3.5), `+CCOAPREAD` (3.6) | the two parts of a message |
//! | `+APP PDP: DEACTIVE`, `+APP PDP: 0,DEACTIVE`, `+PDP: DEACT`, `PDP DEACT` | link lost |
//! | `+APP PDP: ACTIVE`, `+CNACT`, `+CGNAPN` (4) | known; the address is what counts |
//! | `RDY`, `NORMAL POWER DOWN`, `UNDER-` and `OVER-VOLTAGE POWER DOWN` | restarted |
//! | `SMS Ready` | restarted, if it comes while a session is open; else a late boot line |
//! | `Call Ready`, `DST`, `*PSUTTZ`, `*PSNWID`, `+CTZV`, `+CPIN`, `+CFUN`, `+CMTI`, `UNDER-VOLTAGE WARNNING` and the like | known, nothing to do |
//!
//! The note has no error codes beyond these: commands answer `ERROR`, which is [passed on](ModemError::Refused). A command that is
//! refused with an echo that was off shows a silent [restart](ModemError::Restarted).
//!
//! # Limits: refused before anything is sent
//!
//! Methods up to DELETE (2.1). The options that have a name in 3.3: ETag (one), Observe, Uri-Path, Content-Format, Max-Age,
//! Uri-Query, Accept, Size1; so neither Block nor If-Match, Uri-Host or Proxy-Uri. A path segment that is empty or holds a `/`,
//! an argument of a query that is empty or holds a `&`: the modem splits the value there. Host names of letters, digits, `.`,
//! `-`, `_` and `:`, to 128 bytes, since the driver keeps them. No DTLS: the note has none.
//!
//! The note gives no length for a payload or a command line. Drivers in the field stay below 512 characters, which are about
//! 200 bytes in hexadecimal; this one tries payloads up to 512 bytes unless [`Settings::longest_line`] says less, and passes on
//! the modem's refusal.
//!
//! # Where the note is silent or wrong
//!
//! - The values of `code` are hexadecimal in 3.3 and `1` in the example: for methods that is the same.
//! - Whether values of a line survive the sending, and whether a second line adds to the first: one line a message, and the
//!   object is made anew where a line was put and not sent. Where they survive, [`Settings::lasting`].
//! - Several arguments of a query: joined by `&` in one value, as the path in the example is by `/`; or [`Queries`]. If the
//!   modem does not split there, many servers still do; of repeated names, all but one might be lost without a word.
//! - Values in hexadecimal were seen in no driver; they are the only way to send any byte, and used [where needed](Hex).
//! - The head as bytes may be printed in hexadecimal or as it is, and with or without the payload's marker: what comes tells.
//!   Likewise the payload: twice the declared length in digits is hexadecimal.
//! - Of the head taken apart, no example shows a token: see [`Head::Parsed`].
//! - `size` does not say which size option it is: Size1 in requests; in responses Size2 with success, else Size1.
//! - What the queue does with a packet that was read, and how many it holds: both ways work, any number does.
//! - When a name is resolved: a refusal of `CCOAPURL` may come of the name or of the network, and is [`ModemError::Socket`].
//! - Who acknowledges a confirmable message of the server: the modem is taken to do it ("reliable transmission", 2.1).
//! - A response bears the token that the request was given; the note's example has none because its request has none.
//! - How patiently messages are repeated: no command sets it, so the [`Parameters`] have no effect.
//! - Requests from the network are announced like responses. They are answered with a line of type ACK and the asker's id and
//!   token, which 2.1 and 3.3 allow and no example shows.
//! - `+APP PDP: ACTIVE` behind `CNACT=0` (5) is a misprint for `DEACTIVE`, and the index in `+CNACT: 0,1,..` (4) is that of sister
//!   modems: both are borne.
//!
//! # Quirks seen in the field that this driver survives
//!
//! Boot lines in any selection, none at all with automatic baud rate, and noise that is no text before them; `NOT READY` and
//! refused registration questions for a while; unsolicited lines between a command and its answer; an echo that comes back;
//! blanks behind a colon that come and go; `CNACT` answers of either family, an address that comes late; `+APP PDP` before or
//! after `OK`; `+CNACT: ..` of several contexts (the first counts); declared lengths that are too short or too long.
//!
//! Left to the application: a modem that answers every command with its echo only, or whose packet data context comes back no
//! more (`ERROR` to `CGATT?`), wants its power key; after sleep (`CSCLK`, `CPSMS`) attach and connect again, since no object
//! survives it; flow control and `AT+IPR` are the board's, and with a fixed baud rate must be set after each restart. The UDP
//! sockets of the modem (`CIPSTART`) are another link, not built.

#[cfg(feature = "sim")]
pub mod sim;
#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;

mod bring_up;
mod head;
mod lines;
mod para;
mod queue;
mod session;
mod settings;

pub use settings::{Head, Hex, Queries, Settings};

use crate::at::{At, Counted, Inbox};
use crate::client::{
    Blockwise, Capabilities, Matching, Network, Options, Reliability, Remote, Shows,
};
use crate::endpoint::Parameters;
use crate::error::{Error, ModemError, WayOut};
use crate::message::{Code, View};
use crate::modem::{self, Dialect};
use core::future::Future;
use queue::Packets;

/// A client over this modem.
pub type Client<'b, F> = modem::Client<'b, Sim7000, F>;

/// Memory for the largest messages of this modem.
pub type Memory = modem::Memory<
    { Sim7000::LINE },
    { Sim7000::COMMAND },
    { Sim7000::INBOX },
    { Sim7000::MESSAGE },
>;

/// The SIM7000.
pub struct Sim7000 {
    /// What the note leaves open. May be changed at any time.
    pub settings: Settings,
    host: [u8; Self::HOST],
    host_length: u8,
    port: u16,
    /// There is a session with this host.
    open: bool,
    /// The object must be made anew for it: it may have values of a message that was not sent, or may not be there.
    stale: bool,
    /// Heads as bytes are refused.
    parsed_only: bool,
    packets: Packets,
    /// The network of the context that is active, if that is known.
    network: Option<u32>,
    /// A user's name may be configured.
    login: bool,
    /// The SIM has refused a PIN: another try might be its last.
    pin_refused: bool,
}

impl Default for Sim7000 {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            host: [0; Self::HOST],
            host_length: 0,
            port: 0,
            open: false,
            stale: false,
            parsed_only: false,
            packets: Packets::default(),
            network: None,
            login: false,
            pin_refused: false,
        }
    }
}

impl Sim7000 {
    /// A dialect with these settings.
    ///
    /// ```
    /// use coap_modem::vendors::sim7000::{Head, Settings, Sim7000};
    ///
    /// let settings = Settings { head: Head::Parsed, longest_line: 512, ..Settings::default() };
    /// let dialect = Sim7000::with_settings(settings); // for `Client::with`
    /// ```
    pub fn with_settings(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Allows another PIN after one was refused, or not answered to. Three wrong ones lock the card.
    pub fn allow_pin(&mut self) {
        self.pin_refused = false;
    }

    /// Bytes of the longest line: a head taken apart, with its options.
    pub const LINE: usize = 336;
    /// Bytes of the longest command: a text of 384 bytes and a path; a payload in hexadecimal takes none.
    pub const COMMAND: usize = 640;
    /// Bytes of the inbox: one datagram of the size that RFC 7252, section 4.6 recommends, and something beside it.
    pub const INBOX: usize = 1408;
    /// Bytes of the largest request: 512 of payload.
    pub const MESSAGE: usize = 768;
    /// Bytes of the longest host name.
    pub const HOST: usize = 128;
}

impl Dialect for Sim7000 {
    const CAPABILITIES: Capabilities = Capabilities {
        reliability: Reliability::Modem,
        matching: Matching::Token,
        // As the bytes of a head show it. A firmware that refuses those may hide the token, see `Head::Parsed`.
        shows: Shows {
            kind: true,
            id: true,
            token: true,
            options: true,
            detail: true,
        },
        highest_method: Code::DELETE.as_byte(),
        non_confirmable: true,
        options: Options::Only(para::OPTIONS),
        option_count: u8::MAX,
        payload_out: 512,
        message_out: None,
        payload_in: None,
        // The modem could; the endpoint cannot yet.
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
        _parameters: &Parameters,
    ) -> impl Future<Output = Result<(), Error>> {
        session::open(self, at, server)
    }

    fn send(
        &mut self,
        at: &mut At<'_>,
        message: View<'_>,
    ) -> impl Future<Output = Result<(), Error>> {
        para::send(self, at, message)
    }

    fn fetch(&mut self, at: &mut At<'_>) -> impl Future<Output = Result<(), Error>> {
        queue::fetch(self, at)
    }

    fn close(&mut self, at: &mut At<'_>) -> impl Future<Output = Result<(), Error>> {
        session::close(self, at)
    }
}

impl Sim7000 {
    fn host(&self) -> &[u8] {
        self.host
            .get(..usize::from(self.host_length))
            .unwrap_or(&[])
    }

    /// The modem has started anew: nothing that was set is in force.
    fn forget(&mut self) {
        self.open = false;
        self.network = None;
    }

    /// Why nothing can be sent at present.
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
