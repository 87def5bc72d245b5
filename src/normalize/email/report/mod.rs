//! Mails of mail servers about our mails: bounces, complaints, confirmations of reading. They become receipts, and open no Work.
//!
//! What is built for machines comes first (RFC 3464, RFC 5965, RFC 8098); the text of servers that write to people is read when
//! there is nothing else.
//!
//! A report needs proof that a customer cannot give by writing about a mail that did not arrive, or by sending us a report that he
//! got: the whole mail is one (RFC 6522), a server's own address, a header of servers, or signs that are weak alone and stand
//! together (a server's name, no sender of the envelope, its status parts, its codes beside our own mail). What fails that is a
//! message, and the parts of a report in it are files.
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
