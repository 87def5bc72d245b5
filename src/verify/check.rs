//! What is checked: each check with its name and the sentence that it stands for.

use serde::Serialize;

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// No message of the log is missing or unreadable.
    LogWhole,
    /// Entries are numbered without a hole.
    Index,
    /// Each entry carries the hash of all before it.
    Hash,
    /// No entry of an older epoch counts after a newer one.
    Stale,
    /// Time never goes back.
    Time,
    /// An input is applied once, and none behind a later one.
    InputOnce,
    /// No input that has an effect is passed over.
    InputSkipped,
    /// What is applied is what the IN stream has.
    InputKnown,
    /// No input is gone before it was applied.
    InputGap,
    /// A customer's messages are applied in the order of the stream.
    CustomerOrder,
    /// A Work has one owner at most.
    OneOwner,
    /// A Work is offered to no more agents at once than its queue says.
    FewOffers,
    /// Every offer ends, once.
    OfferEnds,
    /// What skein gives an agent fits.
    Capacity,
    /// The named invariants of the folded state.
    Invariants,
    /// Every fold of the log gives the same state.
    FoldsAgree,
    /// An output is handed over once.
    OutputOnce,
    /// No output is missing.
    OutputMissing,
    /// Outputs are handed over in log order.
    OutputOrder,
    /// Nothing is handed over that is no output of the log.
    OutputStrange,
    /// What is recorded of the hand-over is true.
    HandedOver,
    /// What an adapter was told is stored is in its stream.
    AckKept,
    /// What an adapter was told is stored is applied.
    AckApplied,
    /// A message that an adapter gave is in a conversation.
    AckStored,
    /// It is stored once.
    AckOnce,
    /// An adapter got what stands in the stream.
    Received,
    /// An agent was told everything that concerns it.
    AgentMissed,
    /// Positions that a session saw rise.
    AgentOrder,
    /// An agent was told nothing that does not concern it.
    AgentStrange,
    /// What an agent was answered is in the log.
    Answer,
}

impl Check {
    /// All, in the order they are told.
    pub const ALL: [Self; 30] = [
        Self::LogWhole,
        Self::Index,
        Self::Hash,
        Self::Stale,
        Self::Time,
        Self::InputOnce,
        Self::InputSkipped,
        Self::InputKnown,
        Self::InputGap,
        Self::CustomerOrder,
        Self::OneOwner,
        Self::FewOffers,
        Self::OfferEnds,
        Self::Capacity,
        Self::Invariants,
        Self::FoldsAgree,
        Self::OutputOnce,
        Self::OutputMissing,
        Self::OutputOrder,
        Self::OutputStrange,
        Self::HandedOver,
        Self::AckKept,
        Self::AckApplied,
        Self::AckStored,
        Self::AckOnce,
        Self::Received,
        Self::AgentMissed,
        Self::AgentOrder,
        Self::AgentStrange,
        Self::Answer,
    ];

    /// Its name, for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogWhole => "log_whole",
            Self::Index => "index",
            Self::Hash => "hash",
            Self::Stale => "stale",
            Self::Time => "time",
            Self::InputOnce => "input_once",
            Self::InputSkipped => "input_skipped",
            Self::InputKnown => "input_known",
            Self::InputGap => "input_gap",
            Self::CustomerOrder => "customer_order",
            Self::OneOwner => "one_owner",
            Self::FewOffers => "few_offers",
            Self::OfferEnds => "offer_ends",
            Self::Capacity => "capacity",
            Self::Invariants => "invariants",
            Self::FoldsAgree => "folds_agree",
            Self::OutputOnce => "output_once",
            Self::OutputMissing => "output_missing",
            Self::OutputOrder => "output_order",
            Self::OutputStrange => "output_strange",
            Self::HandedOver => "handed_over",
            Self::AckKept => "ack_kept",
            Self::AckApplied => "ack_applied",
            Self::AckStored => "ack_stored",
            Self::AckOnce => "ack_once",
            Self::Received => "received",
            Self::AgentMissed => "agent_missed",
            Self::AgentOrder => "agent_order",
            Self::AgentStrange => "agent_strange",
            Self::Answer => "answer",
        }
    }

    /// What holds where it finds nothing.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::LogWhole => "no message of the log is missing or unreadable",
            Self::Index => "entries are numbered without a hole",
            Self::Hash => "each entry carries the hash of all before it",
            Self::Stale => "no entry of an older epoch counts after a newer one",
            Self::Time => "time never goes back",
            Self::InputOnce => "an input is applied once, and none behind a later one",
            Self::InputSkipped => "no input that has an effect is passed over",
            Self::InputKnown => "what is applied is what the IN stream has",
            Self::InputGap => "no input is gone before it was applied",
            Self::CustomerOrder => "a customer's messages by one stream and endpoint are applied in its order",
            Self::OneOwner => "a work has one owner at most",
            Self::FewOffers => "a work is offered to no more agents at once than its queue says",
            Self::OfferEnds => "every offer ends, once",
            Self::Capacity => "what skein gives an agent fits its capacity, and what others give beyond it is recorded",
            Self::Invariants => "the named invariants hold of the folded state",
            Self::FoldsAgree => "every fold of the log gives the same state",
            Self::OutputOnce => "an output is handed over once",
            Self::OutputMissing => "no output is missing",
            Self::OutputOrder => "outputs are handed over in log order",
            Self::OutputStrange => "nothing is handed over that is no output of the log",
            Self::HandedOver => "what is recorded of the hand-over is true",
            Self::AckKept => "what an adapter was told is stored is in its stream, or was",
            Self::AckApplied => "what an adapter was told is stored is applied",
            Self::AckStored => "a message that an adapter gave is in a conversation",
            Self::AckOnce => "a message that an adapter gave is stored once at most",
            Self::Received => "an adapter got what stands in the stream",
            Self::AgentMissed => "a session was told everything that concerns its agent",
            Self::AgentOrder => "positions that a session saw rise",
            Self::AgentStrange => "a session was told nothing that does not concern its agent",
            Self::Answer => "what an agent was answered is in the log",
        }
    }
}

impl Serialize for Check {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_is_listed_under_a_name_of_its_own() {
        let names: BTreeSet<&str> = Check::ALL.iter().map(|check| check.name()).collect();
        assert_eq!(names.len(), Check::ALL.len());
        assert!(Check::ALL.is_sorted());
        assert_eq!(Check::ALL.last(), Some(&Check::Answer), "the last of the enum is the last of the list");
    }
}
