//! The web chat: who sits at which browser, logs in there, and goes.

use std::collections::BTreeSet;

use skein::domain::event::{AddressKind, Assurance};

use super::life::{Life, MINUTE};
use super::people::{Address, Person};
use super::told::{Happening, changed, left, said};

/// Whoever comes to a machine so soon after another finds that the visit was ended: nobody could tell the two apart otherwise.
const SEAT_IS_WARM: i64 = 31 * MINUTE;

impl Life {
    pub(super) fn chat(&mut self, by: Person) -> Vec<Happening> {
        let person = self.town.of(by).clone();
        let browser = (AddressKind::Web, person.browser.clone());
        let login = (AddressKind::Login, person.login.clone());
        let personal = self.town.is_personal(&browser);
        let mut list = Vec::new();
        if !personal {
            list.extend(self.takes_seat(by, &browser));
        }
        if self.rng.percent(if personal { 45 } else { 25 }) {
            let typed = self.own_mail(by).filter(|_| personal && self.rng.percent(15));
            let from: Vec<Address> = [browser.clone()].into_iter().chain(typed.clone()).collect();
            let mut next = said(self.now, "web", by, &from, Assurance::Claimed);
            next.weak = typed.map(|mail| (browser.clone(), mail));
            list.push(next);
            self.seats.insert(browser, (by, self.now));
            return list;
        }
        if !personal {
            let (all, last) = self.logged_in.entry(person.browser.clone()).or_insert((BTreeSet::new(), by));
            all.insert(by);
            let before = std::mem::replace(last, by);
            if before != by && self.rng.percent(50) {
                let old = (AddressKind::Login, self.town.of(before).login.clone());
                list.push(changed(self.now, "web", before, &browser, &old, None));
            }
        }
        let mut from = vec![browser.clone(), login.clone()];
        if self.rng.percent(50) {
            from.push(person.crm());
        }
        let mut next = said(self.now, "web", by, &from, Assurance::LoggedIn);
        next.strong =
            Some(if from.len() == 3 { (login.clone(), person.crm()) } else { (browser.clone(), login.clone()) });
        list.push(next);
        if !personal && self.rng.percent(30) {
            list.push(changed(self.now, "web", by, &browser, &login, None));
        }
        list
    }

    /// The visit of whoever spoke there before, without a login, has ended.
    fn takes_seat(&mut self, by: Person, browser: &Address) -> Option<Happening> {
        let (other, at) = self.seats.remove(browser).filter(|(other, _)| *other != by)?;
        (self.now - at < SEAT_IS_WARM).then(|| left(self.now, "web", other, browser))
    }
}
