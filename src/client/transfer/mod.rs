//! Bodies of any size, block by block: RFC 7959, on top of plain requests.
//!
//! One block is one request of the client, with a message id and a token of its own (RFC 9175, section 4.2), repeated and
//! acknowledged like any other. What a block must say and what its answer means is decided by two plain machines,
//! [`Upload`] (Block1) and [`Download`] (Block2); the functions here only carry out what they say. They are provided methods
//! of [`CoapClient`], so a program that calls none has none of this.
//!
//! Memory: the transmit buffer of one block, the buffer for one response, and what [`Source`] and [`Sink`] bring. The
//! state of a transfer lives in its future.
//!
//! # Invariants
//!
//! - A part never passes for the whole: a response of class 2 is given only when all of the body was taken, or has come.
//! - The sink is given the body in order and without gaps, each byte once, until it is told to
//!   [start over](Sink::restart); never bytes of two versions of a resource.
//! - Numbers of the server are compared with what was asked for, never trusted as places.
//!
//! # How large a block is
//!
//! The least of what the caller [wishes](Request::block_size), of what the [`Capabilities`] tell, of what fits the transmit
//! buffer and, for what comes, the response's buffer. The server may ask for less at any time (section 2.4 and 2.5).
//! A body that fits one message goes as one, and a small resource comes in one response, without any option of RFC 7959
//! where nothing is gained by it: many small servers refuse them.
//!
//! Left out: sending blocks before the answer to the last one (RFC 9177), and choosing a pace; bodies of a length that is
//! not known when the transfer begins.

mod body;
mod download;
#[cfg(test)]
mod tests;
mod upload;

pub use body::{Refused, Sink, SinkFn, Source, SourceFn};

use super::echo::{Wanted, response};
use super::{Capabilities, CoapClient, ETag, Request, Response};
use crate::error::{ClientError, Error, Resource, Unsupported};
use crate::message::{Code, Number, Value};
use download::{Download, Verdict};
use upload::Upload;

/// What came of a download.
#[derive(Clone, Copy, Debug)]
pub struct Received<'r> {
    /// The response: of a body in several blocks the last one, so its payload is the last piece. The sink has all of the
    /// body if, and only if, its code is of class 2.
    pub response: Response<'r>,
    /// The length of the body, from its beginning to the end of the last piece that the sink was given.
    pub length: u32,
}

/// Where an earlier download of the same resource ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// How much of the body is there. The sink is given pieces from here on, or from the beginning of the block in which
    /// this lies.
    pub offset: u32,
    /// The entity-tag of what is there, if the server gave one. If it is another one now, the download
    /// [starts over](Sink::restart).
    pub etag: Option<ETag>,
}

/// Asks, and gives the length of the response, which stands at the beginning of the buffer. (A response that is not the last
/// must not keep the buffer borrowed.)
async fn ask<C: CoapClient>(
    client: &mut C,
    request: &Request<'_>,
    buffer: &mut [u8],
) -> Result<usize, ClientError<C::LinkError>> {
    Ok(client.request(request, buffer).await?.message().len())
}

/// The options of a transfer's request, put together for one block.
pub(super) struct Extras<'e> {
    options: [(Number, Value<'e>); 5],
    count: usize,
}

impl<'e> Extras<'e> {
    /// Those that the server wants to see.
    pub(super) fn new(wanted: Option<(Number, Value<'e>)>) -> Self {
        let count = usize::from(wanted.is_some());
        let mut options = [(Number(0), Value::Empty); 5];
        if let (Some(wanted), [first, ..]) = (wanted, &mut options) {
            *first = wanted;
        }
        Self { options, count }
    }

    pub(super) fn push(&mut self, number: Number, value: u32) {
        if let Some(place) = self.options.get_mut(self.count) {
            *place = (number, Value::Uint(value));
            self.count += 1;
        }
    }

    fn as_slice(&self) -> &[(Number, Value<'e>)] {
        self.options.get(..self.count).unwrap_or(&[])
    }
}

/// See [`CoapClient::upload`].
pub(super) async fn upload<'r, C: CoapClient, S: Source>(
    client: &mut C,
    request: &Request<'_>,
    source: S,
    buffer: &'r mut [u8],
) -> Result<Response<'r>, ClientError<C::LinkError>> {
    let mut upload = Upload::new(request, &client.capabilities(), source.length())?;
    let length = send(client, request, &mut upload, source, None, buffer).await?;
    let response = response(buffer, length)?;
    upload.whole(&response)?;
    Ok(response)
}

/// See [`CoapClient::download`] and [`CoapClient::download_from`].
pub(super) async fn download<'r, C: CoapClient, S: Sink>(
    client: &mut C,
    request: &Request<'_>,
    from: Option<&Resume>,
    mut sink: S,
    buffer: &'r mut [u8],
) -> Result<Received<'r>, ClientError<C::LinkError>> {
    let mut download = Download::new(request, &client.capabilities(), from, buffer.len());
    let length = receive(client, request, &mut download, &mut sink, buffer).await?;
    received(&download, length, buffer)
}

/// See [`CoapClient::rest`].
pub(super) async fn rest<'r, C: CoapClient, S: Sink>(
    client: &mut C,
    request: &Request<'_>,
    first: &Response<'_>,
    mut sink: S,
    buffer: &'r mut [u8],
) -> Result<Received<'r>, ClientError<C::LinkError>> {
    let mut download = Download::new(request, &client.capabilities(), None, buffer.len());
    let length = if take(&mut download, first, &mut sink)? {
        copy(first.message(), buffer)?
    } else {
        receive(client, request, &mut download, &mut sink, buffer).await?
    };
    received(&download, length, buffer)
}

/// See [`CoapClient::exchange`].
pub(super) async fn exchange<'r, C: CoapClient, S: Source, T: Sink>(
    client: &mut C,
    request: &Request<'_>,
    source: S,
    mut sink: T,
    buffer: &'r mut [u8],
) -> Result<Received<'r>, ClientError<C::LinkError>> {
    let able = client.capabilities();
    let mut upload = Upload::new(request, &able, source.length())?;
    let mut download = Download::new(request, &able, None, buffer.len());
    let mut length = send(
        client,
        request,
        &mut upload,
        source,
        Some(&mut download),
        buffer,
    )
    .await?;
    download.follows(upload.tag());
    if !take(&mut download, &response(buffer, length)?, &mut sink)? {
        length = receive(client, request, &mut download, &mut sink, buffer).await?;
    }
    received(&download, length, buffer)
}

/// Sends all blocks of a body; the length of the final response.
async fn send<C: CoapClient, S: Source>(
    client: &mut C,
    request: &Request<'_>,
    upload: &mut Upload,
    mut source: S,
    mut answer: Option<&mut Download>,
    buffer: &mut [u8],
) -> Result<usize, ClientError<C::LinkError>> {
    let mut wanted = Wanted::new(client);
    loop {
        let (offset, length) = upload.piece();
        let piece = source
            .piece(offset, length)
            .map_err(|Refused| Error::from(Resource::Source))?;
        let mut extras = Extras::new(wanted.option());
        let piece = upload.options(piece, &mut extras)?;
        let mut message = request.payload(piece);
        if let Some(download) = &answer {
            if upload.is_last() {
                download.options(&mut extras);
            }
            message = download.ready(message);
        }
        let answered = ask(client, &message.more(extras.as_slice()), buffer).await;
        match answered {
            Ok(length) => {
                let response = response(buffer, length)?;
                if wanted.again(&response) {
                    continue;
                }
                if let Some(download) = &mut answer
                    && upload.is_refused(&response)
                    && download.withdraw()
                {
                    continue;
                }
                if upload.handle(&response)? {
                    return Ok(length);
                }
            }
            Err(ClientError::Operation(error)) => upload.shrink(error)?,
            Err(error) => return Err(error),
        }
    }
}

/// Asks for blocks until the sink has all; the length of the last response.
async fn receive<C: CoapClient, S: Sink>(
    client: &mut C,
    request: &Request<'_>,
    download: &mut Download,
    sink: &mut S,
    buffer: &mut [u8],
) -> Result<usize, ClientError<C::LinkError>> {
    let mut wanted = Wanted::new(client);
    loop {
        let mut extras = Extras::new(wanted.option());
        let message = download.ask(*request, &mut extras);
        let message = message.more(extras.as_slice());
        let answered = ask(client, &message, buffer).await;
        match answered {
            Ok(length) => {
                let response = response(buffer, length)?;
                if !wanted.again(&response) && take(download, &response, sink)? {
                    return Ok(length);
                }
            }
            Err(ClientError::Operation(error)) => download.shrink(error)?,
            Err(error) => return Err(error),
        }
    }
}

/// Gives the sink what a response brings. Whether that was all.
fn take<S: Sink>(
    download: &mut Download,
    response: &Response<'_>,
    sink: &mut S,
) -> Result<bool, Error> {
    let refused = |Refused| Error::from(Resource::Sink);
    match download.handle(response)? {
        Verdict::Done => Ok(true),
        Verdict::Again => Ok(false),
        Verdict::Changed => {
            // What is there is of an older version, and cannot be told apart from the new one by anybody but the sink.
            let forgets = download.restart() && sink.restart();
            if forgets {
                Ok(false)
            } else {
                Err(download::CHANGED)
            }
        }
        Verdict::Piece {
            offset,
            first,
            last,
        } => {
            if first {
                sink.begin(response).map_err(refused)?;
            }
            sink.piece(offset, response.payload()).map_err(refused)?;
            Ok(last)
        }
    }
}

fn received<'r, E>(
    download: &Download,
    length: usize,
    buffer: &'r [u8],
) -> Result<Received<'r>, ClientError<E>> {
    Ok(Received {
        response: response(buffer, length)?,
        length: download.length(),
    })
}

fn copy(message: &[u8], buffer: &mut [u8]) -> Result<usize, Error> {
    let Some(space) = buffer.get_mut(..message.len()) else {
        let needed = u16::try_from(message.len()).unwrap_or(u16::MAX);
        return Err(Resource::Response { needed }.into());
    };
    for (to, from) in space.iter_mut().zip(message) {
        *to = *from;
    }
    Ok(message.len())
}

/// Whether the request is only a question, which may be asked again (RFC 7252, section 5.1; RFC 8132, section 2).
fn is_safe(request: &Request<'_>) -> bool {
    matches!(request.method(), Code::GET | Code::FETCH)
}

/// What a link that has no blocks refuses.
fn too_long(able: &Capabilities) -> Error {
    Error::from(Unsupported::Payload(able.payload_out)).or(able.way_out)
}
