//! What a mail proves of its author and of what it answers (domain rules, sections 1 and 5).
//!
//! Anybody can write any `From`, subject, `In-Reply-To` and `References`. So a mail joins the Work that it answers only by a reply
//! token that was signed for its sender's address, or by the thread where the provider vouches for the sender (DMARC); everything
//! else is a mail like any other of its sender's, and what it quotes of others is flagged. A mail with a forged sender therefore
//! stands in the Conversation of whom it names, as CLAIMED, and no answer of ours goes to whoever forged it.
//!
//! Works are merged, split and taken apart: a token names the Work of then, and leads to the one that has the answered mail now.
//!
//! Invariant: nobody joins a Work by a token that another address got, nobody but a customer whose Work it is, or whom our
//! last mail of it to that customer was copied to, joins it at all, and nobody by a mailbox of another brand.

use super::item::Item;
use super::matter::{belongs, brand_of, leaf_of, reopenable};
use super::provider_fingerprint;
use super::route::answers;
use crate::domain::customer::address_hash;
use crate::domain::delivery::Candidate;
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, InboundEvent, Scope};
use crate::domain::id::{LeafId, MessageId, Name, RootId, WorkId};
use crate::domain::record::Flags;

/// Candidates of tokens that are looked at: a verification is a few hashes of a microsecond each.
const MAX_TOKENS: usize = 16;
/// Addresses of a customer that a token of somebody else's is compared with.
const MAX_OTHERS: usize = 16;
/// Ids of a thread that are looked up.
const MAX_IDS: usize = 128;

/// What joins the Work that a mail answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Joins {
    /// Nothing is known before its customer is.
    #[default]
    Unknown,
    /// Its customer's token names the Work.
    Customer(WorkId),
    /// Whoever our last mail of the Work was copied to; what they say is filed under whom that went to.
    Participant(WorkId, LeafId),
}

/// What a mail proves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proof {
    pub(super) joins: Joins,
    pub(super) assurance: Assurance,
    pub(super) flags: Flags,
}

/// Looks at a mail of the normalised address `text` to a mailbox of that brand. `asks`: it is a person's, and new.
pub(super) fn prove(
    draft: &Draft<'_>,
    (event, item): (&InboundEvent, &Item),
    text: &str,
    brand: &Name,
    asks: bool,
) -> Proof {
    let nothing = Proof { joins: Joins::Unknown, assurance: event.assurance, flags: Flags::default() };
    if item.external || !item.kind.is_said() || item.part.is_some() || event.scope != Scope::Direct {
        return nothing;
    }
    let space = draft.space;
    if space.config().is_own_mailbox(text) {
        // A forged sender, a mailbox that passes its mail on, or a colleague: people look, no program answers.
        let flags = Flags::OWN_ADDRESS.with(Flags::GENERATED);
        return Proof { flags, assurance: Assurance::Claimed, ..nothing };
    }
    let address = address_hash(space.hash_key(), AddressKind::Email, "", text);
    let leaf = space.leaves.find(address).filter(|&leaf| space.leaves.get(leaf).is_some_and(|found| !found.ended));
    let author = Author { address, leaf, root: leaf.map(|leaf| draft.root_of(leaf)) };

    let ids = answers(item, event);
    let (token, mut flags) = tokens(draft, event, &author, &ids);
    let assurance = if token.is_some() { Assurance::Token } else { event.assurance };
    let mut joins = Joins::Unknown;
    let named = token.into_iter().map(Thread::Work);
    let quoted = ids.iter().take(MAX_IDS).filter_map(|id| thread(draft, &author, id));
    for thread in named.chain(quoted) {
        let Thread::Work(work) = thread else { break };
        let is_of_brand = brand_of(draft, work) == Some(brand);
        if author.root.is_some_and(|root| belongs(draft, work, root)) {
            // What is only quoted is found again once it is known whose message it is.
            joins = if token == Some(work) && is_of_brand { Joins::Customer(work) } else { joins };
            break;
        }
        let mut copied = space.mail.copied_to(work, address);
        let of_customer = copied.find(|&leaf| belongs(draft, work, draft.root_of(leaf)));
        if let Some(leaf) = of_customer.filter(|_| assurance >= Assurance::Platform && is_of_brand) {
            if space.works.contains(work) || (asks && reopenable(draft, work)) {
                joins = Joins::Participant(work, leaf);
            }
            break;
        }
        if leaf_of(draft, work).is_some() {
            flags = flags.with(Flags::FOREIGN_THREAD);
        }
    }
    if joins != Joins::Unknown {
        flags = Flags::default();
    }
    Proof { joins, assurance, flags }
}

/// Who wrote, as far as that is known.
struct Author {
    address: u128,
    leaf: Option<LeafId>,
    root: Option<RootId>,
}

/// What an id of a thread stands for.
enum Thread {
    /// A message of a Work.
    Work(WorkId),
    /// A mail of the author's own, under an id that somebody else used before.
    Own,
}

fn thread(draft: &Draft<'_>, author: &Author, id: &str) -> Option<Thread> {
    let (key, known) = (draft.space.hash_key(), &draft.space.provider_ids);
    if author.leaf.is_some_and(|leaf| known.get(super::own_mail_fingerprint(key, leaf, id)).is_some()) {
        return Some(Thread::Own);
    }
    let &(message, work) = known.get(provider_fingerprint(key, "email", "", id))?;
    draft.space.work_of(message, work).map(Thread::Work)
}

/// The Work that has now what a mail answers, whose token names the Work that had it then.
fn current(draft: &Draft<'_>, then: WorkId, answered: &[(MessageId, Option<WorkId>)]) -> WorkId {
    let matters = &draft.space.matters;
    match answered.iter().find(|(_, stored)| *stored == Some(then)) {
        Some((message, _)) => matters.current(*message, then),
        None => matters.merged_into(then).unwrap_or(then),
    }
}

/// The Work of a token that was signed for the author's address; else what is odd about those that there are.
fn tokens(draft: &Draft<'_>, event: &InboundEvent, author: &Author, ids: &[String]) -> (Option<WorkId>, Flags) {
    let space = draft.space;
    let mut flags = Flags::default();
    let known = |id: &String| space.provider_ids.get(provider_fingerprint(space.hash_key(), "email", "", id)).copied();
    let looked_up = if event.reply_to_tokens.is_empty() { 0 } else { MAX_IDS };
    let answered: Vec<_> = ids.iter().take(looked_up).filter_map(known).collect();
    for text in event.reply_to_tokens.iter().take(MAX_TOKENS) {
        let Some(candidate) = Candidate::read(text) else { continue };
        let Some(key) = space.mail.keys.of(&candidate) else { continue };
        let work = current(draft, candidate.work, &answered);
        let is_bound_to = |address: u128| candidate.is_bound_to(key, space.name(), address);
        if is_bound_to(author.address) && !candidate.is_expired(draft.now) {
            return (Some(work), Flags::default());
        }
        let root = leaf_of(draft, work).map(|leaf| draft.root_of(leaf));
        let leaves = root.into_iter().flat_map(|root| space.leaves_of(root)).take(MAX_OTHERS);
        let hashes = leaves.filter_map(|leaf| space.leaves.get(leaf)).map(|leaf| leaf.hash());
        let mut others = hashes.chain(space.mail.copies(work));
        flags = flags.with(if candidate.is_expired(draft.now) || !others.any(is_bound_to) {
            Flags::BAD_TOKEN
        } else if root == author.root {
            // Another address of the same customer's: weak, and not odd.
            Flags::default()
        } else {
            Flags::FOREIGN_TOKEN
        });
    }
    (None, flags)
}
