//! Shape of the webhook, borrowed from its bytes. Fields that nobody reads are not listed and cost a skip.

mod message;
mod notice;
mod webhook;

pub(super) use message::{Card, Context, Interactive, Location, Media, Message, Order, Referral, Row, System};
pub(super) use notice::{Call, Group, Preference, StateSync, Status, UserIdUpdate};
pub(super) use webhook::{Change, Contact, Entry, Failure, History, Metadata, RawMessages, Thread, Value, Webhook};
