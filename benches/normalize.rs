//! What a format costs beside the bare parse of the same bytes: `serde_json` to `Value`, a form to pairs, the mail parser alone,
//! protobuf to the generated type.
//!
//! Real payloads of WhatsApp, Twilio and mail come from `SKEIN_CORPORA` (default `../shared/corpora`) where they are there; all
//! others are the samples in `tests/golden/formats`. Rounds are interleaved; figures are medians. The last line is JSON: format to ratio.
//!
//! One format alone, to be looked at with a profiler: `cargo bench --bench normalize -- --format NAME`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use prost::Message as _;
use skein::normalize::{Format, Request, normalize};
use skein::proto::channel;

/// Odd, so that there is a middle.
const ROUNDS: usize = 15;
/// A side of a round is repeated until it has run so long.
const ROUND: Duration = Duration::from_millis(40);

fn main() {
    let name = std::env::args().skip_while(|argument| argument != "--format").nth(1);
    let only: Option<Format> = name.map(|name| name.parse().unwrap_or_else(|_| panic!("there is no format {name}")));
    let mut ratios = BTreeMap::new();
    println!("{:<20} {:>8} {:>7} {:>10} {:>10} {:>6}", "format", "payloads", "bytes", "bare us", "skein us", "ratio");
    for (format, payloads) in payloads().into_iter().filter(|(format, _)| only.is_none_or(|only| only == *format)) {
        let bytes = payloads.iter().map(Vec::len).sum::<usize>() / payloads.len().max(1);
        let (mut bare_times, mut ours_times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            bare_times.push(time(&payloads, |payload| bare(format, payload)));
            ours_times.push(time(&payloads, |payload| drop(black_box(normalize(format, Request::new(payload))))));
        }
        let (bare, ours) = (median(bare_times), median(ours_times));
        let ratio = ours / bare;
        println!("{:<20} {:>8} {bytes:>7} {bare:>10.2} {ours:>10.2} {ratio:>6.2}", format.name(), payloads.len());
        ratios.insert(format.name(), (ratio * 100.0).round() / 100.0);
    }
    println!("{}", serde_json::to_string(&ratios).expect("ratios are numbers"));
}

/// Microseconds for one payload, on average over all.
fn time(payloads: &[Vec<u8>], work: impl Fn(&[u8])) -> f64 {
    let (start, mut passes) = (Instant::now(), 0_u32);
    while start.elapsed() < ROUND {
        payloads.iter().for_each(|payload| work(payload));
        passes += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(passes) / payloads.len() as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn bare(format: Format, payload: &[u8]) {
    match format {
        Format::Vonage if !payload.starts_with(b"{") => drop(black_box(form(payload))),
        Format::SkeinJson
        | Format::WhatsappCloud
        | Format::Messenger
        | Format::Instagram
        | Format::Telegram
        | Format::Line
        | Format::Viber
        | Format::Vonage => {
            drop(black_box(serde_json::from_slice::<serde_json::Value>(payload)));
        }
        Format::SkeinProtobuf => drop(black_box(channel::InboundEvent::decode(payload))),
        Format::Twilio => drop(black_box(form(payload))),
        Format::Email => drop(black_box(mail_parser::MessageParser::default().parse(payload))),
    }
}

/// The plainest reading of a form: pairs of strings.
fn form(payload: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(payload);
    text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (plain(k), plain(v))).collect()
}

fn plain(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], escaped) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn payloads() -> Vec<(Format, Vec<Vec<u8>>)> {
    let root = std::env::var_os("SKEIN_CORPORA").map_or_else(|| PathBuf::from("../shared/corpora"), PathBuf::from);
    let samples =
        |format: Format| files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats"), format.name());
    let or_samples = |found: Vec<Vec<u8>>, format: Format| if found.is_empty() { samples(format) } else { found };

    let mut whatsapp = rows(&root.join("pywa-whatsapp/updates.jsonl"), |row| Some(row["payload"].to_string()));
    whatsapp.extend(rows(&root.join("courier/incoming/meta_whatsapp_cloud.jsonl"), |row| {
        let body: serde_json::Value = serde_json::from_str(row["body"].as_str()?).ok()?;
        Some(body.to_string())
    }));
    let twilio = rows(&root.join("courier/incoming/twiml.jsonl"), |row| {
        row["body"].as_str().filter(|body| body.len() > 1).map(str::to_owned)
    });
    let mails = files(&root.join("zammad-mail/box"), "box");
    let own = samples(Format::SkeinJson);
    let protobuf = own.iter().map(|json| as_protobuf(json)).collect();
    vec![
        (Format::WhatsappCloud, or_samples(whatsapp, Format::WhatsappCloud)),
        (Format::Twilio, or_samples(twilio, Format::Twilio)),
        (Format::Email, or_samples(mails, Format::Email)),
        (Format::Messenger, samples(Format::Messenger)),
        (Format::Instagram, samples(Format::Instagram)),
        (Format::Telegram, samples(Format::Telegram)),
        (Format::Line, samples(Format::Line)),
        (Format::Viber, samples(Format::Viber)),
        (Format::Vonage, samples(Format::Vonage)),
        (Format::SkeinJson, own),
        (Format::SkeinProtobuf, protobuf),
    ]
}

fn as_protobuf(json: &[u8]) -> Vec<u8> {
    use prost_reflect::{DescriptorPool, DynamicMessage};
    let pool = DescriptorPool::decode(skein::proto::DESCRIPTOR_SET).expect("the build made it");
    let message = pool.get_message_by_name("skein.channel.v1.InboundEvent").expect("the contract has it");
    DynamicMessage::deserialize(message, &mut serde_json::Deserializer::from_slice(json))
        .expect("the sample is good")
        .encode_to_vec()
}

fn rows(path: &Path, body: impl Fn(&serde_json::Value) -> Option<String>) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| body(&serde_json::from_str(line).ok()?)).map(String::into_bytes).collect()
}

/// Files of a folder whose name ends that way.
fn files(dir: &Path, ending: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(&format!(".{ending}")));
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}
