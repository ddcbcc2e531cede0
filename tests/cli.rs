//! The host command `coap` from outside: exit status, what goes where, and sentences that say what to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

mod common;

use common::{coap, coap_with};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Each link, with the arguments that choose it.
const LINKS: [&[&str]; 7] = [
    &[],
    &["--modem", "bg96"],
    &["--modem", "bc28"],
    &["--modem", "sim7000"],
    &["--modem", "l610"],
    &["--modem", "sara-r5"],
    &["--modem", "sara-r5-sockets"],
];

/// Those that carry any option.
const ANY_OPTION: [&[&str]; 4] = [
    &[],
    &["--modem", "bg96"],
    &["--modem", "l610"],
    &["--modem", "sara-r5-sockets"],
];

/// Makes a claim about each link, all at once: the simulated modems take their time to start.
fn each(links: &[&[&str]], claim: impl Fn(&[&str]) + Sync) {
    std::thread::scope(|threads| {
        for &link in links {
            threads.spawn(|| claim(link));
        }
    });
}

/// Those that carry the methods of RFC 8132: sockets.
const ANY_METHOD: [&[&str]; 3] = [&[], &["--modem", "l610"], &["--modem", "sara-r5-sockets"]];

/// Those that carry bodies in blocks.
const IN_BLOCKS: [&[&str]; 5] = [
    &[],
    &["--modem", "bc28"],
    &["--modem", "l610"],
    &["--modem", "sara-r5"],
    &["--modem", "sara-r5-sockets"],
];

/// Whether its modem shows no more of a response code than the class.
fn shows_class_only(link: &[&str]) -> bool {
    link.contains(&"sara-r5")
}

fn over<'a>(link: &[&'a str], arguments: &[&'a str]) -> common::Run {
    coap(&[link, arguments].concat())
}

/// A path in the tests' scratch folder that is this test's alone.
fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()))
}

#[test]
fn a_payload_goes_to_stdout_raw_and_nothing_else_anywhere() {
    each(&LINKS, |link| {
        let run = over(link, &["coap://demo/hello"]);
        assert_eq!(run.status, 0, "{}", run.err);
        assert_eq!(run.out, b"Hello from the demo server!");
        assert_eq!(run.err, "");
    });
}

#[test]
fn a_modem_that_has_streams_speaks_coap_over_tcp() {
    let run = coap(&["--modem", "sara-r5", "-v", "coap+tcp://demo/hello"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!(run.out, b"Hello from the demo server!");
    let uri = "> AT+UCOAP=1,\"coap+tcp://demo:5683/hello\"";
    assert!(run.err.contains(uri), "{}", run.err);
}

#[test]
fn any_byte_arrives_and_comes_back() {
    let bytes: Vec<u8> = (0..=255)
        .chain(*b"\r\nOK\r\n+QCOAPRECV: 0,1\r\n\x1a\x1b> ")
        .collect();
    each(&LINKS, |link| {
        let arguments = ["-m", "put", "-f", "-", "-t", "42", "-v", "coap://demo/echo"];
        let run = coap_with(&[link, &arguments].concat(), &bytes);
        assert_eq!(run.status, 0, "{}", run.err);
        assert_eq!(run.out, bytes);
        let says = match shows_class_only(link) {
            true => "2.xx Success (the modem does not show which), ",
            false => "2.04 Changed, Content-Format application/octet-stream, ",
        };
        assert!(run.err.contains(says), "{}", run.err);
    });
}

#[test]
fn a_file_goes_out_and_the_response_goes_to_a_file() {
    let (from, to) = (scratch("from"), scratch("to"));
    std::fs::write(&from, b"21.5 \xB0C\n").unwrap();
    let (from_name, to_name) = (from.to_str().unwrap(), to.to_str().unwrap());
    let run = coap(&[
        "-m",
        "post",
        "-f",
        from_name,
        "-o",
        to_name,
        "coap://demo/echo",
    ]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(run.out, b"");
    assert_eq!(std::fs::read(&to).unwrap(), b"21.5 \xB0C\n");
    std::fs::remove_file(from).unwrap();
    std::fs::remove_file(to).unwrap();
}

#[test]
fn a_file_larger_than_a_block_goes_out_and_comes_back_block_by_block() {
    let (from, to) = (scratch("large-from"), scratch("large-to"));
    let bytes: Vec<u8> = (0..50_000_u32).map(|place| (place * 7) as u8).collect();
    std::fs::write(&from, &bytes).unwrap();
    let (from_name, to_name) = (from.to_str().unwrap(), to.to_str().unwrap());
    let echo = ["-m", "put", "-f", from_name, "coap://demo/echo"];
    for size in ["64", "100", "1024"] {
        let run = coap(&[&["-b", size, "-o", to_name], &echo[..]].concat());
        // No bar where nobody is looking.
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        assert_eq!(run.out, b"");
        assert!(std::fs::read(&to).unwrap() == bytes);
    }
    let run = coap(&echo);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(run.out == bytes);
    std::fs::remove_file(from).unwrap();
    std::fs::remove_file(to).unwrap();
}

#[test]
fn a_body_larger_than_a_block_goes_out_and_comes_back_through_each_link_that_has_blocks() {
    let bytes: Vec<u8> = (0..1300_u32).map(|place| (place * 7) as u8).collect();
    each(&LINKS, |link| {
        let arguments = ["-m", "post", "-f", "-", "-t", "42", "coap://demo/echo"];
        let run = coap_with(&[link, &arguments].concat(), &bytes);
        if IN_BLOCKS.contains(&link) {
            assert_eq!((run.status, run.err.as_str()), (0, ""));
            assert!(run.out == bytes);
        } else {
            assert_eq!(run.status, 2, "{}", run.err);
            assert!(
                run.err.contains("not supported by this link"),
                "{}",
                run.err
            );
            assert_eq!(run.err.lines().count(), 1);
            assert_eq!(run.out, b"");
        }
    });
}

#[test]
fn fetch_patch_and_ipatch_go_over_each_link_that_has_them() {
    each(&LINKS, |link| {
        for (method, code) in [
            ("fetch", "2.05 Content"),
            ("patch", "2.04 Changed"),
            ("ipatch", "2.04 Changed"),
        ] {
            let arguments = [
                "-m",
                method,
                "-e",
                "[]",
                "-t",
                "51",
                "-v",
                "coap://demo/echo",
            ];
            let run = over(link, &arguments);
            if ANY_METHOD.contains(&link) {
                assert_eq!(run.status, 0, "{}", run.err);
                assert_eq!(run.out, b"[]");
                let says = format!("{code}, Content-Format application/json-patch+json, ");
                assert!(run.err.contains(&says), "{}", run.err);
            } else {
                assert_eq!(run.status, 2, "{}", run.err);
                assert!(
                    run.err.contains("not supported by this link"),
                    "{}",
                    run.err
                );
                let way_out = match shows_class_only(link) {
                    true => "the modem's socket link can carry it",
                    false => "without --modem, plain UDP can do it",
                };
                assert!(run.err.contains(way_out), "{}", run.err);
            }
        }
    });
    // Larger than a block, both ways.
    let bytes: Vec<u8> = (0..3000_u32).map(|place| (place * 7) as u8).collect();
    for method in ["fetch", "patch", "ipatch"] {
        let run = coap_with(
            &["-m", method, "-f", "-", "-b", "64", "coap://demo/echo"],
            &bytes,
        );
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{method}");
        assert!(run.out == bytes, "{method}");
    }
}

/// A server that gives the first block of a body and answers the request for the second one with an error.
fn half_a_body() -> u16 {
    use coap_lite::{CoapOption, MessageType, Packet};
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        for code in ["2.05", "5.00"].into_iter().cycle() {
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            let mut response = Packet::from_bytes(&buffer[..length]).unwrap();
            let options: Vec<u16> = response.options().map(|(number, _)| *number).collect();
            for number in options {
                response.clear_option(CoapOption::from(number));
            }
            response.header.set_type(MessageType::Acknowledgement);
            response.header.set_code(code);
            if code == "2.05" {
                // Number 0, more, 16 bytes.
                response.add_option(CoapOption::Block2, vec![0x08]);
                response.payload = vec![b'x'; 16];
            }
            socket.send_to(&response.to_bytes().unwrap(), from).unwrap();
        }
    });
    port
}

#[test]
fn a_body_of_which_only_a_part_came_goes_nowhere_and_a_file_stays_as_it_was() {
    let uri = format!("coap://127.0.0.1:{}/", half_a_body());
    let run = coap(&[&uri]);
    assert_eq!((run.status, run.out.as_slice()), (5, &b""[..]));
    let file = scratch("half");
    let arguments = ["-o", file.to_str().unwrap(), &uri];
    assert_eq!(coap(&arguments).status, 5);
    assert!(!file.exists());
    std::fs::write(&file, b"what was there before, and longer").unwrap();
    assert_eq!(coap(&arguments).status, 5);
    assert_eq!(
        std::fs::read(&file).unwrap(),
        b"what was there before, and longer"
    );
    // A shorter one that came takes all of its place.
    let whole = ["-o", file.to_str().unwrap(), "coap://demo/etag"];
    assert_eq!(coap(&whole).status, 0);
    assert_eq!(std::fs::read(&file).unwrap(), b"This does not change.");
    std::fs::remove_file(file).unwrap();
    let run = coap(&["-o", "/no/such/folder/x", "coap://demo/hello"]);
    assert_eq!(run.status, 1);
    assert!(
        run.err.contains("cannot write /no/such/folder/x"),
        "{}",
        run.err
    );
    // What is no file is written to all the same.
    #[cfg(unix)]
    assert_eq!(coap(&["-o", "/dev/null", "coap://demo/hello"]).status, 0);
}

#[test]
fn the_size_of_blocks_that_is_asked_for_is_proposed_and_shown() {
    let run = coap(&["-b", "256", "-v", "coap://demo/large"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!(run.out.len(), 1024);
    for line in [
        "Block2 0/last/256, Size2 0",
        "Block2 0/more/256, Size2 1024",
        "Block2 3/last/256",
        "1024 bytes of payload",
    ] {
        assert!(run.err.contains(line), "{line} in {}", run.err);
    }
}

#[test]
fn a_block_that_is_asked_for_by_hand_is_the_only_one_that_comes() {
    // Number 2, 64 bytes.
    let run = coap(&["-O", "23,34", "coap://demo/large"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let whole = coap(&["coap://demo/large"]);
    assert_eq!(run.out, whole.out[128..192]);
}

#[test]
fn a_4_xx_is_status_4_with_its_diagnostic_on_stderr() {
    each(&LINKS, |link| {
        let run = over(link, &["coap://demo/nothing/here"]);
        assert_eq!(run.status, 4);
        let says = match shows_class_only(link) {
            true => "4.xx Client Error (the modem does not show which)\nError 4.04: Not Found\n",
            false => "4.04 Not Found\nNot Found\n",
        };
        assert_eq!(run.err, says);
        assert_eq!(run.out, b"");
    });
    let run = coap(&["-m", "delete", "coap://demo/hello"]);
    assert_eq!(run.status, 4);
    assert!(run.err.starts_with("4.05 Method Not Allowed\n"));
    let run = coap(&["-A", "cbor", "coap://demo/hello"]);
    assert_eq!(run.status, 4);
    assert!(run.err.starts_with("4.06 Not Acceptable\n"));
}

#[test]
fn a_5_xx_is_status_5() {
    each(&LINKS, |link| {
        let run = over(link, &["-O", "35,coap://elsewhere/", "coap://demo/hello"]);
        if link.contains(&"sara-r5") || link.contains(&"sim7000") {
            // No option of that number can be said.
            assert_eq!(run.status, 2);
            assert!(run.err.contains("not supported by this link: option 35"));
            return;
        }
        assert_eq!(run.status, 5, "{}", run.err);
        assert!(run.err.starts_with("5.05 Proxying Not Supported\n"));
        assert_eq!(run.out, b"");
    });
}

#[test]
fn a_server_that_never_answers_is_status_1_in_bounded_time() {
    each(&LINKS, |link| {
        let started = Instant::now();
        let run = over(link, &["-B", "5", "coap://demo/silent"]);
        assert_eq!(run.status, 1);
        assert!(run.err.contains("check"), "{}", run.err);
        assert_eq!(run.err.lines().count(), 1);
        assert!(started.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn a_port_where_nobody_listens_and_a_name_that_nobody_has_are_status_1() {
    // Only a port that nobody has is refused, so this one must be let go; should another program take it meanwhile, the
    // next one is tried.
    let refused = (0..5).any(|_| {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        drop(socket);
        let run = coap(&["-B", "5", &format!("coap://127.0.0.1:{port}/")]);
        run.status == 1 && run.err.contains("check address and port")
    });
    assert!(refused);
    // One that somebody has, who says nothing.
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let run = coap(&["-B", "1", &format!("coap://127.0.0.1:{port}/")]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("check"), "{}", run.err);
    drop(socket);
    // A label has at most 63 characters (RFC 1035, section 2.3.4): nobody is asked for this name.
    let name = format!("coap://{}/", "x".repeat(64));
    each(&LINKS, |link| {
        let run = over(link, &[&name]);
        assert_eq!(run.status, 1);
        // Some modems take the name with the session and say no more than that they failed, one of them with the request.
        let says = match link.last() {
            Some(&("sim7000" | "l610")) => "could not open its socket: check address",
            Some(&"sara-r5") => "check that the server is there",
            _ => "name was not resolved",
        };
        assert!(run.err.contains(says), "{}", run.err);
    });
}

#[test]
fn the_dialog_with_the_modem_is_readable_on_stderr() {
    let run = coap(&["--modem", "bg96", "-v", "coap://demo/hello"]);
    assert_eq!(run.status, 0);
    assert_eq!(run.out, b"Hello from the demo server!");
    let lines: Vec<&str> = run.err.lines().collect();
    for wanted in [
        "> ATE0",
        "< OK",
        "> AT+QCOAPOPEN=0,\"demo\",5683",
        "> AT+QCOAPOPTION=0,0,0,3,\"demo\"",
        "> AT+QCOAPOPTION=0,0,1,11,\"hello\"",
        "< Hello from the demo server!",
        "2.05 Content, Content-Format text/plain, 27 bytes of payload",
    ] {
        assert!(lines.contains(&wanted), "{wanted} in {}", run.err);
    }
    assert!(!run.err.contains('\x1b'), "no colours where nobody looks");

    // What the README shows is what there is to see, message id and token apart.
    let readme = include_str!("../README.md");
    let (_, shown) = readme.split_once("-v coap://demo/hello\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let seen: Vec<String> = lines.iter().map(|line| shape(line)).collect();
    for line in shown.lines() {
        let known = line == "..." || line == "Hello from the demo server!";
        assert!(
            known || seen.contains(&shape(line)),
            "{line} in {}",
            run.err
        );
    }
}

/// A line with each run of hexadecimal digits as one mark.
fn shape(line: &str) -> String {
    let mut shape = line.replace(
        |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c),
        "#",
    );
    while shape.contains("##") {
        shape = shape.replace("##", "#");
    }
    shape
}

#[test]
fn over_udp_the_messages_are_readable_on_stderr() {
    let run = coap(&[
        "-v",
        "-N",
        "-m",
        "put",
        "-e",
        "hi",
        "-O",
        "12,50",
        "coap://demo/echo?a=b",
    ]);
    assert_eq!((run.status, run.out.as_slice()), (0, b"hi".as_slice()));
    let lines: Vec<&str> = run.err.lines().collect();
    assert!(lines[0].starts_with("> NON 0.03 PUT, id "), "{}", run.err);
    assert!(lines[0].ends_with(
        ", Uri-Host \"demo\", Uri-Path \"echo\", Content-Format application/json, Uri-Query \"a=b\", 2 bytes of payload"
    ));
    assert!(lines[1].starts_with("< NON 2.04 Changed, id "));
    assert_eq!(
        lines[2],
        "2.04 Changed, Content-Format application/json, 2 bytes of payload"
    );
}

#[test]
fn options_arrive_in_the_format_that_their_number_asks_for() {
    each(&ANY_OPTION, |link| {
        let run = over(
            link,
            &[
                "-O",
                "15,b=2",
                "-O",
                "60,1024",
                "-O",
                "4,0xA1b2",
                "-O",
                "5",
                "-A",
                "text/plain",
                "coap://demo/options?a=1",
            ],
        );
        assert_eq!(run.status, 0, "{}", run.err);
        let listing = String::from_utf8(run.out).unwrap();
        for wanted in [
            "3 64656D6F",
            "4 A1B2",
            "5 ",
            "15 613D31\n15 623D32",
            "17 ",
            "60 0400",
        ] {
            assert!(listing.contains(wanted), "{wanted} in {listing}");
        }
    });
}

#[test]
fn an_address_is_no_uri_host() {
    let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || coap_modem::sim::DemoServer::new().run_on(server));
    each(&ANY_OPTION, |link| {
        for (host, option) in [("127.0.0.1", false), ("localhost", true)] {
            let run = over(link, &[&format!("coap://{host}:{port}/options")]);
            assert_eq!(run.status, 0, "{}", run.err);
            let listing = String::from_utf8(run.out).unwrap();
            assert_eq!(
                listing.lines().any(|line| line.starts_with("3 ")),
                option,
                "{listing}"
            );
        }
    });
}

#[test]
fn wrong_usage_is_status_2_and_says_what_is_right() {
    for (arguments, says) in [
        (&[][..], "Usage"),
        (&["--nonsense", "coap://demo/"], "Usage"),
        (&["demo/hello"], "coap://HOST/PATH"),
        (&["http://demo/hello"], "coap://HOST/PATH"),
        (&["coap://demo/%zz"], "coap://HOST/PATH"),
        (&["--port", "/dev/null", "coap://demo/"], "--modem"),
        (&["--record", "x", "coap://demo/"], "--modem"),
        (
            &["-e", "a", "-f", "b", "coap://demo/"],
            "cannot be used with",
        ),
        (
            &["-f", "/no/such/file", "coap://demo/"],
            "cannot read /no/such/file",
        ),
        (&["-O", "60,x", "coap://demo/"], "decimal"),
        (&["-O", "70000,x", "coap://demo/"], "65535"),
        (&["-O", "4,0xABC", "coap://demo/"], "hex digits"),
        (&["-O", "4,123456789", "coap://demo/"], "1 to 8 bytes"),
        (&["-O", "12,1", "-t", "0", "coap://demo/"], "once only"),
        (&["-t", "words", "coap://demo/"], "cbor"),
        (&["-B", "soon", "coap://demo/"], "--timeout"),
        (&["-b", "8", "coap://demo/"], "--block-size"),
        (&["--modem", "none", "coap://demo/"], "there are bg96"),
        (&["coap+tcp://demo/hello"], "coap+tcp://"),
        (&["--modem", "bg96", "coap+tcp://demo/"], "coap+tcp://"),
    ] {
        let run = coap(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(says), "{arguments:?}: {}", run.err);
        assert_eq!(run.out, b"");
    }
}

#[test]
fn what_is_not_built_is_status_2_and_says_what_to_do_instead() {
    for (arguments, instead) in [
        (&["-s", "10", "coap://demo/time"][..], "ask again"),
        (&["-u", "me", "-k", "0102", "coap://demo/"], "coap://"),
        (&["coaps://demo/"], "nothing was sent in the clear"),
    ] {
        let run = coap(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
        assert!(
            run.err.contains("not supported yet"),
            "{arguments:?}: {}",
            run.err
        );
        assert!(run.err.contains(instead), "{arguments:?}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1);
    }
}

#[test]
fn what_the_modem_cannot_carry_is_refused_and_plain_udp_carries_it() {
    let long = "x".repeat(1025);
    for (arguments, status) in [
        (&["-m", "fetch", "coap://demo/echo"][..], 0),
        (&["-O", "6,0", "coap://demo/hello"], 0),
        (&["-m", "put", "-e", &long, "coap://demo/echo"], 0),
        (&["coap://demo/a/b/c/d/e/f/g/h"], 4),
    ] {
        let run = over(&["--modem", "bg96"], arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
        assert!(
            run.err.contains("not supported by this link"),
            "{}",
            run.err
        );
        assert_eq!(coap(arguments).status, status);
    }
}

#[test]
fn the_way_out_of_what_a_modem_cannot_carry_is_named_as_it_is_typed() {
    let arguments = ["-m", "fetch", "coap://demo/echo"];
    let run = over(&["--modem", "sara-r5"], &arguments);
    assert_eq!(run.status, 2, "{}", run.err);
    assert!(run.err.contains("--modem sara-r5-sockets"), "{}", run.err);
    let run = over(&["--modem", "sara-r5-sockets"], &arguments);
    assert_eq!(run.status, 0, "{}", run.err);
}

#[test]
fn a_reader_that_leaves_is_no_disaster() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(common::program())
        .arg("coap://demo/large")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}

#[test]
fn a_recording_is_a_transcript() {
    use coap_modem::sim::transcript::{Event, Kind, Mode};
    let path = scratch("recording.at");
    let name = path.to_str().unwrap();
    let run = coap(&["--modem", "bg96", "--record", name, "coap://demo/nothing"]);
    assert_eq!(run.status, 4, "{}", run.err);
    let text = std::fs::read_to_string(&path).unwrap();
    let transcript = coap_modem::sim::Transcript::parse(name, &text).unwrap();
    assert_eq!(transcript.header().modem, "bg96");
    assert_eq!(transcript.header().kind, Kind::Simulated);
    assert_eq!(transcript.header().mode, Mode::Dialog);
    let mut events = transcript.lines().iter().map(|line| &line.event);
    assert!(events.any(|e| *e == Event::Call("connect coap://demo/nothing".into())));
    assert!(events.any(|e| matches!(e, Event::Received(bytes) if bytes.ends_with(b"OK\r\n"))));
    std::fs::remove_file(path).unwrap();

    let run = coap(&[
        "--modem",
        "bg96",
        "--record",
        "/no/such/folder/x",
        "coap://demo/hello",
    ]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("cannot write /no/such/folder/x"));
}

#[test]
fn a_serial_port_that_is_not_there_is_status_1() {
    let run = coap(&["--modem", "bg96", "--port", "/no/such/tty", "coap://demo/"]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("cannot open /no/such/tty"), "{}", run.err);
    assert!(run.err.contains("check the name"));
}

/// A real serial port of the system, with a simulated modem behind it.
#[cfg(unix)]
mod serial {
    use super::{Duration, Instant, coap, scratch};
    use coap_modem::sim::{Device as _, TestNetwork};
    use coap_modem::vendors::bg96::sim::SimBg96;
    use coap_modem::vendors::bg96::sim::quirks::{Quirks, Sim};
    use serialport::{SerialPort as _, TTYPort};
    use std::io::{Read as _, Write as _};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::JoinHandle;

    /// A pseudo-terminal with a modem at its far end, for as long as this lives.
    struct Desk {
        name: String,
        over: Arc<AtomicBool>,
        modem: Option<JoinHandle<()>>,
    }

    impl Desk {
        fn new(quirks: Quirks, before: &[u8]) -> Self {
            let before = before.to_vec();
            // The near end is for the program to open; this one would keep a lock on it.
            let (mut far, near) = TTYPort::pair().unwrap();
            let name = near.name().unwrap();
            drop(near);
            far.set_timeout(Duration::from_millis(2)).unwrap();
            let over = Arc::new(AtomicBool::new(false));
            let ends = Arc::clone(&over);
            let modem = std::thread::spawn(move || {
                let mut modem = SimBg96::with_quirks(TestNetwork::new(1), quirks);
                let started = Instant::now();
                let now = || {
                    coap_modem::time::Instant::from_millis(
                        u32::try_from(started.elapsed().as_millis()).unwrap(),
                    )
                };
                let mut bytes = [0; 256];
                let mut said = Vec::new();
                modem.receive(now(), &before);
                if !before.is_empty() {
                    std::thread::sleep(Duration::from_millis(500));
                    modem.transmit(now(), &mut said);
                    said.clear();
                }
                while !ends.load(Ordering::Relaxed) {
                    match far.read(&mut bytes) {
                        Ok(count) => modem.receive(now(), &bytes[..count]),
                        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {}
                        // Nobody has the near end open.
                        Err(_) => std::thread::sleep(Duration::from_millis(2)),
                    }
                    modem.transmit(now(), &mut said);
                    let _ = far.write_all(&said);
                    said.clear();
                }
            });
            Self {
                name,
                over,
                modem: Some(modem),
            }
        }

        fn coap(&self, arguments: &[&str]) -> super::common::Run {
            coap(&[&["--modem", "bg96", "--port", &self.name], arguments].concat())
        }
    }

    impl Drop for Desk {
        fn drop(&mut self) {
            self.over.store(true, Ordering::Relaxed);
            if let Some(modem) = self.modem.take() {
                let _ = modem.join();
            }
        }
    }

    fn fails(quirks: Quirks, seconds: &str, says: &str) {
        let desk = Desk::new(quirks, b"");
        let started = Instant::now();
        let run = desk.coap(&["-B", seconds, "coap://demo/hello"]);
        assert_eq!(run.status, 1, "{}", run.err);
        assert!(run.err.contains(says), "{}", run.err);
        assert_eq!(run.err.lines().count(), 1);
        assert!(started.elapsed() < Duration::from_secs(40), "bounded time");
    }

    /// What a program shows on a terminal.
    fn on_a_terminal(arguments: &[&str], input: &[u8]) -> String {
        let (mut screen, terminal) = TTYPort::pair().unwrap();
        screen.set_timeout(Duration::from_millis(50)).unwrap();
        let name = terminal.name().unwrap();
        drop(terminal);
        let open = || std::fs::File::options().read(true).write(true).open(&name);
        let terminal = open().unwrap();
        let mut child = std::process::Command::new(super::common::program())
            .args(arguments)
            .env("TERM", "xterm")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(terminal)
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let mut shown = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            match screen.read(&mut bytes) {
                Ok(count) => shown.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    if child.try_wait().unwrap().is_some() {
                        break;
                    }
                }
                // The program has let go of its terminal.
                Err(_) => break,
            }
        }
        assert!(child.wait().unwrap().success());
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn on_a_terminal_a_bar_shows_how_far_a_large_body_is_and_goes_when_it_is_there() {
        let bytes = vec![b'x'; 200_000];
        let echo = ["-m", "post", "-f", "-", "-b", "64", "coap://demo/echo"];
        let shown = on_a_terminal(&echo, &bytes);
        for wanted in ["sending", "receiving", "/195.31 KiB", "left"] {
            assert!(shown.contains(wanted), "{wanted} in {shown:?}");
        }
        // The line is empty in the end.
        assert!(shown.ends_with("\x1b[2K"), "{shown:?}");
        // What fits one message needs none.
        assert_eq!(on_a_terminal(&echo, b"short"), "");
    }

    #[test]
    fn a_modem_on_a_serial_port_carries_requests_one_program_after_the_other() {
        let desk = Desk::new(Quirks::default(), b"");
        for _ in 0..2 {
            let run = desk.coap(&["coap://demo/hello"]);
            assert_eq!(run.status, 0, "{}", run.err);
            assert_eq!(run.out, b"Hello from the demo server!");
        }
    }

    #[test]
    fn a_silent_modem_is_told_with_what_to_check() {
        let silent = Quirks {
            silent: true,
            ..Quirks::default()
        };
        fails(
            silent,
            "2",
            "the modem does not answer: check power, wiring and baud rate",
        );
    }

    #[test]
    fn a_modem_that_answers_error_is_told_with_what_to_check() {
        let refusing = Quirks {
            answers_error_to_everything: true,
            ..Quirks::default()
        };
        fails(
            refusing,
            "3",
            "the modem refused a command with ERROR; is it the modem that --modem says?",
        );
    }

    #[test]
    fn a_modem_without_network_is_told_with_what_to_check() {
        let lonely = Quirks {
            no_network: true,
            ..Quirks::default()
        };
        fails(lonely, "3", "check antenna, coverage and SIM subscription");
    }

    #[test]
    fn a_modem_without_sim_or_with_a_locked_one_is_told_with_what_to_do() {
        let locked = Quirks {
            sim: Sim::Pin("7391".into()),
            ..Quirks::default()
        };
        fails(locked, "20", "the SIM wants its PIN");
        let empty = Quirks {
            sim: Sim::Missing,
            ..Quirks::default()
        };
        fails(empty, "20", "no SIM card: check");
    }

    #[test]
    fn the_name_and_password_that_a_modem_has_stored_are_shown_nowhere() {
        for password in ["hunter2", "hun\\ter2", "hünter"] {
            let before = format!("AT+QICSGP=1,1,\"internet\",\"me\",\"{password}\",1\r");
            let desk = Desk::new(Quirks::default(), before.as_bytes());
            let path = scratch("password.at");
            let run = desk.coap(&[
                "-v",
                "--apn",
                "internet",
                "--record",
                path.to_str().unwrap(),
                "coap://demo/hello",
            ]);
            assert_eq!(run.status, 0, "{}", run.err);
            let recorded = std::fs::read_to_string(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            assert!(recorded.contains("# kind: recorded\n"));
            let masked = "\"internet\",\"<masked>\",\"<masked>\"";
            assert!(run.err.contains(masked), "{}", run.err);
            let masked = "\"internet\",<masked>,\"<masked>\"";
            assert!(recorded.contains(masked), "{recorded}");
            for shown in [&run.err, &recorded] {
                // Neither as it is nor escaped.
                for secret in ["\"me\"", "hun", "ter2", "nter\""] {
                    assert!(!shown.contains(secret), "{secret}: {shown}");
                }
            }
            let transcript = coap_modem::sim::Transcript::parse("password.at", &recorded).unwrap();
            assert_eq!(
                coap_modem::sim::transcript::lint(&transcript, &["bg96"]),
                []
            );
        }
    }
}

#[test]
fn the_three_ways_to_wait_give_the_same() {
    for name in ["blocking", "superloop", "asynch"] {
        let output = std::process::Command::new(common::example(name))
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            said, "20.5: 2.01\n21.0: 2.04\n21.5: 2.04\nstored: 21.5\n",
            "{name}"
        );
    }
}

#[test]
fn links_come_raw_into_a_pipe_and_readable_for_people() {
    for link in LINKS {
        let run = over(link, &["coap://demo/.well-known/core"]);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        assert!(run.out.starts_with(b"</hello>;ct=0,</time>;ct=0,"));
        let verbose = over(link, &["-v", "coap://demo/.well-known/core"]);
        assert_eq!(verbose.out, run.out);
        let lines: Vec<&str> = verbose.err.lines().collect();
        for line in ["/hello     text/plain", "/large     text/plain, 1024 bytes"] {
            assert!(lines.contains(&line), "{line}\n{}", verbose.err);
        }
    }
}

#[test]
fn a_content_format_is_known_by_its_whole_name_its_short_one_and_its_number() {
    for name in ["application/senml+cbor", "SenML+cbor", "112"] {
        let echo = [
            "-v",
            "-m",
            "post",
            "-e",
            "x",
            "-t",
            name,
            "coap://demo/echo",
        ];
        let run = coap(&echo);
        assert_eq!(run.status, 0, "{}", run.err);
        let told = "2.05 Content, Content-Format application/senml+cbor";
        assert!(run.err.contains(told), "{}", run.err);
    }
    let run = coap(&["-A", "lwm2m", "coap://demo/hello"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("lwm2m+tlv, lwm2m+json, lwm2m+cbor"));
    let run = coap(&["-A", "nonsense", "coap://demo/hello"]);
    assert!(run.err.contains("a name such as text/plain, json"));
}

#[test]
fn a_payload_with_an_at_sign_is_a_file_and_two_are_a_text() {
    let from = scratch("at-sign");
    let bytes: Vec<u8> = (0..3000_u32).map(|place| (place * 7) as u8).collect();
    std::fs::write(&from, &bytes).unwrap();
    let file = format!("@{}", from.to_str().unwrap());
    for (payload, wanted) in [
        (file.as_str(), &bytes[..]),
        ("@@home", b"@home"),
        ("me@home", b"me@home"),
        ("@@", b"@"),
    ] {
        let run = coap(&["-m", "post", "-e", payload, "coap://demo/echo"]);
        assert_eq!((run.status, run.err.as_str()), (0, ""));
        assert!(run.out == wanted, "{payload}");
    }
    std::fs::remove_file(from).unwrap();
    let run = coap(&["-m", "post", "-e", "@/no/such/file", "coap://demo/echo"]);
    assert_eq!((run.status, run.out.as_slice()), (2, &b""[..]));
    assert!(run.err.contains("cannot read /no/such/file"), "{}", run.err);
}
