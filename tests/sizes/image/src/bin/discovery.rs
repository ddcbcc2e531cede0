#![no_std]
#![no_main]
//! Connect, one PUT, and a discovery whose links are looked at, blocking.

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
    let buffer = &mut buffer()[..];
    if let Ok(response) = client.request(&PUT, buffer) {
        result(response.code().as_byte().into());
    }
    let Ok(response) = client.discover("rt=temperature*", buffer) else {
        return;
    };
    for link in response.links().into_iter().flatten().flatten() {
        if link.resource_types().any(|word| word == "temperature-c") {
            result(link.content_formats().map(u32::from).sum());
        }
    }
}
