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
use super::subject::{Tokens, tokens};
use crate::clock::wall_ms;
use crate::domain::command::{Arrival, Command, DeadLetter};
use crate::domain::event::{EventKind, InboundEvent};
use crate::domain::id::Name;
use crate::domain::record::Input;
use crate::domain::remembered::Sought;
use crate::domain::time::Timestamp;
use crate::domain::workspace::{EndpointConfig, IndexedConfig};
use crate::nats::Stored;
use crate::normalize::{Format, MAX_MAIL_BYTES, Normalized, Reason, Request, SPLITTER_VERSION, normalize};
use crate::shard::Archive;

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
    /// Key of the workspace's fingerprints.
    pub(super) hash_key: [u8; 16],
    /// What the core has forgotten.
    pub(super) archive: Option<Archive>,
}

/// Why a message is refused.
pub(super) struct Refused(pub(super) &'static str);

/// A message that is set aside as a whole.
pub(super) struct Letter {
    pub(super) channel: Name,
    pub(super) endpoint: Name,
    pub(super) reason: &'static str,
}

/// The endpoint of a message, or why it is set aside unread.
pub(super) fn letter_of<'c>(
    message: &Stored,
    subject: Option<&Tokens>,
    config: &'c IndexedConfig,
) -> Result<&'c EndpointConfig, Letter> {
    let nowhere = Name::const_new("_");
    let Some(Tokens { channel, endpoint }) = subject else {
        return Err(Letter { channel: nowhere.clone(), endpoint: nowhere, reason: reasons::SUBJECT });
    };
    let letter = |reason| Letter { channel: channel.clone(), endpoint: endpoint.clone(), reason };
    match config.endpoint(channel, endpoint) {
        _ if message.bad_headers => Err(letter(reasons::HEADERS)),
        Some(config) => Ok(config),
        None => Err(letter(reasons::ENDPOINT)),
    }
}

/// What a body says, by its headers; `at` is where it stands, for the log. Pure but for that.
pub(super) fn understood(
    headers: &Headers<'_>,
    body: &[u8],
    endpoint: &EndpointConfig,
    (stream, sequence): (&Name, u64),
) -> Result<Normalized, Refused> {
    let format = headers.format()?;
    let request =
        Request { body, query: headers.query, channel: &endpoint.channel, authserv_ids: &endpoint.authserv_ids };
    // Parsers of strangers' formats read strangers' bytes: a panic of one must cost one message, not the stream.
    catch_unwind(AssertUnwindSafe(|| normalize(format, request)))
        .map_err(|_| {
            error!(
                stream = %stream,
                sequence,
                format = format.name(),
                "normaliser panicked, message set aside"
            );
            Refused(reasons::PANIC)
        })?
        .map_err(|refusal| Refused(refusal.reason().label()))
}

impl Preparer {
    /// Goes on with the configuration that is in force now.
    pub(super) fn follow(&mut self) {
        // Whoever changes it may be gone, at the end: then it stays.
        if self.configs.has_changed().unwrap_or(false) {
            self.config = Arc::clone(&self.configs.borrow_and_update());
        }
    }

    /// Asks the archive for those that may repeat what the core has forgotten. Whoever is not answered here the shard asks for: it has
    /// the last word on what it wants to know.
    pub(super) async fn look_up(&self, commands: &mut [Command]) {
        let Some(archive) = self.archive.as_ref().filter(|archive| archive.through() > Timestamp::default()) else {
            return;
        };
        let now = Timestamp(wall_ms());
        let (mut asked, mut sought) = (Vec::new(), Vec::new());
        for command in commands {
            if let Command::Input(arrival) = command
                && let Some(one) = Sought::of(arrival, &self.hash_key, &self.config, now)
            {
                asked.push(arrival);
                sought.push(one);
            }
        }
        if sought.is_empty() {
            return;
        }
        if let Ok(answers) = archive.ask(sought).await {
            asked.into_iter().zip(answers).for_each(|(arrival, older)| arrival.older = Some(older));
        }
    }

    /// Appends the commands of `message` to `commands`: at least one. Waits only for the object store.
    pub(super) async fn prepare(&self, message: &Stored, commands: &mut Vec<Command>) {
        let subject = tokens(&message.subject, &self.workspace);
        let config = match letter_of(message, subject.as_ref(), &self.config) {
            Ok(config) => config,
            Err(letter) => return commands.push(self.letter(message, letter)),
        };
        match self.read(message, config).await {
            Ok((normalized, fetched)) => {
                let at = (&self.stream, message.sequence);
                for media in &normalized.media {
                    self.bodies.store(at, &media.name, &media.bytes).await;
                }
                let body = self.body(message, &normalized, fetched).await;
                self.events(message, normalized, config, body.as_ref(), commands);
            }
            Err(Refused(reason)) => {
                let (channel, endpoint) = (config.channel.clone(), config.name.clone());
                commands.push(self.letter(message, Letter { channel, endpoint, reason }));
            }
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
        headers.format()?;
        let fetched = match headers.body {
            Some(reference) => Some(self.fetch(message, reference).await?),
            None => None,
        };
        let body = fetched.as_ref().map(|(_, body)| body.as_slice()).unwrap_or(&message.payload);
        let normalized = understood(&headers, body, endpoint, (&self.stream, message.sequence))?;
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
                older: None,
            })));
        }
    }

    /// A message that is set aside as a whole.
    fn letter(&self, message: &Stored, Letter { channel, endpoint, reason }: Letter) -> Command {
        Command::DeadLetter(DeadLetter {
            workspace: self.workspace.clone(),
            channel,
            endpoint,
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
pub(super) struct Headers<'h> {
    format: Option<&'h str>,
    query: Option<&'h str>,
    pub(super) body: Option<&'h str>,
}

impl<'h> Headers<'h> {
    /// What the bytes are.
    fn format(&self) -> Result<Format, Refused> {
        match self.format {
            Some(name) => name.parse().map_err(|_| Refused(Reason::UnknownFormat.label())),
            None => Ok(Format::default()),
        }
    }

    /// One walk over the few there are: cheaper than a look-up each.
    pub(super) fn of(message: &'h Stored) -> Self {
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
