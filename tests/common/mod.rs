//! The examples as programs, for tests that run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

/// The host command.
pub(crate) fn program() -> PathBuf {
    example("coap")
}

/// The folder of the examples. `cargo test` has built them; `cargo test --test NAME` has not, so they are built here if
/// their sources are newer. Where `--target-dir` or a profile other than `dev` and `release` was asked for on the command
/// line, that build goes elsewhere; set `CARGO_TARGET_DIR` instead, or run `cargo test` as a whole.
fn examples() -> &'static PathBuf {
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        // This test stands in `target/<profile>/deps`, the example in `target/<profile>/examples`.
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        let release = path.ends_with("release");
        path.push("examples");
        let coap = path.join(format!("coap{}", std::env::consts::EXE_SUFFIX));
        let built = std::fs::metadata(coap).and_then(|about| about.modified());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = ["src", "vendors", "examples"].map(|folder| newest(&root.join(folder)));
        if built.is_err() || sources.into_iter().max() > Some(built.ok()) {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--examples"]);
            build.args(release.then_some("--release"));
            assert!(build.status().unwrap().success(), "the examples build");
        }
        path
    })
}

/// An example by its name.
pub(crate) fn example(name: &str) -> PathBuf {
    examples().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// When the last of a folder's Rust files was changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .filter_map(|entry| match entry.path() {
            path if path.is_dir() => newest(&path),
            path if path.extension() == Some("rs".as_ref()) => {
                entry.metadata().unwrap().modified().ok()
            }
            _ => None,
        })
        .max()
}

/// Runs the program to its end.
pub(crate) fn coap(arguments: &[&str]) -> Run {
    coap_with(arguments, b"")
}

/// Runs the program to its end, with something on its standard input.
pub(crate) fn coap_with(arguments: &[&str], input: &[u8]) -> Run {
    use std::io::Write as _;
    let mut child = Command::new(program())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends without reading it all is not at fault.
    let _ = child.stdin.take().unwrap().write_all(input);
    Run::from(child.wait_with_output().unwrap())
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit status.
    pub(crate) status: i32,
    /// Standard output, as it is.
    pub(crate) out: Vec<u8>,
    /// Standard error.
    pub(crate) err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("it ends by itself"),
            out: output.stdout,
            err: String::from_utf8(output.stderr).expect("it writes text"),
        }
    }
}
