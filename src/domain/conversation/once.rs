//! Exactly once by the provider's ids: tells a retry from something new (domain rules, section 2).

use super::item::Item;
use super::{Counterpart, digest, duplicate_key, provider_fingerprint, with_digest};
use crate::domain::command::Arrival;
use crate::domain::draft::Draft;
use crate::domain::event::InboundEvent;
use crate::domain::id::{MessageId, Name};
use crate::domain::record::{Change, Flags, MessageKind};
use crate::domain::rejection::Rejection;

/// The same words again within this time, without an id, are stored and not shown.
const REPEATED_MS: i64 = 3_000;

/// Marks the digest of what was told as history.
const HISTORY: u64 = 0x6261_636b_6669_6c6c;

/// The bit that only digests of history have: without the words one can tell whether what is remembered was told by itself.
const OLD: u64 = 1;

/// Key and digest under which the event is remembered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Once {
    pub(super) key: u64,
    pub(super) digest: u64,
    pub(super) flags: Flags,
}

/// Tells a retry from something new (domain rules, section 2). None: it is known, and what was new about it is noted. A
/// customer's words are never dropped for an id.
pub(super) fn once(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    item: &Item,
    counterpart: Counterpart<'_>,
) -> Result<Option<Once>, Rejection> {
    let space = draft.space;
    let hash_key = space.hash_key();
    let Digests { live, history, digest } = Digests::of(hash_key, item, &arrival.event);
    let (channel, endpoint) = (&arrival.channel, &arrival.endpoint);
    let remembered = |key| {
        let older = || arrival.older.as_ref().and_then(|older| older.get(key));
        space.remembered.get(key).copied().or_else(older)
    };
    let Some(key) =
        duplicate_key(hash_key, channel, endpoint, item.kind, counterpart, item.version.as_deref(), &arrival.event)
    else {
        let words = provider_fingerprint(hash_key, channel, endpoint, counterpart.name());
        let key = with_digest(words, digest);
        let repeated = space.remembered.get(key).is_some_and(|seen| draft.now.millis_since(seen.at) <= REPEATED_MS);
        return Ok(Some(Once { key, digest, flags: if repeated { Flags::REPEATED } else { Flags::default() } }));
    };
    let Some(seen) = remembered(key) else {
        return Ok(Some(Once { key, digest, flags: Flags::default() }));
    };
    let known = Once { key, digest, flags: Flags::default() };
    if seen.digest == history && !arrival.event.backfill {
        return Ok(Some(known));
    }
    // Told by itself before: its history is nothing new.
    let told = seen.digest == digest || seen.digest == live;
    if replaces(item.kind) && arrival.event.event_id.is_none() && !told {
        // What was so before we were connected does not take the place of what was told since. Under ids of their own the two
        // cannot be compared, and both are kept.
        if arrival.event.backfill && seen.digest & OLD == 0 {
            return Err(Rejection::Duplicate);
        }
        return Ok(Some(known));
    }
    let reused = with_digest(key, digest);
    let same = if told { Some(seen) } else { remembered(reused) };
    match same {
        None => Ok(Some(Once { key: reused, digest, flags: Flags::ID_REUSED })),
        Some(seen) if channel == "email" => also_received(draft, seen.message, endpoint).map(|()| None),
        Some(_) => Err(Rejection::Duplicate),
    }
}

/// The keys under which an event may be remembered: of its id, and of its id where that was something else's before.
pub(super) fn keys(
    hash_key: &[u8; 16],
    (channel, endpoint): (&Name, &Name),
    item: &Item,
    counterpart: Counterpart<'_>,
    event: &InboundEvent,
) -> Option<[u64; 2]> {
    let key = duplicate_key(hash_key, channel, endpoint, item.kind, counterpart, item.version.as_deref(), event)?;
    Some([key, with_digest(key, Digests::of(hash_key, item, event).digest)])
}

/// Of what an event says.
struct Digests {
    live: u64,
    history: u64,
    /// The one of the two that it is.
    digest: u64,
}

impl Digests {
    fn of(hash_key: &[u8; 16], item: &Item, event: &InboundEvent) -> Self {
        let live = (digest(hash_key, item.kind, &item.content, &item.detail) & !OLD).max(2);
        // What was told as history still has to be answered when it comes by itself: the two are told apart.
        let history = with_digest(live, HISTORY) | OLD;
        Self { live, history, digest: if event.backfill { history } else { live } }
    }
}

/// Whether several people do such a thing to one message, often at once: then an id of the message, or of its moment, is none
/// of what one of them did.
pub(super) fn is_of_many(kind: MessageKind) -> bool {
    matches!(kind, MessageKind::Reaction | MessageKind::Opt)
}

/// Whether an item of this kind says what is so from now on of the message that it names, which may be the same again after
/// something else: put, taken back, put again. Only the latest is compared then.
fn replaces(kind: MessageKind) -> bool {
    matches!(kind, MessageKind::Reaction | MessageKind::Edit | MessageKind::Opt)
}

/// One mail that reaches two of our addresses is one message.
fn also_received(draft: &mut Draft<'_>, message: MessageId, endpoint: &Name) -> Result<(), Rejection> {
    match draft.space.mail_endpoints.get(message.to_bits()) {
        Some((leaf, endpoints)) if !endpoints.contains(endpoint) => {
            draft.push(Change::AlsoReceived { message, leaf: *leaf, endpoint: endpoint.clone() });
            Ok(())
        }
        _ => Err(Rejection::Duplicate),
    }
}
