//! PDP contexts: defined, activated, taken away.

use super::command::{Arguments, Done, Failure};
use super::general::{one_context, unknown};
use super::{Event, SimBg96};
use crate::sim::Network;
use crate::sim::grammar::Form;

const KINDS: [&str; 3] = ["IP", "IPV6", "IPV4V6"];

impl<N: Network> SimBg96<N> {
    pub(super) fn define(&mut self, form: &Form) -> Result<Done, Failure> {
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

    pub(super) fn configure(&mut self, form: &Form) -> Result<Done, Failure> {
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
        if context.active && *context != changed {
            return Err(Failure::misuse("other values for an active context"));
        }
        *context = changed;
        Done::ok(10)
    }

    pub(super) fn activate(&mut self, form: &Form) -> Result<Done, Failure> {
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

    pub(super) fn name_servers(&self, form: &Form) -> Result<Done, Failure> {
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
}
