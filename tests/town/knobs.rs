//! What kind of town it is, as `town.toml` says.

use std::sync::OnceLock;

use serde::Deserialize;

/// `town.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Knobs {
    pub(crate) groups: [usize; 7],
    pub(crate) household: [usize; 2],
    pub(crate) firm: [usize; 2],
    pub(crate) browser: [usize; 2],
    pub(crate) owners: [usize; 2],
    pub(crate) user_ids: usize,
    pub(crate) new_user_ids: usize,
    pub(crate) corrected: usize,
    pub(crate) parted: usize,
    pub(crate) names_common: usize,
    pub(crate) channels: [usize; 5],
    pub(crate) spoofed: usize,
    pub(crate) forwarded: usize,
    pub(crate) replied_to_all: usize,
    pub(crate) answers_ours: usize,
    pub(crate) goes_on: usize,
    pub(crate) again: usize,
    pub(crate) late: usize,
    pub(crate) history: usize,
    pub(crate) answered: usize,
    pub(crate) closed: usize,
    pub(crate) elsewhere: usize,
    pub(crate) long_after: usize,
    pub(crate) blocked: usize,
    pub(crate) erased: usize,
}

/// Those of this town.
pub(crate) fn knobs() -> &'static Knobs {
    static KNOBS: OnceLock<Knobs> = OnceLock::new();
    KNOBS.get_or_init(|| toml::from_str(include_str!("town.toml")).expect("town.toml"))
}
