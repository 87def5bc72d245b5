//! What rules are given of a matter.

use crate::domain::content::{Content, Part};
use crate::domain::draft::Draft;
use crate::domain::event::{Assurance, Scope};
use crate::domain::id::{LeafId, Name, RootId, WorkId};
use crate::domain::phrase::fold;
use crate::domain::record::{Change, Fact, Inputs, MessageKind, PersonalValue};
use crate::domain::work::{Beside, Effort};
use crate::domain::workspace::EndpointConfig;

use super::Rules;

/// The fact that says which language a customer speaks.
const LANGUAGE: &str = "language";
/// Bytes of a message in which keywords are looked for: pages of text. What comes behind does not say what the matter is.
const MAX_LOOKED_AT: usize = 16 * 1_024;
/// Media types that are noted at most.
const MAX_ATTACHMENTS: usize = 16;
/// Longest media type that is noted, bytes: longer ones are none.
const MAX_MEDIA_TYPE: usize = 127;

/// All that a rule can ask for.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Channel of the endpoint.
    pub channel: &'a str,
    /// Endpoint that the matter came by.
    pub endpoint: &'a str,
    /// Brand of the endpoint.
    pub brand: &'a str,
    /// What the message says of itself, and what is known of its customer.
    pub inputs: &'a Inputs,
}

impl<'a> Situation<'a> {
    /// The value of a fact, if it is known.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&'a str> {
        let mut facts = self.inputs.facts.iter().chain(&self.inputs.facts_elsewhere);
        facts.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a message says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What it is.
    pub kind: MessageKind,
    /// Who can read it.
    pub scope: Scope,
    /// How sure it is who wrote it.
    pub assurance: Assurance,
    /// What it says.
    pub content: &'a Content,
    /// Language or locale as the adapter knows it.
    pub locale: Option<&'a str>,
    /// Whether the customer had a matter that ended within the continuation window.
    pub returning: bool,
}

impl Rules {
    /// The inputs with what is known of the customer now, and of the queue that the endpoint leads to. `leaf`: the one that the Work is
    /// filed under.
    pub(crate) fn known(&self, draft: &Draft<'_>, leaf: LeafId, endpoint: &EndpointConfig, inputs: Inputs) -> Inputs {
        let closed = !draft.space.is_open(&endpoint.queue);
        let effort = effort_of(draft, draft.root_of(leaf));
        let facts = known_facts(draft, draft.root_of(leaf));
        let language = language_of(&facts, &inputs.locale);
        let (mut own, mut elsewhere) = (Vec::new(), Vec::new());
        for name in self.facts() {
            if let Some((filed, fact)) = best(facts.iter().filter(|(_, fact)| fact.key == *name)) {
                let list = if *filed == leaf { &mut own } else { &mut elsewhere };
                list.push((name.clone(), fact.value.clone()));
            }
        }
        Inputs { language, facts: own, facts_elsewhere: elsewhere, closed, effort, ..inputs }
    }

    /// What the message says of itself, with the keywords that rules ask for.
    #[must_use]
    pub fn told(&self, told: Told<'_>) -> Inputs {
        let Told { kind, scope, assurance, content, locale, returning } = told;
        let types = content.attachments().filter_map(|file| file.media_type.as_deref());
        let types = types.filter(|media_type| media_type.len() <= MAX_MEDIA_TYPE).map(str::to_ascii_lowercase);
        Inputs {
            kind,
            scope,
            assurance,
            length: u32::try_from(content.text.chars().count()).unwrap_or(u32::MAX),
            keywords: if self.has_keywords() { self.keywords_in(&looked_at(content)) } else { Vec::new() },
            attachments: types.take(MAX_ATTACHMENTS).map(Name::from).collect(),
            locale: locale.map(language).unwrap_or_default(),
            returning,
            ..Inputs::default()
        }
    }
}

/// What a customer went through in all Works that are open or can be reopened, seconds.
fn effort_of(draft: &Draft<'_>, root: RootId) -> u32 {
    let ledger = |id: WorkId| match draft.work(id) {
        Some(work) => work.effort().map_or(0, Effort::sum_ms),
        None => draft.space.beside(id).and_then(Beside::effort).map_or(0, Effort::sum_ms),
    };
    let sum_ms = draft.works_of(root).map(ledger).fold(0, u64::saturating_add);
    u32::try_from(sum_ms / 1_000).unwrap_or(u32::MAX)
}

/// Subject and text, folded, with a blank at both ends.
fn looked_at(content: &Content) -> String {
    let subject = content.parts.iter().find_map(|part| match part {
        Part::Mail(mail) => Some(mail.subject.as_str()),
        _ => None,
    });
    let end = (0..=MAX_LOOKED_AT.min(content.text.len())).rev().find(|at| content.text.is_char_boundary(*at));
    let text = &content.text[..end.unwrap_or(0)];
    format!(" {} {} ", fold(subject.unwrap_or_default()), fold(text))
}

/// Everything known of a customer and where it is filed, over all identities, with what the changes so far tell.
fn known_facts(draft: &Draft<'_>, root: RootId) -> Vec<(LeafId, Fact)> {
    let mut known = Vec::new();
    for leaf in draft.group(root).flat_map(|root| draft.space.leaves_of(root)) {
        let mut facts = draft.space.people.facts.of(leaf).to_vec();
        for told in told_facts(draft, leaf) {
            facts.retain(|fact| fact.key != told.key);
            facts.extend(Some(told.clone()).filter(|told| !told.value.is_empty()));
        }
        known.extend(facts.into_iter().map(|fact| (leaf, fact)));
    }
    known
}

/// Facts of an identity that the changes so far tell.
fn told_facts<'d>(draft: &'d Draft<'_>, leaf: LeafId) -> impl Iterator<Item = &'d Fact> {
    let of_leaf = move |place: u16| draft.changes().get(usize::from(place)).and_then(Change::leaf) == Some(leaf);
    draft.personal().iter().filter(move |personal| of_leaf(personal.place)).flat_map(|personal| match &personal.value {
        PersonalValue::Facts(facts) => facts.as_slice(),
        _ => &[],
    })
}

/// The surest, of equals the newest.
fn best<'f>(facts: impl Iterator<Item = &'f (LeafId, Fact)>) -> Option<&'f (LeafId, Fact)> {
    facts.max_by_key(|(_, fact)| (fact.assurance, fact.at))
}

/// The language to speak: as the customer says, else as an agent does, else as the adapter knows it, else as a bot says, else not known.
fn language_of(facts: &[(LeafId, Fact)], locale: &str) -> Name {
    let said =
        |by: Teller| best(facts.iter().filter(|(_, fact)| fact.key == LANGUAGE && Teller::of(&fact.source) == by));
    let told = said(Teller::Customer).or_else(|| said(Teller::Agent)).map(|(_, fact)| language(&fact.value));
    let by_adapter = || (!locale.is_empty()).then(|| Name::new(locale));
    told.or_else(by_adapter).or_else(|| said(Teller::Bot).map(|(_, fact)| language(&fact.value))).unwrap_or_default()
}

/// Who told a fact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Teller {
    /// The customer, by a form or a system.
    Customer,
    Agent,
    Bot,
}

impl Teller {
    fn of(source: &str) -> Self {
        match source {
            source if source.starts_with("agent:") => Self::Agent,
            source if source.starts_with("bot:") => Self::Bot,
            _ => Self::Customer,
        }
    }
}

/// The language of a tag as rules name it: its first part in lower case (BCP 47), `de` of `de-AT` and of `de_AT.UTF-8`. Empty: none.
#[must_use]
pub fn language(tag: &str) -> Name {
    let first = tag.trim().split(['-', '_', '.', '@']).next().unwrap_or_default();
    let fits = (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    if fits { Name::from(first.to_ascii_lowercase()) } else { Name::default() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::time::Timestamp;

    fn fact(source: &'static str, value: &str) -> Fact {
        let (key, source) = (Name::const_new(LANGUAGE), Name::const_new(source));
        Fact { key, value: value.to_owned(), source, at: Timestamp(0), assurance: Assurance::Claimed }
    }

    #[rstest]
    #[case(&[("form", "fr-CA"), ("agent:ann", "it")], "de", "fr")]
    #[case(&[("bot:helper", "es"), ("agent:ann", "it")], "de", "it")]
    #[case(&[("bot:helper", "es")], "de", "de")]
    #[case(&[("bot:helper", "es")], "", "es")]
    #[case(&[], "", "")]
    fn the_customer_is_believed_before_agent_adapter_and_bot(
        #[case] told: &[(&'static str, &str)],
        #[case] locale: &str,
        #[case] expected: &str,
    ) {
        let facts: Vec<(LeafId, Fact)> = told.iter().map(|(source, value)| (LeafId(0), fact(source, value))).collect();
        assert_eq!(language_of(&facts, locale), expected);
    }

    #[rstest]
    #[case("de-AT", "de")]
    #[case("PT_br.UTF-8", "pt")]
    #[case("x", "")]
    #[case("12", "")]
    #[case("", "")]
    fn a_language_is_the_first_part_of_its_tag(#[case] tag: &str, #[case] expected: &str) {
        assert_eq!(language(tag), expected);
    }
}
