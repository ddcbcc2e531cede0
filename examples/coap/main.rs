//! `coap`: sends a CoAP request through a cellular modem, or over UDP, and prints the response.
//!
//! ```text
//! cargo run --example coap -- --modem bg96 -v coap://demo/hello
//! ```
//!
//! Files: `arguments` (the command line), `body` (what goes out and comes in), `formats` (Content-Formats by name), `links`
//! (made readable), `modems` (which there are), `port` (the serial port), `show` (what goes to standard error), and here the
//! request itself: one function for every link.

mod arguments;
mod body;
mod formats;
mod links;
mod modems;
mod port;
mod show;

use arguments::Arguments;
use body::{Outgoing, Output};
use clap::Parser as _;
use coap_modem::client::{Blocking, Network, Received, Remote, Response};
use coap_modem::error::{
    ClientError, Error, ModemError, PeerError, Resource, Unsupported, Waited, WayOut,
};
use coap_modem::message::uri::Uri;
use coap_modem::message::{Code, Number};
use coap_modem::sim::transcript::{Header, Kind, Mode};
use coap_modem::sim::{DemoServer, Recorder, record};
use coap_modem::udp::{self, Traffic, UdpClient};
use port::Port;
use show::{Watched, Way, tell, tell_way};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;

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
    let Some(name) = arguments.modem.as_deref() else {
        return over_udp(arguments, &uri);
    };
    let Some(modem) = modems::find(name) else {
        return Err(Failure::Usage(format!(
            "--modem {name} is not known: there are {}; without --modem it is plain UDP",
            modems::names()
        )));
    };
    let Some(name) = &arguments.port else {
        return (modem.simulated)(arguments, &uri);
    };
    let port = Port::open(name, arguments.baud.unwrap_or(modem.baud)).map_err(|error| {
        Failure::Failed(format!(
            "cannot open {name}: {error}; check the name, your permission, and that no other program has it"
        ))
    })?;
    (modem.attached)(arguments, &uri, port)
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
        (remote.host, remote.port) = (&demo, started.port());
    }
    run(&mut client, arguments, uri, &remote)
}

/// What went over a modem's serial port while `ask` used it, shown and recorded as the arguments want it.
fn recorded<S>(
    arguments: &Arguments,
    modem: &str,
    kind: Kind,
    serial: S,
    ask: impl FnOnce(Watched<record::Tap<S>>) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let header = Header {
        modem: modem.into(),
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
    // The end of the dialog is shown when the serial port is let go.
    let outcome = ask(Watched::new(
        recorder.tap(serial),
        recorder.clone(),
        arguments.verbose,
    ));
    let Some(path) = &arguments.record else {
        return outcome;
    };
    let written = std::fs::write(path, recorder.transcript().to_string());
    match (outcome, written) {
        (Ok(_), Err(error)) => Err(Failure::Failed(format!(
            "cannot write {}: {error}",
            path.display()
        ))),
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
    let mut request = arguments.request(uri, &options);
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
    let detail = client.capabilities().shows.detail;
    let mut buffer = [0; RESPONSE];
    let mut output = Output::new(
        arguments.output.as_deref(),
        arguments.verbose,
        is_discovery(uri),
    );
    // Whoever writes the options of blocks by hand means this one block.
    let by_hand = options
        .iter()
        .any(|(number, _)| matches!(*number, Number::BLOCK1 | Number::BLOCK2));
    let asked = if by_hand {
        client
            .request(&request.payload(&body), &mut buffer)
            .and_then(|response| single(response, &mut output))
    } else {
        let outgoing = Outgoing::new(&body, arguments.verbose);
        client.exchange(&request, outgoing, &mut output, &mut buffer)
    };
    let outcome = match (asked, output.take_error()) {
        (_, Some(error)) => Err(cannot_write(arguments, &error)),
        (Ok(received), None) => deliver(arguments, &received, detail, output),
        (Err(error), None) => Err(failed(error)),
    };
    // The answer is what matters; a session that does not close is closed by the next connect.
    if let Err(error) = client.close()
        && arguments.verbose
    {
        tell(format_args!("closing: {error}"));
    }
    outcome
}

/// Links come from there (RFC 6690, section 4), also where the link does not show the format.
fn is_discovery(uri: &Uri<'_>) -> bool {
    let path = uri.resource().split('?').next();
    path == Some("/.well-known/core")
}

/// A response that stands for itself.
fn single<'r, E>(
    response: Response<'r>,
    output: &mut Output<'_>,
) -> Result<Received<'r>, ClientError<E>> {
    use coap_modem::client::Sink as _;
    if response.code().is_success() {
        output
            .begin(&response)
            .and_then(|()| output.piece(0, response.payload()))
            .map_err(|_| Error::from(Resource::Sink))?;
    }
    let length = u32::try_from(response.payload().len()).unwrap_or(u32::MAX);
    Ok(Received { response, length })
}

/// A response code with its name, where the link shows more of it than its class.
fn named(code: Code, detail: bool) -> String {
    let class = match code.class() {
        2 => "2.xx Success",
        4 => "4.xx Client Error",
        _ => "5.xx Server Error",
    };
    match code.name() {
        _ if !detail => format!("{class} (the modem does not show which)"),
        Some(name) => format!("{code} {name}"),
        None => format!("{code} (a code that is not registered)"),
    }
}

/// The payload to where it belongs, the rest to standard error.
fn deliver(
    arguments: &Arguments,
    received: &Received<'_>,
    detail: bool,
    mut output: Output<'_>,
) -> Result<u8, Failure> {
    let Received { response, length } = received;
    let code = response.code();
    let name = named(code, detail);
    if arguments.verbose {
        let options: Vec<String> = response
            .options()
            .map(|option| format!(", {}", show::option(&option)))
            .collect();
        let length = if code.is_success() {
            *length as usize
        } else {
            response.payload().len()
        };
        tell(format_args!(
            "{name}{}, {length} bytes of payload",
            options.concat()
        ));
    }
    if code.is_success() {
        return match output.finish() {
            Ok(()) => Ok(0),
            Err(error) => Err(cannot_write(arguments, &error)),
        };
    }
    // The bar goes before anything is said.
    drop(output);
    if !arguments.verbose {
        tell(format_args!("{name}"));
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

fn cannot_write(arguments: &Arguments, error: &io::Error) -> Failure {
    let place = arguments.output.as_deref().map_or_else(
        || "to standard output".into(),
        |path| path.display().to_string(),
    );
    Failure::Failed(format!("cannot write {place}: {error}"))
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
    match operation {
        Error::Invalid(invalid) => return Failure::Usage(invalid.to_string()),
        Error::Unsupported(Unsupported::Transport, _) => {
            return Failure::Usage(
                "coap+tcp:// is not there on this link: use coap://, which is over UDP".into(),
            );
        }
        _ => {}
    }
    let modem = arguments.modem.is_some();
    // The other link of the same modem, where it has one of its own name here.
    let sockets = arguments
        .modem
        .as_deref()
        .map(|name| format!("{name}-sockets"));
    let sockets = sockets
        .filter(|name| modems::find(name).is_some())
        .map(|name| format!("--modem {name}"));
    let advice = match operation {
        Error::Unsupported(_, WayOut::Sockets) => sockets.as_deref().unwrap_or(""),
        Error::Resource(Resource::Message { .. }) => "fewer or shorter options leave room for it",
        // Some networks lose datagrams that are large but allowed.
        Error::Timeout(Waited::Acknowledgement) if length > 256 => {
            "or that smaller blocks arrive: -b 256"
        }
        Error::Unsupported(_, WayOut::None) if modem => "without --modem, plain UDP can do it",
        Error::Peer(PeerError::CriticalOption(Number::BLOCK2)) if modem => {
            "the response comes in blocks, which this modem cannot ask for: without --modem, plain UDP can do it"
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
    match operation {
        // Nothing was sent, and another try is of no use.
        Error::Unsupported(..) => Failure::Usage(text),
        _ => Failure::Failed(text),
    }
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
