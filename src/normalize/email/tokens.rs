//! What may be reply tokens of ours in a mail: behind the plus of the addresses that it was sent to, and in the ids that it answers,
//! which are those of our mails. They are only collected: whoever knows the keys verifies them.

use mail_parser::Message as ParsedMail;

use super::texts;
use crate::domain::content::Mail;
use crate::domain::looks_like_token;

/// Candidates kept: a mail answers one of ours, and quotes a few.
const MAX_TOKENS: usize = 16;
/// Where servers write whom a mail came for, whatever its head says.
const DELIVERED: [&str; 3] = ["Delivered-To", "X-Original-To", "Envelope-To"];

/// The candidates, those of what the mail answers first.
pub(super) fn candidates(parsed: &ParsedMail<'_>, mail: &Mail) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let answered = mail.in_reply_to.iter().map(String::as_str).filter_map(of_id);
    let boxes = mail.to.iter().chain(&mail.cc).map(|mailbox| mailbox.address.as_str());
    let delivered: Vec<String> = parsed
        .headers()
        .iter()
        .filter(|header| DELIVERED.iter().any(|name| header.name.as_str().eq_ignore_ascii_case(name)))
        .flat_map(|header| texts(&header.value))
        .collect();
    let quoted = mail.references.iter().rev().map(String::as_str).filter_map(of_id);
    let addressed = boxes.chain(delivered.iter().map(String::as_str)).filter_map(of_address);
    for token in answered.chain(addressed).chain(quoted) {
        if found.len() == MAX_TOKENS {
            break;
        }
        if !found.iter().any(|known| known.eq_ignore_ascii_case(token)) {
            found.push(token.to_owned());
        }
    }
    found
}

/// `LOCAL+TOKEN@DOMAIN`, also where a server on the way wrote something before it.
fn of_address(address: &str) -> Option<&str> {
    let (local, _) = address.trim().trim_matches(['<', '>']).rsplit_once('@')?;
    local.trim_matches('"').rsplit_once('+').map(|(_, token)| token).filter(|token| looks_like_token(token))
}

/// `MESSAGE.TOKEN@DOMAIN`.
fn of_id(id: &str) -> Option<&str> {
    let (local, _) = id.rsplit_once('@')?;
    local.rsplit_once('.').map(|(_, token)| token).filter(|token| looks_like_token(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "aeylq7gmq2aabbccddeeffgghhiijjkkllmmnnoo";

    #[test]
    fn tokens_are_found_in_addresses_and_ids_whatever_servers_did_to_them() {
        assert_eq!(of_address(&format!("help+{TOKEN}@shop.example")), Some(TOKEN));
        assert_eq!(of_address(&format!("<SRS0=aB=cd=shop.example=help+{TOKEN}@other.example>")), Some(TOKEN));
        let loud = TOKEN.to_uppercase();
        assert_eq!(of_address(&format!("\"help+{loud}\"@shop.example")), Some(loud.as_str()));
        assert_eq!(of_id(&format!("m12-0.{TOKEN}@shop.example")), Some(TOKEN));
    }

    #[test]
    fn what_cannot_be_one_is_left_out() {
        for address in
            ["help@shop.example", "help+orders@shop.example", "help+", "+@", &format!("{TOKEN}@shop.example")]
        {
            assert_eq!(of_address(address), None, "{address}");
        }
        assert_eq!(of_id(&format!("{TOKEN}@shop.example")), None);
    }
}
