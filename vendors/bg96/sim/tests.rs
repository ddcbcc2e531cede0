//! The document's dialogs typed by hand, and everything that must not work.

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType, ResponseType};
use embedded_io::{Read as _, ReadReady as _, Write as _};

use super::*;
use crate::front::Clock as _;
use crate::sim::{Line, LineClock, Serial, TestNetwork, TimeSource};

type Module = SimBg96<TestNetwork>;

/// A host that types.
struct Host {
    line: Line<Module>,
    serial: Serial<Module>,
    clock: LineClock<Module>,
}

impl Host {
    fn new() -> Self {
        Self::with(Module::new(TestNetwork::default()))
    }

    fn with_quirks(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut quirks = Quirks::default();
        change(&mut quirks);
        Self::with(Module::with_quirks(TestNetwork::default(), quirks))
    }

    fn with(module: Module) -> Self {
        let line = Line::new(module, TimeSource::Virtual);
        Self {
            serial: line.serial(),
            clock: line.clock(),
            line,
        }
    }

    /// Types something.
    fn put(&mut self, bytes: &[u8]) {
        self.serial.write_all(bytes).unwrap();
    }

    /// What comes within so many milliseconds.
    fn hear(&mut self, milliseconds: u32) -> String {
        let until = self.clock.now().after(Millis::new(milliseconds));
        let mut heard = Vec::new();
        loop {
            while self.serial.read_ready().unwrap() {
                let mut buffer = [0; 64];
                let count = self.serial.read(&mut buffer).unwrap();
                heard.extend_from_slice(&buffer[..count]);
            }
            if self.clock.now().reached(until) {
                return heard.into_iter().map(char::from).collect();
            }
            self.clock.idle(until);
        }
    }

    /// Types a command and hears its answer (40 ms: no network answer is that quick).
    fn ask(&mut self, command: &str) -> String {
        self.put(command.as_bytes());
        self.put(b"\r");
        self.hear(40)
    }

    fn ok(&mut self, command: &str) {
        assert_eq!(self.ask(command), "\r\nOK\r\n", "{command}");
    }

    fn error(&mut self, command: &str) {
        let before = self.misuse().len();
        assert_eq!(self.ask(command), "\r\nERROR\r\n", "{command}");
        assert_eq!(self.misuse().len(), before + 1, "no reason: {command}");
    }

    fn misuse(&self) -> Vec<String> {
        self.line.device().misuse().to_vec()
    }

    /// Echo off, registered, context active.
    fn up(mut self) -> Self {
        assert_eq!(self.ask("ATE0"), "ATE0\r\r\nOK\r\n");
        self.hear(1000);
        self.put(b"AT+QIACT=1\r");
        assert_eq!(self.hear(1000), "\r\nOK\r\n");
        self
    }

    /// And a session with the demo server.
    fn open(self) -> Self {
        let mut host = self.up();
        host.ok("AT+QCOAPOPEN=0,\"220.180.239.212\",8028");
        assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 0,0\r\n");
        host
    }

    /// Asks for a resource with GET, one slot for its whole path.
    fn get(&mut self, kind: u8, id: u16, path: &str) -> String {
        self.ok(&format!("AT+QCOAPHEADER=0,{id},0,2,\"AB{:02X}\"", id % 256));
        self.ok(&format!("AT+QCOAPOPTION=0,0,0,11,\"{path}\""));
        let answer = self.ask(&format!("AT+QCOAPSEND=0,{kind},1,1,0"));
        assert!(answer.starts_with("\r\nOK\r\n"), "{answer}");
        answer["\r\nOK\r\n".len()..].into()
    }

    fn journal(&self) -> Vec<Packet> {
        let mut module = self.line.device();
        let sent = module.network().take_journal();
        sent.iter()
            .map(|sent| Packet::from_bytes(&sent.datagram).unwrap())
            .collect()
    }

    fn inject(&self, packet: &Packet) {
        let from = "220.180.239.212:8028".parse().unwrap();
        let now = self.line.now();
        let mut module = self.line.device();
        let datagram = packet.to_bytes().unwrap();
        module.network().inject(now, 0, from, &datagram);
    }
}

fn packet(kind: MessageType, code: MessageClass, id: u16, token: &[u8]) -> Packet {
    let mut packet = Packet::new();
    packet.header.set_type(kind);
    packet.header.code = code;
    packet.header.message_id = id;
    packet.set_token(token.to_vec());
    packet
}

#[test]
fn the_dialog_of_the_document_5_1_gives_its_bytes() {
    let mut host = Host::new().up();
    host.ok("AT+QCOAPCFG=\"pdpcid\",0,1");
    host.ok("AT+QCOAPCFG=\"trans\",0,4,5");
    host.ok("AT+QCOAPOPEN=0,\"220.180.239.212\",8028");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN: 0,0\r\n");
    assert_eq!(
        host.ask("AT+QCOAPOPEN?"),
        "\r\n+QCOAPOPEN: 0,\"220.180.239.212\",8028,3\r\n\r\nOK\r\n"
    );
    host.ok("AT+QCOAPHEADER=0,1234,1");
    host.ok("AT+QCOAPOPTION=0,0,0,11,\"19\"");
    host.ok("AT+QCOAPOPTION=0,0,1,12,40");
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,2,1,20"), "\r\n> ");
    host.put(b"Hello, CoAP Message!");
    let heard = host.hear(2000);

    let sent = host.journal();
    assert_eq!(sent.len(), 1);
    let token = sent[0].get_token();
    assert_eq!(token.len(), 6);
    assert_eq!(sent[0].header.get_type(), MessageType::NonConfirmable);
    assert_eq!(
        sent[0].header.code,
        MessageClass::Request(RequestType::Post)
    );
    assert_eq!(sent[0].header.message_id, 1234);
    let path = sent[0].get_first_option(CoapOption::UriPath);
    assert_eq!(path.unwrap(), b"19");
    assert_eq!(sent[0].get_option(CoapOption::ContentFormat), None);
    assert_eq!(sent[0].payload, b"Hello, CoAP Message!");

    let token = options::hex(token);
    let answer = format!(
        "\r\nOK\r\n\r\n+QCOAPACK: 0,1,1234,0\r\n\r\n+QCOAPRECV: 0,1,4.04,6,{token},0,9\r\nNot Found\r\n"
    );
    assert_eq!(heard, answer);
    host.ok("AT+QCOAPCLOSE=0");
    assert_eq!(host.hear(100), "\r\n+QCOAPCLOSE: 0,0\r\n");
    assert_eq!(host.misuse(), Vec::<String>::new());
}
