//! Makes code and a descriptor set from every file under `proto/`, without protoc; and says by which code records are folded.

use std::error::Error;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rustc-env=SKEIN_FOLD={:016x}", fold_digest()?);
    let mut files = Vec::new();
    collect(Path::new("proto"), "proto", &mut files)?;
    // A stable order: the descriptor set is the same on every machine.
    files.sort();

    let set = protox::compile(&files, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // `compile_fds` ignores `file_descriptor_set_path`. Comments go into the generated documentation only, but for those of the
    // channel contract, of which `skein schema` makes schemas.
    let mut embedded = set.clone();
    for file in &mut embedded.file {
        let documented = file.package() == "skein.channel.v1";
        file.source_code_info = file.source_code_info.take().filter(|_| documented).map(|mut info| {
            info.location.retain(|location| !location.leading_comments().is_empty());
            info
        });
    }
    fs::write(out.join("skein_descriptor.bin"), embedded.encode_to_vec())?;
    // What few Works have is not carried by all of them; a line of an export that is a customer or a Work is much larger than others.
    let build = tonic_prost_build::configure()
        .boxed(".skein.agent.v1.Work.widening")
        .boxed(".skein.agent.v1.ExportLine.item.customer")
        .boxed(".skein.agent.v1.ExportLine.item.opened")
        .codec_path("crate::agents::codec::SmallCodec");
    build.include_file("skein_packages.rs").compile_fds(set)?;
    Ok(())
}

/// A digest of everything that says how records are read and folded: a snapshot is used by builds alone that would have made the same of
/// the log.
fn fold_digest() -> Result<u64, Box<dyn Error>> {
    let mut files = Vec::new();
    for dir in ["src/domain", "src/log/codec"] {
        println!("cargo:rerun-if-changed={dir}");
        collect(Path::new(dir), "rs", &mut files)?;
    }
    files.sort();
    let mut digest = DefaultHasher::new();
    for file in files {
        fs::read(file)?.hash(&mut digest);
    }
    Ok(digest.finish())
}

fn collect(dir: &Path, extension: &str, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, extension, files)?;
        } else if path.extension().is_some_and(|ext| ext == extension) {
            files.push(path);
        }
    }
    Ok(())
}
