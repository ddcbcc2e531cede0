//! The packet data context: chapter 4 of the document.

use super::{Answer, Chassis, Cnact, Event, PdpLine, Sim7000Firmware};
use crate::sim::grammar::Form;
use crate::sim::module::{Arguments, Done, Failure};

/// The one context.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Asked for.
    on: bool,
    /// Has its address.
    active: bool,
    /// `AT+CNCFG`: access point, user, password.
    configured: Option<[String; 3]>,
    /// Tells an activation from the one before.
    activation: u32,
    /// Activations that have failed for no reason.
    failures: u8,
}

impl State {
    pub(super) const fn is_active(&self) -> bool {
        self.active
    }
}

impl Sim7000Firmware {
    pub(super) fn activation(&mut self, chassis: &mut Chassis, form: &Form) -> Answer {
        let head = chassis.head("CNACT");
        let (state, address) = match self.context.active {
            true => (1, "10.94.36.44"),
            false if chassis.quirks.old_address => (0, "10.94.36.44"),
            false => (0, "0.0.0.0"),
        };
        match form {
            Form::Test => Done::line(head + "(0-2),(0-150)"),
            Form::Read => match chassis.quirks.cnact {
                Cnact::Indexed => Done::line(format!("{head}0,{state},\"{address}\"")),
                Cnact::Plain => Done::line(format!("{head}{state},\"{address}\"")),
                Cnact::Four => Done::lines((0..4).map(|index| match index {
                    0 => format!("{head}0,{state},\"{address}\""),
                    _ => format!("{head}{index},0,\"0.0.0.0\""),
                })),
            },
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1, 2])?;
                match arguments.number(0, 0..=1)? {
                    0 => {
                        arguments.count(&[1])?;
                        self.deactivate(chassis)
                    }
                    _ => {
                        let name = match arguments.len() {
                            2 => arguments.text(1)?,
                            _ => "",
                        };
                        self.activate(chassis, name)
                    }
                }
            }
            Form::Execute => Err(Failure::form()),
        }
    }

    fn activate(&mut self, chassis: &mut Chassis, name: &str) -> Answer {
        if self.context.on {
            return Err(Failure::misuse("a context that is active already"));
        }
        chassis.settings.sim_ready().map_err(Failure::plain)?;
        if !chassis.settings.registered {
            return Err(Failure::state());
        }
        if self.context.failures < chassis.quirks.activation_failures {
            self.context.failures += 1;
            return Err(Failure::state());
        }
        let configured = self.context.configured.clone().unwrap_or_default();
        let [apn, user, password] = &configured;
        if name.is_empty() && apn.is_empty() {
            return Err(Failure::misuse("no access point was named"));
        }
        self.context.on = true;
        self.context.activation = chassis.next_serial();
        let welcome = chassis
            .quirks
            .wants_login
            .is_none_or(|login| login == (user.as_str(), password.as_str()));
        if welcome {
            let after = chassis.quirks.address_after.as_millis();
            chassis.later(after, Event::Address(self.context.activation));
            if chassis.quirks.pdp_line == PdpLine::BeforeOk {
                return Ok(Done::Raw {
                    bytes: b"\r\n+APP PDP: ACTIVE\r\n\r\nOK\r\n".to_vec(),
                    after: 20,
                });
            }
        } else {
            self.context.on = false;
            chassis.urc_later(700, "+APP PDP: DEACTIVE");
        }
        Done::ok(20)
    }

    pub(super) fn has_address(&mut self, chassis: &mut Chassis, activation: u32) {
        if !self.context.on || self.context.activation != activation {
            return;
        }
        self.context.active = true;
        match chassis.quirks.pdp_line {
            PdpLine::AfterOk => chassis.urc("+APP PDP: ACTIVE"),
            PdpLine::Indexed => chassis.urc("+APP PDP: 0,ACTIVE"),
            PdpLine::BeforeOk | PdpLine::Never => {}
        }
    }

    fn deactivate(&mut self, chassis: &mut Chassis) -> Answer {
        if !self.context.on {
            return Err(Failure::state());
        }
        self.lose_context(chassis);
        let line = match (chassis.quirks.active_for_deactive, chassis.quirks.pdp_line) {
            (true, _) => "+APP PDP: ACTIVE",
            (_, PdpLine::Indexed) => "+APP PDP: 0,DEACTIVE",
            _ => "+APP PDP: DEACTIVE",
        };
        chassis.urc_later(300, line);
        Done::ok(30)
    }

    /// The context is gone, and with it the socket of the object.
    pub(super) fn lose_context(&mut self, chassis: &mut Chassis) {
        self.context.on = false;
        self.context.active = false;
        if let Some(object) = &mut self.object {
            object.lose_socket(chassis);
        }
    }

    pub(super) fn configuration(&mut self, form: &Form) -> Answer {
        let Form::Write(arguments) = form else {
            return Err(Failure::form());
        };
        let arguments = Arguments(arguments);
        arguments.count(&[2, 4])?;
        arguments.number(0, 0..=1)?;
        if self.context.on {
            return Err(Failure::misuse("a setting of a context that is active"));
        }
        let text = |place| match arguments.len() > place {
            true => arguments.text(place).map(String::from),
            false => Ok(String::new()),
        };
        self.context.configured = Some([text(1)?, text(2)?, text(3)?]);
        Done::ok(20)
    }
}
