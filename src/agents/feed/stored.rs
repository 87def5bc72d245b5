//! Rings as a snapshot holds them: so who resumes at a daemon that began with one is told what it missed all the same.

use serde::{Deserialize, Serialize};

use super::kept::Whose;
use super::ring::Ring;
use crate::domain::id::{AgentId, Index, Name, Position};
use crate::domain::time::Timestamp;

/// The rings of a shard up to one record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StoredFeeds {
    /// From this record on everything is in them.
    pub(super) since: Index,
    pub(super) rings: Vec<StoredRing>,
}

/// The ring of one agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredRing {
    pub(super) workspace: Name,
    pub(super) agent: AgentId,
    floor: Option<Position>,
    told: Vec<StoredTold>,
}

/// One position: index, output, place, milliseconds since 1970, bytes, whose words were told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct StoredTold(u64, u32, u16, i64, u64, u32);

impl StoredFeeds {
    /// As bytes.
    ///
    /// # Errors
    /// Never for what rings hold: lists have a length.
    pub fn encode(&self) -> Result<Vec<u8>, rmp_serde::encode::Error> {
        rmp_serde::to_vec(self)
    }

    /// From its bytes.
    ///
    /// # Errors
    /// When they are of another build, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, rmp_serde::decode::Error> {
        rmp_serde::from_slice(bytes)
    }
}

impl StoredRing {
    /// What a ring has up to `head`; none: nothing that anybody could ask for.
    pub(super) fn of(workspace: Name, agent: AgentId, ring: &Ring, head: Index) -> Option<Self> {
        let told = ring.told().take_while(|(past, _)| past.position().index <= head);
        let told: Vec<StoredTold> = told
            .map(|(past, bytes)| {
                let Position { index, output } = past.position();
                StoredTold(index.0, output, past.next().place, past.time().0, bytes, past.of.to_bits())
            })
            .collect();
        // What was dropped since counts up to the head alone: the rest comes again with the log.
        let end = Position { index: head, output: u32::MAX };
        let floor = ring.floor().map(|floor| floor.min(end));
        (!told.is_empty() || floor.is_some()).then_some(Self { workspace, agent, floor, told })
    }

    /// The ring as it was, of which nobody reads.
    pub(super) fn ring(&self) -> Ring {
        let told = self.told.iter().map(|&StoredTold(index, output, place, ms, bytes, of)| {
            let position = Position { index: Index(index), output };
            (position, place, Timestamp(ms), bytes, Whose::from_bits(of))
        });
        Ring::told_before(told, self.floor)
    }
}
