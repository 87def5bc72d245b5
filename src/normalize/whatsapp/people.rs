//! Who is meant: addresses of one person, and the contact that describes a sender.

use std::collections::HashMap;

use super::super::json::{List, Text};
use super::payload::{Contact, Metadata};
use crate::domain::event::{AddressKind, Sender};

/// Up to so many contacts are searched one by one; usually there is one.
const SEARCHED: usize = 8;

/// Addresses of one person, the phone first, none twice.
pub(super) fn addresses(phone: Option<&str>, user_id: Option<&str>) -> Vec<Sender> {
    let mut senders = Vec::with_capacity(2);
    if let Some(phone) = phone.filter(|phone| !phone.is_empty()) {
        senders.push(address(phone));
    }
    if let Some(user_id) = user_id.filter(|id| !id.is_empty() && Some(*id) != phone) {
        senders.push(Sender { kind: AddressKind::Whatsapp, address: user_id.to_owned() });
    }
    senders
}

pub(super) fn address(address: &str) -> Sender {
    if super::super::fields::is_whatsapp_user_id(address) {
        Sender { kind: AddressKind::Whatsapp, address: address.to_owned() }
    } else {
        super::super::fields::international(address)
    }
}

/// The contacts of a change, by their addresses.
pub(super) struct Contacts<'c, 'a> {
    all: &'c [Contact<'a>],
    index: HashMap<&'c str, &'c Contact<'a>>,
}

impl<'c, 'a> Contacts<'c, 'a> {
    pub(super) fn new(all: &'c List<Contact<'a>>) -> Self {
        let mut index = HashMap::new();
        if all.len() > SEARCHED {
            for contact in all.iter() {
                for id in contact.wa_id.iter().chain(&contact.user_id) {
                    index.entry(id.as_str()).or_insert(contact);
                }
            }
        }
        Self { all, index }
    }

    /// The contact with one of the addresses; the only contact describes a sender without any address.
    pub(super) fn of(&self, phone: Option<&Text<'a>>, user_id: Option<&Text<'a>>) -> Option<&'c Contact<'a>> {
        if phone.is_none() && user_id.is_none() {
            return self.all.first().filter(|_| self.all.len() == 1);
        }
        if self.all.len() > SEARCHED {
            return [phone, user_id].into_iter().flatten().find_map(|id| self.index.get(id.as_str()).copied());
        }
        self.all.iter().find(|contact| {
            (phone.is_some() && contact.wa_id.as_ref() == phone)
                || (user_id.is_some() && contact.user_id.as_ref() == user_id)
        })
    }
}

/// Whether an address is our own number. Numbers are compared by their digits: ours comes as it is shown.
pub(super) fn is_ours(metadata: Option<&Metadata<'_>>, address: Option<&Text<'_>>) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<smallvec::SmallVec<[u8; 24]>>();
    let (Some(metadata), Some(address)) = (metadata, address) else { return false };
    let Some(ours) = &metadata.display_phone_number else { return false };
    let address = digits(address.as_str());
    !address.is_empty() && address == digits(ours.as_str())
}
