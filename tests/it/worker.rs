//! An agent's tool that survives everything: connects again, goes on with its session, repeats what has no result yet under the same
//! request id, accepts what it is offered and answers whatever a customer writes.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use skein::proto::agent::command_result::Result as Outcome;
use skein::proto::agent::event::Event as What;
use skein::proto::agent::session_request::Request as Ask;
use skein::proto::agent::session_response::Response as Told;
use skein::proto::agent::{AcknowledgeRequest, CommandResult, Direction, Event, Hello, Position, SessionEndReason};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::Channel;

use crate::agent::{Session, accept, ready, reply};
use crate::bed::WORKSPACE;

/// Pause before the next attempt to connect.
const AGAIN: Duration = Duration::from_millis(20);

/// A Work that it owns.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    pub(crate) assignment: String,
    pub(crate) seen: String,
    replies: u32,
}

/// What it remembers, over all reconnects, and what it found wrong.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    epoch: u64,
    after: Option<Position>,
    pending: VecDeque<(String, Ask)>,
    requests: u64,
    pub(crate) owned: BTreeMap<String, Owned>,
    /// Works and ids of the customers' messages it was told of, in order.
    pub(crate) told: Vec<(String, String)>,
    /// Works and texts of the replies that were accepted, in order.
    pub(crate) accepted: Vec<(String, String)>,
    pub(crate) resumes: u32,
    /// Sessions that ended because the daemon was going to.
    pub(crate) drained: u32,
    pub(crate) faults: Vec<String>,
    /// What it saw, as `skein verify` reads it.
    pub(crate) saw: Vec<String>,
    pub(crate) last_error: String,
}

impl Notes {
    fn command(&mut self, name: &str, ask: impl FnOnce(&str) -> Ask) -> Ask {
        self.requests += 1;
        let id = format!("{name}-{}", self.requests);
        let ask = ask(&id);
        self.pending.push_back((id, ask.clone()));
        ask
    }

    /// Nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.epoch != 0
    }

    fn note(&mut self, name: &str, saw: Value) {
        self.saw.push(json!({"workspace": WORKSPACE, "agent": name, "saw": saw}).to_string());
    }

    fn answer(&mut self, name: &str, work: &str) -> Ask {
        let owned = self.owned.get_mut(work).expect("only of Works that it owns");
        owned.replies += 1;
        let text = format!("{name} {work} {}", owned.replies);
        let owned = owned.clone();
        self.command(name, |id| reply(id, work, &owned.assignment, &owned.seen, &text))
    }

    fn event(&mut self, name: &str, event: Event) -> Option<Ask> {
        let at = event.position.unwrap_or_default();
        let before = self.after.unwrap_or_default();
        if !matches!(event.event, Some(What::SessionEnded(_))) {
            if (at.index, at.output) <= (before.index, before.output) {
                self.faults.push(format!("{at:?} came after {before:?}"));
            }
            self.after = Some(at);
            self.note(name, json!({"event": {"at": told(at)}}));
        }
        match event.event? {
            What::Offered(offer) => Some(self.command(name, |id| accept(id, &offer))),
            What::Assigned(assigned) => {
                let work = assigned.work?;
                let owned = Owned { assignment: work.assignment_id, seen: work.last_customer_message_id, replies: 0 };
                if self.owned.insert(work.work_id.clone(), owned).is_some() {
                    self.faults.push(format!("{} was assigned twice", work.work_id));
                }
                Some(self.answer(name, &work.work_id))
            }
            What::Message(message) if message.direction == i32::from(Direction::In) => {
                self.told.push((message.work_id.clone(), message.message_id.clone()));
                let Some(owned) = self.owned.get_mut(&message.work_id) else {
                    // Beside a Work of its own in the same conversation: shown, not its to answer.
                    return None;
                };
                owned.seen = message.message_id;
                Some(self.answer(name, &message.work_id))
            }
            What::SessionEnded(ended) if ended.reason() == SessionEndReason::Draining => {
                self.drained += 1;
                None
            }
            What::Unassigned(ended) => {
                self.faults.push(format!("{} was taken away: {:?}", ended.work_id, ended.reason()));
                None
            }
            _ => None,
        }
    }

    fn result(&mut self, name: &str, result: CommandResult) {
        let Some(at) = self.pending.iter().position(|(id, _)| *id == result.request_id) else {
            self.faults.push(format!("a second result of {}", result.request_id));
            return;
        };
        let Some((_, ask)) = self.pending.remove(at) else { return };
        let request_id = &result.request_id;
        let answer = match (&result.result, &ask) {
            (Some(Outcome::SendMessage(sent)), _) => {
                Some(json!({"request_id": request_id, "message": sent.message_id}))
            }
            (Some(Outcome::AcceptOffer(taken)), Ask::AcceptOffer(accept)) => {
                Some(json!({"request_id": request_id, "offer": accept.offer_id, "assignment": taken.assignment_id}))
            }
            _ => None,
        };
        if let Some(answer) = answer {
            self.note(name, json!({"answer": answer}));
        }
        match (result.result, ask) {
            (Some(Outcome::Error(error)), ask) => self.faults.push(format!("{ask:?} was refused: {error:?}")),
            (Some(Outcome::SendMessage(_)), Ask::SendMessage(sent)) => {
                self.accepted.push((sent.work_id, sent.content.unwrap_or_default().text));
            }
            _ => {}
        }
    }
}

/// A position as lines for `skein verify` name it.
fn told(position: Position) -> String {
    format!("{}/{}", position.index, position.output)
}

/// A tool at work. Dropped: gone without a word.
pub(crate) struct Worker {
    pub(crate) name: String,
    notes: Arc<Mutex<Notes>>,
    _task: AbortOnDropHandle<()>,
}

impl Worker {
    /// Starts it; `daemon` says where the daemon is now.
    pub(crate) fn start(name: &str, daemon: watch::Receiver<Option<SocketAddr>>) -> Self {
        let notes = Arc::new(Mutex::new(Notes::default()));
        let task = tokio::spawn(run(name.to_owned(), Arc::clone(&notes), daemon));
        Self { name: name.to_owned(), notes, _task: AbortOnDropHandle::new(task) }
    }

    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        lock(&self.notes)
    }
}

fn lock(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    notes.lock().expect("nobody panics while holding it")
}

async fn run(name: String, notes: Arc<Mutex<Notes>>, mut daemon: watch::Receiver<Option<SocketAddr>>) {
    lock(&notes).command(&name, ready);
    loop {
        let Ok(address) = daemon.wait_for(Option::is_some).await.map(|address| *address) else { return };
        let Some(address) = address else { continue };
        let error = one_session(&name, &notes, address).await;
        lock(&notes).last_error = error;
        tokio::time::sleep(AGAIN).await;
    }
}

/// Until the session ends; says why it did.
async fn one_session(name: &str, notes: &Mutex<Notes>, address: SocketAddr) -> String {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("a URL");
    let channel = match endpoint.connect().await {
        Ok(channel) => channel,
        Err(error) => return error.to_string(),
    };
    let hello = {
        let notes = lock(notes);
        Hello { resume_session_epoch: notes.epoch, resume_after: notes.after, takeover: false, ..Default::default() }
    };
    let resuming = hello.resume_after.is_some();
    let mut session = match Session::open(channel, name, hello).await {
        Ok(session) => session,
        Err(status) => return status.to_string(),
    };
    let repeated: Vec<Ask> = {
        let mut notes = lock(notes);
        if resuming && !session.welcome.resumed {
            notes.faults.push("a resume was not taken".to_owned());
        }
        notes.resumes += u32::from(resuming);
        notes.epoch = session.welcome.session_epoch;
        if let Some(snapshot) = session.welcome.snapshot.take().filter(|_| !resuming) {
            notes.after = snapshot.position;
        }
        let (after, session) = (told(notes.after.unwrap_or_default()), notes.epoch);
        notes.note(name, json!({"welcome": {"after": after, "session": session}}));
        notes.pending.iter().map(|(_, ask)| ask.clone()).collect()
    };
    for ask in repeated {
        if !session.ask(ask).await {
            return "the session is over".to_owned();
        }
    }
    loop {
        match session.next().await {
            Ok(Some(Told::Events(events))) => {
                let (asks, position) = {
                    let mut notes = lock(notes);
                    let asks: Vec<Ask> =
                        events.events.into_iter().filter_map(|event| notes.event(name, event)).collect();
                    (asks, notes.after)
                };
                let acknowledge = Ask::Acknowledge(AcknowledgeRequest { position, ..AcknowledgeRequest::default() });
                for ask in asks.into_iter().chain([acknowledge]) {
                    if !session.ask(ask).await {
                        return "the session is over".to_owned();
                    }
                }
            }
            Ok(Some(Told::Result(result))) => lock(notes).result(name, result),
            Ok(Some(Told::Live(_))) => {}
            Ok(Some(Told::Welcome(_))) => lock(notes).faults.push("a second welcome".to_owned()),
            Ok(None) => return "the stream ended".to_owned(),
            Err(status) => return status.to_string(),
        }
    }
}
