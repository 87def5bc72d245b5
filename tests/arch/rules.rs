//! The rules. Each gives one line for everything that breaks it.

use crate::source::SourceFile;

pub(crate) type Rule = fn(&SourceFile) -> Vec<String>;

pub(crate) const RULES: &[(&str, Rule)] = &[
    ("pure domain", pure_domain),
    ("lints of the domain", lints_of_the_domain),
    ("proto at the edge", proto_at_the_edge),
    ("composition on top", composition_on_top),
    ("begins with its duty", begins_with_its_duty),
    ("mod.rs is a table of contents", table_of_contents),
    ("length", length),
    ("no unwrap", no_unwrap),
];

/// Crates that do I/O, run tasks, keep shared state, log, or belong to the wire.
const NOT_IN_DOMAIN: &[&str] = &[
    "anyhow",
    "arc_swap",
    "async_nats",
    "axum",
    "clap",
    "dashmap",
    "futures",
    "mail_parser",
    "prometheus_client",
    "prost",
    "prost_reflect",
    "prost_types",
    "rand",
    "rustix",
    "sd_notify",
    "tokio",
    "tokio_stream",
    "tokio_util",
    "toml",
    "tonic",
    "tonic_health",
    "tonic_prost",
    "tonic_reflection",
    "tonic_types",
    "tonic_web",
    "tower",
    "tracing",
    "tracing_subscriber",
];

const NOT_IN_DOMAIN_OF_STD: &[&str] = &["env", "fs", "io", "net", "os", "process", "sync", "thread"];

/// Where wire types are made from and into ours, where generated service traits are implemented, and where the frames of a session
/// and the pages of a history are put together.
const SEES_PROTO: &[&str] = &[
    "src/proto",
    "src/agents/convert",
    "src/agents/history/",
    "src/agents/server.rs",
    "src/agents/service",
    "src/agents/session/",
    "src/admin/convert",
    "src/admin/service",
    "src/outbound/convert",
    "src/normalize",
    "src/log/codec",
    "src/cli/",
];

/// The parts that put the daemon together: nothing below them knows them.
const TOP: &[&str] = &["app", "cli"];
const IS_TOP: &[&str] = &["src/app", "src/cli/", "src/main.rs", "src/lib.rs"];

const LINES_MAX: usize = 600;

fn is_in(file: &SourceFile, places: &[&str]) -> bool {
    places.iter().any(|place| file.name.starts_with(place))
}

/// The modules of ours a file names, `crate::a::b` as `[a, b]`.
fn ours(file: &SourceFile) -> impl Iterator<Item = &[String]> {
    file.paths.iter().filter_map(|path| path.split_first().filter(|(root, _)| *root == "crate").map(|(_, rest)| rest))
}

fn pure_domain(file: &SourceFile) -> Vec<String> {
    if !is_in(file, &["src/domain/"]) {
        return Vec::new();
    }
    let foreign = ours(file).filter(|path| path.first().is_some_and(|module| module != "domain"));
    let mut broken: Vec<String> = foreign.map(|path| format!("imports crate::{}", path.join("::"))).collect();
    for path in &file.paths {
        let root = path[0].as_str();
        let of_std = ["std", "core"].contains(&root)
            && path.get(1).is_some_and(|part| NOT_IN_DOMAIN_OF_STD.contains(&part.as_str()))
            // Shares what is not changed: a snapshot's cut.
            && path[1..] != ["sync", "Arc"];
        if of_std || NOT_IN_DOMAIN.contains(&root) {
            broken.push(format!("names {}", path.join("::")));
        }
    }
    broken
}

fn lints_of_the_domain(file: &SourceFile) -> Vec<String> {
    let denied = |lint: &str| file.code.contains("#![deny(") && file.code.contains(lint);
    let wanted = ["clippy::disallowed_methods", "clippy::disallowed_types"];
    let missing = wanted.iter().filter(|lint| file.name == "src/domain/mod.rs" && !denied(lint));
    missing.map(|lint| format!("does not deny {lint}")).collect()
}

fn proto_at_the_edge(file: &SourceFile) -> Vec<String> {
    if is_in(file, SEES_PROTO) || !file.name.starts_with("src/") {
        return Vec::new();
    }
    let named = ours(file).filter(|path| path.first().is_some_and(|module| module == "proto"));
    named.map(|path| format!("names crate::{}", path.join("::"))).collect()
}

fn composition_on_top(file: &SourceFile) -> Vec<String> {
    if is_in(file, IS_TOP) || !file.name.starts_with("src/") {
        return Vec::new();
    }
    let named = ours(file).filter(|path| path.first().is_some_and(|module| TOP.contains(&module.as_str())));
    named.map(|path| format!("names crate::{}", path.join("::"))).collect()
}

fn begins_with_its_duty(file: &SourceFile) -> Vec<String> {
    let begins = file.text.starts_with("//! ");
    if begins { Vec::new() } else { vec!["does not begin with //!".to_owned()] }
}

fn table_of_contents(file: &SourceFile) -> Vec<String> {
    // the generated types are included there, so it is no table of contents by nature
    if !file.name.ends_with("/mod.rs") || file.name.starts_with("src/proto/") || !file.name.starts_with("src/") {
        return Vec::new();
    }
    let items = file.code_without_attributes();
    let statements = items.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    statements
        .filter(|statement| !is_listing(statement))
        .map(|statement| format!("holds more than mod and use: {statement:.60}"))
        .collect()
}

/// `mod x` or `use x` with any visibility.
fn is_listing(statement: &str) -> bool {
    let item = match statement.strip_prefix("pub") {
        Some(rest) if rest.trim_start().starts_with('(') => rest.split_once(')').map_or("", |(_, rest)| rest),
        Some(rest) => rest,
        None => statement,
    };
    let item = item.trim_start();
    item.starts_with("use ") || (item.starts_with("mod ") && !item.contains('{'))
}

fn length(file: &SourceFile) -> Vec<String> {
    let lines = file.text.lines().count();
    if lines > LINES_MAX { vec![format!("{lines} lines, at most {LINES_MAX}")] } else { Vec::new() }
}

fn no_unwrap(file: &SourceFile) -> Vec<String> {
    if !file.name.starts_with("src/") || file.name.ends_with("/tests.rs") || file.name.contains("/tests/") {
        return Vec::new();
    }
    let compact: String = file.code.split_whitespace().collect();
    vec!["calls .unwrap()".to_owned(); compact.matches(".unwrap()").count()]
}
