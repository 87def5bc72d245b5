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

/// Words beside which a verb says that somebody tells who wrote to whom: "I wrote", "schrieb mir", "j'ai écrit". By language: a
/// pronoun of one is a name in another.
const TOLD: &[(&[&str], &[&str])] = &[
    (&["i", "we", "you", "they", "she", "me", "us", "it", "them"], &["wrote", "writes", "sent"]),
    (
        &["ich", "wir", "sie", "ihr", "mir", "uns", "ihnen", "euch", "ihre", "habe", "haben", "hatte", "hatten"],
        &["schrieb", "geschrieben", "schreibt"],
    ),
    (&["ai", "avons", "avez", "avais", "avions"], &["écrit", "ecrit"]),
    (&["he", "hemos", "había", "me", "nos", "les", "le"], &["escrito", "escribió", "escribio"]),
    (&["ho", "abbiamo", "avete", "avevo", "avevamo"], &["scritto"]),
    (&["ik", "wij", "we", "jullie", "mij", "ons", "heb", "hebben"], &["schreef", "geschreven"]),
    (&["tenho", "temos", "me", "nos", "lhes", "lhe"], &["escrito", "escreveu"]),
    (&["jag", "jeg", "vi", "mig", "meg", "oss"], &["skrev"]),
    (&["я", "мы", "вы", "мне", "вам", "нам"], &["писал", "пишет", "написа"]),
    (&["jsem", "jsme", "mi", "nám"], &["napsal"]),
];
/// The same in one word.
const TOLD_ALONE: &[&str] = &[
    "napisałem",
    "napisałam",
    "napisaliśmy",
    "pisałem",
    "pisałam",
    "pisaliśmy",
    "我",
    "您",
    "贵公司",
    "私",
    "저는",
    "제가",
];

/// Whether a lower-case text tells of its own writing or of its reader's, which no mailer does.
pub(super) fn says_who_writes(text: &str) -> bool {
    let told = |one: &str, other: &str| {
        TOLD.iter().any(|(persons, verbs)| persons.contains(&one) && verbs.iter().any(|verb| other.starts_with(verb)))
    };
    let mut before = "";
    // An address is no word: "example.us wrote".
    let words = text
        .split_whitespace()
        .filter(|word| !word.contains('@'))
        .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()));
    for word in words {
        if TOLD_ALONE.iter().any(|alone| word.contains(alone)) || told(before, word) || told(word, before) {
            return true;
        }
        before = word;
    }
    false
}
