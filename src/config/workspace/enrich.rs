//! `enrich_wait` of endpoints and queues: how long a new Work waits for what a company's own systems know of its customer.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::file::millis;
use crate::config::units::duration;

/// Longest wait: a customer who sits in front of a chat notices a third second.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// A duration with its unit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct EnrichWait(#[serde(with = "duration")] Duration);

/// What is wrong with one.
pub(super) fn enrich_wait(key: &str, wait: Option<&Spanned<EnrichWait>>, check: &mut Check<'_>) {
    if let Some(wait) = wait.filter(|wait| wait.as_ref().0 > MAX_WAIT) {
        check.problem(wait.span(), key.to_owned(), "must be at most \"2s\"", None);
    }
}

/// Milliseconds of one.
pub(super) fn enrich_wait_ms(wait: Spanned<EnrichWait>) -> u64 {
    millis(wait.into_inner().0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::parse_workspace;

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
