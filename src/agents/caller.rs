//! Who calls: workspace and agent, and what they may do.
//!
//! With tokens both come from the token, and the metadata may only say the same. Without, the metadata is believed: whoever reaches
//! the port may use any name.

use tonic::metadata::MetadataMap;
use tonic::{Extensions, Request};

use super::limits::MAX_NAME_BYTES;
use super::status::{Reason, Refusal};
use crate::access::{Lease, Proof, Role, Roles, may_command};
use crate::domain::id::Name;

/// Metadata entry with the workspace.
pub const WORKSPACE_METADATA: &str = "skein-workspace";
/// Metadata entry with the agent's name.
pub const AGENT_METADATA: &str = "skein-agent";
/// Metadata entry with an operator's name.
const OPERATOR_METADATA: &str = "skein-operator";
/// What an operator's name may hold beside: a login of a directory is a name, too.
const OPERATOR_ALSO: &str = ".@";

/// Mark of a call that came by another node, which looks after its end there.
#[derive(Clone, Copy, Debug)]
pub struct ByNode;

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rights {
    /// No tokens are asked for: whatever an agent may.
    Believed,
    /// What the token says.
    Proven(Roles),
}

/// Who calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Workspace of the agent.
    pub workspace: Name,
    /// Name of the agent.
    pub agent: Name,
    rights: Rights,
    lease: Lease,
    /// In a session that takes no commands.
    looks_on: bool,
    by_node: bool,
}

impl Caller {
    /// Who calls by this request. `proven`: tokens are asked for, so the gate has left a proof.
    ///
    /// # Errors
    /// [`Reason::CallerUnnamed`]: a name is missing or none. [`Reason::WorkspaceRefused`], [`Reason::CallerRefused`]: the token says
    /// otherwise than the metadata.
    pub(super) fn of<T>(request: &Request<T>, proven: bool) -> Result<Self, Refusal> {
        let metadata = request.metadata();
        let by_node = request.extensions().get::<ByNode>().is_some();
        if !proven {
            let (workspace, agent) = (named(metadata, WORKSPACE_METADATA, "")?, named(metadata, AGENT_METADATA, "")?);
            let (rights, lease) = (Rights::Believed, Lease::endless());
            return Ok(Self { workspace, agent, rights, lease, looks_on: false, by_node });
        }
        let Proof { claimed, lease } = proof(request.extensions())?;
        let workspace = match (metadata.contains_key(WORKSPACE_METADATA), claimed.workspaces.only()) {
            (false, Some(only)) => only.clone(),
            (true, _) | (false, None) => named(metadata, WORKSPACE_METADATA, "")?,
        };
        if !claimed.workspaces.has(&workspace) {
            return Err(Refusal::new(Reason::WorkspaceRefused, "the token is not good for the workspace"));
        }
        if metadata.get(AGENT_METADATA).is_some_and(|said| said.as_bytes() != claimed.name.as_bytes()) {
            return Err(Refusal::new(Reason::CallerRefused, "the call names another agent than its token"));
        }
        let agent = name(&claimed.name).ok_or_else(|| {
            Refusal::new(Reason::CallerUnnamed, "the name in the token is none that an agent can have")
        })?;
        let (rights, lease) = (Rights::Proven(claimed.roles), lease.clone());
        Ok(Self { workspace, agent, rights, lease, looks_on: false, by_node })
    }

    /// The same in a session that only looks on.
    pub(super) fn looking_on(self) -> Self {
        Self { looks_on: true, ..self }
    }

    /// Whether the caller is at another node: what an operator says of this node is not about it.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.by_node
    }

    /// For how long the caller is believed.
    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether this is asked under the eyes of quality or of a supervisor: every queue is seen, and what is read is recorded.
    pub(super) fn oversees(&self) -> bool {
        match self.rights {
            Rights::Believed => false,
            Rights::Proven(roles) => roles.meets(Roles::of(&[Role::Supervisor, Role::Quality])),
        }
    }

    /// Whether a command may be forced: by supervisors.
    ///
    /// # Errors
    /// [`Reason::RoleRefused`].
    pub(super) fn may_force(&self) -> Result<(), Refusal> {
        match self.rights {
            Rights::Proven(roles) if !roles.has(Role::Supervisor) => {
                Err(Refusal::new(Reason::RoleRefused, "only a supervisor may force that"))
            }
            Rights::Believed | Rights::Proven(_) => Ok(()),
        }
    }

    /// Whether the token says that a program bears it.
    pub(super) fn is_program(&self) -> bool {
        match self.rights {
            Rights::Believed => false,
            Rights::Proven(roles) => roles.has(Role::Bot),
        }
    }

    /// Whether a command of this message may be given inside a session.
    ///
    /// # Errors
    /// [`Reason::RoleRefused`], [`Reason::ReadOnly`].
    pub(super) fn may(&self, message: &str) -> Result<(), Refusal> {
        if self.looks_on {
            return Err(Refusal::new(Reason::ReadOnly, "the session only looks on"));
        }
        match self.rights {
            Rights::Proven(roles) if !may_command(roles, message) => {
                Err(Refusal::new(Reason::RoleRefused, "no role of the token may do that"))
            }
            Rights::Believed | Rights::Proven(_) => Ok(()),
        }
    }
}

/// An operator who calls.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    /// The name that decisions are recorded under.
    pub(crate) name: Name,
    /// What the token says; none: the caller is believed.
    proof: Option<Proof>,
}

impl Operator {
    /// Who calls by this request.
    ///
    /// # Errors
    /// As [`Caller::of`].
    pub(crate) fn of<T>(request: &Request<T>, proven: bool) -> Result<Self, Refusal> {
        let metadata = request.metadata();
        if !proven {
            return Ok(Self { name: named(metadata, OPERATOR_METADATA, OPERATOR_ALSO)?, proof: None });
        }
        let proof = proof(request.extensions())?.clone();
        let name = proof.claimed.name.clone();
        if metadata.get(OPERATOR_METADATA).is_some_and(|said| said.as_bytes() != name.as_bytes()) {
            return Err(Refusal::new(Reason::CallerRefused, "the call names another operator than its token"));
        }
        Ok(Self { name, proof: Some(proof) })
    }

    /// Whether the operator may decide about a workspace; an empty name is all that the daemon has, and the daemon itself.
    ///
    /// # Errors
    /// [`Reason::WorkspaceRefused`].
    pub(crate) fn may(&self, workspace: &str) -> Result<(), Refusal> {
        let Some(proof) = &self.proof else { return Ok(()) };
        let is_good = if workspace.is_empty() {
            proof.claimed.workspaces.has_all()
        } else {
            proof.claimed.workspaces.has(workspace)
        };
        let refused = || {
            let what = if workspace.is_empty() { "every workspace" } else { "the workspace" };
            Refusal::new(Reason::WorkspaceRefused, format!("the token is not good for {what}"))
        };
        is_good.then_some(()).ok_or_else(refused)
    }
}

/// What the gate has left. Without it nobody is believed: the call came by a way around the gate.
fn proof(extensions: &Extensions) -> Result<&Proof, Refusal> {
    extensions.get::<Proof>().ok_or_else(|| Refusal::new(Reason::TokenMissing, "a token is wanted"))
}

/// The name in the entry `key` of a call's metadata; see [`name`] for what it may consist of, besides the characters `also`.
///
/// # Errors
/// [`Reason::CallerUnnamed`]: it is missing or no name.
fn named(metadata: &MetadataMap, key: &'static str, also: &str) -> Result<Name, Refusal> {
    let text = metadata.get(key).and_then(|value| value.to_str().ok()).unwrap_or_default();
    name_with(text, also).ok_or_else(|| {
        Refusal::new(
            Reason::CallerUnnamed,
            format!("metadata {key}: a name is wanted, of letters, digits, - and _{}", others(also)),
        )
        .with("metadata", key)
    })
}

fn others(also: &str) -> String {
    also.chars().map(|other| format!(", also {other}")).collect()
}

/// A name: 1 to 64 ASCII letters, digits, `-` and `_`, so that it can be a token of a subject.
pub(super) fn name(text: &str) -> Option<Name> {
    name_with(text, "")
}

fn name_with(text: &str, also: &str) -> Option<Name> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || also.as_bytes().contains(&byte);
    ((1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(fits)).then(|| Name::from(text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::access::{Claimed, Workspaces};

    fn proven(workspaces: Workspaces, roles: &[Role]) -> Request<()> {
        let claimed = Claimed { name: Name::new("ops@example"), workspaces, roles: Roles::of(roles) };
        let mut request = Request::new(());
        request.extensions_mut().insert(Proof { claimed: Arc::new(claimed), lease: Lease::endless() });
        request
    }

    fn reason<T>(refused: Result<T, Refusal>) -> Option<Reason> {
        refused.err().map(|refusal| refusal.reason())
    }

    #[test]
    fn an_operator_decides_about_the_workspaces_of_its_token_and_about_the_daemon_only_with_all_of_them() {
        let one = proven(Workspaces::These(vec![Name::new("demo")]), &[Role::Admin]);
        let one = Operator::of(&one, true).unwrap();
        assert_eq!(one.name, "ops@example");
        assert_eq!(reason(one.may("demo")), None);
        assert_eq!(reason(one.may("rival")), Some(Reason::WorkspaceRefused));
        assert_eq!(reason(one.may("")), Some(Reason::WorkspaceRefused));
        let all = Operator::of(&proven(Workspaces::All, &[Role::Admin]), true).unwrap();
        assert_eq!((reason(all.may("rival")), reason(all.may(""))), (None, None));
    }

    #[test]
    fn without_what_the_gate_leaves_nobody_is_believed_where_tokens_are_asked_for() {
        let mut request = Request::new(());
        for (key, name) in [(WORKSPACE_METADATA, "demo"), (AGENT_METADATA, "anna"), (OPERATOR_METADATA, "ops")] {
            request.metadata_mut().insert(key, name.parse().unwrap());
        }
        assert_eq!(reason(Caller::of(&request, true)), Some(Reason::TokenMissing));
        assert_eq!(reason(Operator::of(&request, true)), Some(Reason::TokenMissing));
        let believed = Caller::of(&request, false).unwrap();
        assert!(believed.agent == "anna" && !believed.oversees() && believed.may("EraseCustomerRequest").is_ok());
    }

    #[test]
    fn an_operator_who_names_another_than_its_token_is_refused() {
        let mut request = proven(Workspaces::All, &[Role::Admin]);
        request.metadata_mut().insert(OPERATOR_METADATA, "somebody".parse().unwrap());
        assert_eq!(reason(Operator::of(&request, true)), Some(Reason::CallerRefused));
    }
}
