//! A server's part, written for one case: the other side of the line, line by line.

use coap_lite::{MessageClass, MessageType, Packet};
use std::net::{SocketAddr, UdpSocket};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A part that is being played.
pub(crate) struct Play<R> {
    /// Where the client finds it.
    pub(crate) port: u16,
    thread: JoinHandle<R>,
}

impl<R> Play<R> {
    /// Whether the part is over.
    pub(crate) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for its end. What failed in there fails here.
    pub(crate) fn end(self) -> R {
        match self.thread.join() {
            Ok(result) => result,
            Err(failure) => std::panic::resume_unwind(failure),
        }
    }
}

/// Plays a part on a port of its own.
pub(crate) fn play<R: Send + 'static>(
    part: impl FnOnce(&mut Part) -> R + Send + 'static,
) -> Play<R> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let port = socket.local_addr().unwrap().port();
    let mut stage = Part {
        socket,
        client: None,
        last_id: 0x7000,
    };
    let thread = thread::spawn(move || part(&mut stage));
    Play { port, thread }
}

/// The player's side of the line.
pub(crate) struct Part {
    socket: UdpSocket,
    client: Option<SocketAddr>,
    last_id: u16,
}

impl Part {
    /// The next datagram.
    pub(crate) fn receive_raw(&mut self) -> Vec<u8> {
        let mut buffer = [0; 2048];
        let (length, from) = self.socket.recv_from(&mut buffer).expect("a datagram");
        self.client = Some(from);
        buffer[..length].to_vec()
    }

    /// The next message.
    pub(crate) fn receive(&mut self) -> Packet {
        Packet::from_bytes(&self.receive_raw()).unwrap()
    }

    /// Who spoke last.
    pub(crate) fn client(&self) -> SocketAddr {
        self.client.unwrap()
    }

    /// Sends bytes, messages or not, to who spoke last.
    pub(crate) fn send_raw(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.client()).unwrap();
    }

    /// Sends a message to who spoke last.
    pub(crate) fn send(&self, packet: &Packet) {
        let bytes = packet.to_bytes().unwrap();
        self.send_raw(&bytes);
    }

    /// A message id that was not used before.
    pub(crate) fn fresh_id(&mut self) -> u16 {
        self.last_id += 1;
        self.last_id
    }

    /// What the client has sent so far: a ping marks the place in the conversation, and its answer must come.
    pub(crate) fn heard(&mut self) -> Vec<Vec<u8>> {
        let [high, low] = self.fresh_id().to_be_bytes();
        self.send_raw(&[0x40, 0, high, low]);
        let mut heard = Vec::new();
        loop {
            let bytes = self.receive_raw();
            if bytes == [0x70, 0, high, low] {
                return heard;
            }
            heard.push(bytes);
        }
    }
}

/// The beginning of a response in the acknowledgement of its request: its id, its token.
pub(crate) fn piggybacked(request: &Packet, code: &str) -> Packet {
    let mut response = separate(request, code, request.header.message_id);
    response.header.set_type(MessageType::Acknowledgement);
    response
}

/// The beginning of a confirmable response with an id of its own.
pub(crate) fn separate(request: &Packet, code: &str, id: u16) -> Packet {
    let mut response = Packet::new();
    response.header.set_type(MessageType::Confirmable);
    response.header.set_code(code);
    response.header.message_id = id;
    response.set_token(request.get_token().to_vec());
    response
}

/// An empty message.
pub(crate) fn empty(kind: MessageType, id: u16) -> Packet {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = MessageClass::Empty;
    packet.header.message_id = id;
    packet
}
