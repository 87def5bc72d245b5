//! `decide`: from a command to the one record that follows from it, or the reason why nothing does.

use sha2::{Digest, Sha256};

use super::command::{AgentCommand, Answer, Arrival, Command, DeadLetter, Verb};
use super::conversation;
use super::customer;
use super::delivery;
use super::draft::Draft;
use super::id::{AgentId, Index, MessageId, Name, Position, WorkId};
use super::marks;
use super::output::outputs;
use super::record::{Cause, Change, Direction, HoursTurned, Input, InputResumed, Record};
use super::rejection::Rejection;
use super::routing;
use super::session;
use super::state::State;
use super::time::Timestamp;
use super::timer::Timer;
use super::visible;
use super::work;
use super::workspace::{Calendar, Turn, Workspace, WorkspaceConfig};

/// By how much deadlines that need a person move beyond the outage (design, law 14), milliseconds.
const RESUME_EXTENSION_MS: u64 = 30_000;
/// Agents of a workspace at most: a new configuration has each that is READY matched anew, by a deadline of its own.
const MAX_AGENTS: usize = 50_000;

/// Chooses what follows from a command, and changes nothing. `index` is the number that its record will have, if there is one.
/// `Ok(None)` and most rejections of inputs mean: without effect, the input is done with.
///
/// # Errors
/// The reason why the command is refused, with what is true now.
pub fn decide(state: &State, index: Index, command: Command, now: Timestamp) -> Result<Option<Record>, Rejection> {
    let now = now.max(state.time());
    match command {
        Command::Input(arrival) => input(state, index, now, *arrival),
        Command::DeadLetter(letter) => dead_letter(state, index, now, letter),
        Command::Agent(command) => agent(state, index, now, *command),
        Command::Timer { workspace, timer } => {
            let mut draft = Draft::new(space(state, &workspace)?, index, now);
            fire(&mut draft, timer);
            settle(&mut draft);
            routing::count_answers(&mut draft);
            Ok(draft.finish(Cause::Timer))
        }
        Command::OpenWorkspace { workspace, hash_key } => {
            let opened = state.workspace(&workspace).is_none();
            Ok(opened.then(|| system(index, now, workspace, Change::WorkspaceOpened { hash_key })))
        }
        Command::RenewReplyKey { workspace, key } => {
            let mut draft = Draft::new(space(state, &workspace)?, index, now);
            delivery::renew_reply_key(&mut draft, key);
            Ok(draft.finish(Cause::System))
        }
        Command::ApplyConfig { workspace, config } => apply_config(space(state, &workspace)?, index, now, &config),
        Command::BindStream { workspace, stream, created_ns } => {
            space(state, &workspace)?;
            if state.stream(&stream).is_some() {
                return Ok(None);
            }
            let number = state.next_stream().ok_or(Rejection::Limit("IN streams of a shard: 65,536"))?;
            Ok(Some(system(index, now, workspace, Change::StreamBound { stream: number, name: stream, created_ns })))
        }
        Command::InputBroken { workspace, stream, found } => {
            space(state, &workspace)?;
            let applied =
                state.stream_number(stream).filter(|bound| !bound.broken).map(|bound| bound.position.sequence);
            Ok(applied.map(|applied| system(index, now, workspace, Change::InputBroken { stream, applied, found })))
        }
        Command::ResumeInput { workspace, request, stream, created_ns, sequence, digest } => {
            space(state, &workspace)?.requests.check(&request)?;
            let known = state.stream(&stream).filter(|bound| bound.workspace == workspace);
            let bound = known.ok_or(Rejection::UnknownStream(stream))?;
            if !bound.broken {
                return Err(Rejection::StreamInUse);
            }
            let resumed = Change::InputResumed(InputResumed { stream: bound.number, created_ns, sequence, digest });
            Ok(Some(Record { cause: Cause::Command(request), ..system(index, now, workspace, resumed) }))
        }
        Command::InputGap { workspace, stream, from, to } => {
            space(state, &workspace)?;
            // Nothing of a broken stream is passed over: an operator decides about it.
            if state.stream_number(stream).is_none_or(|bound| bound.broken) {
                return Ok(None);
            }
            Ok(Some(system(index, now, workspace, Change::InputGap { stream, from, to })))
        }
        Command::Progress { workspace, reached } => {
            space(state, &workspace)?;
            let reached: Vec<Input> = reached.into_iter().filter(|input| is_new(state, input)).collect();
            Ok((!reached.is_empty()).then(|| system(index, now, workspace, Change::Progress { reached })))
        }
        Command::HandedOver { workspace, stream, stream_sequence, position } => {
            space(state, &workspace)?;
            let news = state.handed_over(&stream).is_none_or(|(_, known)| position > known);
            Ok(news.then(|| system(index, now, workspace, Change::HandedOver { stream, stream_sequence, position })))
        }
        Command::Rekey { workspace, version, normalise } => {
            let mut draft = Draft::new(space(state, &workspace)?, index, now);
            customer::rekey(&mut draft, version, normalise);
            Ok(draft.finish(Cause::System))
        }
        Command::KeysDestroyed { workspace, erasure } => {
            let mut draft = Draft::new(space(state, &workspace)?, index, now);
            customer::keys_destroyed(&mut draft, erasure);
            Ok(draft.finish(Cause::System))
        }
        Command::Resume { workspace, outage_ms } => {
            space(state, &workspace)?;
            let extension_ms = outage_ms.saturating_add(RESUME_EXTENSION_MS);
            Ok(Some(system(index, now, workspace, Change::Resumed { outage_ms, extension_ms })))
        }
    }
}

/// What the sender of a command gets: from its record alone, so that a repeat gets the same.
#[must_use]
pub fn answer(record: &Record) -> Answer {
    let last = outputs(record).len().saturating_sub(1);
    let position = Position { index: record.index, output: u32::try_from(last).unwrap_or(u32::MAX) };
    let mut answer = Answer { position, ..Answer::default() };
    for (place, change) in (0u16..).zip(&record.changes) {
        match change {
            Change::MessageStored(message) if message.direction != Direction::In => {
                answer.message = Some(MessageId::new(record.index, place));
            }
            Change::Assigned(_) | Change::ParticipantJoined(_) => {
                answer.assignment.get_or_insert(super::id::AssignmentId::new(record.index, place));
            }
            Change::WorkOpened(opened) => {
                answer.work.get_or_insert(WorkId::new(record.index, place));
                answer.customer.get_or_insert(opened.conversation);
            }
            Change::WorkSplit { into, .. } => answer.work = Some(*into),
            Change::IdentityOpened(opened) => answer.customer = Some(opened.root),
            Change::Merged { winner, .. } => answer.customer = Some(*winner),
            Change::Unmerged { rest, parted, .. } => (answer.customer, answer.rest) = (Some(*parted), Some(*rest)),
            Change::Upserted { root, created, .. } => {
                (answer.customer, answer.created) = (Some(*root), *created);
            }
            Change::FactAsked { known, .. } => answer.known = *known,
            Change::QuarantineLifted { .. } => answer.lifted += 1,
            Change::Restored { work, .. } => answer.work = Some(*work),
            Change::SessionOpened { session_epoch, .. } => answer.session_epoch = Some(*session_epoch),
            _ => {}
        }
    }
    answer
}

/// Notes a record in the state. Cannot fail.
pub fn evolve(state: &mut State, record: &Record) {
    state.note(record, || answer(record));
}

fn space<'s>(state: &'s State, workspace: &str) -> Result<&'s Workspace, Rejection> {
    state.workspace(workspace).ok_or(Rejection::UnknownWorkspace)
}

fn system(index: Index, time: Timestamp, workspace: Name, change: Change) -> Record {
    Record {
        index,
        time,
        workspace,
        cause: Cause::System,
        touches: smallvec::SmallVec::new(),
        changes: smallvec::smallvec![change],
        content: Vec::new(),
        content_leaf: None,
    }
}

/// Whether an input is behind the position of its stream. Nothing is, of a stream that an operator has to decide about.
fn is_new(state: &State, input: &Input) -> bool {
    state.stream_number(input.stream).is_some_and(|bound| !bound.broken && input.is_after(&bound.position))
}

/// The position of an input of a bound stream that was not applied yet.
fn bound(state: &State, stream: &str, input: Input) -> Result<Input, Rejection> {
    let bound = state.stream(stream).ok_or(Rejection::Invalid("an IN stream that is not bound"))?;
    let input = Input { stream: bound.number, ..input };
    if !is_new(state, &input) { Err(Rejection::AlreadyApplied) } else { Ok(input) }
}

fn input(state: &State, index: Index, now: Timestamp, mut arrival: Arrival) -> Result<Option<Record>, Rejection> {
    arrival.input = bound(state, &arrival.stream, arrival.input)?;
    let cause = Cause::Input(arrival.input);
    let mut draft = Draft::new(space(state, &arrival.workspace)?, index, now);
    conversation::input(&mut draft, arrival)?;
    routing::reroute(&mut draft);
    settle(&mut draft);
    routing::count_answers(&mut draft);
    Ok(draft.finish(cause))
}

fn dead_letter(
    state: &State,
    index: Index,
    now: Timestamp,
    mut letter: DeadLetter,
) -> Result<Option<Record>, Rejection> {
    letter.input = bound(state, &letter.stream, letter.input)?;
    let cause = Cause::Input(letter.input);
    let mut draft = Draft::new(space(state, &letter.workspace)?, index, now);
    conversation::dead_letter(&mut draft, letter);
    Ok(draft.finish(cause))
}

fn apply_config(
    space: &Workspace,
    index: Index,
    now: Timestamp,
    config: &WorkspaceConfig,
) -> Result<Option<Record>, Rejection> {
    let canonical = config.canonical();
    let sha256: [u8; 32] = Sha256::digest(canonical.as_bytes()).into();
    if space.config_sha256() == Some(&sha256) {
        return Ok(None);
    }
    // What follows for agents and Works is decided when it is in force, by records of bounded size (`Workspace::configure`).
    let mut draft = Draft::new(space, index, now);
    draft.push(Change::ConfigApplied { canonical, sha256 });
    for hours in &config.hours {
        turn(&mut draft, hours.name.clone(), Calendar::of(hours).as_ref());
    }
    Ok(draft.finish(Cause::System))
}

/// Hours are open or closed as the calendar says of now.
fn turn(draft: &mut Draft<'_>, hours: Name, calendar: Option<&Calendar>) {
    let Turn { open, until } = calendar.map(|calendar| calendar.turn(draft.now)).unwrap_or_default();
    draft.push(Change::HoursTurned(HoursTurned { hours, open, until }));
}

/// What follows from all that was decided, for the agents and Works that it touches.
fn settle(draft: &mut Draft<'_>) {
    work::settle(draft);
    work::watch_silence(draft);
    // Whoever is asked again costs what it did.
    work::settle(draft);
    routing::review_holds(draft);
}

fn fire(draft: &mut Draft<'_>, timer: Timer) {
    match timer {
        Timer::OfferExpiry(work) => work::offer_expired(draft, work),
        Timer::WrapUpEnd(work) => work::wrap_up_over(draft, work),
        Timer::CooldownEnd(work, agent) => work::cooldown_due(draft, work, agent),
        Timer::Recall(work) => work::recall(draft, work),
        Timer::OffersGrace(agent) => session::offers_grace_over(draft, agent),
        Timer::WorkGrace(work) => work::work_grace_over(draft, work),
        Timer::SessionGrace(agent) => session::session_grace_over(draft, agent),
        Timer::PartsDue(leaf, set) => conversation::parts_due(draft, leaf, set),
        Timer::BlockEnd(leaf) => customer::block_over(draft, leaf),
        Timer::Resettle => work::resettle(draft),
        Timer::HoursTurn(at) => {
            let config = draft.space.config();
            if let Some(hours) = config.hours.get(usize::from(at)) {
                turn(draft, hours.name.clone(), config.calendar_of(&hours.name));
            }
        }
        Timer::Step(work) => routing::step_due(draft, work),
        Timer::Overflow(work) => routing::overflow_due(draft, work),
        Timer::Skip => routing::skip(draft),
        Timer::WakeUp(work) => work::wake_due(draft, work),
        Timer::FactsDue(work) => work::facts_due(draft, work),
        Timer::Notice(work) => delivery::notice_due(draft, work),
        Timer::TransferEnd(work) => work::lapse(draft, work),
        Timer::ConsultEnd(work, agent) => work::consult_over(draft, work, agent),
        Timer::Relief(agent) => work::relief_due(draft, agent),
        Timer::Idle(work) => work::idle_due(draft, work),
        Timer::HoldEnd(work) => routing::hold_over(draft, work),
        Timer::Match(agent) => {
            draft.push(Change::MatchDeferred { agent, more: false });
            routing::fill(draft, agent);
        }
    }
}

fn agent(state: &State, index: Index, now: Timestamp, command: AgentCommand) -> Result<Option<Record>, Rejection> {
    let space = space(state, &command.workspace)?;
    if let Some(request) = &command.request {
        space.requests.check(request)?;
    }
    let mut draft = Draft::new(space, index, now);
    let id = known(&mut draft, &command)?;
    if let Some(epoch) = command.session_epoch {
        let session = draft.agent(id).and_then(|agent| agent.session).ok_or(Rejection::NoSession)?;
        if session.epoch != epoch {
            return Err(Rejection::SessionSuperseded { current: session.epoch });
        }
    }
    visible::check(space, &command)?;
    let AgentCommand { agent, oversees, request, verb, .. } = command;
    let named = visible::named(space, &verb);
    let done = perform(&mut draft, id, &agent, verb);
    done.map_err(|rejection| visible::told(space, (&agent, oversees), &named, rejection))?;
    work::wake_by_facts(&mut draft);
    let known = work::facts_came(&mut draft);
    routing::reroute(&mut draft);
    settle(&mut draft);
    known.into_iter().for_each(|work| routing::place(&mut draft, work));
    routing::count_answers(&mut draft);
    Ok(draft.finish(request.map_or(Cause::System, Cause::Command)))
}

fn perform(draft: &mut Draft<'_>, id: AgentId, agent: &Name, verb: Verb) -> Result<(), Rejection> {
    match verb {
        Verb::OpenSession { resume, takeover } => session::open_session(draft, id, resume, takeover)?,
        Verb::LoseSession => session::lose_session(draft, id)?,
        Verb::EndSession { reason } => session::end_session(draft, id, reason)?,
        Verb::SetPresence { presence, reason, channels } => {
            session::set_presence(draft, id, presence, reason, channels)?;
        }
        Verb::Accept { offer } => work::accept(draft, id, offer)?,
        Verb::Decline { offer } => work::decline(draft, id, offer)?,
        Verb::Send(send) => delivery::send(draft, id, *send, None)?,
        Verb::StartWork(start) => delivery::start(draft, id, *start)?,
        Verb::Cancel { message, assignment } => delivery::cancel(draft, id, message, assignment)?,
        Verb::Retry(retry) => delivery::retry(draft, id, *retry)?,
        Verb::Edit { message, assignment, content } => delivery::edit(draft, id, message, assignment, content)?,
        Verb::Retract { message, assignment } => delivery::retract(draft, id, message, assignment)?,
        Verb::MarkRead { work, through } => delivery::mark_read(draft, id, work, through)?,
        Verb::Erase { customer } => customer::erase(draft, customer)?,
        Verb::MergeCustomers { customer: one, other } => customer::merge(draft, one, other)?,
        Verb::UnmergeCustomers { customer: id, leaves } => customer::unmerge(draft, id, leaves)?,
        Verb::LinkIdentity { customer: id, sender, scope } => customer::link(draft, id, &sender, &scope)?,
        Verb::SetFacts { customer: id, leaf, facts } => {
            customer::set_facts(draft, agent, id, leaf, facts)?;
        }
        Verb::AskFact { work, key, prompt } => customer::ask_fact(draft, id, work, key, prompt)?,
        Verb::Upsert(told) => customer::upsert(draft, agent, *told)?,
        Verb::Block { leaf, reason, until } => customer::block(draft, leaf, reason, until)?,
        Verb::Unblock { leaf } => customer::unblock(draft, leaf)?,
        Verb::MarkSpam { work, assignment } => customer::mark_spam(draft, id, work, assignment)?,
        Verb::ClearSpam { work } => customer::clear_spam(draft, work)?,
        Verb::LiftQuarantine { leaf, endpoint } => customer::lift_quarantine(draft, leaf, &endpoint)?,
        Verb::UnlinkIdentity { leaf } => customer::unlink(draft, leaf)?,
        Verb::DecideSuggestion { one, other, is_one } => {
            customer::decide_suggestion(draft, one, other, is_one)?;
        }
        Verb::Close { work, assignment, disposition } => work::close(draft, id, work, assignment, disposition)?,
        Verb::MergeWorks { from, from_assignment, into, into_assignment } => {
            work::merge(draft, id, (from, from_assignment), (into, into_assignment))?;
        }
        Verb::SplitWork { work, assignment, messages, queue } => {
            work::split(draft, id, (work, assignment), &messages, &queue)?;
        }
        Verb::Pass(pass) => work::pass(draft, id, pass)?,
        Verb::Mark(mark) => marks::mark(draft, id, *mark)?,
        Verb::Hand(hand) => work::hand(draft, id, agent, *hand)?,
        Verb::TakePart(part) => work::take_part(draft, id, *part)?,
        Verb::Oversee(oversight) => work::oversee(draft, id, *oversight)?,
    }
    Ok(())
}

/// The agent of a command; its first session registers one that the configuration has a profile for.
fn known(draft: &mut Draft<'_>, command: &AgentCommand) -> Result<AgentId, Rejection> {
    let opens = matches!(command.verb, Verb::OpenSession { .. });
    // Whom the configuration has no longer comes in no more, and ends what it has.
    if opens && draft.space.config().profile(&command.agent).is_none() {
        return Err(Rejection::UnknownAgent);
    }
    if let Some(id) = draft.space.agent_id(&command.agent) {
        return Ok(id);
    }
    if !opens {
        return Err(Rejection::UnknownAgent);
    }
    if draft.space.agents.len() >= MAX_AGENTS {
        return Err(Rejection::Limit("agents of a workspace: 50,000"));
    }
    let agent = AgentId(u32::try_from(draft.space.agents.len()).expect("below the limit of agents"));
    draft.push(Change::AgentRegistered { agent, name: command.agent.clone() });
    Ok(agent)
}
