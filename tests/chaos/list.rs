//! The tests of this program as `cargo test` and `cargo nextest` list and run them: it has no harness of theirs, because it also is what its
//! own children are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::{proof, short};

type Test = fn();

const TESTS: [(&str, Test); 3] = [
    // First: the program may begin anew for it, where it may mount.
    ("under_every_kind_of_fault_nothing_is_lost_doubled_stale_out_of_order_stuck_or_requeued", short::run),
    ("the_proof_fails_where_anything_is_wrong", proof::fails_where_anything_is_wrong),
    ("percentiles_are_of_those_that_are_there", proof::tells_percentiles),
];

/// Flags that a value follows.
const VALUED: [&str; 5] = ["--format", "--test-threads", "--color", "--logfile", "-Z"];

/// What was asked for.
#[derive(Debug, Default)]
struct Asked {
    list: bool,
    ignored: bool,
    exact: bool,
    names: Vec<String>,
    skipped: Vec<String>,
}

impl Asked {
    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut asked = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => asked.list = true,
                "--ignored" => asked.ignored = true,
                "--exact" => asked.exact = true,
                "--skip" => asked.skipped.extend(arguments.next()),
                flag if VALUED.contains(&flag) => drop(arguments.next()),
                flag if flag.starts_with('-') => {}
                name => asked.names.push(name.to_owned()),
            }
        }
        asked
    }

    fn wants(&self, test: &str) -> bool {
        let is = |name: &String| if self.exact { test == name } else { test.contains(name.as_str()) };
        !self.ignored && (self.names.is_empty() || self.names.iter().any(is)) && !self.skipped.iter().any(is)
    }
}

/// Lists the tests, or runs those that are asked for.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let asked = Asked::read(arguments);
    let wanted = TESTS.iter().filter(|(name, _)| asked.wants(name));
    if asked.list {
        wanted.for_each(|(name, _)| println!("{name}: test"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut failed = 0;
    for (name, test) in wanted {
        let passed = catch_unwind(AssertUnwindSafe(test)).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += u32::from(!passed);
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
