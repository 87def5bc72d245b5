//! A workspace file read again while the daemon serves it: what cannot change meanwhile is a problem with its place, as any other.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::problem::{Origin, Problem};
use super::workspace::parse_workspace;
use crate::domain::workspace::WorkspaceConfig;

/// Reads a workspace file that is to take the place of `running`.
///
/// # Errors
/// All problems of the file, each with its place; those of a file that is right but for what cannot change, too.
pub fn reload_workspace(path: &Path, running: &WorkspaceConfig) -> Result<WorkspaceConfig, Vec<Problem>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| vec![Problem::unplaced(Origin::File(path.to_owned()), format!("cannot be read: {error}"))])?;
    let config = parse_workspace(path, &text)?;
    let problems = fixed(path, &text, &config, running);
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

/// What differs and must not.
fn fixed(path: &Path, text: &str, config: &WorkspaceConfig, running: &WorkspaceConfig) -> Vec<Problem> {
    let Ok(tree) = DeTable::parse(text) else { return Vec::new() };
    let tree = tree.get_ref();
    let at = |span: Option<Range<usize>>, key: String, rule: String| {
        Problem::at(Origin::File(path.to_owned()), text, span.unwrap_or(0..0), key, rule, false)
    };
    let mut problems = Vec::new();
    if config.name != running.name {
        let span = tree.get("name").map(|value| value.span());
        let rule = format!(
            "must stay {:?} while the daemon runs: streams, keys and customers belong to it. A file more is one more workspace",
            running.name.as_str()
        );
        problems.push(at(span, "name".to_owned(), rule));
    }
    for (number, endpoint) in config.endpoints.iter().enumerate() {
        let Some(before) = running.endpoints.iter().find(|before| before.name == endpoint.name) else { continue };
        if before.channel != endpoint.channel {
            let rule = format!(
                "must stay {:?} while the daemon runs: what is to be sent by the endpoint waits for its adapter under that name. Give \
                 the new endpoint another name",
                before.channel.as_str()
            );
            problems.push(at(channel_of(tree, number), format!("endpoint[{number}].channel"), rule));
        }
    }
    problems
}

fn channel_of(tree: &DeTable<'_>, number: usize) -> Option<Range<usize>> {
    let DeValue::Array(endpoints) = tree.get("endpoint")?.get_ref() else { return None };
    let DeValue::Table(endpoint) = endpoints.get(number)?.get_ref() else { return None };
    endpoint.get("channel").map(|value| value.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "name = \"shop\"\n[[queue]]\nname = \"help\"\n[[endpoint]]\nname = \"main\"\nchannel = \"sms\"\nqueue = \"help\"\n";

    fn reload(text: &str) -> Result<WorkspaceConfig, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.toml");
        let running = parse_workspace(&path, SHOP).unwrap();
        std::fs::write(&path, text).unwrap();
        let lines = |problems: Vec<Problem>| {
            let folder = format!("{}/", folder.path().display());
            problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
        };
        reload_workspace(&path, &running).map_err(lines)
    }

    #[test]
    fn what_may_change_is_read() {
        let config = reload(&SHOP.replace("\"help\"", "\"desk\"")).unwrap();
        assert_eq!(config.queues[0].name, "desk");
    }

    #[test]
    fn another_name_and_another_channel_of_an_endpoint_are_problems_with_their_places() {
        let problems = reload(&SHOP.replace("\"shop\"", "\"other\"").replace("\"sms\"", "\"chat\"")).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("shop.toml:1:8: name = \"other\": must stay \"shop\" "), "{problems:?}");
        assert!(
            problems[1].starts_with("shop.toml:6:11: endpoint[0].channel = \"chat\": must stay \"sms\" "),
            "{problems:?}"
        );
    }

    #[test]
    fn a_file_with_mistakes_tells_them_all_with_what_was_meant() {
        let problems = reload(&SHOP.replace("queue = \"help\"", "queue = \"hepl\"\nbrnd = \"x\"")).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains("shop.toml:8:1: endpoint[0].brnd")), "{problems:?}");
        let meant = reload(&SHOP.replace("queue = \"help\"", "queue = \"hepl\"")).unwrap_err();
        assert!(
            meant[0].contains("7:9: endpoint[0].queue") && meant[0].contains("did you mean \"help\"?"),
            "{meant:?}"
        );
    }
}
