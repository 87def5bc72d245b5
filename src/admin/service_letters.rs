//! `AdminService` about dead letters.

use std::time::Duration;

use async_nats::jetstream::{self, Context};
use tracing::{info, warn};

use super::convert;
use super::service::Operators;
use crate::agents::{Reason, Refusal, Unavailable};
use crate::dead::{self, Letters, Wanted};
use crate::domain::id::Name;
use crate::nats::NatsError;
use crate::proto::admin as p;
use crate::telemetry::{ErrorChain, fields};

/// Letters that are looked at for one page: a reason that hardly any letter has must not hold a call for a million of them.
const LOOKED_AT_MAX: usize = 10_000;
/// No answer in this time: it is not known whether a letter was stored again.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

impl Operators {
    pub(super) async fn letters(
        &self,
        asked: p::ListDeadLettersRequest,
    ) -> Result<p::ListDeadLettersResponse, Refusal> {
        let workspace = self.served(&asked.workspace).await?;
        let at_most = convert::page_size(asked.page_size)?;
        let (selection, after) = convert::letters_asked(asked)?;
        let wanted = Wanted { after, ..Wanted::default() };
        let mut read = Letters::open(&self.jetstream()?, &workspace, wanted).await.map_err(|error| unread(&error))?;
        let (mut letters, mut looked_at, mut next) = (Vec::new(), 0, String::new());
        while let Some((letter, _)) = read.next().await.map_err(|error| unread(&error))? {
            if letters.len() == at_most || looked_at == LOOKED_AT_MAX {
                // There is another letter, and it is for another page.
                next = (letter.sequence - 1).to_string();
                break;
            }
            looked_at += 1;
            if selection.takes(&letter) {
                letters.push(convert::letter(letter));
            }
        }
        Ok(p::ListDeadLettersResponse { letters, next_page_token: next })
    }

    pub(super) async fn letter(
        &self,
        operator: &Name,
        asked: p::GetDeadLetterRequest,
    ) -> Result<p::GetDeadLetterResponse, Refusal> {
        let workspace = self.served(&asked.workspace).await?;
        let found =
            dead::get(&self.owned()?.client, &workspace, asked.sequence).await.map_err(|error| unread(&error))?;
        let (letter, stored) = found.ok_or_else(|| Refusal::new(Reason::UnknownMessage, "no such dead letter"))?;
        info!(%operator, { fields::WORKSPACE } = %workspace, sequence = asked.sequence, "a dead letter was read by an operator");
        Ok(p::GetDeadLetterResponse { letter: Some(convert::letter(letter)), body: stored.payload.to_vec() })
    }

    pub(super) async fn replay(
        &self,
        operator: &Name,
        asked: p::ReplayDeadLettersRequest,
    ) -> Result<p::ReplayDeadLettersResponse, Refusal> {
        let workspace = self.served(&asked.workspace).await?;
        let sequences = convert::sequences(asked.sequences)?;
        let context = self.jetstream()?;
        let mut outcomes = Vec::with_capacity(sequences.len());
        for sequence in sequences {
            let outcome = match dead::get(&self.owned()?.client, &workspace, sequence).await {
                Ok(Some((letter, stored))) => {
                    dead::replay(&context, &workspace, &letter, stored.headers.as_ref(), &stored.payload).await
                }
                Ok(None) => Err("no such dead letter".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            outcomes.push((sequence, outcome));
        }
        let published = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        let refused = outcomes.len() - published;
        info!(%operator, { fields::WORKSPACE } = %workspace, published, refused, "dead letters were published again by an operator");
        let replays = outcomes.into_iter().map(|(sequence, outcome)| convert::replayed(sequence, outcome));
        Ok(p::ReplayDeadLettersResponse { replays: replays.collect() })
    }

    /// The workspace, if it is served here: only names that are ours go to the server.
    async fn served(&self, workspace: &str) -> Result<Name, Refusal> {
        let name = Name::from(workspace);
        let look = {
            let name = name.clone();
            move |state: &crate::domain::State| state.workspace(&name).is_some()
        };
        match self.owned()?.shard.query(look).await {
            Ok(true) => Ok(name),
            Ok(false) => Err(Refusal::new(Reason::UnknownWorkspace, "no such workspace here")),
            Err(_) => Err(Unavailable::NotReady.into()),
        }
    }

    fn jetstream(&self) -> Result<Context, Refusal> {
        let mut context = jetstream::new(self.owned()?.client.clone());
        context.set_timeout(ACK_TIMEOUT);
        Ok(context)
    }
}

fn unread(error: &NatsError) -> Refusal {
    warn!(error = %ErrorChain(error), "dead letters cannot be read for an operator");
    Refusal::new(Reason::NotReady, "the dead letters cannot be read: the daemon's log tells why")
}
