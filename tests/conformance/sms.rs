//! How texts are cut into SMS, against what a public calculator's tests state.
//!
//! Its count of characters is one of graphemes, which nothing here needs; it is compared where both are the same.

use std::path::Path;

use serde_json::Value;
use skein::domain::channel::{SmsEncoding, segments, unencodable};

use crate::{Rates, lines};

pub(crate) fn run(root: &Path, rates: &mut Rates) {
    for row in lines(&root.join("sms-segments/segments.jsonl")) {
        let name = row["name"].as_str().expect("a name");
        rates.note("sms_segments", name, is_right(&row));
    }
}

fn is_right(row: &Value) -> bool {
    let text = row["text"].as_str().expect("a text");
    let found = segments(text);
    let number = |key: &str| row[key].as_u64();
    let same = |key: &str, ours: usize| number(key).is_none_or(|stated| stated == ours as u64);
    let outside: Vec<String> = unencodable(text).map(String::from).collect();
    row["encoding"].as_str().is_none_or(|stated| stated == found.encoding.name())
        && same("segments", found.count)
        && same("message_bits", found.text_bits())
        && same("total_bits", found.sent_bits())
        && same("unicode_scalars", text.chars().count())
        && (found.encoding == SmsEncoding::Ucs2 || same("characters", text.chars().count()))
        && row["non_gsm"].as_array().is_none_or(|stated| stated.iter().eq(outside.iter()))
}
