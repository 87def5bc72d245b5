//! Texts that come in parts: what is made of them.

use skein::domain::record::{Direction, Flags, MessageStored, PersonalValue, Record};

use super::checks::{Auditor, Broken, holds};
use super::stats::Stats;

impl Auditor {
    /// A text of parts has only those of one text, in order, all of them or the mark.
    pub(super) fn text(
        &mut self,
        record: &Record,
        place: u16,
        message: &MessageStored,
        stats: &mut Stats,
    ) -> Result<(), Broken> {
        let words = record.content.iter().find_map(|personal| match &personal.value {
            PersonalValue::Message(words) if personal.place == place => Some(words),
            _ => None,
        });
        let text = words.map(|words| words.content.text.as_str()).filter(|text| text.starts_with('['));
        let Some(text) = text.filter(|_| message.direction == Direction::In) else {
            return Ok(());
        };
        let pieces: Vec<&str> = text.split_inclusive(']').collect();
        let numbers: Vec<Vec<u64>> = pieces
            .iter()
            .map(|piece| piece.trim_matches(['[', ']']).split('.').filter_map(|n| n.parse().ok()).collect())
            .collect();
        let of = numbers[0][2];
        let one = numbers.iter().all(|number| number[0] == numbers[0][0]);
        let complete = numbers.len() as u64 == of;
        let marked = message.flags.has(Flags::INCOMPLETE);
        holds("parts of one text, in order", one && numbers.is_sorted() && complete != marked, || {
            format!("{text}: {message:?}")
        })?;
        if pieces.len() == 1 {
            stats.hit("text in parts", "late or alone");
        }
        for piece in pieces {
            *self.pieces.entry(piece.to_owned()).or_default() += 1;
        }
        Ok(())
    }
}
