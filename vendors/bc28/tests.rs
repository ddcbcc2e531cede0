//! The dialect against its simulator and its transcripts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may say what they mean"
)]

use super::sim::SimBc28;
use super::{Bc28, Memory};
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
    const BUFFERS: [usize; 3] = [Bc28::LINE, Bc28::COMMAND, Bc28::INBOX];

    fn modem() -> Self::Modem {
        SimBc28::new(TestNetwork::default())
    }

    fn client<F: Front>(memory: &mut Memory, front: F) -> Client<'_, Bc28, F> {
        Client::new(memory, front, random)
    }

    fn network(modem: &mut Self::Modem) -> &mut TestNetwork {
        modem.network()
    }

    fn misuse(modem: &Self::Modem) -> Vec<String> {
        modem.misuse().to_vec()
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
