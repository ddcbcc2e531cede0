//! Simulated modems and their surroundings (feature `sim`).

pub mod record;
pub mod replay;
pub mod transcript;

pub use record::Recorder;
pub use replay::Replay;
pub use transcript::Transcript;
