//! A town of 10,000 people and 100,000 events over all channels: households with one phone, firms with one mailbox, browsers that
//! several use, numbers and mailboxes that get new owners, accounts whose phone comes and goes, people who write in another's name or
//! with another's token, webhooks that come late or again. Two people are never made one, nobody's words are shown to another; who is
//! surely one person is one, and who may be is suggested; a matter is one Work, and two are two. The last line is JSON.
//!
//! `SKEIN_TOWN_SEED` chooses the town, `town.toml` what kind of town it is.

mod desk;
mod figures;
mod knobs;
mod life;
mod mails;
mod oracle;
mod people;
mod phones;
#[path = "../sim/rng.rs"]
mod rng;
mod run;
mod told;
mod visits;

use std::time::Instant;

use run::{Plan, live};

#[test]
fn a_town_is_known_without_taking_one_person_for_another() {
    let seed =
        std::env::var("SKEIN_TOWN_SEED").ok().map_or(1, |seed| seed.parse().expect("SKEIN_TOWN_SEED is a number"));
    let begun = Instant::now();
    let figures = live(&Plan { seed, people: 10_000, events: 100_000, single_valued: true });
    println!("{figures:#?}\nseed {seed}, {:.1} s", begun.elapsed().as_secs_f64());
    println!("{}", figures.json());
    assert_eq!((figures.false_merges, figures.disclosures), (0, 0));
    assert_eq!((figures.mixed_works, figures.split_matters, figures.doubled), (0, 0, 0));
    assert!(figures.strong_pairs > 5_000 && figures.weak_pairs > 1_000 && figures.goings_on > 300, "{figures:?}");
    assert!(figures.strong_recall() >= 0.99, "{figures:?}");
    assert!(figures.weak_recall() >= 0.9, "{figures:?}");
    assert!(figures.most_suggestions <= 3, "{figures:?}");
}

/// Without the rule that a customer has one CRM id and one login, households become one person: the oracle sees it.
#[test]
fn without_single_values_people_are_made_one() {
    let figures = live(&Plan { seed: 1, people: 500, events: 5_000, single_valued: false });
    assert!(figures.false_merges > 0 && figures.disclosures > 0, "{figures:?}");
}
