//! Final results: how a modem ends the answer to a command.

use super::line::{after, number};
use crate::error::Refusal;

/// The end of a command's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Final {
    /// `OK`.
    Ok,
    /// `ERROR`, `ABORTED`, `+CME ERROR: ..`, `+CMS ERROR: ..`, `+TCPIP ERROR: ..`.
    Refused(Refusal),
}

impl Final {
    /// The final result that a line is; `None` for any other line.
    ///
    /// Forms seen: with and without a blank after the colon, with a number, with a text (`+CMEE=2`), torn after the
    /// colon, and misspelt `+CMEE ERROR` by one family.
    pub fn parse(line: &[u8]) -> Option<Self> {
        match line {
            b"OK" => return Some(Self::Ok),
            b"ERROR" | b"ABORTED" => return Some(Self::Refused(Refusal::Plain)),
            line if line.starts_with(b"+TCPIP ERROR") => {
                return Some(Self::Refused(Refusal::Text));
            }
            [b'+', b'C', b'M', ..] => {}
            _ => return None,
        }
        let (rest, sms) = if let Some(rest) = after(line, "+CME ERROR") {
            (rest, false)
        } else if let Some(rest) = after(line, "+CMEE ERROR") {
            (rest, false)
        } else {
            (after(line, "+CMS ERROR")?, true)
        };
        let code = number(rest.strip_prefix(b":").unwrap_or(rest).trim_ascii());
        Some(Self::Refused(match code.map(u16::try_from) {
            Some(Ok(code)) if sms => Refusal::Cms(code),
            Some(Ok(code)) => Refusal::Cme(code),
            _ => Refusal::Text,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seen_form_is_read() {
        let refused = |refusal| Some(Final::Refused(refusal));
        assert_eq!(Final::parse(b"OK"), Some(Final::Ok));
        assert_eq!(Final::parse(b"ERROR"), refused(Refusal::Plain));
        assert_eq!(Final::parse(b"+CME ERROR: 30"), refused(Refusal::Cme(30)));
        assert_eq!(Final::parse(b"+CME ERROR:50"), refused(Refusal::Cme(50)));
        assert_eq!(Final::parse(b"+CMS ERROR: 500"), refused(Refusal::Cms(500)));
        assert_eq!(Final::parse(b"+CMEE ERROR: 4"), refused(Refusal::Cme(4)));
        assert_eq!(
            Final::parse(b"+CME ERROR: SIM not inserted"),
            refused(Refusal::Text)
        );
        assert_eq!(Final::parse(b"+CME ERROR:"), refused(Refusal::Text));
        assert_eq!(Final::parse(b"ABORTED"), refused(Refusal::Plain));
        assert_eq!(Final::parse(b"+TCPIP ERROR: 631"), refused(Refusal::Text));
    }

    #[test]
    fn nothing_else_is() {
        for line in [
            &b"OKAY"[..],
            b"ok",
            b"",
            b"+CMEE: 1",
            b"+CMT: 3",
            b"ERRORS",
            b"+CM",
        ] {
            assert_eq!(Final::parse(line), None, "{line:?}");
        }
    }
}
