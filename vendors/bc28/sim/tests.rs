//! The simulated module without a driver: it is as strict as the note.
