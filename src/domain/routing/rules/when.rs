//! A rule's `when`: what must be equal, or in a set. All of it must hold; what is empty asks for nothing.

use schemars::JsonSchema;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
        self.missed(of).is_none()
    }

    /// The first of it that does not hold.
    #[must_use]
    pub fn missed(&self, of: &Situation<'_>) -> Option<Missed<'_>> {
        let inputs = of.inputs;
        let named = |wanted: &[Name], is: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == is);
        let has = |(name, values): &&(Name, Vec<String>)| {
            of.fact(name).is_some_and(|is| values.is_empty() || values.iter().any(|value| value == is))
        };
        if !named(&self.channel, of.channel) {
            Some(Missed::Channel)
        } else if !named(&self.endpoint, of.endpoint) {
            Some(Missed::Endpoint)
        } else if !named(&self.brand, of.brand) {
            Some(Missed::Brand)
        } else if !named(&self.language, &inputs.language) {
            Some(Missed::Language)
        } else if !one_of(&self.scope, &inputs.scope) {
            Some(Missed::Scope)
        } else if !one_of(&self.kind, &inputs.kind) {
            Some(Missed::Kind)
        } else if !one_of(&self.assurance, &inputs.assurance) {
            Some(Missed::Assurance)
        } else if self.longer_than.is_some_and(|than| inputs.length <= than)
            || self.shorter_than.is_some_and(|than| inputs.length >= than)
        {
            Some(Missed::Length)
        } else if self.returning.is_some_and(|returning| inputs.returning != returning) {
            Some(Missed::Returning)
        } else if self.hours.is_some_and(|hours| Hours::of(inputs.closed) != hours) {
            Some(Missed::Hours)
        } else if self.effort_over.is_some_and(|over| inputs.effort <= over) {
            Some(Missed::Effort)
        } else if let Some((fact, _)) = self.facts.iter().find(|fact| !has(fact)) {
            Some(Missed::Fact(fact))
        } else if !self.keyword.is_empty() && !self.keyword.iter().any(|word| inputs.keywords.contains(word)) {
            Some(Missed::Keyword)
        } else if !self.attachment.is_empty()
            && !self.attachment.iter().any(|wanted| attached(wanted, &inputs.attachments))
        {
            Some(Missed::Attachment)
        } else {
            None
        }
    }
}

/// What does not hold of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Missed<'r> {
    /// The channel is another.
    Channel,
    /// The endpoint is another.
    Endpoint,
    /// The brand is another.
    Brand,
    /// The language is another, or not known.
    Language,
    /// The scope is another.
    Scope,
    /// The kind of the message is another.
    Kind,
    /// It is less or more sure who wrote it.
    Assurance,
    /// The message is too short, or too long.
    Length,
    /// The customer returns, or does not.
    Returning,
    /// Whether the queue that the endpoint leads to is open.
    Hours,
    /// What the customer went through.
    Effort,
    /// This fact is not known, or says something else.
    Fact(&'r Name),
    /// None of the words is in it.
    Keyword,
    /// Nothing of the kind is attached.
    Attachment,
    /// The `if` does not hold, or has no value.
    Condition,
}

fn one_of<T: PartialEq>(wanted: &[T], is: &T) -> bool {
    wanted.is_empty() || wanted.contains(is)
}

/// Whether one of the media types is the wanted one, or of that kind.
fn attached(wanted: &str, types: &[Name]) -> bool {
    types.iter().any(|is| is.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
