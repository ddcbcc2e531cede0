//! An agent between a modem that says all its news and the demo server, or whatever is let arrive.

use super::*;
use crate::sim::TestNetwork;
use crate::sim::grammar::Form;
use crate::sim::module::{Arguments, Done, Ending, Failure, Identity, Module, Oddities, Terminal};
use crate::time::Millis;

const PEER: &str = "192.0.2.1:5683";

#[derive(Debug, Default)]
struct Plain;

impl Oddities for Plain {
    const BOOT: &'static [&'static str] = &[];
    const REGISTERS_AFTER: Millis = Millis::new(0);
}

/// `AT+OPEN=n` opens a socket (0: for one peer, 1: for all), `AT+SEND=type,code,id,token,path[,payload]` sends, by itself
/// after 20 ms. News are said as they are.
#[derive(Debug)]
struct Talker(Agent);

impl Default for Talker {
    fn default() -> Self {
        Self(Agent::new(7))
    }
}

fn tell(chassis: &mut Chassis<Talker>, news: Option<News>) {
    let ended = |ends: Option<u16>| ends.map_or("-".into(), |id| id.to_string());
    let line = match news {
        None => return,
        Some(News::Sent { kind, id, taken }) => format!("sent {} {id} {taken}", kind as u8),
        Some(News::Repeated { id, times, .. }) => format!("repeated {id} {times}"),
        Some(News::GivenUp { id, .. }) => format!("given up {id}"),
        Some(News::Acknowledged { id }) => format!("acknowledged {id}"),
        Some(News::Reset { message, ended }) => format!("reset {} {ended}", message.id),
        Some(News::Received { message, ends, .. }) => {
            format!("{} {} {}", message.code_text(), message.id, ended(ends))
        }
    };
    chassis.urc(line);
}

impl Firmware for Talker {
    type Quirks = Plain;
    type Input = ();
    type Event = Event;

    const IDENTITY: Identity = Identity {
        manufacturer: "",
        model: "",
        revision: "",
        information: &[],
    };

    fn command(
        &mut self,
        chassis: &mut Chassis<Self>,
        name: &str,
        form: &Form,
    ) -> Result<Done<()>, Failure> {
        let Form::Write(arguments) = form else {
            return Ok(Done::Common);
        };
        let arguments = Arguments(arguments);
        let to = PEER.parse().unwrap();
        match name {
            "OPEN" => {
                let peer = (arguments.number(0, 0..=1)? == 0).then_some(to);
                self.0.open(chassis, peer).unwrap();
            }
            "SEND" => {
                let kind = match arguments.byte(0, 0..=3)? {
                    0 => MessageType::Confirmable,
                    1 => MessageType::NonConfirmable,
                    2 => MessageType::Acknowledgement,
                    _ => MessageType::Reset,
                };
                let id = arguments.short(2, 0..=u16::MAX)?;
                let mut message = Message::new(kind, arguments.byte(1, 0..=255)?, id);
                message.token = arguments.hex(3)?;
                let path = arguments
                    .text(4)?
                    .split('/')
                    .filter(|part| !part.is_empty());
                message.options = path.map(|part| (11, part.into())).collect();
                self.0.send_in(chassis, 20, to, message);
            }
            _ => return Ok(Done::Common),
        }
        Done::ok(0)
    }

    fn happen(&mut self, chassis: &mut Chassis<Self>, event: Event) {
        assert_eq!(event.agent, 7);
        let news = self.0.happen(chassis, event);
        tell(chassis, news);
    }

    fn datagram(&mut self, chassis: &mut Chassis<Self>) -> bool {
        let Some((from, bytes)) = self.0.take(chassis) else {
            return false;
        };
        let news = self.0.handle(chassis, from, &bytes);
        tell(chassis, news);
        true
    }

    fn forget(&mut self, chassis: &mut Chassis<Self>, _: Ending) {
        self.0.close(chassis);
    }
}

type Host = Terminal<Module<Talker, TestNetwork>>;

fn host(socket: u8) -> Host {
    let mut host = Host::new(Module::new(TestNetwork::default()));
    host.ask("ATE0");
    assert_eq!(host.ask(&format!("AT+OPEN={socket}")), "\r\nOK\r\n");
    host
}

/// Sends, and what is said within so many milliseconds behind the OK, in one line.
fn send(host: &mut Host, message: &str, milliseconds: u32) -> String {
    host.put(format!("AT+SEND={message}\r").as_bytes());
    let heard = host.hear(milliseconds);
    let (ok, news) = heard.split_once("\r\nOK\r\n").unwrap();
    assert_eq!(ok, "", "{heard}");
    spoken(news)
}

fn spoken(news: &str) -> String {
    let lines = news.split("\r\n").filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(", ")
}

/// What was sent since the last time: type, code and id.
fn journal(host: &Host) -> Vec<(MessageType, u8, u16)> {
    let sent = host.line.device().network().take_journal();
    let messages = sent.iter().map(|sent| Message::parse(&sent.datagram));
    let messages = messages.map(Option::unwrap);
    messages
        .map(|message| (message.kind, message.code, message.id))
        .collect()
}

fn arrive(host: &mut Host, from: &str, message: &Message) -> String {
    let now = host.line.now();
    let bytes = message.to_bytes();
    host.line
        .device()
        .network()
        .inject(now, 0, from.parse().unwrap(), &bytes);
    spoken(&host.hear(10))
}

use MessageType::{Acknowledgement, Confirmable, NonConfirmable, Reset};

#[test]
fn a_message_is_the_same_after_a_journey_and_an_empty_one_is_empty() {
    let mut message = Message::new(Confirmable, 69, 300);
    message.token = vec![1, 2, 3];
    message.options = vec![(11, b"a".to_vec()), (11, b"b".to_vec()), (2000, vec![])];
    message.payload = b"\xFFx".to_vec();
    assert_eq!(Message::parse(&message.to_bytes()), Some(message.clone()));
    assert_eq!(message.code_text(), "2.05");
    assert!(!message.is_request());
    message.code = 0;
    assert_eq!(message.to_bytes(), [0x40, 0, 1, 44]);
    assert_eq!(Message::parse(b"\x80\x01\0\0"), None, "version 2");
    assert_eq!(Message::parse(b"\x40"), None);
}

#[test]
fn a_response_in_the_acknowledgement_ends_its_exchange() {
    let mut host = host(0);
    let news = send(&mut host, "0,1,5,\"AB\",\"hello\"", 200);
    assert_eq!(news, "sent 0 5 true, 2.05 5 5");
    assert_eq!(spoken(&host.hear(600_000)), "", "never again");
    assert_eq!(journal(&host), [(Confirmable, 1, 5)]);
}

#[test]
fn time_outs_double_and_the_last_one_gives_up() {
    let mut host = host(0);
    host.line.device().firmware.0.timeout = 1000;
    host.line.device().firmware.0.retries = 2;
    let began = host.line.now();
    let news = send(&mut host, "0,1,5,\"AB\",\"silent\"", 7_100);
    assert_eq!(
        news,
        "sent 0 5 true, repeated 5 1, repeated 5 2, given up 5"
    );
    let sent = host.line.device().network().take_journal();
    let times = sent.iter().map(|sent| sent.at.since(began).as_millis());
    assert_eq!(times.collect::<Vec<_>>(), [20, 1020, 3020]);
    assert!(!host.line.device().firmware.0.is_waiting());
}

#[test]
fn a_separate_response_is_acknowledged_each_time_and_told_once() {
    let mut host = host(0);
    let news = send(&mut host, "0,1,5,\"AB\",\"ack-only\"", 200);
    assert_eq!(news, "sent 0 5 true, acknowledged 5");
    journal(&host);
    let mut response = Message::new(Confirmable, 69, 900);
    response.token = vec![0xAB];
    assert_eq!(arrive(&mut host, PEER, &response), "2.05 900 -");
    assert_eq!(arrive(&mut host, PEER, &response), "");
    assert_eq!(journal(&host), [(Acknowledgement, 0, 900); 2]);
}

#[test]
fn a_response_with_the_right_token_stands_in_for_a_lost_acknowledgement() {
    let mut host = host(0);
    send(&mut host, "0,1,5,\"AB\",\"silent\"", 200);
    let mut response = Message::new(NonConfirmable, 69, 900);
    response.token = vec![0xAC];
    assert_eq!(
        arrive(&mut host, PEER, &response),
        "2.05 900 -",
        "another token"
    );
    response.token = vec![0xAB];
    response.id = 901;
    assert_eq!(arrive(&mut host, PEER, &response), "2.05 901 5");
    assert_eq!(spoken(&host.hear(300_000)), "");
}

#[test]
fn only_what_was_sent_can_be_reset() {
    let mut host = host(0);
    let news = send(&mut host, "0,1,5,\"AB\",\"silent\"", 200);
    assert_eq!(news, "sent 0 5 true");
    assert_eq!(arrive(&mut host, PEER, &Message::new(Reset, 0, 6)), "");
    assert_eq!(
        arrive(&mut host, PEER, &Message::new(Reset, 0, 5)),
        "reset 5 true"
    );
    assert_eq!(
        arrive(&mut host, PEER, &Message::new(Reset, 0, 5)),
        "reset 5 false"
    );
}

#[test]
fn a_ping_is_reset_and_strangers_are_heard_only_without_a_peer() {
    let (stranger, ping) = ("203.0.113.5:5683", Message::new(Confirmable, 0, 3));
    let mut closed = host(0);
    assert_eq!(arrive(&mut closed, stranger, &ping), "");
    assert_eq!(journal(&closed), []);
    assert_eq!(arrive(&mut closed, PEER, &ping), "");
    assert_eq!(journal(&closed), [(Reset, 0, 3)]);
    let mut open = host(1);
    arrive(&mut open, stranger, &ping);
    assert_eq!(journal(&open), [(Reset, 0, 3)]);
    // The same id and token of another peer are another message.
    send(&mut open, "0,1,5,\"AB\",\"silent\"", 200);
    journal(&open);
    let acknowledgement = Message::new(Acknowledgement, 0, 5);
    assert_eq!(arrive(&mut open, stranger, &acknowledgement), "");
    assert_eq!(arrive(&mut open, PEER, &acknowledgement), "acknowledged 5");
}

#[test]
fn a_request_that_the_host_leaves_is_acknowledged_or_not_or_refused_at_once() {
    let request = Message::new(Confirmable, 1, 77);
    let with = |requests| {
        let host = host(0);
        host.line.device().firmware.0.requests = requests;
        host
    };
    let mut host = with(Requests::Acknowledged(500));
    assert_eq!(arrive(&mut host, PEER, &request), "0.01 77 -");
    assert_eq!(arrive(&mut host, PEER, &request), "", "again");
    host.hear(470);
    assert_eq!(journal(&host), []);
    host.hear(20);
    assert_eq!(journal(&host), [(Acknowledgement, 0, 77)]);

    let mut host = with(Requests::Acknowledged(500));
    arrive(&mut host, PEER, &request);
    assert_eq!(
        send(&mut host, "2,69,77,\"\",\"\"", 2_000),
        "sent 2 77 true"
    );
    assert_eq!(
        journal(&host),
        [(Acknowledgement, 69, 77)],
        "the host was quicker"
    );

    let mut host = with(Requests::Left);
    assert_eq!(arrive(&mut host, PEER, &request), "0.01 77 -");
    host.hear(10_000);
    assert_eq!(journal(&host), []);

    let mut host = with(Requests::Refused);
    assert_eq!(arrive(&mut host, PEER, &request), "");
    assert_eq!(
        arrive(&mut host, PEER, &Message::new(NonConfirmable, 1, 78)),
        ""
    );
    assert_eq!(journal(&host), [(Reset, 0, 77)]);
}

#[test]
fn nothing_of_a_former_socket_reaches_the_next_one() {
    let mut host = host(0);
    send(&mut host, "0,1,5,\"AB\",\"silent\"", 200);
    host.put(b"AT+SEND=0,1,6,\"AB\",\"silent\"\r");
    host.hear(10);
    host.ask("AT+OPEN=0");
    assert_eq!(spoken(&host.hear(300_000)), "");
    assert_eq!(journal(&host).len(), 1);
    assert_eq!(
        send(&mut host, "0,1,5,\"AB\",\"hello\"", 200),
        "sent 0 5 true, 2.05 5 5"
    );
    assert_eq!(host.misuse(), [""; 0], "the same id in another session");
    send(&mut host, "0,1,5,\"AB\",\"hello\"", 200);
    assert_eq!(host.misuse(), ["message id 5 used twice in a session"]);
}

#[test]
fn without_coverage_a_message_leaves_and_is_lost() {
    let mut host = host(0);
    host.line.device().quirks.no_network = true;
    let news = send(&mut host, "1,1,5,\"AB\",\"hello\"", 200);
    assert_eq!(news, "sent 1 5 true");
    assert_eq!(journal(&host), []);
    host.line.device().reset();
    host.hear(5_000);
    host.ask("ATE0");
    let news = send(&mut host, "1,1,6,\"AB\",\"hello\"", 200);
    assert_eq!(news, "sent 1 6 false", "there is no socket");
}
