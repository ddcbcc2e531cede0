//! PDP contexts in Quectel's own commands: configured, activated, taken away.

use super::general::one_context;
use super::{Answer, Bg96Firmware, Chassis, Event};
use crate::sim::grammar::Form;
use crate::sim::module::{Arguments, Done, Failure};

impl Bg96Firmware {
    pub(super) fn configure(chassis: &mut Chassis, form: &Form) -> Answer {
        let Form::Write(arguments) = form else {
            return match form {
                Form::Test => Done::line("+QICSGP: (1-16),(1-3),<APN>,<username>,<password>,(0-3)"),
                _ => Err(Failure::form()),
            };
        };
        let arguments = Arguments(arguments);
        arguments.count(&[1, 3, 5, 6])?;
        let number = arguments.byte(0, 1..=16)?;
        let context = chassis.settings.context(number)?;
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
        if context.active && *context != changed {
            return Err(Failure::misuse("other values for an active context"));
        }
        *context = changed;
        Done::ok(10)
    }

    pub(super) fn activate(chassis: &mut Chassis, form: &Form) -> Answer {
        match form {
            Form::Test => Done::line("+QIACT: (1-16)"),
            Form::Read => {
                let contexts = chassis.settings.contexts.iter().zip(1..);
                let active = contexts.filter(|(context, _)| context.active);
                Done::lines(active.map(|(context, number)| {
                    format!("+QIACT: {number},1,{},\"10.0.0.{number}\"", context.kind)
                }))
            }
            Form::Write(arguments) => {
                let number = one_context(Arguments(arguments))?;
                chassis.settings.sim_ready().map_err(Failure::plain)?;
                if !chassis.settings.registered || chassis.settings.is_active(number) {
                    return Err(Failure::state());
                }
                let after = chassis.quirks.activates_after.as_millis();
                chassis.later(after, Event::Activated(number));
                Ok(Done::Later)
            }
            Form::Execute => Err(Failure::form()),
        }
    }

    /// The end of `AT+QIACT`.
    pub(super) fn activated(&self, chassis: &mut Chassis, number: u8) {
        let fails = chassis.quirks.activation_fails && !self.deactivated;
        let works = chassis.settings.registered && !fails;
        let done = match chassis.settings.context(number) {
            Ok(context) if works => {
                context.active = true;
                Done::ok(0)
            }
            _ => Err(Failure::state()),
        };
        chassis.answer(done);
    }

    /// Takes a PDP context down, with the sessions on it.
    pub(super) fn deactivate(&mut self, chassis: &mut Chassis, number: u8) {
        if let Ok(context) = chassis.settings.context(number) {
            context.active = false;
        }
        self.drop_sessions(chassis, number);
    }

    pub(super) fn name_servers(chassis: &Chassis, form: &Form) -> Answer {
        let Form::Write(arguments) = form else {
            return Err(Failure::form());
        };
        let arguments = Arguments(arguments);
        arguments.count(&[1, 2, 3])?;
        let number = arguments.byte(0, 1..=16)?;
        for place in 1..arguments.len() {
            arguments.text(place)?;
        }
        if !chassis.settings.is_active(number) {
            return Err(Failure::state());
        }
        if arguments.len() > 1 {
            return Done::ok(10);
        }
        Done::line(format!("+QIDNSCFG: {number},\"10.0.0.53\",\"10.0.0.54\""))
    }
}
