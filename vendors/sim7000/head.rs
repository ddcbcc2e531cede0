//! The answer to `AT+CCOAPHEAD` (note, 3.5): all of a message but its payload, as bytes or taken apart into fields.
//!
//! Either form is written to the inbox as an open message, to which [`queue`](super::queue) adds the payload.
//!
//! The fields, in the order of the note: form, version, type, token length, code, message id, token, Content-Format, Max-Age,
//! ETag, Accept, If-Match, If-None-Match, Uri-Host, Uri-Port, Uri-Path, Uri-Query, Location-Path, Location-Query, Proxy-Uri,
//! Observe, Block2, Block1, size. Nothing is quoted, and an option that is not there is empty, except for If-None-Match, which
//! is 0 then. The note's examples have 21 fields and 24: what is missing at the end counts as empty. More than 24 can only come
//! from a comma in a value: then it is not known which field is which, and the message is delivered as cut.
//!
//! Not documented, and read as the note's other values suggest: a token, an ETag and an If-Match in hexadecimal; several parts
//! of a path or query in one field, joined as in `AT+CCOAPPARA`. A token that is not shown (or not in hexadecimal of as many
//! bytes as the head says) is taken from the open request, if this is the acknowledgement of that request by its message id; of
//! a separate response it is not known.

use crate::at::{Inbox, line};
use crate::message::{Builder, Kind, Malformed, Number, View};
use crate::modem::text;

/// How many fields there are.
const FIELDS: usize = 24;

/// Where an option stands among the fields, in ascending order of option numbers.
const PLACES: [(Number, u8); 18] = [
    (Number::IF_MATCH, 11),
    (Number::URI_HOST, 13),
    (Number::ETAG, 9),
    (Number::IF_NONE_MATCH, 12),
    (Number::OBSERVE, 20),
    (Number::URI_PORT, 14),
    (Number::LOCATION_PATH, 17),
    (Number::URI_PATH, 15),
    (Number::CONTENT_FORMAT, 7),
    (Number::MAX_AGE, 8),
    (Number::URI_QUERY, 16),
    (Number::ACCEPT, 10),
    (Number::LOCATION_QUERY, 18),
    (Number::BLOCK2, 21),
    (Number::BLOCK1, 22),
    (Number::SIZE2, 23),
    (Number::PROXY_URI, 19),
    (Number::SIZE1, 23),
];

/// `+CCOAPHEAD: 0,<length>,`: the bytes that follow are the beginning of a message.
pub(super) fn raw(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    let length = line::Fields::new(rest).nth(1)?.num()?;
    inbox.open(usize::try_from(length).ok()?, 0);
    inbox.goes_on();
    Some(())
}

/// Whether those bytes are the head of the message with this id. One without a token, or with another one than that of the
/// request which it acknowledges, is not trusted: a firmware that prints them as text may have lost some. A marker of the
/// payload at their end is cut off.
pub(super) fn accept_raw(inbox: &mut Inbox<'_>, id: u16) -> bool {
    let bytes = inbox.opened();
    let parsed = match (View::parse(bytes), bytes.split_last()) {
        (Err(Malformed::Payload), Some((_marker, head))) => View::parse(head),
        (parsed, _) => parsed,
    };
    let Ok(head) = parsed else {
        return false;
    };
    let token = head.token();
    let acknowledges = head.kind() == Kind::Acknowledgement;
    let ours = inbox
        .exchange
        .filter(|stamp| acknowledges && stamp.carried == id);
    if head.id() != id
        || token.is_empty()
        || !head.payload().is_empty()
        || ours.is_some_and(|stamp| stamp.token() != token)
    {
        return false;
    }
    let length = head.as_bytes().len();
    inbox.filled(length);
    true
}

/// `+CCOAPHEAD: 1,..`
pub(super) fn parsed(rest: &[u8], inbox: &mut Inbox<'_>) -> Option<()> {
    // Nothing is quoted, so a quote hides no comma.
    let fields = || rest.split(|byte| *byte == b',');
    let field = |place: u8| fields().nth(place.into()).unwrap_or(&[]).trim_ascii();
    let kind = match line::number(field(2))? {
        0 => Kind::Confirmable,
        1 => Kind::NonConfirmable,
        2 => Kind::Acknowledgement,
        _ => Kind::Reset,
    };
    let code = text::code(field(4))?;
    let carried = u16::try_from(line::number(field(5))?).ok()?;
    let mut id = carried;
    let mut bytes = [0; 8];
    let mut token = line::unhex(field(6), &mut bytes)
        .filter(|token| u32::try_from(token.len()).ok() == line::number(field(3)))
        .unwrap_or(&[]);
    let stamp = inbox.exchange;
    if let Some(stamp) = &stamp
        && stamp.carried == carried
        && matches!(kind, Kind::Acknowledgement | Kind::Reset)
    {
        id = stamp.id;
        if token.is_empty() {
            token = stamp.token();
        }
    }
    if code.is_empty() {
        token = &[];
    }
    // In the message no option takes more bytes than its field and comma, but for the many that make one of one byte.
    let mut none = [0; 0];
    let space = inbox.open(16 + rest.len(), 0).unwrap_or(&mut none);
    let mut builder = Builder::new(space, kind, code, id, token).ok()?;
    let mut lost = 0;
    let mut critical = fields().count() > FIELDS;
    for (number, place) in PLACES {
        let value = field(place);
        let absent = match number {
            Number::IF_NONE_MATCH => value == b"0",
            // The field does not say which of the two it is.
            Number::SIZE2 => !code.is_success(),
            Number::SIZE1 => code.is_success(),
            _ => false,
        };
        if absent || value.is_empty() || critical {
            continue;
        }
        let separator = match number {
            Number::URI_PATH | Number::LOCATION_PATH => b'/',
            Number::URI_QUERY | Number::LOCATION_QUERY => b'&',
            _ => b',',
        };
        // The one before a path's first segment, which the RFC's own notation has.
        let value = match value {
            [b'/', path @ ..] if separator == b'/' => path,
            value => value,
        };
        for part in value.split(|byte| *byte == separator) {
            if text::option(&mut builder, number, part).is_err() {
                lost += 1;
                critical |= number.is_critical();
            }
        }
    }
    let head = builder.finish().as_bytes().len();
    inbox.filled(head);
    inbox.losses.options = inbox.losses.options.saturating_add(lost);
    if critical {
        // What it would have changed is not known: rather no message than a wrong one.
        inbox.cut();
    }
    Some(())
}
