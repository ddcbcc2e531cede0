//! Simulated modems and their surroundings (feature `sim`).
