//! Both machines against responses that nobody would send: no number overflows, no place is skipped.

use super::download::{Download, Verdict};
use super::upload::Upload;
use super::{Extras, Resume};
use crate::client::{Blockwise, Capabilities, Request, Response, Shows};
use crate::error::{Blocks, Error, PeerError, Resource, Unsupported};
use crate::message::{Builder, Code, Kind, Number};
use proptest::prelude::*;

/// What a server might say: code, ETag, Block1, Block2, length of the payload.
type Said = (u8, Option<u8>, Option<u32>, Option<u32>, usize);

fn said() -> impl Strategy<Value = Said> {
    let code = prop_oneof![
        4 => Just(Code::CONTINUE),
        4 => Just(Code::CHANGED),
        4 => Just(Code::CONTENT),
        1 => Just(Code::REQUEST_ENTITY_INCOMPLETE),
        1 => Just(Code::REQUEST_ENTITY_TOO_LARGE),
        1 => Just(Code::BAD_OPTION),
        1 => Just(Code::NOT_FOUND),
    ];
    let block = prop_oneof![
        1 => Just(None),
        4 => (0_u32..8, 0_u32..16).prop_map(|(num, rest)| Some(num << 4 | rest)),
        1 => (0_u32..1 << 24).prop_map(Some),
        1 => Just(Some(0xFF_FFFE)),
    ];
    let length = prop_oneof![Just(16_usize), Just(64), Just(1024), 0_usize..1025];
    (
        code.prop_map(Code::as_byte),
        proptest::option::of(0_u8..2),
        block.clone(),
        block,
        length,
    )
}

fn with<T>((code, tag, up, down, length): Said, see: impl FnOnce(&Response<'_>) -> T) -> T {
    let mut buffer = [0; 1200];
    let code = Code::from_byte(code);
    let mut builder = Builder::new(&mut buffer, Kind::Acknowledgement, code, 1, b"t").unwrap();
    if let Some(tag) = tag {
        builder.option(Number::ETAG, &[tag]).unwrap();
    }
    if let Some(down) = down {
        builder.uint(Number::BLOCK2, down).unwrap();
    }
    if let Some(up) = up {
        builder.uint(Number::BLOCK1, up).unwrap();
    }
    builder.payload(&vec![0; length]).unwrap();
    see(&Response::new(builder.finish()))
}

proptest! {
    #[test]
    fn an_upload_never_leaves_its_body(
        total in prop_oneof![0_u32..3000, Just(u32::MAX)],
        wish in proptest::option::of(0_u16..1500),
        says in proptest::collection::vec(said(), 1..40),
    ) {
        let mut request = Request::put("/", &[]);
        if let Some(wish) = wish {
            request = request.block_size(wish);
        }
        let mut upload = Upload::new(&request, &Capabilities::DATAGRAMS, total).unwrap();
        let body = [0; 4096];
        for say in says {
            let (offset, length) = upload.piece();
            prop_assert!(u64::from(offset) + length as u64 <= u64::from(total));
            let mut extras = Extras::new(None);
            // A source that gives no more than it has at hand.
            let piece = body.get(..length).unwrap_or(&body);
            let Ok(piece) = upload.options(piece, &mut extras) else {
                return Ok(());
            };
            prop_assert!(piece.len() <= 1024);
            prop_assert!(!piece.is_empty() || total == 0);
            match with(say, |response| upload.handle(response)) {
                Ok(false) => {}
                Ok(true) | Err(_) => return Ok(()),
            }
        }
    }

    #[test]
    fn a_download_gives_each_byte_once_and_in_order(
        offset in prop_oneof![0_u32..2000, Just(u32::MAX)],
        wish in proptest::option::of(0_u16..1500),
        buffer in 0_usize..2000,
        says in proptest::collection::vec(said(), 1..40),
    ) {
        let mut request = Request::get("/");
        if let Some(wish) = wish {
            request = request.block_size(wish);
        }
        let from = Resume { offset, etag: None };
        let mut download =
            Download::new(&request, &Capabilities::DATAGRAMS, Some(&from), buffer);
        let mut next = download.length();
        prop_assert!(next <= offset);
        for say in says {
            let mut extras = Extras::new(None);
            let _ = download.ask(request, &mut extras);
            match with(say, |response| download.handle(response)) {
                Ok(Verdict::Piece { offset, last, .. }) => {
                    prop_assert_eq!(offset, next);
                    next = offset + u32::try_from(say.4).unwrap();
                    prop_assert_eq!(download.length(), next);
                    if last {
                        return Ok(());
                    }
                }
                Ok(Verdict::Changed) if download.restart() => next = 0,
                Ok(Verdict::Again) => {}
                Ok(Verdict::Done | Verdict::Changed) | Err(_) => return Ok(()),
            }
        }
    }
}

#[test]
fn a_message_too_long_for_link_or_buffer_becomes_smaller_blocks_down_to_the_smallest() {
    let request = Request::put("/", &[]);
    let mut upload = Upload::new(&request, &Capabilities::DATAGRAMS, 600).unwrap();
    assert_eq!(upload.piece(), (0, 600));
    let too_long = Error::from(Unsupported::Message(100));
    for length in [512, 256, 128, 64, 32, 16] {
        assert_eq!(upload.shrink(too_long), Ok(()));
        assert_eq!(upload.piece(), (0, length));
    }
    assert_eq!(upload.shrink(too_long), Err(too_long));
    let other = Error::from(Resource::Command);
    assert_eq!(upload.shrink(other), Err(other));
}

#[test]
fn where_all_blocks_have_one_size_a_smaller_one_of_the_server_begins_the_body_anew() {
    let link = Capabilities {
        blockwise: Blockwise::Up,
        block_size: Some(512),
        ..Capabilities::DATAGRAMS
    };
    let says = |num: u32, szx: u32| {
        (
            Code::CONTINUE.as_byte(),
            None,
            Some(num << 4 | 8 | szx),
            None,
            0,
        )
    };
    for (link, next) in [(link, (0, 128)), (Capabilities::DATAGRAMS, (512, 128))] {
        let request = Request::put("/", &[]).block_size(512);
        let mut upload = Upload::new(&request, &link, 2000).unwrap();
        let body = [0; 512];
        upload.options(&body, &mut Extras::new(None)).unwrap();
        assert_eq!(with(says(0, 3), |said| upload.handle(said)), Ok(false));
        assert_eq!(upload.piece(), next);
        upload
            .options(&body[..128], &mut Extras::new(None))
            .unwrap();
        let num = next.0 / 128;
        assert_eq!(with(says(num, 3), |said| upload.handle(said)), Ok(false));
        assert_eq!(upload.piece(), (next.0 + 128, 128));
    }
}

#[test]
fn an_answer_without_block1_passes_in_mid_transfer_only_where_options_are_not_shown() {
    let blind = Capabilities {
        shows: Shows {
            options: false,
            ..Capabilities::DATAGRAMS.shows
        },
        ..Capabilities::DATAGRAMS
    };
    for (link, wanted) in [
        (blind, Ok(false)),
        (
            Capabilities::DATAGRAMS,
            Err(PeerError::Blocks(Blocks::Missing).into()),
        ),
    ] {
        let request = Request::put("/", &[]).block_size(16);
        let mut upload = Upload::new(&request, &link, 40).unwrap();
        upload.options(&[0; 16], &mut Extras::new(None)).unwrap();
        let said = (Code::new(2, 0).as_byte(), None, None, None, 0);
        assert_eq!(with(said, |said| upload.handle(said)), wanted);
    }
}

#[test]
fn without_blocks_a_body_goes_whole_or_not_at_all() {
    let link = Capabilities {
        blockwise: Blockwise::No,
        payload_out: 100,
        ..Capabilities::DATAGRAMS
    };
    let request = Request::put("/", &[]).block_size(16);
    let upload = Upload::new(&request, &link, 100).unwrap();
    assert_eq!(upload.piece(), (0, 100));
    let refused = Upload::new(&request, &link, 101).err();
    assert_eq!(refused, Some(Unsupported::Payload(100).into()));
}

#[test]
fn the_state_of_a_transfer_is_small() {
    assert!(size_of::<Upload>() <= 24, "{}", size_of::<Upload>());
    // Half of it is the entity-tag.
    assert!(size_of::<Download>() <= 56, "{}", size_of::<Download>());
}
