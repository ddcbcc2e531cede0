//! Dialogs of the simulated modem, recorded once and then repeated byte for byte.

use super::listen::read;
use super::{Bench, Op, Way, line, perform, perform_all, polite, seed, transcripts, wait};
use crate::front::{Asynch, Timer};
use crate::message::Code;
use crate::sim::transcript::{Event, Header, Kind, Mode};
use crate::sim::{Device, Line, Recorder, Replay, Transcript};
use crate::time::Instant;
use core::future::{Future, poll_fn};
use core::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The dialogs, by name, and what each shows. What the modem cannot do is left out.
fn scripts<B: Bench>() -> [(&'static str, &'static str, Vec<Op>); 2] {
    let possible = |ops: Vec<Op>| ops.into_iter().filter(B::can).collect();
    [
        (
            "sim-session",
            "a whole session: GET, PUT, GET back, DELETE",
            possible(vec![
                Op::Attach,
                Op::connect::<B>(),
                Op::get("/hello"),
                Op::get("/hello"),
                Op::put("/store/x", b"21.5\r\nOK\r\n\x1A"),
                Op::get("/store/x"),
                Op::request(Code::DELETE, "/store/x", &[]),
                Op::Event(200),
                Op::Close,
            ]),
        ),
        (
            "sim-errors",
            "not attached, an unknown name, a missing resource, a reset, no answer",
            possible(vec![
                Op::get("/hello"),
                Op::connect::<B>(),
                Op::Attach,
                Op::Connect("nowhere".into()),
                Op::connect::<B>(),
                Op::get("/missing"),
                Op::get("/reset"),
                Op::get("/silent"),
                Op::get("/separate"),
                Op::Close,
                Op::get("/hello"),
            ]),
        ),
    ]
}

/// A timer that also tells the recorder what time it is.
struct Told<D>(Line<D>, Arc<AtomicU32>);

impl<D: Device> Timer for Told<D> {
    fn now(&mut self) -> Instant {
        let now = self.0.now();
        self.1.store(now.as_millis(), Ordering::Relaxed);
        now
    }

    fn until(&mut self, at: Instant) -> impl Future<Output = ()> {
        let mut timer = self.0.timer();
        async move {
            let mut until = pin!(timer.until(at));
            poll_fn(|context| {
                let polled = until.as_mut().poll(context);
                self.now();
                polled
            })
            .await;
        }
    }
}

/// Carries a script out against the simulated modem and writes down what went over the line.
fn record<B: Bench>(name: &str, what: &str, script: &[Op]) -> Transcript {
    let line = line::<B>();
    let time = Arc::new(AtomicU32::new(0));
    let header = Header {
        modem: B::FOLDER.replace('_', "-"),
        source: format!("the simulated modem of this crate: {what}"),
        kind: Kind::Simulated,
        mode: Mode::Dialog,
    };
    let timer = Told(line.clone(), Arc::clone(&time));
    let now = move || Instant::from_millis(time.load(Ordering::Relaxed));
    let recorder = Recorder::with_time(format!("{name}.at"), header, now);
    seed();
    let mut memory = B::Memory::default();
    // The front that writes the longest pieces: the echo does not come between single bytes.
    let (reader, writer) = (recorder.tap(line.serial()), recorder.tap(line.serial()));
    let mut client = B::client(&mut memory, Asynch::new(reader, writer, timer));
    for op in script {
        recorder.call(op.to_string());
        let result = wait(Way::Async, perform(&mut client, op));
        recorder.call(format!("got {result}"));
    }
    if !script.contains(&Op::Connect("nowhere".into())) {
        polite::<B>(&line);
    }
    recorder.transcript()
}

/// The dialogs of the simulated modem stand among the transcripts, and every dialog there is repeated: by all fronts and
/// in reads of 64, 16 and 1 bytes the driver sends the same and gets the same results. `BLESS=1` writes them anew.
pub fn transcripts_dialog<B: Bench>() {
    for (name, what, script) in scripts::<B>() {
        let name = name.replacen("sim", B::DIALOGS, 1);
        let recorded = record::<B>(&name, what, &script);
        let path = transcripts::<B>().join(format!("{name}.at"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, recorded.to_string()).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            text == recorded.to_string(),
            "{name}.at is not what is recorded now: see it with BLESS=1"
        );
    }
    let (mut plays, mut results) = (0, 0);
    for transcript in read::<B>(Mode::Dialog) {
        // The `=` lines are taken out: a chunk may end an operation before its last line feed.
        let (mut script, mut expected) = (Vec::new(), Vec::new());
        let mut play = Transcript::new(transcript.name(), transcript.header().clone());
        for line in transcript.lines() {
            match &line.event {
                Event::Call(text) => match text.strip_prefix("got ") {
                    Some(result) => expected.push(result.to_owned()),
                    None => script.push(Op::parse(text).unwrap_or_else(|| panic!("`{text}`?"))),
                },
                event => play.push(event.clone()),
            }
        }
        // What came behind the last operation must be read as well.
        script.push(Op::Event(1));
        for way in Way::ALL {
            for chunk in [64, 16, 1] {
                let replay = Replay::new(play.clone());
                replay.set_chunk(chunk);
                let case = format!("{} by {way:?} in reads of {chunk}", transcript.name());
                let mut got = perform_all::<B, _>(way, &replay, &script);
                let outcome = replay.outcome();
                outcome.unwrap_or_else(|mismatch| panic!("{case}: {mismatch}"));
                got.pop();
                assert_eq!(got, expected, "{case}");
                plays += 1;
                results += got.len();
            }
        }
    }
    println!("{plays} plays of dialogs, {results} results");
}
