//! The second way over the same modem: its UDP sockets (guide, chapter 5), over which the endpoint makes the whole of CoAP.
//!
//! What the modem's own CoAP cannot say or show (tokens, ETag, Accept, Observe, exact codes) goes this way. A datagram is sent in
//! hexadecimal digits within the command, which holds 512 bytes and needs no prompt, or as it is behind the prompt `@`, which holds
//! 1024: a type each, since capabilities are constants. Received ones are announced, and fetched when the line is free.
//!
//! All UDP sockets of the modem are taken for this link's own: the first connect, and the first after a restart or a lost profile,
//! closes those that an earlier life has left. TCP sockets are let alone.
//!
//! Invariants: a datagram from another sender than the server is not ours; what is not confirmed by `+USOST:` was not sent.

use super::bring_up;
use super::{Access, SHORT, lines, standing};
use crate::at::{At, Counted, Form, Inbox, carries, line};
use crate::client::{Capabilities, Network, Remote};
use crate::endpoint::Parameters;
use crate::error::{Error, Invalid, ModemError};
use crate::message::View;
use crate::modem::bring_up::refused_as;
use crate::modem::{self, Dialect};
use crate::time::Millis;
use core::future::Future;

/// A client over the modem's UDP sockets, in hexadecimal.
pub type SocketsClient<'b, F> = modem::Client<'b, SaraR5Sockets, F>;

/// Memory for the largest messages of [`SocketsClient`].
pub type SocketsMemory = modem::Memory<
    { SaraR5Sockets::<false>::LINE },
    { SaraR5Sockets::<false>::COMMAND },
    { SaraR5Sockets::<false>::INBOX },
    { SaraR5Sockets::<false>::MESSAGE },
>;

/// A client over the modem's UDP sockets, in bytes behind a prompt.
pub type BinarySocketsClient<'b, F> = modem::Client<'b, SaraR5Sockets<true>, F>;

/// Memory for the largest messages of [`BinarySocketsClient`].
pub type BinarySocketsMemory = modem::Memory<
    { SaraR5Sockets::<true>::LINE },
    { SaraR5Sockets::<true>::COMMAND },
    { SaraR5Sockets::<true>::INBOX },
    { SaraR5Sockets::<true>::MESSAGE },
>;

/// The SARA-R5 by its UDP sockets: datagrams in hexadecimal, or `BINARY`.
#[derive(Debug, Default)]
pub struct SaraR5Sockets<const BINARY: bool = false> {
    /// The way to the network.
    pub access: Access,
    socket: Option<u8>,
    /// The server's address, as the modem writes addresses.
    address: heapless::String<ADDRESS>,
    port: u16,
    /// `AT+UDCONF=1` is said.
    configured: bool,
    /// No socket of an earlier life is left.
    swept: bool,
    /// A request was sent, and nothing fetched since.
    waits: bool,
}

/// The longest text of an address: IPv6 with an IPv4 address at its end.
const ADDRESS: usize = 45;

/// How many sockets the modem has.
const SOCKETS: u8 = 7;

/// The type of UDP sockets (guide, 5.1 and 5.8).
const UDP: u32 = 17;

/// How long sending and fetching may take, in milliseconds.
const TRANSFER: u32 = 10_000;

/// How long a name server may take, and within what time a refusal is no answer of one.
const RESOLUTION: u32 = 70_000;
const AT_ONCE: Millis = Millis::new(2000);

/// How long the modem wants to be left alone behind its prompt (guide, 5.3.1).
const PROMPT_PAUSE: u32 = 50;

impl<const BINARY: bool> SaraR5Sockets<BINARY> {
    /// Bytes of the longest line: a context's definition, whose access point has 100 characters, with both kinds of addresses.
    pub const LINE: usize = super::SaraR5::LINE;
    /// Bytes of the longest command: the question for a name of 255 bytes.
    pub const COMMAND: usize = 288;
    /// Bytes of the inbox: one datagram of 1024 bytes, and something beside it.
    pub const INBOX: usize = 1408;
    /// Bytes of the largest message.
    pub const MESSAGE: usize = Self::DATAGRAM as usize;

    /// Bytes of the longest datagram, each way.
    const DATAGRAM: u16 = if BINARY { 1024 } else { 512 };

    fn standing(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        if self.access.is_anew() {
            self.socket = None;
            // Sockets may outlive their profile.
            self.swept = false;
            self.configured = false;
            at.inbox.session = None;
        }
        standing(at)
    }
}

impl<const BINARY: bool> Dialect for SaraR5Sockets<BINARY> {
    const CAPABILITIES: Capabilities = Capabilities {
        message_out: Some(Self::DATAGRAM),
        // Header, token and marker apart; and one of the full size that comes in might be a part of a longer one.
        payload_out: Self::DATAGRAM - 9,
        payload_in: Some(Self::DATAGRAM - 10),
        // With header and options a block of the next size would be longer than a datagram may be.
        block_size: Some(if BINARY { 512 } else { 256 }),
        ..Capabilities::DATAGRAMS
    };

    fn counted(line: &[u8], whole: bool) -> Counted {
        let Some(rest) = line::after(line, "+USORF:").filter(|_| !whole) else {
            return Counted::No;
        };
        // Socket, address, port, length; then the data, in quotes.
        let mut fields = line::Fields::new(rest).skip(3);
        let (Some(length), Some(data)) = (fields.next(), fields.next()) else {
            return Counted::Later;
        };
        match length.num().map(u16::try_from) {
            // Its quote is not one of its bytes.
            Some(Ok(_)) if BINARY && !data.quoted => Counted::Next,
            Some(Ok(length)) => Counted::Now {
                length,
                form: if BINARY { Form::RAW } else { Form::HEX },
            },
            _ => Counted::No,
        }
    }

    fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
        if let Some(rest) = line::after(line, "+USORF:") {
            return received(rest, Self::DATAGRAM, inbox).is_some();
        }
        if let Some(rest) = line::after(line, "+UUSORF:").or_else(|| line::after(line, "+UUSORD:"))
        {
            let mut fields = line::Fields::new(rest);
            if is_ours(fields.num(), inbox) && fields.num() != Some(0) {
                if inbox.notes.announced {
                    inbox.session = inbox.session.map(|session| session | AGAIN);
                }
                inbox.note().announced = true;
            }
            return true;
        }
        if let Some(rest) = line::after(line, "+UUSOCL:") {
            if is_ours(line::Fields::new(rest).num(), inbox) {
                close_noted(inbox);
            }
            return true;
        }
        crate::modem::lines::note(line, &lines::LINES, inbox)
    }

    fn start(
        &mut self,
        at: &mut At<'_>,
        network: &Network<'_>,
    ) -> impl Future<Output = Result<(), Error>> {
        bring_up::start(&mut self.access, at, network)
    }

    async fn open(
        &mut self,
        at: &mut At<'_>,
        server: &Remote<'_>,
        _: &Parameters,
    ) -> Result<(), Error> {
        self.standing(at)?;
        let host = server.host.as_bytes();
        if host.len() > 255 {
            return Err(Invalid::Host.into());
        }
        if !carries(host) {
            return Err(Invalid::Character.into());
        }
        self.port = 0;
        at.inbox.peer = None;
        if !self.swept {
            for socket in 0..SOCKETS {
                if self.socket != Some(socket) && is_there(at, socket).await? {
                    at.put("AT+USOCL=").num(socket.into()).ok(TRANSFER).await?;
                }
            }
            self.swept = true;
        }
        if !self.configured {
            // Whatever it was: one firmware keeps it over a restart.
            let form = if BINARY {
                "AT+UDCONF=1,0"
            } else {
                "AT+UDCONF=1,1"
            };
            at.run(form, SHORT).await?;
            self.configured = true;
        }

        self.address.clear();
        if is_address(host) {
            self.address
                .push_str(server.host)
                .map_err(|_| Invalid::Host)?;
        } else {
            let asked = at.now();
            let mut again = true;
            loop {
                let resolved = at
                    .put("AT+UDNSRN=0")
                    .quoted(host)
                    .expect("+UDNSRN:", &[])
                    .ok(RESOLUTION)
                    .await;
                match resolved {
                    Ok(()) => break,
                    // Too early for an answer of a name server: the modem was at something else.
                    Err(Error::Modem(ModemError::Refused(_)))
                        if again && at.now().since(asked) < AT_ONCE =>
                    {
                        again = false;
                        at.pause(AT_ONCE.as_millis() >> 1).await?;
                    }
                    Err(error) => return Err(refused_as(error, ModemError::Dns)),
                }
            }
            let address = at.answer().next().map_or(&b""[..], |field| field.text);
            let address = core::str::from_utf8(address).unwrap_or_default();
            if !is_address(address.as_bytes()) || self.address.push_str(address).is_err() {
                return Err(ModemError::Dns.into());
            }
        }

        // A socket is bound to no server: the one that is there will do, if it still is.
        let there = match self.socket {
            Some(socket) => is_there(at, socket).await?,
            None => false,
        };
        if !there {
            self.socket = None;
            at.inbox.session = None;
            // Should this be dropped before its answer.
            self.swept = false;
            at.put("AT+USOCR=17")
                .expect("+USOCR:", &[1, 2])
                .ok(TRANSFER)
                .await
                .map_err(|error| refused_as(error, ModemError::Socket))?;
            let socket = at.number(0).and_then(|socket| u8::try_from(socket).ok());
            self.socket = Some(socket.ok_or(ModemError::Unexpected)?);
            self.swept = true;
        }
        at.inbox.session = self.socket;
        at.inbox.peer = Some(sender(self.address.as_bytes(), server.port.into()));
        at.inbox.notes.closed = false;
        self.port = server.port;
        Ok(())
    }

    async fn send(&mut self, at: &mut At<'_>, message: View<'_>) -> Result<(), Error> {
        self.standing(at)?;
        let (Some(socket), 1..) = (self.socket, self.port) else {
            return Err(ModemError::NotConnected.into());
        };
        if self.waits {
            // The line that announces an answer may have been lost, and there is no second one before that answer is fetched.
            let pending = at
                .put("AT+USORF=")
                .num(socket.into())
                .text("0")
                .expect("+USORF:", &[2])
                .ok(SHORT)
                .await;
            if let Err(Error::Modem(ModemError::Refused(_))) = pending {
                // It is gone; or that nothing waits is an error here.
                if !is_there(at, socket).await? {
                    close_noted(&mut at.inbox);
                    return pending;
                }
            } else {
                pending?;
            }
            // (Field 1 of the other answer is 0.)
            if at.number(1).is_some_and(|length| length > 0) {
                at.inbox.note().announced = true;
            }
        }
        self.waits |= message.code().is_request();
        let bytes = message.as_bytes();
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        for _ in 0..2 {
            let command = at
                .put("AT+USOST=")
                .num(socket.into())
                .quoted(self.address.as_bytes())
                .num(self.port.into())
                .num(length)
                .expect("+USOST:", &[2])
                .first(socket);
            let mut said = if BINARY {
                command.prompt_mark(b'@', bytes.len(), TRANSFER).await
            } else {
                command.streamed_hex().ok_with(bytes, TRANSFER).await
            };
            if BINARY && at.prompted() {
                at.pause(PROMPT_PAUSE).await?;
                said = at.input(bytes, TRANSFER).await;
            }
            match said {
                Ok(()) if at.number(1) == Some(length) => return Ok(()),
                // `OK` alone is no proof that it was sent; nor is a part.
                Ok(()) => {}
                Err(Error::Modem(ModemError::Refused(_))) => {
                    // Because it is gone, of which no line may have told; or for want of room.
                    if !is_there(at, socket).await? {
                        close_noted(&mut at.inbox);
                    }
                    return said;
                }
                Err(_) => return said,
            }
        }
        // Whose `OK` was it?
        at.distrust();
        Err(ModemError::Undelivered.into())
    }

    async fn fetch(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        // The note is cleared by the line with the datagram, so that it is not lost when this is dropped.
        at.inbox.news();
        let fetched = match self.socket {
            Some(socket) => {
                at.put("AT+USORF=")
                    .num(socket.into())
                    .num(Self::DATAGRAM.into())
                    .ok(TRANSFER)
                    .await
            }
            None => Ok(()),
        };
        let refused = matches!(fetched, Err(Error::Modem(ModemError::Refused(_))));
        if !refused {
            fetched?;
        }
        if refused || !at.inbox.news() {
            // Nothing came, and nothing would the next time.
            at.inbox.notes.announced = false;
            at.inbox.session = self.socket;
        }
        self.waits = false;
        // That nothing waits may be an error; or else the socket is gone.
        if let (Some(socket), true) = (self.socket, refused)
            && !is_there(at, socket).await?
        {
            close_noted(&mut at.inbox);
        }
        Ok(())
    }

    async fn close(&mut self, at: &mut At<'_>) -> Result<(), Error> {
        self.port = 0;
        at.inbox.session = None;
        let Some(socket) = self.socket.take() else {
            return Ok(());
        };
        self.swept = false;
        let closed = at.put("AT+USOCL=").num(socket.into()).ok(TRANSFER).await;
        if let Err(Error::Modem(ModemError::Refused(_))) = closed {
            // It is gone already.
        } else {
            closed?;
        }
        self.swept = true;
        Ok(())
    }
}

/// Whether a socket is there, and for datagrams: asked by its type (guide, 5.8), which is refused for one that is not there. What is
/// not answered is not known.
async fn is_there(at: &mut At<'_>, socket: u8) -> Result<bool, Error> {
    let asked = at
        .put("AT+USOCTL=")
        .num(socket.into())
        .text("0")
        .expect("+USOCTL:", &[3])
        .ok(SHORT)
        .await;
    match asked {
        Ok(()) => Ok(at.number(2) == Some(UDP)),
        Err(Error::Modem(ModemError::Refused(_))) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Beside the number of the session: what is fetched next is the rest of a datagram that was longer than may be.
const REST: u8 = 0x80;
/// Another announcement came before what the first one told of was fetched: it may be of the next datagram.
const AGAIN: u8 = 0x40;
const NUMBER: u8 = !(REST | AGAIN);

/// `+USORF: <socket>,"<address>",<port>,<length>,`, as far as the data; or `+USORF: <socket>,0`: there is none. As much data as
/// was asked for may be the beginning of a longer datagram, of which the guide says that the rest stays (5.7) and published code
/// that it is gone.
fn received(rest: &[u8], most: u16, inbox: &mut Inbox<'_>) -> Option<()> {
    let mut fields = line::Fields::new(rest);
    let socket = fields.num();
    inbox.rollback();
    if !is_ours(socket, inbox) {
        return Some(());
    }
    let session = inbox.session?;
    inbox.session = Some(session & !AGAIN);
    inbox.note().announced = session & AGAIN != 0;
    let address = fields.next()?;
    let Some(port) = fields.num() else {
        // Nothing waits, so no rest does either.
        inbox.session = Some(session & NUMBER);
        inbox.notes.announced = false;
        return Some(());
    };
    let length = u16::try_from(fields.num()?).ok()?;
    if inbox
        .peer
        .is_some_and(|peer| peer != sender(address.text, port))
    {
        return Some(());
    }
    let partial = length >= most;
    inbox.session = Some(session & NUMBER | if partial { REST } else { 0 });
    // Whether there is a rest is found out at once, so that what comes later is not taken for it.
    inbox.notes.announced |= partial;
    if session & REST != 0 {
        return Some(());
    }
    if partial {
        inbox.lost_message();
    } else {
        inbox.open(0, length.into())?;
    }
    Some(())
}

fn is_ours(socket: Option<u32>, inbox: &Inbox<'_>) -> bool {
    let session = inbox.session.map(|session| u32::from(session & NUMBER));
    socket.is_some() && socket == session
}

fn close_noted(inbox: &mut Inbox<'_>) {
    let notes = inbox.note();
    notes.told = false;
    notes.closed = true;
}

/// Whether a host is an address as text and no name.
fn is_address(host: &[u8]) -> bool {
    let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    !host.is_empty() && (host.contains(&b':') || host.iter().all(digits))
}

/// Address and port of a sender as one number: the same for every way to write an address. What else has that number could
/// as well write the server's own address into its datagrams.
fn sender(address: &[u8], port: u32) -> u32 {
    let mark = if address.contains(&b':') { b':' } else { b'.' };
    let groups = || address.split(|byte| *byte == mark);
    let (mut place, mut sum, mut gap) = (0, port, 8_u32);
    groups()
        .filter(|group| !group.is_empty())
        .for_each(|_| gap = gap.saturating_sub(1));
    for group in groups() {
        if group.is_empty() {
            // `::` stands for so many groups of zeros, once.
            place += core::mem::take(&mut gap);
            continue;
        }
        // Decimal digits do as well as hexadecimal ones to tell two numbers apart.
        let value = group.iter().fold(0_u32, |value, digit| {
            value << 4 | u32::from(line::nibble(*digit).unwrap_or(0))
        });
        let turned = value.wrapping_mul(0x9E37_79B1).rotate_left(3 * place);
        sum = sum.wrapping_add(turned);
        place += 1;
    }
    sum
}
