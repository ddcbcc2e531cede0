//! Texts of the caller that no command line can carry.

use super::{Bench, Op, line, perform_blocking, polite};
use crate::client::{Blocking, Network, Remote};
use crate::error::{ClientError, Error, Invalid, Unsupported};
use crate::front::Polled;
use crate::modem::Dialect as _;

/// Hosts and network settings that could end a quote or a line, or that are too long, are refused before a byte is sent,
/// with the error that says which; what was up goes on working.
pub fn texts_refused<B: Bench>() {
    let line = line::<B>();
    let mut memory = B::Memory::default();
    let mut client = B::client(&mut memory, Polled::new(line.serial(), line.clock()));
    for (network, told) in networks() {
        let result = Blocking::attach(&mut client, &network);
        assert_eq!(operation(result), Some(told), "{network:?}");
        assert_eq!(line.sent(), b"", "{network:?}: nothing at all is sent");
    }
    for op in [Op::Attach, Op::connect::<B>()] {
        assert_eq!(perform_blocking(&mut client, &op), "done");
    }
    line.sent();

    let long = "h".repeat(B::LONGEST_HOST + 1);
    let character = Error::from(Invalid::Character);
    let capabilities = B::Dialect::CAPABILITIES;
    let tcp = Error::Unsupported(Unsupported::Transport, capabilities.way_out);
    let mut hosts: Vec<(Remote<'_>, Error)> =
        ["a\"b", "a\rb", "a\nb", "a\x1Ab", "a\x1Bb", "a\0b", "\u{e4}"]
            .iter()
            .map(|host| (Remote::new(host, 5683), character))
            .collect();
    hosts.push((Remote::new(&long, 5683), Invalid::Host.into()));
    hosts.push((Remote::new("", 5683), Invalid::Host.into()));
    hosts.push((Remote::new(B::SERVER, 0), Invalid::Port.into()));
    for (host, wrong) in B::HOSTS {
        hosts.push((Remote::new(host, 5683), (*wrong).into()));
    }
    if !capabilities.tcp {
        hosts.push((Remote::new(B::SERVER, 5683).tcp(), tcp));
    }
    for (remote, told) in hosts {
        let result = Blocking::connect(&mut client, &remote);
        assert_eq!(operation(result), Some(told), "{remote:?}");
        assert_eq!(line.sent(), b"", "{remote:?}: nothing at all is sent");
        assert_eq!(perform_blocking(&mut client, &Op::connect::<B>()), "done");
        let hello = perform_blocking(&mut client, &Op::get("/hello"));
        assert!(hello.ends_with("demo server!"), "{remote:?}: {hello}");
        line.sent();
    }
    polite::<B>(&line);
}

/// Settings of a network that are refused, each with its reason.
fn networks() -> Vec<(Network<'static>, Error)> {
    let good = Network::new("internet");
    let mut cases = Vec::new();
    for text in ["a\rb", "a\nb", "a\"b", "\x1A", "\x1B", "\0", "\u{e4}"] {
        cases.push((Network::new(text), Invalid::Character.into()));
        let user = Network { user: text, ..good };
        cases.push((user, Invalid::Character.into()));
        let password = Network {
            user: "me",
            password: text,
            ..good
        };
        cases.push((password, Invalid::Character.into()));
    }
    for pin in ["", "12", "123456789", "12a4", "12\r4", "1234\""] {
        let pin = Network {
            pin: Some(pin),
            ..good
        };
        cases.push((pin, Invalid::Pin.into()));
    }
    cases
}

fn operation<E: core::fmt::Debug>(result: Result<(), ClientError<E>>) -> Option<Error> {
    match result {
        Err(ClientError::Operation(error)) => Some(error),
        Ok(()) => None,
        Err(error) => panic!("{error:?}"),
    }
}
