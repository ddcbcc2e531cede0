#![no_std]
#![no_main]
//! Connect and one PUT, blocking.

use coap_modem::client::Blocking;
use coap_modem::front::Polled;
use coap_modem::vendors::bg96::Client;
use image::{Counter, PUT, SERVER, Uart, buffer, memory, result, unknown};

#[unsafe(no_mangle)]
fn run() {
    let mut client = Client::new(memory(), Polled::new(Uart, Counter), unknown);
    if client.connect(&SERVER).is_err() {
        return;
    }
    if let Ok(response) = client.request(&PUT, buffer()) {
        result(response.code().as_byte().into());
    }
}
