//! From power-on noise to an active network: looks first, acts only where needed (note, chapter 4).
//!
//! The note's order, without its `CFUN=0` and without any detaching: real networks take that ill. The context is asked for
//! with `AT+CNACT?`, whose answer is `<state>,"<address>"` on a real SIM7000 and `<index>,<state>,"<address>"` in the note, as on
//! its sister modems: so it is read from the end. `AT+CNACT=` answers `OK` before the address is there, and `+APP PDP: ACTIVE`
//! comes before or after it, or never: the address decides.

use super::Sim7000;
use crate::at::{At, Put, Wait};
use crate::client::Network;
use crate::error::{Error, ModemError};
use crate::modem::bring_up::{check, contact, radio, refused_as, registered, sim};

/// How long the commands of the context may take, in milliseconds, and the pause between two looks at its address.
const TIME: u32 = 10_000;
const PAUSE: u32 = 1000;

/// How often the address is looked at.
const LOOKS: u8 = 60;

/// How long the line of a context that is taken down may be awaited.
const DOWN: u32 = 5000;

pub(super) async fn start(
    modem: &mut Sim7000,
    at: &mut At<'_>,
    network: &Network<'_>,
) -> Result<(), Error> {
    check(network)?;
    // Until it is known that it stands no line is a sign of its end.
    at.inbox.session = None;
    if contact(at).await? {
        modem.forget();
    }
    sim(at, network.pin, &mut modem.pin_refused).await?;
    radio(at).await?;
    registered(at).await?;

    // Whoever lost the context has lost its object, even if the context is back.
    let lost = core::mem::take(&mut at.inbox.notes.link_lost);
    modem.open &= !lost;
    ask_address(at).await?;
    let print = fingerprint(network);
    // One of an earlier life of this program is taken for the right one: no command of the note tells its name.
    let right = modem.network.is_none_or(|known| known == print);
    let mut down = has_address(at) && !right;
    if has_address(at) && right {
        modem.network = Some(print);
        at.inbox.session = modem.open.then_some(0);
        return Ok(());
    }
    modem.open = false;
    modem.network = None;
    let mut again = true;
    loop {
        if down {
            // Its line is awaited, so that it is not taken for a loss later. The note prints ACTIVE there by mistake.
            let taken = at
                .put("AT+CNACT=")
                .text("0")
                .expect("+APP PDP:", &[1, 2])
                .ok(TIME)
                .await;
            match taken {
                Ok(()) => _ = at.line(DOWN).await,
                Err(Error::Modem(ModemError::Refused(_))) => {}
                Err(error) => return Err(error),
            }
            at.inbox.notes.link_lost = false;
        }
        if network.apn.is_empty() {
            let asked = at
                .put("AT+CGNAPN")
                .expect("+CGNAPN:", &[1, 2])
                .ok(TIME)
                .await;
            match asked {
                Ok(()) | Err(Error::Modem(ModemError::Refused(_))) => {}
                Err(error) => return Err(error),
            }
        }
        // Also to take back the one of another network.
        if !network.user.is_empty() || modem.login {
            modem.login = true;
            named(at, "AT+CNCFG=", network, true)
                .quoted(network.user.as_bytes())
                .quoted(network.password.as_bytes())
                .ok(TIME)
                .await?;
            modem.login = !network.user.is_empty();
        }
        match activate(at, network).await {
            Ok(()) => break,
            Err(Error::Modem(ModemError::Refused(_))) if again => down = true,
            Err(error) => return Err(refused_as(error, ModemError::Network)),
        }
        again = false;
    }
    for _ in 0..LOOKS {
        ask_address(at).await?;
        if has_address(at) {
            modem.network = Some(print);
            return Ok(());
        }
        if core::mem::take(&mut at.inbox.notes.link_lost) {
            break;
        }
        at.pause(PAUSE).await?;
    }
    Err(ModemError::Network.into())
}

/// `AT+CNACT=1` with the access point; without one where the network has told none, or `AT+CNCFG` has set it.
fn activate<'f, 'b>(at: &'f mut At<'b>, network: &Network<'_>) -> Wait<'f, 'b> {
    named(at, "AT+CNACT=", network, false).ok(TIME)
}

/// Begins a command of the context with the caller's access point, or with the one that the network has just told
/// (`+CGNAPN: 1,"name"`); if there is none, with an empty one or none at all.
fn named<'f, 'b>(
    at: &'f mut At<'b>,
    command: &str,
    network: &Network<'_>,
    empty: bool,
) -> Put<'f, 'b> {
    let mut name = [0; 100];
    let mut length = 0;
    if network.apn.is_empty() {
        let told = at.answer().nth(1).map_or(&b""[..], |field| field.text);
        for (to, from) in name.iter_mut().zip(told) {
            *to = *from;
            length += 1;
        }
    }
    let told = name.get(..length).unwrap_or(&[]);
    let put = at.put(command).text("1");
    match (network.apn.as_bytes(), told) {
        ([], []) if !empty => put,
        ([], told) => put.quoted(told),
        (given, _) => put.quoted(given),
    }
}

fn ask_address<'f, 'b>(at: &'f mut At<'b>) -> Wait<'f, 'b> {
    at.put("AT+CNACT?").expect("+CNACT:", &[2, 3]).ok(TIME)
}

/// Whether the answer to [`ask_address`] has an address, and before it the state of a context that is active.
fn has_address(at: &At<'_>) -> bool {
    let (mut state, mut address) = (None, None);
    for field in at.answer() {
        state = address.replace(field);
    }
    let active = state.is_some_and(|state| state.num() != Some(0));
    active && address.is_some_and(|it| it.quoted && !matches!(it.text, b"" | b"0.0.0.0"))
}

/// What tells one network from another (FNV-1a).
fn fingerprint(network: &Network<'_>) -> u32 {
    let mut print = 0x811C_9DC5_u32;
    for text in [network.apn, network.user, network.password] {
        for byte in text.bytes().chain([0xFF]) {
            print = (print ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    print
}
