//! What a desk notes beside what it says, and what it asks about queues.

use super::seat::{Seat, shown};
use crate::proto::agent::estimate_wait_request::Of;
use crate::proto::agent::{
    AddNoteRequest, EstimateWaitRequest, EstimateWaitResponse, ListDispositionsRequest, ListQueuesRequest, QueueStatus,
    SetPriorityRequest, SetSummaryRequest, TagRequest, WaitRange, WaitUnknown, Work,
};
use crate::proto::channel::Content;

/// What is to be noted or asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room<'l> {
    /// Text.
    Note(&'l str),
    /// Text; empty: none any more.
    Summary(&'l str),
    /// Tags, apart by commas; one behind a minus goes.
    Tag(&'l str),
    /// Minutes and reason.
    Priority(&'l str),
    Queues,
    /// A queue; empty: the chosen Work.
    Estimate(&'l str),
    Dispositions,
}

impl Seat {
    /// Gives the command or asks, and prints what came of it.
    pub(super) async fn room(&mut self, room: Room<'_>) -> anyhow::Result<()> {
        let request_id = self.commands.request_id();
        let work = self.work().cloned();
        let said = match (room, work) {
            (Room::Queues, _) => self.queues().await?,
            (Room::Dispositions, work) => self.dispositions(work.map(|work| work.queue).unwrap_or_default()).await?,
            (Room::Estimate(queue), _) if !queue.is_empty() => self.estimate(Of::Queue(queue.to_owned())).await?,
            (_, None) => Ok("no work is yours".to_owned()),
            (Room::Estimate(_), Some(work)) => self.estimate(Of::WorkId(work.work_id)).await?,
            (Room::Note(text), Some(Work { work_id, .. })) => {
                let content = Some(Content { text: text.to_owned(), ..Content::default() });
                let request = AddNoteRequest { request_id, work_id, content, ..AddNoteRequest::default() };
                self.history.add_note(self.commands.unary(request)?).await.map(|_| "noted".to_owned())
            }
            (Room::Summary(text), Some(Work { work_id, .. })) => {
                let text = text.to_owned();
                let request = SetSummaryRequest { request_id, work_id, text, ..SetSummaryRequest::default() };
                self.customers.set_summary(self.commands.unary(request)?).await.map(|_| "noted".to_owned())
            }
            (Room::Tag(list), Some(Work { work_id, .. })) => {
                let (add, remove) = tags(list);
                let request = TagRequest { request_id, work_id, add, remove, ..TagRequest::default() };
                self.customers.tag(self.commands.unary(request)?).await.map(|_| "noted".to_owned())
            }
            (Room::Priority(rest), Some(Work { work_id, .. })) => {
                let (minutes, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let Ok(minutes) = minutes.parse::<u32>() else {
                    println!("say by how much: priority MINUTES REASON");
                    return Ok(());
                };
                let sooner = Some(prost_types::Duration { seconds: i64::from(minutes) * 60, nanos: 0 });
                let reason = reason.trim().to_owned();
                let request = SetPriorityRequest { request_id, work_id, sooner, reason, session_epoch: 0 };
                self.works.set_priority(self.commands.unary(request)?).await.map(|_| "noted".to_owned())
            }
        };
        match said {
            Ok(said) => println!("{said}"),
            Err(status) => println!("refused: {}", shown(status.message())),
        }
        Ok(())
    }

    async fn queues(&mut self) -> anyhow::Result<Result<String, tonic::Status>> {
        let request = self.commands.unary(ListQueuesRequest::default())?;
        let listed = self.rooms.list_queues(request).await;
        Ok(listed.map(|listed| lines(listed.into_inner().queues.iter().map(queue))))
    }

    async fn dispositions(&mut self, queue: String) -> anyhow::Result<Result<String, tonic::Status>> {
        let request = self.commands.unary(ListDispositionsRequest { queue })?;
        let listed = self.rooms.list_dispositions(request).await;
        Ok(listed.map(|listed| match listed.into_inner().dispositions.as_slice() {
            [] => "any will do".to_owned(),
            some => lines(some.iter().map(|known| format!("  {}: {}", shown(&known.name), shown(&known.label)))),
        }))
    }

    async fn estimate(&mut self, of: Of) -> anyhow::Result<Result<String, tonic::Status>> {
        let request = self.commands.unary(EstimateWaitRequest { of: Some(of) })?;
        Ok(self.rooms.estimate_wait(request).await.map(|told| wait(&told.into_inner())))
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// Those to add and those to remove.
fn tags(list: &str) -> (Vec<String>, Vec<String>) {
    let tags = list.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    let (gone, come): (Vec<&str>, Vec<&str>) = tags.partition(|tag| tag.starts_with('-'));
    let owned = |tags: Vec<&str>| tags.into_iter().map(|tag| tag.trim_start_matches('-').to_owned()).collect();
    (owned(come), owned(gone))
}

fn queue(status: &QueueStatus) -> String {
    let agents = status.agents.unwrap_or_default();
    let level = status.service_level.and_then(|level| level.of_answered);
    let level = level.map_or(String::new(), |level| format!(", {:.0} % in time", level * 100.0));
    let closed = if status.open { "" } else { ", closed" };
    let (name, waiting, offered) = (shown(&status.queue), status.waiting, status.offered);
    let (free, busy, away) = (agents.free, agents.busy, agents.away);
    format!("  {name}: {waiting} wait, {offered} offered; {free} free, {busy} busy, {away} away{level}{closed}")
}

fn wait(told: &EstimateWaitResponse) -> String {
    let span = |of: Option<prost_types::Duration>| {
        let seconds = of.unwrap_or_default().seconds;
        if seconds < 120 { format!("{seconds} s") } else { format!("{} min", (seconds + 30) / 60) }
    };
    let range = told.range.as_ref().map(|WaitRange { low, likely, high, confidence }| {
        let often = confidence * 100.0;
        format!("about {} ({} to {}, {often:.0} % of the time)", span(*likely), span(*low), span(*high))
    });
    let why = match told.unknown() {
        WaitUnknown::Unspecified => None,
        WaitUnknown::Closed => Some("it is closed"),
        WaitUnknown::Nobody => Some("nobody is there who could take it"),
        WaitUnknown::NoHistory => Some("too little is known of it"),
    };
    let place = if told.position > 0 { format!("place {}: ", told.position) } else { String::new() };
    match (range, why) {
        (Some(range), None) => format!("{place}{range}"),
        (Some(range), Some(why)) => format!("{place}{why}; {range} from its opening on"),
        (None, why) => format!("{place}unknown: {}", why.unwrap_or("nobody says why")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_behind_a_minus_goes() {
        let (come, gone) = tags(" vip, -angry ,, to call ");
        assert_eq!((come, gone), (vec!["vip".to_owned(), "to call".to_owned()], vec!["angry".to_owned()]));
    }

    #[test]
    fn what_is_not_known_is_no_number() {
        let told = EstimateWaitResponse { position: 3, unknown: WaitUnknown::Nobody.into(), ..Default::default() };
        assert_eq!(wait(&told), "place 3: unknown: nobody is there who could take it");
        let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
        let range = Some(WaitRange { low: seconds(40), likely: seconds(150), high: seconds(600), confidence: 0.8 });
        let told = EstimateWaitResponse { position: 1, range, ..Default::default() };
        assert_eq!(wait(&told), "place 1: about 3 min (40 s to 10 min, 80 % of the time)");
    }
}
