//! Sending a message: header, options, payload (note, 3.3.4 to 3.3.6).

use super::Bg96;
use super::slots::Stand;
use crate::at::{At, Put, carries};
use crate::error::{Error, ModemError, Unsupported};
use crate::message::{Code, Format, Opt, View};

pub(super) async fn send(
    modem: &mut Bg96,
    at: &mut At<'_>,
    message: View<'_>,
) -> Result<(), Error> {
    modem.standing(at)?;
    if !modem.open {
        return Err(ModemError::NotConnected.into());
    }
    check_code(message.code())?;
    for option in message.options() {
        check_value(&option)?;
    }
    let client = modem.client;
    let token = message.token();
    at.put("AT+QCOAPHEADER=")
        .num(client.into())
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
        let (slot, stand) = modem.slots.choose(&option, free, left);
        mask |= 1 << slot;
        free = slot + 1;
        left -= 1;
        if stand == Stand::Same {
            continue;
        }
        modem.slots.doubt(slot);
        let mut full = stand == Stand::Other;
        loop {
            if full {
                remove(at, client, slot).ok(300).await?;
            }
            match add(at, client, slot, &option).ok(300).await {
                // What a slot holds from an earlier life is not known: it is freed on suspicion.
                Err(Error::Modem(ModemError::Refused(_))) if !full && stand == Stand::Unknown => {
                    full = true
                }
                other => break other?,
            }
        }
        modem.slots.set(slot, &option);
    }

    let payload = message.payload();
    let length = payload.len();
    let mut counted = length > 0 || !modem.ends_empty;
    loop {
        let mut command = at
            .put("AT+QCOAPSEND=")
            .num(client.into())
            .num(message.kind() as u32)
            .num(message.code().as_byte().into())
            .num(mask);
        if counted {
            command = command.num(u32::try_from(length).unwrap_or(u32::MAX));
        }
        match command.prompt(length, 300).await {
            Err(Error::Modem(ModemError::Refused(_))) if length == 0 && counted => counted = false,
            other => break other?,
        }
    }
    // Only a form that was accepted is kept.
    modem.ends_empty |= !counted;
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

/// Whether a code can be said (note, table 3): the codes of RFC 7252, and none that came later.
fn check_code(code: Code) -> Result<(), Error> {
    match code.as_byte() {
        0..=4 | 65..=69 | 128..=134 | 140 | 141 | 143 | 160..=165 => Ok(()),
        _ => Err(Unsupported::Method(code).into()),
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

fn remove<'f, 'b>(at: &'f mut At<'b>, client: u8, slot: u8) -> Put<'f, 'b> {
    at.put("AT+QCOAPOPTION=")
        .num(client.into())
        .text("1")
        .num(slot.into())
}

fn add<'f, 'b>(at: &'f mut At<'b>, client: u8, slot: u8, option: &Opt<'_>) -> Put<'f, 'b> {
    let command = at
        .put("AT+QCOAPOPTION=")
        .num(client.into())
        .text("0")
        .num(slot.into())
        .num(option.number.0.into());
    match (option.number.format(), option.uint()) {
        (Format::Uint, Some(value)) => command.num(value),
        (Format::Text, _) => command.quoted(option.value),
        _ => command.quoted_hex(option.value),
    }
}
