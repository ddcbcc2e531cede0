//! 512 bytes a message, either way.

use super::desk::*;
use crate::client::{Blocking as _, Request};
use crate::error::{ClientError, Error, Resource, Waited};
use crate::message::Code;
use crate::sim::conformance::nasty;
use crate::time::Millis;
use crate::vendors::l610::L610;

#[test]
fn payloads_up_to_the_largest_message_go_out_and_come_back_whole() {
    for reads in [1, 16, 64] {
        let line = line(|_| {});
        line.set_chunk(reads);
        with(&line, |host| {
            up(host);
            // The response has an ETag of 4 bytes in place of the path: 4 header, 4 token, 5 option, 1 marker.
            for (seed, length) in (1..).zip([0, 1, 22, 300, 494, 495]) {
                let (body, mut buffer) = (nasty(seed, length), [0; 600]);
                let put = Request::put("/store/x", &body);
                let code = host.request(&put, &mut buffer).unwrap().code();
                assert!(code.is_success(), "{code}");
                assert_eq!(get(host, "/store/x").unwrap(), (Code::CONTENT, body));
            }
            let largest = line
                .device()
                .network()
                .journal()
                .iter()
                .map(|one| one.datagram.len())
                .max();
            assert_eq!(largest, Some(512));
            assert!(!host.take_losses().matter());
        });
        polite(&line);
    }
}

#[test]
fn the_record_says_what_passes() {
    let line = line(|_| {});
    with(&line, |host| {
        let capabilities = host.capabilities();
        assert_eq!(capabilities.message_out, Some(512));
        // With its options, a block of 256 bytes passes; one of 512 never does.
        assert_eq!(capabilities.block_size, Some(256));
        assert!(!capabilities.server && !capabilities.security && !capabilities.tcp);
        assert_eq!(usize::from(capabilities.payload_out) + 9, L610::MESSAGE);
    });
}

#[test]
fn a_response_of_more_than_512_bytes_never_comes_and_the_next_request_works() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let mut buffer = [0; 1400];
        let request = Request::get("/large").limit(Millis::from_secs(10));
        let large = host.request(&request, &mut buffer).map(|one| one.code());
        assert_eq!(large, operation(Waited::Acknowledgement));
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_response_too_large_for_the_buffer_is_held_until_there_is_room() {
    let line = line(|_| {});
    with(&line, |host| {
        up(host);
        let mut small = [0; 20];
        let error = host
            .request(&Request::get("/binary"), &mut small)
            .unwrap_err();
        let ClientError::Operation(Error::Resource(Resource::Response { needed })) = error else {
            panic!("{error:?}");
        };
        let mut enough = vec![0; needed.into()];
        let held = host.held(&mut enough).unwrap().unwrap();
        assert_eq!(held.code(), Code::CONTENT);
        assert!(held.payload().starts_with(&[0, 1, 2, 3]));
        hello(host);
    });
    polite(&line);
}

#[test]
fn a_datagram_larger_than_the_inbox_is_told_and_the_next_request_works() {
    let line = line(|_| {});
    with_dialect::<200, _>(&line, L610::default(), |host| {
        up(host);
        let mut buffer = [0; 600];
        let request = Request::get("/binary").limit(Millis::from_secs(10));
        let result = host.request(&request, &mut buffer).map(|one| one.code());
        assert_eq!(result, operation(Waited::Acknowledgement));
        hello(host);
        let losses = host.take_losses();
        assert!(losses.messages > 0 && losses.matter(), "{losses:?}");
    });
    polite(&line);
}
