//! The modem's receive queue (note, 3.4 to 3.6): what a line announces is read by its message id, head first, then payload.
//!
//! Then the queue is asked what it holds. That finds what was announced in vain, and shows whether reading takes a packet out,
//! which is not documented (nor is how many there is room for): what was read and is still there is cleared before the next
//! message goes out, when no response to that one can be lost by it, or at once if the queue is full. Of a packet that is
//! behind one which stays, and whose announcement was lost, nobody knows the id: it is counted as lost when it is cleared.
//!
//! Every round takes away an announcement or reads a packet that was not read before, and the rounds are counted.

use super::{Head, Sim7000, head};
use crate::at::{At, Wait};
use crate::error::{Error, ModemError, Waited};
use crate::time::Millis;

/// How long one of these commands may take, in milliseconds.
const TIME: u32 = 5000;

/// How often the queue is asked in a row.
const ROUNDS: u8 = 8;

/// In the place of a payload's length that was not told.
pub(super) const UNTOLD: u16 = u16::MAX;

/// How many of the packets that were read are remembered; a power of two.
const REMEMBERED: usize = 8;

/// What is known of the queue.
#[derive(Default)]
pub(super) struct Packets {
    /// The one that is being read, and the bytes of its payload where they were told.
    reading: Option<(u16, Option<u16>)>,
    /// Its head was read, and the message is open until its payload is there too.
    headed: bool,
    /// Those that were read and may still be there, of the last few the ids.
    read: u16,
    ids: [u16; REMEMBERED],
    /// How many there are in all.
    held: u16,
}

impl Packets {
    fn was_read(&mut self, id: u16) {
        if let Some(place) = self.ids.get_mut(usize::from(self.read) & (REMEMBERED - 1)) {
            *place = id;
        }
        self.read = self.read.saturating_add(1);
    }

    /// Whether a packet was read, as far as that is remembered.
    fn knows(&self, id: u16) -> bool {
        let mut known = self.ids.iter().take(self.read.into());
        known.any(|known| *known == id)
    }
}

/// Reads everything that was announced, and what is found besides.
pub(super) async fn fetch(modem: &mut Sim7000, at: &mut At<'_>) -> Result<(), Error> {
    // What was begun and abandoned may have been read, and be gone.
    let mut again = modem.packets.reading.is_some();
    let mut full = false;
    for _ in 0..ROUNDS {
        while let Some((id, payload)) = next(modem, at) {
            if core::mem::take(&mut modem.packets.headed) && !at.inbox.is_open() {
                // Its payload came after nobody waited for it any more.
                modem.packets.was_read(id);
            } else if modem.packets.knows(id) {
                // Announced again though it was read: it stays, and has no room beside it.
                full = true;
            } else if read(modem, at, id, payload).await? {
                modem.packets.was_read(id);
            } else if !again {
                at.inbox.lost_message();
            }
            modem.packets.reading = None;
            again = false;
        }
        full |= at.inbox.notes.queue.overflowed();
        let asked = at
            .put("AT+CCOAPACTION=")
            .text("4")
            .expect("+CCOAPACTION:", &[2, 3])
            .first(4)
            .ok(TIME)
            .await;
        match asked {
            Ok(()) => {}
            // Without an object there is no queue.
            Err(Error::Modem(ModemError::Refused(_))) => break,
            Err(error) => return Err(error),
        }
        let number = |place| {
            at.number(place)
                .and_then(|number| u16::try_from(number).ok())
        };
        let (held, first) = (number(1).unwrap_or(0), number(2));
        let packets = &mut modem.packets;
        packets.held = held;
        // Of more than are remembered it is not known which is new.
        let forgets = usize::from(packets.read) >= REMEMBERED;
        match first.filter(|id| held > 0 && !forgets && !packets.knows(*id)) {
            Some(id) => packets.reading = Some((id, None)),
            None if held == 0 => packets.read = 0,
            // No response is awaited, or there is no room for it.
            None if full || forgets || at.inbox.exchange.is_none() => clear(modem, at).await?,
            None => {}
        }
        full = false;
        if modem.packets.reading.is_none() && at.inbox.notes.queue.is_empty() {
            break;
        }
    }
    at.inbox.notes.announced = !at.inbox.notes.queue.is_empty();
    Ok(())
}

/// Clears the queue of what was read, if it may still be there.
pub(super) async fn clear(modem: &mut Sim7000, at: &mut At<'_>) -> Result<(), Error> {
    // Nothing that was announced and not read yet may be cleared.
    if modem.packets.read == 0 || !at.inbox.notes.queue.is_empty() {
        return Ok(());
    }
    at.run("AT+CCOAPACTION=5", TIME).await?;
    for _ in modem.packets.read..modem.packets.held {
        at.inbox.lost_message();
    }
    modem.packets = Packets::default();
    Ok(())
}

/// The next packet to be read: one that was begun, or the next that was announced.
fn next(modem: &mut Sim7000, at: &mut At<'_>) -> Option<(u16, Option<u16>)> {
    if modem.packets.reading.is_none() {
        let announced = at.inbox.notes.queue.pop_sized();
        modem.packets.reading =
            announced.map(|(id, payload)| (id, Some(payload).filter(|told| *told != UNTOLD)));
    }
    modem.packets.reading
}

/// Reads a packet into the inbox; whether there was one.
async fn read(
    modem: &mut Sim7000,
    at: &mut At<'_>,
    id: u16,
    payload: Option<u16>,
) -> Result<bool, Error> {
    let mut known = false;
    let mut refused = false;
    if modem.settings.head == Head::Raw && !modem.parsed_only {
        match ask_head(at, id, 0).await {
            Ok(()) => known = head::accept_raw(&mut at.inbox, id),
            Err(Error::Modem(ModemError::Refused(_))) => refused = true,
            // Fewer bytes than it declares, so that the result was taken for some of them.
            Err(Error::Timeout(Waited::Modem)) if at.inbox.is_open() => {
                modem.parsed_only = true;
                let until = at.now().after(Millis::new(TIME));
                at.settle(&[], until).await?;
            }
            Err(error) => return Err(error),
        }
    }
    if !known {
        match ask_head(at, id, 1).await {
            // The form was refused, and not the packet.
            Ok(()) => modem.parsed_only |= refused,
            Err(Error::Modem(ModemError::Refused(_))) => return Ok(false),
            Err(error) => return Err(error),
        }
        if !at.inbox.is_open() {
            at.inbox.lost_message();
        }
    }
    if payload != Some(0) {
        modem.packets.headed = true;
        let asked = at.put("AT+CCOAPREAD=").num(id.into()).ok(TIME).await;
        match asked {
            // With the payload the message was made visible.
            Ok(()) if !at.inbox.is_open() => {}
            // Where none was told there may be none.
            Ok(()) | Err(Error::Modem(ModemError::Refused(_))) if payload.is_none() => {}
            Ok(()) | Err(Error::Modem(ModemError::Refused(_))) => at.inbox.cut(),
            Err(error) => return Err(error),
        }
        modem.packets.headed = false;
    }
    at.inbox.commit();
    Ok(true)
}

fn ask_head<'f, 'b>(at: &'f mut At<'b>, id: u16, form: u32) -> Wait<'f, 'b> {
    at.inbox.rollback();
    at.put("AT+CCOAPHEAD=").num(id.into()).num(form).ok(TIME)
}
