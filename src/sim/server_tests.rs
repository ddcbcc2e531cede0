use coap_lite::{CoapOption, RequestType, ResponseType};

use super::*;

/// A client that asks, and counts its message ids up.
#[derive(Default)]
struct Peer {
    server: DemoServer,
    last_id: u16,
}

impl Peer {
    fn ask(&mut self, method: RequestType, path: &str) -> Packet {
        self.ask_with(method, path, &[], b"")
    }

    fn ask_with(
        &mut self,
        method: RequestType,
        path: &str,
        options: &[(u16, &[u8])],
        payload: &[u8],
    ) -> Packet {
        self.last_id += 1;
        let request = request(
            MessageType::Confirmable,
            self.last_id,
            method,
            path,
            options,
            payload,
        );
        let answers = self.send(&request);
        assert_eq!(answers.len(), 1);
        let answer = &answers[0];
        assert_eq!(answer.header.get_type(), MessageType::Acknowledgement);
        assert_eq!(answer.header.message_id, self.last_id);
        assert_eq!(answer.get_token(), b"tok");
        answer.clone()
    }

    fn send(&mut self, packet: &Packet) -> Vec<Packet> {
        self.send_bytes(at(0), &packet.to_bytes().unwrap())
    }

    fn send_bytes(&mut self, now: Instant, datagram: &[u8]) -> Vec<Packet> {
        let answers = self.server.handle(now, client(), datagram);
        answers.iter().map(|answer| decode(answer)).collect()
    }
}

fn request(
    kind: MessageType,
    id: u16,
    method: RequestType,
    path: &str,
    options: &[(u16, &[u8])],
    payload: &[u8],
) -> Packet {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = MessageClass::Request(method);
    packet.header.message_id = id;
    packet.set_token(b"tok".to_vec());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        packet.add_option(CoapOption::UriPath, segment.into());
    }
    for (number, value) in options {
        packet.add_option(CoapOption::from(*number), value.to_vec());
    }
    packet.payload = payload.to_vec();
    packet
}

fn decode(bytes: &[u8]) -> Packet {
    Packet::from_bytes(bytes).unwrap()
}

fn client() -> SocketAddr {
    "10.0.0.1:50000".parse().unwrap()
}

fn at(milliseconds: u32) -> Instant {
    Instant::from_millis(milliseconds)
}

fn code(packet: &Packet) -> String {
    packet.header.code.to_string()
}

fn content_format(packet: &Packet) -> Option<&[u8]> {
    packet
        .get_first_option(CoapOption::ContentFormat)
        .map(Vec::as_slice)
}

use RequestType::{Delete, Fetch, Get, IPatch, Patch, Post, Put};

#[test]
fn the_plain_resources_have_their_content_and_format() {
    let mut peer = Peer::default();
    let hello = peer.ask(Get, "hello");
    assert_eq!(code(&hello), "2.05");
    assert_eq!(hello.payload, b"Hello from the demo server!");
    assert_eq!(content_format(&hello), Some(&b""[..]), "zero has no bytes");
    assert_eq!(peer.ask(Get, "time").payload, b"0.000");
    assert_eq!(peer.ask(Get, "large").payload.len(), 1024);
    let binary = peer.ask(Get, "binary");
    assert_eq!(binary.payload[..256], (0..=255).collect::<Vec<u8>>());
    assert_eq!(&binary.payload[256..], b"\r\nOK\r\n+QCOAPRECV: 0,1\x1A\x1B");
    assert_eq!(content_format(&binary), Some(&[42][..]));
    let core = peer.ask(Get, ".well-known/core");
    assert_eq!(content_format(&core), Some(&[40][..]));
    assert!(core.payload.starts_with(b"</hello>;ct=0,</time>"));
}

#[test]
fn the_clock_runs() {
    let mut peer = Peer::default();
    let ask = request(MessageType::Confirmable, 1, Get, "time", &[], b"");
    let answer = peer.send_bytes(at(61_005), &ask.to_bytes().unwrap());
    assert_eq!(answer[0].payload, b"61.005");
}

#[test]
fn echo_gives_any_bytes_back_with_their_format() {
    let mut peer = Peer::default();
    let bytes: Vec<u8> = (0..=255).collect();
    let posted = peer.ask_with(Post, "echo", &[(12, &[42])], &bytes);
    assert_eq!((code(&posted), &posted.payload), ("2.05".into(), &bytes));
    assert_eq!(content_format(&posted), Some(&[42][..]));
    let put = peer.ask_with(Put, "echo", &[], b"x");
    assert_eq!((code(&put).as_str(), &put.payload[..]), ("2.04", &b"x"[..]));
    assert_eq!(content_format(&put), None);
    for (method, wanted) in [(Fetch, "2.05"), (Patch, "2.04"), (IPatch, "2.04")] {
        let answer = peer.ask_with(method, "echo", &[], b"[]");
        assert_eq!(
            (code(&answer).as_str(), &answer.payload[..]),
            (wanted, &b"[]"[..])
        );
    }
    for method in [Get, Delete] {
        assert_eq!(code(&peer.ask(method, "echo")), "4.05");
    }
}

#[test]
fn the_rest_of_an_answer_to_a_body_in_blocks_is_asked_for_without_the_body() {
    for method in [Fetch, Post] {
        let mut peer = Peer::default();
        // Block1: 0 and more, 1 and no more, of 16 bytes; Block2: the same.
        let first = peer.ask_with(method, "echo", &[(27, &[0x08])], &[b'a'; 16]);
        assert_eq!(code(&first), "2.31");
        let last = [(27, &[0x10][..]), (23, &[])];
        let begun = peer.ask_with(method, "echo", &last, b"b");
        assert_eq!(
            (code(&begun).as_str(), &begun.payload[..]),
            ("2.05", &[b'a'; 16][..])
        );
        let rest = peer.ask_with(method, "echo", &[(23, &[0x10])], b"");
        assert_eq!(
            (code(&rest).as_str(), &rest.payload[..]),
            ("2.05", &b"b"[..])
        );
    }
    // A short question is the same each time.
    let mut peer = Peer::default();
    let rest = peer.ask_with(Fetch, "echo", &[(23, &[0x10])], &[b'c'; 17]);
    assert_eq!(
        (code(&rest).as_str(), &rest.payload[..]),
        ("2.05", &b"c"[..])
    );
}

#[test]
fn the_store_creates_changes_gives_and_deletes() {
    let mut peer = Peer::default();
    assert_eq!(code(&peer.ask(Get, "store/a")), "4.04");
    let created = peer.ask_with(Put, "store/a", &[(12, &[50])], b"{}");
    assert_eq!(code(&created), "2.01");
    let tag = created.get_first_option(CoapOption::ETag).unwrap().clone();
    let got = peer.ask(Get, "store/a");
    assert_eq!(
        (code(&got).as_str(), &got.payload[..]),
        ("2.05", &b"{}"[..])
    );
    assert_eq!(content_format(&got), Some(&[50][..]));
    assert_eq!(got.get_first_option(CoapOption::ETag), Some(&tag));
    let valid = peer.ask_with(Get, "store/a", &[(4, &tag)], b"");
    assert_eq!((code(&valid).as_str(), valid.payload.len()), ("2.03", 0));
    let changed = peer.ask_with(Put, "store/a", &[], b"[]");
    assert_eq!(code(&changed), "2.04");
    assert_ne!(changed.get_first_option(CoapOption::ETag), Some(&tag));
    assert_eq!(code(&peer.ask(Get, "store/b")), "4.04");
    assert_eq!(code(&peer.ask(Post, "store/a")), "4.05");
    assert_eq!(code(&peer.ask(Delete, "store/a")), "2.02");
    assert_eq!(code(&peer.ask(Get, "store/a")), "4.04");
}

#[test]
fn preconditions_hold_the_store_back() {
    let mut peer = Peer::default();
    let put = |peer: &mut Peer, options: &[(u16, &[u8])]| {
        code(&peer.ask_with(Put, "store/a", options, b"x"))
    };
    assert_eq!(put(&mut peer, &[(1, &[])]), "4.12");
    assert_eq!(put(&mut peer, &[(5, &[])]), "2.01");
    assert_eq!(put(&mut peer, &[(5, &[])]), "4.12");
    assert_eq!(put(&mut peer, &[(1, &[1, 2, 3, 4])]), "4.12");
    assert_eq!(put(&mut peer, &[(1, &[])]), "2.04");
}

#[test]
fn query_and_options_show_what_arrived() {
    let mut peer = Peer::default();
    let query = peer.ask_with(Get, "query", &[(15, b"a=1"), (15, b"b")], b"");
    assert_eq!(query.payload, b"a=1\nb");
    let options = peer.ask_with(Post, "options", &[(12, &[40]), (9999, b"\x00\xFF")], b"");
    assert_eq!(options.payload, b"11 6F7074696F6E73\n12 28\n9999 00FF\n");
}

#[test]
fn etag_and_location_have_their_options() {
    let mut peer = Peer::default();
    let first = peer.ask(Get, "etag");
    let tag = first.get_first_option(CoapOption::ETag).unwrap().clone();
    assert_eq!(code(&first), "2.05");
    assert_eq!(code(&peer.ask_with(Get, "etag", &[(4, &tag)], b"")), "2.03");
    assert_eq!(code(&peer.ask_with(Get, "etag", &[(4, b"x")], b"")), "2.05");
    let location = peer.ask(Post, "location");
    assert_eq!(code(&location), "2.01");
    let path = location.get_option(CoapOption::LocationPath).unwrap();
    assert!(path.iter().eq([&b"a"[..], b"b"]));
}

#[test]
fn what_cannot_be_served_is_refused_with_the_right_code() {
    let mut peer = Peer::default();
    let missing = peer.ask(Get, "nowhere");
    assert_eq!(code(&missing), "4.04");
    assert_eq!(missing.payload, b"Not Found");
    assert_eq!(code(&peer.ask(Get, "")), "4.04");
    assert_eq!(code(&peer.ask(Put, "hello")), "4.05");
    let ask =
        |peer: &mut Peer, option: (u16, &[u8])| code(&peer.ask_with(Get, "hello", &[option], b""));
    assert_eq!(ask(&mut peer, (9999, b"")), "4.02");
    assert_eq!(ask(&mut peer, (9998, b"")), "2.05", "elective");
    assert_eq!(ask(&mut peer, (17, &[50])), "4.06");
    assert_eq!(ask(&mut peer, (17, &[])), "2.05");
    assert_eq!(ask(&mut peer, (35, b"coap://x")), "5.05");
    let twice: [(u16, &[u8]); 2] = [(17, &[]), (17, &[])];
    assert_eq!(code(&peer.ask_with(Get, "hello", &twice, b"")), "4.02");
}

#[test]
fn silent_ack_only_and_reset_do_what_they_say() {
    let mut peer = Peer::default();
    let kind = |peer: &mut Peer, path, id| {
        let ask = request(MessageType::Confirmable, id, Get, path, &[], b"");
        let answers = peer.send(&ask);
        let described = answers.iter().map(|a| {
            assert_eq!((a.header.message_id, a.get_token()), (id, &b""[..]));
            (a.header.get_type(), code(a))
        });
        described.collect::<Vec<_>>()
    };
    assert_eq!(kind(&mut peer, "silent", 1), []);
    let ack = (MessageType::Acknowledgement, "0.00".into());
    assert_eq!(kind(&mut peer, "ack-only", 2), [ack]);
    let reset = (MessageType::Reset, "0.00".into());
    assert_eq!(kind(&mut peer, "reset", 3), [reset]);
    assert_eq!(peer.server.deadline(), None);
}

#[test]
fn a_separate_response_is_repeated_until_it_is_acknowledged() {
    let mut peer = Peer::default();
    let ask = request(MessageType::Confirmable, 7, Get, "separate", &[], b"");
    let ack = peer.send(&ask);
    assert_eq!(code(&ack[0]), "0.00");
    let mut times = Vec::new();
    while let Some(due) = peer.server.deadline() {
        let sent = peer.server.poll(due);
        let response = decode(&sent[0].1);
        assert_eq!(response.header.get_type(), MessageType::Confirmable);
        assert_eq!(response.get_token(), b"tok");
        times.push(due.as_millis());
    }
    assert_eq!(times, [2000, 4000, 8000, 16_000, 32_000]);

    let ask = request(MessageType::Confirmable, 8, Get, "separate", &[], b"");
    peer.send(&ask);
    let due = peer.server.deadline().unwrap();
    let response = decode(&peer.server.poll(due)[0].1);
    let wrong = empty(MessageType::Acknowledgement, response.header.message_id + 1);
    peer.send_bytes(due, &wrong);
    assert!(peer.server.deadline().is_some());
    let right = empty(MessageType::Acknowledgement, response.header.message_id);
    let other = "10.0.0.2:50000".parse().unwrap();
    peer.server.handle(due, other, &right);
    assert!(peer.server.deadline().is_some(), "a stranger's ACK");
    peer.send_bytes(due, &right);
    assert_eq!(peer.server.deadline(), None);
}

#[test]
fn a_non_confirmable_request_gets_a_non_confirmable_answer() {
    let mut peer = Peer::default();
    let ask = request(MessageType::NonConfirmable, 500, Get, "hello", &[], b"");
    let answers = peer.send(&ask);
    let kind = answers[0].header.get_type();
    assert_eq!(kind, MessageType::NonConfirmable);
    assert_ne!(answers[0].header.message_id, 500);
    assert_eq!(answers[0].get_token(), b"tok");
    assert!(peer.send(&ask).is_empty(), "a duplicate");
}

#[test]
fn a_duplicate_gets_the_same_answer_and_does_nothing_again() {
    let mut peer = Peer::default();
    let put = request(MessageType::Confirmable, 9, Put, "store/a", &[], b"x");
    let bytes = put.to_bytes().unwrap();
    assert_eq!(code(&peer.send_bytes(at(0), &bytes)[0]), "2.01");
    assert_eq!(code(&peer.send_bytes(at(246_999), &bytes)[0]), "2.01");
    assert_eq!(code(&peer.send_bytes(at(247_000), &bytes)[0]), "2.04");
}

#[test]
fn what_is_not_coap_is_rejected_or_ignored() {
    let mut peer = Peer::default();
    let answer = |peer: &mut Peer, bytes: &[u8]| peer.server.handle(at(0), client(), bytes);
    let reset = Some(vec![0x70, 0, 1, 2]);
    assert_eq!(answer(&mut peer, &[0x40, 0, 1, 2]), reset, "ping");
    assert_eq!(answer(&mut peer, &[0x49, 1, 1, 2]), reset, "token length 9");
    let no_payload = [0x40, 1, 1, 2, 0xFF];
    assert_eq!(answer(&mut peer, &no_payload), reset, "marker alone");
    assert_eq!(answer(&mut peer, &[0x59, 1, 1, 2]), None);
    assert_eq!(answer(&mut peer, &[0x80, 1, 1, 2]), None, "version 2");
    assert_eq!(answer(&mut peer, b"x"), None);
    let response = MessageClass::Response(ResponseType::Content);
    let mut strange = request(MessageType::Confirmable, 0x0102, Get, "", &[], b"");
    strange.header.code = response;
    let strange = strange.to_bytes().unwrap();
    assert_eq!(answer(&mut peer, &strange), reset, "an unasked response");
}

#[test]
fn an_option_value_that_ends_in_ff_is_no_payload_marker() {
    let mut peer = Peer::default();
    let answer = peer.ask_with(Get, "options", &[(4, &[0xFF])], b"");
    assert_eq!(answer.payload, b"4 FF\n11 6F7074696F6E73\n");
}

#[test]
fn it_serves_a_real_socket() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = socket.local_addr().unwrap();
    std::thread::spawn(move || DemoServer::new().run_on(socket));
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let ask = request(MessageType::Confirmable, 1, Get, "separate", &[], b"");
    client.send_to(&ask.to_bytes().unwrap(), server).unwrap();
    let mut buffer = [0; 1500];
    let (length, _) = client.recv_from(&mut buffer).unwrap();
    assert_eq!(decode(&buffer[..length]).header.message_id, 1);
    let (length, _) = client.recv_from(&mut buffer).unwrap();
    assert_eq!(decode(&buffer[..length]).payload, b"This took a while.");
}
