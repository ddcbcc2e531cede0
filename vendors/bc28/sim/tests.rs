//! The simulated module without a driver: it answers as the note's examples do, and it is as strict as the note.

use super::{DataShown, PayloadTaken, SimBc28};
use crate::sim::TestNetwork;
use crate::sim::module::Terminal;
use crate::time::Millis;
use coap_lite::{CoapOption, MessageType, Packet};

type Host = Terminal<SimBc28<TestNetwork>>;

/// A terminal without echo at a module that is registered.
fn registered() -> Host {
    let mut host = Terminal::new(SimBc28::new(TestNetwork::default()));
    assert_eq!(host.ask("ATE0"), "ATE0\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CMEE=1"), "\r\nOK\r\n");
    host.hear(1500);
    host
}

/// The same with a context.
fn created() -> Host {
    let mut host = registered();
    good(&mut host, "AT+QCOAPCREATE=56830");
    host
}

fn good(host: &mut Host, command: &str) {
    assert_eq!(host.ask(command), "\r\nOK\r\n", "{command}");
}

/// Sends with this input, and hears what comes of it.
fn send(host: &mut Host, command: &str, input: &str) -> String {
    assert_eq!(host.ask(command), "\r\n>", "{command}");
    host.put(input.as_bytes());
    host.put(b"\x1A");
    host.hear(300)
}

/// What the server has received last.
fn arrived(host: &Host) -> Packet {
    let sent = host.line.device().network().take_journal();
    Packet::from_bytes(&sent.last().unwrap().datagram).unwrap()
}

#[test]
fn the_examples_of_chapter_2_work() {
    let mut host = created();
    good(&mut host, "AT+QCOAPADDRES=4,\"/t/d\"");
    for head in [
        "1",
        "2,8,0102030405060708",
        "3,13940",
        "4,13940",
        "5,13940,4,02040608",
    ] {
        good(&mut host, &format!("AT+QCOAPHEAD={head}"));
    }
    for options in [
        "1,11,\"rd\"",
        "2,11,\"rd\",15,\"ep=86370303\"",
        "2,11,\".well-know\",11,\"core\"",
    ] {
        good(&mut host, &format!("AT+QCOAPOPTION={options}"));
    }
    good(&mut host, "AT+QCOAPCFG?");
    good(&mut host, "AT+QCOAPCFG=\"Showra\",1");
    let shown = host.ask("AT+QCOAPCFG=\"Showra\"");
    assert_eq!(shown, "\r\n+QCOAPCFG: \"Showra\",1\r\n\r\nOK\r\n");
    good(&mut host, "AT+QCOAPDEL");
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn a_message_is_made_of_head_options_and_payload_which_are_used_up() {
    let mut host = created();
    good(&mut host, "AT+QCOAPHEAD=5,6677,4,30323436");
    good(
        &mut host,
        "AT+QCOAPOPTION=3,11,\"store\",11,\"x\",12,\"42\"",
    );
    let said = send(&mut host, "AT+QCOAPSEND=0,3,192.0.2.1,5683", "00ff1A");
    assert_eq!(said, "\r\nOK\r\n\r\n+QCOAPURC: \"rsp\",2,2.01,6677\r\n");
    let packet = arrived(&host);
    assert_eq!(packet.get_token(), b"0246");
    assert_eq!(packet.payload, [0, 0xFF, 0x1A]);
    let status = host.ask("AT+QCOAPDATASTATUS?");
    assert_eq!(status, "\r\n+QCOAPDATASTATUS: 4\r\n\r\nOK\r\n");
    // Neither head nor options any more.
    let said = send(&mut host, "AT+QCOAPSEND=0,1,192.0.2.1,5683", "");
    assert!(
        said.contains(",2,4.04,61441,9,4E6F7420466F756E64"),
        "{said}"
    );
    let packet = arrived(&host);
    assert_eq!((packet.get_token().len(), packet.options().count()), (0, 0));
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn the_settings_show_sender_and_options_and_data_as_the_format_is() {
    let mut host = created();
    good(&mut host, "AT+QCOAPCFG=\"Showra\",1");
    good(&mut host, "AT+QCOAPCFG=\"Showrspopt\",1");
    let ask = |host: &mut Host, id: u16| {
        good(host, &format!("AT+QCOAPHEAD=3,{id}"));
        good(host, "AT+QCOAPOPTION=1,11,\"hello\"");
        let said = send(host, "AT+QCOAPSEND=1,1,192.0.2.1,5683", "");
        said.strip_prefix("\r\nOK\r\n\r\n+QCOAPURC: \"rsp\",192.0.2.1,5683,1,2.05,")
            .unwrap()
            .split_once(',')
            .unwrap()
            .1
            .to_owned()
    };
    let text = "1,12,\"0\",27,Hello from the demo server!\r\n";
    assert_eq!(ask(&mut host, 1), text);
    host.line.device().quirks.data = DataShown::Hex;
    let hex = "1,12,\"0\",27,48656C6C6F2066726F6D207468652064656D6F2073657276657221\r\n";
    assert_eq!(ask(&mut host, 2), hex);
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn a_request_is_told_and_answered_by_the_host_alone() {
    let mut host = created();
    let mut packet = Packet::new();
    packet.header.set_type(MessageType::Confirmable);
    packet.header.message_id = 50670;
    packet.set_token(vec![0x1A, 0x84]);
    packet.add_option(CoapOption::UriPath, b"t".to_vec());
    packet.add_option(CoapOption::UriPath, b"d".to_vec());
    let at = host.line.now().after(Millis::new(10));
    {
        let mut module = host.line.device();
        let socket = module.socket().unwrap();
        let from = "192.0.2.1:5683".parse().unwrap();
        module
            .network()
            .inject(at, socket, from, &packet.to_bytes().unwrap());
    }
    let line = "\r\n+QCOAPURC: \"req\",0,1,50670,05,2,1A84,11,\"t\",11,\"d\"\r\n";
    assert_eq!(host.hear(3000), line);
    assert_eq!(host.line.device().network().take_journal(), []);
    good(&mut host, "AT+QCOAPHEAD=5,50670,2,1A84");
    let said = send(&mut host, "AT+QCOAPSEND=2,205,192.0.2.1,5683", "6869");
    assert_eq!(said, "\r\nOK\r\n");
    let answer = arrived(&host);
    assert_eq!(answer.header.get_type(), MessageType::Acknowledgement);
    assert_eq!(
        (answer.header.message_id, answer.payload),
        (50670, b"hi".to_vec())
    );
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn the_status_tells_what_became_of_a_confirmable_message() {
    let mut host = created();
    let mut status = |path: &str, wait: u32| {
        good(&mut host, &format!("AT+QCOAPOPTION=1,11,\"{path}\""));
        send(&mut host, "AT+QCOAPSEND=0,1,192.0.2.1,5683", "");
        host.hear(wait);
        let said = host.ask("AT+QCOAPDATASTATUS?");
        said.chars().find(char::is_ascii_digit)
    };
    assert_eq!(status("hello", 0), Some('4'));
    assert_eq!(status("reset", 0), Some('5'));
    assert_eq!(status("silent", 0), Some('1'));
    assert_eq!(status("silent", 63_000), Some('3'));
}

#[test]
fn what_the_note_does_not_promise_is_refused_with_its_reason() {
    for (command, reason) in [
        ("AT+QCOAPCREATE=0", "out of range"),
        ("AT+QCOAPCREATE=\"56830\"", "quotes around a number"),
        ("AT+QCOAPADDRES=5,\"/t/d\"", "another length"),
        ("AT+QCOAPADDRES=4,/t/d", "without quotes"),
        ("AT+QCOAPHEAD=0", "out of range"),
        ("AT+QCOAPHEAD=3", "number of arguments"),
        ("AT+QCOAPHEAD=5,1,4,0102", "another length"),
        ("AT+QCOAPHEAD=5,1,4,\"01020304\"", "quotes around a word"),
        ("AT+QCOAPHEAD=2,9,010203040506070809", "out of range"),
        ("AT+QCOAPOPTION=2,11,\"a\"", "another number of options"),
        ("AT+QCOAPOPTION=13,11,\"a\"", "out of range"),
        ("AT+QCOAPOPTION=1,11,a", "without quotes"),
        ("AT+QCOAPOPTION=1,12,50", "without quotes"),
        ("AT+QCOAPOPTION=1,11,\"\"", "empty or too long"),
        ("AT+QCOAPOPTION=1,12,\"60\"", "not in the list"),
        ("AT+QCOAPOPTION=1,6,\"00\"", "not a plain number"),
        ("AT+QCOAPOPTION=1,5,\"x\"", "cannot be written"),
        ("AT+QCOAPOPTION=2,12,\"0\",12,\"0\"", "twice"),
        ("AT+QCOAPSEND=0,1,192.0.2.1", "number of arguments"),
        (
            "AT+QCOAPSEND=0,1,\"192.0.2.1\",5683",
            "quotes around a word",
        ),
        ("AT+QCOAPSEND=0,1,demo,5683", "not an address"),
        ("AT+QCOAPSEND=0,5,192.0.2.1,5683", "not in the list"),
        ("AT+QCOAPSEND=0,69,192.0.2.1,5683", "not in the list"),
        ("AT+QCOAPSEND=3,205,192.0.2.1,5683", "cannot carry"),
        ("AT+QCOAPSEND=0,1,180.101.147.115, 5683", "blank"),
        ("AT+QCOAPCFG=\"Showrspt\",1", "unknown setting"),
        ("AT+QCOAPCFG=\"Showsport\",0", "unknown setting"),
        ("AT+QCOAPDEL?", "form"),
        ("AT+QCOAPOPEN=0,\"192.0.2.1\",5683", "unknown command"),
        ("AT+CPIN?", "unknown command"),
    ] {
        let mut host = created();
        let said = host.ask(command);
        assert!(said.starts_with("\r\n+CME ERROR: 50"), "{command}: {said}");
        let misuse = host.misuse().concat();
        assert!(misuse.contains(reason), "{command}: {misuse}");
    }
}

#[test]
fn what_comes_at_a_bad_time_is_refused_without_a_reproach() {
    let mut host = registered();
    for command in [
        "AT+QCOAPDEL",
        "AT+QCOAPHEAD=1",
        "AT+QCOAPOPTION=1,11,\"a\"",
        "AT+QCOAPSEND=0,1,192.0.2.1,5683",
        "AT+QCOAPDATASTATUS?",
    ] {
        assert_eq!(host.ask(command), "\r\n+CME ERROR: 3\r\n", "{command}");
    }
    good(&mut host, "AT+QCOAPCREATE=56830");
    assert_eq!(host.ask("AT+QCOAPCREATE=56831"), "\r\n+CME ERROR: 3\r\n");
    host.line.device().quirks.no_network = true;
    host.hear(10);
    let said = host.ask("AT+QCOAPSEND=0,1,192.0.2.1,5683");
    assert_eq!(said, "\r\n+CME ERROR: 30\r\n");
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn a_message_before_the_status_of_the_last_one_was_asked_for_is_refused() {
    let mut host = created();
    send(&mut host, "AT+QCOAPSEND=0,1,192.0.2.1,5683", "");
    for kind in [0, 1] {
        let said = host.ask(&format!("AT+QCOAPSEND={kind},1,192.0.2.1,5683"));
        assert_eq!(said, "\r\n+CME ERROR: 50\r\n");
    }
    assert_eq!(host.misuse().len(), 2);
}

#[test]
fn input_is_hexadecimal_or_as_it_is_may_be_edited_and_may_be_cancelled() {
    let mut host = created();
    let put = "AT+QCOAPSEND=1,3,192.0.2.1,5683";
    let mut typed = |raw: bool, format: Option<u8>, input: &str| {
        host.line.device().quirks.payload = match raw {
            true => PayloadTaken::Raw,
            false => PayloadTaken::ByFormat,
        };
        if let Some(format) = format {
            good(&mut host, &format!("AT+QCOAPOPTION=1,12,\"{format}\""));
        }
        let said = send(&mut host, put, input);
        said.starts_with("\r\nOK").then(|| arrived(&host).payload)
    };
    assert_eq!(typed(false, None, "3132"), Some(b"12".to_vec()));
    assert_eq!(typed(true, None, "3132"), Some(b"3132".to_vec()));
    for format in [0, 41, 50] {
        assert_eq!(typed(false, Some(format), "3132"), Some(b"3132".to_vec()));
    }
    assert_eq!(typed(false, Some(42), "3132"), Some(b"12".to_vec()));
    assert_eq!(typed(true, None, "abc\x08d"), Some(b"abd".to_vec()));
    assert_eq!(typed(false, None, "31x"), None);
    assert_eq!(
        host.misuse(),
        ["a payload that is not hex: AT+QCOAPSEND=1,3,192.0.2.1,5683"]
    );

    assert_eq!(host.ask(put), "\r\n>");
    host.put(b"31\x1B");
    assert_eq!(host.hear(300), "\r\nOK\r\n");
    assert_eq!(host.line.device().network().take_journal(), []);
}

#[test]
fn a_restart_says_what_the_logs_show() {
    let mut host = registered();
    host.put(b"AT+NRB\r");
    let said = host.hear(10_000);
    let expected = [
        "REBOOTING",
        "Boot: Unsigned",
        "Security B.. Verified",
        "Protocol A.. Verified",
        "Apps A...... Verified",
        "REBOOT_CAUSE_APPLICATION_AT",
        "Neul ",
        "OK",
    ];
    let lines: Vec<&str> = said.split("\r\n").filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, expected);
    assert_eq!(host.ask("AT"), "AT\r\n\r\nOK\r\n", "and echo is on again");
}

#[test]
fn names_are_looked_up_behind_the_ok() {
    let mut host = registered();
    good(&mut host, "AT+QDNS=0,demo");
    assert_eq!(host.hear(500), "\r\n+QDNS:192.0.2.1\r\n");
    good(&mut host, "AT+QDNS=0,nowhere.example");
    assert_eq!(host.hear(500), "\r\n+QDNS:FAIL\r\n");
    assert_eq!(host.misuse(), [""; 0]);
}
