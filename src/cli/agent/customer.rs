//! What a desk says of the customer of its Work: facts, blocks, spam.

use super::seat::{Seat, shown};
use crate::proto::agent::{
    AskFactRequest, BlockRequest, FactUpdate, LiftQuarantineRequest, MarkSpamRequest, SetFactsRequest, UnblockRequest,
    UnmarkSpamRequest,
};
use crate::proto::channel::Assurance;

/// What is to be said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Say<'l> {
    /// Key and value.
    Fact(&'l str),
    /// Key.
    Ask(&'l str),
    /// Identity and reason.
    Block(&'l str),
    /// Identity.
    Unblock(&'l str),
    /// The chosen Work.
    Spam,
    /// A Work.
    Unspam(&'l str),
    /// An identity in quarantine.
    LetIn(&'l str),
}

impl Seat {
    /// Gives the command, and prints what came of it.
    pub(super) async fn say(&mut self, say: Say<'_>) -> anyhow::Result<()> {
        let request_id = self.commands.request_id();
        let work = self.work().cloned().unwrap_or_default();
        let customers = &mut self.customers;
        let commands = &self.commands;
        let split = |text: &str| -> (String, String) {
            let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            (head.to_owned(), rest.trim().to_owned())
        };
        let said = match say {
            Say::Fact(_) | Say::Ask(_) | Say::Spam if work.work_id.is_empty() => {
                println!("no work is yours");
                return Ok(());
            }
            Say::Fact(rest) => {
                let (key, value) = split(rest);
                // Told by hand: no program repeats it to anybody who is not logged in.
                let assurance = Assurance::LoggedIn.into();
                let facts = vec![FactUpdate { key, value, assurance, ..FactUpdate::default() }];
                let customer_id = work.conversation_id;
                let request = SetFactsRequest { request_id, customer_id, facts, ..SetFactsRequest::default() };
                customers.set_facts(commands.unary(request)?).await.map(|_| "noted".to_owned())
            }
            Say::Ask(key) => {
                let (work_id, key) = (work.work_id, key.to_owned());
                let request = AskFactRequest { request_id, work_id, key, ..AskFactRequest::default() };
                let asked = customers.ask_fact(commands.unary(request)?).await;
                asked.map(|asked| if asked.into_inner().known { "it is known: who" } else { "ask away" }.to_owned())
            }
            Say::Block(rest) => {
                let (identity_id, reason) = split(rest);
                let request = BlockRequest { request_id, identity_id, reason, ..BlockRequest::default() };
                customers.block(commands.unary(request)?).await.map(|_| "blocked".to_owned())
            }
            Say::Unblock(identity) => {
                let identity_id = identity.to_owned();
                let request = UnblockRequest { request_id, identity_id, ..UnblockRequest::default() };
                let answer = customers.unblock(commands.unary(request)?).await;
                answer.map(|answer| restored(&answer.into_inner().work_id))
            }
            Say::Spam => {
                let (work_id, assignment_id) = (work.work_id, work.assignment_id);
                let request = MarkSpamRequest { request_id, work_id, assignment_id, ..MarkSpamRequest::default() };
                customers.mark_spam(commands.unary(request)?).await.map(|_| "it is spam".to_owned())
            }
            Say::Unspam(work) => {
                let work_id = work.to_owned();
                let request = UnmarkSpamRequest { request_id, work_id, ..UnmarkSpamRequest::default() };
                let answer = customers.unmark_spam(commands.unary(request)?).await;
                answer.map(|answer| restored(&answer.into_inner().work_id))
            }
            Say::LetIn(identity) => {
                let identity_id = identity.to_owned();
                let request = LiftQuarantineRequest { request_id, identity_id, ..LiftQuarantineRequest::default() };
                customers.lift_quarantine(commands.unary(request)?).await.map(|_| "let in".to_owned())
            }
        };
        match said {
            Ok(said) => println!("{said}"),
            Err(status) => println!("refused: {}", shown(status.message())),
        }
        Ok(())
    }
}

fn restored(work: &str) -> String {
    if work.is_empty() { "done: nothing asks anything".to_owned() } else { format!("done: what was said is {work}") }
}
