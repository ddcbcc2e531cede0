//! CoAP over a stream of bytes (RFC 8323, sections 3.2 and 5), for simulated modems and the server behind them.
//!
//! Of a message's two forms only the head differs, so a message is handled as the datagram that it would be: `coap-lite` knows
//! those alone. Such a datagram is non-confirmable, and its id means nothing.
//!
//! Left out: what the signaling messages may say in options (longer messages, block-wise transfer by BERT, custody), TLS, WebSockets.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// The codes of signaling messages (section 5).
pub mod signal {
    /// Capabilities and settings: the first message either way.
    pub const CSM: u8 = 0xE1;
    /// Asks whether the other end is there.
    pub const PING: u8 = 0xE2;
    /// It is.
    pub const PONG: u8 = 0xE3;
    /// The other end wants the stream to be closed.
    pub const RELEASE: u8 = 0xE4;
    /// The other end closes it, because something was wrong.
    pub const ABORT: u8 = 0xE5;
}

/// Version 1, non-confirmable (RFC 7252, section 3).
const NON: u8 = 0x50;

/// The longest piece of a stream that is read at once.
const PIECE: usize = 65_535;

/// A message without options and payload, such as one that signals.
pub fn bare(code: u8, token: &[u8]) -> Vec<u8> {
    let length = u8::try_from(token.len()).unwrap_or(0) & 15;
    [&[NON | length, code, 0, 0], token].concat()
}

/// The bytes on a stream of the message that a datagram holds (section 3.2). Nothing for what is no message.
pub fn frame(datagram: &[u8]) -> Vec<u8> {
    let [first, code, _, _, rest @ ..] = datagram else {
        return Vec::new();
    };
    let token = first & 15;
    // Options, marker and payload; the token is not counted.
    let Some(length) = rest.len().checked_sub(token.into()) else {
        return Vec::new();
    };
    let wide = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut bytes = match u32::from_be_bytes(wide) {
        short @ 0..13 => vec![u8::try_from(short).unwrap_or(0) << 4 | token],
        medium @ 13..269 => vec![13 << 4 | token, u8::try_from(medium - 13).unwrap_or(0)],
        long @ 269..65_805 => {
            let more = u16::try_from(long - 269).unwrap_or(0).to_be_bytes();
            vec![14 << 4 | token, more[0], more[1]]
        }
        longest => {
            let mut head = vec![15 << 4 | token];
            head.extend((longest - 65_805).to_be_bytes());
            head
        }
    };
    bytes.push(*code);
    bytes.extend(rest);
    bytes
}

/// Puts messages together from the pieces in which a stream delivers them.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
}

impl Reader {
    /// A piece has come.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes.extend(piece);
    }

    /// The next whole message, as a datagram.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        let (first, rest) = self.bytes.split_first()?;
        let (base, wide) = match first >> 4 {
            13 => (13, 1),
            14 => (269, 2),
            15 => (65_805, 4),
            short => (short.into(), 0),
        };
        let token = first & 15;
        let (more, rest) = rest.split_at_checked(wide)?;
        let more = more
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (code, rest) = rest.split_first()?;
        let body = rest.get(..base + more + usize::from(token))?;
        let datagram = [&[NON | token, *code, 0, 0], body].concat();
        self.bytes.drain(..1 + wide + 1 + body.len());
        Some(datagram)
    }
}

/// The server's end of a stream, before a server that knows datagrams.
#[derive(Debug, Default)]
pub(super) struct Gateway {
    reader: Reader,
    greeted: bool,
    last_id: u16,
}

impl Gateway {
    /// A piece of the stream has come: what is said at once, and the requests in it.
    pub(super) fn handle(&mut self, piece: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let (mut said, mut requests) = (Vec::new(), Vec::new());
        self.reader.push(piece);
        while let Some(mut datagram) = self.reader.take() {
            let code = datagram.get(1).copied().unwrap_or(0);
            if !std::mem::replace(&mut self.greeted, true) {
                said.extend(frame(&bare(signal::CSM, &[])));
                if code != signal::CSM {
                    // Section 5.3: nothing comes before it.
                    said.extend(frame(&bare(signal::ABORT, &[])));
                    break;
                }
            }
            match code {
                signal::PING => {
                    let token = usize::from(datagram.first().map_or(0, |first| first & 15));
                    let token = datagram.get(4..4 + token).unwrap_or(&[]);
                    said.extend(frame(&bare(signal::PONG, token)));
                }
                // Section 3.4: an empty message, and what signals nothing that matters here.
                0 | 0xE0.. => {}
                _ => {
                    self.last_id = self.last_id.wrapping_add(1);
                    let id = self.last_id.to_be_bytes();
                    if let Some(place) = datagram.get_mut(2..4) {
                        place.copy_from_slice(&id);
                    }
                    requests.push(datagram);
                }
            }
        }
        (said, requests)
    }

    /// The server's answer on the stream. It knows no resets: an abort is what comes next.
    pub(super) fn answer(datagram: &[u8]) -> Vec<u8> {
        match datagram {
            [first, ..] if first & 0x30 == 0x30 => frame(&bare(signal::ABORT, &[])),
            [_, 0, ..] => Vec::new(),
            _ => frame(datagram),
        }
    }

    /// Serves streams before a server's UDP socket, for ever, each in a thread of its own.
    pub(super) fn run_on(listener: &TcpListener, server: SocketAddr) {
        for stream in listener.incoming().flatten() {
            let relay = std::thread::Builder::new().name("coap-stream".into());
            // One that ends with an error is the peer's affair.
            let _ = relay.spawn(move || Self::relay(stream, server));
        }
    }

    fn relay(mut stream: TcpStream, server: SocketAddr) -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(Duration::from_millis(10)))?;
        stream.set_read_timeout(Some(Duration::from_millis(10)))?;
        let mut gateway = Self::default();
        let mut buffer = vec![0; PIECE];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    let piece = buffer.get(..length).unwrap_or_default();
                    let (said, requests) = gateway.handle(piece);
                    stream.write_all(&said)?;
                    for request in requests {
                        socket.send(&request)?;
                    }
                }
                Err(error) if is_patience(&error) => {}
                Err(error) => return Err(error),
            }
            if let Ok(length) = socket.recv(&mut buffer) {
                let answer = buffer.get(..length).unwrap_or_default();
                stream.write_all(&Self::answer(answer))?;
            }
        }
    }
}

/// Whether nothing has come yet.
pub(super) fn is_patience(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_written_in_as_few_bytes_as_it_takes() {
        // Section 3.2, figure 5, and both sides of every step.
        for (length, head) in [
            (0, &[0x01, 0x45, 0xAA][..]),
            (12, &[0xC1, 0x45, 0xAA]),
            (13, &[0xD1, 0, 0x45, 0xAA]),
            (268, &[0xD1, 255, 0x45, 0xAA]),
            (269, &[0xE1, 0, 0, 0x45, 0xAA]),
            (65_804, &[0xE1, 255, 255, 0x45, 0xAA]),
            (65_805, &[0xF1, 0, 0, 0, 0, 0x45, 0xAA]),
        ] {
            let datagram = [&[0x61, 0x45, 0x12, 0x34, 0xAA][..], &vec![7; length]].concat();
            let bytes = frame(&datagram);
            assert_eq!(bytes, [head, &vec![7; length]].concat());
            let mut reader = Reader::default();
            reader.push(&bytes);
            let expected = [&[0x51, 0x45, 0, 0, 0xAA][..], &vec![7; length]].concat();
            assert_eq!(reader.take(), Some(expected));
            assert_eq!(reader.take(), None);
        }
        assert_eq!(
            frame(&[0x48, 0x45, 0, 0, 1]),
            [0; 0],
            "a token that is not there"
        );
    }

    #[test]
    fn messages_are_whole_however_the_stream_is_cut() {
        let datagrams = [
            bare(signal::CSM, &[]),
            [&[0x52, 0x45, 0, 0, 1, 2, 0xFF][..], &[9; 300]].concat(),
            bare(signal::PONG, &[5]),
        ];
        let stream: Vec<u8> = datagrams.iter().flat_map(|one| frame(one)).collect();
        for size in 1..stream.len() {
            let mut reader = Reader::default();
            let mut whole = Vec::new();
            for piece in stream.chunks(size) {
                reader.push(piece);
                whole.extend(std::iter::from_fn(|| reader.take()));
            }
            assert_eq!(whole, datagrams);
        }
    }

    #[test]
    fn a_server_greets_answers_pings_and_hears_requests_only_behind_a_greeting() {
        let csm = frame(&bare(signal::CSM, &[]));
        let get = [0x51, 1, 0, 0, 0xAB];
        let mut gateway = Gateway::default();
        let (said, requests) = gateway.handle(&[csm.clone(), frame(&get), frame(&get)].concat());
        assert_eq!((said, requests.len()), (csm.clone(), 2));
        assert_ne!(requests[0], requests[1], "ids of their own");
        let (said, requests) = gateway.handle(&frame(&bare(signal::PING, &[7])));
        assert_eq!(
            (said, requests.len()),
            (frame(&bare(signal::PONG, &[7])), 0)
        );

        let (said, requests) = Gateway::default().handle(&frame(&get));
        let abort = frame(&bare(signal::ABORT, &[]));
        assert_eq!((said, requests.len()), ([csm, abort.clone()].concat(), 0));
        assert_eq!(Gateway::answer(&[0x70, 0, 0, 1]), abort);
        assert_eq!(Gateway::answer(&[0x60, 0, 0, 1]), [0; 0]);
        assert_eq!(Gateway::answer(&[0x51, 0x45, 0, 9, 1]), [0x01, 0x45, 1]);
    }
}
