//! Shape of the update, borrowed from its bytes. Fields that nobody reads are not listed and cost a skip.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::json::{List, Object, Text, object, objects};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Update<'a> {
    #[serde(borrow)]
    pub(super) update_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) message: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) edited_message: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) channel_post: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) edited_channel_post: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) business_connection: Option<Box<BusinessConnection<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) business_message: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) edited_business_message: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) deleted_business_messages: Option<Box<Deleted<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) guest_message: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) message_reaction: Option<Box<Reactions<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) callback_query: Option<Box<CallbackQuery<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) my_chat_member: Option<Box<MemberChange<'a>>>,
}

#[derive(Deserialize, Default)]
pub(super) struct User<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) last_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) username: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) language_code: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Chat<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    /// A channel's chats with the people who write to it.
    #[serde(borrow)]
    pub(super) is_direct_messages: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) last_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) username: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) message_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message_thread_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) is_topic_message: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) direct_messages_topic: Option<Box<Topic<'a>>>,
    #[serde(borrow)]
    pub(super) business_connection_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) guest_query_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) from: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) sender_chat: Option<Chat<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) chat: Option<Chat<'a>>,
    #[serde(borrow)]
    pub(super) date: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) edit_date: Option<Text<'a>>,
    pub(super) forward_origin: Option<IgnoredAny>,
    pub(super) forward_date: Option<IgnoredAny>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) reply_to_message: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) external_reply: Option<Box<Elsewhere<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) reply_to_story: Option<Box<Elsewhere<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) quote: Option<Line<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    /// Read only where they hold a link.
    #[serde(borrow)]
    pub(super) entities: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) caption: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) caption_entities: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) rich_message: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) live_photo: Option<Box<File<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) animation: Option<Box<File<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) audio: Option<Box<File<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) document: Option<Box<File<'a>>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) photo: List<File<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) sticker: Option<Box<File<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) video: Option<Box<File<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) video_note: Option<Box<File<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) voice: Option<Box<File<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) paid_media: Option<Box<PaidMedia<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) contact: Option<Box<Contact<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) dice: Option<Dice<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) poll: Option<Box<Poll<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) checklist: Option<Box<Checklist<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) venue: Option<Box<Venue<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) location: Option<Location<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) web_app_data: Option<Box<WebAppData<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) users_shared: Option<Box<Shared<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) chat_shared: Option<Box<Chat<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) gift: Option<Line<'a>>,
    pub(super) write_access_allowed: Option<IgnoredAny>,
    pub(super) story: Option<IgnoredAny>,
    pub(super) game: Option<IgnoredAny>,
    pub(super) invoice: Option<IgnoredAny>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) successful_payment: Option<Box<Payment<'a>>>,
    pub(super) passport_data: Option<IgnoredAny>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) reply_markup: Option<Markup<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) message_id: Option<Text<'a>>,
}

/// What one person and a channel write each other.
#[derive(Deserialize, Default)]
pub(super) struct Topic<'a> {
    #[serde(borrow)]
    pub(super) topic_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) user: Option<User<'a>>,
}

/// A message or a story of another chat.
#[derive(Deserialize, Default)]
pub(super) struct Elsewhere<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) chat: Option<Chat<'a>>,
    #[serde(borrow, alias = "id")]
    pub(super) message_id: Option<Text<'a>>,
}

/// People whom the person chose for us.
#[derive(Deserialize, Default)]
pub(super) struct Shared<'a> {
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) users: List<SharedUser<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct SharedUser<'a> {
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) last_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) username: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Payment<'a> {
    #[serde(borrow)]
    pub(super) currency: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) total_amount: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) invoice_payload: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct File<'a> {
    #[serde(borrow)]
    pub(super) file_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) file_size: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) file_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) emoji: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct PaidMedia<'a> {
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) paid_media: List<PaidMedium<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct PaidMedium<'a> {
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) photo: List<File<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) video: Option<File<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) live_photo: Option<File<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) last_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) vcard: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Dice<'a> {
    #[serde(borrow)]
    pub(super) emoji: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) value: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Poll<'a> {
    #[serde(borrow)]
    pub(super) question: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) description: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) options: List<Line<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Checklist<'a> {
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) tasks: List<Line<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Venue<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) location: Option<Location<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) address: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Location<'a> {
    #[serde(borrow)]
    pub(super) latitude: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) longitude: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct WebAppData<'a> {
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) button_text: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Markup<'a> {
    #[serde(borrow, default)]
    pub(super) inline_keyboard: List<List<Object<Button<'a>>>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Button<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) callback_data: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct BusinessConnection<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) date: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) is_enabled: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Deleted<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) chat: Option<Chat<'a>>,
    #[serde(borrow, default)]
    pub(super) message_ids: List<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Reactions<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) chat: Option<Chat<'a>>,
    #[serde(borrow)]
    pub(super) message_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) actor_chat: Option<Chat<'a>>,
    #[serde(borrow)]
    pub(super) date: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) old_reaction: List<Reaction<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) new_reaction: List<Reaction<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Reaction<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) emoji: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) custom_emoji_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct CallbackQuery<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) from: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) message: Option<Box<Message<'a>>>,
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) game_short_name: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct MemberChange<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) chat: Option<Chat<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) from: Option<User<'a>>,
    #[serde(borrow)]
    pub(super) date: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) new_chat_member: Option<Member<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Member<'a> {
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
}
