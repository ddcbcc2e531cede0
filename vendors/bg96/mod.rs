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
//! | `QCOAPCFG="dtls"` (3.3.1) | not yet: secure sessions are refused |
//! | `QCOAPOPEN` (3.3.2) | write form, and the read form as the reliable state: the URC is lost at times |
//! | `QCOAPCLOSE` (3.3.3) | write form |
//! | `QCOAPHEADER` (3.3.4) | before each message, with our own message id and token (mode 0); never mode 1, whose token nobody knows |
//! | `QCOAPOPTION` (3.3.5) | mode 0 for what has changed, mode 1 to free a slot that is needed |
//! | `QCOAPSEND` (3.3.6) | with the payload's length, so that it may hold any byte |
//! | test forms `=?`, query forms of `QCOAPCFG` | not used: the ranges are in the note, and the settings are ours |
//!
//! For bring-up: `AT+CMEE`, `ATE0`, `AT+CPIN`, `AT+CFUN`, `AT+QICSGP`, `AT+CEREG`, `AT+CGREG`, `AT+QIACT`, `AT+QIDEACT`.
//!
//! | line (note) | becomes |
//! |---|---|
//! | `+QCOAPOPEN`, `+QCOAPCLOSE` (3.3.2, 3.3.3) | the answer that is waited for; a close that nobody waits for: session lost |
//! | `+QCOAPRECV` (3.4.1) | a message; it shows no type, so it is written as non-confirmable (empty ones as Reset) |
//! | `+QCOAPACK` (3.4.2), in the examples misprinted `+COAPACK` | a delivery note |
//! | `+QCOAPIND` (3.4.3) | a retransmission note; the verdict is left to `+QCOAPACK` and the time limit |
//! | `RDY`, `POWERED DOWN`, `NORMAL POWER DOWN` | restarted |
//! | `+QIURC: "pdpdeact"` | link lost |
//! | `APP RDY`, `+CFUN`, `+CPIN`, `+QUSIM`, `+QIND`, `+CEREG`, `+CGREG` | known, nothing to do |
//!
//! Result codes (note, chapter 4), with either sign, since a sister modem prints them without: 4 network, 5 DNS, 7 socket,
//! 8 memory, 9 handshake, 10 occupied, 11 not sent, each an error of its own; 1, 2, 3 and 6 as their number.
//!
//! # Limits (note): refused before anything is sent
//!
//! Eight options a message; the option numbers of its table 2 only (so neither Observe nor Block); string values without
//! quotes, control characters and bytes beyond ASCII; 1024 bytes of payload; methods up to DELETE; host names to 255 bytes.
//!
//! # Where the note is silent or wrong
//!
//! - A length in `QCOAPSEND`: nothing ends the input, 0x1A would be data.
//! - A message without payload: length 0 first, answered with `OK` or a prompt (ended by 0x1A); if that is refused, the
//!   form without length and 0x1A, from then on. No firmware was seen doing either.
//! - The bitmask's table is wrong for 4 and 5: bit *n* is slot *n*.
//! - Opaque values (If-Match, ETag) have no documented form: written as quoted hexadecimal like the token.
//! - The options of `+QCOAPRECV` have no documented form: read as pairs `12,"0"` or as one text each, `"12,0"`; if only
//!   their count is there, they are reported as lost. The payload's length is found from the end of the line.
//! - A slot that is filled is freed before it is filled anew. Whether adding overwrites is not documented. One of which
//!   nothing is known (from an earlier life of this program) is freed only if filling it is refused.
//! - Firmware that shows only how many options a response has is borne: the response is delivered, its options are counted
//!   as lost. One of 16, 32, .. 1024 bytes is not, since it may be a block with others to follow.
//! - Whether a slash inside one Uri-Path value is split is not known: each segment gets a slot.
//!
//! # Quirks seen in the field that this driver survives
//!
//! Echo comes back at every restart; boot lines come in any order and selection; URCs stand between a command and its
//! answer; completion URCs get lost; a session outlives a restart of the host alone; `QIACT` fails for no reason and works
//! after `QIDEACT`; `AT+CGACT` hangs some firmware and is not used.

#[cfg(feature = "sim")]
pub mod sim;
#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;

mod bring_up;
mod lines;
mod slots;

use crate::at::{At, Counted, Inbox, Wait, carries};
use crate::client::{Capabilities, Matching, Network, Options, Reliability, Remote, Shows};
use crate::endpoint::Parameters;
use crate::error::{Error, Invalid, ModemError, Unsupported, Waited, WayOut};
use crate::message::{Code, Format, Opt, View};
use crate::modem::{self, Dialect};
use crate::time::Millis;
use core::future::Future;
use slots::{Slots, Stand};

/// A client over this modem.
pub type Client<'b, F> = modem::Client<'b, Bg96, F>;

/// Memory for the largest messages of this modem.
pub type Memory =
    modem::Memory<{ Bg96::LINE }, { Bg96::COMMAND }, { Bg96::INBOX }, { Bg96::MESSAGE }>;

/// The one CoAP client of the modem that is used (0 to 5).
const CLIENT: u8 = 0;

/// The packet data context that is used (1 to 16).
const CONTEXT: u8 = 1;

/// The BG96.
#[derive(Default)]
pub struct Bg96 {
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
        blockwise: false,
        block_size: None,
        tcp: false,
        security: false,
        server: false,
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

    async fn open(
        &mut self,
        at: &mut At<'_>,
        server: &Remote<'_>,
        parameters: &Parameters,
    ) -> Result<(), Error> {
        self.standing(at)?;
        let host = server.host.as_bytes();
        if host.len() > 255 {
            return Err(Invalid::Host.into());
        }
        if !carries(host) {
            return Err(Invalid::Character.into());
        }
        // The session of an earlier life of this program, or ours.
        ask_session(at).await?;
        let mut fields = at.answer().skip(1);
        let same = fields.next().is_some_and(|field| field.text == host)
            && fields.next().and_then(|field| field.num()) == Some(server.port.into());
        let state = session_state(at);
        let trans = (
            seconds(parameters.ack_timeout),
            u32::from(parameters.max_retransmit).clamp(4, 8),
        );
        if self.trans != Some(trans) {
            at.put("AT+QCOAPCFG=")
                .text("\"trans\"")
                .num(CLIENT.into())
                .num(trans.0)
                .num(trans.1)
                .ok(300)
                .await?;
            self.trans = Some(trans);
        }
        if same && self.open && state == Some(CONNECTED) {
            at.inbox.notes.closed = false;
            return Ok(());
        }
        if state.is_some_and(|state| state != 0) {
            self.close(at).await?;
        }
        if !self.configured {
            at.put("AT+QCOAPCFG=")
                .text("\"pdpcid\"")
                .num(CLIENT.into())
                .num(CONTEXT.into())
                .ok(300)
                .await?;
            self.configured = true;
        }
        self.open = false;
        self.slots.forget();
        // A close that was told late, of an abandoned operation for one, is not of the session to come.
        at.inbox.notes.closed = false;
        at.put("AT+QCOAPOPEN=")
            .num(CLIENT.into())
            .quoted(host)
            .num(server.port.into())
            .expect("+QCOAPOPEN:", &[2])
            .first(CLIENT)
            .ok(75_000)
            .await?;
        for _ in 0..5 {
            // The result; or, since it gets lost at times, the state.
            if at.line(15_000).await.is_ok() {
                let result = at.answer().nth(1).and_then(|field| field.magnitude());
                self.open = succeeded(result)?;
                return Ok(());
            }
            ask_session(at).await?;
            if session_state(at) == Some(CONNECTED) {
                self.open = true;
                return Ok(());
            }
            at.expect("+QCOAPOPEN:", &[2]);
        }
        Err(Waited::Modem.into())
    }

    async fn send(&mut self, at: &mut At<'_>, message: View<'_>) -> Result<(), Error> {
        self.standing(at)?;
        if !self.open {
            return Err(ModemError::NotConnected.into());
        }
        for option in message.options() {
            check_value(&option)?;
        }
        let token = message.token();
        at.put("AT+QCOAPHEADER=")
            .num(CLIENT.into())
            .num(message.id().into())
            .text("0")
            .num(u32::try_from(token.len()).unwrap_or(0))
            .quoted_hex(token)
            .ok(300)
            .await?;

        let mut mask = 0;
        let mut free = 0;
        let mut left = u8::try_from(message.options().count()).unwrap_or(u8::MAX);
        for option in message.options() {
            let (slot, stand) = self.slots.choose(&option, free, left);
            mask |= 1 << slot;
            free = slot + 1;
            left -= 1;
            if stand == Stand::Same {
                continue;
            }
            self.slots.doubt(slot);
            let mut full = stand == Stand::Other;
            loop {
                if full {
                    remove(at, slot).ok(300).await?;
                }
                match add(at, slot, &option).ok(300).await {
                    // What a slot holds from an earlier life is not known: it is freed on suspicion.
                    Err(Error::Modem(ModemError::Refused(_)))
                        if !full && stand == Stand::Unknown =>
                    {
                        full = true
                    }
                    other => break other?,
                }
            }
            self.slots.set(slot, &option);
        }

        let payload = message.payload();
        let length = payload.len();
        let mut counted = length > 0 || !self.ends_empty;
        loop {
            let mut command = at
                .put("AT+QCOAPSEND=")
                .num(CLIENT.into())
                .num(message.kind() as u32)
                .num(message.code().as_byte().into())
                .num(mask);
            if counted {
                command = command.num(u32::try_from(length).unwrap_or(u32::MAX));
            }
            match command.prompt(length, 300).await {
                Err(Error::Modem(ModemError::Refused(_))) if length == 0 && counted => {
                    counted = false
                }
                other => break other?,
            }
        }
        // Only a form that was accepted is kept.
        self.ends_empty |= !counted;
        if length > 0 && !at.prompted() {
            // OK without a prompt: whatever was sent, it was not this.
            at.distrust();
            return Err(ModemError::Unexpected.into());
        }
        if at.prompted() {
            at.input(if length > 0 { payload } else { b"\x1A" }, 300)
                .await?;
        }
        Ok(())
    }

    async fn close(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        self.open = false;
        let asked = at
            .put("AT+QCOAPCLOSE=")
            .num(CLIENT.into())
            .expect("+QCOAPCLOSE:", &[2])
            .first(CLIENT)
            .ok(75_000)
            .await;
        if asked.is_ok() && at.line(20_000).await.is_ok() {
            return Ok(());
        }
        // No result: what matters is the state.
        ask_session(at).await?;
        match session_state(at) {
            None | Some(0) => Ok(()),
            Some(_) => asked.and(Err(Waited::Modem.into())),
        }
    }
}

/// A session's state (note, 3.3.2): connected.
const CONNECTED: u32 = 3;

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

/// A result of chapter 4, its sign dropped: true for 0.
fn succeeded(result: Option<u32>) -> Result<bool, Error> {
    let error = match result {
        Some(0) => return Ok(true),
        Some(4) => ModemError::Network,
        Some(5) => ModemError::Dns,
        Some(7) => ModemError::Socket,
        Some(8) => ModemError::Memory,
        Some(9) => ModemError::Handshake,
        Some(10) => ModemError::Occupied,
        Some(11) => ModemError::Undelivered,
        Some(code) => ModemError::Result(u16::try_from(code).unwrap_or(u16::MAX)),
        None => ModemError::Unexpected,
    };
    Err(error.into())
}

/// Asks for the session: the reliable state, where URCs get lost.
fn ask_session<'f, 'b>(at: &'f mut At<'b>) -> Wait<'f, 'b> {
    at.put("AT+QCOAPOPEN?")
        .expect("+QCOAPOPEN:", &[4])
        .first(CLIENT)
        .ok(300)
}

/// The state in the answer to [`ask_session`] (note, 3.3.2): 0 idle, 3 connected; none without a session.
fn session_state(at: &At<'_>) -> Option<u32> {
    at.number(3)
}

/// Whole seconds of a time-out, within what the modem takes. By subtraction: division costs a library call.
fn seconds(span: Millis) -> u32 {
    let mut left = span.as_millis().min(60_000);
    let mut seconds = 0;
    while left > 0 {
        left = left.saturating_sub(1000);
        seconds += 1;
    }
    seconds.max(2)
}

/// Whether an option's value can be said (note, table 2).
fn check_value(option: &Opt<'_>) -> Result<(), Error> {
    let number = option.number;
    // A Proxy-Uri may be longer than a command line.
    if number.format() == Format::Text && (!carries(option.value) || option.value.len() > 255) {
        return Err(Unsupported::OptionValue(number).into());
    }
    Ok(())
}

fn remove<'f, 'b>(at: &'f mut At<'b>, slot: u8) -> crate::at::Put<'f, 'b> {
    at.put("AT+QCOAPOPTION=")
        .num(CLIENT.into())
        .text("1")
        .num(slot.into())
}

fn add<'f, 'b>(at: &'f mut At<'b>, slot: u8, option: &Opt<'_>) -> crate::at::Put<'f, 'b> {
    let command = at
        .put("AT+QCOAPOPTION=")
        .num(CLIENT.into())
        .text("0")
        .num(slot.into())
        .num(option.number.0.into());
    match (option.number.format(), option.uint()) {
        (Format::Uint, Some(value)) => command.num(value),
        (Format::Text, _) => command.quoted(option.value),
        _ => command.quoted_hex(option.value),
    }
}
