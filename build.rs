//! Makes code and a descriptor set from every file under `proto/`, without protoc.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut files = Vec::new();
    collect(Path::new("proto"), &mut files)?;
    // A stable order: the descriptor set is the same on every machine.
    files.sort();

    let set = protox::compile(&files, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // `compile_fds` ignores `file_descriptor_set_path`. The comments go into the generated documentation only.
    let mut embedded = set.clone();
    for file in &mut embedded.file {
        file.source_code_info = None;
    }
    fs::write(out.join("skein_descriptor.bin"), embedded.encode_to_vec())?;
    tonic_prost_build::configure().include_file("skein_packages.rs").compile_fds(set)?;
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
