//! Who this process is.

use std::fmt;

use crate::domain::id::Name;

/// Bytes of a node's name at most: it is a token of subjects.
const NAME_MAX: usize = 64;

/// A node, and which of its processes: a node that starts again is the same node in another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the node.
    pub node: Name,
    /// Random, of this process.
    pub instance: u64,
}

impl Identity {
    /// A process of the node with this name; empty: with the name of its machine.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let node = if name.is_empty() { machine() } else { Name::new(name) };
        Self { node, instance: rand::random() }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:016x}", self.node, self.instance)
    }
}

/// The name of this machine, as far as it can be a token of a subject.
fn machine() -> Name {
    let system = rustix::system::uname();
    token_of(&system.nodename().to_string_lossy())
}

fn token_of(name: &str) -> Name {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let token: String = name.chars().map(plain).take(NAME_MAX).collect();
    if token.is_empty() { Name::new("node") } else { Name::new(token) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_machine_has_a_name_that_a_subject_can_hold() {
        for (machine, token) in
            [("north-1", "north-1"), ("a.example.org", "a-example-org"), ("", "node"), ("ü*>", "---")]
        {
            assert_eq!(token_of(machine), token);
        }
        assert_eq!(token_of(&"x".repeat(300)).len(), NAME_MAX);
    }

    #[test]
    fn two_processes_of_a_node_are_told_apart() {
        assert_ne!(Identity::new("north"), Identity::new("north"));
    }
}
