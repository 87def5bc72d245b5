//! Requests of agents as commands of the core.

use prost::Message;

use super::content::{content, line};
use super::customer::{customer_id, decide_suggestion, sender, unmerge_customers};
use super::enums::work_state_from;
use super::facts::{facts, lift_quarantine, line_of, upsert};
use super::view::{position, timestamp_from};
use crate::agents::caller::{Caller, name};
use crate::agents::limits::{MAX_CHANNELS, MAX_NAME_BYTES, MAX_SPLIT, PAGE_DEFAULT, WORK_PAGE_MAX};
use crate::agents::status::{Reason, Refusal};
use crate::domain::command::{Addressee, AgentCommand, Answer, Command, Parted, Recipient, Retry, Send, Start, Verb};
use crate::domain::content::Content;
use crate::domain::id::{MessageId, Name, RootId, WorkId};
use crate::domain::record::{Change, PersonalValue, Presence, Purpose, Record, Request, SessionEnd};
use crate::domain::view::{OptionsOf, WorkState, WorkView};
use crate::proto::agent as p;
use crate::proto::agent::command_result::Result as Outcome;
use crate::proto::channel;

/// Where a message goes that a command sends.
#[derive(Debug)]
pub(in crate::agents) enum Sends {
    /// Out of this endpoint.
    By(Name),
    /// Where an answer in this Work goes.
    Answering(WorkId),
}

/// How it is known where a command sends something, and how its sender is told that it may leave late.
type Sending<W, R> = (fn(&W) -> Option<Sends>, fn(&mut R));

/// A request that is a command: with the sender's id, the epoch of its session, and what to do.
pub(in crate::agents) trait Wire: Message + Sized {
    /// Tells commands with equal bodies apart.
    const VERB: &'static str;
    /// Name of the message: that of its rpc, with `Request` behind it.
    const MESSAGE: &'static str;
    /// What the sender of a unary command gets.
    type Response;
    /// Set for commands that send something.
    const SENDING: Option<Sending<Self, Self::Response>> = None;

    /// The message whose words it sends again.
    fn words_of(&self) -> Option<Result<MessageId, Refusal>> {
        None
    }

    /// Whose reply options a refusal of what it sends names.
    fn sends_about(&self) -> Option<OptionsOf> {
        None
    }

    /// The answer of the core as a response.
    fn respond(answer: &Answer) -> Self::Response;
    /// The response inside a session.
    fn wrap(response: Self::Response) -> Outcome;
    fn request_id(&mut self) -> &mut String;
    fn session_epoch(&mut self) -> &mut u64;
    fn verb(self) -> Result<Verb, Refusal>;
}

/// A request as a command. `session` is the epoch of the stream it came by; a unary request names its own or none.
pub(in crate::agents) fn command<W: Wire>(
    caller: &Caller,
    session: Option<u64>,
    mut request: W,
) -> Result<Command, Refusal> {
    let id = std::mem::take(request.request_id());
    let session_epoch = match std::mem::take(request.session_epoch()) {
        0 => session,
        named => Some(named),
    };
    let request_of = super::request(principal(caller), W::VERB, &id, &request)?;
    let verb = request.verb()?;
    Ok(agent_command(caller, session_epoch, verb, request_of))
}

/// A command that the edge gives on behalf of the agent's connection; never repeated, so without an id.
pub(in crate::agents) fn own_command(caller: &Caller, session_epoch: Option<u64>, verb: Verb) -> Command {
    let request = Request { principal: principal(caller), request_id: Name::default(), digest: 0 };
    agent_command(caller, session_epoch, verb, request)
}

fn agent_command(caller: &Caller, session_epoch: Option<u64>, verb: Verb, request: Request) -> Command {
    Command::Agent(Box::new(AgentCommand {
        workspace: caller.workspace.clone(),
        agent: caller.agent.clone(),
        request: Some(request),
        session_epoch,
        oversees: caller.oversees(),
        verb,
    }))
}

fn principal(caller: &Caller) -> Name {
    Name::from(format!("agent:{}", caller.agent))
}

macro_rules! wire {
    ($($message:ident => $response:ident, $outcome:ident, $verb:literal, |$request:ident| $body:expr, |$answer:ident| $fields:tt
        $(, sending: $sending:expr, about: $about:expr)? $(, words: $words:expr)?;)*) => {$(
        impl Wire for p::$message {
            const VERB: &'static str = $verb;
            const MESSAGE: &'static str = stringify!($message);
            type Response = p::$response;
            $(const SENDING: Option<Sending<Self, Self::Response>> = Some($sending);)?

            $(fn words_of(&self) -> Option<Result<MessageId, Refusal>> {
                Some($words(self))
            })?

            $(fn sends_about(&self) -> Option<OptionsOf> {
                $about(self)
            })?

            fn respond($answer: &Answer) -> Self::Response {
                wire!(@respond $response, $answer, $fields)
            }

            fn wrap(response: Self::Response) -> Outcome {
                Outcome::$outcome(response)
            }

            fn request_id(&mut self) -> &mut String {
                &mut self.request_id
            }

            fn session_epoch(&mut self) -> &mut u64 {
                &mut self.session_epoch
            }

            fn verb(self) -> Result<Verb, Refusal> {
                let $request = self;
                $body
            }
        }
    )*};
    (@respond $response:ident, $answer:ident, { $($field:ident : $value:expr),* }) => {
        p::$response { position: Some(position($answer.position)), $($field: $value),* }
    };
}

pub(super) use wire;

wire! {
    SetPresenceRequest => SetPresenceResponse, SetPresence, "set_presence",
        |request| set_presence(request), |answer| {};
    EndSessionRequest => EndSessionResponse, EndSession, "end_session",
        |_request| Ok(Verb::EndSession { reason: SessionEnd::LoggedOut }), |answer| {};
    AcceptOfferRequest => AcceptOfferResponse, AcceptOffer, "accept",
        |request| Ok(Verb::Accept { offer: id("offer_id", &request.offer_id)? }),
        |answer| { assignment_id: text(answer.assignment) };
    DeclineOfferRequest => DeclineOfferResponse, DeclineOffer, "decline",
        |request| Ok(Verb::Decline { offer: id("offer_id", &request.offer_id)? }), |answer| {};
    SendMessageRequest => SendMessageResponse, SendMessage, "send",
        |request| send(request),
        |answer| { message_id: text(answer.message), endpoint_degraded: false },
        sending: (sends, |response| response.endpoint_degraded = true),
        about: |request: &p::SendMessageRequest| request.work_id.parse().ok().map(OptionsOf::Work);
    StartWorkRequest => StartWorkResponse, StartWork, "start_work",
        |request| start_work(request),
        |answer| {
            work_id: text(answer.work),
            assignment_id: text(answer.assignment),
            message_id: text(answer.message),
            conversation_id: text(answer.customer),
            endpoint_degraded: false
        },
        sending: (
            |request: &p::StartWorkRequest| Some(Sends::By(Name::new(&request.endpoint))),
            |response| response.endpoint_degraded = true
        ),
        about: begins;
    CancelMessageRequest => CancelMessageResponse, CancelMessage, "cancel_message",
        |request| Ok(Verb::Cancel {
            message: message_id(&request.message_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
        }),
        |answer| { message_id: text(answer.message) };
    RetryMessageRequest => RetryMessageResponse, RetryMessage, "retry_message",
        |request| retry(request),
        |answer| { message_id: text(answer.message) },
        words: |request: &p::RetryMessageRequest| message_id(&request.message_id);
    EditMessageRequest => EditMessageResponse, EditMessage, "edit_message",
        |request| Ok(Verb::Edit {
            message: message_id(&request.message_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            content: content(request.content)?,
        }),
        |answer| { message_id: text(answer.message) };
    RetractMessageRequest => RetractMessageResponse, RetractMessage, "retract_message",
        |request| Ok(Verb::Retract {
            message: message_id(&request.message_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
        }),
        |answer| { message_id: text(answer.message) };
    MarkReadRequest => MarkReadResponse, MarkRead, "mark_read",
        |request| Ok(Verb::MarkRead {
            work: work_id(&request.work_id)?,
            through: id("through_message_id", &request.through_message_id)?,
        }), |answer| {};
    CloseWorkRequest => CloseWorkResponse, CloseWork, "close",
        |request| Ok(Verb::Close {
            work: work_id(&request.work_id)?,
            assignment: id("assignment_id", &request.assignment_id)?,
            disposition: label("disposition", &request.disposition)?,
        }), |answer| {};
    EraseCustomerRequest => EraseCustomerResponse, EraseCustomer, "erase_customer",
        |request| Ok(Verb::Erase { customer: id("customer_id", &request.customer_id)? }), |answer| {};
    MergeWorksRequest => MergeWorksResponse, MergeWorks, "merge_works",
        |request| Ok(Verb::MergeWorks {
            from: id("from_work_id", &request.from_work_id)?,
            from_assignment: given("from_assignment_id", &request.from_assignment_id)?,
            into: id("into_work_id", &request.into_work_id)?,
            into_assignment: id("into_assignment_id", &request.into_assignment_id)?,
        }), |answer| {};
    SplitWorkRequest => SplitWorkResponse, SplitWork, "split_work",
        |request| split_work(&request),
        |answer| { work_id: text(answer.work) };
    MergeCustomersRequest => MergeCustomersResponse, MergeCustomers, "merge_customers",
        |request| Ok(Verb::MergeCustomers {
            customer: customer_id(&request.customer_id)?,
            other: id("other_customer_id", &request.other_customer_id)?,
        }),
        |answer| { customer_id: text(answer.customer) };
    UnmergeCustomersRequest => UnmergeCustomersResponse, UnmergeCustomers, "unmerge_customers",
        |request| unmerge_customers(&request),
        |answer| { customer_id: text(answer.customer), rest_customer_id: text(answer.rest) };
    LinkIdentityRequest => LinkIdentityResponse, LinkIdentity, "link_identity",
        |request| {
            let (sender, scope) = sender(&request.namespace, &request.address)?;
            Ok(Verb::LinkIdentity { customer: customer_id(&request.customer_id)?, sender, scope })
        },
        |answer| { customer_id: text(answer.customer) };
    UnlinkIdentityRequest => UnlinkIdentityResponse, UnlinkIdentity, "unlink_identity",
        |request| Ok(Verb::UnlinkIdentity { leaf: id("identity_id", &request.identity_id)? }),
        |answer| { customer_id: text(answer.customer), rest_customer_id: text(answer.rest) };
    AcceptSuggestionRequest => AcceptSuggestionResponse, AcceptSuggestion, "accept_suggestion",
        |request| decide_suggestion(&request.identity_id, &request.other_identity_id, true),
        |answer| { customer_id: text(answer.customer) };
    RejectSuggestionRequest => RejectSuggestionResponse, RejectSuggestion, "reject_suggestion",
        |request| decide_suggestion(&request.identity_id, &request.other_identity_id, false), |answer| {};
    SetFactsRequest => SetFactsResponse, SetFacts, "set_facts",
        |request| Ok(Verb::SetFacts {
            customer: customer_id(&request.customer_id)?,
            leaf: given("identity_id", &request.identity_id)?,
            facts: facts(request.facts)?,
        }), |answer| {};
    AskFactRequest => AskFactResponse, AskFact, "ask_fact",
        |request| Ok(Verb::AskFact {
            work: work_id(&request.work_id)?,
            key: line_of("key", &request.key)?,
            prompt: request.prompt,
        }),
        |answer| { known: answer.known };
    UpsertCustomerRequest => UpsertCustomerResponse, UpsertCustomer, "upsert_customer",
        |request| upsert(request),
        |answer| { customer_id: text(answer.customer), created: answer.created };
    BlockRequest => BlockResponse, Block, "block",
        |request| Ok(Verb::Block {
            leaf: id("identity_id", &request.identity_id)?,
            reason: request.reason,
            until: request.until.map(|at| timestamp_from("until", at)).transpose()?,
        }), |answer| {};
    UnblockRequest => UnblockResponse, Unblock, "unblock",
        |request| Ok(Verb::Unblock { leaf: id("identity_id", &request.identity_id)? }),
        |answer| { work_id: text(answer.work) };
    MarkSpamRequest => MarkSpamResponse, MarkSpam, "mark_spam",
        |request| Ok(Verb::MarkSpam {
            work: work_id(&request.work_id)?,
            assignment: given("assignment_id", &request.assignment_id)?,
        }), |answer| {};
    UnmarkSpamRequest => UnmarkSpamResponse, UnmarkSpam, "unmark_spam",
        |request| Ok(Verb::ClearSpam { work: work_id(&request.work_id)? }),
        |answer| { work_id: text(answer.work) };
    LiftQuarantineRequest => LiftQuarantineResponse, LiftQuarantine, "lift_quarantine",
        |request| lift_quarantine(&request),
        |answer| { lifted: answer.lifted.into() };
}

fn split_work(request: &p::SplitWorkRequest) -> Result<Verb, Refusal> {
    use p::split_work_request::Messages;
    let messages = match &request.messages {
        Some(Messages::SinceMessageId(since)) => Parted::Since(id("since_message_id", since)?),
        Some(Messages::MergedWorkId(merged)) => Parted::Of(id("merged_work_id", merged)?),
        Some(Messages::These(these)) if these.message_ids.len() > MAX_SPLIT => {
            return Err(Refusal::limit("max_split_messages", MAX_SPLIT));
        }
        Some(Messages::These(these)) => {
            let ids = these.message_ids.iter().map(|text| id("these.message_ids", text));
            Parted::These(ids.collect::<Result<_, _>>()?)
        }
        None => return Err(Refusal::invalid("messages", "which ones is wanted")),
    };
    Ok(Verb::SplitWork {
        work: work_id(&request.work_id)?,
        assignment: id("assignment_id", &request.assignment_id)?,
        messages,
        queue: if request.queue.is_empty() { Name::default() } else { token("queue", &request.queue)? },
    })
}

pub(super) fn text<T: ToString>(id: Option<T>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn set_presence(request: p::SetPresenceRequest) -> Result<Verb, Refusal> {
    let (presence, reason, channels) = presence(request.presence(), &request.reason, &request.channels)?;
    Ok(Verb::SetPresence { presence, reason, channels })
}

/// A presence with its reason and channels, as far as they can be wanted.
pub(super) fn presence(
    presence: p::Presence,
    reason: &str,
    channels: &[String],
) -> Result<(Presence, Name, Vec<Name>), Refusal> {
    let presence = match presence {
        p::Presence::Ready => Presence::Ready,
        p::Presence::Away => Presence::Away,
        p::Presence::Draining => Presence::Draining,
        p::Presence::Offline | p::Presence::Unspecified => {
            return Err(Refusal::invalid("presence", "READY, AWAY or DRAINING"));
        }
    };
    if channels.len() > MAX_CHANNELS {
        return Err(Refusal::limit("max_channels", MAX_CHANNELS));
    }
    let channels = channels.iter().map(|channel| token("channels", channel));
    Ok((presence, label("reason", reason)?, channels.collect::<Result<_, _>>()?))
}

/// Where the message goes; none: nowhere, or the core will refuse it.
fn sends(request: &p::SendMessageRequest) -> Option<Sends> {
    match &request.to {
        _ if request.note => None,
        Some(to) => Some(Sends::By(Name::new(&to.endpoint))),
        None => request.work_id.parse().ok().map(Sends::Answering),
    }
}

/// Whose options a refusal to begin names.
fn begins(request: &p::StartWorkRequest) -> Option<OptionsOf> {
    match &request.to {
        Some(p::start_work_request::To::IdentityId(leaf)) => leaf.parse().ok().map(OptionsOf::Identity),
        Some(p::start_work_request::To::Address(_)) | None => None,
    }
}

fn start_work(request: p::StartWorkRequest) -> Result<Verb, Refusal> {
    use p::start_work_request::To;
    let purpose = match request.purpose() {
        channel::Purpose::Unspecified | channel::Purpose::Proactive => Purpose::Proactive,
        channel::Purpose::Service => Purpose::Service,
        channel::Purpose::Marketing | channel::Purpose::Notice | channel::Purpose::Survey => {
            return Err(Refusal::invalid("purpose", "SERVICE or PROACTIVE"));
        }
    };
    let to = match request.to {
        Some(To::IdentityId(leaf)) => Addressee::Identity(id("identity_id", &leaf)?),
        Some(To::Address(address)) => {
            let (sender, scope) = sender(&address.namespace, &address.address)?;
            Addressee::Address { sender, scope }
        }
        None => return Err(Refusal::invalid("to", "an identity or an address is wanted")),
    };
    Ok(Verb::StartWork(Box::new(Start {
        to,
        endpoint: token("endpoint", &request.endpoint)?,
        queue: if request.queue.is_empty() { Name::default() } else { token("queue", &request.queue)? },
        purpose,
        content: content(request.content)?,
        not_after: request.not_after.map(|at| timestamp_from("not_after", at)).transpose()?,
        beside_open: request.beside_open,
    })))
}

/// Without its words: those of the other message are put in by [`with_words`].
fn retry(request: p::RetryMessageRequest) -> Result<Verb, Refusal> {
    let seen_through = Some(request.seen_through_message_id).filter(|text| !text.is_empty());
    let send = Send {
        work: WorkId::default(),
        assignment: id("assignment_id", &request.assignment_id)?,
        seen_through: seen_through.map(|text| id("seen_through_message_id", &text)).transpose()?,
        if_unchanged: request.if_unchanged,
        to: request.to.map(named_recipient).transpose()?,
        content: Content::default(),
        purpose: Purpose::Service,
        not_after: request.not_after.map(|at| timestamp_from("not_after", at)).transpose()?,
        note: false,
    };
    Ok(Verb::Retry(Box::new(Retry { of: message_id(&request.message_id)?, send })))
}

/// Puts in the words and the purpose of the message that is sent again.
pub(in crate::agents) fn with_words(command: &mut Command, record: &Record, message: MessageId) -> Result<(), Refusal> {
    let Command::Agent(command) = command else { return Ok(()) };
    let Verb::Retry(retry) = &mut command.verb else { return Ok(()) };
    let Some(Change::MessageStored(stored)) = record.changes.get(usize::from(message.place())) else {
        return Err(Refusal::new(Reason::UnknownMessage, "unknown message"));
    };
    let words = record.content.iter().find(|personal| personal.place == message.place());
    let Some(PersonalValue::Message(words)) = words.map(|personal| &personal.value) else {
        return Err(Refusal::new(Reason::WordsGone, "what the message said is gone"));
    };
    retry.send.content = words.content.clone();
    retry.send.purpose = stored.purpose;
    Ok(())
}

fn named_recipient(to: p::Recipient) -> Result<Recipient, Refusal> {
    Ok(Recipient { leaf: id("to.identity_id", &to.identity_id)?, endpoint: token("to.endpoint", &to.endpoint)? })
}

fn send(request: p::SendMessageRequest) -> Result<Verb, Refusal> {
    let to = request.to.map(named_recipient);
    let seen_through = Some(request.seen_through_message_id).filter(|text| !text.is_empty());
    Ok(Verb::Send(Box::new(Send {
        work: work_id(&request.work_id)?,
        assignment: id("assignment_id", &request.assignment_id)?,
        seen_through: seen_through.map(|text| id("seen_through_message_id", &text)).transpose()?,
        if_unchanged: request.if_unchanged,
        to: to.transpose()?,
        content: content(request.content)?,
        purpose: Purpose::Service,
        not_after: request.not_after.map(|at| timestamp_from("not_after", at)).transpose()?,
        note: request.note,
    })))
}

/// Which Works a list asks for.
#[derive(Debug)]
pub(in crate::agents) struct ListWorks {
    pub(in crate::agents) queue: Option<Name>,
    pub(in crate::agents) state: Option<WorkState>,
    pub(in crate::agents) tag: Option<Name>,
    pub(in crate::agents) size: usize,
    /// Works up to and with this place were on the pages before.
    pub(in crate::agents) after: Option<(i64, WorkId)>,
}

/// Where a Work stands in a list: those that wait by key, then the others, each by id.
pub(in crate::agents) fn place(work: &WorkView) -> (i64, WorkId) {
    (work.key.unwrap_or(i64::MAX), work.work)
}

/// The token of the page that follows a Work.
pub(in crate::agents) fn works_token(last: &WorkView) -> String {
    let (key, work) = place(last);
    format!("{key}.{work}")
}

fn works_token_from(token: &str) -> Result<(i64, WorkId), Refusal> {
    token
        .split_once('.')
        .and_then(|(key, work)| Some((key.parse().ok()?, work.parse().ok()?)))
        .ok_or_else(|| Refusal::invalid("page_token", "is not one that was given out"))
}

/// A validated request for a list of Works.
pub(in crate::agents) fn list_works(request: &p::ListWorkRequest) -> Result<ListWorks, Refusal> {
    let queue = Some(&request.queue).filter(|queue| !queue.is_empty());
    let state = p::WorkState::try_from(request.state).map_err(|_| Refusal::invalid("state", "is not known"))?;
    let after = Some(&request.page_token).filter(|token| !token.is_empty());
    Ok(ListWorks {
        queue: queue.map(|queue| token("queue", queue)).transpose()?,
        state: work_state_from(state),
        tag: Some(Name::from(request.tag.as_str())).filter(|tag| !tag.is_empty()),
        size: page_size(request.page_size, WORK_PAGE_MAX)?,
        after: after.map(|token| works_token_from(token)).transpose()?,
    })
}

/// Size of a page: the default for 0.
pub(in crate::agents) fn page_size(asked: i32, max: usize) -> Result<usize, Refusal> {
    match usize::try_from(asked) {
        Ok(0) => Ok(PAGE_DEFAULT),
        Ok(size) if size <= max => Ok(size),
        _ => Err(Refusal::invalid("page_size", &format!("1 to {max}, or 0 for the default"))),
    }
}

/// A Work's id.
pub(in crate::agents) fn work_id(text: &str) -> Result<WorkId, Refusal> {
    id("work_id", text)
}

/// A conversation's id.
pub(in crate::agents) fn conversation_id(text: &str) -> Result<RootId, Refusal> {
    id("conversation_id", text)
}

/// A message's id.
pub(in crate::agents) fn message_id(text: &str) -> Result<MessageId, Refusal> {
    id("message_id", text)
}

pub(super) fn id<T: std::str::FromStr<Err = crate::domain::id::BadId>>(
    field: &'static str,
    text: &str,
) -> Result<T, Refusal> {
    text.parse().map_err(|bad: crate::domain::id::BadId| Refusal::invalid(field, &bad.to_string()))
}

/// An id that may be left empty.
pub(super) fn given<T: std::str::FromStr<Err = crate::domain::id::BadId>>(
    field: &'static str,
    text: &str,
) -> Result<Option<T>, Refusal> {
    Some(text).filter(|text| !text.is_empty()).map(|text| id(field, text)).transpose()
}

/// A name that operators choose.
pub(super) fn token(field: &'static str, text: &str) -> Result<Name, Refusal> {
    name(text).ok_or_else(|| Refusal::invalid(field, "1 to 64 letters, digits, - or _"))
}

/// A short text of a list that operators keep; may be empty.
pub(super) fn label(field: &'static str, text: &str) -> Result<Name, Refusal> {
    if text.len() > MAX_NAME_BYTES {
        return Err(Refusal::limit("max_name_bytes", MAX_NAME_BYTES).with("field", field));
    }
    line(field, text)?;
    Ok(Name::from(text))
}
