//! A rehearsal for people and for programs, and what its model is.

use serde_json::{Value, json};

use super::figures::{Figures, QueueFigures};
use super::recording::Rehearsal;
use crate::domain::time::Timestamp;

/// What is given, and what is assumed: told with every rehearsal.
pub const MODEL: &[&str] = &[
    "Customers write what they wrote, when they wrote it; their words and what was known of them at the beginning are asked by the rules again. \
     Words that are erased are empty; facts, merges, blocks, \
     priorities and promises that agents noted meanwhile are left out, as is Work that agents began or claimed.",
    "Agents are there as they were. An agent whom only the new configuration lists is READY while anybody of its queues is, and then finishes what it has.",
    "Whoever is asked for a Work that it was asked for then says what it said then, as fast. Anybody else takes it as fast as it was taken then.",
    "A Work takes its owner the time that it took then: answers, transfers, parking and its end come as long after it was assigned. \
     Work that nobody had then takes as long as the middle one of its queue, and so does what its owner keeps for longer than then. \
     Who may pass nothing more on cold stays until somebody takes it.",
    "Waits are those of Works that somebody had: what is unmatched is in none of them, and waited until it ended or the time was over.",
    "Works count whenever they come, new or reopened: whoever is helped sooner may write again into what is over.",
    "Nobody gives up earlier or later than then: abandoned are those whose Work ended without an answer.",
];

/// The rows of a queue: recorded, old, new.
const KINDS: [&str; 3] = ["recorded", "old", "new"];

/// Lines for people.
#[must_use]
pub fn table(rehearsal: &Rehearsal) -> Vec<String> {
    let Rehearsal { workspace, since, until, extra, refused, wordless, .. } = rehearsal;
    let mut lines = vec![format!("workspace {workspace}, from {} to {}", clock(*since), clock(*until))];
    if !extra.is_empty() {
        lines.push(format!("agents who were never there: {}", extra.join(", ")));
    }
    lines.push(String::new());
    lines.push(format!(
        "{:<16}{:<10}{:>7}{:>11}{:>11}{:>11}{:>11}{:>11}{:>10}{:>7}{:>11}{:>11}",
        "queue",
        "",
        "works",
        "unmatched",
        "wait p50",
        "p90",
        "p99",
        "longest",
        "in time",
        "late",
        "abandoned",
        "transfers"
    ));
    for (queue, rows) in rows(rehearsal) {
        for (kind, figures) in KINDS.iter().zip(rows) {
            let name = if *kind == KINDS[0] { queue.as_str() } else { "" };
            lines.push(row(name, kind, &figures));
        }
    }
    lines.push(String::new());
    lines.push("recorded: what happened. old: the same run again by the model, so that one sees how good it is. new: with the other".to_owned());
    lines.push("configuration. Compare new with old. The model:".to_owned());
    lines.extend(MODEL.iter().map(|line| format!("- {line}")));
    if *wordless > 0 {
        lines.push(format!("- {wordless} messages cannot be read any longer: rules saw no words."));
    }
    if *refused != (0, 0) {
        let (old, new) = refused;
        lines.push(format!("- What agents did and could not do again: {old} times under old, {new} under new."));
    }
    lines
}

/// For programs: times in milliseconds, moments in milliseconds since 1970.
#[must_use]
pub fn json(rehearsal: &Rehearsal) -> Value {
    let Rehearsal { workspace, since, until, recorded, old, new, extra, refused, wordless } = rehearsal;
    json!({
        "workspace": workspace,
        "since_ms": since.0,
        "until_ms": until.0,
        "extra_agents": extra,
        "recorded": recorded,
        "old": old,
        "new": new,
        "refused": { "old": refused.0, "new": refused.1 },
        "unreadable_messages": wordless,
        "model": MODEL,
    })
}

/// By queue and of all, as recorded, old and new.
fn rows(rehearsal: &Rehearsal) -> Vec<(String, [QueueFigures; 3])> {
    let Rehearsal { recorded, old, new, .. } = rehearsal;
    let three = [recorded, old, new];
    let mut names: Vec<&str> = three.iter().flat_map(|of| of.queues.keys().map(|name| name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &str, figures: &Figures| figures.queues.get(name).cloned().unwrap_or_default();
    let queue = |name: &&str| ((*name).to_owned(), three.map(|figures| of(name, figures)));
    let all = ("all".to_owned(), three.map(|figures| figures.all.clone()));
    names.iter().map(queue).chain([all]).collect()
}

fn row(queue: &str, kind: &str, of: &QueueFigures) -> String {
    let QueueFigures { works, unmatched, wait, answered_in_time, answered_late, abandoned, transfers, .. } = of;
    format!(
        "{queue:<16}{kind:<10}{works:>7}{unmatched:>11}{:>11}{:>11}{:>11}{:>11}{answered_in_time:>10}{answered_late:>7}{abandoned:>11}{transfers:>11}",
        span(wait.p50_ms),
        span(wait.p90_ms),
        span(wait.p99_ms),
        span(wait.max_ms),
    )
}

/// `0.4 s`, `59 s`, `12:07`, `3:12:07`.
fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0..10) => format!("{seconds}.{} s", ms % 1_000 / 100),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

fn clock(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_is_as_short_as_it_may_be() {
        let told = [0, 480, 9_990, 59_000, 727_000, 11_527_000].map(span);
        assert_eq!(told, ["0.0 s", "0.4 s", "9.9 s", "59 s", "12:07", "3:12:07"]);
    }
}
