//! The merged configuration as text, with the origin of every value and secrets hidden.

use std::fmt;

use toml::de::{DeTable, DeValue};

use super::document::Sources;
use super::layers::SECRET_KEYS;
use super::problem::Origin;
use super::units::without_userinfo;

/// One key of the merged configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The section, without brackets.
    pub section: String,
    /// The key within the section.
    pub key: String,
    /// The value as TOML; what may be a secret is replaced by `***`.
    pub value: String,
    /// The layer it came from.
    pub origin: Origin,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, self.value)?;
        if self.origin != Origin::Default {
            write!(f, "  # {}", self.origin)?;
        }
        Ok(())
    }
}

pub(super) fn shown(tree: &DeTable<'_>, sources: &Sources) -> Vec<Shown> {
    let mut all = Vec::new();
    for (section, table) in tree {
        let DeValue::Table(table) = table.get_ref() else { continue };
        let section = section.get_ref().to_string();
        for (key, value) in table {
            let key = key.get_ref().to_string();
            let origin = sources.locate(&value.span()).map_or(Origin::Default, |(source, _)| source.origin.clone());
            let secret = SECRET_KEYS.contains(&format!("{section}.{key}").as_str());
            all.push(Shown { value: as_toml(value.get_ref(), secret), section: section.clone(), key, origin });
        }
    }
    all
}

fn as_toml(value: &DeValue<'_>, secret: bool) -> String {
    match value {
        DeValue::String(text) if secret => toml::Value::String(without_userinfo(text)).to_string(),
        DeValue::String(text) => toml::Value::String(text.to_string()).to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(array) => {
            let elements: Vec<String> = array.iter().map(|element| as_toml(element.get_ref(), secret)).collect();
            format!("[{}]", elements.join(", "))
        }
        DeValue::Table(_) => "{ }".to_owned(),
    }
}
