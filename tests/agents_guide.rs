//! The agents of the guide, exactly as they stand in AGENTS.md, against a real `skein dev` and customers who write by `skein say`.

#[path = "agents_guide/dev.rs"]
mod dev;
#[path = "agents_guide/page.rs"]
mod page;
#[path = "agents_guide/python.rs"]
mod python;

use std::path::{Path, PathBuf};

/// The code block behind `<!-- NAME -->`.
fn text_of(name: &str) -> String {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("AGENTS.md")).expect("the guide");
    let (_, behind) = guide.split_once(&format!("<!-- {name} -->\n```")).expect("it stands in the guide");
    let (block, _) = behind.split_once("\n```").expect("its block ends");
    let (_language, code) = block.split_once('\n').expect("it has lines");
    format!("{code}\n")
}

/// The same, as a file in the folder.
fn from_guide(name: &str, folder: &Path) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text_of(name)).expect("written");
    file
}
