//! What the modem can be told of a message, and in which form its payload (note, 2.5 and 2.6).

use crate::at::{Input, carries};
use crate::error::{Error, Unsupported};
use crate::message::{Format, Number, View};

/// How payloads are given to the modem: the note and what drivers do disagree, see [there](super).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Payload {
    /// As the note types them: as they are for Content-Format 0, 41 and 50, which are text, in hexadecimal for all others.
    #[default]
    ByFormat,
    /// Always as they are. The bytes 0x08, 0x1A, 0x1B and 0x7F cannot be sent then, and are refused.
    Raw,
}

/// Ends the input of a prompt.
const CTRL_Z: u8 = 0x1A;

impl Payload {
    /// Refuses what cannot be said; how the payload is said.
    pub(super) fn form(self, message: &View<'_>) -> Result<Input, Error> {
        let code = message.code();
        if !matches!(code.as_byte(), 0..=4 | 65..=69 | 128..=134 | 140 | 141 | 143 | 160..=165) {
            return Err(Unsupported::Method(code).into());
        }
        let mut raw = self == Self::Raw;
        for option in message.options() {
            let number = option.number;
            let said = match (number.format(), option.uint()) {
                (Format::Uint, Some(value)) => {
                    raw |= number == Number::CONTENT_FORMAT && matches!(value, 0 | 41 | 50);
                    (number != Number::CONTENT_FORMAT && number != Number::ACCEPT)
                        || matches!(value, 0 | 40 | 41 | 42 | 47 | 50)
                }
                _ => {
                    // Some firmware splits a value there.
                    let parts = match number {
                        Number::URI_PATH => b"/",
                        Number::URI_QUERY => b"&",
                        _ => &[][..],
                    };
                    let splits = |byte: &u8| parts.contains(byte);
                    carries(option.value)
                        && (1..=180).contains(&option.value.len())
                        && !option.value.iter().any(splits)
                }
            };
            if !said {
                return Err(Unsupported::OptionValue(number).into());
            }
        }
        if !raw {
            return Ok(Input::hex_then(CTRL_Z));
        }
        // They end the input, cancel it or edit it.
        if message
            .payload()
            .iter()
            .any(|byte| matches!(*byte, 0x08 | CTRL_Z | 0x1B | 0x7F))
        {
            return Err(Unsupported::PayloadBytes.into());
        }
        Ok(Input::raw_then(CTRL_Z))
    }
}
