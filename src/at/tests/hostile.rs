//! Bytes in any order, cut and paused anywhere, and a dialect that answers as badly as the types allow.

use super::*;
use proptest::prelude::*;

/// The second character of a line says what is answered, so that bytes choose among all that a dialect may say.
const HOOKS: Hooks = Hooks { counted, urc };

fn counted(line: &[u8], whole: bool) -> Counted {
    let commas = line.iter().filter(|byte| **byte == b',').count();
    let number = line
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0, |number: u16, digit| {
            number.wrapping_mul(10).wrapping_add((digit - b'0').into())
        });
    let form = match line.get(2) {
        Some(b'h') => Form::HEX,
        Some(b't') => Form::TEXT_OR_HEX,
        Some(b'q') => Form::QUOTED,
        _ => Form::RAW,
    };
    let now = Counted::Now {
        length: number,
        form,
    };
    match line.get(1) {
        // Behind the line.
        Some(b'A') if whole => now,
        // Behind a comma.
        Some(b'B') if commas > 1 => now,
        // Inside the line.
        Some(b'G') => Counted::Inside(form),
        // Begun already, after a look at each byte; perhaps with more bytes than there are.
        Some(b'D') if commas > 0 && (whole || line.len() > 9) => Counted::Begun {
            length: number,
            form,
            bytes: number as u8,
        },
        Some(b'D') if commas > 0 => Counted::Next,
        // A line that never ends.
        Some(b'E') => Counted::Later,
        Some(b'F') => Counted::Next,
        Some(b'A' | b'B' | b'D') => Counted::Later,
        _ => Counted::No,
    }
}

fn urc(line: &[u8], inbox: &mut Inbox<'_>) -> bool {
    let size = line.len() * 3;
    match line.last() {
        Some(b'0') => return false,
        Some(b'1') => inbox.rollback(),
        Some(b'2') => inbox.extend(size),
        Some(b'3') => {
            let _ = inbox.open(1, size);
            inbox.goes_on();
        }
        Some(b'4') => inbox.commit(),
        Some(b'5') => {
            let _ = inbox.open(size, 0);
        }
        _ => {
            if let Some(space) = inbox.open(1, size) {
                space[0] = b'?';
                inbox.filled(1);
            }
        }
    }
    true
}

#[derive(Clone, Debug)]
enum Act {
    Bytes(Vec<u8>),
    /// Nothing comes for so many milliseconds.
    Silence(u32),
    /// The serial port reports damage.
    Damage,
    /// A command is given up, and another one sent.
    Command(bool),
    /// Somebody takes what is there.
    Take(bool),
}

fn act() -> impl Strategy<Value = Act> {
    const PIECES: [&[u8]; 24] = [
        b"\r\n",
        b"\r",
        b"\n",
        b",",
        b"\"",
        b" ",
        b"OK\r\n",
        b"ERROR\r\n",
        b"> ",
        b"+A",
        b"+Ah",
        b"+At",
        b"+Bh",
        b"+Bt",
        b"+Gq\"",
        b"+Gt",
        b"+D",
        b"+Dt",
        b"+Dh",
        b"+E",
        b"+F",
        b"+X: 1,2",
        b"A1b2C3d4",
        b"7",
    ];
    prop_oneof![
        12 => prop::sample::select(&PIECES[..]).prop_map(|piece| Act::Bytes(piece.to_vec())),
        2 => prop::collection::vec(any::<u8>(), 1..40).prop_map(Act::Bytes),
        1 => (0..250u32).prop_map(Act::Silence),
        1 => Just(Act::Damage),
        1 => any::<bool>().prop_map(Act::Command),
        1 => any::<bool>().prop_map(Act::Take),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_bytes_and_no_dialect_do_harm(
        acts in prop::collection::vec(act(), 0..120),
        chunk in 1..40usize,
        line in 0..64usize,
        inbox in 0..80usize,
    ) {
        let (mut line, mut command, mut inbox) = (vec![0; line], [0; 16], vec![0; inbox]);
        let mut bench = Bench::new(&mut line, &mut command, &mut inbox);
        for act in acts {
            let now = Instant::from_millis(bench.now);
            match act {
                Act::Bytes(bytes) => for bytes in bytes.chunks(chunk) {
                    bench.engine.handle(now, bytes, &mut bench.inbox, HOOKS);
                    bench.inbox.doubt(false);
                },
                Act::Silence(span) => {
                    bench.now += span;
                    bench.engine.handle_silence(Instant::from_millis(bench.now), &mut bench.inbox);
                }
                Act::Damage => bench.inbox.doubt(true),
                Act::Command(prompts) => {
                    bench.engine.cancel();
                    bench.command("AT+X", "+X:", &[2]);
                    if prompts {
                        bench.engine.expect_prompt(b'>', 3);
                    }
                }
                Act::Take(all) => {
                    bench.inbox.rewind();
                    while bench.inbox.peek().is_some() {
                        if all { bench.inbox.remove() } else { bench.inbox.skip() }
                    }
                }
            }
        }
    }
}

/// A modem that answers what it is asked, if it is not waiting for input; its prompt is left by ESC.
#[derive(Default)]
struct Plain {
    line: Vec<u8>,
    /// Input that is wanted still.
    wants: usize,
    took: Vec<u8>,
}

impl Plain {
    fn hear(&mut self, bytes: &[u8], say: &mut Vec<u8>) {
        for &byte in bytes {
            if self.wants > 0 {
                if byte == 0x1B && self.took.is_empty() {
                    // The prompt went under in a line that did not end: it is left as the manuals say.
                    self.wants = 0;
                    say.extend(b"\r\nERROR\r\n");
                    continue;
                }
                self.took.push(byte);
                self.wants -= 1;
                if self.wants == 0 {
                    say.extend(b"\r\nOK\r\n");
                }
                continue;
            }
            match byte {
                0x1B => self.line.clear(),
                b'\r' => {
                    match &self.line[..] {
                        b"AT+CMEE?" => say.extend(b"\r\n+CMEE: 1\r\n\r\nOK\r\n"),
                        b"AT+CSQ" => say.extend(b"\r\n+CSQ: 1,2\r\n\r\nOK\r\n"),
                        b"AT+IN=20" => {
                            say.extend(b"\r\n> ");
                            self.wants = 20;
                        }
                        _ => say.extend(b"\r\nERROR\r\n"),
                    }
                    self.line.clear();
                }
                _ => self.line.push(byte),
            }
        }
    }
}

fn drive<F: core::future::Future<Output = Result<(), Error>> + Unpin>(
    wire: &crate::front::Wire,
    modem: &mut Plain,
    noise: &mut Vec<u8>,
    now: &mut u32,
    wait: &mut F,
    most: usize,
) -> Option<Result<(), Error>> {
    let mut context = core::task::Context::from_waker(core::task::Waker::noop());
    for _ in 0..most {
        wire.set_now(Instant::from_millis(*now));
        let count = noise.len().min(7);
        if count > 0 {
            wire.receive(&noise[..count]);
            noise.drain(..count);
        }
        if let core::task::Poll::Ready(result) = core::pin::Pin::new(&mut *wait).poll(&mut context)
        {
            return Some(result);
        }
        let mut out = [0; 5];
        let out = wire.outgoing(&mut out);
        let sent = out.len();
        modem.hear(out, noise);
        wire.sent(sent as u8);
        if noise.is_empty() && sent == 0 {
            let wake = Instant::from_millis(*now).until(wire.wake()).as_millis();
            *now += wake.clamp(1, 1000);
        } else {
            *now += 1;
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn whatever_came_the_next_operation_puts_it_right(
        acts in prop::collection::vec(act(), 0..40),
        kind in 0..4,
        after in 0..30usize,
        line in 48..96usize,
    ) {
        let (mut line, mut command, mut inbox) = (vec![0; line], [0; 32], [0; 64]);
        let wire = crate::front::Wire::new();
        let mut at = At::new(&wire, &mut line, &mut command, &mut inbox, HOOKS);
        let mut modem = Plain::default();
        let mut noise: Vec<u8> = acts.iter().filter_map(|act| match act {
            // A final result or a prompt out of nowhere is taken for the modem's own: nobody can tell.
            Act::Bytes(bytes) if !bytes.contains(&b'>') && !bytes.ends_with(b"OK\r\n") && !bytes.ends_with(b"ERROR\r\n") => Some(bytes.clone()),
            _ => None,
        }).collect::<Vec<_>>().concat();
        let mut now = 0;
        let input = [0xA5; 20];
        let _ = match kind {
            0 => drive(&wire, &mut modem, &mut noise, &mut now, &mut at.put("AT+CSQ").expect("+CSQ:", &[2]).ok(300), after),
            1 => drive(&wire, &mut modem, &mut noise, &mut now, &mut at.put("AT+IN=20").prompt(20, 300), after),
            2 => drive(&wire, &mut modem, &mut noise, &mut now, &mut at.put("AT+S=").streamed_hex().ok_with(&input, 300), after),
            _ => {
                let done = drive(&wire, &mut modem, &mut noise, &mut now, &mut at.put("AT+IN=20").prompt(20, 300), 1000);
                if done == Some(Ok(())) && at.prompted() {
                    drive(&wire, &mut modem, &mut noise, &mut now, &mut at.input(&input, 300), after);
                }
                done
            }
        };
        // The rest of the noise, and a silence.
        drive(&wire, &mut modem, &mut noise, &mut now, &mut at.pause(100), 10_000);
        drive(&wire, &mut modem, &mut noise, &mut now, &mut at.pause(100), 10_000);
        let until = at.now().after(Millis::new(60_000));
        let settled = drive(&wire, &mut modem, &mut noise, &mut now, &mut at.settle(&input, until), 100_000);
        prop_assert_eq!(settled, Some(Ok(())));
        let mut done = drive(&wire, &mut modem, &mut noise, &mut now, &mut at.put("AT+CSQ").expect("+CSQ:", &[2]).ok(300), 10_000);
        if done != Some(Ok(())) {
            // A line that had begun took the answer for its end.
            let settled = drive(&wire, &mut modem, &mut noise, &mut now, &mut at.settle(&input, until), 100_000);
            prop_assert_eq!(settled, Some(Ok(())));
            done = drive(&wire, &mut modem, &mut noise, &mut now, &mut at.put("AT+CSQ").expect("+CSQ:", &[2]).ok(300), 10_000);
        }
        prop_assert_eq!(done, Some(Ok(())));
        prop_assert_eq!(at.number(1), Some(2));
        prop_assert!(modem.took.is_empty() || modem.took == input, "{:?}", modem.took);
    }
}
