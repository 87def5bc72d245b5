//! Agents as clients: sessions that count what they are told, and do what the cold run needs.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use skein::proto::agent::agent_service_client::AgentServiceClient;
use skein::proto::agent::event::Event as What;
use skein::proto::agent::session_request::Request as Ask;
use skein::proto::agent::session_response::Response as Told;
use skein::proto::agent::{
    AcceptOfferRequest, AcknowledgeRequest, CloseWorkRequest, Hello, Presence, SendMessageRequest, SessionRequest,
    SetPresenceRequest, UnassignReason,
};
use skein::proto::channel::Content;
use tokio::sync::{Notify, mpsc};
use tonic::Request;
use tonic::transport::Channel;

use crate::Result;
use crate::load::DUE;

/// How often an agent says how far it has come.
const ACKNOWLEDGE_EVERY: u64 = 512;
/// A run that does not move for so long is over.
const STALLED: Duration = Duration::from_secs(60);

/// What all agents have seen.
#[derive(Debug)]
pub(crate) struct Seen {
    messages: AtomicU64,
    closed: AtomicU64,
    changed: Notify,
    latency: Mutex<Option<(Instant, Histogram<u64>)>>,
}

/// The agents' sessions.
pub(crate) struct Agents {
    seen: Arc<Seen>,
    tasks: tokio::task::JoinSet<Result<()>>,
}

impl Agents {
    /// Opens the sessions, each on a connection of its own, READY.
    pub(crate) async fn connect(grpc: SocketAddr, count: usize) -> Result<Self> {
        let seen = Arc::new(Seen {
            messages: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            changed: Notify::new(),
            latency: Mutex::new(None),
        });
        let mut tasks = tokio::task::JoinSet::new();
        let (ready, mut opened) = mpsc::channel(count);
        for number in 0..count {
            let channel = Channel::from_shared(format!("http://{grpc}"))?.tcp_nodelay(true).connect().await?;
            tasks.spawn(session(channel, format!("agent-{number}"), Arc::clone(&seen), ready.clone()));
        }
        for _ in 0..count {
            tokio::select! {
                one = opened.recv() => one.ok_or("an agent ended before its session was open")?,
                Some(ended) = tasks.join_next() => return Err(format!("an agent's session ended: {ended:?}").into()),
            }
        }
        Ok(Self { seen, tasks })
    }

    pub(crate) fn messages(&self) -> u64 {
        self.seen.messages.load(Ordering::Relaxed)
    }

    pub(crate) fn closed(&self) -> u64 {
        self.seen.closed.load(Ordering::Relaxed)
    }

    /// Waits until so many messages were seen and Works were closed.
    pub(crate) async fn until(&mut self, messages: u64, closed: u64) -> Result<()> {
        while self.messages() < messages || self.closed() < closed {
            tokio::select! {
                () = self.seen.changed.notified() => {}
                Some(ended) = self.tasks.join_next() => return Err(format!("an agent's session ended: {ended:?}").into()),
                () = tokio::time::sleep(STALLED) => {
                    return Err(format!("stalled at {} of {messages} messages, {} of {closed} closed", self.messages(), self.closed()).into());
                }
            }
        }
        Ok(())
    }

    /// From now on the time since the moment in each message's text is recorded.
    pub(crate) fn time_from(&self, start: Instant) -> Result<()> {
        *self.seen.latency.lock().expect("no agent panics") = Some((start, Histogram::new(3)?));
        Ok(())
    }

    /// The latencies recorded, in microseconds.
    pub(crate) fn latencies(&self) -> Histogram<u64> {
        self.seen.latency.lock().expect("no agent panics").take().expect("time_from was called").1
    }
}

async fn session(channel: Channel, name: String, seen: Arc<Seen>, ready: mpsc::Sender<()>) -> Result<()> {
    let (asks, requests) = mpsc::channel(4_096);
    let ask = |what| asks.send(SessionRequest { request: Some(what) });
    ask(Ask::Hello(Hello::default())).await?;
    let mut request = Request::new(tokio_stream::wrappers::ReceiverStream::new(requests));
    request.metadata_mut().insert("skein-workspace", "bench".parse()?);
    request.metadata_mut().insert("skein-agent", name.parse()?);
    let mut responses = AgentServiceClient::new(channel).session(request).await?.into_inner();
    let mut number = 0_u64;
    let mut unacknowledged = 0;
    while let Some(response) = responses.message().await? {
        match response.response {
            Some(Told::Welcome(_)) => {
                ask(Ask::SetPresence(SetPresenceRequest {
                    request_id: format!("{name}-ready"),
                    presence: Presence::Ready.into(),
                    ..Default::default()
                }))
                .await?;
            }
            Some(Told::Live(_)) => {}
            Some(Told::Result(result)) => {
                if let Some(skein::proto::agent::command_result::Result::Error(error)) = result.result {
                    return Err(format!("{} was refused: {} {}", result.request_id, error.reason, error.message).into());
                }
                if result.request_id.ends_with("-ready") {
                    ready.send(()).await?;
                }
            }
            Some(Told::Events(events)) => {
                let mut messages = 0;
                let Some(position) = events.events.last().and_then(|event| event.position) else { continue };
                unacknowledged += events.events.len() as u64;
                for event in events.events {
                    number += 1;
                    let request_id = format!("{name}-{number}");
                    match event.event {
                        // What the customer wrote; an answer of ours comes back too.
                        Some(What::Message(message))
                            if message.direction == i32::from(skein::proto::agent::Direction::In) =>
                        {
                            messages += 1;
                            let text = message.content.as_ref().map_or("", |content| content.text.as_str());
                            if let Some(due) = text.strip_prefix(DUE) {
                                record(&seen, due.parse()?)?;
                            }
                        }
                        Some(What::Offered(offer)) => {
                            ask(Ask::AcceptOffer(AcceptOfferRequest {
                                request_id,
                                offer_id: offer.offer_id,
                                ..Default::default()
                            }))
                            .await?;
                        }
                        Some(What::Assigned(assigned)) => {
                            let Some(work) = assigned.work.filter(|work| work.endpoint == "cold") else {
                                // A warm Work comes with its first message in the record before.
                                messages += 1;
                                continue;
                            };
                            let (work_id, assignment_id) = (work.work_id, work.assignment_id);
                            ask(Ask::SendMessage(SendMessageRequest {
                                request_id: format!("{request_id}-send"),
                                work_id: work_id.clone(),
                                assignment_id: assignment_id.clone(),
                                seen_through_message_id: work.last_customer_message_id,
                                content: Some(Content {
                                    text: "It is on its way to you.".into(),
                                    ..Default::default()
                                }),
                                ..Default::default()
                            }))
                            .await?;
                            let disposition = "answered".into();
                            ask(Ask::CloseWork(CloseWorkRequest {
                                request_id,
                                work_id,
                                assignment_id,
                                disposition,
                                ..Default::default()
                            }))
                            .await?;
                        }
                        Some(What::Unassigned(ended)) if ended.reason == i32::from(UnassignReason::Closed) => {
                            seen.closed.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => {}
                    }
                }
                seen.messages.fetch_add(messages, Ordering::Relaxed);
                seen.changed.notify_one();
                if unacknowledged >= ACKNOWLEDGE_EVERY {
                    unacknowledged = 0;
                    ask(Ask::Acknowledge(AcknowledgeRequest { position: Some(position), ..Default::default() }))
                        .await?;
                }
            }
            None => {}
        }
    }
    Err("the server ended the session".into())
}

fn record(seen: &Seen, due_micros: u64) -> Result<()> {
    if let Some((start, histogram)) = seen.latency.lock().expect("no agent panics").as_mut() {
        let now = u64::try_from(start.elapsed().as_micros())?;
        histogram.record(now.saturating_sub(due_micros))?;
    }
    Ok(())
}
