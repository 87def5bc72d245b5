//! What each channel can carry: one table, and the check of a message of ours against it before it becomes a record.
//!
//! The limits are those that the providers document for the messages an adapter sends; a channel of somebody's own has none but
//! skein's. How a text is cut into SMS is counted here too, because its limit is one of segments.

mod capability;
mod carries;
mod sms;
mod table;

pub use capability::{Capabilities, Choices, Media, Rows, TextLimit, TextUnit};
pub use carries::{Uncarried, carries};
pub use sms::{Segments, SmsEncoding, segments, unencodable};
pub use table::{CHANNELS, capabilities, refuses_marketing_only};
pub(crate) use table::{reply_window_ms, reports_through};
