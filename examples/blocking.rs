//! A thermometer that blocks while it reports: the plainest way. See `superloop` and `asynch` for the same otherwise.

use coap_modem::client::{Blocking, Network, Remote, Request};
use coap_modem::front::Polled;
use coap_modem::sim::{Line, TestNetwork, TimeSource};
use coap_modem::vendors::bg96::{self, sim::SimBg96};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // A simulated modem in virtual time. On a target: your UART and your millisecond counter.
    let line = Line::new(SimBg96::new(TestNetwork::new(1)), TimeSource::Virtual);
    let mut memory = bg96::Memory::new();
    let front = Polled::new(line.serial(), line.clock());
    let mut client: bg96::Client<'_, _> = bg96::Client::new(&mut memory, front, random);

    client.attach(&Network::new("internet"))?;
    client.connect(&Remote::new("demo", 5683))?;

    let mut buffer = [0; 128];
    for celsius in ["20.5", "21.0", "21.5"] {
        let request = Request::put("/store/celsius", celsius.as_bytes()).content_format(0);
        let response = client.request(&request, &mut buffer)?;
        println!("{celsius}: {}", response.code());
    }
    let response = client.request(&Request::get("/store/celsius"), &mut buffer)?;
    println!("stored: {}", response.payload().escape_ascii());

    client.close()?;
    Ok(())
}

/// On a target: the hardware's random number generator. Never a constant: a stranger could answer in the server's place.
fn random() -> u32 {
    getrandom::u32().unwrap_or_else(|_| std::process::abort())
}
