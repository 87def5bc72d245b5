//! What can go wrong between us and a nats-server, told apart by what a caller does differently.
//!
//! The client library's errors print their source inside their own `Display` and file several important codes under "other", so
//! they are turned into `NatsError` here and matched by the server's error *code*.

use thiserror::Error;

use super::differences::Difference;

/// Error code of a JetStream answer (`err_code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiCode(pub u64);

impl ApiCode {
    /// The stream does not exist. During an election a missing answer shows differently: [`NatsError::NoResponders`].
    pub const STREAM_NOT_FOUND: Self = Self(10_059);
    /// The consumer does not exist.
    pub const CONSUMER_NOT_FOUND: Self = Self(10_014);
    /// The servers have no room for so many copies.
    pub const NO_PLACE: Self = Self(10_005);
    /// A server alone keeps one copy.
    pub const NOT_CLUSTERED: Self = Self(10_074);
    /// The server has no room for a stream of that size.
    pub const NO_STORAGE: Self = Self(10_047);
    /// No message at the sequence asked for.
    pub const NO_MESSAGE: Self = Self(10_037);
    /// A message cannot be deleted, or is not there.
    pub const DELETE_FAILED: Self = Self(10_057);
    /// The fence is lost: the last sequence is another one than expected (single server).
    pub const WRONG_LAST_SEQUENCE: Self = Self(10_071);
    /// The fence is lost (as reported by a replicated stream).
    pub const WRONG_LAST_SEQUENCE_CONSTANT: Self = Self(10_164);
    /// A message with that id is being stored at this moment.
    pub const DUPLICATE_IN_FLIGHT: Self = Self(10_158);
    /// An atomic batch has a message whose id is already stored.
    pub const BATCH_DUPLICATE: Self = Self(10_201);
    /// The stream is full and configured to refuse.
    pub const STREAM_FULL: Self = Self(10_077);
    /// The account has no JetStream.
    pub const ACCOUNT_WITHOUT: Self = Self(10_039);
    /// The cluster has no leader at this moment.
    pub const CLUSTER_UNAVAILABLE: Self = Self(10_008);
    /// A server lacks the means at this moment.
    pub const INSUFFICIENT_RESOURCES: Self = Self(10_023);
    /// All servers with a copy of the stream are away.
    pub const STREAM_OFFLINE: Self = Self(10_118);
    /// All servers with a copy of the consumer are away.
    pub const CONSUMER_OFFLINE: Self = Self(10_119);

    /// Refusals that time heals: servers come back, a full stream gets room.
    const PASSING: [Self; 5] = [
        Self::CLUSTER_UNAVAILABLE,
        Self::INSUFFICIENT_RESOURCES,
        Self::STREAM_FULL,
        Self::STREAM_OFFLINE,
        Self::CONSUMER_OFFLINE,
    ];

    /// True when somebody else appended first.
    #[must_use]
    pub fn is_lost_fence(self) -> bool {
        self == Self::WRONG_LAST_SEQUENCE || self == Self::WRONG_LAST_SEQUENCE_CONSTANT
    }
}

/// A failed exchange with a nats-server.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NatsError {
    /// No connection could be made. The caller may try again.
    #[error("connect to nats: {reason}")]
    Connect {
        /// What the client library said.
        reason: String,
    },
    /// The connection's options cannot be used.
    #[error("use the nats option {option}: {reason}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// Why not.
        reason: String,
    },
    /// The server is older than [`super::MINIMUM_SERVER`].
    #[error(
        "use nats-server {found}: 2.15.1 or newer is required; install it from https://github.com/nats-io/nats-server/releases"
    )]
    OldServer {
        /// Version the server announced.
        found: String,
    },
    /// The server runs without JetStream, and no other of its cluster answers for it.
    #[error("use jetstream: the nats-server runs without it, as does its cluster; start it with --jetstream")]
    NoJetStream,
    /// No answer in time: whether the request took effect is *unknown*.
    #[error("{operation}: no answer in time")]
    Timeout {
        /// What was asked for.
        operation: &'static str,
    },
    /// Nobody serves the request at this moment (an election, a restart). Try again.
    #[error("{operation}: nobody answers at this moment")]
    NoResponders {
        /// What was asked for.
        operation: &'static str,
    },
    /// The request could not be sent or its answer not be received: the outcome is *unknown*.
    #[error("{operation}: {reason}")]
    Request {
        /// What was asked for.
        operation: &'static str,
        /// What the client library said.
        reason: String,
    },
    /// The server answered with an error.
    #[error("{operation}: refused with code {}: {description}", code.0)]
    Refused {
        /// What was asked for.
        operation: &'static str,
        /// The server's code.
        code: ApiCode,
        /// The server's words.
        description: String,
    },
    /// The answer is not what this build understands.
    #[error("{operation}: the answer is not understood: {reason}")]
    Malformed {
        /// What was asked for.
        operation: &'static str,
        /// What is odd about it.
        reason: String,
    },
    /// An exchange about one of many streams failed.
    #[error("stream {stream}")]
    About {
        /// Name of the stream.
        stream: String,
        /// What failed.
        source: Box<NatsError>,
    },
    /// The consumer of an endpoint exists and reads what is another's. Nothing was changed.
    #[error("consumer {consumer} of {stream} reads {found}: give the endpoint another name")]
    OthersConsumer {
        /// Name of the consumer, which is that of the endpoint.
        consumer: String,
        /// Name of the stream.
        stream: String,
        /// Subject that it reads.
        found: String,
    },
    /// A stream exists with other settings than declared. Nothing was changed; an operator decides.
    #[error("stream {stream} differs from its declaration: {}", all(differences))]
    StreamDiffers {
        /// Name of the stream.
        stream: String,
        /// Each setting.
        differences: Vec<Difference>,
    },
}

impl NatsError {
    /// The server's code, if it answered with one.
    #[must_use]
    pub fn code(&self) -> Option<ApiCode> {
        if let Self::Refused { code, .. } = self.innermost() { Some(*code) } else { None }
    }

    /// True when nobody answered in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.innermost(), Self::Timeout { .. })
    }

    /// The same, with the name of the stream that it was about; one that names it stays as it is.
    pub(crate) fn about(self, stream: &str) -> Self {
        match self {
            Self::About { .. } | Self::OthersConsumer { .. } | Self::StreamDiffers { .. } => self,
            other => Self::About { stream: stream.to_owned(), source: Box::new(other) },
        }
    }

    fn innermost(&self) -> &Self {
        if let Self::About { source, .. } = self { source.innermost() } else { self }
    }

    /// True when the same request may succeed later without anybody's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.innermost() {
            Self::Connect { .. } | Self::Timeout { .. } | Self::NoResponders { .. } | Self::Request { .. } => true,
            Self::Refused { code, .. } => ApiCode::PASSING.contains(code),
            Self::Option { .. }
            | Self::OldServer { .. }
            | Self::NoJetStream
            | Self::Malformed { .. }
            | Self::About { .. }
            | Self::OthersConsumer { .. }
            | Self::StreamDiffers { .. } => false,
        }
    }
}

fn all(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Turns a failed request of the client library into ours.
pub(super) fn from_request(operation: &'static str, error: &async_nats::RequestError) -> NatsError {
    use async_nats::RequestErrorKind as Kind;
    match error.kind() {
        Kind::TimedOut => NatsError::Timeout { operation },
        Kind::NoResponders => NatsError::NoResponders { operation },
        Kind::InvalidSubject | Kind::MaxPayloadExceeded | Kind::Other => {
            NatsError::Request { operation, reason: error.to_string() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::an_election_of_the_cluster(10_008, true)]
    #[case::no_server_with_a_copy_of_the_stream_is_up(10_118, true)]
    #[case::nor_one_of_the_consumer(10_119, true)]
    #[case::a_full_stream(10_077, true)]
    #[case::a_missing_stream(10_059, false)]
    #[case::an_account_without_jetstream(10_039, false)]
    fn a_refusal_is_asked_again_where_time_heals_it(#[case] code: u64, #[case] heals: bool) {
        let refused = NatsError::Refused { operation: "try", code: ApiCode(code), description: String::new() };
        assert_eq!(refused.is_transient(), heals);
        let about = refused.about("SKEIN_LOG_main");
        assert_eq!((about.is_transient(), about.code()), (heals, Some(ApiCode(code))), "{about}");
    }
}
