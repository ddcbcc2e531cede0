//! The document's dialogs typed by hand, and everything that must not work.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may say what they mean"
)]

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};

use super::*;
use crate::sim::TestNetwork;
use crate::sim::module::Terminal;

type Modem = SimSim7000<TestNetwork>;

/// Somebody who types.
struct Host(Terminal<Modem>);

impl Host {
    fn new(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut quirks = Quirks::default();
        change(&mut quirks);
        let mut host = Self(Terminal::new(Modem::with_quirks(
            TestNetwork::default(),
            quirks,
        )));
        assert_eq!(host.0.ask("ATE0"), "ATE0\r\r\nOK\r\n");
        host.0.hear(1000);
        host
    }

    /// With an active context and an object for the demo server.
    fn up(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut host = Self::new(change);
        host.ok("AT+CNACT=1,\"cmnet\"");
        host.0.hear(1000);
        host.ok("AT+CCOAPINIT");
        host.ok("AT+CCOAPURL=\"coap://198.181.39.174\"");
        host
    }

    fn ok(&mut self, command: &str) {
        assert_eq!(self.0.ask(command), "\r\nOK\r\n", "{command}");
    }

    /// Refused, with a reason.
    fn error(&mut self, command: &str) {
        let before = self.0.misuse().len();
        assert_eq!(self.0.ask(command), "\r\nERROR\r\n", "{command}");
        assert_eq!(self.0.misuse().len(), before + 1, "no reason: {command}");
    }

    /// Refused, and nobody's fault.
    fn not_now(&mut self, command: &str) {
        let before = self.0.misuse().len();
        assert_eq!(self.0.ask(command), "\r\nERROR\r\n", "{command}");
        assert_eq!(self.0.misuse().len(), before, "{command}");
    }

    fn answer(&mut self, command: &str, line: &str) {
        assert_eq!(self.0.ask(command), format!("\r\n{line}\r\n\r\nOK\r\n"));
    }

    /// Sends what was put, and gives what is said behind the OK.
    fn act(&mut self, id: u16) -> String {
        self.answer("AT+CCOAPACTION", &format!("+CCOAPACTION: 0,{id}"));
        self.0.hear(3000)
    }

    fn journal(&self) -> Vec<Packet> {
        let journal = self.0.line.device().network().take_journal();
        let packets = journal.iter();
        packets
            .map(|sent| Packet::from_bytes(&sent.datagram).unwrap())
            .collect()
    }
}

#[test]
fn the_dialog_of_chapter_5_gives_its_bytes() {
    let mut host = Host::new(|_| {});
    host.ok("AT+CNACT=1,\"cmnet\"");
    assert_eq!(host.0.hear(1000), "\r\n+APP PDP: ACTIVE\r\n");
    host.answer("AT+CNACT?", "+CNACT: 0,1,\"10.94.36.44\"");
    host.ok("AT+CCOAPINIT");
    host.ok("AT+CCOAPURL=\"coap://198.181.39.174\"");
    host.ok("AT+CCOAPPARA=code,1,uri-path,0,\"home/query\",uri-query,0,\"address=1\",payload,0,\"hello world\"");
    assert_eq!(host.act(1), "\r\n+CCOAPRECV: 1,14,9\r\n");
    let sent = host.journal();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].header.get_type(), MessageType::Confirmable);
    assert_eq!(sent[0].header.code, MessageClass::Request(RequestType::Get));
    assert_eq!(sent[0].header.message_id, 1);
    assert_eq!(sent[0].get_token(), b"");
    let path = sent[0].get_option(CoapOption::UriPath).unwrap();
    assert_eq!(
        path.iter().collect::<Vec<_>>(),
        [b"home", b"query" as &[u8]]
    );
    assert_eq!(sent[0].payload, b"hello world");

    host.answer("AT+CCOAPACTION=4", "+CCOAPACTION: 4,1,1");
    host.answer(
        "AT+CCOAPHEAD=1,1",
        "+CCOAPHEAD: 1,1,2,0,4.04,1,,,,,,,0,,,,,,,,,,,",
    );
    host.answer("AT+CCOAPHEAD=1,0", "+CCOAPHEAD: 0,4,`\u{84}\0\u{1}");
    host.answer("AT+CCOAPREAD=1", "+CCOAPREAD: 9,Not Found");
    host.answer("AT+CCOAPACTION=4", "+CCOAPACTION: 4,0,0");
    host.ok("AT+CCOAPTERM");
    host.ok("AT+CNACT=0");
    assert_eq!(host.0.hear(500), "\r\n+APP PDP: DEACTIVE\r\n");
    assert_eq!(host.0.misuse(), [""; 0]);
}

#[test]
fn every_test_form_answers_as_the_document_prints_it() {
    let mut host = Host::new(|_| {});
    host.ok("AT+CCOAPINIT=?");
    host.ok("AT+CCOAPTERM=?");
    host.answer("AT+CCOAPURL=?", "+CCOAPURL: <scheme>://<host>:<port>/<uri>");
    host.answer("AT+CCOAPACTION=?", "+CCOAPACTION: <type>[,<value>]");
    host.answer(
        "AT+CCOAPHEAD=?",
        "+CCOAPREAD: <mid>,((0-printconvert),(1-print raw))",
    );
    host.answer("AT+CCOAPREAD=?", "+CCOAPHEAD: <mid>");
    let shapes = host.0.ask("AT+CCOAPPARA=?");
    assert_eq!(shapes.matches("+CCOAPPARA: ").count(), 13);
    assert_eq!(host.0.misuse(), [""; 0]);
}

#[test]
fn without_an_object_or_a_context_nothing_is_done() {
    let mut host = Host::new(|_| {});
    for command in [
        "AT+CCOAPURL=\"coap://demo\"",
        "AT+CCOAPPARA=code,1",
        "AT+CCOAPACTION",
        "AT+CCOAPACTION=4",
        "AT+CCOAPACTION=5",
        "AT+CCOAPHEAD=1,1",
        "AT+CCOAPREAD=1",
        "AT+CCOAPTERM",
    ] {
        host.not_now(command);
    }
    host.ok("AT+CCOAPINIT");
    host.not_now("AT+CCOAPINIT");
    host.ok("AT+CCOAPPARA=code,1");
    host.error("AT+CCOAPACTION");
    host.not_now("AT+CCOAPURL=\"coap://nowhere\"");
    host.ok("AT+CCOAPURL=\"coap://demo:5683/hello\"");
    host.not_now("AT+CCOAPACTION");
    host.not_now("AT+CCOAPHEAD=1,1");
}

#[test]
fn urls_that_are_none_are_refused() {
    let mut host = Host::new(|_| {});
    host.ok("AT+CCOAPINIT");
    for url in [
        "coaps://demo",
        "COAP://demo",
        "demo",
        "coap://",
        "coap://demo:0",
        "coap://demo:70000",
        "coap://demo:",
        "coap://:5683",
    ] {
        host.error(&format!("AT+CCOAPURL=\"{url}\""));
    }
    host.error("AT+CCOAPURL=coap");
    host.ok("AT+CCOAPURL=\"coap://[2001:db8::1]:5683\"");
}

#[test]
fn a_resource_in_the_url_is_effective_once() {
    let mut host = Host::up(|_| {});
    host.ok("AT+CCOAPURL=\"coap://demo:5683/store/x\"");
    for path in [Some("store"), None] {
        host.ok("AT+CCOAPPARA=code,1");
        host.answer(
            "AT+CCOAPACTION",
            match path {
                Some(_) => "+CCOAPACTION: 0,1",
                None => "+CCOAPACTION: 0,2",
            },
        );
        host.0.hear(500);
        let sent = host.journal();
        let first = sent[0].get_first_option(CoapOption::UriPath);
        assert_eq!(first.map(|segment| &segment[..]), path.map(str::as_bytes));
    }
}

#[test]
fn values_are_taken_in_the_forms_of_the_document_only() {
    let mut host = Host::up(|_| {});
    for values in [
        "\"code\",1",
        "CODE,1",
        "code,\"1\"",
        "code,0x1",
        "code,123",
        "code",
        "code,1,code,2",
        "type,CON",
        "type,\"con\"",
        "type,\"XYZ\"",
        "mid,\"1\"",
        "mid,65536",
        "mid,0A",
        "token,\"AB\"",
        "token,2,\"AB\"",
        "token,1,AB",
        "token,1,\"ABC\"",
        "token,1,\"XY\"",
        "token,1,\"010203040506070809\"",
        "content-format,\"0\"",
        "content-format,65536",
        "observe,16777216",
        "uri-path,\"a\"",
        "uri-path,0,\"/a\"",
        "uri-path,0,\"a//b\"",
        "uri-query,0,\"a=1\",uri-query,0,\"b=2\"",
        "etag,1,\"\"",
        "etag,1,\"010203040506070809\"",
        "payload,0,hello",
        "payload,1,\"hello\"",
        "if-match,1,\"01\"",
        "block2,6",
        "1,2",
    ] {
        host.error(&format!("AT+CCOAPPARA={values}"));
    }
    host.error("AT+CCOAPPARA");
    host.error("AT+CCOAPPARA?");
    host.error("AT+CCOAPPARA=code,1, uri-path,0,\"a\"");
}

#[test]
fn every_value_arrives() {
    let mut host = Host::up(|_| {});
    host.ok(concat!(
        "AT+CCOAPPARA=code,3,type,\"NON\",mid,4660,token,1,\"a1B2\",content-format,42,accept,0,",
        "uri-path,1,\"6F7074696F6E73\",uri-query,0,\"a=1&b=2\",etag,0,\"tag\",observe,1,max-age,65536,size,3,payload,1,\"00ff22\""
    ));
    assert!(host.act(4660).contains("+CCOAPRECV: "));
    let sent = host.journal();
    let packet = &sent[0];
    assert_eq!(packet.header.get_type(), MessageType::NonConfirmable);
    assert_eq!(packet.header.code, MessageClass::Request(RequestType::Put));
    assert_eq!(packet.get_token(), [0xA1, 0xB2]);
    assert_eq!(packet.payload, [0, 0xFF, 0x22]);
    let options: Vec<(u16, Vec<u8>)> = packet
        .options()
        .flat_map(|(number, values)| values.iter().map(|value| (*number, value.clone())))
        .collect();
    let text = |text: &str| text.as_bytes().to_vec();
    assert_eq!(
        options,
        [
            (4, text("tag")),
            (6, vec![1]),
            (11, text("options")),
            (12, vec![42]),
            (14, vec![1, 0, 0]),
            (15, text("a=1")),
            (15, text("b=2")),
            (17, vec![]),
            (60, vec![3]),
        ]
    );
    assert_eq!(host.0.misuse(), [""; 0]);
}

#[test]
fn a_message_needs_values_of_its_own_and_a_code_that_fits_its_type() {
    let mut host = Host::up(|_| {});
    host.error("AT+CCOAPACTION");
    for values in [
        "uri-path,0,\"a\"",
        "type,\"NON\",code,0",
        "type,\"ACK\",code,1",
    ] {
        let mut host = Host::up(|_| {});
        host.ok(&format!("AT+CCOAPPARA={values}"));
        host.error("AT+CCOAPACTION");
    }
    host.ok("AT+CCOAPPARA=code,1,uri-path,0,\"hello\"");
    host.act(1);
    host.error("AT+CCOAPACTION");
}

/// The second line adds to the first, or replaces it; either way a polite host does not write it.
#[test]
fn a_second_line_is_noted() {
    for (adds, expected) in [(true, 2), (false, 1)] {
        let mut host = Host::up(|quirks| quirks.lines_add = adds);
        host.ok("AT+CCOAPPARA=code,1,uri-path,0,\"hello\"");
        host.ok("AT+CCOAPPARA=code,1,uri-query,0,\"a\"");
        assert_eq!(host.0.misuse().len(), 1);
        host.act(1);
        let sent = host.journal();
        assert_eq!(sent[0].options().count(), expected);
    }
    let mut host = Host::up(|quirks| quirks.values_last = true);
    host.ok("AT+CCOAPPARA=code,1,uri-path,0,\"hello\"");
    host.act(1);
    host.ok("AT+CCOAPPARA=code,1,uri-query,0,\"a\"");
    host.act(2);
    assert_eq!(host.journal()[1].options().count(), 2);
}

#[test]
fn a_queue_has_its_depth_and_tells_when_it_is_full() {
    let mut host = Host::up(|quirks| quirks.depth = 2);
    for id in 1..=3 {
        host.ok("AT+CCOAPPARA=code,1,uri-path,0,\"hello\"");
        let said = host.act(id);
        let expected = match id {
            3 => "\r\n+CCOAPACTION: 1,1\r\n".into(),
            id => format!("\r\n+CCOAPRECV: {id},33,27\r\n"),
        };
        assert_eq!(said, expected);
    }
    host.answer("AT+CCOAPACTION=4", "+CCOAPACTION: 4,2,1");
    host.answer(
        "AT+CCOAPREAD=2",
        "+CCOAPREAD: 27,Hello from the demo server!",
    );
    host.not_now("AT+CCOAPREAD=2");
    host.answer("AT+CCOAPACTION=4", "+CCOAPACTION: 4,1,1");
    host.ok("AT+CCOAPACTION=5");
    host.answer("AT+CCOAPACTION=4", "+CCOAPACTION: 4,0,0");
    host.error("AT+CCOAPACTION=0");
    host.error("AT+CCOAPACTION=6");
    host.error("AT+CCOAPHEAD=1");
    host.error("AT+CCOAPHEAD=1,2");
    host.error("AT+CCOAPREAD=\"1\"");
    host.error("AT+CCOAPREAD");
}

#[test]
fn no_response_and_no_socket_are_told() {
    let mut host = Host::up(|_| {});
    host.ok("AT+CCOAPPARA=code,1,uri-path,0,\"silent\"");
    host.act(1);
    assert_eq!(host.0.hear(60_000), "\r\n+CCOAPACTION: 2,1\r\n");
    assert_eq!(host.journal().len(), 5, "four repetitions");
    host.ok("AT+CCOAPPARA=code,1,uri-path,0,\"ack-only\"");
    assert_eq!(host.act(2), "");
    assert_eq!(host.0.hear(95_000), "\r\n+CCOAPACTION: 2,2\r\n");
    host.0.line.device().fail_socket();
    assert_eq!(host.0.hear(10), "\r\n+CCOAPACTION: 3\r\n");
}

#[test]
fn a_context_that_goes_takes_the_socket_with_it() {
    let mut host = Host::up(|_| {});
    host.error("AT+CNACT=1,\"cmnet\"");
    host.error("AT+CNCFG=1,\"cmnet\"");
    host.ok("AT+CCOAPPARA=code,1,uri-path,0,\"separate\"");
    host.answer("AT+CCOAPACTION", "+CCOAPACTION: 0,1");
    host.0.line.device().drop_pdp();
    assert_eq!(host.0.hear(5000), "\r\n+APP PDP: DEACTIVE\r\n");
    host.answer("AT+CNACT?", "+CNACT: 0,0,\"0.0.0.0\"");
    host.ok("AT+CCOAPPARA=code,1");
    host.not_now("AT+CCOAPACTION");
    host.not_now("AT+CNACT=0");
    host.error("AT+CNACT=1");
    host.error("AT+CNACT=2");
    host.ok("AT+CNCFG=1,\"cmnet\",\"me\",\"secret\"");
    host.ok("AT+CNACT=1");
    host.0.hear(1000);
    // What was put before is still there.
    assert_eq!(host.act(2), "\r\n+CCOAPRECV: 2,14,9\r\n");
}

#[test]
fn a_reset_forgets_everything_and_says_its_lines() {
    let mut host = Host::up(|_| {});
    host.0.line.device().reset();
    let said = host.0.hear(5000);
    assert_eq!(
        said,
        "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nSMS Ready\r\n"
    );
    assert_eq!(host.0.ask("AT"), "AT\r\r\nOK\r\n");
    host.0.ask("ATE0");
    host.not_now("AT+CCOAPTERM");
    assert_eq!(host.0.ask("AT+CPOWD=1"), "\r\nOK\r\n");
    assert_eq!(host.0.hear(500), "\r\nNORMAL POWER DOWN\r\n");
    assert_eq!(host.0.ask("AT"), "");
}
