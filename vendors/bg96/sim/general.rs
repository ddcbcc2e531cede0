//! Identity, SIM, registration, and the settings that a reset forgets.
//!
//! As much of 3GPP TS 27.007 and of Quectel's commands as a host needs to bring the module up, answered as logs of real
//! modules show it. Whatever is missing is ERROR.

use super::command::{Arguments, Done, Failure};
use super::{Event, Power, Quirks, Sim, SimBg96};
use crate::sim::Network;
use crate::sim::grammar::{Basic, Form};
use crate::time::Instant;

const PUK: &str = "12345678";
const FIRMWARE: &str = "BG96MAR02A07M1G";

/// What `AT+QICSGP` and `AT+CGDCONT` say about a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) kind: u32,
    pub(super) apn: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) authentication: u32,
    pub(super) active: bool,
}

/// What a reset brings back to its beginning.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) echo: bool,
    pub(super) cmee: u32,
    pub(super) sim: Sim,
    wrong_pins: u8,
    pub(super) functionality: u32,
    pub(super) searching_since: Instant,
    pub(super) registered: bool,
    /// The `n` of CREG, CGREG and CEREG.
    reports: [u32; 3],
    urc_port: String,
    pub(super) contexts: [Context; 16],
    psm: u32,
    edrx: u32,
}

impl Settings {
    pub(super) fn new(quirks: &Quirks, now: Instant) -> Self {
        Self {
            echo: true,
            cmee: 0,
            sim: quirks.sim.clone(),
            wrong_pins: 0,
            functionality: 1,
            searching_since: now,
            registered: false,
            reports: [0; 3],
            urc_port: "uart1".into(),
            contexts: std::array::from_fn(|_| Context {
                kind: 1,
                apn: String::new(),
                user: String::new(),
                password: String::new(),
                authentication: 0,
                active: false,
            }),
            psm: 0,
            edrx: 0,
        }
    }

    /// Whether unsolicited lines come out of the port that is simulated.
    pub(super) fn urcs_here(&self) -> bool {
        matches!(self.urc_port.as_str(), "uart1" | "all")
    }

    /// Whether a PDP context, numbered from 1, is active.
    pub(super) fn is_active(&self, context: u8) -> bool {
        let context = self.contexts.get(usize::from(context).wrapping_sub(1));
        context.is_some_and(|context| context.active)
    }

    pub(super) fn context(&mut self, number: u8) -> Result<&mut Context, Failure> {
        let context = self.contexts.get_mut(usize::from(number).wrapping_sub(1));
        context.ok_or(Failure::misuse("a number out of range"))
    }
}

impl<N: Network> SimBg96<N> {
    pub(super) fn basic(&mut self, commands: &[Basic]) -> Result<Done, Failure> {
        let mut lines = Vec::new();
        for command in commands {
            match (command.name.as_str(), command.value.unwrap_or(0)) {
                ("E", value @ 0..=1) => self.settings.echo = value == 1,
                ("I", 0) => lines.extend([
                    "Quectel".into(),
                    "BG96".into(),
                    format!("Revision: {FIRMWARE}"),
                ]),
                ("&F" | "Z", 0) => {
                    self.settings.echo = true;
                    self.settings.cmee = 0;
                    self.settings.reports = [0; 3];
                }
                _ => return Err(Failure::misuse("an unknown command")),
            }
        }
        Ok(Done::lines(lines))
    }

    pub(super) fn general(&mut self, name: &str, form: &Form) -> Result<Done, Failure> {
        match name {
            "CGMM" | "CGMI" | "CGMR" => self.identity(name, form),
            "CMEE" | "CPSMS" | "CEDRXS" => self.levels(name, form),
            "CPIN" => self.pin(form).map_err(|failure| failure.or_cme(50)),
            "CFUN" => self.functionality(form),
            "CREG" => self.registration(0, name, form),
            "CGREG" => self.registration(1, name, form),
            "CEREG" => self.registration(2, name, form),
            "CGATT" | "COPS" | "CSQ" => self.coverage(name, form),
            "CGDCONT" => self.define(form),
            "QICSGP" => self.configure(form),
            "QIACT" => self.activate(form),
            "QIDEACT" => match form {
                Form::Write(arguments) => {
                    let context = one_context(Arguments(arguments))?;
                    self.deactivate(context);
                    Done::ok(300)
                }
                _ => Err(unknown()),
            },
            "QIDNSCFG" => self.name_servers(form),
            "QURCCFG" => self.urc_port(form),
            "QPOWD" => self.switch_off(form),
            _ => Err(Failure::misuse("an unknown command")),
        }
    }

    fn identity(&self, name: &str, form: &Form) -> Result<Done, Failure> {
        match (name, form) {
            (_, Form::Test) => Done::ok(5),
            ("CGMM", Form::Execute) => Done::line("BG96"),
            ("CGMI", Form::Execute) => Done::line("Quectel"),
            ("CGMR", Form::Execute) => Done::line(FIRMWARE),
            _ => Err(unknown()),
        }
    }

    fn levels(&mut self, name: &str, form: &Form) -> Result<Done, Failure> {
        let (level, highest) = match name {
            "CMEE" => (&mut self.settings.cmee, 2),
            "CPSMS" => (&mut self.settings.psm, 1),
            _ => (&mut self.settings.edrx, 3),
        };
        match form {
            Form::Test if name == "CMEE" => Done::line("+CMEE: (0-2)"),
            Form::Read if name == "CEDRXS" => Done::ok(5),
            Form::Read => Done::line(format!("+{name}: {level}")),
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
            _ => Err(unknown()),
        }
    }

    pub(super) fn sim_ready(&self) -> Result<(), Failure> {
        match self.settings.sim {
            Sim::Ready => Ok(()),
            Sim::Missing => Err(Failure::cme(10)),
            Sim::Pin(_) => Err(Failure::cme(11)),
            Sim::Puk => Err(Failure::cme(12)),
        }
    }

    fn pin(&mut self, form: &Form) -> Result<Done, Failure> {
        match form {
            Form::Read => match self.settings.sim {
                Sim::Ready => Done::line("+CPIN: READY"),
                Sim::Pin(_) => Done::line("+CPIN: SIM PIN"),
                Sim::Puk => Done::line("+CPIN: SIM PUK"),
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
                    self.later(120, Event::Urc(b"+CPIN: READY".to_vec()));
                    return Done::ok(60);
                }
                self.settings.wrong_pins += 1;
                if self.settings.wrong_pins >= 3 {
                    self.settings.sim = Sim::Puk;
                }
                Err(Failure::cme(16))
            }
            _ => Err(unknown()),
        }
    }

    /// The status part of a registration line: at home (with cell and technology if they were asked for), searching, or
    /// neither.
    fn status(&self, n: u32) -> &'static str {
        match (self.settings.registered, n) {
            (true, 2) => "1,\"5650\",\"29A7DF4\",8",
            (true, _) => "1",
            _ if self.quirks.denied => "3",
            _ if self.settings.functionality == 1 && self.settings.sim == Sim::Ready => "2",
            _ => "0",
        }
    }

    /// When the network will be found, if it will.
    pub(super) fn finds_network_at(&self) -> Option<Instant> {
        let settings = &self.settings;
        let looking = self.power == Power::On
            && settings.functionality == 1
            && settings.sim == Sim::Ready
            && !self.quirks.no_network
            && !self.quirks.denied
            && !settings.registered;
        looking.then(|| settings.searching_since.after(self.quirks.registers_after))
    }

    /// Registers if it is time, or loses the network; false if nothing changed.
    pub(super) fn find_network(&mut self) -> bool {
        if self.settings.registered && self.quirks.no_network {
            self.settings.registered = false;
            self.settings.searching_since = self.now;
        } else if self
            .finds_network_at()
            .is_some_and(|at| self.now.reached(at))
        {
            self.settings.registered = true;
        } else {
            return false;
        }
        let reports = self.settings.reports;
        for (n, name) in reports.into_iter().zip(["CREG", "CGREG", "CEREG"]) {
            if n > 0 {
                let status = self.status(n);
                self.urc(&format!("+{name}: {status}"));
            }
        }
        true
    }

    fn registration(&mut self, which: usize, name: &str, form: &Form) -> Result<Done, Failure> {
        match form {
            Form::Test => Done::line(format!("+{name}: (0-2)")),
            Form::Read => {
                let n = self.settings.reports.get(which).copied().unwrap_or(0);
                Done::line(format!("+{name}: {n},{}", self.status(n)))
            }
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1])?;
                let n = arguments.number(0, 0..=2)?;
                if let Some(place) = self.settings.reports.get_mut(which) {
                    *place = n;
                }
                Done::ok(5)
            }
            Form::Execute => Err(unknown()),
        }
    }

    fn coverage(&self, name: &str, form: &Form) -> Result<Done, Failure> {
        let registered = self.settings.registered;
        match (name, form) {
            ("CGATT", Form::Read) => Done::line(format!("+CGATT: {}", u8::from(registered))),
            ("CGATT", Form::Write(arguments)) => {
                Arguments(arguments).count(&[1])?;
                Arguments(arguments).number(0, 1..=1)?;
                if registered {
                    Done::ok(50)
                } else {
                    Err(Failure::cme(30))
                }
            }
            ("COPS", Form::Read) if registered => Done::line("+COPS: 0,0,\"Test Network\",8"),
            ("COPS", Form::Read) => Done::line("+COPS: 0"),
            ("CSQ", Form::Execute) if registered => Done::line("+CSQ: 20,99"),
            ("CSQ", Form::Execute) => Done::line("+CSQ: 99,99"),
            _ => Err(unknown()),
        }
    }

    fn urc_port(&mut self, form: &Form) -> Result<Done, Failure> {
        let ports = ["usbat", "usbmodem", "uart1", "all"];
        match form {
            Form::Test => {
                Done::line("+QURCCFG: \"urcport\",(\"usbat\",\"usbmodem\",\"uart1\",\"all\")")
            }
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1, 2])?;
                if arguments.text(0)? != "urcport" {
                    return Err(Failure::misuse("an unknown setting"));
                }
                if arguments.len() == 1 {
                    return Done::line(format!(
                        "+QURCCFG: \"urcport\",\"{}\"",
                        self.settings.urc_port
                    ));
                }
                let port = arguments.text(1)?;
                if !ports.contains(&port) {
                    return Err(Failure::misuse("an unknown port"));
                }
                self.settings.urc_port = port.into();
                Done::ok(10)
            }
            _ => Err(unknown()),
        }
    }
}

pub(super) const fn unknown() -> Failure {
    Failure::misuse("a form that the command does not have")
}

pub(super) fn one_context(arguments: Arguments<'_>) -> Result<u8, Failure> {
    arguments.count(&[1])?;
    arguments.byte(0, 1..=16)
}
