//! What was found, for people and for programs.

use serde::Serialize;
use serde_json::{Value, json};

use super::check::Check;
use super::findings::{Breach, Findings};
use super::works::OpenOffer;
use crate::domain::id::{Index, Name};
use crate::domain::time::Timestamp;

/// Open offers that are listed for people; all are counted.
const LISTED_MAX: usize = 20;

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Entries of the log that count.
    pub entries: u64,
    /// Records in them.
    pub records: u64,
    /// How often somebody took the log over.
    pub epochs: u64,
    /// Entries that readers pass over.
    pub void: u64,
    /// Events of IN streams that made a record.
    pub inputs: u64,
    /// Inputs that made none, and have no effect.
    pub passed_over: u64,
    /// Inputs that made none, of which that cannot be told.
    pub passed_over_unknown: u64,
    /// Offers made.
    pub offers: u64,
    /// Of them open at the end.
    pub offers_open: u64,
    /// Of all offers, those that nobody answered in time.
    pub offers_expired: u64,
    /// Assignments made.
    pub assignments: u64,
    /// Assignments that ended although nobody said so: the owner was lost, silent or away for too long.
    pub assignments_lapsed: u64,
    /// Works that are neither closed nor canceled at the end.
    pub works_open: u64,
    /// Outputs that stand in their place.
    pub outputs: u64,
    /// Outputs whose place in the stream has expired.
    pub outputs_expired: u64,
    /// Outputs that are not handed over yet.
    pub outputs_pending: u64,
    /// Outputs of streams that are not there, and which were not looked at.
    pub outputs_nowhere: u64,
    /// Lines of adapters.
    pub adapter_lines: u64,
    /// Acknowledged inputs that are not applied yet.
    pub inputs_waiting: u64,
    /// Messages that an adapter received more than once.
    pub received_again: u64,
    /// Lines of agents.
    pub agent_lines: u64,
    /// Answers that name nothing of the log.
    pub answers_unnamed: u64,
}

/// What a checker found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose history it is.
    pub shard: Name,
    /// Its last record.
    pub head: Index,
    /// When that was.
    pub time: Timestamp,
    /// Digest of the folded state.
    pub digest: u64,
    /// How much was read.
    pub counts: Counts,
    /// Offers that are open at the end.
    pub open: Vec<OpenOffer>,
    /// IN streams that wait for an operator.
    pub broken_streams: Vec<Name>,
    /// Where in the log something is, behind which no record was looked at, nor anything that follows from one.
    pub stopped: Option<String>,
    /// By check.
    pub findings: Findings,
}

impl Report {
    /// Nothing is broken.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.broken() == 0
    }

    /// Lines for people: what was checked with counts, then every breach with its place.
    #[must_use]
    pub fn table(&self) -> Vec<String> {
        let Counts { entries, records, epochs, void, .. } = self.counts;
        let mut lines = vec![
            format!("shard {}: {entries} entries, {records} records, {epochs} epochs, {void} void", self.shard),
            format!("the last record is {}, the state there {:016x}", self.head, self.digest),
            String::new(),
            format!("{:<18}{:>12}{:>9}  what holds", "check", "looked at", "broken"),
        ];
        for check in Check::ALL {
            let tally = self.findings.of(check);
            lines.push(format!("{:<18}{:>12}{:>9}  {}", check.name(), tally.looked, tally.broken, check.sentence()));
        }
        lines.push(String::new());
        lines.extend(self.rests());
        for offer in self.open.iter().take(LISTED_MAX) {
            let OpenOffer { offer, work, agent, expires_at, .. } = offer;
            let until = expires_at.map_or(String::new(), |at| {
                let left = at.millis_since(self.time) / 1_000;
                format!(", {left} s to its deadline")
            });
            lines.push(format!("open: {offer} of {work} to {agent}{until}"));
        }
        if let Some(place) = &self.stopped {
            lines.push(format!("records behind {place}, and what follows from them, were not looked at"));
        }
        for check in Check::ALL {
            let tally = self.findings.of(check);
            lines.extend(tally.breaches.iter().map(line));
            let more = tally.broken - tally.breaches.len() as u64;
            lines.extend((more > 0).then(|| format!("BROKEN {}: {more} more", check.name())));
        }
        lines
    }

    fn rests(&self) -> Vec<String> {
        let Counts {
            passed_over,
            passed_over_unknown,
            outputs_expired,
            outputs_pending,
            outputs_nowhere,
            inputs_waiting,
            received_again,
            offers_open,
            offers_expired,
            assignments_lapsed,
            works_open,
            ..
        } = self.counts;
        let told = [
            (passed_over, "inputs were passed over and have no effect"),
            (
                passed_over_unknown,
                "inputs were passed over of which that cannot be told: their messages are gone or elsewhere",
            ),
            (outputs_expired, "outputs have expired in their streams, and were checked by their number alone"),
            (outputs_pending, "outputs are not handed over yet"),
            (outputs_nowhere, "outputs are of streams that are not there, and were not looked at"),
            (inputs_waiting, "acknowledged inputs are not applied yet"),
            (received_again, "messages were received again by an adapter"),
            (offers_open, "offers are open"),
            (offers_expired, "offers were answered by nobody in time"),
            (assignments_lapsed, "assignments ended although nobody said so"),
            (works_open, "works are open"),
        ];
        let told = told.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        told.chain(self.broken_streams.iter().map(|name| format!("{name} waits for an operator: `skein stream list`")))
            .collect()
    }

    /// One JSON object of counts, for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let counts = serde_json::to_value(self.counts).unwrap_or_default();
        let of = |check: Check| {
            let tally = self.findings.of(check);
            (check.name().to_owned(), json!({ "looked": tally.looked, "broken": tally.broken }))
        };
        json!({
            "shard": self.shard,
            "record": self.head.0,
            "state": format!("{:016x}", self.digest),
            "broken": self.findings.broken(),
            "counts": counts,
            "checks": Check::ALL.map(of).into_iter().collect::<serde_json::Map<String, Value>>(),
            "stopped": self.stopped,
            "broken_streams": self.broken_streams,
        })
    }
}

fn line(breach: &Breach) -> String {
    format!("BROKEN {}: {}: {}", breach.check.name(), breach.place, breach.detail)
}
