//! The workspace of these tests: one number of WhatsApp, one queue, agents who may be anybody; and a store with one object.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use skein::agents::{Media, MediaError, MediaStream};
use skein::domain::content::{Attachment, AttachmentState, Content, Part};
use skein::domain::event::AddressKind;
use skein::domain::id::Name;
use skein::domain::workspace::{
    Accept, AgentKind, AgentProfile, EndpointConfig, GracePolicy, IdentityConfig, OptOutConfig, QueueConfig,
    WorkspaceConfig,
};
use skein::proto::agent as p;

pub(crate) fn config() -> WorkspaceConfig {
    let name = Name::from;
    WorkspaceConfig {
        name: name("demo"),
        endpoints: vec![EndpointConfig {
            name: name("support"),
            channel: name("whatsapp"),
            brand: name(""),
            queue: name("general"),
            addresses: Vec::new(),
            scope: name("p1"),
            shown_name: None,
            trusts: vec![AddressKind::Crm],
            authserv_ids: Vec::new(),
            groups: false,
            public: false,
            enrich_wait_ms: None,
        }],
        queues: vec![QueueConfig {
            name: name("general"),
            accept: Accept::Manual,
            offer_timeout_ms: 30_000,
            first_reply_target_ms: 60_000,
            next_reply_target_ms: 120_000,
            recall_after_ms: 0,
            wrapup_max_ms: 0,
            wrapup_cost: 0,
            grace: GracePolicy::Requeue,
            ..QueueConfig::default()
        }],
        agents: Vec::new(),
        guest: Some(AgentProfile {
            kind: AgentKind::Human,
            queues: vec![name("general")],
            capacity: 100,
            costs: Vec::new(),
            channels: Vec::new(),
            ..AgentProfile::default()
        }),
        templates: Vec::new(),
        thanks: Vec::new(),
        opt_out: OptOutConfig::none(),
        identity: IdentityConfig::none(),
        continuation_window_ms: 3_600_000,
        max_open_works: 10,
        max_messages_per_minute: 1_000,
        max_new_customers_per_minute: 600,
        decline_cooldown_ms: 60_000,
        decline_cooldown_min_ms: 10_000,
        ..WorkspaceConfig::empty(Name::default())
    }
}

/// A store with one object, and whatever is put into it.
#[derive(Clone, Default)]
pub(crate) struct OneObject {
    put: Arc<Mutex<BTreeMap<String, bytes::Bytes>>>,
    /// Objects that are being put, or were.
    pub(crate) begun: Arc<AtomicUsize>,
    /// While somebody has it nothing is put to its end.
    pub(crate) held: Arc<tokio::sync::Mutex<()>>,
}

impl OneObject {
    /// How many objects were put.
    pub(crate) fn stored(&self) -> usize {
        self.put.lock().expect("no panic in it").len()
    }
}

/// Name of the object.
pub(crate) const OBJECT: &str = "object-1";
/// Its bytes.
pub(crate) const OBJECT_BYTES: usize = 150_000;

impl Media for OneObject {
    fn put(&self, _: Name, object: String, bytes: bytes::Bytes) -> BoxFuture<'static, Result<(), MediaError>> {
        let store = self.clone();
        async move {
            store.begun.fetch_add(1, Ordering::Relaxed);
            let _last_piece = store.held.lock().await;
            store.put.lock().expect("no panic in it").insert(object, bytes);
            Ok(())
        }
        .boxed()
    }

    fn open(&self, _: Name, object: String) -> BoxFuture<'static, Result<MediaStream, MediaError>> {
        let put = self.put.lock().expect("no panic in it").get(&object).cloned();
        async move {
            let bytes = match put {
                Some(bytes) => bytes,
                None if object == OBJECT => bytes::Bytes::from(vec![9; OBJECT_BYTES]),
                None => return Err(MediaError::Missing),
            };
            Ok(futures::stream::iter([Ok(bytes)]).boxed())
        }
        .boxed()
    }
}

/// Content with an attachment that is stored.
pub(crate) fn picture() -> Content {
    let attachment = Attachment {
        state: AttachmentState::Stored,
        object: Some(OBJECT.to_owned()),
        media_type: Some("image/jpeg".to_owned()),
        ..Attachment::default()
    };
    Content { text: String::new(), parts: vec![Part::Attachment(attachment)] }
}

/// An answer to the customer of a Work.
pub(crate) fn answer_to(work: &p::Work, request_id: &str, text: &str) -> p::SendMessageRequest {
    p::SendMessageRequest {
        request_id: request_id.to_owned(),
        work_id: work.work_id.clone(),
        assignment_id: work.assignment_id.clone(),
        seen_through_message_id: work.last_customer_message_id.clone(),
        content: Some(skein::proto::channel::Content { text: text.to_owned(), parts: Vec::new() }),
        ..Default::default()
    }
}
