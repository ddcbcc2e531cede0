//! Unsolicited lines without a message in them: what they mean to the conversation.
//!
//! A dialect names the lines of its own modem. Those of 3GPP TS 27.007 that any modem may print (`+CPIN:`, `+CFUN:`, `+CREG:`,
//! `+CGREG:`, `+CEREG:`, `+CGEV:`, `+CTZV:`, `+CSCON:` and the like) mean nothing to a client of CoAP. They are known by their
//! form and not by a list: a list of nine costs 150 bytes of flash. A maker's own line of that form is named by its dialect.

use crate::at::Inbox;

/// What a line without a message in it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// The modem starts, or is about to: nothing that was set is in force.
    Restarted,
    /// The packet data context is lost.
    LinkLost,
    /// The session with the server is lost.
    Closed,
    /// It is known, and there is nothing to do.
    Nothing,
}

/// Takes note of what a line means; whether it is known. `known` has the beginnings of such lines, of which the first that
/// fits decides. Blanks do not count: one firmware prints them behind a colon, the next does not.
pub fn note(line: &[u8], known: &[(&str, Meaning)], inbox: &mut Inbox<'_>) -> bool {
    let Some((_, meaning)) = known.iter().find(|(beginning, _)| begins(line, beginning)) else {
        return is_standard(line);
    };
    if *meaning != Meaning::Nothing {
        let notes = inbox.note();
        notes.told = false;
        notes.rebooted |= *meaning == Meaning::Restarted;
        notes.link_lost |= *meaning == Meaning::LinkLost;
        notes.closed |= *meaning == Meaning::Closed;
    }
    true
}

/// Whether a line begins so, blanks apart.
fn begins(line: &[u8], beginning: &str) -> bool {
    let mut line = line.iter().filter(|byte| **byte != b' ');
    beginning
        .bytes()
        .filter(|byte| *byte != b' ')
        .all(|byte| line.next() == Some(&byte))
}

/// Whether a line has the form of the standard's: `+C`, three or four letters, a colon.
fn is_standard(line: &[u8]) -> bool {
    let colon = line.iter().position(|byte| *byte == b':');
    line.starts_with(b"+C") && matches!(colon, Some(5 | 6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::Notes;

    const KNOWN: [(&str, Meaning); 6] = [
        ("RDY", Meaning::Restarted),
        ("POWERED DOWN", Meaning::Restarted),
        ("+QIURC:\"pdpdeact\"", Meaning::LinkLost),
        ("+CLOSED:", Meaning::Closed),
        ("+CNACT: 0,", Meaning::LinkLost),
        ("+OTHERS:", Meaning::Nothing),
    ];

    /// Whether a line is known, the notes after it, and whether that is news.
    fn after(line: &[u8]) -> (bool, Notes, bool) {
        let mut memory = [0; 16];
        let mut inbox = Inbox::new(&mut memory);
        inbox.notes.told = true;
        let known = note(line, &KNOWN, &mut inbox);
        (known, inbox.notes, inbox.news())
    }

    #[test]
    fn each_meaning_has_its_note_and_is_news_that_was_not_told() {
        let untold = Notes::default();
        let rebooted = Notes {
            rebooted: true,
            ..untold
        };
        assert_eq!(after(b"RDY"), (true, rebooted, true));
        assert_eq!(after(b"POWERED DOWN"), (true, rebooted, true));
        let link_lost = Notes {
            link_lost: true,
            ..untold
        };
        assert_eq!(after(b"+QIURC: \"pdpdeact\",1"), (true, link_lost, true));
        let closed = Notes {
            closed: true,
            ..untold
        };
        assert_eq!(after(b"+CLOSED: 0,0"), (true, closed, true));
    }

    #[test]
    fn what_means_nothing_is_known_and_no_news() {
        let told = Notes {
            told: true,
            ..Notes::default()
        };
        for line in [
            &b"+OTHERS: 1"[..],
            b"+CPIN: READY",
            b"+CFUN: 1",
            b"+CREG: 1",
            b"+CGREG: 1",
            b"+CEREG: 5,\"1A2B\",\"01A2B3C4\",9",
            b"+CEREG:0,1",
            b"+CGEV: ME PDN ACT 1",
            b"+CTZV: +8",
            b"+CTZE: +08,0",
            b"+CSCON: 1",
        ] {
            assert_eq!(after(line), (true, told, false), "{line:?}");
        }
        for line in [
            &b"+XYZZY: 1"[..],
            b"RD",
            b"",
            b"+CPIN",
            b"+CMT: 3",
            b"+CME ERROR: 3",
            b"CPIN1:",
        ] {
            assert_eq!(after(line), (false, told, false), "{line:?}");
        }
    }

    #[test]
    fn a_blank_may_be_there_or_not() {
        for line in [
            &b"+QIURC:\"pdpdeact\",1"[..],
            b"+QIURC:  \"pdpdeact\",1",
            b"+CLOSED :0",
        ] {
            assert!(after(line).0, "{line:?}");
        }
    }

    #[test]
    fn a_dialects_own_line_comes_before_the_standards_form() {
        assert!(after(b"+CNACT: 0,DEACTIVE").1.link_lost);
        assert!(!after(b"+CNACT: 1,DEACTIVE").1.link_lost);
    }
}
