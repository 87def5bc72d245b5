//! How a state comes back from the parts of a snapshot.

use super::part::{Inner, KeptShard, Part};
use crate::domain::customer::BadLeaves;
use crate::domain::delivery::{WindowRow, Windows};
use crate::domain::state::State;
use crate::domain::workspace::{EndRow, Ended, Returning};

/// Why parts are no state.
#[derive(Debug, thiserror::Error)]
pub enum Unrestorable {
    /// A part stands where it cannot be.
    #[error("a part of the snapshot is not in its place")]
    Order,
    /// This build cannot read the configuration of a workspace.
    #[error("read the configuration in the snapshot")]
    Config(#[source] serde_json::Error),
    /// This build cannot read its leaves.
    #[error("read the leaves in the snapshot, packed in form {version}")]
    Leaves {
        /// Version of the form.
        version: u8,
    },
}

/// A state that comes back, part by part.
#[derive(Debug, Default)]
pub struct Restoring {
    state: Option<State>,
    space: Option<OfWorkspace>,
}

#[derive(Debug)]
struct OfWorkspace {
    returning: Returning,
    /// What is put in its order when all of it is there.
    ended: Vec<EndRow>,
    windows: Vec<WindowRow>,
}

impl Restoring {
    /// Takes the next part.
    ///
    /// # Errors
    /// When it is not the next, or this build cannot make a workspace of it.
    pub fn take(&mut self, part: Part) -> Result<(), Unrestorable> {
        match part.0 {
            Inner::Shard(shard) => self.begin(shard),
            Inner::Workspace(kept) => {
                self.end_workspace()?;
                let returning = Returning::new(*kept).map_err(Unrestorable::Config)?;
                self.space = Some(OfWorkspace { returning, ended: Vec::new(), windows: Vec::new() });
                Ok(())
            }
            list => self.space.as_mut().ok_or(Unrestorable::Order)?.take(list),
        }
    }

    /// The state, when all parts are taken.
    ///
    /// # Errors
    /// When there was no part.
    pub fn finish(mut self) -> Result<State, Unrestorable> {
        self.end_workspace()?;
        self.state.ok_or(Unrestorable::Order)
    }

    fn begin(&mut self, shard: KeptShard) -> Result<(), Unrestorable> {
        match self.state.replace(State::from_kept(shard)) {
            None => Ok(()),
            Some(_) => Err(Unrestorable::Order),
        }
    }

    fn end_workspace(&mut self) -> Result<(), Unrestorable> {
        if let Some(space) = self.space.take() {
            let state = self.state.as_mut().ok_or(Unrestorable::Order)?;
            state.add(space.finish());
        }
        Ok(())
    }
}

impl OfWorkspace {
    fn take(&mut self, list: Inner) -> Result<(), Unrestorable> {
        let space = &mut self.returning.space;
        match list {
            Inner::Shard(_) | Inner::Workspace(_) => return Err(Unrestorable::Order),
            Inner::Leaves(leaves) => {
                let unreadable = |BadLeaves { version }| Unrestorable::Leaves { version };
                space.leaves.restore(leaves).map_err(unreadable)?;
            }
            Inner::Agents(agents) => space.agents.extend(agents),
            Inner::Works(works) => works.into_iter().for_each(|work| space.works.insert(work)),
            Inner::Closed(rows) => space.closed.restore(rows),
            Inner::Ended(rows) => self.ended.extend(rows),
            Inner::Windows(rows) => self.windows.extend(rows),
            Inner::Requests(rows) => rows.into_iter().for_each(|row| space.requests.restore(row)),
            Inner::Remembered(rows) => space.remembered.restore(rows),
            Inner::MailEndpoints(rows) => space.mail_endpoints.restore(rows),
            Inner::ProviderIds(rows) => space.provider_ids.restore(rows),
            Inner::Deliveries(rows) => space.deliveries.restore(rows),
            Inner::Parked(rows) => space.parked.restore(rows),
            Inner::Generations(rows) => space.leaves.restore_generations(rows),
            Inner::GivenUp(rows) => space.leaves.restore_given_up(rows),
            Inner::Joined(rows) => space.joined.restore(rows),
            Inner::Facts(rows) => space.people.facts.restore(rows),
            Inner::Marks(rows) => space.people.marks.restore(rows),
            Inner::Asides(rows) => space.people.asides.restore(rows),
            Inner::Chatter(rows) => space.people.chatter.restore(rows),
            Inner::Pairs(rows) => space.suggestions.restore_pairs(rows),
            Inner::Claimed(rows) => space.suggestions.restore_claimed(rows),
            Inner::OptOuts(rows) => space.opt_outs.restore(rows),
            Inner::OpenSends(rows) => space.open_sends.restore(rows),
            Inner::Bodies(rows) => space.bodies.restore(rows),
            Inner::Forgotten(rows) => space.forgotten.restore(rows),
        }
        Ok(())
    }

    fn finish(mut self) -> crate::domain::workspace::Workspace {
        self.returning.space.ended = Ended::restore(self.ended);
        self.returning.space.windows = Windows::restore(self.windows);
        self.returning.finish()
    }
}
