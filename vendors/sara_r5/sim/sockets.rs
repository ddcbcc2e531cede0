//! Chapter 5: UDP sockets, of which the guide's 5.6 to 5.9 and the UDP parts of 5.1 are here.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use super::{Answer, Chassis, Event, SaraR5Firmware};
use crate::sim::grammar::Form;
use crate::sim::module::{Arguments, Done, Failure, Prompt, Until, hex, unhex};
use crate::time::{Instant, Millis};

/// How many sockets there are.
const COUNT: usize = 7;
/// The longest datagram, and the longest in hexadecimal digits.
const LONGEST: u32 = 1024;
const LONGEST_HEX: u32 = 512;
/// How soon bytes may come behind the prompt (5.3.1).
const PROMPT_PAUSE: Millis = Millis::new(50);
/// From a command to its prompt.
const PROMPT_AFTER: u32 = 10;

/// A datagram whose bytes are awaited behind the prompt.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    socket: u8,
    to: SocketAddr,
    length: u32,
    prompted: Instant,
}

#[derive(Debug)]
struct Socket {
    /// 17 for UDP, 6 for TCP, which is a number and no more.
    protocol: u8,
    handle: Option<usize>,
    life: u32,
    outbox: VecDeque<(SocketAddr, Vec<u8>)>,
    arrived: VecDeque<(SocketAddr, Vec<u8>)>,
    /// What waits was told.
    announced: bool,
}

/// All sockets, and how their data is written.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    all: [Option<Socket>; COUNT],
    hexadecimal: bool,
}

impl Sockets {
    /// Everything that a restart takes.
    pub(super) fn forget(&mut self, chassis: &mut Chassis) {
        self.forget_open(chassis);
        self.hexadecimal &= chassis.quirks.keeps_udconf;
    }

    pub(super) fn forget_open(&mut self, chassis: &mut Chassis) {
        for place in &mut self.all {
            close(chassis, place.take());
        }
    }

    pub(super) fn numbers(&self) -> Vec<u8> {
        let open = (0..).zip(&self.all).filter(|(_, socket)| socket.is_some());
        open.map(|(number, _)| number).collect()
    }

    pub(super) fn handle(&self, number: u8) -> Option<usize> {
        self.all.get(usize::from(number))?.as_ref()?.handle
    }

    fn get(&mut self, number: u8) -> Option<&mut Socket> {
        self.all.get_mut(usize::from(number))?.as_mut()
    }
}

fn close(chassis: &mut Chassis, socket: Option<Socket>) {
    if let Some(handle) = socket.and_then(|socket| socket.handle) {
        chassis.network.close(handle);
    }
}

impl SaraR5Firmware {
    pub(super) fn socket_command(
        &mut self,
        chassis: &mut Chassis,
        name: &str,
        form: &Form,
    ) -> Answer {
        let Form::Write(arguments) = form else {
            return Err(Failure::form());
        };
        let arguments = Arguments(arguments);
        match name {
            "UDCONF" => {
                arguments.count(&[2])?;
                arguments.byte(0, 1..=1)?;
                self.sockets.hexadecimal = arguments.byte(1, 0..=1)? == 1;
                Done::ok(10)
            }
            "USOCR" => self.create(chassis, arguments),
            "USOCL" => {
                arguments.count(&[1])?;
                let number = arguments.byte(0, 0..=6)?;
                if self.vanish(chassis, number) {
                    Done::ok(30)
                } else {
                    Err(Failure::misuse("closing a socket that is not there"))
                }
            }
            "USOCTL" => self.control(chassis, arguments),
            "USOST" => self.send_to(chassis, arguments),
            _ => self.receive_from(chassis, arguments),
        }
    }

    fn create(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[1, 2])?;
        let protocol = arguments.byte(0, 6..=17)?;
        if !matches!(protocol, 6 | 17) {
            return Err(Failure::misuse("a protocol that is neither 6 nor 17"));
        }
        let port = match arguments.len() {
            2 => format!(",{}", arguments.short(1, 1..=65535)?),
            _ => String::new(),
        };
        if !self.access.active {
            return Err(Failure::misuse("a socket without an active profile"));
        }
        let Some(number) = self.sockets.all.iter().position(Option::is_none) else {
            return Err(Failure::state());
        };
        let handle = match protocol {
            17 => Some(chassis.network.open().map_err(|_| Failure::state())?),
            _ => None,
        };
        let life = chassis.next_serial();
        if let Some(place) = self.sockets.all.get_mut(number) {
            *place = Some(Socket {
                protocol,
                handle,
                life,
                outbox: VecDeque::new(),
                arrived: VecDeque::new(),
                announced: false,
            });
        }
        if chassis.quirks.hides_socket > 0 {
            chassis.quirks.hides_socket -= 1;
            return Done::ok(20);
        }
        Done::line(format!("{}{number}{port}", chassis.head("USOCR")))
    }

    /// Takes a socket away; whether it was there.
    pub(super) fn vanish(&mut self, chassis: &mut Chassis, number: u8) -> bool {
        let place = self.sockets.all.get_mut(usize::from(number));
        let socket = place.and_then(Option::take);
        let there = socket.is_some();
        close(chassis, socket);
        there
    }

    fn control(&mut self, chassis: &Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[2])?;
        let number = arguments.byte(0, 0..=6)?;
        let what = arguments.byte(1, 0..=11)?;
        // To ask is how a host finds out whether it is there.
        let socket = self.sockets.get(number).ok_or(Failure::state())?;
        let value = match what {
            0 => socket.protocol,
            1 => 0,
            _ => return Err(Failure::misuse("a question for TCP sockets only")),
        };
        Done::line(format!("{}{number},{what},{value}", chassis.head("USOCTL")))
    }

    fn send_to(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[4, 5])?;
        let socket = arguments.byte(0, 0..=6)?;
        let address: IpAddr = arguments
            .text(1)?
            .parse()
            .map_err(|_| Failure::misuse("no address where the document has one"))?;
        let to = SocketAddr::new(address, arguments.short(2, 1..=65535)?);
        let hexadecimal = self.sockets.hexadecimal;
        let longest = if hexadecimal { LONGEST_HEX } else { LONGEST };
        let length = arguments.number(3, 1..=longest)?;
        let there = self.sockets.get(socket);
        if there.is_none_or(|socket| socket.protocol != 17) {
            return Err(Failure::state());
        }
        if arguments.len() == 4 {
            if hexadecimal {
                return Err(Failure::misuse("no data in hexadecimal mode"));
            }
            let prompted = chassis.now().after(Millis::new(PROMPT_AFTER));
            let count = usize::try_from(length).unwrap_or(0);
            let sending = Sending {
                socket,
                to,
                length,
                prompted,
            };
            let prompt = Prompt::new(sending, Until::Count(count));
            return Ok(Done::Prompt(prompt.text(b"\r\n@")));
        }
        let data = arguments.bytes(4)?;
        let data = match hexadecimal {
            true => unhex(data).ok_or(Failure::misuse("data that is not hex"))?,
            false => data.to_vec(),
        };
        if u32::try_from(data.len()) != Ok(length) {
            return Err(Failure::misuse("another length than was said"));
        }
        self.send_data(chassis, socket, to, data)
    }

    /// The bytes behind the prompt are complete.
    pub(super) fn prompted(
        &mut self,
        chassis: &mut Chassis,
        sending: Sending,
        bytes: &[u8],
    ) -> Answer {
        if !chassis.now().reached(sending.prompted.after(PROMPT_PAUSE)) {
            chassis.note("bytes sooner than 50 ms behind the prompt");
        }
        debug_assert_eq!(u32::try_from(bytes.len()), Ok(sending.length));
        self.send_data(chassis, sending.socket, sending.to, bytes.to_vec())
    }

    fn send_data(
        &mut self,
        chassis: &mut Chassis,
        number: u8,
        to: SocketAddr,
        data: Vec<u8>,
    ) -> Answer {
        let length = data.len();
        let socket = self.sockets.get(number).ok_or(Failure::state())?;
        if chassis.quirks.sends_nothing > 0 {
            chassis.quirks.sends_nothing -= 1;
            return Done::ok(20);
        }
        socket.outbox.push_back((to, data));
        // A moment after the OK, so that no answer, however quick, comes before it.
        chassis.later(21, Event::Depart(number, socket.life));
        Ok(Done::Said {
            lines: vec![format!("{}{number},{length}", chassis.head("USOST")).into_bytes()],
            after: 20,
        })
    }

    pub(super) fn depart(&mut self, chassis: &mut Chassis, number: u8, life: u32) {
        let socket = self
            .sockets
            .get(number)
            .filter(|socket| socket.life == life);
        let Some(socket) = socket else {
            return;
        };
        if let (Some(handle), Some((to, data))) = (socket.handle, socket.outbox.pop_front()) {
            // Without coverage it is lost on its way, which the modem does not notice.
            if chassis.settings.registered {
                let now = chassis.now();
                let _ = chassis.network.send(now, handle, to, &data);
            }
        }
    }

    pub(super) fn socket_datagram(&mut self, chassis: &mut Chassis) -> bool {
        let now = chassis.now();
        for (number, place) in (0..).zip(&mut self.sockets.all) {
            let Some(socket) = place else {
                continue;
            };
            let came = socket
                .handle
                .and_then(|handle| chassis.network.receive(now, handle));
            if let Some(came) = came {
                socket.arrived.push_back(came);
                let life = socket.life;
                self.announce(chassis, number, life);
                return true;
            }
        }
        false
    }

    /// Tells that something waits, once until it is read.
    pub(super) fn announce(&mut self, chassis: &mut Chassis, number: u8, life: u32) {
        let name = if chassis.quirks.uusorf {
            "UUSORF"
        } else {
            "UUSORD"
        };
        let head = chassis.head(name);
        let socket = self
            .sockets
            .get(number)
            .filter(|socket| socket.life == life);
        if let Some(socket) = socket
            && !socket.announced
            && let Some((_, next)) = socket.arrived.front()
        {
            socket.announced = true;
            let length = next.len();
            chassis.urc(format!("{head}{number},{length}"));
        }
    }

    fn receive_from(&mut self, chassis: &mut Chassis, arguments: Arguments<'_>) -> Answer {
        arguments.count(&[2])?;
        let number = arguments.byte(0, 0..=6)?;
        let hexadecimal = self.sockets.hexadecimal;
        let most = if hexadecimal {
            chassis.quirks.hex_read
        } else {
            LONGEST
        };
        let most = arguments.number(1, 0..=most)?;
        let (whole, misprinted) = (
            chassis.quirks.whole_datagrams,
            chassis.quirks.misprinted_length,
        );
        let head = chassis.head("USORF");
        let (early, erring) = (
            chassis.quirks.announces_early,
            chassis.quirks.nothing_is_an_error,
        );
        let socket = self.sockets.get(number).ok_or(Failure::state())?;
        if erring && (most == 0 || socket.arrived.is_empty()) {
            return Err(Failure::state());
        }
        let Some((from, data)) = socket.arrived.front_mut() else {
            return Done::line(format!("{head}{number},0"));
        };
        if most == 0 {
            return Done::line(format!("{head}{number},{}", data.len()));
        }
        let from = *from;
        let taken: Vec<u8> = data.drain(..data.len().min(most as usize)).collect();
        if whole || data.is_empty() {
            socket.arrived.pop_front();
        }
        socket.announced = false;
        let life = socket.life;
        if !early {
            chassis.later(20, Event::Announce(number, life));
        }
        let length = if misprinted { 2 } else { taken.len() };
        let (address, port) = (from.ip(), from.port());
        let mut line = format!("{head}{number},\"{address}\",{port},{length},\"").into_bytes();
        match hexadecimal {
            true => line.extend(hex(&taken).bytes()),
            false => line.extend(taken),
        }
        line.push(b'"');
        if early {
            self.announce(chassis, number, life);
        }
        Done::line(line)
    }
}
