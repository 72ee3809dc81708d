//! A rule as it was understood, and back to text.

use std::fmt;

/// The text of one row: what it does, in sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule(pub(crate) Vec<Action>);

impl Rule {
    /// Chains that it jumps to or asks for by name.
    pub(crate) fn jumps(&self) -> Vec<&str> {
        fn gather<'a>(actions: &'a [Action], chains: &mut Vec<&'a str>) {
            for action in actions {
                match action {
                    Action::Jump(chain) => chains.push(chain),
                    Action::If { then, otherwise, .. } => {
                        gather(then, chains);
                        gather(otherwise, chains);
                    }
                    _ => {}
                }
            }
        }
        let mut chains = Vec::new();
        gather(&self.0, &mut chains);
        chains
    }
}

/// What must hold. `&&` binds closer than `||`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
    /// A property with its operator and value, or alone.
    Is {
        property: String,
        operator: Option<String>,
        value: Option<Word>,
    },
}

/// A value, with the quotes it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) quoted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `accept`, `reject`, `return`.
    End(&'static str),
    Jump(String),
    RpkiVerify(String),
    Unset(String),
    /// `set`, `append`, `filter`, `delete` of a property.
    Change {
        verb: &'static str,
        property: String,
        value: Word,
    },
    /// Only within a block, or as the whole rule.
    If {
        condition: Condition,
        then: Vec<Action>,
        otherwise: Vec<Action>,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_actions(f, &self.0)
    }
}

fn write_actions(f: &mut fmt::Formatter<'_>, actions: &[Action]) -> fmt::Result {
    actions.iter().enumerate().try_for_each(|(at, action)| {
        let gap = if at == 0 { "" } else { " " };
        let end = if matches!(action, Action::If { .. }) { "" } else { ";" };
        write!(f, "{gap}{action}{end}")
    })
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Condition], with: &str| {
            parts.iter().enumerate().try_for_each(|(at, part)| {
                let gap = if at == 0 { "" } else { with };
                match part {
                    Condition::Any(_) | Condition::All(_) => write!(f, "{gap}({part})"),
                    _ => write!(f, "{gap}{part}"),
                }
            })
        };
        match self {
            Condition::Any(parts) => joined(f, parts, " || "),
            Condition::All(parts) => joined(f, parts, " && "),
            Condition::Not(inner) => match **inner {
                Condition::Is { .. } => write!(f, "not {inner}"),
                _ => write!(f, "not ({inner})"),
            },
            Condition::Is { property, operator, value } => {
                f.write_str(property)?;
                [operator.clone(), value.as_ref().map(ToString::to_string)]
                    .iter()
                    .flatten()
                    .try_for_each(|word| write!(f, " {word}"))
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::End(word) => f.write_str(word),
            Action::Jump(chain) => write!(f, "jump {chain}"),
            Action::RpkiVerify(group) => write!(f, "rpki-verify {group}"),
            Action::Unset(property) => write!(f, "unset {property}"),
            Action::Change { verb, property, value } => write!(f, "{verb} {property} {value}"),
            Action::If { condition, then, otherwise } => {
                write!(f, "if ({condition}) {{ ")?;
                write_actions(f, then)?;
                f.write_str(" }")?;
                if !otherwise.is_empty() {
                    f.write_str(" else { ")?;
                    write_actions(f, otherwise)?;
                    f.write_str(" }")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted {
            write!(f, "\"{}\"", self.text.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            f.write_str(&self.text)
        }
    }
}
