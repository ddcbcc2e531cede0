#![no_std]
#![no_main]
//! Connect and one POST in blocks both ways over an L610, blocking.

use coap_modem::client::Blocking;
use coap_modem::front::Polled;
use coap_modem::vendors::l610::Client;
use image::{Counter, PUT, SERVER, Uart, body, buffer, datagram_memory, result, unknown};

#[unsafe(no_mangle)]
fn run() {
    let mut client = Client::new(datagram_memory(), Polled::new(Uart, Counter), unknown);
    if client.connect(&SERVER).is_err() {
        return;
    }
    let (source, sink) = body().split_at_mut(0);
    if let Ok(received) = client.exchange(&PUT, &*source, sink, buffer()) {
        result(received.length);
    }
}
