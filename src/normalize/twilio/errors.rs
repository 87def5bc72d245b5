//! Twilio's error codes ("error and warning dictionary") as classes that a sender can act on.

use super::super::json;
use crate::domain::event::{ErrorClass, ReceiptError};

/// The recipient has answered STOP.
const UNSUBSCRIBED: &str = "21610";

/// The recipient has stopped our marketing messages on WhatsApp.
const MARKETING_STOPPED: &str = "63050";

pub(super) fn receipt_error(code: &str, message: Option<&str>) -> ReceiptError {
    ReceiptError {
        class: class(code),
        code: code.to_owned(),
        reason: message.map_or_else(|| reason(code).to_owned(), |said| json::without_urls(said).into_owned()),
    }
}

fn class(code: &str) -> ErrorClass {
    match code {
        "20500" | "20503" | "30008" | "30009" | "30017" | "30022" | "63010" | "63012" | "63029" => {
            ErrorClass::Retryable
        }
        "63016" => ErrorClass::WindowClosed,
        UNSUBSCRIBED | MARKETING_STOPPED => ErrorClass::OptedOut,
        "21612" | "21635" | "30003" | "30005" | "30006" | "30036" | "63009" | "63015" | "63024" | "63035" => {
            ErrorClass::Unreachable
        }
        "21211" | "21214" | "21217" | "21604" | "21606" | "21614" | "21620" | "63003" | "63007" | "63021" | "63022"
        | "63027" | "63028" => ErrorClass::Invalid,
        "21408" | "30002" | "30004" | "30032" | "30034" | "63014" | "63032" | "63033" => ErrorClass::Blocked,
        "11200" | "12300" | "21602" | "21617" | "21655" | "21656" | "30007" | "30011" | "30019" | "63005" | "63013"
        | "63019" | "63026" | "63030" => ErrorClass::Content,
        "14107" | "20429" | "21611" | "30001" | "30010" | "30023" | "63018" | "63038" | "63049" => ErrorClass::Rate,
        "20003" | "20004" | "20005" | "63001" | "63020" => ErrorClass::Auth,
        _ => ErrorClass::Unspecified,
    }
}

/// Words for the codes that agents see most; callbacks carry the number only.
fn reason(code: &str) -> &'static str {
    match code {
        UNSUBSCRIBED => "the recipient has unsubscribed",
        "21211" | "21614" => "the number is not valid for this channel",
        "30003" => "the phone is switched off or out of reach",
        "30004" => "the recipient or the carrier blocks messages",
        "30005" => "the number is unknown",
        "30006" => "a landline or a carrier that takes no messages",
        "30007" => "the carrier filtered the message",
        "30008" => "the carrier gave no reason",
        "30036" => "the time to deliver it has passed",
        "63016" => "the reply window is closed: only a template may be sent",
        "63018" => "too many messages for this channel",
        _ => "",
    }
}
