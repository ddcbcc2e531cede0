//! Whatever comes from either side, the module neither falls over nor gets stuck.

use proptest::prelude::*;

use super::tests::Host;

/// Pieces of a dialog, sound and unsound.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let sound = prop::sample::select(vec![
        "AT\r",
        "ATE1\r",
        "AT+QCOAPOPEN=0,\"demo\",5683\r",
        "AT+QCOAPOPEN=1,\"demo\",5683\r",
        "AT+QCOAPCLOSE=0\r",
        "AT+QCOAPHEADER=0,1,0,2,\"ABCD\"\r",
        "AT+QCOAPHEADER=0,2,1\r",
        "AT+QCOAPOPTION=0,0,0,11,\"separate\"\r",
        "AT+QCOAPOPTION=0,1,0\r",
        "AT+QCOAPSEND=0,0,1,1,0\r",
        "AT+QCOAPSEND=0,0,2,0,30\r",
        "AT+QCOAPSEND=0,1,2,255\r",
        "AT+QIDEACT=1\r",
        "AT+QIACT=1\r",
        "AT+CFUN=1,1\r",
        "AT+CFUN=4\r",
        "AT+CFUN=1\r",
        "\x1A",
        "\x1B",
    ]);
    let piece = prop_oneof![
        8 => sound.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => "AT\\+QCOAP[A-Z]{4,6}=[0-9,\"]{0,20}\r".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..30)
}

proptest! {
    #[test]
    fn whatever_is_typed_the_module_comes_back(
        pieces in pieces(),
        pauses in prop::collection::vec(0u32..600, 30),
        datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..5),
    ) {
        let mut host = Host::new().open();
        let from = "220.180.239.212:8028".parse().unwrap();
        for datagram in datagrams {
            let now = host.line.now();
            host.line.device().network().inject(now, 0, from, &datagram);
        }
        for (piece, pause) in pieces.iter().zip(pauses) {
            host.put(piece);
            host.hear(pause);
        }
        // A prompt, a reset, an activation: all of them are over by then.
        host.hear(200_000);
        host.put(b"\r");
        host.hear(1_000);
        prop_assert!(host.ask("ATE0").ends_with("\r\nOK\r\n"));
        prop_assert_eq!(host.ask("AT"), "\r\nOK\r\n");
    }

    #[test]
    fn whatever_arrives_the_server_lives(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20)) {
        let mut server = crate::sim::DemoServer::new();
        let from = "10.0.0.1:1".parse().unwrap();
        let now = crate::time::Instant::from_millis(0);
        for mut datagram in datagrams {
            server.handle(now, from, &datagram);
            if let Some(first) = datagram.first_mut() {
                *first = 0x42;
            }
            if let Some(answer) = server.handle(now, from, &datagram) {
                prop_assert!(coap_lite::Packet::from_bytes(&answer).is_ok());
            }
        }
    }
}
