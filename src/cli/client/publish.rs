//! Publishing as an adapter does: a request per event, done when the stream has acknowledged it.

use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, HeaderMap};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::nats::with_login;

/// No answer in this time: it is not known whether the event was taken.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);
/// Larger bodies go to the object store, as the channel contract asks of adapters.
const INLINE_MAX: usize = 256 << 10;

/// Bytes of a provider, and where they go.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Event {
    pub(in crate::cli) channel: String,
    pub(in crate::cli) endpoint: String,
    pub(in crate::cli) format: &'static str,
    /// Query string of the provider's request, without `?`.
    pub(in crate::cli) query: Option<String>,
    pub(in crate::cli) body: Vec<u8>,
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum PublishFailure {
    /// The server or the stream said no, or nobody answered.
    #[error("publish on {subject}: {reason}")]
    Refused { subject: String, reason: String },
    /// The body could not be stored beside the stream.
    #[error("store a body of {bytes} bytes: {reason}")]
    Body { bytes: usize, reason: String },
}

/// Publishes into one workspace. Cheap to clone.
#[derive(Clone)]
pub(in crate::cli) struct Publisher {
    context: Context,
    workspace: String,
}

impl Publisher {
    pub(in crate::cli) async fn connect(nats: &str, workspace: String) -> anyhow::Result<Self> {
        let options = with_login(ConnectOptions::new(), [nats]);
        let client = options.connect(nats).await.map_err(|error| {
            // Behind the last `@`: what is before it is a secret.
            anyhow::anyhow!("cannot connect to {}: {error}", nats.rsplit('@').next().unwrap_or_default())
        })?;
        let mut context = jetstream::new(client);
        context.set_timeout(ACK_TIMEOUT);
        Ok(Self { context, workspace })
    }

    pub(in crate::cli) fn context(&self) -> &Context {
        &self.context
    }

    pub(in crate::cli) fn client(&self) -> async_nats::Client {
        self.context.client()
    }

    pub(in crate::cli) fn workspace(&self) -> &str {
        &self.workspace
    }

    pub(in crate::cli) fn subject(&self, event: &Event) -> String {
        format!("skein.in.{}.{}.{}", self.workspace, event.channel, event.endpoint)
    }

    /// Sequence of the event in its stream, once it is stored there.
    pub(in crate::cli) async fn publish(&self, event: &Event) -> Result<u64, PublishFailure> {
        let subject = self.subject(event);
        let mut headers = HeaderMap::new();
        headers.insert("Skein-Format", event.format);
        if let Some(query) = &event.query {
            headers.insert("Skein-Query", query.as_str());
        }
        let body = if event.body.len() > INLINE_MAX {
            headers.insert("Skein-Body", self.store(&event.body).await?);
            Bytes::new()
        } else {
            event.body.clone().into()
        };
        self.publish_bytes(subject, headers, body).await
    }

    /// Sequence of the bytes in the stream of `subject`, once they are stored there.
    async fn publish_bytes(&self, subject: String, headers: HeaderMap, body: Bytes) -> Result<u64, PublishFailure> {
        let refused = |error: jetstream::context::PublishError| PublishFailure::Refused {
            subject: subject.clone(),
            reason: error.to_string(),
        };
        let ack = self.context.publish_with_headers(subject.clone(), headers, body).await.map_err(refused)?;
        ack.await.map(|ack| ack.sequence).map_err(refused)
    }

    /// Stores the body and gives its reference.
    async fn store(&self, body: &[u8]) -> Result<String, PublishFailure> {
        let failed = |reason: String| PublishFailure::Body { bytes: body.len(), reason };
        let bucket = format!("SKEIN_MEDIA_{}", self.workspace);
        let store = self.context.get_object_store(bucket).await.map_err(|error| failed(error.to_string()))?;
        let sha256: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("body-{sha256}");
        let mut bytes = body;
        store.put(name.as_str(), &mut bytes).await.map_err(|error| failed(error.to_string()))?;
        Ok(format!("object={name};bytes={};sha256={sha256}", body.len()))
    }
}
