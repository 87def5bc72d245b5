//! Long texts that the network cut in parts (domain rules, section 2: SMS): a part is held until all are there, then they are one
//! message; after a minute what is there is one, marked.
//!
//! Invariants: parts of different senders, endpoints or references never mix; a part is held, or part of one message, or a message
//! of its own, and nothing of a customer's words is dropped; what is held is bounded, and beyond the bounds each part is a message.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::item::Item;
use super::once::Once;
use super::parts_fingerprint;
use super::proof::Joins;
use super::provider_fingerprint;
use super::store::{Said, store};
use crate::domain::content::Content;
use crate::domain::customer::Who;
use crate::domain::draft::Draft;
use crate::domain::event::{EventKind, InboundEvent, Scope};
use crate::domain::id::LeafId;
use crate::domain::record::{Flags, MessageContent, MessageKind, PartHeld};
use crate::domain::time::Timestamp;
use crate::domain::timer::Timer;

/// How long the parts of a text wait for each other, from the first to come.
const JOIN_WITHIN: Duration = Duration::from_secs(60);
/// After a text was stored without some of its parts, those are not waited for anew for so long: references come round again.
const LATE_MS: i64 = 10 * 60 * 1_000;
/// Parts of one text at most: their number is one byte (3GPP TS 23.040, 9.2.3.24.1).
const MAX_PARTS: u16 = 255;
/// Longest part that is held, bytes. One is at most 153 characters.
const MAX_PART_BYTES: usize = 1_024;
/// Texts of one sender that wait for parts, at most: one flooder does not take everybody's room.
const MAX_TEXTS_OF_LEAF: usize = 16;
/// Parts held in a workspace at most: about 15 MB at their longest.
const MAX_HELD: usize = 10_000;
/// Characters of a reference that are shown.
const MAX_REFERENCE_CHARS: usize = 32;

/// The parts of one text: whose, and their fingerprint.
type SetId = (LeafId, u64);

/// A part with its words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HeldPart {
    pub(crate) part: PartHeld,
    words: MessageContent,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    until: Timestamp,
    /// By their numbers.
    parts: BTreeMap<u16, HeldPart>,
}

/// All parts of a workspace that wait for others.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct HeldParts {
    texts: BTreeMap<SetId, Waiting>,
    /// How many there are.
    #[serde(skip)]
    parts: usize,
}

impl HeldParts {
    /// As before, by what is kept of it.
    pub(crate) fn counted(mut self) -> Self {
        self.parts = self.texts.values().map(|waiting| waiting.parts.len()).sum();
        self
    }

    /// How many parts are held.
    pub(crate) fn len(&self) -> usize {
        self.parts
    }

    /// Holds a part. Gives the deadline of a text that begins with it. Without its words it is held all the same.
    pub(crate) fn hold(&mut self, part: &PartHeld, words: Option<&MessageContent>) -> Option<(Timestamp, Timer)> {
        let set = (part.leaf, part.set);
        let begins = !self.texts.contains_key(&set);
        let waiting = self.texts.entry(set).or_insert_with(|| Waiting { until: part.until, parts: BTreeMap::new() });
        let held = HeldPart { part: part.clone(), words: words.cloned().unwrap_or_default() };
        if waiting.parts.insert(part.number, held).is_none() {
            self.parts += 1;
        }
        begins.then(|| timer(set, part.until))
    }

    /// Takes out what is held of a text, with its deadline.
    pub(crate) fn take(&mut self, set: SetId) -> Option<((Timestamp, Timer), impl Iterator<Item = HeldPart> + use<>)> {
        let waiting = self.texts.remove(&set)?;
        self.parts -= waiting.parts.len();
        Some((timer(set, waiting.until), waiting.parts.into_values()))
    }

    /// Drops what is held of a leaf; gives the deadlines.
    pub(crate) fn drop_leaf(&mut self, leaf: LeafId) -> Vec<(Timestamp, Timer)> {
        let sets: Vec<SetId> = self.texts.range((leaf, 0)..=(leaf, u64::MAX)).map(|(&set, _)| set).collect();
        sets.into_iter().filter_map(|set| self.take(set).map(|(timer, _)| timer)).collect()
    }

    /// Moves every deadline; gives each before and after.
    pub(crate) fn later(&mut self, by: Duration) -> Vec<((Timestamp, Timer), (Timestamp, Timer))> {
        let moved = self.texts.iter_mut().map(|(&set, waiting)| {
            let before = waiting.until;
            waiting.until = before + by;
            (timer(set, before), timer(set, waiting.until))
        });
        moved.collect()
    }

    /// The deadlines of all texts.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> {
        self.texts.iter().map(|(&set, waiting)| timer(set, waiting.until))
    }

    fn texts_of(&self, leaf: LeafId) -> usize {
        self.texts.range((leaf, 0)..=(leaf, u64::MAX)).count()
    }
}

fn timer((leaf, set): SetId, until: Timestamp) -> (Timestamp, Timer) {
    (until, Timer::PartsDue(leaf, set))
}

/// What is known of a text by these numbers of its parts; also tells parts under one id from each other.
pub(super) fn described(numbers: &[u16], of: u16, reference: &str) -> String {
    let list: Vec<String> = numbers.iter().map(u16::to_string).collect();
    let reference: String = reference.chars().filter(|c| !c.is_control()).take(MAX_REFERENCE_CHARS).collect();
    let word = if list.len() == 1 { "part" } else { "parts" };
    format!("{word} {} of {of} ({reference})", list.join(", "))
}

/// What was said, once it is whole. None: it is a part, and held.
pub(super) fn gathered(draft: &mut Draft<'_>, mut said: Said) -> Option<Said> {
    let Some((number, of, reference)) = said.item.part.take() else {
        return Some(said);
    };
    let space = draft.space;
    let backfill = said.event.backfill;
    let fingerprint =
        parts_fingerprint(space.hash_key(), said.who.leaf, &said.channel, &said.endpoint, (of, &reference), backfill);
    let set = (said.who.leaf, fingerprint);
    let waiting = space.parts.texts.get(&set);
    let late = space.remembered.get(fingerprint).is_some_and(|seen| draft.now.millis_since(seen.at) <= LATE_MS);
    let taken = waiting.is_some_and(|waiting| waiting.parts.contains_key(&number));
    if late || taken || !is_joinable(&said, number, of) {
        return Some(alone(said));
    }
    match waiting {
        Some(waiting) if waiting.parts.len() + 1 == usize::from(of) => {
            let mut all = waiting.parts.clone();
            all.insert(number, part(draft, &said, (fingerprint, number, of)));
            Some(Said { joined: Some((fingerprint, true)), ..joined(said, &all) })
        }
        None if space.parts.texts_of(said.who.leaf) >= MAX_TEXTS_OF_LEAF => Some(alone(said)),
        _ if space.parts.len() >= MAX_HELD => Some(alone(said)),
        _ => {
            let held = part(draft, &said, (fingerprint, number, of));
            draft.push_part(held.part, held.words);
            None
        }
    }
}

/// The deadline of a text has come: what is there of it is a message.
pub(crate) fn parts_due(draft: &mut Draft<'_>, leaf: LeafId, set: u64) {
    let space = draft.space;
    let Some(waiting) = space.parts.texts.get(&(leaf, set)) else {
        return;
    };
    let Some(first) = waiting.parts.values().next() else {
        return;
    };
    let said = Said { joined: Some((set, false)), ..joined(again(draft, first), &waiting.parts) };
    let endpoint = space.config().endpoint(&said.channel, &said.endpoint);
    store(draft, endpoint, alone(said));
}

/// Whether it can wait for others: plain words of a person to us alone, in a part as networks make them.
fn is_joinable(said: &Said, number: u16, of: u16) -> bool {
    said.event.scope == Scope::Direct
        && !said.once.flags.has(Flags::REPEATED)
        && (1..=of).contains(&number)
        && of <= MAX_PARTS
        && said.item.content.parts.is_empty()
        && said.item.content.text.len() <= MAX_PART_BYTES
}

/// A message although parts are missing.
fn alone(mut said: Said) -> Said {
    said.once.flags = said.once.flags.with(Flags::INCOMPLETE);
    said
}

fn part(draft: &Draft<'_>, said: &Said, (set, number, of): (u64, u16, u16)) -> HeldPart {
    let key = draft.space.hash_key();
    let provider = said.event.message_ref.as_deref();
    let part = PartHeld {
        leaf: said.who.leaf,
        channel: said.channel.clone(),
        endpoint: said.endpoint.clone(),
        set,
        number,
        of,
        until: draft.now + JOIN_WITHIN,
        assurance: said.event.assurance,
        provider_time: said.event.occurred_at,
        flags: said.once.flags,
        duplicate_key: said.once.key,
        digest: said.once.digest,
        provider_fingerprint: provider.map_or(0, |id| provider_fingerprint(key, &said.channel, &said.endpoint, id)),
    };
    let words = MessageContent {
        content: said.item.content.clone(),
        provider_ref: said.event.message_ref.clone(),
        quoted_ref: said.item.quoted.clone(),
        detail: Some(said.item.detail.clone()),
        odd_time: said.event.odd_time.clone(),
        thread: said.event.thread.clone(),
        ..MessageContent::default()
    };
    HeldPart { part, words }
}

/// A held part as it was said.
fn again(draft: &Draft<'_>, held: &HeldPart) -> Said {
    let HeldPart { part, words } = held.clone();
    let event = InboundEvent {
        event_id: None,
        message_ref: words.provider_ref,
        occurred_at: part.provider_time,
        odd_time: words.odd_time,
        senders: Vec::new(),
        assurance: part.assurance,
        scope: Scope::Direct,
        thread: words.thread,
        our_address: None,
        kind: EventKind::VisitEnd,
        profile: None,
        backfill: part.flags.has(Flags::BACKFILL),
        redelivery: false,
        reply_token: None,
        read_token: None,
        reply_to_tokens: Vec::new(),
    };
    let item = Item {
        kind: MessageKind::Message,
        content: words.content,
        detail: words.detail.unwrap_or_default(),
        quoted: words.quoted_ref,
        flags: part.flags,
        external: false,
        version: None,
        part: None,
        opt: None,
    };
    let once = Once { key: part.duplicate_key, digest: part.digest, flags: part.flags };
    let who = Who { leaf: part.leaf, root: draft.root_of(part.leaf) };
    Said { channel: part.channel, endpoint: part.endpoint, event, item, who, once, joined: None, joins: Joins::Unknown }
}

/// The text of all the parts in order, said as `said`, which is one of them. It is as sure and as odd as the worst of them.
fn joined(mut said: Said, parts: &BTreeMap<u16, HeldPart>) -> Said {
    let text: String = parts.values().map(|held| held.words.content.text.as_str()).collect();
    let numbers: SmallVec<[u16; 8]> = parts.keys().copied().collect();
    said.item.content = Content::text(text);
    for held in parts.values() {
        said.once.flags = said.once.flags.with(held.part.flags);
        said.event.assurance = said.event.assurance.min(held.part.assurance);
        said.item.quoted = said.item.quoted.take().or_else(|| held.words.quoted_ref.clone());
    }
    let of = parts.values().next().map_or(0, |held| held.part.of);
    said.item.detail = match said.item.detail.split_once(" (") {
        Some((_, reference)) if numbers.len() < usize::from(of) => {
            described(&numbers, of, reference.strip_suffix(')').unwrap_or(reference))
        }
        _ => String::new(),
    };
    said
}
