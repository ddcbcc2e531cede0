//! Everything that is not CoAP: identity, SIM, registration, PDP contexts, power.
//!
//! As much of 3GPP TS 27.007 and of Quectel's commands as a host needs to bring the module up, answered as logs of real
//! modules show it. Whatever is missing is ERROR.

use super::command::{Arguments, Done, Failure};
use super::{Event, Power, Quirks, Sim, SimBg96};
use crate::sim::Network;
use crate::sim::grammar::{Basic, Form};
use crate::time::{Instant, Millis};

const PUK: &str = "12345678";
const FIRMWARE: &str = "BG96MAR02A07M1G";

/// What `AT+QICSGP` and `AT+CGDCONT` say about a context.
#[derive(Clone, Debug)]
struct Context {
    kind: u32,
    apn: String,
    user: String,
    password: String,
    authentication: u32,
    active: bool,
}

/// What a reset brings back to its beginning.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) echo: bool,
    pub(super) cmee: u32,
    sim: Sim,
    wrong_pins: u8,
    functionality: u32,
    searching_since: Instant,
    registered: bool,
    /// The `n` of CREG, CGREG and CEREG.
    reports: [u32; 3],
    urc_port: String,
    contexts: [Context; 16],
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

    fn context(&mut self, number: u8) -> Result<&mut Context, Failure> {
        let context = self.contexts.get_mut(usize::from(number).wrapping_sub(1));
        context.ok_or(Failure::misuse("a number out of range"))
    }
}

const KINDS: [&str; 3] = ["IP", "IPV6", "IPV4V6"];

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

    fn sim_ready(&self) -> Result<(), Failure> {
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

    fn functionality(&mut self, form: &Form) -> Result<Done, Failure> {
        match form {
            Form::Test => Done::line("+CFUN: (0,1,4),(0,1)"),
            Form::Read => Done::line(format!("+CFUN: {}", self.settings.functionality)),
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1, 2])?;
                let level = arguments.number(0, 0..=4)?;
                if !matches!(level, 0 | 1 | 4) {
                    return Err(Failure::misuse("a number out of range").or_cme(50));
                }
                if arguments.len() == 2 && arguments.number(1, 0..=1)? == 1 {
                    if level != 1 {
                        return Err(Failure::misuse("a reset into CFUN 0 or 4").or_cme(3));
                    }
                    self.later(38, Event::Power(Power::Booting));
                    return Done::ok(37);
                }
                if level != self.settings.functionality {
                    self.settings.functionality = level;
                    self.settings.searching_since = self.now;
                    if level != 1 {
                        self.settings.registered = false;
                        (1..=16).for_each(|context| self.deactivate(context));
                    }
                }
                Done::ok(if level == 1 { 30 } else { 150 })
            }
            Form::Execute => Err(unknown()),
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

    /// Registers if it is time; false if nothing changed.
    pub(super) fn find_network(&mut self) -> bool {
        match self.finds_network_at() {
            Some(at) if self.now.reached(at) => {}
            _ => return false,
        }
        self.settings.registered = true;
        let reports = self.settings.reports;
        for (n, name) in reports.into_iter().zip(["CREG", "CGREG", "CEREG"]) {
            if n > 0 {
                let status = registered(n);
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
                let status = if self.settings.registered && !self.quirks.no_network {
                    registered(n)
                } else if self.quirks.denied {
                    "3".into()
                } else if self.settings.functionality == 1 && self.settings.sim == Sim::Ready {
                    "2".into()
                } else {
                    "0".into()
                };
                Done::line(format!("+{name}: {n},{status}"))
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

    fn define(&mut self, form: &Form) -> Result<Done, Failure> {
        match form {
            Form::Read => {
                let defined = self.settings.contexts.iter().zip(1..);
                let lines = defined
                    .filter(|(context, number)| *number == 1 || !context.apn.is_empty())
                    .map(|(context, number)| {
                        let index = usize::try_from(context.kind).unwrap_or(0);
                        let kind = KINDS.get(index.wrapping_sub(1)).unwrap_or(&"IP");
                        let apn = &context.apn;
                        format!("+CGDCONT: {number},\"{kind}\",\"{apn}\",\"0.0.0.0\",0,0,0,0")
                    });
                Ok(Done::lines(lines.collect()))
            }
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[2, 3])?;
                let number = arguments.byte(0, 1..=16)?;
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
            _ => Err(unknown()),
        }
    }

    fn configure(&mut self, form: &Form) -> Result<Done, Failure> {
        let Form::Write(arguments) = form else {
            return match form {
                Form::Test => Done::line("+QICSGP: (1-16),(1-3),<APN>,<username>,<password>,(0-3)"),
                _ => Err(unknown()),
            };
        };
        let arguments = Arguments(arguments);
        arguments.count(&[1, 3, 5, 6])?;
        let number = arguments.byte(0, 1..=16)?;
        let context = self.settings.context(number)?;
        if arguments.len() == 1 {
            return Done::line(format!(
                "+QICSGP: {},\"{}\",\"{}\",\"{}\",{}",
                context.kind, context.apn, context.user, context.password, context.authentication
            ));
        }
        let mut changed = context.clone();
        changed.kind = arguments.number(1, 1..=3)?;
        changed.apn = arguments.text(2)?.into();
        if arguments.len() >= 5 {
            changed.user = arguments.text(3)?.into();
            changed.password = arguments.text(4)?.into();
        }
        if arguments.len() == 6 {
            changed.authentication = arguments.number(5, 0..=3)?;
        }
        *context = changed;
        Done::ok(10)
    }

    fn activate(&mut self, form: &Form) -> Result<Done, Failure> {
        match form {
            Form::Test => Done::line("+QIACT: (1-16)"),
            Form::Read => {
                let contexts = self.settings.contexts.iter().zip(1..);
                let active = contexts.filter(|(context, _)| context.active);
                let lines = active.map(|(context, number)| {
                    format!("+QIACT: {number},1,{},\"10.0.0.{number}\"", context.kind)
                });
                Ok(Done::lines(lines.collect()))
            }
            Form::Write(arguments) => {
                let number = one_context(Arguments(arguments))?;
                self.sim_ready().map_err(Failure::plain)?;
                if !self.settings.registered || self.settings.is_active(number) {
                    return Err(Failure::state());
                }
                let after = self.quirks.activates_after.as_millis();
                self.later(after, Event::Activated(number));
                Ok(Done::Later)
            }
            Form::Execute => Err(unknown()),
        }
    }

    /// The end of `AT+QIACT`.
    pub(super) fn activated(&mut self, number: u8) {
        let registered = self.settings.registered;
        match self.settings.context(number) {
            Ok(context) if registered => {
                context.active = true;
                self.out.extend_from_slice(b"\r\nOK\r\n");
            }
            _ => self.out.extend_from_slice(b"\r\nERROR\r\n"),
        }
    }

    /// Takes a PDP context down, with the sessions on it.
    pub(super) fn deactivate(&mut self, number: u8) {
        if let Ok(context) = self.settings.context(number) {
            context.active = false;
        }
        self.drop_sessions(number);
    }

    fn name_servers(&self, form: &Form) -> Result<Done, Failure> {
        let Form::Write(arguments) = form else {
            return Err(unknown());
        };
        let arguments = Arguments(arguments);
        arguments.count(&[1, 2, 3])?;
        let number = arguments.byte(0, 1..=16)?;
        for place in 1..arguments.len() {
            arguments.text(place)?;
        }
        if !self.settings.is_active(number) {
            return Err(Failure::state());
        }
        if arguments.len() > 1 {
            return Done::ok(10);
        }
        Done::line(format!("+QIDNSCFG: {number},\"10.0.0.53\",\"10.0.0.54\""))
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

    fn switch_off(&mut self, form: &Form) -> Result<Done, Failure> {
        if let Form::Write(arguments) = form {
            Arguments(arguments).count(&[1])?;
            Arguments(arguments).number(0, 0..=1)?;
        } else if *form != Form::Execute {
            return Err(unknown());
        }
        let at = self.now.after(Millis::new(600));
        self.agenda.add(at, Event::Power(Power::Off));
        Done::ok(100)
    }
}

const fn unknown() -> Failure {
    Failure::misuse("a form that the command does not have")
}

fn one_context(arguments: Arguments<'_>) -> Result<u8, Failure> {
    arguments.count(&[1])?;
    arguments.byte(0, 1..=16)
}

/// The status part of a registration line: at home, with cell and technology if they were asked for.
fn registered(n: u32) -> String {
    if n == 2 {
        "1,\"5650\",\"29A7DF4\",8".into()
    } else {
        "1".into()
    }
}
