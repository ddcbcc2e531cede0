//! A thermometer that awaits while it reports. See `blocking` and `superloop` for the same otherwise.

#![expect(
    clippy::large_futures,
    reason = "on a host with its wide pointers; the limit is meant for targets"
)]

use coap_modem::client::{CoapClient, Network, Remote, Request};
use coap_modem::front::{Asynch, block_on};
use coap_modem::sim::{Line, TestNetwork, TimeSource};
use coap_modem::vendors::bg96::{self, sim::SimBg96};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // The smallest executor there is. On a target: a task of embassy, RTIC or your own.
    block_on(thermometer())
}

async fn thermometer() -> Result<(), Box<dyn Error>> {
    // A simulated modem in virtual time. On a target: the two halves of your UART, and a timer.
    let line = Line::new(SimBg96::new(TestNetwork::new(1)), TimeSource::Virtual);
    let mut memory = bg96::Memory::new();
    let front = Asynch::new(line.serial(), line.serial(), line.timer());
    let mut client: bg96::Client<'_, _> = bg96::Client::new(&mut memory, front, random);

    client.attach(&Network::new("internet")).await?;
    client.connect(&Remote::new("demo", 5683)).await?;

    let mut buffer = [0; 128];
    for celsius in ["20.5", "21.0", "21.5"] {
        let request = Request::put("/store/celsius", celsius.as_bytes()).content_format(0);
        let response = client.request(&request, &mut buffer).await?;
        println!("{celsius}: {}", response.code());
    }
    let request = Request::get("/store/celsius");
    let response = client.request(&request, &mut buffer).await?;
    println!("stored: {}", response.payload().escape_ascii());

    client.close().await?;
    Ok(())
}

/// On a target: the hardware's random number generator. Never a constant: a stranger could answer in the server's place.
fn random() -> u32 {
    getrandom::u32().unwrap_or_else(|_| std::process::abort())
}
