//! Log lines to standard error: text for people or JSON for collectors, with a level that can be changed while running.

use std::io::IsTerminal;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::config::{LogFormat, Logging};

/// Overrides the configured level, in the same notation.
const LEVEL_VARIABLE: &str = "SKEIN_LOG";

/// Why logs cannot be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The text is no filter.
    #[error("cannot understand the log levels {levels:?}")]
    Levels {
        /// As given.
        levels: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Somebody has set up logs before.
    #[error("logs were already set up in this process")]
    AlreadySet,
    /// The subscriber is gone.
    #[error("the log levels can no longer be changed")]
    Gone,
}

/// Changes the level of a running daemon.
#[derive(Debug, Clone)]
pub struct LogHandle {
    filter: reload::Handle<EnvFilter, Registry>,
    levels: String,
}

impl LogHandle {
    /// The levels of the start.
    #[must_use]
    pub fn levels(&self) -> &str {
        &self.levels
    }

    /// Sets the levels, in the notation of `logging.level`.
    ///
    /// # Errors
    /// [`LogError::Levels`]; the levels stay as they were.
    pub fn set_levels(&self, levels: &str) -> Result<(), LogError> {
        self.filter.reload(parse(levels)?).map_err(|_| LogError::Gone)
    }
}

/// Sets up the logs of this process.
///
/// # Errors
/// When the level in `SKEIN_LOG` or the configuration is no filter, or on a second call.
pub fn init(logging: &Logging) -> Result<LogHandle, LogError> {
    // Taken apart without a rest, so that a key nobody reads does not compile.
    let Logging { level, format, repeat_interval: _ } = logging;
    let levels = std::env::var(LEVEL_VARIABLE).unwrap_or_else(|_| level.clone());
    let (filter, handle) = reload::Layer::new(parse(&levels)?);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<_> + Send + Sync> = match format {
        LogFormat::Text => Box::new(lines.with_ansi(std::io::stderr().is_terminal())),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_current_span(true).with_span_list(false)),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(|_| LogError::AlreadySet)?;
    Ok(LogHandle { filter: handle, levels })
}

fn parse(levels: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::try_new(levels).map_err(|source| LogError::Levels { levels: levels.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_can_be_changed_and_nonsense_leaves_them_as_they_are() {
        let (_layer, filter) = reload::Layer::new(parse("info").unwrap());
        let handle = LogHandle { filter, levels: "info".to_owned() };
        handle.set_levels("warn,skein::log=trace").unwrap();
        assert!(matches!(handle.set_levels("skein=loud"), Err(LogError::Levels { .. })));
        let now = handle.filter.with_current(ToString::to_string).unwrap();
        assert!(now.contains("skein::log=trace"), "{now}");
    }
}
