//! Messages that other implementations wrote: what they say is in them is what the codec reads, and what the codec makes
//! of that is what they wrote. Where the files come from is told in `tests/vectors/README.md`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "clippy exempts the tests, but not the helpers of a test crate"
)]

use coap_modem::message::{Builder, Code, Kind, Number, View, uri};

#[path = "vectors/coap_lite.rs"]
mod coap_lite_vectors;

const FILES: [(&str, &str); 3] = [
    ("aiocoap", include_str!("vectors/aiocoap.txt")),
    ("libcoap", include_str!("vectors/libcoap.txt")),
    ("coap-lite", include_str!("vectors/coap-lite.txt")),
];

/// A line of a vector file.
#[derive(Debug, Clone, PartialEq)]
struct Vector {
    name: String,
    wire: Vec<u8>,
    kind: Kind,
    code: Code,
    id: u16,
    token: Vec<u8>,
    options: Vec<(Number, Vec<u8>)>,
    payload: Vec<u8>,
    resource: Option<String>,
}

fn hex(text: &str) -> Vec<u8> {
    if text == "-" {
        return Vec::new();
    }
    assert!(text.len().is_multiple_of(2), "{text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn vector(line: &str) -> Vector {
    let fields: Vec<&str> = line.split(" | ").collect();
    let [name, wire, header, options, payload, resource] = fields[..] else {
        panic!("six fields: {line}");
    };
    let header: Vec<&str> = header.split(' ').collect();
    let [kind, code, id, token] = header[..] else {
        panic!("type, code, id and token: {line}");
    };
    let (class, detail) = code.split_once('.').unwrap();
    Vector {
        name: name.into(),
        wire: hex(wire),
        kind: match kind {
            "CON" => Kind::Confirmable,
            "NON" => Kind::NonConfirmable,
            "ACK" => Kind::Acknowledgement,
            "RST" => Kind::Reset,
            other => panic!("no type: {other}"),
        },
        code: Code::new(class.parse().unwrap(), detail.parse().unwrap()),
        id: u16::from_str_radix(id, 16).unwrap(),
        token: hex(token),
        options: options
            .split(' ')
            .filter_map(|option| option.split_once('='))
            .map(|(number, value)| (Number(number.parse().unwrap()), hex(value)))
            .collect(),
        payload: hex(payload),
        resource: (resource != "-").then(|| resource.into()),
    }
}

fn vectors() -> impl Iterator<Item = Vector> {
    FILES.iter().flat_map(|&(implementation, file)| {
        let lines: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() > 10, "{implementation}");
        lines.into_iter().map(move |line| {
            let vector = vector(line);
            Vector {
                name: format!("{implementation}: {}", vector.name),
                ..vector
            }
        })
    })
}

fn build<'b>(vector: &Vector, buffer: &'b mut [u8]) -> View<'b> {
    let Vector {
        kind,
        code,
        id,
        token,
        ..
    } = vector;
    let mut builder = Builder::new(buffer, *kind, *code, *id, token).unwrap();
    for (number, value) in &vector.options {
        builder.option(*number, value).unwrap();
    }
    builder.payload(&vector.payload).unwrap();
    builder.finish()
}

#[test]
fn what_others_wrote_is_read_as_they_say() {
    for vector in vectors() {
        let view = View::parse(&vector.wire).unwrap();
        let read = Vector {
            name: vector.name.clone(),
            wire: view.as_bytes().into(),
            kind: view.kind(),
            code: view.code(),
            id: view.id(),
            token: view.token().into(),
            options: view
                .options()
                .map(|option| (option.number, option.value.into()))
                .collect(),
            payload: view.payload().into(),
            resource: vector.resource.clone(),
        };
        assert_eq!(read, vector);
        assert!(view.kind().may_carry(view.code()), "{}", vector.name);
    }
}

#[test]
fn what_others_wrote_is_built_to_the_same_bytes() {
    for vector in vectors() {
        let mut buffer = vec![0; vector.wire.len()];
        let view = build(&vector, &mut buffer);
        assert_eq!(view.as_bytes(), vector.wire, "{}", vector.name);
    }
}

/// aiocoap and libcoap split and decode the resource themselves.
#[test]
fn resources_are_split_and_decoded_as_others_do() {
    let mut seen = 0;
    for vector in vectors() {
        let Some(resource) = &vector.resource else {
            continue;
        };
        uri::check_resource(resource).unwrap();
        let mut buffer = [0; 256];
        let mut builder = Builder::new(&mut buffer, Kind::Confirmable, Code::GET, 1, &[]).unwrap();
        for segment in uri::path_segments(resource) {
            builder.decoded(Number::URI_PATH, segment).unwrap();
        }
        for item in uri::query_items(resource) {
            builder.decoded(Number::URI_QUERY, item).unwrap();
        }
        let ours: Vec<(Number, Vec<u8>)> = builder
            .finish()
            .options()
            .map(|option| (option.number, option.value.into()))
            .collect();
        let theirs: Vec<(Number, Vec<u8>)> = vector
            .options
            .iter()
            .filter(|(number, _)| [Number::URI_PATH, Number::URI_QUERY].contains(number))
            .cloned()
            .collect();
        assert_eq!(ours, theirs, "{}", vector.name);
        seen += 1;
    }
    assert!(seen > 20);
}

/// The messages of the instruction counts: two implementations wrote the same bytes, the scripts check their sums.
#[test]
fn messages_a_b_and_c_are_the_same_from_two_implementations() {
    let all: Vec<Vector> = vectors().collect();
    let wire = |name: &str| &all.iter().find(|vector| vector.name == name).unwrap().wire;
    for (name, len) in [("a", 39), ("b", 83), ("c", 607)] {
        assert_eq!(wire(&format!("aiocoap: {name}")).len(), len);
        assert_eq!(
            wire(&format!("aiocoap: {name}")),
            wire(&format!("coap-lite: {name}"))
        );
    }
}

#[test]
fn coap_lite_writes_what_its_file_says() {
    let written = coap_lite_vectors::file();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/coap-lite.txt"),
            &written,
        )
        .unwrap();
        return;
    }
    assert_eq!(written, FILES[2].1, "BLESS=1 rewrites the file");
}
