//! `skein.in.<workspace>.<channel>.<endpoint>`: what the subject says, which NATS permissions protect.

use crate::domain::id::Name;

/// Tokens of a subject of IN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) channel: Name,
    pub(super) endpoint: Name,
}

/// Channel and endpoint of a subject within the workspace; `None` when it has another shape.
pub(super) fn tokens(subject: &str, workspace: &str) -> Option<Tokens> {
    let rest = subject.strip_prefix("skein.in.")?;
    let rest = rest.strip_prefix(workspace)?.strip_prefix('.')?;
    let (channel, endpoint) = rest.split_once('.')?;
    (!channel.is_empty() && !endpoint.is_empty() && !endpoint.contains('.'))
        .then(|| Tokens { channel: Name::new(channel), endpoint: Name::new(endpoint) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_subjects_of_the_contract_name_an_endpoint() {
        let found = tokens("skein.in.acme.sms.line1", "acme").expect("it is one");
        assert_eq!((found.channel.as_str(), found.endpoint.as_str()), ("sms", "line1"));
        for other in [
            "skein.in.acme.sms",
            "skein.in.acme.sms.line1.extra",
            "skein.in.acme2.sms.line1",
            "skein.out.acme.sms.line1",
            "skein.in.acme..line1",
        ] {
            assert_eq!(tokens(other, "acme"), None, "{other}");
        }
    }
}
