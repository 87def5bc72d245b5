//! Frame of a webhook: entries, changes, and the lists in the value of a change.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::super::json::{List, Text, object, objects};
use super::{Call, Message, Preference, StateSync, Status, UserIdUpdate};

#[derive(Deserialize, Default)]
pub(in super::super) struct Webhook<'a> {
    #[serde(borrow)]
    pub(in super::super) object: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) entry: List<Entry<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Entry<'a> {
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) time: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) changes: List<Change<'a>>,
}

/// The value is read by itself: one at a time is in memory, and what concerns our account is kept as it was sent.
#[derive(Deserialize, Default)]
pub(in super::super) struct Change<'a> {
    #[serde(borrow)]
    pub(in super::super) field: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) value: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct Value<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) metadata: Option<Metadata<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) contacts: List<Contact<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) messages: List<Message<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) statuses: List<Status<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) message_echoes: List<Message<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) history: List<History<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) state_sync: List<StateSync<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) user_preferences: List<Preference<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) user_id_update: List<UserIdUpdate<'a>>,
    #[serde(borrow)]
    pub(in super::super) groups: List<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) calls: List<Call<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) errors: List<Failure<'a>>,
}

impl Value<'_> {
    /// Whether it holds anything besides facts about our account.
    pub(in super::super) fn speaks(&self) -> bool {
        !(self.messages.is_empty()
            && self.statuses.is_empty()
            && self.message_echoes.is_empty()
            && self.history.is_empty()
            && self.state_sync.is_empty()
            && self.user_preferences.is_empty()
            && self.user_id_update.is_empty()
            && self.groups.is_empty()
            && self.calls.is_empty()
            && self.errors.is_empty())
    }
}

/// Messages as sent, for those whose kind nobody knows.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct RawMessages<'a> {
    #[serde(borrow)]
    pub(in super::super) messages: List<&'a RawValue>,
    #[serde(borrow)]
    pub(in super::super) message_echoes: List<&'a RawValue>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(in super::super) display_phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) phone_number_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Contact<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) profile: Option<ContactProfile<'a>>,
    #[serde(borrow)]
    pub(in super::super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) parent_user_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct ContactProfile<'a> {
    #[serde(borrow)]
    pub(in super::super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) username: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) country_code: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct History<'a> {
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) threads: List<Thread<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) errors: List<Failure<'a>>,
}

/// Messages of one person. They are read one by one: a chunk has thousands.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct Thread<'a> {
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) context: Option<ThreadContext<'a>>,
    #[serde(borrow)]
    pub(in super::super) messages: List<&'a RawValue>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct ThreadContext<'a> {
    #[serde(borrow)]
    pub(in super::super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) username: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Failure<'a> {
    #[serde(borrow)]
    pub(in super::super) code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) message: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) details: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) error_data: Option<FailureData<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct FailureData<'a> {
    #[serde(borrow)]
    pub(in super::super) details: Option<Text<'a>>,
}
