//! The words by which customers refuse to be written to, or allow it again, and where a refusal reaches answers too (domain rules,
//! section 3).

use serde::{Deserialize, Serialize};

use crate::domain::id::Name;
use crate::domain::phrase::fold;

/// Longest message that may be such a word, bytes: with room for marks and blanks around the longest phrase in use.
const MAX_BYTES: usize = 64;

/// What an operator decides about opt-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptOutConfig {
    /// Whole messages that refuse, on every channel; folded.
    pub stop: Vec<String>,
    /// Whole messages that refuse on SMS besides: elsewhere they may well be an answer; folded.
    pub stop_sms: Vec<String>,
    /// Whole messages that allow again, of somebody who has refused; folded.
    pub start: Vec<String>,
    /// The same, on SMS besides; folded.
    pub start_sms: Vec<String>,
    /// Channels on which a refusal is of answers too.
    pub refuses_service: Vec<Name>,
}

/// What such a word wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptWord {
    /// Not to be written to.
    Stop,
    /// To be written to again. Said by somebody who has not refused, it is a message like any other.
    Start,
}

impl OptOutConfig {
    /// Without words: nothing that is said refuses.
    #[must_use]
    pub fn none() -> Self {
        Self {
            stop: Vec::new(),
            stop_sms: Vec::new(),
            start: Vec::new(),
            start_sms: Vec::new(),
            refuses_service: Vec::new(),
        }
    }

    /// What a whole message wants; none: it is no such word.
    #[must_use]
    pub fn word(&self, channel: &str, text: &str) -> Option<OptWord> {
        if text.is_empty() || text.len() > MAX_BYTES {
            return None;
        }
        let said = fold(text);
        let sms = channel == "sms";
        let among = |words: &[String], of_sms: &[String]| words.contains(&said) || (sms && of_sms.contains(&said));
        if among(&self.stop, &self.stop_sms) {
            return Some(OptWord::Stop);
        }
        among(&self.start, &self.start_sms).then_some(OptWord::Start)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("sms", "STOP", Some(OptWord::Stop))]
    #[case("sms", " stop.\n", Some(OptWord::Stop))]
    #[case("email", "Arrêt!", Some(OptWord::Stop))]
    #[case("sms", "Stop  All", Some(OptWord::Stop))]
    #[case("sms", "ＳＴＯＰ", Some(OptWord::Stop))]
    #[case("sms", "cancel", Some(OptWord::Stop))]
    #[case("chat", "cancel", None)]
    #[case("sms", "start", Some(OptWord::Start))]
    #[case("sms", "stop calling me, where is my parcel", None)]
    #[case("sms", "stopp", None)]
    #[case("sms", "!!!", None)]
    #[case("sms", "", None)]
    fn only_a_whole_message_is_such_a_word(
        #[case] channel: &str,
        #[case] text: &str,
        #[case] expected: Option<OptWord>,
    ) {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        let config = OptOutConfig {
            stop: words(&["stop", "stop all", "arret"]),
            stop_sms: words(&["cancel"]),
            start: words(&["start"]),
            ..OptOutConfig::none()
        };
        assert_eq!(config.word(channel, text), expected);
    }
}
