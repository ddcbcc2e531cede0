//! The dialect against its simulator and its transcripts.
