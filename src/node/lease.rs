//! What stands in a lease.

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use crate::domain::id::Name;
use crate::log::{Tip, Witness};

/// Version of the text. A reader that does not know it takes the shard for owned.
const VERSION: u32 = 1;

/// Whether the shard is owned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Held {
    /// By the node that wrote it, which serves it.
    Owned,
    /// By the node that wrote it, which takes it over or brings it to an end, and serves no calls meanwhile.
    Changing,
    /// No longer: its owner handed it over, having done everything that an owner has to do at its end.
    Released {
        /// Who is to own it; none: anybody.
        to: Option<Name>,
    },
}

/// The lease of a shard, written by its owner each second. JSON: operators look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    version: u32,
    /// Name of the node.
    pub node: Name,
    /// Which of its processes.
    instance: String,
    /// Whether it owns the shard.
    pub held: Held,
    /// The last durable entry of the log at that time: a witness of its length (design, law 5).
    durable: u64,
    /// The running hash after it.
    chain: String,
}

impl Lease {
    /// Of a node that owns, or has owned, up to `durable`.
    #[must_use]
    pub fn new(identity: &Identity, held: Held, durable: Tip) -> Self {
        Self {
            version: VERSION,
            node: identity.node.clone(),
            instance: hex(identity.instance),
            held,
            durable: durable.index,
            chain: hex(durable.chain),
        }
    }

    /// Whether this very process wrote it.
    #[must_use]
    pub fn is_of(&self, identity: &Identity) -> bool {
        self.node == identity.node && self.instance == hex(identity.instance)
    }

    /// What its writer knew of the log's length.
    #[must_use]
    pub fn witness(&self) -> Witness {
        Witness { source: "lease", index: self.durable, chain: u64::from_str_radix(&self.chain, 16).ok() }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// None: another version, or no lease.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|lease: &Self| lease.version == VERSION)
    }
}

/// Numbers of 64 bits are no numbers of JSON everywhere.
fn hex(number: u64) -> String {
    format!("{number:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_read_as_it_was_written_and_says_how_long_the_log_was() {
        let me = Identity::new("north");
        let tip = Tip { index: 7, chain: u64::MAX - 1, ..Tip::ORIGIN };
        for held in
            [Held::Owned, Held::Changing, Held::Released { to: None }, Held::Released { to: Some(Name::new("south")) }]
        {
            let lease = Lease::new(&me, held, tip);
            let read = Lease::decode(&lease.encode()).expect("it was just written");
            assert_eq!(read, lease);
            assert!(read.is_of(&me) && !read.is_of(&Identity::new("north")));
            assert_eq!(read.witness(), Witness { source: "lease", index: 7, chain: Some(u64::MAX - 1) });
        }
    }

    #[test]
    fn what_another_version_wrote_is_not_guessed_at() {
        let lease = Lease::new(&Identity::new("north"), Held::Owned, Tip::ORIGIN);
        let later = String::from_utf8(lease.encode()).expect("JSON").replace("\"version\":1", "\"version\":2");
        assert_eq!(Lease::decode(later.as_bytes()), None);
        assert_eq!(Lease::decode(b"{}"), None);
    }
}
