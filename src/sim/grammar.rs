//! What a modem accepts as a command line: V.250 in the narrow form that manuals promise to understand.
//!
//! Real modems forgive more, each of them something else. A simulated one forgives nothing, so that a driver that passes
//! here says only what every modem must take: upper- or lower-case `AT`, no blanks between arguments, strings in quotes,
//! plain decimal numbers without leading zeros. Some manuals write bare words too (`AT+X=code,1`, an address without
//! quotes, hexadecimal without quotes): [`parse_with`] takes them for the modems whose manuals do, and for no other.

use core::fmt;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, satisfy, u32};
use nom::combinator::{all_consuming, map, not, opt, recognize, value};
use nom::multi::{many0, many1, separated_list1};
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser};

/// A command line, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `AT`, or several of `E0`, `I`, `Z`, `&F` behind it.
    Basic(Vec<Basic>),
    /// `AT+NAME`, with the name in upper case and without the `+`.
    Extended(String, Form),
}

/// One basic command: its letter (with `&` if it has one), in upper case, and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic {
    /// `E`, `&F`.
    pub name: String,
    /// The number behind it.
    pub value: Option<u32>,
}

/// What an extended command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// `AT+X`
    Execute,
    /// `AT+X?`
    Read,
    /// `AT+X=?`
    Test,
    /// `AT+X=...`
    Write(Vec<Argument>),
}

/// One argument of a write command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing between two commas.
    Omitted,
    /// A bare decimal number.
    Number(u32),
    /// A string in quotes, without them.
    Text(Vec<u8>),
    /// A bare word: letters, digits and `.` `:` `-` `_` `/`, and whatever consists of digits but is no plain number
    /// (`007`, `139.196.41.136`). Only where [`Words::Allowed`].
    Word(Vec<u8>),
}

/// Whether a modem's manual writes arguments as bare words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Words {
    /// Numbers and quoted strings only.
    #[default]
    Refused,
    /// Bare words too.
    Allowed,
}

/// Why a line is not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It does not begin with `AT` or `at`.
    NoPrefix,
    /// There is a blank outside of quotes.
    Blank,
    /// A quote opens and does not close.
    OpenQuote,
    /// A number begins with a zero that says nothing.
    LeadingZero,
    /// A value is neither a plain number nor in quotes, or the line has another shape altogether.
    Malformed,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPrefix => "a line that does not begin with AT",
            Self::Blank => "a blank outside of quotes",
            Self::OpenQuote => "a quote that does not close",
            Self::LeadingZero => "a number with a leading zero",
            Self::Malformed => "neither a number nor a quoted string",
        })
    }
}

/// Takes a command line apart, without its CR.
///
/// # Errors
/// Anything that is not exactly a command, with the most telling reason.
pub fn parse(line: &[u8]) -> Result<Command, Fault> {
    parse_with(line, Words::Refused)
}

/// The same for a modem whose manual writes some arguments as bare words.
///
/// # Errors
/// As [`parse`]; a number with a leading zero is a word here, and none of them.
pub fn parse_with(line: &[u8], words: Words) -> Result<Command, Fault> {
    match all_consuming(preceded(alt((tag("AT"), tag("at"))), command(words))).parse(line) {
        Ok((_, command)) => Ok(command),
        Err(_) => Err(diagnose(line, words)),
    }
}

fn command(words: Words) -> impl FnMut(&[u8]) -> IResult<&[u8], Command> {
    move |input| {
        alt((
            map(
                preceded(char('+'), pair(name, form(words))),
                |(name, form)| Command::Extended(name, form),
            ),
            map(many0(basic), Command::Basic),
        ))
        .parse(input)
    }
}

fn basic(input: &[u8]) -> IResult<&[u8], Basic> {
    let letter = recognize(pair(opt(char('&')), satisfy(|c| c.is_ascii_alphabetic())));
    map(pair(letter, opt(decimal)), |(name, value)| Basic {
        name: upper(name),
        value,
    })
    .parse(input)
}

fn name(input: &[u8]) -> IResult<&[u8], String> {
    let letters = recognize(many1(satisfy(|c| c.is_ascii_alphanumeric())));
    map(letters, upper).parse(input)
}

fn form(words: Words) -> impl FnMut(&[u8]) -> IResult<&[u8], Form> {
    move |input| {
        let argument = |input| match words {
            Words::Refused => argument(input),
            Words::Allowed => alt((bare, argument)).parse(input),
        };
        alt((
            value(Form::Test, tag("=?")),
            value(Form::Read, tag("?")),
            map(
                preceded(char('='), separated_list1(char(','), argument)),
                Form::Write,
            ),
            |input| Ok((input, Form::Execute)),
        ))
        .parse(input)
    }
}

fn argument(input: &[u8]) -> IResult<&[u8], Argument> {
    let text = take_while(|byte: u8| byte != b'"' && byte >= 0x20);
    alt((
        map(delimited(char('"'), text, char('"')), |text: &[u8]| {
            Argument::Text(text.to_vec())
        }),
        map(decimal, Argument::Number),
        |input| Ok((input, Argument::Omitted)),
    ))
    .parse(input)
}

/// A bare word, or the number that it is.
fn bare(input: &[u8]) -> IResult<&[u8], Argument> {
    let letters = take_while1(|byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-' | b'_' | b'/')
    });
    map(letters, |word: &[u8]| {
        match all_consuming(decimal).parse(word) {
            Ok((_, number)) => Argument::Number(number),
            Err(_) => Argument::Word(word.to_vec()),
        }
    })
    .parse(input)
}

fn decimal(input: &[u8]) -> IResult<&[u8], u32> {
    let leading_zero = pair(char('0'), satisfy(|c| c.is_ascii_digit()));
    preceded(not(leading_zero), u32).parse(input)
}

fn upper(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_ascii_uppercase()
}

fn diagnose(line: &[u8], words: Words) -> Fault {
    if !line.starts_with(b"AT") && !line.starts_with(b"at") {
        return Fault::NoPrefix;
    }
    let outside = line.split(|byte| *byte == b'"').step_by(2);
    if line.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
        return Fault::OpenQuote;
    }
    if outside.clone().flatten().any(|byte| *byte == b' ') {
        return Fault::Blank;
    }
    let mut values = outside.flat_map(|part| part.split(|byte| matches!(byte, b'=' | b',')));
    if words == Words::Refused
        && values.any(|value| matches!(value, [b'0', rest @ ..] if !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))) {
        return Fault::LeadingZero;
    }
    Fault::Malformed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(line: &str) -> Vec<Argument> {
        match parse(line.as_bytes()).unwrap() {
            Command::Extended(_, Form::Write(arguments)) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_four_forms_are_told_apart() {
        let form = |line: &str| parse(line.as_bytes()).unwrap();
        let cops = || String::from("COPS");
        assert_eq!(form("AT+COPS"), Command::Extended(cops(), Form::Execute));
        assert_eq!(form("AT+COPS?"), Command::Extended(cops(), Form::Read));
        assert_eq!(form("at+cops=?"), Command::Extended(cops(), Form::Test));
        assert_eq!(
            form("AT+COPS=0"),
            Command::Extended(cops(), Form::Write(vec![Argument::Number(0)]))
        );
    }

    #[test]
    fn basic_commands_may_be_chained() {
        let basic = |name: &str, value| Basic {
            name: name.into(),
            value,
        };
        assert_eq!(parse(b"AT"), Ok(Command::Basic(vec![])));
        assert_eq!(
            parse(b"AT&FZE0"),
            Ok(Command::Basic(vec![
                basic("&F", None),
                basic("Z", None),
                basic("E", Some(0))
            ]))
        );
    }

    #[test]
    fn strings_hold_commas_and_blanks_and_arguments_may_be_omitted() {
        assert_eq!(
            written("AT+X=\"a, b\",,7"),
            [
                Argument::Text(b"a, b".to_vec()),
                Argument::Omitted,
                Argument::Number(7)
            ]
        );
    }

    #[test]
    fn bare_words_are_taken_only_where_they_are_allowed() {
        let line = b"AT+X=code,07,7,139.196.41.136,4294967296,1A,-1,/t/d,\"q\",";
        assert!(parse(line).is_err());
        let word = |text: &str| Argument::Word(text.into());
        assert_eq!(
            parse_with(line, Words::Allowed),
            Ok(Command::Extended(
                "X".into(),
                Form::Write(vec![
                    word("code"),
                    word("07"),
                    Argument::Number(7),
                    word("139.196.41.136"),
                    word("4294967296"),
                    word("1A"),
                    word("-1"),
                    word("/t/d"),
                    Argument::Text(b"q".to_vec()),
                    Argument::Omitted,
                ])
            ))
        );
        for (line, fault) in [
            ("AT+X=a b", Fault::Blank),
            ("AT+X=a\"b\"", Fault::Malformed),
            ("AT+X=\"b\"a", Fault::Malformed),
            ("AT+X=\"a", Fault::OpenQuote),
            ("AT+X=a@b", Fault::Malformed),
            ("ATE00", Fault::Malformed),
        ] {
            let parsed = parse_with(line.as_bytes(), Words::Allowed);
            assert_eq!(parsed, Err(fault), "{line}");
        }
    }

    #[test]
    fn what_is_not_exactly_a_command_is_refused_with_its_reason() {
        for (line, fault) in [
            ("At", Fault::NoPrefix),
            (" AT", Fault::NoPrefix),
            ("+QCOAPOPEN?", Fault::NoPrefix),
            ("AT+X=1, 2", Fault::Blank),
            ("AT +X", Fault::Blank),
            ("AT+X=\"a", Fault::OpenQuote),
            ("AT+X=\"a\"b\"", Fault::OpenQuote),
            ("AT+X=01", Fault::LeadingZero),
            ("AT+X=0,\"00\",00", Fault::LeadingZero),
            ("ATE00", Fault::Malformed),
            ("AT+X=AB12", Fault::Malformed),
            ("AT+X=-1", Fault::Malformed),
            ("AT+X=4294967296", Fault::Malformed),
            ("AT+X=\"a\"b", Fault::Malformed),
            ("AT+X?1", Fault::Malformed),
            ("AT+", Fault::Malformed),
            ("AT+X=\"a\tb\"", Fault::Malformed),
        ] {
            assert_eq!(parse(line.as_bytes()), Err(fault), "{line}");
        }
    }
}
