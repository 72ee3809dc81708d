//! From text to [`Rule`], by descent.

use std::net::IpAddr;

use super::properties::{COMMUNITY_OPERATORS, Kind, Property, UNSETTABLE, find};
use super::scan::{Scanner, Wrong};
use super::tree::{Action, Condition, Rule, Word};
use crate::value::Prefix;

/// Conditions in conditions; more is refused instead of exhausting the stack.
const DEPTH: usize = 64;

const COMPARISONS: &[&str] = &["==", "!=", "<=", ">=", "<", ">"];

/// Reads the text of a rule: one `if`, or bare actions.
pub(crate) fn parse(text: &str) -> Result<Rule, Wrong> {
    let mut scanner = Scanner::new(text);
    let rule = if scanner.peek() == "if" {
        let branch = branch(&mut scanner, 0)?;
        scanner.sign(";");
        vec![branch]
    } else {
        let mut actions = vec![action(&mut scanner)?];
        while scanner.sign(";") && !scanner.peek().is_empty() {
            actions.push(action(&mut scanner)?);
        }
        actions
    };
    if scanner.ended() { Ok(Rule(rule)) } else { Err(scanner.wrong("end of rule")) }
}

/// `if (MATCH) { ... } else { ... }`.
fn branch(scanner: &mut Scanner<'_>, depth: usize) -> Result<Action, Wrong> {
    if depth > DEPTH {
        return Err(scanner.wrong("fewer blocks"));
    }
    scanner.expect("if")?;
    scanner.expect("(")?;
    let condition = any(scanner, 0)?;
    scanner.expect(")")?;
    let then = block(scanner, depth)?;
    let otherwise = if scanner.keyword("else") { block(scanner, depth)? } else { Vec::new() };
    Ok(Action::If { condition, then, otherwise })
}

/// At least one action or `if`. The last `;` may be left out, and so may the one behind a brace.
fn block(scanner: &mut Scanner<'_>, depth: usize) -> Result<Vec<Action>, Wrong> {
    let mut actions = Vec::new();
    scanner.expect("{")?;
    loop {
        let is_branch = scanner.peek() == "if";
        actions.push(if is_branch { branch(scanner, depth + 1)? } else { action(scanner)? });
        if scanner.sign(";") | is_branch {
            if scanner.sign("}") {
                return Ok(actions);
            }
        } else {
            scanner.expect("}")?;
            return Ok(actions);
        }
    }
}

fn any(scanner: &mut Scanner<'_>, depth: usize) -> Result<Condition, Wrong> {
    let mut parts = vec![all(scanner, depth)?];
    while scanner.sign("||") {
        parts.push(all(scanner, depth)?);
    }
    Ok(one_or(parts, Condition::Any))
}

fn all(scanner: &mut Scanner<'_>, depth: usize) -> Result<Condition, Wrong> {
    let mut parts = vec![single(scanner, depth)?];
    while scanner.sign("&&") {
        parts.push(single(scanner, depth)?);
    }
    Ok(one_or(parts, Condition::All))
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn single(scanner: &mut Scanner<'_>, depth: usize) -> Result<Condition, Wrong> {
    if depth > DEPTH {
        return Err(scanner.wrong("fewer parentheses"));
    }
    if scanner.keyword("not") {
        return Ok(Condition::Not(Box::new(single(scanner, depth + 1)?)));
    }
    if scanner.sign("(") {
        let inner = any(scanner, depth + 1)?;
        scanner.expect(")")?;
        return Ok(inner);
    }
    let at = scanner.at;
    let name = scanner.word("property")?;
    let property = find(name).ok_or(Wrong { at, expected: "property" })?;
    let (operator, value) = operand(scanner, property)?;
    Ok(Condition::Is { property: name.to_owned(), operator: operator.map(str::to_owned), value })
}

/// Operator and value that this property takes.
fn operand(
    scanner: &mut Scanner<'_>,
    property: &Property,
) -> Result<(Option<&'static str>, Option<Word>), Wrong> {
    match property.kind {
        Kind::Flag => Ok((None, None)),
        Kind::Number if scanner.keyword("in") => {
            let range = checked(scanner, "range of numbers", is_range)?;
            Ok((Some("in"), Some(range)))
        }
        Kind::Number => {
            let operator = comparison(scanner, COMPARISONS)?;
            Ok((Some(operator), Some(checked(scanner, "number", is_number)?)))
        }
        Kind::Prefix if scanner.keyword("in") => {
            // A network, or the name of an address list.
            let network = checked(scanner, "network or list", |text| is_prefix(text) || is_name(text))?;
            Ok((Some("in"), Some(network)))
        }
        Kind::Prefix => {
            let operator = comparison(scanner, &["==", "!="])?;
            Ok((Some(operator), Some(checked(scanner, "network", is_prefix)?)))
        }
        Kind::Enum(words) => Ok((None, Some(checked(scanner, "known word", |text| words.contains(&text))?))),
        Kind::Name => Ok((None, Some(scanner.value("name")?))),
        Kind::Path => Ok((None, Some(scanner.regexp()?))),
        Kind::Communities => {
            let operator = word_of(scanner, "community operator", COMMUNITY_OPERATORS)?;
            let value = match operator {
                "any-regexp" | "subset-regexp" => scanner.regexp()?,
                _ => scanner.value("communities")?,
            };
            Ok((Some(operator), Some(value)))
        }
        Kind::Text => {
            let operator = word_of(scanner, "text operator", &["find", "regexp"])?;
            Ok((Some(operator), Some(scanner.regexp()?)))
        }
    }
}

fn comparison(scanner: &mut Scanner<'_>, known: &[&'static str]) -> Result<&'static str, Wrong> {
    known.iter().copied().find(|operator| scanner.sign(operator)).ok_or_else(|| scanner.wrong("operator"))
}

fn word_of(
    scanner: &mut Scanner<'_>,
    expected: &'static str,
    words: &[&'static str],
) -> Result<&'static str, Wrong> {
    let word = scanner.peek();
    let known = words.iter().copied().find(|known| *known == word).ok_or_else(|| scanner.wrong(expected))?;
    scanner.keyword(word);
    Ok(known)
}

fn checked(
    scanner: &mut Scanner<'_>,
    expected: &'static str,
    fits: impl Fn(&str) -> bool,
) -> Result<Word, Wrong> {
    let at = scanner.at;
    let value = scanner.value(expected)?;
    if fits(&value.text) { Ok(value) } else { Err(Wrong { at, expected }) }
}

fn action(scanner: &mut Scanner<'_>) -> Result<Action, Wrong> {
    const VERBS: &[&str] =
        &["accept", "reject", "return", "jump", "rpki-verify", "unset", "set", "append", "filter", "delete"];
    match word_of(scanner, "action", VERBS)? {
        end @ ("accept" | "reject" | "return") => Ok(Action::End(end)),
        "jump" => Ok(Action::Jump(scanner.word("chain")?.to_owned())),
        "rpki-verify" => Ok(Action::RpkiVerify(scanner.word("rpki group")?.to_owned())),
        "unset" => word_of(scanner, "property that can be unset", UNSETTABLE)
            .map(|property| Action::Unset(property.to_owned())),
        verb => {
            let at = scanner.at;
            let name = scanner.word("property")?;
            let property = find(name).ok_or(Wrong { at, expected: "property" })?;
            let fits = match verb {
                "set" => property.writable,
                "append" => matches!(property.kind, Kind::Communities | Kind::Text),
                _ => property.kind == Kind::Communities,
            };
            if !fits {
                return Err(Wrong { at, expected: "property that can be changed" });
            }
            let value = new_value(scanner, property)?;
            Ok(Action::Change { verb, property: name.to_owned(), value })
        }
    }
}

fn new_value(scanner: &mut Scanner<'_>, property: &Property) -> Result<Word, Wrong> {
    let step = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    match property.kind {
        Kind::Number => checked(scanner, "number", |text| is_number(&step(text))),
        Kind::Flag => checked(scanner, "yes or no", |text| matches!(text, "yes" | "no")),
        Kind::Prefix => checked(scanner, "address", |text| {
            let text = step(text);
            let address = text.split('%').next().unwrap_or_default();
            address.parse::<IpAddr>().is_ok()
                || is_name(&text)
                || find(&text).is_some()
                || digits(&text).is_some()
        }),
        Kind::Enum(words) => checked(scanner, "known word", |text| words.contains(&text)),
        _ => scanner.value("value"),
    }
}

/// A constant, or another numeric property.
fn is_number(text: &str) -> bool {
    digits(text).is_some() || find(text).is_some_and(|property| property.kind == Kind::Number)
}

/// Without a sign, which `u32` would take.
fn digits(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `8-24` or `8..24`; one number is a range as well.
fn is_range(text: &str) -> bool {
    let (low, high) = text.split_once("..").or_else(|| text.split_once('-')).unwrap_or((text, text));
    matches!((digits(low), digits(high)), (Some(low), Some(high)) if low <= high)
}

fn is_prefix(text: &str) -> bool {
    Prefix::parse(text, false).or_else(|| Prefix::parse(text, true)).is_some()
}

/// A list or interface: something that no number and no address begins.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || "-_.@".contains(c))
}
