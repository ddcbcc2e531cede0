//! The modem's CoAP object, which is the session: made, told its server, taken away (note, 3.1, 3.2, 3.7).

use super::Sim7000;
use super::queue::Packets;
use crate::at::{At, Queue};
use crate::client::Remote;
use crate::error::{Error, Invalid, ModemError};
use crate::modem::bring_up::refused_as;

/// How long one of these commands may take, in milliseconds: what drivers in the field allow, since the note says nothing.
const TIME: u32 = 5000;

pub(super) async fn open(
    modem: &mut Sim7000,
    at: &mut At<'_>,
    server: &Remote<'_>,
) -> Result<(), Error> {
    modem.standing(at)?;
    let host = server.host.as_bytes();
    if host.len() > Sim7000::HOST {
        return Err(Invalid::Host.into());
    }
    // Anything else could end the host, or the argument.
    let carries = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:".contains(byte);
    if !host.iter().all(carries) {
        return Err(Invalid::Character.into());
    }
    let same = modem.host() == host && modem.port == server.port;
    if same && modem.open && !modem.stale && !at.inbox.notes.closed {
        // Only the queue can be asked for, and without an object there is none.
        match at.run("AT+CCOAPACTION=4", TIME).await {
            Ok(()) => return Ok(()),
            Err(Error::Modem(ModemError::Refused(_))) => {}
            Err(error) => return Err(error),
        }
    }
    modem.open = false;
    modem.host_length = 0;
    for (to, from) in modem.host.iter_mut().zip(host) {
        *to = *from;
        modem.host_length += 1;
    }
    modem.port = server.port;
    create(modem, at).await?;
    modem.open = true;
    Ok(())
}

/// Makes the object anew, for the host that is known.
pub(super) async fn create(modem: &mut Sim7000, at: &mut At<'_>) -> Result<(), Error> {
    modem.stale = true;
    // What was announced is gone with the old one.
    modem.packets = Packets::default();
    modem.parsed_only = false;
    at.inbox.session = None;
    at.inbox.rollback();
    let notes = &mut at.inbox.notes;
    notes.closed = false;
    notes.announced = false;
    notes.queue = Queue::default();
    let mut again = true;
    while let Err(error) = at.run("AT+CCOAPINIT", TIME).await {
        // There is one already: of an earlier life of this program, or ours.
        if !again || !matches!(error, Error::Modem(ModemError::Refused(_))) {
            return Err(error);
        }
        terminate(at).await?;
        again = false;
    }
    let host = modem.host();
    let (before, behind): (&[u8], &[u8]) = match host.contains(&b':') {
        true => (b"coap://[", b"]:"),
        false => (b"coap://", b":"),
    };
    at.put("AT+CCOAPURL=")
        .begin_quoted()
        .part(before)
        .part(host)
        .part(behind)
        .part_num(modem.port.into())
        .end_quoted()
        .ok(TIME)
        .await
        .map_err(|error| refused_as(error, ModemError::Socket))?;
    modem.stale = false;
    at.inbox.session = Some(0);
    Ok(())
}

pub(super) async fn close(modem: &mut Sim7000, at: &mut At<'_>) -> Result<(), Error> {
    modem.open = false;
    at.inbox.session = None;
    terminate(at).await
}

/// Takes the object away, if there is one.
async fn terminate(at: &mut At<'_>) -> Result<(), Error> {
    match at.run("AT+CCOAPTERM", TIME).await {
        Err(Error::Modem(ModemError::Refused(_))) => Ok(()),
        other => other,
    }
}
