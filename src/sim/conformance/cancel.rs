//! Operations that are dropped half-way.

use super::silence::{pass, whole_bodies};
use super::{Bench, Op, Way, journal, line, perform, perform_all, random, seed, wait};
use crate::front::{CHUNK, Clock, Front, Wire};
use crate::time::Millis;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use embedded_io::{Read, ReadReady, Write};

/// A front that returns to its caller after every step, so that an operation can be dropped behind any byte.
pub struct Stepped<S, C> {
    /// The serial port.
    pub serial: S,
    /// The time.
    pub clock: C,
    /// Bytes a step.
    pub bytes: usize,
}

impl<S: Read + ReadReady + Write, C: Clock> Front for Stepped<S, C> {
    type Error = S::Error;

    fn drive<F: Future>(
        &mut self,
        wire: &Wire,
        mut operation: Pin<&mut F>,
    ) -> impl Future<Output = Result<F::Output, S::Error>> {
        poll_fn(move |context| {
            let mut buffer = [0; CHUNK];
            let buffer = &mut buffer[..self.bytes.min(CHUNK)];
            wire.set_now(self.clock.now());
            let mut moved = false;
            if wire.wants_bytes() && self.serial.read_ready()? {
                let count = self.serial.read(buffer)?;
                wire.receive(&buffer[..count]);
                moved = true;
            } else if wire.has_outgoing() {
                let count = self.serial.write(wire.outgoing(buffer))?;
                wire.sent(u8::try_from(count).unwrap_or(0));
                moved = true;
            }
            wire.set_now(self.clock.now());
            if let Poll::Ready(output) = operation.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            if !moved && !wire.has_outgoing() {
                self.clock.idle(wire.wake());
            }
            Poll::Pending
        })
    }
}

/// Polls at most so often, then drops; the result, if it came to that.
///
/// # Errors
/// The number of polls, if they were too few.
pub fn poll_and_drop<F: Future>(future: F, polls: usize) -> Result<F::Output, usize> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
    }
    Err(polls)
}

/// An operation to be dropped, what must be done before it, and what must work afterwards.
struct Case {
    before: Vec<Op>,
    op: Op,
    after: Vec<Op>,
}

fn cases<B: Bench>() -> [Case; 5] {
    let up = || vec![Op::Attach, Op::connect::<B>()];
    let rescue = |mut ops: Vec<Op>| {
        ops.push(Op::put("/store/y", &B::body(11, 40)));
        ops.push(Op::get("/store/y"));
        ops
    };
    [
        Case {
            before: Vec::new(),
            op: Op::Attach,
            after: rescue(up()),
        },
        Case {
            before: vec![Op::Attach],
            op: Op::connect::<B>(),
            after: rescue(up()),
        },
        Case {
            before: up(),
            op: Op::put("/store/x", &B::body(5, 300)),
            after: rescue(Vec::new()),
        },
        Case {
            before: up(),
            op: Op::get("/hello"),
            after: rescue(Vec::new()),
        },
        Case {
            before: up(),
            op: Op::Close,
            after: rescue(vec![Op::connect::<B>()]),
        },
    ]
}

/// Runs a case with the operation dropped after `first` polls, and, with `second`, the one after it after so many.
/// Whether the drops came before the operations' ends.
fn run<B: Bench>(
    case: &Case,
    first: usize,
    second: Option<usize>,
    idle: u32,
    bytes: usize,
) -> (bool, bool) {
    let line = line::<B>();
    let mut memory = B::Memory::default();
    let front = Stepped {
        serial: line.serial(),
        clock: line.clock(),
        bytes: CHUNK,
    };
    let mut client = B::client(&mut memory, front);
    let name = format!(
        "{} dropped at {first}, {second:?} ({bytes} bytes a step), {idle} ms later",
        case.op.name()
    );
    for op in &case.before {
        assert_eq!(
            wait(Way::Blocking, perform(&mut client, op)),
            "done",
            "{name}"
        );
    }
    client.front().bytes = bytes;
    let one = poll_and_drop(perform(&mut client, &case.op), first).is_err();
    pass(&line, Millis::new(idle));
    let mut two = false;
    if let (Some(polls), Some(next)) = (second, case.after.first()) {
        two = poll_and_drop(perform(&mut client, next), polls).is_err();
        pass(&line, Millis::new(idle));
    }
    client.front().bytes = CHUNK;
    for op in &case.after {
        let result = wait(Way::Blocking, perform(&mut client, op));
        assert!(!result.contains("error"), "{name}: then {op}: {result}");
        if *op == Op::get("/store/y") {
            let body = crate::sim::transcript::escaped(&B::body(11, 40)).to_string();
            assert!(
                result.starts_with(&B::shown("2.05")) && result.ends_with(&body),
                "{name}: {result}"
            );
        }
    }
    whole_bodies(
        &name,
        &journal::<B>(&line),
        &[&B::body(5, 300), &B::body(11, 40)],
    );
    (one, two)
}

/// How many bytes the host sends for an operation that is not dropped.
fn typed<B: Bench>(case: &Case) -> usize {
    let line = line::<B>();
    perform_all::<B, _>(Way::Blocking, &line, &case.before);
    let before = line.sent().len();
    let mut script = case.before.clone();
    script.push(case.op.clone());
    let line = super::line::<B>();
    perform_all::<B, _>(Way::Blocking, &line, &script);
    line.sent().len() - before
}

/// Every operation dropped behind every step: what follows works, and no payload was torn.
pub fn dropped_once<B: Bench>() {
    let mut total = 0;
    for case in &cases::<B>() {
        let mut polls = 1;
        // Byte by byte: until the operation ends before it is dropped.
        while run::<B>(case, polls, None, [0, 30, 2000][polls % 3], 1).0 {
            polls += 1;
        }
        println!("{}: dropped at {} places", case.op.name(), polls - 1);
        let typed = typed::<B>(case);
        assert!(polls > typed, "{}: {polls} places, {typed} bytes", case.op);
        total += polls - 1;
    }
    println!("{total} single drops");
}

/// The host alone restarts in the middle of every operation, and knows nothing any more: what an application does first brings
/// the modem back, whatever it was in the middle of.
pub fn restarted_host_finds_its_way<B: Bench>() {
    /// Each place is a whole bring-up more, so not every one.
    const STRIDE: usize = 5;
    let mut total = 0;
    for case in &cases::<B>() {
        let mut places = 0;
        while restarted::<B>(case, 1 + places * STRIDE, [0, 30, 2000][places % 3]) {
            places += 1;
        }
        println!("{}: restarted at {places} places", case.op.name());
        let typed = typed::<B>(case);
        assert!(
            places * STRIDE + STRIDE > typed,
            "{}: {places} places, {typed} bytes",
            case.op
        );
        total += places;
    }
    println!("{total} restarts");
}

/// Whether the restart came before the operation's end.
fn restarted<B: Bench>(case: &Case, polls: usize, idle: u32) -> bool {
    let line = line::<B>();
    let name = format!(
        "{} cut off at {polls}, the host is back {idle} ms later",
        case.op.name()
    );
    let front = |bytes| Stepped {
        serial: line.serial(),
        clock: line.clock(),
        bytes,
    };
    let mut memory = B::Memory::default();
    let mut client = B::client(&mut memory, front(CHUNK));
    for op in &case.before {
        let result = wait(Way::Blocking, perform(&mut client, op));
        assert_eq!(result, "done", "{name}");
    }
    client.front().bytes = 1;
    let cut = poll_and_drop(perform(&mut client, &case.op), polls).is_err();
    pass(&line, Millis::new(idle));

    let mut memory = B::Memory::default();
    let mut client = B::client(&mut memory, front(CHUNK));
    let body = B::body(11, 40);
    for op in [
        Op::Attach,
        Op::connect::<B>(),
        Op::put("/store/y", &body),
        Op::get("/store/y"),
    ] {
        let result = wait(Way::Blocking, perform(&mut client, &op));
        assert!(!result.contains("error"), "{name}: then {op}: {result}");
        let body = crate::sim::transcript::escaped(&body).to_string();
        assert!(
            op != Op::get("/store/y") || result.ends_with(&body),
            "{name}: {result}"
        );
    }
    cut
}

/// Operations dropped, and the next one as well: a sample that repeats.
pub fn dropped_twice<B: Bench>() {
    let (mut total, mut samples) = (0, 0);
    for case in &cases::<B>() {
        if typed::<B>(case) == 0 {
            continue;
        }
        let mut most = 1;
        while run::<B>(case, most, None, 0, 8).0 {
            most += 7;
        }
        for sample in 0..120_u32 {
            // Every run begins with the same numbers again, so each sample goes on from a place of its own.
            seed();
            for _ in 0..sample {
                random();
            }
            let (first, second) = (1 + random() as usize % most, 1 + random() as usize % 120);
            let idle = [0, 0, 15, 700, 6000][random() as usize % 5];
            let (one, two) = run::<B>(
                case,
                first,
                Some(second),
                idle,
                [1, 3, 8][random() as usize % 3],
            );
            total += u32::from(one && two);
            samples += 1;
        }
    }
    println!("{total} double drops");
    assert!(
        2 * total > samples,
        "only {total} of {samples} dropped both"
    );
}
