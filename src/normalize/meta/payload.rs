//! Shape of the webhook, borrowed from its bytes. Fields that nobody reads are not listed and cost a skip.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::json::{self, List, Text, object, objects};
use super::super::refusal::Refusal;

#[derive(Deserialize, Default)]
pub(super) struct Webhook<'a> {
    #[serde(borrow)]
    pub(super) object: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) entry: List<Entry<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) messaging: List<Item<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) standby: List<Item<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) changes: List<RawChange<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct RawChange<'a> {
    #[serde(borrow)]
    pub(super) field: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) value: Option<&'a RawValue>,
}

/// A change of something in public, as a platform reads it.
#[derive(Clone, Copy)]
pub(in super::super) struct Change<'c> {
    pub(in super::super) field: &'c str,
    /// All of the webhook, for the place of what is wrong with the value.
    pub(in super::super) text: &'c str,
    pub(in super::super) value: Option<&'c RawValue>,
    /// The account that the change is about.
    pub(in super::super) account: Option<&'c str>,
    /// When Meta noted it.
    pub(in super::super) time: Option<&'c str>,
}

impl<'c> Change<'c> {
    /// What the value says; what is no object says nothing.
    pub(in super::super) fn read<T: Deserialize<'c> + Default>(&self, format: &'static str) -> Result<T, Refusal> {
        match self.value.filter(|value| value.get().starts_with('{')) {
            Some(value) => json::parse_within(format, self.text, value),
            None => Ok(T::default()),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) sender: Option<Party<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) recipient: Option<Party<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) message: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) message_edit: Option<Box<Edit<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) reaction: Option<Box<Reaction<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) delivery: Option<Delivery<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) read: Option<Read<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) postback: Option<Box<Postback<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) referral: Option<Box<Referral<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) optin: Option<Box<OptIn<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) account_linking: Option<Box<Linking<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) pass_thread_control: Option<Handover<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) policy_enforcement: Option<Box<Policy<'a>>>,
    #[serde(borrow)]
    pub(super) messaging_customer_information: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) messaging_feedback: Option<&'a RawValue>,
}

impl Item<'_> {
    /// The name of what happened to a message that was said before.
    pub(super) fn about_a_message(&self) -> Option<&'static str> {
        [
            (self.message_edit.is_some(), "message_edit"),
            (self.reaction.is_some(), "reaction"),
            (self.delivery.is_some(), "delivery"),
            (self.read.is_some(), "read"),
        ]
        .into_iter()
        .find_map(|(there, name)| (there && self.message.is_none()).then_some(name))
    }
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Party<'a> {
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) username: Option<Text<'a>>,
    /// Stands there when it is the account itself.
    #[serde(borrow)]
    pub(in super::super) self_ig_scoped_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) is_echo: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) is_deleted: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) is_unsupported: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) quick_reply: Option<QuickReply<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) reply_to: Option<ReplyTo<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) attachments: List<Attachment<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) referral: Option<Box<Referral<'a>>>,
}

#[derive(Deserialize, Default)]
pub(super) struct QuickReply<'a> {
    #[serde(borrow)]
    pub(super) payload: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct ReplyTo<'a> {
    #[serde(borrow)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) story: Option<Story<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Story<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Attachment<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) payload: Option<Box<Payload<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Payload<'a> {
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) sticker_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) coordinates: Option<Coordinates<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) product: Option<Products<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) elements: List<Element<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Coordinates<'a> {
    #[serde(borrow)]
    pub(super) lat: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) long: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Products<'a> {
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) elements: List<Element<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Element<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) retailer_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) subtitle: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Edit<'a> {
    #[serde(borrow)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) num_edit: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Reaction<'a> {
    #[serde(borrow)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) action: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) reaction: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) emoji: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Delivery<'a> {
    #[serde(borrow, default)]
    pub(super) mids: List<Text<'a>>,
    #[serde(borrow)]
    pub(super) watermark: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Read<'a> {
    #[serde(borrow)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) watermark: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Postback<'a> {
    #[serde(borrow)]
    pub(super) mid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) payload: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) referral: Option<Box<Referral<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Referral<'a> {
    #[serde(borrow, rename = "ref")]
    pub(super) reference: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) source: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) ad_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) ads_context_data: Option<AdContext<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) product: Option<Story<'a>>,
    #[serde(borrow)]
    pub(super) ctwa_clid: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct AdContext<'a> {
    #[serde(borrow)]
    pub(super) ad_title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) post_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct OptIn<'a> {
    #[serde(borrow)]
    pub(super) user_ref: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    pub(super) reference: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) payload: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) notification_messages_token: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) one_time_notif_token: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) notification_messages_frequency: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) notification_messages_timezone: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) notification_messages_status: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Linking<'a> {
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Handover<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Policy<'a> {
    #[serde(borrow)]
    pub(super) action: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) reason: Option<Text<'a>>,
}
