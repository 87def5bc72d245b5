//! Names by number: what is held by the million (leaves, closed Works) keeps a name in two bytes.
//!
//! Numbers are given in the order in which records bring names, so every fold gives the same.

use serde::{Deserialize, Serialize};

use hashbrown::HashMap;

use crate::domain::id::Name;

/// Number of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Symbol(u16);

impl Symbol {
    /// The number, for what is packed.
    pub(crate) fn number(self) -> u16 {
        self.0
    }

    /// The name of a number that [`Symbol::number`] gave.
    pub(crate) fn of(number: u16) -> Self {
        Self(number)
    }
}

/// The names of one workspace. The first is the empty one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<Name>", into = "Vec<Name>")]
pub(crate) struct Names {
    by_number: Vec<Name>,
    numbers: HashMap<Name, u16, foldhash::fast::FixedState>,
}

impl From<Vec<Name>> for Names {
    fn from(by_number: Vec<Name>) -> Self {
        let numbers = (0u16..).zip(&by_number).map(|(number, name)| (name.clone(), number)).collect();
        Self { by_number, numbers }
    }
}

impl From<Names> for Vec<Name> {
    fn from(names: Names) -> Self {
        names.by_number
    }
}

impl Names {
    /// Most names a workspace can have: endpoints, queues, brands, scopes, dispositions. Beyond it names are shown as empty.
    const LIMIT: usize = u16::MAX as usize;

    pub(crate) fn new() -> Self {
        let mut names = Self { by_number: Vec::new(), numbers: HashMap::default() };
        names.intern(&Name::default());
        names
    }

    /// Number of a name, given now if it has none.
    pub(crate) fn intern(&mut self, name: &Name) -> Symbol {
        if let Some(&number) = self.numbers.get(name) {
            return Symbol(number);
        }
        match u16::try_from(self.by_number.len()) {
            Ok(number) if usize::from(number) < Self::LIMIT => {
                self.by_number.push(name.clone());
                self.numbers.insert(name.clone(), number);
                Symbol(number)
            }
            _ => Symbol::default(),
        }
    }

    /// Number of a name that has one.
    pub(crate) fn find(&self, name: &str) -> Option<Symbol> {
        self.numbers.get(name).copied().map(Symbol)
    }

    /// The name of a number that `intern` gave.
    pub(crate) fn get(&self, symbol: Symbol) -> &Name {
        &self.by_number[usize::from(symbol.0)]
    }
}
