//! Whether every IN stream can be read: part of readiness.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::admin::Check;
use crate::domain::id::Name;

/// The streams of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct IngestHealth {
    streams: Arc<Mutex<BTreeMap<Name, Condition>>>,
    check: Check,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Starting,
    Readable,
    Broken,
}

impl IngestHealth {
    /// No stream yet, told to `check`.
    #[must_use]
    pub fn new(check: Check) -> Self {
        Self { streams: Arc::default(), check }
    }

    /// The share of one stream, which is not readable yet.
    #[must_use]
    pub fn stream(&self, stream: Name) -> StreamHealth {
        let health = StreamHealth { all: self.clone(), stream };
        health.set(Condition::Starting);
        health
    }
}

/// The share of one stream.
#[derive(Clone, Debug)]
pub struct StreamHealth {
    all: IngestHealth,
    stream: Name,
}

impl StreamHealth {
    pub(super) fn readable(&self) {
        self.set(Condition::Readable);
    }

    pub(super) fn broken(&self) {
        self.set(Condition::Broken);
    }

    fn set(&self, condition: Condition) {
        let mut streams = self.all.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.insert(self.stream.clone(), condition);
        let of = |wanted| {
            let found = streams.iter().find(|(_, condition)| **condition == wanted);
            found.map(|(stream, _)| stream)
        };
        if let Some(stream) = of(Condition::Broken) {
            self.all.check.not_ready(format!("stream {stream} was made anew or rolled back"));
        } else if let Some(stream) = of(Condition::Starting) {
            self.all.check.not_ready(format!("stream {stream} is not read yet"));
        } else {
            self.all.check.ready();
        }
    }
}
