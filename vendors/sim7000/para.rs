//! A message as the one line of `AT+CCOAPPARA` (note, 3.3), sent by `AT+CCOAPACTION` (3.4): pairs of a name and a value,
//! where a value of characters has before it how it is written, 0 as it is or 1 in hexadecimal.
//!
//! Everything is said on one line, since nobody knows whether a second one adds to the first or replaces it. A path stands in
//! one value, its segments joined by `/` as in the note's example, and no `/` before the first; several arguments of a query
//! likewise by `&`, or each under its name again ([`Queries`]).
//!
//! Left out: names that the note does not list. An option without a name is refused by the capabilities.

use super::{Hex, Queries, Settings, Sim7000, queue, session};
use crate::at::{At, Put, carries};
use crate::error::{Error, ModemError, Unsupported};
use crate::message::{Format, Kind, Number, Opt, View};

/// The names of options, by their numbers in ascending order.
const NAMES: [(Number, &str); 8] = [
    (Number::ETAG, "etag"),
    (Number::OBSERVE, "observe"),
    (Number::URI_PATH, "uri-path"),
    (Number::CONTENT_FORMAT, "content-format"),
    (Number::MAX_AGE, "max-age"),
    (Number::URI_QUERY, "uri-query"),
    (Number::ACCEPT, "accept"),
    (Number::SIZE1, "size"),
];

/// The option numbers that have a name.
pub(super) const OPTIONS: &[u16] = &[4, 6, 11, 12, 14, 15, 17, 60];

/// The longest text that is written as it is; what is longer goes in hexadecimal, which needs no room in the command's buffer.
const TEXT: usize = 384;

/// How long putting the values and sending them may take, in milliseconds: what drivers in the field allow.
const PUT_TIME: u32 = 8000;
const SEND_TIME: u32 = 10_000;

pub(super) async fn send(
    modem: &mut Sim7000,
    at: &mut At<'_>,
    message: View<'_>,
) -> Result<(), Error> {
    modem.standing(at)?;
    if !modem.open {
        return Err(ModemError::NotConnected.into());
    }
    check(at, &message, &modem.settings)?;
    if !modem.stale {
        match queue::clear(modem, at).await {
            Err(Error::Modem(ModemError::Refused(_))) => modem.stale = true,
            other => other?,
        }
    }
    if modem.stale {
        session::create(modem, at).await?;
    }
    modem.stale = true;
    let (put, streamed) = put(at, &message, &modem.settings);
    let mut sent = put.ok_with(streamed, PUT_TIME).await;
    if sent.is_ok() {
        sent = at
            .put("AT+CCOAPACTION")
            .expect("+CCOAPACTION:", &[2])
            .first(0)
            .ok(SEND_TIME)
            .await;
    }
    if matches!(sent, Err(Error::Modem(ModemError::Refused(_)))) && at.echoes() {
        // Its echo was off: it has forgotten everything, and said nothing.
        at.inbox.note().rebooted = true;
        return Err(ModemError::Restarted.into());
    }
    sent?;
    let carried = at.number(1).and_then(|id| u16::try_from(id).ok());
    if let (Some(stamp), Some(carried)) = (&mut at.inbox.exchange, carried) {
        stamp.carried = carried;
    }
    modem.stale = modem.settings.lasting;
    Ok(())
}

/// Refuses a message that the line cannot say, or that makes it too long. Nothing is sent.
fn check(at: &mut At<'_>, message: &View<'_>, settings: &Settings) -> Result<(), Error> {
    let mut previous = None;
    for option in message.options() {
        let number = option.number;
        let repeated = previous.replace(number) == Some(number);
        let sayable = match separator(number) {
            // The modem splits there, and whether it keeps what is empty is not known.
            Some(separator) => !option.value.is_empty() && !option.value.contains(&separator),
            None => !repeated,
        };
        if !sayable {
            return Err(Unsupported::OptionValue(number).into());
        }
    }
    let (put, streamed) = put(at, message, settings);
    let line = put.length()? + (streamed.len() << 1);
    let Some(excess) = line.checked_sub(settings.longest_line.into()) else {
        return Ok(());
    };
    // Rounded down where two characters are a byte.
    let hex = u32::from(!streamed.is_empty());
    let shorter = message.payload().len().checked_sub((excess + 1) >> hex);
    Err(match shorter.map(u16::try_from) {
        _ if excess == 0 => return Ok(()),
        Some(Ok(most @ 1..)) => Unsupported::Payload(most),
        _ => Unsupported::Message(settings.longest_line),
    }
    .into())
}

/// Puts the command; what must be streamed with it.
#[inline(never)]
fn put<'f, 'b, 'm>(
    at: &'f mut At<'b>,
    message: &View<'m>,
    settings: &Settings,
) -> (Put<'f, 'b>, &'m [u8]) {
    let (code, token) = (message.code(), message.token());
    let mut put = at.put("AT+CCOAPPARA=").text("code");
    // In hexadecimal. For methods that is the same number, and the note's example has no zero before it.
    put = if code.is_request() {
        put.num(code.as_byte().into())
    } else {
        put.hex(&[code.as_byte()])
    };
    put = put.text("type").text(match message.kind() {
        Kind::Confirmable => "\"CON\"",
        Kind::NonConfirmable => "\"NON\"",
        Kind::Acknowledgement => "\"ACK\"",
        Kind::Reset => "\"RST\"",
    });
    put = put.text("mid").num(message.id().into());
    if !token.is_empty() {
        put = put.text("token").text("1").quoted_hex(token);
    }
    let mut last = None;
    for option in message.options() {
        let number = option.number;
        if last == Some(number) && is_joined(number, settings) {
            continue;
        }
        last = Some(number);
        put = put.text(name(number));
        put = match number.format() {
            Format::Uint => put.num(option.uint().unwrap_or(0)),
            Format::Text => texts(put, message, &option, settings),
            _ => put.text("1").quoted_hex(option.value),
        };
    }
    let payload = message.payload();
    if payload.is_empty() {
        return (put, payload);
    }
    put = put.text("payload");
    if is_hex(payload, settings) {
        (put.text("1").streamed_hex(), payload)
    } else {
        (put.text("0").quoted(payload), &[])
    }
}

/// The value of a path or query: all of its parts, or this one.
fn texts<'f, 'b>(
    put: Put<'f, 'b>,
    message: &View<'_>,
    option: &Opt<'_>,
    settings: &Settings,
) -> Put<'f, 'b> {
    let number = option.number;
    let joined = is_joined(number, settings);
    let parts = || {
        let all = message.options().filter(|part| part.number == number);
        all.skip_while(|part| !joined && part.value.as_ptr() != option.value.as_ptr())
            .take(if joined { usize::MAX } else { 1 })
    };
    let hex = parts().any(|part| is_hex(part.value, settings));
    let mut put = put.text(if hex { "1" } else { "0" }).begin_quoted();
    let mut between: &[u8] = &[];
    let separator = [separator(number).unwrap_or(0)];
    for part in parts() {
        for piece in [between, part.value] {
            put = if hex {
                put.part_hex(piece)
            } else {
                put.part(piece)
            };
        }
        between = &separator;
    }
    put.end_quoted()
}

/// What the parts of a value are joined by, where there may be several.
fn separator(number: Number) -> Option<u8> {
    match number {
        Number::URI_PATH => Some(b'/'),
        Number::URI_QUERY => Some(b'&'),
        _ => None,
    }
}

fn is_joined(number: Number, settings: &Settings) -> bool {
    number == Number::URI_PATH || settings.queries == Queries::Joined
}

fn name(number: Number) -> &'static str {
    let known = NAMES.iter().find(|(known, _)| *known == number);
    known.map_or("", |(_, name)| name)
}

/// Whether a value goes in hexadecimal. One with a backslash does: some take that for the beginning of an escape.
fn is_hex(value: &[u8], settings: &Settings) -> bool {
    settings.hex == Hex::Always || value.len() > TEXT || !carries(value) || value.contains(&b'\\')
}
