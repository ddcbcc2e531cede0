//! The packet data call: `AT+MIPCALL`, as the family's drivers know it. The note takes it for granted.

use super::quirks::CallLine;
use super::{Answer, Chassis, Event, L610Firmware};
use crate::sim::grammar::Form;
use crate::sim::module::{Arguments, Done, Failure};

/// The state of the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Call {
    #[default]
    Down,
    /// Being dialled; tells one try from the next.
    Dialling(u32),
    Up,
}

impl L610Firmware {
    pub(super) fn mipcall(&mut self, chassis: &mut Chassis, form: &Form) -> Answer {
        match form {
            Form::Read => Done::line(chassis.head("MIPCALL") + &self.state(chassis)),
            Form::Write(arguments) => {
                let arguments = Arguments(arguments);
                arguments.count(&[1, 2, 4])?;
                for place in 1..arguments.len() {
                    arguments.text(place)?;
                }
                if arguments.number(0, 0..=1)? == 0 {
                    self.lose_call(chassis);
                    return Done::ok(100);
                }
                if self.call != Call::Down {
                    return Err(Failure::misuse("dialling while there is a call"));
                }
                if !chassis.settings.registered {
                    return Err(Failure::state());
                }
                self.dialled = (1..arguments.len())
                    .map(|place| arguments.text(place).map(String::from))
                    .collect::<Result<_, _>>()?;
                let number = chassis.next_serial();
                self.call = Call::Dialling(number);
                let after = chassis.quirks.dials_after.as_millis();
                chassis.later(after, Event::Dialled(number));
                if chassis.quirks.ok_after_call {
                    return Ok(Done::Later);
                }
                Done::ok(30)
            }
            _ => Err(Failure::form()),
        }
    }

    fn state(&self, chassis: &Chassis) -> String {
        match self.call {
            Call::Up => format!("1,{}", address(chassis)),
            Call::Dialling(_) if chassis.quirks.busy_state => "2".into(),
            _ => "0".into(),
        }
    }

    /// The end of dialling.
    pub(super) fn connected(&mut self, chassis: &mut Chassis, number: u32) {
        if self.call != Call::Dialling(number) {
            return;
        }
        let fails = chassis.quirks.failing_calls > 0 || !chassis.settings.registered;
        chassis.quirks.failing_calls = chassis.quirks.failing_calls.saturating_sub(1);
        let address = address(chassis);
        let said = match chassis.quirks.call_line {
            _ if fails => Some("0".into()),
            CallLine::Address => Some(address),
            CallLine::StateAndAddress => Some(format!("1,{address}")),
            CallLine::Nothing => None,
        };
        self.call = if fails { Call::Down } else { Call::Up };
        if let Some(said) = said {
            say_call(chassis, &said);
            if fails && chassis.quirks.tells_failure_twice {
                say_call(chassis, &said);
            }
        }
        if chassis.quirks.ok_after_call {
            chassis.answer(Done::ok(20));
        }
    }

    /// The call is over, and with it every client.
    pub(super) fn lose_call(&mut self, chassis: &mut Chassis) {
        self.lose_call_silently(chassis);
        say_call(chassis, "0");
    }

    /// The same, and nothing is said of it.
    pub(super) fn lose_call_silently(&mut self, chassis: &mut Chassis) {
        self.call = Call::Down;
        self.kill_clients(chassis);
    }
}

fn address(chassis: &Chassis) -> String {
    if chassis.quirks.ipv6 {
        "2001:DB8:0:0:0:0:0:17".into()
    } else {
        "10.0.0.1".into()
    }
}

fn say_call(chassis: &mut Chassis, what: &str) {
    let head = super::unasked(chassis, "MIPCALL");
    chassis.urc(head + what);
}
