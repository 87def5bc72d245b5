//! Shape of a JSON webhook, borrowed from its bytes: the fields of both APIs. Fields that nobody reads are not listed and cost
//! a skip.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::value::RawValue;

use super::super::json::{List, Text, object, objects};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Webhook<'a> {
    // The SMS API.
    #[serde(borrow)]
    pub(super) msisdn: Option<Text<'a>>,
    #[serde(borrow, rename = "messageId", alias = "message-id")]
    pub(super) message_id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, rename = "message-timestamp")]
    pub(super) message_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) udh: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) concat: Option<Text<'a>>,
    #[serde(borrow, rename = "concat-ref")]
    pub(super) concat_ref: Option<Text<'a>>,
    #[serde(borrow, rename = "concat-total")]
    pub(super) concat_total: Option<Text<'a>>,
    #[serde(borrow, rename = "concat-part")]
    pub(super) concat_part: Option<Text<'a>>,
    #[serde(borrow, rename = "err-code")]
    pub(super) err_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) price: Option<Text<'a>>,
    #[serde(borrow, rename = "network-code")]
    pub(super) network_code: Option<Text<'a>>,
    #[serde(borrow, rename = "client-ref")]
    pub(super) client_dash_ref: Option<Text<'a>>,
    // The Voice API.
    #[serde(borrow)]
    pub(super) uuid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) conversation_uuid: Option<Text<'a>>,
    // Both.
    #[serde(borrow)]
    pub(super) to: Option<Party<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    // The Messages API.
    #[serde(borrow)]
    pub(super) channel: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message_uuid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) from: Option<Party<'a>>,
    /// Version 0.1 has the content in it.
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) message: Option<Box<Nested<'a>>>,
    #[serde(borrow)]
    pub(super) client_ref: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message_type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) profile: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) context: Option<Context<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) image: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) audio: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) video: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) file: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) sticker: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) vcard: Option<Box<Media<'a>>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) content: List<Media<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) location: Option<Box<Location<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) contact: Option<Box<Contact<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) reply: Option<Box<Reply<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) button: Option<Box<Button<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) reaction: Option<Reaction<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) order: Option<Box<Order<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) whatsapp: Option<Box<Whatsapp<'a>>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) error: Option<Box<Failure<'a>>>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) destination: Option<&'a RawValue>,
}

/// One side of a message: its address, and in version 0.1 of the Messages API the channel beside it.
#[derive(Default)]
pub(super) struct Party<'a> {
    pub(super) address: Option<Text<'a>>,
    pub(super) channel: Option<Text<'a>>,
}

impl<'a> From<Text<'a>> for Party<'a> {
    fn from(address: Text<'a>) -> Self {
        Self { address: Some(address), channel: None }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Party<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Object<'a> {
            #[serde(borrow, rename = "type")]
            channel: Option<Text<'a>>,
            #[serde(borrow)]
            number: Option<Text<'a>>,
            #[serde(borrow)]
            id: Option<Text<'a>>,
        }

        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        if raw.starts_with('{') {
            let Object::<'a> { channel, number, id } = serde_json::from_str(raw).map_err(D::Error::custom)?;
            Ok(Self { address: number.filter(|number| !number.as_str().is_empty()).or(id), channel })
        } else {
            serde_json::from_str::<Text<'a>>(raw).map(Self::from).map_err(D::Error::custom)
        }
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Nested<'a> {
    /// The members that stand at the top from version 1 on.
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) content: Option<Box<Webhook<'a>>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Context<'a> {
    #[serde(borrow)]
    pub(super) message_uuid: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) whatsapp_referred_product: Option<Product<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Product<'a> {
    #[serde(borrow)]
    pub(super) catalog_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) product_retailer_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Media<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) caption: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Location<'a> {
    #[serde(borrow, alias = "latitude")]
    pub(super) lat: Option<Text<'a>>,
    #[serde(borrow, alias = "longitude")]
    pub(super) long: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) address: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Contact<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) name: Option<ContactName<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) phones: List<Phone<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) emails: List<Email<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) org: Option<Organization<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct ContactName<'a> {
    #[serde(borrow)]
    pub(super) formatted_name: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Phone<'a> {
    #[serde(borrow)]
    pub(super) phone: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Email<'a> {
    #[serde(borrow)]
    pub(super) email: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Organization<'a> {
    #[serde(borrow)]
    pub(super) company: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Reply<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) description: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Button<'a> {
    #[serde(borrow)]
    pub(super) payload: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Reaction<'a> {
    #[serde(borrow)]
    pub(super) action: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) emoji: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Order<'a> {
    #[serde(borrow)]
    pub(super) catalog_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "objects")]
    pub(super) product_items: List<OrderItem<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct OrderItem<'a> {
    #[serde(borrow)]
    pub(super) product_retailer_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) quantity: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) item_price: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) currency: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Whatsapp<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) referral: Option<Referral<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Referral<'a> {
    #[serde(borrow)]
    pub(super) source_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) source_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) headline: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) body: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) ctwa_clid: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Failure<'a> {
    #[serde(borrow)]
    pub(super) code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) detail: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) reason: Option<Text<'a>>,
}
