//! What came from the modem and waits to be taken: CoAP messages, and notes beside them.
//!
//! Messages stand in the caller's memory, each in one piece behind its length, oldest first, as a queue that wraps. A
//! *cursor* walks over them: what is not for the present operation (a notification, a server's request) is
//! [skipped](Inbox::skip) and stays for the next one; what is used up is [removed](Inbox::remove).
//!
//! A message that does not fit takes the place of the oldest ones, so that the next request always works; what is lost
//! so is counted in [`Losses`] and reported, never silent. A message is written in three steps: [`open`](Inbox::open)
//! reserves its space, [`push`](Inbox::push) appends, [`commit`](Inbox::commit) makes it visible. One whose payload
//! cannot be kept whole is kept [cut](Inbox::cut): who waits for it learns at once that it came and was lost.

/// What was lost, counted since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Losses {
    /// CoAP messages that found no room, or lost theirs to newer ones.
    pub messages: u16,
    /// Lines longer than the line buffer.
    pub lines: u16,
    /// Payloads that ended before their declared length.
    pub torn: u16,
    /// Options of received messages that could not be read.
    pub options: u16,
    /// Lines that no part of the driver knows. Harmless, worth a look when a modem is new.
    pub unknown: u16,
    /// Bytes that are part of no line: noise, or damage that the serial port reported.
    pub junk: u16,
}

impl Losses {
    /// Whether something that mattered was lost: everything but unknown lines and line noise.
    pub const fn matter(&self) -> bool {
        self.messages | self.lines | self.torn | self.options != 0
    }
}

/// Adds to a counter that rather stands still than starts over.
pub(crate) fn count(counter: &mut u16) {
    *counter = counter.saturating_add(1);
}

/// How the delivery of a message went, as the modem reported it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message id.
    pub id: u16,
    /// 0: sent, or acknowledged. Else the modem's result code, without sign.
    pub result: u16,
}

/// The one request that is open: what a modem that hides it is spared to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its message id.
    pub id: u16,
    /// It asks for notifications, so that its response may be numbered like one. Set by who sends it.
    pub observes: bool,
    /// It is on its way, so that what comes from here on may be its response. Set by who sends it, where that matters.
    pub sent: bool,
    /// The message id that the modem has given it, if that is another.
    pub carried: u16,
    token: [u8; 8],
    length: u8,
}

impl Stamp {
    /// Of a request with this id and token.
    pub fn new(id: u16, token: &[u8]) -> Self {
        let mut stamp = Self {
            id,
            observes: false,
            sent: false,
            carried: id,
            token: [0; 8],
            length: 0,
        };
        for (to, from) in stamp.token.iter_mut().zip(token) {
            *to = *from;
            stamp.length += 1;
        }
        stamp
    }

    /// Its token.
    pub fn token(&self) -> &[u8] {
        self.token.get(..usize::from(self.length)).unwrap_or(&[])
    }
}

/// A few message ids, oldest first, with the lengths that were told with them. One for which there is no room takes the
/// place of the oldest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    entries: [(u16, u16); Self::ROOM],
    count: u8,
    overflowed: bool,
}

impl Queue {
    /// How many ids there is room for.
    pub const ROOM: usize = 4;

    /// Adds an id, unless it is there.
    pub fn push(&mut self, id: u16) {
        self.push_sized(id, 0);
    }

    /// Adds an id and a length, unless the id is there.
    pub fn push_sized(&mut self, id: u16, length: u16) {
        if self.contains(id) {
            return;
        }
        if self.len() == Self::ROOM {
            self.overflowed = true;
            self.pop();
        }
        let count = self.len();
        if let Some(place) = self.entries.get_mut(count) {
            *place = (id, length);
            self.count += 1;
        }
    }

    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<u16> {
        self.pop_sized().map(|(id, _)| id)
    }

    /// Takes the oldest, with its length.
    pub fn pop_sized(&mut self) -> Option<(u16, u16)> {
        self.count = self.count.checked_sub(1)?;
        let [oldest, rest @ ..] = self.entries;
        for (to, from) in self.entries.iter_mut().zip(rest) {
            *to = from;
        }
        Some(oldest)
    }

    /// Whether an id is there.
    pub fn contains(&self, id: u16) -> bool {
        let mut known = self.entries.iter().take(self.len());
        known.any(|(known, _)| *known == id)
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether an id has lost its place since this was last asked.
    pub fn overflowed(&mut self) -> bool {
        core::mem::take(&mut self.overflowed)
    }
}

/// What the conversation must know and no CoAP message says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The modem has started anew: everything that was set is gone, echo is back on.
    pub rebooted: bool,
    /// The packet data context is gone, and the session with it.
    pub link_lost: bool,
    /// The session is gone.
    pub closed: bool,
    /// The application was told of the one or the other.
    pub told: bool,
    /// Something was announced and must be fetched when the line is free.
    pub announced: bool,
    /// The ids of what was announced, where the modem tells them.
    pub queue: Queue,
    /// The modem has an exchange of its own under way, and takes no other.
    pub busy: bool,
    /// The last report about the delivery of a message.
    pub delivery: Option<Delivery>,
    /// The last report about a retransmission: message id and how often it was repeated.
    pub retransmitted: Option<(u16, u8)>,
}

/// The queue of received messages. Knows nothing of what is in them.
pub struct Inbox<'b> {
    memory: &'b mut [u8],
    /// The oldest message.
    head: u16,
    /// Behind the newest message.
    tail: u16,
    /// When the queue has wrapped (`tail` is before `head`): behind the last message before the wrap.
    wrap: u16,
    wrapped: bool,
    /// The next message to look at.
    cursor: u16,
    open: Option<Open>,
    /// Bytes were damaged, so that what is committed meanwhile may not be whole.
    doubt: bool,
    /// Something came since the last [`news`](Self::news).
    news: bool,
    /// The modem's number of our session, where it has several: lines about another are not ours.
    pub session: Option<u8>,
    /// Who is spoken to, in whatever form the dialect compares senders: what comes from another is not ours.
    pub peer: Option<u32>,
    /// The open request: for lines that do not show id and token of what they tell of.
    pub exchange: Option<Stamp>,
    /// What no message says.
    pub notes: Notes,
    /// What was lost.
    pub losses: Losses,
}

/// The message being written.
#[derive(Clone, Copy)]
struct Open {
    /// Where its length stands.
    start: u16,
    /// How much of it is written.
    fill: u16,
    /// How much may be.
    limit: u16,
    /// Its payload is lost.
    cut: bool,
    /// The data that comes next does not end it.
    goes_on: bool,
}

/// A message as it stands in the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'i> {
    /// The bytes.
    pub bytes: &'i [u8],
    /// The payload could not be kept whole; header and token are right.
    pub cut: bool,
}

/// Bytes before each message: its length, and two bits.
const PREFIX: u16 = 2;
/// The message is used up.
const USED: u16 = 0x8000;
/// The message is not whole.
const CUT: u16 = 0x4000;
const LENGTH: u16 = CUT - 1;

impl<'b> Inbox<'b> {
    /// An empty inbox in the caller's memory. Of more than 16 KiB only 16 KiB are used.
    pub fn new(memory: &'b mut [u8]) -> Self {
        let size = memory.len().min(usize::from(LENGTH));
        Self {
            memory: memory.get_mut(..size).unwrap_or_default(),
            head: 0,
            tail: 0,
            wrap: 0,
            wrapped: false,
            cursor: 0,
            open: None,
            doubt: false,
            news: false,
            session: None,
            peer: None,
            exchange: None,
            notes: Notes::default(),
            losses: Losses::default(),
        }
    }

    /// Reserves space in one piece for a message of at most `head` bytes and a payload behind it; older messages give
    /// way. If the inbox is too small for the payload, the message is [cut](Self::cut); if for the head, there is none.
    /// Lends the space, of which the caller fills the head. A message left open before is taken back.
    pub fn open(&mut self, head: usize, payload: usize) -> Option<&mut [u8]> {
        if self.reserve(head.saturating_add(payload)) {
            return self.space();
        }
        self.lost_message();
        if !self.reserve(head) {
            return None;
        }
        self.cut();
        self.space()
    }

    fn space(&mut self) -> Option<&mut [u8]> {
        let open = self.open?;
        let from = usize::from(open.start + PREFIX);
        self.memory.get_mut(from..from + usize::from(open.limit))
    }

    /// Reserves space for so many more bytes of the open message, which keeps what is written of it. If the inbox is too
    /// small for them, the message is [cut](Self::cut).
    pub fn extend(&mut self, more: usize) {
        let Some(open) = self.open else {
            return;
        };
        if self.reserve(usize::from(open.fill).saturating_add(more)) {
            let Some(moved) = &mut self.open else {
                return;
            };
            moved.fill = open.fill;
            moved.cut = open.cut;
            // It stays where it is, or goes to the beginning of the memory, so no byte is read after it was written.
            let (from, to) = (usize::from(open.start), usize::from(moved.start));
            for place in usize::from(PREFIX)..usize::from(PREFIX + open.fill) {
                let byte = self.memory.get(from + place).copied();
                if let (Some(byte), Some(slot)) = (byte, self.memory.get_mut(to + place)) {
                    *slot = byte;
                }
            }
        } else {
            self.open = Some(open);
            self.cut();
            self.lost_message();
        }
    }

    fn reserve(&mut self, size: usize) -> bool {
        self.open = None;
        let capacity = self.capacity();
        let Some(need) = u16::try_from(size)
            .ok()
            .and_then(|size| size.checked_add(PREFIX))
            .filter(|need| *need <= capacity)
        else {
            return false;
        };
        loop {
            // A wrapped queue never fills its gap whole: `tail` on `head` always means empty.
            let start = if self.head == self.tail {
                (self.head, self.tail, self.cursor) = (0, 0, 0);
                self.wrapped = false;
                Some(0)
            } else if self.wrapped {
                (need < self.head - self.tail).then_some(self.tail)
            } else if need <= capacity - self.tail {
                Some(self.tail)
            } else if need < self.head {
                self.wrap = self.tail;
                self.wrapped = true;
                self.tail = 0;
                if self.cursor == self.wrap {
                    self.cursor = 0;
                }
                Some(0)
            } else {
                None
            };
            if let Some(start) = start {
                self.open = Some(Open {
                    start,
                    fill: 0,
                    limit: need - PREFIX,
                    cut: false,
                    goes_on: false,
                });
                return true;
            }
            // Full: the oldest gives way. An empty queue starts at 0 again, where everything fits.
            if self
                .length(self.head)
                .is_some_and(|length| length & USED == 0)
            {
                self.lost_message();
            }
            self.drop_oldest();
        }
    }

    /// Tells that the first `count` bytes of the slice that [`open`](Self::open) lent are written.
    pub fn filled(&mut self, count: usize) {
        if let (Some(open), Ok(count)) = (&mut self.open, u16::try_from(count)) {
            open.fill = count.min(open.limit);
        }
    }

    /// Whether a message is being written.
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What is written of the open message; nothing if it is cut, or if there is none.
    pub fn opened(&self) -> &[u8] {
        let Some(open) = self.open.filter(|open| !open.cut) else {
            return &[];
        };
        let from = usize::from(open.start + PREFIX);
        self.memory
            .get(from..from + usize::from(open.fill))
            .unwrap_or(&[])
    }

    /// The data that comes next is a part of the open message and not its end: the next [`commit`](Self::commit) leaves it
    /// open.
    pub fn goes_on(&mut self) {
        if let Some(open) = &mut self.open {
            open.goes_on = true;
        }
    }

    /// Appends to the open message. Without one, or behind a cut, nothing is kept; what goes beyond its size cuts it.
    pub fn push(&mut self, bytes: &[u8]) {
        let Some(open) = self.open.as_mut().filter(|open| !open.cut) else {
            return;
        };
        let from = usize::from(open.start + PREFIX + open.fill);
        let room = usize::from(open.limit - open.fill);
        let mut bytes = bytes;
        if let Some((fits, [_, ..])) = bytes.split_at_checked(room) {
            bytes = fits;
            // Only where the length was not told before.
            open.cut = true;
            count(&mut self.losses.messages);
        }
        if let Some(target) = self.memory.get_mut(from..from + bytes.len()) {
            // A loop, not `copy_from_slice`: chunks are short, and a call to `memcpy` costs more than they do.
            for (target, byte) in target.iter_mut().zip(bytes) {
                *target = *byte;
                open.fill += 1;
            }
        }
    }

    /// How many bytes of the open message are written; `None` if none is open.
    pub fn opened_length(&self) -> Option<usize> {
        self.open.map(|open| open.fill.into())
    }

    /// What was written to the open message last, at most so many bytes.
    pub(super) fn written(&mut self, count: u16) -> &mut [u8] {
        let Some(open) = self.open.filter(|open| !open.cut) else {
            return &mut [];
        };
        let end = usize::from(open.start + PREFIX + open.fill);
        let start = end - usize::from(count.min(open.fill));
        self.memory.get_mut(start..end).unwrap_or_default()
    }

    /// Takes back the last bytes of the open message.
    pub(super) fn shorten(&mut self, count: u16) {
        if let Some(open) = self.open.as_mut().filter(|open| !open.cut) {
            open.fill = open.fill.saturating_sub(count);
        }
    }

    /// The open message's payload is lost: what follows is not kept, and who waits for the message is told.
    pub fn cut(&mut self) {
        if let Some(open) = &mut self.open {
            open.cut = true;
        }
    }

    /// Tells whether bytes were damaged: the open message, and those committed until the next call, may not be whole.
    pub fn doubt(&mut self, damaged: bool) {
        if damaged || self.doubt {
            self.cut();
        }
        self.doubt = damaged;
    }

    /// Makes the open message visible.
    pub fn commit(&mut self) {
        if let Some(open) = &mut self.open
            && core::mem::take(&mut open.goes_on)
        {
            // Bytes that are in doubt now are in doubt for the whole message.
            open.cut |= self.doubt;
            return;
        }
        if let Some(open) = self.open.take() {
            let flag = if open.cut || self.doubt { CUT } else { 0 };
            self.set_length(open.start, open.fill | flag);
            self.tail = open.start + PREFIX + open.fill;
            self.news = true;
        }
    }

    /// Takes the open message back.
    pub fn rollback(&mut self) {
        self.open = None;
    }

    /// Counts a message as lost, and tells the operation that waits.
    pub fn lost_message(&mut self) {
        count(&mut self.losses.messages);
        self.news = true;
    }

    /// The message at the cursor.
    pub fn peek(&mut self) -> Option<Message<'_>> {
        loop {
            let length = self.length(self.cursor)?;
            if length & USED == 0 {
                let from = usize::from(self.cursor + PREFIX);
                let bytes = self.memory.get(from..from + usize::from(length & LENGTH))?;
                return Some(Message {
                    bytes,
                    cut: length & CUT != 0,
                });
            }
            self.cursor = self.following(self.cursor);
        }
    }

    /// Leaves the message at the cursor for later and goes on to the next.
    pub fn skip(&mut self) {
        if self.peek().is_some() {
            self.cursor = self.following(self.cursor);
        }
    }

    /// Removes the message at the cursor and goes on to the next.
    pub fn remove(&mut self) {
        if self.peek().is_none() {
            return;
        }
        let length = self.length(self.cursor).unwrap_or(0);
        self.set_length(self.cursor, length | USED);
        self.cursor = self.following(self.cursor);
        while self
            .length(self.head)
            .is_some_and(|length| length & USED != 0)
        {
            self.drop_oldest();
        }
    }

    /// Puts the cursor on the oldest message.
    pub fn rewind(&mut self) {
        self.cursor = self.head;
    }

    /// Whether anything came since the last call.
    pub fn news(&mut self) -> bool {
        core::mem::take(&mut self.news)
    }

    /// Tells the operation that waits that a note was written.
    pub fn note(&mut self) -> &mut Notes {
        self.news = true;
        &mut self.notes
    }

    /// The largest message that can ever be kept.
    pub fn largest(&self) -> usize {
        usize::from(self.capacity().saturating_sub(PREFIX))
    }

    fn capacity(&self) -> u16 {
        u16::try_from(self.memory.len()).unwrap_or(LENGTH)
    }

    /// The length word of the message at a position; `None` behind the newest one.
    fn length(&self, at: u16) -> Option<u16> {
        if at == self.tail {
            return None;
        }
        let [low, high] = *self.memory.get(usize::from(at)..)?.first_chunk()?;
        Some(u16::from_le_bytes([low, high]))
    }

    fn set_length(&mut self, at: u16, length: u16) {
        if let Some(word) = self
            .memory
            .get_mut(usize::from(at)..)
            .and_then(<[u8]>::first_chunk_mut)
        {
            *word = length.to_le_bytes();
        }
    }

    /// The position behind the message at a position.
    fn following(&self, at: u16) -> u16 {
        let length = self.length(at).unwrap_or(0) & LENGTH;
        let next = at.saturating_add(PREFIX + length);
        if self.wrapped && at >= self.head && next == self.wrap {
            0
        } else {
            next
        }
    }

    fn drop_oldest(&mut self) {
        let next = self.following(self.head);
        if self.cursor == self.head {
            self.cursor = next;
        }
        if next < self.head {
            self.wrapped = false;
        }
        self.head = next;
    }
}

#[cfg(test)]
mod tests;
