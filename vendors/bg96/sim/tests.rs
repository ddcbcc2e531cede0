//! The document's dialogs typed by hand, and everything that must not work.

use std::ops::{Deref, DerefMut};

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};

use super::*;
use crate::sim::TestNetwork;
use crate::sim::module::{Terminal, hex};

type Modem = SimBg96<TestNetwork>;

/// A host that types.
pub(super) struct Host(Terminal<Modem>);

impl Deref for Host {
    type Target = Terminal<Modem>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Host {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Host {
    pub(super) fn new() -> Self {
        Self::with(Modem::new(TestNetwork::default()))
    }

    pub(super) fn with_quirks(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut quirks = Quirks::default();
        change(&mut quirks);
        Self::with(Modem::with_quirks(TestNetwork::default(), quirks))
    }

    pub(super) fn with(module: Modem) -> Self {
        Self(Terminal::new(module))
    }

    pub(super) fn ok(&mut self, command: &str) {
        assert_eq!(self.ask(command), "\r\nOK\r\n", "{command}");
    }

    pub(super) fn error(&mut self, command: &str) {
        let before = self.misuse().len();
        assert_eq!(self.ask(command), "\r\nERROR\r\n", "{command}");
        assert_eq!(self.misuse().len(), before + 1, "no reason: {command}");
    }

    /// Echo off, registered, context active.
    pub(super) fn up(mut self) -> Self {
        assert_eq!(self.ask("ATE0"), "ATE0\r\r\nOK\r\n");
        self.hear(1000);
        self.put(b"AT+QIACT=1\r");
        assert_eq!(self.hear(1000), "\r\nOK\r\n");
        self
    }

    /// And a session with the demo server.
    pub(super) fn open(self) -> Self {
        let mut host = self.up();
        host.ok("AT+QCOAPOPEN=0,\"220.180.239.212\",8028");
        assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 0,0\r\n");
        host
    }

    /// Asks for a resource with GET, one slot for its whole path.
    pub(super) fn get(&mut self, kind: u8, id: u16, path: &str) -> String {
        self.ok(&format!("AT+QCOAPHEADER=0,{id},0,2,\"AB{:02X}\"", id % 256));
        self.ok(&format!("AT+QCOAPOPTION=0,0,0,11,\"{path}\""));
        let answer = self.ask(&format!("AT+QCOAPSEND=0,{kind},1,1,0"));
        assert!(answer.starts_with("\r\nOK\r\n"), "{answer}");
        answer["\r\nOK\r\n".len()..].into()
    }

    pub(super) fn journal(&self) -> Vec<Packet> {
        let mut module = self.line.device();
        let sent = module.network().take_journal();
        sent.iter()
            .map(|sent| Packet::from_bytes(&sent.datagram).unwrap())
            .collect()
    }

    /// The same path with another message id.
    pub(super) fn get_again(&mut self, kind: u8, id: u16) {
        self.ok(&format!("AT+QCOAPHEADER=0,{id},0"));
        let answer = self.ask(&format!("AT+QCOAPSEND=0,{kind},1,1,0"));
        assert!(answer.starts_with("\r\nOK\r\n"), "{answer}");
    }

    pub(super) fn inject(&self, packet: &Packet) {
        let from = "220.180.239.212:8028".parse().unwrap();
        let now = self.line.now();
        let mut module = self.line.device();
        let datagram = packet.to_bytes().unwrap();
        module.network().inject(now, 0, from, &datagram);
    }
}

pub(super) fn packet(kind: MessageType, code: MessageClass, id: u16, token: &[u8]) -> Packet {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = code;
    packet.header.message_id = id;
    packet.set_token(token.to_vec());
    packet
}

#[test]
fn the_dialog_of_the_document_5_1_gives_its_bytes() {
    let mut host = Host::new().up();
    host.ok("AT+QCOAPCFG=\"pdpcid\",0,1");
    host.ok("AT+QCOAPCFG=\"trans\",0,4,5");
    host.ok("AT+QCOAPOPEN=0,\"220.180.239.212\",8028");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 0,0\r\n");
    assert_eq!(
        host.ask("AT+QCOAPOPEN?"),
        "\r\n+QCOAPOPEN: 0,\"220.180.239.212\",8028,3\r\n\r\nOK\r\n"
    );
    host.ok("AT+QCOAPHEADER=0,1234,1");
    host.ok("AT+QCOAPOPTION=0,0,0,11,\"19\"");
    host.ok("AT+QCOAPOPTION=0,0,1,12,40");
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,2,1,20"), "\r\n> ");
    host.put(b"Hello, CoAP Message!");
    let heard = host.hear(2000);

    let sent = host.journal();
    assert_eq!(sent.len(), 1);
    let token = sent[0].get_token();
    assert_eq!(token.len(), 6);
    assert_eq!(sent[0].header.get_type(), MessageType::NonConfirmable);
    assert_eq!(
        sent[0].header.code,
        MessageClass::Request(RequestType::Post)
    );
    assert_eq!(sent[0].header.message_id, 1234);
    let path = sent[0].get_first_option(CoapOption::UriPath);
    assert_eq!(path.unwrap(), b"19");
    assert_eq!(sent[0].get_option(CoapOption::ContentFormat), None);
    assert_eq!(sent[0].payload, b"Hello, CoAP Message!");

    let token = hex(token);
    let answer = format!(
        "\r\nOK\r\n\r\n+QCOAPACK: 0,1,1234,0\r\n\r\n+QCOAPRECV: 0,1,4.04,6,{token},0,9\r\nNot Found\r\n"
    );
    assert_eq!(heard, answer);
    host.ok("AT+QCOAPCLOSE=0");
    assert_eq!(host.hear(100), "\r\n+QCOAPCLOSE: 0,0\r\n");
    assert_eq!(host.misuse(), Vec::<String>::new());
}

#[test]
fn echo_is_on_at_first_and_looks_as_logged() {
    let mut host = Host::new();
    assert_eq!(host.ask("AT"), "AT\r\r\nOK\r\n");
    assert_eq!(host.ask("ATE0"), "ATE0\r\r\nOK\r\n");
    assert_eq!(host.ask("at"), "\r\nOK\r\n");
    host.put(b"AT\r\n");
    assert_eq!(host.hear(40), "\r\nOK\r\n");
    assert_eq!(host.ask("ATE1"), "\r\nOK\r\n");
    assert_eq!(host.ask("AT&FZE0"), "AT&FZE0\r\r\nOK\r\n");
    assert_eq!(host.ask("AT&F"), "\r\nOK\r\n");
    assert_eq!(host.ask("AT"), "AT\r\r\nOK\r\n");
    assert_eq!(host.misuse(), Vec::<String>::new());
    assert_eq!(host.line.device().count("AT"), 4);
}

#[test]
fn the_identity_is_that_of_the_log() {
    let mut host = Host::new().up();
    assert_eq!(
        host.ask("ATI"),
        "\r\nQuectel\r\nBG96\r\nRevision: BG96MAR02A07M1G\r\n\r\nOK\r\n"
    );
    assert_eq!(host.ask("AT+CGMM"), "\r\nBG96\r\n\r\nOK\r\n");
}

#[test]
fn bring_up_waits_for_the_network_and_then_answers_as_logged() {
    let mut host = Host::new();
    host.ask("ATE0");
    assert_eq!(host.ask("AT+CEREG?"), "\r\n+CEREG: 0,2\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CGATT?"), "\r\n+CGATT: 0\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+COPS?"), "\r\n+COPS: 0\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+QIACT=1"), "\r\nERROR\r\n");
    host.ok("AT+CEREG=2");
    host.ok("AT+CREG=1");
    assert_eq!(
        host.hear(1000),
        "\r\n+CREG: 1\r\n\r\n+CEREG: 1,\"5650\",\"29A7DF4\",8\r\n"
    );
    assert_eq!(
        host.ask("AT+CEREG?"),
        "\r\n+CEREG: 2,1,\"5650\",\"29A7DF4\",8\r\n\r\nOK\r\n"
    );
    assert_eq!(host.ask("AT+CREG?"), "\r\n+CREG: 1,1\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CGREG?"), "\r\n+CGREG: 0,1\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CSQ"), "\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
    assert_eq!(
        host.ask("AT+QICSGP=1"),
        "\r\n+QICSGP: 1,\"\",\"\",\"\",0\r\n\r\nOK\r\n"
    );
    host.ok("AT+QICSGP=1,1,\"soracom.io\",\"sora\",\"sora\",3");
    assert_eq!(
        host.ask("AT+QICSGP=1"),
        "\r\n+QICSGP: 1,\"soracom.io\",\"sora\",\"sora\",3\r\n\r\nOK\r\n"
    );
    assert_eq!(host.ask("AT+QIDNSCFG=1"), "\r\nERROR\r\n");
    host.ok("AT+QIACT?");
    host.put(b"AT+QIACT=1\r");
    assert_eq!(host.hear(899), "");
    assert_eq!(host.hear(1), "\r\nOK\r\n");
    assert_eq!(
        host.ask("AT+QIACT?"),
        "\r\n+QIACT: 1,1,1,\"10.0.0.1\"\r\n\r\nOK\r\n"
    );
    assert_eq!(host.ask("AT+QIACT=1"), "\r\nERROR\r\n", "active already");
    assert!(host.ask("AT+QIDNSCFG=1").starts_with("\r\n+QIDNSCFG: 1,\""));
    host.put(b"AT+QIDEACT=1\r");
    assert_eq!(host.hear(400), "\r\nOK\r\n");
    host.ok("AT+QIACT?");
    assert_eq!(host.misuse(), Vec::<String>::new());
}

#[test]
fn a_network_that_is_not_there_is_never_found() {
    let mut host = Host::with_quirks(|quirks| quirks.no_network = true);
    host.ask("ATE0");
    host.ok("AT+CEREG=1");
    assert_eq!(host.hear(1_000_000), "");
    assert_eq!(host.ask("AT+CEREG?"), "\r\n+CEREG: 1,2\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CSQ"), "\r\n+CSQ: 99,99\r\n\r\nOK\r\n");
}

#[test]
fn a_pin_is_wanted_and_three_wrong_ones_want_the_puk() {
    let mut host = Host::with_quirks(|quirks| quirks.sim = Sim::Pin("1234".into()));
    host.ask("ATE0");
    host.ok("AT+CMEE=1");
    assert_eq!(host.ask("AT+CPIN?"), "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n");
    host.hear(2000);
    assert_eq!(host.ask("AT+CEREG?"), "\r\n+CEREG: 0,0\r\n\r\nOK\r\n");
    for _ in 0..3 {
        assert_eq!(host.ask("AT+CPIN=\"0000\""), "\r\n+CME ERROR: 16\r\n");
    }
    assert_eq!(host.ask("AT+CPIN?"), "\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n");
    assert_eq!(
        host.ask("AT+CPIN=\"12345679\",\"1234\""),
        "\r\n+CME ERROR: 16\r\n"
    );
    host.put(b"AT+CPIN=\"12345678\",\"1234\"\r");
    assert_eq!(host.hear(200), "\r\nOK\r\n\r\n+CPIN: READY\r\n");
    host.hear(1000);
    assert_eq!(host.ask("AT+CEREG?"), "\r\n+CEREG: 0,1\r\n\r\nOK\r\n");
}

#[test]
fn cmee_decides_how_an_error_is_said() {
    let mut host = Host::with_quirks(|quirks| quirks.sim = Sim::Missing);
    host.ask("ATE0");
    assert_eq!(host.ask("AT+CMEE?"), "\r\n+CMEE: 0\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CMEE=?"), "\r\n+CMEE: (0-2)\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CPIN?"), "\r\nERROR\r\n");
    host.ok("AT+CMEE=1");
    assert_eq!(host.ask("AT+CPIN?"), "\r\n+CME ERROR: 10\r\n");
    assert_eq!(host.ask("AT+CMEE=3"), "\r\n+CME ERROR: 50\r\n");
    host.ok("AT+CMEE=2");
    assert_eq!(host.ask("AT+CPIN?"), "\r\n+CME ERROR: SIM not inserted\r\n");
    assert_eq!(
        host.ask("AT+QCOAPCLOSE=0"),
        "\r\nERROR\r\n",
        "documented so"
    );
    host.line.device().quirks.coap_errors_are_cme = true;
    assert_eq!(
        host.ask("AT+QCOAPCLOSE=0"),
        "\r\n+CME ERROR: incorrect parameters\r\n"
    );
}

#[test]
fn unknown_and_malformed_commands_are_errors_with_a_reason() {
    let mut host = Host::new().open();
    for command in [
        "AT+NOSUCH",
        "AT+QCOAPGET=0",
        "ATX4",
        "XX",
        "AT+CFUN",
        "AT+QIACT=0",
        "AT+QIACT=17",
        "AT+QCOAPCFG=\"pdpcid\", 0,1",
        "AT+QCOAPCFG=pdpcid,0,1",
        "AT+QCOAPCFG=\"pdpcid\",6,1",
        "AT+QCOAPCFG=\"pdpcid\",0,17",
        "AT+QCOAPCFG=\"trans\",0,1,5",
        "AT+QCOAPCFG=\"trans\",0,61,5",
        "AT+QCOAPCFG=\"trans\",0,4,3",
        "AT+QCOAPCFG=\"trans\",0,4,9",
        "AT+QCOAPCFG=\"trans\",0,4",
        "AT+QCOAPCFG=\"dtls\",0,2,0",
        "AT+QCOAPCFG=\"psk\",0",
        "AT+QCOAPCFG=\"pdpcid\",0,1",
        "AT+QCOAPCFG=\"dtls\",0,0,0",
        "AT+QICSGP=1,1,\"other\"",
        "AT+QICSGP=01",
        "AT+QCOAPHEADER=0,0001,1",
        "AT+QCOAPOPEN=1,220.180.239.212,8028",
        "AT+QCOAPOPEN=1,\"demo\",\"5683\"",
        "AT+QCOAPOPEN=1,\"demo\",0",
        "AT+QCOAPOPEN=1,\"demo\",65536",
        "AT+QCOAPOPEN=1,\"\",5683",
        "AT+QCOAPOPEN=1,\"demo\"",
        "AT+QCOAPHEADER=0,65536,1",
        "AT+QCOAPHEADER=0,1,2",
        "AT+QCOAPHEADER=0,1,1,2,\"ABCD\"",
        "AT+QCOAPHEADER=0,1,0,2",
        "AT+QCOAPHEADER=0,1,0,2,\"ABC\"",
        "AT+QCOAPHEADER=0,1,0,2,\"ABCDEF\"",
        "AT+QCOAPHEADER=0,1,0,9,\"112233445566778899\"",
        "AT+QCOAPHEADER=0,1,0,2,ABCD",
        "AT+QCOAPHEADER=0,1,0,2,\"WXYZ\"",
        "AT+QCOAPHEADER=1,1,1",
        "AT+QCOAPOPTION=0,0,8,11,\"x\"",
        "AT+QCOAPOPTION=0,2,0,11,\"x\"",
        "AT+QCOAPOPTION=0,0,0,11,x",
        "AT+QCOAPOPTION=0,0,0,12,\"40\"",
        "AT+QCOAPOPTION=0,0,0,6,0",
        "AT+QCOAPOPTION=0,0,0,11",
        "AT+QCOAPOPTION=0,1,0",
        "AT+QCOAPSEND=0,0,1,0,0",
    ] {
        host.error(command);
    }
    host.ok("AT+QCOAPHEADER=0,1,1");
    host.ok("AT+QCOAPOPTION=0,0,0,12,40");
    host.ok("AT+QCOAPOPTION=0,0,3,12,40");
    for command in [
        "AT+QCOAPSEND=0,2,1,0,0",
        "AT+QCOAPSEND=0,2,4,0",
        "AT+QCOAPSEND=0,3,1,0,0",
        "AT+QCOAPSEND=0,3,69,0,0",
        "AT+QCOAPSEND=0,1,0,0,0",
        "AT+QCOAPSEND=0,0,2,9,1",
        "AT+QCOAPSEND=0,4,1,0,0",
        "AT+QCOAPSEND=0,0,5,0,0",
        "AT+QCOAPSEND=0,0,205,0,0",
        "AT+QCOAPSEND=0,0,1,256,0",
        "AT+QCOAPSEND=0,0,1,0,1025",
        "AT+QCOAPSEND=0,0,1,0,",
        "AT+QCOAPSEND=0,0,1",
        "AT+QCOAPSEND=1,0,1,0,0",
    ] {
        host.error(command);
    }
    assert!(host.journal().is_empty(), "something was sent");
}

#[test]
fn a_line_that_is_too_long_is_an_error() {
    let mut host = Host::new().up();
    let line = format!("AT+CPIN=\"{}\"", "1".repeat(2000));
    assert_eq!(host.ask(&line), "\r\nERROR\r\n");
    assert!(host.misuse()[0].starts_with("a line that is too long"));
    host.ok("AT");
}

#[test]
fn every_coap_command_has_its_test_form() {
    let mut host = Host::new().up();
    for (name, ranges) in [
        ("QCOAPOPEN", "(0-5),<CoAP_server>,(1-65535)"),
        ("QCOAPCLOSE", "(0-5)"),
        ("QCOAPHEADER", "(0-5),(0-65535),(0,1),(0-8),<token>"),
        ("QCOAPOPTION", "(0-5),(0,1),(0-7),<opt_number>,<opt_value>"),
        (
            "QCOAPSEND",
            "(0-5),(0-3),<code_value>,<opt_bitmask>,(0-1024)",
        ),
    ] {
        assert_eq!(
            host.ask(&format!("AT+{name}=?")),
            format!("\r\n+{name}: {ranges}\r\n\r\nOK\r\n")
        );
    }
    let configuration = host.ask("AT+QCOAPCFG=?");
    assert!(configuration.contains("\r\n+QCOAPCFG: \"trans\",(0-5),(2-60),(4-8)\r\n"));
}

#[test]
fn settings_are_kept_for_each_client_and_can_be_asked_for() {
    let mut host = Host::new().open();
    host.ok("AT+QICSGP=1,1,\"\"");
    for (set, query, line) in [
        ("\"pdpcid\",3,16", "\"pdpcid\",3", "\"pdpcid\",16"),
        ("\"trans\",3,60,8", "\"trans\",3", "\"trans\",60,8"),
        ("\"dtls\",3,1,5", "\"dtls\",3", "\"dtls\",1,5"),
    ] {
        host.ok(&format!("AT+QCOAPCFG={set}"));
        assert_eq!(
            host.ask(&format!("AT+QCOAPCFG={query}")),
            format!("\r\n+QCOAPCFG: {line}\r\n\r\nOK\r\n")
        );
    }
    assert_eq!(
        host.ask("AT+QCOAPCFG=\"trans\",0"),
        "\r\n+QCOAPCFG: \"trans\",2,5\r\n\r\nOK\r\n",
        "another client's default"
    );
}

#[test]
fn opening_goes_through_its_states_and_fails_with_its_results() {
    let mut host = Host::new().up();
    host.ok("AT+QCOAPOPEN?");
    host.ok("AT+QCOAPOPEN=2,\"demo\",5683");
    let state = |host: &mut Host| host.ask("AT+QCOAPOPEN?");
    assert!(state(&mut host).starts_with("\r\n+QCOAPOPEN: 2,\"demo\",5683,1\r\n"));
    host.hear(50);
    assert!(state(&mut host).starts_with("\r\n+QCOAPOPEN: 2,\"demo\",5683,2\r\n"));
    assert_eq!(host.hear(200), "\r\n+QCOAPOPEN: 2,0\r\n");
    assert!(state(&mut host).starts_with("\r\n+QCOAPOPEN: 2,\"demo\",5683,3\r\n"));
    host.put(b"AT+QCOAPCLOSE=2\r");
    host.hear(20);
    assert!(state(&mut host).starts_with("\r\n+QCOAPOPEN: 2,\"demo\",5683,4\r\n"));
    assert_eq!(host.hear(200), "\r\n+QCOAPCLOSE: 2,0\r\n");
    host.ok("AT+QCOAPOPEN?");

    host.ok("AT+QCOAPOPEN=2,\"nowhere.example\",5683");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 2,-5\r\n");
    host.ok("AT+QCOAPCFG=\"dtls\",2,1,0");
    host.ok("AT+QCOAPOPEN=2,\"demo\",5684");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 2,-9\r\n");
    host.ok("AT+QCOAPCFG=\"pdpcid\",1,7");
    host.ok("AT+QCOAPOPEN=1,\"demo\",5683");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 1,-4\r\n");
    host.ok("AT+QCOAPOPEN?");
    assert_eq!(host.misuse(), ["a session without an active PDP context"]);
}

#[test]
fn a_session_left_over_from_a_former_life_of_the_host_gives_minus_ten() {
    let mut host = Host::new().open();
    host.ok("ATE0");
    host.ok("AT+QCOAPOPEN=0,\"demo\",5683");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 0,-10\r\n");
    host.line.device().quirks.positive_results = true;
    host.ok("AT+QCOAPOPEN=0,\"demo\",5683");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 0,10\r\n");
    host.ok("AT+QCOAPCLOSE=0");
    host.hear(200);
    host.ok("AT+QCOAPOPEN=0,\"demo\",5683");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 0,0\r\n");
    assert_eq!(host.ask("AT+QCOAPCLOSE=5"), "\r\nERROR\r\n");
    assert_eq!(host.misuse(), Vec::<String>::new());
}
