//! `skein dev --synthetic`: a small world to look at. Five customers on five channels write now and then, two bot agents answer, and
//! an adapter takes what goes out and reports it sent and delivered. All of them use the public interfaces only.
//!
//! [`run`] ends when the token is cancelled, or with the first error: whoever starts it decides what that means.

use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::client::{
    Addresses, Commands, Desk, Event, Port, Publisher, Reach, customer_messages, customer_text, default_endpoint,
    native, open_session,
};
use crate::proto::agent::event::Event as Happened;
use crate::proto::agent::session_response::Response;
use crate::proto::agent::{Event as AgentEvent, Presence, Work, WorkState};

/// A customer's channel and address.
const CUSTOMERS: [(&str, &str); 5] = [
    ("whatsapp", "+4915112345678"),
    ("sms", "+14155550123"),
    ("email", "carla@example.org"),
    ("chat", "visitor-dora"),
    ("messenger", "7000000000000005"),
];
/// What they say, one after the other.
const WORDS: [&str; 4] =
    ["Hello, where is my order?", "It should have come yesterday.", "Can you send it again?", "That helps, see you."];
/// Bots that answer.
const BOTS: [&str; 2] = ["synthetic-1", "synthetic-2"];
/// Between two messages of one customer: slow enough to read along.
const PAUSE: Duration = Duration::from_secs(4);
/// The bot closes a Work with the customer's last words.
const LAST: &str = WORDS[WORDS.len() - 1];
/// Redelivered after so long without the adapter's acknowledgement.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// Runs all of them until `stop` is cancelled.
///
/// # Errors
/// The first of them that cannot go on.
pub(crate) async fn run(addresses: Addresses, stop: CancellationToken) -> anyhow::Result<()> {
    let publisher = Publisher::connect(&addresses.nats, addresses.workspace.clone()).await?;
    let mut tasks = JoinSet::new();
    for (number, (channel, from)) in (0_u32..).zip(CUSTOMERS) {
        tasks.spawn(customer(publisher.clone(), channel, from, number));
    }
    for name in BOTS {
        let channel = Reach::plain(&addresses.grpc).connect().await?;
        tasks.spawn(bot(channel, addresses.workspace.clone(), name));
    }
    tasks.spawn(adapter(publisher));
    // Both arms are cancel safe; dropping the set ends what still runs.
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        Some(ended) = tasks.join_next() => ended?,
    }
}

async fn customer(publisher: Publisher, channel: &'static str, from: &'static str, number: u32) -> anyhow::Result<()> {
    // Not all at once: a queue is easier to follow one by one.
    sleep(PAUSE / 5 * number).await;
    for text in WORDS.iter().cycle() {
        let id = format!("{:016x}", rand::random::<u64>());
        publisher.publish(&native(channel, default_endpoint(channel), from, &id, text)).await?;
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn bot(channel: Port, workspace: String, name: &'static str) -> anyhow::Result<()> {
    let (commands, mut frames, welcome) = open_session(&channel, &workspace, name).await?;
    let mut desk = Desk::restore(welcome.snapshot.unwrap_or_default());
    commands.presence(Presence::Ready, "").await?;
    for offer in desk.offers.keys() {
        commands.accept(offer).await?;
    }
    while let Some(frame) = frames.message().await? {
        let Some(Response::Events(events)) = frame.response else { continue };
        for event in &events.events {
            desk.apply(event);
            act(&commands, &desk, event).await?;
            if let Some(position) = event.position {
                commands.acknowledge(position).await?;
            }
        }
    }
    anyhow::bail!("the session of {name} has ended")
}

async fn act(commands: &Commands, desk: &Desk, event: &AgentEvent) -> anyhow::Result<()> {
    let work = |id: &String| desk.works.get(id);
    match &event.event {
        Some(Happened::Offered(offer)) => drop(commands.accept(&offer.offer_id).await?),
        Some(Happened::Assigned(assigned)) => {
            let work = assigned.work.clone().unwrap_or_default();
            match customer_messages(event).last().and_then(customer_text) {
                // Everything was said while nobody had time.
                Some(LAST) => answer(commands, &work, LAST).await?,
                _ => drop(commands.reply(&work, "Hello, I am looking into it.").await?),
            }
        }
        Some(Happened::Message(message)) => {
            if let (Some(said), Some(work)) = (customer_text(message), work(&message.work_id)) {
                answer(commands, work, said).await?;
            }
        }
        Some(Happened::Changed(changed)) if changed.state() == WorkState::Wrapup => {
            if let Some(work) = work(&changed.work_id) {
                commands.close(work, "solved").await?;
            }
        }
        _ => {}
    }
    Ok(())
}

async fn answer(commands: &Commands, work: &Work, said: &str) -> anyhow::Result<()> {
    if said.trim() == LAST {
        commands.reply(work, "Glad to help. Good bye!").await?;
        commands.close(work, "solved").await?;
    } else {
        commands.reply(work, "One moment, please.").await?;
    }
    Ok(())
}

/// Takes what goes out. A message is acknowledged only when its SENT receipt is stored (channel contract).
async fn adapter(publisher: Publisher) -> anyhow::Result<()> {
    let name = format!("SKEIN_OUT_{}", publisher.workspace());
    let stream = publisher.context().get_stream(&name).await?;
    let config =
        pull::Config { durable_name: Some("synthetic".to_owned()), ack_wait: ACK_WAIT, ..pull::Config::default() };
    let consumer = stream.get_or_create_consumer("synthetic", config).await?;
    let mut messages = consumer.messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        let mut subject = message.subject.split('.').skip(3);
        if let (Some(channel), Some(endpoint)) = (subject.next(), subject.next()) {
            for status in ["SENT", "DELIVERED"] {
                if let Some(receipt) = receipt(channel, endpoint, &message.payload, status) {
                    publisher.publish(&receipt).await?;
                }
            }
        }
        message.ack().await.map_err(|error| anyhow::anyhow!("cannot acknowledge what went out: {error}"))?;
    }
    anyhow::bail!("the stream {name} has ended")
}

/// The report on a message handed out; none for what is no message.
fn receipt(channel: &str, endpoint: &str, handed_out: &[u8], status: &str) -> Option<Event> {
    let message: Value = serde_json::from_slice(handed_out).ok()?;
    let id = message.get("messageId")?.as_str()?;
    let recipient = message.get("recipient")?;
    let body = json!({
        "eventId": format!("{id}-{status}"),
        "messageRef": format!("synthetic-{id}"),
        "senders": [recipient],
        "assurance": "ASSURANCE_PLATFORM",
        "receipt": {
            "messageId": id,
            "status": format!("RECEIPT_STATUS_{status}"),
            "recipient": recipient.get("address")?,
        },
    });
    Some(Event {
        channel: channel.to_owned(),
        endpoint: endpoint.to_owned(),
        format: "skein.v1+json",
        query: None,
        body: body.to_string().into_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{EventKind, ReceiptStatus};
    use crate::normalize::{Format, Request, normalize};

    #[test]
    fn a_receipt_names_the_message_that_was_handed_out() {
        let handed_out =
            json!({"messageId": "m7-0", "recipient": {"kind": "ADDRESS_KIND_WEB", "address": "visitor-dora"}});
        let event = receipt("chat", "site", handed_out.to_string().as_bytes(), "DELIVERED").unwrap();
        let events = normalize(Format::SkeinJson, Request::new(&event.body)).unwrap().events;
        let EventKind::Receipt(receipt) = &events[0].kind else { panic!("no receipt") };
        assert_eq!(receipt.message_id.as_deref(), Some("m7-0"));
        assert_eq!(receipt.status, ReceiptStatus::Delivered);
        assert_eq!(receipt.recipient.as_deref(), Some("visitor-dora"));
    }
}
