//! Simulated modems and their surroundings (feature `sim`): firmware tests without hardware.
//!
//! ```text
//! firmware  <->  Serial, LineClock | LineTimer   the host's end of the line, and time
//!                Line<D>                         the line itself: chunk sizes, a log of both directions
//!                D: Device                       a simulated modem: `vendors::<modem>::sim`, on what all have: `module`
//!                N: Network                      TestNetwork (in memory) | HostNetwork (real UDP and TCP)
//!                DemoServer                      a small CoAP server at the far end
//! ```
//!
//! What modem, network and server say in CoAP is said by the `coap-lite` crate and never by this crate's own codec, so
//! that a mistake of ours cannot agree with itself. [`conformance`] and [`transcript`], which judge, do know it.

mod agenda;
mod blocks;
pub mod conformance;
mod device;
mod dice;
pub mod grammar;
mod host;
pub mod module;
mod network;
pub mod record;
pub mod replay;
mod resources;
mod serial;
mod server;
pub mod stream;
pub mod transcript;

pub use agenda::Agenda;
pub use device::Device;
pub use dice::Dice;
pub use host::HostNetwork;
pub use network::{Link, Network, Sent, TestNetwork};
pub use record::Recorder;
pub use replay::Replay;
pub use serial::{Line, LineClock, LineTimer, Serial, SerialError, TimeSource};
pub use server::DemoServer;
pub use transcript::Transcript;
