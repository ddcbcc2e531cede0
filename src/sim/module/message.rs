//! A CoAP message as a simulated modem sees it, in fields; its bytes are `coap-lite`'s (RFC 7252, section 3).

use coap_lite::{CoapOption, MessageClass, MessageType, Packet};

/// A CoAP message, from the host or for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// CON, NON, ACK or RST.
    pub kind: MessageType,
    /// Class and detail in one byte: 69 for 2.05.
    pub code: u8,
    /// The message id.
    pub id: u16,
    /// At most 8 bytes.
    pub token: Vec<u8>,
    /// Numbers and values, in the order of the message.
    pub options: Vec<(u16, Vec<u8>)>,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Message {
    /// A message with neither token nor options nor payload.
    pub const fn new(kind: MessageType, code: u8, id: u16) -> Self {
        Self {
            kind,
            code,
            id,
            token: Vec::new(),
            options: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// The message of a datagram; `None` if it is not CoAP.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let packet = Packet::from_bytes(datagram).ok()?;
        let options = packet.options();
        let options = options
            .flat_map(|(number, values)| values.iter().map(|value| (*number, value.clone())));
        (packet.header.get_version() == 1).then(|| Self {
            kind: packet.header.get_type(),
            code: packet.header.code.into(),
            id: packet.header.message_id,
            token: packet.get_token().to_vec(),
            options: options.collect(),
            payload: packet.payload.clone(),
        })
    }

    /// The datagram of a message. An empty message is empty, whatever it holds (section 4.1).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut packet = Packet::new();
        packet.header.set_type(self.kind);
        packet.header.code = MessageClass::from(self.code);
        packet.header.message_id = self.id;
        if self.code != 0 {
            packet.set_token(self.token.clone());
            for (option, value) in &self.options {
                packet.add_option(CoapOption::from(*option), value.clone());
            }
            packet.payload.clone_from(&self.payload);
        }
        packet.to_bytes_unlimited().unwrap_or_default()
    }

    /// `2.05`
    pub fn code_text(&self) -> String {
        format!("{}.{:02}", self.code >> 5, self.code & 31)
    }

    /// Whether it is a request: class 0, but not empty.
    pub const fn is_request(&self) -> bool {
        self.code >> 5 == 0 && self.code != 0
    }

    /// Whether an empty message holds what no empty message holds.
    pub(super) const fn is_padded_empty(&self) -> bool {
        let padded = !(self.token.is_empty() && self.options.is_empty() && self.payload.is_empty());
        self.code == 0 && padded
    }
}
