//! What comes down: the Block2 option, RFC 7959, sections 2.4, 2.5 and 2.8.
//!
//! The first request proposes a size only where something limits it; else the server decides (late negotiation). From
//! then on each request names the next block, in the size that the server gave last.

use super::{Extras, is_safe};
use crate::client::{Capabilities, ETag, Request, Response, Resume};
use crate::error::{Blocks, Error, PeerError, Resource};
use crate::message::{Block, Code, Number};

/// The resource has changed in mid-transfer, and cannot be asked for anew.
pub(super) const CHANGED: Error = Error::Peer(PeerError::Blocks(Blocks::Changed));

/// How often a download begins anew because the resource has changed.
const RESTARTS: u8 = 3;

/// What a response has besides its payload: header, token, marker, and the usual options.
const BESIDES: usize = 64;

/// What a response means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its payload is the piece of the body at this place.
    Piece {
        offset: u32,
        first: bool,
        last: bool,
    },
    /// It is not about the body: an error, or nothing new.
    Done,
    /// It must be asked once more, in another way.
    Again,
    /// It is of another version than what came before.
    Changed,
}

/// A download, between its requests.
pub(super) struct Download {
    /// Where the next piece begins.
    offset: u32,
    /// The size exponent to ask with; none if the server may decide.
    szx: Option<u8>,
    /// The entity-tag of what has come.
    etag: Option<ETag>,
    /// No piece has come yet.
    first: bool,
    /// Whether the request may be made again from the beginning.
    safe: bool,
    /// The request's payload goes with each question, since it is part of it (FETCH); else with the first.
    repeats: bool,
    /// Whether the link can say what blocks need.
    blockwise: bool,
    sized: bool,
    /// A question was asked of its own: not the end of an upload, not a notification.
    asked: bool,
    restarts: u8,
    /// The Request-Tag of the body that this answers.
    tag: Option<u32>,
}

impl Download {
    /// A download into a buffer of so many bytes, a response at a time.
    pub(super) fn new(
        request: &Request<'_>,
        able: &Capabilities,
        from: Option<&Resume>,
        buffer: usize,
    ) -> Self {
        let mut size = buffer.saturating_sub(BESIDES);
        for limit in [request.largest_block(), able.block_size, able.payload_in] {
            size = size.min(limit.map_or(usize::MAX, usize::from));
        }
        let proposed = able.blockwise.down() && (size < 1024 || request.largest_block().is_some());
        let szx = Block::szx_within(size).unwrap_or(0);
        // Down to the beginning of a block.
        let offset = from.map_or(0, |from| from.offset >> (szx + 4) << (szx + 4));
        Self {
            offset,
            szx: (proposed || offset > 0).then_some(szx),
            etag: from.and_then(|from| from.etag.clone()),
            first: true,
            safe: is_safe(request),
            repeats: request.method() == Code::FETCH,
            blockwise: able.blockwise.down(),
            sized: able.has_option(Number::SIZE2),
            asked: false,
            restarts: 0,
            tag: None,
        }
    }

    /// The request's body went in blocks with this tag; what is asked now is the answer to it.
    pub(super) const fn follows(&mut self, tag: Option<u32>) {
        self.tag = tag;
        self.safe = false;
        self.repeats = false;
    }

    /// The request that asks for the next piece.
    pub(super) fn ask<'a>(&mut self, request: Request<'a>, extras: &mut Extras<'_>) -> Request<'a> {
        self.asked = true;
        self.options(extras);
        self.ready(request)
    }

    /// The request, ready for an answer in blocks; without its payload where only the rest of the answer is asked for
    /// (section 3.3).
    pub(super) const fn ready<'a>(&self, request: Request<'a>) -> Request<'a> {
        let request = if self.first || self.repeats {
            request
        } else {
            request.payload(&[])
        };
        if self.blockwise {
            request.in_blocks()
        } else {
            request
        }
    }

    /// The options that ask for the next piece.
    pub(super) fn options(&self, extras: &mut Extras<'_>) {
        if let Some(szx) = self.szx
            && let Some(block) = Block::new(self.offset >> (szx + 4), false, szx)
        {
            extras.push(Number::BLOCK2, block.to_uint());
            if self.first && self.sized {
                // Please tell the size (section 4).
                extras.push(Number::SIZE2, 0);
            }
        }
        if let Some(tag) = self.tag {
            extras.push(Number::REQUEST_TAG, tag);
        }
    }

    /// A server without block-wise transfer may have refused the proposal only (RFC 7252, section 5.4.1): whether it can be
    /// asked without.
    pub(super) const fn withdraw(&mut self) -> bool {
        self.offset == 0 && self.szx.take().is_some()
    }

    /// What a response means. Nothing in it is taken for true that was not asked for.
    pub(super) fn handle(&mut self, response: &Response<'_>) -> Result<Verdict, Error> {
        let code = response.code();
        if code == Code::BAD_OPTION && self.asked && self.first && self.withdraw() {
            return Ok(Verdict::Again);
        }
        if !code.is_success() {
            return Ok(Verdict::Done);
        }
        if code == Code::CONTINUE {
            return Err(PeerError::Blocks(Blocks::Unasked).into());
        }
        let etag = response.etag();
        if let (Some(old), Some(new)) = (&self.etag, &etag)
            && old != new
        {
            return Ok(Verdict::Changed);
        }
        let first = self.first;
        let length = u32::try_from(response.payload().len()).unwrap_or(u32::MAX);
        let Some(block) = response.block2() else {
            if !first || self.offset > 0 {
                return Err(PeerError::Blocks(Blocks::Missing).into());
            }
            if code == Code::VALID {
                return Ok(Verdict::Done);
            }
            self.first = false;
            self.offset = length;
            return Ok(Verdict::Piece {
                offset: 0,
                first,
                last: true,
            });
        };
        if self.szx.is_some_and(|szx| block.szx() > szx) {
            return Err(PeerError::Blocks(Blocks::Size).into());
        }
        let offset = block.offset();
        if offset != self.offset {
            return Err(PeerError::Blocks(Blocks::Number).into());
        }
        let size = 16 << block.szx();
        if length > size || (block.more() && length < size) {
            return Err(PeerError::Blocks(Blocks::Length).into());
        }
        if block.more() && block.next(false).is_none() {
            return Err(PeerError::Blocks(Blocks::TooMany).into());
        }
        self.szx = Some(block.szx());
        self.etag = etag.or(self.etag.take());
        self.first = false;
        self.offset = offset.saturating_add(length);
        Ok(Verdict::Piece {
            offset,
            first,
            last: !block.more(),
        })
    }

    /// A response did not fit: smaller blocks, if there are any and the question may be asked again.
    pub(super) fn shrink(&mut self, error: Error) -> Result<(), Error> {
        let too_long = matches!(
            error,
            Error::Resource(Resource::Response { .. } | Resource::Inbox)
        );
        if !too_long || !self.blockwise || (self.first && !self.safe) {
            return Err(error);
        }
        let szx = self.szx.unwrap_or(Block::MAX_SZX);
        self.szx = Some(szx.checked_sub(1).ok_or(error)?);
        Ok(())
    }

    /// Begins anew, if that may be done.
    pub(super) fn restart(&mut self) -> bool {
        if !self.safe || self.restarts >= RESTARTS {
            return false;
        }
        self.restarts += 1;
        self.offset = 0;
        self.etag = None;
        self.first = true;
        true
    }

    /// The length of the body so far.
    pub(super) const fn length(&self) -> u32 {
        self.offset
    }
}
