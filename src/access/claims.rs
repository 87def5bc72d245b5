//! What a token says of its bearer: name, workspaces, roles. Under which names it says so, the configuration tells.

use serde_json::Value;

use super::role::Roles;
use crate::domain::id::Name;

/// The word of a token that is good for every workspace.
pub const ALL_WORKSPACES: &str = "*";
/// Longest name of a bearer, bytes: as that of agents.
const MAX_NAME_BYTES: usize = 64;
/// Workspaces that one token names at most.
const MAX_WORKSPACES: usize = 256;

/// Names of the claims. One with dots leads into objects: `realm_access.roles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// Name of the agent or operator.
    pub agent: String,
    /// Workspace, or a list of them.
    pub workspace: String,
    /// Roles: a list, or words with blanks between.
    pub roles: String,
    /// What stands before each role.
    pub roles_prefix: String,
}

/// Workspaces that a token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workspaces {
    /// Every one.
    All,
    /// These.
    These(Vec<Name>),
}

impl Workspaces {
    /// Whether this is one of them.
    #[must_use]
    pub fn has(&self, workspace: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.iter().any(|name| name == workspace),
        }
    }

    /// Whether it is every one, whichever there are.
    #[must_use]
    pub fn has_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// The one, where there is no other.
    #[must_use]
    pub fn only(&self) -> Option<&Name> {
        match self {
            Self::These(names) if names.len() == 1 => names.first(),
            Self::These(_) | Self::All => None,
        }
    }
}

/// Whom a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The bearer's name: letters, digits, `-`, `_`, and for operators `.` and `@`.
    pub name: Name,
    /// Where the token is good.
    pub workspaces: Workspaces,
    /// What the bearer is.
    pub roles: Roles,
}

impl Claimed {
    /// Reads the claims.
    ///
    /// # Errors
    /// The name of a claim that is missing or not what it has to be.
    pub(super) fn read(claims: &Value, names: &ClaimNames) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
        let is_name = |text: &&str| (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(fits);
        let named = find(claims, &names.agent).and_then(Value::as_str);
        let name = named.filter(is_name).ok_or_else(|| names.agent.clone())?;
        let places = find(claims, &names.workspace).map(words).unwrap_or_default();
        if places.is_empty() || places.len() > MAX_WORKSPACES {
            return Err(names.workspace.clone());
        }
        let workspaces = if places.contains(&ALL_WORKSPACES) {
            Workspaces::All
        } else {
            Workspaces::These(places.into_iter().map(Name::new).collect())
        };
        let told = find(claims, &names.roles).map(words).unwrap_or_default();
        let roles = Roles::named(told.into_iter().filter_map(|word| word.strip_prefix(names.roles_prefix.as_str())));
        Ok(Self { name: Name::new(name), workspaces, roles })
    }
}

/// A claim by its name, or by the path that the name is.
fn find<'c>(claims: &'c Value, name: &str) -> Option<&'c Value> {
    claims.get(name).or_else(|| name.split('.').try_fold(claims, |value, part| value.get(part)))
}

/// A list of texts, or the words of one.
fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::String(text) => text.split_ascii_whitespace().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::Role;

    fn names() -> ClaimNames {
        ClaimNames {
            agent: "preferred_username".to_owned(),
            workspace: "skein_workspace".to_owned(),
            roles: "realm_access.roles".to_owned(),
            roles_prefix: "skein-".to_owned(),
        }
    }

    #[test]
    fn claims_are_found_by_name_or_path_and_may_be_lists_or_words() {
        let claims = json!({
            "preferred_username": "anna", "skein_workspace": "acme",
            "realm_access": { "roles": ["skein-agent", "agent", "skein-supervisor", 7] },
        });
        let claimed = Claimed::read(&claims, &names()).unwrap();
        assert_eq!((claimed.name.as_str(), claimed.workspaces.only().unwrap().as_str()), ("anna", "acme"));
        assert_eq!(claimed.roles, Roles::of(&[Role::Agent, Role::Supervisor]));
        let flat =
            json!({ "preferred_username": "b", "skein_workspace": ["x", "y"], "realm_access.roles": "skein-bot" });
        let claimed = Claimed::read(&flat, &names()).unwrap();
        assert!(claimed.workspaces.has("y") && !claimed.workspaces.has("z") && claimed.workspaces.only().is_none());
        assert_eq!(claimed.roles, Roles::of(&[Role::Bot]));
    }

    #[test]
    fn a_claim_that_is_missing_or_no_name_is_told_by_its_name() {
        let read = |claims: Value| Claimed::read(&claims, &names()).unwrap_err();
        assert_eq!(read(json!({ "skein_workspace": "acme" })), "preferred_username");
        assert_eq!(read(json!({ "preferred_username": "a b", "skein_workspace": "acme" })), "preferred_username");
        assert_eq!(read(json!({ "preferred_username": "a" })), "skein_workspace");
        assert_eq!(read(json!({ "preferred_username": "a", "skein_workspace": {} })), "skein_workspace");
    }
}
