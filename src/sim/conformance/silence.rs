//! A modem that falls silent, whatever it was doing.

use super::{Bench, Op, Way, line, perform_all, polite, wait};
use crate::front::{Clock as _, Polled};
use crate::sim::Device;
use crate::time::{Instant, Millis};

/// How a modem is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It does not hear either: off, or its line is cut.
    Deaf,
    /// It hears and acts; nothing of what it says arrives.
    Mute,
}

/// A modem that can be silenced from a turn of the dialog on: a turn begins where the host speaks after the modem.
pub struct Faulty<D> {
    /// The modem.
    pub inner: D,
    turns: u32,
    spoke: bool,
    silent: Option<(u32, Silence)>,
}

impl<D> Faulty<D> {
    /// A modem without a fault.
    pub const fn new(inner: D) -> Self {
        Self {
            inner,
            turns: 0,
            spoke: true,
            silent: None,
        }
    }

    /// Silent from the turn with this number on, counted from now; `None` ends it.
    pub fn silence(&mut self, from: Option<(u32, Silence)>) {
        self.silent = from.map(|(turn, how)| (self.turns + turn, how));
    }

    /// How many turns the dialog had.
    pub const fn turns(&self) -> u32 {
        self.turns
    }

    fn now_silent(&self) -> Option<Silence> {
        self.silent
            .filter(|(turn, _)| self.turns > *turn)
            .map(|(_, how)| how)
    }
}

impl<D: Device> Device for Faulty<D> {
    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        if self.spoke && !bytes.is_empty() {
            self.turns += 1;
            self.spoke = false;
        }
        if self.now_silent() != Some(Silence::Deaf) {
            self.inner.receive(now, bytes);
        }
    }

    fn transmit(&mut self, now: Instant, out: &mut Vec<u8>) {
        let before = out.len();
        self.inner.transmit(now, out);
        if self.now_silent().is_some() {
            out.truncate(before);
        } else {
            self.spoke |= out.len() > before;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.inner.deadline()
    }
}

/// The longest that any operation may take here, with its own limits and the fence of the next one.
const LONGEST: Millis = Millis::from_secs(400);

/// The modem falls silent at any turn of any operation: that ends with a time-out, and once the modem speaks again, the
/// next attempt works.
pub fn silent_once<B: Bench>() {
    let put = Op::put("/store/x", &B::body(3, 120));
    let up = [Op::Attach, Op::connect::<B>()];
    let mut count = 0;
    for how in [Silence::Deaf, Silence::Mute] {
        for (before, op) in [
            (&[][..], Op::Attach),
            (&[Op::Attach], Op::connect::<B>()),
            (&up, put.clone()),
            (&up, Op::get("/hello")),
            (&up, Op::Close),
        ] {
            count += silent_in::<B>(how, before, &op);
        }
    }
    println!("{count} silences survived");
}

fn silent_in<B: Bench>(how: Silence, before: &[Op], op: &Op) -> u32 {
    // How many turns the operation has.
    let whole = line::<B>();
    perform_all::<B, _>(Way::Blocking, &whole, before);
    let first = whole.device().turns();
    let all = line::<B>();
    let mut script = before.to_vec();
    script.push(op.clone());
    let results = perform_all::<B, _>(Way::Blocking, &all, &script);
    assert!(!results.concat().contains("error"), "{op}: {results:?}");
    polite::<B>(&all);
    let turns = all.device().turns() - first;
    // Connecting and closing may be a matter of the host alone.
    let speaks = matches!(op, Op::Attach | Op::Request { .. });
    assert!(turns > 0 || !speaks, "{op} says nothing at all");

    for turn in 0..turns {
        let line = line::<B>();
        let mut memory = B::Memory::default();
        let mut client = B::client(&mut memory, Polled::new(line.serial(), line.clock()));
        let mut ask = |op: &Op| wait(Way::Blocking, super::perform(&mut client, op));
        for op in before {
            assert_eq!(ask(op), "done");
        }
        let case = format!("{}, {how:?} from turn {turn} of {turns}", op.name());
        line.device().silence(Some((turn, how)));
        let began = line.now();
        let result = ask(op);
        assert!(result.contains("Timeout"), "{case}: {result}");
        let took = line.now().since(began);
        assert!(took < LONGEST, "{case}: took {} ms", took.as_millis());
        line.device().silence(None);

        // Whoever was cut off begins where an application would.
        let again = match op {
            Op::Request { .. } => vec![op.clone()],
            Op::Close => vec![Op::connect::<B>()],
            _ => vec![Op::Attach, Op::connect::<B>()],
        };
        for op in &again {
            let result = ask(op);
            assert!(!result.contains("error"), "{case}: then {op}: {result}");
        }
        let hello = ask(&Op::get("/hello"));
        assert!(
            hello.starts_with(&B::shown("2.05")) && hello.ends_with("demo server!"),
            "{case}: {hello}"
        );
    }
    turns
}

/// Asserts that every PUT that went out has one of these bodies, whole.
pub(super) fn whole_bodies(case: &str, sent: &[crate::sim::Sent], bodies: &[&[u8]]) {
    for sent in sent {
        let packet = coap_lite::Packet::from_bytes(&sent.datagram);
        let packet = packet.unwrap_or_else(|error| panic!("{case}: a bad datagram: {error}"));
        let put = coap_lite::MessageClass::Request(coap_lite::RequestType::Put);
        if packet.header.code == put {
            let known = bodies.iter().any(|body| *body == packet.payload);
            let shown = crate::sim::transcript::escaped(&packet.payload);
            assert!(known, "{case}: a torn payload went out: {shown}");
        }
    }
}

/// Lets time pass while nobody looks at the line.
pub(super) fn pass<D: Device>(line: &crate::sim::Line<D>, span: Millis) {
    let until = line.now().after(span);
    let mut clock = line.clock();
    while !line.now().reached(until) {
        clock.idle(until);
    }
}
