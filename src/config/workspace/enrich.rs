//! `enrich_wait` of endpoints and queues: how long a new Work waits for what a company's own systems know of its customer.

use super::check::Check;
use super::period::Period;
use super::spanned::Spanned;

/// Longest wait: a customer who sits in front of a chat notices a third second.
const MAX_WAIT: Period = Period::seconds(2);

/// What is wrong with one.
pub(super) fn enrich_wait(key: &str, wait: Option<&Spanned<Period>>, check: &mut Check<'_>) {
    if let Some(wait) = wait.filter(|wait| *wait.as_ref() > MAX_WAIT) {
        check.problem(wait.span(), key.to_owned(), "must be at most \"2s\"", None);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::workspace::agree::parse_workspace;

    #[test]
    fn two_seconds_are_the_most_that_anybody_waits_for_facts() {
        let of = |queue: &str, endpoint: &str| {
            let text = format!(
                "name = \"w\"\n[[queue]]\nname = \"q\"\n{queue}\n[[endpoint]]\nname = \"e\"\nchannel = \"sms\"\nqueue = \"q\"\n{endpoint}\n"
            );
            parse_workspace(Path::new("w.toml"), &text).map_err(|problems| problems[0].to_string())
        };
        let config = of("enrich_wait = \"2s\"", "enrich_wait = \"0s\"").unwrap();
        assert_eq!((config.queues[0].enrich_wait_ms, config.endpoints[0].enrich_wait_ms), (Some(2_000), Some(0)));
        assert_eq!(of("", "").unwrap().queues[0].enrich_wait_ms, None);
        for (queue, endpoint, key) in [
            ("enrich_wait = \"3s\"", "", "queue[0].enrich_wait"),
            ("", "enrich_wait = \"1m\"", "endpoint[0].enrich_wait"),
        ] {
            let problem = of(queue, endpoint).unwrap_err();
            assert!(problem.contains(key) && problem.contains("at most \"2s\""), "{problem}");
        }
    }
}
