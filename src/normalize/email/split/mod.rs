//! New text apart from quotation and signature.
//!
//! Only an end is cut off, or a beginning below which there is no other quotation: what stands between quotations was written to
//! be read with them. Nothing is lost: what is cut is kept
//! beside the text, and where nothing new would remain, nothing is cut. Languages are told apart nowhere: a quotation is found by
//! its build (a date, an address, a verb, a colon; marks at the line's start; a frame of dashes; a block of head lines).

mod cut;
mod heads;
mod lines;
mod signature;
mod words;

#[cfg(test)]
mod tests;

pub(super) use cut::split;
pub(super) use words::is_forward_subject;
