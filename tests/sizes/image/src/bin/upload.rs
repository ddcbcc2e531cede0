#![no_std]
#![no_main]
//! Connect and one PUT in blocks over an L610, blocking.

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
    if let Ok(response) = client.upload(&PUT, &*body(), buffer()) {
        result(response.code().as_byte().into());
    }
}
