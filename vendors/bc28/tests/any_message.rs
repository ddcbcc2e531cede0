//! Messages of every make, told in every way that the simulator has, are what the application gets.

use super::desk::*;
use crate::client::{Blocking as _, Event};
use crate::sim::Dice;
use crate::time::Millis;
use crate::vendors::bc28::Bc28;
use crate::vendors::bc28::sim::DataShown;
use coap_lite::{CoapOption, MessageType, Packet};

/// What payloads are made of: digits of both bases, and whatever else the line itself is made of.
const ALPHABETS: [&[u8]; 5] = [
    b"12,\"",
    b"0123456789,",
    b"0123456789abcdefABCDEF",
    b",\"12 \r\nOK+Q:",
    b"\x00\xFF\x1A\r\n,\"5a",
];

/// Values that look like other parts of the line.
const VALUES: [&[u8]; 4] = [b"a,b", b"12", b"5,1", b"x"];

fn any_of<T: Copy>(dice: &mut Dice, all: &[T]) -> T {
    all[usize::from(dice.byte()) % all.len()]
}

/// A request or a notification.
fn any_message(dice: &mut Dice, id: u16) -> Packet {
    let alphabet = any_of(dice, &ALPHABETS);
    let length = dice.byte() % 40;
    let payload: Vec<u8> = (0..length).map(|_| any_of(dice, alphabet)).collect();
    let request = dice.percent(50);
    let code = if request { ASK } else { CONTENT };
    let mut packet = message(MessageType::NonConfirmable, code, id, &payload);
    if !request {
        packet.add_option(CoapOption::Observe, vec![9]);
    } else if dice.percent(30) {
        packet.set_token(Vec::new());
    }
    for _ in 0..dice.byte() % 3 {
        let path = if request {
            CoapOption::UriPath
        } else {
            CoapOption::LocationPath
        };
        packet.add_option(path, any_of(dice, &VALUES).to_vec());
    }
    match dice.byte() % 6 {
        0 => packet.add_option(CoapOption::ContentFormat, Vec::new()),
        1 => packet.add_option(CoapOption::ContentFormat, vec![50]),
        2 => packet.add_option(CoapOption::ContentFormat, vec![42]),
        3 => packet.add_option(CoapOption::MaxAge, vec![60]),
        _ => {}
    }
    packet
}

#[test]
fn any_message_is_read_as_it_was_sent() {
    let mut dice = Dice::new(28);
    for round in 0..24_u16 {
        let line = line(|quirks| {
            if dice.percent(50) {
                quirks.data = DataShown::Hex;
            }
            quirks.blank_before_data = dice.percent(30);
            quirks.decimal_mode = dice.percent(30);
            quirks.no_blank = dice.percent(30);
            quirks.words_swapped = dice.percent(30);
        });
        line.set_chunk(any_of(&mut dice, &[1, 7, 64]));
        let mut dialect = Bc28::default();
        dialect.set_show_sender(dice.percent(50));
        with_settings(&line, dialect, |host| {
            up(host);
            for number in 0..40 {
                let packet = any_message(&mut dice, round * 40 + number);
                inject(&line, 10, &packet);
                let mut buffer = [0; 1400];
                let event = host.event(Millis::new(100), &mut buffer).unwrap();
                let Some(Event::Request(view) | Event::Response(view)) = event else {
                    panic!("{event:?} for {packet:?}");
                };
                assert_eq!(view.payload(), packet.payload, "{packet:?}");
                let sent = packet
                    .options()
                    .flat_map(|(number, values)| values.iter().map(|value| (*number, &value[..])));
                let read = view.options().map(|option| (option.number.0, option.value));
                assert!(read.eq(sent), "{view:?} for {packet:?}");
                if view.code().is_request() {
                    assert_eq!(view.token(), packet.get_token());
                }
            }
            assert!(!host.take_losses().matter());
        });
        polite(&line);
    }
}
