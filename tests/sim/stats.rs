//! How often each change, rejection, timer, transition and crash point was hit. What is never hit is not tested.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Write as _};

/// Counts by group and name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats(BTreeMap<(&'static str, String), u64>);

/// What must be hit, by group; a star marks what cannot happen in this model, with the reason behind it, a tilde what
/// is too seldom for its absence to mean anything.
const EXPECTED: &[(&str, &[&str])] = &[
    (
        "change",
        &[
            "WorkspaceOpened",
            "ConfigApplied",
            "HoursTurned",
            "Resettled",
            "StreamBound",
            "InputBroken",
            "InputResumed",
            "InputGap",
            "Progress",
            "DeadLettered",
            "HandedOver",
            "Resumed",
            "AccountNoted",
            "IdentityOpened",
            "IdentityMarked",
            "OptNoted",
            "Named",
            "Erased",
            "KeyDestroyed",
            "LinkEnded",
            "Merged",
            "Linked",
            "Heard",
            "Suggested",
            "SuggestionEnded",
            "ReplyKeyMade",
            "Unmerged",
            "FactsSet",
            "FactAsked",
            "Upserted",
            "Blocked",
            "Unblocked",
            "SpamMarked",
            "SpamCleared",
            "Quarantined",
            "QuarantineLifted",
            "Restored",
            "CustomerChanged",
            "MessageStored",
            "AlsoReceived",
            "PartHeld",
            "PartsJoined",
            "ReceiptNoted",
            "ReceiptParked",
            "ThroughParked",
            "SeenMarked",
            "WorkOpened",
            "WorkQueued",
            "OfferMade",
            "OfferEnded",
            "Assigned",
            "Unassigned",
            "CooledDown",
            "CooldownEnded",
            "WrapUpStarted",
            "WrapUpLeft",
            "Parked",
            "Woken",
            "HandedToPeople",
            "HandedBack",
            "HandBackEnded",
            "BotsDue",
            "OwnerTold",
            "ParticipantJoined",
            "ParticipantLeft",
            "Transferring",
            "TransferEnded",
            "WrapUpExtended",
            "Promised",
            "SummarySet",
            "Tagged",
            "PriorityGiven",
            "AnswerCounted",
            "EffortNoted",
            "EnrichmentSet",
            "NoticeSet",
            "NoticeSent",
            "WorkClosed",
            "WorkReopened",
            "WorkJoined",
            "WorkRekeyed",
            "Required",
            "StepSet",
            "OverflowSet",
            "Overflowed",
            "Unserved",
            "Routed",
            "CostChanged",
            "WorksMerged",
            "WorkSplit",
            "*AutomationMuted: programs of this model say too little to go round in circles; tests/domain/loops.rs",
            "AgentRegistered",
            "SessionOpened",
            "SessionLost",
            "SessionEnded",
            "PresenceSet",
            "Overcommitted",
            "IdleSet",
            "CustomerLeft",
            "HoldSet",
            "MatchDeferred",
        ],
    ),
    (
        "explained",
        &[
            "eligible a moment before",
            "Next",
            "Asked",
            "Spare",
            "AwaitsFacts",
            "~Held",
            "Cooled",
            "NoRoom",
            "Overcommitted",
            "Closed",
            "PassesOn",
            "Away",
            "Draining",
            "Lost",
            "Offline",
            "Muted",
            "Channel",
            "Skill",
            "OtherQueue",
        ],
    ),
    (
        "rejection",
        &[
            "UnknownWorkspace",
            "UnknownStream",
            "StreamInUse",
            "UnknownEndpoint",
            "UnknownAgent",
            "UnknownWork",
            "UnknownOffer",
            "OfferOver",
            "WorkClosed",
            "WorkMerged",
            "CannotMerge",
            "TwoValues",
            "NotOwner",
            "StaleAssignment",
            "NewerMessages",
            "UnknownMessage",
            "UnknownCustomer",
            "UnknownIdentity",
            "UnknownSuggestion",
            "SameCustomer",
            "NotMerged",
            "NothingLeft",
            "SharedIdentity",
            "IdentityTaken",
            "*TwoValues: nobody has an id in a CRM in this model",
            "NotSetAside",
            "NoSession",
            "SessionSuperseded",
            "AlreadyConnected",
            "RequestIdReused",
            "NoRecipient",
            "RecipientRefused",
            "Invalid",
            "Limit",
            "Repeated",
            "AlreadyApplied",
            "Duplicate",
            "Ignored",
            "CannotSend",
            "NotCarried",
            "NotServed",
            "WorkOpen",
            "MessageState",
            "WorkState",
            "QueueNotServed",
            "CannotTake",
            "BounceBudget",
            "*AutomationMuted: nothing silences programs in this model",
        ],
    ),
    (
        "timer",
        &[
            "OfferExpiry",
            "WrapUpEnd",
            "CooldownEnd",
            "Recall",
            "OffersGrace",
            "WorkGrace",
            "SessionGrace",
            "Match",
            "PartsDue",
            "BlockEnd",
            "HoursTurn",
            "Resettle",
            "WakeUp",
            "TransferEnd",
            "ConsultEnd",
            "Relief",
            "Idle",
            "*HoldEnd: nothing is held in this model",
            "FactsDue",
            "Notice",
            "Step",
            "Overflow",
            "Skip",
        ],
    ),
    (
        "work",
        &[
            "New>Queued",
            "New>Closed",
            "New>Merged",
            "Queued>Offered",
            "Queued>Assigned",
            "Offered>Queued",
            "Offered>Assigned",
            "Assigned>Queued",
            "Assigned>WrapUp",
            "Assigned>Closed",
            "Queued>Closed",
            "WrapUp>Assigned",
            "WrapUp>Closed",
            "Closed>Queued",
            "Queued>Merged",
            "Queued>Closed",
            "Assigned>Merged",
            "WrapUp>Merged",
            "Assigned>Parked",
            "Parked>Assigned",
            "Parked>Queued",
            "Parked>Closed",
            "Assigned>Offered",
            "*Canceled: counted as Closed here, and by itself with silence",
        ],
    ),
    ("offer", &["Open>Accepted", "Open>Declined", "Open>Expired", "Open>Revoked"]),
    (
        "queued because",
        &[
            "New",
            "Reopened",
            "Recalled",
            "OwnerLost",
            "*OfferEnded: an offer's end leaves the Work where it waits, without a record of its own",
            "Requeued",
            "Rerouted",
            "Moved",
            "Woken",
            "Transferred",
            "Overflowed",
            "HandedOver",
        ],
    ),
    ("step because", &["Queued", "Clock", "NobodyThere", "Reconfigured", "Closed"]),
    (
        "effort",
        &[
            "Wait",
            "Unanswered",
            "Transfer",
            "Repeat",
            "AskedAgain",
            "~Switch",
            "Failed",
            "*Loop: no program goes round in circles",
        ],
    ),
    ("overtaken", &["by somebody due later"]),
    ("overflowed because", &["Length", "Wait", "~Estimate", "NoAgent"]),
    ("archive asked", &["by ingest", "by the shard"]),
    ("length", &["full", "moved on"]),
    ("merged because", &["SameEvent", "Claim", "Agent"]),
    ("taken apart", &["first leaf", "others", "a matter of two", "words taken along", "over"]),
    ("assigned because", &["Offer", "Auto", "Start", "Transfer", "Claim", "Assign", "Takeover"]),
    ("handed over", &["Asked", "NoAnswer", "and back"]),
    ("hand back", &["taken", "not taken"]),
    ("programs by turns", &["nobody has it"]),
    ("takes part", &["Consultant", "Barged", "beside another owner"]),
    ("takes part no longer because", &["Left", "Ended", "Lapsed", "Gone", "OwnerChanged", "Closed", "Owns"]),
    ("given beyond capacity", &["by a supervisor"]),
    (
        "unassigned because",
        &[
            "Closed",
            "Recalled",
            "OwnerLost",
            "Merged",
            "*Muted: no program goes round in circles",
            "Requeued",
            "NotReady",
            "Transferred",
            "TransferLapsed",
            "TakenOver",
            "Reassigned",
            "ForceRequeued",
            "ForceTransferred",
            "HandedOver",
        ],
    ),
    ("transfer ended because", &["Declined", "Unavailable", "Withdrawn", "Relieved"]),
    ("silence", &["begins", "lowered", "asked", "closed", "customer left"]),
    ("several offers", &["at once", "one Declined", "one Expired", "one Revoked"]),
    ("relief", &["offered elsewhere", "taken by another"]),
    ("woken because", &["Time", "Message", "Fact", "Agent", "into the hold"]),
    ("session ended because", &["Operator", "LoggedOut", "Taken", "GraceOver", "SlowReader"]),
    ("presence", &["Ready", "Away", "Draining", "Offline"]),
    ("token taken", &["reply", "read"]),
    ("thread", &["answered into", "another matter"]),
    ("matter", &["joined by another endpoint", "merged", "split", "flooded", "of a group"]),
    ("set aside", &["heard by nobody", "spam", "restored"]),
    ("opt-out", &["refused", "allowed again"]),
    ("text in parts", &["joined", "joined without some", "late or alone"]),
    (
        "crash",
        &[
            "before append",
            "in flight, landed",
            "in flight, lost",
            "between append and outputs",
            "while reconciling",
            "at rest",
        ],
    ),
    (
        "fault",
        &[
            "append lost",
            "ack lost",
            "append refused",
            "reconciled",
            "deposed",
            "stray landed void",
            "stray refused",
            "input read again",
            "command retried",
            "hand-over refused",
            "start from a snapshot",
        ],
    ),
];

impl Stats {
    pub(crate) fn hit(&mut self, group: &'static str, name: impl Into<String>) {
        *self.0.entry((group, name.into())).or_default() += 1;
    }

    /// Counts a value by the name of its variant.
    pub(crate) fn hit_variant(&mut self, group: &'static str, value: &impl Debug) {
        self.hit(group, variant(value));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (key, count) in &other.0 {
            *self.0.entry(key.clone()).or_default() += count;
        }
    }

    pub(crate) fn of(&self, group: &'static str, name: &str) -> u64 {
        self.0.get(&(group, name.to_owned())).copied().unwrap_or(0)
    }

    /// What was expected and never hit, and what was hit and not expected.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        for (group, names) in EXPECTED {
            for name in names.iter().filter(|name| !name.starts_with(['*', '~'])) {
                if self.of(group, name) == 0 {
                    gaps.push(format!("never hit: {group} {name}"));
                }
            }
            for (key, _) in self.0.iter().filter(|(key, _)| key.0 == *group) {
                if !names.iter().any(|name| name.strip_prefix('~').unwrap_or(name) == key.1) {
                    gaps.push(format!("hit, but not in the list: {group} {}", key.1));
                }
            }
        }
        gaps
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, names) in EXPECTED {
            writeln!(f, "{group}")?;
            for name in *names {
                match name.strip_prefix('*') {
                    Some(reason) => writeln!(f, "        never  {reason}")?,
                    None => {
                        let name = name.strip_prefix('~').unwrap_or(name);
                        writeln!(f, "{:>13}  {name}", self.of(group, name))?;
                    }
                }
            }
        }
        writeln!(f, "sum")?;
        for ((_, name), count) in self.0.iter().filter(|((group, _), _)| *group == "sum") {
            writeln!(f, "{count:>13}  {name}")?;
        }
        Ok(())
    }
}

/// Name of a value's variant: its debug text up to the first mark.
pub(crate) fn variant(value: &impl Debug) -> String {
    struct Head(String);
    impl fmt::Write for Head {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let end = text.find(|c: char| !c.is_ascii_alphanumeric());
            self.0.push_str(&text[..end.unwrap_or(text.len())]);
            // The rest is of no interest: an error ends the formatting early.
            end.map_or(Ok(()), |_| Err(fmt::Error))
        }
    }
    let mut head = Head(String::new());
    write!(head, "{value:?}").ok();
    head.0
}
