//! What each identity has said in a Work, so that customers who turn out to be two can be parted in the midst of it.
//!
//! Nothing is kept of a Work in which one identity wrote: that is nearly every one. From the first message of another on each has
//! its side. What is unanswered of some of them is what was said after our last answer to any of those: an answer to one person's
//! phone answers what the same person wrote by mail, but not what somebody else wrote.

use super::open::{MailThread, Work};
use crate::domain::id::{LeafId, MessageId, Name};
use crate::domain::record::{Author, Direction, MessageContent, MessageStored};
use crate::domain::time::Timestamp;

/// What one identity has said in a Work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Side {
    pub(crate) leaf: LeafId,
    pub(crate) channel: Name,
    pub(crate) endpoint: Name,
    /// The first message that we have not answered to this identity, and when it came.
    first: Option<(MessageId, Timestamp)>,
    pub(crate) last_in: Option<(MessageId, Timestamp)>,
    last_out: Option<MessageId>,
    thread: Option<Box<str>>,
    mail: Option<Box<MailThread>>,
}

impl Side {
    /// The only side of a Work so far.
    fn only(work: &Work) -> Self {
        let endpoint = work.answer_to.as_ref().map_or(&work.endpoint, |(_, endpoint)| endpoint);
        Self {
            leaf: work.leaf,
            channel: work.channel.clone(),
            endpoint: endpoint.clone(),
            first: work.ours_since.map(|since| (work.last_in.unwrap_or_default(), since)),
            last_in: work.last_in.zip(work.last_in_at),
            last_out: None,
            thread: work.thread.clone(),
            mail: work.mail.clone(),
        }
    }

    fn new(message: &MessageStored) -> Self {
        Self {
            leaf: message.leaf,
            channel: message.channel.clone(),
            endpoint: message.endpoint.clone(),
            first: None,
            last_in: None,
            last_out: None,
            thread: None,
            mail: None,
        }
    }
}

impl Work {
    /// Notes a message at the side of its identity. To be called before the message moves the Work itself.
    pub(super) fn note_side(
        &mut self,
        id: MessageId,
        message: &MessageStored,
        now: Timestamp,
        words: Option<&MessageContent>,
    ) {
        if message.direction == Direction::Note || (self.sides.is_empty() && message.leaf == self.leaf) {
            return;
        }
        if self.sides.is_empty() {
            self.sides.push(Side::only(self));
        }
        let at = match self.sides.iter().position(|side| side.leaf == message.leaf) {
            Some(at) => at,
            None => {
                self.sides.push(Side::new(message));
                self.sides.len() - 1
            }
        };
        let side = &mut self.sides[at];
        if message.flags.is_quiet() {
            return;
        }
        match (message.direction, message.author) {
            (Direction::In, Author::Customer) if message.kind.awaits_answer() => {
                side.channel = message.channel.clone();
                side.endpoint = message.endpoint.clone();
                side.thread = words.and_then(|words| words.thread.as_deref()).map(Box::from);
                side.first.get_or_insert((id, now));
                side.last_in = Some((id, now));
            }
            (Direction::Out, _) => {
                side.first = None;
                side.last_out = Some(id);
            }
            _ => {}
        }
        if let Some(words) = words {
            MailThread::go_on(&mut side.mail, words);
        }
    }

    /// The matter has ended: nobody waits.
    pub(super) fn settle_sides(&mut self) {
        self.sides.iter_mut().for_each(|side| side.first = None);
    }

    /// Identities that have said something in the Work, or were answered in it.
    pub(crate) fn heard(&self) -> impl Iterator<Item = LeafId> {
        let only = self.sides.is_empty().then_some(self.leaf);
        self.sides.iter().map(|side| side.leaf).chain(only)
    }

    /// Whether one identity alone has written in it.
    pub(crate) fn is_of_one(&self) -> bool {
        self.sides.is_empty()
    }

    /// The side of an identity, where there are several.
    pub(crate) fn side(&self, leaf: LeafId) -> Option<&Side> {
        self.sides.iter().find(|side| side.leaf == leaf)
    }

    /// Those of the identities that are meant to whom we have not answered, each with its first message since.
    pub(crate) fn open_sides(&self, meant: impl Fn(LeafId) -> bool) -> impl Iterator<Item = (LeafId, MessageId)> {
        self.open(meant).map(|(leaf, (message, _))| (leaf, message))
    }

    /// Since when the identities that are meant wait for us.
    pub(crate) fn waits_for(&self, meant: impl Fn(LeafId) -> bool) -> Option<Timestamp> {
        self.open(meant).map(|(_, (_, at))| at).min()
    }

    fn open(&self, meant: impl Fn(LeafId) -> bool) -> impl Iterator<Item = (LeafId, (MessageId, Timestamp))> {
        let answered = self.sides.iter().filter(|side| meant(side.leaf)).filter_map(|side| side.last_out).max();
        let open =
            self.sides.iter().filter(move |side| side.last_in.map(|(last, _)| last) > answered && meant(side.leaf));
        open.filter_map(|side| Some((side.leaf, side.first?)))
    }

    /// The side that wrote last, of the identities that are meant.
    pub(crate) fn latest(&self, meant: impl Fn(LeafId) -> bool) -> Option<&Side> {
        let written = self.sides.iter().filter(|side| meant(side.leaf) && side.last_in.is_some());
        written.max_by_key(|side| side.last_in)
    }

    /// Some of its identities are another customer's: what they said is no part of it any more.
    pub(super) fn lose_sides(&mut self, leaves: &[LeafId], since: Option<Timestamp>, answer_to: Option<LeafId>) {
        if self.sides.is_empty() {
            // Only an answer would have gone there.
            self.answer_to = None;
            self.thread = None;
            self.tokens = None;
            return;
        }
        self.sides.retain(|side| !leaves.contains(&side.leaf));
        self.ours_since = since;
        if since.is_none()
            && let Some(owner) = &mut self.owner
        {
            owner.answer_by = None;
        }
        let latest = self.sides.iter().filter_map(|side| side.last_in).max();
        self.last_in = latest.map(|(message, _)| message);
        self.last_in_at = latest.map(|(_, at)| at);
        let answered = answer_to.and_then(|leaf| self.side(leaf)).cloned();
        let same = self.answer_to.as_ref().map(|(leaf, _)| *leaf) == answer_to;
        if !same {
            // What a provider gave is good for the message that it came with.
            self.tokens = None;
        }
        self.mail = answered.as_ref().and_then(|side| side.mail.clone());
        self.thread = answered.as_ref().and_then(|side| side.thread.clone());
        self.answer_to = answered.map(|side| (side.leaf, side.endpoint));
        if let [only] = self.sides.as_slice()
            && only.leaf == self.leaf
        {
            self.sides.clear();
        }
    }

    /// What an identity has said in another Work, and is not answered, is asked in this one.
    pub(crate) fn take_side(&mut self, side: &Side) {
        let (Some((_, since)), Some((last, at))) = (side.first, side.last_in) else { return };
        if side.leaf != self.leaf && self.sides.is_empty() && self.last_message.is_some() {
            self.sides.push(Side::only(self));
        }
        self.ours_since = Some(self.ours_since.map_or(since, |known| known.min(since)));
        self.last_message = self.last_message.max(Some(last));
        self.threaded |= side.thread.is_some();
        if self.last_in < Some(last) {
            self.last_in = Some(last);
            self.last_in_at = Some(at);
            self.answer_to = Some((side.leaf, side.endpoint.clone()));
            self.thread.clone_from(&side.thread);
            self.mail.clone_from(&side.mail);
            self.tokens = None;
        }
        if side.leaf != self.leaf || !self.sides.is_empty() {
            match self.sides.iter_mut().find(|known| known.leaf == side.leaf) {
                Some(known) => {
                    known.first = known.first.min(side.first).or(side.first);
                    known.last_in = known.last_in.max(side.last_in);
                }
                None => self.sides.push(side.clone()),
            }
        }
    }
}
