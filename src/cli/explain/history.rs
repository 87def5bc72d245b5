//! What became of a Work, a line each.

use super::words::{brief, clock, cut};
use crate::proto::agent::{WorkHappening, WorkHappeningKind as Kind};

/// One line.
pub(super) fn line(happened: &WorkHappening) -> String {
    format!("  {}  {}", clock(happened.at.as_ref()), what(happened))
}

fn what(happened: &WorkHappening) -> String {
    let WorkHappening { agent, queue, name, number, .. } = happened;
    let name = cut(name);
    let cause = happened.cause.to_lowercase().replace('_', " ");
    let until = || clock(happened.at_time.as_ref());
    let span = || {
        let of = happened.duration.unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "exact below 285 million years")]
        brief(of.seconds as f64 + f64::from(of.nanos) / 1e9)
    };
    match happened.kind() {
        Kind::Unspecified => "what this version has no name for".to_owned(),
        Kind::Opened => format!("opened, by endpoint {name}"),
        Kind::Reopened => "opened again".to_owned(),
        Kind::Routed if name.is_empty() => format!("no rule fitted: queue {queue}"),
        Kind::Routed => format!("rule {name} decided: queue {queue}"),
        Kind::Queued => format!("came to queue {queue} ({cause}), due at {}", until()),
        Kind::Rekeyed => format!("is due at {}", until()),
        Kind::Step if name.is_empty() => format!("has no plan any more ({cause})"),
        Kind::Step => format!("stands at step {number} of plan {name} ({cause})"),
        Kind::Overflowed if name.is_empty() => format!("overflowed in queue {queue} ({cause}), and stayed"),
        Kind::Overflowed => format!("overflowed from queue {queue} to {name} ({cause})"),
        Kind::Unserved => "nobody whom the configuration knows could ever take it".to_owned(),
        Kind::Served => "somebody could take it again".to_owned(),
        Kind::Offered => format!("shown to {agent}, until {}", until()),
        Kind::OfferEnded => format!("{agent}: {cause}"),
        Kind::CooledDown => format!("{agent} is not asked again before {}", until()),
        Kind::CooldownEnded => format!("{agent} may be asked again"),
        Kind::Assigned => format!("{agent} has it ({cause})"),
        Kind::Unassigned => format!("{agent} has it no longer ({cause})"),
        Kind::Asked => "the customer wrote".to_owned(),
        Kind::Answered => "we answered".to_owned(),
        Kind::Counted => format!("counted: {} until the first answer, {cause}", span()),
        Kind::Transferring if happened.cause == "RELIEF" => {
            format!("{agent} has more than it can: it is offered elsewhere, in queue {queue}")
        }
        Kind::Transferring if name.is_empty() => format!("{agent} passes it on to queue {queue}"),
        Kind::Transferring => format!("{agent} passes it on to {name}"),
        Kind::TransferEnded => format!("{agent} keeps it ({cause})"),
        Kind::Parked => format!("{agent} parked it until {}", until()),
        Kind::Woken => format!("it woke ({cause})"),
        Kind::WrapUp => format!("{agent} ended it, and finishes notes until {}", until()),
        Kind::WrapUpLeft => format!("the customer wrote: {agent} goes on"),
        Kind::Closed if !cause.is_empty() => format!("{cause}: {name}"),
        Kind::Closed if name.is_empty() => "closed".to_owned(),
        Kind::Closed => format!("closed: {name}"),
        Kind::Joined => format!("the customer goes on by endpoint {name}"),
        Kind::Merged => format!("one matter with {name}"),
        Kind::Split => format!("parted from {name}"),
        Kind::Priority => format!("somebody made it due {} earlier", span()),
        Kind::Promised if happened.at_time.is_none() => "nothing is promised any more".to_owned(),
        Kind::Promised => format!("{agent} promised an answer by {}", until()),
        Kind::Muted => format!("bots are silent in it ({cause})"),
        Kind::AwaitsFacts => format!("waits for facts of its customer's, until {}", until()),
        Kind::FactsAwaited => "waits for facts no longer".to_owned(),
        Kind::Held => format!("waits for {agent}, whom the customer need not explain it to again, until {}", until()),
        Kind::HoldEnded => format!("waits for {agent} no longer"),
        Kind::Effort => format!("the customer went through more ({cause}), which weighs {}", span()),
        Kind::Silent => format!("the customer has not answered {agent} since {} ({cause})", until()),
        Kind::Left => "the customer has left".to_owned(),
        Kind::Notice => format!("the customer was told by itself ({cause})"),
        Kind::HandedOver if happened.cause == "NO_ANSWER" => {
            format!("{agent} let the customer wait: it is for people now")
        }
        Kind::HandedOver => format!("{agent} handed it over to people"),
        Kind::HandedBack => format!("{agent} hands it back to bots"),
        Kind::TakesPart => format!("{agent} takes part in it ({cause})"),
        Kind::PartOver => format!("{agent} takes part in it no longer ({cause})"),
    }
}
