//! A number that stands for a state: two folds of one log have the same.
//!
//! A SipHash-1-3 with a fixed key, over everything in the order of ids. [`Extent::Open`] takes fields of what is open, whose owner may be
//! asked for it while it works; [`Extent::Whole`] takes in addition the views of everything, what somebody outside can see of the state,
//! and the counts of what is only remembered. It is to be compared between processes of one build alone, as views gain fields.

use std::fmt::{self, Write as _};
use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use super::id::{AgentId, RootId};
use super::session::Agent;
use super::state::State;
use super::time::Timestamp;
use super::work::Work;
use super::workspace::Workspace;

/// Any fixed key will do.
const KEY: (u64, u64) = (0x736b_6569_6e2e_7374, 0x6174_652e_6469_6731);

/// How much of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Positions, configuration, agents and open Works: some milliseconds for 100,000 of them, whatever the number of customers.
    Open,
    /// That, and everything that can be seen: seconds for a million customers.
    Whole,
}

/// Hashes what is written to it.
struct Hashed(SipHasher13);

impl fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl Hashed {
    fn number(&mut self, number: u64) {
        self.0.write(&number.to_le_bytes());
    }

    fn numbers<const N: usize>(&mut self, numbers: [u64; N]) {
        numbers.into_iter().for_each(|number| self.number(number));
    }

    fn time(&mut self, at: Option<Timestamp>) {
        self.number(at.map_or(u64::MAX, |at| at.0.cast_unsigned()));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.write(text.as_bytes());
    }
}

/// The digest of a state.
#[must_use]
pub fn digest(state: &State, extent: Extent) -> u64 {
    let mut to = Hashed(SipHasher13::new_with_keys(KEY.0, KEY.1));
    to.text(state.shard());
    to.number(state.head().0);
    to.time(Some(state.time()));
    to.time(state.next_deadline());
    for stream in state.streams() {
        to.text(&stream.name);
        to.numbers([stream.position.sequence, stream.position.event.into(), stream.broken.into()]);
    }
    for (stream, (sequence, position)) in state.all_handed_over() {
        to.text(stream);
        to.numbers([*sequence, position.index.0, position.output.into()]);
    }
    for space in state.workspaces() {
        open(space, &mut to);
        if extent == Extent::Whole {
            // A hasher takes everything.
            let _ = views(space, &mut to);
        }
    }
    to.0.finish()
}

fn open(space: &Workspace, to: &mut Hashed) {
    to.text(space.name());
    to.0.write(space.config_sha256().map_or(&[0; 32], |sha256| sha256));
    let counts = [space.identities(), space.remembered_ids(), space.held_parts(), space.works.len()];
    to.numbers(counts.map(|count| count as u64));
    space.agents.iter().for_each(|agent| of_agent(agent, to));
    space.works.iter().for_each(|work| of_work(work, to));
}

fn of_agent(agent: &Agent, to: &mut Hashed) {
    to.text(&agent.name);
    to.number(agent.session.map_or(0, |session| session.epoch));
    to.number(agent.presence as u64);
    let held = [agent.offers.len(), agent.works.len(), agent.joined.len()];
    to.numbers(held.map(|count| count as u64));
}

fn of_work(work: &Work, to: &mut Hashed) {
    to.numbers([work.id.to_bits(), work.state as u64, work.waited_ms, work.key.cast_unsigned()]);
    to.text(&work.queue);
    to.time(work.ours_since);
    let (offer, owner) = (work.offer.map_or(0, |offer| offer.id.to_bits()), work.owner);
    to.numbers([
        offer,
        owner.map_or(0, |owner| owner.assignment.to_bits()),
        owner.map_or(0, |owner| owner.agent.0.into()),
    ]);
}

fn views(space: &Workspace, to: &mut Hashed) -> fmt::Result {
    for name in (0..).map_while(|number| space.agent_name(AgentId(number))) {
        write!(to, "{:?}", space.agent(name))?;
    }
    for work in space.works(None, None) {
        write!(to, "{work:?}")?;
    }
    let identities = u32::try_from(space.identities()).unwrap_or(u32::MAX);
    for root in (0..identities).map(RootId) {
        // An id that was merged tells the winner's.
        let view = space.conversation(root).filter(|view| view.conversation == root);
        view.map_or(Ok(()), |view| write!(to, "{view:?}"))?;
    }
    Ok(())
}
