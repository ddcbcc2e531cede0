//! The dialect against its simulator and its transcripts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may say what they mean"
)]

use super::sim::SimSim7000;
use super::{Memory, Sim7000};
use crate::error::Invalid;
use crate::front::Front;
use crate::modem::Client;
use crate::sim::TestNetwork;
use crate::sim::conformance::{Bench, conformance, random};

struct Desk;

impl Bench for Desk {
    type Dialect = Sim7000;
    type Modem = SimSim7000<TestNetwork>;
    type Memory = Memory;

    const FOLDER: &'static str = "sim7000";
    const LONGEST_HOST: usize = Sim7000::HOST;
    const HOSTS: &'static [(&'static str, Invalid)] = &[
        ("demo/x", Invalid::Character),
        ("demo?x", Invalid::Character),
        ("me@demo", Invalid::Character),
        ("[::1]", Invalid::Character),
    ];
    const BUFFERS: [usize; 3] = [Sim7000::LINE, Sim7000::COMMAND, Sim7000::INBOX];
    const STONES: &'static [&'static [u8]] = &[
        b"\r\n+CCOAPREAD: 900,",
        b"\r\n+CCOAPHEAD: 0,20,d",
        b"\r\n+CCOAPRECV: 1,14,9\r\n",
        b"\r\n+APP PDP: DEACTIVE\r\n",
        b"\r\nSMS Ready\r\n",
    ];

    fn client<F: Front>(memory: &mut Memory, front: F) -> Client<'_, Sim7000, F> {
        Client::new(memory, front, random)
    }
}

conformance!(Desk);

mod bring_up;
mod desk;
mod economy;
mod queue;
mod quirks;
mod refuses;
mod surprises;
