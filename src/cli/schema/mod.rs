//! `skein schema`: the channel contract and the shape of workspace files for other programs, made from what this binary was built of.
//!
//! JSON Schemas come from the descriptors and comments of `skein.channel.v1`, the AsyncAPI document from them and from the list
//! of formats, and what each channel can carry from the table by which messages are checked. The schema of workspace files comes from
//! the types that read them. Nothing is written by hand twice: `proto/generated/` holds the output, and a test compares.

mod asyncapi;
mod command;
mod contract;
mod json_schema;

pub(super) use command::{Args, run};
