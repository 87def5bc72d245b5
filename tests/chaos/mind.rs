//! What an agent knows over all its sessions, and what it does: accepts what it is offered, answers, closes after a while, and now and then
//! does what it may not any more, which has to be refused.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use skein::proto::agent as p;
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::event::Event as What;
use skein::proto::agent::session_request::Request as Ask;
use skein::proto::channel::Content;

use crate::daemons::WORKSPACE;
use crate::words::Words;

/// A Work is closed when its customer has written so often more, at most,
const MESSAGES: std::ops::RangeInclusive<u32> = 1..=6;
/// or after so long, milliseconds.
const HOLDS: std::ops::RangeInclusive<u64> = 1_000..=6_000;
/// Of so many messages one is answered.
const ANSWERS: u32 = 4;
/// After so many ends one is not believed.
const DISBELIEVES: u32 = 20;
/// gRPC statuses of what is only to be asked again: it was not decided.
const AGAIN: [i32; 4] = [4, 8, 10, 14];

/// A Work of its.
#[derive(Debug)]
struct Owned {
    assignment: String,
    seen: String,
    left: u32,
    until: Instant,
    closing: bool,
}

/// A command without a result yet.
#[derive(Debug)]
struct Pending {
    id: String,
    ask: Ask,
    /// It is about what is over: to be refused.
    stale: bool,
}

/// What came of everything, of one agent or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Messages of customers that it was told of.
    pub(crate) told: u64,
    /// Of them again.
    pub(crate) doubled: u64,
    /// Of them behind a later one.
    pub(crate) out_of_order: u64,
    /// Works that were taken from it.
    pub(crate) requeued: u64,
    /// Commands about what is over that were not refused.
    pub(crate) stale: u64,
    /// Commands about what is over that were refused.
    pub(crate) refused_stale: u64,
    /// Refusals of what should have been done, by what and why.
    pub(crate) refused: BTreeMap<String, u64>,
    pub(crate) replies: u64,
    pub(crate) closed: u64,
    pub(crate) resumes: u64,
    /// Sessions that were too far behind to go on where they were.
    pub(crate) resyncs: u64,
    /// Works owned and commands without a result now.
    pub(crate) open: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.told += other.told;
        self.doubled += other.doubled;
        self.out_of_order += other.out_of_order;
        self.requeued += other.requeued;
        self.stale += other.stale;
        self.refused_stale += other.refused_stale;
        self.replies += other.replies;
        self.closed += other.closed;
        self.resumes += other.resumes;
        self.resyncs += other.resyncs;
        self.open += other.open;
        for (what, count) in &other.refused {
            *self.refused.entry(what.clone()).or_default() += count;
        }
    }
}

/// An agent's mind.
#[derive(Debug)]
pub(crate) struct Mind {
    name: String,
    random: StdRng,
    epoch: u64,
    after: Option<p::Position>,
    pending: VecDeque<Pending>,
    requests: u64,
    owned: BTreeMap<String, Owned>,
    /// The offer that it accepted last.
    accepted: Option<String>,
    /// By customer the number of the last message that it was told of.
    last: HashMap<String, u64>,
    pub(crate) finishing: bool,
    tally: Tally,
    /// Lines for the proof.
    pub(crate) saw: Vec<Value>,
    /// When the newest message was published that it was told of, wall clock, milliseconds.
    pub(crate) newest_ms: u64,
}

impl Mind {
    pub(crate) fn new(name: String, seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            name,
            epoch: 0,
            after: None,
            pending: VecDeque::new(),
            requests: 0,
            owned: BTreeMap::new(),
            accepted: None,
            last: HashMap::new(),
            finishing: false,
            tally: Tally::default(),
            saw: Vec::new(),
            newest_ms: 0,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally { open: (self.owned.len() + self.pending.len()) as u64, ..self.tally.clone() }
    }

    pub(crate) fn hello(&self) -> p::Hello {
        p::Hello { resume_session_epoch: self.epoch, resume_after: self.after, ..Default::default() }
    }

    /// A session begins: what is asked first.
    pub(crate) fn welcomed(&mut self, mut welcome: p::Welcome) -> Vec<Ask> {
        let first = self.after.is_none();
        self.tally.resumes += u64::from(welcome.resumed);
        self.epoch = welcome.session_epoch;
        if let Some(snapshot) = welcome.snapshot.take().filter(|_| !welcome.resumed) {
            self.tally.resyncs += u64::from(!first);
            self.after = snapshot.position;
            self.owned.clear();
            for work in snapshot.works {
                self.own(work);
            }
            for offer in snapshot.offers {
                self.accept(offer);
            }
        }
        let after = at(self.after.unwrap_or_default());
        self.saw(json!({"welcome": {"after": after, "session": self.epoch}}));
        if first {
            let presence = p::Presence::Ready.into();
            self.command(false, |request_id| {
                Ask::SetPresence(p::SetPresenceRequest { request_id, presence, ..Default::default() })
            });
        }
        self.pending.iter().map(|pending| pending.ask.clone()).collect()
    }

    /// An event: what is asked because of it.
    pub(crate) fn told(&mut self, event: p::Event) -> Vec<Ask> {
        if !matches!(event.event, Some(What::SessionEnded(_))) {
            let position = event.position.unwrap_or_default();
            self.after = Some(position);
            self.saw(json!({"event": {"at": at(position)}}));
        }
        match event.event {
            Some(What::Offered(offer)) => vec![self.accept(offer)],
            Some(What::Assigned(assigned)) => {
                let Some(work) = assigned.work else { return Vec::new() };
                let id = work.work_id.clone();
                self.own(work);
                self.answer(&id).into_iter().collect()
            }
            Some(What::Message(message)) if message.direction() == p::Direction::In => self.hears(message),
            Some(What::Unassigned(ended)) => self.ends(&ended),
            _ => Vec::new(),
        }
    }

    /// Now and then: what is closed because it is time.
    pub(crate) fn looks_at_the_clock(&mut self) -> Vec<Ask> {
        let now = Instant::now();
        let due = |owned: &Owned| !owned.closing && (self.finishing || owned.left == 0 || owned.until <= now);
        let due: Vec<String> = self.owned.iter().filter(|(_, owned)| due(owned)).map(|(id, _)| id.clone()).collect();
        due.iter().filter_map(|work| self.close(work)).collect()
    }

    /// A command is done, or was refused. Given: it is to be asked again after a while.
    pub(crate) fn done(&mut self, result: p::CommandResult) -> Option<Ask> {
        let place = self.pending.iter().position(|pending| pending.id == result.request_id)?;
        if let Some(Outcome::Error(error)) = &result.result
            && AGAIN.contains(&error.code)
        {
            return Some(self.pending[place].ask.clone());
        }
        let Pending { ask, stale, .. } = self.pending.remove(place)?;
        let request_id = &result.request_id;
        match (result.result, ask) {
            (Some(Outcome::Error(_)), _) if stale => self.tally.refused_stale += 1,
            (Some(Outcome::Error(error)), ask) => {
                let what = format!("{}: {}", verb(&ask), error.reason);
                *self.tally.refused.entry(what).or_default() += 1;
            }
            (_, _) if stale => self.tally.stale += 1,
            (Some(Outcome::SendMessage(sent)), _) => {
                self.tally.replies += 1;
                self.saw(json!({"answer": {"request_id": request_id, "message": sent.message_id}}));
            }
            (Some(Outcome::AcceptOffer(taken)), Ask::AcceptOffer(accept)) => {
                let assignment = taken.assignment_id;
                self.saw(
                    json!({"answer": {"request_id": request_id, "offer": accept.offer_id, "assignment": assignment}}),
                );
                self.accepted = Some(accept.offer_id);
            }
            _ => {}
        }
        None
    }

    /// What was handled.
    pub(crate) fn acknowledges(&self) -> Ask {
        Ask::Acknowledge(p::AcknowledgeRequest { position: self.after, ..Default::default() })
    }

    fn saw(&mut self, saw: Value) {
        self.saw.push(json!({"workspace": WORKSPACE, "agent": self.name, "saw": saw}));
    }

    fn command(&mut self, stale: bool, ask: impl FnOnce(String) -> Ask) -> Ask {
        self.requests += 1;
        let id = format!("{}-{}", self.name, self.requests);
        let ask = ask(id.clone());
        self.pending.push_back(Pending { id, ask: ask.clone(), stale });
        ask
    }

    fn accept(&mut self, offer: p::Offer) -> Ask {
        let offer_id = offer.offer_id;
        self.command(false, |request_id| {
            Ask::AcceptOffer(p::AcceptOfferRequest { request_id, offer_id, ..Default::default() })
        })
    }

    fn own(&mut self, work: p::Work) {
        let until = Instant::now() + Duration::from_millis(self.random.random_range(HOLDS));
        let (assignment, seen) = (work.assignment_id, work.last_customer_message_id);
        let left = self.random.random_range(MESSAGES);
        self.owned.insert(work.work_id, Owned { assignment, seen, left, until, closing: false });
    }

    fn answer(&mut self, work: &str) -> Option<Ask> {
        let owned = self.owned.get(work)?;
        let (assignment, seen) = (owned.assignment.clone(), owned.seen.clone());
        Some(self.send(false, work, assignment, seen))
    }

    fn send(&mut self, stale: bool, work: &str, assignment_id: String, seen: String) -> Ask {
        let (work_id, text) = (work.to_owned(), format!("{} to {work}", self.name));
        self.command(stale, |request_id| {
            Ask::SendMessage(p::SendMessageRequest {
                request_id,
                work_id,
                assignment_id,
                seen_through_message_id: seen,
                content: Some(Content { text, ..Default::default() }),
                ..Default::default()
            })
        })
    }

    fn close(&mut self, work: &str) -> Option<Ask> {
        let owned = self.owned.get_mut(work)?;
        owned.closing = true;
        let (work_id, assignment_id) = (work.to_owned(), owned.assignment.clone());
        let disposition = "answered".to_owned();
        Some(self.command(false, |request_id| {
            Ask::CloseWork(p::CloseWorkRequest {
                request_id,
                work_id,
                assignment_id,
                disposition,
                ..Default::default()
            })
        }))
    }

    fn hears(&mut self, message: p::Message) -> Vec<Ask> {
        self.tally.told += 1;
        let words = message.content.as_ref().and_then(|content| Words::read(&content.text));
        if let Some(words) = words {
            self.newest_ms = self.newest_ms.max(words.at_ms);
            let last = self.last.entry(words.who).or_default();
            self.tally.doubled += u64::from(words.number == *last);
            self.tally.out_of_order += u64::from(words.number < *last);
            *last = words.number.max(*last);
        }
        let Some(owned) = self.owned.get_mut(&message.work_id) else { return Vec::new() };
        owned.seen = message.message_id;
        owned.left = owned.left.saturating_sub(1);
        if owned.left == 0 && !owned.closing {
            return self.close(&message.work_id).into_iter().collect();
        }
        let answers = !owned.closing && self.random.random_ratio(1, ANSWERS);
        if answers { self.answer(&message.work_id).into_iter().collect() } else { Vec::new() }
    }

    fn ends(&mut self, ended: &p::WorkUnassigned) -> Vec<Ask> {
        let was = self.owned.remove(&ended.work_id);
        if ended.reason() != p::UnassignReason::Closed {
            self.tally.requeued += 1;
            return Vec::new();
        }
        self.tally.closed += 1;
        let Some(was) = was.filter(|_| self.random.random_ratio(1, DISBELIEVES)) else { return Vec::new() };
        let late = self.send(true, &ended.work_id, was.assignment, was.seen);
        let again = self.accepted.take().map(|offer_id| {
            self.command(true, |request_id| {
                Ask::AcceptOffer(p::AcceptOfferRequest { request_id, offer_id, ..Default::default() })
            })
        });
        std::iter::once(late).chain(again).collect()
    }
}

/// A position as lines for the proof name it.
fn at(position: p::Position) -> String {
    format!("{}/{}", position.index, position.output)
}

fn verb(ask: &Ask) -> &'static str {
    match ask {
        Ask::AcceptOffer(_) => "accept",
        Ask::SendMessage(_) => "reply",
        Ask::CloseWork(_) => "close",
        Ask::SetPresence(_) => "presence",
        _ => "another command",
    }
}
