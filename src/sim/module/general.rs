//! Commands that every modem has: V.250, and as much of 3GPP TS 27.007 as a host needs to bring a modem up.
//!
//! A firmware that has one of them in another form answers it itself. Whatever is missing is ERROR.

use super::Firmware;
use super::chassis::Chassis;
use super::command::{Arguments, Done, Failure};
use super::quirks::{Restart, Sim};
use super::settings::WRONG_PINS;
use crate::sim::Network;
use crate::sim::grammar::{Basic, Form};

const PUK: &str = "12345678";
const KINDS: [&str; 3] = ["IP", "IPV6", "IPV4V6"];

type Answer<F> = Result<Done<<F as Firmware>::Input>, Failure>;

impl<F: Firmware, N: Network + ?Sized> Chassis<F, N> {
    pub(super) fn basic(&mut self, commands: &[Basic]) -> Answer<F> {
        let mut lines = Vec::new();
        for command in commands {
            match (command.name.as_str(), command.value.unwrap_or(0)) {
                ("E", value @ 0..=1) => self.settings.echo = value == 1,
                ("I", 0) => lines.extend_from_slice(F::IDENTITY.information),
                ("&F" | "Z", 0) => self.settings.back_to_default(&F::manner(&self.quirks)),
                _ => return Err(Failure::command()),
            }
        }
        Done::lines(lines)
    }

    pub(super) fn counted(&mut self, name: &str) {
        *self.commands.entry(name.into()).or_insert(0) += 1;
    }

    fn identity(name: &str, form: &Form) -> Answer<F> {
        match (name, form) {
            (_, Form::Test) => Done::ok(5),
            ("CGMM", Form::Execute) => Done::line(F::IDENTITY.model),
            ("CGMI", Form::Execute) => Done::line(F::IDENTITY.manufacturer),
            ("CGMR", Form::Execute) => Done::line(F::IDENTITY.revision),
            _ => Err(Failure::form()),
        }
    }

    fn levels(&mut self, name: &str, form: &Form) -> Answer<F> {
        let head = self.head(name);
        let (level, highest) = match name {
            "CMEE" => (&mut self.settings.cmee, 2),
            "CPSMS" => (&mut self.settings.psm, 1),
            _ => (&mut self.settings.edrx, 3),
        };
        match form {
            Form::Test if name == "CMEE" => Done::line(format!("{head}(0-2)")),
            Form::Read if name == "CEDRXS" => Done::ok(5),
            Form::Read => Done::line(format!("{head}{level}")),
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                let most = if name == "CMEE" { 1 } else { 5 };
                if arguments.len() > most {
                    return Err(Failure::misuse("a wrong number of arguments").or_cme(50));
                }
                *level = arguments
                    .number(0, 0..=highest)
                    .map_err(|failure| failure.or_cme(50))?;
                Done::ok(5)
            }
            _ => Err(Failure::form()),
        }
    }

    fn pin(&mut self, form: &Form) -> Answer<F> {
        let head = self.head("CPIN");
        match form {
            Form::Read => match self.settings.sim {
                Sim::Ready => Done::line(head + "READY"),
                Sim::Pin(_) => Done::line(head + "SIM PIN"),
                Sim::Puk => Done::line(head + "SIM PUK"),
                Sim::Missing => Err(Failure::cme(10)),
            },
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                let right = match &self.settings.sim {
                    Sim::Missing => return Err(Failure::cme(10)),
                    Sim::Ready => {
                        return Err(Failure::misuse("a PIN that nobody asked for").or_cme(3));
                    }
                    Sim::Pin(pin) => {
                        arguments.count(&[1])?;
                        arguments.text(0)? == pin
                    }
                    Sim::Puk => {
                        arguments.count(&[2])?;
                        arguments.text(1)?;
                        arguments.text(0)? == PUK
                    }
                };
                if right {
                    self.settings.sim = Sim::Ready;
                    self.settings.wrong_pins = 0;
                    self.settings.searching_since = self.now;
                    if self.manner().pin_line {
                        self.urc_later(120, head + "READY");
                    }
                    return Done::ok(60);
                }
                self.settings.wrong_pins += 1;
                if self.settings.wrong_pins >= WRONG_PINS {
                    self.settings.sim = Sim::Puk;
                }
                Err(Failure::cme(16))
            }
            _ => Err(Failure::form()),
        }
    }

    fn registration(&mut self, which: usize, name: &str, form: &Form) -> Answer<F> {
        let (head, highest) = (self.head(name), self.manner().highest_report);
        match form {
            Form::Test => Done::line(format!("{head}(0-{highest})")),
            Form::Read => {
                let n = self.settings.reports.get(which).copied().unwrap_or(0);
                Done::line(format!("{head}{n},{}", self.status(n)))
            }
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1])?;
                let n = arguments.number(0, 0..=highest)?;
                if let Some(place) = self.settings.reports.get_mut(which) {
                    *place = n;
                }
                Done::ok(5)
            }
            Form::Execute => Err(Failure::form()),
        }
    }

    fn coverage(&self, name: &str, form: &Form) -> Answer<F> {
        let (registered, head) = (self.settings.registered, self.head(name));
        let (.., technology) = self.manner().cell;
        match (name, form) {
            ("CGATT", Form::Read) => Done::line(format!("{head}{}", u8::from(registered))),
            ("COPS", Form::Read) if registered => {
                Done::line(format!("{head}0,0,\"Test Network\",{technology}"))
            }
            ("COPS", Form::Read) => Done::line(head + "0"),
            ("COPS", Form::Write(arguments)) => {
                Arguments(arguments).number(0, 0..=0)?;
                Done::ok(50)
            }
            ("CSQ", Form::Execute) if registered => Done::line(head + "20,99"),
            ("CSQ", Form::Execute) => Done::line(head + "99,99"),
            _ => Err(Failure::form()),
        }
    }

    fn define(&mut self, form: &Form) -> Answer<F> {
        let head = self.head("CGDCONT");
        match form {
            Form::Read => {
                let defined = self.settings.contexts.iter().zip(1..);
                let lines: Vec<String> = defined
                    .filter(|(context, number)| *number == 1 || !context.apn.is_empty())
                    .map(|(context, number)| {
                        let index = usize::try_from(context.kind).unwrap_or(0);
                        let kind = KINDS.get(index.wrapping_sub(1)).unwrap_or(&"IP");
                        let apn = &context.apn;
                        format!("{head}{number},\"{kind}\",\"{apn}\",\"0.0.0.0\",0,0,0,0")
                    })
                    .collect();
                Done::lines(lines)
            }
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[2, 3])?;
                let number = arguments.byte(0, 1..=self.manner().contexts)?;
                let kind = arguments.text(1)?;
                let kind = KINDS
                    .iter()
                    .zip(1..)
                    .find_map(|(name, index)| (*name == kind).then_some(index))
                    .ok_or(Failure::misuse("an unknown PDP type"))?;
                let apn = if arguments.len() == 3 {
                    arguments.text(2)?
                } else {
                    ""
                };
                let context = self.settings.context(number)?;
                context.kind = kind;
                context.apn = apn.into();
                Done::ok(10)
            }
            _ => Err(Failure::form()),
        }
    }

    fn addresses(&self, form: &Form) -> Answer<F> {
        let head = self.head("CGPADDR");
        let address = |number: u8| {
            let last = if self.settings.is_active(number) {
                number
            } else {
                0
            };
            match last {
                0 => format!("{head}{number},\"0.0.0.0\""),
                last => format!("{head}{number},\"10.0.0.{last}\""),
            }
        };
        match form {
            Form::Execute => {
                let active = (1..=16).filter(|number| self.settings.is_active(*number));
                Done::lines(active.map(address))
            }
            Form::Write(arguments) => {
                Arguments(arguments).count(&[1])?;
                let number = Arguments(arguments).byte(0, 1..=self.manner().contexts)?;
                Done::line(address(number))
            }
            _ => Err(Failure::form()),
        }
    }
}

impl<F: Firmware> Chassis<F> {
    /// A command that every modem has. A firmware that adds something to one of them calls this itself.
    ///
    /// # Errors
    /// It was refused, or there is none of this name.
    pub fn common(&mut self, firmware: &mut F, name: &str, form: &Form) -> Answer<F> {
        match name {
            "CGMM" | "CGMI" | "CGMR" => Self::identity(name, form),
            "CMEE" | "CPSMS" | "CEDRXS" => self.levels(name, form),
            "CPIN" => self.pin(form).map_err(|failure| failure.or_cme(50)),
            "CFUN" => self.functionality(firmware, form),
            "CREG" => self.registration(0, name, form),
            "CGREG" => self.registration(1, name, form),
            "CEREG" => self.registration(2, name, form),
            "CGATT" if matches!(form, Form::Write(_)) => self.attachment(firmware, form),
            "CGATT" | "COPS" | "CSQ" => self.coverage(name, form),
            "CGDCONT" => self.define(form),
            "CGPADDR" => self.addresses(form),
            _ => Err(Failure::command()),
        }
    }

    fn functionality(&mut self, firmware: &mut F, form: &Form) -> Answer<F> {
        let (head, manner) = (self.head("CFUN"), self.manner());
        match form {
            Form::Test => {
                let levels: Vec<String> = manner.levels.iter().map(u32::to_string).collect();
                let second = match manner.restart {
                    Restart::Second => ",(0,1)",
                    _ => "",
                };
                Done::line(format!("{head}({}){second}", levels.join(",")))
            }
            Form::Read => Done::line(format!("{head}{}", self.settings.functionality)),
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1, 2])?;
                let level = arguments.number(0, 0..=255)?;
                if matches!(manner.restart, Restart::Level(resets) if resets.contains(&level)) {
                    self.power_down_in(38, true);
                    return Done::ok(37);
                }
                if !manner.levels.contains(&level) {
                    return Err(Failure::misuse("a number out of range").or_cme(50));
                }
                if arguments.len() == 2 && arguments.number(1, 0..=1)? == 1 {
                    if level != 1 || manner.restart != Restart::Second {
                        return Err(Failure::misuse("a reset that is none").or_cme(3));
                    }
                    self.power_down_in(38, true);
                    return Done::ok(37);
                }
                self.set_functionality(firmware, level);
                Done::ok(if level == 1 { 30 } else { 150 })
            }
            Form::Execute => Err(Failure::form()),
        }
    }

    /// Goes to a level of `AT+CFUN`, as its write form does.
    pub fn set_functionality(&mut self, firmware: &mut F, level: u32) {
        if level != self.settings.functionality {
            self.settings.functionality = level;
            self.settings.searching_since = self.now;
            if level != 1 {
                self.go_offline(firmware);
            }
        }
    }

    fn attachment(&mut self, firmware: &mut F, form: &Form) -> Answer<F> {
        let Form::Write(arguments) = form else {
            return Err(Failure::form());
        };
        Arguments(arguments).count(&[1])?;
        let attach = Arguments(arguments).number(0, 0..=1)? == 1;
        if attach && !self.settings.detached && !self.settings.registered {
            return Err(Failure::cme(30));
        }
        self.attach(firmware, attach);
        Done::ok(50)
    }

    /// Looks for the network, or leaves it, as `AT+CGATT=` does.
    pub fn attach(&mut self, firmware: &mut F, attach: bool) {
        if attach && self.settings.detached {
            self.settings.detached = false;
            self.settings.searching_since = self.now;
        } else if !attach && !self.settings.detached {
            self.settings.detached = true;
            self.go_offline(firmware);
        }
    }

    fn go_offline(&mut self, firmware: &mut F) {
        self.settings.registered = false;
        for context in &mut self.settings.contexts {
            context.active = false;
        }
        firmware.offline(self);
    }
}
