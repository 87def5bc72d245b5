//! A message of a webhook, borrowed from its bytes.

use serde::Deserialize;

use super::super::super::json::{List, Text, object, objects};
use super::Failure;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct Message<'a> {
    #[serde(borrow)]
    pub(in super::super) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) from_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) from_parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) history_context: Option<HistoryContext<'a>>,
    #[serde(borrow)]
    pub(in super::super) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) to_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) group_id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) text: Option<Body<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) image: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) video: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) audio: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) voice: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) document: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) sticker: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) location: Option<Box<Location<'a>>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) contacts: List<Card<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) button: Option<Button<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) interactive: Option<Box<Interactive<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) reaction: Option<Reaction<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) order: Option<Box<Order<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) system: Option<Box<System<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) context: Option<Box<Context<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) referral: Option<Box<Referral<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) edit: Option<Box<Edit<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) revoke: Option<Revoke<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) unsupported: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) errors: List<Failure<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Body<'a> {
    #[serde(borrow)]
    pub(in super::super) body: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Named<'a> {
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Media<'a> {
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) sha256: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) caption: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) filename: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) voice: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Location<'a> {
    #[serde(borrow)]
    pub(in super::super) latitude: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) longitude: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) address: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct Card<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) name: Option<CardName<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) phones: List<CardPhone<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) emails: List<CardEmail<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) org: Option<CardOrg<'a>>,
    #[serde(borrow)]
    pub(in super::super) vcard: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct CardName<'a> {
    #[serde(borrow)]
    pub(in super::super) formatted_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) last_name: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct CardPhone<'a> {
    #[serde(borrow)]
    pub(in super::super) phone: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) wa_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct CardEmail<'a> {
    #[serde(borrow)]
    pub(in super::super) email: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct CardOrg<'a> {
    #[serde(borrow)]
    pub(in super::super) company: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Button<'a> {
    #[serde(borrow)]
    pub(in super::super) payload: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) text: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Interactive<'a> {
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) button_reply: Option<Row<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) list_reply: Option<Row<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) nfm_reply: Option<FormReply<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) call_permission_reply: Option<CallPermission<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct CallPermission<'a> {
    #[serde(borrow)]
    pub(in super::super) response: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) expiration_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) response_source: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Row<'a> {
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) description: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct FormReply<'a> {
    #[serde(borrow)]
    pub(in super::super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) body: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) response_json: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Reaction<'a> {
    #[serde(borrow)]
    pub(in super::super) message_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) emoji: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Order<'a> {
    #[serde(borrow)]
    pub(in super::super) catalog_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) text: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(in super::super) product_items: List<OrderItem<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct OrderItem<'a> {
    #[serde(borrow)]
    pub(in super::super) product_retailer_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) quantity: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) item_price: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) currency: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct System<'a> {
    #[serde(borrow)]
    pub(in super::super) body: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) new_wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) customer: Option<Text<'a>>,
}

/// Beside a message from before we were connected.
#[derive(Deserialize, Default)]
pub(in super::super) struct HistoryContext<'a> {
    #[serde(borrow)]
    pub(in super::super) from_me: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Context<'a> {
    #[serde(borrow)]
    pub(in super::super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) forwarded: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) frequently_forwarded: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) referred_product: Option<Product<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Product<'a> {
    #[serde(borrow)]
    pub(in super::super) catalog_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) product_retailer_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Referral<'a> {
    #[serde(borrow)]
    pub(in super::super) source_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) source_id: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    pub(in super::super) reference: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) headline: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) body: Option<Text<'a>>,
    #[serde(borrow)]
    pub(in super::super) ctwa_clid: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Edit<'a> {
    #[serde(borrow)]
    pub(in super::super) original_message_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(in super::super) message: Option<Box<Message<'a>>>,
}

#[derive(Deserialize, Default)]
pub(in super::super) struct Revoke<'a> {
    #[serde(borrow)]
    pub(in super::super) original_message_id: Option<Text<'a>>,
}
