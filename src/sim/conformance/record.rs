//! The table of what each modem can carry, kept true: `vendors/capabilities.md`, which the documentation shows.
//!
//! A row is written from a dialect's [`Capabilities`] and from nothing else, so that the table never says more than what is
//! enforced. Each bench looks after its own row.

use super::Bench;
use crate::client::{Blockwise, Capabilities, Matching, Options, Reliability};
use crate::error::WayOut;
use crate::message::Code;
use crate::modem::Dialect;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// What the columns are.
const COLUMNS: [&str; 16] = [
    "client",
    "made reliable by",
    "response matched by",
    "hidden",
    "methods",
    "NON",
    "options",
    "message out",
    "payload out",
    "payload in",
    "Observe",
    "blocks",
    "TCP",
    "DTLS",
    "server",
    "way out",
];

/// One test writes at a time.
static FILE: Mutex<()> = Mutex::new(());

/// The table of capabilities has the row that this dialect's record makes; `BLESS=1` writes it anew, and no other.
pub fn record_shown<B: Bench>() {
    let _guard = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vendors/capabilities.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let row = row::<B>();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, with_row(&text, &row)).unwrap();
        return;
    }
    let what = "is not what the record says: see it with BLESS=1";
    let heads = head().into_iter().chain([row]);
    for line in heads {
        assert!(text.lines().any(|known| known == line), "{line}\n{what}");
    }
}

/// The lines above the rows.
fn head() -> [String; 2] {
    [line(&COLUMNS), line(&COLUMNS.map(|_| "---"))]
}

fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |", cells.join(" | "))
}

/// The text with this row in its place among the others, in the order of their names, and with the head as it is now.
fn with_row(text: &str, row: &str) -> String {
    let name = |row: &str| row.split(" | ").next().map(str::to_owned);
    let is_table = |line: &&str| line.starts_with('|');
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let mut rows: Vec<&str> = rows.filter(|known| name(known) != name(row)).collect();
    rows.push(row);
    rows.sort_unstable();
    let [names, rule] = head();
    let before = text.lines().take_while(|line| !is_table(line));
    let after = text
        .lines()
        .skip_while(|line| !is_table(line))
        .skip_while(is_table);
    let table = [names.as_str(), rule.as_str()].into_iter().chain(rows);
    let lines: Vec<&str> = before.chain(table).chain(after).collect();
    lines.join("\n") + "\n"
}

fn row<B: Bench>() -> String {
    let record = &B::Dialect::CAPABILITIES;
    let name = core::any::type_name::<B::Dialect>();
    let name = name.rsplit("::").next().unwrap_or(name);
    line(&[
        format!("`{}::{name}`", B::FOLDER),
        match record.reliability {
            Reliability::Endpoint => "endpoint".into(),
            Reliability::Modem => "modem".into(),
        },
        match record.matching {
            Matching::Token => "token".into(),
            Matching::MessageId => "message id".into(),
            Matching::OnlyOne => "none else open".into(),
        },
        hidden(record),
        format!("to {}", method(record.highest_method)),
        yes(record.non_confirmable),
        options(record),
        limit(record.message_out),
        limit(Some(record.payload_out).filter(|most| *most < u16::MAX)),
        limit(record.payload_in),
        yes(record.observe),
        match record.block_size {
            Some(size) if record.blockwise == Blockwise::Both => format!("to {size}"),
            Some(size) if record.blockwise == Blockwise::Up => format!("up, to {size}"),
            _ => yes(record.blockwise == Blockwise::Both),
        },
        yes(record.tcp),
        yes(record.security),
        yes(record.server),
        match record.way_out {
            WayOut::None => limit(None),
            WayOut::Sockets => "its sockets".into(),
        },
    ])
}

fn yes(yes: bool) -> String {
    if yes { "yes" } else { "no" }.into()
}

fn limit(limit: Option<u16>) -> String {
    limit.map_or_else(|| "-".into(), |limit| limit.to_string())
}

fn method(highest: u8) -> String {
    let named = [
        (Code::GET, "GET"),
        (Code::POST, "POST"),
        (Code::PUT, "PUT"),
        (Code::DELETE, "DELETE"),
        (Code::FETCH, "FETCH"),
        (Code::PATCH, "PATCH"),
        (Code::IPATCH, "iPATCH"),
    ];
    let found = named.iter().find(|(code, _)| code.as_byte() == highest);
    found.map_or_else(|| format!("{highest}"), |(_, name)| (*name).into())
}

fn hidden(record: &Capabilities) -> String {
    let shows = &record.shows;
    let all = [
        (shows.kind, "type"),
        (shows.id, "id"),
        (shows.token, "token"),
        (shows.options, "options"),
        (shows.detail, "code's detail"),
    ];
    let hidden: Vec<&str> = all
        .iter()
        .filter(|(shown, _)| !shown)
        .map(|(_, what)| *what)
        .collect();
    match hidden.as_slice() {
        [] => "nothing".into(),
        some => some.join(", "),
    }
}

fn options(record: &Capabilities) -> String {
    let numbers = match record.options {
        Options::Any => "any".into(),
        Options::Only(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(u16::to_string).collect();
            numbers.join(" ")
        }
    };
    match record.option_count {
        u8::MAX => numbers,
        most => format!("{numbers}; {most} at most"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_its_place_and_nothing_else_changes() {
        let row = |name: &str, cell: &str| line(&[format!("`{name}`"), cell.into()]);
        let [names, rule] = head();
        let text = |rows: &[String]| {
            let table = [names.clone(), rule.clone()]
                .into_iter()
                .chain(rows.iter().cloned());
            let lines = ["# Before".into(), String::new()].into_iter().chain(table);
            let lines: Vec<String> = lines.chain([String::new(), "after `|`".into()]).collect();
            lines.join("\n") + "\n"
        };
        let (b, d) = (row("b", "1"), row("d", "1"));
        let both = text(&[b.clone(), d.clone()]);
        assert_eq!(with_row(&both, &b), both);
        assert_eq!(
            with_row(&both, &row("b", "2")),
            text(&[row("b", "2"), d.clone()])
        );
        for (name, place) in [("a", 0), ("c", 1), ("e", 2)] {
            let mut rows = vec![b.clone(), d.clone()];
            rows.insert(place, row(name, "x"));
            assert_eq!(with_row(&both, &row(name, "x")), text(&rows));
        }
        let old = both.replace(&names, "| client | other |");
        assert_eq!(with_row(&old, &b), both, "the head is as it is now");
        assert_eq!(with_row(&text(&[]), &b), text(&[b]));
    }
}
