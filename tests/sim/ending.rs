//! The end of a seed: no more faults, everybody READY, and enough time. Everything must get done, and be counted right.

use std::collections::{BTreeMap, BTreeSet};

use skein::domain::event::{EventKind, ReceiptStatus, Scope};
use skein::domain::id::{LeafId, MessageId, RootId};

use super::agents::NAMES;
use super::checks::{ACME, Broken, holds};
use super::customers::{InMessage, Through};
use super::kept::{Risen, Sent};
use super::model::Standing;
use super::node::leaving;
use super::setup;
use super::world::World;

/// Agents that work: all but the one that never opens a session.
const WORKING: usize = NAMES.len() - 1;
/// Rounds after which adapters report, and how often in each.
const REPORT_ROUNDS: usize = 3;
const REPORTS: usize = 12;
/// The stream that the chat's adapter publishes to.
const CHAT_STREAM: &str = "SKEIN_IN_acme_partner";
/// By how much the clocks of provider and shard may differ.
const CLOCKS_MS: i64 = 2_000;

/// Works until nothing is left, then counts.
pub(crate) fn finish(world: &mut World, rounds: usize) -> Result<(), Broken> {
    world.operator(Some(setup::config()))?;
    for round in 0..rounds {
        let busy = turn(world)?;
        if round < REPORT_ROUNDS {
            world.reports(REPORTS);
        }
        let configured = round > 2;
        if !busy && configured && done(world) {
            return count(world);
        }
        if !busy {
            world.now.0 += 5_000;
        }
        if round == 1 {
            world.operator(Some(setup::config()))?;
        }
    }
    let state = world.node.engine.state();
    let works = state.workspace(ACME).map(|space| space.works(None, None));
    let agents: Vec<_> = NAMES.iter().filter_map(|name| state.workspace(ACME)?.agent(name)).collect();
    holds("everything gets done", false, || format!("{works:#?}, {agents:?}"))
}

/// One round; whether anything happened.
fn turn(world: &mut World) -> Result<bool, Broken> {
    let mut busy = false;
    while !world.stray.is_empty() {
        world.land_stray();
    }
    for stream in 0..2 {
        while world.feed_from(stream)? {
            busy = true;
            flush(world)?;
        }
    }
    while world.retries_left() {
        busy = true;
        world.retry()?;
        flush(world)?;
    }
    for at in 0..WORKING {
        let space = world.node.engine.state().workspace(ACME);
        let view = space.and_then(|space| space.agent(world.agents[at].name));
        for wish in world.agents[at].duty(view.as_ref()) {
            busy = true;
            world.command(at, wish, false)?;
            flush(world)?;
        }
    }
    world.fire_timers()?;
    flush(world)?;
    Ok(busy)
}

/// Everything in flight arrives, is acknowledged, released and handed over.
fn flush(world: &mut World) -> Result<(), Broken> {
    for _ in 0..100 {
        for kind in [0, 1, 4] {
            world.node.network(kind, &mut world.store, &mut world.stray, &mut world.stats);
            if let Some(deposed) = &mut world.deposed {
                deposed.network(kind, &mut world.store, &mut world.stray, &mut world.stats);
            }
            world.let_go()?;
        }
        if world.node.writer.unacked() == 0 && world.node.writer.standing == Standing::Appending {
            break;
        }
    }
    if let Some(deposed) = &mut world.deposed
        && deposed.writer.unacked() == 0
    {
        // Nothing in flight would tell it: it hears of its successor when it reads the log.
        world.deposed = None;
    }
    for _ in 0..4 {
        world.settle()?;
    }
    for stream in 0..2 {
        while world.node.hand_over(stream, &mut world.outs, &world.store, &mut world.stats)? > 0 {}
    }
    Ok(())
}

fn done(world: &World) -> bool {
    let state = world.node.engine.state();
    let open = state.workspace(ACME).map_or(1, |space| space.open_works() + space.held_parts());
    let read = (0..2).all(|stream| !world.node.unread(stream, &world.streams[stream]));
    open == 0 && read && world.node.at_rest() && !world.retries_left()
}

fn count(world: &mut World) -> Result<(), Broken> {
    world.audit()?;
    let head = (world.node.engine.state().head(), world.auditor.state.head());
    holds("all is durable at the end", head.0 == head.1, || format!("{head:?}"))?;
    world.compare()?;
    world.auditor.invariants()?;
    world.auditor.matters.count()?;
    handed_over(world)?;
    messages(world)?;
    receipts(world)?;
    reports_through(world)?;
    persons(world)?;
    if world.verified {
        world.verify()?;
    }
    let records = world.store.valid().len() as u64;
    for (what, count) in [
        ("records", records),
        ("void records", world.store.void()),
        ("messages stored", world.auditor.stored.len() as u64),
        ("outputs handed over", world.outs.streams[0].len() as u64),
        ("dead letters", world.outs.streams[1].len() as u64),
    ] {
        (0..count).for_each(|_| world.stats.hit("sum", what));
    }
    Ok(())
}

fn handed_over(world: &World) -> Result<(), Broken> {
    for stream in 0..2 {
        let all = world.store.valid().iter().flat_map(|record| leaving(record, stream));
        let due: Vec<_> = all.map(|(position, _)| position).collect();
        let handed = &world.outs.streams[stream];
        holds("every output is handed over once", due == *handed, || {
            format!("{} due, {} handed over", due.len(), handed.len())
        })?;
    }
    Ok(())
}

fn messages(world: &World) -> Result<(), Broken> {
    let stored = |key: &String| world.auditor.stored.get(key).copied().unwrap_or(0);
    for key in &world.customers.once {
        holds("every message is stored once", stored(key) == 1, || format!("{key}: {} times", stored(key)))?;
    }
    for piece in &world.customers.pieces {
        let count = world.auditor.pieces.get(piece).copied().unwrap_or(0);
        holds("every part is in one message", count == 1, || format!("{piece}: {count} times"))?;
    }
    for key in &world.customers.at_least_once {
        holds("no message is lost", stored(key) >= 1, || key.clone())?;
    }
    Ok(())
}

fn receipts(world: &World) -> Result<(), Broken> {
    let said = world.streams.iter().flatten().flat_map(|message| match message {
        InMessage::Events(events) => events.as_slice(),
        InMessage::Undecodable | InMessage::Empty | InMessage::Gone => &[],
    });
    let said = said.filter(|said| matches!(said.event.kind, EventKind::Message(_)));
    let ids_of_customers: BTreeSet<&str> = said.filter_map(|said| said.event.message_ref.as_deref()).collect();
    for (message, reported) in &world.customers.reported {
        let status = world.auditor.statuses.get(message).copied().unwrap_or_default();
        let expected = if reported.bound { reported.any } else { reported.ours };
        // A report up to a time says nothing of what is not known to have left.
        let sent = !matches!(expected, ReceiptStatus::Queued | ReceiptStatus::Unknown);
        let risen =
            sent && status > expected && world.customers.is_chat(*message) && is_through(world, *message, status);
        // What came under a provider's id alone, which a customer's message has as well, may be of that one.
        let of_theirs = ids_of_customers.contains(&*format!("prov-{message}"));
        let between = of_theirs && (reported.ours..=reported.any).contains(&status);
        holds("the highest receipt counts", status == expected || risen || between, || {
            format!("{message}: {status:?}, reported {reported:?}")
        })?;
    }
    Ok(())
}

/// Whether whom a message went to has said that status of everything up to a time at which it was sent.
fn is_through(world: &World, message: MessageId, status: ReceiptStatus) -> bool {
    let Some(sent) = world.auditor.sent.get(&message) else {
        return false;
    };
    let last = sent.risen.last().filter(|risen| risen.status == status);
    last.is_some_and(|risen| world.customers.throughs.iter().any(|said| covers(world, said, sent, risen)))
}

/// What was raised because of a report of everything up to a time went to whom it is of, and was sent by then.
fn reports_through(world: &mut World) -> Result<(), Broken> {
    let number = world.auditor.state.stream(CHAT_STREAM).map(|bound| bound.number);
    let mut raised = 0u64;
    for (message, sent) in &world.auditor.sent {
        for risen in &sent.risen {
            let input = risen.input.filter(|input| Some(input.stream) == number);
            let event =
                input.and_then(|input| match world.streams[1].get(usize::try_from(input.sequence).ok()? - 1)? {
                    InMessage::Events(events) => events.get(usize::from(input.event)),
                    InMessage::Undecodable | InMessage::Empty | InMessage::Gone => None,
                });
            let Some(said) = event.and_then(|published| Through::of(&published.event)) else { continue };
            raised += 1;
            holds("a report up to a time raises what it covers", covers(world, &said, sent, risen), || {
                format!("{message}: {said:?}, {sent:?}")
            })?;
        }
    }
    (0..raised).for_each(|_| world.stats.hit("sum", "messages raised up to a time"));
    Ok(())
}

/// Whether a report says that of the message, as far as was known of it then.
fn covers(world: &World, said: &Through, sent: &Sent, risen: &Risen) -> bool {
    let conversation = world.auditor.state.workspace(ACME).and_then(|space| space.conversation(RootId(sent.leaf.0)));
    let recipient = conversation.and_then(|it| it.identities.into_iter().find(|identity| identity.leaf == sent.leaf));
    let address = recipient.and_then(|identity| identity.address);
    let (at, told) = risen.at;
    // The shard's clock may be ahead of the provider's.
    let latest = at.0 - if told { 0 } else { CLOCKS_MS };
    said.status == risen.status && said.at.0 >= latest && Some(said.address.as_str()) == address.as_deref()
}

/// Each message is in exactly one conversation: that of its leaf's customer now.
fn sorted(world: &World) -> Result<(), Broken> {
    let space = world.auditor.state.workspace(ACME);
    let space = space.ok_or_else(|| Broken { check: "workspace is there", detail: String::new() })?;
    let mut of: BTreeMap<LeafId, Vec<RootId>> = BTreeMap::new();
    for root in (0..space.identities()).map(|root| RootId(u32::try_from(root).expect("few"))) {
        // An id that stands for another customer is none of its own.
        let conversation = space.conversation(root).filter(|found| found.conversation == root);
        for (leaf, _) in conversation.into_iter().flat_map(|found| found.last) {
            of.entry(leaf).or_default().push(root);
        }
    }
    for (message, leaf) in &world.auditor.filed {
        let now = space.conversation(RootId(leaf.0)).map(|found| found.conversation);
        let roots = of.get(leaf).map(Vec::as_slice).unwrap_or_default();
        holds("a message is in one conversation now", now.is_some_and(|now| roots == [now]), || {
            format!("{message} of {leaf} in {roots:?}, {now:?}")
        })?;
    }
    Ok(())
}

/// Each address is in one conversation, and addresses of one person are in the same; of a person who was erased, each begins anew
/// and by itself.
fn persons(world: &World) -> Result<(), Broken> {
    let Some(space) = world.node.engine.state().workspace(ACME) else {
        return Ok(());
    };
    let mut conversations: BTreeMap<String, RootId> = BTreeMap::new();
    let mut shared: BTreeSet<String> = BTreeSet::new();
    // Addresses that came back, of whom not all may have.
    let mut anew: BTreeSet<String> = BTreeSet::new();
    for root in 0..space.identities() {
        let root = RootId(u32::try_from(root).expect("few"));
        let Some(conversation) = space.conversation(root) else {
            continue;
        };
        for identity in conversation.identities.iter().filter(|identity| !identity.ended) {
            let address = identity.address.as_deref().unwrap_or_default().trim_start_matches('+');
            let address = if identity.scope == Scope::Direct { address.to_owned() } else { format!("{identity:?}") };
            if identity.shared {
                shared.insert(address.clone());
            }
            if identity.generation > 1 {
                anew.insert(address.clone());
            }
            let known = *conversations.entry(address).or_insert(conversation.conversation);
            holds("an address is in one conversation", known == conversation.conversation, || format!("{identity:?}"))?;
        }
    }
    sorted(world)?;
    if world.auditor.parted {
        return Ok(());
    }
    // Whom the provider paired with two is no evidence of one person.
    let (pairs, named) = (&world.customers.pairs, &world.customers.named);
    let by_itself = |(first, second): &&(String, String)| {
        named.iter().all(|(one, other)| {
            let same = |address: &String| address == first || address == second;
            same(one) == same(other)
        })
    };
    let of_one = |(first, second): &&(String, String)| !shared.contains(first) && !shared.contains(second);
    let is_gone = |address: &String| anew.contains(address) || !conversations.contains_key(address);
    let lives =
        |(first, second): &&(String, String)| world.auditor.erased.is_empty() || !(is_gone(first) || is_gone(second));
    for (first, second) in pairs.iter().filter(by_itself).filter(of_one).filter(lives) {
        let both = (conversations.get(first), conversations.get(second));
        holds("one person has one conversation", both.0.is_some() && both.0 == both.1, || {
            format!("{first}, {second}: {both:?}")
        })?;
    }
    Ok(())
}
