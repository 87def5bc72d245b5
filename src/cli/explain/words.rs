//! Times and reasons in words for people.

use crate::proto::agent::{AgentStanding, AgentVerdict};

/// Characters of somebody's words that are shown in a line.
const SHOWN: usize = 60;

/// A time span: `1 h 4 min`, `1 min 15 s`, `30 s`.
pub(super) fn brief(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a wait of people fits, and is above zero"
    )]
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A moment.
pub(super) fn clock(at: Option<&prost_types::Timestamp>) -> String {
    let at = at.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanos).ok());
    at.map_or_else(|| "an unknown time".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// The beginning of what somebody wrote, without what a terminal would obey.
pub(super) fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect()
}

/// Why an agent does not have the Work.
pub(super) fn why_not(verdict: &AgentVerdict) -> String {
    match verdict.standing() {
        AgentStanding::NoRoom => {
            format!("has room for {}, it costs {}", verdict.has.unwrap_or(0), verdict.wanted)
        }
        AgentStanding::Skill => match verdict.has {
            Some(has) => format!("has {} at {has}, {} is wanted", verdict.what, verdict.wanted),
            None => format!("lacks {}", verdict.what),
        },
        AgentStanding::Channel => format!("does not serve {}", verdict.what),
        AgentStanding::Overcommitted => format!("has {} more than it can, and is given nothing", verdict.wanted),
        AgentStanding::Held => format!("it waits for {} until {} at most", verdict.what, clock(verdict.until.as_ref())),
        AgentStanding::AwaitsFacts => {
            format!("{} until {} at most", standing(AgentStanding::AwaitsFacts), clock(verdict.until.as_ref()))
        }
        AgentStanding::CooledDown => {
            format!("{} before {}", standing(AgentStanding::CooledDown), clock(verdict.until.as_ref()))
        }
        other => standing(other).to_owned(),
    }
}

/// The reason alone.
pub(super) fn standing(standing: AgentStanding) -> &'static str {
    match standing {
        AgentStanding::Unspecified => "for a reason that this version has no name for",
        AgentStanding::Eligible => "could have it now",
        AgentStanding::Next => "is about to be given what is due first",
        AgentStanding::Asked => "is shown it, and has not answered",
        AgentStanding::Spare => "could have it, which is shown to others",
        AgentStanding::AwaitsFacts => "it waits for facts of its customer's",
        AgentStanding::Held => "it waits for somebody whom the customer knows",
        AgentStanding::CooledDown => "did not want it or did not answer, and is not asked again",
        AgentStanding::NoRoom => "without room",
        AgentStanding::Overcommitted => "has more than it can, and is given nothing",
        AgentStanding::Closed => "its queue is closed",
        AgentStanding::PassesOn => "passes it on",
        AgentStanding::Away => "away",
        AgentStanding::Draining => "takes nothing new",
        AgentStanding::Lost => "without connection",
        AgentStanding::Offline => "not logged in",
        AgentStanding::Muted => "a bot, and bots are silent in it, or it is for people",
        AgentStanding::Channel => "without one of its channels",
        AgentStanding::Skill => "without a skill that is wanted",
        AgentStanding::OtherQueue => "serves none of its queues",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_is_told_as_people_tell_it() {
        let told = [0.2, 30.0, 60.0, 75.0, 3_600.0, 3_840.0].map(brief);
        assert_eq!(told, ["0 s", "30 s", "1 min", "1 min 15 s", "1 h", "1 h 4 min"]);
    }

    #[test]
    fn somebodys_words_do_not_command_the_terminal() {
        assert_eq!(cut("a\u{1b}[2Jb\nc"), "a [2Jb c");
        assert_eq!(cut(&"x".repeat(500)).len(), SHOWN);
    }
}
