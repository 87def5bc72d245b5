//! What a rule's `if` computes: an expression over the inputs, checked when it was read, so that every type fits.
//!
//! Its cost is bounded by its size: there are no loops and no calls but those below. An expression that meets what is not there (a
//! fact that is not known, a text that is no number, a number too large) has no value, and a rule whose `if` has none does not fit. As in
//! CEL, `false && x` and `true || x` have one whatever `x` is, on either side.

use serde::{Deserialize, Serialize};

use super::{Hours, Situation};
use crate::domain::id::Name;

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expression {
    /// A truth value.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
    /// An input.
    Input(Input),
    /// The value of a fact, a text.
    Fact(Name),
    /// Whether a fact is known.
    Knows(Name),
    /// The other truth value.
    Not(Box<Self>),
    /// The number below zero.
    Negative(Box<Self>),
    /// Two values and what is made of them.
    Binary(Operator, Box<(Self, Self)>),
    /// The second if the first holds, else the third.
    Choice(Box<(Self, Self, Self)>),
    /// Whether a text or number is in a list.
    In(Box<Self>, List),
    /// How many a list has.
    Count(List),
    /// Characters of a text.
    Length(Box<Self>),
    /// The number that a text says.
    Number(Box<Self>),
    /// A text asked for a part of it.
    Call(Function, Box<(Self, Self)>),
}

/// Inputs that are one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// Channel, a text.
    Channel,
    /// Endpoint, a text.
    Endpoint,
    /// Brand, a text.
    Brand,
    /// Scope, a text.
    Scope,
    /// Kind of the message, a text.
    Kind,
    /// Language, a text; empty: not known.
    Language,
    /// Assurance of the message, a text.
    Assurance,
    /// Characters of the message, a number.
    Length,
    /// Whether the customer had a matter that ended within the continuation window, a truth value.
    Returning,
    /// Whether the queue that the endpoint leads to is open, a text: `open` or `closed`.
    Hours,
    /// What the customer went through, seconds, a number.
    Effort,
}

/// Lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum List {
    /// Keywords that the message has, of those that rules name.
    Keywords,
    /// Media types of what is attached.
    Attachments,
    /// One that is written out, of texts or of numbers.
    Of(Vec<Expression>),
}

/// What is made of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are what they are in arithmetic and logic")]
pub enum Operator {
    And,
    Or,
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Plus,
    Minus,
    Times,
    Over,
    Rest,
}

/// What a text is asked for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Function {
    /// Whether it is in it.
    Contains,
    /// Whether it begins with it.
    StartsWith,
    /// Whether it ends with it.
    EndsWith,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Value<'a> {
    Bool(bool),
    Int(i64),
    Text(&'a str),
}

impl Value<'_> {
    fn holds(self) -> Option<bool> {
        if let Self::Bool(holds) = self { Some(holds) } else { None }
    }

    fn number(self) -> Option<i64> {
        if let Self::Int(number) = self { Some(number) } else { None }
    }
}

impl<'a> Value<'a> {
    fn text(self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl Expression {
    /// Whether it holds; without a value it does not.
    #[must_use]
    pub fn holds(&self, of: &Situation<'_>) -> bool {
        self.value(of).and_then(Value::holds).unwrap_or(false)
    }

    /// Facts that it reads.
    pub(crate) fn facts(&self, found: &mut Vec<Name>) {
        match self {
            Self::Fact(name) | Self::Knows(name) => found.push(name.clone()),
            Self::Not(one) | Self::Negative(one) | Self::Length(one) | Self::Number(one) => one.facts(found),
            Self::Binary(_, two) | Self::Call(_, two) => {
                two.0.facts(found);
                two.1.facts(found);
            }
            Self::Choice(three) => {
                three.0.facts(found);
                three.1.facts(found);
                three.2.facts(found);
            }
            Self::In(one, list) => {
                one.facts(found);
                list.facts(found);
            }
            Self::Count(list) => list.facts(found),
            Self::Bool(_) | Self::Int(_) | Self::Text(_) | Self::Input(_) => {}
        }
    }

    fn value<'a>(&'a self, of: &Situation<'a>) -> Option<Value<'a>> {
        Some(match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Text(text) => Value::Text(text),
            Self::Input(input) => input.value(of),
            Self::Fact(name) => Value::Text(of.fact(name)?),
            Self::Knows(name) => Value::Bool(of.fact(name).is_some()),
            Self::Not(one) => Value::Bool(!one.value(of)?.holds()?),
            Self::Negative(one) => Value::Int(one.value(of)?.number()?.checked_neg()?),
            Self::Binary(operator, two) => operator.apply(&two.0, &two.1, of)?,
            Self::Choice(three) => {
                let chosen = if three.0.value(of)?.holds()? { &three.1 } else { &three.2 };
                chosen.value(of)?
            }
            Self::In(one, list) => Value::Bool(list.has(one.value(of)?, of)?),
            Self::Count(list) => Value::Int(i64::try_from(list.count(of)).ok()?),
            Self::Length(one) => Value::Int(i64::try_from(one.value(of)?.text()?.chars().count()).ok()?),
            Self::Number(one) => Value::Int(one.value(of)?.text()?.trim().parse().ok()?),
            Self::Call(function, two) => {
                let (text, part) = (two.0.value(of)?.text()?, two.1.value(of)?.text()?);
                Value::Bool(match function {
                    Function::Contains => text.contains(part),
                    Function::StartsWith => text.starts_with(part),
                    Function::EndsWith => text.ends_with(part),
                })
            }
        })
    }
}

impl Input {
    fn value<'a>(self, of: &Situation<'a>) -> Value<'a> {
        match self {
            Self::Channel => Value::Text(of.channel),
            Self::Endpoint => Value::Text(of.endpoint),
            Self::Brand => Value::Text(of.brand),
            Self::Scope => Value::Text(of.inputs.scope.word()),
            Self::Kind => Value::Text(of.inputs.kind.word()),
            Self::Language => Value::Text(&of.inputs.language),
            Self::Assurance => Value::Text(of.inputs.assurance.word()),
            Self::Length => Value::Int(i64::from(of.inputs.length)),
            Self::Returning => Value::Bool(of.inputs.returning),
            Self::Hours => Value::Text(Hours::of(of.inputs.closed).word()),
            Self::Effort => Value::Int(i64::from(of.inputs.effort)),
        }
    }
}

impl List {
    fn facts(&self, found: &mut Vec<Name>) {
        if let Self::Of(items) = self {
            items.iter().for_each(|item| item.facts(found));
        }
    }

    fn has(&self, wanted: Value<'_>, of: &Situation<'_>) -> Option<bool> {
        Some(match self {
            Self::Keywords => of.inputs.keywords.iter().any(|known| Value::Text(known) == wanted),
            Self::Attachments => of.inputs.attachments.iter().any(|known| Value::Text(known) == wanted),
            Self::Of(items) => {
                let mut unknown = false;
                for item in items {
                    match item.value(of) {
                        Some(value) if value == wanted => return Some(true),
                        Some(_) => {}
                        None => unknown = true,
                    }
                }
                return (!unknown).then_some(false);
            }
        })
    }

    fn count(&self, of: &Situation<'_>) -> usize {
        match self {
            Self::Keywords => of.inputs.keywords.len(),
            Self::Attachments => of.inputs.attachments.len(),
            Self::Of(items) => items.len(),
        }
    }
}

impl Operator {
    fn apply<'a>(self, one: &'a Expression, other: &'a Expression, of: &Situation<'a>) -> Option<Value<'a>> {
        let decided = match self {
            Self::And => Some(false),
            Self::Or => Some(true),
            _ => None,
        };
        if let Some(decided) = decided {
            let first = one.value(of).and_then(Value::holds);
            if first == Some(decided) {
                return Some(Value::Bool(decided));
            }
            let second = other.value(of).and_then(Value::holds);
            return match (first, second) {
                (_, Some(second)) if second == decided => Some(Value::Bool(decided)),
                (Some(_), Some(_)) => Some(Value::Bool(!decided)),
                _ => None,
            };
        }
        let (one, other) = (one.value(of)?, other.value(of)?);
        let number = || Some((one.number()?, other.number()?));
        Some(match self {
            Self::Equal => Value::Bool(one == other),
            Self::Unequal => Value::Bool(one != other),
            Self::Less => Value::Bool(one < other),
            Self::AtMost => Value::Bool(one <= other),
            Self::More => Value::Bool(one > other),
            Self::AtLeast => Value::Bool(one >= other),
            Self::Plus => number().and_then(|(one, other)| one.checked_add(other)).map(Value::Int)?,
            Self::Minus => number().and_then(|(one, other)| one.checked_sub(other)).map(Value::Int)?,
            Self::Times => number().and_then(|(one, other)| one.checked_mul(other)).map(Value::Int)?,
            Self::Over => number().and_then(|(one, other)| one.checked_div(other)).map(Value::Int)?,
            Self::Rest => number().and_then(|(one, other)| one.checked_rem(other)).map(Value::Int)?,
            Self::And | Self::Or => return None,
        })
    }
}
