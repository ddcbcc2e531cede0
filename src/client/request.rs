//! A request, as an application says it.

use crate::error::{Error, Invalid, Resource};
use crate::message::uri::{path_segments, query_items};
use crate::message::{BuildError, Builder, Code, Number, Value};
use crate::time::Millis;

/// A request. Everything is borrowed; it is encoded once, into the client's transmit buffer.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    method: Code,
    path: &'a str,
    payload: &'a [u8],
    options: &'a [(Number, Value<'a>)],
    /// The crate's own: what transfers and observations add.
    more: &'a [(Number, Value<'a>)],
    /// Whoever sends this understands a response in blocks, although the request may say nothing of them.
    in_blocks: bool,
    block_size: Option<u16>,
    host: Option<&'a str>,
    content_format: Option<u16>,
    accept: Option<u16>,
    confirmable: bool,
    limit: Millis,
}

impl<'a> Request<'a> {
    /// A request with this method; `path` is a URI's path and query, percent-coded as there: `/a%20b/c?d=e&f`.
    pub const fn new(method: Code, path: &'a str) -> Self {
        Self {
            method,
            path,
            payload: &[],
            options: &[],
            more: &[],
            in_blocks: false,
            block_size: None,
            host: None,
            content_format: None,
            accept: None,
            confirmable: true,
            limit: Millis::from_secs(90),
        }
    }

    /// GET (RFC 7252, section 5.8.1).
    pub const fn get(path: &'a str) -> Self {
        Self::new(Code::GET, path)
    }

    /// POST (RFC 7252, section 5.8.2).
    pub const fn post(path: &'a str, payload: &'a [u8]) -> Self {
        Self::new(Code::POST, path).payload(payload)
    }

    /// PUT (RFC 7252, section 5.8.3).
    pub const fn put(path: &'a str, payload: &'a [u8]) -> Self {
        Self::new(Code::PUT, path).payload(payload)
    }

    /// DELETE (RFC 7252, section 5.8.4).
    pub const fn delete(path: &'a str) -> Self {
        Self::new(Code::DELETE, path)
    }

    /// With this payload: any bytes.
    #[must_use]
    pub const fn payload(mut self, payload: &'a [u8]) -> Self {
        self.payload = payload;
        self
    }

    /// With the Content-Format of the payload, by its number (RFC 7252, section 12.3): 0 text, 50 JSON, 60 CBOR.
    #[must_use]
    pub const fn content_format(mut self, number: u16) -> Self {
        self.content_format = Some(number);
        self
    }

    /// With the Content-Format that the response should have (RFC 7252, section 5.10.4).
    #[must_use]
    pub const fn accept(mut self, number: u16) -> Self {
        self.accept = Some(number);
        self
    }

    /// With a Uri-Host option: the server's name, where one address serves several (RFC 7252, section 5.10.1).
    #[must_use]
    pub const fn host(mut self, name: &'a str) -> Self {
        self.host = Some(name);
        self
    }

    /// With further options, in any order. Those of the path and query given to [`new`](Self::new) come first among
    /// their kind.
    #[must_use]
    pub const fn options(mut self, options: &'a [(Number, Value<'a>)]) -> Self {
        self.options = options;
        self
    }

    /// With blocks of at most this size where the body goes or comes in several (RFC 7959): 16, 32, and so on to 1024
    /// bytes; what lies between is rounded down. Smaller ones are taken where link, buffers or server ask for them.
    #[must_use]
    pub const fn block_size(mut self, bytes: u16) -> Self {
        self.block_size = Some(bytes);
        self
    }

    /// With these options besides, in any order: among equal numbers they stand behind all others.
    #[must_use]
    pub(crate) const fn more(mut self, more: &'a [(Number, Value<'a>)]) -> Self {
        self.more = more;
        self
    }

    /// As one whose response may come in blocks.
    #[must_use]
    pub(crate) const fn in_blocks(mut self) -> Self {
        self.in_blocks = true;
        self
    }

    /// As a non-confirmable message: sent once, answered perhaps (RFC 7252, section 2.1).
    #[must_use]
    pub const fn non_confirmable(mut self) -> Self {
        self.confirmable = false;
        self
    }

    /// With the longest time to wait for the response: 90 s if not said.
    #[must_use]
    pub const fn limit(mut self, limit: Millis) -> Self {
        self.limit = limit;
        self
    }

    /// The method.
    pub const fn method(&self) -> Code {
        self.method
    }

    /// Whether it goes as a confirmable message.
    pub const fn is_confirmable(&self) -> bool {
        self.confirmable
    }

    /// The largest block that is wished.
    pub const fn largest_block(&self) -> Option<u16> {
        self.block_size
    }

    /// How long to wait for the response.
    pub const fn time_limit(&self) -> Millis {
        self.limit
    }

    /// Writes options and payload. Whether a response in blocks will be understood: the options speak of blocks, or who
    /// sends this [says so](Self::in_blocks).
    pub(crate) fn build(&self, builder: &mut Builder<'_>) -> Result<bool, Error> {
        // The codec refuses bad escapes; these would pass for text. (The full check of a URI costs 800 bytes of flash.)
        if !self
            .path
            .bytes()
            .all(|byte| matches!(byte, b'!'..=b'~') && byte != b'#')
        {
            return Err(Invalid::Path.into());
        }
        let mut blocks = self.in_blocks;
        let mut from = 0;
        for number in PLACES {
            let before = u32::from(number.0) + u32::from(number.0 == u16::MAX);
            blocks |= self.others(builder, from, before)?;
            from = before;
            let written = match number {
                Number::URI_HOST => self
                    .host
                    .map_or(Ok(()), |host| builder.option(number, host.as_bytes())),
                Number::URI_PATH => path_segments(self.path)
                    .try_for_each(|segment| builder.decoded(number, segment)),
                Number::URI_QUERY => {
                    query_items(self.path).try_for_each(|item| builder.decoded(number, item))
                }
                Number::CONTENT_FORMAT => format(builder, number, self.content_format),
                Number::ACCEPT => format(builder, number, self.accept),
                _ => Ok(()),
            };
            written.map_err(|error| build_error(error, number))?;
        }
        builder
            .payload(self.payload)
            .map_err(|error| build_error(error, Number(0)))?;
        Ok(blocks)
    }

    /// Writes the further options with numbers in `from..before`, in ascending order and stable among equals. No sorting:
    /// there are few. Whether they speak of blocks.
    fn others(&self, builder: &mut Builder<'_>, mut from: u32, before: u32) -> Result<bool, Error> {
        let further = [self.options, self.more];
        let mut blocks = false;
        loop {
            let mut next = before;
            for (number, _) in further.iter().copied().flatten() {
                let number = u32::from(number.0);
                if number >= from && number < next {
                    next = number;
                }
            }
            if next == before {
                return Ok(blocks);
            }
            for (number, value) in further.iter().copied().flatten() {
                if u32::from(number.0) == next {
                    blocks |= matches!(*number, Number::BLOCK1 | Number::BLOCK2);
                    builder
                        .value(*number, *value)
                        .map_err(|error| build_error(error, *number))?;
                }
            }
            from = next + 1;
        }
    }
}

/// Where the request's own options stand among the further ones; the last place is behind all.
const PLACES: [Number; 6] = [
    Number::URI_HOST,
    Number::URI_PATH,
    Number::CONTENT_FORMAT,
    Number::URI_QUERY,
    Number::ACCEPT,
    Number(u16::MAX),
];

fn format(
    builder: &mut Builder<'_>,
    number: Number,
    format: Option<u16>,
) -> Result<(), BuildError> {
    format.map_or(Ok(()), |format| builder.uint(number, format.into()))
}

/// A codec's error in the words of who must act.
pub(crate) fn build_error(error: BuildError, number: Number) -> Error {
    match error {
        BuildError::BufferTooSmall { needed } => Resource::Message {
            needed: u16::try_from(needed).unwrap_or(u16::MAX),
        }
        .into(),
        BuildError::Escape => Invalid::Path.into(),
        _ => Invalid::Option(number).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Kind, View};

    #[test]
    fn the_crates_own_options_stand_in_order_and_behind_the_callers_of_the_same_number() {
        let options = [
            (Number::BLOCK2, Value::Uint(6)),
            (Number::URI_QUERY, Value::Text("b")),
            (Number::IF_NONE_MATCH, Value::Empty),
        ];
        let more = [
            (Number(292), Value::Opaque(b"\x01")),
            (Number::URI_QUERY, Value::Text("c")),
            (Number::OBSERVE, Value::Uint(0)),
        ];
        let request = Request::get("/x?a").options(&options).more(&more);
        let mut buffer = [0; 64];
        let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, b"t").unwrap();
        assert_eq!(request.build(&mut builder), Ok(true));
        let message = builder.finish();
        assert!(View::parse(message.as_bytes()).is_ok());
        let options = message
            .options()
            .map(|option| (option.number.0, option.value));
        let expected: [(u16, &[u8]); 8] = [
            (5, b""),
            (6, b""),
            (11, b"x"),
            (15, b"a"),
            (15, b"b"),
            (15, b"c"),
            (23, b"\x06"),
            (292, b"\x01"),
        ];
        assert!(options.eq(expected));
    }

    #[test]
    fn who_understands_blocks_says_so_with_or_without_an_option() {
        let more = [(Number::BLOCK1, Value::Uint(8))];
        let speaks = |request: Request<'_>| {
            let mut buffer = [0; 64];
            let mut builder =
                Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, b"t").unwrap();
            request.build(&mut builder)
        };
        assert_eq!(speaks(Request::get("/")), Ok(false));
        assert_eq!(speaks(Request::get("/").more(&more)), Ok(true));
        assert_eq!(speaks(Request::get("/").in_blocks()), Ok(true));
    }
}
