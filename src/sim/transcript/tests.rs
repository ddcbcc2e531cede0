use super::*;
use proptest::prelude::*;

const HEAD: &str = "# modem: toy\n# source: a test\n# kind: simulated\n# mode: dialog\n";

fn parse(body: &str) -> Result<Transcript, ParseError> {
    Transcript::parse("t.at", &format!("{HEAD}{body}"))
}

fn error(body: &str) -> String {
    parse(body).unwrap_err().to_string()
}

#[test]
fn every_sign_is_its_event() {
    let parsed =
        parse("= connect coap://h\n> AT\\r\n\n< \\r\\nOK\\r\\n\n~ 350\n! silence 20\n#\n").unwrap();
    let events: Vec<_> = parsed
        .lines()
        .iter()
        .map(|line| (line.number, line.event.clone()))
        .collect();
    assert_eq!(
        events,
        [
            (5, Event::Call("connect coap://h".into())),
            (6, Event::Sent(b"AT\r".to_vec())),
            (8, Event::Received(b"\r\nOK\r\n".to_vec())),
            (9, Event::Pause(Millis::new(350))),
            (10, Event::Fault("silence 20".into())),
            (11, Event::Remark(String::new())),
        ]
    );
    assert_eq!(parsed.header().kind, Kind::Simulated);
    assert_eq!(parsed.header().mode, Mode::Dialog);
}

#[test]
fn escapes_stand_for_their_bytes() {
    let parsed = parse("< a\\r\\n\\t\\\\\\\"\"\\x00\\xfF \\x20\n").unwrap();
    assert_eq!(
        parsed.lines()[0].event,
        Event::Received(b"a\r\n\t\\\"\"\0\xFF  ".to_vec())
    );
    assert_eq!(escaped(b" > \r\x1a\xFF\"\\"), "\\x20> \\r\\x1A\\xFF\"\\\\");
    assert_eq!(escaped(b"> "), ">\\x20");
}

#[test]
fn errors_name_file_line_and_column() {
    assert_eq!(
        error("> AT\n> A\\qT\n"),
        "t.at:6: column 4: `\\qT` is no escape, known are \\r \\n \\t \\\\ \\\" \\xNN"
    );
    assert_eq!(
        error("< é\n"),
        "t.at:5: column 3: 'é' is not printable ASCII, write it as \\xNN"
    );
    assert_eq!(
        error("~ soon\n"),
        "t.at:5: `soon` is no number of milliseconds"
    );
    assert_eq!(
        error("AT\n"),
        "t.at:5: a line begins with one of > < ~ ! = #"
    );
}

#[test]
fn the_header_is_four_known_lines() {
    let text = |text: &str| Transcript::parse("t.at", text).unwrap_err().to_string();
    assert_eq!(
        text("# modem: x\n# kind: recorded\n< OK\n"),
        "t.at:3: a transcript opens with four lines, still missing: `# source: ..`, `# mode: ..`"
    );
    assert_eq!(
        text("# modem: x\n# kind: documented\n"),
        "t.at:2: `kind: documented` is unknown, known are document, recorded, field-log, simulated"
    );
    assert_eq!(
        text("# modem: x\n# modem: y\n"),
        "t.at:2: `modem` stands here twice"
    );
    assert_eq!(text("# modem:\n"), "t.at:1: `modem` says nothing");
    assert!(text("").starts_with("t.at:1: a transcript opens with four lines"));
}

#[test]
fn a_remark_after_the_header_may_look_like_one() {
    let parsed = parse("# modem: another\n").unwrap();
    assert_eq!(
        parsed.lines()[0].event,
        Event::Remark("modem: another".into())
    );
    assert_eq!(parsed.header().modem, "toy");
}

#[test]
fn the_fixed_forms_are_read_and_written() {
    let forms = [
        "connect coap://220.180.239.212:8028",
        "run AT+QCOAPOPEN?",
        "expect answer +QCOAPOPEN: 0,\"220.180.239.212\",8028,3",
        "expect result +CME ERROR: 30",
        "expect message 4.04 id=1234 token=D204D52E814B payload=\"Not Found\"",
        "expect message 2.05 id=0 token= payload=\"a\\\"\\\\\\r\\n\\xFF\" option=12:28 option=6:",
        "expect note rebooted",
        "expect note link-lost",
        "expect note delivered id=1234",
        "expect note undelivered id=1234 result=-11",
        "expect note retransmitted id=65535 times=3",
        "expect lost line 1",
        "get /time",
    ];
    for form in forms {
        assert_eq!(Call::parse(form).unwrap().to_string(), form);
    }
    assert_eq!(
        Call::parse(forms[5]).unwrap(),
        Call::Expect(Expectation::Message {
            code: 0x45,
            id: 0,
            token: vec![],
            payload: b"a\"\\\r\n\xFF".to_vec(),
            options: vec![(12, vec![0x28]), (6, vec![])],
        })
    );
    assert!(matches!(Call::parse("get /time"), Ok(Call::Ask(_))));
}

#[test]
fn what_is_nearly_a_fixed_form_is_an_error() {
    for wrong in [
        "run",
        "connect ",
        "expect nothing",
        "expect note delivered",
        "expect note delivered id=65536",
        "expect note rebooted twice",
        "expect message 4.4 id=1 token= payload=\"\"",
        "expect message 8.00 id=1 token= payload=\"\"",
        "expect message 2.32 id=1 token= payload=\"\"",
        "expect message 2.05 id=1 token=ABC payload=\"\"",
        "expect message 2.05 id=1 token= payload=\"",
        "expect lost line",
    ] {
        let error = Call::parse(wrong).unwrap_err().to_string();
        assert_eq!(error, format!("`= {wrong}` is none of the known forms"));
    }
}

#[test]
fn the_lint_finds_what_must_not_be_published() {
    let complaints = |body: &str| -> Vec<String> {
        let found = lint(&parse(body).unwrap(), &["toy"]);
        found
            .iter()
            .map(|complaint| complaint.to_string())
            .collect()
    };
    let shown = |what: &str| vec![format!("t.at:5: {what}: write <masked> in its place")];
    let name = "a PIN, name or password is shown";
    assert_eq!(complaints("> AT+CPIN=\"0000\"\\r"), shown(name));
    assert_eq!(
        complaints("> AT+QICSGP=1,1,\"apn\",\"me\",\"\",1\\r"),
        shown(name)
    );
    assert_eq!(complaints("> AT+CGAUTH=1,1,\"\",\"pw\"\\r"), shown(name));
    for login in [
        "> AT+CGAUTH=1,1,\"me\",\"\"\\r",
        "> AT+UAUTHREQ=1,3,\"\",\"pw\"\\r",
        "> AT+CNCFG=1,\"apn\",\"me\",\"\"\\r",
        "> AT+MIPCALL=1,\"apn\",\"\",\"pw\"\\r",
        "> AT+MIPCALL=1,\"apn\",\"me\",\"\"\\r",
        "< +QICSGP: 1,\"apn\",\"\",\"pw\",0\\r\\n",
        "< +CNCFG: 1,\"apn\",\"\",\"pw\",1\\r\\n",
        "< +CGAUTH: 1,1,\"me\",\"\"\\r\\n",
    ] {
        assert_eq!(complaints(login), shown(name), "{login}");
    }
    assert_eq!(complaints("> at+cpin=\"0000\"\\r"), shown(name));
    assert_eq!(
        complaints("> AT+CPWD=\"SC\",\"0000\",\"1111\"\\r"),
        shown(name)
    );
    assert_eq!(complaints("> AT+CLCK=\"SC\",1,\"0000\"\\r"), shown(name));
    assert_eq!(complaints("> AT+CLCK=\"SC\",2\\r"), Vec::<String>::new());
    let number = "the number of a subscriber, card or module is shown";
    assert_eq!(complaints("< \\r\\n001010123456789\\r\\n"), shown(number));
    assert_eq!(
        complaints("< +QCCID: 89001012345678901234\\r\\n"),
        shown(number)
    );
    let key = "an identity with its key is shown";
    assert_eq!(complaints("> me&00112233"), shown(key));
    assert_eq!(
        complaints("= expect all"),
        ["t.at:5: `= expect all` is none of the known forms"]
    );
    let clean = "> AT+CPIN=\"<masked>\"\\r\n> AT&FZE0\\r\n< +QICSGP: 1,\"\",\"\",\"\",0\\r\\n\n< +CPIN: READY\\r\\n\n\
                 > AT+QICSGP=1,1,\"apn\",\"<masked>\",\"<masked>\",3\\r\n> AT+MIPCALL=1,\"apn\",\"\",\"\"\\r\n\
                 < +CGAUTH: (1-11),(0-2),64,64\\r\\n\n< ,6,D204D52E814B,0,9\\r\\n";
    assert_eq!(complaints(clean), Vec::<String>::new());
    let stranger = lint(&parse("").unwrap(), &["other"]);
    assert_eq!(
        stranger[0].to_string(),
        "t.at:1: there is no modem `toy` here"
    );
}

#[test]
fn the_lint_finds_a_secret_that_is_cut_over_lines_of_one_direction() {
    let complaints = |body: &str| -> Vec<String> {
        let found = lint(&parse(body).unwrap(), &["toy"]);
        found.iter().map(ToString::to_string).collect()
    };
    let pin = "t.at:5: a PIN, name or password is shown: write <masked> in its place";
    assert_eq!(complaints("> AT+CPIN=\"\n> 0000\"\\r\n> AT\\r"), [pin]);
    assert_eq!(
        complaints("> AT+CP\n~ 20\n< \\r\\n\n> IN=\n> \"0000\"\n> \\r"),
        [pin]
    );
    let number =
        "t.at:5: the number of a subscriber, card or module is shown: write <masked> in its place";
    assert_eq!(
        complaints("< \\r\\n0010101\n> AT\\r\n< 23456789\\r\\n"),
        [number]
    );
    let clean = "> AT+CPIN=\"\n> <masked>\"\\r\n> 0000\n< 0010101\\r\n< 23456789\\r\n";
    assert_eq!(complaints(clean), Vec::<String>::new());
}

#[test]
fn the_lint_knows_the_long_numbers_of_modules_and_cards() {
    let shows = |word: &str| {
        let found = lint(&parse(&format!("< \\r\\n{word}\\r\\n")).unwrap(), &["toy"]);
        !found.is_empty()
    };
    for number in [
        "3512340123456701",
        "8900101234567890123F",
        "8900101234567890123f",
        "8900101234567890123",
    ] {
        assert!(shows(number), "{number}");
    }
    for bytes in [
        "0000000000000001",
        "0102030405060708",
        "351234012345670F",
        "7700101234567890123F",
        "F",
    ] {
        assert!(!shows(bytes), "{bytes}");
    }
}

#[test]
fn the_lint_reads_the_source_too() {
    let of = |source: &str| {
        let text = HEAD.replace("a test", source);
        lint(&Transcript::parse("t.at", &text).unwrap(), &["toy"])
    };
    let found = of("the module 001010123456789");
    assert_eq!(
        found[0].to_string(),
        "t.at:1: the number of a subscriber, card or module is shown as source: write <masked> in its place"
    );
    assert_eq!(found.len(), 1);
    assert!(of("the module <masked>").is_empty());
}

fn word() -> impl Strategy<Value = String> {
    "[!-~é][ -~é]{0,12}".prop_map(|text| text.trim_end().to_owned())
}

fn event() -> impl Strategy<Value = Event> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        bytes().prop_map(Event::Sent),
        bytes().prop_map(Event::Received),
        any::<u32>().prop_map(|span| Event::Pause(Millis::new(span))),
        "[ -~é]{0,20}".prop_map(Event::Fault),
        "[ -~é]{0,20}".prop_map(Event::Call),
        "[ -~é]{0,20}".prop_map(Event::Remark),
    ]
}

fn header() -> impl Strategy<Value = Header> {
    let kind = (0..Kind::ALL.len()).prop_map(|at| Kind::ALL[at].1);
    let mode = (0..Mode::ALL.len()).prop_map(|at| Mode::ALL[at].1);
    (word(), word(), kind, mode).prop_map(|(modem, source, kind, mode)| Header {
        modem,
        source,
        kind,
        mode,
    })
}

proptest! {
    #[test]
    fn what_was_written_reads_as_what_it_was(header in header(), events in proptest::collection::vec(event(), 0..20)) {
        let mut transcript = Transcript::new("t.at", header);
        events.into_iter().for_each(|event| transcript.push(event));
        let read = Transcript::parse("t.at", &transcript.to_string()).unwrap();
        prop_assert_eq!(&read, &transcript);
        let numbers = |of: &Transcript| of.lines().iter().map(|line| line.number).collect::<Vec<_>>();
        prop_assert_eq!(numbers(&read), numbers(&transcript));
    }

    #[test]
    fn no_text_breaks_the_parser(text in "\\PC{0,60}", body in "([><~!=#][ -~\\\\]{0,10}\n){0,6}") {
        let _ = Transcript::parse("t.at", &text);
        if let Ok(parsed) = parse(&body) {
            let again = Transcript::parse("t.at", &parsed.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&parsed));
        }
    }
}
