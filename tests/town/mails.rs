//! Mails that answer ours: by whoever got it, by whom it was passed on to, by all who were in it.

use std::collections::BTreeMap;

use skein::domain::event::{AddressKind, Assurance};

use super::life::Life;
use super::people::{Address, Person};
use super::told::{Happening, said};

/// A mail of ours, as its recipient has it.
#[derive(Clone, Debug)]
pub(crate) struct Ours {
    pub(crate) to: Address,
    pub(crate) endpoint: &'static str,
    pub(crate) id: String,
    pub(crate) token: Option<String>,
}

/// The last mail of ours to each address.
pub(crate) type Letters = BTreeMap<Address, Ours>;

impl Life {
    /// A person answers our last mail to the address; the adapter may know who it is.
    pub(crate) fn answers_ours(
        &mut self,
        by: Person,
        from: &Address,
        assured: bool,
        claims: bool,
    ) -> Option<Happening> {
        let ours = self.letters.get(from)?.clone();
        let assurance = if assured { Assurance::Platform } else { Assurance::Claimed };
        let id = self.mail_id();
        let crm = claims.then(|| self.town.of(by).crm());
        let all: Vec<Address> = [from.clone()].into_iter().chain(crm.clone()).collect();
        let mut answer = said(self.now, ours.endpoint, by, &all, assurance);
        answer.strong = crm.map(|crm| (from.clone(), crm));
        Some(answer.mail(&id, Some(&ours.id), ours.token.as_deref()))
    }

    /// Somebody got a mail of ours from its recipient and answers it himself: with the recipient's token, or as one of all who were in it.
    pub(crate) fn answers_anothers(&mut self, by: Person, with_token: bool) -> Option<Happening> {
        let from = self.own_mail(by)?;
        let all = self.letters.len();
        let at = self.rng.below(all.max(1));
        let ours = self.letters.values().nth(at)?.clone();
        if self.town.ever(&ours.to).contains(&by) {
            return None;
        }
        let assurance = if self.rng.percent(50) { Assurance::Platform } else { Assurance::Claimed };
        let id = self.mail_id();
        let answer = said(self.now, ours.endpoint, by, &[from], assurance);
        let token = ours.token.as_deref().filter(|_| with_token);
        Some(answer.mail(&id, Some(&ours.id), token))
    }

    pub(crate) fn mail_id(&mut self) -> String {
        self.mails += 1;
        format!("{}@mail.example", self.mails)
    }

    /// Our mail reached its recipient.
    pub(crate) fn got(&mut self, ours: Ours) {
        debug_assert_eq!(ours.to.0, AddressKind::Email);
        self.reads_too(&ours.to);
        self.letters.insert(ours.to.clone(), ours);
    }
}
