//! What a transcript that goes into a repository must keep to.

use super::{Call, Event, Transcript};
use std::fmt;

/// Something in a transcript that should not be published so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The transcript's name.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, readable. It does not repeat a secret.
    pub what: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.name, self.line, self.what)
    }
}

/// Commands and answers with the fields that hold a secret (from 0). 3GPP TS 27.007 has CPIN (8.3), CPWD (7.5),
/// CLCK (7.4) and CGAUTH (10.1.31). Commands may be written in either case.
const SECRET_FIELDS: [(&str, &[usize]); 11] = [
    ("AT+CPIN=", &[0, 1]),
    ("AT+CPWD=", &[1, 2]),
    ("AT+CLCK=", &[2]),
    ("AT+CGAUTH=", &[2, 3]),
    ("+CGAUTH: ", &[2, 3]),
    ("AT+UAUTHREQ=", &[2, 3]),
    ("AT+QICSGP=", &[3, 4]),
    ("+QICSGP: ", &[2, 3]),
    ("AT+CNCFG=", &[2, 3]),
    ("+CNCFG: ", &[2, 3]),
    ("AT+MIPCALL=", &[2, 3]),
];

/// Looks for a modem that is not among `modems`, for `=` lines that begin like a fixed form and are none, and for what
/// should have been masked: PINs, passwords, keys, and the long numbers of subscribers, cards and modules.
pub fn lint(transcript: &Transcript, modems: &[&str]) -> Vec<Complaint> {
    let mut found = Vec::new();
    let mut complain = |line: usize, what: String| {
        found.push(Complaint {
            name: transcript.name().to_owned(),
            line,
            what,
        });
    };
    let modem = transcript.header().modem.as_str();
    if !modems.contains(&modem) {
        complain(1, format!("there is no modem `{modem}` here"));
    }
    if let Some(what) = secret(&transcript.header().source) {
        complain(1, format!("{what} as source: write <masked> in its place"));
    }
    let (mut sent, mut received) = (Open::default(), Open::default());
    for line in transcript.lines() {
        let text = match &line.event {
            Event::Sent(bytes) | Event::Received(bytes) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            Event::Call(text) => {
                if let Err(error) = Call::parse(text) {
                    complain(line.number, error.to_string());
                }
                text.clone()
            }
            Event::Remark(text) | Event::Fault(text) => text.clone(),
            Event::Pause(_) => continue,
        };
        let alone = secret(&text).map(|what| (line.number, what));
        let joined = match &line.event {
            Event::Sent(_) => sent.add(line.number, &text, alone.is_some()),
            Event::Received(_) => received.add(line.number, &text, alone.is_some()),
            _ => None,
        };
        if let Some((number, what)) = alone.or(joined) {
            complain(number, format!("{what}: write <masked> in its place"));
        }
    }
    found
}

/// The line that one direction has begun and not ended: a secret may be cut over several `>` or `<` lines.
#[derive(Default)]
struct Open {
    text: String,
    /// The transcript's line on which it begins.
    begins: usize,
    /// Something in it was complained about.
    known: bool,
}

impl Open {
    /// What the next piece of the stream shows together with those before it, and where that begins.
    fn add(&mut self, number: usize, piece: &str, known: bool) -> Option<(usize, &'static str)> {
        if self.text.is_empty() {
            self.begins = number;
        }
        self.known |= known;
        self.text.push_str(piece);
        let what = if self.known { None } else { secret(&self.text) };
        self.known |= what.is_some();
        let shown = what.map(|what| (self.begins, what));
        if let Some((_, open)) = self.text.rsplit_once(['\r', '\n']) {
            *self = Self {
                text: open.to_owned(),
                begins: number,
                known: secret(open).is_some(),
            };
        }
        shown
    }
}

fn secret(text: &str) -> Option<&'static str> {
    if text.split(['\r', '\n']).any(field_shown) {
        return Some("a PIN, name or password is shown");
    }
    if text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(long_number)
    {
        return Some("the number of a subscriber, card or module is shown");
    }
    let key = text.split('&').skip(1).any(|after| {
        let digits = after.bytes().take_while(u8::is_ascii_hexdigit).count();
        digits >= 8
    });
    key.then_some("an identity with its key is shown")
}

fn field_shown(line: &str) -> bool {
    SECRET_FIELDS.iter().any(|(name, fields)| {
        let Some(start) = line.to_ascii_uppercase().find(name) else {
            return false;
        };
        let after = line.get(start + name.len()..).unwrap_or_default();
        if after.starts_with('(') {
            // What may be asked, and how long it may be: the answer to `=?`.
            return false;
        }
        let mut all = after.split(',').enumerate();
        all.any(|(at, value)| {
            fields.contains(&at) && !matches!(value.trim_matches('"'), "" | "<masked>")
        })
    })
}

/// IMEI and IMSI have 15 digits, an IMEISV 16 (3GPP TS 23.003), an ICCID 19 or 20 that begin with 89 (ITU-T E.118); 19
/// may be filled up with an F. An odd number of digits is never bytes in hexadecimal; 16 that begin with 00 are taken for
/// bytes, since only test equipment has such a number, and so are those of which every other one is 0 (`01020304..`).
fn long_number(word: &str) -> bool {
    let number = word.strip_suffix(['F', 'f']).unwrap_or(word);
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    match (number.len(), word.len()) {
        (19, 20) | (20, 20) => number.starts_with("89"),
        (15, 15) | (19, 19) => true,
        (16, 16) => {
            !number.starts_with("00") && number.bytes().step_by(2).any(|digit| digit != b'0')
        }
        _ => false,
    }
}
