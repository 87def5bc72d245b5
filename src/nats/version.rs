//! Which servers are good enough.

use super::errors::NatsError;

/// Oldest nats-server that is accepted: (major, minor, patch). Atomic batches and their limits are as measured from here on.
pub const MINIMUM_SERVER: (u64, u64, u64) = (2, 15, 1);

/// Refuses a server that is too old, by what it announced when we connected.
///
/// # Errors
/// [`NatsError::OldServer`], with a message that says what to install.
pub fn check_server(info: &async_nats::ServerInfo) -> Result<(), NatsError> {
    if is_good_enough(&info.version) { Ok(()) } else { Err(NatsError::OldServer { found: info.version.clone() }) }
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
    #[case::exact("2.15.1", true)]
    #[case::newer("2.16.0", true)]
    #[case::next_major("3.0.0", true)]
    #[case::two_digits_compare_as_numbers("2.9.25", false)]
    #[case::patch_too_old("2.15.0", false)]
    #[case::nonsense("latest", false)]
    fn a_server_is_accepted_from_2_15_1(#[case] version: &str, #[case] accepted: bool) {
        let info = async_nats::ServerInfo { version: version.to_owned(), ..Default::default() };
        let expected = if accepted { Ok(()) } else { Err(NatsError::OldServer { found: version.to_owned() }) };
        assert_eq!(check_server(&info), expected);
    }
}
