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
