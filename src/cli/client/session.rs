//! An agent's session: commands out, events in, and what the agent has on its desk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataValue;
use tonic::{Request, Streaming};

use super::reach::Port;
use crate::proto::agent::agent_service_client::AgentServiceClient;
use crate::proto::agent::event::Event as Happened;
use crate::proto::agent::session_request::Request as Frame;
use crate::proto::agent::session_response::Response;
use crate::proto::agent::split_work_request::Messages;
use crate::proto::agent::{
    AcceptOfferRequest, AcknowledgeRequest, CloseWorkRequest, DeclineOfferRequest, Direction, EndSessionRequest, Event,
    Hello, LinkIdentityRequest, MergeCustomersRequest, MergeWorksRequest, Message, MessageKind, Offer, Position,
    Presence, SendMessageRequest, SessionRequest, SessionResponse, SetPresenceRequest, Snapshot, SplitWorkRequest,
    UnmergeCustomersRequest, Welcome, Work,
};
use crate::proto::channel::Content;

/// Commands on their way; a person or bot has few at once.
const COMMANDS: usize = 64;

/// What a session gives.
pub(in crate::cli) type Frames = Streaming<SessionResponse>;

/// Opens a session, taking over from a connected one of the same name.
pub(in crate::cli) async fn open_session(
    channel: &Port,
    workspace: &str,
    agent: &str,
) -> anyhow::Result<(Commands, Frames, Welcome)> {
    begin(channel, workspace, agent, Hello { takeover: true, ..Hello::default() }).await
}

/// Goes on with a session whose connection is gone, after the last position that was handled.
pub(in crate::cli) async fn resume_session(
    channel: &Port,
    before: &Commands,
    after: Option<Position>,
) -> anyhow::Result<(Commands, Frames, Welcome)> {
    let hello =
        Hello { resume_session_epoch: before.epoch, resume_after: after, takeover: false, ..Default::default() };
    begin(channel, &before.workspace, &before.agent, hello).await
}

async fn begin(
    channel: &Port,
    workspace: &str,
    agent: &str,
    hello: Hello,
) -> anyhow::Result<(Commands, Frames, Welcome)> {
    let (sender, receiver) = mpsc::channel(COMMANDS);
    sender.send(SessionRequest { request: Some(Frame::Hello(hello)) }).await.context("the session has ended")?;
    let request = as_agent(ReceiverStream::new(receiver), workspace, agent)?;
    let mut frames =
        AgentServiceClient::new(channel.clone()).session(request).await.context("cannot open a session")?.into_inner();
    let first = frames.message().await.context("cannot open a session")?.and_then(|frame| frame.response);
    let Some(Response::Welcome(welcome)) = first else { anyhow::bail!("the session did not begin with a welcome") };
    let commands = Commands {
        sender,
        workspace: workspace.into(),
        agent: agent.into(),
        epoch: welcome.session_epoch,
        next: Arc::new(AtomicU64::new(1)),
        run: rand::random(),
    };
    Ok((commands, frames, welcome))
}

/// A request in the name of an agent.
pub(in crate::cli) fn as_agent<T>(message: T, workspace: &str, agent: &str) -> anyhow::Result<Request<T>> {
    let mut request = Request::new(message);
    let value = |text: &str| MetadataValue::try_from(text).context("a name with characters that headers cannot hold");
    request.metadata_mut().insert("skein-workspace", value(workspace)?);
    request.metadata_mut().insert("skein-agent", value(agent)?);
    Ok(request)
}

/// Sends commands of a session. Each gives the request id that its result will carry.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Commands {
    sender: mpsc::Sender<SessionRequest>,
    workspace: Arc<str>,
    agent: Arc<str>,
    epoch: u64,
    next: Arc<AtomicU64>,
    run: u64,
}

impl Commands {
    /// A unary request in the name of the same agent.
    pub(in crate::cli) fn unary<T>(&self, message: T) -> anyhow::Result<Request<T>> {
        as_agent(message, &self.workspace, &self.agent)
    }

    pub(in crate::cli) fn request_id(&self) -> String {
        format!("{:016x}-{}", self.run, self.next.fetch_add(1, Ordering::Relaxed))
    }

    async fn send(&self, frame: Frame) -> anyhow::Result<()> {
        self.sender.send(SessionRequest { request: Some(frame) }).await.ok().context("the session has ended")
    }

    pub(in crate::cli) async fn presence(&self, presence: Presence, reason: &str) -> anyhow::Result<String> {
        let request_id = self.request_id();
        let command = SetPresenceRequest {
            request_id: request_id.clone(),
            session_epoch: self.epoch,
            presence: presence.into(),
            reason: reason.to_owned(),
            channels: Vec::new(),
        };
        self.send(Frame::SetPresence(command)).await?;
        Ok(request_id)
    }

    pub(in crate::cli) async fn accept(&self, offer_id: &str) -> anyhow::Result<String> {
        let request_id = self.request_id();
        let (session_epoch, offer_id) = (self.epoch, offer_id.to_owned());
        let command = AcceptOfferRequest { request_id: request_id.clone(), session_epoch, offer_id };
        self.send(Frame::AcceptOffer(command)).await?;
        Ok(request_id)
    }

    pub(in crate::cli) async fn decline(&self, offer_id: &str) -> anyhow::Result<String> {
        let request_id = self.request_id();
        let (session_epoch, offer_id) = (self.epoch, offer_id.to_owned());
        let command = DeclineOfferRequest { request_id: request_id.clone(), session_epoch, offer_id };
        self.send(Frame::DeclineOffer(command)).await?;
        Ok(request_id)
    }

    /// Answers the customer. The author has seen what the desk shows.
    pub(in crate::cli) async fn reply(&self, work: &Work, text: &str) -> anyhow::Result<String> {
        let request_id = self.request_id();
        let command = SendMessageRequest {
            request_id: request_id.clone(),
            session_epoch: self.epoch,
            work_id: work.work_id.clone(),
            assignment_id: work.assignment_id.clone(),
            seen_through_message_id: work.last_customer_message_id.clone(),
            content: Some(text_content(text)),
            ..SendMessageRequest::default()
        };
        self.send(Frame::SendMessage(command)).await?;
        Ok(request_id)
    }

    pub(in crate::cli) async fn close(&self, work: &Work, disposition: &str) -> anyhow::Result<String> {
        let request_id = self.request_id();
        let command = CloseWorkRequest {
            request_id: request_id.clone(),
            session_epoch: self.epoch,
            work_id: work.work_id.clone(),
            assignment_id: work.assignment_id.clone(),
            disposition: disposition.to_owned(),
        };
        self.send(Frame::CloseWork(command)).await?;
        Ok(request_id)
    }

    /// Makes `from` one matter with `into`. Of one that is not the agent's it is believed that nobody owns it.
    pub(in crate::cli) async fn merge(&self, from: &Work, into: &Work) -> anyhow::Result<String> {
        let request_id = self.request_id();
        let command = MergeWorksRequest {
            request_id: request_id.clone(),
            session_epoch: self.epoch,
            from_work_id: from.work_id.clone(),
            from_assignment_id: from.assignment_id.clone(),
            into_work_id: into.work_id.clone(),
            into_assignment_id: into.assignment_id.clone(),
        };
        self.send(Frame::MergeWorks(command)).await?;
        Ok(request_id)
    }

    /// Makes a matter of its own of what `messages` names.
    pub(in crate::cli) async fn split(&self, work: &Work, messages: Messages) -> anyhow::Result<String> {
        let request_id = self.request_id();
        let command = SplitWorkRequest {
            request_id: request_id.clone(),
            session_epoch: self.epoch,
            work_id: work.work_id.clone(),
            assignment_id: work.assignment_id.clone(),
            messages: Some(messages),
            ..SplitWorkRequest::default()
        };
        self.send(Frame::SplitWork(command)).await?;
        Ok(request_id)
    }

    /// The customer of a Work is one person with another.
    pub(in crate::cli) async fn merge_customers(&self, customer_id: &str, other: &str) -> anyhow::Result<()> {
        let (request_id, session_epoch) = (self.request_id(), self.epoch);
        let (customer_id, other_customer_id) = (customer_id.to_owned(), other.to_owned());
        let command = MergeCustomersRequest { request_id, session_epoch, customer_id, other_customer_id };
        self.send(Frame::MergeCustomers(command)).await
    }

    /// A customer that was merged away is one again.
    pub(in crate::cli) async fn unmerge(&self, customer_id: &str) -> anyhow::Result<()> {
        let (request_id, session_epoch) = (self.request_id(), self.epoch);
        let customer_id = customer_id.to_owned();
        let command = UnmergeCustomersRequest { request_id, session_epoch, customer_id, identity_ids: Vec::new() };
        self.send(Frame::UnmergeCustomers(command)).await
    }

    /// An address is a customer's.
    pub(in crate::cli) async fn link(&self, customer_id: &str, namespace: &str, address: &str) -> anyhow::Result<()> {
        let command = LinkIdentityRequest {
            request_id: self.request_id(),
            session_epoch: self.epoch,
            customer_id: customer_id.to_owned(),
            namespace: namespace.to_owned(),
            address: address.to_owned(),
        };
        self.send(Frame::LinkIdentity(command)).await
    }

    pub(in crate::cli) async fn acknowledge(&self, position: Position) -> anyhow::Result<()> {
        self.send(Frame::Acknowledge(AcknowledgeRequest { session_epoch: self.epoch, position: Some(position) })).await
    }

    pub(in crate::cli) async fn end(&self) -> anyhow::Result<()> {
        let (request_id, session_epoch) = (self.request_id(), self.epoch);
        self.send(Frame::EndSession(EndSessionRequest { request_id, session_epoch })).await
    }
}

/// Plain text.
fn text_content(text: &str) -> Content {
    Content { text: text.to_owned(), parts: Vec::new() }
}

/// The words of a customer, when the message has any.
pub(in crate::cli) fn customer_text(message: &Message) -> Option<&str> {
    let said = message.direction() == Direction::In && message.kind() == MessageKind::Message;
    message.content.as_ref().filter(|_| said).map(|content| content.text.as_str())
}

/// A customer's words, as they come: by themselves, or with the assignment of a Work.
pub(in crate::cli) fn customer_messages(event: &Event) -> impl Iterator<Item = &Message> {
    let messages = match &event.event {
        Some(Happened::Message(message)) => std::slice::from_ref(message),
        Some(Happened::Assigned(assigned)) => &assigned.messages,
        _ => &[],
    };
    messages.iter().filter(|message| customer_text(message).is_some())
}

/// Offers and Works of an agent, as its events say.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Desk {
    /// By id.
    pub(in crate::cli) offers: BTreeMap<String, Offer>,
    /// By id.
    pub(in crate::cli) works: BTreeMap<String, Work>,
}

impl Desk {
    pub(in crate::cli) fn restore(snapshot: Snapshot) -> Self {
        Self {
            offers: snapshot.offers.into_iter().map(|offer| (offer.offer_id.clone(), offer)).collect(),
            works: snapshot.works.into_iter().map(|work| (work.work_id.clone(), work)).collect(),
        }
    }

    pub(in crate::cli) fn apply(&mut self, event: &Event) {
        match &event.event {
            Some(Happened::Offered(offer)) => {
                self.offers.insert(offer.offer_id.clone(), offer.clone());
            }
            Some(Happened::OfferEnded(ended)) => {
                self.offers.remove(&ended.offer_id);
            }
            Some(Happened::Assigned(assigned)) => {
                if let Some(work) = &assigned.work {
                    self.works.insert(work.work_id.clone(), work.clone());
                }
            }
            Some(Happened::Unassigned(gone)) => {
                self.works.remove(&gone.work_id);
            }
            Some(Happened::Changed(changed)) => {
                if let Some(work) = self.works.get_mut(&changed.work_id) {
                    work.state = changed.state;
                }
            }
            Some(Happened::Message(message)) => {
                let work = self.works.get_mut(&message.work_id);
                if let Some(work) = work.filter(|_| message.direction() == Direction::In) {
                    work.last_customer_message_id.clone_from(&message.message_id);
                }
            }
            Some(Happened::CustomerChanged(changed)) => {
                if let Some(work) = self.works.get_mut(&changed.work_id) {
                    work.conversation_id.clone_from(&changed.conversation_id);
                }
            }
            Some(
                Happened::Status(_)
                | Happened::Presence(_)
                | Happened::SessionEnded(_)
                | Happened::WorksMerged(_)
                | Happened::WorkSplit(_)
                | Happened::MessagesRestored(_)
                | Happened::ParticipationStarted(_)
                | Happened::ParticipationEnded(_)
                | Happened::OwnerChanged(_)
                | Happened::TransferStarted(_)
                | Happened::TransferEnded(_)
                | Happened::Promised(_)
                | Happened::Marked(_),
            )
            | None => {}
        }
    }
}
