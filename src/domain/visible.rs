//! Whether the sender of a command may see what it is about (domain rules, section 7).
//!
//! It is looked at where the command is decided: so nothing changes between the look and the decision, commands keep their order, and
//! an address is resolved once. A refusal about what its sender may not see names nobody's assignment.

use smallvec::{SmallVec, smallvec};

use super::command::{self, Addressee, AgentCommand, Mark, Pass, Verb};
use super::customer::known;
use super::event::Sender;
use super::id::{Index, LeafId, MessageId, Name, RootId, WorkId};
use super::rejection::Rejection;
use super::workspace::{Sight, Workspace};

/// What a command is about that its sender need not own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    Customer(RootId),
    Work(WorkId),
    /// A Work that was spam: it is known no longer.
    Spam(WorkId),
    /// Whoever waits there.
    Endpoint(Name),
}

type Abouts = SmallVec<[About; 2]>;

/// What somebody sees: an agent by its name; everything, who oversees.
fn sight(space: &Workspace, (agent, oversees): (&Name, bool)) -> Sight {
    if oversees { Sight::whole() } else { space.sight(agent) }
}

/// Refuses a command about customers, Works or endpoints that its sender may not see. Nothing is looked up for what an agent does with
/// its own Works.
///
/// # Errors
/// [`Rejection::NotVisible`].
pub(super) fn check(space: &Workspace, command: &AgentCommand) -> Result<(), Rejection> {
    if space.config().shows_all() {
        return Ok(());
    }
    let abouts = abouts(space, &command.verb);
    if abouts.is_empty() {
        return Ok(());
    }
    let sight = sight(space, (&command.agent, command.oversees));
    if abouts.iter().all(|about| sees(space, &sight, about)) { Ok(()) } else { Err(Rejection::NotVisible) }
}

/// Refuses to tell an agent of what it would see only a stub of, whoever tells it. Who oversees, which the core does not know, looks for
/// itself.
///
/// # Errors
/// [`Rejection::NotVisibleTo`].
pub(super) fn may_be_told(space: &Workspace, agent: &Name, about: &command::About) -> Result<(), Rejection> {
    if sees(space, &space.sight(agent), &noted(about)) {
        Ok(())
    } else {
        Err(Rejection::NotVisibleTo { agent: agent.clone() })
    }
}

/// The Works that a command names, itself or by a message; of none is known whose they are to be told. Nothing is looked up where every
/// queue is shown to all.
pub(super) fn named(space: &Workspace, verb: &Verb) -> SmallVec<[WorkId; 2]> {
    if space.config().shows_all() { SmallVec::new() } else { works(space, verb) }
}

/// The refusal of a command that named these Works, without whose a Work is that its sender may not see.
pub(super) fn told(space: &Workspace, who: (&Name, bool), named: &[WorkId], rejection: Rejection) -> Rejection {
    let works = match &rejection {
        Rejection::WorkOpen { work, owner: Some(_), .. } => std::slice::from_ref(work),
        Rejection::NotOwner { owner: Some(_) } | Rejection::StaleAssignment { current: Some(_) } => named,
        _ => return rejection,
    };
    if space.config().shows_all() {
        return rejection;
    }
    let sight = sight(space, who);
    let sees = |work: &WorkId| space.work(*work).is_some_and(|work| sight.sees_work(&work));
    if sight.is_whole() || !works.is_empty() && works.iter().all(sees) {
        return rejection;
    }
    match rejection {
        Rejection::WorkOpen { work, same_endpoint, .. } => Rejection::WorkOpen { work, owner: None, same_endpoint },
        Rejection::StaleAssignment { .. } => Rejection::StaleAssignment { current: None },
        _ => Rejection::NotOwner { owner: None },
    }
}

/// Of what is not there the decision says so.
fn sees(space: &Workspace, sight: &Sight, about: &About) -> bool {
    match about {
        About::Customer(id) => space.conversation(*id).is_none_or(|view| sight.sees_customer(&view)),
        About::Work(id) => space.work(*id).is_none_or(|view| sight.sees_work(&view)),
        About::Endpoint(endpoint) => sight.sees_endpoint(endpoint),
        About::Spam(id) => space.work(*id).map_or_else(|| sees_spam(space, sight, *id), |view| sight.sees_work(&view)),
    }
}

/// Whether everybody whose words were called spam in a Work is seen by whoever sees what became of it.
fn sees_spam(space: &Workspace, sight: &Sight, work: WorkId) -> bool {
    let mut leaves = space.people.asides.iter().filter(|(_, aside)| aside.spam.contains(&work)).map(|(leaf, _)| leaf);
    leaves.all(|leaf| {
        let Some(view) = space.conversation(RootId(leaf.0)) else { return false };
        let heard_by =
            view.identities.iter().find(|identity| identity.leaf == leaf).and_then(|it| it.heard_by.as_ref());
        let Some(endpoint) = heard_by else { return false };
        match view.forgotten.works.get(&work) {
            Some(queue) => sight.sees_past(queue, endpoint),
            None if view.forgotten.is_older(MessageId::new(Index(u64::MAX), 0), Some(work)) => {
                view.forgotten.queues.iter().all(|queue| sight.sees_past(queue, endpoint))
            }
            None => sight.sees_endpoint(endpoint),
        }
    })
}

/// Every leaf's number is an id of its customer.
fn of(leaf: LeafId) -> About {
    About::Customer(RootId(leaf.0))
}

/// Whoever has the address now.
fn at(space: &Workspace, sender: &Sender, scope: &str) -> Option<About> {
    known(space, sender, scope).map(of)
}

fn noted(about: &command::About) -> About {
    match about {
        command::About::Work(work) => About::Work(*work),
        command::About::Customer { customer, .. } => About::Customer(*customer),
    }
}

fn abouts(space: &Workspace, verb: &Verb) -> Abouts {
    match verb {
        Verb::Erase { customer } | Verb::SetFacts { customer, .. } | Verb::UnmergeCustomers { customer, .. } => {
            smallvec![About::Customer(*customer)]
        }
        Verb::MergeCustomers { customer, other } => smallvec![About::Customer(*customer), About::Customer(*other)],
        // Linking brings along whoever has the address.
        Verb::LinkIdentity { customer, sender, scope } => {
            [About::Customer(*customer)].into_iter().chain(at(space, sender, scope)).collect()
        }
        Verb::Upsert(told) => told.addresses.iter().filter_map(|(sender, scope)| at(space, sender, scope)).collect(),
        Verb::Block { leaf, .. }
        | Verb::Unblock { leaf }
        | Verb::UnlinkIdentity { leaf }
        | Verb::LiftQuarantine { leaf: Some(leaf), .. } => smallvec![of(*leaf)],
        Verb::LiftQuarantine { leaf: None, endpoint } => smallvec![About::Endpoint(endpoint.clone())],
        Verb::DecideSuggestion { one, other, .. } => smallvec![of(*one), of(*other)],
        // Whoever owns one of two Works may make them one, and then has the words of both.
        Verb::MergeWorks { from, into, .. } => smallvec![About::Work(*from), About::Work(*into)],
        Verb::MarkSpam { work, .. } | Verb::AskFact { work, .. } => smallvec![About::Work(*work)],
        Verb::ClearSpam { work } => smallvec![About::Spam(*work)],
        Verb::StartWork(start) => match &start.to {
            Addressee::Identity(leaf) => smallvec![of(*leaf)],
            Addressee::Address { sender, scope } => at(space, sender, scope).into_iter().collect(),
        },
        Verb::Mark(mark) => match &**mark {
            Mark::Note { about, .. } | Mark::Summary { about, .. } | Mark::Tag { about, .. } => smallvec![noted(about)],
            Mark::Priority { work, .. } => smallvec![About::Work(*work)],
        },
        // Whoever is asked or joins is shown the Work from then on: who decides that owns it, or sees it.
        Verb::Oversee(oversight) => oversight.work().map(About::Work).into_iter().collect(),
        // One's own session, offers, Works and messages, and those that one takes part in; and what waits in a queue that one serves.
        Verb::OpenSession { .. }
        | Verb::LoseSession
        | Verb::EndSession { .. }
        | Verb::SetPresence { .. }
        | Verb::Accept { .. }
        | Verb::Decline { .. }
        | Verb::Send(_)
        | Verb::Cancel { .. }
        | Verb::Retry(_)
        | Verb::Edit { .. }
        | Verb::Retract { .. }
        | Verb::MarkRead { .. }
        | Verb::Close { .. }
        | Verb::SplitWork { .. }
        | Verb::Hand(_)
        | Verb::TakePart(_)
        | Verb::Pass(_) => Abouts::new(),
    }
}

/// The Works that a command names, itself or by a message; none: it names none that is known.
fn works(space: &Workspace, verb: &Verb) -> SmallVec<[WorkId; 2]> {
    let with = |message: MessageId| {
        let delivery = space.deliveries.get(message.to_bits());
        delivery.and_then(|delivery| space.work_of(message, delivery.work)).into_iter().collect()
    };
    match verb {
        Verb::Send(send) => smallvec![send.work],
        Verb::MarkRead { work, .. }
        | Verb::Close { work, .. }
        | Verb::SplitWork { work, .. }
        | Verb::MarkSpam { work, .. }
        | Verb::ClearSpam { work }
        | Verb::AskFact { work, .. } => smallvec![*work],
        Verb::MergeWorks { from, into, .. } => smallvec![*from, *into],
        Verb::Cancel { message, .. } | Verb::Edit { message, .. } | Verb::Retract { message, .. } => with(*message),
        Verb::Retry(retry) => with(retry.of),
        Verb::Pass(pass) => smallvec![passed(pass)],
        Verb::Hand(hand) => smallvec![hand.work()],
        Verb::TakePart(part) => smallvec![part.work()],
        Verb::Oversee(oversight) => oversight.work().into_iter().collect(),
        Verb::Mark(mark) => match &**mark {
            Mark::Note { about: command::About::Work(work), .. }
            | Mark::Summary { about: command::About::Work(work), .. }
            | Mark::Tag { about: command::About::Work(work), .. }
            | Mark::Priority { work, .. } => smallvec![*work],
            Mark::Note { .. } | Mark::Summary { .. } | Mark::Tag { .. } => SmallVec::new(),
        },
        Verb::OpenSession { .. }
        | Verb::LoseSession
        | Verb::EndSession { .. }
        | Verb::SetPresence { .. }
        | Verb::Accept { .. }
        | Verb::Decline { .. }
        | Verb::StartWork(_)
        | Verb::Erase { .. }
        | Verb::MergeCustomers { .. }
        | Verb::LinkIdentity { .. }
        | Verb::SetFacts { .. }
        | Verb::Upsert(_)
        | Verb::Block { .. }
        | Verb::Unblock { .. }
        | Verb::LiftQuarantine { .. }
        | Verb::UnlinkIdentity { .. }
        | Verb::DecideSuggestion { .. }
        | Verb::UnmergeCustomers { .. } => SmallVec::new(),
    }
}

fn passed(pass: &Pass) -> WorkId {
    match pass {
        Pass::Requeue { work, .. }
        | Pass::Move { work, .. }
        | Pass::Park { work, .. }
        | Pass::Unpark { work, .. }
        | Pass::Transfer { work, .. }
        | Pass::TakeBack { work, .. }
        | Pass::Claim { work }
        | Pass::ExtendWrapUp { work, .. }
        | Pass::Promise { work, .. } => *work,
    }
}
