//! The messages of an open Work, as far as merging and splitting need to know them: which they are, whose answer each awaits.
//!
//! Words are not kept. Invariant: what is counted here gives the very turn and wait that the Work has (`Invariant::TurnAsCounted`).
//! A message that asks is answered by the first answer that was given in a Work it stood in: so a merge answers nothing that stood
//! in the other Work when the answer was given.

use serde::{Deserialize, Serialize};

use crate::domain::event::{Assurance, Scope};
use crate::domain::id::{LeafId, MessageId, Name};
use crate::domain::record::{Author, Direction, MessageKind, MessageStored};
use crate::domain::time::Timestamp;

/// Messages of a Work that are kept apart: a desk splits what was said lately. Of older ones their sum is kept. Each record that
/// touches a Work copies them: 128 take 9 KB, most Works have ten.
pub(crate) const MAX_KEPT: usize = 64;
/// A list that is so long is cut to [`MAX_KEPT`], so that a long matter is not cut for each of its messages.
const CUT_AT: usize = 2 * MAX_KEPT;
/// Messages that a full list gets room for: each that comes copies it with its Work anyway.
const GROWN_BY: usize = 4;

/// What a message is to the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Says {
    /// It awaits our answer.
    Asks,
    /// The same of somebody whom we copied in: the answer goes to the customer as before.
    Joins,
    /// The same as [`Says::Asks`], answered by what is not kept any more: all that counts of it is where an answer goes.
    Asked,
    /// It is our answer.
    Answers,
    /// The owner ended the Work without one. No message: what asked before awaits nothing.
    Ends,
    /// The Work was parked before an answer and wakes: from here on the customer waits for us again. No message.
    Resumes,
    /// An agent's note: nobody has said it to anybody.
    Noted,
    /// Neither: a reaction, history.
    Nothing,
}

impl Says {
    /// Whether it awaits our answer.
    pub(super) fn awaits(self) -> bool {
        matches!(self, Self::Asks | Self::Joins)
    }

    /// Whether the customer waits for us from there on.
    fn waits(self) -> bool {
        self.awaits() || self == Self::Resumes
    }

    /// Whether it is a message at all.
    pub(super) fn is_message(self) -> bool {
        !matches!(self, Self::Ends | Self::Resumes)
    }

    /// Whether somebody has said it to somebody.
    fn is_said(self) -> bool {
        self.is_message() && self != Self::Noted
    }

    /// Whether it says where an answer goes.
    pub(super) fn addresses(self) -> bool {
        matches!(self, Self::Asks | Self::Asked)
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// Which. That of an end is the change's own number.
    pub(crate) id: MessageId,
    pub(crate) at: Timestamp,
    /// Whom it is from or went to; none: the address changed hands since.
    pub(crate) leaf: Option<LeafId>,
    /// What it is filed under: whose it is, however often customers are joined and parted.
    pub(crate) filed: LeafId,
    /// Which of the Work's places it came by: 0 is its own, n the n-th beside it.
    pub(crate) place: u8,
    pub(crate) says: Says,
    /// Of what the customer asks, how sure it is who did.
    pub(crate) heard: Option<Assurance>,
    /// What answered or ended it first. It counts while it stands in the same Work; without it the first answer behind does.
    pub(crate) answered: Option<MessageId>,
    /// Thread of the channel's that it stood in.
    pub(crate) thread: Option<Name>,
}

/// What is known of messages that are not kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    pub(crate) waited_ms: u64,
    pub(crate) replied: bool,
    pub(crate) last_in: Option<MessageId>,
    pub(crate) last_message: Option<MessageId>,
}

/// The messages of one Work since it was opened or reopened, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    items: Vec<Item>,
    before: Before,
}

/// Turn and wait as the messages give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) ours_since: Option<Timestamp>,
    pub(crate) waited_ms: u64,
}

impl Said {
    /// Begins behind what is only known in sum.
    pub(crate) fn behind(before: Before) -> Self {
        Self { items: Vec::new(), before }
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(crate) fn before(&self) -> Before {
        self.before
    }

    /// Notes what was said or done.
    pub(crate) fn push(&mut self, item: Item) {
        if matches!(item.says, Says::Answers | Says::Ends) {
            for asked in self.items.iter_mut().filter(|asked| asked.says.waits()) {
                asked.answered.get_or_insert(item.id);
            }
        }
        if self.items.len() == self.items.capacity() {
            // Twice the room would be most of what an open Work takes.
            self.items.reserve_exact(GROWN_BY);
        }
        self.items.push(item);
        if self.items.len() >= CUT_AT {
            self.cut();
        }
    }

    /// Keeps the newest, the first that still awaits its answer, for the wait is counted from that, and the last of the customer's.
    fn cut(&mut self) {
        let waited = self.turn().waited_ms;
        let gone = self.items.len() - MAX_KEPT;
        let open: Vec<MessageId> = self.asked().filter(|(_, to)| to.is_none()).map(|(item, _)| item.id).collect();
        let from = self.last_from().map(|item| item.id);
        let is_kept = |item: &&Item| Some(item.id) == from || open.first() == Some(&item.id);
        let mut kept: Vec<Item> = self.items[..gone].iter().filter(is_kept).cloned().collect();
        for item in kept.iter_mut().filter(|item| !open.contains(&item.id)) {
            item.says = Says::Asked;
        }
        for item in self.items.drain(..gone) {
            self.before.last_message = Some(item.id).filter(|_| item.says.is_said()).or(self.before.last_message);
            match item.says {
                _ if kept.iter().any(|kept| kept.id == item.id) => {}
                Says::Asks | Says::Joins | Says::Asked => self.before.last_in = Some(item.id),
                Says::Answers => self.before.replied = true,
                Says::Ends | Says::Resumes | Says::Noted | Says::Nothing => {}
            }
        }
        self.items.splice(0..0, kept);
        self.before.waited_ms += waited - self.turn().waited_ms;
    }

    /// Messages that ask, each with the time of what answered or ended it.
    fn asked(&self) -> impl Iterator<Item = (&Item, Option<Timestamp>)> {
        let answers: Vec<(MessageId, Timestamp)> = self
            .items
            .iter()
            .filter(|item| matches!(item.says, Says::Answers | Says::Ends))
            .map(|item| (item.id, item.at))
            .collect();
        self.items.iter().filter(|item| item.says.waits()).map(move |item| {
            let by = item.answered.and_then(|first| {
                let known = answers.binary_search_by_key(&first, |(id, _)| *id).ok();
                answers.get(known.unwrap_or_else(|| answers.partition_point(|(id, _)| *id < item.id)))
            });
            (item, by.map(|(_, at)| *at))
        })
    }

    /// Messages that ask and that nobody has answered, oldest first.
    pub(super) fn awaiting(&self) -> impl Iterator<Item = &Item> {
        self.asked().filter(|(item, to)| to.is_none() && item.says.awaits()).map(|(item, _)| item)
    }

    /// Whether something that asks was left without an answer by that end.
    pub(crate) fn was_left_by(&self, end: MessageId) -> bool {
        self.items.iter().any(|item| item.says.waits() && item.answered == Some(end))
    }

    /// Turn and wait: ours since the oldest message that awaits its answer; before that, as long as any did.
    pub(crate) fn turn(&self) -> Turn {
        let ours_since = self.asked().filter(|(_, to)| to.is_none()).map(|(item, _)| item.at).min();
        let until = |at: Timestamp| ours_since.map_or(at, |since| at.min(since));
        let waits = self.asked().filter_map(|(item, to)| Some((item.at, until(to?))));
        let mut waits: Vec<(Timestamp, Timestamp)> = waits.filter(|(from, to)| from < to).collect();
        waits.sort_unstable();
        let mut waited_ms = self.before.waited_ms;
        let mut counted_to = Timestamp(i64::MIN);
        for (from, to) in waits {
            let from = from.max(counted_to);
            if from < to {
                waited_ms += to.millis_since(from).unsigned_abs();
                counted_to = to;
            }
        }
        Turn { ours_since, waited_ms }
    }

    /// The last message that asks, whoever said it.
    pub(crate) fn last_asked(&self) -> Option<&Item> {
        self.items.iter().rev().find(|item| item.says.awaits() || item.says.addresses())
    }

    /// The same, as far back as is known.
    pub(crate) fn last_in(&self) -> Option<MessageId> {
        self.last_asked().map(|item| item.id).max(self.before.last_in)
    }

    /// The last message of the customer's own that asks: what an answer goes to.
    pub(crate) fn last_from(&self) -> Option<&Item> {
        self.items.iter().rev().find(|item| item.says.addresses())
    }

    /// The last message, of whichever side; no note.
    pub(crate) fn last(&self) -> Option<&Item> {
        self.items.iter().rev().find(|item| item.says.is_said())
    }

    pub(crate) fn has_answer(&self) -> bool {
        self.before.replied || self.items.iter().any(|item| item.says == Says::Answers)
    }

    /// Takes these messages out.
    pub(crate) fn take_out(&mut self, messages: &[MessageId]) -> Self {
        let (taken, left) = std::mem::take(&mut self.items).into_iter().partition(|item| messages.contains(&item.id));
        self.items = left;
        Self { items: taken, before: Before::default() }
    }

    /// Takes in the messages of another Work. Both waits ran side by side: the longer one counts for what is only known in sum.
    pub(crate) fn take_in(&mut self, other: Self) {
        self.items.extend(other.items);
        self.items.sort_by_key(|item| item.id);
        self.before = Before {
            waited_ms: self.before.waited_ms.max(other.before.waited_ms),
            replied: self.before.replied || other.before.replied,
            last_in: self.before.last_in.max(other.before.last_in),
            last_message: self.before.last_message.max(other.before.last_message),
        };
    }

    /// The address is the customer's no longer: its messages are answered to the successor, if there is one.
    pub(crate) fn relink(&mut self, old: LeafId, successor: Option<LeafId>) {
        for item in self.items.iter_mut().filter(|item| item.leaf == Some(old)) {
            item.leaf = successor;
            // A thread is one of a chat with the address.
            item.thread = None;
        }
    }

    /// Whether a message is from, or went to, the address.
    pub(crate) fn names(&self, leaf: LeafId) -> bool {
        self.items.iter().any(|item| item.leaf == Some(leaf))
    }

    /// What is filed under one customer is answered to no other.
    pub(crate) fn part(&mut self, strange: &[LeafId]) {
        for item in &mut self.items {
            if item.leaf.is_some_and(|leaf| strange.contains(&leaf) != strange.contains(&item.filed)) {
                item.leaf = None;
                item.thread = None;
            }
        }
    }

    pub(crate) fn items_mut(&mut self) -> &mut [Item] {
        &mut self.items
    }
}

impl MessageStored {
    /// Whether it awaits our answer.
    pub(crate) fn asks(&self) -> bool {
        self.says().awaits()
    }

    /// Whether it is our answer.
    pub(crate) fn answers(&self) -> bool {
        self.says() == Says::Answers
    }

    /// What it is to the turn of its Work. In a group every member's words await our answer.
    pub(crate) fn says(&self) -> Says {
        let theirs =
            self.author == Author::Customer || (self.author == Author::Participant && self.scope != Scope::Direct);
        match self.direction {
            _ if self.flags.is_quiet() => Says::Nothing,
            Direction::In if theirs && self.kind.awaits_answer() => Says::Asks,
            Direction::In if self.author == Author::Participant && self.kind.awaits_answer() => Says::Joins,
            // What is about another message of ours answers nothing, and takes no answer back: whether it came in time nobody knows.
            Direction::Out if matches!(self.kind, MessageKind::Edit | MessageKind::Deletion) => Says::Nothing,
            // What the machine says by itself answers nothing.
            Direction::Out if self.author == Author::System => Says::Nothing,
            Direction::Out => Says::Answers,
            Direction::Note => Says::Noted,
            Direction::In => Says::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;

    fn item(number: u64, says: Says) -> Item {
        let at = Timestamp(i64::try_from(number).unwrap() * 1_000);
        Item {
            id: MessageId::new(Index(number), 0),
            at,
            leaf: Some(LeafId(1)),
            filed: LeafId(1),
            place: 0,
            says,
            heard: None,
            answered: None,
            thread: None,
        }
    }

    fn said(items: &[(u64, Says)]) -> Said {
        let mut said = Said::default();
        for &(number, says) in items {
            said.push(item(number, says));
        }
        said
    }

    fn turn(since: Option<i64>, waited_ms: u64) -> Turn {
        Turn { ours_since: since.map(|seconds| Timestamp(seconds * 1_000)), waited_ms }
    }

    #[test]
    fn the_wait_runs_from_the_first_question_to_the_answer() {
        assert_eq!(said(&[(1, Says::Asks), (3, Says::Asks)]).turn(), turn(Some(1), 0));
        assert_eq!(said(&[(1, Says::Asks), (3, Says::Asks), (6, Says::Answers)]).turn(), turn(None, 5_000));
        let again = said(&[(1, Says::Asks), (6, Says::Answers), (8, Says::Nothing), (9, Says::Asks)]);
        assert_eq!(again.turn(), turn(Some(9), 5_000));
    }

    #[test]
    fn an_answer_in_one_work_answers_nothing_of_another_that_is_merged_later() {
        let mut one = said(&[(2, Says::Asks), (3, Says::Answers)]);
        one.take_in(said(&[(1, Says::Asks)]));
        assert_eq!(one.turn(), turn(Some(1), 0), "the wait since 1 holds all there was");
        one.push(item(9, Says::Answers));
        assert_eq!(one.turn(), turn(None, 8_000));
    }

    #[test]
    fn what_is_taken_out_awaits_the_answers_that_go_with_it() {
        let mut both = said(&[(1, Says::Asks), (2, Says::Asks), (5, Says::Answers)]);
        let out = both.take_out(&[MessageId::new(Index(2), 0)]);
        assert_eq!((both.turn(), out.turn()), (turn(None, 4_000), turn(Some(2), 0)));
        both.take_in(out);
        assert_eq!(both.turn(), turn(None, 4_000), "back together it is as it was");
        let out = both.take_out(&[MessageId::new(Index(5), 0), MessageId::new(Index(2), 0)]);
        assert_eq!((both.turn(), out.turn()), (turn(Some(1), 0), turn(None, 3_000)));
    }

    #[test]
    fn a_long_matter_is_cut_and_keeps_its_turn_and_wait() {
        let mut long = Said::default();
        let mut before = long.turn();
        for number in 1..2_000 {
            let says = match number % 7 {
                0 => Says::Answers,
                3 => Says::Nothing,
                _ => Says::Asks,
            };
            // One question is never answered: it stood in another Work.
            if number == 300 {
                long.take_in(said(&[(299, Says::Asks)]));
                before = long.turn();
                assert!(before.ours_since.is_some());
            }
            long.push(item(number, says));
            if number % 7 == 1 {
                assert!(long.turn().waited_ms >= before.waited_ms);
                before = long.turn();
            }
            assert!(long.items().len() <= CUT_AT);
        }
        let count = 1_999 / 7;
        assert_eq!(long.turn().waited_ms, count * 6_000, "each six seconds from the first question to the answer");
        assert!(long.has_answer());
    }
}
