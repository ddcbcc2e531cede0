//! A modem that misbehaves on purpose, line by line: what the driver must not be fooled by.
//!
//! The simulated modem of the crate is strict but honest; here a script answers each command as a test wants it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts the test functions alone, and these helpers are as much a part of the tests"
)]

use coap_modem::client::{Blocking, Network, Remote, Request};
use coap_modem::endpoint::Parameters;
use coap_modem::error::{ClientError, Error, ModemError, Resource, Waited};
use coap_modem::front::{Asynch, Clock, Polled, StdTimer};
use coap_modem::time::{Instant, Millis};
use coap_modem::udp::{self, UdpClient};
use coap_modem::vendors::bg96::{self, Bg96};
use embedded_io::ErrorKind;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

fn random() -> u32 {
    0x0102_0304
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Noise;

impl core::fmt::Display for Noise {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("noise")
    }
}

impl core::error::Error for Noise {}

impl embedded_io::Error for Noise {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// What the modem is told and what it will say.
#[derive(Default)]
struct State {
    now: u32,
    /// When, and which byte; none for a damaged one.
    say: VecDeque<(u32, Option<u8>)>,
    line: Vec<u8>,
    /// Bytes of input that are still counted.
    counted: usize,
    input: Vec<u8>,
    token: String,
    /// Each command, and each input as `INPUT ..`.
    log: Vec<String>,
}

impl State {
    fn say(&mut self, delay: u32, text: &str) {
        let at = self.now + delay;
        self.say.extend(text.bytes().map(|byte| (at, Some(byte))));
    }

    fn damage(&mut self, delay: u32) {
        self.say.push_back((self.now + delay, None));
    }

    /// What a modem with an active context and no session says.
    fn usual(&mut self, command: &str) {
        let ok = "\r\nOK\r\n";
        let answer = match command {
            "AT+CMEE?" => "\r\n+CMEE: 1\r\n",
            "AT+CPIN?" => "\r\n+CPIN: READY\r\n",
            "AT+CFUN?" => "\r\n+CFUN: 1\r\n",
            "AT+CEREG?" => "\r\n+CEREG: 0,1\r\n",
            "AT+QIACT?" => "\r\n+QIACT: 1,1,1,\"10.0.0.1\"\r\n",
            _ => "",
        };
        if let Some(arguments) = command.strip_prefix("AT+QCOAPSEND=")
            && let Some(Ok(length @ 1..)) = arguments.split(',').nth(4).map(str::parse)
        {
            self.counted = length;
            return self.say(5, "\r\n> ");
        }
        self.say(5, &format!("{answer}{ok}"));
        if command.starts_with("AT+QCOAPOPEN=") {
            self.say(20, "\r\n+QCOAPOPEN: 0,0\r\n");
        }
    }

    /// A response to the last request.
    fn respond(&mut self, payload: &str) {
        let line = format!(
            "\r\n+QCOAPRECV: 0,1,2.05,4,{},0,{}",
            self.token,
            payload.len()
        );
        self.say(50, &format!("{line}\r\n{payload}\r\n"));
    }

    fn inputs(&self) -> Vec<&str> {
        self.log
            .iter()
            .filter_map(|line| line.strip_prefix("INPUT "))
            .collect()
    }
}

type Script = Box<dyn FnMut(&mut State, &str)>;

/// Serial port and clock in one.
#[derive(Clone)]
struct Modem(Rc<RefCell<State>>, Rc<RefCell<Script>>);

impl embedded_io::ErrorType for Modem {
    type Error = Noise;
}

impl embedded_io::ReadReady for Modem {
    fn read_ready(&mut self) -> Result<bool, Noise> {
        let state = self.0.borrow();
        Ok(state.say.front().is_some_and(|(at, _)| *at <= state.now))
    }
}

impl embedded_io::Read for Modem {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Noise> {
        let state = &mut *self.0.borrow_mut();
        let mut count = 0;
        while let (Some((at, byte)), Some(slot)) = (state.say.front(), buffer.get_mut(count)) {
            match byte {
                _ if *at > state.now => break,
                Some(byte) => *slot = *byte,
                None if count > 0 => break,
                None => {
                    state.say.pop_front();
                    return Err(Noise);
                }
            }
            state.say.pop_front();
            count += 1;
        }
        Ok(count)
    }
}

impl embedded_io::Write for Modem {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Noise> {
        for byte in bytes {
            let mut state = self.0.borrow_mut();
            let done = if state.counted > 0 {
                state.counted -= 1;
                state.input.push(*byte);
                (state.counted == 0).then(|| {
                    let input = std::mem::take(&mut state.input);
                    format!("INPUT {}", String::from_utf8_lossy(&input))
                })
            } else if *byte == b'\r' {
                Some(String::from_utf8(std::mem::take(&mut state.line)).unwrap())
            } else {
                state.line.push(*byte);
                None
            };
            if let Some(command) = done {
                if command.starts_with("AT+QCOAPHEADER=") {
                    state.token = command.rsplit('"').nth(1).unwrap().to_owned();
                }
                state.log.push(command.clone());
                (self.1.borrow_mut())(&mut state, &command);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Noise> {
        Ok(())
    }
}

impl Clock for Modem {
    fn now(&mut self) -> Instant {
        Instant::from_millis(self.0.borrow().now)
    }

    fn idle(&mut self, _: Instant) {
        self.0.borrow_mut().now += 1;
    }
}

type Client<'b> = bg96::Client<'b, Polled<Modem, Modem>>;
type Outcome = Result<String, ClientError<Noise>>;

/// Runs a test against a script, with a client that is attached and connected.
fn with(
    script: impl FnMut(&mut State, &str) + 'static,
    test: impl FnOnce(&mut Client<'_>, &Modem),
) {
    let modem = Modem(Rc::default(), Rc::new(RefCell::new(Box::new(script))));
    let mut memory = bg96::Memory::new();
    let front = Polled::new(modem.clone(), modem.clone());
    let mut client = Client::new(&mut memory, front, random);
    client.attach(&Network::new("")).unwrap();
    client.connect(&Remote::new("h", 5683)).unwrap();
    test(&mut client, &modem);
}

fn ask(client: &mut Client<'_>, request: &Request<'_>) -> Outcome {
    let mut buffer = [0; 800];
    let response = client.request(&request.limit(Millis::from_secs(10)), &mut buffer)?;
    Ok(String::from_utf8_lossy(response.payload()).into_owned())
}

fn failed(error: impl Into<Error>) -> Outcome {
    Err(ClientError::Operation(error.into()))
}

#[test]
fn a_prompt_that_comes_late_gets_its_payload_and_no_command_for_one() {
    let mut sends = 0;
    let script = move |state: &mut State, command: &str| match command {
        _ if command.starts_with("AT+QCOAPSEND=") => {
            sends += 1;
            state.counted = command.rsplit(',').next().unwrap().parse().unwrap();
            state.say(if sends == 1 { 700 } else { 5 }, "\r\n> ");
        }
        _ if command.starts_with("INPUT ") => {
            state.say(5, "\r\nOK\r\n");
            state.respond("done");
        }
        _ => state.usual(command),
    };
    with(script, |client, modem| {
        assert!(ask(client, &Request::put("/x", b"{\"valve\":0}")).is_err());
        assert_eq!(
            ask(client, &Request::put("/x", b"{\"valve\":1}")),
            Ok("done".into())
        );
        assert_eq!(
            modem.0.borrow().inputs(),
            ["{\"valve\":0}", "{\"valve\":1}"]
        );
    });
}

#[test]
fn answers_to_older_fences_are_not_taken_for_answers_to_commands() {
    let mut headers = 0;
    let script = move |state: &mut State, command: &str| match command {
        _ if command.starts_with("AT+QCOAPHEADER=") => {
            headers += 1;
            // The first is lost; from then on the modem is slow to answer the fence.
            if headers > 1 {
                state.usual(command);
            }
        }
        "AT+CMEE?" if headers > 0 => state.say(620, "\r\n+CMEE: 1\r\n\r\nOK\r\n"),
        _ if command.starts_with("INPUT ") => {
            state.say(5, "\r\nOK\r\n");
            state.respond("done");
        }
        _ => state.usual(command),
    };
    with(script, |client, modem| {
        assert!(ask(client, &Request::put("/x", b"zero")).is_err());
        for payload in [&b"one"[..], b"two", b"three"] {
            assert_eq!(ask(client, &Request::put("/x", payload)), Ok("done".into()));
        }
        assert_eq!(modem.0.borrow().inputs(), ["one", "two", "three"]);
    });
}

#[test]
fn an_ok_in_place_of_the_prompt_is_no_sending() {
    let script = |state: &mut State, command: &str| match command {
        _ if command.starts_with("AT+QCOAPSEND=") => state.say(5, "\r\nOK\r\n"),
        _ => state.usual(command),
    };
    with(script, |client, _| {
        let put = Request::put("/x", b"hello");
        assert_eq!(ask(client, &put), failed(ModemError::Unexpected));
    });
}

#[test]
fn a_payload_with_a_damaged_byte_is_not_delivered() {
    let mut first = true;
    let script = move |state: &mut State, command: &str| {
        state.usual(command);
        if command.starts_with("AT+QCOAPSEND=") {
            if std::mem::take(&mut first) {
                let line = format!(
                    "\r\n+QCOAPRECV: 0,1,2.05,4,{},0,10\r\n{{\"t\": ",
                    state.token
                );
                state.say(50, &line);
                state.damage(50);
                state.say(50, "34}\r\n");
            } else {
                state.respond("{\"t\": 234}");
            }
        }
    };
    with(script, |client, _| {
        assert_eq!(ask(client, &Request::get("/x")), failed(Resource::Inbox));
        assert_eq!(ask(client, &Request::get("/x")), Ok("{\"t\": 234}".into()));
    });
}

/// The server chooses the length of an option, and with it where the end of the line falls in the buffer.
#[test]
fn no_length_of_a_line_lets_a_payload_pass_for_lines() {
    for length in Bg96::LINE - 40..Bg96::LINE + 24 {
        let script = move |state: &mut State, command: &str| {
            state.usual(command);
            if command.starts_with("AT+QCOAPSEND=") {
                let token = state.token.clone();
                let evil = format!("\r\n+QCOAPRECV: 0,1,2.05,4,{token},0,4\r\nEVIL\r\nRDY\r\n");
                let payload = format!("0123456789{evil}{}", "x".repeat(80 - evil.len() % 10));
                let head = format!("+QCOAPRECV: 0,1,2.05,4,{token},1,8,\"");
                let tail = format!("\",{}", payload.len());
                let text = "p".repeat(length - head.len() - tail.len());
                state.say(50, &format!("\r\n{head}{text}{tail}\r\n{payload}\r\n"));
            }
        };
        with(script, |client, _| {
            for _ in 0..2 {
                match ask(client, &Request::get("/x")) {
                    Ok(payload) => {
                        assert!(payload.starts_with("0123456789\r\n"), "{length}: {payload}")
                    }
                    other => assert_eq!(other, failed(Resource::Inbox), "{length}"),
                }
            }
        });
    }
}

#[test]
fn a_declared_length_beyond_all_counting_is_survived() {
    let mut first = true;
    let script = move |state: &mut State, command: &str| {
        state.usual(command);
        if command.starts_with("AT+QCOAPSEND=") {
            if std::mem::take(&mut first) {
                let line = format!(
                    "\r\n+QCOAPRECV: 0,1,2.05,4,{},0,4294967295\r\n",
                    state.token
                );
                state.say(50, &line);
            }
            state.respond("fine");
        }
    };
    with(script, |client, _| {
        assert_eq!(ask(client, &Request::get("/x")), Ok("fine".into()));
    });
}

#[test]
fn a_response_with_hidden_options_is_not_delivered_if_it_may_be_a_part() {
    for (length, whole) in [
        (15, true),
        (16, false),
        (17, true),
        (64, false),
        (300, true),
        (512, false),
    ] {
        let script = move |state: &mut State, command: &str| {
            state.usual(command);
            if command.starts_with("AT+QCOAPSEND=") {
                let payload = "x".repeat(length);
                let line = format!("\r\n+QCOAPRECV: 0,1,2.05,4,{},1,{length}\r\n", state.token);
                state.say(50, &format!("{line}{payload}\r\n"));
            }
        };
        with(script, |client, _| {
            let got = ask(client, &Request::get("/x"));
            if whole {
                assert_eq!(got, Ok("x".repeat(length)));
                assert_eq!(client.take_losses().options, 1);
            } else {
                assert_eq!(got, failed(Resource::Inbox), "{length}");
            }
        });
    }
}

#[test]
fn a_form_of_the_empty_message_is_kept_only_if_it_was_accepted() {
    let mut sends = 0;
    let script = move |state: &mut State, command: &str| {
        if command.starts_with("AT+QCOAPSEND=") {
            sends += 1;
            // Two refusals for another reason; and a modem that knows the form with a length only.
            if sends <= 2 || command.split(',').count() < 5 {
                return state.say(5, "\r\n+CME ERROR: 3\r\n");
            }
            state.usual(command);
            return state.respond("fine");
        }
        state.usual(command);
    };
    with(script, |client, _| {
        assert!(ask(client, &Request::get("/x")).is_err());
        assert_eq!(ask(client, &Request::get("/x")), Ok("fine".into()));
    });
}

#[test]
fn a_host_of_255_bytes_is_recognised_when_it_is_connected() {
    let host = "a".repeat(255);
    let state_line = format!("\r\n+QCOAPOPEN: 0,\"{host}\",5683,3\r\n\r\nOK\r\n");
    let mut open = false;
    let script = move |state: &mut State, command: &str| match command {
        "AT+QCOAPOPEN?" if open => state.say(5, &state_line),
        "AT+QCOAPCLOSE=0" => {
            open = false;
            state.say(5, "\r\nOK\r\n\r\n+QCOAPCLOSE: 0,0\r\n");
        }
        _ => {
            open |= command.contains("aaaa");
            state.usual(command);
        }
    };
    with(script, |client, modem| {
        client.connect(&Remote::new(&host, 5683)).unwrap();
        modem.0.borrow_mut().log.clear();
        client.connect(&Remote::new(&host, 5683)).unwrap();
        assert_eq!(modem.0.borrow().log, ["AT+QCOAPOPEN?"]);
        client.connect(&Remote::new("b", 5683)).unwrap();
    });
}

#[test]
fn new_parameters_are_told_at_the_next_connect_also_of_a_standing_session() {
    let mut open = false;
    let script = move |state: &mut State, command: &str| match command {
        "AT+QCOAPOPEN?" if open => state.say(5, "\r\n+QCOAPOPEN: 0,\"h\",5683,3\r\n\r\nOK\r\n"),
        _ => {
            open |= command.starts_with("AT+QCOAPOPEN=");
            state.usual(command);
        }
    };
    with(script, |client, modem| {
        client.set_parameters(Parameters {
            ack_timeout: Millis::from_secs(20),
            ..Parameters::DEFAULT
        });
        modem.0.borrow_mut().log.clear();
        client.connect(&Remote::new("h", 5683)).unwrap();
        assert_eq!(
            modem.0.borrow().log,
            ["AT+QCOAPOPEN?", "AT+QCOAPCFG=\"trans\",0,20,4"]
        );
    });
}

#[test]
fn a_restart_ends_the_wait_for_an_answer_that_cannot_come() {
    let mut restarts = false;
    let script = move |state: &mut State, command: &str| {
        if restarts && command.starts_with("AT+QCOAPOPEN=") {
            return state.say(50, "\r\nRDY\r\n");
        }
        restarts |= command.starts_with("AT+QCOAPOPEN=");
        state.usual(command);
    };
    with(script, |client, modem| {
        let before = modem.0.borrow().now;
        let connected = client.connect(&Remote::new("other", 5683));
        assert_eq!(
            connected,
            Err(ClientError::Operation(ModemError::Restarted.into()))
        );
        assert!(modem.0.borrow().now - before < 1000);
        client.attach(&Network::new("")).unwrap();
    });
}

#[test]
fn a_modem_that_wakes_up_late_and_answers_everything_at_once_is_understood() {
    let late = |state: &mut State, command: &str| match command {
        "AT+CMEE?" if state.now < 22_000 => {
            let delay = 22_000 - state.now;
            state.say(delay, "\r\n+CMEE: 1\r\n\r\nOK\r\n");
        }
        _ => state.usual(command),
    };
    let modem = Modem(Rc::default(), Rc::new(RefCell::new(Box::new(late))));
    let mut memory = bg96::Memory::new();
    let front = Polled::new(modem.clone(), modem.clone());
    let mut client = Client::new(&mut memory, front, random);
    assert!(client.attach(&Network::new("")).is_err());
    modem.0.borrow_mut().now = 22_010;
    modem.0.borrow_mut().log.clear();
    client.attach(&Network::new("")).unwrap();
    // Each question once: none was answered by what belonged to an older one.
    let log = modem.0.borrow().log.join(" ");
    assert!(
        log.ends_with("AT+CMEE? AT+CPIN? AT+CFUN? AT+CEREG? AT+QIACT?"),
        "{log}"
    );
}

#[test]
fn a_limit_of_the_caller_that_ends_first_is_told_as_such() {
    let script = |state: &mut State, command: &str| match command {
        "AT+QIACT?" => state.say(5, "\r\nOK\r\n"),
        "AT+QIACT=1" => {}
        _ => state.usual(command),
    };
    let modem = Modem(Rc::default(), Rc::new(RefCell::new(Box::new(script))));
    let mut memory = bg96::Memory::new();
    let front = Polled::new(modem.clone(), modem.clone());
    let mut client = Client::new(&mut memory, front, random);
    let mut network = Network::new("");
    network.limit = Millis::from_secs(60);
    let attached = client.attach(&network);
    assert_eq!(attached, Err(ClientError::Operation(Waited::Limit.into())));
    assert!((60_000..60_100).contains(&modem.0.borrow().now));
    // The documented time of that command is 150 s: until then the modem is busy.
    network.limit = Millis::from_secs(1);
    let attached = client.attach(&network);
    assert_eq!(attached, Err(ClientError::Operation(Waited::Busy.into())));
}

/// A port that always has an answer at once, and never a byte.
struct Empty(bool);

impl embedded_io::ErrorType for Empty {
    type Error = Noise;
}

impl embedded_io_async::Read for Empty {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Noise> {
        if self.0 { Ok(0) } else { Err(Noise) }
    }
}

impl embedded_io_async::Write for Empty {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Noise> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Noise> {
        Ok(())
    }
}

#[test]
fn a_port_that_says_nothing_at_once_does_not_stop_the_clock() {
    for end_of_file in [true, false] {
        let (done, wait) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut memory = bg96::Memory::new();
            let front = Asynch::new(Empty(end_of_file), Empty(true), StdTimer::default());
            let mut client = bg96::Client::new(&mut memory, front, random);
            let mut network = Network::new("");
            network.limit = Millis::new(300);
            done.send(client.attach(&network).is_err())
        });
        let failed = wait.recv_timeout(std::time::Duration::from_secs(20));
        assert_eq!(failed, Ok(true), "end of file: {end_of_file}");
    }
}

#[test]
fn a_datagram_longer_than_the_buffer_is_not_delivered_cut() {
    let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    server
        .set_read_timeout(Some(std::time::Duration::from_secs(20)))
        .unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut request = [0; 2000];
        let (_, from) = server.recv_from(&mut request).unwrap();
        let mut response = vec![0x64, 0x45, request[2], request[3]];
        response.extend_from_slice(&request[4..8]);
        response.push(0xFF);
        response.extend_from_slice(&[b'a'; 4000]);
        server.send_to(&response, from).unwrap();
    });
    let mut memory = Box::new(udp::Memory::new());
    let mut client = UdpClient::new(&mut memory, random);
    client.connect(&Remote::new("127.0.0.1", port)).unwrap();
    let mut buffer = [0; 5000];
    let request = Request::get("/x").limit(Millis::new(1500));
    assert!(client.request(&request, &mut buffer).is_err());
}
