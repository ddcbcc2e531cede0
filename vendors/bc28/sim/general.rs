//! The module's commands that are not CoAP: what it has besides the chassis', or in another form.
//!
//! In the forms of the logs: `AT+CIMI` prints a bare number, `+CGPADDR:1` without an address says that there is none yet,
//! `AT+QDNS` gives its result behind the `OK`.

use super::{Answer, Bc28Firmware, Chassis, no_network, not_allowed};
use crate::sim::grammar::Form;
use crate::sim::module::{Arguments, Done, Failure, Sim};

/// A subscriber's number with 14 digits, so that nobody takes it for a real one.
const IMSI: &str = "00101123456789";
const ADDRESS: &str = "10.0.0.1";

impl Bc28Firmware {
    pub(super) fn general(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        let missing = chassis.settings.sim == Sim::Missing;
        match (name, form) {
            ("CIMI", Form::Execute) => match chassis.settings.sim {
                Sim::Ready => Done::line(IMSI),
                Sim::Missing => Err(Failure::cme(310)),
                Sim::Pin(_) => Err(Failure::cme(311)),
                Sim::Puk => Err(Failure::cme(316)),
            },
            // A module without a card does not switch its radio on.
            ("CFUN", Form::Write(_)) if missing => Err(Failure::state()),
            ("CGPADDR", Form::Execute) => {
                let head = chassis.head("CGPADDR");
                let since = chassis.now().since(self.found);
                if chassis.settings.registered && since >= chassis.quirks.address_after {
                    Done::line(format!("{head}1,{ADDRESS}"))
                } else {
                    Done::line(format!("{head}1"))
                }
            }
            ("CGAUTH", Form::Write(arguments)) => {
                let arguments = Arguments(arguments);
                arguments.count(&[4])?;
                let number = arguments.byte(0, 1..=10)?;
                let protocol = arguments.number(1, 0..=2)?;
                let (user, password) = (arguments.text(2)?, arguments.text(3)?);
                let context = chassis.settings.context(number)?;
                context.authentication = protocol;
                context.user = user.into();
                context.password = password.into();
                Done::ok(10)
            }
            ("QDNS", Form::Write(arguments)) => {
                let arguments = Arguments(arguments);
                arguments.count(&[2])?;
                arguments.number(0, 0..=0)?;
                let host = arguments.word(1)?;
                if !chassis.settings.registered {
                    return Err(no_network(chassis));
                }
                // Never with a blank, in all sources.
                let line = match chassis.network.resolve(&host) {
                    Some(address) => format!("+QDNS:{}", address.ip()),
                    None => "+QDNS:FAIL".into(),
                };
                chassis.urc_later(400, line);
                Done::ok(20)
            }
            ("NRB", Form::Execute) => {
                chassis.power_down_in(50, true);
                Ok(Done::Later)
            }
            // Registration in a network of another kind: there is no such thing here, but it may be asked for.
            ("CGREG" | "CREG", _) => Err(Failure::state()),
            ("CPIN" | "COPS", _) => Err(Failure::command()),
            ("CIMI" | "CGPADDR" | "CGAUTH" | "QDNS" | "NRB", _) => Err(Failure::form()),
            ("CGATT", Form::Write(_)) if missing => Err(not_allowed(chassis)),
            // It is accepted at once, and takes its time.
            ("CGATT", Form::Write(arguments)) => {
                Arguments(arguments).count(&[1])?;
                let attach = Arguments(arguments).number(0, 0..=1)? == 1;
                chassis.attach(self, attach);
                Done::ok(50)
            }
            _ => Ok(Done::Common),
        }
    }
}
