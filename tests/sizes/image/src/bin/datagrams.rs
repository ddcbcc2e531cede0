#![no_std]
#![no_main]
//! Connect and one PUT over an L610, blocking: the endpoint in full mode.

use coap_modem::client::Blocking;
use coap_modem::front::Polled;
use coap_modem::vendors::l610::Client;
use image::{Counter, PUT, SERVER, Uart, buffer, datagram_memory, result, unknown};

#[unsafe(no_mangle)]
fn run() {
    let mut client = Client::new(datagram_memory(), Polled::new(Uart, Counter), unknown);
    if client.connect(&SERVER).is_err() {
        return;
    }
    if let Ok(response) = client.request(&PUT, buffer()) {
        result(response.code().as_byte().into());
    }
}
