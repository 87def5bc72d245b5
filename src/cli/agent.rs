//! `skein agent`: an agent's desk in a terminal, by lines, good for people and scripts.

use std::process::ExitCode;

use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::client::{Commands, Desk, Target, connect, customer_text, open_session};
use crate::proto::agent::conversation_service_client::ConversationServiceClient;
use crate::proto::agent::event::Event as Happened;
use crate::proto::agent::session_response::Response;
use crate::proto::agent::{
    CommandResult, Direction, Event, ListMessagesRequest, Message, Presence, Work, command_result,
};

const HELP: &str = "accept [OFFER] · decline [OFFER] · reply [WORK:] TEXT · close [DISPOSITION] · use WORK · work · history · away [REASON] · ready · quit";

/// Flags of `skein agent`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the agent.
    #[arg(long)]
    name: String,
    /// Accepts every offer and answers every message with its own words.
    #[arg(long)]
    auto: bool,
    #[command(flatten)]
    target: Target,
}

/// Ends when the person quits, input ends, or the session is over.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let workspace = args.target.workspace()?;
    let channel = connect(&args.target.grpc()?).await?;
    let (commands, mut frames, welcome) = open_session(&channel, &workspace, &args.name).await?;
    let desk = Desk::restore(welcome.snapshot.unwrap_or_default());
    let mut seat =
        Seat { commands, desk, chosen: None, auto: args.auto, history: ConversationServiceClient::new(channel) };
    println!("{} is at work in {workspace}", args.name);
    if !args.auto {
        println!("{HELP}");
    }
    seat.commands.presence(Presence::Ready, "").await?;
    seat.show_desk();
    seat.take_up_desk().await?;

    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut reading = true;
    loop {
        // Both arms are cancel safe: a line and a frame stay where they are until they are taken.
        tokio::select! {
            line = lines.next_line(), if reading => match line? {
                Some(line) => if seat.obey(&line).await? { return Ok(ExitCode::SUCCESS) },
                // A bot without input goes on; a script is done.
                None if args.auto => reading = false,
                None => { seat.commands.end().await?; return Ok(ExitCode::SUCCESS) }
            },
            frame = frames.message() => match frame?.and_then(|frame| frame.response) {
                Some(Response::Events(events)) => for event in &events.events {
                    if seat.handle(event).await? { return Ok(ExitCode::SUCCESS) }
                },
                Some(Response::Result(result)) => report(&result),
                Some(Response::Welcome(_)) => {}
                None => anyhow::bail!("the daemon has closed the session"),
            },
        }
    }
}

struct Seat {
    commands: Commands,
    desk: Desk,
    /// Id of the Work that replies go to.
    chosen: Option<String>,
    auto: bool,
    history: ConversationServiceClient<tonic::transport::Channel>,
}

impl Seat {
    /// True: the session is over.
    async fn handle(&mut self, event: &Event) -> anyhow::Result<bool> {
        self.desk.apply(event);
        match &event.event {
            Some(Happened::Offered(offer)) => {
                let work = offer.work.clone().unwrap_or_default();
                println!(
                    "offer {} {} on {}/{} for {} units",
                    offer.offer_id, work.work_id, work.channel, work.endpoint, offer.cost
                );
                if self.auto {
                    self.commands.accept(&offer.offer_id).await?;
                }
            }
            Some(Happened::OfferEnded(ended)) => {
                println!("offer {} is over: {}", ended.offer_id, ended.outcome().as_str_name())
            }
            Some(Happened::Assigned(assigned)) => {
                let work = assigned.work.clone().unwrap_or_default();
                println!("assigned {} on {}/{}", work.work_id, work.channel, work.endpoint);
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
                println!("gone {}: {}", gone.work_id, gone.reason().as_str_name());
                if self.chosen.as_ref() == Some(&gone.work_id) {
                    self.chosen = self.desk.works.keys().next_back().cloned();
                }
            }
            Some(Happened::Changed(changed)) => {
                println!("work {} is {}", changed.work_id, changed.state().as_str_name())
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
                println!("message {} is {}", status.message_id, status.status().as_str_name())
            }
            Some(Happened::Presence(state)) => println!("you are {} {}", state.presence().as_str_name(), state.reason),
            Some(Happened::SessionEnded(ended)) => {
                println!("session over: {}", ended.reason().as_str_name());
                return Ok(true);
            }
            None => {}
        }
        if let Some(position) = event.position {
            self.commands.acknowledge(position).await?;
        }
        Ok(false)
    }

    /// True: quit.
    async fn obey(&mut self, line: &str) -> anyhow::Result<bool> {
        let (verb, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        let rest = rest.trim();
        match verb {
            "" => {}
            "accept" | "decline" => match self.offer(rest) {
                Some(offer) if verb == "accept" => drop(self.commands.accept(&offer).await?),
                Some(offer) => drop(self.commands.decline(&offer).await?),
                None => println!("no offer is open"),
            },
            "reply" => {
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
            "close" => match self.work() {
                Some(work) => drop(self.commands.close(work, if rest.is_empty() { "done" } else { rest }).await?),
                None => println!("no work is yours"),
            },
            "use" if self.desk.works.contains_key(rest) => self.chosen = Some(rest.to_owned()),
            "use" => println!("no work {rest} is yours"),
            "work" => self.show_desk(),
            "history" => self.show_history().await?,
            "away" => drop(self.commands.presence(Presence::Away, rest).await?),
            "ready" => drop(self.commands.presence(Presence::Ready, "").await?),
            "quit" | "exit" => {
                self.commands.end().await?;
                return Ok(true);
            }
            _ => println!("{HELP}"),
        }
        Ok(false)
    }

    fn offer(&self, named: &str) -> Option<String> {
        if named.is_empty() { self.desk.offers.keys().next().cloned() } else { Some(named.to_owned()) }
    }

    fn work(&self) -> Option<&Work> {
        self.chosen.as_ref().and_then(|id| self.desk.works.get(id)).or_else(|| self.desk.works.values().next_back())
    }

    fn show_desk(&self) {
        for offer in self.desk.offers.values() {
            println!("offer {}", offer.offer_id);
        }
        for work in self.desk.works.values() {
            println!("work {} {} on {}/{}", work.work_id, work.state().as_str_name(), work.channel, work.endpoint);
        }
        if self.desk.offers.is_empty() && self.desk.works.is_empty() {
            println!("nothing to do");
        }
    }

    /// A bot begins with what was offered before it came.
    async fn take_up_desk(&self) -> anyhow::Result<()> {
        for offer in self.desk.offers.keys().filter(|_| self.auto) {
            self.commands.accept(offer).await?;
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
                    println!("  {} {}: {}", message.channel, message.author().as_str_name(), shown(text));
                }
            }
            Err(status) => println!("refused: {}", status.message()),
        }
        Ok(())
    }
}

fn show_message(message: &Message) {
    let text = message.content.as_ref().map_or("", |content| content.text.as_str());
    let parts = message.content.as_ref().map_or(0, |content| content.parts.len());
    let who = if message.direction() == Direction::In { "customer" } else { "us" };
    let beside = if parts > 0 { format!(" (+{parts} parts)") } else { String::new() };
    println!("{} {who}: {}{beside}", message.work_id, shown(text));
}

fn report(result: &CommandResult) {
    if let Some(command_result::Result::Error(error)) = &result.result {
        println!("refused {}: {}", error.reason, error.message);
    }
}

/// Strangers' words must not steer the terminal.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}
