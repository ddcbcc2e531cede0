//! From power-on noise to an address: looks first, acts only where needed.
//!
//! In the order of the drivers that are published for this family: radio, SIM (`AT+CIMI` until it answers), access point, attachment,
//! registration, address. There is no command for the context: the module activates it when it attaches, so access point, user
//! and password are in force from an attachment on.

use super::{ANSWER, Bc28, named};
use crate::at::At;
use crate::client::Network;
use crate::error::{Error, ModemError, Waited};
use crate::modem::bring_up;

/// How often the SIM is asked for, a second apart.
const SIM_TRIES: u8 = 10;

/// How long an attachment may take to be accepted.
const ATTACH: u32 = 30_000;

/// Between two looks for an address.
const PAUSE: u32 = 1000;

pub(super) async fn start(
    modem: &mut Bc28,
    at: &mut At<'_>,
    network: &Network<'_>,
) -> Result<(), Error> {
    bring_up::check(network)?;
    if bring_up::contact(at).await? {
        modem.forget();
        at.inbox.session = None;
    }
    let radio = bring_up::radio(at).await.map_err(named);
    // A module without a SIM refuses to switch its radio on.
    radio.map_err(|error| bring_up::refused_as(error, ModemError::SimMissing))?;

    let mut tries = 0;
    loop {
        match at.run("AT+CIMI", ANSWER).await.map_err(named) {
            Ok(()) => break,
            // Busy for some seconds after power-on.
            Err(Error::Modem(ModemError::Refused(_) | ModemError::SimMissing))
                if tries < SIM_TRIES =>
            {
                tries += 1;
            }
            Err(error) => return Err(bring_up::refused_as(error, ModemError::SimMissing)),
        }
        at.pause(1000).await?;
    }

    let attached = at.put("AT+CGATT?").expect("+CGATT:", &[1]);
    attached.ok(ANSWER).await?;
    let mut attached = at.number(0) == Some(1);
    if !network.apn.is_empty() {
        let asked = at.put("AT+CGDCONT?").expect("+CGDCONT:", &[]).first(1);
        asked.ok(ANSWER).await?;
        let known = at
            .answer()
            .nth(2)
            .is_some_and(|apn| apn.text == network.apn.as_bytes());
        if !known {
            if attached {
                // It is in force from an attachment on.
                at.run("AT+CGATT=0", ATTACH).await.map_err(named)?;
                attached = false;
            }
            let define = at.put("AT+CGDCONT=").text("1").text("\"IP\"");
            define.quoted(network.apn.as_bytes()).ok(ANSWER).await?;
        }
    }
    if !network.user.is_empty() && !attached {
        let login = at.put("AT+CGAUTH=").text("1").text("1");
        let login = login.quoted(network.user.as_bytes());
        login.quoted(network.password.as_bytes()).ok(ANSWER).await?;
    }
    if !attached {
        let attach = at.run("AT+CGATT=1", ATTACH).await.map_err(named);
        attach.map_err(|error| bring_up::refused_as(error, ModemError::Network))?;
    }
    bring_up::registered(at).await?;
    loop {
        // A line without an address says that there is none yet.
        at.put("AT+CGPADDR")
            .expect("+CGPADDR:", &[2, 3])
            .ok(ANSWER)
            .await?;
        let address = at.answer().nth(1);
        if address.is_some_and(|address| !address.text.is_empty()) {
            break;
        }
        if at.remaining() <= PAUSE {
            return Err(Waited::Registration.into());
        }
        at.pause(PAUSE).await?;
    }
    at.inbox.notes.link_lost = false;
    Ok(())
}
