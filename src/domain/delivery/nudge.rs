//! What skein says by itself in a Work: a question to a customer who does not answer; and whether they are reached otherwise than live.

use super::options::OptionsOf;
use super::reach::{Sending, may_send};
use super::send::{Outgoing, push_out, recipient};
use crate::domain::channel::carries;
use crate::domain::content::Content;
use crate::domain::draft::Draft;
use crate::domain::id::WorkId;
use crate::domain::record::{Author, Flags, MessageKind, Purpose};
use crate::domain::rejection::Rejection;
use crate::domain::work::{Work, guard, known};
use crate::domain::workspace::WorkspaceConfig;

/// Asks the customer of an owned Work whether they are there, if an automated message may go there now: where programs are silent, the
/// window is closed or the customer refuses, nothing is said.
pub(crate) fn nudge(draft: &mut Draft<'_>, id: WorkId, text: &str) {
    if asks(draft, id, text).is_ok() {
        guard(draft, id);
    }
}

fn asks(draft: &mut Draft<'_>, id: WorkId, text: &str) -> Result<(), Rejection> {
    let work = known(draft, id)?;
    let owner = work.owner.ok_or(Rejection::NotOwner { owner: None })?;
    if let Some(reason) = work.silences() {
        return Err(Rejection::AutomationMuted { reason });
    }
    let content = Content { text: text.to_owned(), ..Content::default() };
    let (leaf, endpoint, because) = recipient(draft, work, None)?;
    let (root, purpose) = (draft.root_of(work.leaf), Purpose::Notice);
    let sending = Sending { root, brand: &work.brand, purpose, template: false, now: draft.now };
    may_send(draft.space, sending, leaf, endpoint, because)?;
    carries(&endpoint.channel, &content)
        .map_err(|what| Rejection::NotCarried { channel: endpoint.channel.clone(), what })?;
    let known = draft.space.leaves.get(leaf).ok_or(Rejection::NoRecipient)?;
    let address = (known.address.clone().ok_or(Rejection::NoRecipient)?, known.hash());
    let out = Outgoing {
        agent: Some(owner.agent),
        author: Author::System,
        work: id,
        assignment: Some(owner.assignment),
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
    push_out(draft, out).map(drop)
}

/// Whether an answer in the Work could go to its customer by a channel that is not live, freely or by a template.
pub(crate) fn reaches_elsewhere(draft: &Draft<'_>, work: &Work) -> bool {
    let options = draft.space.reply_options(OptionsOf::Work(work.id), draft.now);
    options.is_some_and(|options| {
        let mut options = options.options.iter().filter(|option| !WorkspaceConfig::live(&option.channel));
        options.any(|option| option.refused.is_none() || option.needs_template)
    })
}
