//! The town's life goes through the core, and what comes of it is compared.

use super::desk::Desk;
use super::figures::Figures;
use super::knobs::knobs;
use super::life::{DAY, DAYS, Life};
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

/// Lives through the plan and compares.
pub(crate) fn live(plan: &Plan) -> Figures {
    let knobs = knobs();
    let mut rng = Rng::new(plan.seed);
    let town = Town::settle(&mut rng, plan.people);
    let mut life = Life::new(town, rng);
    let mut desk = Desk::open(plan.single_valued);
    let mut oracle = Oracle::default();
    let (mut done, mut answers) = (0, 0);
    let step = DAY * DAYS / i64::try_from(plan.events).expect("a count");
    while done < plan.events {
        let now = step * i64::try_from(done).expect("a count");
        for (at, happening) in life.until(now) {
            done += 1;
            desk.until(at);
            let Some(record) = desk.hears(&happening) else { continue };
            oracle.noted(&life.town, desk.space(), &happening, &record, at);
            if happening.again || happening.spoofed || !life.rng.percent(knobs.answered) {
                continue;
            }
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
