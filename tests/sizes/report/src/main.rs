//! Measures the images and writes the tables: `report <target directory> <rustc's version> snapshot|readme`.
//!
//! Reads ELF itself (32 bits, little-endian), so that the sizes need nothing but the Rust toolchain.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// A machine, its optimization level, and what the design expected: see [`IMAGES`].
const MACHINES: [(&str, &str); 2] = [("thumbv6m-none-eabi", "z"), ("thumbv7em-none-eabi", "s")];

/// The images, what they do, and the `.text` of the design's sketch for both machines (BG96, without bring-up).
const IMAGES: [(&str, &str, [Option<u32>; 2]); 6] = [
    ("bare", "start-up only", [Some(164), Some(180)]),
    ("bare-mem", "and mem*, division", [None, None]),
    ("blocking", "connect, PUT", [Some(9788), Some(9668)]),
    ("nb", "connect, PUT", [Some(9736), Some(9836)]),
    (
        "asynch",
        "connect, PUT, executor",
        [Some(11552), Some(12532)],
    ),
    ("blocking-attach", "attach, connect, GET, PUT", [None, None]),
];

/// What one image holds.
struct Image {
    text: u32,
    rodata: u32,
    ram: u32,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, version, form] = arguments.as_slice() else {
        eprintln!("usage: report <target directory> <rustc's version> snapshot|readme");
        return ExitCode::from(2);
    };
    match report(Path::new(directory), version, form) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(directory: &Path, version: &str, form: &str) -> Result<String, String> {
    let read = |machine: &str, image: &str| {
        let path = directory.join(machine).join("release").join(image);
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut images = Vec::new();
    let mut facts = Vec::new();
    for (machine, _) in MACHINES {
        let mut measured = Vec::new();
        for (image, _, _) in IMAGES {
            measured.push(
                measure(&read(machine, image)?).ok_or(format!("{image}: not the ELF expected"))?,
            );
        }
        images.push(measured);
        facts.push(types(&read(machine, "facts")?).ok_or("facts: not the ELF expected")?);
    }
    let mut text = String::new();
    match form {
        "snapshot" => snapshot(&mut text, version, &images, &facts),
        "readme" => readme(&mut text, version, &images, &facts),
        _ => return Err(format!("no such form: {form}")),
    }
    .map_err(|error| error.to_string())?;
    Ok(text)
}

fn snapshot(
    out: &mut String,
    version: &str,
    images: &[Vec<Image>],
    facts: &[Vec<(String, u32)>],
) -> std::fmt::Result {
    writeln!(
        out,
        "# What the crate costs, in bytes. Written by `BLESS=1 ./ci.sh sizes`, never by hand."
    )?;
    writeln!(
        out,
        "# {version}; fat LTO, one codegen unit, panic = abort; modem: bg96"
    )?;
    writeln!(
        out,
        "# beyond: .text, .rodata and .data beyond the image bare-mem; design: .text of the design's sketch"
    )?;
    for (index, (machine, level)) in MACHINES.iter().enumerate() {
        writeln!(out, "\n{machine}, opt-level {level}")?;
        writeln!(
            out,
            "{:<17}{:<27}{:>7}{:>9}{:>7}{:>8}{:>8}",
            "image", "does", ".text", ".rodata", "RAM", "beyond", "design"
        )?;
        let bare = images[index][1].flash();
        for (image, (name, does, design)) in images[index].iter().zip(IMAGES) {
            let design = design[index].map_or("-".into(), |bytes| bytes.to_string());
            let beyond = image
                .flash()
                .checked_sub(bare)
                .map_or("-".into(), |bytes| bytes.to_string());
            writeln!(
                out,
                "{name:<17}{does:<27}{:>7}{:>9}{:>7}{beyond:>8}{design:>8}",
                image.text, image.rodata, image.ram
            )?;
        }
    }
    writeln!(
        out,
        "\n{:<24}{:>12}{:>12}",
        "type or future", "thumbv6m", "thumbv7em"
    )?;
    for ((name, small), (_, large)) in facts[0].iter().zip(&facts[1]) {
        writeln!(out, "{name:<24}{small:>12}{large:>12}")?;
    }
    Ok(())
}

fn readme(
    out: &mut String,
    version: &str,
    images: &[Vec<Image>],
    facts: &[Vec<(String, u32)>],
) -> std::fmt::Result {
    writeln!(
        out,
        "| BG96, flash in bytes | Cortex-M0+, `z` | Cortex-M4, `s` |"
    )?;
    writeln!(out, "|---|---:|---:|")?;
    let beyond = |machine: usize, image: usize| {
        images[machine][image]
            .flash()
            .saturating_sub(images[machine][1].flash())
    };
    for (image, (name, does, _)) in IMAGES.iter().enumerate().skip(2) {
        let way = name
            .split('-')
            .next()
            .unwrap_or(name)
            .replace("asynch", "async");
        writeln!(
            out,
            "| {way}: {does} | {} | {} |",
            beyond(0, image),
            beyond(1, image)
        )?;
    }
    let fact = |name: &str| {
        let find = |facts: &Vec<(String, u32)>| {
            facts
                .iter()
                .find(|fact| fact.0 == name)
                .map_or(0, |fact| fact.1)
        };
        (find(&facts[0]), find(&facts[1]))
    };
    writeln!(
        out,
        "\n| RAM in bytes | Cortex-M0+ | Cortex-M4 |\n|---|---:|---:|"
    )?;
    for (shown, name) in [
        ("the client", "Client (Polled)"),
        ("its `Memory`, of the standard size", "Memory"),
        ("future of `attach`", "attach (Polled)"),
        ("future of `connect`", "connect (Polled)"),
        ("future of `request`", "request (Polled)"),
    ] {
        let (small, large) = fact(name);
        writeln!(out, "| {shown} | {small} | {large} |")?;
    }
    writeln!(
        out,
        "\nFlash is what comes on top of an image that holds `memcpy`, `memmove` and division already; {version}."
    )
}

impl Image {
    /// What stands in the flash, the vector table aside.
    fn flash(&self) -> u32 {
        self.text + self.rodata
    }
}

fn measure(elf: &[u8]) -> Option<Image> {
    let size = |name: &str| section(elf, name).map(|(_, size)| size);
    let data = size(".data").unwrap_or(0);
    Some(Image {
        text: size(".text")?,
        rodata: size(".rodata")? + data,
        ram: data + size(".bss").unwrap_or(0),
    })
}

/// The section `.facts`: 28 bytes of name and a number each.
fn types(elf: &[u8]) -> Option<Vec<(String, u32)>> {
    let (offset, size) = section(elf, ".facts")?;
    let bytes = elf.get(offset as usize..)?.get(..size as usize)?;
    bytes
        .chunks_exact(32)
        .map(|fact| {
            let name = str::from_utf8(&fact[..28]).ok()?.trim_end();
            Some((name.into(), u32::from_le_bytes(fact[28..].try_into().ok()?)))
        })
        .collect()
}

/// Offset and size of a section.
fn section(elf: &[u8], wanted: &str) -> Option<(u32, u32)> {
    let word = |at: usize| Some(u32::from_le_bytes(elf.get(at..at + 4)?.try_into().ok()?));
    let half = |at: usize| Some(u16::from_le_bytes(elf.get(at..at + 2)?.try_into().ok()?) as usize);
    if elf.get(..6)? != b"\x7fELF\x01\x01" {
        return None;
    }
    let (table, each, count, names) = (word(32)? as usize, half(46)?, half(48)?, half(50)?);
    let names = word(table + names * each + 16)? as usize;
    (0..count)
        .map(|index| table + index * each)
        .find_map(|header| {
            let name = elf.get(names + word(header)? as usize..)?;
            let name = &name[..name.iter().position(|byte| *byte == 0)?];
            (name == wanted.as_bytes()).then_some((word(header + 16)?, word(header + 20)?))
        })
}
