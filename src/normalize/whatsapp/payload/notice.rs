//! What a webhook reports besides messages: statuses, calls, wishes, groups, the business app's address book.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::super::json::{List, Text, object, objects};
use super::Failure;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct Status<'a> {
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) timestamp: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) recipient_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) recipient_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) recipient_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) recipient_participant_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) recipient_participant_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) biz_opaque_callback_data: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) conversation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in super::super) pricing: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in super::super) payment: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) errors: List<Failure<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Preference<'a> {
    #[serde(borrow)]
    pub(in super::super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) category: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) value: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) timestamp: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct UserIdUpdate<'a> {
    #[serde(borrow)]
    pub(in super::super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) detail: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) user_id: Option<Replaced<'a>>,
    #[serde(borrow)]
    pub(in super::super) timestamp: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Replaced<'a> {
    #[serde(borrow)]
    pub(in super::super) previous: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) current: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Call<'a> {
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) from_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) to_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) direction: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) duration: Option<Text<'a>>,
}

/// What names a change of a group. The rest is kept as sent.
#[derive(Deserialize, Default)]
pub(in super::super) struct Group<'a> {
    #[serde(borrow)]
    pub(in super::super) group_id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) timestamp: Option<Text<'a>>,
}

/// An entry of the address book of the business app.
#[derive(Deserialize, Default)]
pub(in super::super) struct StateSync<'a> {
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) action: Option<Text<'a>>,
}
