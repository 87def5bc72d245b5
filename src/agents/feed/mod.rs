//! What agents are told, on its way from the shard to their sessions.
//!
//! The shard publishes, in log order and only what is durable; sessions read at their own pace. Per agent there is one ring of
//! the newest positions, which serves both the live readers (by cursor) and a reconnecting one (by the position it handled
//! last). Invariants: a reader gets every position after the one it began at exactly once and in order, or it is told that it
//! cannot; a reader that does not read costs a bounded number of positions and bytes; publishing never waits.

mod feeds;
mod kept;
mod limits;
mod live;
mod reader;
mod ring;
mod stored;
mod watch;

pub use feeds::{Feeds, Resync, Told};
pub use kept::{Next, Whose};
pub use limits::FeedLimits;
pub use live::{Live, LiveFeed, Seldom, TYPING_EVERY};
pub use reader::{Feed, Overrun};
pub use stored::StoredFeeds;
pub use watch::{ConversationFeed, Fallen};
