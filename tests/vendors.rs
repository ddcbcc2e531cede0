//! A modem is one folder and two lines, and nothing else in the library names it. (The host command's list and the
//! README's row do; they are no part of it.)
#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers may say what they mean"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Everything in a folder and below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The modems, by the names of their folders.
fn modems() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("vendors"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no modem at all");
    names
}

/// The lines of a section of Cargo.toml.
fn section(name: &str) -> Vec<String> {
    let manifest = read("Cargo.toml");
    let lines = manifest.lines().skip_while(|line| *line != name).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .map(Into::into)
        .collect()
}

/// `Bg96` for `bg96`, `SaraR5` for `sara_r5`.
fn type_name(folder: &str) -> String {
    let capitalized = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    folder.split('_').map(capitalized).collect()
}

#[test]
fn one_word_names_folder_feature_module_and_type() {
    let (features, list) = (section("[features]"), read("vendors/mod.rs"));
    let own = section("[dev-dependencies]");
    let own = own.iter().find(|line| line.starts_with("coap-modem = "));
    for modem in modems() {
        let feature = modem.replace('_', "-");
        assert!(
            features.contains(&format!("{feature} = []")),
            "Cargo.toml has no feature line `{feature} = []`"
        );
        assert!(
            own.is_some_and(|own| own.contains(&format!("\"{feature}\""))),
            "Cargo.toml: `coap-modem` among the dev-dependencies has no \"{feature}\", so no test sees it"
        );
        let module = format!("#[cfg(feature = \"{feature}\")]\npub mod {modem};");
        assert!(
            list.contains(&module),
            "vendors/mod.rs has no lines\n{module}"
        );
        let (name, text) = (type_name(&modem), read(&format!("vendors/{modem}/mod.rs")));
        // The type, and what an application writes in its place, the same word for every modem.
        for what in [
            format!("pub struct {name} "),
            format!("pub type Client<'b, F> = modem::Client<'b, {name}, F>;"),
            "pub type Memory =".into(),
        ] {
            assert!(
                text.contains(&what),
                "vendors/{modem}/mod.rs has no `{what}`"
            );
        }
    }
}

#[test]
fn every_module_has_its_folder() {
    let list = read("vendors/mod.rs");
    let modules = list
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "));
    let mut modules: Vec<_> = modules.map(|name| name.trim_end_matches(';')).collect();
    modules.sort_unstable();
    assert_eq!(modules, modems());
}

#[test]
fn a_folder_holds_all_of_a_modem() {
    for modem in modems() {
        let folder = root().join("vendors").join(&modem);
        let has = |name: &str| folder.join(name).exists();
        assert!(has("mod.rs"), "{modem}: no mod.rs");
        assert!(has("sim.rs") || has("sim/mod.rs"), "{modem}: no simulator");
        assert!(has("tests.rs") || has("tests/mod.rs"), "{modem}: no tests");
        let transcripts = files(&folder.join("transcripts"));
        assert!(
            transcripts
                .iter()
                .any(|path| path.extension().is_some_and(|ending| ending == "at")),
            "{modem}: no transcripts"
        );
    }
}

#[test]
fn the_table_of_capabilities_has_every_modem_and_no_other() {
    let table = read("vendors/capabilities.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    // A modem with two links has two rows.
    let mut folders: Vec<&str> = rows
        .filter_map(|row| Some(row.split_once("::")?.0))
        .collect();
    folders.dedup();
    folders.sort_unstable();
    assert_eq!(folders, modems(), "`BLESS=1 cargo test --lib` writes it");
}

/// In a line of ours, a modem's name is a word in any spelling.
fn names(line: &str, modem: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    plain(line).contains(&plain(modem))
}

#[test]
fn nothing_else_names_a_modem() {
    let modems = modems();
    let mut found = Vec::new();
    for path in files(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            // A link of the documentation to an example of a modem is no dependency.
            let code = !line.trim_start().starts_with("//");
            let linked = |modem: &str| line.contains(&format!("vendors::{modem}"));
            let named = |modem: &String| names(line, modem) && (code || !linked(modem));
            if modems.iter().any(named) {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(
        found.is_empty(),
        "a modem's name outside its folder:\n{}",
        found.join("\n")
    );
}
