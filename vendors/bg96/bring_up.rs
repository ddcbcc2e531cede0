//! From power-on noise to an active packet data context: looks first, acts only where needed.
//!
//! The commands are the module's general ones, with the times of its AT manual: SIM 5 s, `CFUN` 15 s, `QIACT` 150 s, `QIDEACT`
//! 40 s.

use super::{Bg96, CONTEXT};
use crate::at::At;
use crate::client::Network;
use crate::error::{Error, ModemError};
use crate::modem::bring_up::{check, contact, radio, refused_as, registered, sim};

pub(super) async fn start(
    modem: &mut Bg96,
    at: &mut At<'_>,
    network: &Network<'_>,
) -> Result<(), Error> {
    check(network)?;
    at.inbox.session = Some(modem.client);
    if contact(at).await? {
        modem.forget();
    }
    if let Some(port) = modem.urc_port {
        at.put(URC_PORT).expect("+QURCCFG:", &[2]).ok(300).await?;
        // It is kept over restarts, in memory that wears out: set only where it differs.
        if at
            .answer()
            .nth(1)
            .is_none_or(|field| field.text != port.as_bytes())
        {
            at.put(URC_PORT).quoted(port.as_bytes()).ok(300).await?;
        }
    }
    sim(at, network.pin, &mut modem.pin_refused).await?;
    radio(at).await?;
    registered(at).await?;

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
    let mut deactivate = active && (lost || !named);
    let mut again = true;
    while deactivate || !active {
        modem.open = false;
        if deactivate {
            at.put("AT+QIDEACT=").num(CONTEXT.into()).ok(40_000).await?;
        }
        // From here on it is made anew; if it is lost again meanwhile, that is news. Not sooner: our own deactivation may be told as
        // a loss.
        at.inbox.notes.link_lost = false;
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

/// Asks for the port that lines come out of; with an argument, sets it.
const URC_PORT: &str = "AT+QURCCFG=\"urcport\"";
