#![no_std]
#![no_main]
//! Sizes of types on the target, as data in the section `.facts`: for each a name of 28 bytes and a number.

use coap_modem::client::{CoapClient, Event, Refused, Request, Response, Sink};
use coap_modem::error::Error;
use coap_modem::front::{Asynch, Polled};
use coap_modem::time::Millis;
use coap_modem::vendors::bg96::{Client, Memory};
use image::{Counter, GET, Half, NETWORK, PUT, SERVER, Uart};

/// A fact.
#[repr(C)]
pub struct Fact {
    name: [u8; 28],
    bytes: u32,
}

const fn fact(name: &str, bytes: u32) -> Fact {
    let mut padded = [b' '; 28];
    let mut at = 0;
    while at < name.len() {
        padded[at] = name.as_bytes()[at];
        at += 1;
    }
    Fact {
        name: padded,
        bytes,
    }
}

const fn of<T>() -> u32 {
    size_of::<T>() as u32
}

/// The size of the future that such a call gives.
const fn call<C: 'static, T, F: FnOnce(&'static mut C, &'static mut [u8]) -> T>(_: &F) -> u32 {
    of::<T>()
}

type Blocking = Client<'static, Polled<Uart, Counter>>;
type Awaited = Client<'static, Asynch<Half, Half, Counter>>;

/// A body in memory that is not written.
const BODY: &[u8] = b"body";

/// A sink without a state of its own.
struct Nowhere;

impl Sink for Nowhere {
    fn piece(&mut self, _: u32, _: &[u8]) -> Result<(), Refused> {
        Ok(())
    }
}

macro_rules! operations {
    ($client:ty) => {
        [
            call::<$client, _, _>(&|client, _| client.attach(&NETWORK)),
            call::<$client, _, _>(&|client, _| client.connect(&SERVER)),
            call::<$client, _, _>(&|client, buffer| client.request(&PUT, buffer)),
            call::<$client, _, _>(&|client, buffer| client.event(Millis::new(0), buffer)),
            call::<$client, _, _>(&|client, _| client.close()),
            call::<$client, _, _>(&|client, buffer| client.upload(&PUT, BODY, buffer)),
            call::<$client, _, _>(&|client, buffer| client.download(&GET, Nowhere, buffer)),
        ]
    };
}

const POLLED: [u32; 7] = operations!(Blocking);
const ASYNCH: [u32; 7] = operations!(Awaited);

#[used]
#[unsafe(link_section = ".facts")]
static FACTS: [Fact; 21] = [
    fact("Client (Polled)", of::<Blocking>()),
    fact("Client (Asynch)", of::<Awaited>()),
    fact("Memory", of::<Memory>()),
    fact("Request", of::<Request<'_>>()),
    fact("Response", of::<Response<'_>>()),
    fact("Event", of::<Event<'_>>()),
    fact("Error", of::<Error>()),
    fact("attach (Polled)", POLLED[0]),
    fact("connect (Polled)", POLLED[1]),
    fact("request (Polled)", POLLED[2]),
    fact("event (Polled)", POLLED[3]),
    fact("close (Polled)", POLLED[4]),
    fact("attach (Asynch)", ASYNCH[0]),
    fact("connect (Asynch)", ASYNCH[1]),
    fact("request (Asynch)", ASYNCH[2]),
    fact("event (Asynch)", ASYNCH[3]),
    fact("close (Asynch)", ASYNCH[4]),
    fact("upload (Polled)", POLLED[5]),
    fact("download (Polled)", POLLED[6]),
    fact("upload (Asynch)", ASYNCH[5]),
    fact("download (Asynch)", ASYNCH[6]),
];

#[unsafe(no_mangle)]
fn run() {
    image::result(0);
}
