//! `[[hours]]`: when queues are served.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::shape::{DaySpans, Days, Token};
use super::spanned::Spanned;
use crate::domain::id::Name;
use crate::domain::workspace::{DAY_MINUTES, HoursConfig, Opening, is_zone};

/// Hours of a workspace at most: each is a deadline of its own.
pub(super) const MAX_HOURS: usize = 1_000;
/// Days that differ at most: they stand in every configuration's record.
pub(super) const MAX_DAYS: usize = 1_000;
/// Spans of one day at most.
pub(super) const MAX_OPENINGS: usize = 12;

/// Spans of a day, each like `"09:00-17:30"`.
type Spans = Vec<Spanned<String>>;

/// Hours in the time zone of whoever serves. Outside them Work is taken in and waits, its goals stand, and nobody is called.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Hours {
    /// What queues call them; each name once.
    #[schemars(with = "Token")]
    pub(super) name: Spanned<String>,
    /// Their time zone by its IANA name, like "Europe/Oslo".
    zone: Spanned<String>,
    /// Stretches of Monday, each like "09:00-17:30", up to "24:00"; one that ends before it begins ends the next day. None: closed.
    #[serde(default)]
    #[schemars(with = "DaySpans")]
    mon: Spans,
    /// Stretches of Tuesday, as on Monday. None: closed.
    #[serde(default)]
    #[schemars(with = "DaySpans")]
    tue: Spans,
    /// Stretches of Wednesday, as on Monday. None: closed.
    #[serde(default)]
    #[schemars(with = "DaySpans")]
    wed: Spans,
    /// Stretches of Thursday, as on Monday. None: closed.
    #[serde(default)]
    #[schemars(with = "DaySpans")]
    thu: Spans,
    /// Stretches of Friday, as on Monday. None: closed.
    #[serde(default)]
    #[schemars(with = "DaySpans")]
    fri: Spans,
    /// Stretches of Saturday, as on Monday. None: closed.
    #[serde(default)]
    #[schemars(with = "DaySpans")]
    sat: Spans,
    /// Stretches of Sunday, as on Monday. None: closed.
    #[serde(default)]
    #[schemars(with = "DaySpans")]
    sun: Spans,
    /// Days that differ from their weekday, like "2026-12-24", each with its stretches. None: closed.
    #[serde(default)]
    #[schemars(with = "Days")]
    days: BTreeMap<Spanned<String>, Spans>,
}

impl Hours {
    fn week(&self) -> [(&str, &Spans); 7] {
        [
            ("mon", &self.mon),
            ("tue", &self.tue),
            ("wed", &self.wed),
            ("thu", &self.thu),
            ("fri", &self.fri),
            ("sat", &self.sat),
            ("sun", &self.sun),
        ]
    }

    pub(super) fn check(&self, key: &str, check: &mut Check<'_>) {
        if !is_zone(self.zone.as_ref()) {
            let rule = "is no time zone: IANA names like \"Europe/Oslo\" are known";
            check.problem(self.zone.span(), format!("{key}.zone"), rule, None);
        }
        if let Some(day) = self.days.keys().nth(MAX_DAYS) {
            check.problem(day.span(), format!("{key}.days"), format!("at most {MAX_DAYS} are possible"), None);
        }
        for (day, spans) in self.week() {
            check_day(&format!("{key}.{day}"), spans, check);
        }
        if self.week().iter().all(|(_, spans)| spans.is_empty()) {
            let rule = "is never open: it needs a day with hours, like mon = [\"09:00-17:00\"]";
            check.problem(self.name.span(), key.to_owned(), rule, None);
        }
        for (date, spans) in &self.days {
            if date.as_ref().parse::<Date>().is_err() {
                let rule = "is no date: write it like \"2026-12-24\"";
                check.problem(date.span(), format!("{key}.days"), rule, None);
            }
            check_day(&format!("{key}.days.{}", date.as_ref()), spans, check);
        }
    }

    pub(super) fn into_config(self) -> HoursConfig {
        let day = |spans: &Spans| {
            let mut openings: Vec<Opening> = spans.iter().filter_map(|span| opening(span.as_ref())).collect();
            openings.sort_unstable_by_key(|opening| opening.from);
            openings
        };
        // A date has many spellings, a day only one.
        let date = |text: &str| text.parse::<Date>().map_or_else(|_| text.to_owned(), |date| date.to_string());
        HoursConfig {
            name: Name::new(self.name.as_ref()),
            zone: self.zone.as_ref().clone(),
            week: self.week().map(|(_, spans)| day(spans)),
            days: self.days.iter().map(|(text, spans)| (date(text.as_ref()), day(spans))).collect(),
        }
    }
}

/// Spans of a day that can be read, and of which none begins before another has ended.
fn check_day(key: &str, spans: &Spans, check: &mut Check<'_>) {
    if let Some(span) = spans.get(MAX_OPENINGS) {
        check.problem(span.span(), key.to_owned(), format!("at most {MAX_OPENINGS} are possible"), None);
    }
    let mut read = Vec::new();
    for span in spans {
        match opening(span.as_ref()) {
            Some(opening) => read.push((opening, span)),
            None => {
                let rule = "is no span of a day: write it like \"09:00-17:30\", up to \"24:00\"";
                check.problem(span.span(), key.to_owned(), rule, None);
            }
        }
    }
    read.sort_unstable_by_key(|(opening, _)| opening.from);
    for pair in read.windows(2) {
        let [(one, _), (other, span)] = pair else { continue };
        if one.to <= one.from || other.from < one.to {
            check.problem(span.span(), key.to_owned(), "begins before another span of the day has ended", None);
        }
    }
}

/// `HH:MM-HH:MM`.
fn opening(text: &str) -> Option<Opening> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minutes(from.trim())?, minutes(to.trim())?);
    (from != to && from < DAY_MINUTES).then_some(Opening { from, to })
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let is_number = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}
