//! Names of the fields of log lines, each declared once. `tracing` macros take them as `{ fields::WORK_ID } = %id`.
//!
//! Ids only: no text of messages, no names, no addresses.

/// Which workspace.
pub const WORKSPACE: &str = "skein.workspace";
/// Which shard.
pub const SHARD: &str = "skein.shard";
/// A node, by its name or its subject.
pub const NODE: &str = "skein.node";
/// The epoch of the shard's writer.
pub const EPOCH: &str = "skein.epoch";
/// Index of a record in the log.
pub const RECORD_INDEX: &str = "skein.record.index";
/// Name of a stream of the server.
pub const STREAM: &str = "skein.stream.name";
/// Sequence of a message in a stream.
pub const STREAM_SEQUENCE: &str = "skein.stream.sequence";
/// Kind of channel.
pub const CHANNEL: &str = "skein.channel";
/// Our address on a channel, by its configured name.
pub const ENDPOINT: &str = "skein.endpoint";
/// A customer.
pub const CUSTOMER_ID: &str = "skein.customer.id";
/// A leaf of a customer.
pub const LEAF_ID: &str = "skein.leaf.id";
/// A message.
pub const MESSAGE_ID: &str = "skein.message.id";
/// A work.
pub const WORK_ID: &str = "skein.work.id";
/// An offer.
pub const OFFER_ID: &str = "skein.offer.id";
/// An assignment.
pub const ASSIGNMENT_ID: &str = "skein.assignment.id";
/// A queue, by its configured name.
pub const QUEUE: &str = "skein.queue";
/// An agent, by the configured name.
pub const AGENT_ID: &str = "skein.agent.id";
/// The epoch of an agent's session.
pub const SESSION_EPOCH: &str = "skein.session.epoch";
/// A request of an agent.
pub const REQUEST_ID: &str = "skein.request.id";
/// A bounded reason, as in the metrics.
pub const REASON: &str = "skein.reason";
/// The chain of an error.
pub const ERROR: &str = "error";
/// Lines of this cause that were left out since the last one.
pub const LEFT_OUT: &str = "skein.log.left_out";
