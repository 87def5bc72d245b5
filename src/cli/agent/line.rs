//! What a person types.

use super::customer::Say;
use super::room::Room;

/// A line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'l> {
    Nothing,
    /// Of this offer, or of the first.
    Accept(&'l str),
    /// Of this offer, or of the first.
    Decline(&'l str),
    Reply(&'l str),
    Close(&'l str),
    /// This Work into the chosen one, or one person with this customer.
    Merge(&'l str),
    /// This message and what came after it, or what came with this Work.
    Split(&'l str),
    Use(&'l str),
    Work,
    History,
    /// Who the customer is.
    Who,
    /// One again that was merged.
    Unmerge(&'l str),
    /// Namespace and address.
    Link(&'l str),
    /// Something about the customer.
    Say(Say<'l>),
    /// Something noted, or asked about queues.
    Room(Room<'l>),
    Away(&'l str),
    Ready,
    Quit,
    Unknown,
}

/// Printed at the start, and for what is not understood.
pub(super) const HELP: &str = "\
accept [OFFER] · decline [OFFER] · reply [WORK:] TEXT · close [DISPOSITION], again when your notes are done
work · use WORK · history · who · queues · estimate [QUEUE] · dispositions
note TEXT · summary [TEXT] · tag TAG, -TAG · priority MINUTES REASON · fact KEY VALUE · ask KEY
merge WORK|CUSTOMER · split MESSAGE|WORK · unmerge CUSTOMER · link NAMESPACE ADDRESS
block IDENTITY [REASON] · unblock IDENTITY · spam · unspam WORK · letin IDENTITY
away [REASON] · ready · quit";

impl<'l> Line<'l> {
    pub(super) fn of(line: &'l str) -> Self {
        let (verb, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        let rest = rest.trim();
        match verb {
            "" => Self::Nothing,
            "accept" => Self::Accept(rest),
            "decline" => Self::Decline(rest),
            "reply" => Self::Reply(rest),
            "close" => Self::Close(rest),
            "merge" => Self::Merge(rest),
            "split" => Self::Split(rest),
            "use" => Self::Use(rest),
            "work" => Self::Work,
            "history" => Self::History,
            "who" => Self::Who,
            "unmerge" => Self::Unmerge(rest),
            "link" => Self::Link(rest),
            "fact" => Self::Say(Say::Fact(rest)),
            "ask" => Self::Say(Say::Ask(rest)),
            "block" => Self::Say(Say::Block(rest)),
            "unblock" => Self::Say(Say::Unblock(rest)),
            "spam" => Self::Say(Say::Spam),
            "unspam" => Self::Say(Say::Unspam(rest)),
            "letin" => Self::Say(Say::LetIn(rest)),
            "note" => Self::Room(Room::Note(rest)),
            "summary" => Self::Room(Room::Summary(rest)),
            "tag" => Self::Room(Room::Tag(rest)),
            "priority" => Self::Room(Room::Priority(rest)),
            "queues" => Self::Room(Room::Queues),
            "estimate" => Self::Room(Room::Estimate(rest)),
            "dispositions" => Self::Room(Room::Dispositions),
            "away" => Self::Away(rest),
            "ready" => Self::Ready,
            "quit" | "exit" => Self::Quit,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_take_the_rest_of_the_line() {
        assert_eq!(Line::of("  reply  It is on its way. "), Line::Reply("It is on its way."));
        assert_eq!(Line::of("accept"), Line::Accept(""));
        assert_eq!(Line::of("exit"), Line::Quit);
        assert_eq!(Line::of(" \t"), Line::Nothing);
        assert_eq!(Line::of("replyhello"), Line::Unknown);
    }
}
