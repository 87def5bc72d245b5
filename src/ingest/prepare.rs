//! From a stored message to commands: subject, body, format, events. Runs in the stream's order, off the shard's task.
//!
//! What cannot be used becomes a dead letter with a bounded reason, never an error: one bad message must not stop a stream.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_nats::HeaderMap;
use tokio::sync::watch;
use tracing::error;

use super::bodies::{BODY_HEADER, BadBody, Bodies, BodyRef, hex_sha256};
use super::live::TypingInlet;
use super::position::digest;
use super::subject::tokens;
use crate::domain::command::{Arrival, Command, DeadLetter};
use crate::domain::event::{EventKind, InboundEvent};
use crate::domain::id::Name;
use crate::domain::record::Input;
use crate::domain::workspace::{EndpointConfig, IndexedConfig};
use crate::nats::Stored;
use crate::normalize::{Format, MAX_MAIL_BYTES, Normalized, Reason, Request, SPLITTER_VERSION, normalize};

/// Header that says what the bytes are.
pub(super) const FORMAT_HEADER: &str = "Skein-Format";
/// Header with the query string of the provider's request.
const QUERY_HEADER: &str = "Skein-Query";
/// Larger bodies are kept in the object store: IN is trimmed after days, and records stay small.
const INLINE_BODY_MAX: usize = 256 << 10;

/// Reasons that only ingest knows; the others are [`Reason`]'s.
mod reasons {
    pub(super) const SUBJECT: &str = "bad_subject";
    pub(super) const ENDPOINT: &str = "unknown_endpoint";
    pub(super) const BODY: &str = "body_missing";
    pub(super) const PANIC: &str = "malformed";
    pub(super) const HEADERS: &str = "bad_headers";
}

/// Makes commands of one IN stream's messages.
#[derive(Debug)]
pub(super) struct Preparer {
    pub(super) workspace: Name,
    pub(super) stream: Name,
    pub(super) number: u16,
    pub(super) config: Arc<IndexedConfig>,
    /// The configuration in force, whenever it is another one.
    pub(super) configs: watch::Receiver<Arc<IndexedConfig>>,
    pub(super) bodies: Bodies,
    pub(super) typing: TypingInlet,
    /// Applied before the restart: events of this position's message up to it are skipped.
    pub(super) applied: Input,
}

/// Why a message is refused.
struct Refused(&'static str);

impl Preparer {
    /// Goes on with the configuration that is in force now.
    pub(super) fn follow(&mut self) {
        // Whoever changes it may be gone, at the end: then it stays.
        if self.configs.has_changed().unwrap_or(false) {
            self.config = Arc::clone(&self.configs.borrow_and_update());
        }
    }

    /// Appends the commands of `message` to `commands`: at least one. Waits only for the object store.
    pub(super) async fn prepare(&self, message: &Stored, commands: &mut Vec<Command>) {
        let Some(subject) = tokens(&message.subject, &self.workspace) else {
            let nowhere = Name::const_new("_");
            let letter = self.letter(message, &nowhere, &nowhere, reasons::SUBJECT);
            commands.push(letter);
            return;
        };
        let (channel, endpoint) = (&subject.channel, &subject.endpoint);
        let config = self.config.endpoint(channel, endpoint);
        let normalized = match config {
            _ if message.bad_headers => Err(Refused(reasons::HEADERS)),
            Some(config) => self.read(message, config).await,
            None => Err(Refused(reasons::ENDPOINT)),
        };
        match (normalized, config) {
            (Ok((normalized, fetched)), Some(config)) => {
                let at = (&self.stream, message.sequence);
                for media in &normalized.media {
                    self.bodies.store(at, &media.name, &media.bytes).await;
                }
                let body = self.body(message, &normalized, fetched).await;
                self.events(message, normalized, config, body.as_ref(), commands);
            }
            (Err(Refused(reason)), _) => {
                commands.push(self.letter(message, channel, endpoint, reason));
            }
            (Ok(_), None) => {}
        }
    }

    /// The object that holds the whole message: where its adapter put it, or where it is kept because it is large. What says nothing
    /// (reports of what became of ours) is not kept: nothing would name it.
    async fn body(&self, message: &Stored, normalized: &Normalized, fetched: Option<String>) -> Option<Name> {
        if let Some(object) = fetched {
            return Some(Name::from(object));
        }
        let says = |event: &InboundEvent| {
            !matches!(
                event.kind,
                EventKind::Receipt(_) | EventKind::Typing | EventKind::Ignored { .. } | EventKind::Account { .. }
            )
        };
        if message.payload.len() <= INLINE_BODY_MAX || !normalized.events.iter().any(says) {
            return None;
        }
        let object = format!("body-{}", hex_sha256(&message.payload));
        self.bodies.store((&self.stream, message.sequence), &object, &message.payload).await;
        Some(Name::from(object))
    }

    /// The events, and the name of the object that they were read from, if it is one.
    async fn read(&self, message: &Stored, endpoint: &EndpointConfig) -> Result<(Normalized, Option<String>), Refused> {
        let headers = Headers::of(message);
        let format = match headers.format {
            Some(name) => name.parse().map_err(|_| Refused(Reason::UnknownFormat.label()))?,
            None => Format::default(),
        };
        let fetched = match headers.body {
            Some(reference) => Some(self.fetch(message, reference).await?),
            None => None,
        };
        let body = fetched.as_ref().map(|(_, body)| body.as_slice()).unwrap_or(&message.payload);
        let request =
            Request { body, query: headers.query, channel: &endpoint.channel, authserv_ids: &endpoint.authserv_ids };
        // Parsers of strangers' formats read strangers' bytes: a panic of one must cost one message, not the stream.
        let normalized = catch_unwind(AssertUnwindSafe(|| normalize(format, request)))
            .map_err(|_| {
                error!(
                    stream = %self.stream,
                    sequence = message.sequence,
                    format = format.name(),
                    "normaliser panicked, message set aside"
                );
                Refused(reasons::PANIC)
            })?
            .map_err(|refusal| Refused(refusal.reason().label()))?;
        Ok((normalized, fetched.map(|(object, _)| object)))
    }

    async fn fetch(&self, message: &Stored, reference: &str) -> Result<(String, Vec<u8>), Refused> {
        let reference = BodyRef::parse(reference).ok_or(Refused(reasons::BODY))?;
        let at = (&self.stream, message.sequence);
        let body = self.bodies.fetch(at, &reference, MAX_MAIL_BYTES).await.map_err(|bad| match bad {
            BadBody::TooLarge => Refused(Reason::TooLarge.label()),
            BadBody::Missing | BadBody::Differs => Refused(reasons::BODY),
        })?;
        Ok((reference.object, body))
    }

    fn events(
        &self,
        message: &Stored,
        normalized: Normalized,
        endpoint: &EndpointConfig,
        body: Option<&Name>,
        commands: &mut Vec<Command>,
    ) {
        // The normaliser refuses bodies with more.
        let of = u16::try_from(normalized.events.len()).unwrap_or(u16::MAX);
        if of == 0 {
            // Nothing for anybody; the position moves on all the same.
            commands.push(Command::Progress {
                workspace: self.workspace.clone(),
                reached: vec![self.input(message, 0, 0)],
            });
            return;
        }
        // The digest is of the whole message: made once, however many events there are.
        let first = self.input(message, 0, of);
        for (event, at) in normalized.events.into_iter().zip(0u16..) {
            let input = Input { event: at, ..first };
            if !input.is_after(&self.applied) {
                continue;
            }
            if matches!(event.kind, EventKind::Typing) {
                self.typing.hear(&endpoint.channel, &endpoint.name, &event, message.stored_ns);
            }
            commands.push(Command::Input(Box::new(Arrival {
                workspace: self.workspace.clone(),
                channel: endpoint.channel.clone(),
                endpoint: endpoint.name.clone(),
                stream: self.stream.clone(),
                input,
                event,
                body: body.cloned(),
            })));
        }
    }

    /// A message that is set aside as a whole.
    fn letter(&self, message: &Stored, channel: &Name, endpoint: &Name, reason: &'static str) -> Command {
        Command::DeadLetter(DeadLetter {
            workspace: self.workspace.clone(),
            channel: channel.clone(),
            endpoint: endpoint.clone(),
            stream: self.stream.clone(),
            input: self.input(message, 0, 1),
            reason: Name::const_new(reason),
        })
    }

    fn input(&self, message: &Stored, event: u16, of: u16) -> Input {
        Input {
            stream: self.number,
            sequence: message.sequence,
            event,
            of,
            splitter: SPLITTER_VERSION,
            digest: digest(message),
        }
    }
}

/// The headers that mean something here.
#[derive(Default)]
struct Headers<'h> {
    format: Option<&'h str>,
    query: Option<&'h str>,
    body: Option<&'h str>,
}

impl<'h> Headers<'h> {
    /// One walk over the few there are: cheaper than a look-up each.
    fn of(message: &'h Stored) -> Self {
        let mut found = Self::default();
        for (name, values) in message.headers.iter().flat_map(HeaderMap::iter) {
            let place = match name.as_ref() {
                FORMAT_HEADER => &mut found.format,
                QUERY_HEADER => &mut found.query,
                BODY_HEADER => &mut found.body,
                _ => continue,
            };
            *place = values.first().map(async_nats::HeaderValue::as_str);
        }
        found
    }
}
