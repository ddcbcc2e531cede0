//! From power-on noise to an active packet data call: looks first, acts only where needed.
//!
//! The note takes the call for granted; `MIPCALL` is the family's command for it. It is asked for first, since dialling is
//! an error where a call is up already. A call that is up is used as it is: nothing tells its access point.

use super::{ANSWER, CALL, L610};
use crate::at::{At, Wait};
use crate::client::Network;
use crate::error::{Error, ModemError};
use crate::modem::bring_up;

pub(super) async fn start(
    modem: &mut L610,
    at: &mut At<'_>,
    network: &Network<'_>,
) -> Result<(), Error> {
    bring_up::check(network)?;
    if bring_up::contact(at).await? {
        at.inbox.session = None;
    }
    bring_up::sim(at, network.pin, &mut modem.pin_refused).await?;
    bring_up::radio(at).await?;
    bring_up::registered(at).await?;

    if core::mem::take(&mut at.inbox.notes.link_lost) {
        // Every id died with the call. From here on it is made anew; if it is lost again meanwhile, that is news.
        at.inbox.session = None;
    }
    let mut tries = 3;
    loop {
        at.put(CALL)
            .expect("+MIPCALL:", &[1, 2, 3])
            .ok(ANSWER)
            .await?;
        match at.number(0) {
            Some(UP) => return Ok(()),
            Some(DOWN) => {}
            _ => {
                // Busy, for as long as the operation may last.
                at.pause(1000).await?;
                continue;
            }
        }
        if tries == 0 {
            return Err(ModemError::Network.into());
        }
        tries -= 1;
        at.inbox.session = None;
        // What was told up to now is not about the call to come.
        at.inbox.notes.link_lost = false;
        match dial(at, network).await {
            // The address, on either side of the OK: alone, or behind the state. If it does not come, the state tells.
            Ok(()) => {
                if at.line(60_000).await.is_ok() && at.number(0).is_none_or(|state| state == UP) {
                    return Ok(());
                }
            }
            // Up by now, or being dialled already: the state tells that, too.
            Err(Error::Modem(ModemError::Refused(_))) => {}
            Err(error) => return Err(error),
        }
        at.pause(1000).await?;
    }
}

/// States of the call: neither of them is busy (2).
const DOWN: u32 = 0;
const UP: u32 = 1;

fn dial<'f, 'b>(at: &'f mut At<'b>, network: &Network<'_>) -> Wait<'f, 'b> {
    let mut command = at.put("AT+MIPCALL=").text("1");
    let named = !(network.user.is_empty() && network.password.is_empty());
    if named || !network.apn.is_empty() {
        command = command.quoted(network.apn.as_bytes());
    }
    if named {
        command = command
            .quoted(network.user.as_bytes())
            .quoted(network.password.as_bytes());
    }
    command.expect("+MIPCALL:", &[1, 2, 3]).ok(60_000)
}
