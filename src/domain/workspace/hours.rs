//! Business hours: when a queue is served, in the time zone of whoever serves it.
//!
//! What follows from hours is decided from the calendar and stands in records; folding them asks no calendar. Time zones are those that the
//! binary was built with, the same on every node.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::domain::id::Name;
use crate::domain::time::Timestamp;

/// Days that are looked ahead for: who does not open within a year does not open.
const DAYS_AHEAD: usize = 366;
/// Minutes of a day.
pub const DAY_MINUTES: u16 = 24 * 60;

/// Hours of a week, and the days that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursConfig {
    /// Name, unique in its workspace.
    pub name: Name,
    /// IANA time zone.
    pub zone: String,
    /// When it is open on each day of the week, from Monday.
    pub week: [Vec<Opening>; 7],
    /// Days that differ from their weekday, by date (`2026-12-24`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: BTreeMap<String, Vec<Opening>>,
}

/// From a minute of a day up to another, in local time; one that is not later is on the next day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// First minute.
    pub from: u16,
    /// First minute that is closed again; [`DAY_MINUTES`]: midnight.
    pub to: u16,
}

/// Whether it is open, and until when that stays so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Served now.
    pub open: bool,
    /// When it turns; none: not within a year.
    pub until: Option<Timestamp>,
}

/// Hours, to ask for times.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    week: [Vec<Opening>; 7],
    days: BTreeMap<Date, Vec<Opening>>,
}

/// Whether there is such a time zone.
#[must_use]
pub fn is_zone(name: &str) -> bool {
    zone(name).is_some()
}

fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

impl Calendar {
    /// Of hours; none: there is no such time zone or date, which no checked configuration has.
    #[must_use]
    pub fn of(hours: &HoursConfig) -> Option<Self> {
        let day = |(date, openings): (&String, &Vec<Opening>)| Some((date.parse().ok()?, openings.clone()));
        Some(Self {
            zone: zone(&hours.zone)?,
            week: hours.week.clone(),
            days: hours.days.iter().map(day).collect::<Option<_>>()?,
        })
    }

    /// Whether it is open then, and until when.
    #[must_use]
    pub fn turn(&self, at: Timestamp) -> Turn {
        let next = self.open(at).next();
        match next {
            Some((from, to)) if from <= at => Turn { open: true, until: Some(to) },
            Some((from, _)) => Turn { open: false, until: Some(from) },
            None => Turn::default(),
        }
    }

    /// When it was open for so many milliseconds since then. Where it is never open again time runs as it does everywhere.
    #[must_use]
    pub fn after(&self, since: Timestamp, ms: u64) -> Timestamp {
        let mut left = ms;
        let mut end = since;
        for (from, to) in self.spans(since) {
            let from = from.max(end);
            let length = to.millis_since(from).max(0).unsigned_abs();
            if left <= length {
                return Timestamp(from.0.saturating_add_unsigned(left));
            }
            left -= length;
            end = end.max(to);
        }
        Timestamp(end.0.saturating_add_unsigned(left))
    }

    /// For how many of the milliseconds between two times it was open; those of a year at most.
    #[must_use]
    pub fn served(&self, from: Timestamp, to: Timestamp) -> u64 {
        let spans = self.open(from).take_while(|(begin, _)| *begin < to);
        spans.map(|(begin, end)| end.min(to).millis_since(begin.max(from)).unsigned_abs()).sum()
    }

    /// A time as clocks in the zone show it, to the minute: `2026-11-24 08:00`.
    #[must_use]
    pub(crate) fn local(&self, at: Timestamp) -> Option<String> {
        let local = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(self.zone.clone());
        Some(local.strftime("%Y-%m-%d %H:%M").to_string())
    }

    /// Spans in which it is open that end after `at`, in order, none touching the next; at most those of a year.
    fn open(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let mut spans = self.spans(at).peekable();
        std::iter::from_fn(move || {
            let (from, mut to) = spans.next()?;
            while let Some((_, end)) = spans.next_if(|(begin, _)| *begin <= to) {
                to = to.max(end);
            }
            Some((from, to))
        })
        .filter(move |(_, to)| *to > at)
    }

    /// The openings of each day from the day before on, as they are written down.
    fn spans(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let local = jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_zoned(self.zone.clone()).date());
        let first = local.ok().and_then(|date| date.yesterday().ok());
        let days = std::iter::successors(first, |date| date.tomorrow().ok()).take(DAYS_AHEAD);
        days.flat_map(move |date| self.on(date).iter().filter_map(move |opening| self.span(date, *opening)))
    }

    fn on(&self, date: Date) -> &[Opening] {
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.days.get(&date).unwrap_or(&self.week[weekday])
    }

    fn span(&self, date: Date, opening: Opening) -> Option<(Timestamp, Timestamp)> {
        let next = if opening.to <= opening.from { DAY_MINUTES } else { 0 };
        let moment = |minutes: u16| {
            let local = date.to_datetime(Time::midnight()).checked_add(i64::from(minutes).minutes()).ok()?;
            // What a clock that is put forward leaves out begins when it goes on.
            let at = self.zone.to_ambiguous_timestamp(local).compatible().ok()?;
            Some(Timestamp(at.as_millisecond()))
        };
        let (from, to) = (moment(opening.from)?, moment(opening.to + next)?);
        (from < to).then_some((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn opening(from: u16, to: u16) -> Opening {
        Opening { from: from * 60, to: to * 60 }
    }

    /// Oslo, on weekdays from 9 to 17 with an hour at noon, Saturday night until 2; 24 December until noon, 25 not at all.
    fn office() -> Calendar {
        let weekday = vec![opening(9, 12), opening(13, 17)];
        let mut week = std::array::from_fn(|_| weekday.clone());
        (week[5], week[6]) = (vec![opening(22, 2)], Vec::new());
        let days =
            BTreeMap::from([("2026-12-24".to_owned(), vec![opening(9, 12)]), ("2026-12-25".to_owned(), Vec::new())]);
        Calendar::of(&HoursConfig { name: Name::const_new("office"), zone: "Europe/Oslo".to_owned(), week, days })
            .unwrap()
    }

    fn turns(at_text: &str) -> (bool, Option<Timestamp>) {
        let turn = office().turn(at(at_text));
        (turn.open, turn.until)
    }

    #[test]
    fn it_is_open_from_the_first_minute_and_closed_from_the_last() {
        // A Wednesday in winter: Oslo is an hour ahead.
        assert_eq!(turns("2026-11-18T07:59:59.999Z"), (false, Some(at("2026-11-18T08:00:00Z"))));
        assert_eq!(turns("2026-11-18T08:00:00Z"), (true, Some(at("2026-11-18T11:00:00Z"))));
        assert_eq!(turns("2026-11-18T11:00:00Z"), (false, Some(at("2026-11-18T12:00:00Z"))));
        assert_eq!(turns("2026-11-18T16:00:00Z"), (false, Some(at("2026-11-19T08:00:00Z"))));
    }

    #[test]
    fn a_night_belongs_to_the_day_that_it_begins_on() {
        assert_eq!(turns("2026-11-22T00:30:00Z"), (true, Some(at("2026-11-22T01:00:00Z"))));
        assert_eq!(turns("2026-11-22T01:00:00Z"), (false, Some(at("2026-11-23T08:00:00Z"))), "nothing on Sunday");
    }

    #[test]
    fn days_that_differ_are_asked_first() {
        assert_eq!(turns("2026-12-24T12:30:00Z"), (false, Some(at("2026-12-26T21:00:00Z"))), "Saturday night is next");
        assert_eq!(turns("2026-12-25T09:00:00Z"), (false, Some(at("2026-12-26T21:00:00Z"))));
    }

    #[test]
    fn a_clock_that_is_put_forward_moves_the_opening_with_it() {
        assert_eq!(turns("2026-03-27T18:00:00Z").1, Some(at("2026-03-28T21:00:00Z")), "Saturday at 22 in winter");
        // In the night to 29 March the hour from 2 to 3 is left out, so at 2 it is 3.
        assert_eq!(turns("2026-03-28T22:00:00Z"), (true, Some(at("2026-03-29T01:00:00Z"))));
        assert_eq!(turns("2026-03-29T12:00:00Z"), (false, Some(at("2026-03-30T07:00:00Z"))), "Monday at 9 in summer");
    }

    #[test]
    fn time_stands_while_it_is_closed() {
        let after = |since: &str, minutes: u64| office().after(at(since), minutes * 60_000);
        assert_eq!(after("2026-11-18T10:30:00Z", 30), at("2026-11-18T11:00:00Z"));
        assert_eq!(after("2026-11-18T10:30:00Z", 31), at("2026-11-18T12:01:00Z"), "noon is left out");
        assert_eq!(after("2026-11-18T20:00:00Z", 60), at("2026-11-19T09:00:00Z"));
        assert_eq!(
            after("2026-11-20T15:00:00Z", 120),
            at("2026-11-21T22:00:00Z"),
            "one on Friday, one on Saturday night"
        );
        assert_eq!(after("2026-11-20T15:00:00Z", 0), at("2026-11-20T15:00:00Z"));
    }

    #[test]
    fn what_opens_within_a_year_or_never_has_an_end_too() {
        let never = HoursConfig { zone: "UTC".to_owned(), ..HoursConfig::default() };
        let never = Calendar::of(&never).unwrap();
        assert_eq!(never.turn(at("2026-11-18T10:30:00Z")), Turn::default());
        assert_eq!(never.after(at("2026-11-18T10:30:00Z"), 5), Timestamp(at("2026-11-18T10:30:00Z").0 + 5));
        let long = office().after(at("2026-11-18T10:30:00Z"), u64::MAX);
        assert_eq!(long, Timestamp(i64::MAX));
        assert!(Calendar::of(&HoursConfig { zone: "Europe/Atlantis".to_owned(), ..HoursConfig::default() }).is_none());
    }
}
