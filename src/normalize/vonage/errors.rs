//! Vonage's error codes ("delivery receipts, error codes" and "Messages API error codes") as classes that a sender can act on.

use crate::domain::event::{ErrorClass, ReceiptError};

/// A code of the SMS API's delivery receipts.
pub(super) fn of_receipt(code: String) -> ReceiptError {
    let (class, reason) = match code.as_str() {
        "1" => (ErrorClass::Unspecified, "the carrier gave no reason"),
        "2" => (ErrorClass::Retryable, "the subscriber is absent for now"),
        "3" => (ErrorClass::Unreachable, "the number is no longer in use"),
        "4" => (ErrorClass::Blocked, "the subscriber bars messages"),
        "5" => (ErrorClass::Unreachable, "the number was ported and cannot be found"),
        "6" => (ErrorClass::Content, "the carrier took it for spam"),
        "7" => (ErrorClass::Retryable, "the phone was busy"),
        "8" => (ErrorClass::Retryable, "the network failed"),
        "9" => (ErrorClass::OptedOut, "the recipient does not want such messages"),
        "10" => (ErrorClass::Invalid, "the message is not valid"),
        "11" | "12" => (ErrorClass::Unreachable, "there is no route to the number"),
        "13" => (ErrorClass::Blocked, "the subscriber is below the age limit"),
        "14" => (ErrorClass::Blocked, "the carrier blocks this number"),
        "15" => (ErrorClass::Unreachable, "the recipient has no credit left"),
        "16" => (ErrorClass::Rate, "the gateway's quota is used up"),
        "39" => (ErrorClass::Invalid, "the sender is not allowed there"),
        "50" | "51" => (ErrorClass::Blocked, "the sender is not registered there"),
        "52" => (ErrorClass::Content, "the carrier filters such words"),
        "53" => (ErrorClass::Blocked, "the filter of consents holds it back"),
        "54" => (ErrorClass::Blocked, "local rules forbid it"),
        _ => (ErrorClass::Unspecified, ""),
    };
    ReceiptError { class, code, reason: reason.to_owned() }
}

/// A failed status without a code.
pub(super) fn without_code(status: &str) -> ReceiptError {
    let class = if status == "expired" { ErrorClass::Unreachable } else { ErrorClass::Unspecified };
    ReceiptError { class, code: String::new(), reason: status.to_owned() }
}

/// A code of the Messages API; its words are Vonage's.
pub(super) fn of_status(code: String, reason: String) -> ReceiptError {
    let class = match code.as_str() {
        "1000" | "1241" | "1460" => ErrorClass::Rate,
        "1030" | "1100" | "1180" | "1220" | "1230" => ErrorClass::Retryable,
        "1010" | "1020" | "1021" | "1022" | "1040" | "1090" | "1120" | "1130" | "1150" | "1170" | "1320" | "1400"
        | "1410" | "1420" | "1430" | "1450" => ErrorClass::Invalid,
        "1060" | "1070" | "1080" | "1140" => ErrorClass::Auth,
        "1050" | "1160" | "1270" | "1280" | "1470" => ErrorClass::Blocked,
        "1190" | "1250" | "1260" | "1290" | "1300" | "1310" | "1360" => ErrorClass::Unreachable,
        "1210" => ErrorClass::Content,
        "1240" => ErrorClass::OptedOut,
        "1340" => ErrorClass::WindowClosed,
        _ => ErrorClass::Unspecified,
    };
    ReceiptError { class, code, reason }
}
