//! Log lines to standard error: text for people or JSON for collectors, with a level that can be changed while running.
//!
//! Invariant: whatever the levels are, it is logged who has read customers' data, and what operators decide.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::config::{LogFormat, Logging};

/// Overrides the configured level, in the same notation.
const LEVEL_VARIABLE: &str = "SKEIN_LOG";

/// Targets that no level silences: reads of customers' data, and decisions of operators.
const ALWAYS: [&str; 2] = ["skein::agents::audit", "skein::admin"];

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
    let filter = and_always(filter);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<_> + Send + Sync> = match format {
        LogFormat::Text => Box::new(lines.with_ansi(std::io::stderr().is_terminal())),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_current_span(true).with_span_list(false)),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).try_init().map_err(|_| LogError::AlreadySet)?;
    Ok(LogHandle { filter: handle, levels })
}

/// What the levels let pass, and what is always logged.
fn and_always(levels: impl Filter<Registry> + Send + Sync + 'static) -> impl Filter<Registry> + Send + Sync + 'static {
    let is_always = |target: &str| {
        let below =
            |module: &&str| target.strip_prefix(*module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        ALWAYS.iter().any(below)
    };
    let always = filter_fn(move |metadata| *metadata.level() <= LevelFilter::INFO && is_always(metadata.target()));
    levels.or(always.with_max_level_hint(LevelFilter::INFO))
}

fn parse(levels: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::try_new(levels).map_err(|source| LogError::Levels { levels: levels.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What is written is kept.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_level_silences_who_reads_or_what_operators_decide() {
        let kept = Kept::default();
        let (filter, handle) = reload::Layer::new(parse("info").unwrap());
        let writer = kept.clone();
        let lines = fmt::layer().with_writer(move || writer.clone()).with_filter(and_always(filter));
        let handle = LogHandle { filter: handle, levels: "info".to_owned() };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            for levels in
                ["off", "error,skein::agents::audit=off,skein::agents::audit[{read}]=off", "skein::admin::service=off"]
            {
                handle.set_levels(levels).unwrap();
                tracing::info!(target: "skein::agents::audit", read = "search", "customers' data read");
                tracing::info!(target: "skein::admin::service", "drained");
                tracing::info!(target: "skein::administration", "not an operator's");
                tracing::debug!(target: "skein::admin", "not a decision");
            }
        });
        let told = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!((told.matches("data read").count(), told.matches("drained").count()), (3, 3), "{told}");
        assert!(!told.contains("not a"), "{told}");
    }

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
