//! The CoAP object: made, told its server, sent with, deleted (sections 3.1, 3.2, 3.4 and 3.7 of the document).

use std::collections::VecDeque;

use coap_lite::MessageType;

use super::para::Draft;
use super::{Answer, Chassis, Event, Sim7000Firmware};
use crate::sim::grammar::Form;
use crate::sim::module::agent::{self, Agent, Message, News};
use crate::sim::module::{Arguments, Done, Failure};

/// From `AT+CCOAPACTION` to its answer.
const SENDING_TIME: u32 = 20;

/// The object.
#[derive(Debug)]
pub(super) struct Object {
    /// Tells an event of this object from one of a former object.
    life: u32,
    url: Option<Url>,
    pub(super) draft: Draft,
    /// The draft was sent.
    pub(super) sent: bool,
    agent: Agent,
    /// Requests that have no response yet.
    open: Vec<(u16, Vec<u8>)>,
    pub(super) queue: VecDeque<Message>,
}

/// What `AT+CCOAPURL` has set.
#[derive(Clone, Debug)]
struct Url {
    host: String,
    port: u16,
    /// Effective once.
    resource: Option<String>,
}

impl Object {
    fn new(chassis: &mut Chassis) -> Self {
        Self {
            life: chassis.next_serial(),
            url: None,
            draft: Draft::default(),
            sent: false,
            agent: Agent::new(0),
            open: Vec::new(),
            queue: VecDeque::new(),
        }
    }

    pub(super) const fn socket(&self) -> Option<usize> {
        self.agent.socket()
    }

    pub(super) fn packets(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn lose_socket(&mut self, chassis: &mut Chassis) {
        self.agent.close(chassis);
        self.open.clear();
    }
}

impl Sim7000Firmware {
    /// The object, for commands that need one.
    pub(super) fn object(&mut self) -> Result<&mut Object, Failure> {
        self.object.as_mut().ok_or(Failure::state())
    }

    pub(super) fn coap(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        match (name, form) {
            ("CCOAPINIT" | "CCOAPTERM", Form::Test) => Done::ok(5),
            ("CCOAPINIT", Form::Execute) if self.object.is_some() => Err(Failure::state()),
            ("CCOAPINIT", Form::Execute) => {
                self.object = Some(Object::new(chassis));
                Done::ok(30)
            }
            ("CCOAPTERM", Form::Execute) => {
                self.object()?;
                self.terminate(chassis);
                Done::ok(30)
            }
            ("CCOAPURL", Form::Test) => {
                Done::line(chassis.head(name) + "<scheme>://<host>:<port>/<uri>")
            }
            ("CCOAPURL", Form::Write(arguments)) => self.url(chassis, Arguments(arguments)),
            ("CCOAPPARA", _) => self.para(chassis, form),
            ("CCOAPACTION", Form::Test) => Done::line(chassis.head(name) + "<type>[,<value>]"),
            ("CCOAPACTION", Form::Execute) => self.send(chassis),
            ("CCOAPACTION", Form::Write(arguments)) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1])?;
                match arguments.number(0, 4..=5)? {
                    4 => self.ask_queue(chassis),
                    _ => self.clear_queue(),
                }
            }
            ("CCOAPHEAD" | "CCOAPREAD", _) => self.packet(chassis, name, form),
            _ => Err(Failure::command()),
        }
    }

    /// The object goes, whatever it holds.
    pub(super) fn terminate(&mut self, chassis: &mut Chassis) {
        if let Some(mut object) = self.object.take() {
            object.lose_socket(chassis);
        }
    }

    fn url(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[1])?;
        let url = parse_url(arguments.text(0)?)?;
        let object = self.object()?;
        let found = chassis.network.resolve(&url.host);
        if found.is_none() && !chassis.quirks.late_lookup {
            return Err(Failure::state());
        }
        object.agent.close(chassis);
        object.url = Some(url);
        Done::ok(30)
    }

    fn send(&mut self, chassis: &mut Chassis) -> Answer {
        let online = self.context.is_active();
        let (own_ids, drops_token) = (chassis.quirks.own_ids, chassis.quirks.drops_token);
        let lasts = chassis.quirks.values_last;
        let gives_up = chassis.quirks.gives_up_after.as_millis();
        let head = chassis.head("CCOAPACTION");
        let object = self.object()?;
        let url = object
            .url
            .as_mut()
            .ok_or(Failure::misuse("sending without a URL"))?;
        if object.sent {
            return Err(Failure::misuse("sending without values"));
        }
        let check = object.draft.message(|| 0);
        let peer = chassis.network.resolve(&url.host);
        let (true, Some(mut peer), true) = (online, peer, check.is_ok()) else {
            return Err(check.err().unwrap_or(Failure::state()));
        };
        peer.set_port(url.port);
        let mut message = object.draft.message(|| object.agent.next_id())?;
        if own_ids
            && !matches!(
                message.kind,
                MessageType::Acknowledgement | MessageType::Reset
            )
        {
            message.id = object.agent.next_id();
        }
        if drops_token {
            message.token.clear();
        }
        if let Some(resource) = url.resource.take() {
            let segments = resource.split('/').map(|part| (11, part.into()));
            message.options.extend(segments);
        }
        if object.agent.socket().is_none() && object.agent.open(chassis, Some(peer)).is_err() {
            return Err(Failure::state());
        }
        object.sent = true;
        if !lasts {
            object.draft = Draft::default();
        }
        let (life, id) = (object.life, message.id);
        if message.is_request() {
            object.open.push((id, message.token.clone()));
            chassis.later(gives_up, Event::NoResponse(life, id));
        }
        // It goes a moment after the OK, so that no answer, however quick, comes before it.
        object
            .agent
            .send_in(chassis, SENDING_TIME + 1, peer, message);
        Ok(Done::Said {
            lines: vec![format!("{head}0,{id}").into()],
            after: SENDING_TIME,
        })
    }

    pub(super) fn agent_event(&mut self, chassis: &mut Chassis, event: agent::Event) {
        if let Some(object) = &mut self.object {
            let news = object.agent.happen(chassis, event);
            self.tell(chassis, news);
        }
    }

    /// Takes one datagram from the network; false if there is none.
    pub(super) fn take_datagram(&mut self, chassis: &mut Chassis) -> bool {
        let Some(object) = &mut self.object else {
            return false;
        };
        let Some((from, datagram)) = object.agent.take(chassis) else {
            return false;
        };
        let news = object.agent.handle(chassis, from, &datagram);
        self.tell(chassis, news);
        true
    }

    /// What came of a message.
    fn tell(&mut self, chassis: &mut Chassis, news: Option<News>) {
        let Some(object) = &mut self.object else {
            return;
        };
        match news {
            Some(News::GivenUp { id, .. }) => {
                let life = object.life;
                self.no_response(chassis, life, id);
            }
            Some(News::Sent { taken: false, .. }) => self.fail_socket(chassis),
            Some(News::Acknowledged { id }) if chassis.quirks.acks_are_packets => {
                let ack = Message::new(MessageType::Acknowledgement, 0, id);
                self.receive(chassis, ack);
            }
            Some(News::Reset { message, .. }) => {
                object.open.retain(|(id, _)| *id != message.id);
                self.receive(chassis, message);
            }
            Some(News::Received { message, ends, .. }) => {
                object
                    .open
                    .retain(|(id, token)| Some(*id) != ends && *token != message.token);
                self.receive(chassis, message);
            }
            _ => {}
        }
    }

    /// `+CCOAPACTION: 2`, if the message is still without a response.
    pub(super) fn no_response(&mut self, chassis: &mut Chassis, life: u32, id: u16) {
        let Some(object) = self.object.as_mut().filter(|object| object.life == life) else {
            return;
        };
        let before = object.open.len();
        object.open.retain(|(open, _)| *open != id);
        if object.open.len() < before {
            let head = chassis.head("CCOAPACTION");
            match chassis.quirks.timeout_without_id {
                true => chassis.urc(head + "2"),
                false => chassis.urc(format!("{head}2,{id}")),
            }
        }
    }

    /// `+CCOAPACTION: 3`
    pub(super) fn fail_socket(&mut self, chassis: &mut Chassis) {
        if let Some(object) = &mut self.object {
            object.lose_socket(chassis);
            let line = chassis.head("CCOAPACTION") + "3";
            chassis.urc(line);
        }
    }
}

/// `coap://<host>[:<port>][/<uri>]`
fn parse_url(text: &str) -> Result<Url, Failure> {
    let rest = text
        .strip_prefix("coap://")
        .ok_or(Failure::misuse("a scheme that is not coap"))?;
    let (place, resource) = match rest.split_once('/') {
        Some((place, resource)) => (place, Some(resource)),
        None => (rest, None),
    };
    let (host, port) = if let Some((host, behind)) = place
        .strip_prefix('[')
        .and_then(|place| place.split_once(']'))
    {
        (host, behind.strip_prefix(':'))
    } else {
        match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        }
    };
    let port = match port {
        Some(port) => port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or(Failure::misuse("a port that is none"))?,
        None => 5683,
    };
    if host.is_empty() {
        return Err(Failure::misuse("a URL without a host"));
    }
    Ok(Url {
        host: host.into(),
        port,
        resource: resource
            .filter(|resource| !resource.is_empty())
            .map(Into::into),
    })
}
