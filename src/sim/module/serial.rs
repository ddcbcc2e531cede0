//! The serial side of a modem, and its time: bytes to lines and input, lines to commands, events to words.

use super::chassis::{Chassis, Event, Input, Power, TOO_SOON, means_something};
use super::command::{Done, Failure, Until};
use super::{Ending, Firmware, Module};
use crate::sim::agenda::earliest;
use crate::sim::grammar::{self, Command};
use crate::sim::{Device, Network};
use crate::time::Instant;

const CTRL_Z: u8 = 0x1A;
const ESC: u8 = 0x1B;
const BACKSPACE: u8 = 0x08;

impl<F: Firmware, N: Network + 'static> Module<F, N> {
    /// Does everything that is to be done until now.
    fn run(&mut self, now: Instant) {
        loop {
            if let Some((at, event)) = self.chassis.agenda.take_due(now) {
                self.chassis.now = at;
                self.happen(event);
                continue;
            }
            self.chassis.now = now;
            if self.chassis.find_network() {
                self.firmware.coverage(&mut self.chassis);
            } else if !self.firmware.datagram(&mut self.chassis) && !self.take_byte() {
                break;
            }
        }
    }

    fn happen(&mut self, event: Event<F::Input, F::Event>) {
        let chassis = &mut self.chassis;
        match event {
            Event::Say(bytes) => chassis.out.extend(bytes),
            Event::Urc(line) => chassis.urc(&line),
            Event::Final(bytes) => {
                chassis.out.extend(bytes);
                chassis.busy = false;
            }
            Event::Prompt(prompt) => {
                chassis.out.extend_from_slice(prompt.text);
                chassis.busy = false;
                let serial = chassis.next_serial();
                let until = chassis.now.after(chassis.manner().prompt_time);
                chassis.agenda.add(until, Event::PromptTime(serial));
                let got = Vec::new();
                chassis.input = Input::Prompt {
                    prompt,
                    got,
                    serial,
                };
            }
            Event::PromptTime(number) => {
                if matches!(chassis.input, Input::Prompt { serial, .. } if serial == number) {
                    chassis.note("a prompt that was left waiting");
                    chassis.input = Input::Line(Vec::new());
                    chassis.out.extend_from_slice(b"\r\nERROR\r\n");
                }
            }
            Event::Power(Power::On) => {
                chassis.power = Power::On;
                chassis.forget_settings();
                self.firmware.booted(chassis);
            }
            Event::Power(Power::Booting) => {
                self.shut_down(Ending::Restart);
                let after = self.chassis.manner().reset_time;
                self.chassis.boot(after);
            }
            Event::Power(Power::Off) => self.shut_down(Ending::Off),
            Event::Own(event) => self.firmware.happen(chassis, event),
        }
    }

    /// Takes one byte from the host; false if there is none or its time has not come.
    fn take_byte(&mut self) -> bool {
        let chassis = &mut self.chassis;
        if chassis.busy || chassis.power != Power::On {
            return false;
        }
        let Some(byte) = chassis.waiting.pop_front() else {
            return false;
        };
        let manner = chassis.manner();
        if chassis.settings.echo {
            match (&chassis.input, byte) {
                (Input::Line(_), b'\n') => {}
                (Input::Line(_), b'\r') => chassis.out.extend_from_slice(manner.echo_end),
                (Input::Prompt { .. }, _) if !manner.echo_input => {}
                _ => chassis.out.push(byte),
            }
        }
        match &mut chassis.input {
            Input::Line(line) => match byte {
                b'\r' => {
                    let line = std::mem::take(line);
                    self.line(line);
                }
                b'\n' => {}
                BACKSPACE => {
                    line.pop();
                }
                // Who does not know what a former life of its program left open may ask for the end of it.
                ESC if line.is_empty() => {}
                CTRL_Z | ESC => chassis.note(format!("a stray control byte 0x{byte:02X}")),
                _ if line.len() < manner.longest_line => line.push(byte),
                _ => chassis.overlong = true,
            },
            Input::Prompt { prompt, got, .. } => {
                let done = match (prompt.until, byte) {
                    (Until::CtrlZ, CTRL_Z | ESC) => true,
                    (_, BACKSPACE) if prompt.editing => {
                        got.pop();
                        false
                    }
                    (Until::Count(length), _) => {
                        got.push(byte);
                        got.len() >= length
                    }
                    (Until::CtrlZ, _) => {
                        got.push(byte);
                        false
                    }
                };
                if done {
                    self.complete(byte == ESC);
                }
            }
        }
        true
    }

    /// The input behind a prompt is complete.
    fn complete(&mut self, escaped: bool) {
        let input = std::mem::replace(&mut self.chassis.input, Input::Line(Vec::new()));
        if let Input::Prompt { prompt, got, .. } = input {
            let cancelled = escaped && prompt.until == Until::CtrlZ;
            let chassis = &mut self.chassis;
            let done = self.firmware.input(chassis, prompt.input, &got, cancelled);
            self.finish(done);
        }
    }

    fn line(&mut self, line: Vec<u8>) {
        if line.is_empty() {
            return;
        }
        self.chassis.line = line;
        let done = self.execute();
        self.finish(done);
    }

    fn execute(&mut self) -> Result<Done<F::Input>, Failure> {
        let chassis = &mut self.chassis;
        if std::mem::take(&mut chassis.overlong) {
            return Err(Failure::misuse("a line that is too long"));
        }
        let refuses = chassis.quirks.answers_error_to_everything;
        let line = chassis.line.clone();
        if !refuses && let Some(done) = self.firmware.odd_line(chassis, &line) {
            let name = line.split(|byte| matches!(byte, b'=' | b'?')).next();
            let name = String::from_utf8_lossy(name.unwrap_or_default()).to_ascii_uppercase();
            chassis.counted(name.strip_prefix("AT+").unwrap_or(&name));
            return done;
        }
        match grammar::parse_with(&line, chassis.manner().words) {
            Ok(command) => {
                for name in names(&command) {
                    chassis.counted(&name);
                }
                if refuses {
                    return Err(Failure::state());
                }
                self.command(&command)
            }
            Err(fault) => {
                chassis.note(format!("{fault}: {}", String::from_utf8_lossy(&line)));
                Err(Failure::state())
            }
        }
    }

    fn command(&mut self, command: &Command) -> Result<Done<F::Input>, Failure> {
        match command {
            Command::Basic(commands) => self.chassis.basic(commands),
            Command::Extended(name, form) => {
                let chassis: &mut Chassis<F> = &mut self.chassis;
                match self.firmware.command(chassis, name, form)? {
                    Done::Common => chassis.common(&mut self.firmware, name, form),
                    done => Ok(done),
                }
            }
        }
    }

    /// Schedules the answer to a command.
    fn finish(&mut self, done: Result<Done<F::Input>, Failure>) {
        let chassis = &mut self.chassis;
        chassis.busy = true;
        if chassis.waiting.iter().any(means_something) {
            chassis.note(TOO_SOON);
        }
        chassis.answer(done);
    }
}

/// The names under which a command is counted.
fn names(command: &Command) -> Vec<String> {
    match command {
        Command::Basic(commands) if commands.is_empty() => vec!["AT".into()],
        Command::Basic(commands) => commands.iter().map(|one| one.name.clone()).collect(),
        Command::Extended(name, _) => vec![name.clone()],
    }
}

impl<F: Firmware, N: Network + 'static> Device for Module<F, N> {
    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.run(now);
        let chassis = &mut self.chassis;
        if chassis.quirks.silent || chassis.power != Power::On {
            return;
        }
        if chassis.busy && chassis.waiting.is_empty() && bytes.iter().any(means_something) {
            chassis.note(TOO_SOON);
        }
        chassis.waiting.extend(bytes);
        self.run(now);
    }

    fn transmit(&mut self, now: Instant, out: &mut Vec<u8>) {
        self.run(now);
        if self.chassis.quirks.silent {
            self.chassis.out.clear();
        }
        out.append(&mut self.chassis.out);
    }

    fn deadline(&self) -> Option<Instant> {
        let chassis = &self.chassis;
        if !chassis.out.is_empty() {
            return Some(chassis.now);
        }
        let found = earliest(chassis.agenda.next(), chassis.finds_network_at());
        earliest(found, chassis.network.deadline())
    }
}
