//! What a modem accepts as a command line: V.250 in the narrow form that manuals promise to understand.
//!
//! Real modems forgive more, each of them something else. A simulated one forgives nothing, so that a driver that passes
//! here says only what every modem must take: upper- or lower-case `AT`, no blanks between arguments, strings in quotes,
//! plain decimal numbers without leading zeros.

use core::fmt;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while};
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
    match all_consuming(preceded(alt((tag("AT"), tag("at"))), command)).parse(line) {
        Ok((_, command)) => Ok(command),
        Err(_) => Err(diagnose(line)),
    }
}

fn command(input: &[u8]) -> IResult<&[u8], Command> {
    alt((
        map(preceded(char('+'), pair(name, form)), |(name, form)| {
            Command::Extended(name, form)
        }),
        map(many0(basic), Command::Basic),
    ))
    .parse(input)
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

fn form(input: &[u8]) -> IResult<&[u8], Form> {
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

fn decimal(input: &[u8]) -> IResult<&[u8], u32> {
    let leading_zero = pair(char('0'), satisfy(|c| c.is_ascii_digit()));
    preceded(not(leading_zero), u32).parse(input)
}

fn upper(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_ascii_uppercase()
}

fn diagnose(line: &[u8]) -> Fault {
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
    if values.any(|value| matches!(value, [b'0', rest @ ..] if !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))) {
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
