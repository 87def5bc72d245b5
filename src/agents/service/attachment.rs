//! `GetAttachment`: bytes from the object store, in pieces, as fast as the peer takes them.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use tonic::Status;

use crate::agents::audit::{Of, Read, audit};
use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::edge::Edge;
use crate::agents::limits::ATTACHMENT_PIECE;
use crate::agents::port::MediaError;
use crate::agents::sight::{hears, not_visible};
use crate::agents::status::{Reason, Refusal};
use crate::domain::id::RootId;
use crate::domain::record::Change;
use crate::proto::agent as p;

type Responses = Pin<Box<dyn Stream<Item = Result<p::GetAttachmentResponse, Status>> + Send>>;

/// The attachment's description, then its bytes.
pub(super) async fn open(
    edge: &Edge,
    caller: &Caller,
    request: &p::GetAttachmentRequest,
) -> Result<Responses, Refusal> {
    let message = convert::message_id(&request.message_id)?;
    let records = edge.shard.read(vec![message.index()]).await?;
    let record = records
        .into_iter()
        .flatten()
        .find(|record| record.workspace == caller.workspace)
        .ok_or_else(|| Refusal::new(Reason::UnknownMessage, "unknown message"))?;
    let stored = record.changes.get(usize::from(message.place()));
    let Some(Change::MessageStored(stored)) = stored else {
        return Err(Refusal::new(Reason::UnknownMessage, "unknown message"));
    };
    audit(caller, Read::Attachment, Of::Customer(RootId(stored.leaf.0)));
    let sight = edge.sight(caller).await?;
    if !sight.is_whole() {
        // Every leaf's number is an id of its customer.
        let view = edge.shard.conversation(caller.workspace.clone(), RootId(stored.leaf.0)).await?;
        if view.is_none_or(|view| !sight.sees_message(&view, message, stored.work, &stored.endpoint)) {
            return Err(not_visible());
        }
    }
    edge.names.learn(&caller.workspace, convert::authors(&record)).await?;
    if !hears(caller, stored, |agent| edge.names.known(&caller.workspace, agent)) {
        return Err(not_visible());
    }
    let unknown = || Refusal::new(Reason::UnknownAttachment, "unknown attachment");
    let (known, told) = convert::attachment(&record, message, request.attachment).ok_or_else(unknown)?;
    let object = known
        .object
        .ok_or_else(|| Refusal::new(Reason::UnknownAttachment, "the bytes of the attachment are not stored"))?;
    let media = edge.media.open(caller.workspace.clone(), object).await?;
    let head = p::GetAttachmentResponse { attachment: Some(told), data: Vec::new() };
    let lease = caller.lease().clone();
    let pieces = media.flat_map(move |read| {
        stream::iter(match lease.holds() {
            Ok(()) => pieces(read),
            Err(over) => vec![Err(Refusal::from(over).to_status())],
        })
    });
    Ok(Box::pin(stream::iter([Ok(head)]).chain(pieces)))
}

fn pieces(read: Result<Bytes, MediaError>) -> Vec<Result<p::GetAttachmentResponse, Status>> {
    match read {
        Ok(bytes) => bytes
            .chunks(ATTACHMENT_PIECE)
            .map(|piece| Ok(p::GetAttachmentResponse { attachment: None, data: piece.to_vec() }))
            .collect(),
        Err(error) => vec![Err(Refusal::from(error).to_status())],
    }
}
