//! Whether a host of ours vouches for the sender of a mail: DMARC, as an `Authentication-Results` header tells it (RFC 8601).
//!
//! A sender can write such a header as well, with our host's name. What a sender wrote stands below what our hosts added when they
//! took the mail. So of the headers that bear a configured name only the topmost is read, and only if every `Received` above it was
//! written by a host of ours: then no foreign server had the mail in its hands after the header was added. What no reader can tell:
//! whether a host of ours that took a mail from outside added no header and left the sender's in place. Such a host must not be
//! configured (RFC 8601, section 5 wants it to remove them).
//!
//! The verdict is about the one address in the one `From`: it counts for nobody else, and not for an address that reads otherwise
//! once it is folded.

use mail_parser::{HeaderName, Message as ParsedMail};

use crate::domain::content::{Mail, Mailbox};

/// Whether DMARC passed for `author`, who is taken as the sender.
pub(super) fn is_vouched(parsed: &ParsedMail<'_>, mail: &Mail, author: &Mailbox, hosts: &[String]) -> bool {
    if hosts.is_empty() {
        return false;
    }
    let froms = parsed.headers().iter().filter(|header| header.name == HeaderName::From).count();
    let [from] = mail.from.as_slice() else { return false };
    let Some((_, domain)) = from.address.rsplit_once('@') else { return false };
    froms == 1
        && from.address == author.address
        && from.address.is_ascii()
        && verdict(parsed, hosts).is_some_and(|passed| passed.eq_ignore_ascii_case(domain))
}

/// The domain for which the topmost header of a host of ours says that DMARC passed.
fn verdict(parsed: &ParsedMail<'_>, hosts: &[String]) -> Option<String> {
    for header in parsed.headers() {
        let raw = parsed.raw_message.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default();
        let text = String::from_utf8_lossy(raw);
        match &header.name {
            HeaderName::Received if !is_by_ours(&words(&text), hosts) => return None,
            HeaderName::Received => {}
            name if name.as_str().eq_ignore_ascii_case("Authentication-Results") => {
                let results = words(&text);
                if results.first().is_some_and(|word| hosts.iter().any(|host| word.is_plain(host))) {
                    return passed(&results);
                }
            }
            _ => {}
        }
    }
    None
}

/// A word of a structured header; comments are left out.
#[derive(Debug, PartialEq)]
enum Word {
    Plain(String),
    Quoted(String),
    Mark(char),
}

impl Word {
    fn is_plain(&self, text: &str) -> bool {
        matches!(self, Self::Plain(word) if word.eq_ignore_ascii_case(text))
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) | Self::Quoted(text) => Some(text),
            Self::Mark(_) => None,
        }
    }
}

/// Splits a structured header (RFC 5322, 3.2). A comment or quotation that does not end takes the rest, and leaves its mark.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars();
    let end = |plain: &mut String, words: &mut Vec<Word>| {
        if !plain.is_empty() {
            words.push(Word::Plain(std::mem::take(plain)));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '(' => {
                end(&mut plain, &mut words);
                let mut depth = 1;
                while depth > 0 {
                    match chars.next() {
                        Some('\\') => drop(chars.next()),
                        Some('(') => depth += 1,
                        Some(')') => depth -= 1,
                        Some(_) => {}
                        None => {
                            words.push(Word::Mark('('));
                            return words;
                        }
                    }
                }
            }
            '"' => {
                end(&mut plain, &mut words);
                let mut quoted = String::new();
                loop {
                    match chars.next() {
                        Some('\\') => quoted.extend(chars.next()),
                        Some('"') => break,
                        Some(c) => quoted.push(c),
                        None => {
                            words.push(Word::Mark('"'));
                            return words;
                        }
                    }
                }
                words.push(Word::Quoted(quoted));
            }
            ';' | '=' => {
                end(&mut plain, &mut words);
                words.push(Word::Mark(c));
            }
            c if c.is_whitespace() => end(&mut plain, &mut words),
            c => plain.push(c),
        }
    }
    end(&mut plain, &mut words);
    words
}

/// The domain of the only DMARC result, if that is `pass`.
fn passed(words: &[Word]) -> Option<String> {
    // What a sender wrote may stand in it as it was, and must not hide the result behind it.
    if words.iter().any(|word| matches!(word, Word::Mark('(' | '"'))) {
        return None;
    }
    let mut dmarc = words
        .split(|word| *word == Word::Mark(';'))
        .skip(1)
        .filter(|result| result.first().is_some_and(|method| method.text().is_some_and(is_dmarc)));
    let (result, None) = (dmarc.next()?, dmarc.next()) else { return None };
    let [_, Word::Mark('='), Word::Plain(verdict), properties @ ..] = result else { return None };
    if !verdict.eq_ignore_ascii_case("pass") {
        return None;
    }
    let mut domains = properties.windows(3).filter_map(|three| match three {
        [name, Word::Mark('='), value] if name.is_plain("header.from") => value.text(),
        _ => None,
    });
    let (domain, None) = (domains.next()?, domains.next()) else { return None };
    // Some write the whole address.
    let domain = domain.rsplit('@').next().unwrap_or(domain);
    Some(domain.trim_end_matches('.').to_owned())
}

/// The method, with its version if there is one.
fn is_dmarc(method: &str) -> bool {
    method.split('/').next().is_some_and(|name| name.eq_ignore_ascii_case("dmarc"))
}

/// Whether a `Received` was written by a host of ours: one that is named or of a domain that is; or it only tells of a step inside
/// a host, which names no server before it.
fn is_by_ours(words: &[Word], hosts: &[String]) -> bool {
    let after = |name: &str| {
        let at = words.iter().position(|word| word.is_plain(name))?;
        words.get(at + 1)?.text()
    };
    let Some(by) = after("by") else { return false };
    let by = by.trim_end_matches('.').to_ascii_lowercase();
    let is_of = |host: &String| by == *host || by.strip_suffix(host.as_str()).is_some_and(|rest| rest.ends_with('.'));
    let is_address = by.contains(':') || by.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    hosts.iter().any(is_of) || (is_address && after("from").is_none())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("mx.shop.example; dmarc=pass header.from=example.com", Some("example.com"))]
    #[case(
        "mx.shop.example 1; spf=fail smtp.mailfrom=x.example;\r\n dmarc=pass (p=none) header.from=example.com",
        Some("example.com")
    )]
    #[case("mx.shop.example; DMARC/1 = PASS header.from=\"example.com\" policy.dmarc=none", Some("example.com"))]
    #[case("mx.shop.example; dmarc=fail (dmarc=pass header.from=example.com) header.from=example.com", None)]
    #[case("mx.shop.example; dmarc=fail reason=\"x; dmarc=pass header.from=example.com\"", None)]
    #[case("mx.shop.example; dmarc=pass header.from=a.example; dmarc=fail header.from=b.example", None)]
    #[case("mx.shop.example; dmarc=pass header.from=a.example header.from=b.example", None)]
    #[case("mx.shop.example; dkim=pass header.i=@example.com", None)]
    #[case("mx.shop.example; dmarc=pass", None)]
    #[case("mx.shop.example; none", None)]
    #[case("mx.shop.example; dmarc=bestguesspass header.from=example.com", None)]
    #[case("mx.shop.example; dmarc=pass (unclosed header.from=example.com", None)]
    #[case(
        "mx.shop.example; spf=pass smtp.mailfrom=a;dmarc=pass header.from=example.com (@evil.example; dmarc=fail",
        None
    )]
    #[case(
        "mx.shop.example; spf=pass smtp.mailfrom=a;dmarc=pass header.from=example.com \"@evil.example; dmarc=fail",
        None
    )]
    fn only_a_single_pass_with_its_domain_is_one(#[case] header: &str, #[case] expected: Option<&str>) {
        assert_eq!(passed(&words(header)).as_deref(), expected);
    }

    #[rstest]
    #[case("from out.example ([192.0.2.1]) by mx.shop.example (Postfix) with ESMTPS id 1; Sun, 1 Jan 2023", true)]
    #[case("from mx.shop.example by store.in.mx.shop.example with LMTP id 1; Sun, 1 Jan 2023", true)]
    #[case("by 2002:a05:6a10:1::2 with SMTP id 1; Sun, 1 Jan 2023", true)]
    #[case("from a by 2002:a05:6a10:1::2 with SMTP id 1", false)]
    #[case("from mx.shop.example (by mx.shop.example) by mx.evil.example id 1", false)]
    #[case("from a by xmx.shop.example id 1", false)]
    #[case("(by mx.shop.example)", false)]
    fn a_step_is_ours_if_a_host_of_ours_wrote_it(#[case] header: &str, #[case] expected: bool) {
        assert_eq!(is_by_ours(&words(header), &["mx.shop.example".to_owned()]), expected);
    }
}
