//! "Thanks": words that end a matter and open none (domain rules, section 5).

use crate::domain::phrase::fold;

/// Longer messages are never only thanks, characters.
const MAX_CHARS: usize = 40;

/// Whether the text consists of nothing but phrases of the list. Phrases are compared folded ([`fold`]).
pub(crate) fn only_thanks(text: &str, phrases: &[String]) -> bool {
    if text.chars().count() >= MAX_CHARS {
        return false;
    }
    let text = fold(text);
    !text.is_empty() && made_of(&text, phrases)
}

fn made_of(text: &str, phrases: &[String]) -> bool {
    phrases.iter().map(|phrase| fold(phrase)).filter(|phrase| !phrase.is_empty()).any(|phrase| {
        match text.strip_prefix(phrase.as_str()) {
            Some("") => true,
            Some(rest) => rest.strip_prefix(' ').is_some_and(|rest| made_of(rest, phrases)),
            None => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::only_thanks;

    #[rstest]
    #[case("Thanks!", true)]
    #[case("ok, thank you very much :)", true)]
    #[case("thank you 👍", true)]
    #[case("Thanks, but it still does not work", false)]
    #[case("thanksgiving", false)]
    #[case("", false)]
    #[case("👍", false)]
    #[case("thanks thanks thanks thanks thanks thanks thanks", false)]
    fn only_a_short_text_made_of_listed_phrases_is_thanks(#[case] text: &str, #[case] expected: bool) {
        let phrases = ["thanks", "thank you", "ok", "very much"].map(str::to_owned);
        assert_eq!(only_thanks(text, &phrases), expected);
    }
}
