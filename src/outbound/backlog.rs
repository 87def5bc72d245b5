//! Outputs that a fold finds and the stream does not have yet: derived again from the log after a restart (design, law 7).

use super::anchor::Anchor;
use super::error::OutboundError;
use super::outbox::Outgoing;
use crate::domain::id::{Index, Name, Position};

/// What has to be handed over to one stream after a fold.
#[derive(Debug)]
pub struct Backlog {
    stream: Name,
    anchor: Anchor,
    /// The last `HandedOver` folded.
    known: (u64, Option<Position>),
    outgoing: Vec<Outgoing>,
}

impl Backlog {
    /// For a stream that ends at `anchor`, read before the fold begins.
    #[must_use]
    pub fn new(stream: Name, anchor: Anchor) -> Self {
        Self { stream, anchor, known: (0, None), outgoing: Vec::new() }
    }

    /// Name of the stream.
    #[must_use]
    pub fn stream(&self) -> &Name {
        &self.stream
    }

    /// Sequence of the last message of the stream, 0 for none; and which output it is, when it says so.
    #[must_use]
    pub fn end(&self) -> (u64, Option<Position>) {
        (self.anchor.sequence(), self.last_position())
    }

    /// The last output that is in the stream, when its last message says so.
    #[must_use]
    pub fn last_position(&self) -> Option<Position> {
        match self.anchor {
            Anchor::At { position, .. } => Some(position),
            Anchor::Start | Anchor::Expired { .. } => None,
        }
    }

    /// Whether an output at `position` is still to be handed over, as far as is known by now.
    #[must_use]
    pub fn wants(&self, position: Position) -> bool {
        match self.anchor {
            Anchor::At { position: last, .. } => position > last,
            Anchor::Start | Anchor::Expired { .. } => true,
        }
    }

    /// An output in log order that [`Backlog::wants`].
    pub fn add(&mut self, outgoing: Outgoing) {
        self.outgoing.push(outgoing);
    }

    /// Whether an output of a record up to `head` is not known to be in the stream.
    #[must_use]
    pub fn has_any_of(&self, head: Index) -> bool {
        self.outgoing.first().is_some_and(|outgoing| outgoing.position.index <= head)
    }

    /// A folded `HandedOver` of this stream: what it names is in the stream, or the stream has lost its end.
    pub fn handed_over(&mut self, stream_sequence: u64, position: Position) {
        self.known = (stream_sequence, Some(position));
        let left = self.outgoing.partition_point(|outgoing| outgoing.position <= position);
        self.outgoing.drain(..left);
    }

    /// The stream ends at `anchor` now: read anew by whoever has followed the log for a while.
    ///
    /// # Errors
    /// [`OutboundError::Shortened`]: what it lost is to be derived from the log again.
    pub fn reread(&mut self, anchor: Anchor) -> Result<(), OutboundError> {
        let (known, last) = self.end();
        self.anchor = anchor;
        let (found, now) = self.end();
        if found < known || now.zip(last).is_some_and(|(now, last)| now < last) {
            return Err(OutboundError::Shortened { stream: self.stream.clone(), found, known });
        }
        if let Anchor::At { position, .. } = anchor {
            self.outgoing.retain(|outgoing| outgoing.position > position);
        }
        Ok(())
    }

    /// The end of the fold: what is to be handed over, in order.
    ///
    /// # Errors
    /// [`OutboundError::Replaced`] or [`OutboundError::Unknown`]: an operator has to look.
    pub fn finish(self) -> Result<Vec<Outgoing>, OutboundError> {
        let (known, _) = self.known;
        let found = self.anchor.sequence();
        if found < known {
            return Err(OutboundError::Replaced { stream: self.stream, found, known });
        }
        match self.anchor {
            Anchor::Expired { sequence } if sequence != known => {
                Err(OutboundError::Unknown { stream: self.stream, sequence, known })
            }
            _ => Ok(self.outgoing),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::record::{Cause, Record};
    use crate::domain::time::Timestamp;

    fn at(index: u64, output: u32) -> Position {
        Position { index: Index(index), output }
    }

    fn outgoing(position: Position) -> Outgoing {
        let record = Arc::new(Record {
            index: position.index,
            time: Timestamp(0),
            workspace: Name::new("acme"),
            cause: Cause::System,
            touches: Default::default(),
            changes: Default::default(),
            content: Vec::new(),
            content_leaf: None,
        });
        Outgoing { position, record, place: 0 }
    }

    fn folded(anchor: Anchor, handed_over: Option<(u64, Position)>) -> Result<Vec<Position>, OutboundError> {
        let mut backlog = Backlog::new(Name::new("OUT"), anchor);
        for position in [at(3, 0), at(3, 1), at(5, 0), at(9, 0)] {
            if backlog.wants(position) {
                backlog.add(outgoing(position));
            }
        }
        if let Some((sequence, position)) = handed_over {
            backlog.handed_over(sequence, position);
        }
        Ok(backlog.finish()?.iter().map(|it| it.position).collect())
    }

    #[test]
    fn what_is_left_of_the_records_up_to_one_is_known_by_the_end_of_the_stream() {
        let mut backlog = Backlog::new(Name::new("OUT"), Anchor::Start);
        assert!(!backlog.has_any_of(Index(9)));
        [at(3, 1), at(5, 0)].into_iter().for_each(|position| backlog.add(outgoing(position)));
        assert!(!backlog.has_any_of(Index(2)) && backlog.has_any_of(Index(3)));
        backlog.reread(Anchor::At { sequence: 1, position: at(3, 1) }).expect("it has grown");
        assert!(!backlog.has_any_of(Index(4)) && backlog.has_any_of(Index(5)));
    }

    #[test]
    fn the_last_message_of_the_stream_says_what_is_left() {
        let anchor = Anchor::At { sequence: 2, position: at(3, 1) };
        assert_eq!(folded(anchor, Some((1, at(3, 0)))), Ok(vec![at(5, 0), at(9, 0)]));
        assert_eq!(folded(Anchor::Start, None).map(|all| all.len()), Ok(4));
    }

    #[test]
    fn when_it_has_expired_the_recorded_hand_over_says_it() {
        let expired = Anchor::Expired { sequence: 3 };
        assert_eq!(folded(expired, Some((3, at(5, 0)))), Ok(vec![at(9, 0)]));
    }

    #[test]
    fn who_has_followed_the_log_for_a_while_keeps_what_the_stream_has_not() {
        let mut backlog = Backlog::new(Name::new("OUT"), Anchor::Start);
        for position in [at(3, 0), at(3, 1), at(5, 0), at(9, 0)] {
            backlog.add(outgoing(position));
        }
        let left = |backlog: &Backlog| backlog.outgoing.iter().map(|it| it.position).collect::<Vec<_>>();
        backlog.handed_over(1, at(3, 0));
        assert_eq!(left(&backlog), [at(3, 1), at(5, 0), at(9, 0)]);
        assert_eq!(backlog.reread(Anchor::At { sequence: 3, position: at(5, 0) }), Ok(()));
        assert_eq!(left(&backlog), [at(9, 0)]);
        let mut shorter = Backlog::new(Name::new("OUT"), Anchor::At { sequence: 3, position: at(5, 0) });
        for lost in [Anchor::At { sequence: 2, position: at(3, 1) }, Anchor::At { sequence: 3, position: at(3, 1) }] {
            assert!(matches!(shorter.reread(lost), Err(OutboundError::Shortened { known: 3, .. })));
            shorter.anchor = Anchor::At { sequence: 3, position: at(5, 0) };
        }
        assert_eq!(shorter.reread(Anchor::Expired { sequence: 3 }), Ok(()), "it is gone by age, and was there");
        assert_eq!(backlog.finish().map(|all| all.len()), Ok(1));
    }

    #[test]
    fn what_cannot_be_known_is_an_error_and_no_second_delivery() {
        let expired = Anchor::Expired { sequence: 3 };
        assert!(matches!(folded(expired, Some((2, at(3, 1)))), Err(OutboundError::Unknown { known: 2, .. })));
        assert!(matches!(
            folded(Anchor::Start, Some((3, at(5, 0)))),
            Err(OutboundError::Replaced { found: 0, known: 3, .. })
        ));
    }
}
