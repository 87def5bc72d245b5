//! The publisher's side: one ring per agent, created with its first publication or reader.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use dashmap::mapref::multiple::RefMulti;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use super::limits::FeedLimits;
use super::live::{LIVE_AHEAD, Live, LiveFeed};
use super::reader::Feed;
use super::ring::Ring;
use super::stored::{StoredFeeds, StoredRing};
use super::watch::{ConversationFeed, Watchers};
use crate::domain::content::{Content, Part};
use crate::domain::id::{AgentId, Index, LeafId, Name, Position, RootId};
use crate::domain::record::{PersonalValue, Record};

/// What an agent is told: the change at `place` of the record concerns it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where it stands.
    pub position: Position,
    /// The record.
    pub record: Arc<Record>,
    /// Place of the change in the record.
    pub place: u16,
}

/// What came after the position asked for is no longer known here: the reader begins anew with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("positions after the one asked for are no longer kept")]
pub struct Resync;

/// The ring of one agent with the bell of its readers.
#[derive(Debug)]
pub(super) struct AgentFeed {
    ring: Mutex<Ring>,
    pub(super) bell: Notify,
    live: broadcast::Sender<Live>,
}

impl Default for AgentFeed {
    fn default() -> Self {
        let (live, _) = broadcast::channel(LIVE_AHEAD);
        Self { ring: Mutex::default(), bell: Notify::default(), live }
    }
}

impl AgentFeed {
    pub(super) fn ring(&self) -> MutexGuard<'_, Ring> {
        // A ring stays usable whatever its last user did: every change to it is complete before anything can panic.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that agents are told by one shard. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feeds {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limits: FeedLimits,
    agents: DashMap<(Name, AgentId), Arc<AgentFeed>>,
    /// Index of the first record from which on everything was published; 0: nothing yet.
    since: AtomicU64,
    watchers: Watchers,
}

impl Default for Feeds {
    fn default() -> Self {
        Self::new(FeedLimits::default())
    }
}

impl Feeds {
    /// Feeds in which nothing was published yet.
    #[must_use]
    pub fn new(limits: FeedLimits) -> Self {
        Self {
            inner: Arc::new(Inner {
                limits,
                agents: DashMap::new(),
                since: AtomicU64::new(0),
                watchers: Watchers::new(limits),
            }),
        }
    }

    /// Says that every output from the record `first` on will be published here, so that a resume from there on can be served.
    /// Without it this begins with the first publication. To be called before that, by a shard that publishes the end of the
    /// log again when it starts.
    pub fn begin(&self, first: Index) {
        self.inner.since.store(first.0, Ordering::Release);
    }

    /// The same, and nothing from before is kept: what followed it is lost. Before anybody listens.
    pub fn begin_anew(&self, first: Index) {
        self.inner.agents.clear();
        self.begin(first);
    }

    /// What all rings have up to `head`, which was published.
    #[must_use]
    pub fn stored(&self, head: Index) -> StoredFeeds {
        let since = Index(self.inner.since.load(Ordering::Acquire));
        let ring = |feed: RefMulti<'_, (Name, AgentId), Arc<AgentFeed>>| {
            let (workspace, agent) = feed.key();
            StoredRing::of(workspace.clone(), *agent, &feed.ring(), head)
        };
        let mut rings: Vec<StoredRing> = self.inner.agents.iter().filter_map(ring).collect();
        rings.sort_unstable_by(|one, other| (&one.workspace, one.agent).cmp(&(&other.workspace, other.agent)));
        StoredFeeds { since, rings }
    }

    /// Takes that back. Before anything is published: what follows `head` is to be published here.
    pub fn restore(&self, stored: &StoredFeeds) {
        self.begin(stored.since);
        for ring in &stored.rings {
            *self.feed(&ring.workspace, ring.agent).ring() = ring.ring();
        }
    }

    /// Tells one agent something durable. In log order; never waits.
    pub fn publish(&self, workspace: &Name, agent: AgentId, told: Told) {
        self.publish_many(workspace, vec![(agent, told)]);
    }

    /// Tells agents of a workspace several durable things, in log order: one lock and one wake for each agent. Never waits.
    pub fn publish_many(&self, workspace: &Name, mut told: Vec<(AgentId, Told)>) {
        let Some(first) = told.first().map(|(_, told)| told.position.index.0) else {
            return;
        };
        // Only the very first publication finds 0 here; who loses this race has published later.
        let _ = self.inner.since.compare_exchange(0, first, Ordering::AcqRel, Ordering::Acquire);
        // Stable: the order of each agent's positions stays.
        told.sort_by_key(|(agent, _)| *agent);
        let now = Instant::now();
        let mut rest = told.into_iter().peekable();
        while let Some((agent, told)) = rest.next() {
            let feed = self.feed(workspace, agent);
            {
                let mut ring = feed.ring();
                ring.push(told, &self.inner.limits, now);
                while let Some((_, told)) = rest.next_if(|(next, _)| *next == agent) {
                    ring.push(told, &self.inner.limits, now);
                }
            }
            feed.bell.notify_waiters();
        }
    }

    /// Drops the words of these leaves from what agents can still be told: their customer is erased.
    pub fn forget(&self, workspace: &Name, leaves: &[LeafId]) {
        for feed in self.inner.agents.iter().filter(|feed| feed.key().0 == *workspace) {
            feed.ring().forget(leaves);
            feed.bell.notify_waiters();
        }
        self.inner.watchers.forget(workspace, leaves);
    }

    /// What the agent is told after `after`, or from now on.
    ///
    /// # Errors
    /// When something after `after` is no longer kept.
    pub fn subscribe(&self, workspace: &Name, agent: AgentId, after: Option<Position>) -> Result<Feed, Resync> {
        let feed = self.feed(workspace, agent);
        let reader = {
            let mut ring = feed.ring();
            if let Some(after) = after {
                let kept = match ring.floor() {
                    Some(floor) => after >= floor,
                    None => self.complete_after(after),
                };
                if !kept {
                    return Err(Resync);
                }
            }
            ring.join(after)
        };
        Ok(Feed::new(feed, reader, self.inner.limits))
    }

    /// Tells one agent something live. Never waits; without a session that reads, it is told to nobody.
    pub fn publish_live(&self, workspace: &Name, agent: AgentId, live: Live) {
        if let Some(feed) = self.inner.agents.get(&(workspace.clone(), agent)) {
            // Nobody listens: that is fine.
            let _ = feed.live.send(live);
        }
    }

    /// Tells all agents of a workspace something live. Never waits.
    pub fn publish_live_to_all(&self, workspace: &Name, live: &Live) {
        for feed in self.inner.agents.iter().filter(|feed| feed.key().0 == *workspace) {
            // Nobody listens: that is fine.
            let _ = feed.live.send(live.clone());
        }
    }

    /// What the agent is told live from now on.
    #[must_use]
    pub fn live(&self, workspace: &Name, agent: AgentId) -> LiveFeed {
        LiveFeed(self.feed(workspace, agent).live.subscribe())
    }

    /// Whether any conversation is watched: only then records need to come by [`Feeds::publish_conversation`].
    #[must_use]
    pub fn watched(&self) -> bool {
        self.inner.watchers.any()
    }

    /// Shows a durable record to those who watch a conversation it touches. In log order; never waits.
    pub fn publish_conversation(&self, record: &Arc<Record>) {
        self.inner.watchers.publish(record);
    }

    /// Records that touch a conversation from now on. `asked` is the id that it was asked for by, `root` the one that it has now.
    #[must_use]
    pub fn watch(&self, workspace: &Name, asked: RootId, root: RootId, leaves: &[LeafId]) -> ConversationFeed {
        self.inner.watchers.watch(workspace, asked, root, leaves)
    }

    fn feed(&self, workspace: &Name, agent: AgentId) -> Arc<AgentFeed> {
        let key = (workspace.clone(), agent);
        if let Some(feed) = self.inner.agents.get(&key) {
            return Arc::clone(&feed);
        }
        Arc::clone(&self.inner.agents.entry(key).or_default())
    }

    /// Whether everything after `after` was published here, given that nothing was dropped since.
    fn complete_after(&self, after: Position) -> bool {
        let since = self.inner.since.load(Ordering::Acquire);
        let first_of_the_log = Index(since) <= Index::at(1, 0);
        let just_before = Index(since).follows(after.index) && after.output == u32::MAX;
        since > 0 && (first_of_the_log || after.index.0 >= since || just_before)
    }
}

/// Drops the words of these leaves from a record that waits for a reader: their customer is erased.
pub(super) fn forget(record: &mut Arc<Record>, leaves: &[LeafId]) {
    let of_them = |personal| record.leaf_of(personal).is_some_and(|leaf| leaves.contains(&leaf));
    if record.content.iter().any(of_them) {
        *record = Arc::new(record.without_content_of(leaves));
    }
}

/// About how many bytes a record takes while it waits for a reader.
pub(super) fn weight(record: &Record) -> u64 {
    /// Envelope, changes and the short names in them.
    const STRUCTURE: usize = 512;
    let personal: usize = record
        .content
        .iter()
        .map(|personal| match &personal.value {
            PersonalValue::Message(message) => words(&message.content),
            PersonalValue::Address(text) | PersonalValue::Shown(text) | PersonalValue::WakeFact(text) => text.len(),
            PersonalValue::Facts(facts) => facts.iter().map(|fact| fact.key.len() + fact.value.len()).sum(),
            PersonalValue::Asked(asked) => asked.prompt.len(),
            PersonalValue::Reason(text) | PersonalValue::Note(text) | PersonalValue::Summary(text) => text.len(),
            PersonalValue::Tags(tags) => tags.added.iter().chain(&tags.removed).map(|tag| tag.len()).sum(),
            PersonalValue::Marked(noted) => noted.summary.len() + noted.tags.iter().map(|tag| tag.len()).sum::<usize>(),
            PersonalValue::Briefing(told) => told.reason.len() + told.steps.iter().map(String::len).sum::<usize>(),
            PersonalValue::Inputs(inputs) => inputs.weight(),
        })
        .sum();
    (STRUCTURE + personal) as u64
}

fn words(content: &Content) -> usize {
    /// A part beside its long texts.
    const PART: usize = 256;
    let parts: usize = content
        .parts
        .iter()
        .map(|part| match part {
            Part::Mail(mail) => {
                PART + mail.html.as_ref().map_or(0, String::len) + mail.quoted.as_ref().map_or(0, String::len)
            }
            Part::FlowReply(flow) => PART + flow.response_json.len(),
            Part::Attachment(_)
            | Part::Location(_)
            | Part::ContactCard(_)
            | Part::ButtonReply(_)
            | Part::ListReply(_)
            | Part::Order(_)
            | Part::Buttons(_)
            | Part::List(_)
            | Part::Template(_)
            | Part::Unsupported(_)
            | Part::Referral(_) => PART,
        })
        .sum();
    content.text.len() + parts
}
