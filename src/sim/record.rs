//! A tap.
/// Stub.
#[derive(Debug)]
pub struct Recorder;
