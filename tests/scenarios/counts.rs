//! Whether every row is accounted for, and how many are in which way.

use std::collections::BTreeMap;

use crate::table::{NotApplicable, Reason};

/// Rows that may be not applicable at most, percent.
const MOST_IN_TABLE: usize = 35;

/// The rows there are, by system (none: they are not here), those that are played, and those that are not.
pub(crate) struct Coverage {
    pub(crate) rows: Option<Vec<(&'static str, Vec<String>)>>,
    pub(crate) played: Vec<String>,
    pub(crate) table: Vec<NotApplicable>,
}

impl Coverage {
    /// All that is wrong.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self.table.iter().filter_map(NotApplicable::problem).collect();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for id in self.named() {
            *times.entry(id).or_default() += 1;
        }
        problems.extend(
            times
                .iter()
                .filter(|(_, times)| **times > 1)
                .map(|(id, times)| format!("{id} is accounted for {times} times")),
        );
        let all = self.named().count();
        if 100 * self.table.len() > MOST_IN_TABLE * all {
            problems.push(format!("{} of {all} rows are in the table: more than {MOST_IN_TABLE} %", self.table.len()));
        }
        if let Some(rows) = &self.rows {
            let known: Vec<&str> = rows.iter().flat_map(|(_, ids)| ids).map(String::as_str).collect();
            problems.extend(known.iter().filter(|id| !times.contains_key(*id)).map(|id| format!("{id} is nowhere")));
            problems.extend(times.keys().filter(|id| !known.contains(id)).map(|id| format!("{id} is no row")));
        }
        problems
    }

    /// Ids that are accounted for.
    fn named(&self) -> impl Iterator<Item = &str> {
        self.played.iter().map(String::as_str).chain(self.table.iter().map(|row| row.id.as_str()))
    }

    /// A line for each system, and one of JSON.
    pub(crate) fn print(&self) {
        let mut json = serde_json::Map::new();
        for system in crate::SYSTEMS {
            let of = |id: &str| id.strip_prefix(system).is_some_and(|rest| rest.starts_with('-'));
            let tests = self.played.iter().filter(|id| of(id)).count();
            let because = |reason| self.table.iter().filter(|row| row.reason == reason && of(&row.id)).count();
            let reasons = Reason::ALL.map(|reason| (reason.word(), because(reason)));
            let shown: Vec<String> = reasons.iter().map(|(word, count)| format!("{word} {count}")).collect();
            println!("{system:<14} tests {tests:>3}   not applicable: {}", shown.join(", "));
            let mut counts: serde_json::Map<_, _> =
                reasons.iter().map(|(word, count)| ((*word).to_owned(), (*count).into())).collect();
            counts.insert("tests".to_owned(), tests.into());
            json.insert(system.to_owned(), counts.into());
        }
        let all = self.named().count();
        let in_table = 100.0 * self.table.len() as f64 / all as f64;
        println!("{all} rows, {} of them tests, {in_table:.1} % in the table", self.played.len());
        json.insert("in_table_percent".to_owned(), ((in_table * 10.0).round() / 10.0).into());
        println!("{}", serde_json::Value::from(json));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_table(id: &str, reason: Reason) -> NotApplicable {
        NotApplicable { id: id.to_owned(), reason, why: "only there".to_owned(), quoted: None }
    }

    fn problems(played: &[&str], table: Vec<NotApplicable>) -> Vec<String> {
        let rows = (1..=4).map(|n| format!("asterisk-{n}")).collect();
        let played = played.iter().map(|&id| id.to_owned()).collect();
        Coverage { rows: Some(vec![("asterisk", rows)]), played, table }.problems()
    }

    #[test]
    fn what_is_missing_doubled_unknown_too_much_or_without_words_is_told() {
        let setting = |id| in_table(id, Reason::AnotherSetting);
        let three = ["asterisk-1", "asterisk-2", "asterisk-3"];
        assert_eq!(problems(&three, vec![setting("asterisk-4")]), [""; 0]);
        assert_eq!(problems(&three, vec![]), ["asterisk-4 is nowhere"]);
        assert_eq!(
            problems(&["asterisk-1", "asterisk-2", "asterisk-3", "asterisk-4", "asterisk-5"], vec![]),
            ["asterisk-5 is no row"]
        );
        let four = ["asterisk-1", "asterisk-2", "asterisk-3", "asterisk-4"];
        assert_eq!(problems(&four, vec![setting("asterisk-4")]), ["asterisk-4 is accounted for 2 times"]);
        let half = problems(&three[..2], vec![setting("asterisk-3"), setting("asterisk-4")]);
        assert_eq!(half, ["2 of 4 rows are in the table: more than 35 %"]);
        let words = problems(&three, vec![in_table("asterisk-4", Reason::Contradicts)]);
        assert_eq!(words, ["asterisk-4: words are quoted where it contradicts them, and only there"]);
    }
}
