//! Messages of customers.

use super::super::fields::{bare_media_type, event, filled, media_id};
use super::super::form::Form;
use super::super::place::coordinates;
use super::super::refusal::Refusal;
use super::{assurance, base64, sender, split};
use crate::domain::content::{
    Attachment, AttachmentKind, AttachmentState, ButtonReply, Content, FlowReply, ListReply, Location, Part, Referral,
    Unsupported,
};
use crate::domain::event::{EventKind, InboundEvent, Message, Profile, Sender};

/// What tells that a message came by an advertisement or a link. The addresses beside them are left out.
const REFERRAL: [&str; 5] =
    ["ReferralSourceId", "ReferralHeadline", "ReferralBody", "ReferralSourceType", "ReferralCtwaClid"];

/// Most media of one message: Twilio's own limit is 10.
const MAX_MEDIA: usize = 64;

/// The message, or an opt-out that Twilio has already answered.
pub(super) fn read(form: &Form<'_>, whatsapp: bool) -> Result<InboundEvent, Refusal> {
    let id = form.owned("MessageSid").or_else(|| form.owned("SmsSid")).or_else(|| form.owned("SmsMessageSid"));
    let from = form.get("From");
    let mut content = content(form, id.as_deref());
    // A kind that Twilio names and hands over nothing of.
    let unsupported = (content == Content::default()).then(|| form.owned("MessageType")).flatten();
    let unsupported = unsupported.filter(|kind| kind != "text");
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
        _ if unsupported.is_some() => {
            let kind = unsupported.unwrap_or_default();
            let reason = form.owned("ErrorMessage");
            content.parts.push(Part::Unsupported(Unsupported { kind, code: form.owned("ErrorCode"), reason }));
            EventKind::Unsupported(content)
        }
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
    found.assurance = from.map_or(found.assurance, |from| assurance(from, whatsapp));
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
    // The phone of somebody who is shown by a user id.
    let phone = form.get("WaId").map(|id| sender(id, true));
    for found in from.into_iter().chain(other).chain(phone) {
        if !senders.contains(&found) {
            senders.push(found);
        }
    }
    senders
}

fn content(form: &Form<'_>, id: Option<&str>) -> Content {
    let body = form.get("Body").unwrap_or_default();
    let mut content = Content::text(base64::decode(body).unwrap_or_else(|| body.to_owned()));
    if body.is_empty() {
        let shown = form.get("ButtonText").or_else(|| form.get("ListTitle"));
        shown.unwrap_or_default().clone_into(&mut content.text);
    }
    let stated = form.get("NumMedia").and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
    let given = (0..MAX_MEDIA).take_while(|at| form.has(&format!("MediaUrl{at}"))).count();
    let count = stated.max(given).min(MAX_MEDIA);
    content.parts.extend((0..count).map(|at| Part::Attachment(media(form, id, at))));
    let place = (form.get("Latitude"), form.get("Longitude"));
    if let (Some(_), Some(_)) = place {
        let (latitude, longitude) = coordinates(place.0, place.1);
        content.parts.push(Part::Location(Location {
            latitude,
            longitude,
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
    if let Some(answers) = form.get("InteractiveData").or_else(|| form.get("FlowData")) {
        // Answers are an object of names and values. Anything else is kept, but nobody may read it as answers.
        content.parts.push(if answers.trim_start().starts_with('{') {
            Part::FlowReply(FlowReply {
                name: "flow".to_owned(),
                body: body.to_owned(),
                response_json: answers.to_owned(),
            })
        } else {
            let kind = "flow_reply".to_owned();
            Part::Unsupported(Unsupported { kind, code: None, reason: filled(answers) })
        });
    }
    if REFERRAL.iter().any(|name| form.has(name)) {
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

fn media(form: &Form<'_>, id: Option<&str>, at: usize) -> Attachment {
    let url = form.get(&format!("MediaUrl{at}")).unwrap_or_default();
    let media_type = form.get(&format!("MediaContentType{at}")).map(bare_media_type);
    Attachment {
        kind: media_type.as_deref().map_or(AttachmentKind::File, attachment_kind),
        state: AttachmentState::Pending,
        provider_id: media_id(id, url),
        media_type,
        ..Attachment::default()
    }
}

pub(super) fn attachment_kind(media_type: &str) -> AttachmentKind {
    match media_type.split('/').next() {
        Some("image") => AttachmentKind::Image,
        Some("audio") => AttachmentKind::Audio,
        Some("video") => AttachmentKind::Video,
        _ => AttachmentKind::File,
    }
}
