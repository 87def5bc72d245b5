//! Tests only: whatever text of a test is read as a workspace, an editor has nothing to say about it.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use super::{file, workspace_schema};
use crate::config::problem::Problem;
use crate::domain::workspace::WorkspaceConfig;

static EDITOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&workspace_schema()).expect("it is a schema"));

/// Reads a text, and fails where the schema refuses what is read.
pub(super) fn parse_workspace(path: &Path, text: &str) -> Result<WorkspaceConfig, Vec<Problem>> {
    let config = file::parse_workspace(path, text)?;
    let seen: Value = toml::from_str(text).expect("it was read");
    let complaints: Vec<String> =
        EDITOR.iter_errors(&seen).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(complaints.is_empty(), "an editor refuses what skein takes: {complaints:#?}");
    Ok(config)
}
