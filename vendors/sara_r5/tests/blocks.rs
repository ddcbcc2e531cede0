//! Bodies larger than a message, by the module's own block parameters.

use super::desk::{content, line, native, operation, polite, shown, up};
use crate::client::{Blocking, Request};
use crate::error::Unsupported;
use crate::message::Code;
use crate::sim::{Line, Sent};
use crate::time::Millis;
use crate::vendors::sara_r5::SaraR5;
use crate::vendors::sara_r5::sim::quirks::{BlockFields, Blocks};
use crate::vendors::sara_r5::tests::desk::Module;
use coap_lite::{CoapOption, Packet};

const PUT: Request<'_> = Request::put("/store/image", &[]).limit(Millis::from_secs(1000));

fn body(length: usize) -> Vec<u8> {
    let bytes = (0..length).map(|place| place * 31 + place / 256);
    bytes.map(|byte| byte.to_le_bytes()[0]).collect()
}

/// The blocks that went to the server: number, whether more follow, size, and how many bytes there were.
fn sent(journal: &[Sent]) -> Vec<(u32, bool, usize, usize)> {
    let packets = journal
        .iter()
        .map(|sent| Packet::from_bytes(&sent.datagram).unwrap());
    let blocks = packets.filter_map(|packet| {
        let value = packet.get_first_option(CoapOption::Block1)?;
        let value = value
            .iter()
            .fold(0, |sum: u32, byte| sum << 8 | u32::from(*byte));
        let size = 16 << (value & 7);
        Some((value >> 4, value & 8 != 0, size, packet.payload.len()))
    });
    blocks.collect()
}

/// What the server has.
fn stored(line: &Line<Module>) -> Option<Vec<u8>> {
    let module = line.device();
    let mut module = module;
    let mut get = Packet::new();
    get.header.code = coap_lite::MessageClass::Request(coap_lite::RequestType::Get);
    for segment in [&b"store"[..], b"image"] {
        get.add_option(CoapOption::UriPath, segment.to_vec());
    }
    let (mut body, mut num) = (Vec::new(), 0_u32);
    loop {
        get.header.message_id += 1;
        get.clear_option(CoapOption::Block2);
        let value = (num << 4 | 6).to_be_bytes();
        get.add_option(CoapOption::Block2, value[1..].to_vec());
        let somebody = std::net::SocketAddr::from(([192, 0, 2, 77], 5683));
        let bytes = get.to_bytes().unwrap();
        let now = crate::time::Instant::from_millis(0);
        let answer = module.network().server.handle(now, somebody, &bytes)?;
        let answer = Packet::from_bytes(&answer).unwrap();
        if answer.header.get_code() != "2.05" {
            return None;
        }
        body.extend_from_slice(&answer.payload);
        let block = answer.get_first_option(CoapOption::Block2)?;
        if block.last()? & 8 == 0 {
            return Some(body);
        }
        num += 1;
    }
}

#[test]
fn a_body_goes_up_in_the_modules_own_blocks_whatever_it_shows_of_the_answers() {
    for fields in [
        BlockFields::AsPrinted,
        BlockFields::Always,
        BlockFields::Never,
    ] {
        for length in [513, 1024, 3000] {
            let line = line(|quirks| quirks.block_fields = fields);
            native(&line, |host| {
                up(host);
                line.device().network().take_journal();
                let mut buffer = [0; 100];
                let response = host.upload(&PUT, &body(length)[..], &mut buffer).unwrap();
                assert_eq!(response.code(), shown::<SaraR5>(Code::CHANGED));
            });
            let sent = sent(&line.device().network().take_journal());
            let count = length.div_ceil(512);
            assert_eq!(sent.len(), count);
            for (place, block) in sent.into_iter().enumerate() {
                let (number, more) = (u32::try_from(place).unwrap(), place + 1 < count);
                let rest = if more { 512 } else { length - place * 512 };
                // The last one has the size that the module gives it.
                assert_eq!((block.0, block.1, block.3), (number, more, rest));
            }
            assert!(stored(&line) == Some(body(length)), "{fields:?} {length}");
            polite(&line);
        }
    }
}

#[test]
fn a_body_goes_up_although_datagrams_are_lost() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        let mut module = line.device();
        module.network().link.loss = 15;
        module.network().link.duplicates = 10;
        drop(module);
        let mut buffer = [0; 100];
        let response = host.upload(&PUT, &body(16 << 10)[..], &mut buffer).unwrap();
        assert!(response.code().is_success());
    });
    assert!(stored(&line) == Some(body(16 << 10)));
    polite(&line);
}

#[test]
fn a_body_that_fits_one_message_goes_without_a_word_of_blocks() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        let mut buffer = [0; 100];
        host.upload(&PUT, &body(512)[..], &mut buffer).unwrap();
        assert_eq!(sent(&line.device().network().take_journal()), []);
    });
    assert!(stored(&line) == Some(body(512)));
}

#[test]
fn blocks_from_a_port_each_are_lost_by_the_server_and_the_caller_hears_of_it() {
    let line = line(|quirks| quirks.port_an_exchange = true);
    native(&line, |host| {
        up(host);
        let mut buffer = [0; 100];
        let response = host.upload(&PUT, &body(2000)[..], &mut buffer).unwrap();
        assert_eq!(response.code(), Code::new(4, 0));
        let hint = SaraR5::hint(&response);
        assert_eq!(hint, Some(Code::REQUEST_ENTITY_INCOMPLETE));
    });
    assert_eq!(stored(&line), None);
}

#[test]
fn a_large_body_goes_up_and_a_large_answer_comes_as_the_module_gives_it() {
    for blocks in [Blocks::Parts, Blocks::Joined] {
        let line = line(|quirks| quirks.blocks = blocks);
        native(&line, |host| {
            up(host);
            let mut buffer = [0; 1400];
            let mut back = Vec::new();
            let post = Request::post("/echo", &[]).limit(Millis::from_secs(1000));
            let received = host
                .exchange(&post, &body(1300)[..], &mut back, &mut buffer)
                .unwrap();
            assert_eq!(received.response.code(), content::<SaraR5>());
            assert!(back == body(1300));
        });
        polite(&line);
    }
}

#[test]
fn where_to_begin_a_download_cannot_be_said() {
    let line = line(|_| {});
    native(&line, |host| {
        up(host);
        line.device().network().take_journal();
        let from = crate::client::Resume {
            offset: 512,
            etag: None,
        };
        let mut buffer = [0; 200];
        let get = Request::get("/large");
        let result = host.download_from(&get, &from, &mut Vec::new(), &mut buffer);
        let refused = Unsupported::Option(crate::message::Number::BLOCK2);
        let refused = crate::error::Error::from(refused).or(crate::error::WayOut::Sockets);
        assert_eq!(result.map(|_| ()), operation(refused));
        assert_eq!(line.device().network().take_journal(), []);
    });
}
