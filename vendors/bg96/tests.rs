//! The dialect against its simulator and its transcripts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may say what they mean"
)]

use super::sim::SimBg96;
use super::{Bg96, Memory};
use crate::front::Front;
use crate::modem::Client;
use crate::sim::TestNetwork;
use crate::sim::conformance::{Bench, conformance, random};

struct Desk;

impl Bench for Desk {
    type Dialect = Bg96;
    type Modem = SimBg96<TestNetwork>;
    type Memory = Memory;

    const FOLDER: &'static str = "bg96";
    const BUFFERS: [usize; 3] = [Bg96::LINE, Bg96::COMMAND, Bg96::INBOX];
    const STONES: &'static [&'static [u8]] = &[b"\r\n+QCOAPRECV: 0,1,2.05,1,01,0,900\r\n"];

    fn client<F: Front>(memory: &mut Memory, front: F) -> Client<'_, Bg96, F> {
        Client::new(memory, front, random)
    }
}

conformance!(Desk);

mod bring_up;
mod clients;
mod desk;
mod economy;
mod keeps;
mod quirks;
mod refuses;
mod server;
mod surprises;
