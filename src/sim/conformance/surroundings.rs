//! What a modem may find around it: no power, no SIM card, no network, a noisy line, a reset out of the blue.

use super::{Bench, Faulty, Op, line_to, perform, polite, wait};
use crate::client::{Blocking, Network};
use crate::error::{ClientError, Error, ModemError, Waited};
use crate::front::Polled;
use crate::sim::module::{Firmware, Module, Quirks, Sim};
use crate::sim::{Device, Line, TestNetwork};
use crate::time::Millis;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// A simulated modem in a test: [`Module`]s are.
pub trait Simulated: Device {
    /// The modem, switched on, in such surroundings.
    fn odd(oddity: &Oddity) -> Self;

    /// The network behind it.
    fn network(&mut self) -> &mut TestNetwork;

    /// What the host did that a polite host does not.
    fn misuse(&self) -> Vec<String>;

    /// A reset that nobody asked for.
    fn reset(&mut self);

    /// Says anything, now.
    fn say(&mut self, bytes: &[u8]);
}

/// What is odd about a modem's surroundings.
#[derive(Clone, Debug)]
pub enum Oddity {
    /// Nothing.
    None,
    /// Nobody is there.
    Silent,
    /// Whoever is there says ERROR to everything.
    OnlyErrors,
    /// The SIM card is in this state.
    Sim(Sim),
    /// There is no network.
    NoNetwork,
    /// The network refuses the registration.
    Denied,
    /// The network is another operator's, and is found after so long.
    RoamingAfter(Millis),
}

impl<F: Firmware> Simulated for Module<F, TestNetwork> {
    fn odd(oddity: &Oddity) -> Self {
        let mut quirks = Quirks::default();
        match oddity {
            Oddity::None => {}
            Oddity::Silent => quirks.silent = true,
            Oddity::OnlyErrors => quirks.answers_error_to_everything = true,
            Oddity::Sim(sim) => quirks.sim = sim.clone(),
            Oddity::NoNetwork => quirks.no_network = true,
            Oddity::Denied => quirks.denied = true,
            Oddity::RoamingAfter(span) => {
                quirks.roaming = true;
                quirks.registers_after = *span;
            }
        }
        Self::with_quirks(TestNetwork::default(), quirks)
    }

    fn network(&mut self) -> &mut TestNetwork {
        self.chassis.network()
    }

    fn misuse(&self) -> Vec<String> {
        self.chassis.misuse().to_vec()
    }

    fn reset(&mut self) {
        Self::reset(self);
    }

    fn say(&mut self, bytes: &[u8]) {
        self.chassis.say(bytes);
    }
}

/// The PIN of the cards that want one.
const PIN: &str = "7391";

/// Attaches twice, with a limit of a minute: both results, and all that was sent.
fn attach_twice<B: Bench>(oddity: &Oddity, pin: Option<&str>) -> ([Option<Error>; 2], String) {
    let line = line_to::<B>(oddity);
    let mut memory = B::Memory::default();
    let mut client = B::client(&mut memory, Polled::new(line.serial(), line.clock()));
    let network = Network {
        pin,
        limit: Millis::from_secs(60),
        ..Network::new("internet")
    };
    let results = [(); 2].map(|()| {
        let began = line.now();
        let result = Blocking::attach(&mut client, &network);
        let took = line.now().since(began).as_millis();
        assert!(took <= 61_000, "{oddity:?}: took {took} ms");
        match result {
            Ok(()) => None,
            Err(ClientError::Operation(error)) => Some(error),
            Err(error) => panic!("{oddity:?}: {error:?}"),
        }
    });
    if !matches!(oddity, Oddity::OnlyErrors) {
        polite::<B>(&line);
    }
    (results, String::from_utf8_lossy(&line.sent()).into_owned())
}

/// Whatever is missing, bringing the modem up ends within its limit and says what, a second time too.
pub fn bring_up_told<B: Bench>() {
    let pin = || Oddity::Sim(Sim::Pin(PIN.into()));
    let (sim, puk) = (Oddity::Sim(Sim::Missing), Oddity::Sim(Sim::Puk));
    let late = Oddity::RoamingAfter(Millis::from_secs(50));
    let required = Some(ModemError::PinRequired.into());
    let (right, wrong) = match B::ENTERS_PIN {
        true => (None, Some(ModemError::PinRefused.into())),
        false => (required, required),
    };
    let entered = u8::from(B::ENTERS_PIN);
    // How often a PIN is entered in both tries: a wrong one three times would lock the card.
    let cases: [(Oddity, Option<&str>, Option<Error>, u8); 9] = [
        (Oddity::None, None, None, 0),
        (Oddity::Silent, None, Some(Waited::Modem.into()), 0),
        (sim, None, Some(ModemError::SimMissing.into()), 0),
        (pin(), None, required, 0),
        (pin(), Some(PIN), right, entered),
        (pin(), Some("1111"), wrong, entered),
        (puk, Some("1111"), Some(ModemError::PukRequired.into()), 0),
        (
            Oddity::NoNetwork,
            None,
            Some(Waited::Registration.into()),
            0,
        ),
        (late, None, None, 0),
    ];
    for (oddity, pin, told, entered) in cases {
        let (results, sent) = attach_twice::<B>(&oddity, pin);
        assert_eq!(results, [told, told], "{oddity:?}, PIN {pin:?}");
        let tries = sent.matches("AT+CPIN=").count();
        assert_eq!(tries, entered.into(), "{oddity:?}, PIN {pin:?}: {sent}");
    }
    let denied = Some(ModemError::RegistrationDenied.into());
    assert_eq!(attach_twice::<B>(&Oddity::Denied, None).0, [denied, denied]);
    // Which error that is, is the engine's business: it need not look like a modem at all.
    for result in attach_twice::<B>(&Oddity::OnlyErrors, None).0 {
        assert!(
            matches!(result, Some(Error::Timeout(_) | Error::Modem(_))),
            "{result:?}"
        );
    }
}

/// Noise before the modem's first OK, in reads of any size, does no harm.
pub fn noise_survived<B: Bench>() {
    let common: [&[u8]; 6] = [
        b"\x00\xFF\xF0",
        b"\xFF\xFF\r\n\x00",
        b"\r\n\r\n",
        b"garbage without an end\x80",
        b"AT+CM\r\nERROR\r\n",
        b"\r\n> ",
    ];
    for noise in common.iter().chain(B::STONES) {
        // What it says may also break off anywhere.
        for cut in [noise.len(), noise.len() / 2] {
            for reads in [1, 16, 64] {
                let line = line_to::<B>(&Oddity::None);
                line.set_chunk(reads);
                line.device().inner.say(&noise[..cut]);
                let mut memory = B::Memory::default();
                let mut client = B::client(&mut memory, Polled::new(line.serial(), line.clock()));
                for op in [Op::Attach, Op::connect::<B>()] {
                    let result = super::perform_blocking(&mut client, &op);
                    assert_eq!(
                        result,
                        "done",
                        "{:?}: {op}",
                        noise.escape_ascii().to_string()
                    );
                }
                greeted::<B>(
                    "noise",
                    &super::perform_blocking(&mut client, &Op::get("/hello")),
                );
                polite::<B>(&line);
            }
        }
    }
}

/// Asserts that this is the demo server's greeting.
fn greeted<B: Bench>(case: &str, result: &str) {
    assert!(
        result.starts_with(&B::shown("2.05")) && result.ends_with("demo server!"),
        "{case}: {result}"
    );
}

/// Something happens after each number of polls of a request whose response takes two seconds. It gives the response or
/// one of these errors, the last one at least once; and after `heal` the next request works. How many polls there were.
pub fn at_every_poll<B: Bench>(
    happen: impl Fn(&mut B::Modem),
    errors: &[Error],
    heal: &[Op],
) -> usize {
    let shown = |error: &Error| format!("error {:?}", ClientError::<Error>::Operation(*error));
    let allowed: Vec<String> = errors.iter().map(shown).collect();
    let mut seen = false;
    for polls in 0.. {
        let line = line_to::<B>(&Oddity::None);
        let mut memory = B::Memory::default();
        let mut client = B::client(&mut memory, Polled::new(line.serial(), line.clock()));
        for op in [Op::Attach, Op::connect::<B>()] {
            assert_eq!(super::perform_blocking(&mut client, &op), "done");
        }
        let slow = Op::get("/separate");
        let (result, happened) = interrupted(&line, perform(&mut client, &slow), polls, &happen);
        if !happened {
            assert!(seen, "never seen: {:?}", allowed.last());
            return polls;
        }
        assert!(
            allowed.contains(&result) || result.starts_with(&B::shown("2.05")),
            "at poll {polls}: {result}"
        );
        seen |= allowed.last() == Some(&result);
        for op in heal {
            let result = super::perform_blocking(&mut client, op);
            assert_eq!(result, "done", "after poll {polls}: {op}");
        }
        let hello = wait(
            super::Way::Blocking,
            perform(&mut client, &Op::get("/hello")),
        );
        greeted::<B>(&format!("after poll {polls}"), &hello);
    }
    0
}

/// Polls an operation to its end; after so many polls, something happens. Its result, and whether it happened.
fn interrupted<D: Device>(
    line: &Line<Faulty<D>>,
    operation: impl Future<Output = String>,
    polls: usize,
    happen: impl Fn(&mut D),
) -> (String, bool) {
    let mut operation = pin!(operation);
    let mut context = Context::from_waker(Waker::noop());
    for poll in 0.. {
        if poll == polls {
            happen(&mut line.device().inner);
        }
        if let Poll::Ready(result) = operation.as_mut().poll(&mut context) {
            return (result, poll >= polls);
        }
    }
    unreachable!("it ends by its limit")
}

/// A reset in the middle of a request, wherever, is told, if the modem has a boot line; else it is found by the time-out.
/// Attaching and connecting again heals it.
pub fn reset_told<B: Bench>() {
    let told: &[Error] = match B::BOOTS_SILENTLY {
        // It boots for seconds: a command that was under way has timed out by then.
        false => &[
            Error::Timeout(Waited::Modem),
            Error::Modem(ModemError::Restarted),
        ],
        true => &[
            Error::Timeout(Waited::Modem),
            Error::Modem(ModemError::LinkLost),
            Error::Timeout(Waited::Response),
        ],
    };
    let heal = [Op::Attach, Op::connect::<B>()];
    let polls = at_every_poll::<B>(B::Modem::reset, told, &heal);
    println!("reset at {polls} places");
    assert!(polls > 5, "{polls}");
}

/// Reads that the serial port calls damaged do not end an operation, and are counted.
pub fn damage_survived<B: Bench>() {
    let line = line_to::<B>(&Oddity::None);
    let mut memory = B::Memory::default();
    let mut client = B::client(&mut memory, Polled::new(line.serial(), line.clock()));
    for op in [Op::Attach, Op::connect::<B>()] {
        line.disturb(3);
        assert_eq!(super::perform_blocking(&mut client, &op), "done", "{op}");
    }
    line.disturb(3);
    greeted::<B>(
        "damage",
        &super::perform_blocking(&mut client, &Op::get("/hello")),
    );
    // What is left where an operation had nothing to read comes with the next one.
    let _ = super::perform_blocking(&mut client, &Op::Event(10));
    assert_eq!(client.take_losses().junk, 9, "and are counted");
    polite::<B>(&line);
}
