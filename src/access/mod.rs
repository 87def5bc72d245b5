//! Who may call the agents' port: tokens (JWT) and who they name, what each role may do, and TLS.
//!
//! Responsible for: reading keys and certificates, following their files while the daemon runs, proving a token, and saying for how
//! long a proof holds. Not for: gRPC (the gate of `agents` asks), what somebody may see of a Work (`domain`), and cryptography, which
//! is the libraries'.
//!
//! # Invariants
//! 1. Nobody is believed who brings no proof, once the configuration names keys of tokens.
//! 2. A key is used with the algorithms of its own kind only, whatever a token says of itself.
//! 3. A file with a problem changes nothing: what was in force stays, and it is said.
//! 4. No token, key or claim's value is in a log line or a refusal.

mod claims;
mod files;
mod follow;
mod jwks;
mod lease;
mod plan;
mod rights;
mod role;
mod tls;
mod tokens;

pub use claims::{ALL_WORKSPACES, ClaimNames, Claimed, Workspaces};
pub use files::{Access, AccessError, AccessFiles};
pub use follow::{FileKind, follow};
pub use lease::{Ending, Lease, Over, Proof};
pub use plan::AccessPlan;
pub use rights::{Door, door, may_command};
pub use role::{Role, Roles};
pub use tls::Tls;
pub use tokens::{TokenProblem, TokenRules, Tokens};
