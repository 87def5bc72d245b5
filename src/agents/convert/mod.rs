//! The one place of the agents' edge where domain values and `skein.agent.v1` messages meet.
//!
//! Towards agents a conversion cannot fail. From agents everything is validated here once: ids, names, sizes, control
//! characters; what passes is a command that the core need not look at twice.

mod command;
mod content;
mod customer;
mod enums;
mod event;
mod explain;
mod export;
mod facts;
mod handing;
mod happening;
mod joining;
mod live;
mod marks;
mod oversee;
mod pass;
mod request;
mod rooms;
mod send;
mod stub;
mod unanswered;
mod upload;
mod view;
mod widening;

pub(super) use command::{
    Sends, Wire, command, conversation_id, list_works, message_id, own_command, page_size, place, with_words, work_id,
    works_token,
};
pub(super) use customer::{customer_id, search, search_token, sender, suggestion};
pub(super) use enums::{error_class, mute_label, namespace, status_label, work_state_label};
pub(super) use event::{attachment, authors, conversation_events, event, history_messages, say, session_ended};
pub(super) use explain::{agents_asked, explained};
pub(super) use export::{export_line, exported, head};
pub(super) use facts::{quarantine, without_facts_above};
pub(super) use happening::{agents_of, is_about};
pub(super) use live::live;
pub(super) use pass::is_forced;
pub(crate) use request::request;
pub(super) use rooms::{
    dispositions, estimate, estimate_of, presence_reasons, queues_asked, statuses, targets, targets_asked,
};
pub(super) use send::{options_of, reply_options, templates, told};
pub(super) use stub::{conversation_seen, customer_seen, work_seen};
pub(super) use unanswered::Unanswered;
pub(super) use upload::{attachment_put, new_attachment};
pub(super) use view::{offer, own_work, position_from, snapshot};
