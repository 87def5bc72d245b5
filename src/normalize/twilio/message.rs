//! Messages of customers.

use super::super::fields::{event, filled};
use super::super::refusal::Refusal;
use super::form::Form;
use super::{base64, is_whatsapp, sender, split};
use crate::domain::content::{
    Attachment, AttachmentKind, AttachmentState, ButtonReply, Content, FlowReply, ListReply, Location, Part, Referral,
};
use crate::domain::event::{Assurance, EventKind, InboundEvent, Message, Profile, Sender};

/// Most media of one message: Twilio's own limit is 10.
const MAX_MEDIA: usize = 64;

/// The message, or an opt-out that Twilio has already answered.
pub(super) fn read(form: &Form<'_>, whatsapp: bool) -> Result<InboundEvent, Refusal> {
    let id = form.owned("MessageSid").or_else(|| form.owned("SmsSid")).or_else(|| form.owned("SmsMessageSid"));
    let from = form.get("From");
    let content = content(form, id.as_deref());
    if id.is_none() && (from.is_none() || content == Content::default()) {
        return Err(Refusal::Missing { field: "MessageSid" });
    }

    let mut found = event(match form.get("OptOutType") {
        Some(kind @ ("STOP" | "START")) => EventKind::Opt {
            opted_in: kind == "START",
            purpose: String::new(),
            payload: Some(kind.to_owned()),
            title: filled(content.text),
        },
        _ => EventKind::Message(Message {
            content,
            quoted: form.owned("OriginalRepliedMessageSid"),
            forwarded: [form.get("Forwarded"), form.get("FrequentlyForwarded")].contains(&Some("true")),
            part: None,
            participants: Vec::new(),
        }),
    });
    found.message_ref = id;
    found.senders = senders(form, whatsapp);
    if from.is_some_and(|from| is_whatsapp(from, whatsapp)) {
        found.assurance = Assurance::Platform;
    }
    found.our_address = form.get("To").map(|to| split(to).1.to_owned());
    let profile = Profile {
        name: form.owned("ProfileName"),
        country: form.owned("FromCountry"),
        parent_id: form.get("ParentExternalUserId").map(|id| split(id).1.to_owned()),
        ..Profile::default()
    };
    found.profile = (profile != Profile::default()).then(|| Box::new(profile));
    Ok(found)
}

/// All addresses of the one person, none twice.
fn senders(form: &Form<'_>, whatsapp: bool) -> Vec<Sender> {
    let mut senders: Vec<Sender> = Vec::with_capacity(2);
    let from = form.get("From").map(|from| sender(from, whatsapp));
    let other = form.get("ExternalUserId").map(|id| sender(id, true));
    for found in from.into_iter().chain(other) {
        if !senders.contains(&found) {
            senders.push(found);
        }
    }
    senders
}

fn content(form: &Form<'_>, id: Option<&str>) -> Content {
    let body = form.get("Body").unwrap_or_default();
    let mut content = Content::text(base64::decode(body).unwrap_or_else(|| body.to_owned()));
    let count = form.get("NumMedia").and_then(|count| count.parse::<usize>().ok()).unwrap_or(0).min(MAX_MEDIA);
    content.parts.extend((0..count).map(|at| Part::Attachment(media(form, id, at))));
    if let (Some(latitude), Some(longitude)) = (form.get("Latitude"), form.get("Longitude")) {
        content.parts.push(Part::Location(Location {
            latitude: latitude.parse().unwrap_or(0.0),
            longitude: longitude.parse().unwrap_or(0.0),
            name: form.owned("Label"),
            address: form.owned("Address"),
        }));
    }
    if form.get("ButtonText").is_some() || form.get("ButtonPayload").is_some() {
        content.parts.push(Part::ButtonReply(ButtonReply {
            payload: form.owned("ButtonPayload").unwrap_or_default(),
            title: form.owned("ButtonText").unwrap_or_default(),
        }));
    }
    if let Some(list) = form.get("ListId") {
        content.parts.push(Part::ListReply(ListReply {
            id: list.to_owned(),
            title: form.owned("ListTitle").unwrap_or_default(),
            description: form.owned("ListDescription"),
        }));
    }
    if let Some(answers) = form.get("InteractiveData") {
        content.parts.push(Part::FlowReply(FlowReply {
            name: "flow".to_owned(),
            body: body.to_owned(),
            response_json: answers.to_owned(),
        }));
    }
    if form.get("ReferralSourceId").is_some() || form.get("ReferralHeadline").is_some() {
        content.parts.push(Part::Referral(Box::new(Referral {
            source: form.owned("ReferralSourceType").unwrap_or_default(),
            source_id: form.owned("ReferralSourceId"),
            reference: None,
            headline: form.owned("ReferralHeadline"),
            body: form.owned("ReferralBody"),
            click_id: form.owned("ReferralCtwaClid"),
        })));
    }
    content
}

/// A medium by message and last step of its path: enough for the adapter to fetch it, and no URL.
fn media(form: &Form<'_>, id: Option<&str>, at: usize) -> Attachment {
    let url = form.get(&format!("MediaUrl{at}")).unwrap_or_default();
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let media_type = form
        .get(&format!("MediaContentType{at}"))
        .map(|media_type| media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let kind = match media_type.as_deref().and_then(|media_type| media_type.split('/').next()) {
        Some("image") => AttachmentKind::Image,
        Some("audio") => AttachmentKind::Audio,
        Some("video") => AttachmentKind::Video,
        _ => AttachmentKind::File,
    };
    Attachment {
        kind,
        state: AttachmentState::Pending,
        provider_id: filled(match id {
            Some(id) if !last.is_empty() => format!("{id}/{last}"),
            _ => last.to_owned(),
        }),
        media_type,
        ..Attachment::default()
    }
}
