//! Pieces in a file, one after another.
//!
//! ```text
//! piece: length of what follows, u32 LE | length of the workspace's name, u8 | name | body
//! ```
//! The body of a workspace's piece is sealed with the workspace's own key, that of the shard's (without a name) is not. The seal names the
//! snapshot and the number of the piece in it, so none can stand in the place of another.

use super::SnapshotError;
use super::codec;
use crate::domain::id::{Index, Name};
use crate::domain::snapshot::Part;
use crate::keys::KeyRings;

/// Longest piece, bytes, written or read: a damaged length must not take all memory.
const PIECE_MAX: usize = 1 << 30;

/// Where the next piece stands: the last record of the snapshot, and how many pieces are before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    head: Index,
    number: u64,
}

impl Place {
    /// The first of a snapshot.
    pub(super) fn first(head: Index) -> Self {
        Self { head, number: 0 }
    }

    /// This place; the next is behind it.
    fn pass(&mut self) -> (Index, u64) {
        let place = (self.head, self.number);
        self.number += 1;
        place
    }
}

/// Appends a piece. A workspace without a key is an error.
pub(super) fn push(
    file: &mut Vec<u8>,
    (workspace, part): (Option<&Name>, &Part),
    at: &mut Place,
    keys: &KeyRings,
) -> Result<(), SnapshotError> {
    let body = codec::encode(part)?;
    let place = at.pass();
    let (name, body) = match workspace {
        None => ("", body),
        Some(workspace) => {
            let ring = keys.get(workspace).ok_or_else(|| SnapshotError::NoKey(workspace.clone()))?;
            let sealed = ring.seal_piece(place, &body);
            if sealed.is_empty() {
                return Err(SnapshotError::NoKey(workspace.clone()));
            }
            (workspace.as_str(), sealed)
        }
    };
    let name_length =
        u8::try_from(name.len()).map_err(|_| SnapshotError::Malformed("a workspace's name is too long"))?;
    let length = 1 + name.len() + body.len();
    let length = u32::try_from(length).ok().filter(|_| length <= PIECE_MAX);
    let length = length.ok_or(SnapshotError::Malformed("a piece is too long"))?;
    file.extend_from_slice(&length.to_le_bytes());
    file.push(name_length);
    file.extend_from_slice(name.as_bytes());
    file.extend_from_slice(&body);
    Ok(())
}

/// Takes the first piece off; none: it is of a workspace that is served no longer, whose keys nobody has.
pub(super) fn take(bytes: &mut &[u8], at: &mut Place, keys: &KeyRings) -> Result<Option<Part>, SnapshotError> {
    const CUT_OFF: SnapshotError = SnapshotError::Malformed("a piece is cut off");
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(CUT_OFF)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > PIECE_MAX {
        return Err(SnapshotError::Malformed("a piece is too long"));
    }
    let (piece, rest) = rest.split_at_checked(length).ok_or(CUT_OFF)?;
    *bytes = rest;
    let (name_length, piece) = piece.split_first().ok_or(CUT_OFF)?;
    let (name, body) = piece.split_at_checked(usize::from(*name_length)).ok_or(CUT_OFF)?;
    let place = at.pass();
    if name.is_empty() {
        return Ok(Some(codec::decode(body)?));
    }
    let name = std::str::from_utf8(name).map_err(|_| SnapshotError::Malformed("a workspace's name is no text"))?;
    let Some(ring) = keys.get(name) else { return Ok(None) };
    Ok(Some(codec::decode(&ring.open_piece(place, body)?)?))
}
