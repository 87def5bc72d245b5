//! `line`: webhooks of the LINE Messaging API (LINE Developers, "Messaging API reference, webhook event objects").
//!
//! Each event of a webhook is one of ours, in their order. `webhookEventId` is what a redelivery repeats. In a group or room the
//! person may be unknown: the thread still is. An event of mode `standby` was meant for another module: its words are kept, but
//! open no Work.

mod message;
mod notice;
mod payload;
mod read;

pub(super) use read::read;
