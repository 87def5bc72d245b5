//! `[[endpoint]]`: our addresses.

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::enrich::{EnrichWait, enrich_wait, enrich_wait_ms};
use crate::domain::event::AddressKind;
use crate::domain::id::Name;
use crate::domain::workspace::EndpointConfig;

/// Longest name of a host, bytes (RFC 1035, 2.3.4).
const MAX_HOST_BYTES: usize = 255;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoint {
    pub(super) name: Spanned<String>,
    pub(super) channel: Spanned<String>,
    queue: Spanned<String>,
    #[serde(default)]
    brand: Option<Spanned<String>>,
    #[serde(default)]
    addresses: Vec<String>,
    #[serde(default)]
    scope: Option<Spanned<String>>,
    #[serde(default)]
    shown_name: Option<String>,
    #[serde(default)]
    trusts: Vec<Spanned<AddressKind>>,
    #[serde(default)]
    authserv_ids: Vec<Spanned<String>>,
    #[serde(default)]
    groups: bool,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    enrich_wait: Option<Spanned<EnrichWait>>,
}

impl Endpoint {
    pub(super) fn brand(&self) -> Option<&str> {
        self.brand.as_ref().map(|brand| brand.as_ref().as_str())
    }

    pub(super) fn check(&self, key: &str, queues: &[&str], check: &mut Check<'_>) {
        check.token(&format!("{key}.channel"), &self.channel);
        check.listed(format!("{key}.queue"), &self.queue, "queue", queues);
        for id in &self.authserv_ids {
            host(format!("{key}.authserv_ids"), id, self.channel.as_ref(), check);
        }
        for (part, value) in [("brand", &self.brand), ("scope", &self.scope)] {
            if let Some(value) = value {
                check.token(&format!("{key}.{part}"), value);
            }
        }
        enrich_wait(&format!("{key}.enrich_wait"), self.enrich_wait.as_ref(), check);
        for kind in &self.trusts {
            if matches!(kind.as_ref(), AddressKind::Web | AddressKind::ShortCode | AddressKind::Staff) {
                let rule = "is no address that can be claimed for a customer";
                check.problem(kind.span(), format!("{key}.trusts"), rule, None);
            }
        }
    }

    pub(super) fn into_config(self) -> EndpointConfig {
        let name = |text: Option<Spanned<String>>| text.map(|text| Name::new(text.as_ref())).unwrap_or_default();
        EndpointConfig {
            name: Name::new(self.name.as_ref()),
            channel: Name::new(self.channel.as_ref()),
            brand: name(self.brand),
            queue: Name::new(self.queue.as_ref()),
            addresses: self.addresses,
            scope: name(self.scope),
            shown_name: self.shown_name,
            trusts: self.trusts.into_iter().map(Spanned::into_inner).collect(),
            authserv_ids: self.authserv_ids.into_iter().map(|id| id.into_inner().to_ascii_lowercase()).collect(),
            groups: self.groups,
            public: self.public,
            enrich_wait_ms: self.enrich_wait.map(enrich_wait_ms),
        }
    }
}

/// A host of ours that says whether a mail's sender is genuine.
fn host(key: String, id: &Spanned<String>, channel: &str, check: &mut Check<'_>) {
    let name = id.as_ref();
    let is_host = (1..=MAX_HOST_BYTES).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if channel != "email" {
        check.problem(id.span(), key, "is for endpoints of channel \"email\" only", None);
    } else if !is_host {
        check.problem(id.span(), key, "must be the name of a host, as in \"mx.example.com\"", None);
    }
}
