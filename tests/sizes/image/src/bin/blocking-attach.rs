#![no_std]
#![no_main]
//! Attach, connect, GET and PUT, blocking: what a firmware does.

use coap_modem::front::Polled;
use coap_modem::vendors::bg96::Client;
use image::{Counter, Uart, drive, memory, unknown};

#[unsafe(no_mangle)]
fn run() {
    drive(&mut Client::new(
        memory(),
        Polled::new(Uart, Counter),
        unknown,
    ));
}
