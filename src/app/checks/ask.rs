//! What the servers say of themselves and of what is declared. Nothing is made, nothing is changed.

use std::collections::BTreeMap;

use async_nats::Client;
use async_nats::jetstream::stream::Config;
use futures::{StreamExt, TryStreamExt, stream};

use crate::app::declared::{Adapter, Declared};
use crate::nats::{
    Account, ApiCode, ClockReading, Difference, Nats, NatsError, StreamCopy, StreamState, account, consumer_settings,
    server_clock, stream_state, streams, streams_that_take,
};

/// Questions on their way at once: a workspace may have hundreds of endpoints, and their servers have other work.
pub(in crate::app) const QUESTIONS_MAX: usize = 16;

/// What there is.
#[derive(Debug, Default)]
pub(in crate::app) struct Found {
    pub(super) server: Server,
    /// What the account may have; `None`: not told.
    pub(super) account: Option<Account>,
    /// The declared streams that exist, by name.
    pub(super) streams: BTreeMap<String, FoundStream>,
    /// Other streams that take a subject of a declared stream that does not exist: the stream, the subject, the other.
    pub(super) taken: Vec<(String, String, String)>,
    /// The declared consumers, by stream and endpoint; `None`: it does not exist.
    pub(super) adapters: BTreeMap<(String, String), Option<Vec<Difference>>>,
    /// Clocks of servers, by their names, each as it was read most quickly.
    pub(super) clocks: BTreeMap<String, ClockReading>,
}

/// The server that we are connected to.
#[derive(Debug, Clone, Default)]
pub(super) struct Server {
    pub(super) version: String,
    /// Whether it is one of a cluster.
    pub(super) clustered: bool,
    /// Addresses of servers of the cluster that clients are told.
    pub(super) addresses: usize,
    /// Largest message it takes.
    pub(super) max_payload: usize,
}

/// A declared stream that exists.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundStream {
    pub(super) bytes: u64,
    pub(super) consumers: u64,
    pub(super) leader: String,
    /// Version of the server that leads it.
    pub(super) version: Option<String>,
    pub(super) copies: Vec<StreamCopy>,
    pub(super) differences: Vec<Difference>,
}

/// Asks about everything declared.
///
/// # Errors
/// A question without an answer, or one that is refused; transient ones may be asked again.
pub(in crate::app) async fn ask(nats: &Nats, declared: &Declared) -> Result<Found, NatsError> {
    let client = nats.control();
    let info = client.server_info();
    let mut found = Found {
        server: Server {
            version: info.version,
            // A leaf node calls itself a cluster of its own name, also alone.
            clustered: info.cluster.is_some_and(|name| name != info.server_name || info.connect_urls.len() > 1),
            addresses: info.connect_urls.len(),
            max_payload: info.max_payload,
        },
        ..Found::default()
    };
    // Loops, not closures: what is made of one could not be sent to another thread.
    let mut questions = Vec::new();
    for wanted in &declared.streams {
        questions.push(stream_there(client, wanted));
    }
    let states: Vec<Option<StreamState>> = stream::iter(questions).buffered(QUESTIONS_MAX).try_collect().await?;
    for (wanted, state) in declared.streams.iter().zip(states) {
        let Some(state) = state else { continue };
        found.read_clock(&state.cluster.leader, state.clock);
        let differences = streams::differing(&state.config, wanted)?;
        found.streams.insert(wanted.name.clone(), FoundStream::of(state, differences));
    }
    let mut questions = Vec::new();
    for wanted in declared.streams.iter().filter(|wanted| !found.streams.contains_key(&wanted.name)) {
        for subject in &wanted.subjects {
            questions.push(takers(client, &wanted.name, subject));
        }
    }
    let taken: Vec<Vec<_>> = stream::iter(questions).buffered(QUESTIONS_MAX).try_collect().await?;
    found.taken = taken.into_iter().flatten().collect();
    // Behind them: who says that a stream is missing leads the cluster, and also says what the account may have.
    found.account = account(client).await?;
    if found.streams.is_empty()
        && let Some(clock) = server_clock(client).await
    {
        found.read_clock(&info.server_name, clock);
    }
    let mut questions = Vec::new();
    for wanted in &declared.adapters {
        questions.push(adapter(client, wanted, found.streams.contains_key(&wanted.stream)));
    }
    found.adapters = stream::iter(questions).buffered(QUESTIONS_MAX).try_collect().await?;
    Ok(found)
}

/// The state of a stream, if it exists.
async fn stream_there(client: &Client, wanted: &Config) -> Result<Option<StreamState>, NatsError> {
    match stream_state(client, &wanted.name).await {
        Err(error) if error.code() == Some(ApiCode::STREAM_NOT_FOUND) => Ok(None),
        other => other.map(Some).map_err(|error| error.about(&wanted.name)),
    }
}

/// The streams that take a subject of a stream to be made; none where the user may not ask, as making it tells.
async fn takers(client: &Client, stream: &str, subject: &str) -> Result<Vec<(String, String, String)>, NatsError> {
    let others = match streams_that_take(client, subject).await {
        Err(NatsError::Timeout { .. }) => Vec::new(),
        others => others?,
    };
    Ok(others.into_iter().map(|other| (stream.to_owned(), subject.to_owned(), other)).collect())
}

/// What differs of the consumer of an endpoint, if it exists.
async fn adapter(
    client: &Client,
    wanted: &Adapter,
    has_stream: bool,
) -> Result<((String, String), Option<Vec<Difference>>), NatsError> {
    let settings = match has_stream {
        true => consumer_settings(client, &wanted.stream, &wanted.endpoint).await?,
        false => None,
    };
    let differences = settings.map(|settings| streams::differing_adapter(&settings, &wanted.config)).transpose()?;
    Ok(((wanted.stream.clone(), wanted.endpoint.clone()), differences))
}

impl Found {
    fn read_clock(&mut self, server: &str, reading: ClockReading) {
        let kept = self.clocks.entry(server.to_owned()).or_insert(reading);
        if reading.round_trip < kept.round_trip {
            *kept = reading;
        }
    }
}

impl FoundStream {
    fn of(state: StreamState, differences: Vec<Difference>) -> Self {
        // The server that answers notes its own version there: the leader's.
        let version = state.config["metadata"]["_nats.ver"].as_str().map(str::to_owned);
        Self {
            bytes: state.bytes,
            consumers: state.consumers,
            leader: state.cluster.leader,
            version,
            copies: state.cluster.replicas,
            differences,
        }
    }
}
