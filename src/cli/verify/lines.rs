//! Files of witnesses: lines of JSON, read one by one.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Context as _;
use serde::de::DeserializeOwned;

/// Longest line, bytes: far above what any line of the formats needs.
const LINE_MAX: usize = 64 << 10;

/// Gives every line of a file that is not empty.
///
/// # Errors
/// The file cannot be read, or a line is not understood: the message names it.
pub(super) fn each<T: DeserializeOwned>(file: &Path, mut take: impl FnMut(T)) -> anyhow::Result<()> {
    let open = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    for (number, line) in (1u64..).zip(BufReader::new(open).lines()) {
        let at = || format!("{} line {number}", file.display());
        let line = line.with_context(at)?;
        anyhow::ensure!(line.len() <= LINE_MAX, "{}: longer than {LINE_MAX} bytes", at());
        if !line.trim().is_empty() {
            take(serde_json::from_str(&line).with_context(at)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::AdapterLine;

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.jsonl");
        std::fs::write(&file, "{\"published\":{\"stream\":\"A\",\"sequence\":1}}\n\n{\"published\":3}\n")
            .expect("written");
        let mut lines = Vec::new();
        let error = each::<AdapterLine>(&file, |line| lines.push(line)).expect_err("the third is none");
        assert_eq!((lines.len(), error.to_string().ends_with("a.jsonl line 3")), (1, true), "{error}");
    }
}
