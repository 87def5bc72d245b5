//! An agent's session as its tool sees it.

use skein::proto::agent::agent_service_client::AgentServiceClient;
use skein::proto::agent::event::Event as What;
use skein::proto::agent::live::Live;
use skein::proto::agent::session_request::Request as Ask;
use skein::proto::agent::session_response::Response as Told;
use skein::proto::agent::{
    AcceptOfferRequest, CommandResult, Event, Hello, Offer, Presence, SendMessageRequest, SessionRequest,
    SessionResponse, SetPresenceRequest, Welcome, WorkAssigned,
};
use skein::proto::channel::Content;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use crate::bed::PATIENCE;
use crate::reads::by;

/// Commands on their way; with more the agent waits.
const AHEAD: usize = 4_096;

/// An open session.
pub(crate) struct Session {
    asks: mpsc::Sender<SessionRequest>,
    frames: Streaming<SessionResponse>,
    pub(crate) welcome: Welcome,
}

impl Session {
    /// Opens a session, or goes on with one.
    pub(crate) async fn open(channel: Channel, agent: &str, hello: Hello) -> Result<Self, Status> {
        let (asks, requests) = mpsc::channel(AHEAD);
        let first = SessionRequest { request: Some(Ask::Hello(hello)) };
        asks.try_send(first).map_err(|error| Status::internal(error.to_string()))?;
        let request = by(agent, ReceiverStream::new(requests));
        let mut frames = AgentServiceClient::new(channel).session(request).await?.into_inner();
        match frames.message().await?.and_then(|frame| frame.response) {
            Some(Told::Welcome(welcome)) => Ok(Self { asks, frames, welcome }),
            other => Err(Status::internal(format!("no welcome but {other:?}"))),
        }
    }

    /// Sends a frame. False: the session is over.
    pub(crate) async fn ask(&self, ask: Ask) -> bool {
        self.asks.send(SessionRequest { request: Some(ask) }).await.is_ok()
    }

    /// The next frame; None at the end of the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<Told>, Status> {
        Ok(self.frames.message().await?.and_then(|frame| frame.response))
    }
}

/// `READY` under the request id.
pub(crate) fn ready(request_id: &str) -> Ask {
    Ask::SetPresence(SetPresenceRequest {
        request_id: request_id.to_owned(),
        presence: Presence::Ready.into(),
        ..SetPresenceRequest::default()
    })
}

pub(crate) fn accept(request_id: &str, offer: &Offer) -> Ask {
    Ask::AcceptOffer(AcceptOfferRequest {
        request_id: request_id.to_owned(),
        offer_id: offer.offer_id.clone(),
        ..AcceptOfferRequest::default()
    })
}

/// An answer in a Work, under its assignment, by somebody who has seen its messages up to `seen`.
pub(crate) fn reply(request_id: &str, work_id: &str, assignment_id: &str, seen: &str, text: &str) -> Ask {
    Ask::SendMessage(SendMessageRequest {
        request_id: request_id.to_owned(),
        work_id: work_id.to_owned(),
        assignment_id: assignment_id.to_owned(),
        seen_through_message_id: seen.to_owned(),
        content: Some(Content { text: text.to_owned(), ..Content::default() }),
        ..SendMessageRequest::default()
    })
}

/// One agent at a terminal, who does one thing after the other.
pub(crate) struct Agent {
    session: Session,
    events: std::collections::VecDeque<Event>,
    results: Vec<CommandResult>,
    live: std::collections::VecDeque<Live>,
    requests: u32,
}

impl Agent {
    /// Logs in and is READY.
    pub(crate) async fn log_in(channel: Channel, name: &str) -> Self {
        let session = Session::open(channel, name, Hello::default()).await.expect("a session");
        let mut agent =
            Self { session, events: Default::default(), results: Vec::new(), live: Default::default(), requests: 0 };
        agent.command(ready).await;
        agent
    }

    /// Sends a command and waits until it is done; a refusal is a failure of the test.
    pub(crate) async fn command(&mut self, ask: impl FnOnce(&str) -> Ask) -> CommandResult {
        self.requests += 1;
        let id = format!("r{}", self.requests);
        assert!(self.session.ask(ask(&id)).await, "the session is over");
        let result = loop {
            if let Some(at) = self.results.iter().position(|result| result.request_id == id) {
                break self.results.swap_remove(at);
            }
            assert!(self.read().await, "the session ended before the result");
        };
        if let Some(skein::proto::agent::command_result::Result::Error(error)) = &result.result {
            panic!("refused: {error:?}");
        }
        result
    }

    /// The next event that `wanted` takes; those before it are passed over.
    pub(crate) async fn told<T>(&mut self, what: &str, wanted: impl Fn(&What) -> Option<T>) -> T {
        loop {
            while let Some(event) = self.events.pop_front() {
                if let Some(found) = event.event.as_ref().and_then(&wanted) {
                    return found;
                }
            }
            assert!(self.read().await, "the session ended before it was told: {what}");
        }
    }

    /// The next thing that it is told live.
    pub(crate) async fn glimpses(&mut self) -> Live {
        loop {
            if let Some(live) = self.glimpsed() {
                return live;
            }
            assert!(self.read().await, "the session ended before something live");
        }
    }

    /// What it was told live among the frames read so far.
    pub(crate) fn glimpsed(&mut self) -> Option<Live> {
        self.live.pop_front()
    }

    /// Waits for a Work of the endpoint: accepts the offer where it is offered.
    pub(crate) async fn take(&mut self, endpoint: &str, offered: bool) -> WorkAssigned {
        let here =
            |work: &Option<skein::proto::agent::Work>| work.as_ref().is_some_and(|work| work.endpoint == endpoint);
        if offered {
            let offer = self
                .told("an offer", |event| match event {
                    What::Offered(offer) if here(&offer.work) => Some(offer.clone()),
                    _ => None,
                })
                .await;
            self.command(|id| accept(id, &offer)).await;
        }
        self.told("a Work", |event| match event {
            What::Assigned(assigned) if here(&assigned.work) => Some(assigned.clone()),
            _ => None,
        })
        .await
    }

    /// Whether there was another frame.
    async fn read(&mut self) -> bool {
        let frame = tokio::time::timeout(PATIENCE, self.session.next()).await.expect("a frame in time");
        match frame {
            Ok(Some(Told::Events(events))) => self.events.extend(events.events),
            Ok(Some(Told::Result(result))) => self.results.push(result),
            Ok(Some(Told::Live(live))) => self.live.extend(live.live),
            Ok(Some(Told::Welcome(_))) => panic!("a second welcome"),
            Ok(None) | Err(_) => return false,
        }
        true
    }
}
