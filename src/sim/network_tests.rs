use super::*;

const PING: [u8; 4] = [0x40, 0, 0, 1];
const RESET: [u8; 4] = [0x70, 0, 0, 1];

fn server() -> SocketAddr {
    SocketAddr::new(DEMO, 5683)
}

fn at(milliseconds: u32) -> Instant {
    Instant::from_millis(milliseconds)
}

fn opened() -> (TestNetwork, usize) {
    let mut network = TestNetwork::default();
    let socket = network.open().unwrap();
    (network, socket)
}

#[test]
fn an_answer_takes_the_delay_of_the_link_twice() {
    let (mut network, socket) = opened();
    network.send(at(0), socket, server(), &PING).unwrap();
    assert_eq!(network.deadline(), Some(at(40)));
    assert_eq!(network.receive(at(40), socket), None);
    assert_eq!(network.deadline(), Some(at(80)));
    assert_eq!(network.receive(at(79), socket), None);
    let answer = Some((server(), RESET.to_vec()));
    assert_eq!(network.receive(at(80), socket), answer);
    assert_eq!(network.deadline(), None);
}

#[test]
fn losses_are_as_asked_for_and_stand_in_the_journal() {
    let (mut network, socket) = opened();
    network.drop_sent(1);
    network.send(at(0), socket, server(), &PING).unwrap();
    assert_eq!(network.deadline(), None);
    network.drop_answers(1);
    network.send(at(0), socket, server(), &PING).unwrap();
    assert_eq!(network.receive(at(1000), socket), None);
    network.link.loss = 100;
    network.send(at(1000), socket, server(), &PING).unwrap();
    assert_eq!(network.deadline(), None);
    let journal = network.take_journal();
    assert_eq!(journal.len(), 3);
    assert_eq!(journal[2].datagram, PING);
    assert_eq!((journal[2].at, journal[2].to), (at(1000), server()));
    assert!(network.journal().is_empty());
}

#[test]
fn duplicates_come_twice() {
    let (mut network, socket) = opened();
    network.link.duplicates = 100;
    network.send(at(0), socket, server(), &PING).unwrap();
    let mut count = 0;
    for now in 0..200 {
        count += u32::from(network.receive(at(now), socket).is_some());
    }
    assert_eq!(count, 4, "two requests, each answered twice");
}

#[test]
fn anything_can_be_injected_at_any_time() {
    let (mut network, socket) = opened();
    let from = "203.0.113.9:1".parse().unwrap();
    network.inject(at(7), socket, from, b"no CoAP");
    assert_eq!(network.deadline(), Some(at(7)));
    assert_eq!(network.receive(at(6), socket), None);
    let arrived = Some((from, b"no CoAP".to_vec()));
    assert_eq!(network.receive(at(7), socket), arrived);
}

#[test]
fn a_separate_response_comes_from_the_address_that_was_asked() {
    let (mut network, socket) = opened();
    let mut request = coap_lite::Packet::new();
    request
        .header
        .set_type(coap_lite::MessageType::NonConfirmable);
    request.header.code = coap_lite::MessageClass::from(1);
    request.add_option(coap_lite::CoapOption::UriPath, b"separate".to_vec());
    let request = request.to_bytes().unwrap();
    network.send(at(0), socket, server(), &request).unwrap();
    let other = "198.51.100.1:5683".parse().unwrap();
    network.send(at(100), socket, other, &PING).unwrap();
    let reset = Some((other, RESET.to_vec()));
    assert_eq!(network.receive(at(180), socket), reset);
    let (from, _) = network.receive(at(5000), socket).unwrap();
    assert_eq!(from, server());
}

#[test]
fn a_closed_socket_hears_nothing_and_its_number_is_used_again() {
    let (mut network, first) = opened();
    let second = network.open().unwrap();
    network.send(at(0), first, server(), &PING).unwrap();
    network.close(first);
    assert!(!network.is_open(first) && network.is_open(second));
    assert!(network.send(at(0), first, server(), &PING).is_err());
    assert_eq!(network.open().unwrap(), first);
    assert_eq!(
        network.receive(at(1000), first),
        None,
        "a stranger's answer"
    );
}

#[test]
fn only_known_names_resolve() {
    let mut network = TestNetwork::default();
    network.add_name("example.org", "2001:db8::1".parse().unwrap());
    let host = |network: &mut TestNetwork, name| {
        let address = network.resolve(name);
        address.map(|address| (address.ip().to_string(), address.port()))
    };
    assert_eq!(host(&mut network, "demo"), Some(("192.0.2.1".into(), 0)));
    assert_eq!(
        host(&mut network, "example.org"),
        Some(("2001:db8::1".into(), 0))
    );
    assert_eq!(
        host(&mut network, "198.51.100.1"),
        Some(("198.51.100.1".into(), 0))
    );
    assert_eq!(host(&mut network, "example.com"), None);
}

#[test]
fn a_stream_may_be_cut_anyhow_loses_nothing_and_keeps_its_order() {
    let mut network = TestNetwork {
        link: Link {
            loss: 100,
            ..Link::default()
        },
        ..TestNetwork::default()
    };
    let stream = network.connect(server()).unwrap();
    // A greeting, and two requests for what there is not (RFC 8323, section 3.2).
    let bytes = [0, 0xE1, 0x11, 1, 7, 0xB0, 0x11, 1, 8, 0xB0];
    for (step, piece) in (0..).zip(bytes.chunks(3)) {
        network.send(at(step), stream, server(), piece).unwrap();
    }
    let mut said = Vec::new();
    while let Some(next) = network.deadline() {
        if let Some((from, piece)) = network.receive(next, stream) {
            assert_eq!(from, server());
            said.push(piece);
        }
    }
    let shown: Vec<_> = said.iter().map(|piece| piece[..2].to_vec()).collect();
    assert_eq!(shown.len(), 3);
    assert_eq!(
        (shown[0].as_slice(), said[1][2], said[2][2]),
        (&[0, 0xE1][..], 7, 8)
    );
    network.close(stream);
    assert!(network.send(at(900), stream, server(), &bytes).is_err());
    network.refuses_streams = true;
    assert!(network.connect(server()).is_err());
}
