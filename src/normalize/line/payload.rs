//! Shape of the webhook, borrowed from its bytes. Fields that nobody reads are not listed and cost a skip.

use serde::Deserialize;

use super::super::json::{List, Object, Text, object};

#[derive(Deserialize, Default)]
pub(super) struct Webhook<'a> {
    #[serde(borrow)]
    pub(super) destination: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) events: Option<List<Object<Event<'a>>>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) mode: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) source: Option<Source<'a>>,
    #[serde(borrow)]
    pub(super) webhook_event_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) delivery_context: Option<DeliveryContext<'a>>,
    #[serde(borrow)]
    pub(super) reply_token: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) message: Option<Box<Message<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) unsend: Option<Unsend<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) postback: Option<Postback<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) video_play_complete: Option<Tracking<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) link: Option<Link<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) delivery: Option<Delivery<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Source<'a> {
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) group_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) room_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryContext<'a> {
    #[serde(borrow)]
    pub(super) is_redelivery: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) quoted_message_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) mark_as_read_token: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) content_provider: Option<ContentProvider<'a>>,
    #[serde(borrow)]
    pub(super) file_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) file_size: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) address: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) latitude: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) longitude: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) package_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) sticker_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) keywords: List<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContentProvider<'a> {
    #[serde(borrow)]
    pub(super) original_content_url: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Unsend<'a> {
    #[serde(borrow)]
    pub(super) message_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Postback<'a> {
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) params: Option<Params<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params<'a> {
    #[serde(borrow)]
    pub(super) date: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) datetime: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) new_rich_menu_alias_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tracking<'a> {
    #[serde(borrow)]
    pub(super) tracking_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) result: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Delivery<'a> {
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
}
