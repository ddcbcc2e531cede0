//! What an application codes against: [`CoapClient`], with its requests, responses and events.
//!
//! The trait is the same over every modem and over plain UDP; an application is generic over it, or takes
//! `&mut dyn `[`Blocking`] where the modem is chosen when the device boots.
//!
//! ```
//! use coap_modem::client::{CoapClient, Request};
//! use coap_modem::message::Code;
//!
//! async fn report<C: CoapClient>(client: &mut C, celsius: i32) -> bool {
//!     # fn text(_: i32) -> &'static [u8] { b"21" }
//!     let mut buffer = [0; 256];
//!     let request = Request::post("/telemetry?unit=cel", text(celsius)).content_format(0);
//!     match client.request(&request, &mut buffer).await {
//!         Ok(response) => response.code().is_success(),
//!         Err(_) => false,
//!     }
//! }
//! ```

mod any;
mod capabilities;
mod discovery;
mod echo;
mod reply;
mod request;
mod response;
mod transfer;

pub use any::AnyClient;
pub use capabilities::{Blockwise, Capabilities, Matching, Options, Reliability, Shows};
pub use echo::Echo;
pub use reply::{Incoming, Reply};
pub use request::Request;
pub(crate) use request::build_error;
pub use response::{ETag, Event, Response};
pub use transfer::{Received, Refused, Resume, Sink, SinkFn, Source, SourceFn};

use crate::error::{ClientError, Error, Invalid, Unsupported};
use crate::front::block_on;
use crate::message::uri::{Host, Scheme, Uri};
use crate::time::Millis;
use core::fmt;
use core::future::Future;

/// A CoAP client, whatever carries its messages.
///
/// One request at a time (RFC 7252's NSTART of 1). What arrives besides (a notification, a server's request) is kept
/// for [`event`](Self::event).
#[expect(
    async_fn_in_trait,
    reason = "a client is used where it is made; whether its futures are `Send` follows from its parts"
)]
pub trait CoapClient {
    /// The error of the serial port or socket.
    type LinkError;

    /// What this link can carry, and what it hides.
    fn capabilities(&self) -> Capabilities;

    /// Brings the link up, from power-on noise to an active packet data context. Looks first and acts only where needed,
    /// so it may be called at any time. Nothing to do on plain UDP.
    ///
    /// # Errors
    /// [`Error::Timeout`] if the modem is silent or finds no network, [`Error::Modem`] if SIM or network refuse.
    ///
    /// # If dropped half-way
    /// The next call goes on from what is in force.
    async fn attach(&mut self, network: &Network<'_>) -> Result<(), ClientError<Self::LinkError>>;

    /// Opens the session with a server. A session with another one is closed first.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for what the link cannot do; [`Error::Modem`] for name resolution, network and the like.
    ///
    /// # If dropped half-way
    /// There is no session; the next call cleans up.
    async fn connect(&mut self, server: &Remote<'_>) -> Result<(), ClientError<Self::LinkError>>;

    /// Sends a request and waits for its response, for which `buffer` lends the memory: its header, options and payload.
    ///
    /// # Errors
    /// [`Error::Invalid`] and [`Error::Unsupported`] before anything was sent; [`Error::Timeout`];
    /// [`Resource::Response`](crate::error::Resource::Response) if `buffer` is too small: the response is held.
    /// A response of class 4 or 5 is no error here.
    ///
    /// # If dropped half-way
    /// The server may or may not have the request. Its late response is dropped; the next request works.
    async fn request<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>>;

    /// The same, and if the server wants to see that the request is fresh (4.01 with an Echo option; RFC 9175, section 2.3),
    /// sends it once more with what the server said. Transfers do so by themselves.
    ///
    /// # Errors
    /// As for [`request`](Self::request). On links that cannot send the option, the 4.01 is the response.
    ///
    /// # If dropped half-way
    /// As for [`request`](Self::request).
    async fn request_fresh<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>>
    where
        Self: Sized,
    {
        echo::ask(self, request, buffer).await
    }

    /// The response that did not fit its buffer. It is held until the next request.
    ///
    /// # Errors
    /// [`Resource::Response`](crate::error::Resource::Response) if this buffer is too small as well.
    fn held<'r>(&mut self, buffer: &'r mut [u8]) -> Result<Option<Response<'r>>, Error>;

    /// What arrived besides responses, oldest first; waits at most `wait` for something to come. A modem that only announces
    /// what came is then asked for it, which takes its time.
    ///
    /// # Errors
    /// [`Resource::Response`](crate::error::Resource::Response) if the message does not fit: it stays.
    ///
    /// # If dropped half-way
    /// Nothing is lost.
    async fn event<'r>(
        &mut self,
        wait: Millis,
        buffer: &'r mut [u8],
    ) -> Result<Option<Event<'r>>, ClientError<Self::LinkError>>;

    /// Answers a request from the network, which came as [`Event::Request`]: in the acknowledgement of a confirmable one,
    /// else in a message of its own (RFC 7252, section 5.2). Sent once.
    ///
    /// # Errors
    /// [`Unsupported::Server`] where the link has no requests; else as for [`request`](Self::request).
    ///
    /// # If dropped half-way
    /// The asker may or may not have the answer.
    async fn respond(
        &mut self,
        to: &Incoming,
        reply: &Reply<'_>,
    ) -> Result<(), ClientError<Self::LinkError>>;

    /// Asks the server what it has: a GET of `/.well-known/core`, whose links [`Response::links`] reads (RFC 6690,
    /// section 4). `filter` asks for some of them only, such as `rt=temperature*`, as plain text and not percent-coded;
    /// empty asks for all. Not every server can filter: see
    /// [`Filter`](crate::message::link_format::Filter).
    ///
    /// More links than one response holds are an error here, and no part of them is given: [`download`](Self::download) the
    /// resource, and read them with [`Links`](crate::message::link_format::Links).
    ///
    /// ```
    /// use coap_modem::client::CoapClient;
    ///
    /// async fn find_thermometer<C: CoapClient>(client: &mut C, buffer: &mut [u8]) -> Option<usize> {
    ///     let response = client.discover("rt=temperature*", buffer).await.ok()?;
    ///     let links = response.links()?.flatten();
    ///     Some(links.filter(|link| link.resource_types().any(|word| word.starts_with("temperature"))).count())
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`request`](Self::request). A server without the resource answers 4.04, which is no error here.
    ///
    /// # If dropped half-way
    /// Nothing is lost.
    async fn discover<'r>(
        &mut self,
        filter: &str,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>> {
        let query = discovery::query(filter);
        self.request(&discovery::request(&query), buffer).await
    }

    /// Sends a body of any size with PUT, POST or the like, in as many blocks as it takes (RFC 7959, Block1), and gives the
    /// final response. The request's own payload is not used; its time limit holds for each block.
    ///
    /// A body that fits one message goes as one. On links without block options that is all that goes.
    ///
    /// ```
    /// use coap_modem::client::{CoapClient, Request};
    ///
    /// async fn update<C: CoapClient>(client: &mut C, image: &[u8]) -> bool {
    ///     let mut buffer = [0; 128];
    ///     let request = Request::put("/firmware", &[]).content_format(42);
    ///     match client.upload(&request, image, &mut buffer).await {
    ///         Ok(response) => response.code().is_success(),
    ///         Err(_) => false,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`request`](Self::request); [`PeerError::Blocks`](crate::error::PeerError::Blocks);
    /// [`Resource::Source`](crate::error::Resource::Source);
    /// [`Unsupported::Payload`] for a body that is too large for a link without blocks. A response of class 4 or 5 ends the
    /// transfer and is no error here. A final response that comes in blocks itself is one, although the body is there: where
    /// the server answers at length, use [`exchange`](Self::exchange).
    ///
    /// # If dropped half-way
    /// The server may have a part of the body, which it forgets; or all of it, if the last block was on its way.
    fn upload<'r, S: Source>(
        &mut self,
        request: &Request<'_>,
        source: S,
        buffer: &'r mut [u8],
    ) -> impl Future<Output = Result<Response<'r>, ClientError<Self::LinkError>>>
    where
        Self: Sized,
    {
        transfer::upload(self, request, source, buffer)
    }

    /// Asks for a body of any size, which may come in blocks (RFC 7959, Block2), and gives it to the sink piece by piece.
    /// `buffer` lends the memory for one response at a time. The request's time limit holds for each block.
    ///
    /// If the resource changes meanwhile, the sink is asked whether it can [start over](Sink::restart).
    ///
    /// ```
    /// use coap_modem::client::{CoapClient, Request, SinkFn};
    ///
    /// # fn write_flash(_: u32, _: &[u8]) {}
    /// async fn fetch<C: CoapClient>(client: &mut C) -> Option<u32> {
    ///     let flash = SinkFn(|offset, bytes: &[u8]| {
    ///         write_flash(0x8000 + offset, bytes);
    ///         Ok(())
    ///     });
    ///     let mut buffer = [0; 600];
    ///     let request = Request::get("/firmware");
    ///     let received = client.download(&request, flash, &mut buffer).await.ok()?;
    ///     received.response.code().is_success().then_some(received.length)
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`request`](Self::request); [`PeerError::Blocks`](crate::error::PeerError::Blocks);
    /// [`Resource::Sink`](crate::error::Resource::Sink). A response of class 4 or 5 ends the
    /// transfer and is no error here.
    ///
    /// # If dropped half-way
    /// The sink has the beginning of the body; see [`download_from`](Self::download_from).
    fn download<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        sink: S,
        buffer: &'r mut [u8],
    ) -> impl Future<Output = Result<Received<'r>, ClientError<Self::LinkError>>>
    where
        Self: Sized,
    {
        transfer::download(self, request, None, sink, buffer)
    }

    /// The same from a place on: goes on with an earlier download, or reads the end of something.
    ///
    /// # Errors
    /// As for [`download`](Self::download); [`Unsupported::Option`] on links without block options.
    ///
    /// # If dropped half-way
    /// As for [`download`](Self::download).
    fn download_from<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        from: &Resume,
        sink: S,
        buffer: &'r mut [u8],
    ) -> impl Future<Output = Result<Received<'r>, ClientError<Self::LinkError>>>
    where
        Self: Sized,
    {
        transfer::download(self, request, Some(from), sink, buffer)
    }

    /// The rest of a body whose first block is here already: of a notification, for example (RFC 7959, section 2.6). The
    /// sink is given that block as well. `request` asks for the same resource, without observing it.
    ///
    /// # Errors
    /// As for [`download`](Self::download).
    ///
    /// # If dropped half-way
    /// As for [`download`](Self::download).
    fn rest<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        first: &Response<'_>,
        sink: S,
        buffer: &'r mut [u8],
    ) -> impl Future<Output = Result<Received<'r>, ClientError<Self::LinkError>>>
    where
        Self: Sized,
    {
        transfer::rest(self, request, first, sink, buffer)
    }

    /// Sends a body of any size and receives another one: POST or FETCH that are large both ways (RFC 7959, section 3.3).
    ///
    /// # Errors
    /// As for [`upload`](Self::upload) and [`download`](Self::download).
    ///
    /// # If dropped half-way
    /// As for [`upload`](Self::upload).
    fn exchange<'r, S: Source, T: Sink>(
        &mut self,
        request: &Request<'_>,
        source: S,
        sink: T,
        buffer: &'r mut [u8],
    ) -> impl Future<Output = Result<Received<'r>, ClientError<Self::LinkError>>>
    where
        Self: Sized,
    {
        transfer::exchange(self, request, source, sink, buffer)
    }

    /// Closes the session.
    ///
    /// # Errors
    /// [`Error::Modem`] and [`Error::Timeout`]; the session counts as closed all the same.
    ///
    /// # If dropped half-way
    /// As with an error.
    async fn close(&mut self) -> Result<(), ClientError<Self::LinkError>>;
}

/// The blocking face of every [`CoapClient`]: the same calls, waited for by polling. Object safe.
///
/// Import this or [`CoapClient`], not both: the calls have the same names. What goes beyond plain requests is there for the
/// client itself; for one behind a `&mut dyn Blocking`, in [`AnyClient`].
pub trait Blocking {
    /// The error of the serial port or socket.
    type LinkError;

    /// See [`CoapClient::capabilities`].
    fn capabilities(&self) -> Capabilities;

    /// See [`CoapClient::attach`].
    ///
    /// # Errors
    /// As there.
    fn attach(&mut self, network: &Network<'_>) -> Result<(), ClientError<Self::LinkError>>;

    /// See [`CoapClient::connect`].
    ///
    /// # Errors
    /// As there.
    fn connect(&mut self, server: &Remote<'_>) -> Result<(), ClientError<Self::LinkError>>;

    /// See [`CoapClient::request`].
    ///
    /// # Errors
    /// As there.
    fn request<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>>;

    /// See [`CoapClient::request_fresh`].
    ///
    /// # Errors
    /// As there.
    fn request_fresh<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>>
    where
        Self: Sized;

    /// See [`CoapClient::held`].
    ///
    /// # Errors
    /// As there.
    fn held<'r>(&mut self, buffer: &'r mut [u8]) -> Result<Option<Response<'r>>, Error>;

    /// See [`CoapClient::event`].
    ///
    /// # Errors
    /// As there.
    fn event<'r>(
        &mut self,
        wait: Millis,
        buffer: &'r mut [u8],
    ) -> Result<Option<Event<'r>>, ClientError<Self::LinkError>>;

    /// See [`CoapClient::respond`].
    ///
    /// # Errors
    /// As there.
    fn respond(
        &mut self,
        to: &Incoming,
        reply: &Reply<'_>,
    ) -> Result<(), ClientError<Self::LinkError>>;

    /// See [`CoapClient::discover`].
    ///
    /// # Errors
    /// As there.
    fn discover<'r>(
        &mut self,
        filter: &str,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>>
    where
        Self: Sized;

    /// See [`CoapClient::upload`].
    ///
    /// # Errors
    /// As there.
    fn upload<'r, S: Source>(
        &mut self,
        request: &Request<'_>,
        source: S,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>>
    where
        Self: Sized;

    /// See [`CoapClient::download`].
    ///
    /// # Errors
    /// As there.
    fn download<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        sink: S,
        buffer: &'r mut [u8],
    ) -> Result<Received<'r>, ClientError<Self::LinkError>>
    where
        Self: Sized;

    /// See [`CoapClient::download_from`].
    ///
    /// # Errors
    /// As there.
    fn download_from<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        from: &Resume,
        sink: S,
        buffer: &'r mut [u8],
    ) -> Result<Received<'r>, ClientError<Self::LinkError>>
    where
        Self: Sized;

    /// See [`CoapClient::rest`].
    ///
    /// # Errors
    /// As there.
    fn rest<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        first: &Response<'_>,
        sink: S,
        buffer: &'r mut [u8],
    ) -> Result<Received<'r>, ClientError<Self::LinkError>>
    where
        Self: Sized;

    /// See [`CoapClient::exchange`].
    ///
    /// # Errors
    /// As there.
    fn exchange<'r, S: Source, T: Sink>(
        &mut self,
        request: &Request<'_>,
        source: S,
        sink: T,
        buffer: &'r mut [u8],
    ) -> Result<Received<'r>, ClientError<Self::LinkError>>
    where
        Self: Sized;

    /// See [`CoapClient::close`].
    ///
    /// # Errors
    /// As there.
    fn close(&mut self) -> Result<(), ClientError<Self::LinkError>>;
}

impl<C: CoapClient> Blocking for C {
    type LinkError = C::LinkError;

    fn capabilities(&self) -> Capabilities {
        CoapClient::capabilities(self)
    }

    fn attach(&mut self, network: &Network<'_>) -> Result<(), ClientError<Self::LinkError>> {
        block_on(CoapClient::attach(self, network))
    }

    fn connect(&mut self, server: &Remote<'_>) -> Result<(), ClientError<Self::LinkError>> {
        block_on(CoapClient::connect(self, server))
    }

    fn request<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>> {
        block_on(CoapClient::request(self, request, buffer))
    }

    fn request_fresh<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>> {
        block_on(CoapClient::request_fresh(self, request, buffer))
    }

    fn held<'r>(&mut self, buffer: &'r mut [u8]) -> Result<Option<Response<'r>>, Error> {
        CoapClient::held(self, buffer)
    }

    fn event<'r>(
        &mut self,
        wait: Millis,
        buffer: &'r mut [u8],
    ) -> Result<Option<Event<'r>>, ClientError<Self::LinkError>> {
        block_on(CoapClient::event(self, wait, buffer))
    }

    fn respond(
        &mut self,
        to: &Incoming,
        reply: &Reply<'_>,
    ) -> Result<(), ClientError<Self::LinkError>> {
        block_on(CoapClient::respond(self, to, reply))
    }

    fn discover<'r>(
        &mut self,
        filter: &str,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>> {
        block_on(CoapClient::discover(self, filter, buffer))
    }

    fn upload<'r, S: Source>(
        &mut self,
        request: &Request<'_>,
        source: S,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<Self::LinkError>> {
        block_on(CoapClient::upload(self, request, source, buffer))
    }

    fn download<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        sink: S,
        buffer: &'r mut [u8],
    ) -> Result<Received<'r>, ClientError<Self::LinkError>> {
        block_on(CoapClient::download(self, request, sink, buffer))
    }

    fn download_from<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        from: &Resume,
        sink: S,
        buffer: &'r mut [u8],
    ) -> Result<Received<'r>, ClientError<Self::LinkError>> {
        block_on(CoapClient::download_from(self, request, from, sink, buffer))
    }

    fn rest<'r, S: Sink>(
        &mut self,
        request: &Request<'_>,
        first: &Response<'_>,
        sink: S,
        buffer: &'r mut [u8],
    ) -> Result<Received<'r>, ClientError<Self::LinkError>> {
        block_on(CoapClient::rest(self, request, first, sink, buffer))
    }

    fn exchange<'r, S: Source, T: Sink>(
        &mut self,
        request: &Request<'_>,
        source: S,
        sink: T,
        buffer: &'r mut [u8],
    ) -> Result<Received<'r>, ClientError<Self::LinkError>> {
        block_on(CoapClient::exchange(self, request, source, sink, buffer))
    }

    fn close(&mut self) -> Result<(), ClientError<Self::LinkError>> {
        block_on(CoapClient::close(self))
    }
}

/// How to get into the network. Secrets in it never reach a `Debug` output.
#[derive(Clone, Copy)]
pub struct Network<'a> {
    /// The access point name; empty for the one that the SIM brings.
    pub apn: &'a str,
    /// The user name for the access point; empty for none.
    pub user: &'a str,
    /// The password for the access point; empty for none.
    pub password: &'a str,
    /// The SIM's PIN, if it has one. Tried once only.
    pub pin: Option<&'a str>,
    /// How long the whole may take, registration included.
    pub limit: Millis,
}

impl<'a> Network<'a> {
    /// A network with this access point, no user, no PIN, and three minutes to get in.
    pub const fn new(apn: &'a str) -> Self {
        Self {
            apn,
            user: "",
            password: "",
            pin: None,
            limit: Millis::from_secs(180),
        }
    }
}

impl fmt::Debug for Network<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = |secret: &str| if secret.is_empty() { "" } else { "<masked>" };
        f.debug_struct("Network")
            .field("apn", &self.apn)
            .field("user", &self.user)
            .field("password", &masked(self.password))
            .field("pin", &self.pin.map(masked))
            .field("limit", &self.limit)
            .finish()
    }
}

/// What carries the messages to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Transport {
    /// Datagrams: `coap` (RFC 7252).
    #[default]
    Udp,
    /// A stream: `coap+tcp` (RFC 8323). Few links have it, see [`Capabilities::tcp`].
    Tcp,
}

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote<'a> {
    /// Its name, or its address as text (an IPv6 address without brackets).
    pub host: &'a str,
    /// Its port: 5683 for `coap` (RFC 7252, section 6.1) and `coap+tcp`.
    pub port: u16,
    /// How it is reached.
    pub transport: Transport,
}

impl<'a> Remote<'a> {
    /// A server that is spoken to in datagrams and without security.
    pub const fn new(host: &'a str, port: u16) -> Self {
        Self {
            host,
            port,
            transport: Transport::Udp,
        }
    }

    /// The same server over TCP.
    #[must_use]
    pub const fn tcp(mut self) -> Self {
        self.transport = Transport::Tcp;
        self
    }

    /// The server of a URI.
    ///
    /// # Errors
    /// [`Unsupported::Security`] for `coaps` and `coaps+tcp`, which are refused until they are built: they must never go
    /// out in the clear. [`Invalid::Host`] if the host is percent-coded.
    pub fn from_uri(uri: &Uri<'a>) -> Result<Self, Error> {
        if matches!(uri.scheme(), Scheme::Coaps | Scheme::CoapsTcp) {
            return Err(Unsupported::Security.into());
        }
        if matches!(uri.host(), Host::Name(name) if name.contains('%')) {
            return Err(Invalid::Host.into());
        }
        let remote = Self::new(uri.host_text(), uri.port());
        Ok(match uri.scheme() {
            Scheme::CoapTcp => remote.tcp(),
            _ => remote,
        })
    }
}
