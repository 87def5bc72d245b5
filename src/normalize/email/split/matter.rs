//! What people write below a mark of signatures that is none: the number of an order, a request.
//!
//! Looked at only in few lines: a signature tells who wrote and how to reach him, and begins with it.

/// Begins a line that a number follows. Lower case; parts of words.
const REFERENCES: &[&str] = &[
    "order",
    "article",
    "artikel",
    "item",
    "invoice",
    "ticket",
    "case",
    "serial",
    "booking",
    "customer",
    "tracking",
    "bestell",
    "auftrag",
    "rechnung",
    "kunde",
    "vorgang",
    "sendung",
    "serien",
    "commande",
    "facture",
    "référence",
    "dossier",
    "colis",
    "pedido",
    "factura",
    "fattura",
    "ordine",
    "bestelling",
    "factuur",
    "encomenda",
    "fatura",
    "zamówieni",
];
/// Asks for something. Lower case; parts of words, from their start.
const REQUESTS: &[&str] = &[
    "please",
    "pls",
    "cancel",
    "refund",
    "help",
    "call",
    "send",
    "broken",
    "need",
    "bitte",
    "brauche",
    "möchte",
    "ruf",
    "rückruf",
    "schick",
    "stornier",
    "kündig",
    "kaputt",
    "hilfe",
    "merci",
    "rappel",
    "envoyez",
    "voudrais",
    "svp",
    "annul",
    "rembours",
    "besoin",
    "cassé",
    "favor",
    "favore",
    "necesito",
    "llam",
    "chiama",
    "graag",
    "alstublieft",
    "proszę",
    "prosím",
    "пожалуйста",
];
/// What programs and companies ask everybody.
const ASKED_OF_ALL: &[&str] =
    &["environment", "umwelt", "print", "druck", "imprim", "papel", "papier", "reply", "antwort", "répond"];

/// Whether the lines below a mark, none of them blank, say something that is no signature.
pub(super) fn says_matter(lines: &[&str]) -> bool {
    let asks = |line: &str| {
        let lower = line.to_lowercase();
        let words = || lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words().any(|word| REQUESTS.iter().any(|request| word.starts_with(request)))
            && !ASKED_OF_ALL.iter().any(|asked| lower.contains(asked))
    };
    let Some(first) = lines.first() else { return false };
    if lines.iter().any(|line| is_contact(line)) {
        return false;
    }
    // Below a request stands its author's name.
    let opens = asks(first) && !is_name(first);
    opens || lines.iter().any(|line| is_reference(line)) || {
        let named = is_name(first) || lines.iter().any(|line| is_name(line) && line.contains(' '));
        !named && lines.iter().any(|line| asks(line) || has_number(line))
    }
}

/// A word for a reference, and its number.
fn is_reference(line: &str) -> bool {
    let lower = line.to_lowercase();
    REFERENCES.iter().any(|reference| lower.starts_with(reference)) && has_number(line)
}

/// A number beside a word: no version of a program.
fn has_number(line: &str) -> bool {
    let is_number = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
    };
    line.contains(char::is_alphabetic) && line.split_whitespace().any(is_number)
}

/// Up to four words with capital letters, without a number: somebody, or a company.
fn is_name(line: &str) -> bool {
    const MAX_WORDS: usize = 4;
    let is_part = |word: &str| {
        word.starts_with(char::is_uppercase) && word.chars().all(|c| c.is_alphabetic() || ".,-'’&".contains(c))
    };
    line.split_whitespace().count() <= MAX_WORDS && line.split_whitespace().all(is_part)
}

/// An address, a place on the web or a telephone number.
fn is_contact(line: &str) -> bool {
    /// Shorter numbers are of orders, digits.
    const MIN_DIGITS: usize = 7;
    const LABELS: [&str; 8] = ["tel", "phone", "fon", "fax", "mob", "cell", "handy", "tél"];
    let lower = line.to_lowercase();
    if lower.contains('@') || lower.contains("www.") || lower.contains("://") {
        return true;
    }
    let digits = line.bytes().filter(u8::is_ascii_digit).count();
    let labelled = LABELS.iter().any(|label| lower.starts_with(label));
    let shaped = line.starts_with(['+', '(', '0']) || line.contains(" +");
    digits >= MIN_DIGITS && (labelled || shaped || !is_reference(line) && line.split_whitespace().all(is_dialled))
        || (labelled && digits > 0)
}

fn is_dialled(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit() || b"+-/().".contains(&byte))
}
