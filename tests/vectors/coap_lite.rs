//! Messages written by coap-lite; `BLESS=1 cargo test --test vectors` writes them into `coap-lite.txt`.

use coap_lite::{MessageClass, MessageType, Packet};

/// The version that `Cargo.lock` has.
const VERSION: &str = "0.13.3";

struct Case {
    name: &'static str,
    kind: MessageType,
    code: u8,
    id: u16,
    token: &'static [u8],
    options: Vec<(u16, Vec<u8>)>,
    payload: Vec<u8>,
}

/// The payload of the messages that instructions are counted with.
fn ramp(len: usize) -> Vec<u8> {
    (0..len).map(|i| (31 * i + 7) as u8).collect()
}

fn text(pairs: &[(u16, &str)]) -> Vec<(u16, Vec<u8>)> {
    pairs
        .iter()
        .map(|&(number, value)| (number, value.as_bytes().to_vec()))
        .collect()
}

fn cases() -> Vec<Case> {
    use MessageType::*;
    let case = |name, kind, code, options, payload| Case {
        name,
        kind,
        code,
        id: 0x1234,
        token: &[0xde, 0xad, 0xbe, 0xef],
        options,
        payload,
    };
    let mut all = vec![
        case(
            "a",
            Confirmable,
            0x01,
            text(&[
                (11, "sensors"),
                (11, "temperature"),
                (15, "unit=cel"),
                (17, "\x3c"),
            ]),
            vec![],
        ),
        case(
            "b",
            Acknowledgement,
            0x45,
            vec![
                (4, vec![0xa1, 0xb2, 0xc3, 0xd4]),
                (12, vec![60]),
                (14, vec![0x01, 0x2c]),
            ],
            ramp(64),
        ),
        case(
            "c",
            Confirmable,
            0x02,
            [
                text(&[
                    (3, "coap.example.com"),
                    (11, "v1"),
                    (11, "devices"),
                    (11, "867648041234567"),
                    (11, "telemetry"),
                    (12, "\x70"),
                    (15, "ep=node-0001"),
                    (15, "lt=86400"),
                ]),
                vec![(27, vec![0x3d]), (60, vec![0x10, 0x00])],
            ]
            .concat(),
            ramp(512),
        ),
        case(
            "observe",
            NonConfirmable,
            0x01,
            text(&[(6, ""), (11, "time")]),
            vec![],
        ),
        case(
            "nothing but a payload",
            NonConfirmable,
            0xa0,
            vec![],
            vec![0xff],
        ),
    ];
    for len in [0, 12, 13, 14, 268, 269, 270, 3000] {
        let option = vec![(65000, vec![0xa5; len]), (65535, vec![0x5a; len])];
        all.push(case(
            "options of every form",
            Confirmable,
            0x05,
            option,
            vec![1],
        ));
    }
    all.push(Case {
        id: 0xfffe,
        token: &[],
        ..case(
            "an empty acknowledgement",
            Acknowledgement,
            0,
            vec![],
            vec![],
        )
    });
    all.push(Case {
        token: &[1, 2, 3, 4, 5, 6, 7, 8],
        ..case("the longest token", Acknowledgement, 0x84, vec![], vec![])
    });
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn or_nothing(text: String) -> String {
    if text.is_empty() { "-".into() } else { text }
}

/// The whole file.
pub(crate) fn file() -> String {
    let mut file =
        format!("# written by coap-lite {VERSION} with coap_lite.rs; the format is in README.md\n");
    for case in cases() {
        let mut packet = Packet::new();
        packet.header.set_type(case.kind);
        packet.header.code = MessageClass::from(case.code);
        packet.header.message_id = case.id;
        packet.set_token(case.token.to_vec());
        packet.payload = case.payload.clone();
        for (number, value) in &case.options {
            packet.add_option((*number).into(), value.clone());
        }
        let kind = match case.kind {
            MessageType::Confirmable => "CON",
            MessageType::NonConfirmable => "NON",
            MessageType::Acknowledgement => "ACK",
            MessageType::Reset => "RST",
        };
        let options: Vec<String> = case
            .options
            .iter()
            .map(|(number, value)| format!("{number}={}", hex(value)))
            .collect();
        file += &format!(
            "{} | {} | {kind} {}.{:02} {:04x} {} | {} | {} | -\n",
            case.name,
            hex(&packet.to_bytes_unlimited().unwrap()),
            case.code >> 5,
            case.code & 31,
            case.id,
            or_nothing(hex(case.token)),
            or_nothing(options.join(" ")),
            or_nothing(hex(&case.payload)),
        );
    }
    file
}
