//! Through each simulated modem, in virtual time: how large blocks are follows from the link's record, and a link without
//! blocks refuses what needs them.

use crate::libcoap::{awkward, random};
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};
use coap_modem::client::{Blocking, Blockwise, Network, Remote, Request};
use coap_modem::error::{ClientError, Error, PeerError, Unsupported};
use coap_modem::front::Polled;
use coap_modem::message::Number;
use coap_modem::modem::Client;
use coap_modem::sim::{Line, Sent, TestNetwork, TimeSource};
use coap_modem::time::{Instant, Millis};
use coap_modem::vendors::{bc28, bg96, l610, sara_r5, sim7000};
use core::fmt::Debug;
use std::net::SocketAddr;

/// Minutes of virtual time: a block that is repeated four times takes one.
const PATIENCE: Millis = Millis::from_secs(1000);

/// A network that loses and doubles datagrams. On its server lies `/store/long`, as long as this.
fn network(length: usize, loss: u8) -> TestNetwork {
    let mut network = TestNetwork::new(7);
    network.link.loss = loss;
    network.link.duplicates = loss / 2;
    let body = awkward(length);
    let mut pieces = body.chunks(1024).enumerate().peekable();
    while let Some((num, piece)) = pieces.next() {
        let mut put = Packet::new();
        put.header.set_type(MessageType::NonConfirmable);
        put.header.message_id = num as u16;
        put.header.code = MessageClass::Request(RequestType::Put);
        for segment in [&b"store"[..], b"long"] {
            put.add_option(CoapOption::UriPath, segment.to_vec());
        }
        let more = u8::from(pieces.peek().is_some());
        put.add_option(CoapOption::Block1, vec![(num as u8) << 4 | more << 3 | 6]);
        put.payload = piece.to_vec();
        let somebody = SocketAddr::from(([192, 0, 2, 77], 5683));
        let bytes = put.to_bytes_unlimited().unwrap();
        let answer = network
            .server
            .handle(Instant::from_millis(0), somebody, &bytes);
        assert_eq!(answer.unwrap()[1] >> 5, 2);
    }
    network
}

/// The sizes of the blocks that went out or were asked for.
fn sizes(journal: &[Sent]) -> Vec<u16> {
    let mut sizes = Vec::new();
    for sent in journal {
        let packet = Packet::from_bytes(&sent.datagram).unwrap();
        for option in [CoapOption::Block1, CoapOption::Block2] {
            if let Some(value) = packet.get_first_option(option) {
                sizes.push(16 << (value.last().copied().unwrap_or(0) & 7));
            }
        }
    }
    sizes
}

/// PUT and GET of so many bytes; then what the modem sent for it.
fn there_and_back<C: Blocking<LinkError: Debug>>(
    client: &mut C,
    length: usize,
    journal: impl Fn() -> Vec<Sent>,
) {
    let link = client.capabilities();
    client.attach(&Network::new("internet")).unwrap();
    client.connect(&Remote::new("demo", 5683)).unwrap();
    let body = awkward(length);
    // Room for any block: nothing but the record tells how large they may be.
    let mut buffer = [0; 1200];
    let put = Request::put("/store/large", &[])
        .content_format(42)
        .limit(PATIENCE);
    let response = client.upload(&put, &body[..], &mut buffer).unwrap();
    assert!(response.code().is_success());
    let mut back = vec![0; length];
    let get = Request::get("/store/large").limit(PATIENCE);
    let received = client.download(&get, &mut back[..], &mut buffer).unwrap();
    assert_eq!(received.length as usize, length);
    assert!(back == body, "{length} bytes came back changed");
    let journal = journal();
    let largest = link.block_size.unwrap();
    let sizes = sizes(&journal);
    assert!(sizes.iter().all(|size| *size == largest), "{sizes:?}");
    let blocks = length.div_ceil(largest.into());
    assert!(sizes.len() >= 2 * blocks);
    if let Some(limit) = link.message_out {
        let most = journal.iter().map(|sent| sent.datagram.len()).max();
        assert!(most.unwrap() <= limit.into());
    }
}

/// What a link does that cannot say blocks.
fn refuses<C: Blocking<LinkError: Debug>>(client: &mut C, journal: impl Fn() -> Vec<Sent>) {
    let link = client.capabilities();
    client.attach(&Network::new("internet")).unwrap();
    client.connect(&Remote::new("demo", 5683)).unwrap();
    let mut buffer = [0; 1200];
    let put = Request::put("/store/large", &[]).limit(PATIENCE);
    // All that one message takes goes as one, although smaller blocks are wished for.
    let body = awkward(link.payload_out.into());
    let response = client.upload(&put.block_size(64), &body[..], &mut buffer);
    assert!(response.unwrap().code().is_success());
    // One byte more: nothing is sent, and nothing of it.
    journal();
    let body = awkward(usize::from(link.payload_out) + 1);
    let unsupported = Error::Unsupported(Unsupported::Payload(link.payload_out), link.way_out);
    let upload = client.upload(&put, &body[..], &mut buffer);
    assert_eq!(error(upload), unsupported);
    let mut back = Vec::new();
    let exchange = client.exchange(&put, &body[..], &mut back, &mut buffer);
    assert_eq!(error(exchange), unsupported);
    assert_eq!(journal(), []);
    // What is short comes as ever.
    let get = Request::get("/hello").limit(PATIENCE).block_size(64);
    client.download(&get, &mut back, &mut buffer).unwrap();
    assert_eq!(back, b"Hello from the demo server!");
}

/// The error of an operation.
fn error<T, E: Debug>(result: Result<T, ClientError<E>>) -> Error {
    match result {
        Err(ClientError::Operation(error)) => error,
        Err(ClientError::Link(error)) => panic!("{error:?}"),
        Ok(_) => panic!("it worked"),
    }
}

/// Runs a claim with a client of a simulated modem, which must have been treated as its maker wants it.
macro_rules! through {
    ($memory:path, $dialect:expr, $simulated:expr, $network:expr, |$client:ident, $journal:ident| $claim:expr) => {{
        let line = Line::new($simulated($network), TimeSource::Virtual);
        let mut memory = Box::new(<$memory>::new());
        let front = Polled::new(line.serial(), line.clock());
        let mut client = Client::with($dialect, &mut memory, front, random);
        {
            let ($client, $journal) = (&mut client, || line.device().network().take_journal());
            $claim
        }
        assert_eq!(line.device().misuse(), [""; 0]);
    }};
}

macro_rules! with_blocks {
    ($($name:ident: $length:expr, $size:literal, $memory:path, $dialect:expr, $simulated:expr;)*) => {$(
        #[test]
        fn $name() {
            through!($memory, $dialect, $simulated, network(0, 10), |client, journal| {
                assert_eq!(Blocking::capabilities(client).block_size, Some($size));
                there_and_back(client, $length, journal)
            });
        }
    )*};
}

with_blocks! {
    sixty_four_kibibytes_go_through_an_l610_in_the_blocks_of_its_record: 64 << 10, 256,
        l610::Memory, l610::L610::default(), l610::sim::SimL610::new;
    bodies_go_through_a_sara_r5s_sockets_in_the_blocks_of_their_record: 16 << 10, 256,
        sara_r5::SocketsMemory, sara_r5::SaraR5Sockets::<false>::default(), sara_r5::sim::SimSaraR5::new;
    bodies_go_through_a_sara_r5s_binary_sockets_in_the_blocks_of_their_record: 16 << 10, 512,
        sara_r5::BinarySocketsMemory, sara_r5::SaraR5Sockets::<true>::default(), sara_r5::sim::SimSaraR5::new;
    bodies_go_through_a_bc28_in_the_blocks_of_its_record: 16 << 10, 512,
        bc28::Memory, bc28::Bc28::default(), bc28::sim::SimBc28::new;
}

macro_rules! without_blocks {
    ($($name:ident: $memory:path, $dialect:expr, $simulated:expr;)*) => {$(
        #[test]
        fn $name() {
            through!($memory, $dialect, $simulated, network(0, 0), |client, journal| {
                assert_eq!(Blocking::capabilities(client).blockwise, Blockwise::No);
                refuses(client, journal)
            });
        }
    )*};
}

without_blocks! {
    a_bg96_refuses_what_needs_blocks: bg96::Memory, bg96::Bg96::default(), bg96::sim::SimBg96::new;
    a_sim7000_refuses_what_needs_blocks: sim7000::Memory, sim7000::Sim7000::default(), sim7000::sim::SimSim7000::new;
}

/// GET of a body that the server gives in blocks, over a link that cannot ask for the second one.
fn is_told_apart<C: Blocking<LinkError: Debug>>(client: &mut C) -> Error {
    client.attach(&Network::new("internet")).unwrap();
    client.connect(&Remote::new("demo", 5683)).unwrap();
    let mut back = Vec::new();
    let mut buffer = [0; 1200];
    let get = Request::get("/store/long").limit(PATIENCE);
    let error = error(client.download(&get, &mut back, &mut buffer));
    assert_eq!(back, b"", "a part of it was given");
    error
}

#[test]
fn what_comes_in_blocks_is_an_error_over_a_link_that_cannot_ask_for_them() {
    let wanted = Error::Peer(PeerError::CriticalOption(Number::BLOCK2));
    through!(
        bg96::Memory,
        bg96::Bg96::default(),
        bg96::sim::SimBg96::new,
        network(3000, 0),
        |client, _journal| {
            assert_eq!(is_told_apart(client), wanted);
        }
    );
    through!(
        sim7000::Memory,
        sim7000::Sim7000::default(),
        sim7000::sim::SimSim7000::new,
        network(3000, 0),
        |client, _journal| {
            assert_eq!(is_told_apart(client), wanted);
        }
    );
}

/// The modem asks for the blocks by itself, and joins them or tells them line by line.
#[test]
fn a_sara_r5_that_fetches_blocks_itself_gives_all_of_the_body_or_an_error() {
    use sara_r5::sim::quirks::Blocks;
    for blocks in [Blocks::Parts, Blocks::Joined, Blocks::First] {
        for length in [1200, 3000] {
            let line = Line::new(
                sara_r5::sim::SimSaraR5::new(network(length, 0)),
                TimeSource::Virtual,
            );
            line.device().quirks.blocks = blocks;
            let mut memory = Box::new(sara_r5::Memory::new());
            let front = Polled::new(line.serial(), line.clock());
            let mut client = sara_r5::Client::new(&mut memory, front, random);
            client.attach(&Network::new("internet")).unwrap();
            client.connect(&Remote::new("demo", 5683)).unwrap();
            let mut back = Vec::new();
            let mut buffer = [0; 1400];
            let get = Request::get("/store/long").limit(PATIENCE);
            let received = client.download(&get, &mut back, &mut buffer);
            if blocks == Blocks::First || length > sara_r5::SaraR5::INBOX {
                let error = error(received);
                assert!(matches!(error, Error::Resource(_)), "{error:?}");
                assert_eq!(back, b"", "a part of it was given");
            } else {
                assert_eq!(received.unwrap().length as usize, length);
                assert_eq!(back.len(), length);
            }
        }
    }
}
