//! `skein admin agents`, `end-session` and `drain`.

use std::process::ExitCode;

use anyhow::Context as _;

use super::config::moment;
use super::whose::Whose;
use crate::proto::admin::{AgentStanding, DrainRequest, EndSessionRequest, ListAgentsRequest};

pub(super) async fn list(whose: &Whose, with_session: bool) -> anyhow::Result<ExitCode> {
    let mut client = whose.client().await?;
    let mut page_token = String::new();
    let mut headed = false;
    loop {
        let workspace = whose.target.workspace()?;
        let asked = whose.asks(ListAgentsRequest { workspace, with_session, page_size: 0, page_token })?;
        let page = client.list_agents(asked).await.context("cannot list the agents")?.into_inner();
        // Not before anybody is listed: a refusal stands alone.
        if !std::mem::replace(&mut headed, true) {
            println!("{:<24}{:<10}{:>8}{:>8}{:>12}  session", "agent", "presence", "works", "offers", "load");
        }
        for agent in &page.agents {
            println!("{}", row(agent)?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

pub(super) async fn end(whose: &Whose, agent: String, session_epoch: u64) -> anyhow::Result<ExitCode> {
    let request_id = format!("{:016x}", rand::random::<u64>());
    let workspace = whose.target.workspace()?;
    let asked = whose.asks(EndSessionRequest { request_id, workspace, agent: agent.clone(), session_epoch })?;
    let done = whose.client().await?.end_session(asked).await.context("cannot end the session")?;
    println!("the session of {agent} is over (record {})", done.into_inner().record_index);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn drain(whose: &Whose, end: bool, all: bool) -> anyhow::Result<ExitCode> {
    let workspace = if all { String::new() } else { whose.target.workspace()? };
    let what = if all { "all workspaces".to_owned() } else { workspace.clone() };
    let asked = whose.asks(DrainRequest { workspace, end })?;
    let changed = whose.client().await?.drain(asked).await.context("cannot drain")?.into_inner().changed;
    let now = if end { "sessions are taken" } else { "no sessions are taken, the open ones end" };
    println!("{what}: {now}{}", if changed { "" } else { ", as before" });
    Ok(ExitCode::SUCCESS)
}

fn row(agent: &AgentStanding) -> anyhow::Result<String> {
    let session = match agent.connected_since {
        Some(since) if agent.connected => format!("{} since {}", agent.session_epoch, moment(since)?),
        Some(_) => format!("{} without connection", agent.session_epoch),
        None => "none".to_owned(),
    };
    let load = format!("{} of {}", agent.load, agent.capacity);
    let presence = if agent.reason.is_empty() { agent.presence.clone() } else { agent.reason.clone() };
    Ok(format!("{:<24}{presence:<10}{:>8}{:>8}{load:>12}  {session}", agent.agent, agent.works, agent.offers))
}
