//! A Rust file as the rules see it: code without comments, literals and test modules, and every path it names.
//!
//! This is a reader for our own style, not a parser: a test module stands at the end of its file behind `#[cfg(test)]`.

pub(crate) struct SourceFile {
    /// From the root of the package, with `/`.
    pub(crate) name: String,
    pub(crate) text: String,
    /// Comments, strings and characters blanked; test modules cut off.
    pub(crate) code: String,
    /// Every path with at least two parts, `use` trees spelled out, `self` and `super` resolved to `crate`.
    pub(crate) paths: Vec<Vec<String>>,
}

impl SourceFile {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let blank = without_comments_and_literals(text);
        let code = match blank.find("#[cfg(test)]") {
            Some(at) if blank[at..].split_once("mod ").is_some_and(|(_, rest)| rest.contains('{')) => {
                blank[..at].to_owned()
            }
            _ => blank,
        };
        let module = module_of(name);
        let mut paths = Vec::new();
        let rest = spell_out_uses(&code, &mut paths);
        inline_paths(&rest, &mut paths);
        let paths = paths.into_iter().map(|path| resolved(path, &module)).filter(|path| path.len() > 1).collect();
        Self { name: name.to_owned(), text: text.to_owned(), code, paths }
    }

    pub(crate) fn code_without_attributes(&self) -> String {
        let mut kept = String::new();
        let mut rest = self.code.as_str();
        while let Some(at) = rest.find('#') {
            kept.push_str(&rest[..at]);
            let mut depth = 0_usize;
            let end = rest[at..].char_indices().find(|(_, letter)| {
                match letter {
                    '[' => depth += 1,
                    ']' => depth -= 1,
                    _ => {}
                }
                *letter == ']' && depth == 0
            });
            rest = end.map_or("", |(end, _)| &rest[at + end + 1..]);
        }
        kept + rest
    }
}

/// `src/domain/work/mod.rs` and `src/domain/work.rs` are both `crate::domain::work`.
fn module_of(name: &str) -> Vec<String> {
    let name = name.trim_start_matches("src/").trim_end_matches(".rs");
    let parts = name.split('/').filter(|part| !["mod", "lib", "main"].contains(part));
    std::iter::once("crate").chain(parts).map(str::to_owned).collect()
}

fn resolved(path: Vec<String>, module: &[String]) -> Vec<String> {
    let supers =
        path.iter().take_while(|part| *part == "super" || *part == "self").filter(|part| *part == "super").count();
    let relative = path.iter().skip_while(|part| *part == "super" || *part == "self");
    match path.first().map(String::as_str) {
        Some("super" | "self") => {
            module[..module.len().saturating_sub(supers).max(1)].iter().chain(relative).cloned().collect()
        }
        _ => path,
    }
}

/// Takes every `use ...;` out of the code and adds what it names.
fn spell_out_uses(code: &str, paths: &mut Vec<Vec<String>>) -> String {
    let mut rest = String::new();
    let mut left = code;
    while let Some(at) = find_word(left, "use") {
        let end = left[at..].find(';').map_or(left.len(), |end| at + end);
        rest.push_str(&left[..at]);
        let tree: String = left[at + "use".len()..end]
            .split_whitespace()
            .map(|part| if part == "as" { " as " } else { part })
            .collect();
        spell_out(&tree, &[], paths);
        left = &left[end..];
    }
    rest + left
}

fn spell_out(tree: &str, before: &[String], paths: &mut Vec<Vec<String>>) {
    let (prefix, group) = match tree.find('{') {
        Some(open) => (
            &tree[..open],
            Some(tree[open + 1..].trim_end_matches('}').to_owned() + &"}".repeat(excess_closers(&tree[open..]))),
        ),
        None => (tree, None),
    };
    let prefix = prefix.split(" as ").next().unwrap_or_default();
    let mut path = before.to_vec();
    path.extend(prefix.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
    match group {
        None => paths.push(path),
        Some(group) => split_top(&group)
            .into_iter()
            .filter(|part| !part.is_empty())
            .for_each(|part| spell_out(&part, &path, paths)),
    }
}

/// How many of the closing braces at the end belong to inner groups.
fn excess_closers(group: &str) -> usize {
    group.chars().rev().take_while(|letter| *letter == '}').count().saturating_sub(1)
}

fn split_top(group: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0_usize);
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if letter == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    let whole = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        before.is_none_or(|letter| !is_name(letter) && letter != ':') && after.is_some_and(char::is_whitespace)
    };
    text.match_indices(word).map(|(at, _)| at).find(|at| whole(*at))
}

fn inline_paths(code: &str, paths: &mut Vec<Vec<String>>) {
    for run in code.split(|letter: char| !is_name(letter) && letter != ':') {
        if run.contains("::") {
            let path: Vec<String> = run.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
            if !path.is_empty() {
                paths.push(path);
            }
        }
    }
}

/// The same text with every comment, string and character literal replaced by spaces; line breaks stay.
fn without_comments_and_literals(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut blank = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let end = skipped(&letters, at).unwrap_or(at);
        if end > at {
            blank.extend(letters[at..end].iter().map(|letter| if *letter == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            blank.push(letters[at]);
            at += 1;
        }
    }
    blank
}

/// Where the comment or literal that begins at `at` ends.
fn skipped(letters: &[char], at: usize) -> Option<usize> {
    let next = letters.get(at + 1).copied();
    match letters[at] {
        '/' if next == Some('/') => {
            Some(letters[at..].iter().position(|letter| *letter == '\n').map_or(letters.len(), |end| at + end))
        }
        '/' if next == Some('*') => Some(end_of_block_comment(letters, at)),
        '"' => Some(end_of_string(letters, at)),
        'r' if at == 0 || !is_name(letters[at - 1]) || letters[at - 1] == 'b' => end_of_raw_string(letters, at),
        '\'' if next == Some('\\') => {
            letters[at + 3..].iter().position(|letter| *letter == '\'').map(|end| at + 3 + end + 1)
        }
        '\'' if letters.get(at + 2) == Some(&'\'') => Some(at + 3),
        _ => None,
    }
}

fn end_of_block_comment(letters: &[char], at: usize) -> usize {
    let (mut depth, mut here) = (0_usize, at);
    while here < letters.len() {
        match (letters[here], letters.get(here + 1)) {
            ('/', Some('*')) => (depth, here) = (depth + 1, here + 2),
            ('*', Some('/')) => (depth, here) = (depth - 1, here + 2),
            _ => here += 1,
        }
        if depth == 0 {
            break;
        }
    }
    here
}

fn end_of_string(letters: &[char], at: usize) -> usize {
    let mut here = at + 1;
    while here < letters.len() && letters[here] != '"' {
        here += if letters[here] == '\\' { 2 } else { 1 };
    }
    (here + 1).min(letters.len())
}

fn end_of_raw_string(letters: &[char], at: usize) -> Option<usize> {
    let hashes = letters[at + 1..].iter().take_while(|letter| **letter == '#').count();
    if letters.get(at + 1 + hashes) != Some(&'"') {
        return None;
    }
    let body = at + 2 + hashes;
    let closes = |here: &usize| {
        letters[*here] == '"'
            && letters[here + 1..].iter().take(hashes).filter(|letter| **letter == '#').count() == hashes
    };
    Some((body..letters.len()).find(closes).map_or(letters.len(), |here| here + 1 + hashes))
}
