//! The command line.

use crate::Failure;
use crate::formats;
use clap::{ArgAction, Parser, ValueEnum};
use coap_modem::client::Request;
use coap_modem::message::uri::{Scheme, Uri};
use coap_modem::message::{Code, Format, Number, Value};
use coap_modem::time::Millis;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  coap coap://demo/hello                             plain UDP, to the server built in here
  coap --modem bg96 -v coap://demo/hello             the same through a simulated modem
  coap 'coap://demo/.well-known/core?rt=*'           what the server has; readable on a terminal, else as it came
  coap --modem bg96 --port /dev/ttyUSB2 --apn internet coap://coap.me/hello
  coap -m put -e 21.5 -t text/plain coap://192.0.2.7/sensors/1
  coap -m post -f reading.cbor -t cbor -A cbor coap://server.example/log?unit=7
  coap -m put -f firmware.bin -t octet-stream coap://server.example/firmware
  coap -o firmware.bin -b 256 coap://server.example/firmware
  printf on | coap -m put -f - -N 'coap://[2001:db8::7]/lamp'

Exit status:
  0  the server answered 2.xx; the payload is on standard output, as it came
  1  no answer: modem, network or server; the reason is on standard error
  2  wrong usage, or something that is not supported: not yet, or not by this modem; nothing was sent
  4  the server answered 4.xx     5  the server answered 5.xx";

/// Sends a CoAP request, through a cellular modem or over UDP, and prints the response's payload.
#[derive(Debug, Parser)]
#[command(name = "coap", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What to ask: coap://HOST[:PORT]/PATH[?QUERY]; the host `demo` is a server inside this program
    pub(crate) uri: String,

    #[arg(long, value_name = "NAME", help = format!("The modem: {}; without it, plain UDP from this computer", crate::modems::names()))]
    pub(crate) modem: Option<String>,

    /// The modem's serial port; without it, a simulated modem that sends UDP from this computer
    #[arg(long, value_name = "TTY", requires = "modem")]
    pub(crate) port: Option<String>,

    /// The serial port's speed; without it, the one that the modem has from the factory
    #[arg(
        long,
        value_name = "N",
        requires = "port",
        value_parser = clap::value_parser!(u32).range(300..=4_000_000)
    )]
    pub(crate) baud: Option<u32>,

    /// The access point name; without it, the one that modem or SIM have
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        requires = "modem"
    )]
    pub(crate) apn: String,

    /// The method
    #[arg(short, long, value_enum, default_value_t = Method::Get)]
    pub(crate) method: Method,

    /// The payload, as text, or from a file (`@@` for a text that begins with `@`)
    #[arg(short = 'e', long, value_name = "TEXT|@FILE")]
    pub(crate) payload: Option<String>,

    /// The payload, from a file of any size; `-` is standard input
    #[arg(short, long, value_name = "PATH", conflicts_with = "payload")]
    pub(crate) file: Option<PathBuf>,

    /// Where the response's payload goes instead of standard output
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,

    /// The payload's Content-Format: a number, or a name such as text/plain, json, cbor, link-format
    #[arg(short = 't', long, value_name = "N|NAME", value_parser = formats::parse)]
    pub(crate) content_format: Option<u16>,

    /// The Content-Format that is wanted back
    #[arg(short = 'A', long, value_name = "N|NAME", value_parser = formats::parse)]
    pub(crate) accept: Option<u16>,

    /// A further option: text, decimal for options that are numbers, or 0xHEX; may be repeated
    #[arg(short = 'O', long = "option", value_name = "NUM,VALUE", value_parser = Extra::parse, action = ArgAction::Append)]
    pub(crate) options: Vec<Extra>,

    /// Sends once, without being acknowledged
    #[arg(short = 'N', long)]
    pub(crate) non_confirmable: bool,

    /// How long to wait for the response, or for each block of it [default: 90]; if given, also for the network (else 180)
    #[arg(
        short = 'B',
        long,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    timeout: Option<u32>,

    /// Writes the dialog with the modem to a file, as a transcript without PIN and password
    #[arg(long, value_name = "FILE", requires = "modem")]
    pub(crate) record: Option<PathBuf>,

    /// Shows the dialog with the modem (over UDP: the messages) on standard error
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Not supported yet
    #[arg(short = 's', long, value_name = "SECONDS")]
    observe: Option<u32>,

    /// The largest block, in bytes, where a body goes or comes in several [default: 1024, or what modem and server take]
    #[arg(
        short,
        long,
        value_name = "16..1024",
        value_parser = clap::value_parser!(u16).range(16..=1024)
    )]
    block_size: Option<u16>,

    /// Not supported yet
    #[arg(short = 'u', long, value_name = "ID")]
    psk_identity: Option<String>,

    /// Not supported yet
    #[arg(short = 'k', long, value_name = "HEX|@FILE")]
    psk_key: Option<String>,
}

/// The methods of RFC 7252, section 5.8, and RFC 8132.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Delete,
    Fetch,
    Patch,
    Ipatch,
}

impl From<Method> for Code {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Delete => Self::DELETE,
            Method::Fetch => Self::FETCH,
            Method::Patch => Self::PATCH,
            Method::Ipatch => Self::IPATCH,
        }
    }
}

impl Arguments {
    /// The URI, if all that the command line asks is built.
    pub(crate) fn check(&self) -> Result<Uri<'_>, Failure> {
        let not_yet = [
            (
                self.observe.is_some(),
                "--observe is not supported yet: ask again from time to time",
            ),
            (
                self.psk_identity.is_some() || self.psk_key.is_some(),
                "secure sessions are not supported yet: use coap:// without a key where that is acceptable",
            ),
        ];
        if let Some((_, text)) = not_yet.iter().find(|(asked, _)| *asked) {
            return Err(Failure::Usage((*text).into()));
        }
        self.check_repetition()?;
        let uri = Uri::parse(&self.uri).map_err(|error| {
            let text = format!(
                "`{}` is no CoAP URI: {error}; write coap://HOST/PATH",
                self.uri
            );
            Failure::Usage(text)
        })?;
        match uri.scheme() {
            // Which links have it, their capabilities say.
            Scheme::Coap | Scheme::CoapTcp => Ok(uri),
            Scheme::Coaps => Err(Failure::Usage(
                "coaps:// is not supported yet, and nothing was sent in the clear: use coap:// where that is acceptable"
                    .into(),
            )),
            other => Err(Failure::Usage(format!(
                "{}:// is not supported yet, and nothing was sent in the clear",
                other.as_str()
            ))),
        }
    }

    /// An option that may stand once only must not be given twice (RFC 7252, section 5.4.5).
    fn check_repetition(&self) -> Result<(), Failure> {
        let named = [
            self.content_format.map(|_| Number::CONTENT_FORMAT),
            self.accept.map(|_| Number::ACCEPT),
        ];
        let mut seen: Vec<Number> = named.into_iter().flatten().collect();
        for Extra { number, .. } in &self.options {
            if seen.contains(number) && !number.is_repeatable() {
                return Err(Failure::Usage(format!(
                    "option {} ({number}) may stand in a message once only",
                    number.0
                )));
            }
            seen.push(*number);
        }
        Ok(())
    }

    /// The bytes to send.
    pub(crate) fn body(&self) -> Result<Vec<u8>, Failure> {
        let text = self.payload.as_deref().unwrap_or_default();
        let path = match (&self.file, text.strip_prefix('@')) {
            (Some(path), _) => path,
            (None, Some(path)) if !path.starts_with('@') => Path::new(path),
            (None, text_behind) => return Ok(text_behind.unwrap_or(text).into()),
        };
        let read = if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            std::fs::read(path)
        };
        read.map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))
    }

    /// How long the response may take.
    pub(crate) fn response_limit(&self) -> Millis {
        Millis::from_secs(self.timeout.unwrap_or(90))
    }

    /// How long getting into the network may take.
    pub(crate) fn network_limit(&self) -> Millis {
        Millis::from_secs(self.timeout.unwrap_or(180))
    }

    /// The request, from its parts.
    pub(crate) fn request<'a>(
        &self,
        uri: &Uri<'a>,
        options: &'a [(Number, Value<'a>)],
    ) -> Request<'a> {
        let mut request = Request::new(self.method.into(), uri.resource())
            .options(options)
            .limit(self.response_limit());
        if let Some(number) = self.content_format {
            request = request.content_format(number);
        }
        if let Some(bytes) = self.block_size {
            request = request.block_size(bytes);
        }
        if let Some(number) = self.accept {
            request = request.accept(number);
        }
        if self.non_confirmable {
            request = request.non_confirmable();
        }
        request
    }
}

/// An option as it was typed, in the format that its number asks for (RFC 7252, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    number: Number,
    value: Typed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Typed {
    Empty,
    Uint(u32),
    Bytes(Vec<u8>),
    Text(String),
}

impl Extra {
    fn parse(text: &str) -> Result<Self, String> {
        let (number, value) = text.split_once(',').unwrap_or((text, ""));
        let number = number
            .trim()
            .parse()
            .map(Number)
            .map_err(|_| "write NUM,VALUE with an option number from 0 to 65535".to_owned())?;
        let value = match (value.strip_prefix("0x"), number.format()) {
            (Some(digits), _) => Typed::Bytes(hex(digits).ok_or("0x wants pairs of hex digits")?),
            (None, Format::Uint) => Typed::Uint(
                value
                    .parse()
                    .map_err(|_| format!("option {} is a number: write it in decimal", number.0))?,
            ),
            (None, _) if value.is_empty() => Typed::Empty,
            (None, Format::Opaque) => Typed::Bytes(value.as_bytes().to_vec()),
            (None, _) => Typed::Text(value.into()),
        };
        let extra = Self { number, value };
        let length = extra.borrow().1.len();
        if !number.accepts(length) {
            let range = number.length();
            return Err(format!(
                "option {} ({number}) takes {} to {} bytes, this is {length}",
                number.0,
                range.start(),
                range.end()
            ));
        }
        Ok(extra)
    }

    pub(crate) fn borrow(&self) -> (Number, Value<'_>) {
        let value = match &self.value {
            Typed::Empty => Value::Empty,
            Typed::Uint(value) => Value::Uint(*value),
            Typed::Bytes(bytes) => Value::Opaque(bytes),
            Typed::Text(text) => Value::Text(text),
        };
        (self.number, value)
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
            _ => None,
        })
        .collect()
}
