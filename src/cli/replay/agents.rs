//! Agents of a replay: one session each, one task each. They accept what is offered while they have room, tell the board which
//! dialogue's Work is theirs, and do what the dialogue's player orders.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use super::summary::Summary;
use crate::cli::client::{Commands, Desk, Frames, Port, customer_messages, open_session};
use crate::proto::agent::conversation_service_client::ConversationServiceClient;
use crate::proto::agent::event::Event as Happened;
use crate::proto::agent::session_response::Response;
use crate::proto::agent::{
    CommandResult, Event, GetConversationRequest, Presence, UnassignReason, Work, WorkState, command_result,
};

/// Orders waiting for one agent: each of its Works has at most one.
const ORDERS: usize = 256;
/// Reason given when a dialogue has ended.
const DISPOSITION: &str = "done";

/// What a player wants of the agent that holds its Work. Answered with the reason of a refusal.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) work_id: String,
    /// The turn to say; none: close the Work.
    pub(super) say: Option<String>,
    pub(super) answer: oneshot::Sender<Result<(), String>>,
}

/// Who holds a dialogue's Work.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    pub(super) agent: usize,
    pub(super) work_id: String,
    pub(super) orders: mpsc::Sender<Order>,
}

/// What agents and players know together.
#[derive(Debug)]
pub(super) struct Board {
    /// By address of the customer.
    pub(super) holdings: HashMap<String, watch::Sender<Option<Holding>>>,
    tally: Mutex<Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    conversations: BTreeSet<String>,
    works: BTreeSet<String>,
    assignments: usize,
    closed: usize,
    /// Agents by message.
    seen: HashMap<String, BTreeSet<usize>>,
    summary: Summary,
}

impl Board {
    pub(super) fn new(holdings: HashMap<String, watch::Sender<Option<Holding>>>) -> Self {
        Self { holdings, tally: Mutex::default() }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to the counts that players keep.
    pub(super) fn count(&self, add: impl FnOnce(&mut Summary)) {
        add(&mut self.tally().summary);
    }

    /// Writes all counts into the summary.
    pub(super) fn report(&self, to: &mut Summary) {
        let tally = self.tally();
        to.published += tally.summary.published;
        to.acknowledged += tally.summary.acknowledged;
        to.refused += tally.summary.refused;
        to.customer_turns += tally.summary.customer_turns;
        to.turns_taken += tally.summary.turns_taken;
        to.commands_refused.clone_from(&tally.summary.commands_refused);
        if to.first_refusal.is_none() {
            to.first_refusal.clone_from(&tally.summary.first_refusal);
        }
        to.conversations = tally.conversations.len();
        to.works = tally.works.len();
        to.assignments = tally.assignments;
        to.closed = tally.closed;
        to.seen_once = tally.seen.values().filter(|agents| agents.len() == 1).count();
        to.seen_by_several = tally.seen.len() - to.seen_once;
        to.seen_by_none = to.customer_turns.saturating_sub(tally.seen.len());
    }
}

/// One agent at work. Ends when its session does, or when it is aborted.
pub(super) struct Agent {
    number: usize,
    capacity: usize,
    board: Arc<Board>,
    commands: Commands,
    conversations: ConversationServiceClient<Port>,
    desk: Desk,
    /// Address of the customer by Work.
    customers: HashMap<String, String>,
    pending: HashMap<String, oneshot::Sender<Result<(), String>>>,
    orders: mpsc::Sender<Order>,
}

impl Agent {
    /// Opens the session and works until it ends.
    pub(super) async fn run(
        channel: Port,
        workspace: String,
        number: usize,
        capacity: usize,
        board: Arc<Board>,
    ) -> anyhow::Result<()> {
        let (commands, frames, welcome) = open_session(&channel, &workspace, &format!("replay-{number:02}")).await?;
        let (orders, inbox) = mpsc::channel(ORDERS);
        let desk = Desk::restore(welcome.snapshot.unwrap_or_default());
        let conversations = ConversationServiceClient::new(channel);
        let (customers, pending) = (HashMap::new(), HashMap::new());
        let mut agent = Self { number, capacity, board, commands, conversations, desk, customers, pending, orders };
        agent.commands.presence(Presence::Ready, "").await?;
        let before: Vec<Work> = agent.desk.works.values().cloned().collect();
        for work in before {
            agent.hold(&work).await?;
        }
        agent.work(frames, inbox).await
    }

    async fn work(&mut self, mut frames: Frames, mut inbox: mpsc::Receiver<Order>) -> anyhow::Result<()> {
        loop {
            // Both arms are cancel safe: an order and a frame stay where they are until they are taken.
            tokio::select! {
                Some(order) = inbox.recv() => self.obey(order).await?,
                frame = frames.message() => match frame?.and_then(|frame| frame.response) {
                    Some(Response::Events(events)) => for event in &events.events {
                        self.handle(event).await?;
                    },
                    Some(Response::Result(result)) => self.settle(result),
                    Some(Response::Welcome(_) | Response::Live(_)) => {}
                    None => anyhow::bail!("the daemon has closed the session of agent {}", self.number),
                },
            }
        }
    }

    async fn handle(&mut self, event: &Event) -> anyhow::Result<()> {
        self.desk.apply(event);
        for message in customer_messages(event) {
            self.board.tally().seen.entry(message.message_id.clone()).or_default().insert(self.number);
        }
        match &event.event {
            Some(Happened::Offered(offer)) if self.desk.works.len() < self.capacity => {
                self.commands.accept(&offer.offer_id).await?;
            }
            Some(Happened::Offered(offer)) => {
                self.commands.decline(&offer.offer_id).await?;
            }
            Some(Happened::Assigned(assigned)) => {
                if let Some(work) = &assigned.work {
                    self.hold(work).await?;
                }
            }
            Some(Happened::Unassigned(gone)) => {
                if gone.reason() == UnassignReason::Closed {
                    self.board.tally().closed += 1;
                }
                self.let_go(&gone.work_id);
            }
            Some(Happened::Changed(changed)) if changed.state() == WorkState::Wrapup => {
                // Nothing is left to note.
                if let Some(work) = self.desk.works.get(&changed.work_id) {
                    self.commands.close(work, DISPOSITION).await?;
                }
            }
            Some(
                Happened::Changed(_)
                | Happened::Message(_)
                | Happened::OfferEnded(_)
                | Happened::Status(_)
                | Happened::Presence(_)
                | Happened::CustomerChanged(_)
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
            Some(Happened::SessionEnded(ended)) => {
                anyhow::bail!("the session of agent {} has ended: {}", self.number, ended.reason().as_str_name())
            }
        }
        if let Some(position) = event.position {
            self.commands.acknowledge(position).await?;
        }
        Ok(())
    }

    /// Tells the player of the Work's customer whose it is.
    async fn hold(&mut self, work: &Work) -> anyhow::Result<()> {
        {
            let mut tally = self.board.tally();
            tally.conversations.insert(work.conversation_id.clone());
            tally.works.insert(work.work_id.clone());
            tally.assignments += 1;
        }
        let request = GetConversationRequest { conversation_id: work.conversation_id.clone() };
        let request = self.commands.unary(request)?;
        let found = self.conversations.get_conversation(request).await?.into_inner().conversation.unwrap_or_default();
        for identity in found.identities {
            if let Some(holding) = self.board.holdings.get(&identity.address) {
                let orders = self.orders.clone();
                holding.send_replace(Some(Holding { agent: self.number, work_id: work.work_id.clone(), orders }));
                self.customers.insert(work.work_id.clone(), identity.address);
            }
        }
        Ok(())
    }

    fn let_go(&mut self, work_id: &str) {
        let Some(customer) = self.customers.remove(work_id) else { return };
        if let Some(holding) = self.board.holdings.get(&customer) {
            // Another agent may have it already.
            holding.send_if_modified(|now| now.take_if(|held| held.agent == self.number).is_some());
        }
    }

    async fn obey(&mut self, order: Order) -> anyhow::Result<()> {
        let Some(work) = self.desk.works.get(&order.work_id) else {
            // The player may have given up waiting; then nobody wants the answer.
            let _ = order.answer.send(Err("NOT_HELD".to_owned()));
            return Ok(());
        };
        let request_id = match &order.say {
            Some(text) => self.commands.reply(work, text).await?,
            None => self.commands.close(work, DISPOSITION).await?,
        };
        self.pending.insert(request_id, order.answer);
        Ok(())
    }

    fn settle(&mut self, result: CommandResult) {
        let outcome = match result.result {
            Some(command_result::Result::Error(error)) => {
                self.board.count(|counts| *counts.commands_refused.entry(error.reason.clone()).or_default() += 1);
                Err(error.reason)
            }
            _ => Ok(()),
        };
        if let Some(answer) = self.pending.remove(&result.request_id) {
            // As above.
            let _ = answer.send(outcome);
        }
    }
}
