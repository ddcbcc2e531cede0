//! The commands besides CoAP that are this module's own: PDP contexts (`pdp`), the port of unsolicited lines, switching
//! off. Answered as logs of real modules show it.

use super::{Answer, Bg96Firmware, Chassis};
use crate::sim::grammar::Form;
use crate::sim::module::{Arguments, Done, Failure};

impl Bg96Firmware {
    pub(super) fn general(&mut self, chassis: &mut Chassis, name: &str, form: &Form) -> Answer {
        match name {
            "QICSGP" => Self::configure(chassis, form),
            "QIACT" => Self::activate(chassis, form),
            "QIDEACT" => match form {
                Form::Write(arguments) => {
                    let context = one_context(Arguments(arguments))?;
                    self.deactivate(chassis, context);
                    self.deactivated = true;
                    if chassis.quirks.tells_deactivation {
                        chassis.urc(format!("+QIURC: \"pdpdeact\",{context}"));
                    }
                    Done::ok(300)
                }
                _ => Err(Failure::form()),
            },
            "QIDNSCFG" => Self::name_servers(chassis, form),
            "QURCCFG" => self.urc_port(chassis, form),
            "QPOWD" => switch_off(chassis, form),
            _ => Ok(Done::Common),
        }
    }

    fn urc_port(&mut self, chassis: &mut Chassis, form: &Form) -> Answer {
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
                    return Done::line(format!("+QURCCFG: \"urcport\",\"{}\"", self.urc_port));
                }
                let port = arguments.text(1)?;
                let port = ports.into_iter().find(|known| *known == port);
                self.urc_port = port.ok_or(Failure::misuse("an unknown port"))?;
                chassis.settings.urcs = matches!(self.urc_port, "uart1" | "all");
                Done::ok(10)
            }
            _ => Err(Failure::form()),
        }
    }
}

fn switch_off(chassis: &mut Chassis, form: &Form) -> Answer {
    if let Form::Write(arguments) = form {
        Arguments(arguments).count(&[1])?;
        Arguments(arguments).number(0, 0..=1)?;
    } else if *form != Form::Execute {
        return Err(Failure::form());
    }
    chassis.power_down_in(600, false);
    Done::ok(100)
}

pub(super) fn one_context(arguments: Arguments<'_>) -> Result<u8, Failure> {
    arguments.count(&[1])?;
    arguments.byte(0, 1..=16)
}
