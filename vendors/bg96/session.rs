//! Sessions: settings of the CoAP client, opening, closing (note, 3.3.1 to 3.3.3).
//!
//! The state of a session is asked for wherever it decides, since the lines that tell it get lost at times, and since a session
//! outlives a restart of the host alone.

use super::{Bg96, CONTEXT};
use crate::at::{At, Wait, carries};
use crate::client::Remote;
use crate::endpoint::Parameters;
use crate::error::{Error, Invalid, ModemError, Waited};
use crate::time::Millis;

pub(super) async fn open(
    modem: &mut Bg96,
    at: &mut At<'_>,
    server: &Remote<'_>,
    parameters: &Parameters,
) -> Result<(), Error> {
    modem.standing(at)?;
    let host = server.host.as_bytes();
    if host.len() > 255 {
        return Err(Invalid::Host.into());
    }
    if !carries(host) {
        return Err(Invalid::Character.into());
    }
    let client = modem.client;
    at.inbox.session = Some(client);
    // The session of an earlier life of this program, or ours.
    ask_session(at, client).await?;
    let mut fields = at.answer().skip(1);
    let same = fields.next().is_some_and(|field| field.text == host)
        && fields.next().and_then(|field| field.num()) == Some(server.port.into());
    let state = session_state(at);
    let trans = (
        seconds(parameters.ack_timeout),
        u32::from(parameters.max_retransmit).clamp(4, 8),
    );
    if modem.trans != Some(trans) {
        modem.trans = None;
        at.put("AT+QCOAPCFG=")
            .text("\"trans\"")
            .num(client.into())
            .num(trans.0)
            .num(trans.1)
            .ok(300)
            .await?;
        modem.trans = Some(trans);
    }
    if same && modem.open && state == Some(CONNECTED) {
        at.inbox.notes.closed = false;
        return Ok(());
    }
    if state.is_some_and(|state| state != 0) {
        close(modem, at).await?;
    }
    if !modem.configured {
        at.put("AT+QCOAPCFG=")
            .text("\"pdpcid\"")
            .num(client.into())
            .num(CONTEXT.into())
            .ok(300)
            .await?;
        modem.configured = true;
    }
    modem.open = false;
    modem.slots.forget();
    // A close that was told late, of an abandoned operation for one, is not of the session to come.
    at.inbox.notes.closed = false;
    at.put("AT+QCOAPOPEN=")
        .num(client.into())
        .quoted(host)
        .num(server.port.into())
        .expect("+QCOAPOPEN:", &[2])
        .first(client)
        .ok(75_000)
        .await?;
    for _ in 0..5 {
        // The result; or, since it gets lost at times, the state.
        if at.line(15_000).await.is_ok() {
            let result = at.answer().nth(1).and_then(|field| field.magnitude());
            if result != Some(PROCESSING) {
                modem.open = succeeded(result)?;
                return Ok(());
            }
        }
        ask_session(at, client).await?;
        if session_state(at) == Some(CONNECTED) {
            modem.open = true;
            return Ok(());
        }
        at.expect("+QCOAPOPEN:", &[2]);
    }
    Err(Waited::Modem.into())
}

pub(super) async fn close(modem: &mut Bg96, at: &mut At<'_>) -> Result<(), Error> {
    let client = modem.client;
    modem.open = false;
    let asked = at
        .put("AT+QCOAPCLOSE=")
        .num(client.into())
        .expect("+QCOAPCLOSE:", &[2])
        .first(client)
        .ok(75_000)
        .await;
    if asked.is_ok() && at.line(20_000).await.is_ok() {
        return Ok(());
    }
    // No result: what matters is the state.
    ask_session(at, client).await?;
    match session_state(at) {
        None | Some(0) => Ok(()),
        Some(_) => asked.and(Err(Waited::Modem.into())),
    }
}

/// A session's state (note, 3.3.2): connected.
const CONNECTED: u32 = 3;

/// A result (note, chapter 4) that is none yet: another follows.
pub(super) const PROCESSING: u32 = 2;

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

/// Asks for the session: the reliable state, where lines get lost.
fn ask_session<'f, 'b>(at: &'f mut At<'b>, client: u8) -> Wait<'f, 'b> {
    at.put("AT+QCOAPOPEN?")
        .expect("+QCOAPOPEN:", &[4])
        .first(client)
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
