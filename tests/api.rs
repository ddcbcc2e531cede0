//! What the public types promise to the compiler: claims that hold if this file builds.

use coap_modem::client::{Blocking, CoapClient, Network, Remote, Request};
use coap_modem::error::ClientError;
use coap_modem::front::{Asynch, Clock, Polled, Timer};
use coap_modem::sim::{Line, TestNetwork, TimeSource};
use coap_modem::time::Instant;
use coap_modem::udp::{self, UdpClient};
use coap_modem::vendors::bg96::{self, sim::SimBg96};
use std::convert::Infallible;

fn random() -> u32 {
    4
}

/// A port and a clock that may go to another thread, as those of an embedded HAL may.
struct Uart;

impl embedded_io::ErrorType for Uart {
    type Error = Infallible;
}

impl embedded_io::Read for Uart {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        Ok(0)
    }
}

impl embedded_io::ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }
}

impl embedded_io::Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl embedded_io_async::Read for Uart {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        core::future::pending().await
    }
}

impl embedded_io_async::Write for Uart {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

struct Ticks(u32);

impl Clock for Ticks {
    fn now(&mut self) -> Instant {
        self.0 += 1;
        Instant::from_millis(self.0)
    }
}

impl Timer for Ticks {
    fn now(&mut self) -> Instant {
        Clock::now(self)
    }

    async fn until(&mut self, _: Instant) {}
}

fn is_send<T: Send>(_: &T) {}

#[test]
fn operations_may_move_between_threads() {
    let mut memory = bg96::Memory::new();
    let mut client = bg96::Client::new(&mut memory, Polled::new(Uart, Ticks(0)), random);
    is_send(&client);
    let (network, server, request) = (
        Network::new(""),
        Remote::new("host", 5683),
        Request::get("/x"),
    );
    let mut buffer = [0; 64];
    is_send(&CoapClient::attach(&mut client, &network));
    is_send(&CoapClient::connect(&mut client, &server));
    is_send(&CoapClient::request(&mut client, &request, &mut buffer));

    let mut memory = bg96::Memory::new();
    let mut client = bg96::Client::new(&mut memory, Asynch::new(Uart, Uart, Ticks(0)), random);
    is_send(&client);
    is_send(&CoapClient::attach(&mut client, &network));
    is_send(&CoapClient::connect(&mut client, &server));
    is_send(&CoapClient::request(&mut client, &request, &mut buffer));
}

#[test]
fn the_memory_of_a_client_may_be_a_static() {
    static MEMORY: std::sync::Mutex<bg96::Memory> = std::sync::Mutex::new(bg96::Memory::new());
    let mut memory = MEMORY.lock().unwrap();
    let _client = bg96::Client::new(&mut memory, Polled::new(Uart, Ticks(0)), random);
}

/// An application that knows no link.
async fn generic<C: CoapClient>(
    client: &mut C,
    port: u16,
) -> Result<Vec<u8>, ClientError<C::LinkError>> {
    client.attach(&Network::new("internet")).await?;
    client.connect(&Remote::new("127.0.0.1", port)).await?;
    let mut buffer = [0; 128];
    let response = client.request(&Request::get("/hello"), &mut buffer).await?;
    let payload = response.payload().to_vec();
    client.close().await?;
    Ok(payload)
}

/// The same where the link is chosen at run time.
fn chosen<E>(
    client: &mut dyn Blocking<LinkError = E>,
    port: u16,
) -> Result<Vec<u8>, ClientError<E>> {
    client.attach(&Network::new("internet"))?;
    client.connect(&Remote::new("127.0.0.1", port))?;
    let mut buffer = [0; 128];
    let response = client.request(&Request::get("/hello"), &mut buffer)?;
    let payload = response.payload().to_vec();
    client.close()?;
    Ok(payload)
}

#[test]
fn one_application_runs_over_modem_and_socket_generic_or_chosen_at_run_time() {
    let expected = b"Hello from the demo server!";
    let line = Line::new(SimBg96::new(TestNetwork::new(1)), TimeSource::Virtual);
    let mut memory = bg96::Memory::new();
    let mut modem = bg96::Client::new(
        &mut memory,
        Polled::new(line.serial(), line.clock()),
        random,
    );
    let got = coap_modem::front::block_on(generic(&mut modem, 5683));
    assert_eq!(got.unwrap(), expected);
    assert_eq!(chosen(&mut modem, 5683).unwrap(), expected);

    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || coap_modem::sim::DemoServer::new().run_on(socket));
    let mut memory = udp::Memory::new();
    let mut udp = UdpClient::new(&mut memory, random);
    let got = coap_modem::front::block_on(generic(&mut udp, port));
    assert_eq!(got.unwrap(), expected);
    assert_eq!(chosen(&mut udp, port).unwrap(), expected);
}
