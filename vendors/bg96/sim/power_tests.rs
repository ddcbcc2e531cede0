//! Power, resets, disturbances, and the pace of the serial side.

use super::tests::Host;
use super::*;
use crate::sim::module::TOO_SOON;
use crate::sim::{HostNetwork, Line, TestNetwork, TimeSource};
use crate::time::Millis;
use embedded_io::{Read as _, ReadReady as _, Write as _};

const BOOT: &str = "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\n+QUSIM: 1\r\n\r\nAPP RDY\r\n\r\n+QIND: SMS DONE\r\n";

#[test]
fn a_module_that_is_off_is_silent_until_it_is_switched_on() {
    let mut host = Host::with(SimBg96::off(TestNetwork::default()));
    assert_eq!(host.ask("AT"), "");
    host.line.device().power_on();
    assert_eq!(host.ask("AT"), "", "still booting");
    assert_eq!(host.hear(2_700), "");
    assert_eq!(host.hear(2_000), BOOT);
    assert_eq!(host.ask("AT"), "AT\r\r\nOK\r\n");
    host.line.device().power_on();
    assert_eq!(host.ask("AT"), "AT\r\r\nOK\r\n", "it was on");
}

#[test]
fn cfun_1_1_resets_as_logged() {
    let mut host = Host::new().open();
    host.put(b"AT+CFUN=1,1\r");
    assert_eq!(host.hear(40), "\r\nOK\r\n\r\nPOWERED DOWN\r\n");
    assert_eq!(host.ask("AT"), "", "nobody there");
    assert_eq!(host.hear(3_000), "\r\n+QIURC: \"pdpdeact\",1\r\n");
    assert_eq!(host.hear(4_000), BOOT);
    assert_eq!(host.ask("AT+QCOAPOPEN?"), "AT+QCOAPOPEN?\r\r\nOK\r\n");
    assert!(host.ask("AT+CMEE?").contains("+CMEE: 0"));
}

#[test]
fn a_spontaneous_reset_forgets_everything_and_turns_the_echo_on() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPCFG=\"trans\",0,60,8");
    host.get(0, 1, "silent");
    host.put(b"AT+QI");
    host.line.device().reset();
    assert_eq!(host.hear(5_000), BOOT);
    assert_eq!(host.ask("AT+QCOAPOPEN?"), "AT+QCOAPOPEN?\r\r\nOK\r\n");
    assert!(
        host.ask("AT+QCOAPCFG=\"trans\",0")
            .contains("\"trans\",2,5")
    );
    assert_eq!(host.hear(300_000), "");
}

#[test]
fn a_reset_at_the_prompt_takes_the_prompt_away() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPHEADER=0,1,0");
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,2,0,500"), "\r\n> ");
    host.line.device().reset();
    host.hear(5_000);
    assert_eq!(host.ask("AT"), "AT\r\r\nOK\r\n");
}

#[test]
fn qpowd_switches_off() {
    let mut host = Host::new().up();
    host.put(b"AT+QPOWD\r");
    assert_eq!(host.hear(1_000), "\r\nOK\r\n\r\nPOWERED DOWN\r\n");
    assert_eq!(host.ask("AT"), "");
    host.line.device().power_on();
    assert_eq!(host.hear(5_000), BOOT);
}

#[test]
fn boot_says_what_the_quirk_lists() {
    let mut host = Host::with_quirks(|quirks| quirks.boot = vec!["APP RDY".into()]);
    host.line.device().reset();
    assert_eq!(host.hear(5_000), "\r\nAPP RDY\r\n");
}

#[test]
fn cfun_0_takes_the_network_away_and_cfun_1_brings_it_back() {
    let mut host = Host::new().open();
    host.put(b"AT+CFUN=4\r");
    assert_eq!(host.hear(200), "\r\nOK\r\n");
    host.ok("AT+QIACT?");
    host.ok("AT+QCOAPOPEN?");
    assert!(host.ask("AT+CEREG?").contains(": 0,0"));
    host.error("AT+CFUN=3");
    host.ok("AT+CFUN=1");
    host.hear(1_000);
    assert!(host.ask("AT+CEREG?").contains(": 0,1"));
}

#[test]
fn commands_are_taken_one_after_the_other_and_haste_is_noted() {
    let mut host = Host::new().up();
    host.put(b"AT+CGMM\rAT+CSQ\r");
    assert_eq!(
        host.hear(100),
        "\r\nBG96\r\n\r\nOK\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n"
    );
    assert_eq!(host.misuse(), [TOO_SOON]);
    host.put(b"AT+QIDEACT=1\r");
    host.put(b"AT\r");
    assert_eq!(host.hear(299), "");
    assert_eq!(host.hear(100), "\r\nOK\r\n\r\nOK\r\n");
    assert_eq!(host.misuse(), [TOO_SOON, TOO_SOON]);
}

#[test]
fn ctrl_z_after_a_payload_of_known_length_is_one_byte_too_many() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPHEADER=0,1,0");
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,2,0,2"), "\r\n> ");
    host.put(b"ab\x1A");
    host.hear(200);
    assert_eq!(host.misuse(), [TOO_SOON, "a stray control byte 0x1A"]);
    assert_eq!(host.journal()[0].payload, b"ab");
}

#[test]
fn stray_control_bytes_are_swallowed_and_noted() {
    let mut host = Host::new().up();
    host.put(b"A\x1B\x1AT\r");
    assert_eq!(host.hear(40), "\r\nOK\r\n");
    assert_eq!(host.misuse().len(), 2);
    host.put(b"AX\x08T\r");
    assert_eq!(host.hear(40), "\r\nOK\r\n", "a backspace");
}

#[test]
fn anything_can_be_said_at_any_time_even_inside_an_answer() {
    let mut host = Host::new().up();
    let soon = host.line.now().after(Millis::new(2));
    host.line.device().say_at(soon, b"\r\n+QIND: PB DONE\r\n");
    assert_eq!(host.ask("AT"), "\r\n+QIND: PB DONE\r\n\r\nOK\r\n");
    host.line.device().say(b"\xFF\x00");
    assert_eq!(host.hear(1), "\u{FF}\0");
}

#[test]
fn urcs_come_out_of_the_port_that_was_chosen() {
    let mut host = Host::new().open();
    host.ok("AT+QURCCFG=\"urcport\",\"usbat\"");
    host.get(0, 1, "hello");
    assert_eq!(host.hear(1_000), "");
    host.ok("AT+QURCCFG=\"urcport\",\"uart1\"");
    host.get_again(0, 2);
    assert!(host.hear(1_000).contains("+QCOAPRECV"));
    assert!(
        host.ask("AT+QURCCFG=\"urcport\"")
            .contains("\"urcport\",\"uart1\"")
    );
    // It is stored.
    host.ok("AT+QURCCFG=\"urcport\",\"usbat\"");
    host.line.device().reset();
    assert_eq!(host.hear(10_000), "");
    host.ask("ATE0");
    assert!(
        host.ask("AT+QURCCFG=\"urcport\"")
            .contains("\"urcport\",\"usbat\"")
    );
}

#[test]
fn a_silent_module_never_says_anything_and_a_sulking_one_only_error() {
    let mut host = Host::with_quirks(|quirks| quirks.silent = true);
    host.put(b"AT\r");
    assert_eq!(host.hear(600_000), "");
    let mut host = Host::with_quirks(|quirks| quirks.answers_error_to_everything = true);
    assert_eq!(host.ask("AT"), "AT\r\r\nERROR\r\n");
    assert_eq!(host.ask("AT+CMEE=1"), "AT+CMEE=1\r\r\nERROR\r\n");
}

#[test]
fn the_chunks_of_the_line_do_not_change_what_is_said() {
    let dialog = |chunk| {
        let host = Host::new();
        host.line.set_chunk(chunk);
        host.line.set_write_chunk(chunk);
        let mut host = host.open();
        host.get(0, 1, "binary");
        host.hear(1_000)
    };
    let whole = dialog(64);
    assert!(whole.len() > 256);
    assert_eq!(dialog(1), whole);
    assert_eq!(dialog(16), whole);
}

#[test]
fn the_module_reaches_a_real_server_over_real_udp() {
    let line = Line::new(SimBg96::new(HostNetwork::new()), TimeSource::Real);
    line.device().quirks.registers_after = Millis::new(0);
    line.device().quirks.activates_after = Millis::new(5);
    let mut serial = line.serial();
    let mut expect = |command: &str, end: &str| {
        serial.write_all(command.as_bytes()).unwrap();
        serial.write_all(b"\r").unwrap();
        let started = std::time::Instant::now();
        let mut heard = Vec::new();
        while !heard.windows(end.len()).any(|part| part == end.as_bytes()) {
            assert!(started.elapsed().as_secs() < 20, "{command}: {heard:?}");
            if serial.read_ready().unwrap() {
                let mut buffer = [0; 64];
                let count = serial.read(&mut buffer).unwrap();
                heard.extend_from_slice(&buffer[..count]);
            } else {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
        String::from_utf8_lossy(&heard).into_owned()
    };
    expect("ATE0", "\r\nOK\r\n");
    expect("AT+QIACT=1", "\r\nOK\r\n");
    expect("AT+QCOAPOPEN=0,\"demo\",5683", "+QCOAPOPEN: 0,0\r\n");
    expect("AT+QCOAPHEADER=0,1,0,2,\"0102\"", "\r\nOK\r\n");
    expect("AT+QCOAPOPTION=0,0,0,11,\"hello\"", "\r\nOK\r\n");
    let heard = expect("AT+QCOAPSEND=0,0,1,1,0", "server!\r\n");
    assert!(
        heard.starts_with(
            "\r\nOK\r\n\r\n+QCOAPACK: 0,0,1,0\r\n\r\n+QCOAPRECV: 0,1,2.05,2,0102,1,12,\"0\",27\r\n"
        ),
        "{heard}"
    );
}

#[test]
fn coverage_can_be_lost_and_found_again() {
    let mut host = Host::new().open();
    host.ok("AT+CEREG=1");
    host.line.device().quirks.no_network = true;
    assert_eq!(host.hear(10), "\r\n+CEREG: 2\r\n");
    host.get(0, 1, "hello");
    assert_eq!(host.hear(1_900), "");
    assert!(host.journal().is_empty(), "sent without a network");
    host.line.device().quirks.no_network = false;
    let heard = host.hear(5_000);
    assert!(heard.contains("\r\n+CEREG: 1\r\n"), "{heard}");
    assert!(heard.contains(",2.05,"), "{heard}");
}

#[test]
fn the_smaller_settings_can_be_set_and_asked_for() {
    let mut host = Host::new().up();
    host.ok("AT+CPSMS=0");
    host.ok("AT+CPSMS=1");
    assert_eq!(host.ask("AT+CPSMS?"), "\r\n+CPSMS: 1\r\n\r\nOK\r\n");
    host.ok("AT+CEDRXS=0");
    host.ok("AT+CGDCONT=1,\"IPV4V6\",\"iot.example\"");
    assert_eq!(
        host.ask("AT+CGDCONT?"),
        "\r\n+CGDCONT: 1,\"IPV4V6\",\"iot.example\",\"0.0.0.0\",0,0,0,0\r\n\r\nOK\r\n"
    );
    host.error("AT+CGDCONT=1,\"IPX\",\"iot.example\"");
    assert!(host.ask("AT+CFUN?").contains("+CFUN: 1\r\n"));
    assert!(host.ask("AT+COPS?").contains("+COPS: 0,0,\""));
}
