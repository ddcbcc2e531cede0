//! A modem of odd manners, typed at by hand.

use super::*;
use crate::sim::TestNetwork;
use crate::sim::grammar::Words;
use crate::time::Millis;

/// The manner is a quirk here, so that every test has its own.
#[derive(Debug, Default)]
struct Odd {
    manner: Manner,
}

impl Oddities for Odd {
    const BOOT: &'static [&'static str] = &["HELLO", "+CPIN: READY"];
}

/// What has happened to the firmware, in words.
#[derive(Debug, Default)]
struct Parrot(Vec<String>);

impl Firmware for Parrot {
    type Quirks = Odd;
    type Input = &'static str;
    type Event = bool;

    const IDENTITY: Identity = Identity {
        manufacturer: "Makers",
        model: "Parrot",
        revision: "R1",
        information: &["Parrot", "R1"],
    };

    fn manner(quirks: &Quirks<Odd>) -> Manner {
        quirks.manner
    }

    fn command(
        &mut self,
        chassis: &mut Chassis<Self>,
        name: &str,
        form: &Form,
    ) -> Result<Done<&'static str>, Failure> {
        let arguments = match form {
            Form::Write(arguments) => Arguments(arguments),
            _ => Arguments(&[]),
        };
        match name {
            "AT" => Done::prompt(
                Prompt::new("count", Until::Count(3))
                    .text(b"\r\n@")
                    .editing(),
            ),
            "LINES" => Done::prompt(Prompt::new("lines", Until::CtrlZ)),
            "EDIT" => Done::prompt(Prompt::new("edit", Until::CtrlZ).editing()),
            "WORD" => Done::line(arguments.word(0)?.into_owned()),
            "HEX" => Done::line(hex(&arguments.hex_word(0)?)),
            "NUMBER" => Done::line(arguments.short(0, 1..=9)?.to_string()),
            "TEXT" => Done::line(arguments.text(0)?),
            "TWO" => Done::lines(["one", "two"]),
            "RAW" => Ok(Done::Raw {
                bytes: b"0\r".to_vec(),
                after: 7,
            }),
            "LONG" => {
                chassis.later(500, arguments.number(0, 0..=1)? == 1);
                Ok(Done::Later)
            }
            "SULK" => Err(Failure::line("+SULK: 22")),
            "CPSMS" => Err(Failure::command()),
            _ => Ok(Done::Common),
        }
    }

    fn odd_line(
        &mut self,
        _: &mut Chassis<Self>,
        line: &[u8],
    ) -> Option<Result<Done<&'static str>, Failure>> {
        let rest = line.strip_prefix(b"AT+ODD=")?;
        Some(Done::line(rest))
    }

    fn input(
        &mut self,
        _: &mut Chassis<Self>,
        input: &'static str,
        bytes: &[u8],
        cancelled: bool,
    ) -> Result<Done<&'static str>, Failure> {
        Done::line(format!("{input} {} {cancelled}", hex(bytes)))
    }

    fn happen(&mut self, chassis: &mut Chassis<Self>, well: bool) {
        chassis.answer(if well {
            Done::ok(0)
        } else {
            Err(Failure::cme(3))
        });
    }

    fn coverage(&mut self, chassis: &mut Chassis<Self>) {
        let registered = chassis.settings.registered;
        self.0.push(format!("coverage {registered}"));
    }

    fn offline(&mut self, _: &mut Chassis<Self>) {
        self.0.push("offline".into());
    }

    fn forget(&mut self, chassis: &mut Chassis<Self>, ending: Ending) {
        self.0.push(format!("{ending:?}"));
        if ending != Ending::Reset {
            chassis.urc("BYE");
        }
    }

    fn booted(&mut self, _: &mut Chassis<Self>) {
        self.0.push("booted".into());
    }
}

type Host = Terminal<Module<Parrot, TestNetwork>>;

/// A host of a modem with a manner of its own, echo off.
fn host(change: impl FnOnce(&mut Manner)) -> Host {
    let mut quirks = Quirks::<Odd>::default();
    change(&mut quirks.manner);
    quirks.manner.echo = false;
    Host::new(Module::with_quirks(TestNetwork::default(), quirks))
}

fn happened(host: &Host) -> Vec<String> {
    std::mem::take(&mut host.line.device().firmware.0)
}

#[test]
fn input_ends_by_count_or_by_ctrl_z_and_may_be_edited_or_cancelled() {
    let mut host = host(|_| {});
    assert_eq!(host.ask("AT+AT"), "\r\n@");
    host.put(b"ab\x08\x1A\x1B");
    assert_eq!(host.hear(20), "\r\ncount 611A1B false\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+LINES"), "\r\n> ");
    host.put(b"a\r\n\x08\x1A");
    assert_eq!(host.hear(20), "\r\nlines 610D0A08 false\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+LINES"), "\r\n> ");
    host.put(b"a\x1B");
    assert_eq!(host.hear(20), "\r\nlines 61 true\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+EDIT"), "\r\n> ");
    host.put(b"\x08ab\x08c\x1A");
    assert_eq!(host.hear(20), "\r\nedit 6163 false\r\n\r\nOK\r\n");
    assert_eq!(host.misuse(), [""; 0]);
}

#[test]
fn a_prompt_waits_only_so_long() {
    let mut host = host(|manner| manner.prompt_time = Millis::from_secs(5));
    assert_eq!(host.ask("AT+LINES"), "\r\n> ");
    host.put(b"a");
    assert_eq!(host.hear(4_900), "");
    assert_eq!(host.hear(100), "\r\nERROR\r\n");
    assert_eq!(host.misuse(), ["a prompt that was left waiting"]);
}

#[test]
fn arguments_are_asked_for_in_one_form_each() {
    let mut host = host(|manner| manner.words = Words::Allowed);
    assert_eq!(host.ask("AT+WORD=10.0.0.1"), "\r\n10.0.0.1\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+WORD=30323436"), "\r\n30323436\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+HEX=0a1B"), "\r\n0A1B\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+NUMBER=7"), "\r\n7\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+TEXT=\"a, b\""), "\r\na, b\r\n\r\nOK\r\n");
    assert_eq!(host.misuse(), [""; 0]);
    for (command, reason) in [
        ("AT+WORD=\"10.0.0.1\"", "quotes around a word"),
        ("AT+HEX=0a1", "a word that is not hex"),
        ("AT+NUMBER=07", "a word in place of a number"),
        ("AT+NUMBER=\"7\"", "quotes around a number"),
        ("AT+NUMBER=10", "a number out of range"),
        ("AT+NUMBER", "a missing argument"),
        ("AT+TEXT=a", "a string without quotes"),
    ] {
        assert_eq!(host.ask(command), "\r\nERROR\r\n");
        let last = host.misuse().pop();
        assert_eq!(last, Some(format!("{reason}: {command}")));
    }
    host.line.device().quirks.manner.words = Words::Refused;
    assert_eq!(host.ask("AT+WORD=10.0.0.1"), "\r\nERROR\r\n");
}

#[test]
fn answers_are_framed_as_the_manner_says() {
    let mut host = host(|_| {});
    assert_eq!(host.ask("AT+TWO"), "\r\none\r\ntwo\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+RAW"), "0\r");
    assert_eq!(host.ask("AT+CSQ"), "\r\n+CSQ: 99,99\r\n\r\nOK\r\n");
    host.line.device().quirks.manner.frame_each = true;
    host.line.device().quirks.manner.blank = false;
    assert_eq!(host.ask("AT+TWO"), "\r\none\r\n\r\ntwo\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CSQ"), "\r\n+CSQ:99,99\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+ODD= b\""), "\r\n b\"\r\n\r\nOK\r\n");
    assert_eq!(host.line.device().count("ODD"), 1);
    assert_eq!(host.ask("ATI"), "\r\nParrot\r\n\r\nR1\r\n\r\nOK\r\n");
}

#[test]
fn the_echo_is_that_of_the_manner() {
    let mut host = host(|manner| {
        manner.echo_end = b"\r\n";
        manner.echo_input = false;
    });
    host.ask("ATE1");
    assert_eq!(host.ask("AT+LINES"), "AT+LINES\r\n\r\n> ");
    host.put(b"a\x1A");
    assert_eq!(host.hear(20), "\r\nlines 61 false\r\n\r\nOK\r\n");
}

#[test]
fn an_answer_may_come_later_and_the_line_is_busy_until_then() {
    let mut host = host(|_| {});
    host.put(b"AT+LONG=1\r");
    assert_eq!(host.hear(499), "");
    assert_eq!(host.hear(1), "\r\nOK\r\n");
    host.put(b"AT+LONG=0\r");
    host.hear(100);
    host.put(b"AT\r");
    assert_eq!(host.hear(1_000), "\r\nERROR\r\n\r\nOK\r\n");
    assert_eq!(host.misuse(), [TOO_SOON]);
}

#[test]
fn refusals_speak_as_cmee_and_the_manner_say() {
    let mut host = host(|manner| manner.cmee = 1);
    assert_eq!(host.ask("AT+NOSUCH"), "\r\nERROR\r\n");
    host.line.device().quirks.manner.cme = Some(4);
    assert_eq!(host.ask("AT+NOSUCH"), "\r\n+CME ERROR: 4\r\n");
    assert_eq!(host.ask("AT+CPSMS?"), "\r\n+CME ERROR: 4\r\n", "taken away");
    assert_eq!(host.ask("AT+SULK"), "\r\n+SULK: 22\r\n");
    host.ask("AT+CMEE=2");
    assert_eq!(
        host.ask("AT+NOSUCH"),
        "\r\n+CME ERROR: operation not supported\r\n"
    );
    host.ask("AT+CMEE=0");
    assert_eq!(host.ask("AT+NOSUCH"), "\r\nERROR\r\n");
    assert_eq!(host.misuse().len(), 5, "a sulk is nobody's fault");
}

#[test]
fn the_card_counts_wrong_pins_beyond_a_reset_and_stays_locked() {
    let mut quirks = Quirks::<Odd>::default();
    quirks.manner.echo = false;
    quirks.sim = Sim::Pin("1234".into());
    let mut host = Host::new(Module::with_quirks(TestNetwork::default(), quirks));
    let ask = "AT+CPIN?";
    for left in [2, 1, 0] {
        assert_eq!(host.ask(ask), "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n", "{left}");
        assert_eq!(host.ask("AT+CPIN=\"0000\""), "\r\nERROR\r\n");
        host.line.device().reset();
        host.hear(4_000);
    }
    for _ in 0..2 {
        assert_eq!(host.ask(ask), "\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n");
        host.line.device().reset();
        let boot = host.hear(4_000);
        assert!(boot.contains("+CPIN: SIM PUK"), "{boot}");
    }
    host.put(b"AT+CPIN=\"12345678\",\"1234\"\r");
    assert_eq!(
        host.hear(1_000),
        "\r\nOK\r\n\r\n+CPIN: READY\r\n",
        "unlocked"
    );
}

#[test]
fn a_guest_and_an_outcast_are_told_so() {
    let mut guest = host(|manner| manner.cell = ("00A1", "00B2C3D4", 9));
    guest.line.device().quirks.roaming = true;
    guest.ask("AT+CEREG=2");
    assert_eq!(
        guest.hear(1_000),
        "\r\n+CEREG: 5,\"00A1\",\"00B2C3D4\",9\r\n"
    );
    assert_eq!(
        guest.ask("AT+COPS?"),
        "\r\n+COPS: 0,0,\"Test Network\",9\r\n\r\nOK\r\n"
    );
    assert_eq!(happened(&guest), ["coverage true"]);
    let mut outcast = host(|_| {});
    outcast.line.device().quirks.denied = true;
    outcast.hear(10_000);
    assert_eq!(outcast.ask("AT+CGREG?"), "\r\n+CGREG: 0,3\r\n\r\nOK\r\n");
}

#[test]
fn leaving_the_network_takes_contexts_and_the_firmware_along() {
    for (leave, back) in [("AT+CFUN=0", "AT+CFUN=1"), ("AT+CGATT=0", "AT+CGATT=1")] {
        let mut host = host(|_| {});
        host.hear(1_000);
        host.line.device().settings.context(1).unwrap().active = true;
        let active = "\r\n+CGPADDR: 1,\"10.0.0.1\"\r\n\r\nOK\r\n";
        assert_eq!(host.ask("AT+CGPADDR=1"), active);
        assert_eq!(host.ask("AT+CGPADDR"), active);
        host.ask(leave);
        host.hear(200);
        assert_eq!(host.ask("AT+CEREG?"), "\r\n+CEREG: 0,0\r\n\r\nOK\r\n");
        assert_eq!(host.ask("AT+CGPADDR"), "\r\nOK\r\n");
        host.hear(10_000);
        assert_eq!(happened(&host), ["coverage true", "offline"], "{leave}");
        host.put(format!("{back}\r").as_bytes());
        assert_eq!(host.hear(1_000), "\r\nOK\r\n");
        assert_eq!(host.ask("AT+CGATT?"), "\r\n+CGATT: 1\r\n\r\nOK\r\n");
        assert_eq!(happened(&host), ["coverage true"]);
    }
}

#[test]
fn a_reset_comes_by_the_command_that_the_manner_names() {
    let mut host = host(|manner| {
        manner.restart = Restart::Level(&[15, 16]);
        manner.reset_time = Millis::new(1_000);
    });
    assert_eq!(host.ask("AT+CFUN=1,1"), "\r\nERROR\r\n");
    assert_eq!(host.ask("AT+CFUN=?"), "\r\n+CFUN: (0,1,4)\r\n\r\nOK\r\n");
    assert_eq!(host.ask("AT+CFUN=15"), "\r\nOK\r\n\r\nBYE\r\n");
    assert_eq!(host.ask("AT"), "", "nobody there");
    assert_eq!(host.hear(1_200), "\r\nHELLO\r\n\r\n+CPIN: READY\r\n");
    let events = happened(&host);
    assert_eq!(events, ["Restart", "booted"]);
    host.line.device().quirks.sim = Sim::Missing;
    host.line.device().reset();
    assert_eq!(host.hear(3_000), "\r\nHELLO\r\n\r\n+CPIN: NOT INSERTED\r\n");
    assert_eq!(happened(&host), ["Reset", "booted"]);
}

#[test]
fn no_simulated_modem_knows_our_own_codec() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src/sim"), root.join("src/sim/module")];
    for modem in std::fs::read_dir(root.join("vendors")).unwrap() {
        folders.push(modem.unwrap().path().join("sim"));
    }
    // Transcripts are read with our codec, and so is what judges by them: no oracle.
    let ours = ["replay.rs", "record.rs", "transcript.rs"];
    let mut count = 0;
    for folder in folders {
        let sim = folder.with_extension("rs");
        let entries = std::fs::read_dir(&folder).into_iter().flatten();
        let files = entries.map(|entry| entry.unwrap().path()).chain([sim]);
        for path in files.filter(|path| path.is_file()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if !ours.contains(&name) {
                let source = std::fs::read_to_string(&path).unwrap();
                assert!(!source.contains(concat!("crate::", "message")), "{path:?}");
                count += 1;
            }
        }
    }
    assert!(count > 25, "only {count} files");
}
