//! Notices: what skein tells a customer by itself (domain rules, section 1).
//!
//! A notice answers nothing, so turn and wait stay as they are, and takes no token of the provider's that an answer needs. It goes where an
//! answer would go now, under the same rules, and never to a program.

use super::opt_out::is_refused;
use super::reach::{Sending, may_send};
use super::send::{Outgoing, check, push_out, recipient};
use crate::domain::channel::carries;
use crate::domain::content::Content;
use crate::domain::draft::Draft;
use crate::domain::event::ErrorClass;
use crate::domain::id::{MessageId, WorkId};
use crate::domain::record::{Author, Flags, MessageKind, Purpose};
use crate::domain::rejection::Rejection;
use crate::domain::work::known;

/// Tells the customer of an owned Work something.
pub(crate) fn notify(draft: &mut Draft<'_>, id: WorkId, content: Content) -> Result<MessageId, Rejection> {
    check(&content)?;
    let work = known(draft, id)?;
    if let Some(reason) = work.silences() {
        return Err(Rejection::AutomationMuted { reason });
    }
    let owner = work.owner.ok_or(Rejection::NotOwner { owner: None })?;
    let (leaf, endpoint, because) = recipient(draft, work, None)?;
    let template = draft.space.config().template_of(endpoint, &content)?;
    let purpose = Purpose::Notice;
    let sending = Sending {
        root: draft.root_of(work.leaf),
        brand: &work.brand,
        purpose,
        template: template.is_some(),
        now: draft.now,
    };
    may_send(draft.space, sending, leaf, endpoint, because)?;
    if is_refused(draft.space, leaf, Purpose::Service, &endpoint.channel) {
        return Err(Rejection::CannotSend(ErrorClass::OptedOut));
    }
    carries(&endpoint.channel, &content)
        .map_err(|what| Rejection::NotCarried { channel: endpoint.channel.clone(), what })?;
    let known = draft.space.leaves.get(leaf).ok_or(Rejection::NoRecipient)?;
    let address = (known.address.clone().ok_or(Rejection::NoRecipient)?, known.hash());
    let notice = Outgoing {
        agent: owner.agent,
        author: Author::System,
        work: id,
        assignment: owner.assignment,
        leaf,
        address,
        endpoint,
        purpose,
        kind: MessageKind::Message,
        content,
        about: None,
        flags: Flags::default(),
        seen_through: None,
        not_after: None,
    };
    push_out(draft, notice)
}
