//! What skein says by itself in a Work that somebody owns: a question to a customer who does not answer, and that somebody joins; and
//! whether they are reached otherwise than live.
//!
//! It answers nothing, so turn and wait stay as they are, and takes no token of the provider's that an answer needs.

use super::opt_out::is_refused;
use super::options::OptionsOf;
use super::reach::{Sending, may_send};
use super::send::{Outgoing, check, push_out, recipient};
use crate::domain::channel::carries;
use crate::domain::content::Content;
use crate::domain::draft::Draft;
use crate::domain::event::ErrorClass;
use crate::domain::id::{MessageId, WorkId};
use crate::domain::record::{Author, Flags, MessageKind, Purpose};
use crate::domain::rejection::Rejection;
use crate::domain::work::{Work, guard, known};
use crate::domain::workspace::WorkspaceConfig;

/// Asks the customer of an owned Work whether they are there, if an automated message may go there now: where programs are silent, the
/// window is closed or the customer refuses, nothing is said.
pub(crate) fn nudge(draft: &mut Draft<'_>, id: WorkId, text: &str) {
    if notify(draft, id, Content::text(text), Voice::Program).is_ok() {
        guard(draft, id);
    }
}

/// Whose words skein says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The configuration's: a program's, silent where programs are.
    Program,
    /// A person's, who has just written them.
    Person,
}

/// Tells the customer of an owned Work something, where an answer would go now, under the same rules, and never a program.
pub(crate) fn notify(
    draft: &mut Draft<'_>,
    id: WorkId,
    content: Content,
    voice: Voice,
) -> Result<MessageId, Rejection> {
    check(draft, &content)?;
    let work = known(draft, id)?;
    let owner = work.owner.ok_or(Rejection::NotOwner { owner: None })?;
    // A loop of programs ends with the first person. What a program wrote is answered by a person, but not by a notice.
    let silences = match voice {
        Voice::Program => work.silences(),
        Voice::Person => work.generated(),
    };
    if let Some(reason) = silences {
        return Err(Rejection::AutomationMuted { reason });
    }
    let (leaf, endpoint, because) = recipient(draft, work, None)?;
    let template = draft.space.config().template_of(endpoint, &content)?.is_some();
    let (root, purpose) = (draft.root_of(work.leaf), Purpose::Notice);
    let sending = Sending { root, brand: &work.brand, purpose, template, now: draft.now };
    may_send(draft.space, sending, leaf, endpoint, because)?;
    if is_refused(draft.space, leaf, Purpose::Service, &endpoint.channel) {
        return Err(Rejection::CannotSend(ErrorClass::OptedOut));
    }
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
        flags: if voice == Voice::Person { Flags::WORDED } else { Flags::default() },
        seen_through: None,
        not_after: None,
    };
    push_out(draft, out)
}

/// Whether an answer in the Work could go to its customer by a channel that is not live, freely or by a template.
pub(crate) fn reaches_elsewhere(draft: &Draft<'_>, work: &Work) -> bool {
    let options = draft.space.reply_options(OptionsOf::Work(work.id), draft.now);
    options.is_some_and(|options| {
        let mut options = options.options.iter().filter(|option| !WorkspaceConfig::live(&option.channel));
        options.any(|option| option.refused.is_none() || option.needs_template)
    })
}
