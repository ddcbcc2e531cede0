//! What goes up: the Block1 option, RFC 7959, sections 2.3, 2.5 and 2.9.
//!
//! ```text
//!  one message --4.13 with a size, or too long for the link--> blocks --2.31, 2.04--> next block .. last block --> response
//!                                                                ^   |
//!                                                                +---+ 4.08: what the server had is lost; 4.13: smaller
//! ```
//!
//! Every attempt after the first bears a Request-Tag of its own (RFC 9175, section 3.3), so that a block of the attempt
//! before, late on its way, cannot slip into the body. A first attempt has none: elective options cost bytes as well. Who
//! sends different bodies to one resource at once puts a Request-Tag among the request's options.

use super::{Extras, too_long};
use crate::client::{Capabilities, Request, Response};
use crate::error::{Blocks, Error, PeerError, Resource, Unsupported};
use crate::message::{Block, Code, Number};

/// How often a transfer begins anew because the server has lost its beginning.
const LOST: u8 = 2;

/// An upload, between its requests.
pub(super) struct Upload {
    total: u32,
    /// So much is taken by the server: where the next piece begins.
    offset: u32,
    /// How much is on its way.
    sent: u32,
    /// The size exponent of the blocks; none as long as the body goes in one message.
    szx: Option<u8>,
    /// The exponent to begin with, if it must be blocks.
    first: u8,
    /// Whether the link can say what blocks need.
    blockwise: bool,
    /// All blocks must have the size of the first one.
    fixed: bool,
    /// The link does not show the options of responses.
    blind: bool,
    sized: bool,
    tagged: bool,
    /// Attempts before this one: the Request-Tag.
    attempt: u8,
    /// Those of them that were lost by the server.
    lost: u8,
}

impl Upload {
    /// An upload of so many bytes.
    pub(super) fn new(
        request: &Request<'_>,
        able: &Capabilities,
        total: u32,
    ) -> Result<Self, Error> {
        if !able.blockwise.up() && total > able.payload_out.into() {
            return Err(too_long(able));
        }
        // What a server takes in one message if nothing else is known (RFC 7252, section 4.6).
        let wish = request.largest_block().unwrap_or(1024).min(1024);
        let whole = if able.blockwise.up() {
            wish.min(able.payload_out)
        } else {
            able.payload_out
        };
        let size = able.block_size.map_or(whole, |size| size.min(whole));
        let first = Block::szx_within(size.into()).unwrap_or(0);
        Ok(Self {
            total,
            offset: 0,
            sent: 0,
            szx: (total > whole.into()).then_some(first),
            first,
            blockwise: able.blockwise.up(),
            fixed: !able.blockwise.down(),
            blind: !able.shows.options,
            sized: able.has_option(Number::SIZE1),
            tagged: able.has_option(Number::REQUEST_TAG),
            attempt: 0,
            lost: 0,
        })
    }

    /// Which piece is to be sent next, and how long it is.
    pub(super) fn piece(&self) -> (u32, usize) {
        let rest = self.total.saturating_sub(self.offset);
        let rest = usize::try_from(rest).unwrap_or(usize::MAX);
        let length = match self.szx {
            Some(szx) => rest.min(16 << szx),
            None => rest,
        };
        (self.offset, length)
    }

    /// The options that go with this piece; what of it goes. A source may have given less than it was asked for.
    pub(super) fn options<'p>(
        &mut self,
        piece: &'p [u8],
        extras: &mut Extras<'_>,
    ) -> Result<&'p [u8], Error> {
        let (_, asked) = self.piece();
        let mut length = asked;
        if piece.len() < asked {
            let szx = Block::szx_within(piece.len()).filter(|_| self.blockwise);
            let szx = szx.ok_or(Resource::Source)?;
            length = 16 << szx;
            self.szx = Some(szx);
        }
        let piece = piece.get(..length).ok_or(Resource::Source)?;
        self.sent = u32::try_from(length).map_err(|_| Resource::Source)?;
        if let Some(szx) = self.szx {
            let block = Block::new(self.offset >> (szx + 4), !self.is_last(), szx);
            let block = block.ok_or(PeerError::Blocks(Blocks::TooMany))?;
            extras.push(Number::BLOCK1, block.to_uint());
            if self.offset == 0 && self.sized {
                extras.push(Number::SIZE1, self.total);
            }
            if let Some(tag) = self.tag() {
                extras.push(Number::REQUEST_TAG, tag);
            }
        }
        Ok(piece)
    }

    /// The piece on its way is the last.
    pub(super) const fn is_last(&self) -> bool {
        self.offset.saturating_add(self.sent) >= self.total
    }

    /// It went in one message that was refused for an option, so nothing was done about it (RFC 7252, section 5.4.1).
    pub(super) fn is_refused(&self, response: &Response<'_>) -> bool {
        self.szx.is_none() && response.code() == Code::BAD_OPTION
    }

    /// What this attempt's blocks are told by.
    pub(super) fn tag(&self) -> Option<u32> {
        (self.tagged && self.attempt > 0).then_some(self.attempt.into())
    }

    /// The response to the piece. Whether it is the final one.
    pub(super) fn handle(&mut self, response: &Response<'_>) -> Result<bool, Error> {
        let code = response.code();
        let block = response.block1();
        match code {
            Code::REQUEST_ENTITY_INCOMPLETE if self.offset > 0 && self.lost < LOST => {
                self.lost += 1;
                self.start_over(self.szx);
                return Ok(false);
            }
            Code::REQUEST_ENTITY_TOO_LARGE if self.blockwise => {
                // Without a smaller size, nothing can be done about it here.
                let Some(block) = block else {
                    return Ok(true);
                };
                let smaller = match self.szx {
                    Some(szx) => block.szx() < szx,
                    None => self.total > 16 << block.szx(),
                };
                if smaller {
                    self.start_over(Some(block.szx()));
                }
                return Ok(!smaller);
            }
            code if !code.is_success() => return Ok(true),
            _ => {}
        }
        let Some(szx) = self.szx else {
            return ended(code);
        };
        let block = match block {
            Some(block) => block,
            None if self.is_last() => return ended(code),
            // Success is all that there is to see. A server that knew no blocks would not have had it (RFC 7959, section 2.1).
            None if self.blind => {
                self.advance(szx);
                return Ok(false);
            }
            // It has taken a part for the whole.
            None => return Err(PeerError::Blocks(Blocks::Missing).into()),
        };
        if block.szx() > szx {
            return Err(PeerError::Blocks(Blocks::Size).into());
        }
        // With a smaller size, some servers count in that.
        if block.num() != self.offset >> (szx + 4) && block.offset() != self.offset {
            return Err(PeerError::Blocks(Blocks::Number).into());
        }
        if self.is_last() {
            return ended(code);
        }
        // 2.31, or the final code already from a server that takes each block by itself (section 2.3).
        if self.fixed && block.szx() < szx {
            self.start_over(Some(block.szx()));
        } else {
            self.advance(block.szx());
        }
        Ok(false)
    }

    /// A message was too long for the link or the transmit buffer, and was not sent: smaller blocks, if there are any.
    pub(super) fn shrink(&mut self, error: Error) -> Result<(), Error> {
        let too_long = matches!(
            error,
            Error::Resource(Resource::Message { .. })
                | Error::Unsupported(Unsupported::Message(_) | Unsupported::Payload(_), _)
        );
        if !too_long || !self.blockwise {
            return Err(error);
        }
        self.szx = Some(match self.szx {
            Some(szx) => szx.checked_sub(1).ok_or(error)?,
            // The largest that makes more than one block of it.
            None => {
                let most = usize::try_from(self.total.saturating_sub(1)).unwrap_or(usize::MAX);
                Block::szx_within(most).ok_or(error)?.min(self.first)
            }
        });
        Ok(())
    }

    /// The final response must be whole: nobody asks for more of it.
    pub(super) fn whole(&self, response: &Response<'_>) -> Result<(), Error> {
        match response.block2() {
            Some(block) if block.more() || block.num() > 0 => {
                Err(PeerError::CriticalOption(Number::BLOCK2).into())
            }
            _ => Ok(()),
        }
    }

    const fn advance(&mut self, szx: u8) {
        self.offset = self.offset.saturating_add(self.sent);
        self.sent = 0;
        self.szx = Some(szx);
    }

    const fn start_over(&mut self, szx: Option<u8>) {
        self.attempt = self.attempt.saturating_add(1);
        self.offset = 0;
        self.sent = 0;
        self.szx = szx;
    }
}

/// The transfer is over, unless the server waits for more.
fn ended(code: Code) -> Result<bool, Error> {
    if code == Code::CONTINUE {
        return Err(PeerError::Blocks(Blocks::Unasked).into());
    }
    Ok(true)
}
