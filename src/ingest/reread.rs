//! A stored message read again, as ingest would: for a checker that asks whether something that was passed over has an effect.

use super::prepare::{Headers, Letter, letter_of, understood};
use super::subject::tokens;
use crate::domain::command::{Arrival, Command, DeadLetter};
use crate::domain::id::Name;
use crate::domain::record::Input;
use crate::domain::workspace::IndexedConfig;
use crate::nats::Stored;
use crate::normalize::SPLITTER_VERSION;

/// Of which stream a message is.
#[derive(Clone, Debug)]
pub struct Place {
    /// Workspace of the stream.
    pub workspace: Name,
    /// Name of the stream.
    pub stream: Name,
    /// Its number in positions.
    pub number: u16,
}

/// The commands that follow from a message under a configuration, one for each of its events, in order. None: its bytes are elsewhere.
#[must_use]
pub fn reread(message: &Stored, place: &Place, config: &IndexedConfig) -> Option<Vec<Command>> {
    let input = |event, of| Input {
        stream: place.number,
        sequence: message.sequence,
        event,
        of,
        splitter: SPLITTER_VERSION,
        digest: super::digest(message),
    };
    let set_aside = |Letter { channel, endpoint, reason }: Letter| {
        vec![Command::DeadLetter(DeadLetter {
            workspace: place.workspace.clone(),
            channel,
            endpoint,
            stream: place.stream.clone(),
            input: input(0, 1),
            reason: Name::const_new(reason),
        })]
    };
    let subject = tokens(&message.subject, &place.workspace);
    let (endpoint, headers) = match letter_of(message, subject.as_ref(), config) {
        Ok(endpoint) => (endpoint, Headers::of(message)),
        Err(letter) => return Some(set_aside(letter)),
    };
    if headers.body.is_some() {
        return None;
    }
    let normalized = match understood(&headers, &message.payload, endpoint, (&place.stream, message.sequence)) {
        Ok(normalized) => normalized,
        Err(refused) => {
            let (channel, endpoint) = (endpoint.channel.clone(), endpoint.name.clone());
            return Some(set_aside(Letter { channel, endpoint, reason: refused.0 }));
        }
    };
    let of = u16::try_from(normalized.events.len()).unwrap_or(u16::MAX);
    let arrivals = normalized.events.into_iter().zip(0u16..).map(|(event, at)| {
        Command::Input(Box::new(Arrival {
            workspace: place.workspace.clone(),
            channel: endpoint.channel.clone(),
            endpoint: endpoint.name.clone(),
            stream: place.stream.clone(),
            input: input(at, of),
            event,
            body: None,
            older: None,
        }))
    });
    Some(arrivals.collect())
}
