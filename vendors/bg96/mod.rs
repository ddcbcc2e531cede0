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
//!   as lost.
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

mod slots;

use crate::at::{At, Counted, Delivery, Form, Inbox, Wait, carries, line};
use crate::client::{Capabilities, Matching, Network, Options, Reliability, Remote, Shows};
use crate::endpoint::Parameters;
use crate::error::{Error, Invalid, ModemError, Unsupported, Waited};
use crate::message::{Builder, Code, Format, Kind, Number, Opt, View};
use crate::modem::{self, Dialect};
use crate::time::Millis;
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
        payload_in: None,
        observe: false,
        blockwise: false,
        security: false,
        server: false,
    };

    fn counted(line: &[u8], whole: bool) -> Counted {
        if !line.starts_with(b"+QCOAPRECV:") {
            return Counted::No;
        }
        if !whole {
            return Counted::Later;
        }
        // The length is the last field, whatever quotes an option before it holds.
        match line::last_number(line).map(u16::try_from) {
            Some(Ok(length)) => Counted::Now {
                length,
                form: Form::Raw,
            },
            // A text option may hold a line break: inside quotes the line is not over.
            None if line.iter().filter(|byte| **byte == b'"').count() & 1 == 1 => Counted::Later,
            _ => Counted::No,
        }
    }

    fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
        if let Some(rest) = line::after(line, "+QCOAPRECV:") {
            return received(rest, inbox).is_some();
        }
        if let Some(rest) = line::after(line, "+QCOAPACK:").or(line::after(line, "+COAPACK:")) {
            return delivered(rest, inbox).is_some();
        }
        if let Some(rest) = line::after(line, "+QCOAPIND:") {
            return retransmitted(rest, inbox).is_some();
        }
        let Some((_, meaning)) = LINES.iter().find(|(begin, _)| line.starts_with(begin)) else {
            return false;
        };
        if *meaning != Meaning::Nothing {
            let notes = inbox.note();
            notes.told = false;
            notes.rebooted |= *meaning == Meaning::Restarted;
            notes.link_lost |= *meaning == Meaning::LinkLost;
            notes.closed |= *meaning == Meaning::Closed;
        }
        true
    }

    async fn start(&mut self, at: &mut At<'_>, network: &Network<'_>) -> Result<(), Error> {
        check(network)?;
        at.contact(CONTACT).await?;
        // Only we set it to 1: anything else means that the modem has started anew.
        let anew = at.number(0) != Some(1);
        if anew || at.inbox.notes.rebooted {
            self.forget();
        }
        at.inbox.notes.rebooted = false;
        if at.echoes() {
            at.run("ATE0", 300).await?;
        }
        if anew {
            at.run("AT+CMEE=1", 300).await?;
        }

        // The SIM: busy for some seconds after power-on, which old firmware tells by a plain ERROR.
        let mut tries = 0;
        loop {
            let asked = at.put("AT+CPIN?").expect("+CPIN:", &[1]).ok(5000).await;
            match (asked, sim_state(at)) {
                (Ok(()), SimState::Ready) => break,
                (Ok(()), SimState::Pin) => {
                    let pin = network.pin.ok_or(ModemError::PinRequired)?;
                    if self.pin_refused {
                        return Err(ModemError::PinRefused.into());
                    }
                    self.pin_refused = true;
                    let given = at.put("AT+CPIN=").quoted(pin.as_bytes()).ok(5000).await;
                    given.map_err(|error| refused_as(error, ModemError::PinRefused))?;
                    self.pin_refused = false;
                }
                (Ok(()), SimState::Puk) => return Err(ModemError::PukRequired.into()),
                (Err(Error::Timeout(waited)), _) => return Err(waited.into()),
                _ => {}
            }
            tries += 1;
            if tries > SIM_TRIES {
                return Err(ModemError::SimMissing.into());
            }
            at.pause(1000).await?;
        }

        at.put("AT+CFUN?").expect("+CFUN:", &[1]).ok(300).await?;
        if at.number(0) != Some(1) {
            at.run("AT+CFUN=1", 15_000).await?;
        }

        // Registered at home (1) or roaming (5), by LTE or, where that is all there is, by EGPRS.
        let mut denied = 0;
        loop {
            let mut state = None;
            for (question, prefix, fields) in REGISTRATIONS {
                at.put(question).expect(prefix, fields).ok(300).await?;
                let here = at.number(1);
                if state.is_none() || matches!(here, Some(1 | 5)) {
                    state = here;
                }
                if matches!(here, Some(1 | 5)) {
                    break;
                }
            }
            match state {
                Some(1 | 5) => break,
                // Denied by one cell is not yet denied by all.
                Some(3) => denied += 1,
                _ => denied = 0,
            }
            if denied > DENIALS {
                return Err(ModemError::RegistrationDenied.into());
            }
            if at.remaining() <= REGISTRATION_PAUSE {
                return Err(Waited::Registration.into());
            }
            at.pause(REGISTRATION_PAUSE).await?;
        }

        // The context: as it is if it is active with the right APN, else made so.
        let lost = at.inbox.notes.link_lost;
        at.put("AT+QIACT?")
            .expect("+QIACT:", &[2, 3, 4])
            .first(CONTEXT)
            .ok(300)
            .await?;
        let active = at.number(1) == Some(1);
        let named = [network.apn, network.user, network.password]
            .iter()
            .all(|text| text.is_empty())
            || {
                at.put("AT+QICSGP=")
                    .num(CONTEXT.into())
                    .expect("+QICSGP:", &[4, 5])
                    .ok(300)
                    .await?;
                let mut fields = at.answer().skip(1);
                [network.apn, network.user, network.password]
                    .iter()
                    .all(|wanted| {
                        fields
                            .next()
                            .is_some_and(|field| field.text == wanted.as_bytes())
                    })
            };
        if lost {
            // From here on it is made anew; if it is lost again meanwhile, that is news.
            self.open = false;
            at.inbox.notes.link_lost = false;
        }
        let mut deactivate = active && (lost || !named);
        let mut again = true;
        while deactivate || !active {
            if deactivate {
                self.open = false;
                at.put("AT+QIDEACT=").num(CONTEXT.into()).ok(40_000).await?;
            }
            if !named {
                at.put("AT+QICSGP=")
                    .num(CONTEXT.into())
                    .text("1")
                    .quoted(network.apn.as_bytes())
                    .quoted(network.user.as_bytes())
                    .quoted(network.password.as_bytes())
                    .text(if network.user.is_empty() { "0" } else { "1" })
                    .ok(300)
                    .await?;
            }
            match at.put("AT+QIACT=").num(CONTEXT.into()).ok(150_000).await {
                Ok(()) => break,
                // It fails for no reason at times, and works after a deactivation.
                Err(Error::Modem(ModemError::Refused(_))) if again => deactivate = true,
                Err(error) => return Err(refused_as(error, ModemError::Network)),
            }
            again = false;
        }
        Ok(())
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

/// How long a modem may take from power-on to its first answer, in milliseconds.
const CONTACT: u32 = 20_000;

/// How often the SIM is asked for, a second apart.
const SIM_TRIES: u8 = 10;

/// Where registration is asked for: the question, its answer's prefix and field counts, with and without location.
const REGISTRATIONS: [(&str, &str, &[u8]); 2] = [
    ("AT+CEREG?", "+CEREG:", &[2, 5, 7, 9]),
    ("AT+CGREG?", "+CGREG:", &[2, 4, 5, 6]),
];

/// How often in a row a registration may be denied, and the pause between two looks in milliseconds.
const DENIALS: u8 = 5;
const REGISTRATION_PAUSE: u32 = 1000;

/// A session's state (note, 3.3.2): connected.
const CONNECTED: u32 = 3;

/// What a line without a message in it means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Restarted,
    LinkLost,
    Closed,
    Nothing,
}

/// How such lines begin.
const LINES: [(&[u8], Meaning); 14] = [
    (b"RDY", Meaning::Restarted),
    (b"POWERED DOWN", Meaning::Restarted),
    (b"NORMAL POWER DOWN", Meaning::Restarted),
    (b"+QIURC: \"pdpdeact\"", Meaning::LinkLost),
    (b"+QIURC:\"pdpdeact\"", Meaning::LinkLost),
    (b"+QCOAPCLOSE:", Meaning::Closed),
    (b"+QCOAPOPEN:", Meaning::Nothing),
    (b"APP RDY", Meaning::Nothing),
    (b"+CPIN:", Meaning::Nothing),
    (b"+CFUN:", Meaning::Nothing),
    (b"+QUSIM:", Meaning::Nothing),
    (b"+QIND:", Meaning::Nothing),
    (b"+CEREG:", Meaning::Nothing),
    (b"+CGREG:", Meaning::Nothing),
];

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

/// `+QCOAPRECV: <client>,<id>,<code>,<tkl>,<token>,<count>[,options],<length>`, as far as the payload.
fn received(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let payload = usize::from(u16::try_from(line::last_number(rest)?).ok()?);
    let mut fields = line::Fields::new(rest);
    let client = fields.num()?;
    let id = u16::try_from(fields.num()?).ok()?;
    let code = code(fields.next()?.text)?;
    let _length_of_the_token = fields.next()?;
    let mut token = [0; 8];
    let token = line::unhex(fields.next()?.text, &mut token)?;
    let options = fields.num()?;
    if client != u32::from(CLIENT) {
        // Another session's, which is not ours to keep.
        inbox.rollback();
        return Some(());
    }
    // In the message an option never takes more bytes than in the line.
    let mut space = [0; 0];
    let space = inbox
        .open(12 + rest.len(), payload + 1)
        .unwrap_or(&mut space);
    let (kind, token) = if code.is_empty() {
        (Kind::Reset, &[][..])
    } else {
        (Kind::NonConfirmable, token)
    };
    let mut builder = Builder::new(space, kind, code, id, token).ok()?;
    let mut lost = 0;
    let mut critical = false;
    // Only their count is shown, and then the length: nothing is known of them, the message is as good as it gets.
    let hidden = options > 0 && fields.clone().nth(1).is_none();
    if hidden {
        lost = u16::try_from(options).unwrap_or(u16::MAX);
    }
    for _ in 0..if hidden { 0 } else { options.min(255) } {
        match read_option(&mut fields, &mut builder) {
            Ok(()) => {}
            Err(number) => {
                lost += 1;
                critical |= number.is_none_or(Number::is_critical);
            }
        }
    }
    let head = builder.finish().as_bytes().len();
    inbox.filled(head);
    inbox.losses.options = inbox.losses.options.saturating_add(lost);
    if critical {
        // What it would have changed is not known: rather no message than a wrong one.
        inbox.cut();
    }
    if payload > 0 {
        inbox.push(&[0xFF]);
    }
    Some(())
}

/// One option of a received message: `12,"0"` or `"12,0"`. On failure its number, as far as that could be read.
fn read_option(
    fields: &mut line::Fields<'_>,
    builder: &mut Builder<'_>,
) -> Result<(), Option<Number>> {
    let first = fields.next().ok_or(None)?;
    let (number, value) = if first.quoted {
        let comma = first
            .text
            .iter()
            .position(|byte| *byte == b',')
            .ok_or(None)?;
        let (number, value) = first.text.split_at_checked(comma).ok_or(None)?;
        (number, value.get(1..).unwrap_or(&[]))
    } else {
        (first.text, fields.next().ok_or(None)?.text)
    };
    let number = line::number(number)
        .and_then(|number| u16::try_from(number).ok())
        .map(Number)
        .ok_or(None)?;
    let mut bytes = [0; 32];
    let written = match number.format() {
        Format::Uint => builder.uint(number, line::number(value).ok_or(Some(number))?),
        Format::Text => builder.option(number, value),
        Format::Empty => builder.option(number, &[]),
        _ => builder.option(number, line::unhex(value, &mut bytes).ok_or(Some(number))?),
    };
    written.map_err(|_| Some(number))
}

/// `c.dd`
fn code(text: &[u8]) -> Option<Code> {
    let (class, detail) = text.split_at_checked(1)?;
    let class = u8::try_from(line::number(class)?)
        .ok()
        .filter(|class| *class < 8)?;
    let detail = u8::try_from(line::number(detail.strip_prefix(b".")?)?)
        .ok()
        .filter(|detail| *detail < 32)?;
    Some(Code::new(class, detail))
}

/// `+QCOAPACK: <client>,<type>,<id>,<result>`
fn delivered(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest).skip(2);
    let id = u16::try_from(fields.next()?.num()?).ok()?;
    let result = u16::try_from(fields.next()?.magnitude()?).ok()?;
    // "In processing" is no result yet.
    if result != 2 {
        inbox.note().delivery = Some(Delivery { id, result });
    }
    Some(())
}

/// `+QCOAPIND: <client>,<type>,<id>,<times>,<result>`
fn retransmitted(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest).skip(2);
    let id = u16::try_from(fields.next()?.num()?).ok()?;
    let times = u8::try_from(fields.next()?.num()?).ok()?;
    inbox.note().retransmitted = Some((id, times));
    Some(())
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

/// A refusal in the words of what was tried.
fn refused_as(error: Error, meaning: ModemError) -> Error {
    match error {
        Error::Modem(ModemError::Refused(_)) => meaning.into(),
        other => other,
    }
}

enum SimState {
    Ready,
    Pin,
    Puk,
    Unknown,
}

/// The answer to `AT+CPIN?`: `READY`, `SIM PIN`, `SIM PUK`; the second PIN and PUK concern no CoAP client.
fn sim_state(at: &At<'_>) -> SimState {
    match at.answer().next() {
        Some(field) if field.text == b"READY" => SimState::Ready,
        Some(field) if field.text == b"SIM PIN" => SimState::Pin,
        Some(field) if field.text == b"SIM PUK" => SimState::Puk,
        _ => SimState::Unknown,
    }
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

/// Texts of the caller's, before anything is sent.
fn check(network: &Network<'_>) -> Result<(), Error> {
    let texts = [network.apn, network.user, network.password];
    if !texts.iter().all(|text| carries(text.as_bytes())) {
        return Err(Invalid::Character.into());
    }
    match network.pin {
        Some(pin)
            if !((4..=8).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            Err(Invalid::Pin.into())
        }
        _ => Ok(()),
    }
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
