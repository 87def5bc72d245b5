//! What is told live, as frames.

use crate::agents::feed::Live;
use crate::proto::agent as p;
use crate::proto::agent::live::Live as Kind;

/// A live event as its frame.
pub(in crate::agents) fn live(live: &Live) -> p::Live {
    let kind = match live {
        Live::CustomerTyping { work, conversation } => Kind::CustomerTyping(p::CustomerTyping {
            work_id: work.to_string(),
            conversation_id: conversation.to_string(),
        }),
        Live::Endpoint { endpoint, degraded } => {
            Kind::Endpoint(p::EndpointHealth { endpoint: endpoint.to_string(), degraded: *degraded })
        }
    };
    p::Live { live: Some(kind) }
}
