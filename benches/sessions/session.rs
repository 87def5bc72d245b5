//! One agent's client: it does its work, counts what it is told, and comes back where it was.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use skein::domain::id::WorkId;
use skein::proto::agent as p;
use skein::proto::agent::agent_service_client::AgentServiceClient;
use skein::proto::agent::event::Event as What;
use skein::proto::agent::session_request::Request as Ask;
use skein::proto::agent::session_response::Response as Told;
use skein::proto::channel::Content;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;
use tonic::transport::Channel;

use crate::Result;

/// Frames of one client that wait for the transport.
const AHEAD: usize = 64;

/// What all clients have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Messages of customers.
    pub(crate) messages: AtomicU64,
    /// Works that were taken from an agent who had not closed them.
    pub(crate) gone: AtomicU64,
    offers: Mutex<Vec<(u64, u64)>>,
    trouble: Mutex<Option<String>>,
}

impl Seen {
    pub(crate) fn offered(&self) -> u64 {
        locked(&self.offers).len() as u64
    }

    pub(crate) fn offers(&self) -> Vec<(u64, u64)> {
        locked(&self.offers).clone()
    }

    /// Why the last session ended, if one has.
    pub(crate) fn trouble(&self) -> String {
        locked(&self.trouble).clone().unwrap_or_else(|| "no session has ended".to_owned())
    }
}

/// What one agent knows, over all its sessions.
#[derive(Debug)]
pub(crate) struct Agent {
    name: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Epoch of the last session.
    epoch: u64,
    /// What was handled last.
    position: Option<p::Position>,
    requests: u64,
    /// Of each Work, how many messages have come, and the number that the next has.
    works: HashMap<String, u64>,
    lost: u64,
    twice: u64,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Agent {
    pub(crate) fn new(name: String) -> Self {
        Self { name, known: Mutex::default() }
    }

    /// Messages that did not come, and that came again.
    pub(crate) fn missed(&self) -> (u64, u64) {
        let known = locked(&self.known);
        (known.lost, known.twice)
    }

    /// One session, until it ends or this is dropped. `welcomed` hears whether it went on where it was.
    pub(crate) async fn run(self: Arc<Self>, channel: Channel, seen: Arc<Seen>, welcomed: oneshot::Sender<bool>) {
        if let Err(error) = self.session(channel, &seen, welcomed).await {
            *locked(&seen.trouble) = Some(format!("{}: {error}", self.name));
        }
    }

    async fn session(&self, channel: Channel, seen: &Seen, welcomed: oneshot::Sender<bool>) -> Result<()> {
        let (asks, requests) = mpsc::channel(AHEAD);
        let ask = |what| asks.send(p::SessionRequest { request: Some(what) });
        let hello = {
            let known = locked(&self.known);
            p::Hello { resume_session_epoch: known.epoch, resume_after: known.position, ..Default::default() }
        };
        let first = hello.resume_session_epoch == 0;
        ask(Ask::Hello(hello)).await?;
        let mut request = Request::new(ReceiverStream::new(requests));
        request.metadata_mut().insert("skein-workspace", "bench".parse()?);
        request.metadata_mut().insert("skein-agent", self.name.parse()?);
        let mut responses = AgentServiceClient::new(channel).session(request).await?.into_inner();
        let mut welcomed = Some(welcomed);
        while let Some(response) = responses.message().await? {
            match response.response {
                Some(Told::Welcome(welcome)) => {
                    locked(&self.known).epoch = welcome.session_epoch;
                    if first {
                        ask(Ask::SetPresence(self.ready())).await?;
                    } else if let Some(welcomed) = welcomed.take() {
                        // Whoever asked may be gone.
                        let _ = welcomed.send(welcome.resumed);
                    }
                }
                Some(Told::Result(result)) => {
                    if let Some(p::command_result::Result::Error(error)) = result.result {
                        return Err(format!("{} was refused: {}", result.request_id, error.reason).into());
                    }
                    // READY: the first session is whole.
                    if let Some(welcomed) = welcomed.take() {
                        let _ = welcomed.send(true);
                    }
                }
                Some(Told::Events(events)) => {
                    for event in events.events {
                        let asked = self.hear(event, seen);
                        for what in asked {
                            ask(what).await?;
                        }
                    }
                }
                Some(Told::Live(_)) | None => {}
            }
        }
        Err("the server ended the session".into())
    }

    fn ready(&self) -> p::SetPresenceRequest {
        let request_id = format!("{}-ready", self.name);
        p::SetPresenceRequest { request_id, presence: p::Presence::Ready.into(), ..Default::default() }
    }

    /// Notes an event; gives what the agent does about it.
    fn hear(&self, event: p::Event, seen: &Seen) -> Vec<Ask> {
        let mut known = locked(&self.known);
        known.position = event.position;
        known.requests += 1;
        let request_id = format!("{}-{}", self.name, known.requests);
        match event.event {
            Some(What::Message(message)) if message.direction == i32::from(p::Direction::In) => {
                seen.messages.fetch_add(1, Relaxed);
                let number = message.content.as_ref().and_then(|content| content.text.parse::<u64>().ok());
                if let Some(number) = number {
                    known.count(message.work_id, number);
                }
            }
            Some(What::Offered(offer)) => {
                let work: Option<WorkId> = offer.work.as_ref().and_then(|work| work.work_id.parse().ok());
                let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let at = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
                locked(&seen.offers).push((work.map_or(0, WorkId::to_bits), at));
                let offer_id = offer.offer_id;
                return vec![Ask::AcceptOffer(p::AcceptOfferRequest { request_id, offer_id, ..Default::default() })];
            }
            Some(What::Assigned(assigned)) => {
                let offered = assigned.cause() == p::AssignmentCause::Offer;
                let Some(work) = assigned.work else { return Vec::new() };
                if offered {
                    return settle(&request_id, work);
                }
                // Its first message has come with it.
                seen.messages.fetch_add(1, Relaxed);
                known.count(work.work_id, 0);
            }
            Some(What::Unassigned(ended)) if ended.reason != i32::from(p::UnassignReason::Closed) => {
                seen.gone.fetch_add(1, Relaxed);
            }
            _ => {}
        }
        Vec::new()
    }
}

impl Known {
    /// Messages of a Work are numbered from 0, in the order in which its customer wrote.
    fn count(&mut self, work: String, number: u64) {
        let next = self.works.entry(work).or_default();
        self.lost += number.saturating_sub(*next);
        self.twice += u64::from(number < *next);
        *next = (*next).max(number + 1);
    }
}

/// Answers a Work and closes it.
fn settle(request_id: &str, work: p::Work) -> Vec<Ask> {
    let send = p::SendMessageRequest {
        request_id: format!("{request_id}-send"),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        seen_through_message_id: work.last_customer_message_id,
        content: Some(Content { text: "It is on its way to you.".into(), ..Default::default() }),
        ..Default::default()
    };
    let close = p::CloseWorkRequest {
        request_id: request_id.to_owned(),
        work_id: work.work_id,
        assignment_id: work.assignment_id,
        disposition: "answered".into(),
        ..Default::default()
    };
    vec![Ask::SendMessage(send), Ask::CloseWork(close)]
}
