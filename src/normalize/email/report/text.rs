//! Bounces that were written for people: whom they name, and what they say about each.

use std::collections::HashSet;

use mail_parser::Message as ParsedMail;

use super::super::class::{is_like_server, is_server, is_server_subject};
use super::super::head;
use super::super::split::is_forward_subject;
use super::fields::address;
use super::original::Original;
use super::read::{MAX_RECIPIENTS, failed_recipients};
use super::verdict::{MAX_LOOK_BYTES, cut};

/// A recipient, and the words about it.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) address: String,
    pub(super) words: String,
}

/// Whether a mail could be a bounce, by who sent it and under which subject. It proves nothing.
pub(super) fn claims(mail: &ParsedMail<'_>) -> bool {
    let subject = mail.subject().unwrap_or_default();
    if is_forward_subject(subject) {
        return false;
    }
    let named = mail.header("X-Failed-Recipients").is_some();
    named || is_server(mail) || is_like_server(mail) || is_server_subject(subject)
}

/// Whether the server still tries.
pub(super) fn is_delay(mail: &ParsedMail<'_>) -> bool {
    let subject = mail.subject().unwrap_or_default().to_lowercase();
    ["delay", "warning", "still being retried", "verzögert", "retard", "задерж", "still trying"]
        .iter()
        .any(|word| subject.contains(word))
        && !["fail", "undeliver", "returned"].iter().any(|word| subject.contains(word))
}

/// The recipients that a report names, each with the words from its name to the next one's.
pub(super) fn read(mail: &ParsedMail<'_>, original: &Original) -> Vec<Said> {
    let ours = ours(mail);
    let report = original.report.as_str();
    let failed = failed_recipients(mail);
    // Strangers choose how many there are of each: no list is gone through for every address.
    let recipients = lower(original.to.iter().chain(&failed));
    let senders = lower(&original.from);
    let known = |found: &String| recipients.contains(&found.to_ascii_lowercase());
    let is_theirs = |found: &String| {
        let found = found.to_ascii_lowercase();
        !ours.contains(&found) && (recipients.contains(&found) || !(is_contact(&found) || senders.contains(&found)))
    };
    // First the lines that begin with an address, which is how servers list them.
    let mut listed: Vec<(usize, String)> = Vec::new();
    let mut mentioned: Vec<(usize, String)> = Vec::new();
    let mut at = 0;
    for line in report.split_inclusive('\n') {
        if let Some(found) = leading(line).filter(&is_theirs) {
            listed.push((at, found));
        } else {
            mentioned.extend(addresses(line).into_iter().filter(&is_theirs).map(|found| (at, found)));
        }
        at += line.len();
        if listed.len() + mentioned.len() > 4 * MAX_RECIPIENTS {
            break;
        }
    }
    let mut chosen = if !listed.is_empty() {
        listed
    } else if mentioned.iter().any(|(_, found)| known(found)) {
        mentioned.into_iter().filter(|(_, found)| known(found)).collect()
    } else {
        mentioned.into_iter().take(1).collect()
    };
    if chosen.is_empty() {
        chosen.extend(failed.iter().filter(|named| is_theirs(named)).map(|named| (0, named.clone())));
    }
    if chosen.is_empty() {
        chosen.extend(original.to.iter().filter(|to| is_theirs(to)).map(|to| (0, to.clone())));
    }
    divided(report, &chosen)
}

/// Each address once, with the words about it.
fn divided(report: &str, chosen: &[(usize, String)]) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    for (place, (from, found)) in chosen.iter().enumerate().take(2 * MAX_RECIPIENTS) {
        let to = chosen[place + 1..].iter().map(|(next, _)| *next).find(|next| next > from).unwrap_or(report.len());
        // The only one is told about in what stands before it, too.
        let from = if chosen.iter().all(|(_, other)| other.eq_ignore_ascii_case(found)) { 0 } else { *from };
        let words = cut(&report[from.min(to)..to], MAX_LOOK_BYTES);
        match said.iter_mut().find(|known| known.address.eq_ignore_ascii_case(found)) {
            Some(known) if known.words.len() < MAX_LOOK_BYTES => known.words.push_str(words),
            Some(_) => {}
            None => said.push(Said { address: found.clone(), words: words.to_owned() }),
        }
    }
    said
}

/// The addresses of ours in a bounce: it came to us.
fn ours(mail: &ParsedMail<'_>) -> HashSet<String> {
    let head = head::read(mail);
    lower(head.from.iter().chain(&head.to).chain(&head.cc).map(|mailbox| &mailbox.address))
}

fn lower<'a>(addresses: impl IntoIterator<Item = &'a String>) -> HashSet<String> {
    addresses.into_iter().map(|address| address.to_ascii_lowercase()).collect()
}

/// Addresses at which servers want to be asked.
fn is_contact(found: &str) -> bool {
    let local = found.split('@').next().unwrap_or_default().to_ascii_lowercase();
    matches!(
        local.as_str(),
        "postmaster"
            | "mailer-daemon"
            | "abuse"
            | "hostmaster"
            | "webmaster"
            | "noreply"
            | "no-reply"
            | "helpdesk"
            | "support"
    )
}

/// The address that a line begins with, behind marks and short labels.
fn leading(line: &str) -> Option<String> {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "*•-–·>\"'<(:".contains(c));
    let lower = line.to_ascii_lowercase();
    let labels = [
        "to:",
        "rcpt to:",
        "recipient:",
        "to ",
        "for ",
        "unknown user:",
        "user:",
        "mailto:",
        "rfc822;",
        "addresses:",
        "address:",
    ];
    let skip = labels.iter().find(|label| lower.starts_with(**label)).map_or(0, |label| label.len());
    let line = line[skip..].trim_start_matches([' ', '<', '"', '\'', '(']);
    let end = line.find(|c: char| c.is_whitespace() || "<>\",;:()'".contains(c)).unwrap_or(line.len());
    address(&line[..end]).filter(|found| is_plain(found))
}

fn addresses(line: &str) -> Vec<String> {
    /// More on a line is a list of something else.
    const MAX: usize = 16;
    let words =
        line.split(|c: char| c.is_whitespace() || "<>\"'(),;[]=:".contains(c)).filter(|word| word.contains('@'));
    words.filter_map(address).filter(|found| is_plain(found)).take(MAX).collect()
}

/// A domain with a point: what else has an @ is a queue's name or a Message-ID.
fn is_plain(found: &str) -> bool {
    found.rsplit('@').next().is_some_and(|domain| {
        domain.contains('.') && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
    })
}
