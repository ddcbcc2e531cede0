//! What the note leaves open, as settings: each the note's most likely reading, and one alternative.

/// How received heads are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Head {
    /// As bytes (`=<mid>,0`): everything is shown as it was received. Where that is refused, or cannot be read, as the other.
    #[default]
    Raw,
    /// Taken apart by the modem (`=<mid>,1`), the only form of which an example is known. If it hides the token, only a response
    /// in the acknowledgement is matched, by its message id; a comma in an option's value makes the message unreadable.
    Parsed,
}

/// When values are written in hexadecimal (`<code>` 1 in the note, 3.3). Tokens and ETags always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hex {
    /// Where the value could not stand between quotes as it is, has a backslash, or is long.
    #[default]
    WhereNeeded,
    /// Always.
    Always,
}

/// How several arguments of a query are said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queries {
    /// In one value, with `&` between them.
    #[default]
    Joined,
    /// Each under its name.
    Repeated,
}

/// What the note leaves open. The default is its most likely reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How received heads are read.
    pub head: Head,
    /// When values are written in hexadecimal.
    pub hex: Hex,
    /// How several arguments of a query are said.
    pub queries: Queries,
    /// The values of a `CCOAPPARA` line survive the sending, so that a payload would go out again with the next request: the
    /// object is made anew before each. Default false.
    pub lasting: bool,
    /// The longest command line, in characters. What would be longer is refused. Default 65535: no limit is documented.
    pub longest_line: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            head: Head::default(),
            hex: Hex::default(),
            queries: Queries::default(),
            lasting: false,
            longest_line: u16::MAX,
        }
    }
}
