//! One page.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::frontier::{Frontier, Next};
use super::token::{MAX_LEAVES, MAX_STATUSES, Token};
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::limits::PAGE_ROUNDS;
use crate::agents::names::Names;
use crate::agents::port::Shard;
use crate::agents::sight::hears;
use crate::agents::status::Refusal;
use crate::domain::id::{Index, LeafId};
use crate::domain::record::MessageStored;
use crate::domain::view::ConversationView;
use crate::domain::workspace::Sight;
use crate::proto::agent::Message;

/// Rounds while nothing was found: a leaf whose last messages are buried under hundreds of other records.
const EMPTY_ROUNDS: usize = 8 * PAGE_ROUNDS;

/// Messages, newest first, and where the next page begins.
#[derive(Debug, Default)]
pub(in crate::agents) struct Page {
    pub(in crate::agents) messages: Vec<Message>,
    pub(in crate::agents) next: Option<Token>,
}

/// Reads a page of at most `size` messages, from `token` or from the newest.
///
/// After [`PAGE_ROUNDS`] rounds of reads it ends with what it has.
pub(in crate::agents) async fn page(
    shard: &dyn Shard,
    names: &Names,
    caller: &Caller,
    (view, sight): (&ConversationView, &Sight),
    token: Option<Token>,
    size: usize,
) -> Result<Page, Refusal> {
    let workspace = &caller.workspace;
    let stray = || Refusal::invalid("page_token", "is not one that was given out");
    let current = |id, work| view.current(id, work);
    let sees = |id, work, endpoint: &str| sight.sees_message(view, id, work, endpoint);
    let leaves: BTreeSet<LeafId> = view.last.iter().map(|(leaf, _)| *leaf).collect();
    let start = token.unwrap_or_else(|| Token { heads: newest(view), ..Token::default() });
    let heads = start.heads.iter().copied().filter(|(leaf, _)| leaves.contains(leaf));
    let mut frontier = Frontier::new(workspace.clone(), heads);
    let mut statuses: BTreeMap<_, _> = start.statuses.into_iter().collect();
    let mut before = start.before;
    let mut page = Page::default();
    let mut rounds = 0;
    let conversation = view.conversation.to_string();
    loop {
        match frontier.next() {
            Next::End => return Ok(page),
            Next::Read(indexes) => {
                let limit = if page.messages.is_empty() { EMPTY_ROUNDS } else { PAGE_ROUNDS };
                if rounds >= limit || page.messages.len() == size {
                    break;
                }
                rounds += 1;
                let records = shard.read(indexes.clone()).await?;
                frontier.take(indexes.into_iter().zip(records)).map_err(|_| stray())?;
            }
            Next::Record(record) => {
                names.learn(workspace, convert::authors(&record)).await?;
                let name = |agent| names.known(workspace, agent);
                let hears = |stored: &MessageStored| hears(caller, stored, name);
                let mut found =
                    convert::history_messages(&record, &leaves, &mut statuses, name, current, (sees, hears));
                found.retain(|(id, _)| before.is_none_or(|before| *id < before));
                // It was stored in a conversation that may have been merged, or taken apart, since.
                found.iter_mut().for_each(|(_, message)| message.conversation_id.clone_from(&conversation));
                let room = size - page.messages.len();
                if found.len() > room {
                    before = room.checked_sub(1).and_then(|last| found.get(last)).map(|(id, _)| *id).or(before);
                    page.messages.extend(found.into_iter().take(room).map(|(_, message)| message));
                    frontier.put_back(record);
                    break;
                }
                page.messages.extend(found.into_iter().map(|(_, message)| message));
            }
        }
    }
    statuses.retain(|message, _| frontier.heads().any(|(_, index)| message.index() <= index));
    page.next = Some(Token {
        before,
        heads: frontier.heads().collect(),
        statuses: statuses.into_iter().rev().take(MAX_STATUSES).collect(),
    });
    Ok(page)
}

/// The leaves that were touched last: each login at a browser makes one more.
fn newest(view: &ConversationView) -> Vec<(LeafId, Index)> {
    let mut heads = view.last.clone();
    heads.sort_unstable_by_key(|(leaf, index)| Reverse((*index, *leaf)));
    heads.truncate(MAX_LEAVES);
    heads
}
