#![no_std]
#![no_main]
//! Connect and one PUT from a superloop.

use coap_modem::client::CoapClient;
use coap_modem::front::{Nb, Polled};
use coap_modem::vendors::bg96::Client;
use core::pin::pin;
use image::{Counter, PUT, SERVER, Uart, buffer, memory, result, unknown};

#[unsafe(no_mangle)]
fn run() {
    let mut client = Client::new(memory(), Polled::new(Uart, Counter), unknown);
    {
        let connect = pin!(client.connect(&SERVER));
        let mut operation = Nb::new(connect);
        loop {
            match operation.poll() {
                Ok(()) => break,
                Err(nb::Error::WouldBlock) => result(1),
                Err(nb::Error::Other(_)) => return,
            }
        }
    }
    let request = pin!(client.request(&PUT, buffer()));
    let mut operation = Nb::new(request);
    loop {
        match operation.poll() {
            Ok(response) => return result(response.code().as_byte().into()),
            Err(nb::Error::WouldBlock) => result(1),
            Err(nb::Error::Other(_)) => return,
        }
    }
}
