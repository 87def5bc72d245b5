//! Links behind words: the text says "here", and an entity beside it where that leads.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::fields::{foreign_link, words};
use super::super::json::{List, Object, Text};
use super::content::MEDIA_HOSTS;

/// Most links of one text: Telegram itself takes 100 entities.
const MAX_LINKS: usize = 128;

#[derive(Deserialize, Default)]
struct Entity<'a> {
    /// Of a link behind words only.
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    offset: Option<Text<'a>>,
    #[serde(borrow)]
    length: Option<Text<'a>>,
}

/// The text with each link in parentheses after the words that it is behind, unless the text shows it anyway.
pub(super) fn shown(text: String, entities: Option<&RawValue>) -> String {
    let Some(raw) = entities.filter(|raw| raw.get().contains("text_link")) else { return text };
    let Ok(entities) = serde_json::from_str::<List<Object<Entity<'_>>>>(raw.get()) else { return text };
    let link = |Object(entity): Object<Entity<'_>>| {
        let url = foreign_link(entity.url?.as_str(), &MEDIA_HOSTS)?;
        let number = |text: Option<Text<'_>>| text.and_then(|text| text.as_str().parse::<usize>().ok());
        // One without a place belongs to the whole text.
        let end =
            number(entity.offset).zip(number(entity.length)).map(|(offset, length)| offset.saturating_add(length));
        Some((end.unwrap_or(usize::MAX), url))
    };
    let mut links: Vec<(usize, String)> = entities.into_iter().filter_map(link).take(MAX_LINKS).collect();
    let words: HashSet<&str> = words(&text).collect();
    links.retain(|(_, url)| !words.contains(url.as_str()));
    drop(words);
    links.sort_by_key(|(end, _)| *end);
    written(&text, links)
}

/// Places are counted in UTF-16 code units, as Telegram does.
fn written(text: &str, links: Vec<(usize, String)>) -> String {
    let mut out = String::with_capacity(text.len() + links.iter().map(|(_, url)| url.len() + 3).sum::<usize>());
    let (mut links, mut units) = (links.into_iter().peekable(), 0);
    for c in text.chars() {
        while let Some((_, url)) = links.next_if(|(end, _)| *end <= units) {
            put(&mut out, &url);
        }
        out.push(c);
        units += c.len_utf16();
    }
    links.for_each(|(_, url)| put(&mut out, &url));
    out
}

/// Adds a link behind the words that stand there.
pub(super) fn put(out: &mut String, url: &str) {
    if !out.is_empty() {
        out.push(' ');
    }
    out.push('(');
    out.push_str(url);
    out.push(')');
}
