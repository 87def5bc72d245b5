//! Where an answer could go, and templates, as messages.

use super::enums;
use super::view::timestamp;
use crate::agents::limits::PAGE_MAX;
use crate::agents::port::CommandFailure;
use crate::agents::status::Refusal;
use crate::domain::channel::{Capabilities, Media, TextLimit, TextUnit};
use crate::domain::event::Scope;
use crate::domain::id::Name;
use crate::domain::rejection::Rejection;
use crate::domain::view::{OptionsOf, ReplyOption, ReplyOptions};
use crate::domain::workspace::TemplateConfig;
use crate::proto::agent as p;

/// What somebody wants to know the options of.
pub(in crate::agents) fn options_of(request: &p::ReplyOptionsRequest) -> Result<OptionsOf, Refusal> {
    use p::reply_options_request::Of;
    match &request.of {
        Some(Of::WorkId(work)) => super::work_id(work).map(OptionsOf::Work),
        Some(Of::ConversationId(id)) => super::conversation_id(id).map(OptionsOf::Customer),
        None => Err(Refusal::invalid("of", "a Work or a conversation is wanted")),
    }
}

/// The options. `degraded` says it of an endpoint.
pub(in crate::agents) fn reply_options(
    found: ReplyOptions,
    degraded: impl Fn(&Name) -> bool,
) -> p::ReplyOptionsResponse {
    p::ReplyOptionsResponse {
        conversation_id: found.conversation.to_string(),
        options: found
            .options
            .into_iter()
            .map(|found| {
                let endpoint_degraded = degraded(&found.endpoint);
                p::ReplyOption { endpoint_degraded, ..option(found) }
            })
            .collect(),
    }
}

fn option(found: ReplyOption) -> p::ReplyOption {
    let kind = match found.scope {
        Scope::Direct => enums::namespace(found.kind),
        Scope::Group | Scope::Public => "thread",
    };
    let scope = &found.namespace_scope;
    p::ReplyOption {
        identity_id: found.leaf.to_string(),
        namespace: if scope.is_empty() { kind.to_owned() } else { format!("{kind}:{scope}") },
        address: found.address.map(Into::into).unwrap_or_default(),
        channel: found.channel.into(),
        endpoint: found.endpoint.into(),
        is_default: found.is_default,
        allowed: found.refused.is_none(),
        refused: found.refused.map(refused),
        needs_template: found.needs_template,
        window_until: found.window_until.map(timestamp),
        refuses: found.refuses.into_iter().map(|purpose| enums::purpose(purpose).into()).collect(),
        capabilities: found.capabilities.map(capabilities),
        endpoint_degraded: false,
    }
}

fn refused(rejection: Rejection) -> p::Refused {
    // None of these names an agent.
    let refusal = Refusal::of_command(CommandFailure::Rejected(rejection), |_| None);
    p::Refused {
        reason: refusal.reason().label().to_owned(),
        message: refusal.text().to_owned(),
        metadata: refusal.facts().iter().map(|(fact, value)| ((*fact).to_owned(), value.clone())).collect(),
    }
}

/// Options as the metadata of a refused send: `IDENTITY@ENDPOINT`, with blanks between.
pub(in crate::agents) fn told(options: &ReplyOptions, chosen: impl Fn(&ReplyOption) -> bool) -> Option<String> {
    let chosen: Vec<String> = options
        .options
        .iter()
        .filter(|option| chosen(option))
        .map(|option| format!("{}@{}", option.leaf, option.endpoint))
        .collect();
    (!chosen.is_empty()).then(|| chosen.join(" "))
}

fn capabilities(of: &Capabilities) -> p::ChannelCapabilities {
    p::ChannelCapabilities {
        text: Some(text(of.text)),
        caption: Some(text(of.caption)),
        buttons_max: of.buttons.map_or(0, |choices| count(choices.max)),
        button_title_max: of.buttons.map_or(0, |choices| count(choices.title_max)),
        list_rows_max: of.list.map_or(0, |rows| count(rows.max)),
        list_title_max: of.list.map_or(0, |rows| count(rows.title_max)),
        attachments_max: count(of.attachments_max),
        media: of.media.iter().map(media).collect(),
        templates: of.templates,
        location: of.location,
        contact_card: of.contact_card,
        quote: of.quote,
        reaction: of.reaction,
        mail: of.mail,
        edit: of.edit,
        retract: of.retract,
    }
}

fn media(sort: &Media) -> p::MediaSort {
    p::MediaSort { types: sort.types.iter().map(|&name| name.to_owned()).collect(), max_bytes: sort.max_bytes }
}

fn text(limit: TextLimit) -> p::TextLimit {
    let unit = match limit.unit {
        TextUnit::Characters => p::TextUnit::Characters,
        TextUnit::Utf16 => p::TextUnit::Utf16,
        TextUnit::Bytes => p::TextUnit::Bytes,
        TextUnit::SmsSegments => p::TextUnit::SmsSegments,
    };
    p::TextLimit { max: count(limit.max), unit: unit.into() }
}

fn count(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

/// A page of templates, behind those of the pages before.
pub(in crate::agents) fn templates(
    request: &p::ListTemplatesRequest,
    all: Vec<TemplateConfig>,
) -> Result<p::ListTemplatesResponse, Refusal> {
    let size = super::page_size(request.page_size, PAGE_MAX)?;
    let from: usize = match request.page_token.as_str() {
        "" => 0,
        token => token.parse().map_err(|_| Refusal::invalid("page_token", "is not one that was given out"))?,
    };
    let of_language = |template: &TemplateConfig| request.language.is_empty() || template.language == request.language;
    let mut wanted = all.into_iter().filter(of_language).skip(from);
    let templates: Vec<p::Template> = wanted.by_ref().take(size).map(template).collect();
    let more = wanted.next().is_some();
    let next_page_token = if more { (from + templates.len()).to_string() } else { String::new() };
    Ok(p::ListTemplatesResponse { templates, next_page_token })
}

fn template(listed: TemplateConfig) -> p::Template {
    p::Template {
        channel: listed.channel.into(),
        endpoint: listed.endpoint.into(),
        name: listed.name.into(),
        language: listed.language.into(),
        parameters: listed.parameters,
        purpose: enums::purpose(listed.purpose).into(),
        text: listed.text,
    }
}
