//! Random lives of a few people with phones, a mailbox and browsers in common, and numbers that go from one to the next: whatever
//! the order of what an adapter names, and whatever agents do, no customer is two people, and nobody's words stand with another.

use std::collections::{BTreeMap, BTreeSet};

use rstest::rstest;
use skein::domain::command::Verb;
use skein::domain::event::{AddressKind, Assurance, EventKind, Sender};
use skein::domain::id::{LeafId, RootId};
use skein::domain::record::{Change, Direction, PersonalValue};

use crate::kit::{HOUR, Heard, Scenario, chat, mail, shop, sms, whatsapp};
use crate::rng::Rng;

const PEOPLE: usize = 6;
const NUMBERS: usize = 7;
const STEPS: usize = 120;
const SEEDS: std::ops::Range<u64> = 1..5;

type Address = (AddressKind, String);

/// A story, and what nobody but the people in it knows.
struct World {
    story: Scenario,
    /// Who said what is filed there.
    words: BTreeMap<LeafId, BTreeSet<usize>>,
    addresses: BTreeMap<LeafId, Address>,
    trace: Vec<String>,
}

impl World {
    fn begin() -> Self {
        let mut story = shop().but(|config| config.endpoints[1].trusts = vec![AddressKind::Crm]).opens();
        story.logs_in("ann").expect("a session");
        Self { story, words: BTreeMap::new(), addresses: BTreeMap::new(), trace: Vec::new() }
    }

    /// Somebody does something: `by` says it, or nobody.
    fn hears(&mut self, heard: Heard, by: Option<usize>) {
        self.trace.push(format!("{by:?}: {:?} {:?}", heard.event.kind, heard.event.senders));
        let step = self.story.hears(heard);
        let record = step.record().clone();
        for (place, change) in (0u16..).zip(&record.changes) {
            match change {
                Change::IdentityOpened(opened) => {
                    let text = record.content.iter().find_map(|personal| match &personal.value {
                        PersonalValue::Address(address) if personal.place == place => Some(address.to_string()),
                        _ => None,
                    });
                    let text = text.expect("an identity has its address");
                    self.addresses.insert(opened.leaf, (opened.kind, text));
                }
                Change::MessageStored(message) if message.direction == Direction::In => {
                    self.words.entry(message.leaf).or_default().extend(by);
                }
                _ => {}
            }
        }
    }

    /// The person who is named by a CRM id, a login or an account: its first digit.
    fn named(&self, leaf: LeafId) -> Option<usize> {
        let (kind, text) = self.addresses.get(&leaf)?;
        let tells = matches!(kind, AddressKind::Crm | AddressKind::Login | AddressKind::Whatsapp);
        let digit = text.chars().find_map(|c| c.to_digit(10)).filter(|_| tells)?;
        usize::try_from(digit).ok()
    }

    /// A customer who is two people, or has the words of two.
    fn trouble(&self) -> Option<String> {
        let roots: BTreeSet<RootId> =
            self.addresses.keys().map(|leaf| self.story.conversation(RootId(leaf.0)).conversation).collect();
        roots.into_iter().find_map(|root| {
            let view = self.story.conversation(root);
            let of_several = view.identities.len() == 1 && view.identities[0].shared;
            let leaves = || view.identities.iter().map(|one| one.leaf);
            let people: BTreeSet<usize> = leaves().filter_map(|leaf| self.named(leaf)).collect();
            let authors = leaves().filter_map(|leaf| self.words.get(&leaf)).flatten().copied();
            let all: BTreeSet<usize> = authors.chain(people.iter().copied()).collect();
            let wrong = people.len() > 1 || (!of_several && all.len() > 1);
            wrong.then(|| format!("{root:?} is {all:?}\n{}", self.trace.join("\n")))
        })
    }

    /// What was said with a customer whom nothing names any longer is anybody's who is named with him next: an agent wanted it so.
    fn forget_the_nameless(&mut self) {
        for leaf in self.addresses.keys().copied() {
            let view = self.story.conversation(RootId(leaf.0));
            if !view.identities.iter().any(|one| !one.ended && self.named(one.leaf).is_some()) {
                self.words.remove(&leaf);
            }
        }
    }
}

fn shuffle(rng: &mut Rng, list: &mut [Address]) {
    for at in (1..list.len()).rev() {
        list.swap(at, rng.below(at + 1));
    }
}

fn from(mut heard: Heard, list: Vec<Address>) -> Heard {
    heard.event.senders = list.into_iter().map(|(kind, address)| Sender { kind, address }).collect();
    heard
}

fn number(n: usize) -> Address {
    (AddressKind::Phone, format!("+491511234560{n}"))
}

/// Somebody says who he is, from what he has alone or with others.
fn introduced(rng: &mut Rng, by: usize, n: usize) -> Heard {
    let crm = (AddressKind::Crm, format!("C{by}"));
    let login = (AddressKind::Login, format!("L{by}"));
    let (phone, account) = (number(by % 3), (AddressKind::Whatsapp, format!("DE.{by}")));
    let mailboxes = [format!("p{by}@mail.example"), "family@mail.example".to_owned()];
    let (heard, mut list) = match rng.weighted(&[2, 1, 2, 2]) {
        0 => {
            let mut list = rng.pick(&[vec![phone.clone()], vec![account.clone()], vec![phone, account]]).clone();
            list.push(crm);
            (whatsapp("", "hello"), list)
        }
        1 => (sms("", "hello"), vec![phone, crm]),
        2 => {
            let mailbox = (AddressKind::Email, rng.pick(&mailboxes).clone());
            (mail("x@mail.example", &format!("{n}@x"), "hello").assured(Assurance::Platform), vec![mailbox, crm])
        }
        _ => {
            let browser = (AddressKind::Web, format!("b{}", rng.below(2)));
            let mut list = vec![browser, login];
            list.extend(rng.percent(50).then_some(crm));
            (chat("", "hello").assured(Assurance::LoggedIn), list)
        }
    };
    shuffle(rng, &mut list);
    from(heard, list)
}

#[rstest]
#[case::left_alone(false)]
#[case::with_agents(true)]
fn nobody_is_taken_for_another_who_says_who_he_is(#[case] agents: bool) {
    for seed in SEEDS {
        let (mut rng, mut world) = (Rng::new(seed), World::begin());
        for n in 0..STEPS {
            world.story.passes(HOUR);
            let known: Vec<LeafId> = world.addresses.keys().copied().collect();
            let acts = agents && rng.percent(8);
            if let Some(&leaf) = rng.pick_of(&known).filter(|_| acts) {
                match rng.below(3) {
                    0 => drop(world.story.does("ann", Verb::UnlinkIdentity { leaf })),
                    1 => drop(world.story.does("ann", Verb::Erase { customer: RootId(leaf.0) })),
                    _ => world.story.passes(200 * 24 * HOUR),
                }
                world.trace.push(format!("an agent, or half a year: {leaf:?}"));
            } else {
                let by = rng.below(PEOPLE);
                let heard = introduced(&mut rng, by, n);
                world.hears(heard, Some(by));
            }
            if agents {
                world.forget_the_nameless();
            }
            assert_eq!(world.trouble(), None, "seed {seed}");
        }
        world.story.folds_to_the_same();
    }
}

/// Who has which number now.
struct Numbers {
    of: [Option<usize>; PEOPLE],
    /// Whoever gets another number has another account with it.
    account: [usize; PEOPLE],
}

impl Numbers {
    fn free(&self, rng: &mut Rng) -> Option<usize> {
        let free: Vec<usize> = (0..NUMBERS).filter(|&n| !self.of.contains(&Some(n))).collect();
        rng.pick_of(&free).copied()
    }
}

/// A number is given up; the provider tells, also of the new one.
fn moves(rng: &mut Rng, numbers: &mut Numbers, by: usize) -> Option<Heard> {
    let old = numbers.of[by]?;
    let new = numbers.free(rng).filter(|_| rng.percent(60));
    numbers.of[by] = new;
    numbers.account[by] += 1;
    let told = |n: usize| Some(Sender { kind: AddressKind::Phone, address: number(n).1 });
    let by_number = if rng.percent(50) { old } else { new.unwrap_or(old) };
    let kind = EventKind::IdentityChange { old: told(old), new: new.and_then(told), reason: None };
    Some(whatsapp(&number(by_number).1, "").kind(kind))
}

/// Somebody writes from the number that he has, an account of his, or his own mailbox.
fn writes(rng: &mut Rng, numbers: &mut Numbers, by: usize, n: usize) -> Heard {
    if numbers.of[by].is_none() && rng.percent(60) {
        numbers.of[by] = numbers.free(rng);
    }
    let account = (AddressKind::Whatsapp, format!("DE.{by}{}", numbers.account[by]));
    let crm = (AddressKind::Crm, format!("C{by}"));
    let own = (AddressKind::Email, format!("p{by}@mail.example"));
    let Some(phone) = numbers.of[by].map(number).filter(|_| rng.percent(70)) else {
        let list = if rng.percent(50) { vec![own, crm] } else { vec![own] };
        return from(mail("x@mail.example", &format!("{n}@x"), "hello").assured(Assurance::Platform), list);
    };
    let ways = [vec![phone.clone()], vec![phone.clone(), crm.clone()], vec![account.clone(), phone.clone()]];
    let mut list = if rng.percent(25) { vec![phone, account, crm] } else { rng.pick(&ways).clone() };
    if rng.percent(30) {
        shuffle(rng, &mut list);
    }
    from(whatsapp("", "hello"), list)
}

#[test]
fn nobody_is_taken_for_another_whose_number_he_has_now() {
    for seed in SEEDS {
        let (mut rng, mut world) = (Rng::new(seed), World::begin());
        let mut numbers = Numbers { of: [None; PEOPLE], account: [0; PEOPLE] };
        // What comes late: who said it, and from which number.
        let mut past: Vec<(usize, usize, i64)> = Vec::new();
        for n in 0..STEPS {
            world.story.passes(HOUR * (1 + i64::try_from(rng.below(30)).expect("hours")));
            let by = rng.below(PEOPLE);
            match rng.weighted(&[12, 4, 4, 80]) {
                0 => {
                    let told = moves(&mut rng, &mut numbers, by);
                    told.into_iter().for_each(|told| world.hears(told, None));
                }
                1 => {
                    // Silently: nobody can tell what comes late from what the next owner says.
                    let old = numbers.of[by].take();
                    past.retain(|(_, at, _)| Some(*at) != old);
                    numbers.account[by] += 1;
                    world.story.passes(190 * 24 * HOUR);
                }
                2 => {
                    if let Some(&(who, at, when)) = rng.pick_of(&past) {
                        world.hears(whatsapp(&number(at).1, "late").occurred(when).id(&format!("late{n}")), Some(who));
                    }
                }
                _ => {
                    let heard = writes(&mut rng, &mut numbers, by, n);
                    let by_phone = heard.channel != "email";
                    world.hears(heard, Some(by));
                    past.extend(numbers.of[by].filter(|_| by_phone).map(|at| (by, at, world.story.now().0)));
                }
            }
            assert_eq!(world.trouble(), None, "seed {seed}");
        }
        world.story.folds_to_the_same();
    }
}

/// Somebody writes from another's mailbox with that one's CRM id: what is compared sees it.
#[test]
fn who_writes_as_another_in_everything_is_seen() {
    let mut world = World::begin();
    for by in [1, 2] {
        let list = vec![(AddressKind::Email, "p1@mail.example".to_owned()), (AddressKind::Crm, "C1".to_owned())];
        assert_eq!(world.trouble(), None);
        let heard = mail("x@mail.example", &format!("{by}@x"), "hello").assured(Assurance::Platform);
        world.hears(from(heard, list), Some(by));
    }
    assert!(world.trouble().is_some());
}
