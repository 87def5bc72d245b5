//! Lines that a witness writes, for `skein verify`.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use serde_json::Value;

/// A file of lines.
#[derive(Debug)]
pub(crate) struct Notes(Mutex<BufWriter<File>>);

impl Notes {
    pub(crate) fn begin(file: &Path) -> anyhow::Result<Self> {
        let file = File::create(file).with_context(|| format!("make {}", file.display()))?;
        Ok(Self(Mutex::new(BufWriter::new(file))))
    }

    /// # Panics
    /// The line cannot be written: without it the proof would say something else.
    pub(crate) fn note(&self, line: &Value) {
        writeln!(self.file(), "{line}").expect("a witness can write");
    }

    pub(crate) fn flush(&self) -> anyhow::Result<()> {
        self.file().flush().context("write the lines of a witness")
    }

    fn file(&self) -> MutexGuard<'_, BufWriter<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
