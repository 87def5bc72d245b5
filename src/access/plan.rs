//! From the daemon's configuration to what access needs.

use super::claims::ClaimNames;
use super::files::{Access, AccessError, AccessFiles};
use super::tokens::TokenRules;
use crate::config::{Grpc, ProtectionPolicy, Tokens};

/// Who may call the agents' port.
#[derive(Clone, Debug)]
pub struct AccessPlan {
    /// Where keys and certificates are.
    pub files: AccessFiles,
    /// What a token has to be.
    pub rules: TokenRules,
    /// What to do where others reach the port and TLS or tokens are missing.
    pub require_protection: ProtectionPolicy,
}

impl AccessPlan {
    /// Reads `[tokens]` and the keys of `[grpc]` that are about TLS.
    pub fn of(grpc: &Grpc, tokens: &Tokens) -> Self {
        let Tokens { keys_file, issuer, audience, agent_claim, workspace_claim, roles_claim, roles_prefix, leeway } =
            tokens;
        let claims = ClaimNames {
            agent: agent_claim.clone(),
            workspace: workspace_claim.clone(),
            roles: roles_claim.clone(),
            roles_prefix: roles_prefix.clone(),
        };
        Self {
            files: AccessFiles {
                token_keys: keys_file.clone(),
                certificate: grpc.tls_certificate_file.clone(),
                key: grpc.tls_key_file.clone(),
                client_ca: grpc.tls_client_ca_file.clone(),
            },
            rules: TokenRules { issuer: issuer.clone(), audience: audience.clone(), leeway: *leeway, claims },
            require_protection: grpc.require_protection,
        }
    }

    /// Reads the files. Blocking.
    ///
    /// # Errors
    /// What is wrong, of all of them.
    pub fn load(&self) -> Result<Access, Vec<AccessError>> {
        Access::load(self.files.clone(), self.rules.clone())
    }

    /// What is missing where others reach the port, although the configuration lets it: to be said loudly.
    #[must_use]
    pub fn unprotected(&self, listens_to_others: bool) -> Option<&'static str> {
        let allowed = listens_to_others && self.require_protection == ProtectionPolicy::Warn;
        match (self.files.certificate.is_some(), self.files.token_keys.is_some()) {
            _ if !allowed => None,
            (true, true) => None,
            (false, true) => Some("TLS"),
            (true, false) => Some("tokens"),
            (false, false) => Some("TLS and tokens"),
        }
    }
}
