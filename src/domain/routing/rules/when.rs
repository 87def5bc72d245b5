//! A rule's `when`: what must be equal, or in a set. All of it must hold; what is empty asks for nothing.

use serde::{Deserialize, Serialize};

use super::Situation;
use crate::domain::event::{Assurance, Scope};
use crate::domain::id::Name;
use crate::domain::record::MessageKind;

/// What must be so. Lists: one of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Channel.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel: Vec<Name>,
    /// Endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoint: Vec<Name>,
    /// Brand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub brand: Vec<Name>,
    /// Scope.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<Scope>,
    /// Kind of the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kind: Vec<MessageKind>,
    /// Language; the empty name: not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<Name>,
    /// Assurance of the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assurance: Vec<Assurance>,
    /// Words and phrases, folded; the message has one of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keyword: Vec<String>,
    /// Media types, or their first parts, one of which is attached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachment: Vec<Name>,
    /// Facts with the values that they may have; no values: it is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(Name, Vec<String>)>,
    /// The message has more characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longer_than: Option<u32>,
    /// The message has fewer characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shorter_than: Option<u32>,
    /// Whether the customer had a matter that ended within the continuation window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returning: Option<bool>,
    /// Whether the queue that the endpoint leads to is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// The customer went through more, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort_over: Option<u32>,
}

/// Whether a queue is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// It is, or it has no hours.
    #[default]
    Open,
    /// It is not.
    Closed,
}

impl Hours {
    /// Of a queue that is closed, or not.
    #[must_use]
    pub fn of(closed: bool) -> Self {
        if closed { Self::Closed } else { Self::Open }
    }

    /// As rules name it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl When {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// Whether all of it holds.
    #[must_use]
    pub fn holds(&self, of: &Situation<'_>) -> bool {
        let inputs = of.inputs;
        let named = |wanted: &[Name], is: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == is);
        named(&self.channel, of.channel)
            && named(&self.endpoint, of.endpoint)
            && named(&self.brand, of.brand)
            && named(&self.language, &inputs.language)
            && one_of(&self.scope, &inputs.scope)
            && one_of(&self.kind, &inputs.kind)
            && one_of(&self.assurance, &inputs.assurance)
            && self.longer_than.is_none_or(|than| inputs.length > than)
            && self.shorter_than.is_none_or(|than| inputs.length < than)
            && self.returning.is_none_or(|returning| inputs.returning == returning)
            && self.hours.is_none_or(|hours| Hours::of(inputs.closed) == hours)
            && self.effort_over.is_none_or(|over| inputs.effort > over)
            && self.facts.iter().all(|(name, values)| {
                of.fact(name).is_some_and(|is| values.is_empty() || values.iter().any(|value| value == is))
            })
            && (self.keyword.is_empty() || self.keyword.iter().any(|word| inputs.keywords.contains(word)))
            && (self.attachment.is_empty()
                || self.attachment.iter().any(|wanted| attached(wanted, &inputs.attachments)))
    }
}

fn one_of<T: PartialEq>(wanted: &[T], is: &T) -> bool {
    wanted.is_empty() || wanted.contains(is)
}

/// Whether one of the media types is the wanted one, or of that kind.
fn attached(wanted: &str, types: &[Name]) -> bool {
    types.iter().any(|is| is.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
