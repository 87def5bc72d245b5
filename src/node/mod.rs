//! This process among others: its name, who owns a shard by its lease, and which nodes there are.
//!
//! A lease decides who *tries*; the fenced log decides who may (design, law 4). So nothing here is part of the safety argument: a lease
//! that is late, lost or read from a replica behind the others costs a take-over too many, never a record.
//!
//! Not here: what an owner does (`app`), how calls reach it (`relay`).

mod identity;
mod keeper;
mod lease;
mod leases;
mod patience;
mod place;
mod roster;
mod standing;

pub use identity::Identity;
pub use keeper::{Granted, Tenure};
pub use lease::{Held, Lease};
pub use leases::{Leases, Seen, Written};
pub use patience::{Next, Patience};
pub use place::{Shards, surplus};
pub use roster::{Member, Roster};
pub use standing::Standing;
