//! The history checker over what the simulator did: it finds nothing that the auditor does not, and a history that was changed before it saw it is no longer right.

use skein::domain::id::Name;
use skein::domain::output::Output;
use skein::domain::outputs;
use skein::domain::record::Record;
use skein::verify::{Check, Checker, Extent, Handed, Report, Wishes};

use super::checks::{ACME, Broken, holds};
use super::node::OUTS;
use super::world::World;

/// Of so many seeds one is checked: it folds the whole log again.
const CHECKED_EVERY: u64 = 4;

impl World {
    /// Whether this seed's history goes through the checker at its end.
    pub(crate) fn is_verified(seed: u64) -> bool {
        seed.is_multiple_of(CHECKED_EVERY)
    }

    /// Whatever happened, the history is as it should be.
    pub(crate) fn verify(&mut self) -> Result<(), Broken> {
        let report = self.report();
        let broken: Vec<_> = report.findings.breaches().filter(|breach| breach.check != Check::InputGap).collect();
        holds("the history is as it should be", broken.is_empty(), || format!("{broken:#?}"))?;
        self.stats.hit("sum", "histories checked");
        Ok(())
    }

    fn report(&self) -> Report {
        let mut checker = Checker::new(Name::new("s1"), Wishes { settled: true, twice: false });
        let mut handed: Vec<_> = (OUTS.iter().zip(&self.outs.streams))
            .map(|(name, positions)| {
                let extent = Extent { created_ns: 0, first: 1, last: positions.len() as u64 };
                checker.out_stream(Name::new(name), extent);
                (1..).zip(positions.iter())
            })
            .collect();
        let mut next = |stream: &Name, records: &[Record]| {
            let at = OUTS.iter().position(|name| stream == name)?;
            let (sequence, position) = handed[at].next()?;
            let record =
                records.binary_search_by_key(&position.index, |record| record.index).ok().map(|at| &records[at]);
            let what = record.and_then(|record| outputs(record).into_iter().nth(position.output as usize));
            let subject = match what {
                Some(Output::Send { channel, endpoint, .. }) => format!("skein.out.{ACME}.{channel}.{endpoint}"),
                Some(Output::DeadLetter { reason, .. }) => format!("skein.dead.{ACME}.{reason}"),
                Some(Output::Agent { .. }) | None => String::new(),
            };
            Some(Handed { sequence, subject, position: Some(*position) })
        };
        let change = self.store.sabotage.history;
        let records = self.store.valid().iter().map(|record| {
            let mut record = Record::clone(record);
            change.into_iter().for_each(|change| change(&mut record));
            record
        });
        let records: Vec<Record> = records.collect();
        for record in &records {
            checker.record(record);
            while let Some(stream) = checker.wants_handed().cloned() {
                let message = next(&stream, &records);
                checker.handed(&stream, message);
            }
        }
        while let Some(stream) = checker.unread().cloned() {
            let message = next(&stream, &records);
            checker.handed(&stream, message);
        }
        checker.finish()
    }
}
