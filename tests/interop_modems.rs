//! Every link against libcoap's server and against the demo server, whose CoAP is `coap-lite`'s: one test body, the modems
//! simulated, the datagrams real.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

#[path = "common/libcoap.rs"]
mod libcoap;

use coap_modem::client::{Blocking, Capabilities, Network, Remote, Request};
use coap_modem::error::{ClientError, Error, Unsupported};
use coap_modem::front::Polled;
use coap_modem::message::{Code, Number};
use coap_modem::modem::Client;
use coap_modem::sim::{DemoServer, HostNetwork, Line, TimeSource};
use coap_modem::time::Millis;
use coap_modem::udp::{self, UdpClient};
use coap_modem::vendors::{bc28, bg96, l610, sara_r5, sim7000};
use core::fmt::Debug;
use libcoap::{Server, awkward, random};
use std::net::UdpSocket;

/// What came back: code, options by number, payload.
struct Answer {
    code: Code,
    options: Vec<(Number, Vec<u8>)>,
    payload: Vec<u8>,
}

impl Answer {
    fn option(&self, number: Number) -> Option<&[u8]> {
        let found = self.options.iter().find(|option| option.0 == number);
        found.map(|option| option.1.as_slice())
    }
}

/// A client, and how its requests go out.
struct Desk<'c, C> {
    client: &'c mut C,
    link: Capabilities,
    confirmable: bool,
}

impl<C: Blocking<LinkError: Debug>> Desk<'_, C> {
    /// A request that is answered with this code, as far as the link shows it.
    #[track_caller]
    fn ask(&mut self, request: Request<'_>, code: Code) -> Answer {
        let mut request = request.limit(Millis::from_secs(60));
        if !self.confirmable {
            request = request.non_confirmable();
        }
        let mut buffer = [0; 1400];
        let response = self.client.request(&request, &mut buffer);
        let response = response.unwrap_or_else(|error| panic!("{request:?}: {error:?}"));
        let shown = if self.link.shows.detail {
            code
        } else {
            Code::new(code.class(), 0)
        };
        assert_eq!(response.code(), shown, "{request:?}");
        Answer {
            code,
            options: response
                .options()
                .map(|option| (option.number, option.value.to_vec()))
                .collect(),
            payload: response.payload().to_vec(),
        }
    }

    fn put(&mut self, path: &str, payload: &[u8], code: Code) -> Answer {
        self.ask(Request::put(path, payload), code)
    }

    #[track_caller]
    fn get(&mut self, path: &str) -> Answer {
        let answer = self.ask(Request::get(path), Code::CONTENT);
        assert_eq!(answer.code, Code::CONTENT);
        answer
    }
}

/// The largest payloads that go out and come in, with a path of 12 bytes.
fn largest(link: &Capabilities) -> (usize, usize) {
    // Header, token, path and payload marker.
    let beside = 4 + 4 + 12 + 1;
    let whole = link
        .message_out
        .map_or(1024, |limit| usize::from(limit) - beside);
    let out = usize::from(link.payload_out).min(whole).min(1024);
    let back = link.payload_in.map_or(1024, usize::from).min(1024);
    (out, back)
}

/// All methods, all sizes up to the largest, what is missing, what comes late.
fn methods<C: Blocking<LinkError: Debug>>(client: &mut C, port: u16, confirmable: bool) {
    let link = client.capabilities();
    let mut desk = Desk {
        client,
        link,
        confirmable,
    };
    let time = desk.get("/time").payload;
    assert!(String::from_utf8(time).unwrap().contains(':'));
    let root = desk.get("/").payload;
    assert!(String::from_utf8(root).unwrap().contains("libcoap"));

    let (out, back) = largest(&link);
    for length in [1, 300, out.min(back)] {
        // Three digits at most: the path counts.
        let path = format!("/awkward/{}", length % 1000);
        for code in [Code::CREATED, Code::CHANGED] {
            let bytes = awkward(length);
            desk.put(&path, &bytes, code);
            assert_eq!(desk.get(&path).payload, bytes, "{length} bytes");
        }
        desk.ask(Request::delete(&path), Code::DELETED);
        desk.ask(Request::get(&path), Code::NOT_FOUND);
    }
    // The largest in each direction, with plain UDP at the other end.
    let mut memory = udp::Memory::new();
    let mut other = UdpClient::new(&mut memory, random);
    other.connect(&Remote::new("127.0.0.1", port)).unwrap();
    let mut buffer = [0; 1400];
    let bytes = awkward(out);
    desk.put("/awkward/out", &bytes, Code::CREATED);
    let there = other.request(&Request::get("/awkward/out"), &mut buffer);
    assert_eq!(there.unwrap().payload(), bytes, "{out} bytes out");
    let bytes = awkward(back);
    let put = other.request(&Request::put("/awkward/in", &bytes), &mut buffer);
    assert_eq!(put.unwrap().code(), Code::CREATED);
    assert_eq!(desk.get("/awkward/in").payload, bytes, "{back} bytes in");
    // One more than goes out is refused, and nothing is sent.
    if link.payload_out < u16::MAX || link.message_out.is_some() {
        let bytes = awkward(out + 1);
        let refused = desk
            .client
            .request(&Request::put("/awkward/out", &bytes), &mut buffer);
        let Err(ClientError::Operation(Error::Unsupported(what, _))) = refused else {
            panic!("{refused:?}");
        };
        assert!(matches!(
            what,
            Unsupported::Payload(_) | Unsupported::Message(_)
        ));
        let there = other.request(&Request::get("/awkward/out"), &mut buffer);
        assert_eq!(there.unwrap().payload().len(), out);
    }

    desk.ask(Request::post("/posted", b"first"), Code::CREATED);
    desk.ask(Request::post("/posted", b"second"), Code::CHANGED);
    assert_eq!(desk.get("/posted").payload, b"second");
    desk.ask(Request::get("/no/such/thing"), Code::NOT_FOUND);
    desk.ask(Request::post("/", b"x"), Code::METHOD_NOT_ALLOWED);
    // A separate response, a second later (RFC 7252, section 5.2.2).
    assert_eq!(desk.get("/async?1").payload, b"done");
    desk.get("/time");
}

/// What stands in options, where the link shows them.
fn options<C: Blocking<LinkError: Debug>>(client: &mut C, confirmable: bool) {
    let link = client.capabilities();
    let mut desk = Desk {
        client,
        link,
        confirmable,
    };
    let root = desk.get("/");
    let directory = desk.get("/.well-known/core");
    if link.shows.options {
        assert_eq!(root.option(Number::MAX_AGE), Some(&[2, 0xFF, 0xFF][..]));
        assert_eq!(directory.option(Number::CONTENT_FORMAT), Some(&[40][..]));
    }
    // A new resource with two parameters: the server names them in its location.
    let created = desk.ask(Request::post("/two?a=1&b=22", b"x"), Code::CREATED);
    if link.shows.options {
        let location: Vec<&[u8]> = created
            .options
            .iter()
            .filter(|option| option.0 == Number::LOCATION_QUERY)
            .map(|option| option.1.as_slice())
            .collect();
        assert_eq!(location, [&b"a=1"[..], b"b=22"]);
    }
}

/// Against the other foreign server: two parameters of a query, and an entity-tag.
fn demo<C: Blocking<LinkError: Debug>>(client: &mut C, confirmable: bool) {
    let link = client.capabilities();
    let mut desk = Desk {
        client,
        link,
        confirmable,
    };
    assert_eq!(desk.get("/query?a=1&b=22").payload, b"a=1\nb=22");
    let tagged = desk.get("/etag");
    assert_eq!(tagged.payload, b"This does not change.");
    if link.shows.options {
        assert!(
            tagged
                .option(Number::ETAG)
                .is_some_and(|tag| !tag.is_empty())
        );
        // Text, whose number is 0 and has no bytes.
        assert_eq!(tagged.option(Number::CONTENT_FORMAT), Some(&b""[..]));
    }
}

/// The whole, over one client.
fn everything<C: Blocking<LinkError: Debug>>(
    client: &mut C,
    demo_at: (&str, u16),
    confirmable: bool,
) {
    client.attach(&Network::new("internet")).unwrap();
    client.connect(&Remote::new(demo_at.0, demo_at.1)).unwrap();
    demo(client, confirmable);
    let Some(server) = Server::start(&[]) else {
        return;
    };
    client
        .connect(&Remote::new("127.0.0.1", server.port))
        .unwrap();
    methods(client, server.port, confirmable);
    options(client, confirmable);
    client.close().unwrap();
}

#[test]
fn udp() {
    for confirmable in [true, false] {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        std::thread::spawn(move || DemoServer::new().run_on(socket));
        let mut memory = udp::Memory::new();
        let mut client = UdpClient::new(&mut memory, random);
        everything(&mut client, ("127.0.0.1", port), confirmable);
    }
}

/// Both kinds of message through a modem that is simulated; the kind that the link does not have is refused.
macro_rules! modems {
    ($($name:ident: $memory:path, $dialect:expr, $simulated:expr;)*) => {$(
        #[test]
        fn $name() {
            for confirmable in [true, false] {
                // Real time, since the datagrams are real.
                let line = Line::new($simulated(HostNetwork::new()), TimeSource::Real);
                let mut memory = <$memory>::new();
                let front = Polled::new(line.serial(), line.clock());
                let mut client = Client::with($dialect, &mut memory, front, random);
                if confirmable || Blocking::capabilities(&client).non_confirmable {
                    everything(&mut client, ("demo", 5683), confirmable);
                } else {
                    let request = Request::get("/hello").non_confirmable();
                    let mut buffer = [0; 64];
                    let refused = Blocking::request(&mut client, &request, &mut buffer);
                    let Err(ClientError::Operation(Error::Unsupported(what, _))) = refused else {
                        panic!("{refused:?}");
                    };
                    assert_eq!(what, Unsupported::NonConfirmable);
                }
                assert_eq!(line.device().misuse(), [""; 0]);
            }
        }
    )*};
}

modems! {
    bg96: bg96::Memory, bg96::Bg96::default(), bg96::sim::SimBg96::new;
    bc28: bc28::Memory, bc28::Bc28::default(), bc28::sim::SimBc28::new;
    l610: l610::Memory, l610::L610::default(), l610::sim::SimL610::new;
    sara_r5: sara_r5::Memory, sara_r5::SaraR5::default(), sara_r5::sim::SimSaraR5::new;
    sara_r5_sockets: sara_r5::SocketsMemory, sara_r5::SaraR5Sockets::<false>::default(), sara_r5::sim::SimSaraR5::new;
    sara_r5_binary_sockets: sara_r5::BinarySocketsMemory, sara_r5::SaraR5Sockets::<true>::default(), sara_r5::sim::SimSaraR5::new;
    sim7000: sim7000::Memory, sim7000::Sim7000::default(), sim7000::sim::SimSim7000::new;
}

/// The one modem that has streams: libcoap's server takes them on the same port.
#[test]
fn sara_r5_over_tcp() {
    let simulated = sara_r5::sim::SimSaraR5::new(HostNetwork::new());
    let line = Line::new(simulated, TimeSource::Real);
    let mut memory = sara_r5::Memory::new();
    let front = Polled::new(line.serial(), line.clock());
    let mut client: sara_r5::Client<'_, _> = Client::new(&mut memory, front, random);
    Blocking::attach(&mut client, &Network::new("internet")).unwrap();
    Blocking::connect(&mut client, &Remote::new("demo", 5683).tcp()).unwrap();
    demo(&mut client, true);
    if let Some(server) = Server::start(&[]) {
        let remote = Remote::new("127.0.0.1", server.port).tcp();
        Blocking::connect(&mut client, &remote).unwrap();
        methods(&mut client, server.port, true);
        options(&mut client, true);
    }
    assert_eq!(line.device().misuse(), [""; 0]);
}
