//! `[[endpoint]]`: our addresses.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::enrich::enrich_wait;
use super::period::Period;
use super::shape::{Host, Token, Trusted};
use super::spanned::Spanned;
use crate::domain::event::AddressKind;
use crate::domain::id::Name;
use crate::domain::workspace::EndpointConfig;

/// Longest name of a host, bytes (RFC 1035, 2.3.4).
pub(super) const MAX_HOST_BYTES: usize = 255;
/// Kinds of addresses that nobody can claim for a customer.
pub(super) const CLAIMS_NOTHING: [AddressKind; 3] = [AddressKind::Web, AddressKind::ShortCode, AddressKind::Staff];

/// An address of ours on a channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoint {
    /// Its token in subjects, `skein.in.WORKSPACE.CHANNEL.NAME`; each name once.
    #[schemars(with = "Token")]
    pub(super) name: Spanned<String>,
    /// Kind of medium: whatsapp, sms, email, chat, messenger, instagram, telegram, line, viber, or another of yours. It cannot change while
    /// skein runs.
    #[schemars(with = "Token")]
    pub(super) channel: Spanned<String>,
    /// The mandatory default: Work goes there unless a rule says otherwise.
    #[schemars(with = "Token")]
    queue: Spanned<String>,
    /// The brand it speaks for: no answer crosses brands. Where left out, the brand of the workspace's name.
    #[serde(default)]
    #[schemars(with = "Token")]
    brand: Option<Spanned<String>>,
    /// Our own addresses on it: a payload that names another one is refused. Where left out, none is.
    #[serde(default)]
    addresses: Vec<String>,
    /// The provider's portfolio, page or account within which its user ids mean something; left out where they mean the same everywhere.
    #[serde(default)]
    #[schemars(with = "Token")]
    scope: Option<Spanned<String>>,
    /// The name that customers see as the sender, where the channel has one.
    #[serde(default)]
    shown_name: Option<String>,
    /// Kinds of addresses that its adapter names beside the customer's own and that make one customer at once; what is not listed is only
    /// suggested to agents. A login counts only with assurance `logged_in`.
    #[serde(default)]
    #[schemars(with = "Vec<Trusted>")]
    trusts: Vec<Spanned<AddressKind>>,
    /// Mail only. Names of our own hosts whose `Authentication-Results` are believed: list those that write that header on every mail they
    /// take from outside, or remove those that they did not write.
    #[serde(default)]
    #[schemars(with = "Vec<Host>")]
    authserv_ids: Vec<Spanned<String>>,
    /// Whether what is said in groups asks for an answer, as Work; it is kept in conversations of its own either way.
    #[serde(default)]
    groups: bool,
    /// Whether public comments ask for an answer, as Work; they are kept in conversations of their own either way.
    #[serde(default)]
    public: bool,
    /// So long new Work waits for what the company's own systems know of its customer (SetFacts, UpsertCustomer), 2s at most. Where left out,
    /// what its queue says.
    #[serde(default)]
    enrich_wait: Option<Spanned<Period>>,
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
            if CLAIMS_NOTHING.contains(kind.as_ref()) {
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
            enrich_wait_ms: self.enrich_wait.map(|wait| wait.into_inner().millis()),
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
