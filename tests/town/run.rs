//! The town's life goes through the core, and what comes of it is compared.

use std::collections::BTreeMap;

use skein::domain::command::Verb;
use skein::domain::id::{LeafId, RootId};
use skein::domain::record::{Change, Record};
use skein::domain::time::Timestamp;

use super::desk::Desk;
use super::figures::Figures;
use super::knobs::knobs;
use super::life::{BEGIN, DAY, DAYS, Life};
use super::oracle::Oracle;
use super::people::Town;
use super::rng::Rng;

/// What to live through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) people: usize,
    pub(crate) events: usize,
    /// Whether a customer has one CRM id and one login.
    pub(crate) single_valued: bool,
}

/// Messages that wait to be answered long after.
const WAITING: usize = 1_000;

/// Where the message of a record is filed.
fn said_from(record: &Record) -> Option<LeafId> {
    record.changes.iter().find_map(|change| match change {
        Change::MessageStored(message) => Some(message.leaf),
        _ => None,
    })
}

/// Lives through the plan and compares.
pub(crate) fn live(plan: &Plan) -> Figures {
    let knobs = knobs();
    let mut rng = Rng::new(plan.seed);
    let town = Town::settle(&mut rng, plan.people);
    let mut life = Life::new(town, rng);
    let mut desk = Desk::open(plan.single_valued);
    let mut oracle = Oracle::default();
    let (mut done, mut answers) = (0, 0);
    let mut waiting: BTreeMap<usize, Record> = BTreeMap::new();
    let step = DAY * DAYS / i64::try_from(plan.events).expect("a count");
    while done < plan.events {
        let now = step * i64::try_from(done).expect("a count");
        for (at, happening) in life.until(now) {
            done += 1;
            desk.until(at);
            let Some(record) = desk.hears(&happening) else { continue };
            oracle.noted(&life.town, desk.space(), &happening, &record, at);
            if happening.again || happening.spoofed {
                continue;
            }
            if let Some(leaf) = said_from(&record) {
                if life.is_parted(&happening) {
                    desk.about(Verb::UnlinkIdentity { leaf });
                    life.claims_again(&happening, at);
                }
                if life.rng.below(1_000) < knobs.blocked {
                    let until = Some(Timestamp(BEGIN + at + DAY));
                    desk.about(Verb::Block { leaf, reason: String::new(), until });
                }
                if life.rng.below(10_000) < knobs.erased {
                    desk.about(Verb::Erase { customer: RootId(leaf.0) });
                    life.is_unknown(happening.by);
                }
            }
            let answered = match life.rng.percent(knobs.answered) {
                true => Some(record),
                // Another waits for long: much may have changed hands meanwhile.
                false => {
                    let place = life.rng.below(WAITING);
                    let older = if life.rng.percent(knobs.long_after) { waiting.get(&place).cloned() } else { None };
                    waiting.insert(place, record);
                    older
                }
            };
            let Some(record) = answered else { continue };
            let elsewhere = life.rng.percent(knobs.elsewhere);
            for answer in desk.answers(&record, elsewhere, life.rng.percent(knobs.closed)) {
                answers += 1;
                oracle.answered(&life.town, &answer, at);
                if let Some(ours) = answer.letter {
                    life.got(ours);
                }
            }
        }
    }
    let broken = desk.broken();
    assert!(!plan.single_valued || broken.is_empty(), "{broken:?}");
    Figures { events: done, answers, ..oracle.figures(desk.space()) }
}
