//! Mails of mail servers about our mails: bounces, complaints, confirmations of reading. They become receipts, and open no Work.
//!
//! What is built for machines comes first (RFC 3464, RFC 5965, RFC 8098); the text of servers that write to people is read when
//! there is nothing else. A mail becomes a report only with evidence that a person could not give by mistake: its parts, or a
//! server as its sender, or our own mail returned in it under such a subject.
//!
//! Hard and soft: an address that is dead is `ErrorClass::Invalid`; everything else is soft, with the class that says what to
//! do. The code is the enhanced status (RFC 3463) where there is one, or the SMTP reply code.

mod delivery;
mod fields;
mod notice;
mod original;
mod phrases;
mod read;
mod status;
mod text;
mod verdict;

#[cfg(test)]
mod tests;

pub(super) use read::read;
