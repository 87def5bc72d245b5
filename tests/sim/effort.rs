//! The ledger of what customers went through, counted again from the records.

use std::collections::BTreeMap;

use skein::domain::Workspace;
use skein::domain::id::WorkId;
use skein::domain::record::{AssignCause, Change, EffortKind, Record, UnassignReason};
use skein::domain::time::Timestamp;
use skein::domain::workspace::AgentKind;

use super::broken::{Broken, holds};
use super::stats::Stats;

/// What counts once within it, milliseconds.
const ONCE_MS: i64 = 60_000;

/// What was noted of one kind in a Work: how often, of which weight in sum, and when last.
type Noted = (u32, u64, Timestamp);

/// Ledgers of all Works that were ever open.
#[derive(Debug, Default)]
pub(crate) struct Ledgers(BTreeMap<WorkId, BTreeMap<EffortKind, Noted>>);

impl Ledgers {
    /// A record, after the state has noted it.
    pub(crate) fn record(&mut self, record: &Record, space: &Workspace, stats: &mut Stats) -> Result<(), Broken> {
        let noted: Vec<WorkId> =
            notes(record).filter(|(_, kind, _)| *kind == EffortKind::Transfer).map(|it| it.0).collect();
        for change in &record.changes {
            let Change::Unassigned { work, agent, reason, .. } = change else { continue };
            let cold = *reason == UnassignReason::Transferred && !taken_over(record, *work);
            if cold {
                let before = self.0.get(work).and_then(|ledger| ledger.get(&EffortKind::Transfer)).map_or(0, |it| it.0);
                let allowed = before < space.config().effort.bounces || is_bot(space, *agent);
                holds("nobody is passed on cold beyond the budget", allowed, || format!("{before}: {record:?}"))?;
            }
            let passed = matches!(
                reason,
                UnassignReason::Transferred
                    | UnassignReason::TransferLapsed
                    | UnassignReason::ForceTransferred
                    | UnassignReason::TakenOver
                    | UnassignReason::Reassigned
            );
            let counted = noted.contains(work) || is_bot(space, *agent);
            holds("every transfer is counted", !passed || counted, || format!("{record:?}"))?;
        }
        for (work, kind, ms) in notes(record) {
            stats.hit_variant("effort", &kind);
            let ledger = self.0.entry(work).or_default();
            let (count, sum, last) = ledger.entry(kind).or_insert((0, 0, Timestamp(i64::MIN)));
            let once = kind == EffortKind::Transfer || *count == 0 || record.time.millis_since(*last) >= ONCE_MS;
            holds("nothing counts twice within a minute", once, || format!("{kind:?} since {last:?}: {record:?}"))?;
            (*count, *sum, *last) = (*count + 1, *sum + ms, record.time);
        }
        for change in &record.changes {
            let Change::WorksMerged { from, into, .. } = change else { continue };
            for (kind, (count, ms, last)) in self.0.remove(from).unwrap_or_default() {
                let own = self.0.entry(*into).or_default().entry(kind).or_insert((0, 0, last));
                *own = (own.0 + count, own.1 + ms, own.2.max(last));
            }
        }
        for work in record.changes.iter().filter_map(concerned) {
            self.holds(work, space)?;
        }
        Ok(())
    }

    /// Whatever became of the Work, its ledger has all that was noted.
    fn holds(&self, work: WorkId, space: &Workspace) -> Result<(), Broken> {
        let Some(view) = space.work(work).filter(|view| view.merged_into.is_none()) else { return Ok(()) };
        let shown: Vec<_> = view.effort.iter().map(|entry| (entry.kind, entry.count, entry.ms)).collect();
        let noted = self.0.get(&work).into_iter().flatten();
        let noted: Vec<_> = noted.map(|(kind, (count, ms, _))| (*kind, *count, *ms)).collect();
        holds("a ledger has all that was noted", shown == noted, || format!("{work}: {shown:?}, {noted:?}"))?;
        let cap = space.config().effort.cap_ms;
        let credited = view.credits.iter().find(|credit| credit.name == "effort").map_or(0, |credit| credit.ms);
        holds("effort counts for its cap at most", credited <= cap, || format!("{work}: {:?}", view.credits))
    }
}

fn notes(record: &Record) -> impl Iterator<Item = (WorkId, EffortKind, u64)> {
    record.changes.iter().filter_map(|change| match change {
        Change::EffortNoted(noted) => Some((noted.work, noted.kind, noted.ms)),
        _ => None,
    })
}

/// Whether somebody takes the Work in the very record.
fn taken_over(record: &Record, work: WorkId) -> bool {
    let takes = |change: &Change| matches!(change, Change::Assigned(it) if it.work == work && it.cause == AssignCause::Transfer);
    record.changes.iter().any(takes)
}

fn is_bot(space: &Workspace, agent: skein::domain::id::AgentId) -> bool {
    let view = space.agent_name(agent).and_then(|name| space.agent(name));
    view.is_some_and(|agent| agent.kind == AgentKind::Bot)
}

/// The Work that something was noted of, or that ended or came back.
fn concerned(change: &Change) -> Option<WorkId> {
    match change {
        Change::EffortNoted(noted) => Some(noted.work),
        Change::WorkClosed { work, .. } | Change::WorkReopened { work, .. } | Change::WorkQueued { work, .. } => {
            Some(*work)
        }
        Change::WorksMerged { into, .. } => Some(*into),
        Change::Assigned(assigned) => Some(assigned.work),
        _ => None,
    }
}
