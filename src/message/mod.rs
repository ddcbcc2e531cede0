//! The RFC 7252 message codec.
