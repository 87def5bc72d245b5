//! Agents: their presence, capacity and sessions (domain rules, sections 7 and 8).

mod agent;
mod sessions;

pub(crate) use agent::{Agent, Held, Lost};
pub(crate) use sessions::{
    end_session, lose_session, offers_grace_over, open_session, session_grace_over, set_presence,
};
