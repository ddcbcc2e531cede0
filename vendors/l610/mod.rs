//! Fibocom L610: *FIBOCOM L610 CoAP AT commands*, V1.0.1 of 2020-06-13 ("the note" below).
//!
//! The modem carries CoAP messages as datagrams, in hexadecimal, and does not look into them. So everything that CoAP is
//! about (message ids, tokens, repetition, acknowledgements, duplicates) is the endpoint's work here, as over plain UDP.
//!
//! # Every command, and where it is used
//!
//! | command (note) | used |
//! |---|---|
//! | `GTCOAPOPEN=<remote>,<port>` (1.1) | once a session; after a refusal once more with the other form of the host |
//! | `GTCOAPOPEN?` (1.1) | before an open, if no id of our own is known: tells those that are left from an earlier life |
//! | `GTCOAPSEND=<id>,<length>,"<hex>"` (1.2) | one a message, acknowledgements and resets too; nothing else for a request |
//! | `GTCOAPCLOSE=<id>` (1.3) | for our session, and for ids that are left from an earlier life |
//! | `GTCOAPOPEN=?`, the read and test forms of `GTCOAPSEND` and `GTCOAPCLOSE` | never: ERROR by specification, so they tell nothing |
//!
//! For bring-up, from the family's general commands: `AT+CMEE`, `ATE0`, `AT+CPIN`, `AT+CFUN`, `AT+CEREG`, `AT+CGREG`,
//! `AT+MIPCALL`.
//!
//! | line | becomes |
//! |---|---|
//! | `+GTCOAPOPEN: <id>` (note, 1.1) | the answer to an open, before or behind its OK; to the read form: a free id, 0 for none |
//! | `+GTCOAPDATA: <id>,<length>,<data>` (note, 1.4) | the datagram, as it is; of another id than ours: dropped |
//! | `+GTCOAPCLOSE: <number>` (note, 1.3) | nothing, whenever it comes: whether it says id or result is not known |
//! | `+MIPCALL: 0` | link lost, and every id with it; as an answer: dial |
//! | `+MIPCALL: <address>`, `+MIPCALL: 1,<address>`, `+MIPCALL: 2` | the call is up, is up, is busy |
//! | `AT READY`, `AT command ready`, `Wait...AT command ready`, `RDY` | restarted |
//! | `+SIM DROP` | link lost: the card is out |
//! | `+SIM READY`, `PB DONE`, `SMS Ready`, `Call Ready`, the lines of 3GPP TS 27.007 | known, nothing to do |
//! | `+MIPOPEN`, `+MIPRUDP` and other socket lines, `+QTUNBUF` and other debug lines | unknown, harmless: counted |
//!
//! Errors: the note has `ERROR` only, for everything. `+CME ERROR` and the family's `+TCPIP ERROR: <number or text>` are
//! taken for the same. A refused open is [`ModemError::Socket`]; a refused open or send asks for the call, and if that is
//! down, the link is lost.
//!
//! # Limits (note): refused before anything is sent
//!
//! 512 bytes a message in either direction, header and options included; host names to 255 bytes; ports from 1. No DTLS. A
//! larger datagram never arrives: blocks of 256 bytes are the largest that are sure to pass, options and all.
//!
//! The server role is not built for links in full mode: a request from the network is reset by the endpoint.
//!
//! # Where the note is silent or wrong
//!
//! - Quotes around the host: the form is printed without, and for the data alone the note asks for quotes; the family's
//!   socket commands have them. A setting, [`HostForm`]: bare unless said, the other form after a refusal, until one worked.
//! - "Hex data streaming" without quotes: two digits a byte; a line with as many raw bytes is read as well, told apart by
//!   what comes. `=` in place of the colon, as older relatives print it, likewise.
//! - Order of id line and OK: in the note the id comes first, in the family's other commands last. Either is taken.
//! - An open takes "less than 1 s", and a name may be given: resolving it is allowed 60 s.
//! - How many clients there are, and that ids begin at 1, follows from `GTCOAPOPEN: 0` for none free. Ids below the first
//!   free one are closed as leftovers: this driver takes all clients of the modem for its own. Free ids in one line, as
//!   the family's sockets tell them, are read as well.
//! - What becomes of the ids when the call is lost: they are taken for dead, and cleared away like leftovers.
//!
//! # Quirks seen in the field that this driver survives
//!
//! No boot line after a restart of the host alone; boot lines of relatives; dialling while the call is up is an error; the
//! three shapes of `+MIPCALL`, its late or missing address, IPv6 addresses, state 2; a line end that comes before the data, late
//! or never; debug lines anywhere.
//!
//! Left out: `GTWAKE` and `ATS24` (sleep: the application's, by its power hook; first characters that a sleeping module
//! swallows are repeated by [`At::contact`], so attach wakes it), `GTSET` and `MIP` socket commands (the CoAP commands do the
//! same with fewer), TLS of sockets (CoAP has no use for it), ML307's `+MIPCALL: <cid>,<state>,..` (another maker's).

#[cfg(feature = "sim")]
pub mod sim;
#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;

mod bring_up;
mod lines;

use crate::at::{At, Counted, Inbox, Wait};
use crate::client::{Capabilities, Network, Remote};
use crate::endpoint::Parameters;
use crate::error::{Error, Invalid, ModemError};
use crate::message::View;
use crate::modem::bring_up::refused_as;
use crate::modem::{self, Dialect};
use core::future::Future;
use core::ops::Range;

/// A client over this modem.
pub type Client<'b, F> = modem::Client<'b, L610, F>;

/// Memory for the largest messages of this modem.
pub type Memory =
    modem::Memory<{ L610::LINE }, { L610::COMMAND }, { L610::INBOX }, { L610::MESSAGE }>;

/// How the host stands in `AT+GTCOAPOPEN`. The note does not say which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum HostForm {
    /// As the note prints it: `AT+GTCOAPOPEN=example.com,5683`.
    #[default]
    Bare,
    /// As in the family's other commands: `AT+GTCOAPOPEN="example.com",5683`.
    Quoted,
}

impl HostForm {
    const fn other(self) -> Self {
        match self {
            Self::Bare => Self::Quoted,
            Self::Quoted => Self::Bare,
        }
    }
}

/// The L610.
#[derive(Default)]
pub struct L610 {
    host_form: HostForm,
    /// A session was opened with it, so a refusal is not about quotes.
    proven: bool,
    /// The SIM has refused a PIN: another try might be its last.
    pin_refused: bool,
}

impl L610 {
    /// A modem to which the host is given in this form first. If it refuses the first session, the other form is tried.
    pub const fn with_host_form(host_form: HostForm) -> Self {
        Self {
            host_form,
            proven: false,
            pin_refused: false,
        }
    }

    /// Allows another PIN after one was refused, or not answered to. Three wrong ones lock the card.
    pub fn allow_pin(&mut self) {
        self.pin_refused = false;
    }

    /// Bytes of the longest line, data that follows it apart: a call with its addresses.
    pub const LINE: usize = 128;
    /// Bytes of the longest command, data apart: a host name of 255 bytes.
    pub const COMMAND: usize = 288;
    /// Bytes of the inbox: two of the largest datagrams, and some small ones.
    pub const INBOX: usize = 1088;
    /// Bytes of the largest request.
    pub const MESSAGE: usize = DATAGRAM as usize;
}

/// The largest message, in either direction (note, 1.2.4 and 1.4.4).
const DATAGRAM: u16 = 512;

/// How long an answer may take, in milliseconds. The note says less than a second; the family's drivers wait longer.
const ANSWER: u32 = 5000;

/// How long an open may take: the family's drivers give their sockets as much. The name may have to be resolved.
const OPEN: u32 = 60_000;

/// Leftover ids beyond this are left alone: no relative has so many.
const MOST_IDS: u32 = 16;

impl Dialect for L610 {
    const CAPABILITIES: Capabilities = Capabilities {
        // Header, token of 4 bytes and payload marker.
        payload_out: DATAGRAM - 9,
        payload_in: Some(DATAGRAM - 9),
        message_out: Some(DATAGRAM),
        block_size: Some(256),
        ..Capabilities::DATAGRAMS
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

    async fn open(
        &mut self,
        at: &mut At<'_>,
        server: &Remote<'_>,
        _: &Parameters,
    ) -> Result<(), Error> {
        standing(at)?;
        let host = server.host.as_bytes();
        if host.len() > 255 {
            return Err(Invalid::Host.into());
        }
        if !host.iter().all(is_plain) {
            return Err(Invalid::Character.into());
        }
        let ids = match at.inbox.session.take() {
            Some(id) => u32::from(id)..u32::from(id) + 1,
            None => leftovers(at).await?,
        };
        for id in ids {
            let closed = close_id(at, id).await;
            if !is_refused(&closed) {
                closed?;
            }
        }
        let mut again = !self.proven;
        let mut form = self.host_form;
        loop {
            let command = at.put("AT+GTCOAPOPEN=");
            let command = match form {
                HostForm::Bare => command.bare(host),
                HostForm::Quoted => command.quoted(host),
            };
            let opened = command
                .num(server.port.into())
                .expect("+GTCOAPOPEN:", &[1])
                .answer(OPEN)
                .await;
            if opened.is_ok() {
                break;
            }
            if is_refused(&opened) {
                look_for_call(at).await?;
                standing(at)?;
                if core::mem::take(&mut again) {
                    form = form.other();
                    continue;
                }
            }
            return opened.map_err(|error| refused_as(error, ModemError::Socket));
        }
        let id = at.number(0).and_then(|id| u8::try_from(id).ok());
        at.inbox.session = Some(id.ok_or(ModemError::Unexpected)?);
        self.host_form = form;
        self.proven = true;
        Ok(())
    }

    async fn send(&mut self, at: &mut At<'_>, message: View<'_>) -> Result<(), Error> {
        standing(at)?;
        let id = at.inbox.session.ok_or(ModemError::NotConnected)?;
        let bytes = message.as_bytes();
        let sent = at
            .put("AT+GTCOAPSEND=")
            .num(id.into())
            .num(u32::try_from(bytes.len()).unwrap_or(u32::MAX))
            .streamed_hex()
            .ok_with(bytes, ANSWER)
            .await;
        if is_refused(&sent) {
            look_for_call(at).await?;
        }
        sent
    }

    async fn close(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        let Some(id) = at.inbox.session.take() else {
            return Ok(());
        };
        let closed = close_id(at, id.into()).await;
        // Refused: there is no such client any more.
        if is_refused(&closed) { Ok(()) } else { closed }
    }
}

/// What an earlier life of this program, or an open that was abandoned, has left. Ids are given from 1 on, so those below the
/// first free one are taken; where none is free, one is enough.
async fn leftovers(at: &mut At<'_>) -> Result<Range<u32>, Error> {
    let asked = at
        .put("AT+GTCOAPOPEN?")
        .expect("+GTCOAPOPEN:", &[])
        .ok(ANSWER)
        .await;
    if !is_refused(&asked) {
        asked?;
    }
    Ok(1..match at.number(0) {
        None => 1,
        Some(0) => 2,
        Some(id) => id.min(MOST_IDS),
    })
}

/// Its OK is all that counts: the line behind it comes when it comes.
fn close_id<'f, 'b>(at: &'f mut At<'b>, id: u32) -> Wait<'f, 'b> {
    at.put("AT+GTCOAPCLOSE=").num(id).ok(ANSWER)
}

/// Asks for the call without expecting the answer: `+MIPCALL: 0` is noted as it is when it comes by itself.
fn look_for_call<'f, 'b>(at: &'f mut At<'b>) -> Wait<'f, 'b> {
    at.run(CALL, ANSWER)
}

/// The question for the call.
const CALL: &str = "AT+MIPCALL?";

fn is_refused(result: &Result<(), Error>) -> bool {
    matches!(result, Err(Error::Modem(ModemError::Refused(_))))
}

fn standing(at: &At<'_>) -> Result<(), Error> {
    if at.inbox.notes.rebooted {
        return Err(ModemError::Restarted.into());
    }
    if at.inbox.notes.link_lost {
        return Err(ModemError::LinkLost.into());
    }
    Ok(())
}

/// What a host consists of, be it a name (RFC 1035, section 2.3.1) or an address: what needs no quotes.
fn is_plain(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':')
}
