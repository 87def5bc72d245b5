//! An agent writes first (domain rules, section 8): a Work of its own, with the message that begins it.
//!
//! Invariants: it never takes an agent beyond its capacity, never stands beside an open Work of the same identity on the same endpoint,
//! and whatever the person answers by that endpoint belongs to it.

use super::opt_out::is_refused;
use super::reach::{Because, Sending, UNHEARD, may_send, reaches_in};
use super::send::{Outgoing, check, effective, is_refused_by, push_out};
use crate::domain::channel::{capabilities, carries};
use crate::domain::command::{Addressee, Start};
use crate::domain::content::Part;
use crate::domain::customer::{Addressed, addressed, open_addressed};
use crate::domain::draft::Draft;
use crate::domain::event::ErrorClass;
use crate::domain::id::{AgentId, AssignmentId, LeafId, Name, RootId, WorkId};
use crate::domain::record::{AssignCause, Author, Change, Flags, MessageKind, Purpose, QueueCause, WorkOpened};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{assign, key};
use crate::domain::workspace::{AgentKind, EndpointConfig, TemplateConfig};

/// Whom it goes to.
enum To {
    /// An identity that is known.
    Known(LeafId),
    /// An address that nobody has.
    New(Addressed),
}

/// Opens a Work that the agent owns, and sends its first message.
pub(crate) fn start(draft: &mut Draft<'_>, agent: AgentId, start: Start) -> Result<(), Rejection> {
    check(draft, &start.content)?;
    if !matches!(start.purpose, Purpose::Service | Purpose::Proactive) {
        return Err(Rejection::Invalid("purpose: SERVICE or PROACTIVE; what a template is for comes with it"));
    }
    let config = draft.space.config();
    let endpoint = config.endpoints.iter().find(|endpoint| endpoint.name == start.endpoint);
    let endpoint = endpoint.ok_or_else(|| Rejection::UnknownEndpoint(start.endpoint.clone()))?;
    let queue = if start.queue.is_empty() { &endpoint.queue } else { &start.queue };
    let (author, cost) = starter(draft, agent, endpoint, queue)?;
    carries(&endpoint.channel, &start.content)
        .map_err(|what| Rejection::NotCarried { channel: endpoint.channel.clone(), what })?;
    if endpoint.channel == "email" && !has_subject(&start) {
        return Err(Rejection::Invalid("content.mail.subject: a first mail needs one"));
    }
    let template = config.template_of(endpoint, &start.content)?;
    let purpose = effective(start.purpose, template);
    if super::mail::named(&start.content).any(|address| is_refused_by(draft, address, purpose, &endpoint.channel)) {
        return Err(Rejection::CannotSend(ErrorClass::OptedOut));
    }
    let to = match &start.to {
        Addressee::Identity(leaf) => To::Known(*leaf),
        Addressee::Address { sender, scope } => {
            let found = addressed(draft, sender, scope)?;
            match found.leaf {
                Some(leaf) => To::Known(leaf),
                None => To::New(found),
            }
        }
    };
    let (leaf, root, linked, address) = match to {
        To::Known(leaf) => {
            let (root, linked) = known(draft, leaf, endpoint, purpose, template, start.beside_open)?;
            let address = draft.space.leaves.get(leaf).and_then(|leaf| leaf.address.clone());
            let hash = draft.space.leaves.get(leaf).map(|leaf| leaf.hash());
            (leaf, root, linked, address.zip(hash).ok_or(Rejection::NoRecipient)?)
        }
        To::New(found) => {
            may_begin(draft, &found, endpoint, purpose, template)?;
            let (text, hash) = found.text();
            let address = (text.clone(), hash);
            let leaf = open_addressed(draft, found);
            (leaf, RootId(leaf.0), Vec::new(), address)
        }
    };
    let work = draft.next_work();
    draft.push(Change::WorkOpened(Box::new(WorkOpened {
        leaf,
        conversation: root,
        channel: endpoint.channel.clone(),
        endpoint: endpoint.name.clone(),
        brand: config.brand(endpoint).clone(),
        linked,
    })));
    let opened = draft.work(work).ok_or(Rejection::UnknownWork)?;
    let key = key(config, queue, opened, draft.now.0);
    draft.push(Change::WorkQueued { work, queue: queue.clone(), key, cause: QueueCause::New, preferred: None });
    let assignment = AssignmentId::new(draft.index(), draft.place());
    assign(draft, work, agent, AssignCause::Start, cost);
    push_out(
        draft,
        Outgoing {
            agent: Some(agent),
            author,
            work,
            assignment: Some(assignment),
            leaf,
            address,
            endpoint,
            purpose,
            kind: MessageKind::Message,
            content: start.content,
            about: None,
            flags: Flags::default(),
            seen_through: None,
            not_after: start.not_after,
        },
    )?;
    Ok(())
}

/// Who begins, and what the Work costs there: somebody with a session, who serves queue and channel, with room.
fn starter(
    draft: &Draft<'_>,
    agent: AgentId,
    endpoint: &EndpointConfig,
    queue: &Name,
) -> Result<(Author, u32), Rejection> {
    let starter = draft.agent(agent).ok_or(Rejection::UnknownAgent)?;
    if starter.session.is_none() {
        return Err(Rejection::NoSession);
    }
    let profile = &starter.profile;
    let channels = &profile.channels;
    if draft.space.config().queue(queue).is_none() {
        return Err(Rejection::Invalid("queue: there is none of that name"));
    }
    if !profile.queues.contains(queue) || !(channels.is_empty() || channels.contains(&endpoint.channel)) {
        return Err(Rejection::NotServed { endpoint: endpoint.name.clone() });
    }
    let cost = profile.cost(&endpoint.channel);
    if !starter.has_room(cost) {
        return Err(Rejection::Limit("capacity: the agent has no room for one more"));
    }
    let author = match profile.kind {
        AgentKind::Human => Author::Agent(agent),
        AgentKind::Bot => Author::Bot(agent),
    };
    Ok((author, cost))
}

fn has_subject(start: &Start) -> bool {
    start.content.parts.iter().any(|part| matches!(part, Part::Mail(mail) if !mail.subject.trim().is_empty()))
}

/// Judges an identity that is known. Gives its customer and the open Works that the new one is linked to.
fn known(
    draft: &Draft<'_>,
    leaf: LeafId,
    endpoint: &EndpointConfig,
    purpose: Purpose,
    template: Option<&TemplateConfig>,
    beside_open: bool,
) -> Result<(RootId, Vec<WorkId>), Rejection> {
    let space = draft.space;
    let identity = space.leaves.get(leaf).ok_or(Rejection::UnknownIdentity)?;
    let root = identity.root;
    let brand = space.config().brand(endpoint);
    if space.people.asides.get(leaf).is_some() {
        return Err(Rejection::RecipientRefused("an identity that is blocked, spam or in quarantine"));
    }
    let sending = Sending { root, brand, purpose, template: template.is_some(), now: draft.now };
    may_send(space, sending, leaf, endpoint, Because::Begun)?;
    let open: Vec<WorkId> = space.works_of(root).filter(|work| space.works.contains(*work)).collect();
    let of_brand = || open.iter().filter_map(|work| space.works.get(*work)).filter(|work| work.brand == *brand);
    // What is said there belongs to the Work that is there.
    let same = of_brand().find(|work| work.place_of(&endpoint.channel, &endpoint.name).is_some());
    let latest = || of_brand().max_by_key(|work| (work.last_message, work.id));
    if let Some(work) = same.or_else(|| latest().filter(|_| !beside_open)) {
        let (owner, same) = (work.owner.map(|owner| owner.agent), same.is_some());
        return Err(Rejection::WorkOpen { work: work.id, owner, same_endpoint: same });
    }
    if of_brand().count() >= space.config().max_open_works as usize {
        return Err(Rejection::Limit("open works of a customer"));
    }
    Ok((root, open))
}

/// Whether an address that nobody has may be written to.
fn may_begin(
    draft: &Draft<'_>,
    found: &Addressed,
    endpoint: &EndpointConfig,
    purpose: Purpose,
    template: Option<&TemplateConfig>,
) -> Result<(), Rejection> {
    let (kind, scope) = found.kind();
    if !reaches_in(endpoint, kind, scope) {
        return Err(Rejection::RecipientRefused("the endpoint's channel does not reach that kind of address"));
    }
    let row = capabilities(&endpoint.channel);
    if row.is_some_and(|row| !row.to_strangers) {
        return Err(Rejection::RecipientRefused(UNHEARD));
    }
    if found.shared {
        return Err(Rejection::RecipientRefused("an address of several people"));
    }
    if let Some(before) = found.before {
        if draft.space.people.asides.get(before).is_some_and(|aside| aside.block.is_some()) {
            return Err(Rejection::RecipientRefused("an identity that is blocked, spam or in quarantine"));
        }
        if is_refused(draft.space, before, purpose, &endpoint.channel) {
            return Err(Rejection::CannotSend(ErrorClass::OptedOut));
        }
    }
    if row.is_some_and(|row| row.reply_window_h.is_some()) && template.is_none() {
        return Err(Rejection::CannotSend(ErrorClass::WindowClosed));
    }
    Ok(())
}
