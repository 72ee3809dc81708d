//! Query words: a stack machine over booleans (reference 1.8).

use std::cmp::Ordering;

use bytes::Bytes;

use super::view::{Key, RowView};
use crate::schema::{CompiledMenu, Type};
use crate::value::{Order, compare, format_duration, parse_duration};

enum Op {
    Present(Key),
    Absent(Key),
    Equal(Key, Bytes),
    Compare(Key, Order, Bytes),
    Stack(Vec<StackOp>),
}

#[derive(Clone, Copy)]
enum StackOp {
    Not,
    And,
    Or,
    /// Pushes a copy of a slot, the top being 0.
    Copy(usize),
    /// Replaces the whole stack by a slot.
    Replace(usize),
}

/// The words of one command.
pub(crate) struct Query {
    ops: Vec<Op>,
}

impl Query {
    pub(crate) fn parse(words: &[Bytes], menu: &CompiledMenu) -> Self {
        Query { ops: words.iter().map(|word| parse_word(word, menu)).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// A row passes when no `false` is left on the stack.
    pub(crate) fn passes(&self, row: &RowView<'_>) -> bool {
        let mut stack: Vec<bool> = Vec::new();
        for op in &self.ops {
            match op {
                Op::Present(key) => stack.push(row.present(key)),
                Op::Absent(key) => stack.push(row.get(key).is_none()),
                Op::Equal(key, value) => stack.push(row.get(key).is_some_and(|shown| *shown == **value)),
                Op::Compare(key, order, value) => stack.push(row.get(key).is_some_and(|shown| {
                    compare(&shown, value)
                        == if *order == Order::Less { Ordering::Less } else { Ordering::Greater }
                })),
                Op::Stack(ops) => ops.iter().for_each(|op| op.apply(&mut stack)),
            }
        }
        stack.iter().all(|value| *value)
    }
}

impl StackOp {
    /// Below its bottom the stack holds an infinite supply of `true`.
    fn apply(self, stack: &mut Vec<bool>) {
        let slot = |stack: &Vec<bool>, index: usize| {
            stack.len().checked_sub(index + 1).and_then(|at| stack.get(at)).copied().unwrap_or(true)
        };
        match self {
            StackOp::Not => {
                let top = stack.pop().unwrap_or(true);
                stack.push(!top);
            }
            StackOp::And | StackOp::Or => {
                let (right, left) = (stack.pop().unwrap_or(true), stack.pop().unwrap_or(true));
                stack.push(if matches!(self, StackOp::And) { left && right } else { left || right });
            }
            StackOp::Copy(index) => {
                let value = slot(stack, index);
                stack.push(value);
            }
            StackOp::Replace(index) => {
                let value = slot(stack, index);
                stack.clear();
                stack.push(value);
            }
        }
    }
}

fn parse_word(word: &Bytes, menu: &CompiledMenu) -> Op {
    let rest = word.strip_prefix(b"?".as_slice()).unwrap_or(word);
    if let Some(ops) = rest.strip_prefix(b"#") {
        return Op::Stack(parse_stack(ops));
    }
    if let Some(name) = rest.strip_prefix(b"-")
        && !rest.contains(&b'=')
    {
        return Op::Absent(Key::find(menu, name));
    }
    let (order, rest) = match rest.first() {
        Some(b'<') => (Some(Order::Less), &rest[1..]),
        Some(b'>') => (Some(Order::Greater), &rest[1..]),
        Some(b'=') => (None, &rest[1..]),
        _ => (None, rest),
    };
    let Some(at) = rest.iter().position(|byte| *byte == b'=') else {
        return Op::Present(Key::find(menu, rest));
    };
    let key = Key::find(menu, &rest[..at]);
    let value = normalise(menu, &key, &rest[at + 1..]);
    match order {
        Some(order) => Op::Compare(key, order, value),
        None => Op::Equal(key, value),
    }
}

/// The asked value in the form in which values print: `yes` finds `true`.
fn normalise(menu: &CompiledMenu, key: &Key, value: &[u8]) -> Bytes {
    let as_given = || Bytes::copy_from_slice(value);
    let Key::Field(ix) = key else { return as_given() };
    match (&menu.at(*ix).ty, value) {
        (Type::Bool | Type::Switch, b"yes") => Bytes::from_static(b"true"),
        (Type::Bool | Type::Switch, b"no") => Bytes::from_static(b"false"),
        (Type::Time { .. }, text) => std::str::from_utf8(text)
            .ok()
            .and_then(parse_duration)
            .map_or_else(as_given, |millis| format_duration(millis).into()),
        _ => as_given(),
    }
}

/// A decimal index then a character pushes that slot; an index that ends the word replaces the stack by the
/// slot; `.` after an index only ends it, alone it copies the top.
fn parse_stack(ops: &[u8]) -> Vec<StackOp> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < ops.len() {
        let start = at;
        while at < ops.len() && ops[at].is_ascii_digit() {
            at += 1;
        }
        if at > start {
            let index = ops[start..at]
                .iter()
                .fold(0usize, |sum, digit| sum.saturating_mul(10).saturating_add(usize::from(digit - b'0')));
            if at == ops.len() {
                out.push(StackOp::Replace(index));
                break;
            }
            out.push(StackOp::Copy(index));
            if ops[at] == b'.' {
                at += 1;
            }
            continue;
        }
        match ops[at] {
            b'!' => out.push(StackOp::Not),
            b'&' => out.push(StackOp::And),
            b'|' => out.push(StackOp::Or),
            b'.' => out.push(StackOp::Copy(0)),
            _ => {}
        }
        at += 1;
    }
    out
}
