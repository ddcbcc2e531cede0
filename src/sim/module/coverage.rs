//! When the network is found and lost, and what the registration lines say of it.

use super::Firmware;
use super::chassis::{Chassis, Power};
use super::quirks::Sim;
use crate::sim::Network;
use crate::time::Instant;

impl<F: Firmware, N: Network + ?Sized> Chassis<F, N> {
    /// The status part of a registration line: at home or a guest (with cell and technology if they were asked for),
    /// refused, searching, or nothing of it.
    pub(super) fn status(&self, n: u32) -> String {
        let looking = self.settings.functionality == 1
            && self.settings.sim == Sim::Ready
            && !self.settings.detached;
        if self.settings.registered {
            let status = if self.quirks.roaming { 5 } else { 1 };
            let (area, cell, technology) = self.manner().cell;
            return match n {
                0 | 1 => format!("{status}"),
                _ => format!("{status},\"{area}\",\"{cell}\",{technology}"),
            };
        }
        let status = match looking {
            _ if self.quirks.denied => 3,
            true => 2,
            false => 0,
        };
        status.to_string()
    }

    /// When the network will be found, if it will.
    pub(super) fn finds_network_at(&self) -> Option<Instant> {
        let settings = &self.settings;
        let looking = self.power == Power::On
            && settings.functionality == 1
            && settings.sim == Sim::Ready
            && !settings.detached
            && !self.quirks.no_network
            && !self.quirks.denied
            && !settings.registered;
        looking.then(|| settings.searching_since.after(self.quirks.registers_after))
    }

    /// Registers if it is time, or loses the network; false if nothing changed.
    pub(super) fn find_network(&mut self) -> bool {
        if self.settings.registered && self.quirks.no_network {
            self.settings.registered = false;
            self.settings.searching_since = self.now;
        } else if self
            .finds_network_at()
            .is_some_and(|at| self.now.reached(at))
        {
            self.settings.registered = true;
        } else {
            return false;
        }
        let reports = self.settings.reports;
        for (n, name) in reports.into_iter().zip(["CREG", "CGREG", "CEREG"]) {
            if n > 0 {
                let line = self.head(name) + &self.status(n);
                self.urc(line);
            }
        }
        true
    }
}
