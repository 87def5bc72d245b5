//! What is shown of that which somebody may not see: that it is there, where, and since when. Not a word, name or address.

use super::customer::customer;
use super::view::{conversation, timestamp, work};
use crate::domain::id::MessageId;
use crate::domain::record::{MessageStored, Record};
use crate::domain::view::{ConversationView, CustomerView, WorkView};
use crate::domain::workspace::Sight;
use crate::proto::agent as p;

use super::enums;

/// A Work, or its stub.
pub(in crate::agents) fn work_seen(view: WorkView, sight: &Sight) -> p::Work {
    if sight.sees_work(&view) {
        return work(view);
    }
    p::Work {
        work_id: view.work.to_string(),
        conversation_id: view.conversation.to_string(),
        state: enums::work_state(view.state).into(),
        queue: view.queue.into(),
        channel: view.channel.into(),
        brand: view.brand.into(),
        opened_at: Some(timestamp(view.opened_at)),
        hidden: true,
        ..p::Work::default()
    }
}

/// A conversation with those of its Works that are seen, and stubs of the others; or its stub.
pub(in crate::agents) fn conversation_seen(mut view: ConversationView, sight: &Sight) -> p::Conversation {
    if sight.is_whole() {
        return conversation(view);
    }
    let hidden = !sight.sees_customer(&view);
    let works = std::mem::take(&mut view.works).into_iter().map(|view| work_seen(view, sight)).collect();
    if hidden {
        return p::Conversation {
            conversation_id: view.conversation.to_string(),
            works,
            hidden,
            ..p::Conversation::default()
        };
    }
    p::Conversation { works, ..conversation(view) }
}

/// A customer with those of its Works that are seen, and stubs of the others; or its stub.
pub(in crate::agents) fn customer_seen(mut view: CustomerView, sight: &Sight) -> p::Customer {
    if sight.is_whole() {
        return customer(view);
    }
    let hidden = !sight.sees_customer(&view.conversation);
    let works = std::mem::take(&mut view.conversation.works);
    let works = works.into_iter().map(|view| work_seen(view, sight)).collect();
    if hidden {
        let customer_id = view.conversation.conversation.to_string();
        return p::Customer { customer_id, works, hidden, ..p::Customer::default() };
    }
    p::Customer { works, ..customer(view) }
}

/// The stub of a message.
pub(super) fn message_stub(record: &Record, place: u16, stored: &MessageStored) -> p::Message {
    p::Message {
        message_id: MessageId::new(record.index, place).to_string(),
        conversation_id: stored.conversation.to_string(),
        work_id: stored.work.map(|work| work.to_string()).unwrap_or_default(),
        direction: enums::direction(stored.direction).into(),
        recorded_at: Some(timestamp(record.time)),
        hidden: true,
        ..p::Message::default()
    }
}
