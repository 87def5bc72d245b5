//! Roles: what a token says that its bearer is.

/// One role. Somebody may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A person who answers customers.
    Agent,
    /// A program that does.
    Bot,
    /// Looks after agents and queues: sees every queue, and what it reads is recorded.
    Supervisor,
    /// Reads what was said, of every queue, and changes nothing; what it reads is recorded.
    Quality,
    /// Runs the daemon: `AdminService`.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Agent, Self::Bot, Self::Supervisor, Self::Quality, Self::Admin];

    /// As tokens name it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Bot => "bot",
            Self::Supervisor => "supervisor",
            Self::Quality => "quality",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Some roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// None.
    pub const NONE: Self = Self(0);

    /// These.
    #[must_use]
    pub const fn of(roles: &[Role]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < roles.len() {
            bits |= roles[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Those that are named, of words; others mean nothing here.
    #[must_use]
    pub fn named<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let bit = |word: &str| Role::ALL.into_iter().find(|role| role.label() == word).map_or(0, Role::bit);
        Self(words.into_iter().fold(0, |bits, word| bits | bit(word)))
    }

    /// Whether this is one of them.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether any is one of the others.
    #[must_use]
    pub const fn meets(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As words, for people.
    #[must_use]
    pub fn labels(self) -> String {
        let named: Vec<&str> = Role::ALL.into_iter().filter(|role| self.has(*role)).map(Role::label).collect();
        named.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_no_role_mean_nothing() {
        let roles = Roles::named(["supervisor", "offline_access", "Agent", "bot"]);
        assert_eq!(roles, Roles::of(&[Role::Supervisor, Role::Bot]));
        assert_eq!(roles.labels(), "bot, supervisor");
        assert!(Roles::named(["root"]).is_empty() && !roles.has(Role::Agent));
    }
}
