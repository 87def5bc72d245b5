//! How far a replay is, for people.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use tokio::time::Instant;

/// How often progress is shown: a terminal's line is drawn anew, elsewhere lines are rare.
const SHOW_TERMINAL: Duration = Duration::from_millis(200);
const SHOW_LINES: Duration = Duration::from_secs(5);

/// How far a replay is: one line drawn anew on a terminal, a line now and then elsewhere.
pub(super) struct Progress {
    of: usize,
    what: &'static str,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    pub(super) fn new(of: usize, what: &'static str) -> Self {
        Self { of, what, shown: None, terminal: std::io::stderr().is_terminal() }
    }

    pub(super) fn show(&mut self, done: usize) {
        let pause = if self.terminal { SHOW_TERMINAL } else { SHOW_LINES };
        let last = done >= self.of;
        if !last && self.shown.is_some_and(|at| at.elapsed() < pause) {
            return;
        }
        self.shown = Some(Instant::now());
        let mut to = std::io::stderr();
        let text = if self.terminal {
            let filled = (done * 30).checked_div(self.of).unwrap_or(30).min(30);
            let end = if last { "\n" } else { "" };
            format!("\r[{}{}] {done}/{} {}{end}", "#".repeat(filled), " ".repeat(30 - filled), self.of, self.what)
        } else {
            format!("{done}/{} {}\n", self.of, self.what)
        };
        // Whoever closed standard error does not want to know.
        let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    }
}
