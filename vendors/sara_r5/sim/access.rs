//! Chapter 2: the network's settings, contexts, and the profile that is mapped on one.

use super::quirks::{Activation, Gives};
use super::{Answer, Chassis, Event, SaraR5Firmware};
use crate::sim::grammar::Form;
use crate::sim::module::{Arguments, Done, Failure};

const KINDS: [&str; 3] = ["IP", "IPV6", "IPV4V6"];

/// The longest time between the first and the last answer of a bring-up.
const LATE: u32 = 25_000;

/// Profile 0, and what outlives a restart.
#[derive(Debug)]
pub(super) struct Access {
    /// The context that the profile is mapped on.
    mapped: u8,
    /// Its protocol: 0 IPv4, 1 IPv6, 2 and 3 both.
    protocol: u32,
    pub(super) active: bool,
    /// It is being activated: the serial of what tells the end of it.
    activating: Option<u32>,
    /// The profile of the network operator: the one in force, and the one after the next restart.
    operator: [u32; 2],
    /// Access point and kind of the context of the attach.
    point: (String, u32),
}

impl Default for Access {
    fn default() -> Self {
        Self {
            mapped: 0,
            protocol: 0,
            active: false,
            activating: None,
            operator: [90; 2],
            // 2.2.1: external contexts are IPV4V6 if nothing is said.
            point: (String::new(), 3),
        }
    }
}

impl Access {
    pub(super) fn forget(&mut self) {
        *self = Self {
            operator: [self.operator[1]; 2],
            point: std::mem::take(&mut self.point),
            ..Self::default()
        };
    }

    pub(super) fn restore(&self, chassis: &mut Chassis) {
        if let Ok(context) = chassis.settings.context(1) {
            (context.apn, context.kind) = self.point.clone();
        }
    }
}

impl SaraR5Firmware {
    pub(super) fn access_command(
        &mut self,
        chassis: &mut Chassis,
        name: &str,
        form: &Form,
    ) -> Answer {
        match (name, form) {
            ("CFUN", Form::Read) if chassis.quirks.two_functionalities => {
                let level = chassis.settings.functionality;
                Done::line(format!("+CFUN: {level},0"))
            }
            ("CGDCONT", Form::Read) => self.contexts(chassis),
            ("CGDCONT", Form::Write(arguments)) => {
                if chassis.settings.functionality == 1 {
                    return Err(Failure::misuse(
                        "a setting of the network with the radio on",
                    ));
                }
                let done = chassis.common(self, name, form)?;
                if Arguments(arguments).byte(0, 0..=11) == Ok(1) {
                    let context = chassis.settings.context(1)?;
                    self.access.point = (context.apn.clone(), context.kind);
                }
                Ok(done)
            }
            ("CGACT", form) => Self::context_state(chassis, form),
            ("UAUTHREQ", Form::Write(arguments)) => {
                let arguments = Arguments(arguments);
                arguments.count(&[4])?;
                arguments.byte(0, 1..=11)?;
                arguments.byte(1, 0..=3)?;
                let (user, password) = (arguments.text(2)?, arguments.text(3)?);
                let context = chassis.settings.context(1)?;
                (context.user, context.password) = (user.into(), password.into());
                Done::ok(10)
            }
            ("UMNOPROF", form) => self.operator(chassis, form),
            ("UPSD", Form::Write(arguments)) => self.map(chassis, Arguments(arguments)),
            ("UPSDA", Form::Write(arguments)) => self.act(chassis, Arguments(arguments)),
            ("UPSND", Form::Write(arguments)) if !chassis.quirks.no_upsnd => {
                let arguments = Arguments(arguments);
                arguments.count(&[2])?;
                arguments.byte(0, 0..=0)?;
                let head = chassis.head("UPSND");
                match arguments.byte(1, 0..=8)? {
                    8 => Done::line(format!("{head}0,8,{}", u8::from(self.access.active))),
                    0 if self.access.active => Done::line(format!("{head}0,0,\"10.0.0.1\"")),
                    _ => Err(Failure::state()),
                }
            }
            ("UPSND", Form::Write(_)) => Err(Failure::state()),
            ("UDNSRN", Form::Write(arguments)) => self.resolve(chassis, Arguments(arguments)),
            ("UPSD" | "UPSDA" | "UPSND" | "UDNSRN" | "UAUTHREQ", _) => Err(Failure::form()),
            _ => Ok(Done::Common),
        }
    }

    /// What the network has given, of what was asked for.
    fn kind(chassis: &mut Chassis) -> u32 {
        let gives = chassis.quirks.gives;
        let registered = chassis.settings.registered;
        let asked = chassis
            .settings
            .context(1)
            .map_or(1, |context| context.kind);
        match gives {
            Gives::V4 if registered => 1,
            Gives::V6 if registered => 2,
            _ => asked,
        }
    }

    /// `+CGDCONT: 1,"IP","apn_name","100.108.232.233",0,0,0,0,0,0`
    fn contexts(&self, chassis: &mut Chassis) -> Answer {
        let kind = usize::try_from(Self::kind(chassis)).unwrap_or(1);
        let kind = KINDS.get(kind.wrapping_sub(1)).unwrap_or(&"IP");
        let active = chassis.settings.is_active(1);
        let address = if active { "10.0.0.1" } else { "" };
        let head = chassis.head("CGDCONT");
        let mut apn = chassis.settings.context(1)?.apn.clone();
        if chassis.quirks.names_operator && chassis.settings.registered && !apn.is_empty() {
            apn += ".MNC001.MCC001.GPRS";
        }
        Done::line(format!(
            "{head}1,\"{kind}\",\"{apn}\",\"{address}\",0,0,0,0,0,0"
        ))
    }

    fn context_state(chassis: &mut Chassis, form: &Form) -> Answer {
        match form {
            Form::Read => {
                let active = u8::from(chassis.settings.is_active(1));
                let head = chassis.head("CGACT");
                Done::line(format!("{head}1,{active}"))
            }
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[2])?;
                let active = arguments.byte(0, 0..=1)? == 1;
                arguments.byte(1, 1..=1)?;
                if !chassis.settings.registered {
                    return Err(Failure::cme(30));
                }
                chassis.settings.context(1)?.active = active;
                Done::ok(200)
            }
            _ => Err(Failure::form()),
        }
    }

    fn operator(&mut self, chassis: &Chassis, form: &Form) -> Answer {
        match form {
            Form::Read => {
                let head = chassis.head("UMNOPROF");
                Done::line(format!("{head}{}", self.access.operator[0]))
            }
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1])?;
                let profile = arguments.number(0, 0..=299)?;
                if chassis.settings.functionality == 1 {
                    return Err(Failure::misuse(
                        "a setting of the network with the radio on",
                    ));
                }
                self.access.operator[1] = profile;
                Done::ok(50)
            }
            _ => Err(Failure::form()),
        }
    }

    fn map(&mut self, chassis: &Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[2, 3])?;
        arguments.byte(0, 0..=0)?;
        let tag = arguments.byte(1, 0..=100)?;
        let value = match tag {
            0 => self.access.protocol,
            100 => self.access.mapped.into(),
            _ => {
                return Err(Failure::misuse(
                    "a parameter of the profile that is not simulated",
                ));
            }
        };
        if arguments.len() == 2 {
            let head = chassis.head("UPSD");
            return Done::line(format!("{head}0,{tag},{value}"));
        }
        if self.access.active {
            return Err(Failure::misuse("a setting of an active profile"));
        }
        if self.access.activating.is_some() {
            return Err(Failure::state());
        }
        match tag {
            0 => self.access.protocol = arguments.number(2, 0..=3)?,
            _ => self.access.mapped = arguments.byte(2, 1..=11)?,
        }
        Done::ok(10)
    }

    fn act(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[2])?;
        arguments.byte(0, 0..=0)?;
        match arguments.byte(1, 3..=4)? {
            4 => {
                self.access.activating = None;
                if std::mem::take(&mut self.access.active) && chassis.quirks.tells_deactivation {
                    chassis.urc("+UUPSDD: 0");
                }
                if !chassis.quirks.keeps_sockets {
                    self.sockets.forget_open(chassis);
                }
                self.end_exchange(chassis, false);
                Done::ok(300)
            }
            _ if self.access.active || self.access.activating.is_some() => Err(Failure::state()),
            _ if !chassis.settings.registered => Err(Failure::cme(30)),
            _ if !chassis.settings.is_active(self.access.mapped) => Err(Failure::misuse(
                "a profile that is mapped on no active context",
            )),
            _ => {
                let fits = match Self::kind(chassis) {
                    1 => self.access.protocol == 0,
                    2 => self.access.protocol == 1,
                    _ => self.access.protocol >= 2,
                };
                if !fits {
                    // 2.2.1; with numbers instead of texts nobody has seen it.
                    return Err(match chassis.settings.cmee {
                        2 => Failure::line("+CME ERROR: IP type configuration mismatch"),
                        _ => Failure::misuse("another IP type than the context has"),
                    });
                }
                let after = match chassis.quirks.activation {
                    Activation::Before => 10,
                    Activation::Late => LATE,
                    _ => 120,
                };
                let serial = chassis.next_serial();
                self.access.activating = Some(serial);
                chassis.later(after, Event::Activated(serial));
                Done::ok(20)
            }
        }
    }

    pub(super) fn activated(&mut self, chassis: &mut Chassis, serial: u32) {
        if self.access.activating.take_if(|s| *s == serial).is_none() {
            return;
        }
        let fails = chassis.quirks.activation == Activation::Fails || !chassis.settings.registered;
        self.access.active = !fails;
        let head = chassis.head("UUPSDA");
        if fails {
            chassis.urc(format!("{head}1"));
        } else if chassis.quirks.activation != Activation::Untold {
            chassis.urc(format!("{head}0,\"10.0.0.1\""));
        }
    }

    /// The network was found or lost: with it the context of the attach.
    pub(super) fn attached(&mut self, chassis: &mut Chassis) {
        let active = chassis.settings.registered && !chassis.quirks.inactive_context;
        if let Ok(context) = chassis.settings.context(1) {
            context.active = active;
        }
        if !chassis.settings.registered {
            self.lose_profile(chassis);
        }
    }

    pub(super) fn lose_profile(&mut self, chassis: &mut Chassis) {
        if !chassis.quirks.keeps_sockets {
            self.sockets.forget_open(chassis);
        }
        if std::mem::take(&mut self.access.active) {
            chassis.urc("+UUPSDD: 0");
        }
        self.end_exchange(chassis, false);
    }

    fn resolve(&self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[2])?;
        arguments.byte(0, 0..=0)?;
        let name = arguments.text(1)?;
        if !self.access.active {
            return Err(Failure::misuse("a name without an active profile"));
        }
        if chassis.quirks.busy_resolver > 0 {
            chassis.quirks.busy_resolver -= 1;
            return Err(Failure::state());
        }
        let Some(address) = chassis.network.resolve(name) else {
            return Err(Failure::cme(3));
        };
        let head = chassis.head("UDNSRN");
        Ok(Done::Said {
            lines: vec![format!("{head}\"{}\"", address.ip()).into_bytes()],
            after: 150,
        })
    }
}
