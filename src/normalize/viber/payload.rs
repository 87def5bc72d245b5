//! Shape of the callback, borrowed from its bytes. Fields that nobody reads are not listed and cost a skip.

use serde::Deserialize;

use super::super::json::{Text, object};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Callback<'a> {
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message_token: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) chat_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) sender: Option<User<'a>>,
    #[serde(borrow)]
    pub(super) context: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) desc: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) status: Option<Status<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) message: Option<Box<Message<'a>>>,
}

#[derive(Deserialize, Default)]
pub(super) struct User<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) country: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) language: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) media: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) location: Option<Location<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(super) contact: Option<Contact<'a>>,
    #[serde(borrow)]
    pub(super) file_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) file_size: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) size: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) sticker_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Location<'a> {
    #[serde(borrow)]
    pub(super) lat: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) lon: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) address: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) phone_number: Option<Text<'a>>,
}
