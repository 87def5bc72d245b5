//! What was published to a stream and is not acknowledged yet, with the predicted sequences. Pure.

use std::collections::VecDeque;

use super::anchor::Anchor;
use super::error::OutboundError;
use super::message::Ready;
use crate::domain::id::{Name, Position};

/// Messages in order: first those published, then those that wait.
#[derive(Debug)]
pub(super) struct Window {
    /// Sequence of the last message known to be in the stream.
    acked: u64,
    /// Output of that message, if one was handed over by this process or found at its start.
    reached: Option<Position>,
    /// How many of `messages` are published.
    sent: usize,
    messages: VecDeque<Ready>,
}

impl Window {
    pub(super) fn new(anchor: Anchor) -> Self {
        let reached = match anchor {
            Anchor::At { position, .. } => Some(position),
            Anchor::Start | Anchor::Expired { .. } => None,
        };
        Self { acked: anchor.sequence(), reached, sent: 0, messages: VecDeque::new() }
    }

    /// Sequence and output of the last message known to be in the stream.
    pub(super) fn reached(&self) -> Option<(u64, Position)> {
        self.reached.map(|position| (self.acked, position))
    }

    /// Messages that are not known to be in the stream.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn push(&mut self, message: Ready) {
        self.messages.push_back(message);
    }

    /// The next message to publish and the sequence it is fenced on.
    pub(super) fn next(&mut self) -> Option<(&Ready, u64)> {
        let message = self.messages.get(self.sent)?;
        let fence = self.acked + self.sent as u64;
        self.sent += 1;
        Some((message, fence))
    }

    /// The oldest published message is in the stream at `sequence`. False: not where it was predicted.
    pub(super) fn ack(&mut self, sequence: u64) -> bool {
        if self.sent == 0 || sequence != self.acked + 1 {
            return false;
        }
        if let Some(message) = self.messages.pop_front() {
            self.reached = Some(message.position);
            self.acked = sequence;
            self.sent -= 1;
        }
        true
    }

    /// Nothing is known of what was published: the stream's end says what is in it. Returns how many messages turned out to be.
    ///
    /// # Errors
    /// The stream ends before what was acknowledged, or what is at its end cannot be known.
    pub(super) fn settle(&mut self, stream: &Name, anchor: Anchor) -> Result<usize, OutboundError> {
        self.sent = 0;
        let sequence = anchor.sequence();
        if sequence < self.acked {
            return Err(OutboundError::Replaced { stream: stream.clone(), found: sequence, known: self.acked });
        }
        match anchor {
            Anchor::At { position, .. } => {
                let before = self.messages.len();
                while self.messages.front().is_some_and(|message| message.position <= position) {
                    self.messages.pop_front();
                }
                self.acked = sequence;
                self.reached = Some(position);
                Ok(before - self.messages.len())
            }
            Anchor::Expired { .. } if sequence != self.acked => {
                Err(OutboundError::Unknown { stream: stream.clone(), sequence, known: self.acked })
            }
            Anchor::Start | Anchor::Expired { .. } => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_nats::HeaderMap;
    use bytes::Bytes;

    use super::*;
    use crate::domain::id::Index;

    fn position(index: u64) -> Position {
        Position { index: Index(index), output: 0 }
    }

    fn window(anchor: Anchor, indexes: std::ops::RangeInclusive<u64>) -> Window {
        let mut window = Window::new(anchor);
        for index in indexes {
            window.push(Ready {
                position: position(index),
                subject: "skein.out.acme.sms.line".into(),
                headers: HeaderMap::new(),
                payload: Bytes::new(),
            });
        }
        window
    }

    fn publish(window: &mut Window) -> Vec<(u64, u64)> {
        let mut published = Vec::new();
        while let Some((message, fence)) = window.next() {
            published.push((message.position.index.0, fence));
        }
        published
    }

    #[test]
    fn each_message_is_fenced_on_the_one_before() {
        let mut window = window(Anchor::At { sequence: 7, position: position(1) }, 2..=4);
        assert_eq!(publish(&mut window), [(2, 7), (3, 8), (4, 9)]);
        assert!(window.ack(8) && window.ack(9));
        assert_eq!(window.reached(), Some((9, position(3))));
        assert!(!window.ack(11), "not the predicted sequence");
    }

    #[test]
    fn after_an_unknown_outcome_it_goes_on_behind_the_streams_last_message() {
        let mut window = window(Anchor::Start, 2..=5);
        publish(&mut window);
        let anchor = Anchor::At { sequence: 2, position: position(3) };
        assert_eq!(window.settle(&Name::new("OUT"), anchor), Ok(2));
        assert_eq!(publish(&mut window), [(4, 2), (5, 3)]);
    }

    #[test]
    fn a_stream_that_lost_what_was_acknowledged_is_an_error() {
        let mut window = window(Anchor::Start, 2..=3);
        publish(&mut window);
        assert!(window.ack(1));
        let found = window.settle(&Name::new("OUT"), Anchor::Start);
        assert!(matches!(found, Err(OutboundError::Replaced { .. })));
    }
}
