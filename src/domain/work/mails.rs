//! Mails of a Work: what an answer by mail goes on with, and what of it is whose when a customer is taken apart.
//!
//! There is one thread as long as one identity writes. From the first mail of another on the mails of each are kept beside it, so
//! that nobody gets the subject of what somebody else wrote. Invariant: the thread that is answered is of the Work's customer.

use super::Work;
use super::open::MailThread;
use super::said::Said;
use crate::domain::content::{Mail, Part};
use crate::domain::id::LeafId;
use crate::domain::record::MessageContent;

/// References that a mail of ours names at most: RFC 5322 sets no limit, receivers cut long headers.
const MAX_REFERENCES: usize = 20;

impl MailThread {
    fn of(leaf: LeafId) -> Self {
        Self { leaf, ..Self::default() }
    }

    fn go_on(&mut self, mail: &Mail) {
        if self.subject.is_empty() {
            self.subject.clone_from(&mail.subject);
        }
        if let Some(id) = &mail.message_id {
            if self.references.is_empty() {
                self.references.extend(mail.references.iter().take(MAX_REFERENCES).cloned());
            }
            self.references.push(id.clone());
            if self.references.len() > MAX_REFERENCES {
                // The first names the thread, the last ones the way: what is between may go.
                self.references.remove(1);
            }
            self.last_message_id = Some(id.clone());
        }
    }
}

/// The mail thread of one identity goes on, if the words are a mail.
pub(crate) fn go_on_with(thread: &mut Option<Box<MailThread>>, leaf: LeafId, words: &MessageContent) {
    let mail = words.content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => Some(mail),
        _ => None,
    });
    if let Some(mail) = mail {
        thread.get_or_insert_with(|| Box::new(MailThread::of(leaf))).go_on(mail);
    }
}

impl Work {
    /// Goes on with a mail, if the words are one.
    pub(super) fn continue_mail(&mut self, leaf: LeafId, words: &MessageContent) {
        let Some(mail) = words.content.parts.iter().find_map(|part| match part {
            Part::Mail(mail) => Some(mail),
            _ => None,
        }) else {
            return;
        };
        if self.mail.as_ref().is_some_and(|thread| thread.leaf != leaf) || self.has_mails_beside() {
            let mut mails = self.mails();
            let known = mails.iter().position(|thread| thread.leaf == leaf);
            let mut thread = known.map_or_else(|| MailThread::of(leaf), |at| mails.remove(at));
            thread.go_on(mail);
            mails.push(thread);
            self.beside_mut().mails = mails;
        }
        self.mail.get_or_insert_with(|| Box::new(MailThread::of(leaf))).go_on(mail);
    }

    /// Mails of each identity, the latest last.
    pub(super) fn mails(&self) -> Vec<MailThread> {
        match &self.beside {
            Some(beside) if !beside.mails.is_empty() => beside.mails.clone(),
            _ => self.mail.iter().map(|thread| MailThread::clone(thread)).collect(),
        }
    }

    fn has_mails_beside(&self) -> bool {
        self.beside.as_ref().is_some_and(|beside| !beside.mails.is_empty())
    }

    fn set_mails(&mut self, mails: Vec<MailThread>) {
        let is_all = mails.len() <= 1 && mails.first() == self.mail.as_deref();
        if !is_all || self.has_mails_beside() {
            self.beside_mut().mails = if is_all { Vec::new() } else { mails };
        }
    }

    /// Identities that it has mails of, whether they are its customer's or not.
    pub(crate) fn mailed(&self) -> impl Iterator<Item = LeafId> {
        self.beside.iter().flat_map(|beside| &beside.mails).map(|thread| thread.leaf)
    }

    /// An answer goes on with none of the mails of these identities.
    pub(super) fn part_mails(&mut self, strange: &[LeafId]) {
        let mails = self.mails();
        if mails.iter().any(|thread| strange.contains(&thread.leaf)) {
            let own = mails.iter().rev().find(|thread| !strange.contains(&thread.leaf));
            self.mail = own.cloned().map(Box::new);
            self.set_mails(mails);
        }
    }

    /// Takes out the mails of those whose messages these are.
    pub(super) fn take_mails(&mut self, said: &Said) -> (Option<Box<MailThread>>, Vec<MailThread>) {
        let goes = |thread: &MailThread| said.items().iter().any(|item| item.filed == thread.leaf);
        let (gone, left): (Vec<_>, Vec<_>) = self.mails().into_iter().partition(goes);
        self.set_mails(left);
        (gone.last().cloned().map(Box::new), gone)
    }

    /// Mails of another Work came to those that were there.
    pub(super) fn join_mails(&mut self, mut own: Vec<MailThread>, theirs: Vec<MailThread>, theirs_last: bool) {
        for thread in theirs {
            match own.iter_mut().find(|known| known.leaf == thread.leaf) {
                Some(known) if theirs_last => *known = thread,
                Some(_) => {}
                None => own.push(thread),
            }
        }
        self.set_mails(own);
    }
}
