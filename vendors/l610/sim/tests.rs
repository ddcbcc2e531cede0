//! The note's forms typed by hand, and everything that must not work.

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};
use proptest::prelude::*;

use super::*;
use crate::sim::TestNetwork;
use crate::sim::module::{Sim, Terminal, hex};

type Modem = SimL610<TestNetwork>;

/// A host that types.
struct Host(Terminal<Modem>);

impl Host {
    fn with(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut quirks = Quirks::default();
        change(&mut quirks);
        let module = Modem::with_quirks(TestNetwork::default(), quirks);
        Self(Terminal::new(module))
    }

    /// Echo off, registered, call up.
    fn up(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut host = Self::with(change);
        host.says("ATE0", "ATE0\r|OK|");
        host.0.hear(1000);
        host.says("AT+MIPCALL=1,\"apn\"", "|OK|");
        host.0.hear(2000);
        host
    }

    /// And a session with the demo server, whose id is 1.
    fn open(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut host = Self::up(change);
        host.says("AT+GTCOAPOPEN=demo,5683", "|+GTCOAPOPEN: 1||OK|");
        host
    }

    /// Types a command and hears what comes within half a second.
    fn ask(&mut self, command: &str) -> String {
        self.0.put(command.as_bytes());
        self.0.put(b"\r");
        self.0.hear(500).replace("\r\n", "|")
    }

    fn says(&mut self, command: &str, answer: &str) {
        assert_eq!(self.ask(command), answer, "{command}");
    }

    /// The host's fault, for which there is a reason.
    fn misused(&mut self, command: &str, reason: &str) {
        let before = self.0.misuse().len();
        self.says(command, "|ERROR|");
        let misuse = self.0.misuse();
        assert_eq!(misuse.len(), before + 1, "no reason: {command}");
        assert!(misuse[before].starts_with(reason), "{}", misuse[before]);
    }

    fn polite(&self) {
        assert_eq!(self.0.misuse(), [""; 0]);
    }

    /// Lets a datagram arrive at id 1.
    fn inject(&self, from: &str, datagram: &[u8]) {
        let (now, mut module) = (self.0.line.now(), self.0.line.device());
        let socket = module.socket(1).unwrap();
        let from = from.parse().unwrap();
        module.network().inject(now, socket, from, datagram);
    }
}

/// A GET, as a command.
fn get(id: u8, kind: MessageType, path: &str) -> String {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = MessageClass::Request(RequestType::Get);
    packet.header.message_id = 0x1234;
    packet.set_token(vec![0xAB]);
    packet.add_option(CoapOption::UriPath, path.into());
    let bytes = packet.to_bytes().unwrap();
    format!("AT+GTCOAPSEND={id},{},\"{}\"", bytes.len(), hex(&bytes))
}

#[test]
fn the_notes_forms_work_as_it_prints_them() {
    let mut host = Host::up(|quirks| quirks.clients = 3);
    let free = "|+GTCOAPOPEN: 1|+GTCOAPOPEN: 2|+GTCOAPOPEN: 3||OK|";
    host.says("AT+GTCOAPOPEN?", free);
    host.says("AT+GTCOAPOPEN=192.0.2.1,5683", "|+GTCOAPOPEN: 1||OK|");
    host.says("AT+GTCOAPOPEN=demo,5683", "|+GTCOAPOPEN: 2||OK|");
    host.says(
        &get(2, MessageType::Confirmable, "none"),
        "|OK||+GTCOAPDATA: 2,15,61841234ABFF4E6F7420466F756E64|",
    );
    host.says("AT+GTCOAPCLOSE=1", "|OK||+GTCOAPCLOSE: 1|");
    let free = "|+GTCOAPOPEN: 1|+GTCOAPOPEN: 3||OK|";
    host.says("AT+GTCOAPOPEN?", free);
    host.polite();
}

#[test]
fn no_free_id_is_told_as_zero_and_the_smallest_comes_first() {
    let mut host = Host::open(|quirks| quirks.clients = 2);
    host.says("AT+GTCOAPOPEN?", "|+GTCOAPOPEN: 2||OK|");
    host.says("AT+GTCOAPOPEN=demo,5683", "|+GTCOAPOPEN: 2||OK|");
    host.says("AT+GTCOAPOPEN?", "|+GTCOAPOPEN: 0||OK|");
    host.says("AT+GTCOAPOPEN=demo,5683", "|ERROR|");
    host.says("AT+GTCOAPCLOSE=1", "|OK||+GTCOAPCLOSE: 1|");
    host.says("AT+GTCOAPOPEN=demo,5683", "|+GTCOAPOPEN: 1||OK|");
    host.polite();
}

#[test]
fn forms_that_are_errors_by_specification_are_errors_and_misuse() {
    let mut host = Host::open(|_| {});
    for form in [
        "OPEN=?", "SEND?", "SEND=?", "CLOSE?", "CLOSE=?", "OPEN", "SEND", "CLOSE",
    ] {
        host.misused(&format!("AT+GTCOAP{form}"), "a form that is an error");
    }
}

#[test]
fn what_the_note_does_not_promise_is_refused_with_its_reason() {
    let mut host = Host::open(|_| {});
    let long = format!("GTCOAPOPEN={},5683", "h".repeat(256));
    for (command, reason) in [
        ("GTCOAPOPEN=demo", "a wrong number"),
        ("GTCOAPOPEN=demo,5683,1", "a wrong number"),
        ("GTCOAPOPEN=demo,0", "a number out of range"),
        ("GTCOAPOPEN=demo,65536", "a number out of range"),
        ("GTCOAPOPEN=demo,\"5683\"", "quotes around a number"),
        ("GTCOAPOPEN=,5683", "a missing argument"),
        (&long, "a host of no or too many"),
        ("GTCOAPSEND=1,4", "a wrong number"),
        ("GTCOAPSEND=1,4,60001234", "a string without quotes"),
        ("GTCOAPSEND=1,4,\"6000123\"", "a string that is not hex"),
        ("GTCOAPSEND=1,4,\"6000123G\"", "a string that is not hex"),
        ("GTCOAPSEND=1,5,\"60001234\"", "a length that is not"),
        ("GTCOAPSEND=1,8,\"60001234\"", "a length that is not"),
        ("GTCOAPSEND=1,0,\"\"", "a number out of range"),
        ("GTCOAPSEND=1,3,\"600012\"", "data that is no CoAP"),
        ("GTCOAPSEND=1,4,\"A0001234\"", "data that is no CoAP"),
        ("GTCOAPSEND=\"1\",4,\"60001234\"", "quotes around a number"),
        ("GTCOAPSEND=2,4,\"60001234\"", "an id that is not open"),
        ("GTCOAPSEND=0,4,\"60001234\"", "a number out of range"),
        ("GTCOAPSEND=200,4,\"60001234\"", "a number out of range"),
        ("GTCOAPCLOSE=1,1", "a wrong number"),
        ("GTCOAPCLOSE=3", "an id that is not open"),
        ("GTCOAP=1", "an unknown command"),
        ("MIPCALL=1", "dialling while there is a call"),
        ("MIPCALL=2", "a number out of range"),
        ("MIPCALL=1,apn", "a string without quotes"),
        ("MIPCALL=1,\"apn\",\"me\"", "a wrong number"),
        ("MIPCALL=?", "a form that"),
        ("MIPOPEN?", "an unknown command"),
    ] {
        host.misused(&format!("AT+{command}"), reason);
    }
}

#[test]
fn neither_way_a_message_of_more_than_512_bytes_passes() {
    let mut host = Host::open(|_| {});
    let message = |length: usize| {
        let payload = vec![7; length - 6];
        let bytes = [&[0x51, 0x45, 0, 1, 0xAB, 0xFF][..], &payload].concat();
        let command = format!("AT+GTCOAPSEND=1,{length},\"{}\"", hex(&bytes));
        (bytes, command)
    };
    host.says(&message(512).1, "|OK|");
    host.misused(&message(513).1, "a message of more than 512");
    let head = "\r\n+GTCOAPDATA: 1,512,\r\n".len();
    for (length, heard) in [(512, head + 1024), (513, 0)] {
        host.inject("192.0.2.1:5683", &message(length).0);
        assert_eq!(host.0.hear(100).len(), heard, "{length}");
    }
}

#[test]
fn a_datagram_of_another_sender_is_not_shown() {
    let mut host = Host::open(|_| {});
    host.inject("192.0.2.1:5684", &[0x60, 0, 0, 1]);
    host.inject("192.0.2.2:5683", &[0x60, 0, 0, 1]);
    assert_eq!(host.0.hear(1000), "");
}

#[test]
fn a_name_that_nobody_knows_is_an_error_and_so_is_an_open_without_a_call() {
    let mut host = Host::up(|_| {});
    host.says("AT+GTCOAPOPEN=nowhere,5683", "|ERROR|");
    assert!(host.ask("AT+MIPCALL=0").contains("|OK|"));
    host.says("AT+MIPCALL?", "|+MIPCALL: 0||OK|");
    host.says("AT+GTCOAPOPEN=demo,5683", "|ERROR|");
    host.polite();
}

#[test]
fn the_call_goes_down_and_up_and_takes_the_clients_with_it() {
    for (stay, first, closed) in [(false, 1, "|ERROR|"), (true, 2, "|OK||+GTCOAPCLOSE: 1|")] {
        let mut host = Host::open(|quirks| quirks.dead_ids_stay = stay);
        host.says("AT+MIPCALL?", "|+MIPCALL: 1,10.0.0.1||OK|");
        host.0.line.device().drop_call();
        assert_eq!(host.0.hear(100), "\r\n+MIPCALL: 0\r\n");
        host.says("AT+MIPCALL?", "|+MIPCALL: 0||OK|");
        host.says(&get(1, MessageType::Confirmable, "hello"), "|ERROR|");
        host.says("AT+MIPCALL=1,\"\",\"me\",\"pw\"", "|OK|");
        assert_eq!(host.0.line.device().firmware.dialled, ["", "me", "pw"]);
        host.says("AT+MIPCALL?", "|+MIPCALL: 2||OK|");
        assert_eq!(host.0.hear(2000), "\r\n+MIPCALL: 10.0.0.1\r\n");
        let free = host.ask("AT+GTCOAPOPEN?");
        assert!(
            free.starts_with(&format!("|+GTCOAPOPEN: {first}|")),
            "{free}"
        );
        host.says("AT+GTCOAPCLOSE=1", closed);
        host.polite();
    }
}

/// What is said to an open, to a GET of what is not there, and to a close.
fn played(change: impl FnOnce(&mut Quirks)) -> [String; 3] {
    let mut host = Host::up(change);
    let quoted = host.0.line.device().quirks.host == HostTaken::Quoted;
    let name = if quoted { "\"demo\"" } else { "demo" };
    let open = host.ask(&format!("AT+GTCOAPOPEN={name},5683"));
    let data = host.ask(&get(1, MessageType::NonConfirmable, "x"));
    let late = host.0.hear(600).replace("\r\n", "|");
    let close = host.ask("AT+GTCOAPCLOSE=1");
    host.polite();
    [open, data + &late, close]
}

#[test]
fn every_open_point_can_be_played() {
    let digits = "51840001ABFF4E6F7420466F756E64";
    let usual = played(|_| {});
    let [open, data, close] = usual.clone();
    assert_eq!(open, "|+GTCOAPOPEN: 1||OK|");
    assert_eq!(data, format!("|OK||+GTCOAPDATA: 1,15,{digits}|"));
    assert_eq!(close, "|OK||+GTCOAPCLOSE: 1|");

    assert_eq!(played(|quirks| quirks.host = HostTaken::Quoted), usual);
    let [other, ..] = played(|quirks| quirks.id_after_ok = true);
    assert_eq!(other, "|OK||+GTCOAPOPEN: 1|");
    let with_data = |change: fn(&mut Quirks)| {
        let [_, data, _] = played(change);
        data
    };
    let instead = |other: &str| data.replace(digits, other);
    assert_eq!(
        with_data(|quirks| quirks.data = DataForm::LowerHex),
        instead(&digits.to_lowercase())
    );
    assert_eq!(
        with_data(|quirks| quirks.data = DataForm::Raw),
        instead("Q\u{84}\0\u{1}\u{AB}\u{FF}Not Found")
    );
    assert_eq!(
        with_data(|quirks| quirks.blank_before_data = true),
        instead(&format!(" {digits}"))
    );
    assert_eq!(with_data(|quirks| quirks.data_end = DataEnd::Late), data);
    let never = with_data(|quirks| quirks.data_end = DataEnd::Never);
    assert_eq!(never + "|", data);
    let before = with_data(|quirks| quirks.data_end = DataEnd::Before);
    assert_eq!(before, data.replace(",5184", "|5184"));
    let equals = with_data(|quirks| quirks.equals_sign = true);
    assert_eq!(equals, data.replace(": ", "="));
    let debug = with_data(|quirks| quirks.debug_lines = true);
    assert!(debug.starts_with("|OK||+QTUNBUF: 2048,3584,1536,448||+GTCOAPDATA"));
    let no_blanks = usual.map(|said| said.replace(": ", ":"));
    assert_eq!(played(|quirks| quirks.blank_after_colon = false), no_blanks);
    for (says, line) in [
        (CloseSays::Id, "|OK||+GTCOAPCLOSE: 1|"),
        (CloseSays::Zero, "|OK||+GTCOAPCLOSE: 0|"),
        (CloseSays::IdAndZero, "|OK||+GTCOAPCLOSE: 1,0|"),
        (CloseSays::Nothing, "|OK|"),
    ] {
        let [_, _, close] = played(|quirks| quirks.close_says = says);
        assert_eq!(close, line);
    }
}

#[test]
fn refusals_have_three_spellings() {
    for (refusals, said) in [
        (Refusals::Plain, "|ERROR|"),
        (Refusals::Cme, "|+CME ERROR: 3|"),
        (Refusals::Tcpip, "|+TCPIP ERROR: 631|"),
    ] {
        let mut host = Host::up(|quirks| quirks.refusals = refusals);
        host.says("AT+CMEE=1", "|OK|");
        host.says("AT+GTCOAPOPEN=nowhere,5683", said);
        host.says("AT+GTCOAPCLOSE=1", said);
        assert_eq!(host.0.misuse().len(), 1, "the close");
    }
}

#[test]
fn a_reset_forgets_call_and_clients_and_says_that_it_is_ready() {
    let mut host = Host::open(|_| {});
    host.0.line.device().reset();
    assert_eq!(host.0.hear(5000), "\r\nAT READY\r\n\r\n+SIM READY\r\n");
    host.says("ATE0", "ATE0\r|OK|");
    host.says("AT+MIPCALL?", "|+MIPCALL: 0||OK|");
    assert!(host.0.line.device().socket(1).is_none());
}

#[test]
fn without_a_network_there_is_no_call() {
    let mut host = Host::with(|quirks| quirks.sim = Sim::Missing);
    assert!(host.ask("AT+MIPCALL=1").ends_with("|ERROR|"));
    host.polite();
}

/// Pieces of a dialog, sound and unsound.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let sound = prop::sample::select(vec![
        "AT\r",
        "ATE1\r",
        "AT+GTCOAPOPEN?\r",
        "AT+GTCOAPOPEN=demo,5683\r",
        "AT+GTCOAPOPEN=\"demo\",5683\r",
        "AT+GTCOAPCLOSE=1\r",
        "AT+GTCOAPSEND=1,5,\"4101123441\"\r",
        "AT+GTCOAPSEND=2,4,\"40001234\"\r",
        "AT+MIPCALL?\r",
        "AT+MIPCALL=1\r",
        "AT+MIPCALL=0\r",
        "AT+CFUN=4\r",
        "AT+CFUN=1\r",
        "AT+CFUN=1,1\r",
        "\x1A",
    ]);
    let piece = prop_oneof![
        8 => sound.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => "AT\\+GTCOAP(OPEN|SEND|CLOSE)=[0-9,\"a-f]{0,20}\r".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..30)
}

proptest! {
    #[test]
    fn whatever_is_typed_the_module_comes_back(
        pieces in pieces(),
        pauses in prop::collection::vec(0u32..600, 30),
        datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..5),
    ) {
        let mut host = Host::open(|_| {});
        for datagram in datagrams {
            host.inject("192.0.2.1:5683", &datagram);
        }
        for (piece, pause) in pieces.iter().zip(pauses) {
            host.0.put(piece);
            host.0.hear(pause);
        }
        host.0.hear(20_000);
        host.0.put(b"\r");
        host.0.hear(1_000);
        prop_assert!(host.ask("ATE0").ends_with("|OK|"));
        prop_assert_eq!(host.ask("AT"), "|OK|");
    }
}
