//! Words by which somebody tells what was written to whom, which no mailer puts into the head of a quotation.
//!
//! Only words are known here, by language; what build a head has is for its reader.

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

/// Words that stand in no mailer's head behind the time: whose somebody is, whom he wrote to, what he wrote. As they are written
/// inside a sentence: a name begins with a capital letter.
const OF_ANOTHER: &[&str] = &[
    // English.
    "your",
    "my",
    "our",
    "his",
    "her",
    "their",
    "its",
    "me",
    "us",
    "them",
    "you",
    "him",
    "this",
    "that",
    "following",
    "the",
    "from",
    "somebody",
    "someone",
    "colleague",
    "back",
    "to",
    "Mr",
    "Mrs",
    "Ms",
    // German, which writes nouns and the polite form with capital letters.
    "Ihr",
    "Ihre",
    "Ihrem",
    "Ihren",
    "Ihrer",
    "ihr",
    "ihre",
    "ihrer",
    "mein",
    "meine",
    "meiner",
    "unser",
    "unsere",
    "unserer",
    "euer",
    "eure",
    "eurer",
    "sein",
    "seine",
    "seiner",
    "dein",
    "deine",
    "deiner",
    "mir",
    "mich",
    "uns",
    "ihm",
    "ihnen",
    "Ihnen",
    "euch",
    "jemand",
    "dies",
    "dieses",
    "Dies",
    "Dieses",
    "folgendes",
    "Folgendes",
    "Folgende",
    "Folgenden",
    "diese",
    "dieser",
    "ein",
    "eine",
    "einer",
    "Herr",
    "Herrn",
    "Frau",
    "Kollege",
    "Kollegin",
    // French.
    "votre",
    "vos",
    "notre",
    "nos",
    "mon",
    "ma",
    "mes",
    "son",
    "sa",
    "ses",
    "leur",
    "leurs",
    "ton",
    "ta",
    "tes",
    "nous",
    "vous",
    "lui",
    "ceci",
    "cela",
    "un",
    "une",
    "Monsieur",
    "Madame",
    "Mme",
    // Spanish, Portuguese, Italian.
    "vuestro",
    "vuestra",
    "su",
    "sus",
    "mi",
    "mis",
    "nuestro",
    "nuestra",
    "tu",
    "os",
    "alguien",
    "vosso",
    "vossa",
    "seu",
    "sua",
    "nosso",
    "nossa",
    "meu",
    "minha",
    "vostro",
    "vostra",
    "nostro",
    "nostra",
    "mio",
    "mia",
    "suo",
    "tuo",
    "ci",
    "una",
    "uno",
    "Señor",
    "Señora",
    "Senhor",
    "Senhora",
    "Signor",
    "Signora",
    // Dutch.
    "uw",
    "mijn",
    "onze",
    "ons",
    "mij",
    "jullie",
    "iemand",
];
/// Words before somebody of whom is told, but also in the middle of names.
const ARTICLES: &[&str] = &["der", "die", "das", "den", "le", "la", "les", "el", "los", "las", "il", "lo", "o", "een"];
/// Words before such an article that make it a part of a name: "von der".
const PARTICLES: &[&str] = &["von", "van", "de", "in", "zu", "auf"];
/// What begins a head, with a capital letter. With a small one it stands inside a sentence.
const ON: &[&str] = &["on", "am", "le", "el", "il", "op", "em"];

/// Whether the text tells what another wrote: by the words behind its `time` (a place in the text), or by naming the day in the
/// middle of a sentence.
pub(super) fn tells_of_another(text: &str, time: usize) -> bool {
    let mut before = "";
    let behind = text[time..].split_whitespace().filter(|word| !word.contains('@'));
    let named = behind.flat_map(|word| word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())).any(
        |word| {
            let in_name = before.starts_with(char::is_uppercase) || PARTICLES.contains(&before);
            before = word;
            OF_ANOTHER.contains(&word) || (ARTICLES.contains(&word) && !in_name)
        },
    );
    // "m'a écrit", and with the apostrophe that programs set.
    named || text.contains("m'a") || text.contains("m’a") || is_inside_sentence(text)
}

/// Whether the day stands behind a small "on".
fn is_inside_sentence(text: &str) -> bool {
    let begins_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().enumerate().any(|(at, word)| {
        // "10:11 am" is a time.
        let clock = at > 0 && begins_number(&words[at - 1]);
        ON.contains(word) && !clock && words.iter().skip(at + 1).take(2).any(begins_number)
    })
}
