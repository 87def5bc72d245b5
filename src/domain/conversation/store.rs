//! What was said becomes a message in its Conversation, in the Work that it belongs to, with what follows for that Work.

use smallvec::SmallVec;

use super::destination::Destination;
use super::item::Item;
use super::matter::{self, Question};
use super::once::Once;
use super::opt;
use super::proof::Joins;
use super::route::{Route, answers, route};
use super::{own_mail_fingerprint, provider_fingerprint};
use crate::domain::customer::{Who, aside_flags};
use crate::domain::delivery::note_opt;
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, InboundEvent, Scope};
use crate::domain::id::{AgentId, MessageId, Name, WorkId};
use crate::domain::record::{
    Author, Change, Direction, Flags, MessageContent, MessageKind, MessageStored, OptSource, PartsJoined, QueueCause,
    WorkOpened,
};
use crate::domain::routing::{self, Chosen, key, requeue};
use crate::domain::session::Agent;
use crate::domain::view::WorkState;
use crate::domain::work::{
    Says, Work, answer_due, await_facts, await_opening, charge_repeat, charge_unanswered, charge_wait, goes_on, guard,
    hold_to_channels, settle_cost, visit_ended,
};
use crate::domain::workspace::{EndpointConfig, WorkspaceConfig};

/// Longest token of a provider that is kept, bytes: each open Work may hold two.
const MAX_TOKEN_BYTES: usize = 512;

/// Something said, and by whom.
pub(super) struct Said {
    pub(super) channel: Name,
    pub(super) endpoint: Name,
    pub(super) event: InboundEvent,
    pub(super) item: Item,
    pub(super) who: Who,
    /// Its flags are all that is odd about the message.
    pub(super) once: Once,
    /// It was made of held parts: which, and whether all were there.
    pub(super) joined: Option<(u64, bool)>,
    /// What a mail proves of the Work that it answers.
    pub(super) joins: Joins,
}

/// The message itself, in the Work that it belongs to.
///
/// `endpoint`: none where the configuration has it no longer; what came by it then opens nothing.
pub(super) fn store(draft: &mut Draft<'_>, endpoint: Option<&EndpointConfig>, said: Said) {
    let Said { channel, endpoint: endpoint_name, event, item, who, once, joined, joins } = said;
    let participant = matches!(joins, Joins::Participant(..));
    let (item, opt) = if participant {
        // Only a customer refuses for a customer.
        (item, None)
    } else {
        opt::read(draft, &channel, &event, item, who, once.flags)
    };
    let quoted = answers(&item, &event);
    let answers: SmallVec<[&str; 2]> = quoted.iter().map(String::as_str).collect();
    // A group's thread is the address of its leaf.
    let thread = event.thread.as_deref().filter(|thread| event.scope == Scope::Direct && !thread.is_empty());
    let config = draft.space.config();
    let brand = endpoint.map_or_else(Name::default, |endpoint| config.brand(endpoint).clone());
    let goes = Destination::of(endpoint, who, &event, (item.kind, &item.content));
    let question = Question {
        root: who.root,
        leaf: who.leaf,
        channel: &channel,
        endpoint: &endpoint_name,
        brand: &brand,
        goes: &goes,
        thread,
        answers: &answers,
        reopens: !once.flags.has(Flags::GENERATED),
    };
    let by_word = opt.as_ref().is_some_and(|opt| opt.source == OptSource::Word);
    let said_flags = if by_word { once.flags.with(Flags::OPT_WORD) } else { once.flags };
    let answered = matter::answered(draft, &question);
    let asked = if endpoint.is_some() { said_flags } else { said_flags.with(Flags::BACKFILL) };
    let set_aside = match event.scope {
        Scope::Direct => false,
        Scope::Group => endpoint.is_none_or(|endpoint| !endpoint.groups),
        Scope::Public => endpoint.is_none_or(|endpoint| !endpoint.public),
    };
    let mut route = match joins {
        Joins::Participant(work, _) if draft.space.works.contains(work) => Route::Into(work),
        Joins::Participant(work, _) => Route::Reopen(work),
        Joins::Customer(work) => route(draft, &question, Some(work), &item, &event, asked, set_aside),
        // Anybody can write the ids of a thread into a mail: they count where the sender is known to be who it says.
        Joins::Unknown if channel == "email" && event.assurance < Assurance::Platform => {
            route(draft, &question, None, &item, &event, asked, set_aside)
        }
        Joins::Unknown => route(draft, &question, answered.and_then(|(_, work)| work), &item, &event, asked, set_aside),
    };

    let mut flags = said_flags;
    let scope = endpoint.map(|endpoint| endpoint.scope.as_str()).unwrap_or_default();
    let aside = aside_flags(draft, who, &event.senders, scope);
    if aside != Flags::default() && !item.external {
        flags = flags.with(aside);
        route = Route::Nowhere;
    }
    if let Route::Into(work) | Route::AtLimit(work) = route
        && !item.external
        && floods(draft, work, &question, flags)
    {
        flags = flags.with(Flags::FLOOD);
        route = Route::Nowhere;
    }
    let chosen = if let Route::Open(_) = route { goes.chosen(draft) } else { None };
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
                channel: channel.clone(),
                endpoint: endpoint_name.clone(),
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
        audience.extend(work.and_then(|work| draft.work(work)).into_iter().flat_map(Work::told));
    }
    let answer_by = owner.and_then(|owner| {
        let work = draft.work(work?)?;
        answer_due(draft, work, owner.agent, draft.space.config().queue(&work.queue))
    });
    let fingerprint = match (&event.message_ref, item.kind.is_said()) {
        (Some(id), true) => fingerprint_of(draft, &channel, &endpoint_name, who, id),
        _ => 0,
    };
    let opt = opt.map(|opt| (opt, opt::leaves(draft, &event, who, endpoint)));
    let message = MessageStored {
        leaf: who.leaf,
        conversation: who.root,
        work,
        direction: if item.external { Direction::Out } else { Direction::In },
        kind: item.kind,
        author: match (item.external, direct) {
            (true, _) => Author::External,
            (false, true) if !participant => Author::Customer,
            (false, _) => Author::Participant,
        },
        assurance: event.assurance,
        scope: event.scope,
        channel,
        endpoint: endpoint_name,
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
        thread: thread.map(str::to_owned),
        provider_ref: event.message_ref,
        quoted_ref: item.quoted,
        recipient: None,
        detail: Some(item.detail).filter(|detail| !detail.is_empty()),
        odd_time: event.odd_time,
        reply_token: event.reply_token.filter(|token| token.len() <= MAX_TOKEN_BYTES),
        read_token: event.read_token.filter(|token| token.len() <= MAX_TOKEN_BYTES),
        ..MessageContent::default()
    };
    // History and what is told twice end no visit.
    let ends = message.kind == MessageKind::VisitEnd && !flags.is_quiet() && WorkspaceConfig::live(&message.channel);
    let left = work.filter(|_| ends && message.scope == Scope::Direct);
    if let Some(work) = work {
        match message.says() {
            Says::Asks => charge_unanswered(draft, work, &message),
            Says::Answers => charge_wait(draft, work),
            Says::Joins | Says::Asked | Says::Ends | Says::Resumes | Says::Noted | Says::Nothing => {}
        }
    }
    let joins = work.filter(|_| message.says() == Says::Asks);
    let joined_place = joins.is_some_and(|work| join(draft, work, &message, endpoint));
    let asks = (message.says() == Says::Asks).then_some(message.flags);
    let message = draft.push_message(message, words);
    if let Some((set, complete)) = joined {
        draft.push(Change::PartsJoined(PartsJoined { leaf: who.leaf, set, message, complete }));
    }
    if let Some((opt, leaves)) = opt {
        for leaf in leaves {
            note_opt(draft, leaf, &opt);
        }
    }
    if let Some(work) = work.filter(|_| joined_place) {
        settle(draft, work);
    }
    follow_up(draft, route, work, chosen);
    if let Some(work) = left {
        visit_ended(draft, work);
    }
    if let Some((work, asks)) = work.zip(asks) {
        await_opening(draft, work, asks);
    }
    if let Some(work) = work.filter(|work| draft.work(*work).is_some_and(Work::has_automation)) {
        guard(draft, work);
    }
}

/// What a message is found by when it is answered: its provider's id. That of a mail is its author's to choose: one that somebody
/// else used before is known as this author's only.
fn fingerprint_of(draft: &Draft<'_>, channel: &Name, endpoint: &Name, who: Who, id: &str) -> u64 {
    let key = draft.space.hash_key();
    let fingerprint = provider_fingerprint(key, channel, endpoint, id);
    if channel != "email" {
        return fingerprint;
    }
    let taken = draft.space.provider_ids.get(fingerprint);
    let by_another = |&(message, work): &(MessageId, Option<WorkId>)| {
        draft.space.work_of(message, work).is_none_or(|work| !matter::belongs(draft, work, who.root))
    };
    if taken.is_some_and(by_another) { own_mail_fingerprint(key, who.leaf, id) } else { fingerprint }
}

/// Whether more comes from one identity by one endpoint than anybody reads. History is no flood, however much there is.
fn floods(draft: &Draft<'_>, work: WorkId, question: &Question<'_>, flags: Flags) -> bool {
    let limit = draft.space.config().max_messages_per_minute;
    let Some(work) = draft.work(work).filter(|_| !flags.has(Flags::BACKFILL)) else { return false };
    let place = work.place_of(question.channel, question.endpoint);
    place.is_some_and(|place| work.heard.is_over(limit, (question.leaf, place), draft.now))
}

/// The Work is spoken on by this endpoint from now on. Whether that is news.
fn join(draft: &mut Draft<'_>, work: WorkId, message: &MessageStored, endpoint: Option<&EndpointConfig>) -> bool {
    let (channel, by) = (&message.channel, &message.endpoint);
    if draft.work(work).is_some_and(|work| work.place_of(channel, by).is_some()) {
        return false;
    }
    let queue = endpoint.map(|endpoint| endpoint.queue.clone()).unwrap_or_default();
    draft.push(Change::WorkJoined { work, channel: channel.clone(), endpoint: by.clone(), queue });
    true
}

/// A Work that is spoken on by one endpoint more costs what its dearest channel does, and is due when the tightest goal says.
fn settle(draft: &mut Draft<'_>, id: WorkId) {
    settle_cost(draft, id);
    hold_to_channels(draft, id);
    let Some(work) = draft.work(id).filter(|work| work.is_queued() || work.state == WorkState::Offered) else {
        return;
    };
    let config = draft.space.config();
    let key = key(config, &work.queue, work, draft.now.0);
    let sooner = !work.queue.is_empty() && key < work.key;
    routing::require(draft, id);
    if sooner {
        draft.push(Change::WorkRekeyed { work: id, key });
    }
}

/// What a message makes of its Work.
fn follow_up(draft: &mut Draft<'_>, went: Route, work: Option<WorkId>, chosen: Option<Chosen>) {
    let Some(id) = work else { return };
    match went {
        Route::Open(linked) => {
            // The owner of an open Work of the customer is asked first: the customer need not explain again.
            let owners = || linked.iter().rev().filter_map(|id| draft.work(*id)?.owner).map(|owner| owner.agent);
            let is_ready = |agent: &AgentId| draft.agent(*agent).is_some_and(Agent::is_ready);
            // Of nothing that is open, whoever had the last matter of the brand.
            let before = || last_owner(draft, id);
            let preferred = owners().find(is_ready).or_else(|| owners().next()).or_else(before);
            if let Some(chosen) = chosen {
                charge_repeat(draft, id, &chosen.queue);
                await_facts(draft, id, &chosen.queue);
                routing::route(draft, id, chosen, QueueCause::New, preferred);
            }
        }
        Route::Reopen(_) => {
            let queue =
                draft.work(id).map(|work| work.queue.clone()).filter(|name| draft.space.config().queue(name).is_some());
            let preferred = draft.space.closed.get(id).and_then(|closed| closed.last_owner());
            let queue = queue.unwrap_or_else(|| endpoint_queue(draft, id));
            charge_repeat(draft, id, &queue);
            requeue(draft, id, &queue, QueueCause::Reopened, preferred);
        }
        Route::Into(_) | Route::AtLimit(_) => goes_on(draft, id),
        Route::Thanks(_) | Route::Nowhere => {}
    }
}

/// Who owned the latest matter of the same customer and brand that is over and may be reopened still.
fn last_owner(draft: &Draft<'_>, id: WorkId) -> Option<AgentId> {
    let work = draft.work(id)?;
    let closed = draft.works_of(draft.root_of(work.leaf)).filter_map(|other| draft.space.closed.get(other));
    let of_brand = closed.filter(|closed| *draft.space.names.get(closed.brand) == work.brand);
    of_brand.max_by_key(|closed| (closed.reopen_until, closed.id)).and_then(|closed| closed.last_owner())
}

fn endpoint_queue(draft: &Draft<'_>, id: WorkId) -> Name {
    let config = draft.space.config();
    let endpoint = draft.work(id).and_then(|work| config.endpoint(&work.channel, &work.endpoint));
    endpoint.map(|endpoint| endpoint.queue.clone()).unwrap_or_default()
}
