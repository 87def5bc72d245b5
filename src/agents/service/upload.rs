//! `PutAttachment`: an attachment of an agent's into the object store, whole and checked before a byte is stored.
//!
//! What it is comes first: the channel that it is for says whether it takes such a thing, and how large, before its bytes are read. They are
//! held in memory until they are all there, for which there is [room](crate::agents::uploads) and a time that their size tells; so what
//! breaks off leaves nothing behind. From then on a task of the edge's stores them to the end, whether or not the caller still waits:
//! pieces without an object nobody would find by a name.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, timeout};
use tonic::Streaming;

use crate::agents::caller::Caller;
use crate::agents::convert;
use crate::agents::edge::Edge;
use crate::agents::limits::{ATTACHMENT_PIECE, MAX_UPLOAD_BYTES};
use crate::agents::status::{Reason, Refusal};
use crate::agents::uploads::{Room, time_for_piece};
use crate::clock::wall_ms;
use crate::domain::content::{Attachment, AttachmentState};
use crate::domain::time::Timestamp;
use crate::domain::upload::{UPLOAD_KEPT, upload_name};
use crate::proto::agent as p;

/// Takes the pieces, and stores them as one object.
pub(super) async fn take(
    edge: &Edge,
    caller: &Caller,
    mut pieces: Streaming<p::PutAttachmentRequest>,
) -> Result<p::PutAttachmentResponse, Refusal> {
    let first = next(&mut pieces, Some(edge.options.upload_piece_wait))
        .await?
        .ok_or_else(|| Refusal::invalid("attachment", "is wanted first"))?;
    let head = first.attachment.ok_or_else(|| Refusal::invalid("attachment", "is wanted first"))?;
    let (attachment, size) = convert::new_attachment(head, MAX_UPLOAD_BYTES)?;
    let room = edge.uploads.room((caller.workspace.clone(), caller.agent.clone()), size)?;
    let (begun, waits) = (Instant::now(), (edge.options.upload_piece_wait, edge.options.upload_wait));
    let mut bytes = BytesMut::with_capacity(size);
    more(&mut bytes, &first.data, size)?;
    while let Some(piece) = next(&mut pieces, time_for_piece(size, begun.elapsed(), waits)).await? {
        if piece.attachment.is_some() {
            return Err(Refusal::invalid("attachment", "is for the first request only"));
        }
        if piece.data.is_empty() {
            return Err(Refusal::invalid("data", "a piece without bytes"));
        }
        caller.lease().check()?;
        more(&mut bytes, &piece.data, size)?;
    }
    store(edge, caller, attachment, (bytes.freeze(), room), size).await
}

/// The next piece, in `time`; none: that was all.
async fn next(
    pieces: &mut Streaming<p::PutAttachmentRequest>,
    time: Option<Duration>,
) -> Result<Option<p::PutAttachmentRequest>, Refusal> {
    let late = || Refusal::new(Reason::UploadTimeout, "the attachment, or its next piece, did not come in time");
    let piece = timeout(time.ok_or_else(late)?, pieces.message()).await.map_err(|_| late())?;
    piece.map_err(|_| Refusal::invalid("data", "the stream broke off"))
}

fn more(bytes: &mut BytesMut, piece: &[u8], size: usize) -> Result<(), Refusal> {
    if piece.len() > ATTACHMENT_PIECE {
        return Err(Refusal::limit("attachment_piece", ATTACHMENT_PIECE));
    }
    if bytes.len() + piece.len() > size {
        return Err(Refusal::invalid("data", "more bytes than the attachment was to have"));
    }
    bytes.extend_from_slice(piece);
    Ok(())
}

async fn store(
    edge: &Edge,
    caller: &Caller,
    attachment: Attachment,
    (bytes, room): (Bytes, Room),
    size: usize,
) -> Result<p::PutAttachmentResponse, Refusal> {
    if bytes.len() != size {
        return Err(Refusal::invalid("data", "fewer bytes than the attachment was to have"));
    }
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if attachment.sha256.as_ref().is_some_and(|said| *said != digest) {
        return Err(Refusal::invalid("sha256", "is not that of the bytes"));
    }
    let now = Timestamp(wall_ms());
    let object = upload_name(now, rand::random(), &digest);
    let put = edge.media.put(caller.workspace.clone(), object.clone(), bytes);
    let stored = edge.tracker.spawn(async move {
        let stored = put.await;
        drop(room);
        stored
    });
    stored.await.map_err(|_| Refusal::new(Reason::Internal, "the attachment was not stored"))??;
    let stored = Attachment {
        state: AttachmentState::Stored,
        object: Some(object),
        bytes: Some(size as u64),
        sha256: Some(digest),
        ..attachment
    };
    Ok(convert::attachment_put(stored, now + UPLOAD_KEPT))
}
