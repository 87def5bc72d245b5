//! An inbound event becomes a message in its Conversation, and Work where it asks for an answer.

use smallvec::SmallVec;

use super::item::{Item, as_item, odd_time};
use super::matter::{self, Question};
use super::once::{Once, once};
use super::provider_fingerprint;
use super::route::{Route, answers, route};
use crate::domain::command::{Arrival, DeadLetter};
use crate::domain::customer::{Who, normalise, resolve, resolve_thread};
use crate::domain::delivery;
use crate::domain::draft::Draft;
use crate::domain::event::{EventKind, InboundEvent, Receipt, ReceiptStatus, Scope};
use crate::domain::id::{AgentId, Name, WorkId};
use crate::domain::record::{
    Author, Change, Direction, Flags, MessageContent, MessageStored, PersonalValue, QueueCause, WorkOpened,
};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{answer_by, requeue};
use crate::domain::view::WorkState;
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
    match &arrival.event.kind {
        EventKind::Typing | EventKind::Ignored { .. } => Err(Rejection::Ignored),
        EventKind::Receipt(report) => {
            let provider_ref = arrival.event.message_ref.as_deref();
            delivery::receipt(draft, &arrival.channel, &arrival.endpoint, provider_ref, report)
        }
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
    draft.push(Change::DeadLettered {
        input: letter.input,
        stream: letter.stream,
        channel: letter.channel,
        endpoint: letter.endpoint,
        reason: letter.reason,
    });
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
    endpoint.addresses.is_empty()
        || endpoint.addresses.iter().any(|own| own == named)
        || endpoint.addresses.iter().any(|own| plain(own) == plain(named))
}

fn item(draft: &mut Draft<'_>, mut arrival: Arrival, endpoint: &EndpointConfig) -> Result<(), Rejection> {
    let mut item = as_item(&mut arrival.event);
    let event = &arrival.event;
    if event.senders.is_empty() && event.scope == Scope::Direct {
        dead_letter(draft, arrival.refused("no_sender"));
        return Ok(());
    }
    if item.external && is_own_echo(draft, &arrival) {
        let report = Receipt { status: ReceiptStatus::Sent, ..Receipt::default() };
        return delivery::receipt(draft, &arrival.channel, &arrival.endpoint, event.message_ref.as_deref(), &report);
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
    let once = match &counterpart {
        Some((kind, text)) => match once(draft, &arrival, &item, (*kind, text))? {
            Some(once) => once,
            None => return Ok(()),
        },
        None => Once::default(),
    };
    let flags = item.flags.with(once.flags).with(odd_time(event, draft.now));

    let who = match (event.scope, event.thread.as_deref()) {
        (Scope::Group | Scope::Public, Some(thread)) => resolve_thread(draft, &arrival.endpoint, thread, event.scope),
        // A group's words are never a person's.
        (Scope::Group | Scope::Public, None) => {
            dead_letter(draft, arrival.refused("no_thread"));
            return Ok(());
        }
        (Scope::Direct, _) => match resolve(draft, &event.senders, event.assurance, &endpoint.scope, !item.external) {
            Some(who) => who,
            None => {
                dead_letter(draft, arrival.refused("no_sender"));
                return Ok(());
            }
        },
    };
    if event.scope == Scope::Direct && !item.external {
        name(draft, who, event);
    }
    store(draft, arrival, endpoint, item, who, Once { flags, ..once });
    Ok(())
}

/// The message itself, in the Work that it belongs to.
fn store(draft: &mut Draft<'_>, arrival: Arrival, endpoint: &EndpointConfig, item: Item, who: Who, once: Once) {
    let event = arrival.event;
    let quoted = answers(&item, &event);
    let answers: SmallVec<[&str; 2]> = quoted.iter().map(String::as_str).collect();
    let brand = draft.space.config().brand(endpoint);
    let question = Question {
        root: who.root,
        channel: &arrival.channel,
        endpoint: &arrival.endpoint,
        brand,
        answers: &answers,
        reopens: !once.flags.has(Flags::GENERATED),
    };
    let answered = matter::answered(draft, &question);
    let route = route(draft, &question, answered.and_then(|(_, work)| work), &item, &event, once.flags);
    let queue = &endpoint.queue;

    let mut flags = once.flags;
    let mut audience: SmallVec<[AgentId; 1]> = SmallVec::new();
    let work = match &route {
        Route::Into(work) => Some(*work),
        Route::AtLimit(work) => {
            flags = flags.with(Flags::WORK_LIMIT);
            Some(*work)
        }
        Route::Reopen(work) => {
            draft.push(Change::WorkReopened { work: *work, leaf: who.leaf });
            Some(*work)
        }
        Route::Open(linked) => {
            let work = draft.next_work();
            draft.push(Change::WorkOpened(Box::new(WorkOpened {
                leaf: who.leaf,
                conversation: who.root,
                channel: arrival.channel.clone(),
                endpoint: arrival.endpoint.clone(),
                brand: brand.clone(),
                linked: linked.clone(),
            })));
            Some(work)
        }
        Route::Thanks(last_owner) => {
            flags = flags.with(Flags::THANKS);
            audience.extend(*last_owner);
            None
        }
        Route::Nowhere => None,
    };
    let owner = work.and_then(|work| draft.work(work)).and_then(|work| work.owner);
    let direct = event.scope == Scope::Direct;
    if !flags.has(Flags::REPEATED) {
        audience.extend(owner.map(|owner| owner.agent));
    }
    let answer_by = owner.and_then(|_| {
        let queue = draft.space.config().queue(&draft.work(work?)?.queue)?;
        answer_by(queue, draft.now)
    });
    let fingerprint = match (&event.message_ref, item.kind.is_said()) {
        (Some(id), true) => provider_fingerprint(draft.space.hash_key(), &arrival.channel, &arrival.endpoint, id),
        _ => 0,
    };
    let message = MessageStored {
        leaf: who.leaf,
        conversation: who.root,
        work,
        direction: if item.external { Direction::Out } else { Direction::In },
        kind: item.kind,
        author: match (item.external, direct) {
            (true, _) => Author::External,
            (false, true) => Author::Customer,
            (false, false) => Author::Participant,
        },
        assurance: event.assurance,
        scope: event.scope,
        channel: arrival.channel.clone(),
        endpoint: arrival.endpoint.clone(),
        provider_time: event.occurred_at,
        flags,
        about: answered.map(|(message, _)| message),
        duplicate_key: once.key,
        digest: once.digest,
        provider_fingerprint: fingerprint,
        audience,
        answer_by,
        ..MessageStored::default()
    };
    let words = MessageContent {
        content: item.content,
        provider_ref: event.message_ref,
        quoted_ref: item.quoted,
        recipient: None,
        detail: Some(item.detail).filter(|detail| !detail.is_empty()),
        odd_time: event.odd_time,
        ..MessageContent::default()
    };
    draft.push_message(message, words);
    follow_up(draft, route, work, queue);
}

/// What a message makes of its Work.
fn follow_up(draft: &mut Draft<'_>, route: Route, work: Option<WorkId>, queue: &Name) {
    let Some(id) = work else { return };
    match route {
        Route::Open(linked) => {
            // The owner of an open Work of the customer is asked first: the customer need not explain again.
            let preferred = linked.iter().rev().find_map(|id| draft.work(*id)?.owner).map(|owner| owner.agent);
            requeue(draft, id, queue, QueueCause::New, preferred);
        }
        Route::Reopen(_) => {
            let queue =
                draft.work(id).map(|work| work.queue.clone()).filter(|name| draft.space.config().queue(name).is_some());
            let preferred = draft.space.closed.get(id).and_then(|closed| closed.last_owner());
            requeue(draft, id, &queue.unwrap_or_else(|| endpoint_queue(draft, id)), QueueCause::Reopened, preferred);
        }
        Route::Into(_) | Route::AtLimit(_) => {
            let Some(work) = draft.work(id) else { return };
            if let (WorkState::WrapUp, Some(owner), true) = (work.state, work.owner, work.ours_since.is_some()) {
                let cost = draft.agent(owner.agent).map_or(1, |agent| agent.profile.cost(&work.channel));
                draft.push(Change::WrapUpLeft { work: id, agent: owner.agent, cost });
            }
        }
        Route::Thanks(_) | Route::Nowhere => {}
    }
}

fn endpoint_queue(draft: &Draft<'_>, id: WorkId) -> Name {
    let config = draft.space.config();
    let endpoint = draft.work(id).and_then(|work| config.endpoint(&work.channel, &work.endpoint));
    endpoint.map(|endpoint| endpoint.queue.clone()).unwrap_or_default()
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
    let told: Name = told.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    let known = draft.space.shown_name(who.root);
    let better = known.is_none_or(|(assurance, name)| event.assurance >= assurance && *name != told);
    if !told.is_empty() && better {
        draft.with_content(who.leaf, PersonalValue::Shown(told));
        draft.push(Change::Named { leaf: who.leaf, assurance: event.assurance });
    }
}
