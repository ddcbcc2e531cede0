//! What every modem's way to the network has in common: first contact, SIM, radio, registration.
//!
//! 3GPP TS 27.007: `+CMEE` (9.1), `+CPIN` (8.3), `+CFUN` (8.2), `+CGREG` (10.1.20), `+CEREG` (10.1.22); V.250: `E`. Each step
//! looks first and acts only where needed, so that a modem which is up already hears questions only. A dialect puts the
//! steps together, and adds the packet data context, which each maker has its own commands for.
//!
//! Steps are `async fn`s within the dialect's, compiled once for all modems. Against one long function each costs about
//! 100 bytes of flash on a Cortex-M0+ (`z`) and 10 on a Cortex-M4 (`s`), and all together 12 bytes of the future.

use crate::at::{At, carries};
use crate::client::Network;
use crate::error::{Error, Invalid, ModemError, Waited};

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

/// Looks at the texts of the caller's, before anything is sent.
///
/// # Errors
/// [`Invalid::Character`], [`Invalid::Pin`].
pub fn check(network: &Network<'_>) -> Result<(), Error> {
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

/// How long a modem is left alone after it told that it starts, in milliseconds.
const BOOT: u32 = 300;

/// Asks until the modem answers, whatever it said before; then echo is off and errors have numbers. Whether it has started
/// anew since the last time, so that nothing that was set is in force: it says so itself, or it has lost the `+CMEE` that only
/// we set.
///
/// # Errors
/// [`Waited::Modem`] from a modem that is silent, its refusal from one that answers nothing else.
///
/// # If dropped half-way
/// That it has started anew is not forgotten: the next call finds it again.
pub async fn contact(at: &mut At<'_>) -> Result<bool, Error> {
    if at.inbox.notes.rebooted {
        // What is on its way still: more such lines, the answer to a command that they overtook.
        at.pause(BOOT).await?;
    }
    at.contact(CONTACT).await?;
    let set = at.number(0) == Some(1);
    let untold = Untold {
        anew: !set || at.inbox.notes.rebooted,
        at,
    };
    untold.at.inbox.notes.rebooted = false;
    if untold.at.echoes() {
        untold.at.run("ATE0", 300).await?;
    }
    if !set {
        untold.at.run("AT+CMEE=1", 300).await?;
    }
    Ok(untold.tell())
}

/// That a modem has started anew, and the dialect does not know of it yet. While commands wait the note must be away, since it
/// ends them; if they are given up, it stands there again.
struct Untold<'f, 'b> {
    at: &'f mut At<'b>,
    anew: bool,
}

impl Untold<'_, '_> {
    fn tell(mut self) -> bool {
        core::mem::take(&mut self.anew)
    }
}

impl Drop for Untold<'_, '_> {
    fn drop(&mut self) {
        self.at.inbox.notes.rebooted |= self.anew;
    }
}

/// Waits for the SIM, which is busy for some seconds after power-on (old firmware tells that by a plain `ERROR`), and gives the
/// PIN if one is wanted. `refused` remembers, beyond this call, that a PIN was refused or not answered to: another one is not
/// tried then, since three wrong ones lock the card.
///
/// # Errors
/// [`ModemError::PinRequired`], [`ModemError::PinRefused`], [`ModemError::PukRequired`], [`ModemError::SimMissing`].
pub async fn sim(at: &mut At<'_>, pin: Option<&str>, refused: &mut bool) -> Result<(), Error> {
    let mut tries = 0;
    let mut taken = false;
    loop {
        let mut asks_on = false;
        let asked = at.put("AT+CPIN?").expect("+CPIN:", &[1]).ok(5000).await;
        match asked {
            Ok(()) => {
                // The second PIN and PUK concern no client of CoAP.
                let state = at.answer().next().map_or(&b""[..], |field| field.text);
                if state == b"READY" {
                    return Ok(());
                }
                if state == b"SIM PUK" {
                    return Err(ModemError::PukRequired.into());
                }
                // One that was taken may not be in force at once; whether it was right, only the state tells.
                asks_on = state == b"SIM PIN" && taken;
                if state == b"SIM PIN" && !taken {
                    let pin = pin.ok_or(ModemError::PinRequired)?;
                    if *refused {
                        return Err(ModemError::PinRefused.into());
                    }
                    *refused = true;
                    let given = at.put("AT+CPIN=").quoted(pin.as_bytes()).ok(5000).await;
                    given.map_err(|error| refused_as(error, ModemError::PinRefused))?;
                    *refused = false;
                    taken = true;
                }
            }
            Err(Error::Modem(ModemError::Refused(_))) => {}
            Err(error) => return Err(error),
        }
        tries += 1;
        if tries > SIM_TRIES {
            *refused |= asks_on;
            return Err(if asks_on {
                ModemError::PinRefused.into()
            } else {
                ModemError::SimMissing.into()
            });
        }
        at.pause(1000).await?;
    }
}

/// Switches the radio on, if it is not.
///
/// # Errors
/// What the modem refuses.
pub async fn radio(at: &mut At<'_>) -> Result<(), Error> {
    at.put("AT+CFUN?").expect("+CFUN:", &[1]).ok(300).await?;
    if at.number(0) != Some(1) {
        at.run("AT+CFUN=1", 15_000).await?;
    }
    Ok(())
}

/// Waits until the modem is registered at home (1) or roaming (5), by LTE or, where that is all there is, by EGPRS. A question
/// that is refused counts as one without an answer.
///
/// # Errors
/// [`ModemError::RegistrationDenied`] if it is denied again and again; [`Waited::Registration`] at the operation's limit.
pub async fn registered(at: &mut At<'_>) -> Result<(), Error> {
    let mut denied = 0;
    loop {
        let mut state = None;
        for (question, prefix, fields) in REGISTRATIONS {
            match at.put(question).expect(prefix, fields).ok(300).await {
                // A modem for one kind of network may not know the other's question.
                Ok(()) | Err(Error::Modem(ModemError::Refused(_))) => {}
                Err(error) => return Err(error),
            }
            // In quotes it is an area, and the line was none about this question.
            let here = at.answer().nth(1).filter(|field| !field.quoted);
            let here = here.and_then(|field| field.num());
            if matches!(here, Some(1 | 5)) {
                return Ok(());
            }
            state = state.or(here);
        }
        match state {
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
}

/// A refusal in the words of what was tried.
pub fn refused_as(error: Error, meaning: ModemError) -> Error {
    match error {
        Error::Modem(ModemError::Refused(_)) => meaning.into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{Counted, Hooks};
    use crate::front::Wire;
    use crate::modem::lines::Meaning;
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    const HOOKS: Hooks = Hooks {
        counted: |_, _| Counted::No,
        urc: |line, inbox| crate::modem::lines::note(line, &[("RDY", Meaning::Restarted)], inbox),
    };

    /// The commands that an operation sends to a modem that answers so, and how it ends; time passes as it is waited for.
    fn talk<T>(
        operation: impl AsyncFnOnce(&mut At<'_>) -> T,
        answer: impl Fn(&str, usize) -> &'static str,
    ) -> (Vec<String>, T) {
        let (wire, mut buffers) = (Wire::new(), [[0; 96]; 3]);
        let [line, command, inbox] = &mut buffers;
        let mut at = At::new(&wire, line, command, inbox, HOOKS);
        let mut operation = pin!(operation(&mut at));
        let (mut commands, mut typed) = (Vec::new(), String::new());
        loop {
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(ended) = operation.as_mut().poll(&mut context) {
                return (commands, ended);
            }
            let mut out = [0; 8];
            let went = wire.outgoing(&mut out).to_vec();
            wire.sent(u8::try_from(went.len()).unwrap());
            typed.push_str(core::str::from_utf8(&went).unwrap());
            if let Some(whole) = typed.strip_suffix('\r') {
                let said = answer(whole, commands.len());
                commands.push(whole.to_owned());
                typed.clear();
                // Answers are shorter than what the wire takes at a time.
                wire.receive(said.as_bytes());
            } else if went.is_empty() {
                wire.set_now(wire.wake());
            }
        }
    }

    #[test]
    fn a_pin_that_is_taken_and_not_yet_known_is_not_given_again() {
        let mut refused = false;
        let (commands, ended) = talk(
            async |at| sim(at, Some("1234"), &mut refused).await,
            |command, place| match command {
                "AT+CPIN?" if place < 5 => "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n",
                "AT+CPIN?" => "\r\n+CPIN: READY\r\n\r\nOK\r\n",
                _ => "\r\nOK\r\n",
            },
        );
        assert_eq!(ended, Ok(()));
        assert!(!refused);
        let given = commands.iter().filter(|command| command.contains('='));
        assert_eq!(given.count(), 1, "{commands:?}");
    }

    #[test]
    fn a_modem_that_restarts_while_its_sim_is_asked_for_is_not_taken_for_one_without() {
        let (commands, ended) = talk(
            async |at| sim(at, None, &mut false).await,
            |_, _| "\r\nRDY\r\n",
        );
        assert_eq!(ended, Err(ModemError::Restarted.into()));
        assert_eq!(commands.len(), 1);
    }

    #[test]
    fn a_pin_that_is_taken_and_does_not_help_was_refused_and_is_never_tried_again() {
        let mut refused = false;
        for given in [1, 0] {
            let (commands, ended) = talk(
                async |at| sim(at, Some("1234"), &mut refused).await,
                |command, _| match command {
                    "AT+CPIN?" => "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n",
                    _ => "\r\nOK\r\n",
                },
            );
            assert_eq!(ended, Err(ModemError::PinRefused.into()));
            let pins = commands.iter().filter(|command| command.contains('='));
            assert_eq!(pins.count(), given, "{commands:?}");
        }
    }
}
