//! Status codes in text: enhanced ones (RFC 3463) and SMTP replies (RFC 5321, 4.2).

use std::fmt;

/// `class.subject.detail`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub(super) u16, pub(super) u16, pub(super) u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Status {
    /// A text that is one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('.').map(|field| (field.len() <= 3).then(|| field.parse::<u16>().ok()).flatten());
        let status = Self(fields.next()??, fields.next()??, fields.next()??);
        (fields.next().is_none() && matches!(status.0, 2 | 4 | 5)).then_some(status)
    }

    /// Says nothing beside its class.
    pub(super) fn is_general(self) -> bool {
        (self.1, self.2) == (0, 0) || (self.1, self.2) == (5, 0)
    }

    /// The first that says something, else the first.
    pub(super) fn find(text: &str) -> Option<Self> {
        let mut first = None;
        for word in numbers(text) {
            let word = word.trim_matches('.');
            match Self::parse(word) {
                Some(status) if !status.is_general() => return Some(status),
                Some(status) => first = first.or(Some(status)),
                None => {}
            }
        }
        first
    }
}

/// The first word that is an SMTP reply of failure.
pub(super) fn reply_code(text: &str) -> Option<u16> {
    numbers(text).find_map(|word| {
        let code = word.parse::<u16>().ok().filter(|_| word.len() == 3)?;
        matches!(code, 400..=459 | 500..=559 | 571).then_some(code)
    })
}

/// Words of digits and points, as they stand between other characters; not those within names and addresses.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let start = at + rest.find(|c: char| c.is_ascii_digit())?;
            let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |end| start + end);
            at = end;
            let before = text[..start].chars().next_back();
            let after = text[end..].chars().next();
            let part_of_name =
                |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '@' | '_' | '=' | '+'));
            let joined = before.is_some_and(|c| c == '-')
                && !text[..start].trim_end_matches('-').ends_with(|c: char| c.is_ascii_digit());
            if !(part_of_name(before) || part_of_name(after) || joined) {
                return Some(&text[start..end]);
            }
        }
    })
}
