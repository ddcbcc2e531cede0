//! Block-wise transfer at the [`DemoServer`](super::DemoServer)'s end: RFC 7959 with `coap-lite`.
//!
//! Bodies that come in Block1 are put together and handed to the resources whole; what the resources answer goes out in
//! Block2, 1024 bytes at a time or as many as the client wants. A block of an answer to GET, or to a FETCH whose body fits
//! one message, is cut from a fresh answer each time; other answers are kept for the client that asked. A body is told from others by
//! client, method, path and Request-Tag (RFC 9175, section 3.3). Left out: blocks out of order.

use coap_lite::{CoapOption, MessageClass, Packet, RequestType, ResponseType};

use super::resources::{Outcome, Reply, Resources, uint};
use super::server::Ends;
use crate::time::Instant;

/// The largest body that is put together.
const LARGEST: usize = 16 << 20;

/// The largest block: 1024 bytes.
const SZX: u32 = 6;

/// How many bodies are kept, of each kind.
const KEPT: usize = 16;

/// The Block1 or Block2 option.
#[derive(Clone, Copy)]
struct Block {
    num: usize,
    more: bool,
    szx: u32,
}

impl Block {
    /// The option, if it is there; `Err` for one that cannot be (section 2.2).
    fn of(request: &Packet, option: CoapOption) -> Result<Option<Self>, ()> {
        let Some(value) = request.get_first_option(option) else {
            return Ok(None);
        };
        let number = value
            .iter()
            .fold(0, |sum: u32, byte| sum << 8 | u32::from(*byte));
        if value.len() > 3 || number & 7 > SZX {
            return Err(());
        }
        Ok(Some(Self {
            num: usize::try_from(number >> 4).map_err(|_| ())?,
            more: number & 8 != 0,
            szx: number & 7,
        }))
    }

    const fn size(self) -> usize {
        16 << self.szx
    }

    fn value(self) -> Vec<u8> {
        let num = u32::try_from(self.num).unwrap_or(u32::MAX >> 4);
        uint(num << 4 | u32::from(self.more) << 3 | self.szx)
    }
}

/// Which body.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    from: Ends,
    method: u8,
    path: Vec<Vec<u8>>,
    tag: Option<Vec<u8>>,
}

impl Key {
    fn of(from: Ends, request: &Packet) -> Self {
        let path = request.get_option(CoapOption::UriPath);
        Self {
            from,
            method: u8::from(request.header.code),
            path: path.into_iter().flatten().cloned().collect(),
            tag: request.get_first_option(CoapOption::Unknown(292)).cloned(),
        }
    }
}

/// Bodies on their way.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    coming: Vec<(Key, Vec<u8>)>,
    going: Vec<(Key, Reply)>,
}

impl Blocks {
    /// What the resources answer to this block of a request, or this part of their answer.
    pub(super) fn answer(
        &mut self,
        now: Instant,
        from: Ends,
        request: &Packet,
        resources: &mut Resources,
    ) -> Outcome {
        let blocks = Block::of(request, CoapOption::Block1)
            .and_then(|up| Ok((up, Block::of(request, CoapOption::Block2)?)));
        let Ok((up, down)) = blocks else {
            let text = "Bad Block Option";
            return Outcome::Reply(Reply::error(ResponseType::BadRequest, text));
        };
        let key = Key::of(from, request);
        // Asked in full each time.
        let question = match request.header.code {
            MessageClass::Request(RequestType::Get) => true,
            MessageClass::Request(RequestType::Fetch) => {
                !request.payload.is_empty() && up.is_none()
            }
            _ => false,
        };
        if let Some(part) = down.filter(|part| part.num > 0 && up.is_none() && !question) {
            let known = self.going.iter().find(|(known, _)| *known == key);
            return Outcome::Reply(known.map_or_else(incomplete, |(_, reply)| cut(reply, part)));
        }
        let mut whole = request.clone();
        if let Some(block) = up {
            match self.collect(&key, block, &request.payload) {
                Ok(body) => whole.payload = body,
                Err(reply) => return Outcome::Reply(*reply),
            }
        }
        let reply = match resources.answer(now, &whole) {
            Outcome::Reply(reply) => reply,
            other => return other,
        };
        let first = Block {
            num: 0,
            more: false,
            szx: SZX,
        };
        let mut part = match down {
            Some(part) => cut(&reply, part),
            None if reply.payload.len() > first.size() => cut(&reply, first),
            None => reply.clone(),
        };
        if !question && part.payload.len() < reply.payload.len() {
            keep(&mut self.going, key, reply);
        }
        if let Some(block) = up {
            part = part.with(CoapOption::Block1, block.value());
        }
        Outcome::Reply(part)
    }

    /// Adds a block to its body: the whole body if it was the last, else what to answer.
    fn collect(&mut self, key: &Key, block: Block, payload: &[u8]) -> Result<Vec<u8>, Box<Reply>> {
        if block.more && payload.len() != block.size() {
            let text = "Bad Block Length";
            return Err(Reply::error(ResponseType::BadRequest, text).into());
        }
        let place = self.coming.iter().position(|(known, _)| known == key);
        let mut body = place.map_or_else(Vec::new, |place| self.coming.swap_remove(place).1);
        if block.num == 0 {
            body.clear();
        }
        if body.len() != block.num * block.size() {
            return Err(incomplete().into());
        }
        body.extend_from_slice(payload);
        if body.len() > LARGEST {
            let text = "Request Entity Too Large";
            return Err(Reply::error(ResponseType::RequestEntityTooLarge, text).into());
        }
        if !block.more {
            return Ok(body);
        }
        keep(&mut self.coming, key.clone(), body);
        let reply = Reply::new(ResponseType::Continue);
        Err(reply.with(CoapOption::Block1, block.value()).into())
    }
}

/// Puts something in the place of an older one of the same key; the oldest of all gives way.
fn keep<T>(kept: &mut Vec<(Key, T)>, key: Key, value: T) {
    kept.retain(|(known, _)| *known != key);
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    kept.push((key, value));
}

/// A part of an answer; 4.00 for one behind its end.
fn cut(reply: &Reply, part: Block) -> Reply {
    let start = part.num.saturating_mul(part.size());
    let Some(rest) = reply
        .payload
        .get(start..)
        .filter(|rest| part.num == 0 || !rest.is_empty())
    else {
        return Reply::error(ResponseType::BadRequest, "No Such Block");
    };
    let bytes = rest.get(..part.size()).unwrap_or(rest);
    let block = Block {
        more: bytes.len() < rest.len(),
        ..part
    };
    let mut piece = reply.clone().payload(bytes);
    piece = piece.with(CoapOption::Block2, block.value());
    if part.num == 0 {
        let size = u32::try_from(reply.payload.len()).unwrap_or(u32::MAX);
        piece = piece.with(CoapOption::Size2, uint(size));
    }
    piece
}

fn incomplete() -> Reply {
    let text = "Request Entity Incomplete";
    Reply::error(ResponseType::RequestEntityIncomplete, text)
}
