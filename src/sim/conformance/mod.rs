//! What every modem's dialect must stand, as tests that a new modem gets for five lines.
//!
//! A dialect is tested against its simulated modem, in virtual time: nothing depends on how fast the computer is, and a
//! test that passes once passes always. [`Bench`] says how to make the modem and its client; [`conformance!`] turns that
//! into named tests:
//!
//! ```text
//! conformance!(MyBench);
//! ```
//!
//! | test | claim |
//! |---|---|
//! | [`fronts_agree`] | blocking, nb and async give the same bytes and results, in reads of 1, 16 and 64 bytes |
//! | [`dropped_once`], [`dropped_twice`] | an operation may be dropped anywhere, and again in the recovery: what follows works, no payload is torn |
//! | [`silent_once`] | whatever command the modem falls silent at, the operation ends in time, and the next attempt works |
//! | [`bring_up_told`] | no modem, no SIM card, a PIN, no network: attaching ends within its limit and says which |
//! | [`noise_survived`] | noise before the first OK does no harm |
//! | [`reset_told`] | a reset at any place of a request is told, and attaching and connecting again heals it |
//! | [`restarted_host_finds_its_way`] | a host that restarts alone, in the middle of anything, finds its way with what the modem still has open |
//! | [`damage_survived`] | damaged reads do not end an operation, and are counted |
//! | [`texts_refused`] | texts of the caller that could end a quote or a line are refused, and nothing is sent |
//! | [`transcripts_listen`] | every transcript in listen mode gives what it expects, in every chunking, by every front |
//! | [`record_shown`] | the table `vendors/capabilities.md` says of the dialect what its record does; `BLESS=1` writes its row anew |
//! | [`transcripts_dialog`] | every recorded dialog of the simulator is repeated byte for byte; `BLESS=1` writes them anew |
//!
//! What a modem cannot carry is left out of the scripts by its capabilities ([`Bench::can`], [`Bench::length`]), and what
//! it hides is not asked for ([`Bench::shown`]); a bench says otherwise where its record says too little or too much.
//!
//! The CoAP of the checks is `coap-lite`'s. Left out: what is a single modem's own (its quirks), which stands beside it.
#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::large_futures,
    clippy::missing_panics_doc,
    reason = "these are tests: a claim that does not hold must stop them"
)]

mod cancel;
pub mod desk;
mod dialog;
mod fronts;
mod listen;
mod record;
mod script;
mod silence;
mod surroundings;
mod texts;

pub use cancel::{
    Stepped, dropped_once, dropped_twice, poll_and_drop, restarted_host_finds_its_way,
};
pub use dialog::transcripts_dialog;
pub use fronts::{Port, Way, fronts_agree, perform_all, wait};
pub use listen::transcripts_listen;
pub use record::record_shown;
pub use script::{Op, perform, perform_blocking};
pub use silence::{Faulty, Silence, silent_once};
pub use surroundings::{
    Oddity, Simulated, at_every_poll, bring_up_told, damage_survived, noise_survived, reset_told,
};
pub use texts::texts_refused;

use super::{Line, Sent, TimeSource};
use crate::client::{Capabilities, Matching};
use crate::error::Invalid;
use crate::front::Front;
use crate::modem::{Client, Dialect};
use std::cell::Cell;
use std::path::PathBuf;

/// How to make a simulated modem and a client for it.
pub trait Bench {
    /// The dialect to be tested.
    type Dialect: Dialect;

    /// The simulated modem, with a [`TestNetwork`](crate::sim::TestNetwork) behind it.
    type Modem: Simulated;

    /// The memory of a client, with the sizes that the dialect recommends.
    type Memory: Default;

    /// The folder under `vendors/`.
    const FOLDER: &'static str;

    /// What the names of its recorded dialogs begin with: another word for each link of a modem that has several.
    const DIALOGS: &'static str = "sim";

    /// Bytes of line buffer, command buffer and inbox, as in [`Memory`](Self::Memory).
    const BUFFERS: [usize; 3];

    /// The server of the scripts, as the modem can take it: a name, or an address for those that know no names.
    const SERVER: &'static str = "demo";

    /// Hosts that this dialect cannot carry either, each with what is wrong.
    const HOSTS: &'static [(&'static str, Invalid)] = &[];

    /// The longest host that it can carry, in bytes. Default 255.
    const LONGEST_HOST: usize = 255;

    /// Whether the dialect enters the SIM card's PIN. Default true.
    const ENTERS_PIN: bool = true;

    /// Whether the modem says nothing when it boots, so that a reset is not told. Default false.
    const BOOTS_SILENTLY: bool = false;

    /// Lines that this modem itself would print, to stand in the middle of payloads.
    const STONES: &'static [&'static [u8]] = &[];

    /// A client, with [`random`] for its randomness.
    fn client<F: Front>(memory: &mut Self::Memory, front: F) -> Client<'_, Self::Dialect, F>;

    /// Whether the transcript of this name is this link's: all are, unless several links of a modem share its folder.
    fn plays(name: &str) -> bool {
        let _ = name;
        true
    }

    /// Whether the modem can do an operation of the scripts. Default: what its capabilities do not rule out.
    fn can(op: &Op) -> bool {
        possible(&Self::Dialect::CAPABILITIES, op)
    }

    /// The length of a body of the scripts that wants to be so long. Default: cut to what the capabilities allow.
    fn length(wanted: usize) -> usize {
        let capabilities = Self::Dialect::CAPABILITIES;
        // A whole message also has a header, a token and a path.
        let whole = capabilities.message_out.unwrap_or(u16::MAX);
        let longest = capabilities
            .payload_out
            .min(capabilities.payload_in.unwrap_or(u16::MAX))
            .min(whole.saturating_sub(48));
        wanted.min(longest.into())
    }

    /// A body that this modem can carry, as nasty as possible. Default: [`nasty`] with [`STONES`](Self::STONES).
    fn body(seed: u32, length: usize) -> Vec<u8> {
        nasty_with(seed, Self::length(length), Self::STONES)
    }

    /// How the client shows a response code. Default: without its detail if the modem hides it.
    fn shown(code: &str) -> String {
        match code.split_once('.') {
            Some((class, _)) if !Self::Dialect::CAPABILITIES.shows.detail => format!("{class}.00"),
            _ => code.into(),
        }
    }
}

/// Whether an operation of the scripts has a chance with such capabilities.
pub fn possible(capabilities: &Capabilities, op: &Op) -> bool {
    let Op::Request {
        method,
        path,
        confirmable,
        ..
    } = op
    else {
        return true;
    };
    let separate = path == "/separate" && capabilities.matching == Matching::MessageId;
    let large = path == "/binary" && capabilities.payload_in.is_some_and(|most| most < 300);
    let non = !confirmable && !capabilities.non_confirmable;
    method.as_byte() <= capabilities.highest_method && !separate && !large && !non
}

/// A line to a new modem of a bench.
pub fn line<B: Bench>() -> Line<Faulty<B::Modem>> {
    line_to::<B>(&Oddity::None)
}

/// The same in such surroundings.
pub fn line_to<B: Bench>(oddity: &Oddity) -> Line<Faulty<B::Modem>> {
    seed();
    Line::new(Faulty::new(B::Modem::odd(oddity)), TimeSource::Virtual)
}

/// What the modem has sent to the network since this was last asked.
pub fn journal<B: Bench>(line: &Line<Faulty<B::Modem>>) -> Vec<Sent> {
    line.device().inner.network().take_journal()
}

/// Asserts that the host behaved.
pub fn polite<B: Bench>(line: &Line<Faulty<B::Modem>>) {
    let misuse = line.device().inner.misuse();
    assert!(misuse.is_empty(), "the host was impolite: {misuse:#?}");
}

thread_local! {
    static STATE: Cell<u32> = const { Cell::new(0) };
}

/// Starts the [`random`] numbers of this thread anew.
pub fn seed() {
    STATE.set(0x2545_F491);
}

/// Numbers that repeat, for [`Client::new`]: tests only.
pub fn random() -> u32 {
    let mut state = STATE.get() | 1;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    STATE.set(state);
    state
}

/// So many bytes that repeat with the seed, with everything among them that an AT parser stumbles over.
pub fn nasty(seed: u32, length: usize) -> Vec<u8> {
    nasty_with(seed, length, &[])
}

/// The same with some more lines among them.
pub fn nasty_with(seed: u32, length: usize, stones: &[&[u8]]) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes: Vec<u8> = (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        })
        .collect();
    let always: [&[u8]; 6] = [
        b"\x1A",
        b"\x1B",
        b"\r\nOK\r\n",
        b"\r\nERROR\r\n",
        b"\r\n> ",
        b"\r\n+CME ERROR: 3\r\n",
    ];
    let mut from = 3;
    for stone in always.iter().chain(stones) {
        if let Some(place) = bytes.get_mut(from..from + stone.len()) {
            place.copy_from_slice(stone);
        }
        from += stone.len() + 7;
    }
    bytes
}

fn transcripts<B: Bench>() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("vendors").join(B::FOLDER).join("transcripts")
}

/// Writes the conformance tests of a [`Bench`].
#[macro_export]
macro_rules! conformance {
    ($bench:ty) => {
        $crate::conformance!($bench:
            blocking_nb_and_async_agree_on_every_byte => fronts_agree,
            a_dropped_operation_harms_nothing => dropped_once,
            an_operation_dropped_in_its_recovery_harms_nothing => dropped_twice,
            every_wait_times_out_once_and_the_next_attempt_works => silent_once,
            what_is_missing_is_told_when_it_is_brought_up => bring_up_told,
            noise_before_the_first_ok_does_no_harm => noise_survived,
            a_reset_in_mid_request_is_told_and_attach_and_connect_heal_it => reset_told,
            a_host_that_restarts_alone_in_mid_operation_finds_its_way => restarted_host_finds_its_way,
            damaged_reads_do_not_end_an_operation_and_are_counted => damage_survived,
            texts_that_no_command_line_can_carry_are_refused => texts_refused,
            every_listening_transcript_gives_what_it_expects => transcripts_listen,
            every_recorded_dialog_is_repeated_byte_for_byte => transcripts_dialog,
            the_table_of_capabilities_says_what_the_record_does => record_shown,
        );
    };
    ($bench:ty: $($name:ident => $check:ident,)*) => {$(
        #[test]
        fn $name() {
            $crate::sim::conformance::$check::<$bench>();
        }
    )*};
}
pub use crate::conformance;
