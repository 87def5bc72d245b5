//! Identities whose messages are stored without Work: blocked ones, those whose Work an agent called spam, and new customers who came
//! when too many did (domain rules, section 4).
//!
//! Nothing is lost by it: messages stand in the Conversation, flagged, and the newest that ask something are remembered here, so that
//! the undo makes a Work of them. Invariants: whoever is set aside has a reason for it; a block with an end has its deadline.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::resolve::Who;
use crate::domain::customer::known;
use crate::domain::draft::Draft;
use crate::domain::event::Sender;
use crate::domain::growing::SortedMap;
use crate::domain::id::{AgentId, LeafId, MessageId, Name, WorkId};
use crate::domain::record::{Change, Flags, MessageContent, MessageStored};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;
use crate::domain::work::{Asking, MailThread, Work, go_on_with};

/// Messages of an identity that a Work is made of at most: as many as a Work keeps apart. Older ones are in the history.
const MAX_HELD: usize = 64;

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) since: Timestamp,
    pub(crate) until: Option<Timestamp>,
    /// The agent who said so.
    pub(crate) by: Option<AgentId>,
    /// Why; none once its identity is erased.
    pub(crate) reason: Option<String>,
}

/// Why an identity is set aside, and what it has said meanwhile.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Aside {
    pub(crate) block: Option<Block>,
    /// Works of it that are spam.
    pub(crate) spam: SmallVec<[WorkId; 1]>,
    /// Endpoint that it wrote to first, and when.
    pub(crate) quarantine: Option<(Name, Timestamp)>,
    /// What it asks, oldest first.
    pub(crate) messages: Vec<Asking>,
    /// Mail thread that an answer continues.
    pub(crate) mail: Option<Box<MailThread>>,
}

impl Aside {
    /// Whether nothing is a reason any longer.
    fn is_over(&self) -> bool {
        self.block.is_none() && self.spam.is_empty() && self.quarantine.is_none()
    }

    /// How many reasons there are.
    pub(crate) fn reasons(&self) -> usize {
        usize::from(self.block.is_some()) + self.spam.len() + usize::from(self.quarantine.is_some())
    }

    /// What its messages are flagged with.
    fn flags(&self) -> Flags {
        let marked = |is_so: bool, flag: Flags| if is_so { flag } else { Flags::default() };
        marked(self.block.is_some(), Flags::BLOCKED)
            .with(marked(!self.spam.is_empty(), Flags::SPAM))
            .with(marked(self.quarantine.is_some(), Flags::QUARANTINED))
    }

    fn hold(&mut self, asking: Asking) {
        if self.messages.iter().all(|known| known.id != asking.id) {
            self.messages.push(asking);
            self.messages.sort_by_key(|asking| asking.id);
            if self.messages.len() > MAX_HELD {
                self.messages.remove(0);
            }
        }
    }
}

/// All who are set aside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asides {
    of: SortedMap<LeafId, Aside>,
}

impl Asides {
    /// All of them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (LeafId, Aside)> {
        self.of.rows()
    }

    /// Takes some back.
    pub(crate) fn restore(&mut self, rows: Vec<(LeafId, Aside)>) {
        self.of.restore(rows);
    }

    pub(crate) fn get(&self, leaf: LeafId) -> Option<&Aside> {
        self.of.get(&leaf)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (LeafId, &Aside)> {
        self.of.iter().map(|(leaf, aside)| (*leaf, aside))
    }

    /// Deadlines of blocks.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> {
        self.iter().filter_map(|(leaf, aside)| Some((aside.block.as_ref()?.until?, Timer::BlockEnd(leaf))))
    }

    /// Notes a block; gives the deadline of the one before.
    pub(crate) fn block(&mut self, leaf: LeafId, block: Block) -> Option<(Timestamp, Timer)> {
        let before = self.of.or_default(leaf).block.replace(block)?;
        Some((before.until?, Timer::BlockEnd(leaf)))
    }

    /// Ends a block; gives its deadline.
    pub(crate) fn unblock(&mut self, leaf: LeafId) -> Option<(Timestamp, Timer)> {
        let block = self.of.get_mut(&leaf).and_then(|aside| aside.block.take());
        self.settle(leaf);
        Some((block?.until?, Timer::BlockEnd(leaf)))
    }

    /// A Work of the identity's is spam: what it asks is remembered.
    pub(crate) fn spam(&mut self, leaf: LeafId, id: WorkId, work: Option<&Work>) {
        let aside = self.of.or_default(leaf);
        aside.spam.push(id);
        if let Some(work) = work {
            work.asking(leaf).into_iter().for_each(|asking| aside.hold(asking));
            aside.mail = work.mail.clone().filter(|thread| thread.leaf == leaf).or_else(|| aside.mail.take());
        }
    }

    pub(crate) fn clear_spam(&mut self, leaf: LeafId, work: WorkId) {
        if let Some(aside) = self.of.get_mut(&leaf) {
            aside.spam.retain(|known| *known != work);
        }
        self.settle(leaf);
    }

    pub(crate) fn quarantine(&mut self, leaf: LeafId, endpoint: &Name, now: Timestamp) {
        self.of.or_default(leaf).quarantine = Some((endpoint.clone(), now));
    }

    pub(crate) fn lift(&mut self, leaf: LeafId) {
        if let Some(aside) = self.of.get_mut(&leaf) {
            aside.quarantine = None;
        }
        self.settle(leaf);
    }

    /// Remembers what a message asks that is in no Work because of this.
    pub(crate) fn heard(
        &mut self,
        id: MessageId,
        now: Timestamp,
        message: &MessageStored,
        words: Option<&MessageContent>,
    ) {
        if let Some(aside) = self.of.get_mut(&message.leaf)
            && let Some(asking) = Asking::of(id, now, message, words)
        {
            aside.hold(asking);
            if let Some(words) = words {
                go_on_with(&mut aside.mail, message.leaf, words);
            }
        }
    }

    /// Messages are in a Work now. Gives what is to be known of them there.
    pub(crate) fn take(&mut self, leaf: LeafId, messages: &[MessageId]) -> (Vec<Asking>, Option<Box<MailThread>>) {
        let Some(aside) = self.of.get_mut(&leaf) else { return Default::default() };
        let taken = aside.messages.extract_if(.., |asking| messages.contains(&asking.id)).collect();
        (taken, aside.mail.clone())
    }

    /// The identity is erased: a block stands, as an opt-out does. Nothing else is known.
    pub(crate) fn erase(&mut self, leaf: LeafId) {
        let Some(Aside { block: Some(block), .. }) = self.of.remove(&leaf) else { return };
        let block = Some(Block { reason: None, ..block });
        self.of.insert(leaf, Aside { block, ..Aside::default() });
    }

    fn settle(&mut self, leaf: LeafId) {
        if self.of.get(&leaf).is_some_and(Aside::is_over) {
            self.of.remove(&leaf);
        }
    }
}

/// How a message of whoever wrote is flagged because it is set aside; nothing when it is not. A person who is known to be one by
/// several addresses of an event is, by any of them.
pub(crate) fn flags(draft: &Draft<'_>, who: Who, senders: &[Sender], namespace_scope: &str) -> Flags {
    let asides = &draft.space.people.asides;
    let mut flags = asides.get(who.leaf).map(Aside::flags).unwrap_or_default();
    if draft.opened(who.leaf).is_some() {
        for change in draft.changes() {
            flags = match change {
                Change::Quarantined { leaf, .. } if *leaf == who.leaf => flags.with(Flags::QUARANTINED),
                Change::Blocked { leaf, .. } if *leaf == who.leaf => flags.with(Flags::BLOCKED),
                _ => flags,
            };
        }
    }
    // One address alone is the one that it is filed under.
    if senders.len() > 1 && !asides.of.is_empty() {
        let others = senders.iter().filter_map(|sender| known(draft.space, sender, namespace_scope));
        for leaf in others.filter(|&leaf| leaf != who.leaf && draft.root_of(leaf) == who.root) {
            flags = asides.get(leaf).map(Aside::flags).unwrap_or_default().with(flags);
        }
    }
    flags
}

/// Whether the first of these addresses is blocked or spam: whoever has it joins nobody's matter.
pub(crate) fn is_set_aside(draft: &Draft<'_>, senders: &[Sender], namespace_scope: &str) -> bool {
    let asides = &draft.space.people.asides;
    let first = || senders.first().and_then(|sender| known(draft.space, sender, namespace_scope));
    !asides.of.is_empty() && first().is_some_and(|leaf| asides.get(leaf).is_some())
}

/// The block of one identity is another's, too: the same address under another generation, or the one that takes its place. One
/// that it has itself stays where it lasts as long.
pub(crate) fn carry_block(draft: &mut Draft<'_>, from: LeafId, to: LeafId) {
    let block = |leaf| draft.space.people.asides.get(leaf).and_then(|aside| aside.block.as_ref());
    let lasts =
        |own: &Block, until: Option<Timestamp>| own.until.is_none_or(|own| until.is_some_and(|until| own >= until));
    if let Some(until) = block(from).map(|block| block.until)
        && !block(to).is_some_and(|own| lasts(own, until))
    {
        draft.push(Change::Blocked { leaf: to, until });
    }
}
