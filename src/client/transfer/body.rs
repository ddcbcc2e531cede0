//! Where a body comes from, and where it goes: [`Source`] and [`Sink`].

use crate::client::Response;

/// A source cannot give the piece, or a sink takes no more. The transfer ends with it; the reason stays with who knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Refused;

/// A body to be sent, which gives its pieces when it is asked: a firmware image need not be in RAM.
///
/// A slice of bytes is one; [`SourceFn`] makes one of a closure. What was asked for last tells how far the transfer is.
pub trait Source {
    /// How long the body is.
    fn length(&self) -> u32;

    /// The `length` bytes from `offset` on. They need not be there twice in memory: where they are, they may be borrowed.
    ///
    /// Fewer may be given, 16 at least: the blocks become smaller then. Pieces are asked for in order, the same one perhaps
    /// once more; if the server has lost what it had, from the beginning.
    ///
    /// # Errors
    /// The piece cannot be read.
    fn piece(&mut self, offset: u32, length: usize) -> Result<&[u8], Refused>;
}

impl Source for &[u8] {
    fn length(&self) -> u32 {
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    fn piece(&mut self, offset: u32, length: usize) -> Result<&[u8], Refused> {
        let from = usize::try_from(offset).map_err(|_| Refused)?;
        let rest = self.get(from..).ok_or(Refused)?;
        Ok(rest.get(..length).unwrap_or(rest))
    }
}

impl<S: Source + ?Sized> Source for &mut S {
    fn length(&self) -> u32 {
        (**self).length()
    }

    fn piece(&mut self, offset: u32, length: usize) -> Result<&[u8], Refused> {
        (**self).piece(offset, length)
    }
}

/// A source made of a closure that reads so many bytes at a place into a buffer: of a flash memory, say.
///
/// ```
/// use coap_modem::client::{CoapClient, Request, SourceFn};
///
/// # fn read_flash(_: u32, _: &mut [u8]) {}
/// async fn send_log<C: CoapClient>(client: &mut C, length: u32) -> bool {
///     let mut piece = [0; 512];
///     let log = SourceFn::new(length, &mut piece, |offset, piece: &mut [u8]| {
///         read_flash(0x8000 + offset, piece);
///         Ok(())
///     });
///     let mut buffer = [0; 128];
///     let request = Request::put("/log", &[]).content_format(42);
///     let response = client.upload(&request, log, &mut buffer).await;
///     response.is_ok_and(|response| response.code().is_success())
/// }
/// ```
#[derive(Debug)]
pub struct SourceFn<'p, F> {
    length: u32,
    piece: &'p mut [u8],
    read: F,
}

impl<'p, F: FnMut(u32, &mut [u8]) -> Result<(), Refused>> SourceFn<'p, F> {
    /// A body of so many bytes. The blocks are not larger than `piece`, which should be 16, 32, and so on to 1024 bytes.
    pub const fn new(length: u32, piece: &'p mut [u8], read: F) -> Self {
        Self {
            length,
            piece,
            read,
        }
    }
}

impl<F: FnMut(u32, &mut [u8]) -> Result<(), Refused>> Source for SourceFn<'_, F> {
    fn length(&self) -> u32 {
        self.length
    }

    fn piece(&mut self, offset: u32, length: usize) -> Result<&[u8], Refused> {
        let length = length.min(self.piece.len());
        let piece = self.piece.get_mut(..length).ok_or(Refused)?;
        (self.read)(offset, piece)?;
        Ok(piece)
    }
}

/// Where a body goes that is received.
///
/// A slice of bytes is one, with [`Received::length`](super::Received::length) of them written; so is a `Vec` (feature
/// `std`); [`SinkFn`] makes one of a closure.
pub trait Sink {
    /// The first response is here: its [size](Response::body_size), entity-tag and format may be of interest. Its payload
    /// comes with [`piece`](Self::piece).
    ///
    /// # Errors
    /// The body is not wanted.
    fn begin(&mut self, first: &Response<'_>) -> Result<(), Refused> {
        let _ = first;
        Ok(())
    }

    /// A piece of the body, which begins at `offset`. Pieces come in order and without gaps.
    ///
    /// # Errors
    /// There is no room for it, or no more is wanted.
    fn piece(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused>;

    /// The resource has changed in mid-transfer: whether what came so far is forgotten, so that the new body may come
    /// from its beginning. If not, the transfer ends with an error.
    fn restart(&mut self) -> bool {
        false
    }
}

impl Sink for [u8] {
    fn piece(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        let from = usize::try_from(offset).map_err(|_| Refused)?;
        let space = self.get_mut(from..).ok_or(Refused)?;
        let space = space.get_mut(..bytes.len()).ok_or(Refused)?;
        // A loop, which the compiler makes a `memcpy`; `copy_from_slice` would keep its panic for unequal lengths.
        for (to, from) in space.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(())
    }

    fn restart(&mut self) -> bool {
        true
    }
}

/// Grows with the body, without a limit: give it to servers that are trusted so far.
#[cfg(feature = "std")]
impl Sink for std::vec::Vec<u8> {
    fn piece(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        let from = usize::try_from(offset).map_err(|_| Refused)?;
        if from > self.len() {
            return Err(Refused);
        }
        self.truncate(from);
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn restart(&mut self) -> bool {
        self.clear();
        true
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn begin(&mut self, first: &Response<'_>) -> Result<(), Refused> {
        (**self).begin(first)
    }

    fn piece(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        (**self).piece(offset, bytes)
    }

    fn restart(&mut self) -> bool {
        (**self).restart()
    }
}

/// A sink made of a closure that takes a place and the bytes that begin there. It cannot start over: if the resource
/// changes in mid-transfer, that is an error.
#[derive(Debug)]
pub struct SinkFn<F>(pub F);

impl<F: FnMut(u32, &[u8]) -> Result<(), Refused>> Sink for SinkFn<F> {
    fn piece(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        (self.0)(offset, bytes)
    }
}
