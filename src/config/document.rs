//! Parsed layers over one common span space, so that every value of the merged tree still knows the text it came from.
//!
//! Each [`Source`] has a base; the spans of its values are shifted by it. Merging keeps the value of the higher layer with its own
//! span. Nothing here knows which keys exist.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::problem::{Origin, Problem};

/// A text with its place in the common span space.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) text: String,
    base: usize,
}

/// All texts of one load.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Source>);

impl Sources {
    pub(super) fn push(&mut self, origin: Origin, text: String) {
        let base = self.0.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.0.push(Source { origin, text, base });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The source that holds `span`, and the span within its text.
    pub(super) fn locate(&self, span: &Range<usize>) -> Option<(&Source, Range<usize>)> {
        let source = self.0.iter().rev().find(|source| source.base <= span.start)?;
        (span.start <= source.base + source.text.len())
            .then(|| (source, span.start - source.base..span.end - source.base))
    }
}

impl Source {
    /// Parses the text as a document.
    ///
    /// # Errors
    /// Every syntax problem of it; its values are then not used at all, as they may be half of what was meant.
    pub(super) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Vec<Problem>> {
        let (mut table, errors) = DeTable::parse_recoverable(&self.text);
        if !errors.is_empty() {
            return Err(errors.iter().map(|error| self.syntax(error.message(), error.span())).collect());
        }
        let span = table.span();
        shift_table(table.get_mut(), self.base);
        Ok(Spanned::new(shifted(&span, self.base), table.into_inner()))
    }

    /// Parses the text after `prefix` bytes as one value; with `as_text` it is taken literally as a string.
    ///
    /// # Errors
    /// The syntax problem of it.
    pub(super) fn parse_value(&self, prefix: usize, as_text: bool) -> Result<Spanned<DeValue<'_>>, Vec<Problem>> {
        let raw = &self.text[prefix..];
        let span = self.base + prefix..self.base + self.text.len();
        if as_text {
            return Ok(Spanned::new(span, DeValue::String(raw.into())));
        }
        match DeValue::parse(raw) {
            Ok(mut value) => {
                shift_value(value.get_mut(), self.base + prefix);
                Ok(Spanned::new(span, value.into_inner()))
            }
            Err(error) => Err(vec![self.syntax(error.message(), Some(prefix..self.text.len()))]),
        }
    }

    fn syntax(&self, message: &str, span: Option<Range<usize>>) -> Problem {
        let rule = format!("is no valid TOML: {message}");
        Problem::at(self.origin.clone(), &self.text, span.unwrap_or_default(), String::new(), rule, false)
    }
}

fn shifted(span: &Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}

fn shift_table(table: &mut DeTable<'_>, by: usize) {
    for (mut key, mut value) in std::mem::take(table) {
        shift_value(value.get_mut(), by);
        let (key_span, value_span) = (key.span(), value.span());
        key = Spanned::new(shifted(&key_span, by), key.into_inner());
        value = Spanned::new(shifted(&value_span, by), value.into_inner());
        table.insert(key, value);
    }
}

fn shift_value(value: &mut DeValue<'_>, by: usize) {
    match value {
        DeValue::Table(table) => shift_table(table, by),
        DeValue::Array(array) => {
            for element in array.iter_mut() {
                shift_value(element.get_mut(), by);
                let moved = std::mem::replace(element, Spanned::new(0..0, DeValue::Boolean(false)));
                *element = Spanned::new(shifted(&moved.span(), by), moved.into_inner());
            }
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

/// Lays `over` on `under`: tables are merged, everything else is replaced with key and span.
pub(super) fn merge<'s>(under: &mut DeTable<'s>, over: DeTable<'s>) {
    for (key, mut value) in over {
        if let Some(below) = under.get_mut(key.get_ref().as_ref())
            && let (DeValue::Table(below), DeValue::Table(above)) = (below.get_mut(), value.get_mut())
        {
            merge(below, std::mem::take(above));
            continue;
        }
        under.remove_entry(key.get_ref().as_ref());
        under.insert(key, value);
    }
}

/// One step of a path in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// The way from the root to a value.
pub(super) type Path = Vec<Step>;

/// `a.b[2].c`
pub(super) fn dotted(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
        }
    }
    text
}

/// The path of a dotted key without indexes.
pub(super) fn path_of(dotted: &str) -> Path {
    dotted.split('.').map(|key| Step::Key(key.to_owned())).collect()
}

/// The path of the key or value with exactly this span, else of the smallest value around it; empty for the root.
pub(super) fn find(table: &DeTable<'_>, span: &Range<usize>) -> Path {
    let mut best: Option<(usize, Path)> = None;
    visit_table(table, &mut Vec::new(), &mut |at, path| {
        let size = if at == span {
            0
        } else if at.start <= span.start && span.end <= at.end {
            at.len() + 1
        } else {
            return;
        };
        if best.as_ref().is_none_or(|(smallest, _)| size < *smallest) {
            best = Some((size, path.to_vec()));
        }
    });
    best.map(|(_, path)| path).unwrap_or_default()
}

fn visit_table(table: &DeTable<'_>, path: &mut Path, seen: &mut impl FnMut(&Range<usize>, &[Step])) {
    for (key, value) in table {
        path.push(Step::Key(key.get_ref().to_string()));
        seen(&key.span(), path);
        visit_value(value, path, seen);
        path.pop();
    }
}

fn visit_value(value: &Spanned<DeValue<'_>>, path: &mut Path, seen: &mut impl FnMut(&Range<usize>, &[Step])) {
    seen(&value.span(), path);
    match value.get_ref() {
        DeValue::Table(table) => visit_table(table, path, seen),
        DeValue::Array(array) => {
            for (index, element) in array.iter().enumerate() {
                path.push(Step::Index(index));
                visit_value(element, path, seen);
                path.pop();
            }
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

/// The value at a path.
pub(super) fn get<'t, 's>(table: &'t DeTable<'s>, path: &[Step]) -> Option<&'t Spanned<DeValue<'s>>> {
    let (Step::Key(first), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(table.get(first.as_str())?, |value, step| match (step, value.get_ref()) {
        (Step::Key(key), DeValue::Table(table)) => table.get(key.as_str()),
        (Step::Index(index), DeValue::Array(array)) => array.get(*index),
        _ => None,
    })
}

/// Puts a value at a path (a table's entry may be new), or takes the table's entry away with `None`.
pub(super) fn set<'s>(table: &mut DeTable<'s>, path: &[Step], value: Option<Spanned<DeValue<'s>>>) {
    let Some((Step::Key(key), rest)) = path.split_first() else { return };
    if rest.is_empty() {
        let name = match table.remove_entry(key.as_str()) {
            Some((name, _)) => name,
            None => Spanned::new(value.as_ref().map(Spanned::span).unwrap_or_default(), key.clone().into()),
        };
        if let Some(value) = value {
            table.insert(name, value);
        }
    } else if let Some(below) = table.get_mut(key.as_str()) {
        set_in_value(below.get_mut(), rest, value);
    }
}

fn set_in_value<'s>(at: &mut DeValue<'s>, path: &[Step], value: Option<Spanned<DeValue<'s>>>) {
    match (at, path.split_first()) {
        (DeValue::Table(table), Some((Step::Key(_), _))) => set(table, path, value),
        (DeValue::Array(array), Some((Step::Index(index), rest))) => match (array.get_mut(*index), value) {
            (Some(element), value) if !rest.is_empty() => set_in_value(element.get_mut(), rest, value),
            (Some(element), Some(value)) => *element = value,
            (Some(_), None) => {
                let kept = std::mem::replace(array, DeArray::new()).into_iter().enumerate();
                *array = kept.filter(|(at, _)| at != index).map(|(_, element)| element).collect();
            }
            (None, _) => {}
        },
        _ => {}
    }
}
