//! Every transcript under `vendors/` keeps to the format, to the vocabulary and to what may be published.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers may say what they mean"
)]

use coap_modem::sim::transcript::{Call, Event, Mode, lint};
use coap_modem::sim::{Replay, Transcript};
use embedded_io::{Read, ReadReady};
use std::fs;
use std::path::{Path, PathBuf};

/// The entries of a folder, sorted; none if it does not exist.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn word(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Every transcript, with its modem's folder.
fn all() -> Vec<(String, Transcript)> {
    let vendors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vendors");
    let mut all = Vec::new();
    for folder in entries(&vendors) {
        for path in entries(&folder.join("transcripts")) {
            if path.extension().is_none_or(|ending| ending != "at") {
                continue;
            }
            let (modem, file) = (word(&folder), word(&path));
            let text = fs::read_to_string(&path).unwrap();
            let parsed = Transcript::parse(&format!("{modem}/{file}"), &text);
            all.push((modem, parsed.unwrap_or_else(|error| panic!("{error}"))));
        }
    }
    assert!(!all.is_empty(), "no transcripts were found");
    all
}

#[test]
fn every_transcript_is_clean_and_stands_in_its_modems_folder() {
    let mut complaints = Vec::new();
    for (folder, transcript) in all() {
        let feature = folder.replace('_', "-");
        complaints.extend(lint(&transcript, &[&feature]));
    }
    let shown: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn every_listening_transcript_expects_something() {
    for (_, transcript) in all() {
        let expects = transcript.lines().iter().any(|line| {
            matches!(&line.event, Event::Call(text) if matches!(Call::parse(text), Ok(Call::Expect(_))))
        });
        let dialog = transcript.header().mode == Mode::Dialog;
        assert!(expects || dialog, "{} cannot fail", transcript.name());
    }
}

#[test]
fn every_transcript_is_written_as_it_was_read() {
    for (_, transcript) in all() {
        let again = Transcript::parse(transcript.name(), &transcript.to_string());
        assert_eq!(again.as_ref(), Ok(&transcript));
    }
}

#[test]
fn every_listening_transcript_plays_to_its_end() {
    for (_, transcript) in all() {
        if transcript.header().mode != Mode::Listen {
            continue;
        }
        let sizes = transcript.lines().iter().map(|line| match &line.event {
            Event::Received(bytes) => bytes.len(),
            _ => 0,
        });
        let received: usize = sizes.sum();
        let name = transcript.name().to_owned();
        let replay = Replay::new(transcript);
        replay.set_chunk(16);
        let (mut serial, mut buffer, mut read) = (replay.serial(), [0; 64], 0);
        while !replay.finished() {
            let count = serial.read(&mut buffer).unwrap();
            read += count;
            assert!(count > 0 || replay.advance(), "{name} is stuck");
        }
        assert_eq!(serial.read_ready(), Ok(false));
        assert_eq!((read, replay.outcome()), (received, Ok(())), "{name}");
    }
}
