//! The desk in use: what is told is printed, what is typed is done.

use super::line::{HELP, Line};
use super::words;
use crate::cli::client::{Commands, Desk, Port, customer_text};
use crate::proto::agent::conversation_service_client::ConversationServiceClient;
use crate::proto::agent::customer_service_client::CustomerServiceClient;
use crate::proto::agent::event::Event as Happened;
use crate::proto::agent::queue_service_client::QueueServiceClient;
use crate::proto::agent::session_response::Response;
use crate::proto::agent::split_work_request::Messages;
use crate::proto::agent::work_service_client::WorkServiceClient;
use crate::proto::agent::{
    AgentState, CommandResult, Customer, Direction, Event, GetCustomerRequest, Link, ListMessagesRequest, Live,
    Message, Position, Presence, SessionEndReason, SessionResponse, Welcome, Work, command_result, live,
};

/// Reason of an agent that has just logged in and said nothing yet.
const LOGGED_IN: &str = "LOGGED_IN";

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Stay,
    /// The session is over for good.
    Leave,
    /// Whoever sits here wants to go.
    LogOut,
    /// The session is lost, and can be gone on with.
    ComeBack(String),
}

/// A person or bot with its desk.
pub(super) struct Seat {
    pub(super) commands: Commands,
    pub(super) auto: bool,
    pub(super) history: ConversationServiceClient<Port>,
    pub(super) customers: CustomerServiceClient<Port>,
    pub(super) works: WorkServiceClient<Port>,
    pub(super) rooms: QueueServiceClient<Port>,
    /// The last position handled.
    pub(super) after: Option<Position>,
    desk: Desk,
    /// Id of the Work that replies go to.
    chosen: Option<String>,
    /// It takes work, as far as it was told.
    ready: bool,
}

impl Seat {
    pub(super) fn new(commands: Commands, desk: Desk, auto: bool, channel: Port) -> Self {
        let history = ConversationServiceClient::new(channel.clone());
        let customers = CustomerServiceClient::new(channel.clone());
        let works = WorkServiceClient::new(channel.clone());
        let rooms = QueueServiceClient::new(channel);
        Self { commands, auto, history, customers, works, rooms, after: None, desk, chosen: None, ready: false }
    }

    /// Goes on after a reconnect.
    pub(super) async fn sit_down(&mut self, welcome: Welcome) -> anyhow::Result<()> {
        let was_ready = self.ready;
        let Some(snapshot) = welcome.snapshot else { return Ok(()) };
        self.after = snapshot.position.or(self.after);
        let state = snapshot.agent.clone().unwrap_or_default();
        self.desk = Desk::restore(snapshot);
        self.show_desk();
        self.stand(&state, was_ready).await?;
        self.take_up_desk().await
    }

    /// A session that had to begin anew begins as AWAY: who took work before goes on with it.
    async fn stand(&mut self, state: &AgentState, was_ready: bool) -> anyhow::Result<()> {
        let fresh = state.presence() == Presence::Away && state.reason == LOGGED_IN;
        if fresh && was_ready {
            self.commands.presence(Presence::Ready, "").await?;
        } else {
            self.ready = state.presence() == Presence::Ready;
        }
        Ok(())
    }

    /// Handles what the daemon says.
    pub(super) async fn hear(&mut self, frame: SessionResponse) -> anyhow::Result<Next> {
        match frame.response {
            Some(Response::Events(events)) => return self.handle_all(&events.events).await,
            Some(Response::Result(result)) => self.report(&result),
            Some(Response::Live(live)) => self.glimpse(&live),
            Some(Response::Welcome(_)) | None => {}
        }
        Ok(Next::Stay)
    }

    /// Handles events in order, up to one that ends the session.
    async fn handle_all(&mut self, events: &[Event]) -> anyhow::Result<Next> {
        for event in events {
            let next = self.handle(event).await?;
            if next != Next::Stay {
                return Ok(next);
            }
        }
        Ok(Next::Stay)
    }

    async fn handle(&mut self, event: &Event) -> anyhow::Result<Next> {
        self.desk.apply(event);
        match &event.event {
            Some(Happened::Offered(offer)) => {
                let work = offer.work.clone().unwrap_or_default();
                println!(
                    "offer {} {} on {}/{} takes {} of your capacity",
                    offer.offer_id, work.work_id, work.channel, work.endpoint, offer.cost
                );
                show_effort(&work);
                if !offer.passed_on_by.is_empty() {
                    println!("passed on by {}: {}", offer.passed_on_by, shown(&offer.note));
                }
                if self.auto {
                    self.commands.accept(&offer.offer_id).await?;
                }
            }
            Some(Happened::OfferEnded(ended)) => {
                println!("offer {} is over: {}", ended.offer_id, words::offer(ended.outcome()));
            }
            Some(Happened::Assigned(assigned)) => {
                let work = assigned.work.clone().unwrap_or_default();
                println!("assigned {} on {}/{}", work.work_id, work.channel, work.endpoint);
                show_marks(&work);
                show_effort(&work);
                if assigned.more_messages {
                    println!("there is more: history");
                }
                assigned.messages.iter().for_each(show_message);
                self.chosen = Some(work.work_id.clone());
                if self.auto {
                    self.commands.reply(&work, "Hello, how can I help?").await?;
                }
            }
            Some(Happened::Unassigned(gone)) => {
                println!("gone {}: {}", gone.work_id, words::gone(gone.reason()));
                if self.chosen.as_ref() == Some(&gone.work_id) {
                    self.chosen = self.desk.works.keys().next_back().cloned();
                }
            }
            Some(Happened::CustomerChanged(changed)) => {
                println!("the customer of {} is {} now: who, history", changed.work_id, changed.conversation_id);
                if !changed.split_work_id.is_empty() {
                    println!("what others asked in it is {}", changed.split_work_id);
                }
            }
            Some(Happened::Changed(changed)) => {
                println!("work {} is {}", changed.work_id, words::work(changed.state()));
            }
            Some(Happened::ParticipationStarted(started)) => {
                let work = started.work.as_ref().map(|work| work.work_id.as_str()).unwrap_or_default();
                let who = started.participant.as_ref().map(|who| who.agent.as_str()).unwrap_or_default();
                println!("{who} takes part in {work}");
            }
            Some(Happened::ParticipationEnded(ended)) => {
                println!("{} takes part in {} no longer", ended.agent, ended.work_id);
            }
            Some(Happened::OwnerChanged(changed)) if changed.agent.is_empty() => {
                println!("nobody has {} now", changed.work_id);
            }
            Some(Happened::OwnerChanged(changed)) => println!("{} has {} now", changed.agent, changed.work_id),
            Some(Happened::TransferStarted(started)) => {
                let relief = started.transfer.as_ref().is_some_and(|transfer| transfer.relief);
                let why = if relief { "offered to others, for you have too much," } else { "passed on," };
                println!("work {} is {why} and yours until somebody takes it", started.work_id);
            }
            Some(Happened::Promised(promised)) => {
                let kept = if promised.promised_by.is_some() { "has" } else { "has no" };
                println!("work {} {kept} promise to its customer", promised.work_id);
            }
            Some(Happened::Marked(marked)) => {
                let of = if marked.work_id.is_empty() { &marked.identity_id } else { &marked.work_id };
                println!("something is noted of {of}");
            }
            Some(Happened::TransferEnded(ended)) => {
                println!("work {} stays yours: {}", ended.work_id, words::kept(ended.outcome()));
            }
            Some(Happened::Message(message)) => {
                show_message(message);
                if let (true, Some(said), Some(work)) =
                    (self.auto, customer_text(message), self.desk.works.get(&message.work_id))
                {
                    self.commands.reply(work, &format!("You said: {said}")).await?;
                }
            }
            Some(Happened::Status(status)) => {
                println!("message {} is {}", status.message_id, words::receipt(status.status()));
            }
            Some(Happened::Presence(state)) => {
                let reason =
                    if state.reason.is_empty() { String::new() } else { format!(" ({})", shown(&state.reason)) };
                println!("you are {}{reason}", words::presence(state.presence()));
                let was_ready = self.ready;
                self.stand(state, was_ready).await?;
            }
            Some(Happened::WorksMerged(merged)) => {
                println!("{} is part of {} now", merged.from_work_id, merged.into_work_id);
            }
            Some(Happened::WorkSplit(split)) => {
                let count = split.message_ids.len();
                println!("{count} messages of {} are {} now", split.from_work_id, split.into_work_id);
            }
            Some(Happened::MessagesRestored(restored)) => {
                let count = restored.message_ids.len();
                println!("{count} messages that were set aside are in {} now: history", restored.work_id);
            }
            Some(Happened::SessionEnded(ended)) => return Ok(over(ended.reason())),
            None => {}
        }
        if let Some(position) = event.position {
            self.after = Some(position);
            // That the stream has ended whoever reads finds out; what was handled is handled.
            let _ = self.commands.acknowledge(position).await;
        }
        Ok(Next::Stay)
    }

    pub(super) async fn obey(&mut self, line: &str) -> anyhow::Result<Next> {
        match Line::of(line) {
            Line::Nothing => {}
            Line::Accept(named) => match self.offer(named) {
                Some(offer) => drop(self.commands.accept(&offer).await?),
                None => println!("no offer is open"),
            },
            Line::Decline(named) => match self.offer(named) {
                Some(offer) => drop(self.commands.decline(&offer).await?),
                None => println!("no offer is open"),
            },
            Line::Reply(rest) => {
                let named = rest.split_once(':').filter(|(id, _)| self.desk.works.contains_key(*id));
                let (work, text) = match named {
                    Some((id, text)) => (self.desk.works.get(id), text.trim()),
                    None => (self.work(), rest),
                };
                match work {
                    Some(work) if !text.is_empty() => drop(self.commands.reply(work, text).await?),
                    Some(_) => println!("say what: reply TEXT"),
                    None => println!("no work is yours"),
                }
            }
            Line::Close(rest) => match self.work() {
                Some(work) => drop(self.commands.close(work, if rest.is_empty() { "done" } else { rest }).await?),
                None => println!("no work is yours"),
            },
            Line::Merge(named) => match (self.work(), named.chars().next()) {
                (Some(work), Some('c')) => self.commands.merge_customers(&work.conversation_id, named).await?,
                (Some(into), Some(_)) => {
                    let unowned = || Work { work_id: named.to_owned(), ..Work::default() };
                    let from = self.desk.works.get(named).cloned().unwrap_or_else(unowned);
                    drop(self.commands.merge(&from, into).await?);
                }
                (Some(_), None) => println!("say which: merge WORK, or whom: merge CUSTOMER"),
                (None, _) => println!("no work is yours"),
            },
            Line::Split(named) => match (self.work(), named.chars().next()) {
                (Some(work), Some('w')) => {
                    drop(self.commands.split(work, Messages::MergedWorkId(named.to_owned())).await?);
                }
                (Some(work), Some(_)) => {
                    drop(self.commands.split(work, Messages::SinceMessageId(named.to_owned())).await?);
                }
                (Some(_), None) => println!("say from where: split MESSAGE, or split WORK to undo a merge"),
                (None, _) => println!("no work is yours"),
            },
            Line::Use(work) if self.desk.works.contains_key(work) => self.chosen = Some(work.to_owned()),
            Line::Use("") => println!("say which: work, use WORK"),
            Line::Use(work) => println!("no work {} is yours", shown(work)),
            Line::Work => self.show_desk(),
            Line::History => self.show_history().await?,
            Line::Who => self.show_customer().await?,
            Line::Unmerge("") => println!("say whom: who"),
            Line::Unmerge(customer) => self.commands.unmerge(customer).await?,
            Line::Link(rest) => match (self.work(), rest.split_once(char::is_whitespace)) {
                (Some(work), Some((namespace, address))) => {
                    self.commands.link(&work.conversation_id, namespace, address.trim()).await?;
                }
                (Some(_), None) => println!("say what: link NAMESPACE ADDRESS"),
                (None, _) => println!("no work is yours"),
            },
            Line::Say(say) => self.say(say).await?,
            Line::Room(room) => self.room(room).await?,
            Line::Away(reason) => {
                self.ready = false;
                self.commands.presence(Presence::Away, reason).await?;
            }
            Line::Ready => drop(self.commands.presence(Presence::Ready, "").await?),
            Line::Quit => return Ok(Next::LogOut),
            Line::Unknown => println!("{HELP}"),
        }
        Ok(Next::Stay)
    }

    fn report(&self, result: &CommandResult) {
        if let Some(command_result::Result::Error(error)) = &result.result {
            println!("refused {}: {}", error.reason, error.message);
        }
    }

    /// Something that is so at this moment.
    fn glimpse(&self, live: &Live) {
        match &live.live {
            Some(live::Live::CustomerTyping(typing)) => println!("{}: the customer is typing", typing.work_id),
            Some(live::Live::Endpoint(health)) if health.degraded => {
                println!("endpoint {} lags or is silent: answers may come late", health.endpoint);
            }
            Some(live::Live::Endpoint(health)) => println!("endpoint {} is well again", health.endpoint),
            None => {}
        }
    }

    fn offer(&self, named: &str) -> Option<String> {
        if named.is_empty() { self.desk.offers.keys().next().cloned() } else { Some(named.to_owned()) }
    }

    pub(super) fn work(&self) -> Option<&Work> {
        self.chosen.as_ref().and_then(|id| self.desk.works.get(id)).or_else(|| self.desk.works.values().next_back())
    }

    pub(super) fn show_desk(&self) {
        for offer in self.desk.offers.values() {
            println!("offer {}", offer.offer_id);
        }
        for work in self.desk.works.values() {
            println!("work {} {} on {}/{}", work.work_id, words::work(work.state()), work.channel, work.endpoint);
            show_effort(work);
        }
        if self.desk.offers.is_empty() && self.desk.works.is_empty() {
            println!("nothing to do");
        }
    }

    /// A bot begins with what was offered before it came.
    pub(super) async fn take_up_desk(&self) -> anyhow::Result<()> {
        for offer in self.desk.offers.keys().filter(|_| self.auto) {
            self.commands.accept(offer).await?;
        }
        Ok(())
    }

    /// The customer of the Work: addresses, with what says that they are this person's.
    async fn show_customer(&mut self) -> anyhow::Result<()> {
        let Some(work) = self.work() else {
            println!("no work is yours");
            return Ok(());
        };
        let request = self.commands.unary(GetCustomerRequest { customer_id: work.conversation_id.clone() })?;
        match self.customers.get_customer(request).await {
            Ok(found) => show_identities(&found.into_inner().customer.unwrap_or_default()),
            Err(status) => println!("refused: {}", status.message()),
        }
        Ok(())
    }

    async fn show_history(&mut self) -> anyhow::Result<()> {
        let Some(work) = self.work() else {
            println!("no work is yours");
            return Ok(());
        };
        let request =
            ListMessagesRequest { conversation_id: work.conversation_id.clone(), ..ListMessagesRequest::default() };
        let request = self.commands.unary(request)?;
        match self.history.list_messages(request).await {
            Ok(page) => {
                for message in page.into_inner().messages.iter().rev() {
                    let text = message.content.as_ref().map_or("", |content| content.text.as_str());
                    let (id, by) = (&message.message_id, words::author(message.author()));
                    println!("  {id} {} {} {by}: {}", message.work_id, message.channel, shown(text));
                }
            }
            Err(status) => println!("refused: {}", status.message()),
        }
        Ok(())
    }
}

fn show_identities(customer: &Customer) {
    println!("  {} {}", customer.customer_id, shown(&customer.shown_name));
    for identity in &customer.identities {
        let evidence = identity.link.as_ref().map(Link::evidence).unwrap_or_default();
        println!(
            "  {} {} {}: {}{}",
            identity.identity_id,
            shown(&identity.namespace),
            shown(&identity.address),
            words::evidence(evidence),
            words::marks(identity)
        );
    }
    for fact in &customer.facts {
        println!("  {}: {} ({})", shown(&fact.key), shown(&fact.value), shown(&fact.source));
    }
    for merge in &customer.merges {
        println!("  merged {}: {}", merge.customer_id, merge.identity_ids.join(" "));
    }
}

/// What the end of a session means for the desk.
fn over(reason: SessionEndReason) -> Next {
    match reason {
        SessionEndReason::Taken | SessionEndReason::LoggedOut | SessionEndReason::Operator => {
            println!("session over: {}", words::end(reason));
            Next::Leave
        }
        SessionEndReason::Unspecified
        | SessionEndReason::GraceOver
        | SessionEndReason::SlowReader
        | SessionEndReason::TokenExpired
        | SessionEndReason::Draining => Next::ComeBack(words::end(reason).to_owned()),
    }
}

fn show_marks(work: &Work) {
    if let Some(summary) = &work.summary {
        println!("  {}", shown(&summary.text));
    }
    if !work.tags.is_empty() {
        println!("  tags: {}", shown(&work.tags.join(", ")));
    }
}

/// What the customer went through: to be said before anything is asked.
fn show_effort(work: &Work) {
    if !work.effort.is_empty() {
        println!("  {}", words::effort(&work.effort));
    }
}

fn show_message(message: &Message) {
    let text = message.content.as_ref().map_or("", |content| content.text.as_str());
    let parts = message.content.as_ref().map_or(0, |content| content.parts.len());
    let who = if message.direction() == Direction::In { "customer" } else { "us" };
    let beside = if parts > 0 { format!(" (+{parts} parts)") } else { String::new() };
    println!("{} {who}: {}{beside}", message.work_id, shown(text));
}

/// Strangers' words must not steer the terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}
