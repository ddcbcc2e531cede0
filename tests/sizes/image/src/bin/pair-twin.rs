#![no_std]
#![no_main]
//! BG96, and beside it a dialect that does nothing but ask the BG96's: what a second modem costs without its dialect.

use coap_modem::at::{At, Counted, Inbox};
use coap_modem::client::{Capabilities, Network, Remote};
use coap_modem::endpoint::Parameters;
use coap_modem::error::Error;
use coap_modem::message::View;
use coap_modem::modem::Dialect;
use coap_modem::vendors::bg96::Bg96;
use core::future::Future;

/// The dialect of another modem, as far as the compiler can see.
#[derive(Default)]
struct Twin(Bg96);

impl Dialect for Twin {
    const CAPABILITIES: Capabilities = Bg96::CAPABILITIES;

    fn counted(line: &[u8], whole: bool) -> Counted {
        Bg96::counted(line, whole)
    }

    fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
        Bg96::urc(line, inbox)
    }

    fn start(
        &mut self,
        at: &mut At<'_>,
        network: &Network<'_>,
    ) -> impl Future<Output = Result<(), Error>> {
        self.0.start(at, network)
    }

    fn open(
        &mut self,
        at: &mut At<'_>,
        server: &Remote<'_>,
        parameters: &Parameters,
    ) -> impl Future<Output = Result<(), Error>> {
        self.0.open(at, server, parameters)
    }

    fn send(
        &mut self,
        at: &mut At<'_>,
        message: View<'_>,
    ) -> impl Future<Output = Result<(), Error>> {
        self.0.send(at, message)
    }

    fn fetch(&mut self, at: &mut At<'_>) -> impl Future<Output = Result<(), Error>> {
        self.0.fetch(at)
    }

    fn close(&mut self, at: &mut At<'_>) -> impl Future<Output = Result<(), Error>> {
        self.0.close(at)
    }
}

/// The second modem, where the macro looks for one.
mod vendors {
    pub(crate) use coap_modem::vendors::bg96;
    pub(crate) mod twin {
        pub(crate) type Client<'b, F> = coap_modem::modem::Client<'b, super::super::Twin, F>;
        pub(crate) type Memory = coap_modem::vendors::bg96::Memory;
    }
}

image::firmware!(in vendors: bg96 Client Memory, twin Client Memory);
