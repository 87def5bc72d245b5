//! A mutation fuzzer that is led by outcomes: an input with an outcome not seen before joins the ones that are mutated.
//!
//! It holds every reader to three promises: no panic, the same events for the same bytes, and for an input of up to a MiB at most
//! [`MAX_BYTES`] of memory beside the input. Time is the processor's, whatever else the machine does; it is shown, not judged.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};
use skein::domain::content::{Content, Part};
use skein::domain::event::{EventKind, InboundEvent};
use skein::normalize::{Format, MAX_BODY_BYTES, Normalized, Refusal, Request, normalize, to_json};

use crate::seeds::{Input, expensive, seeds, words};
use crate::{tree, wire};

/// Most memory that an input of up to a MiB may take.
pub(crate) const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Of so many mutations one makes the input long.
pub(crate) const LONG_EVERY: usize = 400;

/// Processor time between two lines about a run that goes on.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Most inputs that are kept to be mutated.
const MAX_POOL: usize = 20_000;

/// Splitmix64: a seed gives the same run on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound.max(1) as u64).expect("below a usize")
    }
}

/// What a run is to do for each format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Inputs at least.
    pub(crate) inputs: usize,
    /// After them the run goes on until nothing new was seen for so much processor time.
    pub(crate) quiet: Duration,
    pub(crate) seed: u64,
    /// Whether the inputs that are built to be expensive are among them.
    pub(crate) expensive: bool,
}

/// What a run found out about a format.
pub(crate) struct Report {
    pub(crate) format: Format,
    pub(crate) inputs: usize,
    pub(crate) good: usize,
    /// Traits of outcomes that were seen: kinds of events, of parts, of reasons, what they hold, and sizes.
    pub(crate) traits: usize,
    /// Input after which no new trait was seen.
    pub(crate) last_new: usize,
    pub(crate) peak_bytes: usize,
    /// Most processor time that one input took.
    pub(crate) slowest: Duration,
    /// Broken promises, first few.
    pub(crate) broken: Vec<String>,
}

impl Report {
    pub(crate) const HEAD: &str = "format             inputs     good   traits last new   peak MiB  slowest ms  broken";

    pub(crate) fn line(&self) -> String {
        let mib = self.peak_bytes as f64 / 1_048_576.0;
        let millis = self.slowest.as_secs_f64() * 1e3;
        format!(
            "{:<16} {:>8} {:>8} {:>8} {:>8} {mib:>10.1} {millis:>11.1} {:>7}",
            self.format.name(),
            self.inputs,
            self.good,
            self.traits,
            self.last_new,
            self.broken.len()
        )
    }
}

/// Runs a format.
pub(crate) fn run(format: Format, plan: Plan, memory: &PeakAlloc) -> Report {
    let mut pool = seeds(format);
    if format == Format::SkeinProtobuf {
        let whole = |input: &Input| wire::again(&input.body).as_ref() == Some(&input.body);
        assert!(pool.iter().all(whole), "the mutations of wire bytes lose something of a sample");
    }
    let words = words(&pool);
    let mut random = Random::new(plan.seed);
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    let mut combinations: BTreeSet<u64> = BTreeSet::new();
    let mut report = Report {
        format,
        inputs: 0,
        good: 0,
        traits: 0,
        last_new: 0,
        peak_bytes: 0,
        slowest: Duration::ZERO,
        broken: Vec::new(),
    };
    // Those that showed something new: half of what is mutated comes from them, so that a rare thing is not lost among the many.
    let mut finders: Vec<Input> = Vec::new();
    let mut first: Vec<Input> = pool.clone();
    if plan.expensive {
        first.extend(expensive());
    }
    first.reverse();
    let mut newest = processor_time();
    let mut told = newest;
    while report.inputs < plan.inputs || !first.is_empty() || processor_time().saturating_sub(newest) < plan.quiet {
        let input = first.pop().unwrap_or_else(|| mutated(format, (&pool, &finders), &words, &mut random));
        report.inputs += 1;
        let traits = try_one(&input, memory, &mut report);
        let mut together = DefaultHasher::new();
        traits.hash(&mut together);
        let known = seen.len();
        seen.extend(traits);
        if seen.len() > known {
            report.last_new = report.inputs;
            newest = processor_time();
            if input.body.len() < MAX_BODY_BYTES / 8 {
                finders.push(input.clone());
            }
        }
        if processor_time().saturating_sub(told) > TELL_EVERY {
            told = processor_time();
            report.traits = seen.len();
            eprintln!("{}", report.line());
        }
        // Their combinations never come to an end and tell little of new code, but lead to what does.
        if combinations.insert(together.finish()) && pool.len() < MAX_POOL && input.body.len() < MAX_BODY_BYTES / 8 {
            pool.push(input);
        }
    }
    report.traits = seen.len();
    report
}

/// One input; the traits of its outcome.
fn try_one(input: &Input, memory: &PeakAlloc, report: &mut Report) -> BTreeSet<u64> {
    let query = String::from_utf8_lossy(&input.query);
    let query = (!query.is_empty()).then_some(&*query);
    let hosts = ["mx.shop.example".to_owned()];
    let request = Request { body: &input.body, query, channel: "", authserv_ids: &hosts };
    let format = report.format;

    let before = memory.current_usage();
    memory.reset_peak_usage();
    let start = processor_time();
    let made = catch_unwind(AssertUnwindSafe(|| normalize(format, request)));
    report.slowest = report.slowest.max(processor_time().saturating_sub(start));
    let peak = memory.peak_usage().saturating_sub(before);
    report.peak_bytes = report.peak_bytes.max(peak);

    let mut broken = |what: String| {
        if report.broken.len() < 8 {
            let path = std::env::temp_dir().join(format!("fuzz-{}-{}", format.name(), report.inputs));
            let kept = std::fs::write(&path, &input.body)
                .map_or_else(|error| error.to_string(), |()| path.display().to_string());
            report.broken.push(format!("{} input {}: {what}; kept as {kept}", format.name(), report.inputs));
        }
    };
    if peak > MAX_BYTES && input.body.len() <= MAX_BODY_BYTES {
        broken(format!("took {peak} bytes"));
    }
    let Ok(made) = made else {
        broken("panicked".to_owned());
        return BTreeSet::new();
    };
    // A second time for some: most of the time should go into new inputs.
    if report.inputs.is_multiple_of(16) && normalize(format, request) != made {
        broken("gave other events the second time".to_owned());
    }
    if let Ok(made) = &made {
        report.good += 1;
        if let Some(what) = unusable(made) {
            broken(what);
        }
    }
    traits(&made)
}

/// Time that this thread has had of a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a clock that begins with the thread")
}

/// What nobody behind the reader could bear.
fn unusable(made: &Normalized) -> Option<String> {
    if made.ignored.iter().any(|name| name.len() > 64 || name.chars().any(char::is_control)) {
        return Some("a counted name is no name".to_owned());
    }
    if made.events.iter().any(|event| matches!(event.kind, EventKind::Ignored { .. })) {
        return Some("an ignored event is among the events".to_owned());
    }
    // What comes out can be written down.
    made.events.iter().take(8).for_each(|event| drop(to_json(event)));
    None
}

/// What there is about an outcome, one by one.
fn traits(made: &Result<Normalized, Refusal>) -> BTreeSet<u64> {
    let mut all = Traits(BTreeSet::new());
    match made {
        Ok(made) => {
            all.note(format_args!("events {}", bucket(made.events.len())));
            all.note(format_args!("media {}", bucket(made.media.len())));
            // Names of what is ignored come from the input: only that there are some.
            all.note(format_args!("ignored {}", made.ignored.is_empty()));
            made.events.iter().for_each(|event| shape(event, &mut all));
        }
        Err(Refusal::Malformed { .. }) => all.note(format_args!("malformed")),
        Err(Refusal::DuplicateKey { path }) => all.note(format_args!("duplicate {}", bucket(path.len()))),
        Err(Refusal::UnknownField { path }) => all.note(format_args!("unknown {}", bucket(path.len()))),
        Err(Refusal::NotUtf8 { at }) => all.note(format_args!("utf8 {}", bucket(*at))),
        Err(Refusal::TooLarge { .. }) => all.note(format_args!("large")),
        Err(refusal) => all.note(format_args!("{refusal:?}")),
    }
    all.0
}

/// A set of hashes.
struct Traits(BTreeSet<u64>);

impl Traits {
    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        let mut hasher = DefaultHasher::new();
        what.to_string().hash(&mut hasher);
        self.0.insert(hasher.finish());
    }
}

fn shape(event: &InboundEvent, all: &mut Traits) {
    let kind = format!("{:?}", event.kind);
    let kind = kind.split([' ', '(', '{']).next().unwrap_or_default();
    let there = [
        event.event_id.is_some(),
        event.message_ref.is_some(),
        event.occurred_at.is_some(),
        event.odd_time.is_some(),
        event.thread.is_some(),
        event.our_address.is_some(),
        event.profile.is_some(),
        event.backfill,
    ];
    // What an envelope holds and what it is of are traits apart: every pair of them is a combination.
    all.note(format_args!("{kind}"));
    for (at, there) in there.into_iter().enumerate() {
        all.note(format_args!("event {at} {there}"));
    }
    all.note(format_args!("scope {:?}", event.scope));
    all.note(format_args!("assurance {:?}", event.assurance));
    all.note(format_args!("senders {}", bucket(event.senders.len())));
    event.senders.iter().for_each(|sender| all.note(format_args!("sender {:?}", sender.kind)));
    match &event.kind {
        EventKind::Message(message) => {
            all.note(format_args!("message {} {}", message.quoted.is_some(), message.forwarded));
            said(&message.content, all);
        }
        EventKind::Echo(message) => said(&message.content, all),
        EventKind::Edit { content, version } => {
            all.note(format_args!("edit {}", version.is_some()));
            said(content, all);
        }
        EventKind::Unsupported(content) => said(content, all),
        EventKind::Receipt(receipt) => {
            let class = receipt.error.as_ref().map(|error| error.class);
            all.note(format_args!("receipt {:?}", receipt.status));
            all.note(format_args!("receipt {class:?} {}", receipt.billing.is_some()));
        }
        EventKind::Opt { opted_in, .. } => all.note(format_args!("opt {opted_in}")),
        EventKind::Call { state, seconds } => all.note(format_args!("call {state:?} {}", seconds.is_some())),
        EventKind::IdentityChange { old, new, .. } => {
            all.note(format_args!("identity {} {}", old.is_some(), new.is_some()));
        }
        EventKind::Start { title, payload, referral } => {
            all.note(format_args!("start {} {} {referral}", title.is_some(), payload.is_some()));
        }
        EventKind::Reaction { emoji } => all.note(format_args!("reaction {}", emoji.is_empty())),
        _ => {}
    }
}

fn said(content: &Content, all: &mut Traits) {
    all.note(format_args!("text {}", bucket(content.text.len())));
    all.note(format_args!("parts {}", bucket(content.parts.len())));
    for part in &content.parts {
        match part {
            Part::Attachment(file) => {
                let there =
                    [file.provider_id.is_some(), file.object.is_some(), file.name.is_some(), file.sha256.is_some()];
                all.note(format_args!("{:?}", file.kind));
                all.note(format_args!("{:?}", file.state));
                for (at, there) in there.into_iter().enumerate() {
                    all.note(format_args!("attachment {at} {there}"));
                }
            }
            Part::Mail(mail) => {
                let lists = [mail.from.len(), mail.to.len(), mail.cc.len(), mail.reply_to.len(), mail.references.len()];
                for (at, length) in lists.into_iter().enumerate() {
                    all.note(format_args!("mail list {at} {}", bucket(length)));
                }
                let there =
                    [mail.html.is_some(), mail.quoted.is_some(), mail.auto_submitted, mail.message_id.is_some()];
                for (at, there) in there.into_iter().enumerate() {
                    all.note(format_args!("mail {at} {there}"));
                }
                all.note(format_args!("mail {:?}", mail.class));
            }
            other => {
                let name = format!("{other:?}");
                all.note(format_args!("{}", name.split([' ', '(', '{']).next().unwrap_or_default()));
            }
        }
    }
}

/// 0, 1, 2, then powers of four.
fn bucket(count: usize) -> u32 {
    match count {
        0..=2 => u32::try_from(count).expect("at most two"),
        _ => 2 + count.ilog2() / 2,
    }
}

/// One of the pool or of those that found something, changed in a few places.
fn mutated(format: Format, from: (&[Input], &[Input]), words: &[Vec<u8>], random: &mut Random) -> Input {
    let (pool, finders) = from;
    let any = |random: &mut Random| {
        let list = if finders.is_empty() || random.below(2) == 0 { pool } else { finders };
        &list[random.below(list.len())]
    };
    let mut input = any(random).clone();
    let other = any(random);
    let by_structure = if format == Format::SkeinProtobuf { wire::mutated } else { tree::mutated };
    if random.below(2) == 0
        && let Some(body) = by_structure(&input.body, &other.body, words, random)
    {
        input.body = body;
        return input;
    }
    for _ in 0..=random.below(5) {
        let of_query = !input.query.is_empty() && (input.body.is_empty() || random.below(3) == 0);
        let (bytes, others) = if of_query { (&mut input.query, &other.query) } else { (&mut input.body, &other.body) };
        change(bytes, others, words, random);
    }
    if random.below(LONG_EVERY) == 0 {
        lengthen(&mut input.body, random);
    }
    input.body.truncate(MAX_BODY_BYTES);
    input
}

fn change(bytes: &mut Vec<u8>, others: &[u8], words: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let span = |random: &mut Random, from: usize, len: usize| (from + 1 + random.below(80)).min(len).max(from);
    match random.below(8) {
        0 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).expect("below 256"),
        1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        2 => {
            let end = span(random, at, bytes.len());
            bytes.drain(at..end);
        }
        3 => {
            let end = span(random, at, bytes.len());
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        4 if !others.is_empty() => {
            let from = random.below(others.len());
            let end = (from + 1 + random.below(300)).min(others.len());
            let to = span(random, at, bytes.len());
            bytes.splice(at..to, others[from..end].iter().copied());
        }
        5 => {
            // A whole value or name for another.
            let quote = |b: &u8| matches!(b, b'"' | b'&' | b'=' | b'\n' | b' ');
            let start = bytes[..at].iter().rposition(quote).map_or(0, |found| found + 1);
            let end = bytes[at..].iter().position(quote).map_or(bytes.len(), |found| at + found);
            bytes.splice(start..end.max(start), words[random.below(words.len())].iter().copied());
        }
        6 => bytes.truncate(at),
        _ => {
            let word = &words[random.below(words.len())];
            bytes.splice(at..at, word.iter().copied());
        }
    }
}

/// Repeats something of the input until it is long.
fn lengthen(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let end = (at + 1 + random.below(200)).min(bytes.len());
    let piece = bytes[at..end].to_vec();
    let room = MAX_BODY_BYTES.saturating_sub(bytes.len());
    let target = room >> random.below(4);
    let rest = bytes.split_off(end);
    while bytes.len() + piece.len() + rest.len() <= target {
        bytes.extend_from_slice(&piece);
    }
    bytes.extend_from_slice(&rest);
}
