//! Lines of a text, by number.

/// A text cut into lines.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Where each line starts.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { text, starts }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Where a line starts; after the last one, the end.
    pub(super) fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// A line without its end; empty after the last one.
    pub(super) fn line(&self, line: usize) -> &'t str {
        let line = &self.text[self.start(line)..self.start(line + 1)];
        line.strip_suffix('\n').unwrap_or(line)
    }

    pub(super) fn is_blank(&self, line: usize) -> bool {
        self.line(line).trim().is_empty()
    }

    /// Marked as quoted.
    pub(super) fn is_marked(&self, line: usize) -> bool {
        self.line(line).trim_start().starts_with('>')
    }

    /// The end without the blank lines before it.
    pub(super) fn without_blanks(&self, mut end: usize) -> usize {
        while end > 0 && self.is_blank(end - 1) {
            end -= 1;
        }
        end
    }

    /// Whether the words above a line announce what follows.
    pub(super) fn is_announced(&self, line: usize) -> bool {
        let above = self.without_blanks(line);
        above > 0 && self.line(above - 1).trim_end().ends_with([':', '：'])
    }

    /// The next line with something on it.
    pub(super) fn next_said(&self, from: usize) -> Option<usize> {
        (from..self.len()).find(|line| !self.is_blank(*line))
    }
}
