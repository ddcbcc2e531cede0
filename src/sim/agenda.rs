//! What is to happen, in the order of time.

use std::collections::VecDeque;

use crate::time::Instant;

/// Things that are to happen at known times. What was entered first for a time happens first.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    entries: VecDeque<(Instant, T)>,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
        }
    }
}

impl<T> Agenda<T> {
    /// Enters something for a time.
    pub fn add(&mut self, at: Instant, what: T) {
        let place = self.entries.partition_point(|(time, _)| at.reached(*time));
        self.entries.insert(place, (at, what));
    }

    /// Takes the earliest entry whose time has come, and that time.
    pub fn take_due(&mut self, now: Instant) -> Option<(Instant, T)> {
        self.next().filter(|at| now.reached(*at))?;
        self.entries.pop_front()
    }

    /// Forgets what `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.entries.retain(|(_, what)| keep(what));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// When the earliest entry is due.
    pub fn next(&self) -> Option<Instant> {
        self.entries.front().map(|(at, _)| *at)
    }
}

/// The earlier of two deadlines, either of which may not exist.
pub(super) fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.earlier(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_the_order_of_time_then_of_entry_even_across_the_wrap() {
        let mut agenda = Agenda::default();
        let late = Instant::from_millis(5);
        let early = Instant::from_millis(u32::MAX - 5);
        agenda.add(late, 'b');
        agenda.add(early, 'a');
        agenda.add(late, 'c');
        assert_eq!(agenda.next(), Some(early));
        assert_eq!(agenda.take_due(early), Some((early, 'a')));
        assert_eq!(agenda.take_due(early), None);
        assert_eq!(agenda.take_due(late), Some((late, 'b')));
        assert_eq!(agenda.take_due(late), Some((late, 'c')));
        assert_eq!(agenda.next(), None);
    }
}
