//! u-blox SARA-R5: *SARA-R5 series, Internet applications development guide*, UBX-20032566, R01 of 2020-10-26 ("the guide" below).
//!
//! The modem has two ways for CoAP, and this folder a link for each. [`SaraR5`] speaks through the modem's own CoAP: it is told a
//! URI, a few flags and a payload, and tells the class of the response and its payload; everything else it keeps to itself. What
//! that cannot say or show goes through [`SaraR5Sockets`], the modem's UDP sockets, over which this crate's endpoint makes the
//! whole of CoAP. Published drivers use the sockets alone, so they are the better proven way.
//!
//! # Every command, and where it is used
//!
//! | command (guide) | used |
//! |---|---|
//! | `UCOAP=1` (8.3.1) | the URI, made of the server and of Uri-Path and Uri-Query; only when it changes |
//! | `UCOAP=2` (8.2.1, 8.3.1) | flags 0 to 3 (host, port, path, query of the URI become options), 4 (Content-Format), 5 (non-confirmable); only those that change. For 0 and 1 see [`SaraR5::host_and_port`] |
//! | `UCOAP=4` (8.2.1) | marks the profile as valid, once |
//! | `UCOAP=5`, `=6`, `=7`, `?` (8.2.2) | not used: what is set is known, a stored profile would need its URI and flags set anew all the same, and storing wears the flash |
//! | `UCOAP=8` (8.5.1) | not yet: secure sessions are refused |
//! | `UCOAPC` (8.3) | 1 GET, 2 DELETE (a gap in the guide, filled by published code), 3 PUT, 4 POST, with the payload in hexadecimal, the format, and the block of a Block1 option: `upload` makes them |
//! | `UCOAPER` (8.4.1) | after a refusal |
//! | `CFUN`, `CGDCONT`, `UPSD`, `UPSDA` (2.2) | bring-up; the network's settings with the radio off |
//! | `UMNOPROF`, `CFUN=16` (2.2) | only if an operator's profile was [asked for](Access::operator_profile) |
//! | `COPS` (2.2), `UPING` (2.3.1) | not used: registration is asked for by `CEREG` and `CGREG` |
//! | `USOCR`, `USOST`, `USORF`, `USOCL` (5.1, 5.6, 5.7, 5.9) | the sockets' datagrams |
//! | `USOCTL` (5.8) | parameter 0, the type: whether a socket is there. 1 is not used: an error shows otherwise; 10 and 11 are for TCP |
//! | `UDNSRN` (2.3.2) | names of servers, for the sockets; asked again once if it fails at once |
//! | `USOCO`, `USOLI`, `USOWR`, `USORD`, `USOSO`, `USOSEC` (chapter 5) | not used: for streams, or discouraged for datagrams by the guide |
//!
//! Not in the guide: `UDCONF=1` (how the sockets' data is written), `UPSND=0,8` (is the profile active?), `UAUTHREQ` (user and
//! password), `CGACT`, and the general `CMEE`, `ATE0`, `CPIN`.
//!
//! | line (guide) | becomes |
//! |---|---|
//! | `+UCOAPCD` (8.3, 8.4.2) | a message with the code x.00, and id and token of the open request; several with `more` = 1 are one message; block number and size become Block1 if there is no payload |
//! | `+UCOAPCR` (8.3) | the end of the exchange: 0 is an undelivered message. 1 says that it was complete, also of class 4; without a response before it, that one is lost |
//! | `+UUSORD` (5.7), `+UUSORF` | a note that a datagram waits, if it is our socket's |
//! | `+USORF` (5.7) | the datagram, if it is the server's |
//! | `+UUSOCL` (5.9) | session lost |
//! | `+UUPSDA` (2.2) | the answer that is waited for; else nothing |
//! | `+UUPSDD: 0`, `+CGEV` with a detach or the end of context 1 | link lost (contexts 10 and 11, which nobody uses, look the same) |
//! | `+UUPSMR` | restarted: the modem was in deep sleep |
//! | `+UMWI`, `+UUPING`, `+UUSECPRF`, and what 3GPP has | known, nothing to do |
//!
//! Error codes: of `+UCOAPER` the guide explains 15,17 alone (the profile is not valid: it is set anew, once); others are told by
//! their number as [`ModemError::Result`], and a refusal that has none as [`ModemError::Refused`]. The texts and numbers of
//! `+CME ERROR` decide nothing.
//!
//! # Limits (guide, chapter 8): refused before anything is sent
//!
//! 512 bytes of payload; 255 characters each for host, path and query of the URI, escapes and their leading slash or question mark
//! included, which makes 783 with the longest scheme and port; one exchange at a time: a request waits for the end of the one before,
//! if that was given up, for 95 s at most. Methods up to DELETE; payload and format with PUT and POST alone; none of If-Match, ETag,
//! Observe, Accept, Block2, tokens or message ids. Uri-Host and Uri-Port must be the server's. A block that others follow must be full,
//! since the command does not tell the size of blocks. `coap+tcp` is there, `coaps` not yet.
//!
//! The modem's retransmission cannot be set: [`Parameters`] have no effect on [`SaraR5`].
//!
//! # Where the guide is silent or wrong
//!
//! - Flags 0, 1 and 5, the numbers of content formats, escapes in a URI: settings of [`SaraR5`].
//! - The code's detail is not told. The second field of `+UCOAPCD` is 0 for success and error alike, so it is the form of the data.
//!   Error text in the payload is the modem's word or the server's: [`SaraR5::hint`].
//! - The blocks of a request: nothing tells their size but the length of the first one, so all of a body have one size; and where no line
//!   tells which block was taken, that it was a success is enough. They must come from one port, or the server cannot join them.
//! - How a response of several blocks comes: see `+UCOAPCD`; a part never passes for the whole.
//! - A response of which `+UCOAPCR` tells the end and no `+UCOAPCD` the content fails at once
//!   ([`Resource::Inbox`](crate::error::Resource::Inbox)): whether it was a success nobody knows.
//! - A payload that is empty goes as `""`; without a Content-Format option flag 4 is off, and the command's format means nothing.
//! - The list of options as a mask (8.2.2) does not fit what was set, and its names vary: never read. Which number sets its
//!   `RAI FLAG` is not told: it stays as it is.
//! - How an exchange without an answer ends is not told: by `+UCOAPCR` with 0, or by the request's own time limit.
//! - The guide's `CGDCONT` shows the access point as it was set; one with its operator behind it is the same.
//! - Sizes of datagrams: 1024 bytes, 512 in hexadecimal, each way, by published code (a longer one is an error).
//! - Whether the rest of a datagram that was read in part stays (5.7) or is gone (published code): all is asked for; what fills the
//!   size asked for is no message, nor is what may be its rest.
//! - Printed wrongly: the length of a datagram in 5.7, `AT` before an answer in 2.2; both are harmless.
//!
//! # Quirks seen in the field that this driver survives
//!
//! On an R5: `UDCONF` survives a restart (01B), so it is set at every start; `OK` without `+USOST` means not sent, so it is sent once
//! more; no line tells that a socket is gone, or that nothing waits any more; `+UUPSDA` comes late, or is lost; one exchange at a time.
//! On relatives: answers one off after a restart, an error line torn by an echo, NUL bytes, several lines in one go, `+CGREG` as line and
//! as answer, texts of errors in any case, no blank behind a colon, binary data that looks like lines.
//!
//! Left out: the path as one option (SARA-N211: its server answers class 4, use the sockets); `+UCOAPCD` without the format field, `NRB`
//! and numbers in quotes (SARA-N2); `+UUDNSRN` and `+USOST` in each other's place (LENA-R8); 20 ms between commands (published code
//! keeps them, no document asks for them); the first characters lost after sleep (`UPSV` is off unless somebody sets it); 500 ms after
//! connecting and 250 ms after security settings (not of these links); `AT+CFUN=15` in place of 16 (SARA-R4); `AT&C1`, `AT&D0`, and
//! `UPSV=0` before the power is cut, with the times of the power key (the application's, as all that switches on and off).

#[cfg(feature = "sim")]
pub mod sim;
#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;

mod bring_up;
mod exchange;
mod lines;
mod profile;
mod sockets;

pub use bring_up::{Access, Addresses};
pub use sockets::{
    BinarySocketsClient, BinarySocketsMemory, SaraR5Sockets, SocketsClient, SocketsMemory,
};

use crate::at::{At, Counted, Inbox};
use crate::client::{
    Blockwise, Capabilities, Matching, Network, Options, Reliability, Remote, Response, Shows,
    Transport,
};
use crate::endpoint::Parameters;
use crate::error::{Error, ModemError, WayOut};
use crate::message::{Code, View};
use crate::modem::{self, Dialect, text};
use core::future::Future;
use profile::{Profile, Wanted, flag};

/// A client over the modem's own CoAP.
pub type Client<'b, F> = modem::Client<'b, SaraR5, F>;

/// Memory for the largest messages of the modem's own CoAP.
pub type Memory =
    modem::Memory<{ SaraR5::LINE }, { SaraR5::COMMAND }, { SaraR5::INBOX }, { SaraR5::MESSAGE }>;

/// The SARA-R5 by its own CoAP.
pub struct SaraR5 {
    /// The way to the network.
    pub access: Access,
    /// Open point: whether the modem needs option flags 0 and 1 to take host and port from the URI at all, as the guide's words
    /// (8.2.1) may mean, which sets both. Then each request has Uri-Host and Uri-Port, which tell its server nothing new. Without
    /// this setting they are on just where the application gave the option.
    pub host_and_port: bool,
    /// Open point: whether 1 in option flag 5 means non-confirmable, as the guide has it (8.3.1), or confirmable, as one published
    /// driver believes.
    pub non_is_one: bool,
    /// Open point: the modem's numbers of content formats, as pairs with those of RFC 7252, section 12.3, first; others are refused
    /// then. Empty: it uses the same numbers. (The guide shows 0 for text only.)
    pub formats: &'static [(u16, u16)],
    /// Open point: whether the modem turns `%2F` in its URI into the byte that it stands for (RFC 7252, section 6.4). If not, such
    /// values are refused.
    pub percent: bool,
    profile: Profile,
    /// Host and port of the server, as they stand in a URI.
    authority: heapless::String<{ profile::PART + 8 }>,
    tcp: bool,
    open: bool,
    /// The modem has taken the exchange that is under way.
    taken: bool,
}

impl Default for SaraR5 {
    fn default() -> Self {
        Self {
            access: Access::default(),
            host_and_port: true,
            non_is_one: true,
            formats: &[],
            percent: true,
            profile: Profile::default(),
            authority: heapless::String::new(),
            tcp: false,
            open: false,
            taken: false,
        }
    }
}

impl SaraR5 {
    /// Bytes of the longest line: a context's definition, whose access point has 100 characters, with both kinds of addresses.
    pub const LINE: usize = 288;
    /// Bytes of the longest command: a URI of 783 characters.
    pub const COMMAND: usize = 800;
    /// Bytes of the inbox: one datagram of the size that RFC 7252, section 4.6 recommends, and something beside it.
    pub const INBOX: usize = 1408;
    /// Bytes of the largest request: 512 of payload, and a URI whose parts are as long as they may be.
    pub const MESSAGE: usize = 1304;

    /// The code that the payload of an error response speaks of, if it is of the response's class: the modem puts a text
    /// `Error 4.05: Method not supported here` into it (guide, 8.4.2). That is a hint and no proof: a server's own payload may say
    /// the same, or something else in its place.
    pub fn hint(response: &Response<'_>) -> Option<Code> {
        let (code, rest) = response
            .payload()
            .strip_prefix(b"Error ")?
            .split_at_checked(4)?;
        let code = text::code(code)?;
        (rest.starts_with(b":") && code.class() == response.code().class()).then_some(code)
    }
}

impl Dialect for SaraR5 {
    const CAPABILITIES: Capabilities = Capabilities {
        reliability: Reliability::Modem,
        matching: Matching::OnlyOne,
        shows: Shows {
            kind: false,
            id: false,
            token: false,
            options: false,
            detail: false,
        },
        highest_method: Code::DELETE.as_byte(),
        non_confirmable: true,
        options: Options::Only(&[3, 7, 11, 12, 15, 27]),
        option_count: u8::MAX,
        payload_out: 512,
        message_out: None,
        payload_in: None,
        observe: false,
        // Block1 can be said; which block of a response is wanted cannot.
        blockwise: Blockwise::Up,
        block_size: Some(512),
        tcp: true,
        security: false,
        server: false,
        way_out: WayOut::Sockets,
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
        bring_up::start(&mut self.access, at, network)
    }

    /// The modem opens nothing before a request. What every request needs of the profile is set here.
    async fn open(
        &mut self,
        at: &mut At<'_>,
        server: &Remote<'_>,
        _: &Parameters,
    ) -> Result<(), Error> {
        self.open = false;
        self.standing(at)?;
        self.authority.clear();
        profile::write_authority(server, &mut self.authority)?;
        self.tcp = server.transport == Transport::Tcp;
        let common = Wanted {
            flags: flag::PATH | flag::QUERY,
            cares: flag::PATH | flag::QUERY,
            ..Wanted::NOTHING
        };
        self.set(at, &common).await?;
        self.open = true;
        Ok(())
    }

    fn send(
        &mut self,
        at: &mut At<'_>,
        message: View<'_>,
    ) -> impl Future<Output = Result<(), Error>> {
        exchange::send(self, at, message)
    }

    /// There is nothing to close: the modem keeps no session.
    async fn close(&mut self, _: &mut At<'_>) -> Result<(), Error> {
        self.open = false;
        Ok(())
    }
}

/// How long a setting may take, in milliseconds.
const SHORT: u32 = 1000;

impl SaraR5 {
    fn standing(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        if self.access.is_anew() {
            self.profile = Profile::default();
            self.taken = false;
            // No exchange has outlived that.
            at.inbox.notes.busy = false;
            at.inbox.session = None;
        }
        standing(at)
    }
}

/// Whether modem and profile are there.
fn standing(at: &At<'_>) -> Result<(), Error> {
    if at.inbox.notes.rebooted {
        return Err(ModemError::Restarted.into());
    }
    if at.inbox.notes.link_lost {
        return Err(ModemError::LinkLost.into());
    }
    Ok(())
}
