//! A peer that answers each request as a test wants it: UDP on this host, its CoAP by `coap-lite`.

use coap_lite::{CoapOption, MessageClass, MessageType, Packet};
use coap_modem::client::{Blocking, Remote};
use coap_modem::error::{Blocks, ClientError, Error, PeerError};
use coap_modem::udp::{Memory, UdpClient};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An answer: code, options by number, payload.
#[derive(Clone, Debug)]
pub(crate) struct Say {
    code: u8,
    options: Vec<(u16, Vec<u8>)>,
    payload: Vec<u8>,
}

/// An answer with this code, as people write it: 204 is 2.04.
pub(crate) fn say(code: u16) -> Say {
    Say {
        code: u8::try_from(((code / 100) << 5) | (code % 100)).unwrap(),
        options: Vec::new(),
        payload: Vec::new(),
    }
}

impl Say {
    fn option(mut self, number: u16, value: &[u8]) -> Self {
        self.options.push((number, value.to_vec()));
        self
    }

    fn uint(self, number: u16, value: u32) -> Self {
        let bytes = value.to_be_bytes();
        let skip = bytes.iter().take_while(|byte| **byte == 0).count();
        self.option(number, &bytes[skip..])
    }

    /// Block1 as RFC 7959 writes it: number, more, size.
    pub(crate) fn block1(self, num: u32, more: u32, size: u32) -> Self {
        self.uint(27, num << 4 | more << 3 | (size.ilog2() - 4))
    }

    /// Block2.
    pub(crate) fn block2(self, num: u32, more: u32, size: u32) -> Self {
        self.uint(23, num << 4 | more << 3 | (size.ilog2() - 4))
    }

    pub(crate) fn raw(self, number: u16, value: &[u8]) -> Self {
        self.option(number, value)
    }

    pub(crate) fn etag(self, tag: &[u8]) -> Self {
        self.option(4, tag)
    }

    pub(crate) fn size2(self, size: u32) -> Self {
        self.uint(28, size)
    }

    pub(crate) fn body(mut self, payload: &[u8]) -> Self {
        self.payload = payload.to_vec();
        self
    }
}

/// The peer's side of a test.
pub(crate) struct Peer {
    pub(crate) port: u16,
    socket: UdpSocket,
    heard: Arc<Mutex<Heard>>,
}

/// The requests in short, and their tokens.
type Heard = (Vec<String>, Vec<Vec<u8>>);

impl Peer {
    /// A peer that says these things, one a request, and nothing more.
    pub(crate) fn new(answers: impl IntoIterator<Item = Say>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let peer = Self {
            port,
            socket: socket.try_clone().unwrap(),
            heard: Arc::clone(&heard),
        };
        let mut answers: VecDeque<Say> = answers.into_iter().collect();
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            loop {
                let (length, from) = match socket.recv_from(&mut buffer) {
                    Ok(received) => received,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => return,
                };
                if length <= 1 {
                    return;
                }
                let request = Packet::from_bytes(&buffer[..length]).unwrap();
                {
                    let mut heard = heard.lock().unwrap();
                    heard.0.push(shown(&request));
                    heard.1.push(request.get_token().to_vec());
                }
                let Some(say) = answers.pop_front() else {
                    // Whatever comes then was not meant to be sent.
                    continue;
                };
                let mut reply = Packet::new();
                reply.header.set_type(MessageType::Acknowledgement);
                reply.header.message_id = request.header.message_id;
                reply.header.code = MessageClass::from(say.code);
                reply.set_token(request.get_token().to_vec());
                for (number, value) in say.options {
                    reply.add_option(CoapOption::from(number), value);
                }
                reply.payload = say.payload;
                let bytes = reply.to_bytes_unlimited().unwrap();
                let _ = socket.send_to(&bytes, from);
            }
        });
        peer
    }

    /// What was asked, in short: `PUT 1:0/1/64 S1=200 64` is a block of 64 bytes, the first, of 200.
    pub(crate) fn heard(&self) -> Vec<String> {
        // What was sent without waiting for an answer is here as well.
        std::thread::sleep(Duration::from_millis(20));
        self.heard.lock().unwrap().0.clone()
    }

    pub(crate) fn tokens(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().1.clone()
    }

    /// Runs a test with a client of this peer.
    pub(crate) fn with<T>(&self, test: impl FnOnce(&mut UdpClient<'_>) -> T) -> T {
        let mut memory = Memory::new();
        let mut client = UdpClient::new(&mut memory, crate::libcoap::random);
        client
            .connect(&Remote::new("127.0.0.1", self.port))
            .unwrap();
        test(&mut client)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // An empty message from nobody ends the thread.
        let _ = self.socket.send_to(&[0], ("127.0.0.1", self.port));
    }
}

fn shown(request: &Packet) -> String {
    let mut text = match u8::from(request.header.code) {
        1 => "GET",
        2 => "POST",
        3 => "PUT",
        5 => "FETCH",
        _ => "?",
    }
    .to_owned();
    for (number, values) in request.options() {
        for value in values {
            let number = *number;
            let uint = value
                .iter()
                .fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
            let _ = match number {
                23 | 27 => {
                    let which = if number == 23 { 2 } else { 1 };
                    let (num, more, size) = (uint >> 4, uint >> 3 & 1, 16 << (uint & 7));
                    write!(text, " {which}:{num}/{more}/{size}")
                }
                28 => write!(text, " S2={uint}"),
                60 => write!(text, " S1={uint}"),
                292 => write!(text, " T={uint}"),
                _ => Ok(()),
            };
        }
    }
    if !request.payload.is_empty() {
        let _ = write!(text, " {}", request.payload.len());
    }
    text
}

/// Bytes that differ from place to place.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|place| (place * 31 + place / 256 * 7 + 7) as u8)
        .collect()
}

/// The error of a transfer that a peer has spoilt.
pub(crate) fn blocks<E>(what: Blocks) -> Result<(), ClientError<E>> {
    Err(ClientError::Operation(Error::Peer(PeerError::Blocks(what))))
}

/// A result without its value, comparable.
pub(crate) fn outcome<T>(
    result: Result<T, ClientError<io::Error>>,
) -> Result<(), ClientError<String>> {
    match result {
        Ok(_) => Ok(()),
        Err(ClientError::Operation(error)) => Err(ClientError::Operation(error)),
        Err(ClientError::Link(error)) => Err(ClientError::Link(error.to_string())),
    }
}
