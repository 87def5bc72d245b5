//! New text apart from quotation and signature.
//!
//! Only an end is cut off, or a beginning below which there is no other quotation: what stands between quotations was written to
//! be read with them. Nothing is lost: what is cut is kept beside the text, and where nothing new would remain, nothing is cut.
//! Languages are told apart nowhere: a quotation is found by its build (a date, an address, a verb, a colon; marks at the line's
//! start; a frame of dashes; a block of head lines).
//!
//! What a customer could have written himself stays: words that are not read cost him more than a quotation that is shown twice.
//! So a head without marks below it needs what only mailers write, and the more of it where the mail answers none.

mod cut;
mod devices;
mod frames;
mod heads;
mod labels;
mod lines;
mod matter;
mod signature;
mod subjects;
mod told;
mod verbs;

#[cfg(test)]
mod tests;

pub(super) use cut::{Kind, split};
pub(super) use subjects::{is_forward_subject, is_reply_subject};
