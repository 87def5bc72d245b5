//! Reads the stream of dead letters in order, by an ordered consumer: all there are, and if wanted those to come.

use std::collections::BTreeSet;

use anyhow::Context as _;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures::StreamExt as _;

use super::letter::Letter;
use crate::cli::client::Publisher;
use crate::nats::streams::dead_name;

/// Which letters are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Selection {
    /// Only letters of this endpoint.
    #[arg(long, value_name = "CHANNEL/NAME", value_parser = endpoint)]
    endpoint: Option<(String, String)>,
    /// Only letters with this reason, such as `unknown_endpoint`.
    #[arg(long)]
    reason: Option<String>,
}

fn endpoint(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((channel, name)) if !channel.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok((channel.to_owned(), name.to_owned()))
        }
        _ => Err("wanted as CHANNEL/NAME, for example whatsapp/support".to_owned()),
    }
}

impl Selection {
    pub(super) fn is_everything(&self) -> bool {
        self.endpoint.is_none() && self.reason.is_none()
    }

    fn takes(&self, letter: &Letter) -> bool {
        let of_endpoint = |(channel, name): &(String, String)| letter.channel == *channel && letter.endpoint == *name;
        self.endpoint.as_ref().is_none_or(of_endpoint)
            && self.reason.as_ref().is_none_or(|reason| letter.reason == *reason)
    }
}

/// How far is read, and what of each letter.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// Goes on with the letters to come, without end.
    pub(super) follow: bool,
    /// With its bytes; without, they do not leave the server.
    pub(super) bytes: bool,
}

/// Calls `each` with every letter that is meant, oldest first. `sequences`: only these; empty: any. Returns those of `sequences`
/// that are not there.
pub(super) async fn letters(
    publisher: &Publisher,
    selection: &Selection,
    sequences: &BTreeSet<u64>,
    how: How,
    mut each: impl AsyncFnMut(Letter, Message) -> anyhow::Result<()>,
) -> anyhow::Result<BTreeSet<u64>> {
    let name = dead_name(publisher.workspace());
    let stream = publisher
        .context()
        .get_stream(&name)
        .await
        .map_err(|error| anyhow::anyhow!("cannot read the stream {name}: {error}; is the daemon running?"))?;
    let config = pull::OrderedConfig {
        deliver_policy: sequences
            .first()
            .map_or(DeliverPolicy::All, |&first| DeliverPolicy::ByStartSequence { start_sequence: first.max(1) }),
        headers_only: !how.bytes,
        ..pull::OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await.with_context(|| format!("cannot read the stream {name}"))?;
    let mut missing = sequences.clone();
    // What is there now; the stream may grow while it is read.
    let mut left = consumer.cached_info().num_pending;
    let mut messages = consumer.messages().await?;
    while how.follow || left > 0 {
        let Some(message) = messages.next().await else { break };
        let message = message?;
        left = left.saturating_sub(1);
        let Some(letter) = Letter::of(&message) else { continue };
        let wanted = sequences.is_empty() || sequences.contains(&letter.sequence);
        if sequences.last().is_some_and(|&last| letter.sequence >= last) {
            left = 0;
        }
        if wanted && selection.takes(&letter) {
            missing.remove(&letter.sequence);
            each(letter, message).await?;
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_named_with_its_channel() {
        assert_eq!(endpoint("sms/main"), Ok(("sms".to_owned(), "main".to_owned())));
        for wrong in ["main", "/main", "sms/", "sms/main/x"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }
}
