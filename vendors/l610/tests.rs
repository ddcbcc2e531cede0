//! The dialect against its simulator and its transcripts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may say what they mean"
)]

use super::sim::SimL610;
use super::{L610, Memory};
use crate::error::Invalid;
use crate::front::Front;
use crate::modem::Client;
use crate::sim::TestNetwork;
use crate::sim::conformance::{Bench, conformance, random};

struct Desk;

impl Bench for Desk {
    type Dialect = L610;
    type Modem = SimL610<TestNetwork>;
    type Memory = Memory;

    const FOLDER: &'static str = "l610";
    const STONES: &'static [&'static [u8]] = &[b"\r\n+GTCOAPDATA: 1,200,6445", b"+GTCOAPDATA: 1,"];
    const HOSTS: &'static [(&'static str, Invalid)] = &[
        ("a,b", Invalid::Character),
        ("a b", Invalid::Character),
        ("a=?", Invalid::Character),
    ];
    const BUFFERS: [usize; 3] = [L610::LINE, L610::COMMAND, L610::INBOX];

    fn client<F: Front>(memory: &mut Memory, front: F) -> Client<'_, L610, F> {
        Client::new(memory, front, random)
    }
}

conformance!(Desk);

mod bring_up;
mod desk;
mod economy;
mod leftovers;
mod limits;
mod quirks;
mod refuses;
mod reliability;
mod surprises;
mod udp;
