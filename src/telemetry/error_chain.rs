//! An error with its sources on one line.

use std::error::Error;
use std::fmt;

/// Most sources followed: a chain that loops must not hang the log.
const DEPTH_MAX: usize = 16;

/// Shows an error and its sources, outermost first, separated by `: `.
///
/// Some errors print their source in their own text; a source whose text is already the end of what was printed is left out, so
/// that nothing is said twice. Of a refused call only what the other side says is shown: the rest of a [`Status`](tonic::Status) is for
/// programs.
///
/// ```
/// use skein::telemetry::ErrorChain;
/// let source = std::io::Error::other("no space");
/// assert_eq!(ErrorChain(&source).to_string(), "no space");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ErrorChain<'e>(pub &'e (dyn Error + 'e));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.to_string();
        let mut next = self.0.source();
        for _ in 0..DEPTH_MAX {
            let Some(error) = next else { break };
            let text = text(error);
            if !shown.ends_with(&text) {
                shown.push_str(": ");
                shown.push_str(&text);
            }
            next = error.source();
        }
        f.write_str(&shown)
    }
}

fn text(error: &(dyn Error + 'static)) -> String {
    let refusal = error.downcast_ref::<tonic::Status>().map(tonic::Status::message);
    refusal.filter(|said| !said.is_empty()).map_or_else(|| error.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    fn chain(texts: &[&'static str]) -> Layer {
        let (text, rest) = texts.split_first().unwrap();
        Layer { text, source: (!rest.is_empty()).then(|| Box::new(chain(rest))) }
    }

    #[test]
    fn every_source_is_shown_once_outermost_first() {
        assert_eq!(ErrorChain(&chain(&["append", "publish", "timed out"])).to_string(), "append: publish: timed out");
    }

    #[test]
    fn of_a_refused_call_the_words_are_shown() {
        let refused =
            |words: &str| Err::<(), _>(tonic::Status::not_found(words)).context("cannot explain").unwrap_err();
        assert_eq!(ErrorChain(refused("unknown work").as_ref()).to_string(), "cannot explain: unknown work");
        assert_ne!(ErrorChain(refused("").as_ref()).to_string(), "cannot explain: ", "the code is better than nothing");
    }

    #[test]
    fn a_source_that_is_already_in_the_text_is_not_repeated() {
        assert_eq!(ErrorChain(&chain(&["publish: timed out", "timed out"])).to_string(), "publish: timed out");
    }
}
