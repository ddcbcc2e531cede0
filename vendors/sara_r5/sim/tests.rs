//! The guide's dialogs typed by hand, and everything that must not work.

use super::*;
use crate::sim::TestNetwork;
use crate::sim::module::Terminal;

type Host = Terminal<SimSaraR5<TestNetwork>>;

const OK: &str = "\r\nOK\r\n";
const REFUSED: &str = "\r\n+CME ERROR: operation not allowed\r\n";

fn host(change: impl FnOnce(&mut Quirks)) -> Host {
    let mut quirks = Quirks::default();
    change(&mut quirks);
    let mut host = Terminal::new(SimSaraR5::with_quirks(TestNetwork::default(), quirks));
    host.ask("ATE0");
    host.ask("AT+CMEE=2");
    host.hear(1000);
    host
}

/// With an active profile.
fn up(change: impl FnOnce(&mut Quirks)) -> Host {
    let mut host = host(change);
    for command in ["AT+UPSD=0,100,1", "AT+UPSD=0,0,0", "AT+UPSDA=0,3"] {
        assert_eq!(host.ask(command), OK, "{command}");
    }
    assert_eq!(host.hear(500), "\r\n+UUPSDA: 0,\"10.0.0.1\"\r\n");
    host
}

/// And with a valid profile of the module's own CoAP for a resource of the demo server.
fn coap(change: impl FnOnce(&mut Quirks), uri: &str) -> Host {
    let mut host = up(change);
    for command in [
        "AT+UCOAP=4,1",
        "AT+UCOAP=2,2,1",
        "AT+UCOAP=2,3,1",
        &format!("AT+UCOAP=1,\"{uri}\""),
    ] {
        assert_eq!(host.ask(command), OK, "{command}");
    }
    host
}

fn refused(host: &mut Host, command: &str, reason: &str) {
    assert_eq!(host.ask(command), REFUSED, "{command}");
    let misuse = host.misuse();
    let last = misuse.last().map(String::as_str);
    assert_eq!(last, Some(format!("{reason}: {command}").as_str()));
}

#[test]
fn the_profile_is_brought_up_as_the_guide_has_it() {
    let mut host = host(|_| {});
    for (command, answer) in [
        ("AT+CFUN=0", ""),
        ("AT+UMNOPROF=100", ""),
        ("AT+CFUN=16", ""),
    ] {
        host.put(format!("{command}\r").as_bytes());
        assert_eq!(host.hear(300), format!("{answer}{OK}"), "{command}");
    }
    host.hear(10_000);
    host.ask("ATE0");
    assert_eq!(
        host.ask("AT+UMNOPROF?"),
        format!("\r\n+UMNOPROF: 100\r\n{OK}")
    );
    host.put(b"AT+CFUN=0\r");
    host.hear(300);
    assert_eq!(host.ask("AT+CGDCONT=1,\"IPV4V6\",\"apn_name\""), OK);
    assert_eq!(host.ask("AT+CFUN=1"), OK);
    host.hear(1000);
    assert_eq!(
        host.ask("AT+CGDCONT?"),
        format!("\r\n+CGDCONT: 1,\"IP\",\"apn_name\",\"10.0.0.1\",0,0,0,0,0,0\r\n{OK}")
    );
    for command in ["AT+UPSD=0,100,1", "AT+UPSD=0,0,0", "AT+UPSDA=0,3"] {
        assert_eq!(host.ask(command), OK);
    }
    assert_eq!(host.hear(500), "\r\n+UUPSDA: 0,\"10.0.0.1\"\r\n");
    assert_eq!(
        host.ask("AT+UPSND=0,8"),
        format!("\r\n+UPSND: 0,8,1\r\n{OK}")
    );
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn another_ip_type_than_the_context_has_is_refused_in_the_guides_words() {
    let mut host = host(|_| {});
    host.ask("AT+UPSD=0,100,1");
    host.ask("AT+UPSD=0,0,2");
    assert_eq!(
        host.ask("AT+UPSDA=0,3"),
        "\r\n+CME ERROR: IP type configuration mismatch\r\n"
    );
}

#[test]
fn settings_that_come_at_a_bad_time_are_refused() {
    let mut host = host(|_| {});
    let radio = "a setting of the network with the radio on";
    refused(&mut host, "AT+CGDCONT=1,\"IP\",\"x\"", radio);
    refused(&mut host, "AT+UMNOPROF=100", radio);
    refused(
        &mut host,
        "AT+UPSDA=0,3",
        "a profile that is mapped on no active context",
    );
    refused(
        &mut host,
        "AT+USOCR=17",
        "a socket without an active profile",
    );
    refused(
        &mut host,
        "AT+UDNSRN=0,\"demo\"",
        "a name without an active profile",
    );
    let mut host = up(|_| {});
    refused(&mut host, "AT+UPSD=0,0,0", "a setting of an active profile");
    assert_eq!(host.ask("AT+UPSDA=0,3"), REFUSED, "it is active");
}

#[test]
fn datagrams_go_as_the_guide_has_it() {
    let mut host = up(|_| {});
    assert_eq!(host.ask("AT+USOCR=17"), format!("\r\n+USOCR: 0\r\n{OK}"));
    assert_eq!(
        host.ask("AT+USOCR=17,12000"),
        format!("\r\n+USOCR: 1,12000\r\n{OK}")
    );
    host.put(b"AT+UDNSRN=0,\"demo\"\r");
    assert_eq!(
        host.hear(200),
        format!("\r\n+UDNSRN: \"192.0.2.1\"\r\n{OK}")
    );
    assert_eq!(host.ask("AT+USOST=0,\"192.0.2.1\",5683,4"), "\r\n@");
    host.hear(50);
    host.put(&[0x40, 0, 0, 7]);
    assert_eq!(
        host.hear(200),
        format!("\r\n+USOST: 0,4\r\n{OK}\r\n+UUSORD: 0,4\r\n")
    );
    assert_eq!(host.ask("AT+USORF=0,0"), format!("\r\n+USORF: 0,4\r\n{OK}"));
    // In two parts, as the guide reads one.
    assert_eq!(
        host.ask("AT+USORF=0,3"),
        format!("\r\n+USORF: 0,\"192.0.2.1\",5683,3,\"p\0\0\"\r\n{OK}\r\n+UUSORD: 0,1\r\n")
    );
    assert_eq!(
        host.ask("AT+USORF=0,1024"),
        format!("\r\n+USORF: 0,\"192.0.2.1\",5683,1,\"\x07\"\r\n{OK}")
    );
    assert_eq!(
        host.ask("AT+USORF=0,1024"),
        format!("\r\n+USORF: 0,0\r\n{OK}")
    );
    assert_eq!(
        host.ask("AT+USOCTL=0,0"),
        format!("\r\n+USOCTL: 0,0,17\r\n{OK}")
    );
    assert_eq!(
        host.ask("AT+USOCTL=0,1"),
        format!("\r\n+USOCTL: 0,1,0\r\n{OK}")
    );
    assert_eq!(host.ask("AT+USOCL=0"), OK);
    assert_eq!(host.ask("AT+USOCTL=0,0"), REFUSED);
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn data_in_hexadecimal_needs_no_prompt() {
    let mut host = up(|_| {});
    host.ask("AT+USOCR=17");
    assert_eq!(host.ask("AT+UDCONF=1,1"), OK);
    assert_eq!(
        host.ask("AT+USOST=0,\"192.0.2.1\",5683,4,\"40000007\""),
        format!("\r\n+USOST: 0,4\r\n{OK}")
    );
    assert_eq!(host.hear(200), "\r\n+UUSORD: 0,4\r\n");
    assert_eq!(
        host.ask("AT+USORF=0,512"),
        format!("\r\n+USORF: 0,\"192.0.2.1\",5683,4,\"70000007\"\r\n{OK}")
    );
}

#[test]
fn what_chapter_5_does_not_promise_is_refused() {
    let mut host = up(|_| {});
    host.ask("AT+USOCR=17");
    for (command, reason) in [
        ("AT+USOCR=16", "a protocol that is neither 6 nor 17"),
        (
            "AT+USOST=0,\"demo\",5683,4",
            "no address where the document has one",
        ),
        ("AT+USOST=0,\"192.0.2.1\",0,4", "a number out of range"),
        ("AT+USOST=0,\"192.0.2.1\",5683,0", "a number out of range"),
        (
            "AT+USOST=0,\"192.0.2.1\",5683,1025",
            "a number out of range",
        ),
        (
            "AT+USOST=0,\"192.0.2.1\",5683,4,\"abc\"",
            "another length than was said",
        ),
        ("AT+USORF=0,1025", "a number out of range"),
        ("AT+USOCL=3", "closing a socket that is not there"),
        ("AT+USOCTL=0,10", "a question for TCP sockets only"),
        ("AT+UDCONF=1", "a wrong number of arguments"),
    ] {
        refused(&mut host, command, reason);
    }
    host.ask("AT+UDCONF=1,1");
    for (command, reason) in [
        (
            "AT+USOST=0,\"192.0.2.1\",5683,4",
            "no data in hexadecimal mode",
        ),
        (
            "AT+USOST=0,\"192.0.2.1\",5683,2,\"4G42\"",
            "data that is not hex",
        ),
        (
            "AT+USOST=0,\"192.0.2.1\",5683,513,\"42\"",
            "a number out of range",
        ),
        ("AT+USORF=0,513", "a number out of range"),
    ] {
        refused(&mut host, command, reason);
    }
    host.ask("AT+UDCONF=1,0");
    host.ask("AT+USOST=0,\"192.0.2.1\",5683,4");
    let before = host.misuse().len();
    let mut host = up(|_| {});
    host.ask("AT+USOCR=17");
    host.put(b"AT+USOST=0,\"192.0.2.1\",5683,4\r");
    assert_eq!(host.hear(11), "\r\n@");
    host.put(&[0x40, 0, 0, 7]);
    host.hear(100);
    assert_eq!(host.misuse(), ["bytes sooner than 50 ms behind the prompt"]);
    assert!(before > 10);
}

#[test]
fn an_exchange_goes_as_the_guide_has_it() {
    let mut host = coap(|_| {}, "coap://demo/store/x");
    assert_eq!(host.ask("AT+UCOAPC=3,\"736f6d655f74657874\",0"), OK);
    assert_eq!(
        host.hear(300),
        "\r\n+UCOAPCD: 2,0,\"\",0\r\n\r\n+UCOAPCR: 3,1\r\n"
    );
    assert_eq!(host.ask("AT+UCOAPC=1"), OK);
    assert_eq!(
        host.hear(300),
        "\r\n+UCOAPCD: 2,0,\"736F6D655F74657874\",0\r\n\r\n+UCOAPCR: 1,1\r\n"
    );
    assert_eq!(host.ask("AT+UCOAPC=4,\"\",0"), OK);
    // 8.4.2
    let text = hex_of("Error 4.05: Method Not Allowed");
    assert_eq!(
        host.hear(300),
        format!("\r\n+UCOAPCD: 4,0,\"{text}\"\r\n\r\n+UCOAPCR: 4,1\r\n")
    );
    assert_eq!(host.ask("AT+UCOAPC=2"), OK);
    assert_eq!(
        host.hear(300),
        "\r\n+UCOAPCD: 2,0,\"\",0\r\n\r\n+UCOAPCR: 2,1\r\n"
    );
    assert_eq!(host.misuse(), [""; 0]);
}

fn hex_of(text: &str) -> String {
    crate::sim::module::hex(text.as_bytes())
}

#[test]
fn profiles_are_stored_listed_and_restored() {
    let mut host = coap(|_| {}, "coap://demo/hello");
    assert_eq!(host.ask("AT+UCOAP=6,0"), OK);
    let stored = "\r\n+UCOAP: \"URI_STR\", \"coap://demo/hello\"\r\n+UCOAP: \"OPT_MASK\", 12\r\n\
                  +UCOAP: \"PROFILE_NUM\", 0\r\n+UCOAP: \"STATUS_FLAG\", 1\r\n\
                  +UCOAP: \"USECMNG PROFILE\", 0\r\n+UCOAP: INVALID PROFILE NUMBER 1\r\n\
                  +UCOAP: INVALID PROFILE NUMBER 2\r\n+UCOAP: INVALID PROFILE NUMBER 3\r\n";
    assert_eq!(host.ask("AT+UCOAP=7"), format!("{stored}{OK}"));
    // It outlives a restart; the current one does not.
    host.line.device().reset();
    host.hear(5000);
    host.ask("ATE0");
    let current = host.ask("AT+UCOAP?");
    assert!(current.contains("\"URI_STR\",\"\""), "{current}");
    assert_eq!(host.ask("AT+UCOAP=5,0"), OK);
    let current = host.ask("AT+UCOAP?");
    assert!(
        current.contains("\"URI_STR\",\"coap://demo/hello\""),
        "{current}"
    );
    assert!(current.contains("+UCOAP: \"RAI FLAG\",0"), "{current}");
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn a_profile_that_is_not_valid_is_explained() {
    let mut host = up(|_| {});
    refused(&mut host, "AT+UCOAPC=1", "a profile that is not valid");
    assert_eq!(
        host.ask("AT+UCOAPER"),
        format!("\r\n+UCOAPER: 15,17\r\n{OK}")
    );
}

#[test]
fn what_chapter_8_does_not_promise_is_refused() {
    let mut host = coap(|_| {}, "coap://demo/silent");
    let long = format!("AT+UCOAPC=3,\"{}\",0", "42".repeat(513));
    for (command, reason) in [
        (
            "AT+UCOAP=1,\" coap://demo/\"",
            "a URI whose scheme is none of CoAP's",
        ),
        (
            "AT+UCOAP=1,\"coap://demo/a b\"",
            "a character that no URI has",
        ),
        ("AT+UCOAP=2,6,1", "a number out of range"),
        ("AT+UCOAP=4,0", "a number out of range"),
        ("AT+UCOAP=5,1", "a profile that was never stored"),
        (
            "AT+UCOAP=3,0",
            "a parameter of the profile that there is not",
        ),
        ("AT+UCOAPC=5", "a number out of range"),
        ("AT+UCOAPC=1,\"\",0", "a wrong number of arguments"),
        ("AT+UCOAPC=3", "a wrong number of arguments"),
        ("AT+UCOAPC=3,\"4\",0", "a string that is not hex"),
        ("AT+UCOAPC=3,\"42\",0,0", "a wrong number of arguments"),
        (
            "AT+UCOAPC=3,\"42\",0,0,1",
            "a block whose size is no block's",
        ),
        (&long, "a payload that is too long"),
    ] {
        refused(&mut host, command, reason);
    }
    assert_eq!(host.ask("AT+UCOAPC=1"), OK);
    refused(
        &mut host,
        "AT+UCOAPC=1",
        "a second exchange while one is under way",
    );
    // Nobody answers: four repetitions, and the exchange has failed.
    assert_eq!(host.hear(100_000), "\r\n+UCOAPCR: 1,0\r\n");
    assert_eq!(host.ask("AT+UCOAPC=1"), OK);
    host.line.device().drop_profile();
    assert_eq!(host.hear(100), "\r\n+UUPSDD: 0\r\n\r\n+UCOAPCR: 1,0\r\n");
    host.ask("AT+UCOAP=1,\"coaps://demo/\"");
    assert_eq!(host.ask("AT+UCOAPC=1"), REFUSED, "never in the clear");
}

#[test]
fn bytes_of_any_kind_are_answered_or_not_and_never_a_reason_to_stop() {
    let mut dice = crate::sim::Dice::new(5);
    for _ in 0..300 {
        let mut host = up(|_| {});
        for _ in 0..40 {
            let pieces: [&[u8]; 14] = [
                b"AT+U", b"SO", b"COAP", b"C", b"ST", b"RF", b"=", b"0,", b"1,", b"\"", b"1024",
                b"\r", b"\x1A", b"@",
            ];
            let which = usize::from(dice.byte()) % pieces.len();
            host.put(pieces.get(which).copied().unwrap_or_default());
        }
        host.put(b"\r");
        host.hear(200_000);
        host.put(&[b'x'; 1024]);
        host.put(b"\r");
        host.hear(1000);
        assert!(host.ask("AT+CMEE?").ends_with(OK));
    }
}
