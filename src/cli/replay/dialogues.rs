//! Recorded dialogues with customers and agents. All begin together, so that more begin than agents can take and queues form.
//!
//! A customer speaks at the recorded distances, whether answered or not. The agent who holds the dialogue's Work says each recorded
//! turn at its time, or as soon as the Work is his; a turn is said again only after a refusal, never after silence, so what comes
//! out twice was doubled by the daemon. When both have said everything, the Work is closed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::agents::{Agent, Board, Holding, Order};
use super::progress::Progress;
use super::read::{Dialogue, Who};
use super::streams::Marks;
use super::summary::Summary;
use crate::cli::client::{Publisher, Reach, chat, default_endpoint};

/// Channel of the dialogues.
const CHANNEL: &str = "chat";
/// A Work that no agent holds for so long is given up: with a queue it waits for others to end, not for ever.
const HOLD_MAX: Duration = Duration::from_secs(600);
/// A command without an answer for so long is given up.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How to play.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) reach: Reach,
    pub(super) endpoint: Option<String>,
    pub(super) speed: f64,
    pub(super) agents: usize,
    pub(super) capacity: usize,
    pub(super) settle: Duration,
}

/// A dialogue with its times.
struct Script {
    address: String,
    customer: Vec<(Duration, String)>,
    agent: Vec<(Duration, String)>,
}

/// Plays all dialogues to their end and checks what came out.
pub(super) async fn play(
    publisher: &Publisher,
    play: &Play,
    dialogues: Vec<Dialogue>,
    marks: &Marks,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let run = rand::random::<u32>();
    let scripts: Vec<Script> = dialogues.into_iter().map(|dialogue| script(dialogue, run, play.speed)).collect();
    let holdings = scripts.iter().map(|script| (script.address.clone(), watch::channel(None).0)).collect();
    let board = Arc::new(Board::new(holdings));
    let expected: HashMap<String, Vec<String>> = scripts
        .iter()
        .map(|script| (script.address.clone(), script.agent.iter().map(|(_, text)| text.clone()).collect()))
        .collect();
    summary.dialogues = scripts.len();
    summary.turns = expected.values().map(Vec::len).sum();
    let mut check = Check { expected, ..Check::default() };

    let mut agents = JoinSet::new();
    for number in 1..=play.agents.min(scripts.len()) {
        // A connection each, as agents have.
        let channel = play.reach.connect().await?;
        agents.spawn(Agent::run(channel, publisher.workspace().to_owned(), number, play.capacity, board.clone()));
    }
    let endpoint = play.endpoint.clone().unwrap_or_else(|| default_endpoint(CHANNEL).to_owned());
    let start = Instant::now();
    let of = scripts.len();
    let mut players = JoinSet::new();
    for script in scripts {
        players.spawn(play_one(publisher.clone(), board.clone(), endpoint.clone(), script, start));
    }

    let mut progress = Progress::new(of, "dialogues");
    let mut outputs = marks.outputs(publisher).await?;
    let mut done = 0;
    while done < of {
        // All arms are cancel safe: ended tasks and messages stay where they are until they are taken.
        tokio::select! {
            Some(ended) = players.join_next() => {
                ended?;
                done += 1;
                progress.show(done);
            }
            Some(ended) = agents.join_next() => ended??,
            Some(output) = outputs.next() => check.note(&output?.1),
        }
    }
    while !check.is_complete() {
        let Ok(Some(output)) = timeout(play.settle, outputs.next()).await else { break };
        check.note(&output?.1);
    }
    // What is doubled would follow.
    while let Ok(Some(output)) = timeout(play.settle, outputs.next()).await {
        check.note(&output?.1);
    }
    agents.shutdown().await;
    board.report(summary);
    (summary.in_order, summary.out_of_order, summary.duplicates) =
        (check.in_order, check.out_of_order, check.duplicates);
    Ok(())
}

fn script(dialogue: Dialogue, run: u32, speed: f64) -> Script {
    let id = match &dialogue.id {
        Value::String(id) => id.to_lowercase(),
        other => other.to_string(),
    };
    let first = dialogue.turns.first().map_or(0, |turn| turn.0);
    let mut script = Script { address: format!("replay-{run:08x}-{id}"), customer: Vec::new(), agent: Vec::new() };
    for turn in dialogue.turns {
        let seconds = u32::try_from((turn.0 - first).max(0)).unwrap_or(u32::MAX);
        let at = Duration::from_secs_f64(f64::from(seconds) / speed);
        match turn.1 {
            Who::Customer => script.customer.push((at, turn.2)),
            Who::Agent => script.agent.push((at, turn.2)),
        }
    }
    script
}

async fn play_one(publisher: Publisher, board: Arc<Board>, endpoint: String, script: Script, start: Instant) {
    let Script { address, customer, agent } = script;
    let speak = async {
        for (number, (at, text)) in customer.iter().enumerate() {
            sleep_until(start + *at).await;
            let event = chat(CHANNEL, &endpoint, &address, &format!("{address}-{number}"), text);
            let outcome = publisher.publish(&event).await;
            board.count(|counts| {
                counts.published += 1;
                match outcome {
                    Ok(_) => {
                        counts.acknowledged += 1;
                        counts.customer_turns += 1;
                    }
                    Err(failure) => counts.refuse(&failure),
                }
            });
        }
    };
    let Some(holding) = board.holdings.get(&address).map(watch::Sender::subscribe) else { return };
    let answer = async {
        for (at, text) in &agent {
            sleep_until(start + *at).await;
            if !ordered(holding.clone(), Some(text)).await {
                return false;
            }
            board.count(|counts| counts.turns_taken += 1);
        }
        true
    };
    let ((), answered) = tokio::join!(speak, answer);
    if answered {
        ordered(holding, None).await;
    }
}

/// Has the agent who holds the Work say the turn, or close it; false when nobody could.
async fn ordered(mut holding: watch::Receiver<Option<Holding>>, say: Option<&String>) -> bool {
    loop {
        let held = match timeout(HOLD_MAX, holding.wait_for(Option::is_some)).await {
            Ok(Ok(held)) => held.clone(),
            Ok(Err(_)) | Err(_) => return false,
        };
        let Some(held) = held else { return false };
        holding.mark_unchanged();
        let (answer, answered) = oneshot::channel();
        let order = Order { work_id: held.work_id, say: say.cloned(), answer };
        if held.orders.send(order).await.is_err() {
            return false;
        }
        match timeout(ANSWER_MAX, answered).await {
            Ok(Ok(Ok(()))) => return true,
            // Refused: the Work is somebody else's, or will be.
            Ok(Ok(Err(_))) => {
                if timeout(ANSWER_MAX, holding.changed()).await.is_err() {
                    return false;
                }
            }
            Ok(Err(_)) | Err(_) => return false,
        }
    }
}

/// Compares what is handed to adapters with the recordings.
#[derive(Debug, Default)]
struct Check {
    /// Agents' turns by address of the customer.
    expected: HashMap<String, Vec<String>>,
    /// How many came out, by address.
    next: HashMap<String, usize>,
    ids: HashSet<String>,
    in_order: usize,
    out_of_order: usize,
    duplicates: usize,
}

impl Check {
    fn is_complete(&self) -> bool {
        self.in_order == self.expected.values().map(Vec::len).sum::<usize>()
    }

    /// Notes a message of OUT; those to others than our customers are not ours.
    fn note(&mut self, message: &[u8]) {
        let Ok(message) = serde_json::from_slice::<Value>(message) else { return };
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let address = text("/recipient/address");
        let Some(turns) = self.expected.get(address) else { return };
        let next = self.next.entry(address.to_owned()).or_default();
        if !self.ids.insert(text("/messageId").to_owned()) {
            self.duplicates += 1;
        } else if turns.get(*next).is_some_and(|turn| turn == text("/content/text")) {
            *next += 1;
            self.in_order += 1;
        } else {
            self.out_of_order += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(id: &str, to: &str, text: &str) -> Vec<u8> {
        serde_json::json!({"messageId": id, "recipient": {"address": to}, "content": {"text": text}})
            .to_string()
            .into_bytes()
    }

    #[test]
    fn order_doubles_and_strangers_are_told_apart() {
        let expected = HashMap::from([("a".to_owned(), vec!["1".to_owned(), "2".to_owned()])]);
        let mut check = Check { expected, ..Check::default() };
        check.note(&out("m1", "a", "2"));
        check.note(&out("m2", "a", "1"));
        check.note(&out("m2", "a", "1"));
        check.note(&out("m3", "b", "1"));
        assert!(!check.is_complete());
        check.note(&out("m4", "a", "2"));
        assert!(check.is_complete());
        assert_eq!((check.in_order, check.out_of_order, check.duplicates), (2, 1, 1));
    }

    #[test]
    fn a_script_keeps_the_distances_divided_by_the_speed() {
        let row = r#"{"id": 7, "turns": [[100, "customer", "a"], [150, "agent", "b"], [200, "customer", "c"]]}"#;
        let script = script(serde_json::from_str(row).unwrap(), 1, 50.0);
        assert_eq!(script.address, "replay-00000001-7");
        assert_eq!(script.customer, [(Duration::ZERO, "a".into()), (Duration::from_secs(2), "c".into())]);
        assert_eq!(script.agent, [(Duration::from_secs(1), "b".into())]);
    }
}
