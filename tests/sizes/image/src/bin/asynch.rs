#![no_std]
#![no_main]
//! Connect and one PUT in an async task, under a hand-made executor.

use coap_modem::client::CoapClient;
use coap_modem::front::Asynch;
use coap_modem::vendors::bg96::Client;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use image::{Counter, Half, PUT, SERVER, buffer, memory, result, unknown};

async fn task() {
    let mut client = Client::new(memory(), Asynch::new(Half, Half, Counter), unknown);
    if client.connect(&SERVER).await.is_err() {
        return;
    }
    if let Ok(response) = client.request(&PUT, buffer()).await {
        result(response.code().as_byte().into());
    }
}

#[unsafe(no_mangle)]
fn run() {
    let mut task = pin!(task());
    let mut context = Context::from_waker(Waker::noop());
    while task.as_mut().poll(&mut context).is_pending() {
        result(1);
    }
}
