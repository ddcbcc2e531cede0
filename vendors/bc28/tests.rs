//! The dialect against its simulator and its transcripts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may say what they mean"
)]

use super::sim::SimBc28;
use super::{Bc28, Memory};
use crate::error::Invalid;
use crate::front::Front;
use crate::modem::Client;
use crate::sim::TestNetwork;
use crate::sim::conformance::{Bench, conformance, random};

struct Desk;

impl Bench for Desk {
    type Dialect = Bc28;
    type Modem = SimBc28<TestNetwork>;
    type Memory = Memory;

    const FOLDER: &'static str = "bc28";
    const ENTERS_PIN: bool = false;
    const STONES: &'static [&'static [u8]] = &[b"\r\n+QCOAPURC: \"rsp\",2,2.05,1,1,0,90,"];
    const HOSTS: &'static [(&'static str, Invalid)] = &[
        ("a,b", Invalid::Character),
        ("::1%0", Invalid::Character),
        ("1:2,3", Invalid::Character),
    ];
    const BUFFERS: [usize; 3] = [Bc28::LINE, Bc28::COMMAND, Bc28::INBOX];

    fn client<F: Front>(memory: &mut Memory, front: F) -> Client<'_, Bc28, F> {
        Client::new(memory, front, random)
    }
}

conformance!(Desk);

mod any_message;
mod bring_up;
mod desk;
mod economy;
mod matching;
mod quirks;
mod refuses;
mod restarts;
mod server;
