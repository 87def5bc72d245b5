//! The `if` of a rule: CEL, read, type-checked and bounded, and turned into the core's expression.
//!
//! What is understood: the inputs by name, `facts.NAME`, `facts["NAME"]`, `has(facts.NAME)`; `&& || ! == != < <= > >= + - * / %`,
//! `c ? a : b`, `in` a list; `size()`, `int()`, `contains()`, `startsWith()`, `endsWith()`. There are no macros over lists, no regular
//! expressions and no maps: what a rule may cost is known from its length.

use std::ops::Range;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo};
use cel::parser::Parser;

use crate::domain::id::Name;
use crate::domain::nearest;
use crate::domain::rules::{Expression, Function, Input, List, Operator};

/// Longest `if`, bytes: a screen's line or four. What is longer is several rules.
const MAX_BYTES: usize = 1_024;
/// Deepest nesting: as JSON, which is read to 128 levels, each takes three.
const MAX_DEPTH: usize = 32;
/// Deepest nesting that the parser follows: brackets count several times there.
const PARSER_DEPTH: u16 = 250;
/// Stack of the parser: it uses some 15 KiB for each bracket, of which the longest text has a thousand.
const STACK_BYTES: usize = 64 << 20;
/// Parts of an expression at most: with it a rule costs microseconds at worst.
const MAX_PARTS: usize = 256;

/// What is wrong with an expression, and where: bytes of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: Range<usize>,
    pub(super) rule: String,
    pub(super) hint: Option<String>,
}

/// Types of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Text,
}

impl Type {
    fn word(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a number",
            Self::Text => "a text",
        }
    }
}

const INPUTS: [(&str, Input, Type); 11] = [
    ("channel", Input::Channel, Type::Text),
    ("endpoint", Input::Endpoint, Type::Text),
    ("brand", Input::Brand, Type::Text),
    ("scope", Input::Scope, Type::Text),
    ("kind", Input::Kind, Type::Text),
    ("language", Input::Language, Type::Text),
    ("assurance", Input::Assurance, Type::Text),
    ("length", Input::Length, Type::Int),
    ("returning", Input::Returning, Type::Bool),
    ("hours", Input::Hours, Type::Text),
    ("effort", Input::Effort, Type::Int),
];

const OPERATORS: [(&str, Operator); 13] = [
    ("_&&_", Operator::And),
    ("_||_", Operator::Or),
    ("_==_", Operator::Equal),
    ("_!=_", Operator::Unequal),
    ("_<_", Operator::Less),
    ("_<=_", Operator::AtMost),
    ("_>_", Operator::More),
    ("_>=_", Operator::AtLeast),
    ("_+_", Operator::Plus),
    ("_-_", Operator::Minus),
    ("_*_", Operator::Times),
    ("_/_", Operator::Over),
    ("_%_", Operator::Rest),
];

const FUNCTIONS: [(&str, Function); 3] =
    [("contains", Function::Contains), ("startsWith", Function::StartsWith), ("endsWith", Function::EndsWith)];

/// Reads an expression that must come out true or false.
pub(super) fn condition(text: &str) -> Result<Expression, Wrong> {
    let whole = 0..text.len();
    if text.len() > MAX_BYTES {
        let rule = format!("is longer than {MAX_BYTES} bytes: make it several rules");
        return Err(Wrong { at: whole, rule, hint: None });
    }
    // The parser goes as deep as the text does, and would end the process where its stack does.
    let read = std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || read(text));
        reader.ok()?.join().ok()
    });
    read.unwrap_or_else(|| Err(Wrong { at: whole, rule: "cannot be read".to_owned(), hint: None }))
}

fn read(text: &str) -> Result<Expression, Wrong> {
    let parser = Parser::new().max_recursion_depth(PARSER_DEPTH);
    let (parsed, places) = parser.parse_with_source_info(text).map_err(|errors| {
        let first = errors.errors.into_iter().next();
        let (at, said) = first.map_or((0..text.len(), String::new()), |error| (place(text, error.pos), error.msg));
        Wrong { at, rule: format!("is no CEL expression: {said}"), hint: None }
    })?;
    let mut reader = Reader { text, places: &places, left: MAX_PARTS, depth: 0 };
    reader.expect(&parsed, Type::Bool)
}

/// Bytes at a line and column, both from 1.
fn place(text: &str, (line, column): (isize, isize)) -> Range<usize> {
    let before = text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0)).map(str::len).sum::<usize>();
    let from = (before + usize::try_from(column - 1).unwrap_or(0)).min(text.len());
    let from = (0..=from).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    from..text[from..].chars().next().map_or(from, |c| from + c.len_utf8())
}

struct Reader<'t> {
    text: &'t str,
    places: &'t SourceInfo,
    left: usize,
    depth: usize,
}

impl Reader<'_> {
    fn wrong<T>(&self, of: &IdedExpr, rule: impl Into<String>, hint: Option<String>) -> Result<T, Wrong> {
        let at = |bytes: u32| {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(self.text.len());
            (bytes..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(self.text.len())
        };
        let (_, to) = self.places.offset_for(of.id).unwrap_or_default();
        // Of a name behind a dot the parser tells the place of the dot.
        let name = if let Expr::Select(select) = &of.expr { u32::try_from(select.field.len()).unwrap_or(0) } else { 0 };
        let (from, to) = (at(self.begin(of)), at(to.saturating_add(1).saturating_add(name)));
        Err(Wrong { at: from..to.max(from), rule: rule.into(), hint })
    }

    /// Where an expression begins: what stands before a dot or bracket belongs to it.
    fn begin(&self, of: &IdedExpr) -> u32 {
        let own = self.places.offset_for(of.id).map_or(u32::MAX, |(from, _)| from);
        let before = match &of.expr {
            Expr::Select(select) => Some(&*select.operand),
            Expr::Call(call) => call.target.as_deref().or(call.args.first()),
            _ => None,
        };
        before.map_or(own, |before| own.min(self.begin(before)))
    }

    fn expect(&mut self, of: &IdedExpr, wanted: Type) -> Result<Expression, Wrong> {
        let (expression, is) = self.read(of)?;
        if is == wanted {
            return Ok(expression);
        }
        let hint = (wanted == Type::Int && is == Type::Text).then(|| "int(...) reads a number from a text".to_owned());
        self.wrong(of, format!("must be {}, and is {}", wanted.word(), is.word()), hint)
    }

    fn read(&mut self, of: &IdedExpr) -> Result<(Expression, Type), Wrong> {
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return self.wrong(of, format!("has more than {MAX_PARTS} parts: make it several rules"), None),
        };
        if self.depth == MAX_DEPTH {
            return self.wrong(of, format!("is nested deeper than {MAX_DEPTH} levels: make it several rules"), None);
        }
        self.depth += 1;
        let read = self.read_here(of);
        self.depth -= 1;
        read
    }

    fn read_here(&mut self, of: &IdedExpr) -> Result<(Expression, Type), Wrong> {
        match &of.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => Ok((Expression::Bool(*value.inner()), Type::Bool)),
            Expr::Literal(LiteralValue::Int(value)) => Ok((Expression::Int(*value.inner()), Type::Int)),
            Expr::Literal(LiteralValue::String(text)) => Ok((Expression::Text(text.inner().to_owned()), Type::Text)),
            Expr::Literal(_) => self.wrong(of, "must be a text, a whole number, true or false", None),
            Expr::Ident(name) => self.input(of, name),
            Expr::Select(select) => self.fact(of, select),
            Expr::Call(call) => self.call(of, call),
            Expr::List(_) => self.wrong(of, "is a list, which can only stand behind `in` or within size()", None),
            Expr::Comprehension(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.wrong(of, "is not possible in a rule", None)
            }
        }
    }

    fn input(&self, of: &IdedExpr, name: &str) -> Result<(Expression, Type), Wrong> {
        if let Some((_, input, is)) = INPUTS.iter().find(|(known, ..)| *known == name) {
            return Ok((Expression::Input(*input), *is));
        }
        match name {
            "facts" => self.wrong(of, "is all facts: name one, as in facts.tier", None),
            "keywords" | "attachments" => {
                self.wrong(of, "is a list, which can only stand behind `in` or within size()", None)
            }
            _ => {
                let known = INPUTS.iter().map(|(name, ..)| *name).chain(["facts", "keywords", "attachments"]);
                let hint = nearest(name, known).map(|near| format!("did you mean {near:?}?"));
                self.wrong(of, format!("{name:?} is no input of rules"), hint)
            }
        }
    }

    fn fact(&self, of: &IdedExpr, select: &SelectExpr) -> Result<(Expression, Type), Wrong> {
        if !is_named(&select.operand, "facts") {
            return self.wrong(of, "is not possible in a rule: only facts have names behind a dot", None);
        }
        let name = Name::new(&select.field);
        Ok(if select.test { (Expression::Knows(name), Type::Bool) } else { (Expression::Fact(name), Type::Text) })
    }

    fn call(&mut self, of: &IdedExpr, call: &CallExpr) -> Result<(Expression, Type), Wrong> {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref(), call.args.as_slice()) {
            ("!_", None, [one]) => Ok((Expression::Not(Box::new(self.expect(one, Type::Bool)?)), Type::Bool)),
            ("-_", None, [one]) => Ok((Expression::Negative(Box::new(self.expect(one, Type::Int)?)), Type::Int)),
            ("_?_:_", None, [condition, one, other]) => {
                let condition = self.expect(condition, Type::Bool)?;
                let (one, is) = self.read(one)?;
                let other = self.expect(other, is)?;
                Ok((Expression::Choice(Box::new((condition, one, other))), is))
            }
            ("@in", None, [one, list]) => self.is_in(one, list),
            ("_[_]", None, [map, key]) if is_named(map, "facts") => match &key.expr {
                Expr::Literal(LiteralValue::String(name)) => {
                    Ok((Expression::Fact(Name::new(name.inner())), Type::Text))
                }
                _ => self.wrong(key, "must be the name of a fact, written out", None),
            },
            ("size", Some(one), []) | ("size", None, [one]) => self.size(one),
            ("int", None, [one]) => {
                let (one, is) = self.read(one)?;
                Ok((if is == Type::Text { Expression::Number(Box::new(one)) } else { one }, Type::Int))
            }
            (_, Some(text), [part]) => match FUNCTIONS.iter().find(|(known, _)| *known == name) {
                Some((_, function)) => {
                    let two = (self.expect(text, Type::Text)?, self.expect(part, Type::Text)?);
                    Ok((Expression::Call(*function, Box::new(two)), Type::Bool))
                }
                None => self.unknown(of, name),
            },
            (_, None, [one, other]) => match OPERATORS.iter().find(|(known, _)| *known == name) {
                Some((_, operator)) => self.binary(of, *operator, one, other),
                None => self.unknown(of, name),
            },
            _ => self.unknown(of, name),
        }
    }

    fn unknown<T>(&self, of: &IdedExpr, name: &str) -> Result<T, Wrong> {
        let known = FUNCTIONS.iter().map(|(name, _)| *name).chain(["size", "int", "has"]);
        let hint = nearest(name, known).map(|near| format!("did you mean {near}()?"));
        self.wrong(of, format!("{name}() is not possible here"), hint)
    }

    fn binary(
        &mut self,
        of: &IdedExpr,
        operator: Operator,
        one: &IdedExpr,
        other: &IdedExpr,
    ) -> Result<(Expression, Type), Wrong> {
        let (first, is) = match operator {
            Operator::And | Operator::Or => (self.expect(one, Type::Bool)?, Type::Bool),
            Operator::Plus | Operator::Minus | Operator::Times | Operator::Over | Operator::Rest => {
                (self.expect(one, Type::Int)?, Type::Int)
            }
            _ => self.read(one)?,
        };
        let second = self.expect(other, is)?;
        let ordered = matches!(operator, Operator::Less | Operator::AtMost | Operator::More | Operator::AtLeast);
        if ordered && is == Type::Bool {
            return self.wrong(of, "asks which of two truth values is larger", None);
        }
        let arithmetic =
            matches!(operator, Operator::Plus | Operator::Minus | Operator::Times | Operator::Over | Operator::Rest);
        let gives = if arithmetic { Type::Int } else { Type::Bool };
        Ok((Expression::Binary(operator, Box::new((first, second))), gives))
    }

    fn is_in(&mut self, one: &IdedExpr, list: &IdedExpr) -> Result<(Expression, Type), Wrong> {
        let (found, is) = self.read(one)?;
        let list = match &list.expr {
            Expr::Ident(name) if name == "keywords" && is == Type::Text => List::Keywords,
            Expr::Ident(name) if name == "attachments" && is == Type::Text => List::Attachments,
            Expr::List(items) => {
                List::Of(items.elements.iter().map(|item| self.expect(item, is)).collect::<Result<_, _>>()?)
            }
            _ => return self.wrong(list, "must be keywords, attachments, or a list like [\"a\", \"b\"]", None),
        };
        Ok((Expression::In(Box::new(found), list), Type::Bool))
    }

    fn size(&mut self, one: &IdedExpr) -> Result<(Expression, Type), Wrong> {
        let counted = match &one.expr {
            Expr::Ident(name) if name == "keywords" => Expression::Count(List::Keywords),
            Expr::Ident(name) if name == "attachments" => Expression::Count(List::Attachments),
            _ => Expression::Length(Box::new(self.expect(one, Type::Text)?)),
        };
        Ok((counted, Type::Int))
    }
}

fn is_named(of: &IdedExpr, name: &str) -> bool {
    matches!(&of.expr, Expr::Ident(known) if known == name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::record::Inputs;
    use crate::domain::rules::{Rule, Situation};
    use crate::domain::workspace::WorkspaceConfig;

    fn holds(text: &str) -> bool {
        let inputs = Inputs {
            closed: true,
            effort: 300,
            length: 120,
            language: "de".into(),
            keywords: vec!["invoice".to_owned()],
            facts: vec![("tier".into(), "gold".to_owned()), ("spend".into(), "1200".to_owned())],
            ..Inputs::default()
        };
        let of = Situation { channel: "email", endpoint: "office", brand: "acme", inputs: &inputs };
        condition(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}")).holds(&of)
    }

    #[rstest]
    #[case("channel == 'email' && length > 100", true)]
    #[case("channel in ['sms', 'email']", true)]
    #[case("'invoice' in keywords && size(keywords) == 1", true)]
    #[case("'law' in keywords", false)]
    #[case("facts.tier == 'gold' && int(facts.spend) >= 1000", true)]
    #[case("facts[\"tier\"].startsWith('go') ? length < 10 : true", false)]
    #[case("has(facts.tier) && !has(facts.vip)", true)]
    // A fact that is not known has no value, and neither has what needs it ...
    #[case("facts.vip == 'yes'", false)]
    #[case("facts.vip != 'yes'", false)]
    #[case("!(facts.vip == 'yes')", false)]
    // ... unless the other side decides.
    #[case("facts.vip == 'yes' || language == 'de'", true)]
    #[case("language == 'de' || facts.vip == 'yes'", true)]
    #[case("!(facts.vip == 'yes' && language == 'fr')", true)]
    #[case("int(facts.tier) > 3", false)]
    #[case("length / (length - 120) == 0", false)]
    #[case("9223372036854775807 + length > 0", false)]
    #[case("-length + 2 * 60 % 7 == -119", true)]
    #[case("returning == false && scope == 'direct' && kind == 'message'", true)]
    #[case("hours == 'closed' && effort >= 300", true)]
    #[case("hours == 'open' || effort > 300", false)]
    #[case("assurance == 'claimed' && size(language) == 2", true)]
    #[case("facts.vip in ['a'] || true", true)]
    #[case("'a' in [facts.vip, 'b']", false)]
    #[case("'b' in [facts.vip, 'b']", true)]
    fn an_expression_says_what_cel_says(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(holds(text), expected);
    }

    #[rstest]
    #[case("length", "must be true or false, and is a number", "length", None)]
    #[case("chanel == 'sms'", "\"chanel\" is no input of rules", "chanel", Some("did you mean \"channel\"?"))]
    #[case(
        "length > facts.spend",
        "must be a number, and is a text",
        "facts.spend",
        Some("int(...) reads a number from a text")
    )]
    #[case("[1, 2].exists(x, x > 1)", "is not possible in a rule", "", None)]
    #[case("channel.matches('a+')", "matches() is not possible here", "", None)]
    #[case("facts == 'a'", "is all facts: name one, as in facts.tier", "facts", None)]
    #[case("length > 1.5", "must be a text, a whole number, true or false", "1.5", None)]
    #[case("'ü' == 'ü' && lenght > 3", "\"lenght\" is no input of rules", "lenght", Some("did you mean \"length\"?"))]
    fn what_is_wrong_is_told_at_its_place(
        #[case] text: &str,
        #[case] rule: &str,
        #[case] at: &str,
        #[case] hint: Option<&str>,
    ) {
        let wrong = condition(text).unwrap_err();
        assert_eq!((wrong.rule.as_str(), wrong.hint.as_deref()), (rule, hint));
        assert!(text[wrong.at.clone()].starts_with(at), "{:?}", &text[wrong.at]);
    }

    #[rstest]
    #[case("")]
    #[case("length >")]
    #[case("(((((")]
    #[case("'open")]
    #[case("a b c")]
    #[case("\u{0}")]
    #[case("`x`")]
    #[case("99999999999999999999999 > length")]
    fn what_is_no_expression_is_refused(#[case] text: &str) {
        let wrong = condition(text).unwrap_err();
        assert!(text.get(wrong.at.clone()).is_some(), "{wrong:?}");
    }

    #[rstest]
    #[case("true && ".repeat(200), "1024 bytes")]
    #[case(format!("length in [{}0]", "1,".repeat(300)), "256 parts")]
    #[case(format!("1{} > 0", "+1".repeat(60)), "32 levels")]
    #[case(format!("{}true", "true ? false : ".repeat(60)), "32 levels")]
    fn size_is_bounded(#[case] text: String, #[case] rule: &str) {
        let wrong = condition(&text).unwrap_err();
        assert!(wrong.rule.contains(rule), "{wrong:?}");
    }

    #[rstest]
    #[case(format!("{}true{}", "(".repeat(500), ")".repeat(500)))]
    #[case("(".repeat(1_000))]
    #[case("[".repeat(1_000))]
    #[case("!".repeat(1_000))]
    #[case("-".repeat(1_000))]
    #[case("a.".repeat(500))]
    #[case("size(".repeat(200))]
    #[case("a?".repeat(500))]
    #[case("{a:".repeat(300))]
    fn the_deepest_text_is_refused_and_ends_nothing(#[case] text: String) {
        condition(&text).unwrap_err();
    }

    #[test]
    fn the_deepest_expression_is_read_again_from_its_record() {
        let deep = format!("{}length > 0", "true ? false : ".repeat(MAX_DEPTH - 3));
        let rule = Rule { condition: Some(condition(&deep).unwrap()), ..Rule::default() };
        let config = WorkspaceConfig { rules: vec![rule], ..WorkspaceConfig::empty("w".into()) };
        assert_eq!(WorkspaceConfig::from_canonical(&config.canonical()).unwrap(), config);
    }

    #[test]
    fn a_long_list_of_alternatives_is_not_deep() {
        let text = (0..60).map(|number| format!("length=={number}")).collect::<Vec<_>>().join("||");
        assert!(condition(&text).is_ok());
    }
}
