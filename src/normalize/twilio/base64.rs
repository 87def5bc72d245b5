//! Bodies that somebody on the way encoded as base64 without saying so: some carriers do, for anything outside of GSM 7-bit.

/// Shorter texts are never taken for base64: a voucher code could be.
const MIN_ENCODED_BYTES: usize = 60;

/// The text behind a body that can be nothing but base64 of readable text. A character cut in half at the end is left out.
pub(super) fn decode(body: &str) -> Option<String> {
    let bytes: Vec<u8> = body.bytes().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let alphabet = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if bytes.len() < MIN_ENCODED_BYTES || !bytes.len().is_multiple_of(4) || !bytes.iter().all(alphabet) {
        return None;
    }
    let decoded = mail_parser::decoders::base64::base64_decode(&bytes)?;
    let text = match String::from_utf8(decoded) {
        Ok(text) => text,
        Err(error) => {
            let cut = error.utf8_error().valid_up_to();
            // Only an unfinished character at the very end is a cut; anything else is not text.
            if error.utf8_error().error_len().is_some() {
                return None;
            }
            let mut bytes = error.into_bytes();
            bytes.truncate(cut);
            String::from_utf8(bytes).ok()?
        }
    };
    let readable = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    (readable && !text.is_empty()).then_some(text)
}
