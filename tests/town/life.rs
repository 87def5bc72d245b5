//! What happens in the town: who writes next, from where, and what the adapter claims of it.
//!
//! Nothing happens that nobody could tell from something else: who comes to use an address that others use says who it is at first,
//! and whoever gets a number after another has it when its end was told, or after half a year of silence.

use std::collections::{BTreeMap, BTreeSet};

use skein::domain::content::Content;
use skein::domain::event::{AddressKind, Assurance, EventKind};
use skein::domain::time::Timestamp;

use super::knobs::knobs;
use super::mails::Letters;
use super::people::{Address, Person, Town};
use super::phones::GivenUp;
use super::rng::Rng;
use super::told::{Happening, changed, said, sender};

/// A minute in the core's unit.
pub(crate) const MINUTE: i64 = 60 * 1_000;
/// A day in the core's unit.
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;
/// How long the town is watched, days.
pub(crate) const DAYS: i64 = 420;
/// The town begins on the first day of 2026, milliseconds since the Unix epoch.
pub(crate) const BEGIN: i64 = 1_767_225_600_000;
/// A wrong CRM id is corrected on that day.
const CORRECTED: i64 = 100 * DAY;
/// Words that are remembered to be told again as history.
const REMEMBERED: usize = 2_000;

/// Where the town is in its life.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) town: Town,
    pub(crate) rng: Rng,
    pub(crate) now: i64,
    pub(crate) letters: Letters,
    pub(crate) mails: usize,
    events: usize,
    /// What comes later, by time.
    later: BTreeMap<(i64, usize), Happening>,
    /// Who says more, by time; by the same channel, if one is named.
    more: BTreeMap<(i64, usize), (Person, Option<usize>)>,
    boundaries: usize,
    /// Who has said who they are, at an address that several use.
    introduced: BTreeSet<(Person, Address)>,
    /// Who was seen with their account and their number together.
    paired: BTreeSet<(Person, Address)>,
    /// Whose CRM id was corrected.
    corrected: BTreeSet<Person>,
    /// Who has logged in, in a browser that several use, and who was last.
    pub(super) logged_in: BTreeMap<String, (BTreeSet<Person>, Person)>,
    /// Who spoke last at a browser without a login, and when.
    pub(super) seats: BTreeMap<Address, (Person, i64)>,
    past: Vec<Happening>,
}

impl Life {
    pub(crate) fn new(town: Town, rng: Rng) -> Self {
        Self {
            town,
            rng,
            now: 0,
            letters: Letters::new(),
            mails: 0,
            events: 0,
            later: BTreeMap::new(),
            more: BTreeMap::new(),
            boundaries: 0,
            introduced: BTreeSet::new(),
            paired: BTreeSet::new(),
            corrected: BTreeSet::new(),
            logged_in: BTreeMap::new(),
            seats: BTreeMap::new(),
            past: Vec::new(),
        }
    }

    /// What comes in until then, and something new.
    pub(crate) fn until(&mut self, now: i64) -> Vec<(i64, Happening)> {
        let mut list = Vec::new();
        while let Some(boundary) = self.town.boundaries.get(self.boundaries).filter(|boundary| boundary.at <= now) {
            let boundary = boundary.clone();
            self.boundaries += 1;
            if matches!(boundary.how, GivenUp::Told | GivenUp::Reported) {
                let mut notice =
                    changed(boundary.at, "wa", boundary.who, &boundary.old, &boundary.old, boundary.new.as_ref());
                notice.event.occurred_at = Some(Timestamp(BEGIN + boundary.at));
                let pair = boundary.new.map(|new| (boundary.old, new));
                notice.strong = pair.filter(|(old, _)| old.0 == AddressKind::Whatsapp);
                self.later.insert((boundary.at, self.events), notice);
                self.events += 1;
            }
        }
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, _), happening) = entry.remove_entry();
            list.push((at, happening));
        }
        while let Some(entry) = self.more.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, _), (by, channel)) = entry.remove_entry();
            self.now = at;
            let more = match channel {
                Some(channel) => self.by_channel(by, channel),
                None => self.write(by),
            };
            for mut happening in more {
                self.events += 1;
                happening.goes_on = true;
                happening.event.event_id = Some(format!("e{}", self.events));
                list.push((at, happening));
            }
        }
        list.sort_by_key(|(at, _)| *at);
        self.now = now;
        let by = Person(self.rng.below(self.town.size()));
        for happening in self.something(by) {
            self.comes(happening, &mut list);
        }
        list
    }

    /// It comes in now, later, or twice; and the matter may go on.
    fn comes(&mut self, mut happening: Happening, list: &mut Vec<(i64, Happening)>) {
        let knobs = knobs();
        let (now, by) = (self.now, happening.by);
        self.events += 1;
        happening.event.event_id = Some(format!("e{}", self.events));
        let times = happening.channel() != "chat" && self.rng.percent(80);
        happening.event.occurred_at = times.then_some(Timestamp(BEGIN + now));
        let is_said = matches!(happening.event.kind, EventKind::Message(_));
        let mine = happening.senders().next().is_some_and(|from| self.town.is_personal(&from));
        let is_mail = happening.channel() == "email";
        let told_of = !happening.spoofed && is_said && happening.channel() != "chat" && (mine || !is_mail);
        if told_of && self.past.len() < REMEMBERED {
            self.past.push(happening.clone());
        } else if told_of {
            let at = self.rng.below(REMEMBERED);
            self.past[at] = happening.clone();
        }
        if is_said && !happening.spoofed && !happening.event.backfill && self.rng.percent(knobs.goes_on) {
            self.goes_on(by, happening.endpoint);
        }
        let alone = happening.event.senders.len() == 1;
        let late = told_of && alone && self.rng.percent(knobs.late);
        let mut at = now;
        if late {
            happening.event.occurred_at = Some(Timestamp(BEGIN + now));
            at += (1 + self.rng.below(5 * 24)) as i64 * 60 * MINUTE;
        }
        if self.rng.percent(knobs.again) {
            let again = Happening { again: true, ..happening.clone() };
            let after = 1_000 + self.rng.below(7 * 24 * 60) as i64 * MINUTE;
            self.later.insert((at + after, self.events), again);
        }
        match late {
            true => drop(self.later.insert((at, self.events), happening)),
            false => list.push((now, happening)),
        }
    }

    /// Whoever has a mailbox together with the one who was answered may read it first.
    pub(super) fn reads_too(&mut self, mailbox: &Address) {
        let users = self.town.users(mailbox, self.now);
        let new = users.into_iter().find(|&user| !self.introduced.contains(&(user, mailbox.clone())));
        if let Some(new) = new.filter(|&new| self.town.of(new).role_mailbox.is_none() && self.rng.percent(50)) {
            let minutes = (1 + self.rng.below(15)) as i64;
            self.more.insert((self.now + minutes * MINUTE, self.events), (new, Some(channel_of("mail"))));
        }
    }

    /// The same person says more within minutes, by another channel or the same.
    fn goes_on(&mut self, by: Person, endpoint: &'static str) {
        let minutes = (1 + self.rng.below(15)) as i64;
        let same = self.rng.percent(20);
        let channel = same.then(|| channel_of(endpoint));
        self.more.insert((self.now + minutes * MINUTE, self.events), (by, channel));
    }

    fn something(&mut self, by: Person) -> Vec<Happening> {
        let knobs = knobs();
        let ways = [knobs.spoofed, knobs.forwarded, knobs.replied_to_all, knobs.history];
        let rest = 100 - ways.iter().sum::<usize>();
        let odd = match self.rng.weighted(&[ways[0], ways[1], ways[2], ways[3], rest]) {
            0 => Some(self.spoof(by)),
            1 => self.answers_anothers(by, true),
            2 => self.answers_anothers(by, false),
            3 => self.remembers(),
            _ => None,
        };
        if let Some(odd) = odd {
            return vec![odd];
        }
        if self.town.of(by).wrong_crm.is_some() && self.now >= CORRECTED && self.corrected.insert(by) {
            return self.correction(by);
        }
        self.write(by)
    }

    fn write(&mut self, by: Person) -> Vec<Happening> {
        let channel = self.rng.weighted(&knobs().channels);
        self.by_channel(by, channel)
    }

    fn by_channel(&mut self, by: Person, channel: usize) -> Vec<Happening> {
        let name = self.town.of(by).name;
        let mut list = match channel {
            0 => self.whatsapp(by),
            1 => self.sms(by).or_else(|| self.whatsapp(by)),
            2 => self.mail(by),
            3 => return self.chat(by),
            _ => Some(self.messenger(by)),
        };
        if list.is_none() {
            list = Some(self.messenger(by));
        }
        list.into_iter().map(|happening| happening.named(name)).collect()
    }

    /// The number that a person has now; none where nobody could know that it is theirs.
    fn phone(&self, by: Person) -> Option<Address> {
        let person = self.town.of(by);
        let before = by.0.checked_sub(1).map(Person);
        let known = |number: &Address| before.is_some_and(|before| self.paired.contains(&(before, number.clone())));
        person.phone(self.now).filter(|number| !person.by_account || known(number))
    }

    /// A mailbox that is nobody else's, ever: of one that is handed over nobody knows whose it is but by who writes.
    pub(crate) fn own_mail(&self, by: Person) -> Option<Address> {
        self.town.of(by).email(self.now).filter(|mail| self.town.is_personal(mail))
    }

    /// Whether everybody who uses an address has said who they are.
    fn all_introduced(&self, address: &Address) -> bool {
        let users = self.town.users(address, self.now);
        users.iter().all(|&user| self.introduced.contains(&(user, address.clone())))
    }

    fn whatsapp(&mut self, by: Person) -> Option<Happening> {
        let person = self.town.of(by).clone();
        let (number, user_id) = (self.phone(by), person.user_id(self.now));
        let corrected = self.corrected.contains(&by);
        let crm = match &person.wrong_crm {
            Some(wrong) if !corrected => (AddressKind::Crm, wrong.clone()),
            _ => person.crm(),
        };
        let mut claims = self.rng.percent(if person.household { 60 } else { 20 });
        let mut from: Vec<Address> = match (number, user_id) {
            (Some(number), Some(id)) => {
                // Whoever is new on a household's phone may bring an account; who it is, is told with it.
                let is_new = !self.introduced.contains(&(by, number.clone()));
                let both = !person.household || is_new || self.all_introduced(&number);
                match self.rng.below(3) {
                    _ if person.by_account && !self.paired.contains(&(by, number.clone())) => vec![id, number],
                    0 if both => vec![id, number],
                    1 if both => vec![number, id],
                    0 | 1 => vec![id],
                    _ if self.rng.percent(50) => vec![id],
                    _ => vec![number],
                }
            }
            (Some(number), None) => vec![number],
            (None, Some(id)) => vec![id],
            (None, None) => return None,
        };
        let first = from[0].clone();
        let number = from.iter().find(|(kind, _)| *kind == AddressKind::Phone).cloned();
        if let Some(number) = number.filter(|_| person.household) {
            claims |= self.introduced.insert((by, number));
        }
        if from.len() == 2 {
            let number = from.iter().find(|(kind, _)| *kind == AddressKind::Phone);
            self.paired.extend(number.map(|number| (by, number.clone())));
        }
        if claims {
            from.push(crm.clone());
        }
        let strong = from.get(1).map(|second| (first, second.clone()));
        if claims {
            // An adapter names what it knows in whatever order.
            from.pop();
            from.insert(self.rng.below(from.len() + 1), crm);
        }
        let mut next = said(self.now, "wa", by, &from, Assurance::Platform);
        next.strong = strong;
        Some(next)
    }

    /// Nobody vouches for an SMS: who shares a phone is known to do so first.
    fn sms(&mut self, by: Person) -> Option<Happening> {
        let person = self.town.of(by);
        let number = self.phone(by)?;
        let known = !person.by_account || self.paired.contains(&(by, number.clone()));
        if !known || (person.household && !self.all_introduced(&number)) {
            return None;
        }
        Some(said(self.now, "sms", by, &[number], Assurance::Claimed))
    }

    fn mail(&mut self, by: Person) -> Option<Happening> {
        let knobs = knobs();
        let person = self.town.of(by).clone();
        let mailbox = match &person.role_mailbox {
            Some(mailbox) if self.rng.percent(40) => (AddressKind::Email, mailbox.clone()),
            _ => person.email(self.now)?,
        };
        let handed_over = person.role_mailbox.is_none() && !self.town.is_personal(&mailbox);
        let new_there = handed_over && self.introduced.insert((by, mailbox.clone()));
        let assured = new_there || self.rng.percent(70);
        let claims = assured && (new_there || self.rng.percent(25));
        // Whoever gets a mailbox may answer what was sent to whoever had it.
        if self.rng.percent(knobs.answers_ours)
            && let Some(answer) = self.answers_ours(by, &mailbox, assured, claims)
        {
            return Some(answer);
        }
        let id = self.mail_id();
        let endpoint = if self.rng.percent(30) { "sales" } else { "mail" };
        if !assured {
            return Some(said(self.now, endpoint, by, &[mailbox], Assurance::Claimed).mail(&id, None, None));
        }
        let from = if claims { vec![mailbox.clone(), person.crm()] } else { vec![mailbox.clone()] };
        let mut next = said(self.now, endpoint, by, &from, Assurance::Platform).mail(&id, None, None);
        next.strong = claims.then(|| (mailbox, person.crm()));
        Some(next)
    }

    /// Page, account and messengers; nobody trusts what their adapters claim.
    fn messenger(&mut self, by: Person) -> Happening {
        let person = self.town.of(by).clone();
        let id = self.rng.pick(&person.ids).clone();
        let endpoint = match id.0 {
            AddressKind::Messenger => "page",
            AddressKind::Instagram => "insta",
            AddressKind::Telegram => "tg",
            AddressKind::Line => "line",
            _ => "viber",
        };
        let named = self.own_mail(by).filter(|_| self.rng.percent(10));
        let from: Vec<Address> = [id.clone()].into_iter().chain(named.clone()).collect();
        let mut next = said(self.now, endpoint, by, &from, Assurance::Platform);
        next.weak = named.map(|mail| (id, mail));
        // Several use what is named besides.
        let phone = self.phone(by).filter(|_| person.household);
        let common = person.role_mailbox.map(|mailbox| (AddressKind::Email, mailbox)).or(phone);
        let common = common.filter(|_| self.rng.percent(knobs().names_common));
        next.event.senders.extend(common.as_ref().map(sender));
        next
    }

    /// Whether an agent takes the phone from whoever has just told who he is, for the household has not told of itself yet.
    pub(crate) fn is_parted(&mut self, happening: &Happening) -> bool {
        let person = self.town.of(happening.by);
        let senders: Vec<Address> = happening.senders().collect();
        let number = senders.iter().find(|(kind, _)| *kind == AddressKind::Phone);
        let Some(number) = number.filter(|_| person.household && !happening.spoofed && senders.len() == 2) else {
            return false;
        };
        let users = self.town.users(number, self.now);
        let introduced = users.iter().filter(|&&user| self.introduced.contains(&(user, number.clone()))).count();
        introduced == 1 && senders.contains(&person.crm()) && self.rng.percent(knobs().parted)
    }

    /// Whoever was erased is known to nobody, nor who else uses what he uses: they say so anew.
    pub(crate) fn is_unknown(&mut self, who: Person) {
        let person = self.town.of(who);
        let used: Vec<Address> = [person.phone(self.now), person.email(self.now)].into_iter().flatten().collect();
        self.introduced.retain(|(_, address)| !used.contains(address));
        self.paired.retain(|(_, address)| !used.contains(address));
    }

    /// It was his after all: the adapter says so again.
    pub(crate) fn claims_again(&mut self, happening: &Happening, at: i64) {
        let senders: Vec<Address> = happening.senders().collect();
        let mut again = said(at + 1, "wa", happening.by, &senders, Assurance::Platform);
        self.events += 1;
        again.event.event_id = Some(format!("e{}", self.events));
        self.later.insert((at + 1, self.events), again);
    }

    /// The company noted the wrong CRM id for a number, and tells the right one.
    fn correction(&mut self, by: Person) -> Vec<Happening> {
        let person = self.town.of(by).clone();
        let (Some(number), Some(wrong)) = (self.phone(by), person.wrong_crm.clone()) else { return Vec::new() };
        let mut told = changed(self.now, "wa", by, &number, &(AddressKind::Crm, wrong), Some(&person.crm()));
        told.strong = Some((number, person.crm()));
        vec![told]
    }

    /// History is brought in: what somebody said long ago.
    fn remembers(&mut self) -> Option<Happening> {
        let mut told = self.rng.pick_of(&self.past).cloned()?;
        let first = told.event.senders.first()?.clone();
        told.event.senders = vec![first];
        told.event.backfill = true;
        told.event.message_ref = None;
        told.event.reply_to_tokens = Vec::new();
        if let EventKind::Message(message) = &mut told.event.kind {
            message.content = Content::text(format!("from long ago, {}", self.events));
        }
        (told.strong, told.weak, told.goes_on) = (None, None, false);
        told.event.occurred_at = Some(Timestamp(BEGIN + told.at));
        Some(told)
    }

    /// Somebody writes in another's name, or names another's address beside his own.
    fn spoof(&mut self, by: Person) -> Happening {
        let victim = Person(self.rng.below(self.town.size()));
        let (person, other) = (self.town.of(by).clone(), self.town.of(victim).clone());
        let own = (AddressKind::Email, format!("other{}@mail.example", by.0));
        let browser = (AddressKind::Web, format!("other{}", by.0));
        let phone = (AddressKind::Phone, person.second_phone.clone());
        // A number that changes hands would be kept alive for whoever had it.
        let number = other.phone(self.now).filter(|number| self.town.is_personal(number) && other.phones.len() == 1);
        let mail = self.own_mail(victim);
        let (endpoint, from, assurance) = match (self.rng.below(5), mail, number) {
            (0, Some(theirs), _) => ("mail", vec![theirs], Assurance::Claimed),
            (1, Some(theirs), _) => ("mail", vec![own, theirs], Assurance::Platform),
            (2, Some(theirs), _) => ("web", vec![browser, theirs], Assurance::Claimed),
            (3, _, Some(theirs)) => ("sms", vec![theirs], Assurance::Claimed),
            _ => ("sms", vec![phone, other.crm()], Assurance::Claimed),
        };
        let spoofed = from.len() == 1;
        let id = self.mail_id();
        let next = said(self.now, endpoint, by, &from, assurance);
        let next = if next.channel() == "email" { next.mail(&id, None, None) } else { next };
        Happening { spoofed, ..next }
    }
}

fn channel_of(endpoint: &str) -> usize {
    match endpoint {
        "wa" => 0,
        "sms" => 1,
        "mail" | "sales" => 2,
        "web" => 3,
        _ => 4,
    }
}
