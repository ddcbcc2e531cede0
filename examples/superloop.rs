//! A thermometer that goes on with its superloop while it reports. See `blocking` and `asynch` for the same otherwise.

use coap_modem::client::{CoapClient, Network, Remote, Request};
use coap_modem::front::{Nb, Polled};
use coap_modem::sim::{Line, TestNetwork, TimeSource};
use coap_modem::vendors::bg96::{self, sim::SimBg96};
use std::error::Error;
use std::pin::pin;

fn main() -> Result<(), Box<dyn Error>> {
    // A simulated modem in virtual time. On a target: your UART and your millisecond counter.
    let line = Line::new(SimBg96::new(TestNetwork::new(1)), TimeSource::Virtual);
    let mut memory = bg96::Memory::new();
    let front = Polled::new(line.serial(), line.clock());
    let mut client: bg96::Client<'_, _> = bg96::Client::new(&mut memory, front, random);

    let (network, server) = (Network::new("internet"), Remote::new("demo", 5683));
    superloop(pin!(client.attach(&network)))?;
    superloop(pin!(client.connect(&server)))?;

    let mut buffer = [0; 128];
    for celsius in ["20.5", "21.0", "21.5"] {
        let request = Request::put("/store/celsius", celsius.as_bytes()).content_format(0);
        let response = superloop(pin!(client.request(&request, &mut buffer)))?;
        println!("{celsius}: {}", response.code());
    }
    let request = Request::get("/store/celsius");
    let response = superloop(pin!(client.request(&request, &mut buffer)))?;
    println!("stored: {}", response.payload().escape_ascii());

    superloop(pin!(client.close()))?;
    Ok(())
}

/// The rest of the device, and once a round a look at the operation.
fn superloop<T, E>(
    operation: std::pin::Pin<&mut impl Future<Output = Result<T, E>>>,
) -> Result<T, E> {
    let mut operation = Nb::new(operation);
    loop {
        match operation.poll() {
            Err(nb::Error::WouldBlock) => { /* blink, sample, feed the watchdog */ }
            Err(nb::Error::Other(error)) => return Err(error),
            Ok(output) => return Ok(output),
        }
    }
}

/// On a target: the hardware's random number generator. Never a constant: a stranger could answer in the server's place.
fn random() -> u32 {
    getrandom::u32().unwrap_or_else(|_| std::process::abort())
}
