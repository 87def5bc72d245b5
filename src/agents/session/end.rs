//! What the shard is told when a session ends.

use std::time::Duration;

use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::edge::Edge;
use crate::agents::port::CommandFailure;
use crate::domain::command::Verb;

/// Attempts while the shard changes its owner: together about half a minute, after which a new owner finds the loss by itself.
const ATTEMPTS: u32 = 8;
/// Pause before the second attempt; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Tells the shard. A refusal means that it knows better: the session was superseded or is over.
pub(super) async fn report(edge: &Edge, caller: &Caller, epoch: u64, verb: Verb) {
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=ATTEMPTS {
        let command = convert::own_command(caller, Some(epoch), verb.clone());
        match edge.shard.command(command).await {
            Ok(_) | Err(CommandFailure::Rejected(_)) => return,
            Err(CommandFailure::Unavailable(error)) if attempt == ATTEMPTS || edge.shutdown.is_cancelled() => {
                tracing::warn!(skein.session.epoch = epoch, %error, "the end of a session could not be recorded");
                return;
            }
            Err(CommandFailure::Unavailable(_)) => tokio::time::sleep(pause).await,
        }
        pause *= 2;
    }
}
