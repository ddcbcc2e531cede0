//! Messages: what goes out, what comes back, and what is said about it.

use super::tests::{Host, packet};
use super::*;
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType, ResponseType};

const GET: MessageClass = MessageClass::Request(RequestType::Get);
const CONTENT: MessageClass = MessageClass::Response(ResponseType::Content);
const EMPTY: MessageClass = MessageClass::Empty;

#[test]
fn a_confirmable_get_is_acknowledged_and_answered() {
    let mut host = Host::new().open();
    assert_eq!(host.get(0, 1, "hello"), "");
    assert_eq!(
        host.hear(100),
        "\r\n+QCOAPACK: 0,0,1,0\r\n\r\n+QCOAPRECV: 0,1,2.05,2,AB01,1,12,\"0\",27\r\nHello from the demo server!\r\n"
    );
    let sent = host.journal();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].header.get_type(), MessageType::Confirmable);
    assert_eq!(sent[0].get_token(), [0xAB, 1]);
    assert!(sent[0].payload.is_empty());
}

#[test]
fn every_option_of_the_table_arrives_at_the_server() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPHEADER=0,1,0,0,\"\"");
    for (slot, option) in [
        "11,\"options\"",
        "1,\"\"",
        "4,\"0aFF\"",
        "5,\"\"",
        "12,0",
        "14,4294967295",
        "15,\"a=1, b\"",
        "60,1024",
    ]
    .iter()
    .enumerate()
    {
        host.ok(&format!("AT+QCOAPOPTION=0,0,{slot},{option}"));
    }
    host.ok("AT+QCOAPSEND=0,0,1,255,0");
    let heard = host.hear(200);
    let list = "1 \n4 0AFF\n5 \n11 6F7074696F6E73\n12 \n14 FFFFFFFF\n15 613D312C2062\n60 0400\n";
    assert!(
        heard.contains(&format!(",0,,1,12,\"0\",{}\r\n{list}", list.len())),
        "{heard}"
    );
}

#[test]
fn the_mask_chooses_the_options_bit_by_bit() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPHEADER=0,1,0");
    host.ok("AT+QCOAPOPTION=0,0,0,11,\"a\"");
    host.ok("AT+QCOAPOPTION=0,0,2,11,\"c\"");
    host.ok("AT+QCOAPOPTION=0,0,7,11,\"h\"");
    let path = |host: &mut Host, mask| {
        host.ask(&format!("AT+QCOAPSEND=0,1,1,{mask},0"));
        let sent = host.journal();
        let path = sent[0].get_option(CoapOption::UriPath);
        path.into_iter()
            .flatten()
            .flatten()
            .map(|b| char::from(*b))
            .collect::<String>()
    };
    assert_eq!(path(&mut host, 4), "c");
    assert_eq!(path(&mut host, 5), "ac");
    assert_eq!(path(&mut host, 129), "ah");
    assert_eq!(path(&mut host, 0), "");
    assert!(!host.misuse().iter().any(|m| m.contains("empty slots")));
    assert_eq!(path(&mut host, 255), "ach");
    assert!(host.misuse().iter().any(|m| m.contains("empty slots")));
}

#[test]
fn a_slot_is_filled_once_and_freed_by_removing() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPOPTION=0,0,0,11,\"a\"");
    host.error("AT+QCOAPOPTION=0,0,0,11,\"b\"");
    host.ok("AT+QCOAPOPTION=0,1,0");
    host.error("AT+QCOAPOPTION=0,1,0");
    host.ok("AT+QCOAPOPTION=0,0,0,11,\"b\"");
    host.line.device().quirks.option_overwrite = true;
    host.ok("AT+QCOAPOPTION=0,0,0,11,\"c\"");
}

#[test]
fn header_and_options_go_with_the_session_unless_the_quirk_keeps_them() {
    let reopened = |survive| {
        let mut host = Host::with_quirks(|quirks| quirks.options_survive_close = survive).open();
        host.ok("AT+QCOAPHEADER=0,1,0");
        host.ok("AT+QCOAPOPTION=0,0,0,11,\"a\"");
        host.ok("AT+QCOAPCLOSE=0");
        host.hear(200);
        host.ok("AT+QCOAPOPEN=0,\"demo\",5683");
        host.hear(400);
        host
    };
    let mut host = reopened(false);
    host.error("AT+QCOAPSEND=0,0,1,0,0");
    host.ok("AT+QCOAPOPTION=0,0,0,11,\"b\"");
    let mut host = reopened(true);
    host.ok("AT+QCOAPSEND=0,0,1,0,0");
    host.error("AT+QCOAPOPTION=0,0,0,11,\"b\"");
}

#[test]
fn a_payload_with_its_length_may_hold_any_byte() {
    let mut host = Host::new().open();
    let payload: Vec<u8> = (0..=255).chain(*b"\r\nOK\r\n\x1A\x1B").collect();
    host.ok("AT+QCOAPHEADER=0,1,0");
    host.ok("AT+QCOAPOPTION=0,0,0,11,\"echo\"");
    let prompt = host.ask(&format!("AT+QCOAPSEND=0,0,2,1,{}", payload.len()));
    assert_eq!(prompt, "\r\n> ");
    host.put(&payload);
    let heard = host.hear(200);
    assert!(heard.starts_with("\r\nOK\r\n\r\n+QCOAPACK: 0,0,1,0\r\n"));
    let tail: String = payload.iter().map(|byte| char::from(*byte)).collect();
    assert!(heard.ends_with(&format!(",{}\r\n{tail}\r\n", payload.len())));
    assert_eq!(host.journal()[0].payload, payload);
}

#[test]
fn without_a_length_ctrl_z_sends_and_esc_cancels() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPHEADER=0,1,0");
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,2,0"), "\r\n> ");
    host.put(b"never\x1B");
    assert_eq!(host.hear(40), "\r\nOK\r\n");
    assert!(host.journal().is_empty());
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,2,0"), "\r\n> ");
    host.put(b"21 degrees\r\n\x1A");
    assert!(
        host.hear(60)
            .starts_with("\r\nOK\r\n\r\n+QCOAPACK: 0,1,1,0\r\n")
    );
    host.hear(200);
    assert_eq!(host.journal()[0].payload, b"21 degrees\r\n");
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,2,0"), "\r\n> ");
    host.put(&[b'x'; 1025]);
    host.put(b"\x1A");
    assert_eq!(host.hear(60), "\r\nERROR\r\n", "1025 bytes");
    assert!(host.journal().is_empty());
}

#[test]
fn the_payload_is_echoed_if_commands_are() {
    let mut host = Host::new().open();
    host.ok("ATE1");
    host.ask("AT+QCOAPHEADER=0,1,0");
    assert_eq!(
        host.ask("AT+QCOAPSEND=0,1,2,0,5"),
        "AT+QCOAPSEND=0,1,2,0,5\r\r\n> "
    );
    host.put(b"ab\r\nc");
    assert!(host.hear(20).starts_with("ab\r\nc\r\nOK\r\n"));
}

#[test]
fn a_prompt_that_is_left_waiting_ends_in_an_error() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPHEADER=0,1,0");
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,2,0,5"), "\r\n> ");
    host.put(b"abcd");
    assert_eq!(host.hear(179_000), "");
    assert_eq!(host.hear(2_000), "\r\nERROR\r\n");
    host.ok("AT");
    assert!(host.journal().is_empty());
}

#[test]
fn the_length_zero_does_what_the_quirk_says() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPHEADER=0,1,0");
    host.line.device().quirks.zero_length = ZeroLength::Error;
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,1,0,0"), "\r\nERROR\r\n");
    host.line.device().quirks.zero_length = ZeroLength::Prompts;
    assert_eq!(host.ask("AT+QCOAPSEND=0,1,1,0,0"), "\r\n> ");
    assert!(host.journal().is_empty());
    host.put(b"\x1A");
    assert!(host.hear(40).starts_with("\r\nOK\r\n"));
    assert_eq!(host.journal().len(), 1);
}

#[test]
fn a_lost_request_is_sent_again_with_doubling_time_outs() {
    let mut host = Host::new().open();
    host.line.device().network().drop_sent(2);
    host.get(0, 1, "hello");
    let heard = host.hear(7_000);
    assert!(
        heard.starts_with(
            "\r\n+QCOAPIND: 0,0,1,1,0\r\n\r\n+QCOAPIND: 0,0,1,2,0\r\n\r\n+QCOAPACK: 0,0,1,0\r\n"
        ),
        "{heard}"
    );
    let mut module = host.line.device();
    let journal = module.network().take_journal();
    let gaps: Vec<u32> = journal
        .windows(2)
        .map(|two| two[1].at.since(two[0].at).as_millis())
        .collect();
    assert_eq!(gaps, [2000, 4000]);
    assert!(
        journal
            .windows(2)
            .all(|two| two[0].datagram == two[1].datagram)
    );
}

#[test]
fn a_request_that_nobody_acknowledges_fails_after_the_last_repetition() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPCFG=\"trans\",0,3,4");
    host.get(0, 1, "silent");
    let heard = host.hear(92_000);
    assert!(heard.ends_with("+QCOAPIND: 0,0,1,4,0\r\n"), "{heard}");
    assert_eq!(
        host.hear(2_000),
        "\r\n+QCOAPACK: 0,0,1,-11\r\n",
        "3 * (2^5 - 1) = 93 s"
    );
    assert_eq!(host.journal().len(), 5);
    assert_eq!(host.hear(1_000_000), "");
}

#[test]
fn a_non_confirmable_message_is_reported_as_sent_and_never_repeated() {
    let mut host = Host::new().open();
    assert_eq!(host.get(1, 1, "silent"), "\r\n+QCOAPACK: 0,1,1,0\r\n");
    assert_eq!(host.hear(300_000), "");
    assert_eq!(host.journal().len(), 1);
}

#[test]
fn a_separate_response_follows_an_empty_acknowledgement_and_is_acknowledged_once() {
    let mut host = Host::new().open();
    host.get(0, 1, "separate");
    assert_eq!(host.hear(1_000), "\r\n+QCOAPACK: 0,0,1,0\r\n");
    let heard = host.hear(100_000);
    assert_eq!(
        heard,
        "\r\n+QCOAPRECV: 0,1,2.05,2,AB01,1,12,\"0\",18\r\nThis took a while.\r\n"
    );
    let sent = host.journal();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].header.get_type(), MessageType::Acknowledgement);
    assert_eq!((sent[1].header.code, sent[1].header.message_id), (EMPTY, 1));
}

#[test]
fn a_repeated_separate_response_is_acknowledged_again_and_reported_once() {
    let mut host = Host::new().open();
    host.get(0, 1, "ack-only");
    host.hear(1_000);
    host.journal();
    let mut response = packet(MessageType::Confirmable, CONTENT, 900, &[0xAB, 1]);
    response.payload = b"x".to_vec();
    host.inject(&response);
    assert_eq!(
        host.hear(100),
        "\r\n+QCOAPRECV: 0,900,2.05,2,AB01,0,1\r\nx\r\n"
    );
    host.inject(&response);
    assert_eq!(host.hear(100), "");
    assert_eq!(host.journal().len(), 2, "acknowledgements");
}

#[test]
fn a_response_stands_in_for_a_lost_acknowledgement() {
    let mut host = Host::new().open();
    host.line.device().network().drop_answers(1);
    host.get(0, 1, "ack-only");
    host.inject(&packet(MessageType::Confirmable, CONTENT, 900, &[0xAB, 1]));
    assert_eq!(
        host.hear(300_000),
        "\r\n+QCOAPACK: 0,0,1,0\r\n\r\n+QCOAPRECV: 0,900,2.05,2,AB01,0,0\r\n\r\n"
    );
}

#[test]
fn a_reset_is_reported_as_an_empty_message_and_ends_the_exchange() {
    let mut host = Host::new().open();
    host.get(0, 1, "reset");
    assert_eq!(
        host.hear(300_000),
        "\r\n+QCOAPRECV: 0,1,0.00,0,,0,0\r\n\r\n"
    );
    host.line.device().quirks.empty_payload_line = false;
    host.get_again(0, 2);
    assert_eq!(host.hear(300_000), "\r\n+QCOAPRECV: 0,2,0.00,0,,0,0\r\n");
}

#[test]
fn a_request_of_the_server_is_reported_and_acknowledged_if_the_host_does_not() {
    let mut host = Host::new().open();
    let mut request = packet(MessageType::Confirmable, GET, 77, &[9]);
    request.add_option(CoapOption::UriPath, b"led".to_vec());
    host.inject(&request);
    assert_eq!(
        host.hear(900),
        "\r\n+QCOAPRECV: 0,77,0.01,1,09,1,11,\"led\",0\r\n\r\n"
    );
    assert!(host.journal().is_empty());
    host.hear(200);
    let sent = host.journal();
    assert_eq!(
        (sent[0].header.code, sent[0].header.message_id),
        (EMPTY, 77)
    );

    request.header.message_id = 78;
    host.inject(&request);
    host.hear(100);
    host.ok("AT+QCOAPHEADER=0,78,0,1,\"09\"");
    assert_eq!(host.ask("AT+QCOAPSEND=0,2,69,0,2"), "\r\n> ");
    host.put(b"on");
    assert_eq!(host.hear(2_000), "\r\nOK\r\n\r\n+QCOAPACK: 0,2,78,0\r\n");
    let sent = host.journal();
    assert_eq!(sent.len(), 1, "no empty acknowledgement beside the host's");
    assert_eq!(
        (sent[0].header.code, &sent[0].payload[..]),
        (CONTENT, &b"on"[..])
    );
}

#[test]
fn a_ping_is_answered_by_the_module_and_strangers_are_not_heard() {
    let mut host = Host::new().open();
    host.get(1, 1, "silent");
    host.journal();
    host.inject(&packet(MessageType::Confirmable, EMPTY, 5, &[]));
    assert_eq!(host.hear(100), "");
    assert_eq!(host.journal()[0].header.get_type(), MessageType::Reset);
    let now = host.line.now();
    let stranger = "203.0.113.5:5683".parse().unwrap();
    let datagram = packet(MessageType::NonConfirmable, CONTENT, 6, &[])
        .to_bytes()
        .unwrap();
    host.line
        .device()
        .network()
        .inject(now, 0, stranger, &datagram);
    let from = "220.180.239.212:8028".parse().unwrap();
    host.line
        .device()
        .network()
        .inject(now, 0, from, b"\xFFrubbish");
    let mut version_2 = datagram;
    version_2[0] ^= 0xC0;
    let from = "220.180.239.212:8028".parse().unwrap();
    host.line
        .device()
        .network()
        .inject(now, 0, from, &version_2);
    assert_eq!(host.hear(2_000), "");
}

#[test]
fn a_repeated_request_of_the_server_is_not_acknowledged_before_the_host_had_its_time() {
    let mut host = Host::new().open();
    let request = packet(MessageType::Confirmable, GET, 77, &[9]);
    host.inject(&request);
    assert!(host.hear(300).contains("+QCOAPRECV"));
    host.inject(&request);
    assert_eq!(host.hear(300), "");
    assert!(host.journal().is_empty());
    host.hear(1_000);
    assert_eq!(host.journal().len(), 1);
}

#[test]
fn options_are_shown_as_the_quirk_says() {
    let mut host = Host::new().open();
    let shown = |host: &mut Host, how, id| {
        host.line.device().quirks.options_shown = how;
        let mut response = packet(MessageType::NonConfirmable, CONTENT, id, &[]);
        response.add_option(CoapOption::ETag, vec![0xA1, 0xB2]);
        response.add_option(CoapOption::ContentFormat, vec![]);
        response.add_option(CoapOption::LocationPath, b"a".to_vec());
        response.add_option(CoapOption::LocationPath, b"b,c".to_vec());
        response.add_option(CoapOption::Unknown(9999), vec![7]);
        host.inject(&response);
        let heard = host.hear(100);
        heard.split_once(",0,,").unwrap().1.to_string()
    };
    assert_eq!(
        shown(&mut host, OptionsShown::Pairs, 1),
        "5,4,\"A1B2\",8,\"a\",8,\"b,c\",12,\"0\",9999,\"07\",0\r\n\r\n"
    );
    assert_eq!(
        shown(&mut host, OptionsShown::Joined, 2),
        "5,\"4,A1B2\",\"8,a\",\"8,b,c\",\"12,0\",\"9999,07\",0\r\n\r\n"
    );
    assert_eq!(shown(&mut host, OptionsShown::None, 3), "5,0\r\n\r\n");
}

#[test]
fn names_blanks_and_order_follow_the_quirks() {
    let mut host = Host::with_quirks(|quirks| {
        quirks.ack_name_without_q = true;
        quirks.blank_after_colon = false;
        quirks.ack_after_recv = true;
    });
    host.ask("ATE0");
    host.hear(1000);
    host.put(b"AT+QIACT=1\r");
    host.hear(1000);
    host.ok("AT+QCOAPOPEN=0,\"demo\",5683");
    assert_eq!(host.hear(400), "\r\n+QCOAPOPEN:0,0\r\n");
    host.get(0, 1, "hello");
    let heard = host.hear(100);
    assert!(heard.starts_with("\r\n+QCOAPRECV:0,1,2.05,"));
    assert!(heard.ends_with("!\r\n\r\n+COAPACK:0,0,1,0\r\n"));
}

#[test]
fn a_path_is_one_option_unless_the_quirk_splits_it() {
    let mut host = Host::new().open();
    let segments = |host: &Host| {
        let sent = host.journal();
        sent[0].get_option(CoapOption::UriPath).unwrap().len()
    };
    host.get(1, 1, "store/a");
    assert_eq!(segments(&host), 1);
    host.line.device().quirks.splits_uri_path = true;
    host.get_again(1, 2);
    assert_eq!(segments(&host), 2);
}

#[test]
fn observe_and_block_options_are_taken_only_with_the_quirk() {
    let mut host = Host::new().open();
    for option in ["6,0", "23,6", "27,14", "28,4096"] {
        host.error(&format!("AT+QCOAPOPTION=0,0,0,{option}"));
    }
    host.line.device().quirks.more_options = true;
    host.ok("AT+QCOAPOPTION=0,0,0,6,0");
    host.ok("AT+QCOAPOPTION=0,0,1,23,6");
}

#[test]
fn a_second_confirmable_message_is_refused_only_with_the_quirk() {
    let mut host = Host::new().open();
    host.get(0, 1, "silent");
    host.get_again(0, 2);
    host.hear(100);
    assert_eq!(host.journal().len(), 2);
    host.line.device().quirks.one_at_a_time = true;
    host.ok("AT+QCOAPHEADER=0,3,0");
    assert_eq!(host.ask("AT+QCOAPSEND=0,0,1,1,0"), "\r\nERROR\r\n");
}

#[test]
fn a_message_id_used_twice_is_noted() {
    let mut host = Host::new().open();
    host.get(1, 1, "hello");
    host.hear(100);
    assert!(host.misuse().is_empty());
    host.ask("AT+QCOAPSEND=0,1,1,1,0");
    assert_eq!(host.misuse(), ["message id 1 used twice in a session"]);
}

#[test]
fn an_empty_message_goes_out_empty_and_what_else_was_asked_for_is_noted() {
    let mut host = Host::new().open();
    host.ok("AT+QCOAPHEADER=0,9,0,1,\"FF\"");
    assert_eq!(
        host.ask("AT+QCOAPSEND=0,3,0,0,0"),
        "\r\nOK\r\n\r\n+QCOAPACK: 0,3,9,0\r\n"
    );
    let mut module = host.line.device();
    assert_eq!(module.network().journal()[0].datagram, [0x70, 0, 0, 9]);
    assert_eq!(module.misuse().len(), 1);
    drop(module);
    assert_eq!(host.ask("AT+QCOAPSEND=0,3,0,0,2"), "\r\n> ");
    host.put(b"no");
    host.hear(100);
    let mut module = host.line.device();
    assert_eq!(module.network().journal()[1].datagram, [0x70, 0, 0, 9]);
    assert_eq!(module.misuse().len(), 2, "a reset with a payload");
}

#[test]
fn everything_is_lost_without_a_trace_when_the_context_goes() {
    let mut host = Host::new().open();
    host.get(0, 1, "silent");
    host.line.device().drop_pdp();
    assert_eq!(host.hear(300_000), "\r\n+QIURC: \"pdpdeact\",1\r\n");
    host.ok("AT+QCOAPOPEN?");
    host.ok("AT+QIACT?");
    host.error("AT+QCOAPHEADER=0,1,1");
    assert!(!host.line.device().network().is_open(0));
}

fn decoded(bytes: &[u8]) -> Packet {
    Packet::from_bytes(bytes).unwrap()
}

#[test]
fn a_gentle_loss_is_healed_by_retransmission_and_the_server_acts_once() {
    let mut healed = 0;
    for seed in 0..20 {
        let mut network = crate::sim::TestNetwork::new(seed);
        network.link.loss = 30;
        network.link.duplicates = 20;
        let mut host = Host::with(SimBg96::new(network)).open();
        host.ok("AT+QCOAPHEADER=0,1,0");
        host.ok("AT+QCOAPOPTION=0,0,0,11,\"store\"");
        host.ok("AT+QCOAPOPTION=0,0,1,11,\"a\"");
        host.ask("AT+QCOAPSEND=0,0,3,3,1");
        host.put(b"x");
        let heard = host.hear(200_000);
        let journal = host.line.device().network().take_journal();
        assert!(
            journal
                .iter()
                .all(|sent| decoded(&sent.datagram).payload == b"x")
        );
        assert!(heard.contains("+QCOAPACK: 0,0,1,"), "{seed}: {heard}");
        if heard.contains("+QCOAPACK: 0,0,1,0") {
            healed += 1;
            assert_eq!(heard.matches(",2.01,").count(), 1, "{seed}: {heard}");
        }
    }
    assert!(healed >= 15, "only {healed} of 20 were healed");
}
