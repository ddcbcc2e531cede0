//! A client that is chosen at run time, with all that clients can do.

use super::{
    Blocking, Capabilities, CoapClient, Event, Incoming, Network, Remote, Reply, Request, Response,
};
use crate::error::{ClientError, Error};
use crate::time::Millis;

/// A [`Blocking`] client behind a reference, as a client of its own: with it, block-wise transfer and the like are there also
/// where the modem is chosen when the device boots.
///
/// (As methods of the trait object itself they would be linked with every such client, called or not.)
///
/// ```
/// use coap_modem::client::{AnyClient, Blocking, Request};
/// use coap_modem::error::ClientError;
///
/// fn fetch<E>(
///     client: &mut dyn Blocking<LinkError = E>,
///     place: &mut [u8],
/// ) -> Result<u32, ClientError<E>> {
///     let mut buffer = [0; 600];
///     let request = Request::get("/firmware");
///     let received = AnyClient(client).download(&request, place, &mut buffer)?;
///     Ok(received.length)
/// }
/// ```
pub struct AnyClient<'c, E>(pub &'c mut dyn Blocking<LinkError = E>);

impl<E> CoapClient for AnyClient<'_, E> {
    type LinkError = E;

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn attach(&mut self, network: &Network<'_>) -> Result<(), ClientError<E>> {
        self.0.attach(network)
    }

    async fn connect(&mut self, server: &Remote<'_>) -> Result<(), ClientError<E>> {
        self.0.connect(server)
    }

    async fn request<'r>(
        &mut self,
        request: &Request<'_>,
        buffer: &'r mut [u8],
    ) -> Result<Response<'r>, ClientError<E>> {
        self.0.request(request, buffer)
    }

    fn held<'r>(&mut self, buffer: &'r mut [u8]) -> Result<Option<Response<'r>>, Error> {
        self.0.held(buffer)
    }

    async fn event<'r>(
        &mut self,
        wait: Millis,
        buffer: &'r mut [u8],
    ) -> Result<Option<Event<'r>>, ClientError<E>> {
        self.0.event(wait, buffer)
    }

    async fn respond(&mut self, to: &Incoming, reply: &Reply<'_>) -> Result<(), ClientError<E>> {
        self.0.respond(to, reply)
    }

    async fn close(&mut self) -> Result<(), ClientError<E>> {
        self.0.close()
    }
}
