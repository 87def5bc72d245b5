//! Whether somebody opts out or in by what was said (domain rules, section 3), and for which addresses.
//!
//! A customer's words are never taken for one on a guess: only a whole message counts, and permission needs more than a refusal.

use smallvec::SmallVec;

use super::item::Item;
use crate::domain::content::{Mail, Part};
use crate::domain::customer::{Who, known};
use crate::domain::delivery::{Opt, has_refused};
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, InboundEvent, Scope};
use crate::domain::id::{LeafId, Name};
use crate::domain::record::{Flags, MessageKind, OptSource};
use crate::domain::workspace::{EndpointConfig, OptWord};

/// The item as it is to be stored, and whether its author opts out or in by it.
pub(super) fn read(
    draft: &Draft<'_>,
    channel: &Name,
    event: &InboundEvent,
    item: Item,
    who: Who,
    flags: Flags,
) -> (Item, Option<Opt>) {
    if event.scope != Scope::Direct || event.backfill || item.external {
        return (item, None);
    }
    let refuses = has_refused(draft.space, who.leaf);
    match item.opt {
        // A provider takes some words for a permission whoever says them. Of somebody who never refused they are a message.
        Some((false, None)) if !refuses && !item.content.text.is_empty() => {
            return (Item { kind: MessageKind::Message, opt: None, ..item }, None);
        }
        Some((refused, purpose)) => {
            let opt = Opt { refused, purpose, source: OptSource::Provider, channel: channel.clone() };
            return (item, Some(opt));
        }
        None => {}
    }
    // Only a part of what was said, or not said by a person.
    if flags.is_quiet() || flags.has(Flags::GENERATED) || flags.has(Flags::INCOMPLETE) {
        return (item, None);
    }
    let by_word = |refused| Some(Opt { refused, purpose: None, source: OptSource::Word, channel: channel.clone() });
    let word = only_words(&item, |text| draft.space.config().opt_out.word(channel, text));
    let opt = match (item.kind, word) {
        (MessageKind::Message | MessageKind::Edit, Some(OptWord::Stop)) => by_word(true),
        // Whoever can be forged may refuse, which harms little. To allow, the carrier or the provider has to know the sender.
        (MessageKind::Message, Some(OptWord::Start))
            if refuses && (channel == "sms" || event.assurance >= Assurance::Platform) && !asked(draft, who) =>
        {
            by_word(false)
        }
        // Who begins the conversation with us anew wants to be written to.
        (MessageKind::Start, _) if refuses && event.assurance >= Assurance::Platform => by_word(false),
        _ => None,
    };
    // A correction of the word is what was meant, and nobody has heard it yet.
    let corrects = item.kind == MessageKind::Edit && refuses && opt.is_none() && !has_open_work(draft, who);
    if corrects { (Item { kind: MessageKind::Message, ..item }, None) } else { (item, opt) }
}

/// Whom it is noted for: the author, by every address that a provider vouches to be that person's.
pub(super) fn leaves(
    draft: &Draft<'_>,
    event: &InboundEvent,
    who: Who,
    endpoint: Option<&EndpointConfig>,
) -> SmallVec<[LeafId; 2]> {
    let mut leaves = SmallVec::from_iter([who.leaf]);
    if event.assurance >= Assurance::Platform {
        let scope = endpoint.map(|endpoint| endpoint.scope.as_str()).unwrap_or_default();
        let others = event.senders.iter().filter_map(|sender| known(draft.space, sender, scope));
        for leaf in others.filter(|&leaf| draft.root_of(leaf) == who.root) {
            if !leaves.contains(&leaf) {
                leaves.push(leaf);
            }
        }
    }
    leaves
}

/// Whether we wrote last in a matter of the customer's: what is said then may well be the answer.
fn asked(draft: &Draft<'_>, who: Who) -> bool {
    let mut open = draft.works_of(who.root).filter_map(|work| draft.space.works.get(work));
    open.any(|work| work.replied && work.ours_since.is_none())
}

fn has_open_work(draft: &Draft<'_>, who: Who) -> bool {
    draft.works_of(who.root).any(|work| draft.space.works.contains(work))
}

/// What all that an item says is, if that is words alone: of a mail its body, or its subject when it has none.
fn only_words(item: &Item, word: impl Fn(&str) -> Option<OptWord>) -> Option<OptWord> {
    let mut head: Option<&Mail> = None;
    for part in &item.content.parts {
        match part {
            Part::Mail(mail) => head = Some(mail),
            // The title of a quick reply is its text.
            Part::ButtonReply(_) => {}
            _ => return None,
        }
    }
    let text = item.content.text.trim();
    match head {
        None => word(text),
        Some(mail) if text.is_empty() => word(&mail.subject),
        // A subject of the author's own is part of what is said.
        Some(mail) => word(text).filter(|_| {
            let is_reply = !mail.in_reply_to.is_empty() || !mail.references.is_empty();
            is_reply || mail.subject.trim().is_empty() || word(&mail.subject).is_some()
        }),
    }
}
