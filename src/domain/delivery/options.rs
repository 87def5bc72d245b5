//! Where an answer could go: every identity of the customer by every endpoint of ours that reaches it, judged as a send is.

use super::reach::{Because, Sending, may_send, reaches_in};
use super::window::Window;
use crate::domain::channel::{Capabilities, capabilities};
use crate::domain::event::{AddressKind, ErrorClass, Scope};
use crate::domain::id::{LeafId, Name, RootId, WorkId};
use crate::domain::record::Purpose;
use crate::domain::rejection::Rejection;
use crate::domain::time::Timestamp;
use crate::domain::workspace::{EndpointConfig, Workspace};

/// Options that are told at most: more than anybody chooses among.
const MAX_OPTIONS: usize = 256;

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionsOf {
    /// An answer in a Work.
    Work(WorkId),
    /// First words to a customer.
    Customer(RootId),
    /// First words to the customer of an identity.
    Identity(LeafId),
}

/// An identity and an endpoint that it could go by.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplyOption {
    /// The identity.
    pub leaf: LeafId,
    /// Kind of its address.
    pub kind: AddressKind,
    /// Scope of the namespace.
    pub namespace_scope: Name,
    /// Person or thread.
    pub scope: Scope,
    /// Normalised address.
    pub address: Option<Name>,
    /// Channel of the endpoint.
    pub channel: Name,
    /// Our endpoint.
    pub endpoint: Name,
    /// Where it goes when nothing is named.
    pub is_default: bool,
    /// Why free words would be refused now; none: they would not.
    pub refused: Option<Rejection>,
    /// They would be, but a listed template would not.
    pub needs_template: bool,
    /// Until when free words are taken, where that is limited.
    pub window_until: Option<Timestamp>,
    /// Purposes that are refused here.
    pub refuses: Vec<Purpose>,
    /// What the channel carries; none: of somebody's own.
    pub capabilities: Option<&'static Capabilities>,
}

/// What could be sent where.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplyOptions {
    /// The conversation.
    pub conversation: RootId,
    /// The default first, then by how freely it may be written.
    pub options: Vec<ReplyOption>,
}

/// What all options have in common.
struct Asked<'a> {
    root: RootId,
    /// Of the Work; none: each endpoint's own.
    brand: Option<&'a Name>,
    origin: Option<&'a (LeafId, Name)>,
    begins: bool,
    now: Timestamp,
}

impl Workspace {
    /// Where something could be sent now. None: there is no such open Work or customer.
    #[must_use]
    pub fn reply_options(&self, of: OptionsOf, now: Timestamp) -> Option<ReplyOptions> {
        let asked = match of {
            OptionsOf::Work(work) => {
                let work = self.works.get(work)?;
                let root = self.root_of(work.leaf);
                Asked { root, brand: Some(&work.brand), origin: work.answer_to.as_ref(), begins: false, now }
            }
            OptionsOf::Customer(id) => {
                Asked { root: self.resolve_root(id)?, brand: None, origin: None, begins: true, now }
            }
            OptionsOf::Identity(leaf) => {
                Asked { root: self.leaves.get(leaf)?.root, brand: None, origin: None, begins: true, now }
            }
        };
        let mut leaves = self.leaves_of(asked.root);
        if let Some((leaf, _)) = asked.origin.filter(|(leaf, _)| !leaves.contains(leaf)) {
            leaves.push(*leaf);
        }
        let mut options: Vec<ReplyOption> =
            leaves.into_iter().flat_map(|leaf| self.options_at(&asked, leaf)).take(MAX_OPTIONS).collect();
        // By how freely it may be written; of equals the one that can be longest, then as the identities came.
        options.sort_by_key(|option| {
            let rank = match (&option.refused, option.needs_template) {
                (None, _) => 0,
                (Some(_), true) => 1,
                (Some(_), false) => 2,
            };
            (!option.is_default, rank, std::cmp::Reverse(option.window_until.unwrap_or(Timestamp::MAX)), option.leaf)
        });
        Some(ReplyOptions { conversation: asked.root, options })
    }

    fn options_at<'a>(&'a self, asked: &'a Asked<'a>, leaf: LeafId) -> impl Iterator<Item = ReplyOption> + 'a {
        let identity = self.leaves.get(leaf);
        let config = self.config();
        config.endpoints.iter().filter_map(move |endpoint| {
            let identity = identity.as_ref()?;
            let is_default = asked.origin.is_some_and(|(to, by)| *to == leaf && *by == endpoint.name);
            let of_brand = asked.brand.is_none_or(|brand| config.brand(endpoint) == brand);
            let scope = self.names.get(identity.namespace_scope);
            let can = identity.scope == Scope::Direct
                && !identity.ended
                && of_brand
                && reaches_in(endpoint, identity.kind, scope);
            (is_default || can).then(|| self.option(asked, leaf, endpoint, is_default)).flatten()
        })
    }

    fn option(
        &self,
        asked: &Asked<'_>,
        leaf: LeafId,
        endpoint: &EndpointConfig,
        is_default: bool,
    ) -> Option<ReplyOption> {
        let identity = self.leaves.get(leaf)?;
        let because = match (is_default, asked.begins) {
            (true, _) => Because::Asked,
            (false, true) => Because::Begun,
            (false, false) => Because::Named,
        };
        let purpose = if asked.begins { Purpose::Proactive } else { Purpose::Service };
        let brand = asked.brand.unwrap_or_else(|| self.config().brand(endpoint));
        let words = Sending { root: asked.root, brand, purpose, template: false, now: asked.now };
        let refused = may_send(self, words, leaf, endpoint, because).err();
        let needs_template = refused == Some(Rejection::CannotSend(ErrorClass::WindowClosed))
            && self.config().templates_of(endpoint).any(|template| {
                let sending = Sending { template: true, purpose: template.purpose, ..words };
                may_send(self, sending, leaf, endpoint, because).is_ok()
            });
        let window_until = match self.window(leaf, endpoint, asked.now) {
            Window::Open(until) => Some(until),
            Window::Unlimited | Window::Closed => None,
        };
        Some(ReplyOption {
            leaf,
            kind: identity.kind,
            namespace_scope: self.names.get(identity.namespace_scope).clone(),
            scope: identity.scope,
            address: identity.address.clone(),
            channel: endpoint.channel.clone(),
            endpoint: endpoint.name.clone(),
            is_default,
            refused,
            needs_template,
            window_until,
            refuses: self.opt_outs.of(leaf).collect(),
            capabilities: capabilities(&endpoint.channel),
        })
    }
}

impl Rejection {
    /// Whether something else would do: another place, or a template.
    #[must_use]
    pub fn asks_where(&self) -> bool {
        let not_there = matches!(self, Self::NoRecipient | Self::RecipientRefused(_) | Self::UnknownEndpoint(_));
        not_there || matches!(self, Self::CannotSend(_))
    }
}
