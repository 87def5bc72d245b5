//! `skein admin log-level`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use super::config::moment;
use super::whose::Whose;
use crate::proto::admin::{GetLogLevelRequest, SetLogLevelRequest};

/// The word for the levels of the configuration.
const CONFIGURED: &str = "configured";

pub(super) async fn level(whose: &Whose, levels: Option<String>, lasting: Duration) -> anyhow::Result<ExitCode> {
    let mut client = whose.client().await?;
    if let Some(levels) = levels {
        let levels = if levels == CONFIGURED { String::new() } else { levels };
        let lasting = prost_types::Duration::try_from(lasting).context("a time that is too long")?;
        let asked = whose.asks(SetLogLevelRequest { levels, lasting: Some(lasting) })?;
        client.set_log_level(asked).await.context("cannot set the levels")?;
    }
    let found = client.get_log_level(whose.asks(GetLogLevelRequest {})?).await.context("cannot read the levels")?;
    let found = found.into_inner();
    match found.until {
        Some(until) => println!("{} until {}, then {}", found.levels, moment(until)?, found.configured_levels),
        None => println!("{}", found.levels),
    }
    Ok(ExitCode::SUCCESS)
}
