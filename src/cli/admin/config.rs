//! `skein admin reload` and `skein admin config`.

use std::process::ExitCode;

use anyhow::Context as _;

use super::whose::Whose;
use crate::proto::admin::{ConfigProblem, GetConfigRequest, ReloadOutcome, ReloadWorkspacesRequest, WorkspaceReload};

pub(super) async fn reload(whose: &Whose, all: bool) -> anyhow::Result<ExitCode> {
    let workspace = if all { String::new() } else { whose.target.workspace()? };
    let asked = whose.asks(ReloadWorkspacesRequest { workspace })?;
    let done = whose.client().await?.reload_workspaces(asked).await.context("cannot have the files read")?.into_inner();
    for workspace in &done.workspaces {
        println!("{}", row(workspace));
        workspace.problems.iter().for_each(|problem| println!("  {}", line(problem)));
    }
    for key in &done.restart_keys {
        println!("{key} of the daemon's own configuration has changed: it takes effect at the next start");
    }
    for problem in &done.daemon_problems {
        println!("the daemon's own configuration would be refused at the next start: {}", line(problem));
    }
    let good = |it: &WorkspaceReload| matches!(it.outcome(), ReloadOutcome::Applied | ReloadOutcome::Unchanged);
    Ok(if done.workspaces.iter().all(good) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) async fn show(whose: &Whose) -> anyhow::Result<ExitCode> {
    let asked = whose.asks(GetConfigRequest { workspace: whose.target.workspace()? })?;
    let found = whose.client().await?.get_config(asked).await.context("cannot read the configuration")?.into_inner();
    let canonical: serde_json::Value = serde_json::from_str(&found.canonical).context("read the canonical text")?;
    eprintln!("in force since {}, sha256 {}", moment(found.in_force_since.unwrap_or_default())?, found.sha256);
    println!("{canonical:#}");
    Ok(ExitCode::SUCCESS)
}

/// A time as RFC 3339.
pub(super) fn moment(at: prost_types::Timestamp) -> anyhow::Result<String> {
    let at = jiff::Timestamp::new(at.seconds, at.nanos).context("a time that is none")?;
    Ok(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

fn row(reload: &WorkspaceReload) -> String {
    let what = match reload.outcome() {
        ReloadOutcome::Applied => format!("in force (record {})", reload.record_index),
        ReloadOutcome::Unchanged => "unchanged".to_owned(),
        ReloadOutcome::Refused => "REFUSED, what was in force stays".to_owned(),
        ReloadOutcome::Unavailable => "not in force yet: the shard or the bus does not answer".to_owned(),
        ReloadOutcome::Unspecified => "of unknown fate".to_owned(),
    };
    format!("{}: {what}", reload.workspace)
}

fn line(problem: &ConfigProblem) -> String {
    let ConfigProblem { origin, line, column, key, value, rule, hint } = problem;
    let place = if *line == 0 { String::new() } else { format!(":{line}:{column}") };
    let value = if value.is_empty() { String::new() } else { format!(" = {value}") };
    let hint = if hint.is_empty() { String::new() } else { format!(" ({hint})") };
    format!("{origin}{place}: {key}{value}: {rule}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_with_place_key_value_rule_and_hint() {
        let problem = ConfigProblem {
            origin: "shop.toml".to_owned(),
            line: 7,
            column: 9,
            key: "endpoint[0].queue".to_owned(),
            value: "\"hepl\"".to_owned(),
            rule: "names no [[queue]] of this file".to_owned(),
            hint: "did you mean \"help\"?".to_owned(),
        };
        let whole =
            "shop.toml:7:9: endpoint[0].queue = \"hepl\": names no [[queue]] of this file (did you mean \"help\"?)";
        assert_eq!(line(&problem), whole);
        let unplaced = ConfigProblem { line: 0, value: String::new(), hint: String::new(), ..problem };
        assert_eq!(line(&unplaced), "shop.toml: endpoint[0].queue: names no [[queue]] of this file");
    }
}
