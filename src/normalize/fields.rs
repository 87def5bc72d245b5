//! Readings that several formats share: times, phone-like addresses, an event with nothing in it yet.

use crate::domain::content::{Part, Unsupported};
use crate::domain::event::{AddressKind, Assurance, EventKind, InboundEvent, Profile, Scope, Sender};
use crate::domain::time::Timestamp;

/// 2009-01-01: older than every channel here.
const EARLIEST_PLAUSIBLE_MS: i64 = 1_230_768_000_000;

/// 2100-01-01.
const LATEST_PLAUSIBLE_MS: i64 = 4_102_444_800_000;

/// Numbers from here on are milliseconds, below it seconds (the year 5138).
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Digits of an E.164 number (ITU-T E.164, 6.2): at most 15. Numbers up to 6 digits are short codes; providers' test numbers
/// are as short as 4, so a source that only has real phones says so with [`international`].
const MAX_PHONE_DIGITS: usize = 15;
const MAX_SHORT_CODE_DIGITS: usize = 6;

/// Longest link that is kept: what browsers take in their address line.
const MAX_LINK_BYTES: usize = 2048;

/// An event of that kind with every other field empty.
pub(super) fn event(kind: EventKind) -> InboundEvent {
    InboundEvent {
        event_id: None,
        message_ref: None,
        occurred_at: None,
        odd_time: None,
        senders: Vec::new(),
        assurance: Assurance::Claimed,
        scope: Scope::Direct,
        thread: None,
        our_address: None,
        kind,
        profile: None,
        backfill: false,
        redelivery: false,
        reply_token: None,
        read_token: None,
        reply_to_tokens: Vec::new(),
    }
}

/// Notes the provider's time: as a moment where it can be read, as sent where it is odd.
pub(super) fn set_time(event: &mut InboundEvent, sent: &str) {
    let sent = sent.trim();
    if sent.is_empty() {
        return;
    }
    set_moment(event, milliseconds(sent), sent);
}

/// A time that a provider's clock can have; none: it cannot be read as one, or is odd.
pub(super) fn moment(sent: &str) -> Option<Timestamp> {
    milliseconds(sent.trim()).filter(is_plausible).map(Timestamp)
}

/// A number of seconds or milliseconds, as milliseconds.
fn milliseconds(sent: &str) -> Option<i64> {
    let number = sent.parse::<i64>().ok()?;
    if number.unsigned_abs() >= MILLISECONDS_FROM.unsigned_abs() { Some(number) } else { number.checked_mul(1000) }
}

fn is_plausible(ms: &i64) -> bool {
    (EARLIEST_PLAUSIBLE_MS..LATEST_PLAUSIBLE_MS).contains(ms)
}

/// Notes a time that was read as `moment`, or could not be.
pub(super) fn set_moment(event: &mut InboundEvent, moment: Option<i64>, sent: &str) {
    event.occurred_at = moment.map(Timestamp);
    if !moment.as_ref().is_some_and(is_plausible) {
        event.odd_time = Some(super::refusal::bounded(sent));
    }
}

/// Address of a channel that names phones by digits without a plus. Anything else is kept as it is and is no phone.
pub(super) fn international(address: &str) -> Sender {
    let digits = address.strip_prefix('+').unwrap_or(address);
    if !digits.is_empty() && digits.len() <= MAX_PHONE_DIGITS && digits.bytes().all(|b| b.is_ascii_digit()) {
        Sender { kind: AddressKind::Phone, address: format!("+{digits}") }
    } else {
        Sender { kind: AddressKind::ShortCode, address: address.to_owned() }
    }
}

/// Address of a channel that has phones, short codes and alphanumeric senders.
pub(super) fn phone_like(address: &str) -> Sender {
    let digits = address.bytes().filter(u8::is_ascii_digit).count();
    let only = address.bytes().all(|b| b.is_ascii_digit() || b"+-. ()".contains(&b));
    let phone = only && digits <= MAX_PHONE_DIGITS && (address.starts_with('+') || digits > MAX_SHORT_CODE_DIGITS);
    Sender {
        kind: if phone && digits > 0 { AddressKind::Phone } else { AddressKind::ShortCode },
        address: address.to_owned(),
    }
}

/// WhatsApp's business-scoped ids: two letters of a country, a point, and an opaque rest.
pub(super) fn is_whatsapp_user_id(address: &str) -> bool {
    let bytes = address.as_bytes();
    bytes.len() > 3 && bytes[0].is_ascii_uppercase() && bytes[1].is_ascii_uppercase() && bytes[2] == b'.'
}

/// A link that a customer sent along, unless it leads to a file on the provider's servers: such links let their bearer in.
pub(super) fn foreign_link(url: &str, media_hosts: &[&str]) -> Option<String> {
    (!url.is_empty() && url.len() <= MAX_LINK_BYTES && !leads_to(url, media_hosts)).then(|| url.to_owned())
}

/// Whether a link leads to one of the hosts or to one below it.
pub(super) fn leads_to(url: &str, hosts: &[&str]) -> bool {
    // Programs that open it take either kind of slash, and as many as there are.
    let slashes = |c| matches!(c, '/' | '\\');
    let rest = url.split_once(':').map_or("", |(_, rest)| rest);
    let host = if rest.starts_with(slashes) { rest.trim_start_matches(slashes) } else { "" };
    let host = host.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
    // The full form of a name ends with a point.
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    hosts.iter().any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Adds a link to a text that does not show it as one yet.
pub(super) fn add_link(text: &mut String, link: &str) {
    if !shows(text, link) {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(link);
    }
}

/// Whether the link stands in the text by itself: not as the beginning of a longer one.
pub(super) fn shows(text: &str, link: &str) -> bool {
    words(text).any(|word| word == link)
}

/// What stands between blanks, each as it is and without the brackets, quotes and marks around it.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let around = ['(', ')', '<', '>', '[', ']', '"', '\'', ',', ';', '.', '!', '?', ':'];
    text.split_whitespace().flat_map(move |word| [word, word.trim_matches(around)])
}

/// How a medium is fetched whose link may not be kept: the message and the last step of the link's path.
pub(super) fn media_id(message: Option<&str>, url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    match (message, path.rsplit('/').next().unwrap_or_default()) {
        (Some(message), last) if !last.is_empty() => Some(format!("{message}/{last}")),
        (_, last) => filled(last),
    }
}

/// `type/subtype` of `Audio/ogg; codecs=opus`.
pub(super) fn bare_media_type(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A message that says only why it could not be read.
pub(super) fn unsupported(kind: impl Into<String>) -> Part {
    Part::Unsupported(Unsupported { kind: super::refusal::bounded(&kind.into()), code: None, reason: None })
}

/// What is not listed is not known.
pub(super) fn profile(profile: Profile) -> Option<Box<Profile>> {
    (profile != Profile::default()).then(|| Box::new(profile))
}

/// `Some` only when there is something in it.
pub(super) fn filled(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.is_empty())
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}
