//! Numbers that several people have one after the other, and how that comes to be known.

use skein::domain::event::AddressKind;

use super::life::DAY;
use super::people::{Address, Addresses, Person};
use super::rng::Rng;

/// How it is known that a number was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// The provider tells the new one, at once or days later, but before anybody else has it.
    Told,
    /// The provider tells that it is somebody else's now.
    Reported,
    /// It is silent for more than 180 days.
    Silent,
    /// The next owner's account is named with it.
    Account,
}

/// A number or id that is given up, when it is known.
#[derive(Clone, Debug)]
pub(crate) struct Boundary {
    pub(crate) at: i64,
    pub(crate) who: Person,
    pub(crate) how: GivenUp,
    pub(crate) old: Address,
    pub(crate) new: Option<Address>,
}

/// The people have one number one after the other. Whoever gives it up has another one afterwards.
pub(crate) fn boundaries(rng: &mut Rng, people: &mut [Addresses], first: usize) -> Vec<Boundary> {
    let number = people[0].phones[0].1.clone().expect("everybody begins with a number");
    let days = |rng: &mut Rng, least: usize, more: usize| i64::try_from(least + rng.below(more)).expect("days") * DAY;
    let mut found = Vec::new();
    let mut ends = days(rng, 40, 20);
    for at in 1..people.len() {
        let last = at + 1 == people.len();
        let how = *rng.pick(&[GivenUp::Told, GivenUp::Told, GivenUp::Reported, GivenUp::Silent, GivenUp::Account]);
        // Who has a number with an account only is known by the account: the number alone is nobody's from then on.
        let how = if how == GivenUp::Account && !last { GivenUp::Told } else { how };
        let gap = if how == GivenUp::Silent { days(rng, 200, 10) } else { days(rng, 30, 30) };
        let next = format!("+4917{:08}", 50_000_000 + first + at - 1);
        let known = ends + rng.below(20 * 24) as i64 * DAY / 24;
        let old = (AddressKind::Phone, number.clone());
        let new = (how == GivenUp::Told).then(|| (AddressKind::Phone, next.clone()));
        found.push(Boundary { at: known, who: Person(first + at - 1), how, old, new });
        people[at - 1].phones.push((ends, Some(next)));
        people[at].phones = vec![(0, None), (ends + gap, Some(number.clone()))];
        if how == GivenUp::Account {
            for (person, n) in [(at - 1, first + at - 1), (at, first + at)] {
                people[person].user_ids = vec![(0, Some(format!("DE.{n:09}")))];
            }
            people[at].by_account = true;
        }
        ends += gap + days(rng, 60, 30);
    }
    for person in people {
        person.wrong_crm = None;
    }
    found
}
