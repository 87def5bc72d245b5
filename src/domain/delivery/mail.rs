//! A mail of ours: it continues the thread of its Work, goes to whom the Work's answers go to and to those whom its author copies
//! it to, and carries a signed token for each of them.

use super::reply_token;
use crate::domain::content::{Content, Mail, Mailbox, Part};
use crate::domain::customer::email_hash;
use crate::domain::draft::Draft;
use crate::domain::id::{Name, WorkId};
use crate::domain::record::{MailCopy, MessageContent};
use crate::domain::rejection::Rejection;
use crate::domain::work::Work;
use crate::domain::workspace::EndpointConfig;

/// Whom one mail is copied to at most: each copy has a token, and beyond it a mail is a mailing.
const MAX_COPIES: usize = 50;
/// Longest local part of an address, bytes (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// What leaves as a mail.
#[derive(Debug, Default)]
pub(super) struct Letter {
    pub(super) content: Content,
    /// For the `Reply-To` of the recipient; none where there is no room for it, or no key yet.
    pub(super) reply_to_token: Option<String>,
    /// Who gets a copy, with a token each.
    pub(super) copies: Vec<MailCopy>,
    /// Keyed hashes of their addresses.
    pub(super) copied: Vec<u128>,
}

/// Addresses that a mail's own head names.
pub(super) fn named(content: &Content) -> impl Iterator<Item = &str> {
    let mails = content.parts.iter().filter_map(|part| match part {
        Part::Mail(mail) => Some(mail),
        _ => None,
    });
    mails.flat_map(|mail| mail.to.iter().chain(&mail.cc).chain(&mail.bcc)).map(|mailbox| mailbox.address.as_str())
}

/// The mail as it leaves: subject, Message-ID, References, recipient first, tokens.
pub(super) fn letter(
    draft: &Draft<'_>,
    work: &Work,
    (address, hash): &(Name, u128),
    endpoint: &EndpointConfig,
    mut content: Content,
) -> Result<Letter, Rejection> {
    let place = content.parts.iter().position(|part| matches!(part, Part::Mail(_)));
    let mut mail = match place.map(|at| content.parts.remove(at)) {
        Some(Part::Mail(mail)) => mail,
        _ => Box::<Mail>::default(),
    };
    let thread = work.mail.as_deref();
    if mail.subject.is_empty() {
        mail.subject = thread.map_or_else(String::new, |thread| reply_subject(&thread.subject));
    }
    mail.in_reply_to = thread.and_then(|thread| thread.last_message_id.clone()).into_iter().collect();
    mail.references = thread.map(|thread| thread.references.clone()).unwrap_or_default();

    let own = endpoint.addresses.first();
    let (local, domain) = own.and_then(|address| address.rsplit_once('@')).unwrap_or(("", "skein.invalid"));
    if let Some(own) = own {
        mail.from = vec![Mailbox { name: endpoint.shown_name.clone(), address: own.clone() }];
    }
    first(&mut mail.to, address);

    let (copied, copies) = copies(draft, work.id, *hash, &mail)?;
    let token = sign(draft, work.id, *hash);
    // The id of a mail is seen by whoever gets it or a copy. It proves nothing of their own addresses: the token is bound to the
    // recipient's. Who forges that besides is taken for the recipient, and gets no answer by it.
    let id = draft.next_message();
    mail.message_id = Some(match &token {
        Some(token) => format!("{id}.{token}@{domain}"),
        None => format!("{id}.{}@{domain}", draft.space.name()),
    });
    let fits = |token: &String| local.len() + 1 + token.len() <= MAX_LOCAL_PART;
    let reply_to_token = token.filter(fits);
    let copies = copies.into_iter().filter(|copy| fits(&copy.reply_to_token)).collect();
    content.parts.push(Part::Mail(mail));
    Ok(Letter { content, reply_to_token, copies, copied })
}

/// Puts the recipient at the head of `To`: whoever else the author named there gets a copy, not the mail instead.
fn first(to: &mut Vec<Mailbox>, address: &str) {
    let known = to.iter().position(|found| found.address.eq_ignore_ascii_case(address));
    let recipient = known.map(|at| to.remove(at));
    to.insert(0, recipient.unwrap_or_else(|| Mailbox { name: None, address: address.to_owned() }));
}

/// Who gets a copy: hashes of the addresses, and a token for each.
fn copies(
    draft: &Draft<'_>,
    work: WorkId,
    recipient: u128,
    mail: &Mail,
) -> Result<(Vec<u128>, Vec<MailCopy>), Rejection> {
    let space = draft.space;
    let (mut copied, mut copies) = (Vec::new(), Vec::new());
    for mailbox in mail.to.iter().chain(&mail.cc).chain(&mail.bcc) {
        let Some(hash) = email_hash(space, &mailbox.address) else { continue };
        if hash == recipient || copied.contains(&hash) || space.config().is_own_mailbox(&mailbox.address) {
            continue;
        }
        if copied.len() == MAX_COPIES {
            return Err(Rejection::Limit("copies of a mail: 50"));
        }
        copied.push(hash);
        if let Some(reply_to_token) = sign(draft, work, hash) {
            copies.push(MailCopy { address: mailbox.address.clone(), reply_to_token });
        }
    }
    Ok((copied, copies))
}

fn sign(draft: &Draft<'_>, work: WorkId, address: u128) -> Option<String> {
    let token = draft.space.mail.keys.sign(draft.space.name(), work, address, draft.now)?;
    debug_assert!(reply_token::looks_like_token(&token), "what is signed is recognised");
    Some(token)
}

fn reply_subject(subject: &str) -> String {
    let is_reply = subject.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("re:"));
    if is_reply { subject.to_owned() } else { format!("Re: {subject}") }
}

impl MessageContent {
    /// The `Message-ID` of a mail of ours.
    pub(crate) fn outbound_mail_id(&self) -> Option<&str> {
        self.recipient.as_ref()?;
        self.content.parts.iter().find_map(|part| match part {
            Part::Mail(mail) => mail.message_id.as_deref(),
            _ => None,
        })
    }
}
