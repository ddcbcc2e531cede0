//! One exchange of the modem's own CoAP: what its profile lacks, the request, and why it was refused (guide, 8.3 and 8.4).
//!
//! There is one at a time. Of an earlier one, whatever became of it, the end is waited for; of this one it is told by lines.

use super::profile::{Profile, Wanted, flag};
use super::{SHORT, SaraR5, lines};
use crate::at::At;
use crate::error::{Error, ModemError, Waited};
use crate::message::View;
use crate::time::Millis;

pub(super) async fn send(
    modem: &mut SaraR5,
    at: &mut At<'_>,
    message: View<'_>,
) -> Result<(), Error> {
    modem.standing(at)?;
    if !modem.open {
        return Err(ModemError::NotConnected.into());
    }
    let wanted = modem.wanted(&message)?;
    // Lines about an exchange that was given up are not about this one.
    at.inbox.session = at.inbox.session.map(|session| session | lines::GIVEN_UP);
    at.inbox.rollback();
    let mut again = true;
    loop {
        // One exchange at a time: the end of an earlier one is waited for, if the modem has taken it.
        let until = at.now().after(Millis::new(at.remaining().min(EXCHANGE)));
        while modem.taken && at.inbox.notes.busy {
            if at.now().reached(until) {
                if at.remaining() == 0 {
                    return Err(Waited::Busy.into());
                }
                // That its end was lost is more likely. If not, the next one is refused.
                break;
            }
            at.arrival(until).await?;
            modem.standing(at)?;
        }
        // If it may have taken it, and may not, that is found out by trying.
        let earlier = at.inbox.notes.busy;
        modem.taken = false;

        modem.set(at, &wanted).await?;
        if modem.profile.uri != Some(wanted.uri) {
            modem.profile.uri = None;
            let mut put = Some(at.put("AT+UCOAP=1").begin_quoted());
            modem.write_uri(&message, &mut |byte| {
                put = put.take().map(|put| put.part(&[byte]));
            });
            if let Some(put) = put {
                put.end_quoted().ok(SHORT).await?;
            }
            modem.profile.uri = Some(wanted.uri);
        }

        let more = wanted.block.is_some_and(|block| block.more());
        let session = wanted.command | if more { lines::BLOCK } else { 0 };
        if !earlier {
            at.inbox.session = Some(session);
        }
        at.inbox.notes.busy = true;
        let mut command = at.put("AT+UCOAPC=").num(wanted.command.into());
        let carries = wanted.cares & flag::FORMAT != 0;
        if carries {
            command = command.streamed_hex().num(wanted.format.into());
            if let Some(block) = wanted.block {
                command = command.num(block.num()).num(block.more().into());
            }
        }
        let said = if carries {
            command.ok_with(message.payload(), START).await
        } else {
            command.ok(START).await
        };
        match said {
            Ok(()) => {
                if earlier {
                    // What came before this was of the earlier one.
                    at.inbox.session = Some(session);
                    at.inbox.notes.busy = true;
                }
                modem.taken = true;
                return Ok(());
            }
            Err(Error::Modem(ModemError::Refused(_))) => {}
            Err(error) => return Err(error),
        }
        if !earlier {
            at.inbox.session = None;
            at.inbox.notes.busy = false;
        }
        let asked = at
            .put("AT+UCOAPER")
            .expect("+UCOAPER:", &[2])
            .ok(SHORT)
            .await;
        let reason = match (asked, at.number(0), at.number(1)) {
            (Ok(()), Some(class @ 1..), Some(code)) => (class, code),
            _ => return said,
        };
        if again && reason == INVALID_PROFILE {
            // Somebody else has changed it, or the modem has started anew without a word.
            modem.profile = Profile::default();
        } else if again && earlier {
            modem.taken = true;
        } else {
            let code = u16::try_from(reason.1).unwrap_or(u16::MAX);
            return Err(ModemError::Result(code).into());
        }
        again = false;
    }
}

/// How long it may take until a request is on its way: the guide gives no time.
const START: u32 = 20_000;

/// How long an exchange may take (RFC 7252, section 4.8.2: `MAX_TRANSMIT_WAIT`), and what the modem takes to tell.
const EXCHANGE: u32 = 95_000;

/// Error class and code of a profile that is not valid (guide, 8.4.1).
const INVALID_PROFILE: (u32, u32) = (15, 17);

impl SaraR5 {
    /// Sets what is not in force of the flags that a message wants.
    pub(super) async fn set(&mut self, at: &mut At<'_>, wanted: &Wanted) -> Result<(), Error> {
        if !self.profile.valid {
            at.run("AT+UCOAP=4,1", SHORT).await?;
            self.profile.valid = true;
        }
        for flag in 0..flag::COUNT {
            let bit = 1 << flag;
            if self.profile.lacks(wanted, bit) {
                self.profile.known &= !bit;
                let on = wanted.flags & bit;
                at.put("AT+UCOAP=2")
                    .num(flag.into())
                    .num((on != 0).into())
                    .ok(SHORT)
                    .await?;
                self.profile.set = self.profile.set & !bit | on;
                self.profile.known |= bit;
            }
        }
        Ok(())
    }
}
