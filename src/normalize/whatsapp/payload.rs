//! Shape of the webhook, borrowed from its bytes. Fields that nobody reads are not listed and cost a skip.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::json::Text;

#[derive(Deserialize)]
pub(super) struct Webhook<'a> {
    #[serde(borrow, default)]
    pub(super) entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) field: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) value: Option<Box<Value<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Value<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Metadata<'a>>,
    #[serde(borrow, default)]
    pub(super) contacts: Vec<Contact<'a>>,
    #[serde(borrow, default)]
    pub(super) messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) statuses: Vec<Status<'a>>,
    #[serde(borrow, default)]
    pub(super) message_echoes: Vec<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) history: Vec<History<'a>>,
    #[serde(borrow, default)]
    pub(super) user_preferences: Vec<Preference<'a>>,
    #[serde(borrow, default)]
    pub(super) user_id_update: Vec<UserIdUpdate<'a>>,
    #[serde(borrow, default)]
    pub(super) calls: Vec<Call<'a>>,
    #[serde(borrow, default)]
    pub(super) errors: Vec<Failure<'a>>,
}

impl Value<'_> {
    /// Whether it holds anything besides facts about our account.
    pub(super) fn speaks(&self) -> bool {
        !(self.messages.is_empty()
            && self.statuses.is_empty()
            && self.message_echoes.is_empty()
            && self.history.is_empty()
            && self.user_preferences.is_empty()
            && self.user_id_update.is_empty()
            && self.calls.is_empty()
            && self.errors.is_empty())
    }
}

#[derive(Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) display_phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) phone_number_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) profile: Option<ContactProfile<'a>>,
    #[serde(borrow)]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) parent_user_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ContactProfile<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) username: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) country_code: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) from_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) from_parent_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) to_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) group_id: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Body<'a>>,
    #[serde(borrow)]
    pub(super) image: Option<Box<Media<'a>>>,
    #[serde(borrow)]
    pub(super) video: Option<Box<Media<'a>>>,
    #[serde(borrow)]
    pub(super) audio: Option<Box<Media<'a>>>,
    #[serde(borrow)]
    pub(super) voice: Option<Box<Media<'a>>>,
    #[serde(borrow)]
    pub(super) document: Option<Box<Media<'a>>>,
    #[serde(borrow)]
    pub(super) sticker: Option<Box<Media<'a>>>,
    #[serde(borrow)]
    pub(super) location: Option<Box<Location<'a>>>,
    #[serde(borrow)]
    pub(super) contacts: Vec<Card<'a>>,
    #[serde(borrow)]
    pub(super) button: Option<Button<'a>>,
    #[serde(borrow)]
    pub(super) interactive: Option<Box<Interactive<'a>>>,
    #[serde(borrow)]
    pub(super) reaction: Option<Reaction<'a>>,
    #[serde(borrow)]
    pub(super) order: Option<Box<Order<'a>>>,
    #[serde(borrow)]
    pub(super) system: Option<Box<System<'a>>>,
    #[serde(borrow)]
    pub(super) context: Option<Box<Context<'a>>>,
    #[serde(borrow)]
    pub(super) referral: Option<Box<Referral<'a>>>,
    #[serde(borrow)]
    pub(super) edit: Option<Box<Edit<'a>>>,
    #[serde(borrow)]
    pub(super) revoke: Option<Revoke<'a>>,
    #[serde(borrow)]
    pub(super) unsupported: Option<Named<'a>>,
    #[serde(borrow)]
    pub(super) errors: Vec<Failure<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) body: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Media<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) sha256: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) caption: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) filename: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) voice: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Location<'a> {
    #[serde(borrow)]
    pub(super) latitude: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) longitude: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) address: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Card<'a> {
    #[serde(borrow)]
    pub(super) name: Option<CardName<'a>>,
    #[serde(borrow)]
    pub(super) phones: Vec<CardPhone<'a>>,
    #[serde(borrow)]
    pub(super) emails: Vec<CardEmail<'a>>,
    #[serde(borrow)]
    pub(super) org: Option<CardOrg<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CardName<'a> {
    #[serde(borrow)]
    pub(super) formatted_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) last_name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CardPhone<'a> {
    #[serde(borrow)]
    pub(super) phone: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) wa_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CardEmail<'a> {
    #[serde(borrow)]
    pub(super) email: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CardOrg<'a> {
    #[serde(borrow)]
    pub(super) company: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Button<'a> {
    #[serde(borrow)]
    pub(super) payload: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Interactive<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) button_reply: Option<Row<'a>>,
    #[serde(borrow)]
    pub(super) list_reply: Option<Row<'a>>,
    #[serde(borrow)]
    pub(super) nfm_reply: Option<FormReply<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) description: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct FormReply<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) body: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) response_json: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Reaction<'a> {
    #[serde(borrow)]
    pub(super) message_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) emoji: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Order<'a> {
    #[serde(borrow)]
    pub(super) catalog_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) product_items: Vec<OrderItem<'a>>,
}

#[derive(Deserialize)]
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

#[derive(Deserialize)]
pub(super) struct System<'a> {
    #[serde(borrow)]
    pub(super) body: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) new_wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Context<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(default)]
    pub(super) forwarded: bool,
    #[serde(default)]
    pub(super) frequently_forwarded: bool,
    #[serde(borrow)]
    pub(super) referred_product: Option<Product<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Product<'a> {
    #[serde(borrow)]
    pub(super) catalog_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) product_retailer_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Referral<'a> {
    #[serde(borrow)]
    pub(super) source_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) source_id: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    pub(super) reference: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) headline: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) body: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) ctwa_clid: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Edit<'a> {
    #[serde(borrow)]
    pub(super) original_message_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message: Option<Box<Message<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Revoke<'a> {
    #[serde(borrow)]
    pub(super) original_message_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Failure<'a> {
    #[serde(borrow)]
    pub(super) code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) details: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) error_data: Option<FailureData<'a>>,
}

#[derive(Deserialize)]
pub(super) struct FailureData<'a> {
    #[serde(borrow)]
    pub(super) details: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) recipient_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) recipient_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) recipient_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) recipient_participant_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) biz_opaque_callback_data: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) conversation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) pricing: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) errors: Vec<Failure<'a>>,
}

#[derive(Deserialize)]
pub(super) struct History<'a> {
    #[serde(borrow, default)]
    pub(super) threads: Vec<Thread<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Thread<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Preference<'a> {
    #[serde(borrow)]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) category: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) value: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct UserIdUpdate<'a> {
    #[serde(borrow)]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) detail: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_id: Option<Replaced<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Replaced<'a> {
    #[serde(borrow)]
    pub(super) previous: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) current: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) from_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) direction: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) duration: Option<Text<'a>>,
}
