//! `coap`: sends a CoAP request through a cellular modem, or over UDP, and prints the response.
//!
//! ```text
//! cargo run --example coap -- --modem bg96 -v coap://demo/hello
//! ```
//!
//! Files: `arguments` (the command line), `formats` (Content-Formats by name), `port` (the serial port), `show` (what
//! goes to standard error), and here the request itself: one function for every link.

mod arguments;
mod formats;
mod port;
mod show;

use arguments::Arguments;
use clap::Parser as _;
use coap_modem::client::{Blocking, Network, Remote, Response};
use coap_modem::error::{
    ClientError, Error, ModemError, PeerError, Resource, Unsupported, Waited, WayOut,
};
use coap_modem::front::{Clock, Polled, StdClock};
use coap_modem::message::Number;
use coap_modem::message::uri::Uri;
use coap_modem::sim::transcript::{Header, Kind, Mode};
use coap_modem::sim::{DemoServer, HostNetwork, Line, Recorder, TimeSource};
use coap_modem::udp::{self, Traffic, UdpClient};
use coap_modem::vendors::bg96::sim::SimBg96;
use coap_modem::vendors::bg96::{self, Bg96};
use embedded_io::{Read, ReadReady, Write};
use port::Port;
use show::{Watched, Way, tell, tell_way};
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;

/// Modems that have a name and nothing behind it yet.
const PLANNED: [&str; 4] = ["bc28", "sim7000", "l610", "sara-r5"];

/// Room for the largest response.
const RESPONSE: usize = 2048;

/// Why there is no answer.
enum Failure {
    /// The command line asks for what cannot be, or what is not built.
    Usage(String),
    /// Something between here and the server.
    Failed(String),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (text, status) = match start(&arguments) {
        Ok(status) => return ExitCode::from(status),
        Err(Failure::Usage(text)) => (text, 2),
        Err(Failure::Failed(text)) => (text, 1),
    };
    tell(format_args!("coap: {text}"));
    ExitCode::from(status)
}

fn start(arguments: &Arguments) -> Result<u8, Failure> {
    let uri = arguments.check()?;
    match arguments.modem.as_deref() {
        None => over_udp(arguments, &uri),
        Some("bg96") => match &arguments.port {
            Some(name) => {
                let port = Port::open(name, arguments.baud).map_err(|error| {
                    Failure::Failed(format!(
                        "cannot open {name}: {error}; check the name, your permission, and that no other program has it"
                    ))
                })?;
                over_bg96(arguments, &uri, port, StdClock::new(), Kind::Recorded)
            }
            None => {
                let line = Line::new(SimBg96::new(HostNetwork::new()), TimeSource::Real);
                over_bg96(
                    arguments,
                    &uri,
                    line.serial(),
                    line.clock(),
                    Kind::Simulated,
                )
            }
        },
        Some(name) if PLANNED.contains(&name) => Err(Failure::Usage(format!(
            "--modem {name} is not supported yet: use bg96, or leave --modem out for plain UDP"
        ))),
        Some(name) => Err(Failure::Usage(format!(
            "--modem {name} is not known: use bg96, or leave --modem out for plain UDP"
        ))),
    }
}

fn over_udp(arguments: &Arguments, uri: &Uri<'_>) -> Result<u8, Failure> {
    let mut memory = udp::Memory::new();
    let mut client = UdpClient::new(&mut memory, random);
    if arguments.verbose {
        client.watch(|traffic| match traffic {
            Traffic::Sent(bytes) => tell_way(Way::Sent, &show::message(bytes)),
            Traffic::Received(bytes) => tell_way(Way::Received, &show::message(bytes)),
        });
    }
    let demo;
    let mut remote = remote(uri)?;
    if remote.host == "demo" {
        let started = start_demo()
            .map_err(|error| Failure::Failed(format!("the demo server does not start: {error}")))?;
        demo = started.ip().to_string();
        remote = Remote::new(&demo, started.port());
    }
    run(&mut client, arguments, uri, &remote)
}

fn over_bg96<S, C>(
    arguments: &Arguments,
    uri: &Uri<'_>,
    serial: S,
    clock: C,
    kind: Kind,
) -> Result<u8, Failure>
where
    S: Read + ReadReady + Write,
    S::Error: fmt::Display,
    C: Clock,
{
    let header = Header {
        modem: "bg96".into(),
        source: format!("the example coap, version {}", env!("CARGO_PKG_VERSION")),
        kind,
        mode: Mode::Dialog,
    };
    let name = arguments
        .record
        .as_deref()
        .map(|path| path.display().to_string());
    let recorder = Recorder::new(name.unwrap_or_default(), header);
    recorder.call(format!("connect {}", arguments.uri));
    let serial = Watched::new(recorder.tap(serial), recorder.clone(), arguments.verbose);
    let mut memory = Box::new(bg96::Memory::new());
    let mut client: bg96::Client<'_, _> =
        coap_modem::modem::Client::<Bg96, _>::new(&mut memory, Polled::new(serial, clock), random);
    let outcome = remote(uri).and_then(|remote| run(&mut client, arguments, uri, &remote));
    // The end of the dialog is shown when the serial port is let go.
    drop(client);
    let Some(path) = &arguments.record else {
        return outcome;
    };
    let written = std::fs::write(path, recorder.transcript().to_string());
    match (outcome, written) {
        (Ok(_), Err(error)) => Err(cannot_write(path, &error)),
        (outcome, _) => outcome,
    }
}

/// The request and its response, over any link: the exit status.
fn run<C>(
    client: &mut C,
    arguments: &Arguments,
    uri: &Uri<'_>,
    remote: &Remote<'_>,
) -> Result<u8, Failure>
where
    C: Blocking<LinkError: fmt::Display>,
{
    let body = arguments.body()?;
    let options: Vec<_> = arguments
        .options
        .iter()
        .map(arguments::Extra::borrow)
        .collect();
    let mut request = arguments.request(uri, &body, &options);
    let named = options
        .iter()
        .any(|(number, _)| *number == Number::URI_HOST);
    if let Some(host) = uri.host_option()
        && !named
        && client.capabilities().has_option(Number::URI_HOST)
    {
        request = request.host(host);
    }
    let network = Network {
        limit: arguments.network_limit(),
        ..Network::new(&arguments.apn)
    };

    let failed = |error| failure(error, arguments, body.len());
    client.attach(&network).map_err(failed)?;
    client.connect(remote).map_err(failed)?;
    let mut buffer = [0; RESPONSE];
    let outcome = client
        .request(&request, &mut buffer)
        .map_err(failed)
        .and_then(|response| deliver(arguments, &response));
    // The answer is what matters; a session that does not close is closed by the next connect.
    if let Err(error) = client.close()
        && arguments.verbose
    {
        tell(format_args!("closing: {error}"));
    }
    outcome
}

/// The payload to where it belongs, the rest to standard error.
fn deliver(arguments: &Arguments, response: &Response<'_>) -> Result<u8, Failure> {
    let code = response.code();
    let name = code.name().unwrap_or("(a code that is not registered)");
    if arguments.verbose {
        let options: Vec<String> = response
            .options()
            .map(|option| format!(", {}", show::option(&option)))
            .collect();
        let length = response.payload().len();
        tell(format_args!(
            "{code} {name}{}, {length} bytes of payload",
            options.concat()
        ));
    }
    if code.is_success() {
        return output(arguments, response.payload()).map(|()| 0);
    }
    if !arguments.verbose {
        tell(format_args!("{code} {name}"));
    }
    if !response.payload().is_empty() {
        // Meant for people (RFC 7252, section 5.5.2), but what comes from the network must not steer the terminal.
        let text = String::from_utf8_lossy(response.payload());
        let text = text.replace(|c: char| c.is_control() && c != '\n', "\u{FFFD}");
        tell(format_args!("{}", text.trim_end()));
    }
    Ok(match code.class() {
        class @ (4 | 5) => class,
        _ => 1,
    })
}

fn output(arguments: &Arguments, payload: &[u8]) -> Result<(), Failure> {
    if let Some(path) = &arguments.output {
        return std::fs::write(path, payload).map_err(|error| cannot_write(path, &error));
    }
    let mut out = io::stdout().lock();
    // Raw for files and pipes; on a terminal, what follows begins on a new line.
    let end: &[u8] = if out.is_terminal() && !payload.ends_with(b"\n") {
        b"\n"
    } else {
        b""
    };
    let written = out.write_all(payload).and_then(|()| out.write_all(end));
    match written.and_then(|()| out.flush()) {
        // The reader has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written
            .map_err(|error| Failure::Failed(format!("cannot write to standard output: {error}"))),
    }
}

fn cannot_write(path: &std::path::Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write {}: {error}", path.display()))
}

fn remote<'a>(uri: &Uri<'a>) -> Result<Remote<'a>, Failure> {
    Remote::from_uri(uri).map_err(|error| Failure::Usage(error.to_string()))
}

/// An error with what to do about it on this command line.
fn failure<E: fmt::Display>(
    error: ClientError<E>,
    arguments: &Arguments,
    length: usize,
) -> Failure {
    let ClientError::Operation(operation) = error else {
        return Failure::Failed(format!("{error}; is it still plugged in?"));
    };
    if let Error::Invalid(invalid) = operation {
        return Failure::Usage(invalid.to_string());
    }
    let modem = arguments.modem.is_some();
    let advice = match operation {
        Error::Unsupported(Unsupported::Payload(_) | Unsupported::Message(_), _)
        | Error::Resource(Resource::Message { .. }) => {
            "send it in smaller pieces: block-wise transfer is not supported yet"
        }
        // RFC 7252, section 4.6: what every server takes.
        Error::Timeout(Waited::Acknowledgement) if length > 1024 => {
            "or its limit is below this payload: block-wise transfer is not supported yet"
        }
        Error::Unsupported(_, WayOut::None) if modem => "without --modem, plain UDP can do it",
        Error::Peer(PeerError::CriticalOption(Number::BLOCK2)) => {
            "the response comes in blocks, which is not supported yet: ask for a smaller resource"
        }
        Error::Timeout(Waited::Response) => {
            "check host and port, and that a CoAP server runs there; -B waits longer"
        }
        Error::Timeout(Waited::Modem) if arguments.port.is_some() => {
            "another --port or --baud, perhaps"
        }
        Error::Modem(ModemError::Refused(_) | ModemError::Unexpected) => {
            "is it the modem that --modem says?"
        }
        Error::Modem(ModemError::Dns) if !modem => "check the spelling of the host",
        _ => "",
    };
    let mut text = operation.to_string();
    if matches!(operation, Error::Modem(ModemError::Dns)) && !modem {
        text = "the server's name was not resolved".into();
    }
    if !advice.is_empty() {
        text = format!("{text}; {advice}");
    }
    let about_modem = matches!(operation, Error::Modem(_) | Error::Timeout(Waited::Modem));
    if modem && about_modem && !arguments.verbose {
        text.push_str(" (-v shows the dialog)");
    }
    Failure::Failed(text)
}

/// The server behind `coap://demo/`, on a loopback port of its own; it ends with the process.
fn start_demo() -> io::Result<std::net::SocketAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = socket.local_addr()?;
    std::thread::Builder::new()
        .name("coap-demo-server".into())
        .spawn(move || DemoServer::new().run_on(socket))?;
    Ok(address)
}

/// Unpredictable numbers, from the operating system.
fn random() -> u32 {
    match getrandom::u32() {
        Ok(number) => number,
        // Without randomness, strangers could answer in the server's place: rather no request.
        Err(error) => {
            tell(format_args!("coap: no randomness from the system: {error}"));
            std::process::exit(1);
        }
    }
}
