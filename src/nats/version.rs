//! Which servers are good enough.

use super::errors::NatsError;

/// Oldest nats-server that is accepted: (major, minor, patch). Atomic batches and their limits are as measured from here on.
pub const MINIMUM_SERVER: (u64, u64, u64) = (2, 15, 1);

/// Refuses a server that is too old or lacks JetStream, by what it announced when we connected.
///
/// # Errors
/// [`NatsError::OldServer`] and [`NatsError::NoJetStream`], with a message that says what to install or switch on.
pub fn check_server(info: &async_nats::ServerInfo) -> Result<(), NatsError> {
    if !is_good_enough(&info.version) {
        return Err(NatsError::OldServer { found: info.version.clone() });
    }
    if !info.jetstream {
        return Err(NatsError::NoJetStream);
    }
    Ok(())
}

/// Whether a server of this version is accepted.
#[must_use]
pub fn is_good_enough(version: &str) -> bool {
    parse(version).is_some_and(|found| found >= MINIMUM_SERVER)
}

/// The three numbers; of a pre-release (`2.15.1-RC.1`) those of its release, because its features are those.
fn parse(version: &str) -> Option<(u64, u64, u64)> {
    let plain = version.split(['-', '+']).next()?;
    let mut numbers = plain.trim_start_matches('v').split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::exact("2.15.1", true, Ok(()))]
    #[case::newer("2.16.0", true, Ok(()))]
    #[case::next_major("3.0.0", true, Ok(()))]
    #[case::two_digits_compare_as_numbers("2.9.25", true, Err(NatsError::OldServer { found: "2.9.25".into() }))]
    #[case::patch_too_old("2.15.0", true, Err(NatsError::OldServer { found: "2.15.0".into() }))]
    #[case::nonsense("latest", true, Err(NatsError::OldServer { found: "latest".into() }))]
    #[case::no_jetstream("2.15.1", false, Err(NatsError::NoJetStream))]
    fn a_server_is_accepted_from_2_15_1_with_jetstream(
        #[case] version: &str,
        #[case] jetstream: bool,
        #[case] expected: Result<(), NatsError>,
    ) {
        let info = async_nats::ServerInfo { version: version.to_owned(), jetstream, ..Default::default() };
        assert_eq!(check_server(&info), expected);
    }
}
