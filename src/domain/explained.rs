//! Why a Work is where it is, as it may be told: plain values, copied out.
//!
//! Of facts the names are told, never the values: those are sealed with the identity that they are filed under, and are read where facts
//! are read.

use super::id::{Index, LeafId, Name};
use super::record::Inputs;
use super::time::Timestamp;
use super::view::{CreditView, WorkView};

/// Agents that are told one by one when nobody says how many.
pub const AGENTS_TOLD: usize = 20;
/// Agents that are told one by one at most: a page. All others are counted by reason.
pub const MAX_AGENTS_TOLD: usize = 500;
/// Rules that are told at most: those behind say nothing more to a person. The one that fits is told wherever it stands.
pub const MAX_RULES_TOLD: usize = 200;

/// Everything that the state knows of why a Work is where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The Work.
    pub work: WorkView,
    /// What is told of holds at this time.
    pub at: Timestamp,
    /// What rules made of it; none: there were none, or it is closed and only its records know.
    pub ruling: Option<Ruling>,
    /// When it is due, and why; none: nobody waits for an agent to take it.
    pub score: Option<ScoreView>,
    /// Who are shown it, and until when.
    pub shown_to: Vec<(Name, Timestamp)>,
    /// It waits for facts of its customer's until then, and nobody gets it before.
    pub facts_until: Option<Timestamp>,
    /// Of all agents the nearest to it, while nobody has it, or its owner seeks somebody else.
    pub agents: Vec<AgentVerdict>,
    /// How many agents there are of each reason, nearest first, those told one by one among them.
    pub counts: Vec<(Standing, usize)>,
    /// Where its history begins: the last record that touches the leaf it is filed under.
    pub last: (LeafId, Index),
}

/// What rules made of a Work.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The rule that decided; empty: none fitted.
    pub rule: Name,
    /// The queue chosen.
    pub queue: Name,
    /// What the rules were given, without the values of facts; none: it cannot be read any longer.
    pub inputs: Option<Inputs>,
    /// The rules as they are in force now, in their order, up to the one that would decide now.
    pub asked: Vec<RuleAsked>,
    /// There are more that do not fit and are not told.
    pub more: bool,
}

/// One rule, asked about a Work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleAsked {
    /// Its name.
    pub rule: Name,
    /// Why it does not fit; none: it does.
    pub missed: Option<RuleMissed>,
}

/// Why a rule does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMissed {
    /// What it asks for that is otherwise: `channel`, `keyword`, `fact`, `if` and the like, as configurations name it.
    pub asks: &'static str,
    /// Of a fact: which.
    pub fact: Option<Name>,
    /// What the input is instead; empty where it has no one value, and of facts always.
    pub is: String,
}

/// When a Work is due, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreView {
    /// Since when the customer waits for us; none: it is the customer's turn.
    pub since: Option<Timestamp>,
    /// For how long it has been waited for us in all, milliseconds.
    pub wait_ms: u64,
    /// The goal that holds, milliseconds; none: its queue is gone.
    pub goal_ms: Option<u64>,
    /// It is the goal of later replies.
    pub later: bool,
    /// When the goal is due, in hours of the queue.
    pub goal_at: Option<Timestamp>,
    /// When the provider lets us answer no longer.
    pub window_at: Option<Timestamp>,
    /// Until when the customer was promised to hear from us.
    pub promised: Option<Timestamp>,
    /// What makes it due earlier.
    pub credits: Vec<CreditView>,
    /// What those count for together, milliseconds: their sum, or the cap.
    pub credit_ms: u64,
    /// The cap, milliseconds.
    pub cap_ms: u64,
    /// Of the credits, what the customer went through counts for so much at most, milliseconds.
    pub effort_cap_ms: u64,
    /// Static key: when it is due less its credits, as it was when it last came to its queue or was noted anew. The lowest is served first.
    pub key: Timestamp,
    /// What the key would be if it came now: another while another configuration is taking effect, or where what it was made of has changed.
    pub key_now: Timestamp,
    /// Score = wait - target + credit, milliseconds: how long ago it was due.
    pub score_ms: i64,
    /// Its place in its queue, from 1; 0: it is shown to somebody.
    pub position: usize,
}

/// An agent, and why it does not have the Work.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentVerdict {
    /// Its name.
    pub agent: Name,
    /// Why not.
    pub why: WhyNot,
}

/// How an agent stands to a Work that waits: the kind of a [`WhyNot`], nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It could be given it now. No Work waits beside one of these.
    Eligible,
    /// There was more to match than one record holds: the next gives it what is due first.
    Next,
    /// It is shown it, and has not answered.
    Asked,
    /// It could be given it, which is shown to others.
    Spare,
    /// It waits for facts of its customer's: whoever is asked then, nobody is before.
    AwaitsFacts,
    /// It waits for somebody else, to whom the customer need not explain again.
    Held,
    /// It declined, let its offer expire or gave it back, and is not asked for a while.
    Cooled,
    /// It has no room.
    NoRoom,
    /// It has more than it can, and is given nothing while it has.
    Overcommitted,
    /// All queues that it could take it from are closed.
    Closed,
    /// It owns the Work and passes it on.
    PassesOn,
    /// It is away.
    Away,
    /// It takes nothing new.
    Draining,
    /// Its connection is gone.
    Lost,
    /// It has no session.
    Offline,
    /// It is a program, and those are silent in the Work, or one has handed it over to people.
    Muted,
    /// It does not serve a channel of the Work.
    Channel,
    /// It lacks a skill that is wanted.
    Skill,
    /// It serves none of the queues that the Work stands in.
    OtherQueue,
}

/// Why an agent is not given a Work.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyNot {
    /// The reason.
    pub standing: Standing,
    /// Of a skill or channel: which. Of a Work that waits for somebody else: for whom.
    pub what: Name,
    /// Of a skill: the level wanted. Of room: what the Work costs. Of too much: by how much.
    pub wanted: u32,
    /// Of a skill: the level that it has, if it has it. Of room: what is left.
    pub has: Option<u32>,
    /// Of a cool-down: until when, if nobody else is left before. Of what the Work waits for: until when at most.
    pub until: Option<Timestamp>,
}

impl WhyNot {
    /// For that reason and nothing more.
    #[must_use]
    pub fn of(standing: Standing) -> Self {
        Self { standing, what: Name::default(), wanted: 0, has: None, until: None }
    }
}
