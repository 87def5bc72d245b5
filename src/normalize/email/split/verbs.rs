//! Verbs of writing in the head of a quotation. Lower case; parts of words where a language bends them.

/// "wrote", as it stands at the end of a quotation's head.
const WROTE: &[&str] = &[
    "wrote",
    "writes",
    "sent",
    "schrieb",
    "geschrieben",
    "schreibt",
    "écrit",
    "ecrit",
    "escribió",
    "escribio",
    "escrito",
    "escreveu",
    "escribiu",
    "va escriure",
    "scritto",
    "scrisse",
    "schreef",
    "geschreven",
    "skrev",
    "skreiv",
    "skrifaði",
    "napisał",
    "napisal",
    "pisze",
    "napsal",
    "píše",
    "napísal",
    "je napisa",
    "pravi",
    "писал",
    "пишет",
    "написа",
    "пише",
    "напісаў",
    "írta",
    "írt",
    "ezt írta",
    "yazdı",
    "yazmış",
    "kirjoitti",
    "kirjutas",
    "rašė",
    "rakstīja",
    "a scris",
    "έγραψε",
    "έγραψαν",
    "写道",
    "写了",
    "寫道",
    "写到",
    "のメール",
    "書きました",
    "書き込みました",
    "のメッセージ",
    "작성",
    "썼습니다",
    "씀",
    "كتب",
    "כתב",
    "menulis",
    "viết",
    "đã viết",
    "เขียน",
    "idatzi",
    "scríobh",
    "ysgrifennodd",
];

/// Whether a lower-case text has a verb of writing in it.
pub(super) fn says_wrote(text: &str) -> bool {
    WROTE.iter().any(|verb| match text.find(verb) {
        // A whole word where the language has words: "sent" is not in "presented".
        Some(at) if verb.is_ascii() => {
            let before = text[..at].chars().next_back().is_none_or(|c| !c.is_alphabetic());
            before && text[at + verb.len()..].chars().next().is_none_or(|c| !c.is_ascii_alphabetic() || verb.len() > 5)
        }
        found => found.is_some(),
    })
}

/// Whether a lower-case text ends with such a verb, before its colon.
pub(super) fn ends_wrote(text: &str) -> bool {
    /// What languages bend at the end of one: `(a)`, a gender, a form of politeness.
    const MAX_ENDING: usize = 8;
    let text = text.trim_end_matches([':', '：', ' ', '*', '\u{a0}']);
    WROTE.iter().any(|verb| {
        text.rfind(verb).is_some_and(|at| {
            let rest = &text[at + verb.len()..];
            says_wrote(&text[at..]) && rest.chars().count() <= MAX_ENDING && !rest.contains(char::is_whitespace)
        })
    })
}

/// Whether a text ends with such a verb and a name behind it: "schrieb Ann Bell".
pub(super) fn names_writer(text: &str) -> bool {
    /// Longest name, words.
    const MAX_WORDS: usize = 5;
    const PARTICLES: [&str; 9] = ["von", "van", "de", "der", "den", "del", "di", "da", "und"];
    WROTE.iter().any(|verb| {
        text.rfind(verb).is_some_and(|at| {
            let rest = &text[at + verb.len()..];
            let is_name = |word: &str| !word.starts_with(char::is_lowercase) || PARTICLES.contains(&word);
            rest.starts_with(' ')
                && rest.split_whitespace().count() <= MAX_WORDS
                && rest.split_whitespace().all(is_name)
        })
    })
}
