//! What adapters and agents saw, as lines of JSON that they wrote themselves: each event a line, in the order it was seen.
//!
//! A position is written `INDEX/OUTPUT`, as in the header `Skein-Log` behind the shard. A line that is not understood is an error with its
//! number; what is not known is not left out silently.

use serde::Deserialize;

use crate::domain::id::{AssignmentId, MessageId, Name, OfferId, Position};

/// A line of an adapter's file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AdapterLine {
    /// It published an input, and the stream acknowledged it.
    Published {
        /// Name of the IN stream.
        stream: Name,
        /// The sequence in the acknowledgement.
        sequence: u64,
        /// Of a message: what identifies it, so that it can be found in the log.
        #[serde(default)]
        message: Option<Given>,
    },
    /// It received a message of an OUT stream.
    Received {
        /// Name of the OUT stream.
        stream: Name,
        /// Its sequence there.
        sequence: u64,
        /// Its header `Skein-Log`.
        log: String,
    },
}

/// A message that an adapter gave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Channel of the subject.
    pub channel: Name,
    /// Endpoint of the subject.
    pub endpoint: Name,
    /// The provider's id of the message. Whoever publishes a message again gives the same.
    pub id: String,
}

/// A line of an agent's file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentLine {
    /// Name of its workspace.
    pub workspace: Name,
    /// Name of the agent.
    pub agent: Name,
    /// Which of several connections in one file, if there are several at once.
    #[serde(default)]
    pub connection: u64,
    /// What it saw.
    pub saw: Saw,
}

/// What an agent's tool saw.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Saw {
    /// A session begins: events behind this position follow. That of the snapshot, or, where it was resumed, the one that was asked for.
    Welcome {
        /// The position; `0/0` where nothing was before.
        #[serde(deserialize_with = "position")]
        after: Position,
        /// Epoch of the session.
        session: u64,
    },
    /// An event, that of the session's end left out.
    Event {
        /// Its position.
        #[serde(deserialize_with = "position")]
        at: Position,
    },
    /// A command was done.
    Answer {
        /// Its id; left out: it had none.
        #[serde(default)]
        request_id: Name,
        /// The offer that it accepted.
        #[serde(default, deserialize_with = "id")]
        offer: Option<OfferId>,
        /// The assignment that it got by that.
        #[serde(default, deserialize_with = "id")]
        assignment: Option<AssignmentId>,
        /// The message that it sent.
        #[serde(default, deserialize_with = "id")]
        message: Option<MessageId>,
    },
    /// The session is over, by a word or by a lost connection.
    End,
}

fn position<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Position, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn id<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Index;

    #[test]
    fn lines_are_read_as_they_are_documented() {
        let line = r#"{"published":{"stream":"SKEIN_IN_demo","sequence":7,"message":{"channel":"sms","endpoint":"main","id":"SM1"}}}"#;
        let AdapterLine::Published { sequence: 7, message: Some(given), .. } = serde_json::from_str(line).unwrap()
        else {
            panic!("not as published")
        };
        assert_eq!((given.endpoint.as_str(), given.id.as_str()), ("main", "SM1"));
        let line = r#"{"received":{"stream":"SKEIN_OUT_demo","sequence":7,"log":"main/336/2"}}"#;
        assert!(matches!(serde_json::from_str(line), Ok(AdapterLine::Received { sequence: 7, .. })));
        let line = r#"{"workspace":"demo","agent":"ann","saw":{"answer":{"request_id":"r1","offer":"o336-1","assignment":"a352-2"}}}"#;
        let line: AgentLine = serde_json::from_str(line).unwrap();
        let Saw::Answer { offer, assignment, message, .. } = line.saw else { panic!("no answer") };
        assert_eq!((offer, assignment), (Some(OfferId::new(Index(336), 1)), Some(AssignmentId::new(Index(352), 2))));
        assert_eq!(message, None);
        let line = r#"{"workspace":"demo","agent":"ann","connection":2,"saw":{"event":{"at":"336/2"}}}"#;
        let line: AgentLine = serde_json::from_str(line).unwrap();
        assert_eq!(line.saw, Saw::Event { at: Position { index: Index(336), output: 2 } });
        let line: AgentLine = serde_json::from_str(r#"{"workspace":"demo","agent":"ann","saw":"end"}"#).unwrap();
        assert_eq!(line.saw, Saw::End);
    }

    #[test]
    fn the_lines_of_readme_are_understood() {
        let readme = include_str!("../../README.md");
        let of_adapters =
            readme.lines().filter(|line| ["{\"published\"", "{\"received\""].iter().any(|it| line.starts_with(it)));
        let of_agents = readme.lines().filter(|line| line.starts_with("{\"workspace\""));
        let adapters: Vec<AdapterLine> = of_adapters.map(|line| serde_json::from_str(line).expect(line)).collect();
        let agents: Vec<AgentLine> = of_agents.map(|line| serde_json::from_str(line).expect(line)).collect();
        assert_eq!((adapters.len(), agents.len()), (2, 4));
    }

    #[test]
    fn what_is_not_understood_is_not_left_out() {
        for line in [
            r#"{"published":{"stream":"A","sequence":7,"extra":1}}"#,
            r#"{"seen":{"stream":"A"}}"#,
            r#"{"workspace":"demo","agent":"ann","saw":{"event":{"at":"336"}}}"#,
        ] {
            assert!(serde_json::from_str::<AdapterLine>(line).is_err());
            assert!(serde_json::from_str::<AgentLine>(line).is_err());
        }
    }
}
