//! Who is it: addresses, identities, leaves and the customers they make up (domain rules, section 4; design, law 9).

mod address;
mod browser;
mod change;
mod claims;
mod erase;
mod joined;
mod leaf;
mod link;
mod merge;
mod number;
mod rekey;
mod resolve;
mod shared;
mod single;
mod suggestion;
mod unmerge;
mod variant;
mod weigh;

pub use address::normalise;
pub(crate) use address::{NORMALISER_VERSION, address_hash, email_hash};
pub(crate) use change::{Told, changed};
pub(crate) use erase::{erase, keys_destroyed};
pub(crate) use joined::{Joined, Merge, Parting};
pub(crate) use leaf::{Leaf, Leaves};
pub(crate) use link::{decide_suggestion, link};
pub(crate) use merge::merge;
pub use number::warm_up;
pub use rekey::Normaliser;
pub(crate) use rekey::rekey;
pub(crate) use resolve::{Named, Who, known, known_person, resolve, resolve_thread};
pub use suggestion::Suggestion;
pub(crate) use suggestion::{MAX_OPEN, Suggestions, end_between, suggest};
pub(crate) use unmerge::{unlink, unmerge};
