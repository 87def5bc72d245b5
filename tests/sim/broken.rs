//! What a check says when it fails.

/// A check that failed.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) check: &'static str,
    pub(crate) detail: String,
}

/// Fails the check unless it holds.
pub(crate) fn holds(check: &'static str, holds: bool, detail: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds {
        return Ok(());
    }
    Err(Broken { check, detail: detail() })
}
