//! What goes out and what comes in: bodies of any size, with a progress bar while they take several blocks.

use crate::links;
use crate::show::tell;
use coap_modem::client::{Refused, Response, Sink, Source};
use coap_modem::message::format;
use coap_modem::message::link_format::Links;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

/// A bar on standard error, if somebody is looking; of unknown length if it is not known.
fn bar(what: &'static str, length: Option<u32>, quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let target = ProgressDrawTarget::stderr();
    let bar = ProgressBar::with_draw_target(length.map(u64::from), target);
    let template = if length.is_some() {
        "{msg} {wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left"
    } else {
        "{msg} {spinner} {bytes}, {bytes_per_sec}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.with_message(what)
}

/// The body of the request.
pub(crate) struct Outgoing<'b> {
    body: &'b [u8],
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl<'b> Outgoing<'b> {
    /// These bytes. With `quiet` there is no bar.
    pub(crate) const fn new(body: &'b [u8], quiet: bool) -> Self {
        Self {
            body,
            bar: None,
            quiet,
        }
    }
}

impl Source for Outgoing<'_> {
    fn length(&self) -> u32 {
        self.body.length()
    }

    fn piece(&mut self, offset: u32, length: usize) -> Result<&[u8], Refused> {
        if length < self.body.len() {
            let (total, quiet) = (self.body.length(), self.quiet);
            let bar = self
                .bar
                .get_or_insert_with(|| bar("sending", Some(total), quiet));
            bar.set_position(offset.into());
        }
        self.body.piece(offset, length)
    }
}

/// Nothing of a bar stays on the screen, however it ends.
impl Drop for Outgoing<'_> {
    fn drop(&mut self) {
        clear(self.bar.as_ref());
    }
}

/// Where the response's body goes as soon as all of it is there: from standard output nothing can be taken back, and in a
/// file a part would pass for the whole.
pub(crate) struct Output<'p> {
    path: Option<&'p Path>,
    file: Option<File>,
    /// The file was not there before; it goes again if nothing comes of it.
    made: bool,
    kept: Vec<u8>,
    /// Something has come, so there is a body, if an empty one.
    begun: bool,
    /// It is links, which are made readable for people.
    links: bool,
    failed: Option<io::Error>,
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl<'p> Output<'p> {
    /// This file, or else standard output. With `quiet` there is no bar. `links` tells what a body is of which the format
    /// is not shown.
    pub(crate) const fn new(path: Option<&'p Path>, quiet: bool, links: bool) -> Self {
        Self {
            path,
            file: None,
            made: false,
            kept: Vec::new(),
            begun: false,
            links,
            failed: None,
            bar: None,
            quiet,
        }
    }

    /// Why it took no more.
    pub(crate) const fn take_error(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// All is there, and goes where it belongs.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        clear(self.bar.take().as_ref());
        let for_people = self.path.is_none() && io::stdout().is_terminal();
        let links = if self.links {
            links::readable(Links::new(&self.kept))
        } else {
            String::new()
        };
        // For people, links stand in place of the payload on a terminal; else, if they want to see more, beside it.
        if self.links && self.quiet && !for_people {
            tell(format_args!("{}", links.trim_end()));
        }
        if !self.begun {
            return Ok(());
        }
        if let Some(mut file) = self.file.take() {
            self.made = false;
            if file.metadata()?.is_file() {
                file.set_len(0)?;
            }
            return file.write_all(&self.kept);
        }
        let body = if self.links && for_people {
            links.as_bytes()
        } else {
            &self.kept
        };
        let mut out = io::stdout().lock();
        // Raw for files and pipes; on a terminal, what follows begins on a new line.
        let end: &[u8] = if for_people && !body.ends_with(b"\n") {
            b"\n"
        } else {
            b""
        };
        let written = out.write_all(body).and_then(|()| out.write_all(end));
        match written.and_then(|()| out.flush()) {
            // The reader has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Opens the file, which stays as it is for now: one that cannot be written to is told before all of the body comes.
    fn open(&mut self) -> io::Result<()> {
        let (Some(path), None) = (self.path, &self.file) else {
            return Ok(());
        };
        let mut how = File::options();
        how.write(true);
        self.file = Some(match how.clone().create_new(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                how.create(true).open(path)?
            }
            opened => {
                self.made = opened.is_ok();
                opened?
            }
        });
        Ok(())
    }

    fn note(&mut self, result: io::Result<()>) -> Result<(), Refused> {
        result.map_err(|error| {
            self.failed = Some(error);
            Refused
        })
    }
}

impl Sink for Output<'_> {
    fn begin(&mut self, first: &Response<'_>) -> Result<(), Refused> {
        self.links = first
            .content_format()
            .map_or(self.links, |number| number == format::LINK_FORMAT);
        if first.block2().is_some_and(|block| block.more()) {
            self.bar = Some(bar("receiving", first.body_size(), self.quiet));
        }
        let opened = self.open();
        self.note(opened)
    }

    fn piece(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        self.begun = true;
        if let Some(bar) = &self.bar {
            bar.set_position(u64::from(offset) + bytes.len() as u64);
        }
        self.kept.extend_from_slice(bytes);
        Ok(())
    }

    fn restart(&mut self) -> bool {
        self.kept.clear();
        true
    }
}

impl Drop for Output<'_> {
    fn drop(&mut self) {
        clear(self.bar.as_ref());
        if let (true, Some(path)) = (self.made, self.path) {
            // One that cannot be removed is empty at least.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn clear(bar: Option<&ProgressBar>) {
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}
