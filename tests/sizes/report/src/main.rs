//! Measures the images and writes the tables: `report <target directory> <rustc's version> snapshot|readme`.
//!
//! Reads ELF itself (32 bits, little-endian), so that the sizes need nothing but the Rust toolchain.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// A machine, its optimization level, and what the design expected: see [`IMAGES`].
const MACHINES: [(&str, &str); 2] = [("thumbv6m-none-eabi", "z"), ("thumbv7em-none-eabi", "s")];

/// The images, what they do, and the `.text` of the design's sketch for both machines (BG96, without bring-up).
const IMAGES: [(&str, &str, [Option<u32>; 2]); 11] = [
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
    ("discovery", "connect, PUT, discover", [None, None]),
    ("datagrams", "L610: connect, PUT", [None, None]),
    ("upload", "L610: connect, PUT in blocks", [None, None]),
    ("download", "PUT, and GET in blocks", [None, None]),
    ("exchange", "blocks both ways", [None, None]),
];

/// The modems: images `modem-<name>`, and `pair-<name>` with the first of them beside it; how the README calls them.
/// Beside itself (`pair-twin`), the first one shows what a second modem takes without its dialect.
const MODEMS: [(&str, &str); 6] = [
    ("bg96", "BG96"),
    ("bc28", "BC28"),
    ("sim7000", "SIM7000"),
    ("l610", "L610"),
    ("sara-r5", "SARA-R5"),
    ("sara-r5-sockets", "SARA-R5, by its sockets"),
];

/// What one image holds.
struct Image {
    text: u32,
    rodata: u32,
    ram: u32,
    /// The library's routines in it, by name: `memcpy`, division and the like.
    routines: Vec<(String, u32)>,
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
    let mut modems = Vec::new();
    for (machine, _) in MACHINES {
        let image = |image: &str| {
            measure(&read(machine, image)?).ok_or(format!("{image}: not the ELF expected"))
        };
        let mut measured = Vec::new();
        for (name, _, _) in IMAGES {
            measured.push(image(name)?);
        }
        let mut alone_and_second = Vec::new();
        let first = image("modem-bg96")?.beyond(&measured);
        for (name, _) in MODEMS {
            let alone = image(&format!("modem-{name}"))?.beyond(&measured);
            let both = match name {
                "bg96" => image("pair-twin")?.beyond(&measured) - first,
                _ => image(&format!("pair-{name}"))?.beyond(&measured) - first,
            };
            alone_and_second.push((alone, both));
        }
        let all = image("modems-all")?.beyond(&measured);
        modems.push((alone_and_second, all));
        images.push(measured);
        facts.push(types(&read(machine, "facts")?).ok_or("facts: not the ELF expected")?);
    }
    let mut text = String::new();
    match form {
        "snapshot" => snapshot(&mut text, version, &images, &facts, &modems),
        "readme" => readme(&mut text, version, &images, &facts, &modems),
        _ => return Err(format!("no such form: {form}")),
    }
    .map_err(|error| error.to_string())?;
    Ok(text)
}

/// For each machine: what each modem costs alone and as the second one, and all of them together.
type Modems = [(Vec<(u32, u32)>, u32)];

fn snapshot(
    out: &mut String,
    version: &str,
    images: &[Vec<Image>],
    facts: &[Vec<(String, u32)>],
    modems: &Modems,
) -> std::fmt::Result {
    writeln!(
        out,
        "# What the crate costs, in bytes. Written by `BLESS=1 ./ci.sh sizes`, never by hand."
    )?;
    writeln!(
        out,
        "# {version}; fat LTO, one codegen unit, panic = abort; modem, where none is named: bg96"
    )?;
    writeln!(
        out,
        "# beyond: flash on top of bare, without the routines of bare-mem; design: .text of a sketch without bring-up, measured before"
    )?;
    for (index, (machine, level)) in MACHINES.iter().enumerate() {
        writeln!(out, "\n{machine}, opt-level {level}")?;
        writeln!(
            out,
            "{:<17}{:<27}{:>7}{:>9}{:>7}{:>8}{:>8}",
            "image", "does", ".text", ".rodata", "RAM", "beyond", "design"
        )?;
        for (image, (name, does, design)) in images[index].iter().zip(IMAGES) {
            let design = design[index].map_or("-".into(), |bytes| bytes.to_string());
            let beyond = image.beyond(&images[index]);
            writeln!(
                out,
                "{name:<17}{does:<27}{:>7}{:>9}{:>7}{beyond:>8}{design:>8}",
                image.text, image.rodata, image.ram
            )?;
        }
    }
    writeln!(
        out,
        "\n{:<24}{:>12}{:>12}{:>12}{:>12}\n{:<24}{:>12}{:>12}{:>12}{:>12}",
        "modem: attach, connect,",
        "thumbv6m",
        "beside",
        "thumbv7em",
        "beside",
        "GET, PUT; beyond",
        "alone",
        "the BG96",
        "alone",
        "the BG96"
    )?;
    for (index, (name, _)) in MODEMS.iter().enumerate() {
        let name = if index == 0 {
            "bg96; the same beside"
        } else {
            name
        };
        write!(out, "{name:<24}")?;
        for (each, _) in modems {
            let (alone, second) = each[index];
            write!(out, "{alone:>12}{second:>12}")?;
        }
        writeln!(out)?;
    }
    let all = |machine: usize| modems[machine].1;
    writeln!(
        out,
        "{:<24}{:>12}{:>12}{:>12}{:>12}",
        "all together",
        all(0),
        "-",
        all(1),
        "-"
    )?;
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
    modems: &Modems,
) -> std::fmt::Result {
    writeln!(
        out,
        "| BG96, flash in bytes | Cortex-M0+, `z` | Cortex-M4, `s` |"
    )?;
    writeln!(out, "|---|---:|---:|")?;
    let beyond = |machine: usize, image: usize| images[machine][image].beyond(&images[machine]);
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
    writeln!(
        out,
        "\n| attach, connect, GET, PUT, blocking; flash in bytes | Cortex-M0+, `z` | beside a BG96 | Cortex-M4, `s` | beside a BG96 |\n|---|---:|---:|---:|---:|"
    )?;
    for (index, (_, name)) in MODEMS.iter().enumerate() {
        let note = if index == 0 { " (*)" } else { "" };
        write!(out, "| {name}{note} |")?;
        for (each, _) in modems {
            let (alone, second) = each[index];
            write!(out, " {alone} | +{second} |")?;
        }
        writeln!(out)?;
    }
    writeln!(
        out,
        "\n(\\*) Beside itself, as if it were another modem: what a second one takes without its dialect."
    )?;
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
        ("future of `upload`", "upload (Polled)"),
        ("future of `download`", "download (Polled)"),
    ] {
        let (small, large) = fact(name);
        writeln!(out, "| {shown} | {small} | {large} |")?;
    }
    writeln!(
        out,
        "\nFlash is what comes on top of an image that holds start-up code, `memcpy` and its kin; {version}."
    )
}

impl Image {
    /// What stands in the flash, the vector table aside.
    fn flash(&self) -> u32 {
        self.text + self.rodata
    }

    /// What comes on top of an image that has started up and holds the library's routines already.
    fn beyond(&self, images: &[Self]) -> u32 {
        let [bare, routines, ..] = images else {
            return 0;
        };
        let held =
            |routine: &&(String, u32)| routines.routines.iter().any(|held| held.0 == routine.0);
        let shared: u32 = self
            .routines
            .iter()
            .filter(held)
            .map(|routine| routine.1)
            .sum();
        self.flash().saturating_sub(bare.flash() + shared)
    }
}

fn measure(elf: &[u8]) -> Option<Image> {
    let size = |name: &str| section(elf, name).map(|section| section.size);
    let data = size(".data").unwrap_or(0);
    Some(Image {
        text: size(".text")?,
        rodata: size(".rodata")? + data,
        ram: data + size(".bss").unwrap_or(0),
        routines: routines(elf)?,
    })
}

/// The section `.facts`: 28 bytes of name and a number each.
fn types(elf: &[u8]) -> Option<Vec<(String, u32)>> {
    section(elf, ".facts")?
        .bytes(elf)?
        .chunks_exact(32)
        .map(|fact| {
            let name = str::from_utf8(&fact[..28]).ok()?.trim_end();
            Some((name.into(), word(fact, 28)?))
        })
        .collect()
}

/// What the compiler calls without being asked: symbols of its own library, without their hashes.
fn routines(elf: &[u8]) -> Option<Vec<(String, u32)>> {
    let names = section(elf, ".strtab")?.bytes(elf)?;
    let symbols = section(elf, ".symtab")?.bytes(elf)?;
    let mut found = Vec::new();
    for symbol in symbols.chunks_exact(16) {
        let name = text(names, word(symbol, 0)?)?;
        let plain = ["memcpy", "memmove", "memset", "memcmp", "bcmp"].contains(&name);
        let function = symbol[12] & 15 == 2;
        if function && (plain || name.starts_with("__aeabi_") || name.contains("compiler_builtins"))
        {
            found.push((name.into(), word(symbol, 8)?));
        }
    }
    Some(found)
}

/// A section of an ELF.
struct Section {
    offset: u32,
    size: u32,
}

impl Section {
    fn bytes<'e>(&self, elf: &'e [u8]) -> Option<&'e [u8]> {
        elf.get(self.offset as usize..)?.get(..self.size as usize)
    }
}

fn section(elf: &[u8], wanted: &str) -> Option<Section> {
    let half = |at: usize| Some(u16::from_le_bytes(*elf.get(at..)?.first_chunk()?) as usize);
    if elf.get(..6)? != b"\x7fELF\x01\x01" {
        return None;
    }
    let (table, each, count, names) = (word(elf, 32)? as usize, half(46)?, half(48)?, half(50)?);
    let names = elf.get(word(elf, table + names * each + 16)? as usize..)?;
    (0..count)
        .map(|index| table + index * each)
        .find_map(|header| {
            let name = text(names, word(elf, header)?)?;
            (name == wanted).then_some(Section {
                offset: word(elf, header + 16)?,
                size: word(elf, header + 20)?,
            })
        })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A string that ends with a zero.
fn text(strings: &[u8], at: u32) -> Option<&str> {
    let string = strings.get(at as usize..)?;
    let end = string.iter().position(|byte| *byte == 0)?;
    str::from_utf8(&string[..end]).ok()
}
