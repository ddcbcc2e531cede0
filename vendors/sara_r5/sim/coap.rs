//! Chapter 8: the commands of the module's own CoAP.

use super::address::Address;
use super::exchange::Exchange;
use super::{Answer, Chassis, Event, SaraR5Firmware};
use crate::sim::grammar::Form;
use crate::sim::module::agent::{Agent, Requests};
use crate::sim::module::{Arguments, Done, Failure};

/// The longest payload.
const LONGEST: usize = 512;

/// Class and codes of `AT+UCOAPER`; all but the first code are made up.
mod reason {
    pub(super) const CLASS: u8 = 15;
    pub(super) const PROFILE: u8 = 17;
    pub(super) const BUSY: u8 = 1;
    pub(super) const CONNECTION: u8 = 2;
    pub(super) const ARGUMENT: u8 = 3;
}

/// A profile: the current one, or a stored one.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    uri: String,
    pub(super) address: Option<Address>,
    pub(super) flags: [bool; 6],
    number: u8,
    valid: bool,
    security: u8,
}

/// The module's own CoAP.
#[derive(Debug)]
pub(super) struct Native {
    pub(super) profile: Profile,
    stored: [Option<Profile>; 4],
    error: (u8, u8),
    pub(super) agent: Agent,
    pub(super) exchange: Option<Exchange>,
    /// The size of the blocks that are being sent.
    pub(super) block_size: Option<usize>,
}

impl Default for Native {
    fn default() -> Self {
        let mut agent = Agent::new(0);
        agent.requests = Requests::Refused;
        Self {
            profile: Profile::default(),
            stored: Default::default(),
            error: (0, 0),
            agent,
            exchange: None,
            block_size: None,
        }
    }
}

impl Native {
    /// A restart: what was stored stays.
    pub(super) fn forget(&mut self, chassis: &mut Chassis) {
        self.hang_up(chassis);
        *self = Self {
            stored: std::mem::take(&mut self.stored),
            ..Self::default()
        };
    }

    pub(super) const fn handle(&self) -> Option<usize> {
        self.agent.socket()
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.exchange.is_some()
    }

    fn store(&mut self, number: u8) -> Result<&mut Option<Profile>, Failure> {
        let place = self.stored.get_mut(usize::from(number));
        place.ok_or(Failure::misuse("a number out of range"))
    }

    fn refuse(&mut self, code: u8, failure: Failure) -> Failure {
        self.error = (reason::CLASS, code);
        failure
    }
}

impl SaraR5Firmware {
    pub(super) fn coap(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        match (name, form) {
            ("UCOAP", Form::Read) => {
                let head = chassis.head("UCOAP");
                let Profile {
                    uri,
                    number,
                    valid,
                    security,
                    ..
                } = &self.native.profile;
                let (mask, valid) = (self.native.profile.mask(), u8::from(*valid));
                Done::lines([
                    format!("{head}\"URI_STR\",\"{uri}\""),
                    format!("{head}\"OPT MASK\",{mask}"),
                    format!("{head}\"PROFILE NUM\",{number}"),
                    format!("{head}\"STATUS FLAG\",{valid}"),
                    format!("{head}\"USECMNG PROFILE\",{security}"),
                    format!("{head}\"RAI FLAG\",0"),
                ])
            }
            ("UCOAP", Form::Write(arguments)) => self.configure(chassis, Arguments(arguments)),
            ("UCOAPC", Form::Write(arguments)) => self.start(chassis, Arguments(arguments)),
            ("UCOAPER", Form::Execute) => {
                let (class, code) = self.native.error;
                Done::line(format!("{}{class},{code}", chassis.head("UCOAPER")))
            }
            _ => Err(Failure::form()),
        }
    }

    fn configure(&mut self, chassis: &Chassis, arguments: Arguments<'_>) -> Answer {
        let native = &mut self.native;
        match (arguments.byte(0, 1..=8)?, arguments.len()) {
            (1, 2) => {
                let uri = arguments.text(1)?;
                native.profile.address = Some(Address::parse(uri).map_err(Failure::misuse)?);
                native.profile.uri = uri.into();
            }
            (2, 3) => {
                let flag = usize::from(arguments.byte(1, 0..=5)?);
                let on = arguments.byte(2, 0..=1)? == 1;
                if let Some(place) = native.profile.flags.get_mut(flag) {
                    *place = on;
                }
            }
            (4, 2) => {
                arguments.byte(1, 1..=1)?;
                native.profile.valid = true;
            }
            (5, 2) => {
                let number = arguments.byte(1, 0..=3)?;
                let stored = native.store(number)?.clone();
                native.profile =
                    stored.ok_or(Failure::misuse("a profile that was never stored"))?;
            }
            (6, 2) => {
                let number = arguments.byte(1, 0..=3)?;
                native.profile.number = number;
                *native.store(number)? = Some(native.profile.clone());
            }
            (7, 1) => {
                let head = chassis.head("UCOAP");
                let lines = (0..).zip(&native.stored).flat_map(|(number, stored)| {
                    let Some(profile) = stored else {
                        return vec![format!("{head}INVALID PROFILE NUMBER {number}")];
                    };
                    let Profile {
                        uri,
                        valid,
                        security,
                        ..
                    } = profile;
                    let (mask, valid) = (profile.mask(), u8::from(*valid));
                    vec![
                        format!("{head}\"URI_STR\", \"{uri}\""),
                        format!("{head}\"OPT_MASK\", {mask}"),
                        format!("{head}\"PROFILE_NUM\", {number}"),
                        format!("{head}\"STATUS_FLAG\", {valid}"),
                        format!("{head}\"USECMNG PROFILE\", {security}"),
                    ]
                });
                return Done::lines(lines.collect::<Vec<_>>());
            }
            (8, 2) => native.profile.security = arguments.byte(1, 0..=4)?,
            _ => {
                return Err(Failure::misuse(
                    "a parameter of the profile that there is not",
                ));
            }
        }
        Done::ok(10)
    }

    /// `AT+UCOAPC=<command>[,"<hex>",<format>[,<block>,<more>]]`
    fn start(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        let command = arguments.byte(0, 1..=4)?;
        let mut exchange = Exchange::new(command, chassis.next_serial());
        if command >= 3 {
            arguments.count(&[3, 5])?;
            exchange.payload = arguments.hex(1)?;
            if exchange.payload.len() > LONGEST {
                return Err(Failure::misuse("a payload that is too long"));
            }
            let format = arguments.short(2, 0..=65535)?;
            let formats = &chassis.quirks.formats;
            let known = formats.iter().find(|(_, own)| *own == format);
            exchange.format = match known {
                _ if formats.is_empty() => format,
                Some((number, _)) => *number,
                None => return Err(Failure::misuse("a content format that there is not")),
            };
            if arguments.len() == 5 {
                exchange.block = Some((
                    arguments.number(3, 0..=0xF_FFFF)?,
                    arguments.byte(4, 0..=1)? == 1,
                ));
            }
        } else {
            arguments.count(&[1])?;
        }
        let native = &mut self.native;
        if native.exchange.is_some() {
            let failure = Failure::misuse("a second exchange while one is under way");
            return Err(native.refuse(reason::BUSY, failure));
        }
        let Some(address) = native
            .profile
            .address
            .clone()
            .filter(|_| native.profile.valid)
        else {
            let failure = Failure::misuse("a profile that is not valid");
            return Err(native.refuse(reason::PROFILE, failure));
        };
        if address.secure {
            let failure = Failure::misuse("a secure session, which is not simulated");
            return Err(native.refuse(reason::CONNECTION, failure));
        }
        if !self.access.active {
            let failure = Failure::misuse("a request without an active profile");
            return Err(native.refuse(reason::CONNECTION, failure));
        }
        if let Some((number, more)) = exchange.block {
            // Nothing but its length tells the size of a block; that of the last one is the others'.
            let length = exchange.payload.len();
            let known = native.block_size.filter(|_| number > 0);
            let size = known.or_else(|| {
                [16, 32, 64, 128, 256, 512]
                    .into_iter()
                    .find(|size| *size >= length)
            });
            let fits = |size: &usize| length == *size || (!more && length < *size);
            let Some(size) = size.filter(fits) else {
                let failure = Failure::misuse("a block whose size is no block's");
                return Err(native.refuse(reason::ARGUMENT, failure));
            };
            native.block_size = more.then_some(size);
            exchange.block_size = size;
        }
        exchange.profile = native.profile.clone();
        // Behind the OK: the name of the server is looked up.
        chassis.later(40, Event::Begin(exchange.serial));
        native.exchange = Some(exchange);
        Done::ok(20)
    }
}

impl Profile {
    fn mask(&self) -> u32 {
        let bits = (0..).zip(self.flags).filter(|(_, on)| *on);
        bits.map(|(bit, _)| 1 << bit).sum()
    }
}
