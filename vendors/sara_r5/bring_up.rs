//! From power-on noise to an active PSD profile, for both links: looks first, acts only where needed.
//!
//! Guide, chapter 2: network settings with the radio off, registration, the external context mapped to the internal profile, and
//! the profile's activation, whose end `+UUPSDA` tells and not `OK`. `AT+UPSND=0,8` (is it active already?) and `AT+UAUTHREQ`
//! (user and password) are not in the guide; published drivers use both.
//!
//! Left out: `AT+COPS` (the modem selects its network itself), the other profiles, and the RATs.

use crate::at::{At, Wait};
use crate::client::Network;
use crate::error::{Error, ModemError, Waited};
use crate::modem::bring_up::{check, contact, radio, refused_as, registered, sim};

/// Which kinds of addresses the context is defined with (guide, 2.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Addresses {
    /// `IP`
    V4,
    /// `IPV6`
    V6,
    /// `IPV4V6`, which the guide recommends: the network gives what it has.
    #[default]
    Both,
}

/// The way to the network: settings, and what is known of it.
#[derive(Debug, Default)]
pub struct Access {
    /// The profile of the network operator (`AT+UMNOPROF`), where another one than the modem's own is wanted. To change it the
    /// modem is restarted once.
    pub operator_profile: Option<u16>,
    /// The kinds of addresses that are asked for when the access point is set.
    pub addresses: Addresses,
    /// The SIM has refused a PIN: another try might be its last.
    pin_refused: bool,
    /// User and password are said.
    authenticated: bool,
    /// The operator's profile is set, and the restart that it takes is still to come.
    restart_due: bool,
    /// Modem or profile have started anew since a dialect was told: nothing that was set or open before is.
    anew: bool,
}

impl Access {
    /// Allows another PIN after one was refused, or not answered to. Three wrong ones lock the card.
    pub fn allow_pin(&mut self) {
        self.pin_refused = false;
    }

    /// Whether modem or profile have started anew since this was last asked.
    pub(super) fn is_anew(&mut self) -> bool {
        core::mem::take(&mut self.anew)
    }
}

/// The context that is mapped; 1 is the one of the attach (guide, 2.1).
const CONTEXT: u8 = 1;

/// How long the radio may take to go off, in milliseconds.
const RADIO_OFF: u32 = 180_000;

/// How long the activation of a profile may take: so many looks, so far apart.
const LOOKS: u8 = 15;
const LOOK: u32 = 10_000;

pub(super) async fn start(
    access: &mut Access,
    at: &mut At<'_>,
    network: &Network<'_>,
) -> Result<(), Error> {
    check(network)?;
    let mut restarted = false;
    loop {
        if contact(at).await? {
            access.anew = true;
            access.authenticated = false;
        }
        sim(at, network.pin, &mut access.pin_refused).await?;
        let Some(profile) = access.operator_profile else {
            break;
        };
        at.put("AT+UMNOPROF?")
            .expect("+UMNOPROF:", &[])
            .ok(1000)
            .await?;
        if !access.restart_due && at.number(0) == Some(profile.into()) {
            break;
        }
        if restarted {
            // It does not keep it.
            return Err(ModemError::Unexpected.into());
        }
        restarted = true;
        access.restart_due = true;
        at.run("AT+CFUN=0", RADIO_OFF).await?;
        at.put("AT+UMNOPROF=").num(profile.into()).ok(1000).await?;
        at.run("AT+CFUN=16", RADIO_OFF).await?;
        access.restart_due = false;
        access.anew = true;
        // It answers a little longer, and then not for a while.
        at.pause(5000).await?;
    }

    context(at)
        .expect("+CGDCONT:", &[])
        .first(CONTEXT)
        .ok(1000)
        .await?;
    let named = network.apn.is_empty()
        || at
            .answer()
            .nth(2)
            .is_some_and(|field| is_point(field.text, network.apn.as_bytes()));
    if !named || (!network.user.is_empty() && !access.authenticated) {
        // Settings of the network are made with the radio off.
        access.anew = true;
        at.run("AT+CFUN=0", RADIO_OFF).await?;
        let kind: &[u8] = match access.addresses {
            Addresses::V4 => b"IP",
            Addresses::V6 => b"IPV6",
            Addresses::Both => b"IPV4V6",
        };
        at.put("AT+CGDCONT=")
            .num(CONTEXT.into())
            .quoted(kind)
            .quoted(network.apn.as_bytes())
            .ok(1000)
            .await?;
        if !network.user.is_empty() {
            at.put("AT+UAUTHREQ=")
                .num(CONTEXT.into())
                .text("3")
                .quoted(network.user.as_bytes())
                .quoted(network.password.as_bytes())
                .ok(1000)
                .await?;
            access.authenticated = true;
        }
    }
    radio(at).await?;
    registered(at).await?;

    at.put("AT+CGACT?")
        .expect("+CGACT:", &[2])
        .first(CONTEXT)
        .ok(5000)
        .await?;
    if at.number(1) != Some(1) {
        let activated = at.put("AT+CGACT=1").num(CONTEXT.into()).ok(150_000).await;
        activated.map_err(|error| refused_as(error, ModemError::Network))?;
    }
    activate(access, at).await
}

/// The profile: as it is if it is active and was not lost, else mapped and activated.
async fn activate(access: &mut Access, at: &mut At<'_>) -> Result<(), Error> {
    let lost = at.inbox.notes.link_lost;
    // Firmware that does not know the question has it activated anew.
    let active = match ask(at).await {
        Err(Error::Modem(ModemError::Refused(_))) => true,
        asked => {
            asked?;
            if at.number(2) == Some(1) && !lost {
                return Ok(());
            }
            at.number(2) == Some(1)
        }
    };
    access.anew = true;
    let mut deactivate = active;
    let mut again = true;
    loop {
        if deactivate {
            match at.run("AT+UPSDA=0,4", 40_000).await {
                // It was not active.
                Ok(()) | Err(Error::Modem(ModemError::Refused(_))) => {}
                Err(error) => return Err(error),
            }
        }
        // From here on it is made anew; if it is lost again meanwhile, that is news. Not sooner: some tell our own deactivation as
        // a loss.
        at.inbox.notes.link_lost = false;
        // What the network has given, which may be less than was asked for.
        context(at)
            .expect("+CGDCONT:", &[])
            .first(CONTEXT)
            .ok(1000)
            .await?;
        let kind = match at.answer().nth(1) {
            Some(field) if field.text == b"IPV6" => "1",
            Some(field) if field.text == b"IPV4V6" => "2",
            _ => "0",
        };
        let mut made = at.put("AT+UPSD=0,100").num(CONTEXT.into()).ok(1000).await;
        if made.is_ok() {
            made = at.put("AT+UPSD=0,0").text(kind).ok(1000).await;
        }
        if made.is_ok() {
            made = at
                .put("AT+UPSDA=0,3")
                .expect("+UUPSDA:", &[1, 2])
                .ok(180_000)
                .await;
        }
        match made {
            Ok(()) => break,
            // It is active in some way that it does not tell, or is just becoming so, or was not ready.
            Err(Error::Modem(ModemError::Refused(_))) if again => deactivate = true,
            Err(error) => return Err(refused_as(error, ModemError::Network)),
        }
        again = false;
    }
    for _ in 0..LOOKS {
        match at.line(LOOK).await {
            Ok(()) => {
                return match at.number(0) {
                    Some(0) => Ok(()),
                    _ => Err(ModemError::Network.into()),
                };
            }
            Err(Error::Timeout(Waited::Modem)) => {}
            Err(error) => return Err(error),
        }
        // Should the line have been lost.
        if ask(at).await.is_ok() && at.number(2) == Some(1) {
            return Ok(());
        }
        at.expect("+UUPSDA:", &[1, 2]);
    }
    Err(ModemError::Network.into())
}

/// Whether a context has this access point: once registered it may be shown with its operator, `internet.mnc001.mcc001.gprs`
/// (3GPP TS 23.003, 9.1).
fn is_point(shown: &[u8], wanted: &[u8]) -> bool {
    let Some((name, operator)) = shown.split_at_checked(wanted.len()) else {
        return false;
    };
    let starts = operator.get(..4).unwrap_or(operator);
    name.eq_ignore_ascii_case(wanted) && (starts.is_empty() || starts.eq_ignore_ascii_case(b".mnc"))
}

/// Asks whether the profile is active.
fn ask<'f, 'b>(at: &'f mut At<'b>) -> Wait<'f, 'b> {
    at.put("AT+UPSND=0,8").expect("+UPSND:", &[3]).ok(5000)
}

fn context<'f, 'b>(at: &'f mut At<'b>) -> crate::at::Put<'f, 'b> {
    at.put("AT+CGDCONT?")
}
