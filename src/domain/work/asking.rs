//! What asks something of a Work, kept apart from it: of messages that are in none for now, and are filed into one later.

use serde::{Deserialize, Serialize};

use super::open::MailThread;
use super::reshape::Part;
use super::said::{Item, Said, Says};
use super::{Place, Work};
use crate::domain::event::Assurance;
use crate::domain::id::{LeafId, MessageId, Name};
use crate::domain::record::{MessageContent, MessageStored};
use crate::domain::time::Timestamp;
use crate::domain::workspace::IndexedConfig;

/// A message that asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asking {
    pub(crate) id: MessageId,
    at: Timestamp,
    filed: LeafId,
    pub(crate) channel: Name,
    pub(crate) endpoint: Name,
    thread: Option<Name>,
    says: Says,
    heard: Option<Assurance>,
}

impl Asking {
    /// What a message asks, if it does.
    pub(crate) fn of(
        id: MessageId,
        at: Timestamp,
        message: &MessageStored,
        words: Option<&MessageContent>,
    ) -> Option<Self> {
        let says = message.says();
        says.awaits().then(|| Self {
            id,
            at,
            filed: message.leaf,
            channel: message.channel.clone(),
            endpoint: message.endpoint.clone(),
            thread: words.and_then(|words| words.thread.as_deref()).map(Name::from),
            says,
            heard: (says == Says::Asks).then_some(message.assurance),
        })
    }
}

impl Work {
    /// What an identity asks in it and nobody has answered; when all is answered, what it asked last.
    pub(crate) fn asking(&self, leaf: LeafId) -> Vec<Asking> {
        let Some(said) = &self.said else { return Vec::new() };
        let own = |item: &&Item| item.filed == leaf && item.says.awaits();
        let mut items: Vec<&Item> = said.awaiting().filter(own).collect();
        if items.is_empty() {
            items.extend(said.items().iter().rev().find(own));
        }
        let places: Vec<Place> = self.places().collect();
        let asking = items.into_iter().filter_map(|item| {
            let place = places.get(usize::from(item.place))?;
            Some(Asking {
                id: item.id,
                at: item.at,
                filed: item.filed,
                channel: place.channel.clone(),
                endpoint: place.endpoint.clone(),
                thread: item.thread.clone(),
                says: item.says,
                heard: item.heard,
            })
        });
        asking.collect()
    }

    /// Identities that what was asked in it is filed under.
    pub(crate) fn askers(&self) -> impl Iterator<Item = LeafId> {
        let said = self.said.iter().flat_map(|said| said.items());
        said.filter(|item| item.says.awaits()).map(|item| item.filed)
    }

    /// How sure it is who wrote what an answer answers; none: somebody beside the customer, or nobody lately.
    pub(crate) fn heard_as(&self) -> Option<Assurance> {
        self.said.as_ref()?.last_asked()?.heard
    }
}

impl Part {
    /// Messages that were in no Work. `answerable`: what is said to their identity still reaches it.
    pub(crate) fn restored(
        asking: &[Asking],
        mail: Option<Box<MailThread>>,
        answerable: bool,
        config: &IndexedConfig,
    ) -> Self {
        let (mut said, mut places) = (Said::default(), Vec::<Place>::new());
        for asking in asking {
            let same = |place: &Place| place.endpoint == asking.endpoint && place.channel == asking.channel;
            let at = places.iter().position(same).unwrap_or_else(|| {
                let queue = config.endpoint(&asking.channel, &asking.endpoint).map(|endpoint| endpoint.queue.clone());
                let (channel, endpoint) = (asking.channel.clone(), asking.endpoint.clone());
                places.push(Place { channel, endpoint, queue: queue.unwrap_or_default() });
                places.len() - 1
            });
            said.push(Item {
                id: asking.id,
                at: asking.at,
                leaf: answerable.then_some(asking.filed),
                filed: asking.filed,
                place: u8::try_from(at).unwrap_or(0),
                says: asking.says,
                heard: asking.heard,
                answered: None,
                thread: asking.thread.clone().filter(|_| answerable),
            });
        }
        let threaded = asking.iter().any(|asking| asking.thread.is_some());
        Self::of(said, places, mail, threaded)
    }
}
