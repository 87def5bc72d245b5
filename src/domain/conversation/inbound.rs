//! An inbound event becomes a message in its Conversation, and Work where it asks for an answer.

use super::item::{Item, as_item, odd_time};
use super::matter::belongs;
use super::once::{Once, is_of_many, keys, once};
use super::parts;
use super::proof::{Joins, prove};
use super::store::{Said, store};
use super::{Counterpart, provider_fingerprint};
use crate::domain::command::{Arrival, DeadLetter};
use crate::domain::customer::{
    Named, Told, Who, changed, is_set_aside, known, normalise, quarantine, resolve, resolve_thread,
};
use crate::domain::delivery;
use crate::domain::draft::Draft;
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Receipt, ReceiptStatus, Scope, Sender};
use crate::domain::id::Name;
use crate::domain::record::{Change, DeadLettered, Flags, MessageKind, PersonalValue};
use crate::domain::rejection::Rejection;
use crate::domain::workspace::EndpointConfig;

/// Longest shown name, characters.
const MAX_NAME_CHARS: usize = 128;

/// An event of an IN stream.
pub(crate) fn input(draft: &mut Draft<'_>, arrival: Arrival) -> Result<(), Rejection> {
    let config = draft.space.config();
    let Some(endpoint) = config.endpoint(&arrival.channel, &arrival.endpoint) else {
        dead_letter(draft, arrival.refused("unknown_endpoint"));
        return Ok(());
    };
    if arrival.event.our_address.as_deref().is_some_and(|named| !is_ours(endpoint, named)) {
        dead_letter(draft, arrival.refused("wrong_endpoint"));
        return Ok(());
    }
    if let Some(body) = &arrival.body {
        draft.part_of(body);
    }
    match &arrival.event.kind {
        EventKind::Typing | EventKind::Ignored { .. } => Err(Rejection::Ignored),
        EventKind::Receipt(report) => delivery::receipt(draft, endpoint, &arrival.event, report),
        EventKind::Account { subject, .. } => {
            let subject = subject.chars().filter(|c| c.is_ascii_graphic()).take(MAX_NAME_CHARS).collect();
            draft.push(Change::AccountNoted { endpoint: arrival.endpoint.clone(), subject });
            Ok(())
        }
        EventKind::Message(_)
        | EventKind::Edit { .. }
        | EventKind::Deletion
        | EventKind::Reaction { .. }
        | EventKind::IdentityChange { .. }
        | EventKind::Opt { .. }
        | EventKind::Start { .. }
        | EventKind::VisitEnd
        | EventKind::Call { .. }
        | EventKind::MediaArrived(_)
        | EventKind::Echo(_)
        | EventKind::Unsupported(_) => item(draft, arrival, endpoint),
    }
}

/// An input that cannot be used: its bytes go to DEAD.
pub(crate) fn dead_letter(draft: &mut Draft<'_>, letter: DeadLetter) {
    draft.push(Change::DeadLettered(DeadLettered {
        input: letter.input,
        stream: letter.stream,
        channel: letter.channel,
        endpoint: letter.endpoint,
        reason: letter.reason,
    }));
}

impl Arrival {
    fn refused(self, reason: &'static str) -> DeadLetter {
        DeadLetter {
            workspace: self.workspace,
            channel: self.channel,
            endpoint: self.endpoint,
            stream: self.stream,
            input: self.input,
            reason: Name::const_new(reason),
        }
    }
}

/// Whether a payload's name of our address is one of the endpoint's. Compared without case and the marks of numbers.
fn is_ours(endpoint: &EndpointConfig, named: &str) -> bool {
    let plain = |text: &str| -> String {
        let text = text.trim().trim_start_matches("whatsapp:");
        text.chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')')).flat_map(char::to_lowercase).collect()
    };
    // Most providers write it as the configuration does: then nothing is rewritten for a message.
    if endpoint.addresses.is_empty() || endpoint.addresses.iter().any(|own| own == named) {
        return true;
    }
    let named = plain(named);
    endpoint.addresses.iter().any(|own| plain(own) == named)
}

fn item(draft: &mut Draft<'_>, mut arrival: Arrival, endpoint: &EndpointConfig) -> Result<(), Rejection> {
    let told = match &arrival.event.kind {
        EventKind::IdentityChange { old, new, .. } => Some(Told { old: old.clone(), new: new.clone() }),
        _ => None,
    };
    let mut item = as_item(&mut arrival.event);
    answered_first(&mut arrival.event.senders, &arrival.channel);
    let event = &arrival.event;
    if event.senders.is_empty() && event.scope == Scope::Direct {
        dead_letter(draft, arrival.refused("no_sender"));
        return Ok(());
    }
    // An agent's own address is never a customer's: not a word of a customer's is lost by it.
    if event.scope == Scope::Direct && event.senders.iter().any(|sender| sender.kind == AddressKind::Staff) {
        dead_letter(draft, arrival.refused("staff"));
        return Ok(());
    }
    if item.external && is_own_echo(draft, &arrival) {
        let report = Receipt { status: ReceiptStatus::Sent, ..Receipt::default() };
        return delivery::receipt(draft, endpoint, event, &report);
    }

    // A mail of ours that came back asks nothing, and must not be answered by whatever answers mails.
    if arrival.channel == "email" && item.kind.is_said() && is_own_echo(draft, &arrival) {
        item.flags = item.flags.with(Flags::AUTO_SUBMITTED);
    }

    let country = draft.space.config().default_country.as_deref();
    let counterpart = event.senders.iter().find_map(|sender| normalise(sender, country));
    if counterpart.is_none() && event.scope == Scope::Direct {
        dead_letter(draft, arrival.refused("no_sender"));
        return Ok(());
    }
    let once = match told_by(counterpart.as_ref(), &item, event) {
        Some(told_by) => match once(draft, &arrival, &item, told_by)? {
            Some(once) => once,
            None => return Ok(()),
        },
        None => Once::default(),
    };
    if let Some(number) = quoted_number(draft, &arrival, endpoint, &item) {
        arrival.event.senders.push(number);
    }
    let event = &arrival.event;
    let mut flags = item.flags.with(once.flags).with(odd_time(event, draft.now));
    let mut joins = Joins::Unknown;
    if let (Some((AddressKind::Email, address)), "email") = (&counterpart, arrival.channel.as_str()) {
        let asks = !event.backfill && !flags.is_quiet() && !flags.has(Flags::GENERATED);
        let proof = prove(draft, (event, &item), address, draft.space.config().brand(endpoint), asks);
        flags = flags.with(proof.flags);
        // Whoever is blocked joins nobody's matter.
        let scope = endpoint.scope.as_str();
        let aside = matches!(proof.joins, Joins::Participant(..)) && is_set_aside(draft, &event.senders, scope);
        joins = if aside { Joins::Unknown } else { proof.joins };
        arrival.event.assurance = proof.assurance;
    }
    let event = &arrival.event;
    // Who joins somebody's matter becomes no customer by that, and tells nothing of that customer.
    let joined = match joins {
        Joins::Participant(_, leaf) => Some(Who { leaf, root: draft.root_of(leaf) }),
        Joins::Customer(_) | Joins::Unknown => None,
    };

    let who = match (event.scope, event.thread.as_deref()) {
        _ if joined.is_some() => joined.unwrap_or_default(),
        (Scope::Group | Scope::Public, Some(thread)) => resolve_thread(draft, &arrival.endpoint, thread, event.scope),
        // A group's words are never a person's.
        (Scope::Group | Scope::Public, None) => {
            dead_letter(draft, arrival.refused("no_thread"));
            return Ok(());
        }
        (Scope::Direct, _) => {
            let named = Named {
                senders: &event.senders,
                assurance: event.assurance,
                endpoint,
                wrote: !item.external,
                says: !item.external && (item.kind.is_said() || item.kind == MessageKind::Edit),
                live: !event.backfill,
                // The time of a mail is its author's to write.
                at: event.occurred_at.filter(|_| !flags.has(Flags::ODD_TIME) && arrival.channel != "email"),
            };
            let who = match &told {
                Some(told) => changed(draft, &named, told),
                None => resolve(draft, &named),
            };
            let Some(who) = who else {
                // Only a login or CRM id is named, and the endpoint is not trusted with it.
                dead_letter(draft, arrival.refused("untrusted_sender"));
                return Ok(());
            };
            if named.wrote && named.live {
                quarantine(draft, who, &arrival.endpoint);
            }
            who
        }
    };
    // What is named with the address may have shown it to be another's too: then the Work is not of whoever wrote.
    if let Joins::Customer(work) = joins
        && !belongs(draft, work, who.root)
    {
        joins = Joins::Unknown;
    }
    if event.scope == Scope::Direct && !item.external && joined.is_none() {
        name(draft, who, event);
    }
    let Arrival { channel, endpoint: endpoint_name, event, .. } = arrival;
    let once = Once { flags, ..once };
    let said = Said { channel, endpoint: endpoint_name, event, item, who, once, joined: None, joins };
    if let Some(said) = parts::gathered(draft, said) {
        store(draft, Some(endpoint), said);
    }
    Ok(())
}

/// The number that a message of ours went to which is quoted by an account that nobody knows: whoever quotes it has it, in the chat
/// with us. Only as long as nobody has written from the number.
fn quoted_number(draft: &Draft<'_>, arrival: &Arrival, endpoint: &EndpointConfig, item: &Item) -> Option<Sender> {
    let (quoted, event) = (item.quoted.as_deref()?, &arrival.event);
    let [sender] = event.senders.as_slice() else { return None };
    let told = event.assurance >= Assurance::Platform && event.scope == Scope::Direct && !item.external;
    if !told || sender.kind != AddressKind::Whatsapp || known(draft.space, sender, &endpoint.scope).is_some() {
        return None;
    }
    let space = draft.space;
    let fingerprint = provider_fingerprint(space.hash_key(), &arrival.channel, &arrival.endpoint, quoted);
    let (message, _) = space.provider_ids.get(fingerprint)?;
    let delivery = space.deliveries.get(message.to_bits()).filter(|delivery| !delivery.external)?;
    let number = space.leaves.get(delivery.leaf)?;
    let is_its = number.kind == AddressKind::Phone && number.is_unheard() && !number.ended && !number.shared;
    let address = number.address.as_ref().filter(|_| is_its)?.to_string();
    Some(Sender { kind: AddressKind::Phone, address })
}

/// Puts what the channel answers to before a login or id of ours that an adapter names first: nobody is reached by those, and they
/// prove whose an address is, not it whose they are.
fn answered_first(senders: &mut [Sender], channel: &str) {
    if !senders.first().is_some_and(|first| matches!(first.kind, AddressKind::Crm | AddressKind::Login)) {
        return;
    }
    if let Some(at) = senders.iter().position(|sender| delivery::reaches(channel, sender.kind)) {
        senders[..=at].rotate_right(1);
    }
}

/// Whose ids tell the item from others.
fn told_by<'e>(
    counterpart: Option<&'e (AddressKind, Name)>,
    item: &Item,
    event: &'e InboundEvent,
) -> Option<Counterpart<'e>> {
    match counterpart {
        Some((kind, text)) => Some(Counterpart::Person(*kind, text)),
        // Who said it in a group is not told: what has an id is told from a retry by the thread.
        None => event.thread.as_deref().filter(|_| is_named(item, event)).map(Counterpart::Thread),
    }
}

/// The keys under which an event may be remembered. None: it has no id that counts.
pub(super) fn sought(
    hash_key: &[u8; 16],
    country: Option<&str>,
    by: (&Name, &Name),
    event: &InboundEvent,
) -> Option<[u64; 2]> {
    let mut event = event.clone();
    let item = as_item(&mut event);
    answered_first(&mut event.senders, by.0);
    let counterpart = event.senders.iter().find_map(|sender| normalise(sender, country));
    keys(hash_key, by, &item, told_by(counterpart.as_ref(), &item, &event)?, &event)
}

/// Whether an id names what somebody said who is not told. What many do to one message is not told apart by it: a retry that is
/// kept twice costs less than a person who is not heard.
fn is_named(item: &Item, event: &InboundEvent) -> bool {
    !is_of_many(item.kind) && (event.event_id.is_some() || event.message_ref.is_some())
}

/// Whether an echo is of a message that we sent.
fn is_own_echo(draft: &Draft<'_>, arrival: &Arrival) -> bool {
    arrival.event.message_ref.as_deref().is_some_and(|id| {
        let key = draft.space.hash_key();
        let fingerprint = provider_fingerprint(key, &arrival.channel, &arrival.endpoint, id);
        let known = draft.space.provider_ids.get(fingerprint);
        let delivery = known.and_then(|(message, _)| draft.space.deliveries.get(message.to_bits()));
        delivery.is_some_and(|delivery| !delivery.external)
    })
}

/// The name to show comes from the highest assurance.
fn name(draft: &mut Draft<'_>, who: Who, event: &InboundEvent) {
    let Some(told) = event.profile.as_ref().and_then(|profile| profile.name.as_deref()) else {
        return;
    };
    // Whoever tells it is one of several.
    if draft.is_shared(who.leaf) {
        return;
    }
    let told: Name = told.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    let known = draft.space.shown_name(who.root);
    let better = known.is_none_or(|(assurance, name)| event.assurance >= assurance && *name != told);
    if !told.is_empty() && better {
        draft.with_content(who.leaf, PersonalValue::Shown(told));
        draft.push(Change::Named { leaf: who.leaf, assurance: event.assurance });
    }
}
