//! Subjects of calls between nodes: `skein.node.NODE.SHARD` and `skein.node.NODE.answers.INSTANCE.CALL`.

use async_nats::Subject;

use crate::config::is_token;

/// Where a node serves the calls of a shard; none if one of the two is no token.
pub(super) fn of_host(node: &str, shard: &str) -> Option<Subject> {
    (is_token(node) && is_token(shard)).then(|| Subject::from(format!("skein.node.{node}.{shard}")))
}

/// Before the number of a call whose answers come to this life of a node: ends with a dot.
pub(super) fn answers(node: &str, instance: u64) -> Option<String> {
    is_token(node).then(|| format!("skein.node.{node}.answers.{instance:016x}."))
}

/// Where the answers of a call come.
pub(super) fn of_call(answers: &str, call: u64) -> Subject {
    Subject::from(format!("{answers}{call}"))
}

/// The number of a call whose answer came there.
pub(super) fn call_of(answers: &str, subject: &str) -> Option<u64> {
    subject.strip_prefix(answers).and_then(number)
}

/// Where answers are wanted, as [`answers`], and the number of the call. None for any other subject: a host publishes there what it is asked
/// for, so it must not be led elsewhere.
pub(super) fn caller_of(reply: &str) -> Option<(&str, u64)> {
    let (instance, call) = reply.rsplit_once('.')?;
    let answers = &reply[..=instance.len()];
    let mut tokens = instance.split('.');
    let is_ours = tokens.next() == Some("skein")
        && tokens.next() == Some("node")
        && tokens.next().is_some_and(is_token)
        && tokens.next() == Some("answers")
        && tokens.next().is_some_and(is_token)
        && tokens.next().is_none();
    is_ours.then_some((answers, number(call)?))
}

fn number(text: &str) -> Option<u64> {
    // `+1` is a number to the standard library.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_answers_nowhere_but_where_nodes_listen() {
        let answers = answers("n1", 7).unwrap();
        let subject = of_call(&answers, 12);
        assert_eq!(caller_of(&subject), Some((answers.as_str(), 12)));
        assert_eq!(call_of(&answers, &subject), Some(12));
        for bad in [
            "skein.in.demo.sms.main",
            "$JS.API.STREAM.DELETE.X",
            "skein.node.n1.answers.7",
            "skein.node.n1.answers.7.x",
            "skein.node.n1.answers.7.+1",
            "skein.node.n1.answers.7.8.9",
            "skein.node.*.answers.7.1",
            "skein.node.n1.main.7.1",
            "",
        ] {
            assert_eq!(caller_of(bad), None, "{bad}");
        }
        assert_eq!(call_of(&answers, "skein.node.n1.answers.0000000000000008.12"), None);
    }

    #[test]
    fn names_that_are_no_tokens_have_no_subject() {
        assert_eq!(of_host("n1", "main").unwrap().as_str(), "skein.node.n1.main");
        for (node, shard) in [("", "main"), ("n.1", "main"), ("n1", ">"), ("*", "main"), ("n 1", "main")] {
            assert_eq!(of_host(node, shard), None, "{node} {shard}");
        }
    }
}
