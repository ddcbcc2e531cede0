//! Switching on and off, and resets, in the pace of the logs.

use super::command::{Arguments, Done, Failure};
use super::general::{Settings, unknown};
use super::session::Client;
use super::{Event, Input, Power, Sim, SimBg96};
use crate::sim::Network;
use crate::sim::grammar::Form;
use crate::time::Millis;

/// From switching on to the first line, as logged.
const BOOT_TIME: Millis = Millis::new(2800);
/// Between two lines of the boot.
const BOOT_STEP: Millis = Millis::new(150);
/// After `POWERED DOWN`, a reset takes so long, as logged.
const RESET_TIME: Millis = Millis::new(5900);

impl<N: Network> SimBg96<N> {
    /// The power key: the module boots. Nothing happens if it is on.
    pub fn power_on(&mut self) {
        if self.power == Power::Off {
            self.boot(BOOT_TIME);
        }
    }

    /// A reset that nobody asked for: everything is forgotten (what [`say_at`](Self::say_at) was told, too), the echo is
    /// on again, the boot lines come.
    pub fn reset(&mut self) {
        self.shut_down();
        self.boot(BOOT_TIME);
    }

    pub(super) fn boot(&mut self, after: Millis) {
        self.power = Power::Booting;
        let mut at = self.now.after(after);
        self.agenda.add(at, Event::Power(Power::On));
        for line in &self.quirks.boot {
            let line = match &self.quirks.sim {
                Sim::Pin(_) if line.starts_with("+CPIN:") => "+CPIN: SIM PIN",
                Sim::Puk if line.starts_with("+CPIN:") => "+CPIN: SIM PUK",
                Sim::Missing if line.starts_with("+CPIN:") => "+CPIN: NOT INSERTED",
                _ => line,
            };
            self.agenda.add(at, Event::Urc(line.into()));
            at = at.after(BOOT_STEP);
        }
    }

    /// Everything that lives in the module's memory is gone.
    fn shut_down(&mut self) {
        for client in &mut self.clients {
            if let Some(socket) = client.socket.take() {
                self.network.close(socket);
            }
            *client = Client::default();
        }
        self.power = Power::Off;
        self.agenda.clear();
        self.waiting.clear();
        self.input = Input::Line(Vec::new());
        self.busy = false;
        self.overlong = false;
        self.settings = Settings::new(&self.quirks, self.now);
    }

    /// `AT+CFUN=1,1` and `AT+QPOWD`, after their OK.
    pub(super) fn power_down(&mut self, restart: bool) {
        let active = self.settings.is_active(1);
        self.shut_down();
        self.urc("POWERED DOWN");
        if restart {
            self.boot(RESET_TIME);
            if active {
                let deactivated = b"+QIURC: \"pdpdeact\",1".to_vec();
                self.later(3000, Event::Urc(deactivated));
            }
        }
    }

    pub(super) fn functionality(&mut self, form: &Form) -> Result<Done, Failure> {
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

    pub(super) fn switch_off(&mut self, form: &Form) -> Result<Done, Failure> {
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
