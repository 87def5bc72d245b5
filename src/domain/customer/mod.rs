//! Who is it: addresses, identities, leaves and the customers they make up (domain rules, section 4; design, law 9).

mod address;
mod change;
mod joined;
mod leaf;
mod link;
mod merge;
mod number;
mod resolve;
mod suggestion;
mod unmerge;
mod variant;

pub use address::normalise;
pub(crate) use address::{NORMALISER_VERSION, address_hash};
pub(crate) use change::{Told, changed};
pub(crate) use joined::{Joined, Merge, Parting};
pub(crate) use leaf::{Leaf, Leaves};
pub(crate) use link::{decide_suggestion, link};
pub(crate) use merge::merge;
pub use number::warm_up;
pub(crate) use resolve::{Who, known, known_person, resolve, resolve_thread};
pub use suggestion::Suggestion;
pub(crate) use suggestion::{Suggestions, end_between, suggest};
pub(crate) use unmerge::{unlink, unmerge};
