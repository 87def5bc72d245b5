//! The layers: built-in default, file, environment, flags; merged, read and checked.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Source, Sources, get, merge, path_of, set};
use super::problem::{Origin, Problem};
use super::read::read;
use super::rules;
use super::schema::Config;
use super::show::{Shown, shown};
use super::workspace::load_workspace;
use crate::domain::nearest;
use crate::domain::workspace::WorkspaceConfig;

/// The manual: every key with its default.
pub(super) const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

/// Starts the names of the environment variables that are ours.
const ENVIRONMENT_PREFIX: &str = "SKEIN__";

/// Keys whose values are never shown: they may hold a password.
pub(super) const SECRET_KEYS: [&str; 1] = ["nats.url"];

/// What lies over the built-in default.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The operator's file.
    pub file: Option<PathBuf>,
    /// `(name, value)` of environment variables; those not ours are skipped.
    pub environment: Vec<(String, String)>,
    /// `(dotted key, value)` of flags, with the flag's name as typed.
    pub flags: Vec<(String, String)>,
}

impl Overrides {
    /// With the variables of this process.
    #[must_use]
    pub fn from_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX))
            .collect();
        Self { file, environment, flags }
    }
}

/// A checked configuration and where each of its values came from.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// Every key with its value as written and its origin, secrets hidden: what `skein config` prints.
    pub shown: Vec<Shown>,
}

/// Loads and checks.
///
/// # Errors
/// All problems of all layers at once. An unreadable file is one problem.
pub fn load(overrides: &Overrides) -> Result<Loaded, Vec<Problem>> {
    let (sources, problems) = sources(overrides);
    match resolve(&sources, problems) {
        (Some(config), shown, problems) if problems.is_empty() => Ok(Loaded { config, shown }),
        (_, _, problems) => Err(problems),
    }
}

fn sources(overrides: &Overrides) -> (Sources, Vec<Problem>) {
    let mut sources = Sources::default();
    sources.push(Origin::Default, DEFAULT_TOML.to_owned());
    let mut problems = Vec::new();
    if let Some(path) = &overrides.file {
        match std::fs::read_to_string(path) {
            Ok(text) => sources.push(Origin::File(path.clone()), text),
            Err(error) => {
                problems.push(Problem::unplaced(Origin::File(path.clone()), format!("cannot be read: {error}")))
            }
        }
    }
    for (name, value) in &overrides.environment {
        if name.starts_with(ENVIRONMENT_PREFIX) {
            sources.push(Origin::Environment(name.clone()), format!("{name}={value}"));
        }
    }
    for (key, value) in &overrides.flags {
        sources.push(Origin::Flag(format!("--set {key}")), format!("{key}={value}"));
    }
    (sources, problems)
}

/// Loads and checks, and reads the workspace files that the configuration names.
///
/// # Errors
/// All problems of all layers and all workspace files at once: those of the files also when the configuration has some.
pub fn load_with_workspaces(overrides: &Overrides) -> Result<(Config, Vec<WorkspaceConfig>), Vec<Problem>> {
    let (sources, problems) = sources(overrides);
    let (config, _, mut problems) = resolve(&sources, problems);
    let mut workspaces = Vec::new();
    for path in config.iter().flat_map(|config| &config.workspaces.files) {
        match load_workspace(path) {
            Ok(workspace) => workspaces.push(workspace),
            Err(more) => problems.extend(more),
        }
    }
    match config {
        Some(config) if problems.is_empty() => Ok((config, workspaces)),
        _ => Err(problems),
    }
}

/// The best that can be made of the sources, where a value with a problem is a stand-in; what results is shown without those.
fn resolve(sources: &Sources, mut problems: Vec<Problem>) -> (Option<Config>, Vec<Shown>, Vec<Problem>) {
    let mut merged: Option<(Spanned<DeTable<'_>>, DeTable<'_>)> = None;
    for source in sources.iter() {
        match &mut merged {
            None => match source.parse() {
                Ok(tree) => merged = Some((tree.clone(), tree.into_inner())),
                Err(mut found) => problems.append(&mut found),
            },
            Some((tree, defaults)) => {
                if let Err(mut found) = lay(tree.get_mut(), defaults, source) {
                    problems.append(&mut found);
                }
            }
        }
    }
    let Some((tree, defaults)) = merged else { return (None, Vec::new(), problems) };
    let (mut config, mut found) = read::<Config>(tree.clone(), sources, Some(&defaults), &SECRET_KEYS);
    problems.append(&mut found);
    if let Some(config) = &mut config {
        problems.extend(broken_rules(config, tree.get_ref(), sources, &problems));
        resolve_paths(config, tree.get_ref(), sources);
    }
    (config, shown(tree.get_ref(), sources), problems)
}

/// Lays one source over the tree.
fn lay<'s>(tree: &mut DeTable<'s>, defaults: &DeTable<'s>, source: &'s Source) -> Result<(), Vec<Problem>> {
    let name = match &source.origin {
        Origin::Default | Origin::File(_) => {
            merge(tree, source.parse()?.into_inner());
            return Ok(());
        }
        Origin::Environment(name) => name.clone(),
        Origin::Flag(_) => source.text.split('=').next().unwrap_or_default().to_owned(),
    };
    let key = match &source.origin {
        Origin::Environment(_) => name[ENVIRONMENT_PREFIX.len()..].to_lowercase().replace("__", "."),
        _ => name.clone(),
    };
    let path = path_of(&key);
    let Some(default) = get(defaults, &path).filter(|value| !value.get_ref().is_table()) else {
        return Err(vec![unknown_setting(source, &name, key, defaults)]);
    };
    let value = source
        .parse_value(name.len() + 1, default.get_ref().is_str())
        .map_err(|problems| problems.into_iter().map(|problem| problem.named(key.clone())).collect::<Vec<_>>())?;
    set(tree, &path, Some(value));
    Ok(())
}

fn unknown_setting(source: &Source, name: &str, key: String, defaults: &DeTable<'_>) -> Problem {
    let known = leaves(defaults);
    let meant = nearest(&key, known.iter().map(String::as_str)).map(|meant| format!("did you mean `{meant}`?"));
    let rule = "is no known key".to_owned();
    // the value is not shown: a mistyped name may carry a secret
    let mut problem = Problem::at(source.origin.clone(), &source.text, 0..name.len(), key, rule, true);
    problem.position = None;
    problem.with_hint(meant)
}

/// The dotted names of all keys.
pub(super) fn leaves(table: &DeTable<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for (section, value) in table {
        match value.get_ref() {
            DeValue::Table(table) => {
                names.extend(leaves(table).into_iter().map(|key| format!("{}.{key}", section.get_ref())))
            }
            _ => names.push(section.get_ref().to_string()),
        }
    }
    names
}

/// Rules between values, each at the value it names. A key that already has a problem is left out: its value is a stand-in.
fn broken_rules(config: &Config, tree: &DeTable<'_>, sources: &Sources, known: &[Problem]) -> Vec<Problem> {
    let fresh = |key: &str| known.iter().all(|problem| problem.key != key);
    let broken = rules::check(config).0.into_iter().filter(|(key, _)| fresh(key));
    broken
        .filter_map(|(key, rule)| {
            let span = get(tree, &path_of(key))?.span();
            let (source, span) = sources.locate(&span)?;
            let secret = SECRET_KEYS.contains(&key);
            Some(Problem::at(source.origin.clone(), &source.text, span, key.to_owned(), rule, secret))
        })
        .collect()
}

/// Relative paths in a file start at the folder of that file; those of variables and flags at the working directory.
fn resolve_paths(config: &mut Config, tree: &DeTable<'_>, sources: &Sources) {
    let base_of = |key: &str| -> PathBuf {
        let origin =
            get(tree, &path_of(key)).and_then(|value| sources.locate(&value.span())).map(|(source, _)| &source.origin);
        match origin {
            Some(Origin::File(path)) => path.parent().unwrap_or(Path::new("")).to_owned(),
            _ => PathBuf::new(),
        }
    };
    for (key, path) in [
        ("nats.credentials_file", &mut config.nats.credentials_file),
        ("nats.tls_ca_file", &mut config.nats.tls_ca_file),
        ("keys.folder", &mut config.keys.folder),
        ("snapshots.folder", &mut config.snapshots.folder),
        ("grpc.tls_certificate_file", &mut config.grpc.tls_certificate_file),
        ("grpc.tls_key_file", &mut config.grpc.tls_key_file),
        ("grpc.tls_client_ca_file", &mut config.grpc.tls_client_ca_file),
        ("tokens.keys_file", &mut config.tokens.keys_file),
    ] {
        if let Some(path) = path {
            *path = base_of(key).join(&*path);
        }
    }
    let base = base_of("workspaces.files");
    for path in &mut config.workspaces.files {
        *path = base.join(&*path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> (tempfile::TempDir, Overrides) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("skein.toml");
        std::fs::write(&path, text).unwrap();
        (folder, Overrides { file: Some(path), ..Overrides::default() })
    }

    fn problems(overrides: &Overrides) -> Vec<String> {
        let problems = load(overrides).map(|loaded| loaded.shown).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    }

    fn environment(name: &str, value: &str) -> Overrides {
        Overrides { environment: vec![(name.to_owned(), value.to_owned())], ..Overrides::default() }
    }

    #[test]
    fn the_built_in_default_alone_is_a_valid_configuration() {
        let loaded = load(&Overrides::default()).unwrap();
        assert_eq!(loaded.config.log.batch_bytes.0, 900 << 10);
        assert!(loaded.shown.iter().all(|shown| shown.origin == Origin::Default));
    }

    #[test]
    fn every_key_of_the_default_has_a_comment_above_it() {
        let lines: Vec<&str> = DEFAULT_TOML.lines().collect();
        for pair in lines.windows(2) {
            let is_entry = pair[1].contains(" = ") || pair[1].starts_with('[');
            assert!(!is_entry || pair[1].starts_with('#') || pair[0].starts_with("# "), "{:?} has no comment", pair[1]);
        }
    }

    #[test]
    fn every_key_of_the_default_is_one_the_daemon_knows_and_no_key_is_optional() {
        let sources = {
            let mut sources = Sources::default();
            sources.push(Origin::Default, DEFAULT_TOML.to_owned());
            sources
        };
        let tree = sources.iter().next().unwrap().parse().unwrap();
        for key in leaves(tree.get_ref()) {
            let mut without = tree.clone();
            set(without.get_mut(), &path_of(&key), None);
            let (_, problems) = read::<Config>(without, &sources, None, &[]);
            assert!(problems.iter().any(|problem| problem.key == key), "{key} can be left out: {problems:?}");
        }
    }

    #[test]
    fn a_later_layer_wins_and_is_named() {
        let (_folder, mut overrides) = with_file("[log]\nreplicas = 1\nbatch_max = 500\n[shard]\nname = \"a\"\n");
        overrides.environment = vec![
            ("SKEIN__LOG__BATCH_MAX".to_owned(), "600".to_owned()),
            ("SKEIN__SHARD__NAME".to_owned(), "12".to_owned()),
            ("SKEIN_NATS_SERVER".to_owned(), "/bin/true".to_owned()),
        ];
        overrides.flags = vec![("log.batch_max".to_owned(), "700".to_owned())];
        let loaded = load(&overrides).unwrap();
        let log = &loaded.config.log;
        assert_eq!((log.replicas, log.batch_max, loaded.config.shard.name.as_str()), (1, 700, "12"));
        let origin = |key: &str| loaded.shown.iter().find(|shown| shown.key == key).unwrap().origin.to_string();
        assert_eq!(origin("batch_max"), "flag --set log.batch_max");
        assert_eq!(origin("name"), "environment variable SKEIN__SHARD__NAME");
    }

    #[test]
    fn all_problems_of_all_layers_come_at_once_with_place_key_value_and_rule() {
        let (_folder, mut overrides) = with_file(
            "[log]\nreplicas = 4\nbatch_mx = 10\nack_timeout_min = \"1\"\n\n[grpc]\nlisten = \"here\"\n[colour]\n",
        );
        overrides.environment = vec![("SKEIN__LOG__BATCH_MAX".to_owned(), "many".to_owned())];
        overrides.flags = vec![("shard.nam".to_owned(), "x".to_owned())];
        let problems = problems(&overrides);
        for part in [
            ".toml:2:12: log.replicas = 4: must be 1, 3 or 5",
            ".toml:3:1: log.batch_mx: is no known key (did you mean `batch_max`?)",
            ".toml:4:19: log.ack_timeout_min = \"1\": no unit",
            ".toml:7:10: grpc.listen = \"here\": invalid socket address",
            ": colour: is no known key",
            "environment variable SKEIN__LOG__BATCH_MAX:1:23: log.batch_max = many: is no valid TOML",
            "flag --set shard.nam: shard.nam: is no known key (did you mean `shard.name`?)",
        ] {
            assert!(problems.iter().any(|problem| problem.contains(part)), "{part:?} is missing in {problems:#?}");
        }
        assert_eq!(problems.len(), 7, "{problems:#?}");
    }

    #[test]
    fn rules_between_values_name_the_value_that_breaks_them() {
        let problems =
            problems(&with_file("[log]\nack_timeout_max = \"500ms\"\n[grpc]\nkeepalive_timeout = \"2m\"\n").1);
        assert_eq!(problems.len(), 2, "{problems:#?}");
        assert!(
            problems[0].contains("2:19: log.ack_timeout_max = \"500ms\": must not be shorter than log.ack_timeout_min")
        );
    }

    #[test]
    fn a_password_in_the_url_is_shown_neither_in_the_values_nor_in_problems() {
        let loaded = load(&environment("SKEIN__NATS__URL", "nats://ops:hush@bus:4222")).unwrap();
        assert!(loaded.shown.iter().any(|shown| shown.value.contains("nats://***@bus:4222")));
        assert!(!format!("{loaded:?}").contains("hush"));
        let problems = load(&environment("SKEIN__NATS__URL", "nats://hush me")).unwrap_err();
        assert!(!format!("{problems:?}{}", super::super::problem::render(&problems, false)).contains("hush"));
    }

    #[test]
    fn relative_paths_of_a_file_start_at_its_folder() {
        let (_folder, overrides) = with_file("[workspaces]\nfiles = [\"shop.toml\", \"/etc/skein/b.toml\"]\n");
        let folder = overrides.file.clone().unwrap().parent().unwrap().to_owned();
        let loaded = load(&overrides).unwrap();
        assert_eq!(loaded.config.workspaces.files, [folder.join("shop.toml"), PathBuf::from("/etc/skein/b.toml")]);
    }

    #[test]
    fn a_section_of_the_wrong_type_and_a_missing_file_are_problems() {
        assert!(problems(&with_file("log = 5\n").1)[0].contains("log = 5: invalid type"));
        let missing = Overrides { file: Some("/nonexistent/skein.toml".into()), ..Overrides::default() };
        assert!(problems(&missing)[0].contains("cannot be read"));
    }
}
