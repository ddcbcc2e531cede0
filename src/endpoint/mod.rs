//! CoAP exchanges, without input or output: RFC 7252, sections 4 and 5.
//!
//! An [`Endpoint`] owns the transmit buffer and one exchange. It is driven by three calls, each with the present as an
//! argument:
//!
//! 1. [`begin`](Endpoint::begin) encodes a request and starts its exchange.
//! 2. [`handle`](Endpoint::handle) takes a received message and says what it is to us.
//! 3. [`poll`](Endpoint::poll) says what to do next: transmit, reply, wait until some time, or give up.
//!
//! The rule: after every `begin` or `handle`, call `poll` until it says [`Step::Wait`].
//!
//! **Full mode** is for links that carry datagrams: the endpoint retransmits (4.2), acknowledges separate responses (5.2.2),
//! answers duplicates alike (4.5) and rejects what is not for it. **Assisted mode** is for modems that do all this
//! themselves: types and message ids of received messages are no evidence there (many modems do not show them), so the
//! endpoint matches by token and never acknowledges or resets.
//!
//! Left out until they are built: observation (RFC 7641), block-wise transfer (RFC 7959), the server role.

mod exchange;
mod parameters;
#[cfg(test)]
mod tests;

#[cfg(feature = "std")]
pub(crate) use exchange::judge;
pub use exchange::{Endpoint, Mode, Step, Verdict};
pub use parameters::Parameters;
