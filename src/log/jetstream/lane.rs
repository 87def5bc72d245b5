//! The way of appends to the stream and of their answers back.
//!
//! Answers come to one wildcard subscription, `<inbox>.<generation>.<slot>`. A new generation begins with every reconciling: answers
//! to older appends say nothing any more. The slot is the predicted sequence modulo a small number: so the subjects are made once, the
//! server finds them in its cache, and an answer with another sequence than predicted is noticed.

use std::{collections::VecDeque, time::Duration};

use async_nats::{
    Client, HeaderMap, HeaderName, HeaderValue, Message, Subject, Subscriber, client::PublishErrorKind,
    header::NATS_EXPECTED_LAST_SEQUENCE,
};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};

use super::super::{
    ack::{self, Ack},
    frame::{self, Owner},
    verify::{EPOCH_HEADER, Raw},
    window::Pending,
};
use crate::nats::NatsError;

/// Reply subjects of a generation.
const SLOTS: u64 = 64;
const EPOCH: HeaderName = HeaderName::from_static(EPOCH_HEADER);
const BATCH_ID: HeaderName = HeaderName::from_static("Nats-Batch-Id");
const BATCH_SEQUENCE: HeaderName = HeaderName::from_static("Nats-Batch-Sequence");
const BATCH_COMMIT: HeaderName = HeaderName::from_static("Nats-Batch-Commit");

/// What became of an `Epoch`.
#[derive(Debug)]
pub(super) enum EpochAnswer {
    /// It is the last message of the stream; as the verifier wants to see it.
    Landed(Raw),
    /// Somebody appended before.
    Refused,
    /// Unknown.
    Unanswered,
}

/// What a message on the inbox says.
#[derive(Debug)]
pub(super) enum Answer {
    Ack {
        slot: u64,
        ack: Ack,
    },
    /// Nobody serves the stream at this moment.
    NoResponders,
    /// Of an older generation.
    Old,
}

pub(super) struct Lane {
    client: Client,
    epoch_subject: Subject,
    plain_head: Vec<u8>,
    inbox: String,
    generation: u64,
    prefix: String,
    replies: Vec<Subject>,
    answers: Subscriber,
    epoch: HeaderValue,
    owner: Owner,
    batches: u64,
}

impl Lane {
    pub(super) async fn open(
        client: Client,
        stream: &str,
        epoch_subject: String,
        owner: Owner,
    ) -> Result<Self, NatsError> {
        let inbox = client.new_inbox();
        let answers = client
            .subscribe(format!("{inbox}.>"))
            .await
            .map_err(|error| NatsError::Request { operation: "subscribe to answers", reason: error.to_string() })?;
        let mut lane = Self {
            client,
            epoch_subject: epoch_subject.into(),
            plain_head: ack::plain_head(stream),
            inbox,
            generation: 0,
            prefix: String::new(),
            replies: Vec::new(),
            answers,
            epoch: HeaderValue::default(),
            owner,
            batches: 0,
        };
        lane.next_generation();
        Ok(lane)
    }

    /// From here on answers to earlier appends count no more.
    pub(super) fn next_generation(&mut self) {
        self.generation += 1;
        self.prefix = format!("{}.{}.", self.inbox, self.generation);
        self.replies = (0..SLOTS).map(|slot| format!("{}{slot}", self.prefix).into()).collect();
    }

    /// Sends one entry that is to follow sequence `expected`.
    pub(super) async fn send_single(&self, pending: &Pending, expected: u64) -> Result<(), NatsError> {
        let mut headers = self.headers();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(expected));
        self.client
            .publish_with_reply_and_headers(
                pending.subject.clone(),
                self.reply(expected + 1),
                headers,
                pending.frame.clone(),
            )
            .await
            .map_err(|error| refused(&error))
    }

    /// Sends entries as one atomic batch that is to follow sequence `expected`. Only the last asks for an answer.
    pub(super) async fn send_batch(&mut self, entries: &VecDeque<Pending>, expected: u64) -> Result<(), NatsError> {
        self.batches += 1;
        let id = HeaderValue::from(format!("{}.{}", self.generation, self.batches_id()));
        let last = entries.len();
        for (at, pending) in (1_u64..).zip(entries) {
            let mut headers = self.headers();
            headers.insert(BATCH_ID, id.clone());
            headers.insert(BATCH_SEQUENCE, HeaderValue::from(at));
            // The server takes the fence on the first message only; it covers the batch.
            if at == 1 {
                headers.insert(NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(expected));
            }
            let (subject, frame) = (pending.subject.clone(), pending.frame.clone());
            let sent = if at == last as u64 {
                headers.insert(BATCH_COMMIT, "1");
                let reply = self.reply(expected + at);
                self.client.publish_with_reply_and_headers(subject, reply, headers, frame).await
            } else {
                self.client.publish_with_headers(subject, headers, frame).await
            };
            sent.map_err(|error| refused(&error))?;
        }
        Ok(())
    }

    /// Unique among all writers of the stream: ours by the owner, within it by the count.
    fn batches_id(&self) -> String {
        let owner = u64::from_le_bytes(self.owner[..8].try_into().unwrap_or_default());
        format!("{owner:016x}.{}", self.batches)
    }

    /// Appends an `Epoch` behind sequence `expected` and waits for the answer. Begins a generation.
    pub(super) async fn append_epoch(
        &mut self,
        expected: u64,
        number: u64,
        patience: Duration,
    ) -> Result<EpochAnswer, NatsError> {
        let (subject, payload) = (self.epoch_subject.clone(), frame::epoch(number, self.owner));
        self.append_outside((subject, payload), expected, number, patience).await
    }

    /// Appends what has no index, as [`Lane::append_epoch`] does.
    pub(super) async fn append_outside(
        &mut self,
        (subject, payload): (Subject, Bytes),
        expected: u64,
        number: u64,
        patience: Duration,
    ) -> Result<EpochAnswer, NatsError> {
        self.next_generation();
        self.epoch = HeaderValue::from(number);
        let mut headers = self.headers();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(expected));
        self.client
            .publish_with_reply_and_headers(subject.clone(), self.reply(expected + 1), headers, payload.clone())
            .await
            .map_err(|error| refused(&error))?;
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let Ok(Some(message)) = tokio::time::timeout_at(deadline, self.answers.next()).await else {
                return Ok(EpochAnswer::Unanswered);
            };
            return Ok(match self.read(&message) {
                Answer::Old => continue,
                Answer::Ack { ack: Ack::Stored { sequence, .. }, .. } if sequence == expected + 1 => {
                    EpochAnswer::Landed(Raw { sequence, epoch: Some(number), subject: subject.clone(), payload })
                }
                Answer::Ack { ack: Ack::Refused(code), .. } if code.is_lost_fence() => EpochAnswer::Refused,
                Answer::Ack { .. } | Answer::NoResponders => EpochAnswer::Unanswered,
            });
        }
    }

    /// The next answer. `None`: the connection was closed for good. Cancel-safe.
    pub(super) async fn answer(&mut self) -> Option<Message> {
        self.answers.next().await
    }

    /// An answer that is there already.
    pub(super) fn answer_now(&mut self) -> Option<Message> {
        self.answers.next().now_or_never().flatten()
    }

    /// Reads an answer.
    pub(super) fn read(&self, message: &Message) -> Answer {
        let Some(slot) = message.subject.strip_prefix(self.prefix.as_str()).and_then(|slot| slot.parse().ok()) else {
            return Answer::Old;
        };
        if message.status.is_some() {
            return Answer::NoResponders;
        }
        Answer::Ack { slot, ack: ack::parse(&self.plain_head, &message.payload) }
    }

    /// True if an answer with `sequence` may come to `slot`.
    pub(super) fn fits(slot: u64, sequence: u64) -> bool {
        sequence % SLOTS == slot
    }

    fn reply(&self, predicted: u64) -> Subject {
        let slot = usize::try_from(predicted % SLOTS).unwrap_or(0);
        self.replies[slot].clone()
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(EPOCH, self.epoch.clone());
        headers
    }
}

/// An entry that the client refuses to send: too large, an invalid subject, or the connection is closed for good.
fn refused(error: &async_nats::PublishError) -> NatsError {
    let reason = match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => "it is larger than the server takes".to_owned(),
        PublishErrorKind::InvalidSubject => "its subject is invalid".to_owned(),
        PublishErrorKind::Send => error.to_string(),
    };
    NatsError::Malformed { operation: "send an entry", reason }
}
