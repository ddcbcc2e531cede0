//! Transcripts in listen mode: what the modem said, against engine and dialect.
//!
//! Words of this harness's own: `= open id=N token=HEX` says which request is open from here on, for modems whose lines do not
//! show id or token of what they answer; with `observes` behind it, it asked for notifications. `= open none` ends it.
//! `= session N` says which number the modem has given to our session, where it has several.

use super::{Bench, Way, transcripts, wait};
use crate::at::{At, Delivery, Final, Stamp};
use crate::error::Error;
use crate::front::{Asynch, Front, Polled, Wire};
use crate::modem::Modem;
use crate::sim::transcript::{Call, Event, Expectation, Mode, Note};
use crate::sim::{Replay, Transcript};
use crate::time::Millis;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use std::collections::BTreeMap;

/// How long one barrier may take, in milliseconds of the transcript's time.
const PATIENCE: u32 = 60_000;

/// Every transcript of the bench in a mode, in the order of their names.
pub(super) fn read<B: Bench>(mode: Mode) -> Vec<Transcript> {
    let folder = transcripts::<B>();
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "at") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !B::plays(name.trim_end_matches(".at")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let parsed = Transcript::parse(&name, &text).unwrap_or_else(|error| panic!("{error}"));
        if parsed.header().mode == mode {
            all.insert(name, parsed);
        }
    }
    all.into_values().collect()
}

/// Every transcript in listen mode gives just what it expects: whole, and in reads of 64, 16 and 1 bytes, by all fronts.
pub fn transcripts_listen<B: Bench>() {
    let all = read::<B>(Mode::Listen);
    let (mut plays, mut expectations) = (0, 0);
    for transcript in &all {
        for way in Way::ALL {
            for chunk in [usize::MAX, 64, 16, 1] {
                let held = with_barriers(transcript);
                let replay = Replay::new(held.clone());
                replay.set_chunk(chunk);
                let case = format!("{} by {way:?} in reads of {chunk}", transcript.name());
                let front = (replay.serial(), replay.clock());
                let met = if way == Way::Async {
                    let front = Asynch::new(front.0, replay.serial(), replay.timer());
                    Listener::play::<B>(&case, way, (replay, held), front)
                } else {
                    let front = Polled::new(front.0, front.1);
                    Listener::play::<B>(&case, way, (replay, held), front)
                };
                assert!(met > 0, "{case}: nothing was expected");
                expectations += met;
                plays += 1;
            }
        }
    }
    println!(
        "{} transcripts, {plays} plays, {expectations} expectations met",
        all.len()
    );
}

/// The transcript with a `= input` behind every prompt: in listen mode nothing else holds what follows until the input
/// was sent.
fn with_barriers(transcript: &Transcript) -> Transcript {
    let mut held = Transcript::new(transcript.name(), transcript.header().clone());
    for line in transcript.lines() {
        held.push(line.event.clone());
        if let Event::Received(bytes) = &line.event
            && let [.., b'\n', mark @ (b'>' | b'@')] = bytes.trim_ascii_end()
        {
            held.push(Event::Call(format!("input {}", char::from(*mark))));
        }
    }
    held
}

/// The input of a command, and the prompt that asks for it.
type Input = Option<(u8, Vec<u8>)>;

/// What is still to come for the command at a line: its answers, and its input.
fn ahead(transcript: &Transcript, number: usize) -> (Vec<(String, String)>, Input) {
    let (mut answers, mut input, mut prompted) = (Vec::new(), None, None);
    for line in transcript
        .lines()
        .iter()
        .filter(|line| line.number > number)
    {
        match &line.event {
            Event::Call(text) if text.starts_with("input ") => prompted = text.bytes().last(),
            Event::Sent(bytes) if prompted.is_some() && input.is_none() => {
                input = Some(bytes.clone())
            }
            Event::Call(text) => match Call::parse(text) {
                Ok(Call::Run(_)) => break,
                Ok(Call::Expect(Expectation::Answer { prefix, fields })) => {
                    answers.push((prefix, fields))
                }
                _ => {}
            },
            _ => {}
        }
    }
    (
        answers,
        prompted.map(|mark| (mark, input.unwrap_or_default())),
    )
}

/// A driver that does what the `=` lines say.
struct Listener<'a, F> {
    way: Way,
    replay: Replay,
    front: F,
    at: At<'a>,
    transcript: Transcript,
    answers: Vec<(String, String)>,
    input: Input,
}

/// The request that is open from a `= open` on.
fn opened(words: &str) -> Option<Option<Stamp>> {
    if words == "none" {
        return Some(None);
    }
    let mut words = words.split(' ');
    let id = words.next()?.strip_prefix("id=")?.parse().ok()?;
    let mut token = [0; 8];
    let digits = words.next()?.strip_prefix("token=")?.as_bytes();
    let mut stamp = Stamp::new(id, crate::at::line::unhex(digits, &mut token)?);
    stamp.observes = words.next() == Some("observes");
    stamp.sent = true;
    Some(Some(stamp))
}

/// The number of fields, as a dialect names those that it knows.
fn counts(fields: &str) -> &'static [u8] {
    match crate::at::line::Fields::new(fields.as_bytes()).count() {
        count @ 0..=15 => Box::leak(Box::new([u8::try_from(count).unwrap()])),
        // Only fewer can be named; none named is any number.
        _ => &[],
    }
}

fn prefix(prefix: &str) -> &'static str {
    Box::leak(format!("{prefix}:").into_boxed_str())
}

impl<'a, F: Front> Listener<'a, F> {
    fn play<B: Bench>(
        case: &str,
        way: Way,
        (replay, transcript): (Replay, Transcript),
        front: F,
    ) -> usize {
        let wire = Wire::new();
        let [mut line, mut command, mut inbox] = B::BUFFERS.map(|size| vec![0; size]);
        let hooks = Modem::<B::Dialect>::HOOKS;
        let mut listener = Listener {
            way,
            replay,
            front,
            at: At::new(&wire, &mut line, &mut command, &mut inbox, hooks),
            transcript,
            answers: Vec::new(),
            input: None,
        };
        let mut met = 0;
        loop {
            listener.drive(|at| at.pause(PATIENCE));
            let call = listener.replay.call();
            let call = call.unwrap_or_else(|error| panic!("{case}: {error}"));
            let Some((number, call)) = call else {
                break;
            };
            let here = format!("{case}, line {number}: `{call}`");
            met += usize::from(matches!(call, Call::Expect(_)));
            match call {
                Call::Run(command) => listener.run(&here, number, &command),
                Call::Expect(what) => {
                    listener.expect(&here, &what);
                    listener.replay.advance();
                }
                Call::Ask(word) if word.starts_with("input ") => {
                    assert!(listener.at.prompted(), "{here}: no prompt was seen");
                    let (_, input) = listener.input.take().unwrap_or_default();
                    listener.drive(|at| at.input(&input, PATIENCE));
                    listener.replay.advance();
                }
                Call::Ask(words) if words.starts_with("open ") => {
                    let stamp = words.strip_prefix("open ").and_then(opened);
                    let stamp = stamp.unwrap_or_else(|| panic!("{here}: which request?"));
                    listener.at.inbox.exchange = stamp;
                    listener.replay.advance();
                }
                Call::Ask(words) if words.starts_with("session ") => {
                    let number = words.strip_prefix("session ").map(str::parse);
                    let number = number.unwrap_or_else(|| panic!("{here}: which number?"));
                    listener.at.inbox.session = Some(number.unwrap());
                    listener.replay.advance();
                }
                other => panic!("{here}: not for listen mode: {other:?}"),
            }
        }
        let outcome = listener.replay.outcome();
        outcome.unwrap_or_else(|mismatch| panic!("{case}: {mismatch}"));
        listener.at.inbox.rewind();
        let left = listener.at.inbox.peek();
        assert!(left.is_none(), "{case}: an unexpected message: {left:?}");
        met
    }

    /// Drives something until it ends or a `=` line holds the play, or the play is at its end.
    fn drive<'s, W: Future<Output = Result<(), Error>>>(
        &'s mut self,
        begin: impl FnOnce(&'s mut At<'a>) -> W,
    ) -> Option<Result<(), Error>> {
        self.drive_on(1, begin)
    }

    /// The same, but so many waits must be in vain while the play is held.
    fn drive_on<'s, W: Future<Output = Result<(), Error>>>(
        &'s mut self,
        mut waits: u8,
        begin: impl FnOnce(&'s mut At<'a>) -> W,
    ) -> Option<Result<(), Error>> {
        let (way, replay, wire) = (self.way, &self.replay, self.at.wire());
        // Begun in the first poll, as an operation is: only then the time is known.
        let at = &mut self.at;
        let operation = pin!(async move { begin(at).await });
        let mut driven = pin!(self.front.drive(wire, operation));
        let until_held = poll_fn(|context| match driven.as_mut().poll(context) {
            Poll::Ready(Ok(result)) => Poll::Ready(Some(result)),
            Poll::Ready(Err(_)) => panic!("a replay never fails"),
            Poll::Pending => {
                waits -= u8::from(replay.held_by().is_some() || replay.finished());
                if waits == 0 {
                    Poll::Ready(None)
                } else {
                    Poll::Pending
                }
            }
        });
        wait(way, until_held)
    }

    /// Sends a command, as an operation would: what an earlier one left is put right first.
    fn run(&mut self, here: &str, number: usize, command: &str) {
        let limit = self.at.now().after(Millis::new(3 * PATIENCE));
        // The fence, if there must be one, goes out before the modem says more; else the command does.
        let fenced = self.drive_on(2, |at| at.settle(&[], limit)).is_none();
        if fenced {
            self.replay.advance();
            let settled = self.drive(|at| at.settle(&[], limit));
            assert_eq!(settled, Some(Ok(())), "{here}: the line is not ours again");
        }
        (self.answers, self.input) = ahead(&self.transcript, number);
        let expected = self.answers.first().cloned();
        let input = self
            .input
            .as_ref()
            .map(|(mark, input)| (*mark, input.len()));
        let ended = self.drive(|at| {
            let mut put = at.put(command);
            if let Some((name, fields)) = expected {
                put = put.expect(prefix(&name), counts(&fields));
            }
            match input {
                Some((mark, length)) => put.prompt_mark(mark, length, PATIENCE),
                None => put.ok(PATIENCE),
            }
        });
        if !fenced {
            assert_eq!(ended, None, "{here}: an end before the modem spoke");
            self.replay.advance();
        }
    }

    fn expect(&mut self, here: &str, what: &Expectation) {
        let inbox = &mut self.at.inbox;
        match what {
            Expectation::Message { .. } => {
                inbox.rewind();
                let message = inbox.peek().unwrap_or_else(|| panic!("{here}: no message"));
                assert!(!message.cut, "{here}: its payload was lost");
                assert_eq!(foreign(message.bytes), *what, "{here}");
                inbox.remove();
            }
            Expectation::Datagram { payload } => {
                inbox.rewind();
                let message = inbox
                    .peek()
                    .unwrap_or_else(|| panic!("{here}: no datagram"));
                assert_eq!(
                    (message.bytes, message.cut),
                    (&payload[..], false),
                    "{here}"
                );
                inbox.remove();
            }
            Expectation::Note(note) => {
                let notes = &mut inbox.notes;
                let met = match *note {
                    Note::Rebooted => std::mem::take(&mut notes.rebooted),
                    Note::LinkLost => std::mem::take(&mut notes.link_lost),
                    Note::Closed => std::mem::take(&mut notes.closed),
                    Note::Announced => std::mem::take(&mut notes.announced),
                    Note::Delivered { id } => {
                        notes.delivery.take() == Some(Delivery { id, result: 0 })
                    }
                    Note::Undelivered { id, result } => {
                        let result = u16::try_from(result.unsigned_abs()).unwrap();
                        notes.delivery.take() == Some(Delivery { id, result })
                    }
                    Note::Retransmitted { id, times } => {
                        let times = u8::try_from(times).unwrap();
                        notes.retransmitted.take() == Some((id, times))
                    }
                };
                assert!(met, "{here}: {notes:?}");
            }
            Expectation::Answer {
                prefix: name,
                fields,
            } => {
                // Some modems print a blank behind the colon, some none.
                let said = String::from_utf8_lossy(self.at.said()).into_owned();
                let (before, behind) = said.split_once(':').unwrap_or_default();
                assert_eq!(
                    (before, behind.trim_start()),
                    (&**name, &**fields),
                    "{here}"
                );
                self.answers.remove(0);
                if let Some((name, fields)) = self.answers.first() {
                    self.at.expect(prefix(name), counts(fields));
                }
            }
            Expectation::Result(text) if text == "none" => {
                assert_eq!(self.at.result(), None, "{here}");
                // Its time runs out.
                let over = self.drive_on(3, |at| at.pause(PATIENCE));
                assert_eq!(over, Some(Ok(())), "{here}");
            }
            Expectation::Result(text) => {
                let expected = Final::parse(text.as_bytes());
                assert!(expected.is_some(), "{here}: that is no final result");
                assert_eq!(self.at.result(), expected, "{here}");
                if expected != Some(Final::Ok) {
                    let said = String::from_utf8_lossy(self.at.said()).into_owned();
                    assert_eq!(said, *text, "{here}");
                }
            }
            Expectation::Lost { what, count } => {
                let losses = &mut inbox.losses;
                let lost = std::mem::take(match what.as_str() {
                    "line" => &mut losses.lines,
                    "message" => &mut losses.messages,
                    "payload" => &mut losses.torn,
                    "option" => &mut losses.options,
                    "bytes" => &mut losses.junk,
                    other => panic!("{here}: what is `{other}`?"),
                });
                // Each leaves its message, cut; a lost message may.
                for _ in 0..if matches!(what.as_str(), "payload" | "message") {
                    lost
                } else {
                    0
                } {
                    inbox.rewind();
                    let cut = inbox.peek().is_some_and(|message| message.cut);
                    assert!(cut || what == "message", "{here}: its message is not there");
                    if cut {
                        inbox.remove();
                    }
                }
                assert_eq!(u32::from(lost), *count, "{here}");
            }
        }
    }
}

/// A message as another codec reads it.
fn foreign(bytes: &[u8]) -> Expectation {
    let packet = coap_lite::Packet::from_bytes(bytes);
    let packet = packet.unwrap_or_else(|error| panic!("{error}: {bytes:02X?}"));
    let options = packet.options();
    let options =
        options.flat_map(|(number, values)| values.iter().map(|value| (*number, value.clone())));
    Expectation::Message {
        code: packet.header.code.into(),
        id: packet.header.message_id,
        token: packet.get_token().to_vec(),
        options: options.collect(),
        payload: packet.payload,
    }
}
