//! The town: people with their addresses, those of one person alone, those that several use, and those that change hands.

use std::collections::{BTreeMap, BTreeSet};

use skein::domain::event::AddressKind;

use super::knobs::knobs;
use super::phones::{Boundary, GivenUp, boundaries};
use super::rng::Rng;

/// A person, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Person(pub(crate) usize);

/// An address, normalised.
pub(crate) type Address = (AddressKind, String);

/// What a person has from a time on, in milliseconds since the town began; the last that has begun counts.
pub(crate) type Since<T> = Vec<(i64, T)>;

/// What a person writes from.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) phones: Since<Option<String>>,
    /// Others write from the phone, too.
    pub(crate) household: bool,
    /// The number was somebody else's, and the account is named with it at the first word.
    pub(crate) by_account: bool,
    /// A number that nobody else knows of.
    pub(crate) second_phone: String,
    pub(crate) user_ids: Since<Option<String>>,
    pub(crate) emails: Since<Option<String>>,
    pub(crate) role_mailbox: Option<String>,
    /// A CRM id that is nobody's, and was noted for the person until then.
    pub(crate) wrong_crm: Option<String>,
    pub(crate) crm: String,
    pub(crate) login: String,
    pub(crate) browser: String,
    /// Page, account and messengers that the person has an id of.
    pub(crate) ids: Vec<Address>,
    /// Shared with many.
    pub(crate) name: &'static str,
}

/// Who has an address, from when until when.
#[derive(Clone, Copy, Debug)]
struct Tenant {
    person: Person,
    from: i64,
    until: i64,
}

/// Everybody, and who has an address when.
#[derive(Debug)]
pub(crate) struct Town {
    people: Vec<Addresses>,
    tenants: BTreeMap<Address, Vec<Tenant>>,
    /// What becomes of numbers and ids, in the order of time.
    pub(crate) boundaries: Vec<Boundary>,
}

const NAMES: [&str; 4] = ["Anna", "Kim", "Maria Schmidt", "A."];

impl Town {
    pub(crate) fn settle(rng: &mut Rng, size: usize) -> Self {
        let knobs = knobs();
        let mut people: Vec<Addresses> = (0..size).map(|n| alone(rng, n)).collect();
        let mut settled = Vec::new();
        let mut at = 0;
        while at < size {
            let kind = rng.weighted(&knobs.groups);
            let [fewest, most] = match kind {
                1 => knobs.household,
                2 => knobs.firm,
                3 => knobs.browser,
                4 => knobs.owners,
                5 | 6 => [2, 2],
                _ => [1, 1],
            };
            let wanted = fewest + rng.below(most - fewest + 1);
            let group = at..(at + wanted).min(size);
            if group.len() > 1 {
                let members = &mut people[group.clone()];
                match kind {
                    1 => share_phone(members),
                    2 => members.iter_mut().for_each(|one| one.role_mailbox = Some(format!("info@firm{at}.example"))),
                    3 => share_browser(members),
                    4 => settled.extend(boundaries(rng, members, at)),
                    5 => hand_over_mailbox(members),
                    _ => share_mailbox(members),
                }
            }
            at = group.end;
        }
        let mut tenants: BTreeMap<Address, Vec<Tenant>> = BTreeMap::new();
        for (n, person) in people.iter().enumerate() {
            for (address, from, until) in person.all() {
                tenants.entry(address).or_default().push(Tenant { person: Person(n), from, until });
            }
            settled.extend(person.new_ids(Person(n)));
        }
        settled.sort_by_key(|boundary| (boundary.at, boundary.who));
        Self { people, tenants, boundaries: settled }
    }

    pub(crate) fn size(&self) -> usize {
        self.people.len()
    }

    pub(crate) fn of(&self, person: Person) -> &Addresses {
        &self.people[person.0]
    }

    /// Who ever has an address.
    pub(crate) fn ever(&self, address: &Address) -> BTreeSet<Person> {
        self.tenants.get(address).into_iter().flatten().map(|tenant| tenant.person).collect()
    }

    /// Who has an address at a time: nobody, between two.
    pub(crate) fn users(&self, address: &Address, now: i64) -> BTreeSet<Person> {
        let tenants = self.tenants.get(address).into_iter().flatten();
        tenants.filter(|tenant| (tenant.from..tenant.until).contains(&now)).map(|tenant| tenant.person).collect()
    }

    /// Whether an address is one person's alone, for good.
    pub(crate) fn is_personal(&self, address: &Address) -> bool {
        self.ever(address).len() == 1
    }

    /// Whether two people use an address at the same time.
    pub(crate) fn share(&self, one: Person, other: Person, address: &Address) -> bool {
        let of = |who: Person| self.tenants.get(address).into_iter().flatten().filter(move |it| it.person == who);
        of(one).any(|mine| of(other).any(|theirs| mine.from < theirs.until && theirs.from < mine.until))
    }
}

fn share_phone(people: &mut [Addresses]) {
    let phones = people[0].phones.clone();
    for person in people {
        person.phones.clone_from(&phones);
        person.household = true;
        person.wrong_crm = None;
    }
}

fn share_browser(people: &mut [Addresses]) {
    let browser = people[0].browser.clone();
    for person in people {
        person.browser.clone_from(&browser);
    }
}

/// A mailbox of a couple: who of them writes there first says who it is.
fn share_mailbox(people: &mut [Addresses]) {
    let mailbox = people[0].emails.clone();
    for person in people {
        person.emails.clone_from(&mailbox);
        person.wrong_crm = None;
    }
}

/// The second of two gets the mailbox of the first: for its writers it is as one of several people.
fn hand_over_mailbox(people: &mut [Addresses]) {
    const AT: i64 = 150 * super::life::DAY;
    let mailbox = people[0].emails[0].1.clone();
    people[0].emails.push((AT, None));
    people[1].emails = vec![(0, None), (AT + 30 * super::life::DAY, mailbox)];
}

fn alone(rng: &mut Rng, n: usize) -> Addresses {
    let knobs = knobs();
    let id = |kind, prefix: &str| (kind, format!("{prefix}{n:07}"));
    let mut ids = vec![
        id(AddressKind::Messenger, "54"),
        id(AddressKind::Instagram, "178"),
        id(AddressKind::Telegram, "61"),
        id(AddressKind::Line, "U"),
        id(AddressKind::Viber, "v"),
    ];
    for _ in 0..3 {
        ids.remove(rng.below(ids.len()));
    }
    let mut user_ids = vec![(0, rng.percent(knobs.user_ids).then(|| format!("DE.{n:09}")))];
    if user_ids[0].1.is_some() && rng.percent(knobs.new_user_ids) {
        user_ids.push((super::life::DAY * 100, Some(format!("DE.9{n:09}"))));
    }
    Addresses {
        phones: vec![(0, Some(format!("+4915{:08}", 10_000_000 + n)))],
        household: false,
        by_account: false,
        second_phone: format!("+4916{:08}", 10_000_000 + n),
        user_ids,
        emails: vec![(0, Some(format!("person{n}@mail.example")))],
        role_mailbox: None,
        wrong_crm: rng.percent(knobs.corrected).then(|| format!("x{n}")),
        crm: format!("c{n}"),
        login: format!("login{n}"),
        browser: format!("browser{n}"),
        ids,
        name: NAMES[rng.below(NAMES.len())],
    }
}

/// What counts at a time.
pub(crate) fn now_of<T: Clone>(since: &Since<Option<T>>, now: i64) -> Option<T> {
    since.iter().rev().find(|(from, _)| *from <= now).and_then(|(_, value)| value.clone())
}

impl Addresses {
    pub(crate) fn phone(&self, now: i64) -> Option<Address> {
        now_of(&self.phones, now).map(|phone| (AddressKind::Phone, phone))
    }

    pub(crate) fn user_id(&self, now: i64) -> Option<Address> {
        now_of(&self.user_ids, now).map(|id| (AddressKind::Whatsapp, id))
    }

    pub(crate) fn email(&self, now: i64) -> Option<Address> {
        now_of(&self.emails, now).map(|mailbox| (AddressKind::Email, mailbox))
    }

    pub(crate) fn crm(&self) -> Address {
        (AddressKind::Crm, self.crm.clone())
    }

    fn all(&self) -> Vec<(Address, i64, i64)> {
        let timed = |kind, since: &Since<Option<String>>| {
            let until = |at: usize| since.get(at + 1).map_or(i64::MAX, |(from, _)| *from);
            let spans = since
                .iter()
                .enumerate()
                .filter_map(move |(at, (from, value))| Some(((kind, value.clone()?), *from, until(at))));
            spans.collect::<Vec<_>>()
        };
        let mut all = timed(AddressKind::Phone, &self.phones);
        all.extend(timed(AddressKind::Whatsapp, &self.user_ids));
        all.extend(timed(AddressKind::Email, &self.emails));
        let mut always = vec![
            (AddressKind::Phone, self.second_phone.clone()),
            self.crm(),
            (AddressKind::Login, self.login.clone()),
            (AddressKind::Web, self.browser.clone()),
        ];
        always.extend(self.role_mailbox.iter().map(|mailbox| (AddressKind::Email, mailbox.clone())));
        always.extend(self.wrong_crm.iter().map(|id| (AddressKind::Crm, id.clone())));
        always.extend(self.ids.iter().cloned());
        all.extend(always.into_iter().map(|address| (address, 0, i64::MAX)));
        all
    }

    /// The notices that a user id is another one now.
    fn new_ids(&self, who: Person) -> impl Iterator<Item = Boundary> {
        let pairs = self.user_ids.windows(2).filter_map(move |pair| {
            let ((_, Some(old)), (at, Some(new))) = (&pair[0], &pair[1]) else { return None };
            let told = |id: &String| (AddressKind::Whatsapp, id.clone());
            Some(Boundary { at: *at, who, how: GivenUp::Told, old: told(old), new: Some(told(new)) })
        });
        pairs.collect::<Vec<_>>().into_iter()
    }
}
