//! What the daemon has put into OUT and DEAD since the replay began.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use futures::StreamExt as _;
use tokio::time::timeout;

use crate::cli::client::Publisher;

/// Ends of the streams when the replay began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    out: u64,
    dead: u64,
}

/// A message of OUT or DEAD: its subject and bytes.
pub(super) type Found = (String, Vec<u8>);

impl Marks {
    pub(super) async fn now(publisher: &Publisher) -> anyhow::Result<Self> {
        let end = async |name: &str| anyhow::Ok(stream(publisher, name).await?.get_info().await?.state.last_sequence);
        Ok(Self { out: end("OUT").await?, dead: end("DEAD").await? })
    }

    /// Dead letters by reason, once nothing new came for `settle`.
    pub(super) async fn dead_letters(
        &self,
        publisher: &Publisher,
        settle: Duration,
    ) -> anyhow::Result<BTreeMap<String, usize>> {
        let mut reasons = BTreeMap::new();
        let mut seen = follow(publisher, "DEAD", self.dead).await?;
        while let Ok(Some(found)) = timeout(settle, seen.next()).await {
            let (subject, _) = found?;
            let reason = subject.rsplit('.').next().unwrap_or_default().to_owned();
            *reasons.entry(reason).or_default() += 1;
        }
        Ok(reasons)
    }

    /// What was handed to adapters, in order, without end.
    pub(super) async fn outputs(
        &self,
        publisher: &Publisher,
    ) -> anyhow::Result<futures::stream::BoxStream<'static, anyhow::Result<Found>>> {
        follow(publisher, "OUT", self.out).await
    }
}

async fn stream(publisher: &Publisher, kind: &str) -> anyhow::Result<Stream> {
    let name = format!("SKEIN_{kind}_{}", publisher.workspace());
    publisher
        .context()
        .get_stream(&name)
        .await
        .map_err(|error| anyhow::anyhow!("cannot read the stream {name}: {error}; is the daemon running?"))
}

async fn follow(
    publisher: &Publisher,
    kind: &str,
    after: u64,
) -> anyhow::Result<futures::stream::BoxStream<'static, anyhow::Result<Found>>> {
    let config = pull::OrderedConfig {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
        ..pull::OrderedConfig::default()
    };
    let messages = stream(publisher, kind).await?.create_consumer(config).await?.messages().await?;
    Ok(messages
        .map(|message| Ok(message.map(|message| (message.subject.to_string(), message.payload.to_vec()))?))
        .boxed())
}
