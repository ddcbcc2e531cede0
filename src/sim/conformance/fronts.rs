//! Three ways to wait for the same operation, over a simulated line or a replayed transcript.

use super::{Bench, Op, journal, line, perform, perform_blocking, polite, seed};
use crate::front::{self, Asynch, Nb, Polled, block_on};
use crate::message::Code;
use crate::sim::{Device, Line, LineClock, LineTimer, Replay, Serial, replay};
use core::convert::Infallible;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

/// A way to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// [`block_on`] over [`Polled`].
    Blocking,
    /// [`Nb`] over [`Polled`].
    Nb,
    /// A small executor with a real waker, over [`Asynch`].
    Async,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::Nb, Self::Async];
}

/// What a front needs of one end of a line.
pub trait Port {
    /// The serial port.
    type Serial: embedded_io::Read
        + embedded_io::ReadReady
        + embedded_io::Write
        + embedded_io_async::Read
        + embedded_io_async::Write;
    /// The time for fronts that poll.
    type Clock: front::Clock;
    /// The time for fronts that await.
    type Timer: front::Timer;

    /// The serial port, or another handle of it.
    fn serial(&self) -> Self::Serial;
    /// The clock.
    fn clock(&self) -> Self::Clock;
    /// The timer.
    fn timer(&self) -> Self::Timer;
}

impl<D: Device> Port for Line<D> {
    type Serial = Serial<D>;
    type Clock = LineClock<D>;
    type Timer = LineTimer<D>;

    fn serial(&self) -> Self::Serial {
        Self::serial(self)
    }

    fn clock(&self) -> Self::Clock {
        Self::clock(self)
    }

    fn timer(&self) -> Self::Timer {
        Self::timer(self)
    }
}

impl Port for Replay {
    type Serial = replay::Serial;
    type Clock = replay::Clock;
    type Timer = replay::Timer;

    fn serial(&self) -> Self::Serial {
        Self::serial(self)
    }

    fn clock(&self) -> Self::Clock {
        Self::clock(self)
    }

    fn timer(&self) -> Self::Timer {
        Self::timer(self)
    }
}

/// Waits for a future in one of the ways.
pub fn wait<F: Future>(way: Way, future: F) -> F::Output {
    match way {
        Way::Blocking => block_on(future),
        Way::Nb => {
            let future = pin!(async { Ok::<_, Infallible>(future.await) });
            let mut operation = Nb::new(future);
            loop {
                match operation.poll() {
                    Ok(output) => {
                        assert!(operation.is_done(), "it has ended");
                        return output;
                    }
                    Err(nb::Error::WouldBlock) => {}
                    Err(nb::Error::Other(never)) => match never {},
                }
            }
        }
        Way::Async => {
            let flag = Arc::new(Flag(AtomicBool::new(false)));
            let waker = Waker::from(Arc::clone(&flag));
            let mut context = Context::from_waker(&waker);
            let mut future = pin!(future);
            loop {
                if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                    return output;
                }
                let woken = flag.0.swap(false, Ordering::Relaxed);
                assert!(woken, "nobody will ever wake this task again");
            }
        }
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Carries out a script with a new client; what came of each operation.
pub fn perform_all<B: Bench, P: Port>(way: Way, port: &P, script: &[Op]) -> Vec<String> {
    seed();
    let mut memory = B::Memory::default();
    if way == Way::Async {
        let front = Asynch::new(port.serial(), port.serial(), port.timer());
        let mut client = B::client(&mut memory, front);
        let steps = script.iter().map(|op| wait(way, perform(&mut client, op)));
        return steps.collect();
    }
    let mut client = B::client(&mut memory, Polled::new(port.serial(), port.clock()));
    let steps = script.iter().map(|op| match way {
        Way::Blocking => perform_blocking(&mut client, op),
        _ => wait(way, perform(&mut client, op)),
    });
    steps.collect()
}

/// Everything that an application does with such a modem, and how each result begins.
fn everything<B: Bench>() -> Vec<(Op, String)> {
    let body = B::body(7, 300);
    let non = Op::Request {
        method: Code::GET,
        path: "/hello".into(),
        payload: Vec::new(),
        confirmable: false,
    };
    let script = [
        (Op::Attach, "done"),
        (Op::connect::<B>(), "done"),
        (Op::get("/hello"), "2.05"),
        (Op::put("/store/x", &body), "2.01"),
        (Op::get("/store/x"), "2.05"),
        (Op::request(Code::DELETE, "/store/x", &[]), "2.02"),
        (Op::get("/missing"), "4.04"),
        (non, "2.05"),
        (Op::get("/separate"), "2.05"),
        (Op::Event(500), "nothing"),
        (Op::get("/binary"), "2.05"),
        (Op::Close, "done"),
    ];
    let possible = script.into_iter().filter(|(op, _)| B::can(op));
    possible.map(|(op, code)| (op, B::shown(code))).collect()
}

/// The same script gives the same bytes both ways, and the same results, by every front and in every chunking.
pub fn fronts_agree<B: Bench>() {
    let (script, expected): (Vec<Op>, Vec<String>) = everything::<B>().into_iter().unzip();
    let body = crate::sim::transcript::escaped(&B::body(7, 300)).to_string();
    let mut first = None;
    let mut count = 0;
    for way in Way::ALL {
        for (reads, writes) in [(1, 64), (16, 64), (64, 64), (64, 1), (16, 5)] {
            let line = line::<B>();
            line.set_chunk(reads);
            line.set_write_chunk(writes);
            let results = perform_all::<B, _>(way, &line, &script);
            for ((result, expected), op) in results.iter().zip(&expected).zip(&script) {
                assert!(
                    result.starts_with(expected.as_str()),
                    "{way:?} {reads}: {op}: {result}"
                );
                let back = *op != Op::get("/store/x") || result.ends_with(&body);
                assert!(back, "the payload came back whole: {result}");
            }
            assert_eq!(results.len(), expected.len());
            polite::<B>(&line);
            let datagrams: Vec<Vec<u8>> = journal::<B>(&line)
                .into_iter()
                .map(|sent| sent.datagram)
                .collect();
            let all = (results, line.sent(), line.received(), datagrams);
            count += 1;
            match &first {
                None => first = Some(all),
                Some(first) => {
                    let case = format!("{way:?}, reads of {reads}, writes of {writes}");
                    assert!(first.0 == all.0, "{case}: {:#?}\n{:#?}", first.0, all.0);
                    same(&case, "sent", &first.1, &all.1);
                    same(&case, "received", &first.2, &all.2);
                    assert!(first.3 == all.3, "{case}: other datagrams");
                }
            }
        }
    }
    println!("{count} runs of {} operations agree", script.len());
}

fn same(case: &str, what: &str, one: &[u8], other: &[u8]) {
    let at = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    if one != other {
        let show = |bytes: &[u8]| {
            let from = at.saturating_sub(40);
            crate::sim::transcript::escaped(&bytes[from..bytes.len().min(at + 60)]).to_string()
        };
        panic!(
            "{case}: {what} differs at byte {at}:\n{}\n{}",
            show(one),
            show(other)
        );
    }
}
