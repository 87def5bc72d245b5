//! The provider's error codes (Cloud API, "error codes") as classes that a sender can act on.

use super::super::json::{self, Text};
use super::payload::Failure;
use crate::domain::event::{ErrorClass, ReceiptError};

/// Most failures whose words are kept; one is usual.
const MAX_FAILURES: usize = 8;

/// The recipient switched our marketing messages off.
const MARKETING_OPTED_OUT: &str = "131050";

/// The first failure classifies; the words of all are kept.
pub(super) fn receipt_error(failures: &[Failure<'_>]) -> Option<ReceiptError> {
    let code = code(failures.first()?);
    Some(ReceiptError { class: class(&code), reason: reasons(failures), code })
}

pub(super) fn code(failure: &Failure<'_>) -> String {
    failure.code.as_ref().map_or_else(String::new, |code| code.as_str().to_owned())
}

/// What the provider says of all failures.
pub(super) fn reasons(failures: &[Failure<'_>]) -> String {
    let mut said: Vec<String> = Vec::with_capacity(failures.len());
    for reason in failures.iter().take(MAX_FAILURES).map(reason) {
        if !reason.is_empty() && !said.contains(&reason) {
            said.push(reason);
        }
    }
    said.join("; ")
}

/// The title, and the details where they say more. Addresses of files, which some name, are left out.
fn reason(failure: &Failure<'_>) -> String {
    let text = |text: &Option<Text<'_>>| text.as_ref().map(|text| text.as_str().to_owned());
    let title = text(&failure.title).or_else(|| text(&failure.message)).or_else(|| text(&failure.details));
    let details = failure.error_data.as_ref().and_then(|data| text(&data.details));
    let words = match (title, details) {
        (Some(title), Some(details)) if title != details => format!("{title}: {details}"),
        (title, details) => title.or(details).unwrap_or_default(),
    };
    json::without_urls(&words).into_owned()
}

fn class(code: &str) -> ErrorClass {
    match code {
        "1" | "2" | "131000" | "131016" | "131057" | "133004" | "133015" | "135000" => ErrorClass::Retryable,
        "131047" | "470" => ErrorClass::WindowClosed,
        MARKETING_OPTED_OUT => ErrorClass::OptedOut,
        "130472" | "131026" | "131030" => ErrorClass::Unreachable,
        "100" | "131008" | "131009" | "131021" | "131045" | "133010" => ErrorClass::Invalid,
        "368" | "130497" | "131031" => ErrorClass::Blocked,
        "131014" | "131051" | "131052" | "131053" => ErrorClass::Content,
        "4" | "80007" | "130429" | "131048" | "131049" | "131056" => ErrorClass::Rate,
        "0" | "3" | "10" | "190" | "131005" | "131042" => ErrorClass::Auth,
        _ => match code.parse::<u32>() {
            Ok(200..=299) => ErrorClass::Auth,
            // Templates: missing, paused, or filled in wrongly.
            Ok(132_000..=132_999) => ErrorClass::Content,
            _ => ErrorClass::Unspecified,
        },
    }
}
