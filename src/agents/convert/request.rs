//! What makes a command recognisable when it is repeated (design, section 5).

use std::hash::Hasher as _;

use prost::Message;
use siphasher::sip::SipHasher24;

use crate::agents::limits::MAX_REQUEST_ID_BYTES;
use crate::agents::status::Refusal;
use crate::domain::id::Name;
use crate::domain::record::Request;

/// Keys of the digest of commands. Not secret: they only have to be the same for ever.
const DIGEST_KEYS: (u64, u64) = (0x736b_6569_6e20_6167, 0x656e_7420_6469_6773);

/// The id that `principal` gave a command, with a digest of the verb and of `body`: the same id with another body is refused. The
/// caller has taken out of the body what a retry may bring anew: the id itself, the session's epoch.
///
/// # Errors
/// The id is too long or has characters that nobody could read in a log.
pub(crate) fn request<M: Message>(principal: Name, verb: &str, id: &str, body: &M) -> Result<Request, Refusal> {
    if id.len() > MAX_REQUEST_ID_BYTES || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::invalid("request_id", "at most 64 visible ASCII characters"));
    }
    let mut hasher = SipHasher24::new_with_keys(DIGEST_KEYS.0, DIGEST_KEYS.1);
    hasher.write(verb.as_bytes());
    hasher.write_u8(0);
    hasher.write(&body.encode_to_vec());
    Ok(Request { principal, request_id: Name::from(id), digest: hasher.finish() })
}
