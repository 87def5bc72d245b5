//! What an operator decides about who is who (domain rules, section 4).

use serde::{Deserialize, Serialize};

use crate::domain::event::AddressKind;

/// Longest local part of a mail address that may be a role's, bytes: longer ones are in no list.
const MAX_ROLE_BYTES: usize = 64;

/// Rules about identities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// Mail addresses of roles, which several people use: what stands before the `@`, or a whole address; lower case, sorted.
    pub role_mailboxes: Vec<String>,
    /// Kinds of which a person has one value.
    pub single_valued: Vec<AddressKind>,
}

impl IdentityConfig {
    /// Before the first configuration: what the domain's rules say, and no lists.
    #[must_use]
    pub fn none() -> Self {
        Self { role_mailboxes: Vec::new(), single_valued: vec![AddressKind::Crm, AddressKind::Login] }
    }

    /// Whether a person has one value of the kind.
    #[must_use]
    pub fn is_single(&self, kind: AddressKind) -> bool {
        self.single_valued.contains(&kind)
    }

    /// Whether a normalised mail address is one of a role. What stands behind a plus belongs to no name.
    #[must_use]
    pub fn is_role_mailbox(&self, address: &str) -> bool {
        let local = address.split_once('@').map_or(address, |(local, _)| local);
        let role = local.split_once('+').map_or(local, |(role, _)| role);
        let listed = |name: &str| self.role_mailboxes.binary_search_by(|known| known.as_str().cmp(name)).is_ok();
        role.len() <= MAX_ROLE_BYTES && (listed(role) || listed(address))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("info@example.com", true)]
    #[case("info+spring@example.com", true)]
    #[case("all@firm.example", true)]
    #[case("all@other.example", false)]
    #[case("infos@example.com", false)]
    #[case("anna.info@example.com", false)]
    fn a_role_is_known_by_the_whole_name(#[case] address: &str, #[case] expected: bool) {
        let role_mailboxes = ["all@firm.example", "info"].map(str::to_owned).to_vec();
        let config = IdentityConfig { role_mailboxes, ..IdentityConfig::none() };
        assert_eq!(config.is_role_mailbox(address), expected);
    }
}
