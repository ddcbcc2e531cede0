//! Quectel BC28, which also fits the BC35-G: *BC35-G&BC28 CoAP Application Note*, V1.0 of 2018-12-18 ("the note" below).
//!
//! The modem builds and reads CoAP messages itself, repeats confirmable ones, acknowledges and removes duplicates. It has one
//! context, and is told a message in pieces (options, head, payload). What it receives it prints on one line, without the token.
//!
//! # Every command, and where it is used
//!
//! | command (note) | used |
//! |---|---|
//! | `QCOAPCREATE` (2.1) | at each [connect](crate::client::CoapClient::connect); local port 56830, or a [setting](Bc28::set_local_port) |
//! | `QCOAPDEL` (2.2) | before each create, for a context of an earlier life; at close |
//! | `QCOAPADDRES` (2.3) | after each create, for the resources that are [served](Bc28::serve) |
//! | `QCOAPHEAD` (2.4) | before each send: mode 5 with id and token, mode 3 where there is no token; never 1, 2 and 4, whose token or id nobody knows |
//! | `QCOAPOPTION` (2.5) | before each send of a message with options: the whole list, each value in quotes |
//! | `QCOAPSEND` (2.6) | requests, responses and empty messages; the payload behind the prompt, ended by 0x1A |
//! | `QCOAPDATASTATUS` (2.7) | before the send that follows a confirmable one, as note 2 of 2.6 demands |
//! | `QCOAPCFG="Showrspopt"` (2.8) | switched on after each create: without it neither options nor the payload's format would be seen |
//! | `QCOAPCFG="Showra"` (2.8) | a [setting](Bc28::set_show_sender), off by default; lines are read either way |
//! | test forms `=?`, query forms of `QCOAPCFG` | not used: the ranges are in the note, and the settings are ours |
//!
//! Of the module's general commands: `AT+CMEE`, `ATE0`, `AT+CFUN`, `AT+CIMI`, `AT+CGDCONT`, `AT+CGAUTH`, `AT+CGATT`, `AT+CEREG`
//! (and `AT+CGREG`, whose refusal does no harm), `AT+CGPADDR`, and `AT+QDNS` for host names; the note has none of them but
//! `CGATT` and `CMEE` (misprinted `AT+CME`).
//!
//! | line (note) | becomes |
//! |---|---|
//! | `+QCOAPURC: "rsp"` (3.1) | a response; an empty acknowledgement a delivery note; a reset a Reset message |
//! | `+QCOAPURC: "req"` (3.2) | a request from the network, an event |
//! | `+QDNS:` | the answer to a lookup |
//! | `REBOOTING`, `REBOOT_CAUSE_..`, `Neul` | restarted |
//! | `Boot:`, `Security ..`, `Protocol ..`, `Apps ..` | known, part of a restart |
//! | `+QLWEVTIND`, `+NPSMR`, `+CSCON`, `+NNMI`, `+NSMI`, `+NSONMI`, `+CEREG`, bare digits (`AT+CIMI`) | known, nothing to do |
//! | `+QCOAPURC: "recovered"` (a sister's, after deep sleep) | session lost, unless 0 |
//!
//! # How a response is matched, and what cannot be told apart
//!
//! A line shows type and message id, but no token. An acknowledgement is the response if its id is the open request's; with
//! another id it belongs to a request that was given up, and is dropped. A separate response (type CON or NON) has an id of
//! the server's own: it is taken for the open request's, whoever sent it, from the moment on at which that request is sent.
//! What nobody can tell apart then: a separate response to a request that was given up, while the next one is open. One with
//! the id of the separate response before it is that one printed again, and nobody's. A message with an Observe option is a
//! notification, unless the open request asked for notifications; to which of several observations it belongs is not shown.
//! Without an open request only notifications and requests are kept.
//!
//! # Codes
//!
//! `QCOAPSEND` takes methods 1 to 4, 0, and the response codes of 2.6; others are refused before anything is sent. Of the
//! `+CME ERROR` numbers (tables 3 and 4) these have errors of their own: 30, 331, 332 network; 23, 320, 322 memory; 310 no SIM,
//! 311 and 312 PIN, 316 and 318 PUK; the rest (3, 4, 50, 51, 52, 159, 300 to 305, 313 to 315, 317, 321, 330, 340, 500) comes as
//! [`Refused`](crate::error::ModemError::Refused) with its number, as do numbers of sisters (513, 8001, 8002), but 8009,
//! which is 30. Status of `QCOAPDATASTATUS`: 1 before a send means that the modem still repeats a message that was given up,
//! so the context is made anew; 0 and 4 prove nothing (one firmware says 4 after a time-out); 2, 3 and 5 are the failure of
//! a message that was waited for in vain already. Success is the `"rsp"` line alone.
//!
//! # Limits (note): refused before anything is sent
//!
//! Twelve options a message; the option numbers of 2.5 (without If-None-Match, whose empty value cannot be written); values of
//! 1 to 180 bytes without quotes, control characters and bytes beyond ASCII; no `/` within a segment of a path and no `&` within
//! an argument, where one firmware splits them; Content-Format and Accept 0, 40, 41, 42, 47 and
//! 50; 1024 bytes of payload out, 512 in a response, 1024 in a request; resources of 1 to 50 characters.
//!
//! # Where the note is silent or wrong
//!
//! - **Raw or hexadecimal payload.** The note types hexadecimal digits for formats 40 and 42 and for none; field drivers type text
//!   for format 50 and for none, and it arrives. [`Payload`] is the setting: by default as the note has it. Try it once with your
//!   firmware: if a payload without format comes back from the server as digits, set [`Payload::Raw`].
//! - **Are options used up by a message?** By the note's examples they are, one firmware keeps them. So each message sends its
//!   own, and before one without options the context is made anew if a list may be standing; who knows that it is not needed
//!   [says so](Bc28::set_options_used_once).
//! - The limit of 1024 bytes, beyond which the modem leaves data out without a word, is taken for the payload's bytes, also
//!   where they are typed as digits, two for each.
//! - A prompt may be missing where there is no payload (5.1): `OK` at once is taken for sent.
//! - The limit of 300 ms for every command: drivers wait up to 3 s for a prompt, one firmware takes 2 s to delete.
//! - Opaque values (If-Match, ETag) have no documented form: sent as text if they are text, else refused; received ones are
//!   read as hexadecimal, or, if they are none, as they stand. Block options are sent as numbers.
//! - Misprints that are read: `"rsp"` without comma or type, `"req"` for a response, no blank or several after the colon, a
//!   blank before data, hexadecimal of either case. Data shorter than declared is torn, and told.
//! - The mode of `"req"` is hexadecimal by the note and decimal in one firmware: the line is read by its shape, and by the
//!   parts of the mode that are the same in both.
//! - The answer of `QCOAPDATASTATUS` is misprinted `+QLWDATASTATUS` once, and read so as well; `AT+QCOAPSEND` has a blank in one
//!   example, which is never sent.
//! - A response goes to the server of the session, whoever asked: the note's example answers another address than the one
//!   it shows.
//!
//! # Quirks seen in the field that this driver survives
//!
//! URCs between a command and its answer; answers with and without a blank; echo back at each restart, which says `OK` when it
//! is over; a restart when the radio is switched on; a context that outlives a restart of the host, or does not outlive a
//! deep sleep (it is made anew where the status is refused, and behind a message that was refused, or given up before its
//! prompt); a context that sends to one address only; `+CGPADDR` without an address; the same message printed twice; a
//! firmware that prints no Content-Format it does not know, forgets a comma behind a block (`23,"0/M/64"`), cuts a value off,
//! and repeats a message id unless told another. That firmware fetches further blocks itself and prints each: the first is
//! delivered, the others are nobody's. It takes ten options only, none with a comma in its value, cuts a path at 100
//! characters, decodes percent signs in it, sends bytes of an old token with mode 3 (which is used only to answer a request
//! without a token), and passes over numbers 1, 4, 5, 8, 14, 17, 20 and 39 without a word: none of that can be seen.
//!
//! # Left out
//!
//! The commands of relatives under the same names: inline payloads (`AT+QCOAPSEND=..,<len>,<hex>`), `QCOAPCREATE` with a mode and a
//! key. DTLS, which the note does not offer. Entering a PIN: no source says how, so a SIM that wants one is
//! [`PinRequired`](crate::error::ModemError::PinRequired). `AT+NCONFIG=AUTOCONNECT`, `AT+NBAND`, `AT+QREGSWT` (switches a registration at
//! another service off, which else takes one of seven sockets): persistent, and in force only after `AT+NRB`, so for who builds the
//! device. `AT+CPSMS`, `AT+CEDRXS`: power saving is the application's; a line that sleeps is asked until it answers. The speed of
//! the line, 9600 baud as delivered, is the port's. That one firmware cannot send codes of class 4.

#[cfg(feature = "sim")]
pub mod sim;
#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;

mod address;
mod bring_up;
mod lines;
mod payload;
mod shape;

pub use payload::Payload;

use crate::at::{At, Counted, Inbox, carries};
use crate::client::{
    Blockwise, Capabilities, Matching, Network, Options, Reliability, Remote, Shows,
};
use crate::endpoint::Parameters;
use crate::error::{Error, Invalid, ModemError, Refusal, WayOut};
use crate::message::{Code, Format, Kind, Number, View};
use crate::modem::{self, Dialect};
use address::Address;
use core::future::Future;

/// A client over this modem.
pub type Client<'b, F> = modem::Client<'b, Bc28, F>;

/// Memory for the largest messages of this modem.
pub type Memory =
    modem::Memory<{ Bc28::LINE }, { Bc28::COMMAND }, { Bc28::INBOX }, { Bc28::MESSAGE }>;

/// The BC28.
pub struct Bc28 {
    payload: Payload,
    resources: &'static [&'static str],
    local_port: u16,
    show_sender: bool,
    used_once: bool,
    /// There is a session with a server.
    open: bool,
    /// Its context stands, with all that was set.
    made: bool,
    /// An option list may be standing in it.
    listed: bool,
    /// The status of a confirmable message must be asked for before the next one.
    unasked: bool,
    /// The server.
    port: u16,
    address: Address,
}

impl Default for Bc28 {
    fn default() -> Self {
        Self {
            payload: Payload::ByFormat,
            resources: &[],
            local_port: 56_830,
            show_sender: false,
            used_once: false,
            open: false,
            made: false,
            listed: false,
            unasked: false,
            port: 0,
            address: Address::NONE,
        }
    }
}

/// Settings. What concerns the context is in force from the next [connect](crate::client::CoapClient::connect) on.
impl Bc28 {
    /// Bytes of the longest line: a command of the full length as its echo, or a `+QCOAPURC` up to its data.
    pub const LINE: usize = 416;
    /// Bytes of the longest command: two options of 180 bytes, or a dozen short ones.
    pub const COMMAND: usize = 400;
    /// Bytes of the inbox: the largest request from the network with its options, and something beside it.
    pub const INBOX: usize = 1408;
    /// Bytes of the largest request: 1024 of payload.
    pub const MESSAGE: usize = 1152;

    /// Sets how payloads are given to the modem.
    pub fn set_payload(&mut self, payload: Payload) {
        self.payload = payload;
    }

    /// Sets the UDP port of the context: any but 0.
    pub fn set_local_port(&mut self, port: u16) {
        self.local_port = port;
    }

    /// Says which resources the network may ask for (note, 2.3), such as `/t/d`. What it asks becomes an
    /// [event](crate::client::Event::Request).
    ///
    /// # Errors
    /// [`Invalid::Path`] if one is empty, longer than 50 characters, or holds what no command line can carry.
    pub fn serve(&mut self, resources: &'static [&'static str]) -> Result<(), Error> {
        let fits =
            |resource: &&str| (1..=50).contains(&resource.len()) && carries(resource.as_bytes());
        if !resources.iter().all(fits) {
            return Err(Invalid::Path.into());
        }
        self.resources = resources;
        Ok(())
    }

    /// Lets the modem print the sender's address with each message (note, 2.8). It is read over.
    pub fn set_show_sender(&mut self, show: bool) {
        self.show_sender = show;
    }

    /// Says that this firmware uses an option list for one message only, so that the context need not be made anew
    /// before a message without options.
    pub fn set_options_used_once(&mut self, once: bool) {
        self.used_once = once;
    }
}

/// How long the modem may take to answer, in milliseconds. The note says 300 for everything; see [there](self).
const ANSWER: u32 = 4000;

/// How long a lookup may take, in seconds.
const LOOKUP: u32 = 30;

/// A lookup's answer is still to come. (The modem has one session and no number for it; the place is free for this.)
const LOOKING_UP: Option<u8> = Some(0);

impl Dialect for Bc28 {
    const CAPABILITIES: Capabilities = Capabilities {
        reliability: Reliability::Modem,
        matching: Matching::MessageId,
        shows: Shows {
            kind: true,
            id: true,
            token: false,
            options: true,
            detail: true,
        },
        highest_method: Code::DELETE.as_byte(),
        non_confirmable: true,
        options: Options::Only(&[
            1, 3, 4, 6, 7, 8, 11, 12, 14, 15, 17, 20, 23, 27, 28, 35, 39, 60,
        ]),
        option_count: 12,
        payload_out: 1024,
        message_out: None,
        payload_in: Some(512),
        // The option can be sent, and notifications are events; the endpoint cannot match them.
        observe: false,
        blockwise: Blockwise::Both,
        block_size: Some(512),
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

    async fn open(
        &mut self,
        at: &mut At<'_>,
        server: &Remote<'_>,
        _parameters: &Parameters,
    ) -> Result<(), Error> {
        self.standing(at)?;
        let host = server.host.as_bytes();
        if host.len() > 255 {
            return Err(Invalid::Host.into());
        }
        if self.local_port == 0 {
            return Err(Invalid::Port.into());
        }
        self.open = false;
        if let Some(address) = Address::new(host) {
            self.address = address;
        } else {
            // The answer to a lookup that was given up must not pass for the one to this.
            let mut seconds = LOOKUP;
            while at.inbox.session == LOOKING_UP && seconds > 0 {
                at.pause(1000).await?;
                seconds -= 1;
            }
            at.inbox.session = LOOKING_UP;
            let lookup = at.put("AT+QDNS=").text("0").bare(host);
            let lookup = lookup.expect("+QDNS:", &[]).ok(ANSWER).await;
            if !matches!(lookup, Ok(()) | Err(Error::Timeout(_))) {
                at.inbox.session = None;
            }
            lookup.map_err(named)?;
            at.line(1000 * LOOKUP).await?;
            at.inbox.session = None;
            let address = at
                .answer()
                .next()
                .and_then(|field| Address::new(field.text));
            self.address = address.ok_or(ModemError::Dns)?;
        }
        self.port = server.port;
        // Another server has message ids of its own.
        at.inbox.peer = None;
        self.create(at).await?;
        self.open = true;
        Ok(())
    }

    async fn send(&mut self, at: &mut At<'_>, message: View<'_>) -> Result<(), Error> {
        self.standing(at)?;
        if !self.open {
            return Err(ModemError::NotConnected.into());
        }
        let form = self.payload.form(&message)?;
        let options = u32::try_from(message.options().count()).unwrap_or(u32::MAX);
        // One that was given up while it was made anew is not whole; one that refused a message may not be there.
        let mut renew = !self.made || (options == 0 && self.listed);
        if self.unasked {
            at.inbox.notes.busy = false;
            let asked = at.put("AT+QCOAPDATASTATUS?");
            let asked = asked.expect("+QCOAPDATASTATUS:", &[1]).ok(ANSWER).await;
            // Without a context it has no status.
            renew |= asked.is_err();
            borne(asked)?;
            self.unasked = false;
            // It still repeats a message that was given up.
            renew |= at.number(0) == Some(1) || at.inbox.notes.busy;
        }
        if renew {
            self.create(at).await?;
        }
        // A refusal may mean that the context is gone, and says so to nobody else.
        self.made = false;
        if options > 0 {
            self.listed = true;
            let mut command = at.put("AT+QCOAPOPTION=").num(options);
            for option in message.options() {
                command = command.num(option.number.0.into());
                command = match (option.number.format(), option.uint()) {
                    (Format::Uint, Some(value)) => command.quoted_num(value),
                    _ => command.quoted(option.value),
                };
            }
            command.ok(ANSWER).await.map_err(named)?;
        }
        let token = message.token();
        let head = at.put("AT+QCOAPHEAD=");
        let head = if token.is_empty() {
            head.text("3").num(message.id().into())
        } else {
            let head = head.text("5").num(message.id().into());
            head.num(u32::try_from(token.len()).unwrap_or(0)).hex(token)
        };
        head.ok(ANSWER).await.map_err(named)?;

        let code = message.code();
        self.unasked |= message.kind() == Kind::Confirmable;
        // Nobody has answered it before.
        if let Some(request) = &mut at.inbox.exchange {
            let observe = message.option(Number::OBSERVE);
            request.observes = observe.and_then(|option| option.uint()) == Some(0);
            request.sent = true;
        }
        let send = at
            .put("AT+QCOAPSEND=")
            .num(message.kind() as u32)
            .num(u32::from(code.class()) * 100 + u32::from(code.detail()))
            .bare(self.address.text())
            .num(self.port.into());
        send.prompt(0, ANSWER).await.map_err(named)?;
        self.made = true;
        let payload = message.payload();
        if at.prompted() {
            at.input_as(payload, form, ANSWER).await.map_err(named)?;
        } else if !payload.is_empty() {
            // OK without a prompt: whatever was sent, it was not this.
            at.distrust();
            return Err(ModemError::Unexpected.into());
        }
        // The list of a message that did not go out is still there.
        self.listed &= !self.used_once;
        Ok(())
    }

    async fn close(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        self.open = false;
        borne(at.run("AT+QCOAPDEL", ANSWER).await)
    }
}

impl Bc28 {
    /// The modem has started anew: nothing that was set is in force.
    fn forget(&mut self) {
        self.open = false;
        self.unasked = false;
    }

    fn standing(&self, at: &At<'_>) -> Result<(), Error> {
        if at.inbox.notes.rebooted {
            return Err(ModemError::Restarted.into());
        }
        Ok(())
    }

    /// Makes the context, in place of one that may be there.
    async fn create(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        self.made = false;
        borne(at.run("AT+QCOAPDEL", ANSWER).await)?;
        self.listed = false;
        self.unasked = false;
        let create = at.put("AT+QCOAPCREATE=").num(self.local_port.into());
        create.ok(ANSWER).await.map_err(named)?;
        for (setting, on) in [("\"Showrspopt\"", true), ("\"Showra\"", self.show_sender)] {
            if on {
                let set = at.put("AT+QCOAPCFG=").text(setting).text("1");
                set.ok(ANSWER).await.map_err(named)?;
            }
        }
        for resource in self.resources {
            let length = u32::try_from(resource.len()).unwrap_or(0);
            let add = at.put("AT+QCOAPADDRES=").num(length);
            let add = add.quoted(resource.as_bytes()).ok(ANSWER).await;
            add.map_err(named)?;
        }
        at.inbox.notes.closed = false;
        self.made = true;
        Ok(())
    }
}

/// A refusal that does no harm.
fn borne(asked: Result<(), Error>) -> Result<(), Error> {
    match asked {
        Err(Error::Modem(ModemError::Refused(_))) => Ok(()),
        other => other,
    }
}

/// A refusal by its number (note, tables 3 and 4; 27.007, 9.2 for 10 to 12), where that says who must act.
fn named(error: Error) -> Error {
    let Error::Modem(ModemError::Refused(Refusal::Cme(number))) = error else {
        return error;
    };
    let meaning = match number {
        10 | 310 => ModemError::SimMissing,
        11 | 311 | 312 => ModemError::PinRequired,
        12 | 316 | 318 => ModemError::PukRequired,
        23 | 320 | 322 => ModemError::Memory,
        30 | 331 | 332 | 8009 => ModemError::Network,
        _ => return error,
    };
    meaning.into()
}
