//! What a stream answers to an append.
//!
//! Hot: one answer for each single append. The server prints a plain answer always the same way, so that way is read by comparing
//! bytes; everything else (domain, batch, error, a future spelling) by the JSON parser.

use serde::Deserialize;

use crate::nats::ApiCode;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ack {
    /// Stored; `count` messages end at `sequence` (1 unless it was a batch).
    Stored { sequence: u64, count: u64 },
    /// The server believes to have it already.
    Duplicate { sequence: u64 },
    /// Not stored.
    Refused(ApiCode),
    /// Not an answer to an append: as good as none.
    Unreadable,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    #[serde(default)]
    count: u64,
    error: Option<Error>,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    err_code: u64,
}

/// Reads an answer. `plain_head` is `{"stream":"NAME", "seq":`, made once for a stream.
pub(crate) fn parse(plain_head: &[u8], answer: &[u8]) -> Ack {
    if let Some(sequence) = answer.strip_prefix(plain_head).and_then(|rest| rest.strip_suffix(b"}")).and_then(number) {
        return Ack::Stored { sequence, count: 1 };
    }
    match serde_json::from_slice::<Answer>(answer) {
        Ok(Answer { error: Some(error), .. }) => Ack::Refused(ApiCode(error.err_code)),
        Ok(answer) if answer.seq == 0 => Ack::Unreadable,
        Ok(answer) if answer.duplicate => Ack::Duplicate { sequence: answer.seq },
        Ok(answer) => Ack::Stored { sequence: answer.seq, count: answer.count.max(1) },
        Err(_) => Ack::Unreadable,
    }
}

/// The start of a plain answer of `stream`.
pub(crate) fn plain_head(stream: &str) -> Vec<u8> {
    format!("{{\"stream\":\"{stream}\", \"seq\":").into_bytes()
}

/// Digits only, no more than fit without overflow.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain(r#"{"stream":"L", "seq":42}"#, Ack::Stored { sequence: 42, count: 1 })]
    #[case::domain(r#"{"stream":"L", "domain":"d", "seq":42}"#, Ack::Stored { sequence: 42, count: 1 })]
    #[case::batch(r#"{"stream":"L","seq":42,"batch":"b","count":7}"#, Ack::Stored { sequence: 42, count: 7 })]
    #[case::duplicate(r#"{"stream":"L", "seq":42,"duplicate": true}"#, Ack::Duplicate { sequence: 42 })]
    #[case::lost_fence(
        r#"{"stream":"L","seq":0,"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 4"}}"#,
        Ack::Refused(ApiCode::WRONG_LAST_SEQUENCE)
    )]
    #[case::number_too_long(r#"{"stream":"L", "seq":99999999999999999999}"#, Ack::Unreadable)]
    #[case::other_stream_is_still_read(r#"{"stream":"M", "seq":42}"#, Ack::Stored { sequence: 42, count: 1 })]
    #[case::nothing("", Ack::Unreadable)]
    fn an_answer_is_read(#[case] answer: &str, #[case] expected: Ack) {
        assert_eq!(parse(&plain_head("L"), answer.as_bytes()), expected);
    }
}
