#![no_std]
#![no_main]
//! Attach, connect, GET and PUT, blocking: what a firmware does.

use coap_modem::client::Blocking;
use coap_modem::front::Polled;
use coap_modem::vendors::bg96::Client;
use image::{Counter, GET, NETWORK, PUT, SERVER, Uart, buffer, memory, result, unknown};

#[unsafe(no_mangle)]
fn run() {
    let mut client = Client::new(memory(), Polled::new(Uart, Counter), unknown);
    if client.attach(&NETWORK).is_err() || client.connect(&SERVER).is_err() {
        return;
    }
    let buffer = buffer();
    for request in [&GET, &PUT] {
        if let Ok(response) = client.request(request, buffer) {
            result(response.code().as_byte().into());
            result(response.payload().len() as u32);
        }
    }
}
