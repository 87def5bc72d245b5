//! Messages that a provider has approved beforehand: what may be sent where the channel no longer lets us write freely (domain rules,
//! section 3).

use serde::{Deserialize, Serialize};

use super::{EndpointConfig, WorkspaceConfig};
use crate::domain::content::{Content, Part, Template};
use crate::domain::id::Name;
use crate::domain::record::Purpose;
use crate::domain::rejection::Rejection;

/// An approved template, as operators list it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateConfig {
    /// Channel that it was approved for.
    pub channel: Name,
    /// The one endpoint that may send it; empty: all of the channel.
    pub endpoint: Name,
    /// Name at the provider.
    pub name: Name,
    /// BCP 47 language tag.
    pub language: Name,
    /// How many places it has.
    pub parameters: u32,
    /// What it is for: an opt-out from that reaches it.
    pub purpose: Purpose,
    /// Its text for people, with `{{1}}` where a parameter stands; may be empty.
    pub text: String,
}

impl TemplateConfig {
    /// Whether the endpoint may send it.
    #[must_use]
    pub fn is_of(&self, endpoint: &EndpointConfig) -> bool {
        self.channel == endpoint.channel && (self.endpoint.is_empty() || self.endpoint == endpoint.name)
    }

    fn is(&self, sent: &Template) -> bool {
        self.name == sent.name && self.language == sent.language
    }
}

impl WorkspaceConfig {
    /// Templates that an endpoint may send.
    pub fn templates_of<'c>(&'c self, endpoint: &EndpointConfig) -> impl Iterator<Item = &'c TemplateConfig> {
        self.templates.iter().filter(move |template| template.is_of(endpoint))
    }

    /// Templates that the endpoint of that name may send, or all where none is named; none: there is no such endpoint.
    #[must_use]
    pub fn templates_by(&self, endpoint: Option<&str>) -> Option<Vec<TemplateConfig>> {
        let Some(name) = endpoint else { return Some(self.templates.clone()) };
        let endpoint = self.endpoints.iter().find(|endpoint| endpoint.name == name)?;
        Some(self.templates_of(endpoint).cloned().collect())
    }

    /// The template that a message is, as operators list it; none: it is no template.
    ///
    /// # Errors
    /// It is not listed, has not as many parameters, or something beside it.
    pub(crate) fn template_of<'c>(
        &'c self,
        endpoint: &EndpointConfig,
        content: &Content,
    ) -> Result<Option<&'c TemplateConfig>, Rejection> {
        let mut sent = content.parts.iter().filter_map(|part| match part {
            Part::Template(template) => Some(template),
            _ => None,
        });
        let Some(template) = sent.next() else { return Ok(None) };
        // What heads it (a picture, a document) is a file beside it; everything else would be lost.
        let beside = content.parts.iter().all(|part| matches!(part, Part::Template(_) | Part::Attachment(_)));
        if sent.next().is_some() || !beside || !content.text.is_empty() {
            return Err(Rejection::Invalid("content: a template stands alone, but for attachments"));
        }
        // The listed one of the endpoint itself goes before one of its channel.
        let listed = self.templates_of(endpoint).filter(|listed| listed.is(template));
        let listed = listed.max_by_key(|listed| !listed.endpoint.is_empty()).ok_or(Rejection::UnknownTemplate)?;
        if usize::try_from(listed.parameters).is_ok_and(|wanted| wanted == template.parameters.len()) {
            Ok(Some(listed))
        } else {
            Err(Rejection::TemplateParameters { wanted: listed.parameters })
        }
    }
}
