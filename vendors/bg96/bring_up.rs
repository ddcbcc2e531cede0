//! From power-on noise to an active packet data context: looks first, acts only where needed.
//!
//! The commands are the module's general ones, with the times of its AT manual: SIM 5 s, `CFUN` 15 s, `QIACT` 150 s, `QIDEACT`
//! 40 s.

use super::{Bg96, CONTEXT};
use crate::at::{At, carries};
use crate::client::Network;
use crate::error::{Error, Invalid, ModemError, Waited};

pub(super) async fn start(
    modem: &mut Bg96,
    at: &mut At<'_>,
    network: &Network<'_>,
) -> Result<(), Error> {
    check(network)?;
    at.contact(CONTACT).await?;
    // Only we set it to 1: anything else means that the modem has started anew.
    let anew = at.number(0) != Some(1);
    if anew || at.inbox.notes.rebooted {
        modem.forget();
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
                if modem.pin_refused {
                    return Err(ModemError::PinRefused.into());
                }
                modem.pin_refused = true;
                let given = at.put("AT+CPIN=").quoted(pin.as_bytes()).ok(5000).await;
                given.map_err(|error| refused_as(error, ModemError::PinRefused))?;
                modem.pin_refused = false;
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
        modem.open = false;
        at.inbox.notes.link_lost = false;
    }
    let mut deactivate = active && (lost || !named);
    let mut again = true;
    while deactivate || !active {
        if deactivate {
            modem.open = false;
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
